//! Virtual hosts, routes and their actions
//! ([route components](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto)).

use std::time::Duration;

use envoy_types::pb::envoy::config::route::v3::{
    DirectResponseAction, HeaderMatcher, QueryParameterMatcher, RedirectAction, Route, RouteAction, RouteMatch,
    VirtualHost, WeightedCluster,
    header_matcher::HeaderMatchSpecifier,
    query_parameter_matcher::QueryParameterMatchSpecifier,
    redirect_action::{PathRewriteSpecifier, RedirectResponseCode, SchemeRewriteSpecifier},
    route,
    route_action::{ClusterSpecifier, HostRewriteSpecifier},
    route_match::{GrpcRouteMatchOptions, PathSpecifier},
    weighted_cluster::ClusterWeight,
};
use envoy_types::pb::envoy::extensions::filters::http::fault::v3::{FaultAbort, HttpFault, fault_abort::ErrorType};
use envoy_types::pb::envoy::r#type::matcher::v3::StringMatcher;
use envoy_types::pb::envoy::r#type::v3::FractionalPercent;

use crate::hostname::Hostname;
use crate::ir::{self, Action, Forward, PathMatch, Redirect, Target, ValueMatch, ValuePattern};

use super::header::to_header_lists;
use super::name;
use super::path::{Rewrite, substitute, to_rewrite};
use super::proto::{any, duration, exact, matching, regex, uint32};

/// The filter that answers for the share of a backend that cannot be used.
pub(super) const FAULT_FILTER: &str = "envoy.filters.http.fault";
/// The message of that filter.
pub(super) const FAULT: &str = "envoy.extensions.filters.http.fault.v3.HTTPFault";

/// The status of a request that came over a connection to another host.
const MISDIRECTED_REQUEST: u32 = 421;

/// What the routes of a configuration need outside themselves.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Needs {
    /// A cluster for shares that answer with an error.
    pub(super) invalid_share: bool,
    /// A higher limit on regular expressions.
    pub(super) regex: bool,
}

impl Needs {
    pub(super) fn of(config: &ir::Config) -> Self {
        let mut needs = Self::default();
        for connection in config.listeners.iter().flat_map(ir::Listener::http_connections) {
            for route in connection.virtual_hosts.iter().flat_map(|host| &host.routes) {
                needs.invalid_share |= is_split_with_invalid(&route.action);
                needs.regex |= uses_regex(&route.matches);
            }
        }
        let chains = config.listeners.iter().flat_map(ir::Listener::chains);
        needs.invalid_share |= chains.clone().any(
            |chain| matches!(&chain.handler, ir::Handler::Tcp(proxy) if super::tcp_proxy::has_invalid_share(proxy)),
        );
        needs.invalid_share |= config.listeners.iter().any(
            |listener| matches!(&listener.transport, ir::Transport::Udp(proxy) if super::udp_proxy::has_invalid_share(proxy)),
        );
        needs.regex |= config.clusters.iter().any(super::upstream_tls::uses_regex);
        needs
    }
}

/// Whether some route of the connection has a share that answers with an error.
pub(super) fn has_invalid_share(connection: &ir::HttpConnection) -> bool {
    connection.virtual_hosts.iter().flat_map(|host| &host.routes).any(|route| is_split_with_invalid(&route.action))
}

fn is_split_with_invalid(action: &Action) -> bool {
    match action {
        Action::Forward(forward) => forward.backends.iter().any(|b| matches!(b.target, Target::Invalid(_))),
        Action::Redirect(_) | Action::Respond(_) => false,
    }
}

fn uses_regex(matches: &ir::RouteMatch) -> bool {
    let ir::RouteMatch { path, method: _, headers, query, grpc: _ } = matches;
    matches!(path, PathMatch::Regex(_))
        || headers.iter().chain(query).any(|value| matches!(value.value, ValuePattern::Regex(_)))
}

pub(super) fn to_virtual_host(host: &ir::VirtualHost, config: &ir::Config) -> VirtualHost {
    let ir::VirtualHost { hostname, routes, origin: _ } = host;
    VirtualHost {
        name: name::virtual_host(hostname),
        domains: vec![hostname.to_string()],
        routes: routes.iter().flat_map(|route| to_routes(route, hostname, config)).collect(),
        ..VirtualHost::default()
    }
}

/// The hosts of other listeners of the port, in a chain that is not theirs: 421
/// ([RFC 9110, section 15.5.20](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.20)).
pub(super) fn misdirected_host(hosts: &[Hostname]) -> VirtualHost {
    let response = DirectResponseAction { status: MISDIRECTED_REQUEST, ..DirectResponseAction::default() };
    let every_path =
        RouteMatch { path_specifier: Some(PathSpecifier::Prefix("/".to_owned())), ..RouteMatch::default() };
    VirtualHost {
        name: name::MISDIRECTED.to_owned(),
        domains: hosts.iter().map(ToString::to_string).collect(),
        routes: vec![Route {
            name: name::MISDIRECTED.to_owned(),
            r#match: Some(every_path),
            action: Some(route::Action::DirectResponse(response)),
            ..Route::default()
        }],
        ..VirtualHost::default()
    }
}

/// One route, or two where a redirect must drop the request's own port.
fn to_routes(route: &ir::Route, host: &Hostname, config: &ir::Config) -> Vec<Route> {
    let ir::Route { name, matches, action, origin: _ } = route;
    let base = Route { name: name::route(name), r#match: Some(to_match(matches)), ..Route::default() };
    match &**action {
        Action::Respond(status) => {
            let response = DirectResponseAction { status: u32::from(*status), ..DirectResponseAction::default() };
            vec![Route { action: Some(route::Action::DirectResponse(response)), ..base }]
        }
        Action::Forward(forward) => vec![forward_route(base, forward, config)],
        Action::Redirect(redirect) => redirect_routes(base, redirect, host),
    }
}

fn to_match(matches: &ir::RouteMatch) -> RouteMatch {
    let ir::RouteMatch { path, method, headers, query, grpc } = matches;
    let path_specifier = match path {
        PathMatch::Exact(path) => PathSpecifier::Path(path.clone()),
        PathMatch::Prefix(prefix) if prefix.is_empty() => PathSpecifier::Prefix("/".to_owned()),
        PathMatch::Prefix(prefix) => PathSpecifier::PathSeparatedPrefix(prefix.clone()),
        PathMatch::Regex(pattern) => PathSpecifier::SafeRegex(regex(pattern.clone())),
    };
    let method = method.iter().map(|method| header_matcher(":method", exact(method.clone())));
    let headers = headers.iter().map(|header| header_matcher(&header.name, to_string_matcher(header)));
    let query = query.iter().map(|parameter| QueryParameterMatcher {
        name: parameter.name.clone(),
        query_parameter_match_specifier: Some(QueryParameterMatchSpecifier::StringMatch(to_string_matcher(parameter))),
    });
    RouteMatch {
        path_specifier: Some(path_specifier),
        headers: method.chain(headers).collect(),
        query_parameters: query.collect(),
        grpc: grpc.then(GrpcRouteMatchOptions::default),
        ..RouteMatch::default()
    }
}

fn header_matcher(name: &str, matcher: StringMatcher) -> HeaderMatcher {
    HeaderMatcher {
        name: name.to_owned(),
        header_match_specifier: Some(HeaderMatchSpecifier::StringMatch(matcher)),
        ..HeaderMatcher::default()
    }
}

fn to_string_matcher(value: &ValueMatch) -> StringMatcher {
    match &value.value {
        ValuePattern::Exact(text) => exact(text.clone()),
        ValuePattern::Regex(pattern) => matching(pattern.clone()),
    }
}

fn forward_route(base: Route, forward: &Forward, config: &ir::Config) -> Route {
    let Forward { backends, request_headers, response_headers, path_rewrite, host_rewrite } = forward;
    let (request_headers_to_add, request_headers_to_remove) = to_header_lists(request_headers);
    let (response_headers_to_add, response_headers_to_remove) = to_header_lists(response_headers);
    let mut action = RouteAction {
        cluster_specifier: Some(to_cluster_specifier(backends, config)),
        host_rewrite_specifier: host_rewrite.clone().map(HostRewriteSpecifier::HostRewriteLiteral),
        // Envoy's own defaults, 15 s and 5 min, are limits that the specification does not set.
        timeout: Some(duration(Duration::ZERO)),
        idle_timeout: Some(duration(Duration::ZERO)),
        ..RouteAction::default()
    };
    match path_rewrite.as_ref().map_or(Rewrite::None, to_rewrite) {
        Rewrite::None => {}
        Rewrite::Prefix(prefix) => action.prefix_rewrite = prefix,
        Rewrite::Regex(rewrite) => action.regex_rewrite = Some(rewrite),
        Rewrite::Full(path) => action.regex_rewrite = Some(substitute("^/.*$".to_owned(), &path)),
    }
    Route {
        action: Some(route::Action::Route(action)),
        request_headers_to_add,
        request_headers_to_remove,
        response_headers_to_add,
        response_headers_to_remove,
        ..base
    }
}

fn to_cluster_specifier(backends: &[ir::WeightedBackend], config: &ir::Config) -> ClusterSpecifier {
    if let [only] = backends
        && let Target::Cluster(id) = only.target
        && only.request_headers.0.is_empty()
        && only.response_headers.0.is_empty()
    {
        return ClusterSpecifier::Cluster(name::cluster(config.cluster(id)));
    }
    let clusters = backends.iter().map(|backend| to_cluster_weight(backend, config)).collect();
    ClusterSpecifier::WeightedClusters(WeightedCluster { clusters, ..WeightedCluster::default() })
}

fn to_cluster_weight(backend: &ir::WeightedBackend, config: &ir::Config) -> ClusterWeight {
    let ir::WeightedBackend { weight, target, request_headers, response_headers, origin: _ } = backend;
    let (request_headers_to_add, request_headers_to_remove) = to_header_lists(request_headers);
    let (response_headers_to_add, response_headers_to_remove) = to_header_lists(response_headers);
    let entry = ClusterWeight {
        weight: Some(uint32(*weight)),
        request_headers_to_add,
        request_headers_to_remove,
        response_headers_to_add,
        response_headers_to_remove,
        ..ClusterWeight::default()
    };
    match target {
        Target::Cluster(id) => ClusterWeight { name: name::cluster(config.cluster(*id)), ..entry },
        Target::Invalid(status) => ClusterWeight {
            name: name::INVALID_BACKEND.to_owned(),
            typed_per_filter_config: [(FAULT_FILTER.to_owned(), any(FAULT, &abort_with(*status)))].into(),
            ..entry
        },
    }
}

/// A fault that answers every request with `status`.
fn abort_with(status: u16) -> HttpFault {
    HttpFault {
        abort: Some(FaultAbort {
            percentage: Some(FractionalPercent { numerator: 100, denominator: 0 }),
            error_type: Some(ErrorType::HttpStatus(u32::from(status))),
            ..FaultAbort::default()
        }),
        ..HttpFault::default()
    }
}

/// Without a port of its own, a redirect must drop the port that the request's
/// Host names: naming the host does that, and where it is not known, a first
/// route takes the requests whose Host has a port and prints the default one.
fn redirect_routes(base: Route, redirect: &Redirect, host: &Hostname) -> Vec<Route> {
    let Redirect { scheme, hostname, port, print_port, path, status, response_headers } = redirect;
    let (response_headers_to_add, response_headers_to_remove) = to_header_lists(response_headers);
    let base = Route { response_headers_to_add, response_headers_to_remove, ..base };
    let known_host = match (hostname, host) {
        (Some(hostname), _) => Some(hostname.clone()),
        (None, Hostname::Exact(host)) => Some(host.clone()),
        (None, Hostname::Wildcard(_) | Hostname::Any) => None,
    };
    let action = RedirectAction {
        host_redirect: known_host.clone().unwrap_or_default(),
        port_redirect: if *print_port { u32::from(*port) } else { 0 },
        response_code: response_code(*status) as i32,
        scheme_rewrite_specifier: scheme.map(|scheme| SchemeRewriteSpecifier::SchemeRedirect(scheme.to_owned())),
        path_rewrite_specifier: path.as_ref().and_then(to_redirect_path),
        ..RedirectAction::default()
    };
    let plain = Route { action: Some(route::Action::Redirect(action.clone())), ..base.clone() };
    if known_host.is_some() || *print_port {
        return vec![plain];
    }
    let mut with_port = Route {
        action: Some(route::Action::Redirect(RedirectAction { port_redirect: u32::from(*port), ..action })),
        ..base
    };
    if let Some(matches) = &mut with_port.r#match {
        matches.headers.push(header_matcher(":authority", matching(".*:[0-9]+".to_owned())));
    }
    vec![with_port, plain]
}

fn to_redirect_path(path: &ir::PathRewrite) -> Option<PathRewriteSpecifier> {
    match to_rewrite(path) {
        Rewrite::None => None,
        Rewrite::Prefix(prefix) => Some(PathRewriteSpecifier::PrefixRewrite(prefix)),
        Rewrite::Regex(rewrite) => Some(PathRewriteSpecifier::RegexRewrite(rewrite)),
        Rewrite::Full(path) => Some(PathRewriteSpecifier::PathRedirect(path)),
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
