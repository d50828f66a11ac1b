//! Virtual hosts, routes and their actions
//! ([route components](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto)).

use envoy_types::pb::envoy::config::route::v3::{
    DirectResponseAction, HeaderMatcher, QueryParameterMatcher, Route, RouteMatch, VirtualHost,
    header_matcher::HeaderMatchSpecifier,
    query_parameter_matcher::QueryParameterMatchSpecifier,
    route,
    route_match::{ConnectMatcher, GrpcRouteMatchOptions, PathSpecifier},
};
use envoy_types::pb::envoy::r#type::matcher::v3::StringMatcher;

use crate::hostname::Hostname;
use crate::ir::{self, Action, PathMatch, ValueMatch, ValuePattern};

use super::proto::{exact, matching, regex};
use super::{cors, forward, name, redirect, split};

/// The status of a request that came over a connection to another host.
const MISDIRECTED_REQUEST: u32 = 421;

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

/// The route, and beside it what answers preflights, leads sessions back and
/// takes the parts of a split.
fn to_routes(route: &ir::Route, host: &Hostname, config: &ir::Config) -> Vec<Route> {
    let ir::Route { name, matches, action, origin: _ } = route;
    let base = Route { name: name::route(name), r#match: Some(to_match(matches)), ..Route::default() };
    let mut routes = cors::preflight_routes(&base, matches, action, config);
    match &**action {
        Action::Split(branches) => routes.extend(split::to_split_routes(&base, branches, host, config)),
        leaf => {
            routes.extend(forward::selector_routes(&base, leaf, config));
            routes.extend(to_leaf_routes(base, leaf, host, config));
        }
    }
    routes
}

/// The routes of an action that is no split.
pub(super) fn to_leaf_routes(base: Route, action: &Action, host: &Hostname, config: &ir::Config) -> Vec<Route> {
    match action {
        Action::Respond(status) => vec![respond_route(base, *status)],
        Action::Forward(forward) => vec![forward::forward_route(base, forward, config)],
        Action::Redirect(redirect) => redirect::redirect_routes(base, redirect, host, config),
        // A split has no split among its branches.
        Action::Split(_) => Vec::new(),
    }
}

/// A route that answers by itself, without a body.
pub(super) fn respond_route(base: Route, status: u16) -> Route {
    let response = DirectResponseAction { status: u32::from(status), ..DirectResponseAction::default() };
    Route { action: Some(route::Action::DirectResponse(response)), ..base }
}

pub(super) fn to_match(matches: &ir::RouteMatch) -> RouteMatch {
    let ir::RouteMatch { path, method, headers, query, grpc } = matches;
    let path_specifier = match path {
        // The target of `CONNECT` is a host and a port: no other matcher takes it.
        PathMatch::Prefix(_) if matches.takes_connect() => PathSpecifier::ConnectMatcher(ConnectMatcher::default()),
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

/// A header whose value must match.
pub(super) fn header_matcher(name: &str, matcher: StringMatcher) -> HeaderMatcher {
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
