//! `cors` ([CORS](https://gateway.envoyproxy.io/docs/api/extension_types/#cors)).

use crate::http::is_token;
use crate::ir::{Cors, OriginPattern};
use crate::parser::api::SecurityCors;
use crate::path;
use crate::translator::lower::filter::lower_origin;
use crate::translator::lower::option::faults::Faults;

/// What other origins may do. Without `maxAge` preflights are told none.
pub(super) fn lower(said: &SecurityCors, faults: &mut Faults<'_>) -> Cors {
    let SecurityCors { allow_credentials, allow_headers, allow_methods, allow_origins, expose_headers, max_age } = said;
    let lists = [("allowHeaders", allow_headers), ("allowMethods", allow_methods), ("exposeHeaders", expose_headers)];
    for (field, words) in lists {
        let wrong = words.iter().enumerate().filter(|(_, word)| word.is_empty() || !word.bytes().all(is_token));
        for (index, word) in wrong {
            let message = format!("`{}` is no word of HTTP", word.escape_debug());
            faults.add(&path![field, index], message, "write one name without spaces, or `*`");
        }
    }
    let origins = allow_origins.iter().enumerate().filter_map(|(index, text)| {
        let origin = lower_pattern(text);
        if origin.is_none() {
            let help = "write it like `https://www.example.com`, `https://*.example.com` or `*`";
            faults.add(&path!["allowOrigins", index], format!("`{text}` is not an origin"), help);
        }
        origin
    });
    Cors {
        origins: origins.collect(),
        methods: allow_methods.to_vec(),
        headers: allow_headers.to_vec(),
        exposed_headers: expose_headers.to_vec(),
        credentials: *allow_credentials == Some(true),
        max_age: max_age.map(|said| said.0),
    }
}

/// An origin; a `*` within it stands for any text, so that `https://*` has every port.
fn lower_pattern(text: &str) -> Option<OriginPattern> {
    if text == "*" || !text.contains('*') {
        return lower_origin(text);
    }
    let parts: Vec<String> = text.to_ascii_lowercase().split('*').map(regex::escape).collect();
    Some(OriginPattern::Regex(parts.join(".*")))
}

#[cfg(test)]
mod tests {
    use super::lower_pattern;
    use crate::ir::OriginPattern;

    #[test]
    fn a_star_within_an_origin_is_any_text() {
        let pattern = |text: &str| match lower_pattern(text) {
            Some(OriginPattern::Regex(expression)) => expression,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(pattern("https://*.Example.com"), r"https://.*\.example\.com");
        assert_eq!(pattern("http://*:8080"), "http://.*:8080");
        assert_eq!(lower_pattern("*"), Some(OriginPattern::Any));
        assert!(matches!(lower_pattern("https://a.example"), Some(OriginPattern::Scheme { .. })));
    }
}
