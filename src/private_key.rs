//! Private keys in a text: where they stand, and the text without them.
//!
//! They are found by their own marks, whatever is around them: no file, no
//! format and no kind of object is known here.

use std::borrow::Cow;
use std::ops::Range;

/// What stands in the place of a secret.
pub(crate) const STAND_IN: &str = "<hidden>";

/// How the first and the last line of a private key end: in PEM, in the armour of PGP, and in that of SSH2.
const KEY_MARKS: [&str; 3] = ["PRIVATE KEY-----", "PRIVATE KEY BLOCK-----", "PRIVATE KEY ----"];

/// What the base64 of a PEM block begins with.
const ENCODED_PEM: &str = "LS0tLS1CRUdJTiB";

/// Words for people or programs without the private keys in them, as PEM (whatever stands for its line breaks) or in
/// base64. The last line of defence: what the input says may be repeated by any output.
pub(crate) fn without_keys(text: &str) -> Cow<'_, str> {
    if !KEY_MARKS.iter().any(|mark| text.contains(mark)) && !text.contains(ENCODED_PEM) {
        return Cow::Borrowed(text);
    }
    // Line breaks may be escapes of Rust, JSON, XML or GitHub; a quote ends the value.
    let is_body = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/=\\ \t\r\n%&#;".contains(byte);
    let blocks = key_starts(text).map(|start| {
        start..start + text.as_bytes().get(start..).unwrap_or_default().iter().take_while(is_body).count()
    });
    let encoded = text.match_indices(ENCODED_PEM).map(|(at, _)| at..encoded_end(text, at));
    let mut shown = String::with_capacity(text.len());
    let mut position = 0;
    for range in joined(blocks.chain(encoded).collect()) {
        shown.push_str(text.get(position..range.start).unwrap_or_default());
        shown.push_str(STAND_IN);
        position = range.end;
    }
    shown.push_str(text.get(position..).unwrap_or_default());
    Cow::Owned(shown)
}

/// Private keys in PEM, and PEM in base64, wherever they stand: in comments, in broken text, under any name.
pub(crate) fn key_material(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for start in key_starts(text) {
        let rest = text.get(start..).unwrap_or_default();
        // Without an end everything up to the next document is the key.
        let end = ["-----END", "---- END"].iter().filter_map(|end| rest.find(end)).min();
        found.push(start..start + end.or_else(|| rest.find("\n---\n")).unwrap_or(rest.len()));
    }
    found.extend(text.match_indices(ENCODED_PEM).map(|(at, _)| at..encoded_end(text, at)));
    found.extend(of_json_keys(text));
    found
}

/// The secret members of JSON Web Keys: those of private keys, and of keys that both sides share
/// ([RFC 7518, section 6](https://www.rfc-editor.org/rfc/rfc7518#section-6)).
const SECRET_MEMBERS: [&str; 7] = ["k", "d", "p", "q", "dp", "dq", "qi"];

/// The values of these members, in JSON that may be a text in other JSON or YAML.
fn of_json_keys(text: &str) -> Vec<Range<usize>> {
    if !text.contains("kty") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for member in SECRET_MEMBERS {
        for (at, name) in text.match_indices(&format!("\"{member}")) {
            let rest = text.get(at + name.len()..).unwrap_or_default();
            let value = after_quote(rest).and_then(|rest| rest.trim_start().strip_prefix(':'));
            let Some(value) = value.and_then(|rest| after_quote(rest.trim_start())) else { continue };
            let start = text.len() - value.len();
            found.push(start..start + value.find(['"', '\\', '\n']).unwrap_or(value.len()));
        }
    }
    found
}

/// What stands behind a quote, which may be escaped.
fn after_quote(rest: &str) -> Option<&str> {
    rest.strip_prefix('\\').unwrap_or(rest).strip_prefix('"')
}

/// The ranges in order, those that touch or overlap made one.
pub(crate) fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// Where the first lines of private keys end.
fn key_starts(text: &str) -> impl Iterator<Item = usize> {
    let of_mark = |mark: &'static str| text.match_indices(mark).filter(|(at, _)| is_begin(text, *at));
    KEY_MARKS.into_iter().flat_map(of_mark).map(|(at, mark)| at + mark.len())
}

/// Whether the words in front of one of [`KEY_MARKS`] begin a block and do not end one.
fn is_begin(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let is_word = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == ' ';
    let words = before.trim_end_matches(is_word);
    words.ends_with("----") && before.get(words.len()..).is_some_and(|words| words.trim_start().starts_with("BEGIN"))
}

/// Where base64 that begins at `start` ends, white space and continuation lines included.
fn encoded_end(text: &str, start: usize) -> usize {
    let is_encoded = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_');
    let bytes = text.as_bytes();
    let mut end = start;
    loop {
        while bytes.get(end).copied().is_some_and(is_encoded) {
            end += 1;
        }
        // A line break within the value, written as such or as an escape.
        let mut next = end;
        while bytes.get(next).is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'\\') {
            next += 1;
        }
        let run = bytes.get(next..).unwrap_or_default().iter().take_while(|byte| is_encoded(**byte)).count();
        let is_key = bytes.get(next + run) == Some(&b':');
        if next == end || run < 16 || is_key {
            return end;
        }
        end = next;
    }
}
