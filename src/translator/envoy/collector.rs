//! Collectors of OpenTelemetry: their clusters, and how they are asked
//! ([OTLP](https://opentelemetry.io/docs/specs/otlp/#otlpgrpc)).

use std::net::IpAddr;
use std::time::Duration;

use envoy_types::pb::envoy::config::cluster::v3::Cluster;
use envoy_types::pb::envoy::config::core::v3::{GrpcService, grpc_service};
use envoy_types::pb::envoy::config::endpoint::v3::{ClusterLoadAssignment, LocalityLbEndpoints};

use crate::ir::{ClusterSettings, Collector, Endpoints, UpstreamProtocol};

use super::cluster::{Discovery, base_cluster, lb_endpoints};
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

pub(super) fn to_grpc_service(collector: &Collector) -> GrpcService {
    let target = grpc_service::EnvoyGrpc {
        cluster_name: name::collector(collector),
        // Envoy would call it by the name of the cluster, whose slash no authority may have
        // ([authority](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/grpc_service.proto#envoy-v3-api-field-config-core-v3-grpcservice-envoygrpc-authority)).
        authority: name::collector_address(collector),
        ..grpc_service::EnvoyGrpc::default()
    };
    GrpcService {
        target_specifier: Some(grpc_service::TargetSpecifier::EnvoyGrpc(target)),
        timeout: Some(duration(TIMEOUT)),
        ..GrpcService::default()
    }
}

fn address(collector: &Collector) -> Option<IpAddr> {
    collector.host.parse().ok()
}
