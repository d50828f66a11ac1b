//! Redirects
//! ([RedirectAction](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-redirectaction)).

use envoy_types::pb::envoy::config::route::v3::{
    RedirectAction, Route,
    redirect_action::{PathRewriteSpecifier, RedirectResponseCode, SchemeRewriteSpecifier},
    route,
};

use crate::hostname::Hostname;
use crate::ir::{self, Cors, Redirect};

use super::path::{Rewrite, to_rewrite};
use super::proto::{matching, text};
use super::route_base::RouteBase;
use super::route_match::header_matcher;
use super::{cors, local_answer};

/// Without a port of its own, a redirect must drop the port that the request's
/// Host names: naming the host does that, and where it is not known, a first
/// route takes the requests whose Host has a port and prints the default one.
///
/// The routes are preceded by the same ones for requests of allowed origins: the
/// CORS filter adds no headers to answers of the proxy itself
/// ([source](https://github.com/envoyproxy/envoy/blob/main/source/extensions/filters/http/cors/cors_filter.cc), `decodeHeaders`).
pub(super) fn redirect_routes(base: RouteBase<'_>, redirect: &Redirect) -> Vec<Route> {
    let known_host = match (&redirect.hostname, base.host) {
        (Some(hostname), _) => Some(hostname.as_str()),
        (None, Hostname::Exact(host)) => Some(host.as_str()),
        (None, Hostname::Wildcard(_) | Hostname::Any) => None,
    };
    let named_ports: &[bool] = if known_host.is_some() || redirect.print_port { &[false] } else { &[true, false] };
    let cors = redirect.http_filters.cors.as_deref();
    let to_route = |names_port: &bool, cors| to_redirect_route(base, redirect, known_host, *names_port, cors);
    let readable = cors.into_iter().flat_map(|cors| named_ports.iter().map(move |named| (named, Some(cors))));
    readable.chain(named_ports.iter().map(|named| (named, None))).map(|(named, cors)| to_route(named, cors)).collect()
}

/// The route for all requests; for those whose Host names a port, or whose origin a policy allows.
fn to_redirect_route(
    base: RouteBase<'_>,
    redirect: &Redirect,
    known_host: Option<&str>,
    names_port: bool,
    cors: Option<&Cors>,
) -> Route {
    let Redirect { scheme, hostname: _, port, print_port, path, status, response_headers, http_filters } = redirect;
    let with_port = names_port.then(|| header_matcher(":authority", matching(".*:[0-9]+")));
    let allowed = cors.map(cors::allowed_origin);
    let action = RedirectAction {
        host_redirect: text(known_host),
        port_redirect: if *print_port || names_port { u32::from(*port) } else { 0 },
        response_code: response_code(*status) as i32,
        scheme_rewrite_specifier: scheme.map(|scheme| SchemeRewriteSpecifier::SchemeRedirect(scheme.to_owned())),
        path_rewrite_specifier: path.as_ref().and_then(to_redirect_path),
        ..RedirectAction::default()
    };
    let base_route = base.to_route_if(with_port.into_iter().chain(allowed));
    let route = Route { action: Some(route::Action::Redirect(action)), ..base_route };
    local_answer::finish(route, (http_filters, response_headers), cors, base.config)
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
