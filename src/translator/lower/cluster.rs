//! Clusters: one for each backend and each set of upstream settings that something sends to.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::diagnostics::{Finding, ObjectPart};
use crate::id::ids;
use crate::ir::{Cluster, ClusterId, ClusterSettings, RetryLimit, Thousandths, UpstreamProtocol};
use crate::options::Options;
use crate::parser::api::{RetryBudget, RetryConstraint};
use crate::parser::manifests::{ObjectHead, ObjectKey};
use crate::resolver::{
    Audience, Backend, BackendId, BackendObject, BackendTls, KeyPairId, OriginTable, Protocol, Resolved,
    ResolvedGateway, ResolvedRoute, TlsSettings, retry_concurrency,
};
use typed_index_collections::TiVec;

use super::cluster_settings;
use super::key_material::KeyMaterial;
use super::option::headers::HeaderSecrets;
use super::scope::Scope;

/// The protocol of what a route sends to a backend. It decides, with what the backend declares,
/// on the settings of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum RouteProtocol {
    /// HTTP requests.
    Http,
    /// gRPC calls, which need HTTP/2.
    Grpc,
    /// The bytes of connections without TLS, or whose TLS has ended: encrypted where the backend wants it.
    Tcp,
    /// The bytes of connections whose TLS does not end here: never encrypted again.
    TlsPassthrough,
    /// Datagrams.
    Udp,
}

ids! {
    /// Clusters that differ only in the client certificate, by their position in the list of [`Clusters`].
    struct TemplateId;
    /// What a policy asks for of clusters, by its position in the list of [`Clusters`].
    struct AskedId;
}

/// The table of clusters. Whoever lowers something that sends asks for the cluster of what it sends and gets its id;
/// nothing else says which clusters there are.
#[derive(Clone, Debug)]
pub(super) struct Clusters<'m> {
    resolved: &'m Resolved<'m>,
    scope: Scope,
    /// Whether the input is compared with another one.
    is_compared: bool,
    /// Whether some Gateway shows a certificate.
    shows_certificates: bool,
    templates: TiVec<TemplateId, ClusterTemplate>,
    /// The template of each backend with settings of a name.
    by_settings: HashMap<(BackendId, &'static str, Option<AskedId>), TemplateId>,
    /// The clusters in whose place policies ask for others.
    aside: HashSet<ClusterId>,
    /// What policies ask for of clusters, each once.
    asked: TiVec<AskedId, Arc<AskedSettings>>,
    by_asked: HashMap<String, AskedId>,
    /// The template of each cluster, and the certificate of a Gateway that it shows.
    list: TiVec<ClusterId, (TemplateId, Option<KeyPairId>)>,
    by_certificate: HashMap<(TemplateId, Option<KeyPairId>), ClusterId>,
}

/// What clusters have in common that differ only in the client certificate that they show: that of a Gateway, or none.
#[derive(Clone, Copy, Debug)]
struct ClusterTemplate {
    backend: BackendId,
    settings: Settings,
    /// What a policy asks for.
    asked: Option<AskedId>,
    /// Whether some route tries again what it sends here.
    is_retried: bool,
}

/// What a policy asks for of clusters.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct AskedSettings {
    /// The policy, in the names of the clusters.
    pub(super) by: String,
    pub(super) settings: ClusterSettings,
    /// How many retries there may be at a time, where that is a share.
    pub(super) retries: Option<RetryLimit>,
    /// Whether what clients speak is spoken.
    pub(super) as_clients: bool,
}

impl AskedSettings {
    /// Whether anything is asked for.
    pub(super) fn asks(&self) -> bool {
        let Self { by: _, settings, retries, as_clients } = self;
        !settings.is_empty() || retries.is_some() || *as_clients
    }
}

/// What is sent, and whether it is tried again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) protocol: RouteProtocol,
    pub(super) is_retried: bool,
}

impl Sent {
    pub(super) fn once(protocol: RouteProtocol) -> Self {
        Self { protocol, is_retried: false }
    }
}

impl<'m> Clusters<'m> {
    pub(super) fn new(resolved: &'m Resolved<'m>, scope: Scope, options: &Options) -> Self {
        let mut table = Self {
            resolved,
            scope,
            is_compared: options.is_compared,
            shows_certificates: false,
            templates: TiVec::new(),
            by_settings: HashMap::new(),
            aside: HashSet::new(),
            asked: TiVec::new(),
            by_asked: HashMap::new(),
            list: TiVec::new(),
            by_certificate: HashMap::new(),
        };
        table.shows_certificates = resolved.gateways.iter().any(|gateway| table.certificate_of(gateway).is_some());
        table
    }

    /// A table of clusters of the same input that has none yet.
    pub(super) fn without_any(&self) -> Self {
        let Self { resolved, scope, is_compared, shows_certificates, .. } = *self;
        Self {
            resolved,
            scope,
            is_compared,
            shows_certificates,
            templates: TiVec::new(),
            by_settings: HashMap::new(),
            aside: HashSet::new(),
            asked: TiVec::new(),
            by_asked: HashMap::new(),
            list: TiVec::new(),
            by_certificate: HashMap::new(),
        }
    }

    /// The Secrets that headers may come from.
    pub(super) fn header_secrets(&self) -> HeaderSecrets<'m> {
        HeaderSecrets { index: &self.resolved.certificates, scope: self.scope }
    }

    /// The certificate that a Gateway shows to backends, if any and if it has a place in a configuration of the scope.
    pub(super) fn certificate_of(&self, gateway: &ResolvedGateway<'_>) -> Option<KeyPairId> {
        let is_held = |id: &KeyPairId| self.scope == Scope::Judged || !self.resolved.certificates.is_unplaced_pair(*id);
        gateway.client_certificate.filter(is_held)
    }

    /// The certificate that the first Gateway of the scope shows which a route is attached to; `None` for a route
    /// that is attached to none, and needs no cluster.
    pub(super) fn certificate_for(&self, route: &ResolvedRoute<'_>) -> Option<Option<KeyPairId>> {
        let mut gateways = route.listeners().map(|id| &self.resolved.gateways[id.gateway]);
        gateways.find(|gateway| self.scope.has_gateway(gateway)).map(|gateway| self.certificate_of(gateway))
    }

    /// The cluster for what is sent to a backend, where `certificate` is shown. `None` when the backend must not be
    /// connected to.
    pub(super) fn intern(&mut self, id: BackendId, sent: Sent, certificate: Option<KeyPairId>) -> Option<ClusterId> {
        let backend = self.resolved.backends.get(id);
        let settings = Settings::of(backend, sent.protocol, (self.scope, self.plain_protocol()))?;
        let template = *self.by_settings.entry((id, settings.variant, None)).or_insert_with(|| {
            self.templates.push_and_get_key(ClusterTemplate { backend: id, settings, asked: None, is_retried: false })
        });
        self.templates[template].is_retried |= sent.is_retried;
        let cluster = self.intern_in(template, certificate);
        // Where TLS cannot be had the routes answer with an error. What they ask for is compared all the same.
        (self.is_compared || !settings.is_withheld(backend)).then_some(cluster)
    }

    /// What is spoken where a backend does not say what it wants.
    fn plain_protocol(&self) -> UpstreamProtocol {
        match self.resolved.audience {
            Audience::Strangers => UpstreamProtocol::Http1,
            Audience::Neighbours => UpstreamProtocol::AsClients,
        }
    }

    fn intern_in(&mut self, template: TemplateId, certificate: Option<KeyPairId>) -> ClusterId {
        let ClusterTemplate { backend, settings, asked: _, is_retried: _ } = self.templates[template];
        let shows = settings.shows_certificate_of_gateway(self.resolved.backends.get(backend));
        let key = (template, certificate.filter(|_| shows));
        *self.by_certificate.entry(key).or_insert_with(|| self.list.push_and_get_key(key))
    }

    /// The cluster in place of `cluster` for a Gateway that shows this certificate.
    pub(super) fn with_certificate(&mut self, cluster: ClusterId, certificate: Option<KeyPairId>) -> ClusterId {
        let (template, _) = self.list[cluster];
        self.intern_in(template, certificate)
    }

    /// The cluster in place of `cluster` of which a policy asks for this.
    pub(super) fn with_settings(&mut self, cluster: ClusterId, asked: &Arc<AskedSettings>) -> ClusterId {
        let (template, certificate) = self.list[cluster];
        let ClusterTemplate { backend, settings, asked: _, is_retried } = self.templates[template];
        self.aside.insert(cluster);
        let settings = match settings.protocol {
            UpstreamProtocol::Udp => settings,
            _ if !asked.as_clients => settings,
            _ => Settings { protocol: UpstreamProtocol::AsClients, ..settings },
        };
        let asked = match self.by_asked.get(&asked.by) {
            Some(known) => *known,
            None => {
                let id = self.asked.push_and_get_key(Arc::clone(asked));
                self.by_asked.insert(asked.by.to_owned(), id);
                id
            }
        };
        let key = (backend, settings.variant, Some(asked));
        let template = *self.by_settings.entry(key).or_insert_with(|| {
            self.templates.push_and_get_key(ClusterTemplate { backend, settings, asked: Some(asked), is_retried })
        });
        self.templates[template].is_retried |= is_retried;
        self.intern_in(template, certificate)
    }

    /// Notes that some route tries again what it sends to a cluster.
    pub(super) fn retry(&mut self, cluster: ClusterId) {
        let (template, _) = self.list[cluster];
        self.templates[template].is_retried = true;
    }

    /// Whether some Gateway shows a certificate.
    pub(super) fn show_certificates(&self) -> bool {
        self.shows_certificates
    }

    /// The backend of a cluster, and what is spoken to it.
    pub(super) fn get(&self, id: ClusterId) -> (&'m Backend<'m>, UpstreamProtocol) {
        let ClusterTemplate { backend, settings, asked: _, is_retried: _ } = self.templates[self.list[id].0];
        (self.resolved.backends.get(backend), settings.protocol)
    }

    /// The server that has the keys of a provider of tokens; `None` where it cannot be asked.
    pub(super) fn key_server(
        &self,
        source: &ObjectHead,
        stage: Option<&'static str>,
        provider: &str,
    ) -> Option<BackendId> {
        self.resolved.key_servers.of(source, stage, provider)?.ok()
    }

    /// The server that an option of an object names for requests to be handed to; `None` where it cannot be asked.
    pub(super) fn processor_server(&self, object: &ObjectKey, field: &'static str) -> Option<BackendId> {
        self.resolved.processor_servers.of(object, field)?.ok()
    }

    /// Whether the cluster of a backend chooses an endpoint behind its address.
    pub(super) fn is_virtual(&self, backend: BackendId) -> bool {
        self.resolved.backends.get(backend).is_virtual
    }

    /// Whether the cluster of a backend chooses endpoints by a hash.
    pub(super) fn is_by_hash(&self, backend: BackendId) -> bool {
        let settings = &self.resolved.backends.get(backend).settings;
        // What chooses among the proxies of a tunnel sees bytes, and no requests.
        settings.tunnel.is_none() && settings.balancing.choice.is_some_and(|choice| choice.is_by_hash())
    }

    /// Whether a backend has hosts of further priorities.
    pub(super) fn has_failover(&self, backend: BackendId) -> bool {
        self.resolved.backends.get(backend).settings.failover.is_some()
    }

    /// The finding with what declares a backend as a place to look at.
    pub(super) fn relate(&self, backend: BackendId, finding: Finding) -> Finding {
        self.resolved.backends.get(backend).relate(finding)
    }

    /// Whether a policy limits the retries to a backend.
    pub(super) fn has_retry_budget(&self, backend: &Backend<'m>) -> bool {
        retry_constraint(self.resolved, backend).is_some()
    }

    /// The clusters, by id.
    pub(super) fn into_clusters(
        self,
        material: &mut KeyMaterial<'_>,
        origins: &mut OriginTable,
    ) -> TiVec<ClusterId, Cluster> {
        let Self {
            resolved, templates, list, asked: every_asked, aside, by_settings, by_asked, by_certificate, ..
        } = self;
        drop((by_settings, by_asked, by_certificate));
        let clusters = list.into_iter_enumerated().map(|(id, (template, certificate))| {
            let ClusterTemplate { backend, settings, asked, is_retried } = templates[template];
            let asked = asked.map(|id| &*every_asked[id]);
            let of_policy = asked.and_then(|asked| asked.retries);
            let retries = match is_retried {
                true => of_policy.unwrap_or_else(|| retry_limit(resolved, resolved.backends.get(backend))),
                false => RetryLimit::Unused,
            };
            let stands_aside = aside.contains(&id);
            Cluster {
                retries,
                stands_aside,
                ..settings.into_cluster(resolved, (backend, asked), certificate, material, origins)
            }
        });
        clusters.collect()
    }
}

/// What a TLSRoute sends to backends, by the protocol of the listener.
pub(super) fn tls_route_protocol(protocol: Protocol) -> RouteProtocol {
    if protocol == Protocol::TlsPassthrough { RouteProtocol::TlsPassthrough } else { RouteProtocol::Tcp }
}

/// How many retries there may be at a time to a backend that is retried.
fn retry_limit<'m>(resolved: &Resolved<'m>, backend: &Backend<'m>) -> RetryLimit {
    let Some(RetryConstraint { budget, min_retry_rate }) = retry_constraint(resolved, backend) else {
        return RetryLimit::Unlimited;
    };
    // Envoy has no interval: it looks at what is under way
    // ([retry budgets](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/circuit_breaker.proto#envoy-v3-api-msg-config-cluster-v3-circuitbreakers-thresholds-retrybudget)).
    let RetryBudget { percent, interval: _ } = budget;
    RetryLimit::Budget { percent: Thousandths(percent.saturating_mul(1000)), least: retry_concurrency(min_retry_rate) }
}

fn retry_constraint<'m>(resolved: &Resolved<'m>, backend: &Backend<'m>) -> Option<&'m RetryConstraint> {
    resolved.traffic_policies.of_backend(backend)?.spec.retry_constraint.as_ref()
}

/// The cluster of a backend with TLS for what is handed on as it comes.
const BYTES: &str = "bytes";

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
    fn of(backend: &Backend<'_>, protocol: RouteProtocol, (scope, plain): (Scope, UpstreamProtocol)) -> Option<Self> {
        let may_have_none = matches!(protocol, RouteProtocol::TlsPassthrough);
        let is_unplaced = || backend.every_tls().any(|settings| settings.unplaced.is_some());
        let tls = match (&backend.tls, protocol) {
            // A host of the failover may want what the backend's own do not.
            (BackendTls::Plain | BackendTls::Tls(_), _)
                if !may_have_none && scope == Scope::Emitted && is_unplaced() =>
            {
                return None;
            }
            (BackendTls::Plain, RouteProtocol::Udp)
                if !backend.further_tls.is_empty() || backend.is_behind_tunnel() =>
            {
                return None;
            }
            (_, RouteProtocol::TlsPassthrough) | (BackendTls::Plain, _) => false,
            // Datagrams have no TLS, and plain text is no answer to the wish for it.
            (BackendTls::Tls(_), RouteProtocol::Udp) | (BackendTls::Invalid(_), _) => return None,
            (BackendTls::Tls(_), _) => true,
        };
        let own = backend.protocol.unwrap_or(if tls { UpstreamProtocol::Negotiated } else { plain });
        Some(match protocol {
            RouteProtocol::Grpc if own != UpstreamProtocol::Http2 => {
                Self { protocol: UpstreamProtocol::Http2, tls, variant: "http2" }
            }
            RouteProtocol::TlsPassthrough
                if backend.tls != BackendTls::Plain
                    || !backend.further_tls.is_empty() && !backend.is_behind_tunnel() =>
            {
                Self { protocol: UpstreamProtocol::Http1, tls, variant: BYTES }
            }
            RouteProtocol::Udp => Self { protocol: UpstreamProtocol::Udp, tls, variant: "udp" },
            RouteProtocol::Http | RouteProtocol::Grpc | RouteProtocol::Tcp | RouteProtocol::TlsPassthrough => {
                Self { protocol: own, tls, variant: "" }
            }
        })
    }

    /// The TLS of connections of these settings.
    fn every_tls<'b>(self, backend: &'b Backend<'_>) -> impl Iterator<Item = &'b TlsSettings> {
        let further = self.further_tls(backend).map(Arc::as_ref);
        backend.tls.settings().filter(|_| self.tls).into_iter().chain(further)
    }

    /// TLS to hosts of a failover, which may have bytes as they come, and TLS to the proxies of a tunnel, which may not.
    fn further_tls<'b>(self, backend: &'b Backend<'_>) -> impl Iterator<Item = &'b Arc<TlsSettings>> {
        let has_them = self.variant != BYTES || backend.is_behind_tunnel();
        backend.further_tls.iter().filter(move |_| has_them)
    }

    /// Whether the TLS of the backend needs what nobody has.
    fn is_withheld(self, backend: &Backend<'_>) -> bool {
        self.every_tls(backend).any(|settings| settings.is_missing)
    }

    /// A backend may have a certificate of its own to be shown.
    fn shows_certificate_of_gateway(self, backend: &Backend<'_>) -> bool {
        self.every_tls(backend).any(|settings| settings.client_certificate.is_none())
    }

    fn into_cluster(
        self,
        resolved: &Resolved<'_>,
        (id, asked): (BackendId, Option<&AskedSettings>),
        certificate: Option<KeyPairId>,
        material: &mut KeyMaterial<'_>,
        origins: &mut OriginTable,
    ) -> Cluster {
        let backend = resolved.backends.get(id);
        let object = match backend.object {
            BackendObject::Service(service) => Some(origins.object(service)),
            BackendObject::External(object) => Some(origins.object(object)),
            BackendObject::Upstream(object) => Some(origins.object(object)),
            BackendObject::Envoy(object) => Some(origins.object(object)),
            BackendObject::Url(object) => Some(origins.object(object)),
            BackendObject::Assumed => None,
        };
        let tls = match &backend.tls {
            BackendTls::Tls(settings) if self.tls => Some(material.upstream_tls(settings, certificate, origins)),
            _ => None,
        };
        let further_tls =
            self.further_tls(backend).map(|own| material.upstream_tls(own, certificate, origins)).collect();
        let shown = certificate.map(|id| {
            let stored = resolved.certificates.pair(id);
            format!("client-cert/{}/{}", stored.namespace, stored.name)
        });
        let own = Some(self.variant.to_owned()).filter(|variant| !variant.is_empty());
        let settings = match asked {
            Some(asked) => Arc::new(cluster_settings::laid_over(&backend.settings, &asked.settings)),
            None => Arc::clone(&backend.settings),
        };
        Cluster {
            backend: backend.name.clone(),
            protocol: self.protocol,
            tls: tls.map(Box::new),
            further_tls,
            variant: own
                .into_iter()
                .chain(asked.map(|asked| asked.by.clone()))
                .chain(shown)
                .collect::<Vec<_>>()
                .join("/"),
            endpoints: backend.endpoints.clone(),
            hostname: backend.hostname.clone(),
            retries: RetryLimit::Unused,
            settings: cluster_settings::in_effect(&settings, self.protocol, &backend.endpoints),
            withheld: self.is_withheld(backend),
            origin: object.map(|object| origins.origin(object, ObjectPart::Whole)),
            stands_aside: false,
            called: None,
        }
    }
}
