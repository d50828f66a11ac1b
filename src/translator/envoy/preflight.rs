//! The routes that answer the preflights of CORS
//! ([CORS](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/cors_filter)).

use envoy_types::pb::envoy::config::route::v3::{
    HeaderMatcher, Route, RouteAction, RouteMatch, route, route_action::ClusterSpecifier,
};
use envoy_types::pb::google::protobuf::Any;

use crate::ir::{self, Action, Cors, HeaderMatch, PreflightHeader};

use super::action::respond_route;
use super::cors::{per_route, per_route_with, to_string_matcher};
use super::path::quote;
use super::proto::{exact, matching};
use super::route_base::RouteBase;
use super::route_match::{header_matcher, match_of};
use super::{forward, name};

/// The answer to a preflight of an origin that is not allowed.
const REFUSED_PREFLIGHT: u16 = 204;

/// The routes of preflights, which stand before the route that they are about:
/// one for origins that are not allowed, which the filter would pass on to the
/// backend, one for preflights without headers to repeat, and one that holds the
/// policy where the route itself does not take `OPTIONS` or has no cluster. A preflight does not have the headers of the
/// request that it is about: where the route has conditions on such headers,
/// the same again for preflights that may be about it.
pub(super) fn preflight_routes(base: RouteBase<'_>) -> Vec<Route> {
    let ir::Route { matches, action, .. } = base.route;
    let Some(cors) = action.cors() else { return Vec::new() };
    let answers_itself = matches.method.is_none() && action.leaves().all(|leaf| matches!(leaf, Action::Forward(_)));
    let all: Vec<&HeaderMatch> = matches.headers.iter().collect();
    let (told, untold): (Vec<_>, Vec<_>) =
        all.iter().copied().partition(|header| PreflightHeader::of(&header.name) == PreflightHeader::Sent);
    // A preflight may have the headers after all; where nothing has to be listed that makes no difference.
    let has_listed = untold.iter().any(|header| PreflightHeader::of(&header.name) == PreflightHeader::Listed);
    let strict = Some((&all, [].as_slice(), answers_itself)).filter(|_| untold.is_empty() || has_listed);
    let loose = (!untold.is_empty()).then_some((&told, untold.as_slice(), false));
    let mut routes = Vec::new();
    for (own, of_request, is_answered) in strict.into_iter().chain(loose) {
        let preflight = |conditions: Vec<HeaderMatcher>| {
            let mut matcher = preflight_match(matches, own, of_request);
            matcher.headers.extend(conditions);
            base.to_route_for(matcher)
        };
        if !cors.allows_every_origin() {
            routes.push(respond_route(preflight(other_origins(cors)), REFUSED_PREFLIGHT));
        }
        if cors.names_requested_headers() {
            let preflight = preflight(vec![asks_for_no_header()]);
            routes.push(answer(preflight, per_route_with(cors, &[]), action, base.config));
        }
        if !is_answered {
            routes.push(answer(preflight(Vec::new()), per_route(cors), action, base.config));
        }
    }
    routes
}

/// Preflights about requests of a match, with these conditions on headers of
/// their own and these on the headers of the request itself.
fn preflight_match(matches: &ir::RouteMatch, own: &[&HeaderMatch], of_request: &[&HeaderMatch]) -> RouteMatch {
    let mut matcher = match_of(matches, None, own.iter().copied());
    // The filter takes a request with an empty line for no preflight, and so do these routes.
    let some_text = || matching(".+");
    matcher.headers.extend([
        header_matcher(":method", exact("OPTIONS")),
        header_matcher(
            "access-control-request-method",
            matches.method.map_or_else(some_text, |method| exact(method.as_str())),
        ),
        header_matcher("origin", some_text()),
    ]);
    let listed = of_request.iter().filter(|header| PreflightHeader::of(&header.name) == PreflightHeader::Listed);
    matcher.headers.extend(listed.map(|header| {
        let list = format!("(?i)(.*,)?\\s*{}\\s*(,.*)?", quote(&header.name));
        header_matcher("access-control-request-headers", matching(&list))
    }));
    matcher
}

/// A request of no origin that is allowed.
fn other_origins(cors: &Cors) -> Vec<HeaderMatcher> {
    let other = |origin| HeaderMatcher { invert_match: true, ..header_matcher("origin", to_string_matcher(origin)) };
    cors.origins.iter().map(other).collect()
}

/// A preflight that asks for no header: where `*` stands for what is asked for, the filter would name a header without a
/// name.
fn asks_for_no_header() -> HeaderMatcher {
    HeaderMatcher { treat_missing_header_as_empty: true, ..header_matcher("access-control-request-headers", exact("")) }
}

/// The filter answers before the cluster is asked for anything.
fn answer(preflight: Route, policy: (String, Any), action: &Action, config: &ir::Config) -> Route {
    let cluster = action.leaves().find_map(|leaf| forward::find_cluster(leaf, config));
    let cluster = cluster.unwrap_or_else(|| name::INVALID_BACKEND.to_owned());
    let action = RouteAction { cluster_specifier: Some(ClusterSpecifier::Cluster(cluster)), ..RouteAction::default() };
    Route { action: Some(route::Action::Route(action)), typed_per_filter_config: [policy].into(), ..preflight }
}

/// Whether a preflight route of `action` needs the cluster without endpoints.
pub(super) fn needs_invalid_cluster(action: &Action) -> bool {
    action.cors().is_some() && !action.leaves().any(forward::has_cluster)
}
