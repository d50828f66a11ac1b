//! Clusters and their endpoints
//! ([Cluster](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto)).

use std::collections::HashMap;
use std::time::Duration;

use envoy_types::pb::envoy::config::cluster::v3::{
    Cluster,
    cluster::{ClusterDiscoveryType, DiscoveryType, DnsLookupFamily, LbPolicy},
};
use envoy_types::pb::envoy::config::core::v3::{Address, Http2ProtocolOptions};
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

use super::name;
use super::proto::{any, boolean, duration, named_address, socket_address, uint32};
use super::retry::to_circuit_breakers;
use super::udp_proxy::session_limits;
use super::upstream_tls::to_upstream_socket;

/// How long a connection to an endpoint may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of a connection is buffered (Envoy's guidance for proxies at the edge).
pub(super) const BUFFER_LIMIT_BYTES: u32 = 32_768;

const HTTP_OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

pub(super) fn to_cluster(cluster: &ir::Cluster, config: &ir::Config) -> Cluster {
    let ir::Cluster { backend: _, protocol, tls, variant: _, endpoints, retries, origin: _ } = cluster;
    let name = name::cluster(cluster);
    let (discovery, addresses) = match endpoints {
        Endpoints::Static(addresses) => {
            (DiscoveryType::Static, addresses.iter().map(|a| socket_address(a.ip(), a.port())).collect())
        }
        Endpoints::Dns(hosts) => {
            let addresses = hosts.iter().map(|(host, port)| named_address(host.clone(), *port, false)).collect();
            (DiscoveryType::StrictDns, addresses)
        }
    };
    let is_dns = discovery == DiscoveryType::StrictDns;
    Cluster {
        alt_stat_name: if name.contains('.') { name.replace('.', "_") } else { String::new() },
        dns_lookup_family: if is_dns { DnsLookupFamily::V4Preferred } else { DnsLookupFamily::Auto } as i32,
        wait_for_warm_on_init: is_dns.then(|| boolean(false)),
        typed_extension_protocol_options: protocol_options(*protocol),
        transport_socket: tls.as_ref().map(|tls| to_upstream_socket(tls, config)),
        circuit_breakers: match protocol {
            UpstreamProtocol::Udp => Some(session_limits()),
            UpstreamProtocol::Http1 | UpstreamProtocol::Http2 | UpstreamProtocol::Negotiated => {
                to_circuit_breakers(*retries)
            }
        },
        ..endpoints_cluster(name, discovery, addresses)
    }
}

/// A cluster without endpoints, for the entries of weighted lists that answer
/// with an error before any endpoint is looked for.
pub(super) fn invalid_backend() -> Cluster {
    endpoints_cluster(name::INVALID_BACKEND.to_owned(), DiscoveryType::Static, Vec::new())
}

fn endpoints_cluster(name: String, discovery: DiscoveryType, addresses: Vec<Address>) -> Cluster {
    let endpoint = |address| LbEndpoint {
        host_identifier: Some(HostIdentifier::Endpoint(Endpoint { address: Some(address), ..Endpoint::default() })),
        ..LbEndpoint::default()
    };
    let lb_endpoints: Vec<_> = addresses.into_iter().map(endpoint).collect();
    let locality = LocalityLbEndpoints { lb_endpoints, ..LocalityLbEndpoints::default() };
    let endpoints = if locality.lb_endpoints.is_empty() { Vec::new() } else { vec![locality] };
    Cluster {
        load_assignment: Some(ClusterLoadAssignment {
            cluster_name: name.clone(),
            endpoints,
            ..ClusterLoadAssignment::default()
        }),
        name,
        cluster_discovery_type: Some(ClusterDiscoveryType::Type(discovery as i32)),
        connect_timeout: Some(duration(CONNECT_TIMEOUT)),
        lb_policy: LbPolicy::LeastRequest as i32,
        per_connection_buffer_limit_bytes: Some(uint32(BUFFER_LIMIT_BYTES)),
        ..Cluster::default()
    }
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
