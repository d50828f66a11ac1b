//! Virtual hosts and their routes
//! ([route components](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto)).

use envoy_types::pb::envoy::config::route::v3::{Route, VirtualHost};

use crate::ir::{self, Action, AttemptCount};

use super::action::to_leaf_routes;
use super::mirror::Copies;
use super::rates;
use super::route_base::RouteBase;
use super::{forward, name, preflight, retried_body, route_said, route_tree, split, web_call};

/// A virtual host with its routes, in a list or, where that is asked for and there are many, as a tree.
pub(super) fn to_virtual_host(
    host: &ir::VirtualHost,
    (listener, connection): (&ir::Listener, &ir::HttpConnection),
    config: &ir::Config,
) -> VirtualHost {
    let ir::VirtualHost { hostname, routes, counters, origin: _ } = host;
    let is_asked = |is: fn(AttemptCount) -> bool| {
        let leaves = routes.iter().flat_map(|route| route.action.leaves());
        leaves.into_iter().any(|leaf| matches!(leaf, Action::Forward(forward) if is(forward.attempts)))
    };
    let kept = retried_body::declared(&connection.settings, &listener.settings, &config.proxy);
    let to_routes = |(position, route): (usize, &'_ std::sync::Arc<ir::Route>)| {
        let routes = to_routes(RouteBase { route, position, host: hostname, listener, config, up_to: None });
        let routes = retried_body::keep(routes, kept);
        if connection.settings.web_calls { web_call::admit(routes) } else { routes }
    };
    let of_each: Vec<Vec<Route>> = routes.iter().enumerate().map(to_routes).collect();
    let tree = if config.proxy.route_trees { ir::RouteTree::of(routes) } else { None };
    let matcher = tree.map(|tree| route_tree::to_matcher(tree, &of_each));
    VirtualHost {
        name: name::virtual_host(listener, hostname),
        // All routes of a virtual host are told the same, since one Gateway listener owns it.
        include_request_attempt_count: is_asked(|attempts| attempts.to_backends),
        include_attempt_count_in_response: is_asked(|attempts| attempts.to_clients),
        virtual_clusters: counters.iter().map(route_said::to_virtual_cluster).collect(),
        typed_per_filter_config: rates::of_host(host).into_iter().collect(),
        domains: vec![hostname.to_string()],
        routes: if matcher.is_none() { of_each.concat() } else { Vec::new() },
        matcher,
        ..VirtualHost::default()
    }
}

/// The route, and beside it what answers preflights, leads sessions back and
/// takes the parts of a split.
fn to_routes(base: RouteBase<'_>) -> Vec<Route> {
    let mut routes = preflight::preflight_routes(base);
    match &*base.route.action {
        Action::Split(branches) => routes.extend(split::to_split_routes(base, branches)),
        leaf => {
            routes.extend(forward::selector_routes(base, leaf));
            routes.extend(to_leaf_routes(base, leaf, Copies::OfShares));
        }
    }
    routes
}
