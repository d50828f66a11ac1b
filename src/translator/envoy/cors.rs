//! CORS: the filter, its policy for a route, and the routes of preflights
//! ([CORS](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/cors_filter)).

use envoy_types::pb::envoy::config::core::v3::{
    HeaderValue, HeaderValueOption, header_value_option::HeaderAppendAction,
};
use envoy_types::pb::envoy::config::route::v3::{
    HeaderMatcher, Route, RouteAction, RouteMatch, route, route_action::ClusterSpecifier,
};
use envoy_types::pb::envoy::extensions::filters::http::cors::v3::CorsPolicy;
use envoy_types::pb::envoy::r#type::matcher::v3::StringMatcher;
use envoy_types::pb::google::protobuf::Any;

use crate::ir::{self, Action, Cors, Foretold, OriginHost, OriginPattern, ValueMatch, default_port};

use super::header::escape;
use super::path::quote;
use super::proto::{any, boolean, exact, matching};
use super::route::{header_matcher, respond_route, to_match};
use super::{forward, name};

/// The filter.
pub(super) const CORS_FILTER: &str = "envoy.filters.http.cors";
/// The message of the filter in the chain.
pub(super) const CORS: &str = "envoy.extensions.filters.http.cors.v3.Cors";
const CORS_POLICY: &str = "envoy.extensions.filters.http.cors.v3.CorsPolicy";

/// The answer to a preflight of an origin that is not allowed.
const REFUSED_PREFLIGHT: u16 = 204;

/// The policy of a route, under the name of its filter.
pub(super) fn per_route(cors: &Cors) -> (String, Any) {
    let Cors { origins, methods, headers, exposed_headers, credentials, max_age } = cors;
    let policy = CorsPolicy {
        allow_origin_string_match: origins.iter().map(to_string_matcher).collect(),
        allow_methods: methods.join(","),
        allow_headers: headers.join(","),
        expose_headers: exposed_headers.join(","),
        max_age: max_age.as_secs().to_string(),
        allow_credentials: credentials.then(|| boolean(true)),
        ..CorsPolicy::default()
    };
    (CORS_FILTER.to_owned(), any(CORS_POLICY, &policy))
}

fn to_string_matcher(origin: &OriginPattern) -> StringMatcher {
    match origin {
        OriginPattern::Any => matching(".*".to_owned()),
        OriginPattern::Scheme { scheme, host: OriginHost::Exact(host), port } if *port != default_port(scheme) => {
            StringMatcher { ignore_case: true, ..exact(with_port(&format!("{scheme}://{host}"), *port)) }
        }
        other => matching(format!("(?i){}", to_pattern(other))),
    }
}

fn with_port(origin: &str, port: Option<u16>) -> String {
    port.map_or_else(|| origin.to_owned(), |port| format!("{origin}:{port}"))
}

/// The origin as an RE2 expression; a scheme's own port may stand in it or not.
fn to_pattern(origin: &OriginPattern) -> String {
    let OriginPattern::Scheme { scheme, host, port } = origin else { return ".*".to_owned() };
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
    header_matcher("origin", matching(format!("(?i)({})", patterns.join("|"))))
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

/// The routes of preflights, which stand before the route that they are about:
/// one for origins that are not allowed, which the filter would pass on to the
/// backend, one for preflights without headers to repeat, and one that holds the
/// policy where the route itself does not take `OPTIONS` or has no cluster. A preflight does not have the headers of the
/// request that it is about: where the route has conditions on such headers,
/// the same again for preflights that may be about it.
pub(super) fn preflight_routes(
    base: &Route,
    matches: &ir::RouteMatch,
    action: &Action,
    config: &ir::Config,
) -> Vec<Route> {
    let Some(cors) = action.cors() else { return Vec::new() };
    let answers_itself = matches.method.is_none() && action.leaves().all(|leaf| matches!(leaf, Action::Forward(_)));
    let (told, untold): (Vec<_>, Vec<_>) =
        matches.headers.iter().cloned().partition(|header| Foretold::of(&header.name) == Foretold::Carried);
    // A preflight may have the headers after all; where nothing has to be listed that makes no difference.
    let has_listed = untold.iter().any(|header| Foretold::of(&header.name) == Foretold::Listed);
    let strict = (preflight_match(matches, &matches.headers, &[]), answers_itself);
    let strict = Some(strict).filter(|_| untold.is_empty() || has_listed);
    let loose = (!untold.is_empty()).then(|| (preflight_match(matches, &told, &untold), false));
    let mut routes = Vec::new();
    for (matcher, is_answered) in strict.into_iter().chain(loose) {
        let preflight = Route { r#match: Some(matcher), ..base.clone() };
        if !cors.allows_every_origin() {
            routes.push(refusal(&preflight, cors));
        }
        if cors.names_requested_headers() {
            routes.push(answer_without_headers(&preflight, cors, action, config));
        }
        if !is_answered {
            routes.push(answer(preflight, cors, action, config));
        }
    }
    routes
}

/// Preflights about requests of a match, with these conditions on headers of
/// their own and these on the headers of the request itself.
fn preflight_match(matches: &ir::RouteMatch, own: &[ValueMatch], of_request: &[ValueMatch]) -> RouteMatch {
    let mut matcher = to_match(&ir::RouteMatch { method: None, headers: own.to_vec(), ..matches.clone() });
    // The filter takes a request with an empty line for no preflight, and so do these routes.
    let some_text = || matching(".+".to_owned());
    matcher.headers.extend([
        header_matcher(":method", exact("OPTIONS".to_owned())),
        header_matcher("access-control-request-method", matches.method.clone().map_or_else(some_text, exact)),
        header_matcher("origin", some_text()),
    ]);
    let listed = of_request.iter().filter(|header| Foretold::of(&header.name) == Foretold::Listed);
    matcher.headers.extend(listed.map(|header| {
        let list = format!("(?i)(.*,)?\\s*{}\\s*(,.*)?", quote(&header.name));
        header_matcher("access-control-request-headers", matching(list))
    }));
    matcher
}

fn refusal(preflight: &Route, cors: &Cors) -> Route {
    let mut refused = preflight.clone();
    if let Some(matcher) = &mut refused.r#match {
        matcher.headers.extend(
            cors.origins.iter().map(|origin| HeaderMatcher {
                invert_match: true,
                ..header_matcher("origin", to_string_matcher(origin))
            }),
        );
    }
    respond_route(refused, REFUSED_PREFLIGHT)
}

/// The answer to a preflight that asks for no header: where `*` stands for what is asked for, the filter would name a
/// header without a name.
fn answer_without_headers(preflight: &Route, cors: &Cors, action: &Action, config: &ir::Config) -> Route {
    let mut preflight = preflight.clone();
    if let Some(matcher) = &mut preflight.r#match {
        matcher.headers.push(HeaderMatcher {
            treat_missing_header_as_empty: true,
            ..header_matcher("access-control-request-headers", exact(String::new()))
        });
    }
    answer(preflight, &Cors { headers: Vec::new(), ..cors.clone() }, action, config)
}

/// The filter answers before the cluster is asked for anything.
fn answer(preflight: Route, cors: &Cors, action: &Action, config: &ir::Config) -> Route {
    let cluster = action.leaves().find_map(|leaf| forward::find_cluster(leaf, config));
    let cluster = cluster.unwrap_or_else(|| name::INVALID_BACKEND.to_owned());
    let action = RouteAction { cluster_specifier: Some(ClusterSpecifier::Cluster(cluster)), ..RouteAction::default() };
    Route { action: Some(route::Action::Route(action)), typed_per_filter_config: [per_route(cors)].into(), ..preflight }
}

/// Whether a preflight route of `action` needs the cluster without endpoints.
pub(super) fn needs_invalid_cluster(action: &Action) -> bool {
    action.cors().is_some() && !action.leaves().any(forward::has_cluster)
}

#[cfg(test)]
mod tests {
    use super::to_pattern;
    use crate::ir::{OriginHost, OriginPattern};

    #[test]
    fn a_wildcard_origin_matches_every_subdomain_and_nothing_else() {
        let origin = OriginPattern::Scheme {
            scheme: "https".to_owned(),
            host: OriginHost::Below("bar.com".to_owned()),
            port: Some(443),
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
