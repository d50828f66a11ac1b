//! Listeners that nothing is bound for: other parts of the proxy connect to them
//! ([internal listeners](https://www.envoyproxy.io/docs/envoy/latest/configuration/other_features/internal_listener)).

use envoy_types::pb::envoy::config::cluster::v3::Cluster;
use envoy_types::pb::envoy::config::core::v3::TypedExtensionConfig;
use envoy_types::pb::envoy::config::endpoint::v3::{ClusterLoadAssignment, LocalityLbEndpoints};
use envoy_types::pb::envoy::config::listener::v3::{
    FilterChain, Listener,
    listener::{InternalListenerConfig, ListenerSpecifier},
};
use envoy_types::pb::envoy::extensions::bootstrap::internal_listener::v3::InternalListener;

use crate::ir::{self, ClusterSettings, UpstreamProtocol};

use super::circuit_breaker::to_circuit_breakers;
use super::cluster::{BUFFER_LIMIT_BYTES, Discovery, base_cluster, endpoint_at};
use super::proto::{any, internal_address, uint32};

/// What a bootstrap needs for the listeners of a configuration.
pub(super) fn extensions(config: &ir::Config) -> Vec<TypedExtensionConfig> {
    let has_tunnels = config.clusters.iter().any(|cluster| cluster.settings.tunnel.is_some());
    let has_some =
        config.forward_proxy.is_some() || config.listeners.iter().any(|listener| !listener.misdirected.is_empty());
    (has_some || has_tunnels).then(extension).into_iter().collect()
}

/// What lets a listener be one that other parts of the proxy connect to.
pub(super) fn extension() -> TypedExtensionConfig {
    let message = "envoy.extensions.bootstrap.internal_listener.v3.InternalListener";
    TypedExtensionConfig {
        name: "envoy.bootstrap.internal_listener".to_owned(),
        typed_config: Some(any(message, &InternalListener::default())),
    }
}

/// One of them.
pub(super) fn listener(name: String, filter_chains: Vec<FilterChain>) -> Listener {
    Listener {
        name,
        filter_chains,
        per_connection_buffer_limit_bytes: Some(uint32(BUFFER_LIMIT_BYTES)),
        listener_specifier: Some(ListenerSpecifier::InternalListener(InternalListenerConfig {})),
        ..Listener::default()
    }
}

/// The cluster that leads to one of them, which has its name.
pub(super) fn cluster(name: String, protocol: UpstreamProtocol) -> Cluster {
    let endpoint = endpoint_at(internal_address(name.clone()));
    let locality = LocalityLbEndpoints { lb_endpoints: vec![endpoint], ..LocalityLbEndpoints::default() };
    let assignment = ClusterLoadAssignment {
        cluster_name: name.clone(),
        endpoints: vec![locality],
        ..ClusterLoadAssignment::default()
    };
    Cluster { load_assignment: Some(assignment), ..unlimited(name, protocol) }
}

/// A cluster that is asked as often as clients like.
pub(super) fn unlimited(name: String, protocol: UpstreamProtocol) -> Cluster {
    let settings = ClusterSettings::default();
    let limits = to_circuit_breakers(protocol, ir::RetryLimit::Unused, &settings.limits);
    Cluster { circuit_breakers: Some(limits), ..base_cluster(name, Discovery::Static, protocol, &settings) }
}
