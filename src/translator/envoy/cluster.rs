//! Clusters and their endpoints
//! ([Cluster](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto)).

use std::collections::HashMap;
use std::time::Duration;

use envoy_types::pb::envoy::config::cluster::v3::{
    Cluster,
    cluster::{ClusterDiscoveryType, DiscoveryType, DnsLookupFamily, EdsClusterConfig, LbPolicy},
};
use envoy_types::pb::envoy::config::core::v3::{Address, ConfigSource, Http2ProtocolOptions, Metadata};
use envoy_types::pb::envoy::config::endpoint::v3::{
    ClusterLoadAssignment, Endpoint, LbEndpoint, LocalityLbEndpoints, lb_endpoint::HostIdentifier,
};
use envoy_types::pb::envoy::extensions::upstreams::http::v3::{
    HttpProtocolOptions,
    http_protocol_options::{
        AutoHttpConfig, ExplicitHttpConfig, UpstreamProtocolOptions, explicit_http_config::ProtocolConfig,
    },
};

use crate::ir::{self, Endpoints, UpstreamProtocol};

use super::circuit_breaker::to_circuit_breakers;
use super::layout::{Layout, Part};
use super::name;
use super::proto::{any, boolean, duration, named_address, socket_address, uint32};
use super::upstream_tls::to_upstream_socket;

/// How long a connection to an endpoint may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of a connection is buffered (Envoy's guidance for proxies at the edge).
pub(super) const BUFFER_LIMIT_BYTES: u32 = 32_768;

const HTTP_OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/// How the endpoints of a cluster are found.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Discovery {
    /// They are in the configuration.
    Static,
    /// In a file.
    Files(Box<ConfigSource>),
    /// By DNS.
    Dns,
}

pub(super) fn to_cluster(cluster: &ir::Cluster, config: &ir::Config, layout: &Layout) -> Cluster {
    let ir::Cluster { backend: _, protocol, tls, variant: _, endpoints, retries, withheld: _, origin: _ } = cluster;
    let name = name::cluster(cluster);
    let discovery = match (endpoints, &layout.endpoints) {
        (Endpoints::Static(_), Part::File(files)) => Discovery::Files(Box::new(files.source(&name))),
        (Endpoints::Static(_), _) => Discovery::Static,
        (Endpoints::Dns(_), _) => Discovery::Dns,
    };
    let is_inline = !matches!(discovery, Discovery::Files(_));
    Cluster {
        load_assignment: is_inline.then(|| to_assignment(cluster)),
        transport_socket: tls.as_ref().map(|tls| to_upstream_socket(tls, config, layout)),
        circuit_breakers: Some(to_circuit_breakers(*protocol, *retries)),
        ..base_cluster(name, discovery, *protocol)
    }
}

/// A cluster without endpoints, for the entries of weighted lists that answer
/// with an error before any endpoint is looked for.
pub(super) fn invalid_backend() -> Cluster {
    let name = name::INVALID_BACKEND.to_owned();
    Cluster { load_assignment: Some(no_endpoints()), ..base_cluster(name, Discovery::Static, UpstreamProtocol::Http1) }
}

/// Its endpoints: none.
pub(super) fn no_endpoints() -> ClusterLoadAssignment {
    ClusterLoadAssignment { cluster_name: name::INVALID_BACKEND.to_owned(), ..ClusterLoadAssignment::default() }
}

/// What all clusters have in common; the endpoints are added to it.
pub(super) fn base_cluster(name: String, discovery: Discovery, protocol: UpstreamProtocol) -> Cluster {
    let is_dns = discovery == Discovery::Dns;
    let (discovery, source) = match discovery {
        Discovery::Static => (DiscoveryType::Static, None),
        Discovery::Files(source) => (DiscoveryType::Eds, Some(*source)),
        Discovery::Dns => (DiscoveryType::StrictDns, None),
    };
    Cluster {
        eds_cluster_config: source
            .map(|source| EdsClusterConfig { eds_config: Some(source), ..EdsClusterConfig::default() }),
        alt_stat_name: if name.contains('.') { name.replace('.', "_") } else { String::new() },
        dns_lookup_family: if is_dns { DnsLookupFamily::V4Preferred } else { DnsLookupFamily::Auto } as i32,
        wait_for_warm_on_init: is_dns.then(|| boolean(false)),
        typed_extension_protocol_options: protocol_options(protocol),
        name,
        cluster_discovery_type: Some(ClusterDiscoveryType::Type(discovery as i32)),
        connect_timeout: Some(duration(CONNECT_TIMEOUT)),
        lb_policy: LbPolicy::LeastRequest as i32,
        per_connection_buffer_limit_bytes: Some(uint32(BUFFER_LIMIT_BYTES)),
        ..Cluster::default()
    }
}

/// The endpoints of a cluster, all in one place.
pub(super) fn to_assignment(cluster: &ir::Cluster) -> ClusterLoadAssignment {
    let locality =
        LocalityLbEndpoints { lb_endpoints: lb_endpoints(&cluster.endpoints, None), ..LocalityLbEndpoints::default() };
    let endpoints = if locality.lb_endpoints.is_empty() { Vec::new() } else { vec![locality] };
    ClusterLoadAssignment { cluster_name: name::cluster(cluster), endpoints, ..ClusterLoadAssignment::default() }
}

/// The endpoints with what is said about each of them.
pub(super) fn lb_endpoints(endpoints: &Endpoints, metadata: Option<&Metadata>) -> Vec<LbEndpoint> {
    let addresses: Vec<Address> = match endpoints {
        Endpoints::Static(addresses) => addresses.iter().map(|a| socket_address(a.ip(), a.port())).collect(),
        Endpoints::Dns(hosts) => hosts.iter().map(|(host, port)| named_address(host.clone(), *port, false)).collect(),
    };
    let endpoint = |address| LbEndpoint {
        host_identifier: Some(HostIdentifier::Endpoint(Endpoint { address: Some(address), ..Endpoint::default() })),
        metadata: metadata.cloned(),
        ..LbEndpoint::default()
    };
    addresses.into_iter().map(endpoint).collect()
}

fn protocol_options(protocol: UpstreamProtocol) -> HashMap<String, envoy_types::pb::google::protobuf::Any> {
    let chosen = match protocol {
        UpstreamProtocol::Http1 | UpstreamProtocol::Udp => return HashMap::new(),
        UpstreamProtocol::Http2 => {
            let http2 = ProtocolConfig::Http2ProtocolOptions(Http2ProtocolOptions::default());
            UpstreamProtocolOptions::ExplicitHttpConfig(ExplicitHttpConfig { protocol_config: Some(http2) })
        }
        UpstreamProtocol::Negotiated => UpstreamProtocolOptions::AutoConfig(AutoHttpConfig::default()),
    };
    let options = HttpProtocolOptions { upstream_protocol_options: Some(chosen), ..HttpProtocolOptions::default() };
    [(HTTP_OPTIONS.to_owned(), any(HTTP_OPTIONS, &options))].into()
}
