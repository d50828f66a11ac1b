//! Stage 2: who refers to whom, and whether it may.
//!
//! Input: [`Manifests`]. Output: [`Resolved`], which borrows them: Gateways
//! with their listeners, routes with the listeners they attach to, backends
//! with their endpoints. Every refusal has been reported when this stage ends;
//! an invalid reference stays as a value that carries the proof.

mod address;
mod age;
mod attachment;
mod backend;
mod backend_refs;
mod backend_tls;
mod certificate;
mod client_certificate;
mod endpoint_slice;
mod filter;
mod foreign;
mod frontend;
mod gateway;
mod group_slip;
mod grpc_route;
mod http_route;
mod l4_route;
mod listener;
mod listener_set;
mod listener_tls;
mod object_name;
mod origin;
mod owner;
mod policy;
mod reference;
mod reference_grant;
mod selector;
mod share;
mod shared_hostname;
mod stand_in;
mod tls_route;
mod traffic_policy;
mod unjudged;
mod usage;

use std::collections::HashSet;

use crate::diagnostics::{Diagnostics, Finding, Location, codes};
use crate::hostname::Hostname;
use crate::options::{Options, PortMap};
use crate::parser::api::{L4RouteSpec, XBackendTrafficPolicySpec};
use crate::parser::manifests::{Kind, Manifests, Metadata, Object};

pub use address::GatewayAddresses;
pub use age::Age;
pub use attachment::{Attachment, ParentRefusal, ParentSource, RouteParent};
pub use backend::{Backend, BackendId, BackendIndex, BackendObject, BackendRefOutcome, BackendTls};
pub use backend_tls::{BackendTlsPolicies, TlsSettings, TrustAnchors};
pub use certificate::{
    AUTHORITIES_KEY, BundleId, CERTIFICATE_KEY, CertificateIndex, KeyPairId, PRIVATE_KEY_KEY, Stored, StoredBundle,
    StoredPair,
};
pub use filter::{FilterRefs, Speech};
pub use foreign::{ForeignUse, foreign_uses};
pub use frontend::ClientValidation;
pub use gateway::{ResolvedGateway, ResolvedGatewayClass};
pub use grpc_route::ResolvedGrpcRoute;
pub use http_route::ResolvedHttpRoute;
pub use l4_route::{ResolvedL4Route, serving_route};
pub use listener::{ListenerId, Protocol, ResolvedListener, RouteKind};
pub use listener_set::{Membership, ResolvedListenerSet};
pub use listener_tls::Termination;
pub use origin::{OriginTable, Place};
pub use owner::ListenerOwner;
pub use policy::{Policies, PolicyTarget, ResolvedPolicy, TargetOutcome};
pub use reference::References;
pub use reference_grant::Grants;
pub use stand_in::{NamedAt, StandIn, StandIns};
pub use tls_route::{ResolvedTlsRoute, ServerNames};
pub use traffic_policy::{TrafficPolicies, retry_concurrency};
pub use usage::BackendUsage;
use usage::UsageBuilder;

/// The manifests with every reference looked up.
#[derive(Debug)]
pub struct Resolved<'m> {
    /// What was resolved.
    pub manifests: &'m Manifests,
    /// The GatewayClasses that are ours, by name.
    pub gateway_classes: Vec<ResolvedGatewayClass<'m>>,
    /// The Gateways that are ours, by namespace and name, and behind them the stand-ins for missing ones.
    pub gateways: Vec<ResolvedGateway<'m>>,
    /// The ListenerSets, by age, namespace and name.
    pub listener_sets: Vec<ResolvedListenerSet<'m>>,
    /// The HTTPRoutes, by namespace and name.
    pub http_routes: Vec<ResolvedHttpRoute<'m>>,
    /// The GRPCRoutes, by namespace and name.
    pub grpc_routes: Vec<ResolvedGrpcRoute<'m>>,
    /// The TLSRoutes, by namespace and name.
    pub tls_routes: Vec<ResolvedTlsRoute<'m>>,
    /// The TCPRoutes, by namespace and name.
    pub tcp_routes: Vec<ResolvedL4Route<'m>>,
    /// The UDPRoutes, by namespace and name.
    pub udp_routes: Vec<ResolvedL4Route<'m>>,
    /// Every backend that some reference names and may use.
    pub backends: BackendIndex<'m>,
    /// The XBackendTrafficPolicies.
    pub traffic_policies: TrafficPolicies<'m>,
    /// Every certificate that some reference names and may use.
    pub certificates: CertificateIndex<'m>,
    /// Through which Gateways routes use which backends.
    pub usage: BackendUsage,
}

impl<'m> Resolved<'m> {
    /// The listener of an id.
    pub fn listener(&self, id: ListenerId) -> &ResolvedListener<'m> {
        &self.gateways[id.gateway].listeners[id.listener]
    }

    /// The metadata and the hostnames of an attached route that speaks HTTP;
    /// `None` for the other kinds.
    pub fn http_names(&self, attachment: Attachment) -> Option<(&'m Metadata, &[Hostname])> {
        match attachment.kind {
            RouteKind::Http => {
                let ResolvedHttpRoute { object, hostnames, .. } = &self.http_routes[attachment.route];
                Some((&object.metadata, hostnames))
            }
            RouteKind::Grpc => {
                let ResolvedGrpcRoute { object, hostnames, .. } = &self.grpc_routes[attachment.route];
                Some((&object.metadata, hostnames))
            }
            RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp => None,
        }
    }
}

/// Resolves all references of the input; `stand_ins` are in place of what it lacks.
pub fn resolve<'m>(
    manifests: &'m Manifests,
    stand_ins: &'m StandIns,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> Resolved<'m> {
    let mut gateways = gateway::resolve_gateways(manifests, stand_ins, options, diagnostics);
    gateway::add_stand_ins(&mut gateways, stand_ins, options, diagnostics);
    let listener_sets = listener_set::join_listener_sets(manifests, options, &mut gateways, diagnostics);
    let grants = Grants::new(&manifests.reference_grants, options);
    let mut certificates = CertificateIndex::new(manifests, options);
    listener_tls::resolve_tls(&mut gateways, &grants, &mut certificates, diagnostics);
    client_certificate::resolve_client_certificates(&mut gateways, &grants, &mut certificates, diagnostics);
    let policies = backend_tls::resolve_backend_tls(manifests, options, &mut certificates, diagnostics);
    let traffic_policies = traffic_policy::resolve_traffic_policies(manifests, options, diagnostics);
    let external = backend::resolve_external(manifests, options, &grants, &mut certificates, diagnostics);
    let mut backends = BackendIndex::new(manifests, options, policies, external);
    let mut parents = attachment::Attacher::new(manifests, options, &mut gateways, &listener_sets);
    let http_routes: Vec<_> = by_name(&manifests.http_routes)
        .into_iter()
        .map(|route| http_route::resolve_http_route(route, &mut parents, &grants, &mut backends, diagnostics))
        .collect();
    let grpc_routes: Vec<_> = by_name(&manifests.grpc_routes)
        .into_iter()
        .map(|route| grpc_route::resolve_grpc_route(route, &mut parents, &grants, &mut backends, diagnostics))
        .collect();
    let tls_routes: Vec<_> = by_name(&manifests.tls_routes)
        .into_iter()
        .map(|route| tls_route::resolve_tls_route(route, &mut parents, &grants, &mut backends, diagnostics))
        .collect();
    let mut l4_routes = |kind, routes: &'m [Object<L4RouteSpec>]| -> Vec<ResolvedL4Route<'m>> {
        let routes = by_name(routes).into_iter();
        let resolve =
            |route| l4_route::resolve_l4_route(kind, route, &mut parents, &grants, &mut backends, diagnostics);
        routes.map(resolve).collect()
    };
    let tcp_routes = l4_routes(RouteKind::Tcp, &manifests.tcp_routes);
    let udp_routes = l4_routes(RouteKind::Udp, &manifests.udp_routes);
    tls_route::report_shadowed(&gateways, &tls_routes, diagnostics);
    shared_hostname::report_shared_hostnames(&gateways, &http_routes, &grpc_routes, diagnostics);
    l4_route::report_idle_routes(&gateways, RouteKind::Tcp, &tcp_routes, diagnostics);
    l4_route::report_idle_routes(&gateways, RouteKind::Udp, &udp_routes, diagnostics);
    l4_route::report_tcp_on_tls(&gateways, &tcp_routes, &tls_routes, diagnostics);
    report_unserved_kinds(manifests, diagnostics);
    endpoint_slice::report_orphans(manifests, options, diagnostics);
    endpoint_slice::report_unread_endpoints(manifests, diagnostics);
    foreign::report(manifests, options, diagnostics);
    report_unused_resolves(&backends, diagnostics);
    report_unused_port_maps(options, &gateways, diagnostics);
    let mut resolved = Resolved {
        manifests,
        gateway_classes: gateway::resolve_classes(manifests, options),
        gateways,
        listener_sets,
        http_routes,
        grpc_routes,
        tls_routes,
        tcp_routes,
        udp_routes,
        backends,
        traffic_policies,
        certificates,
        usage: BackendUsage::default(),
    };
    resolved.mark_used();
    resolved.backends.close();
    unjudged::note(&resolved, diagnostics);
    resolved
}

impl<'m> Resolved<'m> {
    /// The policy whose session holds for a rule that declares none: that of
    /// the first backend which has one. A session spans all backends of its
    /// rule, so that the weights of a split do not end it.
    pub fn policy_session(&self, outcomes: &[BackendRefOutcome]) -> Option<&'m Object<XBackendTrafficPolicySpec>> {
        let backends = outcomes.iter().flatten().map(|id| self.backends.get(*id));
        let mut policies = backends.filter_map(|backend| self.traffic_policies.of_backend(backend));
        policies.find(|policy| policy.spec.session_persistence.is_some())
    }
}

impl<'m> Resolved<'m> {
    /// The namespaces and names of the Services that policies are about.
    fn services_of_policies(&self) -> HashSet<(&'m str, &'m str)> {
        let tls = self.backends.policies().iter().flat_map(|policy| {
            let names = policy.object.spec.target_refs.iter().map(|target| target.name.as_str());
            names.map(|name| (policy.object.metadata.namespace.as_str(), name))
        });
        let traffic = self.traffic_policies.iter().flat_map(|policy| {
            let names = policy.object.spec.target_refs.iter().map(|target| target.name.as_str());
            names.map(|name| (policy.object.metadata.namespace.as_str(), name))
        });
        tls.chain(traffic).collect()
    }

    /// Decides which Gateways are emitted, and notes through which ones backends are used.
    fn mark_used(&mut self) {
        let services = self.services_of_policies();
        let Self { gateways, http_routes, grpc_routes, tls_routes, tcp_routes, udp_routes, backends, usage, .. } = self;
        macro_rules! uses {
            ($($routes:ident),+) => {
                [$($routes.iter().map(|r| (r.object, &r.parents, &r.backends)).map(|(object, parents, backends)| {
                    (object.kind, object.position.context, parents, backends)
                }).collect::<Vec<_>>()),+]
            };
        }
        let uses = uses!(http_routes, grpc_routes, tls_routes, tcp_routes, udp_routes).concat();
        let filters = http_routes.iter().map(|r| (&r.parents, &r.filters));
        let filters: Vec<_> = filters.chain(grpc_routes.iter().map(|r| (&r.parents, &r.filters))).collect();
        let judged = uses.iter().filter(|(_, context, ..)| !context);
        gateway::mark_emitted(gateways, judged.flat_map(|(_, _, parents, _)| parents.iter()));
        let mut used = UsageBuilder::new(services);
        for (kind, _, parents, outcomes) in uses {
            outcomes.iter().flatten().flatten().for_each(|id| used.add(*id, backends.get(*id), kind, parents));
        }
        for (parents, filters) in filters {
            let outcomes = filters.iter().flat_map(FilterRefs::outcomes);
            let ids = outcomes.filter_map(|(_, outcome)| outcome.ok());
            ids.for_each(|id| used.add(id, backends.get(id), Kind::HTTPRoute, parents));
        }
        *usage = used.build(backends);
        self.mark_ancestors();
    }

    /// Notes the Gateways that the status of each policy speaks of.
    fn mark_ancestors(&mut self) {
        let Self { backends, traffic_policies, usage, .. } = self;
        let is_service = |group: &str, kind: &str| group.is_empty() && kind == Kind::Service.name();
        backends.policies_mut().set_ancestors(|object| {
            let targets = object.spec.target_refs.iter().filter(|target| is_service(&target.group, &target.kind));
            let namespace = &object.metadata.namespace;
            let used = targets
                .flat_map(|target| usage.connections_of(namespace, &target.name, target.section_name.as_deref()));
            used.collect()
        });
        traffic_policies.set_ancestors(|object| {
            let targets = object.spec.target_refs.iter().filter(|target| is_service(&target.group, &target.kind));
            let namespace = &object.metadata.namespace;
            targets.flat_map(|target| usage.requests_of(namespace, &target.name)).collect()
        });
    }
}

/// The `--resolve` entries that no route needed.
fn report_unused_resolves(backends: &BackendIndex<'_>, diagnostics: &mut Diagnostics) {
    for entry in backends.unused_resolves() {
        diagnostics.report(Finding::new(
            codes::UNUSED_RESOLVE,
            Location::Run,
            format!(
                "`--resolve {}/{}:{}` names a Service port that no route uses",
                entry.namespace, entry.name, entry.port
            ),
        ));
    }
}

/// The `--port-map` entries whose port no listener has.
fn report_unused_port_maps(options: &Options, gateways: &[ResolvedGateway<'_>], diagnostics: &mut Diagnostics) {
    for PortMap { gateway: chosen, from, to } in &options.port_map {
        let is_meant = |gateway: &&ResolvedGateway<'_>| {
            let Metadata { namespace, name, .. } = &gateway.object.metadata;
            chosen.as_ref().is_none_or(|(of, called)| of == namespace && called == name)
        };
        let mut listeners = gateways.iter().filter(is_meant).flat_map(|gateway| &gateway.listeners);
        if listeners.any(|listener| listener.spec.port == *from) {
            continue;
        }
        let prefix = chosen.as_ref().map(|(namespace, name)| format!("{namespace}/{name}:")).unwrap_or_default();
        let message = format!("`--port-map {prefix}{from}={to}` names a port that no listener has");
        diagnostics.report(Finding::new(codes::UNUSED_PORT_MAP, Location::Run, message));
    }
}

/// The objects in the order of namespace and name.
fn by_name<S>(objects: &[Object<S>]) -> Vec<&Object<S>> {
    let mut sorted: Vec<_> = objects.iter().collect();
    sorted.sort_by_key(|object| object.metadata.sort_key());
    sorted
}

/// Kinds that are decoded and checked, and not served yet.
fn report_unserved_kinds(manifests: &Manifests, diagnostics: &mut Diagnostics) {
    macro_rules! unserved {
        ($($list:ident),+) => {$(
            for object in &manifests.$list {
                let kind = object.kind.name();
                diagnostics.report(
                    object
                        .finding(codes::KIND_NOT_SERVED, crate::path!["kind"], format!("{kind} is not served by gwctl yet"))
                        .label("read and checked, but not translated")
                        .consequence("the traffic that this object describes is not served")
                        .help("leave the object out of this input, or pass its file with `--context`"),
                );
            }
        )+};
    }
    unserved!(meshes);
}
