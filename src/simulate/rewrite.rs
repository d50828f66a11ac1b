//! Rewritten paths.

use crate::ir::{PathMatch, PathRewrite, Substitution};

use super::path::split_query;
use super::re2::Replacement;

/// A text after a replacement.
pub(super) fn substitute(Substitution { pattern, replacement }: &Substitution, text: &str) -> String {
    Replacement::new(pattern, replacement).replace(text)
}

/// What a match leaves of a path.
fn untaken<'p>(taken: &PathMatch, path: &'p str) -> &'p str {
    match taken {
        PathMatch::Prefix(prefix) if prefix.is_empty() => path.strip_prefix('/').unwrap_or(path),
        PathMatch::Prefix(prefix) => path.get(prefix.len()..).unwrap_or_default(),
        PathMatch::Exact(_) | PathMatch::Regex(_) => "",
    }
}

/// The path and query after a rewrite of a route with the match `taken`; `None` when the rewrite changes nothing of any path.
pub(super) fn rewrite(action: &PathRewrite, taken: &PathMatch, target: &str) -> Option<String> {
    let (path, query) = split_query(target);
    let path = match action {
        PathRewrite::Full(full) => full.clone(),
        // Nothing is no path: it stays.
        PathRewrite::Regex(substitution) => match substitute(substitution, path) {
            empty if empty.is_empty() => return None,
            other => other,
        },
        PathRewrite::Taken(to) => format!("{to}{}", untaken(taken, path)),
        PathRewrite::Prefix { matched, replacement } => match (matched.as_str(), replacement.as_str()) {
            ("", "") => return None,
            (from, "") => {
                let rest = path.strip_prefix(from).unwrap_or(path);
                format!("/{}", rest.trim_start_matches('/'))
            }
            (from, to) => format!("{to}{}", path.strip_prefix(from).unwrap_or(path)),
        },
    };
    Some(path + query)
}

#[cfg(test)]
mod tests {
    use super::rewrite;
    use crate::ir::{PathMatch, PathRewrite, Substitution};

    #[test]
    fn an_expression_that_leaves_nothing_changes_nothing() {
        let rewritten = |pattern: &str, to: &str| {
            let substitution = Substitution { pattern: pattern.to_owned(), replacement: to.to_owned() };
            rewrite(&PathRewrite::Regex(substitution), &PathMatch::Prefix(String::new()), "/r1?x=1")
        };
        assert_eq!(rewritten("/r[0-9]+", ""), None);
        assert_eq!(rewritten("[0-9]+", ""), Some("/r?x=1".to_owned()));
    }

    #[test]
    fn prefixes_are_replaced_and_the_query_stays() {
        for (matched, replacement, path, expected) in [
            ("/a", "/b", "/a/x?q=/a", Some("/b/x?q=/a")),
            ("/a", "/b", "/a", Some("/b")),
            ("/a", "", "/a/x", Some("/x")),
            ("/a", "", "/a", Some("/")),
            ("/a", "", "/a/", Some("/")),
            ("", "/v2", "/x", Some("/v2/x")),
            ("", "/v2", "/", Some("/v2/")),
            ("", "", "/x", None),
        ] {
            let action = PathRewrite::Prefix { matched: matched.to_owned(), replacement: replacement.to_owned() };
            assert_eq!(
                rewrite(&action, &PathMatch::Prefix(matched.to_owned()), path).as_deref(),
                expected,
                "{matched} to {replacement} on {path}"
            );
        }
    }

    #[test]
    fn what_a_match_takes_is_replaced_as_it_is_written() {
        let to = |to: &str| PathRewrite::Taken(to.to_owned());
        for (taken, replacement, path, expected) in [
            (PathMatch::Prefix("/a".to_owned()), "/b", "/a/x?q=1", "/b/x?q=1"),
            (PathMatch::Prefix("/a".to_owned()), "/", "/a/x", "//x"),
            (PathMatch::Prefix(String::new()), "/v2", "/x", "/v2x"),
            (PathMatch::Exact("/a".to_owned()), "/b", "/a?q=1", "/b?q=1"),
            (PathMatch::Regex("/a.*".to_owned()), "/b", "/abc", "/b"),
        ] {
            assert_eq!(rewrite(&to(replacement), &taken, path).as_deref(), Some(expected), "{path}");
        }
    }
}
