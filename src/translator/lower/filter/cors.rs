//! CORS ([HTTPCORSFilter](https://gateway-api.sigs.k8s.io/reference/spec/#httpcorsfilter)).

use std::time::Duration;

use crate::diagnostics::{Reported, codes};
use crate::ir::{Cors, OriginHost, OriginPattern, default_port};
use crate::parser::api::CorsFilter;

use super::super::rule::RouteLowering;
use super::FilterContext;

impl RouteLowering<'_, '_> {
    pub(super) fn lower_cors(&mut self, context: &FilterContext<'_>, filter: &CorsFilter) -> Result<Cors, Reported> {
        let CorsFilter { allow_origins, allow_credentials, allow_methods, allow_headers, expose_headers, max_age } =
            filter.clone();
        let mut origins = Vec::with_capacity(allow_origins.len());
        for (index, text) in allow_origins.iter().enumerate() {
            match lower_origin(text) {
                Some(origin) => origins.push(origin),
                None => return Err(self.bad_origin(context, index, text)),
            }
        }
        let credentials = allow_credentials == Some(true);
        if credentials && expose_headers.iter().any(|name| name == "*") {
            self.report_literal_wildcard(context);
        }
        Ok(Cors {
            origins,
            methods: allow_methods,
            headers: allow_headers,
            exposed_headers: expose_headers,
            credentials,
            max_age: Some(Duration::from_secs(u64::from(max_age))),
        })
    }

    fn bad_origin(&mut self, context: &FilterContext<'_>, index: usize, text: &str) -> Reported {
        self.diagnostics.error(
            self.object
                .finding(
                    codes::UNSAFE_VALUE,
                    context.at.with("cors").with("allowOrigins").with(index),
                    format!("`{text}` is not an origin"),
                )
                .label("an origin is a scheme, a host and perhaps a port")
                .consequence(context.consequence)
                .help("write it like `https://www.example.com`, `https://*.example.com:8443` or `*`"),
        )
    }

    fn report_literal_wildcard(&mut self, context: &FilterContext<'_>) {
        self.diagnostics.report(
            self.object
                .finding(
                    codes::LITERAL_WILDCARD,
                    context.at.with("cors").with("exposeHeaders"),
                    "`*` names no header where credentials are allowed",
                )
                .label("browsers read it as the name of a header")
                .consequence("scripts that send credentials see only the safe response headers")
                .help("list the headers that scripts may read"),
        );
    }
}

/// Reads an origin: `*`, or a scheme, a host that may begin with `*.` or be `*`, and a port.
pub(in crate::translator::lower) fn lower_origin(text: &str) -> Option<OriginPattern> {
    if text == "*" {
        return Some(OriginPattern::Any);
    }
    let text = text.to_ascii_lowercase();
    let (scheme, authority) = text.split_once("://")?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok().filter(|port| *port != 0)?)),
        _ => (authority, default_port(scheme)),
    };
    let is_plain = |host: &str| !host.is_empty() && !host.contains(['*', '/', '?', '#', ' ']);
    let host = match host.strip_prefix("*.") {
        Some(suffix) if is_plain(suffix) => OriginHost::Below(suffix.to_owned()),
        None if host == "*" => OriginHost::Any,
        None if is_plain(host) => OriginHost::Exact(host.to_owned()),
        _ => return None,
    };
    Some(OriginPattern::Scheme { scheme: scheme.to_owned(), host, port })
}

#[cfg(test)]
mod tests {
    use super::lower_origin;
    use crate::ir::{OriginHost, OriginPattern};
    use crate::port::Port;

    #[test]
    fn origins_are_read_with_their_default_port() {
        let origin = |scheme: &str, host, port: Option<u16>| {
            Some(OriginPattern::Scheme { scheme: scheme.to_owned(), host, port: port.map(Port::new) })
        };
        let exact = |host: &str| OriginHost::Exact(host.to_owned());
        assert_eq!(lower_origin("*"), Some(OriginPattern::Any));
        assert_eq!(lower_origin("https://A.example"), origin("https", exact("a.example"), Some(443)));
        assert_eq!(lower_origin("http://a.example:8080"), origin("http", exact("a.example"), Some(8080)));
        assert_eq!(lower_origin("http://[::1]"), origin("http", exact("[::1]"), Some(80)));
        assert_eq!(lower_origin("app://x"), origin("app", exact("x"), None));
        assert_eq!(lower_origin("https://*"), origin("https", OriginHost::Any, Some(443)));
        let below = OriginHost::Below("bar.com".to_owned());
        assert_eq!(lower_origin("https://*.bar.com:1"), origin("https", below, Some(1)));
        for text in ["", "a.example", "https://", "https://a*", "https://*.", "https://a:x", "https://a/b"] {
            assert_eq!(lower_origin(text), None, "{text}");
        }
    }
}
