//! How much of a request's body is kept for further tries.
//!
//! Without a limit of its own Envoy gives up further tries as soon as the body passes the limit of the connection
//! ([buffer limit](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#envoy-v3-api-field-config-route-v3-route-request-body-buffer-limit)).
//! Whoever declares that more is held means that for further tries too. Before 1.38 Envoy counts a body twice that the
//! filter for bodies holds, which passes none that is longer than what it is told.

use envoy_types::pb::envoy::config::route::v3::Route;
use envoy_types::pb::google::protobuf::UInt64Value;

use crate::ir::{BodyRule, Forward, HttpSettings, ListenerSettings, Proxy, RETRIED_BODY_BYTES};

use super::proto::uint64;

/// What a route keeps, as far as its rule says it; `None` where nothing is sent again.
pub(super) fn of_rule(forward: &Forward, proxy: &Proxy) -> Option<UInt64Value> {
    let declared = match forward.http_filters.guards.body {
        Some(BodyRule::Limit(bytes)) => bytes,
        Some(BodyRule::Unlimited) | None => 0,
    };
    forward.retry.is_some().then(|| uint64(u64::from(RETRIED_BODY_BYTES).max(counted(declared, proxy))))
}

/// What a listener and its socket hold of each request; zero where they say nothing.
pub(super) fn declared(connections: &HttpSettings, socket: &ListenerSettings, proxy: &Proxy) -> u64 {
    // Zero is no limit there.
    let of_socket = socket.buffer_bytes.map_or(0, |bytes| if bytes == 0 { u32::MAX } else { bytes });
    counted(connections.guards.body.unwrap_or_default(), proxy).max(u64::from(of_socket))
}

/// What is counted of a body that the filter for bodies holds.
fn counted(bytes: u32, proxy: &Proxy) -> u64 {
    u64::from(bytes) * if proxy.counts_bodies_twice { 2 } else { 1 }
}

/// Lets routes that keep bodies keep no less than is declared.
pub(super) fn keep(mut routes: Vec<Route>, declared: u64) -> Vec<Route> {
    for limit in routes.iter_mut().filter_map(|route| route.request_body_buffer_limit.as_mut()) {
        limit.value = limit.value.max(declared);
    }
    routes
}
