//! Requests for hosts of other listeners of the port
//! ([GEP-3567](https://gateway-api.sigs.k8s.io/geps/gep-3567/)): 421
//! ([RFC 9110, section 15.5.20](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.20)).
//!
//! A few such hosts stand in the route configuration of every chain. The list of many would be as long as the square of
//! their number: it stands once, behind a listener that the chains lead the hosts to which they do not know.

use envoy_types::pb::envoy::config::route::v3::{
    DirectResponseAction, Route, RouteAction, RouteMatch, VirtualHost, route, route_action::ClusterSpecifier,
    route_match::PathSpecifier,
};

use crate::hostname::Hostname;
use crate::ir;

use super::name;

/// The status of a request that came over a connection to another host.
const MISDIRECTED_REQUEST: u32 = 421;

/// What a backend's answer is told to have taken: here none was asked.
const UPSTREAM_TIME: &str = "x-envoy-upstream-service-time";

/// The hosts in a chain that is not theirs.
pub(super) fn host(hosts: &[Hostname]) -> VirtualHost {
    let response = DirectResponseAction { status: MISDIRECTED_REQUEST, ..DirectResponseAction::default() };
    VirtualHost {
        name: name::MISDIRECTED.to_owned(),
        domains: hosts.iter().map(ToString::to_string).collect(),
        routes: vec![route(name::MISDIRECTED.to_owned(), route::Action::DirectResponse(response))],
        ..VirtualHost::default()
    }
}

/// All hosts that a chain does not know, where the socket has a list of those that others do.
pub(super) fn others(listener: &ir::Listener) -> VirtualHost {
    let name = name::misdirected(listener);
    let action =
        RouteAction { cluster_specifier: Some(ClusterSpecifier::Cluster(name.clone())), ..RouteAction::default() };
    VirtualHost {
        domains: vec![Hostname::Any.to_string()],
        routes: vec![Route {
            response_headers_to_remove: vec![UPSTREAM_TIME.to_owned()],
            ..route(name.clone(), route::Action::Route(action))
        }],
        name,
        ..VirtualHost::default()
    }
}

fn route(name: String, action: route::Action) -> Route {
    let every_path =
        RouteMatch { path_specifier: Some(PathSpecifier::Prefix("/".to_owned())), ..RouteMatch::default() };
    Route { name, r#match: Some(every_path), action: Some(action), ..Route::default() }
}
