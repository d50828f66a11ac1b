//! Paths: prefixes without their trailing `/`, and what may stand in a replacement.

use crate::ir::{PathMatch, PathRewrite};
use crate::parser::api::{HttpPathMatch, HttpPathModifier, PathMatchType};

/// A prefix without its trailing `/`; the root is empty.
pub(super) fn trim_prefix(prefix: &str) -> &str {
    prefix.trim_end_matches('/')
}

/// Lowers a path match. The pattern of a regular expression has been checked.
pub(super) fn lower_path_match(path: &HttpPathMatch) -> PathMatch {
    let HttpPathMatch { match_type, value } = path;
    match match_type {
        PathMatchType::Exact => PathMatch::Exact(value.clone()),
        PathMatchType::PathPrefix => PathMatch::Prefix(trim_prefix(value).to_owned()),
        PathMatchType::RegularExpression => PathMatch::Regex(value.clone()),
    }
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

#[cfg(test)]
mod tests {
    use super::{bad_path_char, trim_prefix};

    #[test]
    fn a_trailing_slash_of_a_prefix_does_not_count() {
        assert_eq!(trim_prefix("/v2/"), "/v2");
        assert_eq!(trim_prefix("/"), "");
    }

    #[test]
    fn query_fragment_space_and_broken_escapes_are_found() {
        assert_eq!(bad_path_char("/a/%2B;v=1"), None);
        assert_eq!(bad_path_char("/a?x"), Some((2, '?')));
        assert_eq!(bad_path_char("/a%2"), Some((2, '%')));
        assert_eq!(bad_path_char("/é"), Some((1, 'é')));
    }
}
