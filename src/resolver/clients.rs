//! The input as the clients of one namespace meet it: in the place of Gateways
//! stand the Services that they connect to, each port with the routes that
//! count for these clients, or with none and the Service behind it.
//!
//! Nothing is reported here: whatever there is to say of the routes of Services
//! is said where they are judged.

mod frontend;
mod name;

use std::collections::HashMap;

use crate::diagnostics::Diagnostics;
use crate::hostname::Hostname;
use crate::options::Options;
use crate::parser::manifests::{Manifests, ObjectHead};
use crate::parser::route::{Route, RouteKind};
use crate::port::Port;

use super::address::GatewayAddresses;
use super::attachment::{ParentSource, RouteParent};
use super::auth_server::AuthServers;
use super::backend::{self, BackendIndex};
use super::certificate::CertificateIndex;
use super::gateway::ResolvedGateway;
use super::http_route_filter::RouteFilters;
use super::key_server::resolve_key_servers;
use super::listener::{ListenerId, Protocol, ResolvedListener};
use super::listener_options::OptionsOfListeners;
use super::mesh::{self, ServedPort};
use super::owner::ListenerOwner;
use super::policy::Policies;
use super::processor_server::ProcessorServers;
use super::reference_grant::Grants;
use super::resolved::{Audience, Resolved};
use super::route::RouteResolver;
use super::route_id::RouteId;
use super::route_option::RouteOptions;
use super::shadowing::Shadows;
use super::traffic_policy;
use super::usage::BackendUsage;

use frontend::Frontend;
pub use frontend::Frontends;
pub use name::{names_of_service, service_named};

/// The input as the clients of a namespace meet it.
pub fn of_clients<'m>(
    manifests: &'m Manifests,
    frontends: &'m Frontends,
    client: &str,
    options: &'m Options,
) -> Resolved<'m> {
    let unheard = &mut Diagnostics::new();
    // Nothing that a mesh sends needs a grant.
    let grants = Grants::all();
    let mut certificates = CertificateIndex::new(manifests, options);
    // These policies say what Gateways do with backends.
    let tls = Policies::compete(Vec::new(), |_| true, unheard);
    let traffic_policies = traffic_policy::resolve_traffic_policies(manifests, options, unheard);
    let mut route_options = RouteOptions::new(manifests, options, unheard);
    let route_filters = RouteFilters::new(manifests, (&certificates, &grants), unheard);
    let external = backend::resolve_external(manifests, options, &grants, &mut certificates, unheard);
    let envoy = backend::judge_envoy_backends(manifests, options, (&tls, &mut certificates), unheard);
    let secrets = backend::resolve_upstream_secrets(manifests, &mut certificates, unheard);
    let mut backends = BackendIndex::new(manifests, options, tls, (external, envoy), secrets);
    let mut resolver = RouteResolver {
        attacher: None,
        grants: &grants,
        all_granted: &grants,
        backends: &mut backends,
        policies: &traffic_policies,
        options: &mut route_options,
        route_filters: &route_filters,
        shadows: Shadows::default(),
    };
    let plain = frontends.0.iter().flat_map(|frontend| &frontend.ports);
    let plain = plain.map(|port| Route::l4(port.plain_kind(), &port.plain));
    let mut routes = resolver.resolve(manifests.routes().chain(plain).collect(), unheard);
    // VirtualHostOptions are about what Gateways serve.
    let nobody = OptionsOfListeners::default();
    let key_servers = resolve_key_servers((&routes, &[]), &nobody, &mut backends, unheard);
    let mesh_parents = mesh::judge(manifests, &routes, options, unheard);
    let by_object: HashMap<*const ObjectHead, RouteId> =
        routes.with_ids().map(|(id, route)| (std::ptr::from_ref(route.object()), id)).collect();
    let mut gateways = Vec::with_capacity(frontends.0.len());
    for (gateway, frontend) in frontends.0.iter().enumerate() {
        let mut resolved = as_gateway(frontend);
        for (position, port) in frontend.ports.iter().enumerate() {
            let Some(listener) = resolved.listeners.get_mut(position) else { continue };
            let at = ListenerId { gateway, listener: position };
            let accepted = |index| {
                let source = ParentSource::Ref(index);
                RouteParent { source, gateway: Some(gateway), listeners: vec![at], refused: None }
            };
            let mut attached = Vec::new();
            let held = held_as(frontend, listener.spec.port, port.is_udp);
            let client = frontend.client.as_deref().unwrap_or(client);
            let counting = mesh_parents.held.set(&held, client);
            let is_meant = counting.holders().iter().any(|holder| holder.names_port);
            for holder in counting.holders() {
                attached.push((holder.route, accepted(holder.parent)));
            }
            let plain = by_object.get(&std::ptr::from_ref(&port.plain.head)).copied();
            if attached.is_empty() {
                attached.extend(plain.map(|route| (route, accepted(0))));
            }
            listener.attached = attached.iter().map(|(route, _)| *route).collect();
            listener.attached.sort_unstable();
            listener.attached.dedup();
            if let Some(route) = listener.attached.first() {
                let kind = routes.get(*route).kind();
                listener.protocol = protocol(kind);
                listener.kinds = vec![kind];
            }
            let is_detected = listener.protocol == Protocol::Http && port.is_doubtful && !is_meant;
            if let Some(plain) = plain.filter(|_| is_detected) {
                listener.unlike_http = Some(plain);
                routes.add_parent(plain, accepted(0));
            }
            attached.into_iter().for_each(|(route, parent)| routes.add_parent(route, parent));
        }
        gateways.push(resolved);
    }
    let mut resolved = Resolved {
        manifests,
        audience: Audience::Neighbours,
        gateway_classes: Vec::new(),
        meshes: Vec::new(),
        gateways,
        listener_sets: Vec::new(),
        routes,
        mesh_parents,
        backends,
        traffic_policies,
        route_options: route_options.into_list(),
        // They are judged for Gateways.
        idle_options: Vec::new(),
        virtual_host_options: nobody,
        listener_options: OptionsOfListeners::default(),
        http_listener_options: OptionsOfListeners::default(),
        auth_servers: AuthServers::new(),
        key_servers,
        processor_servers: ProcessorServers::default(),
        // They are about what Gateways serve.
        envoy_policies: super::envoy_policy::EnvoyPolicies::default(),
        certificates,
        usage: BackendUsage::default(),
    };
    resolved.mark_used();
    // Services are served whether routes are for them or not.
    resolved.gateways.iter_mut().for_each(|service| service.emitted = true);
    resolved.backends.close();
    resolved
}

/// The port of a Service as routes have it.
fn held_as(frontend: &Frontend, number: Port, is_udp: bool) -> ServedPort {
    let (namespace, name) = &frontend.service;
    ServedPort { namespace: namespace.clone(), service: name.clone(), port: Some(number), is_udp }
}

/// A Service in the place of a Gateway, its ports in that of listeners without routes.
fn as_gateway(frontend: &Frontend) -> ResolvedGateway<'_> {
    let object = &frontend.gateway;
    let listeners = frontend.ports.iter().zip(&object.spec.listeners).map(|(port, spec)| ResolvedListener {
        owner: ListenerOwner::of_gateway(object),
        index: port.index,
        spec,
        protocol: protocol(port.plain_kind()),
        hostname: Hostname::Any,
        kinds: vec![port.plain_kind()],
        termination: None,
        named_certificates: Vec::new(),
        clients: None,
        refused: None,
        conflict: None,
        bad_selector: None,
        attached: Vec::new(),
        unlike_http: None,
    });
    ResolvedGateway {
        object,
        listeners: listeners.collect(),
        refused: None,
        stand_in: None,
        emitted: false,
        client_certificate: None,
        controller: None,
        addresses: GatewayAddresses::default(),
    }
}

/// What a port speaks that has routes of a kind.
fn protocol(kind: RouteKind) -> Protocol {
    match kind {
        RouteKind::Http | RouteKind::Grpc => Protocol::Http,
        RouteKind::Tls => Protocol::TlsPassthrough,
        RouteKind::Tcp => Protocol::Tcp,
        RouteKind::Udp => Protocol::Udp,
    }
}
