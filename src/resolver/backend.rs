//! Backend references: kind, grant, existence, port, protocol, endpoints, TLS
//! ([Service backends](https://gateway-api.sigs.k8s.io/api-types/httproute/#backendrefs-optional)).
//!
//! [`BackendIndex::resolve`] is the one way from a reference to a backend, for
//! every kind of route and for mirrors and authorization services alike. Each
//! backend is looked up once, however often it is referred to.

mod chosen_endpoints;
mod chosen_pods;
mod encryption;
mod envoy_backend;
mod envoy_backend_tls;
mod external;
mod idle_upstream;
mod index;
mod protocol;
mod refused;
mod service;
mod unusable;
mod upstream;
mod upstream_backend;
mod upstream_checks;
mod upstream_failover;
mod upstream_host;
mod upstream_protocol;
mod upstream_settings;
mod upstream_tls;
mod upstream_tunnel;
mod url_host;

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};

use crate::diagnostics::{Diagnostics, FieldPath, Finding, Location, codes};
use crate::ir::{BackendName, ClusterSettings, Endpoints, Site};
use crate::name::{Name, Namespace, NamespacedName};
use crate::options::{Options, Resolve};
use crate::parser::any_object::AnyObject;
use crate::parser::api::Service;
use crate::parser::manifests::{Kind, Manifests, Object, ObjectHead, ObjectKey};
use crate::parser::route::{BackendReference, RouteKind};
use crate::path;
use crate::port::Port;
use crate::whole;
use typed_index_collections::TiVec;

use super::backend_tls::BackendTlsPolicies;
use super::object_name::is_object_name;
use super::reference_grant::{Grants, Referent, Referrer};
use chosen_pods::Pods;
pub(super) use envoy_backend::judge_envoy_backends;
pub use envoy_backend_tls::{is_cipher, is_curve, tls_version};
pub(super) use external::resolve_external;
pub(super) use index::BackendReferrer;
use index::Given;
pub use index::{Backend, BackendId, BackendIndex, BackendObject, BackendRefOutcome, BackendTls};
use index::{EnvoyBackend, ExternalBackend, RefusedTargets, Settings, Suits, UnreadablePolicy, Unusable};
use unusable::{invalid_kind, not_a_name, not_permitted, other_namespace, unsuitable};
pub(super) use upstream_tls::{UpstreamSecrets, resolve_upstream_secrets};

impl Backend<'_> {
    /// The finding with what declares the backend as a place to look at.
    pub fn relate(&self, finding: Finding) -> Finding {
        match self.object {
            BackendObject::Service(service) => finding.related(service.at(&path!["spec"]), "the Service"),
            BackendObject::External(object) => finding.related(object.at(&path!["spec"]), "the XBackend"),
            BackendObject::Upstream(object) => finding.related(object.at(&path!["spec"]), "the Upstream"),
            BackendObject::Envoy(object) => finding.related(object.at(&path!["spec"]), "the Backend"),
            // Whoever refers to it is the policy.
            BackendObject::Url(_) | BackendObject::Assumed => finding,
        }
    }
}

impl<'m> BackendIndex<'m> {
    pub(super) fn new(
        manifests: &'m Manifests,
        options: &Options,
        policies: BackendTlsPolicies<'m>,
        (external, envoy): (
            HashMap<NamespacedName<'m>, ExternalBackend<'m>>,
            HashMap<NamespacedName<'m>, EnvoyBackend<'m>>,
        ),
        upstream_secrets: UpstreamSecrets<'m>,
    ) -> Self {
        let mut slices: HashMap<_, Vec<_>> = HashMap::new();
        for slice in &manifests.endpoint_slices {
            if let Some(service) = &slice.spec.service_name {
                slices.entry((&slice.metadata.namespace, service)).or_default().push(slice);
            }
        }
        Self {
            backends: TiVec::new(),
            by_name: HashMap::new(),
            services: by_name(&manifests.services),
            external,
            envoy,
            upstreams: by_name(&manifests.upstreams),
            meant: HashMap::new(),
            named_upstreams: HashSet::new(),
            nowhere: HashMap::new(),
            upstream_secrets,
            slices,
            pods: Pods::of(manifests),
            refused: &manifests.refused,
            manifests,
            unreadable: unreadable_policies(manifests),
            refused_targets: refused_targets(&policies),
            policies,
            resolve: options.resolve.clone(),
            used_resolves: HashSet::new(),
            warned: HashSet::new(),
            settings: Settings {
                assume_services: options.assume.services,
                allow_external_name: options.allow_external_name,
                cluster_domain: options.cluster_domain.clone(),
                is_compared: options.is_compared,
                system_ca: options.system_ca.clone(),
            },
        }
    }

    /// The backend of an id.
    pub fn get(&self, id: BackendId) -> &Backend<'m> {
        &self.backends[id]
    }

    /// The BackendTLSPolicies, with what became of each.
    pub fn policies(&self) -> &BackendTlsPolicies<'m> {
        &self.policies
    }

    /// The same, to be completed.
    pub(super) fn policies_mut(&mut self) -> &mut BackendTlsPolicies<'m> {
        &mut self.policies
    }

    /// Frees what only the resolving of references needs.
    pub(super) fn close(&mut self) {
        self.by_name = HashMap::new();
        self.backends.shrink_to_fit();
    }

    /// Whether there is such an Upstream, readable or not.
    pub(super) fn has_upstream(&self, (namespace, name): NamespacedName<'_>) -> bool {
        let (namespace_of, name_of) = (namespace.clone(), name.clone());
        let key = ObjectKey { kind: Kind::Upstream, namespace: namespace_of, name: name_of };
        self.upstreams.contains_key(&(namespace, name)) || self.refused.contains_key(&key)
    }

    /// Where an Upstream stands that something refers to and nothing can be sent to.
    pub(super) fn refused_upstream(&self, key: NamespacedName<'_>) -> Option<Location> {
        let is_refused = matches!(self.meant.get(&key), Some(Err(_)));
        self.upstreams.get(&key).filter(|_| is_refused).map(|object| object.at(&path!["spec"]))
    }

    /// The `--resolve` entries that no reference met.
    pub(super) fn unused_resolves(&self) -> impl Iterator<Item = &Resolve> {
        self.resolve.iter().enumerate().filter(|(index, _)| !self.used_resolves.contains(index)).map(|(_, entry)| entry)
    }

    /// Resolves one reference and reports why it is invalid. A backend whose
    /// TLS settings are invalid resolves: it exists, and is never connected to.
    pub(super) fn resolve(
        &mut self,
        from: &BackendReferrer<'_>,
        reference: BackendReference<'_>,
        grants: &Grants<'_>,
        diagnostics: &mut Diagnostics,
    ) -> BackendRefOutcome {
        let outcome = self.look_up(from, reference, grants, diagnostics);
        if !self.settings.is_compared {
            return outcome;
        }
        let usable = outcome.ok().filter(|id| !matches!(self.get(*id).tls, BackendTls::Invalid(_)));
        Ok(usable.unwrap_or_else(|| self.stand_in(from, reference)))
    }

    /// What stands for a reference that cannot be used: it is equal to another one exactly when both name the same.
    fn stand_in(&mut self, from: &BackendReferrer<'_>, reference: BackendReference<'_>) -> BackendId {
        let BackendReference { group, kind, name, namespace, port } = reference;
        let namespace = namespace.unwrap_or(&from.object.metadata.namespace).to_owned();
        let name = match (group, kind) {
            ("", "Service") => name.to_owned(),
            (group, kind) => Name::from(format!("{kind}.{group}/{name}")),
        };
        let name = BackendName { namespace, name, port: port.unwrap_or_default(), site: Site::Missing };
        let key = (name.clone(), from.kind == RouteKind::Udp);
        if let Some(Ok(known)) = self.by_name.get(&key) {
            return *known;
        }
        let endpoints = Endpoints::Dns(vec![(name.name.to_string(), name.port)]);
        let id = self.add(Backend {
            name,
            object: BackendObject::Assumed,
            protocol: None,
            tls: BackendTls::Plain,
            policy: None,
            endpoints,
            is_virtual: false,
            suits: Suits::Every,
            hostname: None,
            settings: ClusterSettings::none(),
            further_tls: Vec::new(),
            behind: None,
        });
        self.by_name.insert(key, Ok(id));
        id
    }

    fn add(&mut self, backend: Backend<'m>) -> BackendId {
        self.backends.push_and_get_key(backend)
    }

    fn look_up(
        &mut self,
        from: &BackendReferrer<'_>,
        reference: BackendReference<'_>,
        grants: &Grants<'_>,
        diagnostics: &mut Diagnostics,
    ) -> BackendRefOutcome {
        let BackendReference { group, kind, name, namespace, port } = reference;
        let own = &from.object.metadata.namespace;
        let namespace = namespace.unwrap_or(own);
        let site = match (group, kind) {
            ("", "Service") => Site::Internal,
            (group, kind) if group == Kind::XBackend.group() && kind == Kind::XBackend.name() => Site::External,
            (group, kind) if Kind::Upstream.is_named(group, kind) => Site::Upstream,
            (group, kind) if Kind::Backend.is_named(group, kind) => Site::Backend,
            _ => return Err(diagnostics.error(invalid_kind(from, group, kind))),
        };
        if !is_object_name(name) {
            return Err(diagnostics.error(not_a_name(from, name)));
        }
        if let Some(object) = self.upstreams.get(&(namespace, name)).filter(|_| site == Site::Upstream) {
            self.named_upstreams.insert(object.metadata.sort_key());
        }
        let referrer = Referrer { kind: from.object.kind, namespace: own };
        if site == Site::External && namespace != own {
            return Err(diagnostics.error(other_namespace(from, namespace, name)));
        }
        let referent = Referent { group, kind, namespace, name };
        if !grants.permit(referrer, referent) {
            return Err(diagnostics.error(not_permitted(from, (referrer, referent), grants)));
        }
        let port = match site {
            Site::Internal => port.unwrap_or_default(),
            Site::Upstream => return self.resolve_upstream(from, (namespace, name), diagnostics),
            Site::Backend => self.port_of_envoy(from, (namespace, name), port, diagnostics),
            Site::External | Site::Url | Site::Missing => {
                self.external_port(from, (namespace, name), port, diagnostics)
            }
        };
        let name = BackendName { namespace: namespace.clone(), name: name.clone(), port, site };
        self.resolve_named(from, name, diagnostics)
    }

    fn resolve_named(
        &mut self,
        from: &BackendReferrer<'_>,
        name: BackendName,
        diagnostics: &mut Diagnostics,
    ) -> BackendRefOutcome {
        let key = (name, from.kind == RouteKind::Udp);
        let known = match self.by_name.get(&key) {
            Some(known) => known.clone(),
            None => {
                let found = match key.0.site {
                    Site::Internal => self.look_up_service(&key.0, from, diagnostics),
                    Site::Upstream => self.look_up_upstream(&key.0),
                    Site::Backend => self.look_up_envoy(&key.0, from, diagnostics),
                    Site::External | Site::Url | Site::Missing => self.look_up_external(&key.0, from, diagnostics),
                };
                let found = found.map(|backend| self.add(backend));
                self.by_name.insert(key.clone(), found.clone());
                found
            }
        };
        let id = match known {
            Ok(id) => id,
            Err(Unusable::BadUpstream(proof)) => return Err(proof),
            Err(why) => return Err(diagnostics.error(self.unusable(from, &key.0, why))),
        };
        if let Some(finding) = unsuitable(from, self.get(id)) {
            return Err(diagnostics.error(finding));
        }
        if self.warned.insert((id, from.kind)) {
            self.warn(from, id, diagnostics);
        }
        match self.get(id).object {
            // What is known of it was looked at; in a cluster there is no such Service.
            BackendObject::Service(service) if lacks_parts(service) => {
                let refused = Unusable::NoService { likely: None, refused: true };
                Err(diagnostics.error(self.unusable(from, &key.0, refused)))
            }
            BackendObject::Service(_)
            | BackendObject::External(_)
            | BackendObject::Upstream(_)
            | BackendObject::Envoy(_)
            | BackendObject::Url(_)
            | BackendObject::Assumed => Ok(id),
        }
    }

    /// Whether it is said by hand where a backend is.
    fn is_resolved(&self, BackendName { namespace, name, port, site: _ }: &BackendName) -> bool {
        let is_of = |entry: &&Resolve| (&entry.namespace, &entry.name, entry.port) == (namespace, name, *port);
        self.resolve.iter().find(is_of).is_some_and(|entry| !entry.stands_in)
    }

    /// The endpoints that `--resolve` gives to a backend.
    fn given(&mut self, name: &BackendName) -> Option<Given> {
        let same =
            |entry: &Resolve| entry.namespace == name.namespace && entry.name == name.name && entry.port == name.port;
        let index = self.resolve.iter().position(same)?;
        self.used_resolves.insert(index);
        let Resolve { endpoints, stands_in, .. } = &self.resolve[index];
        Some(Given { endpoints: given_endpoints(endpoints), stands_in: *stands_in })
    }

    fn warn(&self, from: &BackendReferrer<'_>, id: BackendId, diagnostics: &mut Diagnostics) {
        let backend = self.get(id);
        let BackendName { namespace, name, port, site: _ } = &backend.name;
        if backend.endpoints == Endpoints::Static(Vec::new()) {
            let of_upstream =
                from.through.and_then(|object| self.meant.get(&object.metadata.sort_key())?.as_ref().ok());
            let has_failover = of_upstream.is_some_and(|meant| meant.says.settings.failover.is_some());
            let finding = from
                .object
                .finding(
                    codes::NO_READY_ENDPOINTS,
                    from.path.with("name"),
                    format!("Service `{namespace}/{name}` has no ready endpoint for port {port}"),
                )
                .consequence(match from.kind {
                    _ if has_failover => "what is sent to this backend goes to the hosts of its failover",
                    _ if is_of_options(from.object.kind) => "it answers nothing that it is asked",
                    RouteKind::Http => "requests for this backend get 503",
                    RouteKind::Grpc => "calls for this backend get UNAVAILABLE",
                    RouteKind::Tls | RouteKind::Tcp => "connections for this backend are closed",
                    RouteKind::Udp => "datagrams for this backend are dropped",
                })
                .help("add a ready endpoint to its EndpointSlices, or leave them out to use DNS");
            diagnostics.report(self.relate_endpoints(finding, backend));
        }
        match backend.object {
            BackendObject::Service(service) => self.warn_plain_service(from, backend, service, diagnostics),
            BackendObject::External(object) => external::warn_plain(from, backend, object, diagnostics),
            BackendObject::Envoy(object) => envoy_backend::warn_plain(from, backend, object, diagnostics),
            BackendObject::Upstream(_) | BackendObject::Url(_) | BackendObject::Assumed => {}
        }
    }

    /// The finding with what says where a Service's endpoints are: the Service, and each of its slices.
    fn relate_endpoints(&self, finding: Finding, backend: &Backend<'_>) -> Finding {
        let BackendName { namespace, name, port: _, site: _ } = &backend.name;
        let finding = backend.relate(finding);
        let slices = self.slices.get(&(namespace, name)).into_iter().flatten();
        slices
            .fold(finding, |finding, slice| finding.related(slice.at(&path!["endpoints"]), "endpoints of the Service"))
    }

    fn warn_plain_service(
        &self,
        from: &BackendReferrer<'_>,
        backend: &Backend<'_>,
        service: &Object<Service>,
        diagnostics: &mut Diagnostics,
    ) {
        if backend.tls != BackendTls::Plain || !matches!(from.kind, RouteKind::Http | RouteKind::Grpc) {
            return;
        }
        let found = service.spec.ports.iter().enumerate().find(|(_, port)| port.port == backend.name.port);
        let Some((index, declared)) = found else { return };
        let slip = declared.app_protocol.as_deref().and_then(|value| protocol::slip(service, index, value));
        if let Some(finding) = slip {
            diagnostics.report(finding.related(from.object.at(&from.path), "used by this reference"));
        }
        if let Some(protocol @ ("https" | "kubernetes.io/wss")) = declared.app_protocol.as_deref() {
            diagnostics.report(
                service
                    .finding(
                        codes::PLAINTEXT_BACKEND,
                        whole!["spec", "ports", index, "appProtocol"],
                        format!("appProtocol `{protocol}` does not turn TLS on"),
                    )
                    .related(from.object.at(&from.path), "used by this reference")
                    .consequence("the gateway speaks plain text to this backend")
                    .help("add a BackendTLSPolicy for the Service"),
            );
        }
    }
}

/// Whether the API server would refuse a Service for something that decides where its traffic goes.
fn lacks_parts(service: &Object<Service>) -> bool {
    service.refusal.as_ref().is_some_and(|refusal| !refusal.without.is_empty())
}

/// The first policy of each namespace of which a target, or all of them, cannot be decoded.
fn unreadable_policies(manifests: &Manifests) -> HashMap<Namespace, UnreadablePolicy> {
    let decoded = manifests.decoded.iter().filter_map(|object| match object {
        AnyObject::BackendTlsPolicy(policy) => Some(&policy.head),
        _ => None,
    });
    let heads: Vec<&ObjectHead> =
        manifests.backend_tls_policies.iter().map(|policy| &policy.head).chain(decoded).collect();
    let is_target = |part: &FieldPath| part.0.starts_with(&path!["spec", "targetRefs"].0);
    let lacks = |head: &&&ObjectHead| head.refusal.iter().flat_map(|refusal| &refusal.without).any(is_target);
    let known: HashSet<ObjectKey> = heads.iter().map(|head| head.key()).collect();
    let undecoded = manifests.refused.keys().filter(|key| key.kind == Kind::BackendTLSPolicy && !known.contains(key));
    let mut found: Vec<(ObjectKey, Location)> =
        undecoded.filter_map(|key| Some((key.clone(), manifests.refused_place(key)?))).collect();
    found.extend(heads.iter().filter(lacks).map(|head| (head.key(), head.at(&path!["spec", "targetRefs"]))));
    found.sort_by(|(one, _), (other, _)| other.cmp(one));
    let entry = |(ObjectKey { kind: _, namespace, name }, location)| (namespace, UnreadablePolicy { name, location });
    found.into_iter().map(entry).collect()
}

/// The targets of policies that do not count there.
fn refused_targets<'m>(policies: &BackendTlsPolicies<'m>) -> RefusedTargets<'m> {
    let mut refused: HashMap<_, Vec<_>> = HashMap::new();
    for policy in policies.iter() {
        let object = policy.object;
        for (target, outcome) in object.spec.target_refs.iter().zip(&policy.targets) {
            if let Err(proof) = outcome
                && target.group.is_empty()
            {
                let key = (&object.metadata.namespace, &target.name);
                refused.entry(key).or_default().push((target.section_name.as_deref(), *proof));
            }
        }
    }
    refused
}

fn by_name<S>(objects: &[Object<S>]) -> HashMap<NamespacedName<'_>, &Object<S>> {
    objects.iter().map(|object| (object.metadata.sort_key(), object)).collect()
}

/// Whether what refers to a backend asks it something by itself: for keys, or whether a request may pass.
const fn is_of_options(kind: Kind) -> bool {
    matches!(kind, Kind::HttpListenerOption | Kind::VirtualHostOption | Kind::RouteOption)
}

fn given_endpoints(endpoints: &[(String, Port)]) -> Endpoints {
    let addresses: Option<Vec<_>> = endpoints
        .iter()
        .map(|(host, port)| host.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, port.number())))
        .collect();
    addresses.map_or_else(|| Endpoints::Dns(endpoints.to_vec()), Endpoints::Static)
}
