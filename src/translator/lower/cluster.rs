//! Clusters: one for each backend that an attached route uses, in the order of their names.

use std::collections::{BTreeSet, HashMap};

use crate::ir::{BackendName, Cluster, ClusterId, UpstreamProtocol};
use crate::resolver::{BackendId, OriginTable, Place, Resolved, RouteParent};

/// The clusters, with the way from a backend to its own.
#[derive(Debug)]
pub(super) struct Clusters {
    clusters: Vec<Cluster>,
    by_backend: HashMap<BackendId, ClusterId>,
}

impl Clusters {
    /// The cluster of a backend; `None` when no attached route uses it.
    pub(super) fn get(&self, backend: BackendId) -> Option<ClusterId> {
        self.by_backend.get(&backend).copied()
    }

    pub(super) fn into_clusters(self) -> Vec<Cluster> {
        self.clusters
    }
}

/// Collects the backends of all routes that attached to an emitted listener.
pub(super) fn lower_clusters(resolved: &Resolved<'_>, origins: &mut OriginTable) -> Clusters {
    let mut used: BTreeSet<(&BackendName, BackendId)> = BTreeSet::new();
    for route in resolved.http_routes.iter().filter(|route| is_emitted(resolved, &route.parents)) {
        for (rule, outcomes) in route.object.spec.rules.iter().zip(&route.backends) {
            for (backend, outcome) in rule.backend_refs.iter().zip(outcomes) {
                if let (Ok(id), true) = (outcome, backend.weight > 0) {
                    used.insert((&resolved.backends.get(*id).name, *id));
                }
            }
        }
    }
    for route in resolved.tls_routes.iter().filter(|route| is_emitted(resolved, &route.parents)) {
        for (rule, outcomes) in route.object.spec.rules.iter().zip(&route.backends) {
            for (backend, outcome) in rule.backend_refs.iter().zip(outcomes) {
                if let (Ok(id), true) = (outcome, backend.weight > 0) {
                    used.insert((&resolved.backends.get(*id).name, *id));
                }
            }
        }
    }
    let mut clusters = Vec::with_capacity(used.len());
    let mut by_backend = HashMap::with_capacity(used.len());
    for (name, id) in used {
        let backend = resolved.backends.get(id);
        let object = backend.service.map(|service| origins.object(service));
        by_backend.insert(id, ClusterId(u32::try_from(clusters.len()).unwrap_or(u32::MAX)));
        clusters.push(Cluster {
            backend: name.clone(),
            protocol: backend.protocol.unwrap_or(UpstreamProtocol::Http1),
            variant: String::new(),
            endpoints: backend.endpoints.clone(),
            origin: object.map(|object| origins.origin(object, Place::Object)),
        });
    }
    Clusters { clusters, by_backend }
}

/// Whether a route attached to a listener that the output serves.
fn is_emitted(resolved: &Resolved<'_>, parents: &[RouteParent]) -> bool {
    let mut listeners = parents.iter().flat_map(|parent| &parent.listeners);
    listeners.any(|id| resolved.gateways[id.gateway].emitted)
}
