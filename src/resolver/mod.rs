//! Stage 2: who refers to whom, and whether it may.
//!
//! Input: [`Manifests`]. Output: [`Resolved`], which borrows them: Gateways
//! with their listeners, routes with the listeners they attach to, backends
//! with their endpoints. Every refusal has been reported when this stage ends;
//! an invalid reference stays as a value that carries the proof.

mod address;
mod age;
mod attachment;
mod auth_server;
mod backend;
mod backend_tls;
mod certificate;
mod client_certificate;
mod clients;
mod consequence;
mod effective;
mod endpoint_slice;
mod envoy_policy;
mod extension;
mod foreign;
mod frontend;
mod gateway;
mod group_slip;
mod http_listener_option;
mod http_route_filter;
mod key_server;
mod l4_route;
mod listener;
mod listener_logs;
mod listener_option;
mod listener_options;
mod listener_set;
mod listener_tls;
mod mesh;
mod missing;
mod object_name;
mod option_verdict;
mod origin;
mod overlaps;
mod owner;
mod parameters;
mod policy;
mod processor_server;
mod reference;
mod reference_grant;
mod resolved;
mod route;
mod route_id;
mod route_option;
mod selector;
mod shadowing;
mod shared_hostname;
mod stand_in;
mod termination;
mod tls_route;
mod traffic_policy;
mod unjudged;
mod untranslated;
mod untranslated_auth;
mod untranslated_limits;
mod untranslated_processors;
mod untranslated_tokens;
mod untranslated_tracing;
mod upstream_reference;
mod usage;
mod virtual_host_option;
mod x_mesh;

use crate::diagnostics::{Diagnostics, Finding, Location, codes};
use crate::options::{Options, PortMap, Resolve};
use crate::parser::manifests::{Manifests, Metadata};
use crate::parser::route::RouteKind;

pub use address::GatewayAddresses;
pub use age::Age;
pub use attachment::{ParentRefusal, ParentSource, RouteParent};
pub use backend::{
    Backend, BackendId, BackendIndex, BackendObject, BackendRefOutcome, BackendTls, is_cipher, is_curve, tls_version,
};
pub use backend_tls::{BackendTlsPolicies, TlsSettings, TrustAnchors};
pub use certificate::Credential;
pub use certificate::{
    AUTHORITIES_KEY, BundleId, CERTIFICATE_KEY, CertificateIndex, HeaderSecret, HeldBundle, Holder, KeyPairId,
    NoHeaders, PRIVATE_KEY_KEY, Stored, StoredBundle, StoredPair,
};
pub use clients::{Frontends, names_of_service, of_clients, service_named};
pub use effective::Effective;
pub use envoy_policy::{
    AppliedPolicy, EnvoyPolicies, EnvoyPolicyId, EnvoyPolicyKind, PoliciesOfKind, PolicyField, PolicyScope,
    ResolvedEnvoyPolicy, SaidField,
};
pub use foreign::{ForeignUse, foreign_uses, is_without_traffic};
pub use frontend::ClientValidation;
pub use gateway::{ResolvedGateway, ResolvedGatewayClass};
pub use http_route_filter::RouteFilter;
pub use key_server::KeyServers;
pub use l4_route::serving_route;
pub use listener::{ListenerId, Protocol, ResolvedListener};
pub use listener_options::{
    AppliedOptions, ListenerOptions, ListenerOptionsId, ListenerScope, OptionsOfListeners, ResolvedListenerOptions,
};
pub use listener_set::{Membership, ResolvedListenerSet};
pub use mesh::{HeldPorts, MeshParent, MeshParents, PortHolder, RouteSet, ServedPort};
pub use object_name::is_object_name;
pub use origin::{OriginObject, OriginTable};
pub use owner::ListenerOwner;
pub use policy::{Policies, PolicyTarget, ResolvedPolicy, TargetOutcome};
pub use processor_server::{ProcessorServers, server_of_host, server_of_listener, server_of_rule};
pub use reference::{Annotatable, Annotated, References, annotated};
pub use reference_grant::Grants;
pub use resolved::{Audience, Resolved};
use route::RouteResolver;
pub use route::{ResolvedBackend, ResolvedFilter, ResolvedRoute, ResolvedRule, Routes, RuleSession};
pub use route_id::RouteId;
pub use route_option::{ResolvedRouteOption, RuleOptions};
pub use selector::matches_labels;
pub(crate) use selector::needs_labels;
pub use stand_in::{NamedAt, StandIn, StandIns};
pub use termination::Termination;
pub use tls_route::ServerNames;
pub use traffic_policy::{TrafficPolicies, retry_concurrency};
pub use untranslated::{PolicyOption, Said, is_translated};
pub use usage::BackendUsage;
pub(crate) use x_mesh::controller as controller_of_meshes;

/// Resolves all references of the input; `stand_ins` are in place of what it lacks.
pub fn resolve<'m>(
    manifests: &'m Manifests,
    stand_ins: &'m StandIns,
    options: &'m Options,
    diagnostics: &mut Diagnostics,
) -> Resolved<'m> {
    // Listeners first: everything else is about them, or attaches to them. Conflicts among them are settled here, the
    // Gateways' own before those of ListenerSets, because a listener that lost takes no route.
    let mut gateways = gateway::resolve_gateways(manifests, stand_ins, options, diagnostics);
    gateway::add_stand_ins(&mut gateways, stand_ins, options, diagnostics);
    let listener_sets = listener_set::join_listener_sets(manifests, options, &mut gateways, diagnostics);
    // What crosses namespaces asks for a grant, and what ends or begins TLS for a certificate: both are there before the
    // first reference is followed.
    let grants = Grants::new(&manifests.reference_grants, options);
    let mut certificates = CertificateIndex::new(manifests, options);
    listener_tls::resolve_tls(&mut gateways, &grants, &mut certificates, diagnostics);
    client_certificate::resolve_client_certificates(&mut gateways, &grants, &mut certificates, diagnostics);
    // Policies before backends, since a backend is looked up once and has its TLS settings from then on, and before
    // rules, which own the policies that apply to them.
    let policies = backend_tls::resolve_backend_tls(manifests, options, &mut certificates, diagnostics);
    let traffic_policies = traffic_policy::resolve_traffic_policies(manifests, options, diagnostics);
    let mut route_options = route_option::RouteOptions::new(manifests, options, diagnostics);
    let route_filters = http_route_filter::RouteFilters::new(manifests, (&certificates, &grants), diagnostics);
    let virtual_host_options = listener_options::resolve(manifests, &gateways, options, diagnostics);
    let listener_options = listener_options::resolve(manifests, &gateways, options, diagnostics);
    let http_listener_options = listener_options::resolve(manifests, &gateways, options, diagnostics);
    let external = backend::resolve_external(manifests, options, &grants, &mut certificates, diagnostics);
    let secrets = backend::resolve_upstream_secrets(manifests, &mut certificates, diagnostics);
    let named = (&policies, &mut certificates);
    let envoy = backend::judge_envoy_backends(manifests, options, named, diagnostics);
    let mut backends = BackendIndex::new(manifests, options, policies, (external, envoy), secrets);
    // Routes last of what is resolved: they need listeners, grants, policies and backends. The kinds go one after the
    // other, but nothing depends on their order: what decides between two routes is their age.
    let mut attacher = attachment::Attacher::new(manifests, options, &mut gateways, &listener_sets);
    let mut resolver = RouteResolver {
        attacher: Some(&mut attacher),
        grants: &grants,
        all_granted: &Grants::all(),
        backends: &mut backends,
        policies: &traffic_policies,
        options: &mut route_options,
        route_filters: &route_filters,
        shadows: shadowing::Shadows::default(),
    };
    let routes = resolver.resolve(manifests.routes().collect(), diagnostics);
    // Nothing is passed over: what no route has led to is looked at all the same.
    let idle_options = resolver.judge_idle(diagnostics);
    let auth_servers = auth_server::resolve_auth_servers(&http_listener_options, &mut backends, diagnostics);
    let key_servers =
        key_server::resolve_key_servers((&routes, &idle_options), &virtual_host_options, &mut backends, diagnostics);
    let processor_servers = processor_server::resolve_processor_servers(
        (&routes, &idle_options),
        &virtual_host_options,
        &mut backends,
        diagnostics,
    );
    let envoy_policies = envoy_policy::resolve_envoy_policies(
        manifests,
        (&gateways, &routes),
        (&virtual_host_options, &http_listener_options, &listener_options),
        (&grants, &mut certificates),
        &mut backends,
        options,
        diagnostics,
    );
    backends.judge_idle_upstreams(diagnostics);
    // What is about routes as a whole, or about what no route has asked for, can be said only when all have been seen.
    route_options.report_unused(diagnostics);
    let mesh_parents = mesh::judge(manifests, &routes, options, diagnostics);
    tls_route::report_shadowed(&gateways, &routes, diagnostics);
    shared_hostname::report_shared_hostnames(&gateways, &routes, diagnostics);
    l4_route::report_idle_routes(&gateways, RouteKind::Tcp, &routes, diagnostics);
    l4_route::report_idle_routes(&gateways, RouteKind::Udp, &routes, diagnostics);
    l4_route::report_tcp_on_tls(&gateways, &routes, diagnostics);
    let meshes = x_mesh::judge(manifests, options, diagnostics);
    endpoint_slice::report_orphans(manifests, options, diagnostics);
    endpoint_slice::report_unread_endpoints(manifests, diagnostics);
    foreign::report(manifests, &certificates, options, diagnostics);
    reference::report_unknown_names(manifests, diagnostics);
    reference_grant::report_slips(manifests, diagnostics);
    // What could not be read may be what the flags are for.
    if !manifests.has_unread {
        report_unused_resolves(&backends, manifests, options, diagnostics);
        report_unused_port_maps(options, &gateways, diagnostics);
        certificates.report_unused_files(diagnostics);
    }
    let mut resolved = Resolved {
        manifests,
        audience: Audience::Strangers,
        gateway_classes: gateway::resolve_classes(manifests, options),
        meshes,
        gateways,
        listener_sets,
        routes,
        mesh_parents,
        backends,
        traffic_policies,
        route_options: route_options.into_list(),
        idle_options,
        virtual_host_options,
        listener_options,
        http_listener_options,
        auth_servers,
        key_servers,
        processor_servers,
        envoy_policies,
        certificates,
        usage: BackendUsage::default(),
    };
    // Which Gateways of the context are emitted, and which Gateways reach a backend, depends on what is attached.
    resolved.mark_used();
    // From here on backends are looked at and not looked up.
    resolved.backends.close();
    unjudged::note(&resolved, diagnostics);
    resolved
}

/// The `--resolve` entries that no route needed.
fn report_unused_resolves(
    backends: &BackendIndex<'_>,
    manifests: &Manifests,
    options: &Options,
    diagnostics: &mut Diagnostics,
) {
    // Clients of Services are served by all of them, whether routes lead there or not.
    let is_served = |entry: &&Resolve| {
        let key = (&entry.namespace, &entry.name);
        options.mesh.is_some() && manifests.services.iter().any(|service| service.metadata.sort_key() == key)
    };
    for entry in backends.unused_resolves().filter(|entry| !is_served(entry)) {
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
