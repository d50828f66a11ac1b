//! Clusters: one for each backend that an attached route uses and each set of
//! upstream settings, in the order of their names.

use std::collections::{BTreeMap, HashMap};

use crate::ir::{BackendName, Cluster, ClusterId, UpstreamProtocol};
use crate::resolver::{Backend, BackendId, BackendRefOutcome, OriginTable, Place, Resolved, RouteParent};

/// What a route sends to a backend. It decides, with what the backend declares,
/// on the settings of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Carried {
    /// HTTP requests.
    Http,
    /// gRPC calls, which need HTTP/2.
    Grpc,
    /// The bytes of connections, as clients send them.
    Bytes,
}

/// The clusters, with the way from a backend to its own.
#[derive(Debug)]
pub(super) struct Clusters {
    clusters: Vec<Cluster>,
    by_use: HashMap<(BackendId, Carried), ClusterId>,
}

impl Clusters {
    /// The cluster for what a route sends to a backend; `None` when no attached route uses it.
    pub(super) fn get_for(&self, backend: BackendId, carried: Carried) -> Option<ClusterId> {
        self.by_use.get(&(backend, carried)).copied()
    }

    pub(super) fn into_clusters(self) -> Vec<Cluster> {
        self.clusters
    }
}

/// Collects the backends of all routes that attached to an emitted listener.
pub(super) fn lower_clusters(resolved: &Resolved<'_>, origins: &mut OriginTable) -> Clusters {
    let mut wanted: BTreeMap<(&BackendName, &'static str), Wanted> = BTreeMap::new();
    for (id, carried) in uses(resolved) {
        let backend = resolved.backends.get(id);
        let settings = Settings::of(backend, carried);
        let entry = wanted.entry((&backend.name, settings.variant));
        entry.or_insert_with(|| Wanted { id, settings, uses: Vec::new() }).uses.push((id, carried));
    }
    let mut clusters = Vec::with_capacity(wanted.len());
    let mut by_use = HashMap::with_capacity(wanted.len());
    for Wanted { id, settings, uses } in wanted.into_values() {
        let position = ClusterId(u32::try_from(clusters.len()).unwrap_or(u32::MAX));
        by_use.extend(uses.into_iter().map(|used| (used, position)));
        clusters.push(settings.into_cluster(resolved.backends.get(id), origins));
    }
    Clusters { clusters, by_use }
}

/// Every backend that an attached route uses, with what it is used for.
fn uses<'r>(resolved: &'r Resolved<'_>) -> impl Iterator<Item = (BackendId, Carried)> + 'r {
    let http = resolved.http_routes.iter().filter(|route| is_emitted(resolved, &route.parents));
    let http = http.flat_map(|route| {
        let rules = route.object.spec.rules.iter().zip(&route.backends);
        rules.flat_map(|(rule, outcomes)| weighted(rule.backend_refs.iter().map(|backend| backend.weight), outcomes))
    });
    let grpc = resolved.grpc_routes.iter().filter(|route| is_emitted(resolved, &route.parents));
    let grpc = grpc.flat_map(|route| {
        let rules = route.object.spec.rules.iter().zip(&route.backends);
        rules.flat_map(|(rule, outcomes)| weighted(rule.backend_refs.iter().map(|backend| backend.weight), outcomes))
    });
    let tls = resolved.tls_routes.iter().filter(|route| is_emitted(resolved, &route.parents));
    let tls = tls.flat_map(|route| {
        let rules = route.object.spec.rules.iter().zip(&route.backends);
        rules.flat_map(|(rule, outcomes)| weighted(rule.backend_refs.iter().map(|backend| backend.weight), outcomes))
    });
    http.map(|id| (id, Carried::Http))
        .chain(grpc.map(|id| (id, Carried::Grpc)))
        .chain(tls.map(|id| (id, Carried::Bytes)))
}

/// The valid backends of a list whose weight is not 0.
fn weighted<'r>(
    weights: impl Iterator<Item = u32> + 'r,
    outcomes: &'r [BackendRefOutcome],
) -> impl Iterator<Item = BackendId> + 'r {
    weights.zip(outcomes).filter(|(weight, _)| *weight > 0).filter_map(|(_, outcome)| outcome.ok())
}

/// Whether a route attached to a listener that the output serves.
fn is_emitted(resolved: &Resolved<'_>, parents: &[RouteParent]) -> bool {
    let mut listeners = parents.iter().flat_map(|parent| &parent.listeners);
    listeners.any(|id| resolved.gateways[id.gateway].emitted)
}

/// A cluster that some uses of a backend share.
struct Wanted {
    id: BackendId,
    settings: Settings,
    uses: Vec<(BackendId, Carried)>,
}

/// What tells the clusters of one backend apart.
struct Settings {
    protocol: UpstreamProtocol,
    variant: &'static str,
}

impl Settings {
    fn of(backend: &Backend<'_>, carried: Carried) -> Self {
        let own = backend.protocol.unwrap_or(UpstreamProtocol::Http1);
        match carried {
            Carried::Grpc if own != UpstreamProtocol::Http2 => {
                Self { protocol: UpstreamProtocol::Http2, variant: "http2" }
            }
            Carried::Http | Carried::Grpc | Carried::Bytes => Self { protocol: own, variant: "" },
        }
    }

    fn into_cluster(self, backend: &Backend<'_>, origins: &mut OriginTable) -> Cluster {
        let object = backend.service.map(|service| origins.object(service));
        Cluster {
            backend: backend.name.clone(),
            protocol: self.protocol,
            variant: self.variant.to_owned(),
            endpoints: backend.endpoints.clone(),
            origin: object.map(|object| origins.origin(object, Place::Object)),
        }
    }
}
