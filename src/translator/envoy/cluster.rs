//! Clusters and their endpoints
//! ([Cluster](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto)).

use std::collections::HashMap;
use std::time::Duration;

use envoy_types::pb::envoy::config::cluster::v3::{
    Cluster,
    cluster::{ClusterDiscoveryType, DiscoveryType, DnsLookupFamily, EdsClusterConfig, LbPolicy, TransportSocketMatch},
};
use envoy_types::pb::envoy::config::core::v3::{
    Address, ConfigSource, Http1ProtocolOptions, Http2ProtocolOptions, Metadata, TransportSocket,
    UpstreamHttpProtocolOptions,
};
use envoy_types::pb::envoy::config::endpoint::v3::{
    ClusterLoadAssignment, Endpoint, LbEndpoint, LocalityLbEndpoints, lb_endpoint::HostIdentifier,
};
use envoy_types::pb::envoy::extensions::upstreams::http::v3::{
    HttpProtocolOptions,
    http_protocol_options::{
        AutoHttpConfig, ExplicitHttpConfig, UpstreamProtocolOptions, UseDownstreamHttpConfig,
        explicit_http_config::ProtocolConfig,
    },
};

use crate::ir::{self, ClusterSettings, Endpoints, Question, ServerNameSource, UpstreamProtocol};

use super::admission;
use super::circuit_breaker::to_circuit_breakers;
use super::cluster_settings;
use super::endpoint_tls;
use super::failover;
use super::layout::{Layout, Part};
use super::name;
use super::proto::{any, boolean, duration, internal_address, named_address, socket_address, socket_file, uint32};
use super::upstream_tls::{plain_socket, to_upstream_socket};

/// How long a connection to an endpoint may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of a connection is buffered
/// ([proxies at the edge](https://www.envoyproxy.io/docs/envoy/latest/configuration/best_practices/edge)).
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
    // The hostname is its endpoints'.
    let ir::Cluster {
        backend: _,
        protocol,
        tls,
        further_tls: _,
        variant: _,
        endpoints: _,
        hostname: _,
        retries,
        settings,
        withheld: _,
        origin: _,
        stands_aside: _,
        called: _,
    } = cluster;
    let socket = tls.as_ref().map(|tls| to_upstream_socket(tls, config, layout));
    let name = name::cluster(cluster);
    if settings.tunnel.is_some() {
        return to_entrance(cluster, name, socket);
    }
    let of_hosts = tls.iter().flat_map(|tls| endpoint_tls::to_matches(&settings.server_names, tls, config, layout));
    let sockets = (socket, of_hosts.collect());
    to_hosts(cluster, name, (*protocol, *retries), sockets, (config, layout))
}

/// The cluster of the endpoints themselves, with everything that is said about them; with this protocol and these sockets.
pub(super) fn to_hosts(
    cluster: &ir::Cluster,
    name: String,
    (protocol, retries): (UpstreamProtocol, ir::RetryLimit),
    (socket, of_hosts): (Option<TransportSocket>, Vec<TransportSocketMatch>),
    (config, layout): (&ir::Config, &Layout),
) -> Cluster {
    let ir::Cluster { endpoints, settings, .. } = cluster;
    let is_dns = cluster.is_dns();
    let discovery = match (endpoints, &layout.endpoints) {
        _ if is_dns => Discovery::Dns,
        (Endpoints::Static(_), Part::File(files)) if settings.tunnel.is_none() => {
            Discovery::Files(Box::new(files.source(&name)))
        }
        (Endpoints::Static(_) | Endpoints::File(_) | Endpoints::Dns(_), _) => Discovery::Static,
    };
    let is_inline = !matches!(discovery, Discovery::Files(_));
    // It is about requests, and a tunnel carries bytes.
    let tls = cluster.tls.as_deref().filter(|_| settings.tunnel.is_none());
    let base = Cluster {
        typed_extension_protocol_options: protocol_options(protocol, settings, names_by_host(tls)),
        load_assignment: is_inline.then(|| assignment_of_hosts(cluster, &name)),
        transport_socket: socket,
        transport_socket_matches: of_hosts.into_iter().chain(failover::to_matches(cluster, config, layout)).collect(),
        circuit_breakers: Some(to_circuit_breakers(protocol, retries, &settings.limits)),
        ..base_cluster(name, discovery, protocol, settings)
    };
    cluster_settings::lay_over(base, settings, is_dns, plain_socket)
}

/// The cluster of a backend that a tunnel leads to.
fn to_entrance(cluster: &ir::Cluster, name: String, socket: Option<TransportSocket>) -> Cluster {
    let ir::Cluster { protocol, retries, settings, .. } = cluster;
    // The other limits are the proxies'.
    let limits = ir::Limits { retries: settings.limits.retries, ..ir::Limits::default() };
    Cluster {
        load_assignment: Some(entrance(cluster, &name)),
        transport_socket: socket,
        circuit_breakers: Some(to_circuit_breakers(*protocol, *retries, &limits)),
        ..base_cluster(name, Discovery::Static, *protocol, &ClusterSettings::default())
    }
}

/// Its endpoint, which is the listener that leads into the tunnel.
fn entrance(cluster: &ir::Cluster, name: &str) -> ClusterLoadAssignment {
    let lb_endpoints = vec![endpoint_at(internal_address(name::tunnel(cluster)))];
    let endpoints = vec![LocalityLbEndpoints { lb_endpoints, ..LocalityLbEndpoints::default() }];
    ClusterLoadAssignment { cluster_name: name.to_owned(), endpoints, ..ClusterLoadAssignment::default() }
}

/// A cluster without endpoints, for the entries of weighted lists that answer
/// with an error before any endpoint is looked for.
pub(super) fn invalid_backend() -> Cluster {
    let name = name::INVALID_BACKEND.to_owned();
    Cluster {
        load_assignment: Some(no_endpoints()),
        ..base_cluster(name, Discovery::Static, UpstreamProtocol::Http1, &ClusterSettings::default())
    }
}

/// Its endpoints: none.
pub(super) fn no_endpoints() -> ClusterLoadAssignment {
    ClusterLoadAssignment { cluster_name: name::INVALID_BACKEND.to_owned(), ..ClusterLoadAssignment::default() }
}

/// What all clusters have in common; the endpoints are added to it.
pub(super) fn base_cluster(
    name: String,
    discovery: Discovery,
    protocol: UpstreamProtocol,
    settings: &ClusterSettings,
) -> Cluster {
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
        typed_extension_protocol_options: protocol_options(protocol, settings, None),
        name,
        cluster_discovery_type: Some(ClusterDiscoveryType::Type(discovery as i32)),
        connect_timeout: Some(duration(CONNECT_TIMEOUT)),
        lb_policy: LbPolicy::LeastRequest as i32,
        per_connection_buffer_limit_bytes: Some(uint32(BUFFER_LIMIT_BYTES)),
        ..Cluster::default()
    }
}

/// Where the requests for a cluster go first: to its endpoints, or into a tunnel.
pub(super) fn to_assignment(cluster: &ir::Cluster) -> ClusterLoadAssignment {
    let name = name::cluster(cluster);
    match cluster.settings.tunnel {
        Some(_) => entrance(cluster, &name),
        None => assignment_of_hosts(cluster, &name),
    }
}

/// The endpoints of a cluster, all in one place, and those of its failover.
pub(super) fn assignment_of_hosts(cluster: &ir::Cluster, name: &str) -> ClusterLoadAssignment {
    let mut lb_endpoints = lb_endpoints(&cluster.endpoints, &cluster.settings.weights, None);
    endpoint_tls::mark(&mut lb_endpoints, &cluster.settings.server_names);
    // What `auto_host_rewrite` sends where addresses are not looked up.
    if let Some(hostname) = &cluster.hostname {
        for endpoint in &mut lb_endpoints {
            if let Some(HostIdentifier::Endpoint(endpoint)) = &mut endpoint.host_identifier {
                endpoint.hostname.clone_from(hostname);
            }
        }
    }
    let are_weighed = cluster.settings.balancing.weighs_localities;
    let locality = LocalityLbEndpoints {
        lb_endpoints,
        load_balancing_weight: are_weighed.then(|| uint32(failover::LOCALITY_WEIGHT)),
        ..LocalityLbEndpoints::default()
    };
    let mut endpoints = if locality.lb_endpoints.is_empty() { Vec::new() } else { vec![locality] };
    let elsewhere = cluster.settings.failover.as_ref();
    endpoints.extend(elsewhere.into_iter().flat_map(|elsewhere| failover::to_localities(elsewhere, are_weighed)));
    ClusterLoadAssignment {
        cluster_name: name.to_owned(),
        endpoints,
        policy: elsewhere.and_then(failover::to_policy),
        ..ClusterLoadAssignment::default()
    }
}

/// The endpoints with what is said about each of them.
pub(super) fn lb_endpoints(endpoints: &Endpoints, weights: &[u32], metadata: Option<&Metadata>) -> Vec<LbEndpoint> {
    let addresses: Vec<Address> = match endpoints {
        Endpoints::Static(addresses) => addresses.iter().map(|a| socket_address(a.ip(), a.port().into())).collect(),
        Endpoints::File(path) => vec![socket_file(path.clone())],
        Endpoints::Dns(hosts) => hosts.iter().map(|(host, port)| named_address(host.clone(), *port, false)).collect(),
    };
    let endpoint = |(index, address)| LbEndpoint {
        metadata: metadata.cloned(),
        load_balancing_weight: weights.get(index).copied().map(uint32),
        ..endpoint_at(address)
    };
    addresses.into_iter().enumerate().map(endpoint).collect()
}

/// An endpoint of which nothing is said but where it is.
pub(super) fn endpoint_at(address: Address) -> LbEndpoint {
    LbEndpoint {
        host_identifier: Some(HostIdentifier::Endpoint(Endpoint { address: Some(address), ..Endpoint::default() })),
        ..LbEndpoint::default()
    }
}

/// That a handshake asks for the host that a request is sent for
/// ([UpstreamHttpProtocolOptions](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/protocol.proto#envoy-v3-api-msg-config-core-v3-upstreamhttpprotocoloptions)).
fn names_by_host(tls: Option<&ir::UpstreamTls>) -> Option<UpstreamHttpProtocolOptions> {
    let tls = tls.filter(|tls| tls.offer.name_source == ServerNameSource::Host)?;
    Some(UpstreamHttpProtocolOptions {
        auto_sni: true,
        auto_san_validation: tls.authorities.is_some(),
        ..UpstreamHttpProtocolOptions::default()
    })
}

fn protocol_options(
    protocol: UpstreamProtocol,
    settings: &ClusterSettings,
    names: Option<UpstreamHttpProtocolOptions>,
) -> HashMap<String, envoy_types::pb::google::protobuf::Any> {
    let common = cluster_settings::to_common_http(settings);
    let explicit =
        |config| UpstreamProtocolOptions::ExplicitHttpConfig(ExplicitHttpConfig { protocol_config: Some(config) });
    let http1 = cluster_settings::to_http1(settings);
    let has_http1 = http1 != Http1ProtocolOptions::default();
    let http2 = cluster_settings::to_http2(settings);
    let is_asked_calls = settings.health_checks.iter().any(|check| matches!(check.question, Question::Grpc { .. }));
    let chosen = match protocol {
        // What is sent is bytes, and what asks for health is a call all the same.
        UpstreamProtocol::Udp | UpstreamProtocol::Http1 if is_asked_calls => {
            explicit(ProtocolConfig::Http2ProtocolOptions(http2))
        }
        UpstreamProtocol::Udp => return HashMap::new(),
        UpstreamProtocol::Http1
            if common.is_none() && !has_http1 && names.is_none() && settings.admission.is_none() =>
        {
            return HashMap::new();
        }
        UpstreamProtocol::Http1 => explicit(ProtocolConfig::HttpProtocolOptions(http1)),
        UpstreamProtocol::Http2 => explicit(ProtocolConfig::Http2ProtocolOptions(http2)),
        UpstreamProtocol::AsClients => UpstreamProtocolOptions::UseDownstreamProtocolConfig(UseDownstreamHttpConfig {
            http_protocol_options: Some(http1),
            http2_protocol_options: Some(http2),
            ..UseDownstreamHttpConfig::default()
        }),
        UpstreamProtocol::Negotiated => UpstreamProtocolOptions::AutoConfig(AutoHttpConfig {
            http_protocol_options: has_http1.then_some(http1),
            http2_protocol_options: (http2 != Http2ProtocolOptions::default()).then_some(http2),
            ..AutoHttpConfig::default()
        }),
    };
    let options = HttpProtocolOptions {
        common_http_protocol_options: common,
        upstream_http_protocol_options: names,
        upstream_protocol_options: Some(chosen),
        http_filters: settings.admission.as_ref().map(admission::to_filters).unwrap_or_default(),
        ..HttpProtocolOptions::default()
    };
    [(HTTP_OPTIONS.to_owned(), any(HTTP_OPTIONS, &options))].into()
}
