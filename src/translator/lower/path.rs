//! Paths: prefixes without their trailing `/`, and what may stand in a replacement.

use crate::ir::{PathMatch, PathRewrite};
use crate::parser::api::{HttpPathMatch, HttpPathModifier, PathMatchType};

use super::operator::find_operator;

/// A prefix without its trailing `/`; the root is empty.
pub(super) fn trim_prefix(prefix: &str) -> &str {
    prefix.trim_end_matches('/')
}

/// Lowers a path match. The pattern of a regular expression has been checked.
pub(super) fn lower_path_match(path: &HttpPathMatch) -> PathMatch {
    let HttpPathMatch { match_type, value } = path;
    match match_type {
        PathMatchType::Exact => PathMatch::Exact(normalize(value)),
        PathMatchType::PathPrefix => PathMatch::Prefix(normalize(trim_prefix(value))),
        PathMatchType::RegularExpression => PathMatch::Regex(value.clone()),
    }
}

/// A path as it is compared: Envoy has decoded the escapes of unreserved
/// characters ([RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-2.3))
/// in every request and has left all others as they are, with their letter case.
pub(super) fn normalize(path: &str) -> String {
    let mut normal = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        normal.push_str(&rest[..at]);
        let escape = rest.get(at..at + 3);
        let byte = escape.and_then(|escape| u8::from_str_radix(&escape[1..], 16).ok());
        let (text, length) = match (byte, escape) {
            (Some(byte), _) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                (char::from(byte).to_string(), 3)
            }
            (_, Some(escape)) => (escape.to_owned(), 3),
            (_, None) => ("%".to_owned(), 1),
        };
        normal.push_str(&text);
        rest = &rest[at + length..];
    }
    normal.push_str(rest);
    normal
}

/// Lowers a path modifier; `matched` is the prefix of the rule's only match.
pub(super) fn lower_path_modifier(modifier: &HttpPathModifier, matched: Option<&str>) -> Option<PathRewrite> {
    match modifier {
        HttpPathModifier::ReplaceFullPath(path) => Some(PathRewrite::Full(rooted(path))),
        HttpPathModifier::ReplacePrefixMatch(prefix) => Some(PathRewrite::Prefix {
            matched: matched?.to_owned(),
            replacement: trim_prefix(&rooted(prefix)).to_owned(),
        }),
    }
}

fn rooted(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

/// The first character that must not stand in a path as it is, with its byte
/// offset: everything but RFC 3986's path characters and percent escapes.
pub(super) fn bad_path_char(path: &str) -> Option<(usize, char)> {
    let bytes = path.as_bytes();
    path.char_indices().find(|&(at, c)| match c {
        '%' => !bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)),
        _ => !(c.is_ascii_alphanumeric() || "/-._~!$&'()*+,;=:@".contains(c)),
    })
}

/// What to write in place of a path that has such a character.
pub(super) fn path_help(path: &str) -> String {
    let plain = "write the path without query and fragment, other characters percent-encoded";
    match find_operator(path) {
        Some(operator) => format!("{plain}; `{operator}` is an operator of Envoy's, and Gateway API has none"),
        None => plain.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{bad_path_char, normalize, trim_prefix};

    #[test]
    fn a_trailing_slash_of_a_prefix_does_not_count() {
        assert_eq!(trim_prefix("/v2/"), "/v2");
        assert_eq!(trim_prefix("/"), "");
    }

    #[test]
    fn escapes_of_unreserved_characters_are_decoded_as_envoy_decodes_them() {
        assert_eq!(normalize("/%61%2D%7e%5F%2e/%41"), "/a-~_./A");
        assert_eq!(normalize("/%20%c3%A9%2B%25"), "/%20%c3%A9%2B%25");
        assert_eq!(normalize("/100%"), "/100%");
    }

    #[test]
    fn query_fragment_space_and_broken_escapes_are_found() {
        assert_eq!(bad_path_char("/a/%2B;v=1"), None);
        assert_eq!(bad_path_char("/a?x"), Some((2, '?')));
        assert_eq!(bad_path_char("/a%2"), Some((2, '%')));
        assert_eq!(bad_path_char("/é"), Some((1, 'é')));
    }
}
