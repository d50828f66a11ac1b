//! CORS: the filter, and its policy for a route
//! ([CORS](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/cors_filter)).

use envoy_types::pb::envoy::config::core::v3::{
    HeaderValue, HeaderValueOption, header_value_option::HeaderAppendAction,
};
use envoy_types::pb::envoy::config::route::v3::HeaderMatcher;
use envoy_types::pb::envoy::extensions::filters::http::cors::v3::CorsPolicy;
use envoy_types::pb::envoy::r#type::matcher::v3::StringMatcher;
use envoy_types::pb::google::protobuf::Any;

use crate::ir::{Cors, OriginHost, OriginPattern, default_port};
use crate::port::Port;

use super::header::escape;
use super::path::quote;
use super::proto::{any, boolean, exact, matching};
use super::route_match::header_matcher;

/// The filter.
pub(super) const CORS_FILTER: &str = "envoy.filters.http.cors";
/// The message of the filter in the chain.
pub(super) const CORS: &str = "envoy.extensions.filters.http.cors.v3.Cors";
const CORS_POLICY: &str = "envoy.extensions.filters.http.cors.v3.CorsPolicy";

/// The policy of a route, under the name of its filter.
pub(super) fn per_route(cors: &Cors) -> (String, Any) {
    per_route_with(cors, &cors.headers)
}

/// The same with other headers that requests may have.
pub(super) fn per_route_with(cors: &Cors, headers: &[String]) -> (String, Any) {
    let Cors { origins, methods, headers: _, exposed_headers, credentials, max_age } = cors;
    let policy = CorsPolicy {
        allow_origin_string_match: origins.iter().map(to_string_matcher).collect(),
        allow_methods: methods.join(","),
        allow_headers: headers.join(","),
        expose_headers: exposed_headers.join(","),
        max_age: max_age.map(|age| age.as_secs().to_string()).unwrap_or_default(),
        allow_credentials: credentials.then(|| boolean(true)),
        ..CorsPolicy::default()
    };
    (CORS_FILTER.to_owned(), any(CORS_POLICY, &policy))
}

pub(super) fn to_string_matcher(origin: &OriginPattern) -> StringMatcher {
    match origin {
        OriginPattern::Any => matching(".*"),
        OriginPattern::Regex(expression) => matching(expression),
        OriginPattern::Scheme { scheme, host: OriginHost::Exact(host), port } if *port != default_port(scheme) => {
            StringMatcher { ignore_case: true, ..exact(&with_port(&format!("{scheme}://{host}"), *port)) }
        }
        other => matching(&format!("(?i){}", to_pattern(other))),
    }
}

fn with_port(origin: &str, port: Option<Port>) -> String {
    port.map_or_else(|| origin.to_owned(), |port| format!("{origin}:{port}"))
}

/// The origin as an RE2 expression; a scheme's own port may stand in it or not.
fn to_pattern(origin: &OriginPattern) -> String {
    let (scheme, host, port) = match origin {
        OriginPattern::Any => return ".*".to_owned(),
        // It stands among others that take no account of letter case.
        OriginPattern::Regex(expression) => return format!("(?-i:{expression})"),
        OriginPattern::Scheme { scheme, host, port } => (scheme, host, port),
    };
    let host = match host {
        OriginHost::Any => "[^/:]+".to_owned(),
        OriginHost::Exact(host) => quote(host),
        OriginHost::Below(suffix) => format!("[^/:]+\\.{}", quote(suffix)),
    };
    let port = match port {
        Some(port) if Some(*port) == default_port(scheme) => format!("(:{port})?"),
        Some(port) => format!(":{port}"),
        None => String::new(),
    };
    format!("{}://{host}{port}", quote(scheme))
}

/// A request of an allowed origin.
pub(super) fn allowed_origin(cors: &Cors) -> HeaderMatcher {
    let patterns: Vec<_> = cors.origins.iter().map(to_pattern).collect();
    header_matcher("origin", matching(&format!("(?i)({})", patterns.join("|"))))
}

/// What an allowed origin's script needs to see a response, for responses that
/// the filter does not reach.
pub(super) fn response_headers(cors: &Cors) -> Vec<HeaderValueOption> {
    let header = |name: &str, value: String| HeaderValueOption {
        header: Some(HeaderValue { key: name.to_owned(), value, ..HeaderValue::default() }),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd as i32,
        ..HeaderValueOption::default()
    };
    let mut headers = vec![header("access-control-allow-origin", "%REQ(ORIGIN)%".to_owned())];
    if cors.credentials {
        headers.push(header("access-control-allow-credentials", "true".to_owned()));
    }
    if !cors.exposed_headers.is_empty() {
        headers.push(header("access-control-expose-headers", escape(&cors.exposed_headers.join(","))));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::to_pattern;
    use crate::ir::{OriginHost, OriginPattern};
    use crate::port::Port;

    #[test]
    fn a_wildcard_origin_matches_every_subdomain_and_nothing_else() {
        let origin = OriginPattern::Scheme {
            scheme: "https".to_owned(),
            host: OriginHost::Below("bar.com".to_owned()),
            port: Some(Port::HTTPS),
        };
        let pattern = regex::Regex::new(&format!("^{}$", to_pattern(&origin))).unwrap();
        for host in ["www.bar.com", "xpto.www.bar.com", "www.bar.com:443"] {
            assert!(pattern.is_match(&format!("https://{host}")), "{host}");
        }
        for host in ["bar.com", "evilbar.com", "www.bar.com.evil.com", "www.bar.com:8443", "evil.com/.bar.com"] {
            assert!(!pattern.is_match(&format!("https://{host}")), "{host}");
        }
    }
}
