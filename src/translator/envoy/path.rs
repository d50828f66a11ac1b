//! Path rewrites as Envoy's fields. A plain `prefix_rewrite` to or from the root leaves a double slash, or none
//! ([prefix_rewrite](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#envoy-v3-api-field-config-route-v3-routeaction-prefix-rewrite);
//! measured on the raw request line).

use envoy_types::pb::envoy::r#type::matcher::v3::RegexMatchAndSubstitute;

use crate::ir::{PathRewrite, Substitution};

use super::proto::regex;

/// One of Envoy's ways to rewrite a path.
#[derive(Debug)]
pub(super) enum Rewrite<'r> {
    /// Nothing changes.
    None,
    /// `prefix_rewrite`.
    Prefix(&'r str),
    /// `regex_rewrite`.
    Regex(RegexMatchAndSubstitute),
    /// The whole path.
    Full(&'r str),
}

/// The way for a rewrite: prefixes come without a trailing `/`, empty is the root.
pub(super) fn to_rewrite(rewrite: &PathRewrite) -> Rewrite<'_> {
    match rewrite {
        PathRewrite::Full(path) => Rewrite::Full(path),
        PathRewrite::Taken(to) => Rewrite::Prefix(to),
        PathRewrite::Regex(substitution) => Rewrite::Regex(to_substitution(substitution)),
        PathRewrite::Prefix { matched, replacement } => match (matched.as_str(), replacement.as_str()) {
            ("", "") => Rewrite::None,
            ("", to) => Rewrite::Regex(substitute("^/", &format!("{to}/"))),
            (from, "") => Rewrite::Regex(substitute(&format!("^{}/*", quote(from)), "/")),
            (_, to) => Rewrite::Prefix(to),
        },
    }
}

/// A replacement as it is declared.
pub(super) fn to_substitution(Substitution { pattern, replacement }: &Substitution) -> RegexMatchAndSubstitute {
    RegexMatchAndSubstitute { pattern: Some(regex(pattern)), substitution: replacement.clone() }
}

/// Replaces everything that `pattern` matches; the query is not part of it.
pub(super) fn substitute(pattern: &str, literal: &str) -> RegexMatchAndSubstitute {
    RegexMatchAndSubstitute { pattern: Some(regex(pattern)), substitution: literal.replace('\\', "\\\\") }
}

/// A pattern that matches `text` itself.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() && !"/-_~%".contains(c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::{Rewrite, quote, to_rewrite};
    use crate::ir::PathRewrite;

    fn rewrite(matched: &str, replacement: &str) -> PathRewrite {
        PathRewrite::Prefix { matched: matched.to_owned(), replacement: replacement.to_owned() }
    }

    #[test]
    fn the_root_on_either_side_needs_a_regular_expression() {
        assert!(matches!(to_rewrite(&rewrite("", "")), Rewrite::None));
        assert!(matches!(to_rewrite(&rewrite("/a", "/b")), Rewrite::Prefix(to) if to == "/b"));
        assert!(matches!(to_rewrite(&rewrite("/a", "")), Rewrite::Regex(r) if r.substitution == "/"));
        assert!(matches!(to_rewrite(&rewrite("", "/b")), Rewrite::Regex(r) if r.substitution == "/b/"));
    }

    #[test]
    fn a_quoted_path_matches_only_itself() {
        for text in ["/a.b", "/a+b(c)", "/$x*", "/a-b_c~d%20"] {
            let pattern = regex::Regex::new(&format!("^{}$", quote(text))).unwrap();
            assert!(pattern.is_match(text), "{text}");
        }
        assert!(!regex::Regex::new(&quote("/a.b")).unwrap().is_match("/aXb"));
    }
}
