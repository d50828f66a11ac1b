//! Redirects
//! ([RedirectAction](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-redirectaction)).

use envoy_types::pb::envoy::config::route::v3::{
    RedirectAction, Route,
    redirect_action::{PathRewriteSpecifier, RedirectResponseCode, SchemeRewriteSpecifier},
    route,
};

use crate::hostname::Hostname;
use crate::ir::{self, Redirect};

use super::header::{self, to_header_lists};
use super::path::{Rewrite, to_rewrite};
use super::proto::matching;
use super::route_match::header_matcher;
use super::{cors, ext_authz, http_guards};

/// Without a port of its own, a redirect must drop the port that the request's
/// Host names: naming the host does that, and where it is not known, a first
/// route takes the requests whose Host has a port and prints the default one.
pub(super) fn redirect_routes(base: Route, redirect: &Redirect, host: &Hostname, config: &ir::Config) -> Vec<Route> {
    let Redirect { response_headers, http_filters, .. } = redirect;
    let (response_headers_to_add, response_headers_to_remove) = to_header_lists(response_headers);
    let auths = ext_authz::enable(&http_filters.auths, config);
    let typed_per_filter_config = auths.chain(http_guards::per_route(&http_filters.guards, config)).collect();
    let base = Route { response_headers_to_add, response_headers_to_remove, typed_per_filter_config, ..base };
    let routes = routes_of(base, redirect, host);
    if needs_mutation_filter(redirect) { routes.into_iter().map(through_filter).collect() } else { routes }
}

/// Whether the headers of the responses are changed by a filter: the lists of a route without a cluster do not reach
/// what an authorization filter answers.
pub(super) fn needs_mutation_filter(redirect: &Redirect) -> bool {
    let ir::HttpFilters { cors, auths, guards } = &redirect.http_filters;
    let is_guarded =
        !auths.is_empty() || guards.early_tokens.is_some() || guards.tokens.is_some() || guards.access.is_some();
    is_guarded && (cors.is_some() || !redirect.response_headers.0.is_empty())
}

/// The route with its changes to responses handed to the filter.
fn through_filter(mut route: Route) -> Route {
    let add = std::mem::take(&mut route.response_headers_to_add);
    let remove = std::mem::take(&mut route.response_headers_to_remove);
    if !add.is_empty() || !remove.is_empty() {
        route.typed_per_filter_config.extend([header::per_route((add, remove))]);
    }
    route
}

fn routes_of(base: Route, redirect: &Redirect, host: &Hostname) -> Vec<Route> {
    let Redirect { scheme, hostname, port, print_port, path, status, response_headers: _, http_filters } = redirect;
    let known_host = match (hostname, host) {
        (Some(hostname), _) => Some(hostname.as_str()),
        (None, Hostname::Exact(host)) => Some(host.as_str()),
        (None, Hostname::Wildcard(_) | Hostname::Any) => None,
    };
    let action = RedirectAction {
        host_redirect: known_host.unwrap_or_default().to_owned(),
        port_redirect: if *print_port { u32::from(*port) } else { 0 },
        response_code: response_code(*status) as i32,
        scheme_rewrite_specifier: scheme.map(|scheme| SchemeRewriteSpecifier::SchemeRedirect(scheme.to_owned())),
        path_rewrite_specifier: path.as_ref().and_then(to_redirect_path),
        ..RedirectAction::default()
    };
    let plain = Route { action: Some(route::Action::Redirect(action.clone())), ..base.clone() };
    if known_host.is_some() || *print_port {
        return readable_by_origins(vec![plain], http_filters);
    }
    let mut with_port = Route {
        action: Some(route::Action::Redirect(RedirectAction { port_redirect: u32::from(*port), ..action })),
        ..base
    };
    if let Some(matches) = &mut with_port.r#match {
        matches.headers.push(header_matcher(":authority", matching(".*:[0-9]+")));
    }
    readable_by_origins(vec![with_port, plain], http_filters)
}

/// The routes, preceded by the same ones for requests of allowed origins: the
/// CORS filter adds no headers to answers of the proxy itself
/// ([source](https://github.com/envoyproxy/envoy/blob/main/source/extensions/filters/http/cors/cors_filter.cc), `decodeHeaders`).
fn readable_by_origins(routes: Vec<Route>, http_filters: &ir::HttpFilters) -> Vec<Route> {
    let Some(cors) = &http_filters.cors else { return routes };
    let mut readable = routes.clone();
    for route in &mut readable {
        route.response_headers_to_add.extend(cors::response_headers(cors));
        if let Some(matches) = &mut route.r#match {
            matches.headers.push(cors::allowed_origin(cors));
        }
    }
    readable.into_iter().chain(routes).collect()
}

fn to_redirect_path(path: &ir::PathRewrite) -> Option<PathRewriteSpecifier> {
    match to_rewrite(path) {
        Rewrite::None => None,
        Rewrite::Prefix(prefix) => Some(PathRewriteSpecifier::PrefixRewrite(prefix.to_owned())),
        Rewrite::Regex(rewrite) => Some(PathRewriteSpecifier::RegexRewrite(rewrite)),
        Rewrite::Full(path) => Some(PathRewriteSpecifier::PathRedirect(path.to_owned())),
    }
}

fn response_code(status: u16) -> RedirectResponseCode {
    match status {
        301 => RedirectResponseCode::MovedPermanently,
        303 => RedirectResponseCode::SeeOther,
        307 => RedirectResponseCode::TemporaryRedirect,
        308 => RedirectResponseCode::PermanentRedirect,
        _ => RedirectResponseCode::Found,
    }
}
