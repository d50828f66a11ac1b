//! Tunnels: requests for a backend go to a listener within the proxy, which asks another proxy for a connection to it
//! ([tunneling TCP over HTTP](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/http/upgrades#tunneling-tcp-over-http)).
//!
//! The cluster of the backend leads into the tunnel, with the protocol and the TLS of the backend. What its settings say is
//! about the cluster of the proxies.

use envoy_types::pb::envoy::config::cluster::v3::Cluster;
use envoy_types::pb::envoy::config::endpoint::v3::ClusterLoadAssignment;
use envoy_types::pb::envoy::config::listener::v3::{FilterChain, Listener};
use envoy_types::pb::envoy::extensions::filters::network::tcp_proxy::v3::{
    TcpProxy,
    tcp_proxy::{ClusterSpecifier, TunnelingConfig},
};

use crate::ir::{self, Tunnel, UpstreamProtocol};

use super::header::to_header_lists;
use super::layout::Layout;
use super::listener::{TCP_PROXY, network_filter};
use super::proto::any;
use super::upstream_tls::to_upstream_socket;
use super::{cluster, internal_listener, name};

/// Every tunnel of a configuration, with the cluster that it leads to.
fn all(config: &ir::Config) -> impl Iterator<Item = (&ir::Cluster, &Tunnel)> {
    config.clusters.iter().filter_map(|cluster| Some((cluster, cluster.settings.tunnel.as_ref()?)))
}

/// The listeners that requests go into tunnels through.
pub(super) fn listeners(config: &ir::Config) -> impl Iterator<Item = Listener> {
    all(config).map(|(cluster, Tunnel { to, headers, over_http2: _, tls: _ })| {
        // Nothing is removed from a request that is made anew.
        let (headers_to_add, _) = to_header_lists(headers);
        let tunneling = TunnelingConfig { hostname: to.clone(), headers_to_add, ..TunnelingConfig::default() };
        let proxy = TcpProxy {
            stat_prefix: name::tunnel(cluster),
            cluster_specifier: Some(ClusterSpecifier::Cluster(name::tunnel(cluster))),
            tunneling_config: Some(tunneling),
            ..TcpProxy::default()
        };
        let filters = vec![network_filter("envoy.filters.network.tcp_proxy", any(TCP_PROXY, &proxy))];
        let chain = FilterChain { filters, ..FilterChain::default() };
        internal_listener::listener(name::tunnel(cluster), vec![chain])
    })
}

/// The clusters of the proxies.
pub(super) fn clusters(config: &ir::Config, layout: &Layout) -> Vec<Cluster> {
    let proxies = all(config).map(|(cluster, Tunnel { to: _, headers: _, over_http2, tls })| {
        let tls = tls.and_then(|index| cluster.further_tls.get(index));
        let socket = tls.map(|tls| to_upstream_socket(tls, config, layout));
        let protocol = if *over_http2 { UpstreamProtocol::Http2 } else { UpstreamProtocol::Http1 };
        let spoken = (protocol, ir::RetryLimit::Unused);
        cluster::to_hosts(cluster, name::tunnel(cluster), spoken, (socket, Vec::new()), (config, layout))
    });
    proxies.collect()
}

/// The endpoints of the clusters of the proxies.
pub(super) fn assignments(config: &ir::Config) -> impl Iterator<Item = ClusterLoadAssignment> {
    all(config).map(|(cluster, _)| cluster::assignment_of_hosts(cluster, &name::tunnel(cluster)))
}
