//! The TCP proxy
//! ([TCP proxy](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto)).

use envoy_types::pb::envoy::extensions::filters::network::tcp_proxy::v3::{
    TcpProxy,
    tcp_proxy::{ClusterSpecifier, WeightedCluster, weighted_cluster::ClusterWeight},
};

use crate::ir;

use super::name;
use super::proto::duration;

pub(super) fn to_tcp_proxy(proxy: &ir::TcpProxy, listener: &ir::Listener, config: &ir::Config) -> TcpProxy {
    // Who is not let in has a chain of its own.
    let ir::TcpProxy { backends, access: _ } = proxy;
    let cluster_of = |backend: &ir::TcpBackend| match backend.cluster {
        Some(id) => name::cluster(config.cluster(id)),
        None => name::INVALID_BACKEND.to_owned(),
    };
    let specifier = match backends.as_slice() {
        [only] => ClusterSpecifier::Cluster(cluster_of(only)),
        many => ClusterSpecifier::WeightedClusters(WeightedCluster {
            clusters: many
                .iter()
                .map(|backend| ClusterWeight {
                    name: cluster_of(backend),
                    weight: backend.weight,
                    ..ClusterWeight::default()
                })
                .collect(),
        }),
    };
    TcpProxy {
        stat_prefix: name::tcp_proxy(listener),
        cluster_specifier: Some(specifier),
        idle_timeout: listener.settings.stream_idle.map(duration),
        ..TcpProxy::default()
    }
}

/// Whether some share of the connections has nobody to take it.
pub(super) fn has_invalid_share(proxy: &ir::TcpProxy) -> bool {
    proxy.backends.iter().any(|backend| backend.cluster.is_none())
}
