//! Clusters: one for each backend that an attached route uses and each set of
//! upstream settings, in the order of their names.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::ir::{BackendName, Cluster, ClusterId, RetryLimit, UpstreamProtocol};
use crate::parser::api::{ExternalAuthProtocol, RetryBudget, RetryConstraint};
use crate::parser::route::RouteKind;
use crate::resolver::{
    Backend, BackendId, BackendObject, BackendTls, KeyPairId, OriginTable, Place, Protocol, Resolved, ResolvedRoute,
    retry_concurrency,
};

use super::key_material::KeyMaterial;
use super::scope::Scope;

/// What a route sends to a backend. It decides, with what the backend declares,
/// on the settings of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Carried {
    /// HTTP requests.
    Http,
    /// gRPC calls, which need HTTP/2.
    Grpc,
    /// The bytes of connections without TLS, or whose TLS has ended: encrypted where the backend wants it.
    Stream,
    /// The bytes of connections whose TLS does not end here: never encrypted again.
    Bytes,
    /// Datagrams.
    Datagrams,
}

/// The clusters that differ only in the certificate that they show: that of a
/// Gateway, or none.
type Family = Vec<(Option<KeyPairId>, ClusterId)>;

/// The clusters, with the way from a backend to its own.
#[derive(Debug)]
pub(super) struct Clusters {
    clusters: Vec<Cluster>,
    families: Vec<Family>,
    /// The family of what is sent to a backend.
    by_use: HashMap<(BackendId, Carried), usize>,
    /// The family of each cluster.
    family_of: Vec<usize>,
    /// The backends behind whose address the cluster chooses an endpoint.
    virtual_backends: HashSet<BackendId>,
    /// Whether some Gateway shows a certificate that another one does not.
    differ_by_certificate: bool,
}

impl Clusters {
    /// A cluster for what a route sends to a backend; `None` when no attached
    /// route uses it, or when it must not be connected to. Where Gateways show
    /// certificates, [`Clusters::with_certificate`] finds the one for a Gateway.
    pub(super) fn get_for(&self, backend: BackendId, carried: Carried) -> Option<ClusterId> {
        let family = *self.by_use.get(&(backend, carried))?;
        self.families[family].first().map(|(_, cluster)| *cluster)
    }

    /// The cluster in place of `cluster` for a Gateway that shows this certificate.
    pub(super) fn with_certificate(&self, cluster: ClusterId, certificate: Option<KeyPairId>) -> ClusterId {
        let family = &self.families[self.family_of[cluster.0 as usize]];
        let showing = |shown| family.iter().find(|(own, _)| *own == shown).map(|(_, cluster)| *cluster);
        showing(certificate).or_else(|| showing(None)).unwrap_or(cluster)
    }

    /// Whether some Gateway shows a certificate that another one does not.
    pub(super) fn differ_by_certificate(&self) -> bool {
        self.differ_by_certificate
    }

    /// Whether the cluster chooses an endpoint behind the address of a backend.
    pub(super) fn is_virtual(&self, backend: BackendId) -> bool {
        self.virtual_backends.contains(&backend)
    }

    /// The cluster of an id.
    pub(super) fn get(&self, id: ClusterId) -> Option<&Cluster> {
        self.clusters.get(id.0 as usize)
    }

    pub(super) fn into_clusters(self) -> Vec<Cluster> {
        self.clusters
    }
}

/// Collects the backends of all routes that attached to a listener of the scope.
pub(super) fn lower_clusters(
    resolved: &Resolved<'_>,
    scope: Scope,
    material: &mut KeyMaterial<'_>,
    origins: &mut OriginTable,
) -> Clusters {
    let mut wanted: BTreeMap<(&BackendName, &'static str), Wanted> = BTreeMap::new();
    let mut virtual_backends = HashSet::new();
    for Use { backend: id, carried, certificate } in uses(resolved, scope) {
        let backend = resolved.backends.get(id);
        if backend.is_virtual {
            virtual_backends.insert(id);
        }
        if let Some(settings) = Settings::of(backend, carried, scope) {
            let certificate = certificate.filter(|_| settings.shows_certificate_of_gateway(backend));
            let new = || Wanted { id, settings, uses: Vec::with_capacity(1), certificates: Vec::with_capacity(1) };
            let entry = wanted.entry((&backend.name, settings.variant)).or_insert_with(new);
            // Where TLS cannot be had the routes answer with an error, and what they ask for is compared all the same.
            if !settings.is_withheld(backend) && !entry.uses.contains(&(id, carried)) {
                entry.uses.push((id, carried));
            }
            if !entry.certificates.contains(&certificate) {
                entry.certificates.push(certificate);
            }
        }
    }
    let (mut clusters, mut families) = (Vec::with_capacity(wanted.len()), Vec::with_capacity(wanted.len()));
    let (mut by_use, mut family_of) = (HashMap::with_capacity(wanted.len()), Vec::with_capacity(wanted.len()));
    let retried = retried(resolved);
    for Wanted { id, settings, uses, mut certificates } in wanted.into_values() {
        certificates.sort_unstable();
        let is_retried = uses.iter().any(|used| retried.contains(used));
        let retries = if is_retried { retry_limit(resolved, id) } else { RetryLimit::Unused };
        let mut family = Family::with_capacity(certificates.len());
        for certificate in certificates {
            family.push((certificate, ClusterId(u32::try_from(clusters.len()).unwrap_or(u32::MAX))));
            family_of.push(families.len());
            let cluster = settings.into_cluster(resolved, id, certificate, material, origins);
            clusters.push(Cluster { retries, ..cluster });
        }
        by_use.extend(uses.into_iter().map(|used| (used, families.len())));
        families.push(family);
    }
    let differ_by_certificate = families.iter().any(|family| family.len() > 1);
    Clusters { clusters, families, by_use, family_of, virtual_backends, differ_by_certificate }
}

/// A backend that an attached route uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Use {
    backend: BackendId,
    carried: Carried,
    /// The certificate of the Gateway that the route attached to.
    certificate: Option<KeyPairId>,
}

/// Every use of a backend, each once.
fn uses(resolved: &Resolved<'_>, scope: Scope) -> HashSet<Use> {
    let mut uses = HashSet::new();
    let place = (resolved, scope);
    for route in resolved.routes.iter() {
        let own = match route.kind() {
            RouteKind::Http => |_| Carried::Http,
            RouteKind::Grpc => |_| Carried::Grpc,
            RouteKind::Tls => stream_or_bytes,
            RouteKind::Tcp => |_| Carried::Stream,
            RouteKind::Udp => |_| Carried::Datagrams,
        };
        for rule in &route.rules {
            let backends: Vec<BackendId> = rule.used_backends().collect();
            add_uses(place, route, &backends, own, &mut uses);
            for filter in rule.all_filters() {
                let Some(Ok(backend)) = filter.outcome else { continue };
                match filter.protocol() {
                    None => add_uses(place, route, &[backend], own, &mut uses),
                    Some(ExternalAuthProtocol::Http) => {
                        add_uses(place, route, &[backend], |_| Carried::Http, &mut uses);
                    }
                    Some(ExternalAuthProtocol::Grpc) => {
                        add_uses(place, route, &[backend], |_| Carried::Grpc, &mut uses);
                    }
                }
            }
        }
    }
    uses
}

/// What a TLSRoute sends to backends, by the protocol of the listener.
pub(super) fn stream_or_bytes(protocol: Protocol) -> Carried {
    if protocol == Protocol::TlsPassthrough { Carried::Bytes } else { Carried::Stream }
}

/// Adds backends for every listener of the scope that the route attached to.
fn add_uses(
    (resolved, scope): (&Resolved<'_>, Scope),
    route: &ResolvedRoute<'_>,
    backends: &[BackendId],
    carried: impl Fn(Protocol) -> Carried,
    uses: &mut HashSet<Use>,
) {
    for id in route.listeners() {
        let gateway = &resolved.gateways[id.gateway];
        if scope.has_gateway(gateway) {
            let carried = carried(resolved.listener(id).protocol);
            let is_held = |id: &KeyPairId| scope == Scope::Judged || !resolved.certificates.is_unplaced_pair(*id);
            let certificate = gateway.client_certificate.filter(is_held);
            uses.extend(backends.iter().map(|backend| Use { backend: *backend, carried, certificate }));
        }
    }
}

/// What is sent again when it fails: to these clusters there may be many retries at a time.
fn retried(resolved: &Resolved<'_>) -> HashSet<(BackendId, Carried)> {
    let mut retried = HashSet::new();
    for route in resolved.routes.iter() {
        let carried = match route.kind() {
            RouteKind::Http => Carried::Http,
            RouteKind::Grpc => Carried::Grpc,
            RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp => continue,
        };
        for rule in route.rules.iter().filter(|rule| rule.is_retried()) {
            retried.extend(rule.backends.iter().filter_map(|backend| Some((backend.outcome.ok()?, carried))));
        }
    }
    retried
}

/// How many retries there may be at a time to a backend that is retried.
fn retry_limit(resolved: &Resolved<'_>, id: BackendId) -> RetryLimit {
    let policy = resolved.traffic_policies.of_backend(resolved.backends.get(id));
    let Some(constraint) = policy.and_then(|policy| policy.spec.retry_constraint.as_ref()) else {
        return RetryLimit::Unlimited;
    };
    let RetryConstraint { budget, min_retry_rate } = constraint;
    // Envoy has no interval: it looks at what is under way.
    let RetryBudget { percent, interval: _ } = budget;
    RetryLimit::Budget { percent: *percent, least: retry_concurrency(min_retry_rate) }
}

/// Clusters of one backend that share their settings.
struct Wanted {
    id: BackendId,
    settings: Settings,
    uses: Vec<(BackendId, Carried)>,
    /// The certificates that Gateways show.
    certificates: Vec<Option<KeyPairId>>,
}

/// What tells the clusters of one backend apart.
#[derive(Clone, Copy, Debug)]
struct Settings {
    protocol: UpstreamProtocol,
    /// Whether connections use the backend's TLS settings.
    tls: bool,
    variant: &'static str,
}

impl Settings {
    /// The settings for a use; `None` when the backend must not be connected
    /// to, because its TLS settings cannot be honoured: what they need may have no
    /// place in a configuration.
    fn of(backend: &Backend<'_>, carried: Carried, scope: Scope) -> Option<Self> {
        let tls = match (&backend.tls, carried) {
            (_, Carried::Bytes) | (BackendTls::Plain, _) => false,
            // Datagrams have no TLS, and plain text is no answer to the wish for it.
            (BackendTls::Tls(_), Carried::Datagrams) | (BackendTls::Invalid(_), _) => return None,
            (BackendTls::Tls(settings), _) if scope == Scope::Emitted && settings.unplaced.is_some() => return None,
            (BackendTls::Tls(_), _) => true,
        };
        let own = backend.protocol.unwrap_or(if tls { UpstreamProtocol::Negotiated } else { UpstreamProtocol::Http1 });
        Some(match carried {
            Carried::Grpc if own != UpstreamProtocol::Http2 => {
                Self { protocol: UpstreamProtocol::Http2, tls, variant: "http2" }
            }
            Carried::Bytes if backend.tls != BackendTls::Plain => {
                Self { protocol: UpstreamProtocol::Http1, tls, variant: "bytes" }
            }
            Carried::Datagrams => Self { protocol: UpstreamProtocol::Udp, tls, variant: "udp" },
            Carried::Http | Carried::Grpc | Carried::Stream | Carried::Bytes => {
                Self { protocol: own, tls, variant: "" }
            }
        })
    }

    /// Whether the TLS of the backend needs what nobody has.
    fn is_withheld(self, backend: &Backend<'_>) -> bool {
        self.tls && matches!(&backend.tls, BackendTls::Tls(settings) if settings.is_missing)
    }

    /// A backend may have a certificate of its own to be shown.
    fn shows_certificate_of_gateway(self, backend: &Backend<'_>) -> bool {
        self.tls && matches!(&backend.tls, BackendTls::Tls(settings) if settings.client_certificate.is_none())
    }

    fn into_cluster(
        self,
        resolved: &Resolved<'_>,
        id: BackendId,
        certificate: Option<KeyPairId>,
        material: &mut KeyMaterial<'_>,
        origins: &mut OriginTable,
    ) -> Cluster {
        let backend = resolved.backends.get(id);
        let object = match backend.object {
            BackendObject::Service(service) => Some(origins.object(service)),
            BackendObject::External(object) => Some(origins.object(object)),
            BackendObject::Assumed => None,
        };
        let tls = match &backend.tls {
            BackendTls::Tls(settings) if self.tls => Some(material.upstream_tls(settings, certificate, origins)),
            _ => None,
        };
        let shown = certificate.map(|id| {
            let stored = resolved.certificates.pair(id);
            format!("client-cert/{}/{}", stored.namespace, stored.name)
        });
        let own = Some(self.variant.to_owned()).filter(|variant| !variant.is_empty());
        Cluster {
            backend: backend.name.clone(),
            protocol: self.protocol,
            tls,
            variant: own.into_iter().chain(shown).collect::<Vec<_>>().join("/"),
            endpoints: backend.endpoints.clone(),
            retries: RetryLimit::Unused,
            withheld: self.is_withheld(backend),
            origin: object.map(|object| origins.origin(object, Place::Object)),
        }
    }
}
