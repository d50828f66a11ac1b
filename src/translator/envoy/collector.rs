//! Collectors of OpenTelemetry: their clusters, and how they are asked
//! ([OTLP](https://opentelemetry.io/docs/specs/otlp/#otlpgrpc)).

use std::net::IpAddr;
use std::time::Duration;

use envoy_types::pb::envoy::config::cluster::v3::Cluster;
use envoy_types::pb::envoy::config::core::v3::GrpcService;
use envoy_types::pb::envoy::config::endpoint::v3::{ClusterLoadAssignment, LocalityLbEndpoints};

use crate::ir::{ClusterSettings, Collector, Endpoints, UpstreamProtocol};

use super::cluster::{Discovery, base_cluster, lb_endpoints};
use super::grpc_server::to_grpc;
use super::name;
use super::proto::duration;

/// How long a collector may take to accept what is sent; what it does not accept is lost.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What spans and entries of logs say of their service.
pub(super) const SERVICE: &str = name::NODE;

pub(super) fn to_cluster(collector: &Collector) -> Cluster {
    let discovery = if address(collector).is_some() { Discovery::Static } else { Discovery::Dns };
    Cluster {
        load_assignment: Some(to_assignment(collector)),
        ..base_cluster(name::collector(collector), discovery, UpstreamProtocol::Http2, &ClusterSettings::default())
    }
}

pub(super) fn to_assignment(collector: &Collector) -> ClusterLoadAssignment {
    let endpoints = match address(collector) {
        Some(ip) => Endpoints::Static(vec![(ip, collector.port.number()).into()]),
        None => Endpoints::Dns(vec![(collector.host.clone(), collector.port)]),
    };
    let locality =
        LocalityLbEndpoints { lb_endpoints: lb_endpoints(&endpoints, &[], None), ..LocalityLbEndpoints::default() };
    ClusterLoadAssignment {
        cluster_name: name::collector(collector),
        endpoints: vec![locality],
        ..ClusterLoadAssignment::default()
    }
}

/// How a collector is asked, by `host` where that is not its address.
pub(super) fn to_grpc_service(collector: &Collector, host: Option<String>) -> GrpcService {
    let service = to_grpc(name::collector(collector), host.unwrap_or_else(|| name::collector_address(collector)));
    GrpcService { timeout: Some(duration(TIMEOUT)), ..service }
}

fn address(collector: &Collector) -> Option<IpAddr> {
    collector.host.parse().ok()
}
