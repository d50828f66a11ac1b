//! Pools: one cluster with the endpoints of all backends of a rule, so that a
//! session may name any of them and goes on at any other
//! ([locality weighted load balancing](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/locality_weight)).
//!
//! Each backend is a locality with its weight; a backend without a weight keeps
//! its sessions and gets no new ones.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use envoy_types::pb::envoy::config::cluster::v3::{
    Cluster,
    cluster::{
        CommonLbConfig, TransportSocketMatch,
        common_lb_config::{LocalityConfigSpecifier, LocalityWeightedLbConfig},
    },
};
use envoy_types::pb::envoy::config::core::v3::{Locality, Metadata};
use envoy_types::pb::envoy::config::endpoint::v3::{ClusterLoadAssignment, LbEndpoint, LocalityLbEndpoints};
use envoy_types::pb::google::protobuf::{Struct, Value, value};

use crate::ir::{self, Action, ClusterId, Endpoints, Reference, RetryLimit, WeightedBackend};

use super::circuit_breaker::to_circuit_breakers;
use super::cluster::{Discovery, base_cluster, endpoint_at, lb_endpoints};
use super::endpoint_tls::SOCKET_METADATA;
use super::layout::Layout;
use super::name;
use super::proto::{internal_address, uint32};
use super::target::{cluster_name, members};
use super::upstream_tls::{plain_socket, to_upstream_socket};

/// The key in that metadata.
const BACKEND_KEY: &str = "backend";

/// A pool: its name, and its clusters with their weights.
pub(super) type Pool = (String, Vec<(ClusterId, u32)>);

/// All pools of a configuration, in the order of their names.
pub(super) fn collect(config: &ir::Config) -> Vec<Pool> {
    let mut pools = BTreeMap::new();
    for action in config.actions().flat_map(Action::leaves) {
        if let Action::Forward(forward) = action
            && let Some(members) = members(forward, config)
            && members.len() > 1
        {
            pools.entry(cluster_name(forward, &members, config)).or_insert_with(|| weights(&members));
        }
    }
    pools.into_iter().collect()
}

/// The weight of each cluster; one that is among the members twice has both weights.
fn weights(members: &[(ClusterId, &WeightedBackend)]) -> Vec<(ClusterId, u32)> {
    let mut weights: Vec<(ClusterId, u32)> = Vec::with_capacity(members.len());
    for (id, backend) in members {
        match weights.iter_mut().find(|(other, _)| other == id) {
            Some((_, weight)) => *weight += backend.weight,
            None => weights.push((*id, backend.weight)),
        }
    }
    weights
}

/// The clusters that nothing but pools refers to: they are not emitted on their own.
pub(super) fn absorbed(pools: &[Pool], config: &ir::Config) -> BTreeSet<ClusterId> {
    let mut absorbed: BTreeSet<ClusterId> = pools.iter().flat_map(|(_, members)| members).map(|(id, _)| *id).collect();
    if absorbed.is_empty() {
        return absorbed;
    }
    for reference in config.actions().flat_map(Action::references) {
        match reference {
            Reference::Backend(forward, id) => {
                let pooled = members(forward, config).filter(|members| members.len() > 1).unwrap_or_default();
                if !pooled.iter().any(|(member, _)| *member == id) {
                    absorbed.remove(&id);
                }
            }
            Reference::Mirror(id) | Reference::Guard(id) => {
                absorbed.remove(&id);
            }
            // All of them are asked below, each once.
            Reference::Auth(_) => {}
        }
    }
    for auth in &config.external_auths {
        absorbed.remove(&auth.settings.cluster);
    }
    for id in config.stream_backends().filter_map(|backend| backend.cluster) {
        absorbed.remove(&id);
    }
    absorbed
}

/// The cluster of a pool.
pub(super) fn to_cluster(name: &str, members: &[(ClusterId, u32)], config: &ir::Config, layout: &Layout) -> Cluster {
    let clusters: Vec<(&ir::Cluster, u32)> =
        members.iter().map(|(id, weight)| (config.cluster(*id), *weight)).collect();
    let is_looked_up =
        |cluster: &ir::Cluster| cluster.settings.tunnel.is_none() && matches!(cluster.endpoints, Endpoints::Dns(_));
    let is_dns = clusters.iter().any(|(cluster, _)| is_looked_up(cluster));
    let discovery = if is_dns { Discovery::Dns } else { Discovery::Static };
    let differs = |cluster: &ir::Cluster| differs(cluster, members, config);
    let first = clusters.first().map(|(cluster, _)| *cluster);
    let protocol = first.map_or(ir::UpstreamProtocol::Http1, |cluster| cluster.protocol);
    let others = clusters.iter().map(|(c, _)| *c).filter(|c| differs(c));
    let retries = strictest(clusters.iter().map(|(cluster, _)| cluster.retries));
    Cluster {
        load_assignment: Some(to_assignment(name, members, config)),
        transport_socket: first
            .and_then(|cluster| cluster.tls.as_ref())
            .map(|tls| to_upstream_socket(tls, config, layout)),
        transport_socket_matches: socket_matches(others, config, layout),
        common_lb_config: Some(CommonLbConfig {
            locality_config_specifier: Some(LocalityConfigSpecifier::LocalityWeightedLbConfig(
                LocalityWeightedLbConfig::default(),
            )),
            ..CommonLbConfig::default()
        }),
        circuit_breakers: Some(to_circuit_breakers(protocol, retries, &ir::Limits::default())),
        ..base_cluster(name.to_owned(), discovery, protocol, &ir::ClusterSettings::default())
    }
}

/// The endpoints of a pool, a locality for each member.
pub(super) fn to_assignment(name: &str, members: &[(ClusterId, u32)], config: &ir::Config) -> ClusterLoadAssignment {
    let locality = |(id, weight): &(ClusterId, u32)| {
        let cluster = config.cluster(*id);
        let metadata = differs(cluster, members, config).then(|| socket_metadata(cluster));
        LocalityLbEndpoints {
            locality: Some(Locality { zone: name::cluster(cluster), ..Locality::default() }),
            load_balancing_weight: (*weight > 0).then(|| uint32(*weight)),
            lb_endpoints: endpoints_of(cluster, metadata.as_ref()),
            ..LocalityLbEndpoints::default()
        }
    };
    ClusterLoadAssignment {
        cluster_name: name.to_owned(),
        endpoints: members.iter().map(locality).collect(),
        ..ClusterLoadAssignment::default()
    }
}

/// The endpoints of a member, or what leads into the tunnel to it.
fn endpoints_of(cluster: &ir::Cluster, metadata: Option<&Metadata>) -> Vec<LbEndpoint> {
    if cluster.settings.tunnel.is_none() {
        return lb_endpoints(&cluster.endpoints, &[], metadata);
    }
    let entrance = endpoint_at(internal_address(name::tunnel(cluster)));
    vec![LbEndpoint { metadata: metadata.cloned(), ..entrance }]
}

/// Whether connections to a member differ from those to the first one. All members speak alike, and most of the time
/// over the same kind of connection.
fn differs(cluster: &ir::Cluster, members: &[(ClusterId, u32)], config: &ir::Config) -> bool {
    members.first().is_some_and(|(first, _)| config.cluster(*first).tls != cluster.tls)
}

/// The limit of all members together: the least that one of them allows.
fn strictest(limits: impl Iterator<Item = RetryLimit>) -> RetryLimit {
    limits.fold(RetryLimit::Unused, |least, limit| match (least, limit) {
        (RetryLimit::Budget { percent, least }, RetryLimit::Budget { percent: other, least: few }) => {
            RetryLimit::Budget { percent: percent.min(other), least: least.min(few) }
        }
        (budget @ RetryLimit::Budget { .. }, _) | (_, budget @ RetryLimit::Budget { .. }) => budget,
        (RetryLimit::Unlimited, _) | (_, RetryLimit::Unlimited) => RetryLimit::Unlimited,
        (RetryLimit::Unused, RetryLimit::Unused) => RetryLimit::Unused,
    })
}

/// The sockets of the members whose connections differ from the first one's.
fn socket_matches<'c>(
    clusters: impl Iterator<Item = &'c ir::Cluster>,
    config: &ir::Config,
    layout: &Layout,
) -> Vec<TransportSocketMatch> {
    let socket = |cluster: &ir::Cluster| TransportSocketMatch {
        name: name::cluster(cluster),
        r#match: Some(backend_struct(cluster)),
        transport_socket: Some(
            cluster.tls.as_ref().map_or_else(plain_socket, |tls| to_upstream_socket(tls, config, layout)),
        ),
    };
    clusters.map(socket).collect()
}

fn socket_metadata(cluster: &ir::Cluster) -> Metadata {
    Metadata {
        filter_metadata: [(SOCKET_METADATA.to_owned(), backend_struct(cluster))].into(),
        typed_filter_metadata: HashMap::new(),
    }
}

fn backend_struct(cluster: &ir::Cluster) -> Struct {
    let backend = Value { kind: Some(value::Kind::StringValue(name::cluster(cluster))) };
    Struct { fields: [(BACKEND_KEY.to_owned(), backend)].into() }
}
