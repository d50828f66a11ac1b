//! Rewritten paths.

use crate::ir::PathRewrite;

use super::path::split_query;

/// The path and query after a rewrite; `None` when the rewrite changes nothing of any path.
pub(super) fn rewrite(action: &PathRewrite, target: &str) -> Option<String> {
    let (path, query) = split_query(target);
    let path = match action {
        PathRewrite::Full(full) => full.clone(),
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
    use crate::ir::PathRewrite;

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
            assert_eq!(rewrite(&action, path).as_deref(), expected, "{matched} to {replacement} on {path}");
        }
    }
}
