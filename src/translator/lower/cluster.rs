//! Clusters: one for each backend that an attached route uses, in the order of their names.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::ir::{BackendName, Cluster, ClusterId, RetryLimit, UpstreamProtocol};
use crate::parser::api::{ExternalAuthProtocol, HttpRouteFilter};
use crate::resolver::{Backend, BackendId, FilterRefs, OriginTable, Place, Resolved, ResolvedHttpRoute};

/// The clusters, with the way from a backend to its own.
#[derive(Debug)]
pub(super) struct Clusters {
    clusters: Vec<Cluster>,
    by_use: HashMap<(BackendId, UpstreamProtocol), ClusterId>,
    plain: HashMap<BackendId, UpstreamProtocol>,
}

impl Clusters {
    /// The cluster of a backend; `None` when no attached route uses it.
    pub(super) fn get(&self, backend: BackendId) -> Option<ClusterId> {
        self.speaking(backend, None)
    }

    /// The cluster of a backend that speaks `protocol`, or the backend's own protocol.
    pub(super) fn speaking(&self, backend: BackendId, protocol: Option<UpstreamProtocol>) -> Option<ClusterId> {
        let protocol = protocol.or_else(|| self.plain.get(&backend).copied())?;
        self.by_use.get(&(backend, protocol)).copied()
    }

    /// The backend of a cluster.
    pub(super) fn backend(&self, id: ClusterId) -> Option<&BackendName> {
        self.clusters.get(id.0 as usize).map(|cluster| &cluster.backend)
    }

    pub(super) fn into_clusters(self) -> Vec<Cluster> {
        self.clusters
    }
}

/// What attached routes need of the backends.
#[derive(Debug, Default)]
struct Uses<'r> {
    /// The backends by name, each with the protocols that are spoken to it.
    used: BTreeMap<(&'r BackendName, BackendId), BTreeSet<UpstreamProtocol>>,
    retried: HashSet<BackendId>,
}

impl<'r> Uses<'r> {
    fn add(&mut self, resolved: &'r Resolved<'_>, id: BackendId, protocol: Option<UpstreamProtocol>) {
        let backend = resolved.backends.get(id);
        let protocol = protocol.unwrap_or_else(|| plain_protocol(backend));
        self.used.entry((&backend.name, id)).or_default().insert(protocol);
    }

    fn add_route(&mut self, resolved: &'r Resolved<'_>, route: &ResolvedHttpRoute<'_>) {
        let rules = route.object.spec.rules.iter().zip(&route.backends).zip(&route.filters);
        for ((rule, outcomes), refs) in rules {
            let session = rule.session_persistence.is_some();
            for (index, (backend, outcome)) in rule.backend_refs.iter().zip(outcomes).enumerate() {
                if let (Ok(id), true) = (outcome, backend.weight > 0 || session) {
                    self.add(resolved, *id, None);
                    if rule.retry.is_some() || session {
                        self.retried.insert(*id);
                    }
                }
                self.add_filters(resolved, Some(index), &backend.filters, refs);
            }
            self.add_filters(resolved, None, &rule.filters, refs);
        }
    }

    fn add_filters(
        &mut self,
        resolved: &'r Resolved<'_>,
        backend: Option<usize>,
        filters: &[HttpRouteFilter],
        refs: &FilterRefs,
    ) {
        for (index, filter) in filters.iter().enumerate() {
            let Some(Ok(id)) = refs.get(backend, index) else { continue };
            let grpc =
                matches!(filter, HttpRouteFilter::ExternalAuth(auth) if auth.protocol == ExternalAuthProtocol::Grpc);
            self.add(resolved, id, grpc.then_some(UpstreamProtocol::Http2));
        }
    }
}

fn plain_protocol(backend: &Backend<'_>) -> UpstreamProtocol {
    backend.protocol.unwrap_or(UpstreamProtocol::Http1)
}

/// Collects the backends of all routes that attached to an emitted listener.
pub(super) fn lower_clusters(resolved: &Resolved<'_>, origins: &mut OriginTable) -> Clusters {
    let mut uses = Uses::default();
    for route in &resolved.http_routes {
        let mut listeners = route.parents.iter().flat_map(|parent| &parent.listeners);
        if listeners.any(|id| resolved.gateways[id.gateway].emitted) {
            uses.add_route(resolved, route);
        }
    }
    let mut lowered = Clusters { clusters: Vec::new(), by_use: HashMap::new(), plain: HashMap::new() };
    for ((name, id), protocols) in uses.used {
        let backend = resolved.backends.get(id);
        let object = backend.service.map(|service| origins.object(service));
        let plain = plain_protocol(backend);
        lowered.plain.insert(id, plain);
        for protocol in protocols {
            let position = ClusterId(u32::try_from(lowered.clusters.len()).unwrap_or(u32::MAX));
            lowered.by_use.insert((id, protocol), position);
            lowered.clusters.push(Cluster {
                backend: name.clone(),
                protocol,
                variant: if protocol == plain { String::new() } else { protocol.as_str().to_owned() },
                endpoints: backend.endpoints.clone(),
                retries: if uses.retried.contains(&id) { RetryLimit::Unlimited } else { RetryLimit::Unused },
                origin: object.map(|object| origins.origin(object, Place::Object)),
            });
        }
    }
    lowered
}
