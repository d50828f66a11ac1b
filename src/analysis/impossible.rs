//! Conditions that no request meets, whatever a client sends.

use crate::ir::{ClientDetails, HeaderMatch, PathMatch, PathRules, QueryMatch, RouteMatch, ValuePattern};
use crate::simulate::{Extent, Fate, Language, fate, may_arrive};

/// Why no request meets a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause<'c> {
    /// The path's pattern allows no text that begins with a slash.
    Path(&'c str),
    /// The path's pattern asks for something that is gone when paths are compared.
    Normalized(&'c str),
    /// The path is none that is left when paths are compared.
    Value(&'c str),
    /// The path's pattern asks for a query.
    Query(&'c str),
    /// The header is taken out of every request before routes are matched.
    Header(&'c str),
    /// The parameter's value cannot be written in a URL like this.
    Parameter(&'c str, &'c str),
}

/// The first condition of a match that no request meets whose path is made ready by `paths`, and of which `clients` keep
/// some headers.
pub(super) fn cause(matches: &RouteMatch, paths: PathRules, clients: ClientDetails) -> Option<Cause<'_>> {
    let RouteMatch { path, method: _, headers, query, grpc: _ } = matches;
    let pattern = match path {
        PathMatch::Regex(pattern) => pattern_cause(pattern, paths),
        PathMatch::Exact(path) => (!may_arrive(path, Extent::Whole, paths)).then_some(Cause::Value(path)),
        PathMatch::Prefix(prefix) if prefix.is_empty() => None,
        PathMatch::Prefix(prefix) => (!may_arrive(prefix, Extent::Segments, paths)).then_some(Cause::Value(prefix)),
    };
    let stripped = |header: &&HeaderMatch| fate(&header.name) == Fate::Removed && !clients.keep_header(&header.name);
    let header = || headers.iter().find(stripped).map(|header| Cause::Header(&header.name));
    let parameter = || query.iter().find_map(unwritable);
    pattern.or_else(header).or_else(parameter)
}

/// Why no path meets a pattern.
fn pattern_cause(pattern: &str, rules: PathRules) -> Option<Cause<'_>> {
    let (texts, extent) = match Language::of(pattern) {
        Language::Texts(texts) => (texts, Extent::Whole),
        Language::Beginning { text, goes_on: _ } | Language::Within(text) => (vec![text], Extent::Beginning),
    };
    let is_path = |text: &&String| text.starts_with('/') || extent != Extent::Whole && text.is_empty();
    let mut paths = texts.iter().filter(is_path).peekable();
    match paths.peek().copied() {
        None => Some(Cause::Path(pattern)),
        Some(_) if paths.any(|text| text.is_empty() || may_arrive(text, extent, rules)) => None,
        Some(first) if first.contains('?') => Some(Cause::Query(pattern)),
        Some(_) => Some(Cause::Normalized(pattern)),
    }
}

/// A value that a URL cannot hold: parameters are compared as they are written,
/// and Envoy answers 400 to a target with spaces, `#` or characters outside ASCII.
fn unwritable(parameter: &QueryMatch) -> Option<Cause<'_>> {
    let is_written = |byte: u8| (b'!'..0x7f).contains(&byte) && byte != b'#' && byte != b'&';
    match &parameter.value {
        ValuePattern::Exact(value) if !value.bytes().all(is_written) => Some(Cause::Parameter(&parameter.name, value)),
        ValuePattern::Exact(_) | ValuePattern::Regex(_) => None,
    }
}

impl Cause<'_> {
    /// What is wrong.
    pub(super) fn message(self) -> String {
        match self {
            Self::Path(pattern) => format!("no path meets the pattern `{pattern}`: paths begin with `/`"),
            Self::Normalized(pattern) => {
                format!("no path meets the pattern `{pattern}`: paths are normalised before they are compared")
            }
            Self::Value(path) => {
                format!("no path is `{path}` or begins with it: paths are normalised before they are compared")
            }
            Self::Query(pattern) => {
                format!("no path meets the pattern `{pattern}`: paths are compared without their query")
            }
            Self::Header(name) => format!("no request meets this match: header `{name}` is taken out before routing"),
            Self::Parameter(name, value) => {
                format!("no request meets this match: no URL can hold `{value}` as the value of `{name}`")
            }
        }
    }

    /// What is wrong at the place itself.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Path(_) => "a pattern has to match the whole path",
            Self::Normalized(_) | Self::Value(_) => {
                "repeated and escaped slashes, `..`, backslashes and escapes of plain characters are gone by then"
            }
            Self::Query(_) => "a pattern has to match the path alone",
            Self::Header(_) => "the header belongs to one connection, or is the proxy's own",
            Self::Parameter(..) => "parameters are compared as the URL has them, escapes and all",
        }
    }

    /// What to write instead.
    pub(super) fn help(self) -> String {
        match self {
            Self::Path(_) => "begin the pattern with `/`, or with `.*` to allow anything in front".to_owned(),
            Self::Normalized(_) | Self::Value(_) => {
                "write the path as it is after that: `/a/b` for `/a//b` and `/a%2Fb`, `~` for `%7E`".to_owned()
            }
            Self::Query(_) => "match the query with `queryParams`".to_owned(),
            Self::Header(_) => "match another header, one that clients send end to end".to_owned(),
            Self::Parameter(_, value) => format!("write the value as URLs have it: `{}`", escaped(value)),
        }
    }
}

/// A value with percent escapes where a URL needs them.
fn escaped(value: &str) -> String {
    let escape = |byte: u8| match byte {
        b'#' | b'&' | b'%' | b'+' | 0..=b' ' | 0x7f.. => format!("%{byte:02X}"),
        _ => char::from(byte).to_string(),
    };
    value.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::{Cause, escaped};
    use crate::ir::{ClientDetails, HttpProfile, PathMatch, PathRules, RouteMatch, ValueMatch, ValuePattern};

    fn cause(matches: &RouteMatch) -> Option<Cause<'_>> {
        super::cause(matches, PathRules::of(HttpProfile::Edge), ClientDetails::default())
    }

    fn matches(path: &str) -> RouteMatch {
        let path = PathMatch::Regex(path.to_owned());
        RouteMatch { path, method: None, headers: Vec::new(), query: Vec::new(), grpc: false }
    }

    fn exact<N: for<'n> From<&'n str>>(name: &str, value: &str) -> ValueMatch<N> {
        ValueMatch { name: name.into(), value: ValuePattern::Exact(value.to_owned()) }
    }

    #[test]
    fn the_condition_that_fails_is_named() {
        assert_eq!(cause(&matches("/api/.*")), None);
        assert_eq!(cause(&matches(".*api")), None);
        assert_eq!(cause(&matches("api/.*")), Some(Cause::Path("api/.*")));
        assert_eq!(cause(&matches("/a//b.*")), Some(Cause::Normalized("/a//b.*")));
        assert_eq!(cause(&matches("/a%2[Ff]b")), Some(Cause::Normalized("/a%2[Ff]b")));
        assert_eq!(cause(&matches("/a(//b|/c)")), None);
        assert_eq!(cause(&matches("/search\\?q=.*")), Some(Cause::Query("/search\\?q=.*")));
        let of_path = |path: PathMatch| RouteMatch { path, ..matches("/") };
        let values = |path: &str| [PathMatch::Exact(path.to_owned()), PathMatch::Prefix(path.to_owned())].map(of_path);
        for path in ["/a%5Cb", "/a/../b", "/a/..", "/a%00"] {
            assert!(values(path).iter().all(|matches| cause(matches) == Some(Cause::Value(path))), "{path}");
        }
        for path in ["/", "/a/", "/a%20b", "/a/..;x/b"] {
            assert!(values(path).iter().all(|matches| cause(matches).is_none()), "{path}");
        }
        assert_eq!(cause(&of_path(PathMatch::Prefix(String::new()))), None);
        let header = RouteMatch { headers: vec![exact("keep-alive", "5")], ..matches("/") };
        assert_eq!(cause(&header), Some(Cause::Header("keep-alive")));
        let header = RouteMatch { headers: vec![exact("te", "trailers")], ..matches("/") };
        assert_eq!(cause(&header), None);
        let query = RouteMatch { query: vec![exact("q", "a b")], ..matches("/") };
        assert_eq!(cause(&query), Some(Cause::Parameter("q", "a b")));
        let query = RouteMatch { query: vec![exact("q", "a%20b=+;/?")], ..matches("/") };
        assert_eq!(cause(&query), None);
    }

    #[test]
    fn values_are_escaped_as_urls_have_them() {
        assert_eq!(escaped("a b&é#"), "a%20b%26%C3%A9%23");
    }
}
