//! Routes that send requests to clusters.

use std::collections::HashMap;
use std::time::Duration;

use envoy_types::pb::envoy::config::route::v3::{
    Route, RouteAction, WeightedCluster, route,
    route_action::{ClusterSpecifier, HostRewriteSpecifier},
    weighted_cluster::{ClusterWeight, cluster_weight},
};
use envoy_types::pb::envoy::extensions::filters::http::fault::v3::{FaultAbort, HttpFault, fault_abort::ErrorType};
use envoy_types::pb::envoy::r#type::v3::FractionalPercent;
use envoy_types::pb::google::protobuf::Any;

use crate::ir::{self, Action, Forward, Target};

use super::header::to_header_lists;
use super::mirror::{spread, to_mirror};
use super::path::{Rewrite, substitute, to_rewrite};
use super::proto::{any, duration, uint32};
use super::retry::to_retry_policy;
use super::{cors, ext_authz, name, stateful_session};

/// The filter that answers for the share of a backend that cannot be used.
pub(super) const FAULT_FILTER: &str = "envoy.filters.http.fault";
/// The message of that filter.
pub(super) const FAULT: &str = "envoy.extensions.filters.http.fault.v3.HTTPFault";

/// The route of `forward`.
pub(super) fn forward_route(base: Route, forward: &Forward, config: &ir::Config) -> Route {
    let Forward {
        backends,
        gate,
        request_headers,
        response_headers,
        path_rewrite,
        host_rewrite,
        timeouts,
        retry,
        mirrors,
        session,
    } = forward;
    let (request_headers_to_add, request_headers_to_remove) = to_header_lists(request_headers);
    let (response_headers_to_add, mut response_headers_to_remove) = to_header_lists(response_headers);
    if gate.cors.is_some() {
        response_headers_to_remove.extend(cors::RESPONSE_HEADERS.iter().map(|name| (*name).to_owned()));
    }
    let mut action = RouteAction {
        cluster_specifier: Some(to_cluster_specifier(forward, backends, config)),
        host_rewrite_specifier: host_rewrite.clone().map(HostRewriteSpecifier::HostRewriteLiteral),
        // Envoy's own defaults, 15 s and 5 min, are limits that the specification does not set.
        timeout: Some(duration(timeouts.request.unwrap_or(Duration::ZERO))),
        idle_timeout: Some(duration(Duration::ZERO)),
        retry_policy: to_retry_policy(retry.as_ref(), *timeouts, session.is_some()),
        request_mirror_policies: mirrors.iter().map(|mirror| to_mirror(mirror, config)).collect(),
        ..RouteAction::default()
    };
    match path_rewrite.as_ref().map_or(Rewrite::None, to_rewrite) {
        Rewrite::None => {}
        Rewrite::Prefix(prefix) => action.prefix_rewrite = prefix,
        Rewrite::Regex(rewrite) => action.regex_rewrite = Some(rewrite),
        Rewrite::Full(path) => action.regex_rewrite = Some(substitute("^/.*$".to_owned(), &path)),
    }
    let mut typed_per_filter_config: HashMap<String, Any> = ext_authz::enable(&gate.auths, config).collect();
    typed_per_filter_config.extend(gate.cors.as_deref().map(cors::per_route));
    typed_per_filter_config.extend(session.as_deref().map(stateful_session::per_route));
    Route {
        action: Some(route::Action::Route(action)),
        request_headers_to_add,
        request_headers_to_remove,
        response_headers_to_add,
        response_headers_to_remove,
        typed_per_filter_config,
        ..base
    }
}

/// The routes that lead clients back to the backend of their session, ahead of
/// the one that draws a backend.
pub(super) fn selector_routes(base: &Route, action: &Action, config: &ir::Config) -> Vec<Route> {
    let Action::Forward(forward) = action else { return Vec::new() };
    let Some(selector) = forward.session.as_ref().and_then(|session| session.selector.as_ref()) else {
        return Vec::new();
    };
    let backends = forward.backends.iter().filter_map(|backend| Some((backend, backend.selector.as_ref()?)));
    let lead_back = |(backend, value): (&ir::WeightedBackend, &String)| {
        let mut base = base.clone();
        if let Some(matches) = &mut base.r#match {
            matches.headers.push(stateful_session::selected(selector, value));
        }
        forward_route(base, &only(forward, backend), config)
    };
    backends.map(lead_back).collect()
}

/// Whether some backend of an action is a cluster.
pub(super) fn has_cluster(action: &Action) -> bool {
    let Action::Forward(forward) = action else { return false };
    forward.backends.iter().any(|backend| matches!(backend.target, Target::Cluster(_)))
}

/// The same for one of the backends alone.
fn only(forward: &Forward, backend: &ir::WeightedBackend) -> Forward {
    let own = |own: &ir::HeaderMutations, all: &ir::HeaderMutations| {
        if own.0.is_empty() { all.clone() } else { own.clone() }
    };
    Forward {
        request_headers: own(&backend.request_headers, &forward.request_headers),
        response_headers: own(&backend.response_headers, &forward.response_headers),
        host_rewrite: backend.host_rewrite.clone().or_else(|| forward.host_rewrite.clone()),
        backends: vec![ir::WeightedBackend {
            weight: 1,
            target: backend.target,
            request_headers: ir::HeaderMutations::default(),
            response_headers: ir::HeaderMutations::default(),
            host_rewrite: None,
            selector: None,
            origin: backend.origin,
        }],
        ..forward.clone()
    }
}

fn to_cluster_specifier(forward: &Forward, backends: &[ir::WeightedBackend], config: &ir::Config) -> ClusterSpecifier {
    let drawn: Vec<_> = backends.iter().filter(|backend| backend.weight > 0 || backends.len() == 1).collect();
    if let [only] = drawn.as_slice()
        && let Target::Cluster(id) = only.target
        && is_plain(only)
    {
        return ClusterSpecifier::Cluster(name::cluster(config.cluster(id)));
    }
    let mut weights: Vec<u32> = drawn.iter().map(|backend| backend.weight.max(1)).collect();
    if forward.mirrors.iter().any(|mirror| mirror.share < ir::Share::ALL) {
        spread(&mut weights);
    }
    let selector = forward.session.as_ref().and_then(|session| session.selector.as_ref());
    let entries = drawn.iter().zip(weights);
    let clusters = entries.map(|(backend, weight)| to_cluster_weight(backend, weight, selector, config)).collect();
    ClusterSpecifier::WeightedClusters(WeightedCluster { clusters, ..WeightedCluster::default() })
}

/// Whether the name of its cluster says everything about a backend.
fn is_plain(backend: &ir::WeightedBackend) -> bool {
    let ir::WeightedBackend {
        weight: _,
        target: _,
        request_headers,
        response_headers,
        host_rewrite,
        selector,
        origin: _,
    } = backend;
    request_headers.0.is_empty() && response_headers.0.is_empty() && host_rewrite.is_none() && selector.is_none()
}

fn to_cluster_weight(
    backend: &ir::WeightedBackend,
    weight: u32,
    session_selector: Option<&ir::SessionCookie>,
    config: &ir::Config,
) -> ClusterWeight {
    let ir::WeightedBackend { weight: _, target, request_headers, response_headers, host_rewrite, selector, origin: _ } =
        backend;
    let (request_headers_to_add, request_headers_to_remove) = to_header_lists(request_headers);
    let (mut response_headers_to_add, response_headers_to_remove) = to_header_lists(response_headers);
    if let (Some(cookie), Some(value)) = (session_selector, selector) {
        response_headers_to_add.push(stateful_session::select(cookie, value));
    }
    let host_rewrite = host_rewrite.clone().map(cluster_weight::HostRewriteSpecifier::HostRewriteLiteral);
    let entry = ClusterWeight {
        weight: Some(uint32(weight)),
        request_headers_to_add,
        request_headers_to_remove,
        response_headers_to_add,
        response_headers_to_remove,
        host_rewrite_specifier: host_rewrite,
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
