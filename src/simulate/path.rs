//! Paths as the connection manager normalises them before routes see them
//! ([normalize_path](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto)):
//! escaped slashes first, then parameters of dot segments (`..;x`), then dots, escapes and backslashes, then repeated
//! slashes.
//! The query is never touched. Every rule was measured on the raw request line.

use std::borrow::Cow;

use crate::ir::{EscapedSlashes, PathRules};

/// What normalisation makes of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Normalized {
    /// The path and query to go on with.
    Path(String),
    /// The path had escaped slashes: the client is redirected to this one.
    Redirect(String),
    /// The path cannot be used.
    Refused,
}

/// Normalises a target that begins with `/`.
pub(super) fn normalize(target: &str, rules: PathRules) -> Normalized {
    if is_plain(target) {
        return Normalized::Path(target.to_owned());
    }
    if target.bytes().any(|byte| byte == b'#' || byte <= b' ' || byte >= 0x7f) {
        return Normalized::Refused;
    }
    let (path, query) = split_query(target);
    let PathRules { resolve_dots, merge_slashes: merges, escaped_slashes } = rules;
    let unescaped = match escaped_slashes {
        EscapedSlashes::Kept => path.to_owned(),
        EscapedSlashes::Refused | EscapedSlashes::Redirected | EscapedSlashes::Replaced => unescape_slashes(path),
    };
    let had_escapes = unescaped.len() != path.len();
    if had_escapes && escaped_slashes == EscapedSlashes::Refused {
        return Normalized::Refused;
    }
    let resolved = match resolve_dots {
        true => canonicalize(without_parameters(&unescaped).as_bytes()),
        false => Some(unescaped),
    };
    let Some(resolved) = resolved else { return Normalized::Refused };
    let merged = if merges { merge_slashes(&resolved) } else { resolved } + query;
    let is_redirected = had_escapes && escaped_slashes == EscapedSlashes::Redirected;
    if is_redirected { Normalized::Redirect(merged) } else { Normalized::Path(merged) }
}

/// How much of a path a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// Its first segments.
    Segments,
    /// Its beginning, perhaps within a segment.
    Beginning,
}

/// Whether routes may see a path of which `text` is so much.
pub fn may_arrive(text: &str, extent: Extent, rules: PathRules) -> bool {
    // What is wrong inside stays wrong whatever follows, and one plain character makes a name of what is not finished.
    let more = match extent {
        Extent::Whole => None,
        Extent::Segments => Some("/x"),
        Extent::Beginning => Some("x"),
    };
    !text.contains('?') && (arrives(text, rules) || more.is_some_and(|more| arrives(&format!("{text}{more}"), rules)))
}

/// Whether some request has this path when routes see it. One with `..;` in it has: the dots were escaped.
fn arrives(path: &str, rules: PathRules) -> bool {
    let is_seen = |target: &str| matches!(normalize(target, rules), Normalized::Path(seen) if seen == path);
    is_seen(path) || is_seen(&written(path))
}

/// Whether a segment of a path is dots with parameters behind them, which Envoy takes for the dots alone.
pub fn has_parameters_of_dots(path: &str) -> bool {
    split_query(path).0.split('/').any(|segment| dots_of(segment).is_some())
}

/// The target of a request whose path is this one when routes see it.
pub(super) fn written(path: &str) -> Cow<'_, str> {
    if !has_parameters_of_dots(path) {
        return Cow::Borrowed(path);
    }
    let (path, query) = split_query(path);
    let segments = path.split('/').map(|segment| match dots_of(segment) {
        Some(dots) => Cow::Owned(segment.replacen(dots, &"%2E".repeat(dots.len()), 1)),
        None => Cow::Borrowed(segment),
    });
    Cow::Owned(segments.collect::<Vec<_>>().join("/") + query)
}

/// The dots of a segment that has nothing else but parameters.
fn dots_of(segment: &str) -> Option<&'static str> {
    ["..", "."].into_iter().find(|dots| segment.strip_prefix(dots).is_some_and(|rest| rest.starts_with(';')))
}

/// Takes the parameters off segments that are `.` or `..`. Only slashes end a segment here.
fn without_parameters(path: &str) -> Cow<'_, str> {
    if !path.contains(".;") {
        return Cow::Borrowed(path);
    }
    let segments: Vec<&str> = path.split('/').map(|segment| dots_of(segment).unwrap_or(segment)).collect();
    Cow::Owned(segments.join("/"))
}

/// The path, and the query with its `?`.
pub(super) fn split_query(target: &str) -> (&str, &str) {
    target.split_at(target.find('?').unwrap_or(target.len()))
}

/// Whether nothing in the path could change.
fn is_plain(target: &str) -> bool {
    let (path, query) = split_query(target);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~/".contains(&byte);
    path.starts_with('/')
        && path.bytes().all(plain)
        && !path.contains("//")
        && query.bytes().all(|byte| (b'!'..0x7f).contains(&byte) && byte != b'#')
}

fn unescape_slashes(path: &str) -> String {
    let mut text = path.to_owned();
    for (escape, slash) in [("%2F", "/"), ("%2f", "/"), ("%5C", "\\"), ("%5c", "\\")] {
        if text.contains(escape) {
            text = text.replace(escape, slash);
        }
    }
    text
}

/// Resolves `.` and `..` (escaped or not), turns backslashes into slashes, decodes escapes of
/// unreserved characters, and escapes what must not stand in a path. `None`: an escaped NUL.
fn canonicalize(path: &[u8]) -> Option<String> {
    let mut out: Vec<u8> = Vec::with_capacity(path.len());
    let mut at = 0;
    let mut bare = None;
    while let Some(&byte) = path.get(at) {
        let after_slash = out.last() == Some(&b'/');
        if after_slash && let Some(dot) = dot_length(path, at) {
            match classify_dot(path, at + dot) {
                Dot::Current(end) => {
                    at = end;
                    continue;
                }
                Dot::Up(end) => {
                    back_up(&mut out);
                    at = end;
                    continue;
                }
                Dot::Name => {
                    out.push(b'.');
                    at += dot;
                    continue;
                }
            }
        }
        at += append(path, at, byte, (&mut out, &mut bare))?;
    }
    String::from_utf8(out).ok()
}

/// Appends the character at `at` and says how many bytes it takes. `bare` is the position in `out` of the last `%` that no
/// escape follows.
fn append(path: &[u8], at: usize, byte: u8, (out, bare): (&mut Vec<u8>, &mut Option<usize>)) -> Option<usize> {
    match byte {
        b'\\' => out.push(b'/'),
        b'%' => {
            let Some(code) = decode_escape(path, at) else {
                *bare = Some(out.len());
                out.push(b'%');
                return Some(1);
            };
            match code {
                0 => return None,
                _ if code.is_ascii_alphanumeric() || b"-_.~".contains(&code) => {
                    out.push(code);
                    escape_nested(out, *bare, path.get(at + 3).copied());
                }
                _ => out.extend_from_slice(&path[at..at + 3]),
            }
            return Some(3);
        }
        b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}' => {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
        _ => out.push(byte),
    }
    Some(1)
}

/// Escapes a `%` that would become the beginning of an escape now that a character behind it is decoded, as
/// [`CheckForNestedEscapes`](https://chromium.googlesource.com/chromium/src/+/main/url/url_canon_path.cc) does.
fn escape_nested(out: &mut Vec<u8>, bare: Option<usize>, next: Option<u8>) {
    let Some(percent) = bare else { return };
    let is_hex = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_hexdigit());
    let behind = (out.get(percent + 1).copied(), out.get(percent + 2).copied());
    let becomes_escape = match out.len() - percent {
        2 => is_hex(behind.0) && is_hex(next),
        3 => is_hex(behind.0) && is_hex(behind.1),
        _ => false,
    };
    if becomes_escape {
        out.splice(percent + 1..percent + 1, *b"25");
    }
}

/// The byte that the two digits behind `at` are.
pub(super) fn decode_escape(path: &[u8], at: usize) -> Option<u8> {
    let digit = |offset: usize| char::from(*path.get(at + offset)?).to_digit(16);
    u8::try_from(digit(1)? * 16 + digit(2)?).ok()
}

/// The length of the dot at `at`, escaped or not.
fn dot_length(path: &[u8], at: usize) -> Option<usize> {
    match path.get(at)? {
        b'.' => Some(1),
        b'%' if decode_escape(path, at) == Some(b'.') => Some(3),
        _ => None,
    }
}

/// What a dot at the beginning of a segment is, with the position to go on from.
enum Dot {
    Current(usize),
    Up(usize),
    Name,
}

fn classify_dot(path: &[u8], after: usize) -> Dot {
    // The position behind the slash that ends the segment.
    let ends = |at: usize| match path.get(at) {
        None => Some(at),
        Some(b'/' | b'\\') => Some(at + 1),
        Some(_) => None,
    };
    if let Some(end) = ends(after) {
        return Dot::Current(end);
    }
    match dot_length(path, after).and_then(|length| ends(after + length)) {
        Some(end) => Dot::Up(end),
        None => Dot::Name,
    }
}

/// Removes the last segment; the slash before it stays.
fn back_up(out: &mut Vec<u8>) {
    out.pop();
    while out.last().is_some_and(|byte| *byte != b'/') {
        out.pop();
    }
    if out.is_empty() {
        out.push(b'/');
    }
}

/// Joins repeated slashes. A path of nothing but slashes keeps two of them, as Envoy does.
fn merge_slashes(path: &str) -> String {
    if !path.contains("//") {
        return path.to_owned();
    }
    let joined = path.split('/').filter(|segment| !segment.is_empty()).collect::<Vec<_>>().join("/");
    let last = if path.ends_with('/') { "/" } else { "" };
    format!("/{joined}{last}")
}

#[cfg(test)]
mod tests {
    use super::{Extent, Normalized, may_arrive, normalize, written};
    use crate::ir::{EscapedSlashes, HttpProfile, PathRules};

    fn edge() -> PathRules {
        PathRules::of(HttpProfile::Edge)
    }

    #[test]
    fn between_neighbours_only_dots_are_resolved() {
        for (sent, seen) in
            [("/a%2Fb", "/a%2Fb"), ("//a", "//a"), ("/a/../b//c", "/b//c"), ("/a%2fb?x=//", "/a%2fb?x=//")]
        {
            assert_eq!(normalize(sent, PathRules::of(HttpProfile::Mesh)), Normalized::Path(seen.to_owned()), "{sent}");
        }
    }

    /// What Envoy 1.40 did with each path.
    #[test]
    fn paths_are_normalised_as_measured() {
        for (sent, seen) in [
            ("//", "//"),
            ("///", "//"),
            ("/a//", "/a/"),
            ("/a//b", "/a/b"),
            ("/a/./b", "/a/b"),
            ("/a/../b", "/b"),
            ("/../a", "/a"),
            ("/a/..", "/"),
            ("/a/.", "/a/"),
            ("/a/%2E%2e/b", "/b"),
            ("/a/.%2e", "/"),
            ("/./", "/"),
            ("/..", "/"),
            ("/...", "/..."),
            ("/a/..b", "/a/..b"),
            ("/a/.b", "/a/.b"),
            ("/a/b..", "/a/b.."),
            ("/a\\b", "/a/b"),
            ("/a/\\..\\b", "/a/b"),
            ("/a?x=/../b//c%2f", "/a?x=/../b//c%2f"),
            ("/a/;x/../b", "/a/b"),
            ("/%", "/%"),
            ("/%zz", "/%zz"),
            ("/a%2", "/a%2"),
            ("/%252f", "/%252f"),
            ("/%%41f", "/%25Af"),
            ("/%%341", "/%2541"),
            ("/%%35%43", "/%255C"),
            ("/%4%41", "/%254A"),
            ("/%%%41", "/%%A"),
            ("/%25%41f", "/%25Af"),
            ("/a%2%46b", "/a%252Fb"),
            ("/%%2541", "/%%2541"),
            ("/a%%3Fb", "/a%%3Fb"),
            ("/%2%66", "/%252f"),
            ("/%2%35b/a", "/%2525b/a"),
            ("/%25%32%46", "/%252F"),
            ("//a//b//", "/a/b/"),
            ("/a/..//b", "/b"),
            ("/a//../b", "/a/b"),
            ("/.//a", "/a"),
            ("/a/.../b", "/a/.../b"),
            ("/a/..?x", "/?x"),
            ("/a%41%7e%20%3b", "/aA~%20%3b"),
            ("/foo/..;/q", "/q"),
            ("/foo/..;x=1/q", "/q"),
            ("/foo/..;;/q", "/q"),
            ("/foo;/..;/q", "/q"),
            ("/.;/q", "/q"),
            ("/q/.;", "/q/"),
            ("/foo/a/..;/../q", "/q"),
            ("/foo/..;?x", "/?x"),
            ("/foo/..;\\q", "/"),
            ("/foo/..;\\../q", "/q"),
            ("/foo/.;x/bar", "/foo/bar"),
            ("/foo/bar/..;", "/foo/"),
            ("/foo//..;/q", "/foo/q"),
            ("/foo/%2e%2e;/q", "/foo/..;/q"),
            ("/foo/..;a%3bb/q", "/q"),
            ("/a/..;%00/b", "/b"),
            ("/a/..;%41/b", "/b"),
            ("/a/.%2e;/b", "/a/..;/b"),
            ("/a/%2e.;/b", "/a/..;/b"),
            ("/foo\\..;/q", "/foo/..;/q"),
            ("/foo/...;/q", "/foo/...;/q"),
            ("/a/..%3b/b", "/a/..%3b/b"),
            ("/a/b..;/c", "/a/b..;/c"),
            ("/a/?/..;/x", "/a/?/..;/x"),
            ("/a/..;/.;b/c;d", "/c;d"),
            ("/a{b|c}^`\"<>", "/a%7Bb%7Cc%7D%5E%60%22%3C%3E"),
        ] {
            assert_eq!(normalize(sent, edge()), Normalized::Path(seen.to_owned()), "{sent}");
        }
    }

    #[test]
    fn only_normal_paths_arrive() {
        use Extent::{Beginning, Segments, Whole};
        for text in ["/", "//", "/a/", "/a%20b", "/a%2", "/a/.", "/a/..", "/caf%C3%A9", "/a/..;", "/a/..;/x"] {
            assert!(may_arrive(text, Beginning, edge()), "{text}");
        }
        for text in ["/a//b", "/a%2Fb", "/a/../b", "/a\\b", "/%41", "/a b", "/é", "/a?q=1", "/a{b"] {
            assert!([Beginning, Segments, Whole].iter().all(|extent| !may_arrive(text, *extent, edge())), "{text}");
        }
        assert!(
            !may_arrive("/a/..", Whole, edge())
                && !may_arrive("/a/..", Segments, edge())
                && may_arrive("/a/b", Whole, edge())
        );
    }

    #[test]
    fn dots_that_have_parameters_are_written_with_escapes() {
        for (path, target) in [("/a/..;x/b?/..;", "/a/%2E%2E;x/b?/..;"), ("/.;", "/%2E;"), ("/a/b..;", "/a/b..;")] {
            assert_eq!(written(path), target);
            assert_eq!(normalize(target, edge()), Normalized::Path(path.to_owned()));
        }
    }

    #[test]
    fn escaped_slashes_are_redirected_as_measured() {
        for (sent, location) in [
            ("/a%2fb", "/a/b"),
            ("/a%2Fb?x=%2f", "/a/b?x=%2f"),
            ("/a%5cb", "/a/b"),
            ("/a%5C..%5Cb", "/b"),
            ("/a/%2f/../b", "/a/b"),
            ("/a/b/%2e%2e%2fc", "/a/c"),
            ("/%2F", "//"),
            ("/a%2f%2e%2e", "/"),
            ("/foo/..;%2fq", "/q"),
            ("/foo%2f..;/q", "/q"),
            ("/foo%5c..;/q", "/foo/..;/q"),
            ("/foo/..;%5cq", "/"),
        ] {
            assert_eq!(normalize(sent, edge()), Normalized::Redirect(location.to_owned()), "{sent}");
        }
    }

    #[test]
    fn what_is_asked_for_of_paths_is_done() {
        let path = |path: &str| Normalized::Path(path.to_owned());
        let dots_stay = PathRules { resolve_dots: false, ..edge() };
        for (sent, seen) in [("/a/../b", "/a/../b"), ("/a//b/%41", "/a/b/%41"), ("/a/..;x/b", "/a/..;x/b")] {
            assert_eq!(normalize(sent, dots_stay), path(seen), "{sent}");
        }
        let slashes_stay = PathRules { merge_slashes: false, ..edge() };
        assert_eq!(normalize("/a//../b//", slashes_stay), path("/a/b//"));
        for (escaped, answer) in [
            (EscapedSlashes::Kept, path("/a%2Fb/c")),
            (EscapedSlashes::Refused, Normalized::Refused),
            (EscapedSlashes::Redirected, Normalized::Redirect("/a/b/c".to_owned())),
            (EscapedSlashes::Replaced, path("/a/b/c")),
        ] {
            let rules = PathRules { escaped_slashes: escaped, ..edge() };
            assert_eq!(normalize("/a%2Fb//c", rules), answer, "{escaped:?}");
            assert_eq!(normalize("/a/b?x=%2F", rules), path("/a/b?x=%2F"));
        }
        let arrives = |text: &str, rules: PathRules| may_arrive(text, Extent::Whole, rules);
        assert!(arrives("/a//b", slashes_stay) && arrives("/a/../b", dots_stay));
        assert!(arrives("/a%2Fb", PathRules::OPEN) && !arrives("/a b", PathRules::OPEN));
    }

    #[test]
    fn what_cannot_be_a_path_is_refused() {
        for sent in ["/a%00b", "/a#b", "/a b", "/é", "/a?b#c"] {
            assert_eq!(normalize(sent, edge()), Normalized::Refused, "{sent}");
        }
    }
}
