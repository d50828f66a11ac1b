//! The resources of a configuration, each by its name: what a bootstrap, a section and the files of a directory are
//! made of.

use std::collections::HashSet;

use envoy_types::pb::envoy::config::cluster::v3::Cluster;
use envoy_types::pb::envoy::config::endpoint::v3::ClusterLoadAssignment;
use envoy_types::pb::envoy::config::listener::v3::Listener;
use envoy_types::pb::envoy::extensions::transport_sockets::tls::v3::Secret;
use prost::Message;
use rayon::prelude::*;

use crate::ir;

use super::layout::{Layout, Part, is_known};
use super::{
    cluster, collector, common_hosts, ext_authz, forward_proxy, http_connection, listener, needs, outbound, pool,
    shared_ports, sign_in, tls, tunnel,
};

/// The kinds of resources that Envoy can fetch on their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Listeners with their filter chains.
    Listener,
    /// The route configurations of HTTP connection managers.
    Route,
    /// Clusters.
    Cluster,
    /// The endpoints of a cluster.
    Endpoint,
    /// A certificate with its key.
    Secret,
}

impl Kind {
    /// The full name of the message.
    pub fn message(self) -> &'static str {
        match self {
            Self::Listener => "envoy.config.listener.v3.Listener",
            Self::Route => "envoy.config.route.v3.RouteConfiguration",
            Self::Cluster => "envoy.config.cluster.v3.Cluster",
            Self::Endpoint => "envoy.config.endpoint.v3.ClusterLoadAssignment",
            Self::Secret => "envoy.extensions.transport_sockets.tls.v3.Secret",
        }
    }
}

/// A resource, encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its name, unique among those of its kind.
    pub name: String,
    /// Its bytes.
    pub wire: Vec<u8>,
}

impl Resource {
    fn new<M: Message>(message: M, into_name: impl FnOnce(M) -> String) -> Self {
        let wire = message.encode_to_vec();
        Self { name: into_name(message), wire }
    }

    fn cluster_of(cluster: Cluster) -> Self {
        Self::new(cluster, |cluster| cluster.name)
    }

    fn endpoints_of(assignment: ClusterLoadAssignment) -> Self {
        Self::new(assignment, |assignment| assignment.cluster_name)
    }

    fn secret_of(secret: Secret) -> Self {
        Self::new(secret, |secret| secret.name)
    }

    /// Whether it is an assignment without endpoints.
    pub fn has_no_endpoint(&self) -> bool {
        ClusterLoadAssignment::decode(self.wire.as_slice()).is_ok_and(|assignment| assignment.endpoints.is_empty())
    }

    /// A cluster by its bytes, if they are one.
    pub fn cluster(wire: Vec<u8>) -> Option<Self> {
        let name = Cluster::decode(wire.as_slice()).ok()?.name;
        Some(Self { name, wire })
    }
}

/// The resources of one kind, in the order of the bootstrap.
pub fn resources(config: &ir::Config, kind: Kind, layout: &Layout) -> Vec<Resource> {
    match kind {
        Kind::Listener => {
            let to_resource = |listener| Resource::new(listener, |listener: Listener| listener.name);
            let own = config.listeners.par_iter().filter(|one| !one.entrance.is_shared());
            let listeners = own.map(|one| listener::to_listener(one, config, layout));
            let mut all: Vec<Resource> = listeners.map(to_resource).collect();
            all.extend(shared_ports::internal_listener(config, layout).map(to_resource));
            all.extend(common_hosts::listed(config).map(|one| to_resource(common_hosts::listener(one, layout))));
            let proxy = config.forward_proxy.iter();
            all.extend(proxy.map(|proxy| to_resource(forward_proxy::listener(proxy, config, layout))));
            all.extend(
                config.outbound.iter().map(|outbound| to_resource(outbound::listener(outbound, config, layout))),
            );
            all.extend(tunnel::listeners(config).map(to_resource));
            all
        }
        Kind::Route => routes(config, layout),
        Kind::Cluster => clusters(config, layout),
        Kind::Endpoint => endpoints(config, layout),
        Kind::Secret => secrets(config, layout),
    }
}

fn routes(config: &ir::Config, layout: &Layout) -> Vec<Resource> {
    let own = config.listeners.iter().filter(|listener| !listener.entrance.is_shared());
    let chains = own.flat_map(|listener| listener.chains().iter().map(move |chain| (listener, chain)));
    let connections = chains.filter_map(|(listener, chain)| match &chain.handler {
        ir::Handler::Http(connection) => Some((connection, chain, listener)),
        ir::Handler::Tcp(_) | ir::Handler::Close => None,
    });
    let to_resource = |(connection, chain, listener)| {
        let (name, wire) = http_connection::encode_route_configuration(connection, chain, listener, config, layout);
        Resource { name, wire }
    };
    let mut all: Vec<Resource> = connections.map(to_resource).collect();
    let mut seen = HashSet::new();
    let mut is_new = all.iter().map(|one| seen.insert(one.wire.as_slice())).collect::<Vec<bool>>().into_iter();
    all.retain(|_| is_new.next() == Some(true));
    all.extend(shared_ports::routes(config).map(|(name, wire)| Resource { name, wire }));
    let listed = common_hosts::listed(config).map(common_hosts::routes);
    let proxy = config.forward_proxy.iter().map(|proxy| forward_proxy::routes(proxy, config));
    all.extend(listed.chain(proxy).map(|routes| Resource::new(routes, |routes| routes.name)));
    all
}

fn clusters(config: &ir::Config, layout: &Layout) -> Vec<Resource> {
    let pools = pool::collect(config);
    let own = own_clusters(config, &pools);
    let own = own.par_iter().map(|one| cluster::to_cluster(one, config, layout));
    let shared = pools.par_iter().map(|(name, members)| pool::to_cluster(name, members, config, layout));
    let mut all: Vec<Resource> = own.chain(shared).map(Resource::cluster_of).collect();
    let invalid = has_invalid_backend(config).then(cluster::invalid_backend);
    let asked = ext_authz::clusters(config, layout);
    let collectors = config.collectors().into_iter().map(collector::to_cluster);
    let of_ports = config.forward_proxy.iter().flat_map(|proxy| forward_proxy::clusters(proxy, config));
    let listed = common_hosts::listed(config).map(common_hosts::cluster);
    let of_tunnels = tunnel::clusters(config, layout);
    let more = invalid.into_iter().chain(listed).chain(asked).chain(collectors).chain(of_ports).chain(of_tunnels);
    all.extend(more.map(Resource::cluster_of));
    all
}

/// Whether there is a cluster that stands for backends that cannot be used.
pub fn has_invalid_backend(config: &ir::Config) -> bool {
    needs::Needs::of(config).invalid_cluster
}

/// The clusters that are emitted on their own, by the backends that they stand for.
fn own_clusters<'c>(config: &'c ir::Config, pools: &[pool::Pool]) -> Vec<&'c ir::Cluster> {
    let (absorbed, idle) = (pool::absorbed(pools, config), config.idle_clusters());
    let own = config.clusters.iter_enumerated().filter(|(id, _)| !absorbed.contains(id) && !idle.contains(id));
    let mut own: Vec<&ir::Cluster> = own.map(|(_, cluster)| cluster).collect();
    own.sort_by_key(|cluster| (&cluster.backend, &cluster.variant));
    own
}

/// The endpoints of all clusters, or of those that look for them in files.
fn endpoints(config: &ir::Config, layout: &Layout) -> Vec<Resource> {
    let pools = pool::collect(config);
    let in_files = matches!(layout.endpoints, Part::File(_));
    let own = own_clusters(config, &pools).into_iter().filter(|cluster| !in_files || is_known(cluster));
    let mut all: Vec<Resource> = own.map(cluster::to_assignment).map(Resource::endpoints_of).collect();
    if !in_files {
        let shared = pools.iter().map(|(name, members)| pool::to_assignment(name, members, config));
        let invalid = has_invalid_backend(config).then(cluster::no_endpoints);
        let collectors = config.collectors().into_iter().map(collector::to_assignment);
        let of_tunnels = tunnel::assignments(config);
        all.extend(shared.chain(invalid).chain(collectors).chain(of_tunnels).map(Resource::endpoints_of));
    }
    all
}

/// The secrets of a layout: those that a bootstrap has, that a section shows, or that have files below a directory.
fn secrets(config: &ir::Config, layout: &Layout) -> Vec<Resource> {
    let is_beside = |pair: &&ir::KeyPair| !(layout.follows() && pair.files().is_some());
    let in_bootstrap = layout.secrets == Part::Bootstrap;
    let is_listed = |pair: &&ir::KeyPair| layout.lists_pairs() && (!in_bootstrap || is_beside(pair));
    let pairs: Vec<&ir::KeyPair> = config.certificates.iter().filter(is_listed).collect();
    let to_resource = |pair: &&ir::KeyPair| match layout.follows() && pair.files().is_some() {
        true => followed_pair(pair),
        false => Resource::secret_of(tls::to_secret(pair)),
    };
    let mut all: Vec<Resource> = pairs.par_iter().map(to_resource).collect();
    if layout.follows() && !in_bootstrap {
        all.extend(followed_authorities(config));
    }
    all.extend(sign_in::secrets(config).into_iter().map(Resource::secret_of));
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

/// The files through which a bootstrap or a section follows certificates, by their paths.
pub fn followed_files(config: &ir::Config, layout: &Layout) -> Vec<(String, Resource)> {
    let pairs = config.certificates.iter().filter(|pair| pair.files().is_some()).map(followed_pair);
    let all = pairs.chain(followed_authorities(config));
    all.filter_map(|secret| Some((layout.renewals.as_ref()?.path(&secret.name), secret))).collect()
}

/// The objects whose files are read once, although they may be renewed.
pub fn read_once(config: &ir::Config, layout: &Layout) -> Vec<String> {
    if layout.follows() {
        return Vec::new();
    }
    let pairs = config.certificates.iter().filter(|pair| pair.files().is_some());
    let mut all: Vec<String> = pairs.map(|pair| format!("{}/{}", pair.namespace, pair.name)).collect();
    all.extend(
        config.authorities().filter_map(|one| one.file()).map(|(_, (namespace, name))| format!("{namespace}/{name}")),
    );
    all.sort();
    all.dedup();
    all
}

fn followed_pair(pair: &ir::KeyPair) -> Resource {
    Resource::secret_of(tls::to_followed_secret(pair))
}

fn followed_authorities(config: &ir::Config) -> Vec<Resource> {
    let secrets = config.authorities().filter_map(tls::to_followed_authorities);
    let mut all: Vec<Resource> = secrets.map(Resource::secret_of).collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all.dedup_by(|one, other| one.name == other.name);
    all
}
