//! How much a backend may have in hand at a time
//! ([circuit breaking](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/circuit_breaking)).
//!
//! Envoy's own limits are 1,024 connections and requests for a backend and 3
//! retries; what exceeds them waits, fails or is not made. No manifest asks for
//! that: the WebSocket, stream or TCP connection number 1,025 is as good as the
//! first, and a declared retry is one under load too.

use envoy_types::pb::envoy::config::cluster::v3::{
    CircuitBreakers,
    circuit_breakers::{Thresholds, thresholds::RetryBudget},
};
use envoy_types::pb::envoy::r#type::v3::Percent;

use crate::ir::{Limits, RetryLimit, UpstreamProtocol};

use super::proto::uint32;

/// More than a proxy has sockets for: what clients may open is limited, and with it what backends get.
const UNLIMITED: u32 = 1_000_000;

/// The limits of a cluster.
pub(super) fn to_circuit_breakers(protocol: UpstreamProtocol, retries: RetryLimit, limits: &Limits) -> CircuitBreakers {
    let Limits { connections, waiting, requests, retries: most_retries, connections_of_endpoint, counts_rest } = limits;
    let limit = |limit: &Option<u32>| Some(uint32(limit.unwrap_or(UNLIMITED)));
    // For UDP every port of a client is a connection for a minute.
    let connections =
        Thresholds { max_connections: limit(connections), track_remaining: *counts_rest, ..Thresholds::default() };
    let limits = match protocol {
        UpstreamProtocol::Udp => connections,
        UpstreamProtocol::Http1
        | UpstreamProtocol::Http2
        | UpstreamProtocol::Negotiated
        | UpstreamProtocol::AsClients => Thresholds {
            max_pending_requests: limit(waiting),
            max_requests: limit(requests),
            max_retries: match most_retries {
                Some(most) => Some(uint32(*most)),
                None => (retries == RetryLimit::Unlimited).then(|| uint32(UNLIMITED)),
            },
            retry_budget: to_retry_budget(retries),
            ..connections
        },
    };
    let of_endpoint =
        connections_of_endpoint.map(|most| Thresholds { max_connections: Some(uint32(most)), ..Thresholds::default() });
    CircuitBreakers { thresholds: vec![limits], per_host_thresholds: of_endpoint.into_iter().collect() }
}

fn to_retry_budget(limit: RetryLimit) -> Option<RetryBudget> {
    let RetryLimit::Budget { percent, least } = limit else { return None };
    Some(RetryBudget {
        budget_percent: Some(Percent { value: percent.value() }),
        min_retry_concurrency: Some(uint32(least)),
        ..RetryBudget::default()
    })
}
