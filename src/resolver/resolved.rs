//! What this stage hands on.

use std::collections::{BTreeSet, HashSet};

use crate::name::NamespacedName;
use crate::parser::api::{HttpListenerOption, ListenerOption, RouteOption, VirtualHostOption, XMeshSpec};
use crate::parser::manifests::{Kind, Manifests, Object};

use super::auth_server::AuthServers;
use super::backend::BackendIndex;
use super::certificate::CertificateIndex;
use super::effective::Effective;
use super::envoy_policy::EnvoyPolicies;
use super::gateway::{self, ResolvedGateway, ResolvedGatewayClass};
use super::key_server::KeyServers;
use super::listener::{ListenerId, ResolvedListener};
use super::listener_options::OptionsOfListeners;
use super::listener_set::ResolvedListenerSet;
use super::mesh::MeshParents;
use super::processor_server::ProcessorServers;
use super::route::{ResolvedRule, Routes};
use super::route_option::ResolvedRouteOption;
use super::traffic_policy::TrafficPolicies;
use super::usage::{BackendUsage, UsageBuilder};

/// For whom requests are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Clients of Gateways.
    Strangers,
    /// Clients of Services, inside the cluster.
    Neighbours,
}

/// The manifests with every reference looked up.
#[derive(Debug)]
pub struct Resolved<'m> {
    /// What was resolved.
    pub manifests: &'m Manifests,
    /// For whom requests are served.
    pub audience: Audience,
    /// The GatewayClasses that are ours, by name.
    pub gateway_classes: Vec<ResolvedGatewayClass<'m>>,
    /// The XMeshes that are ours, by name.
    pub meshes: Vec<&'m Object<XMeshSpec>>,
    /// The Gateways that are ours, by namespace and name, and behind them the stand-ins for missing ones.
    pub gateways: Vec<ResolvedGateway<'m>>,
    /// The ListenerSets, by age, namespace and name.
    pub listener_sets: Vec<ResolvedListenerSet<'m>>,
    /// The routes of all kinds.
    pub routes: Routes<'m>,
    /// What became of their Service parents.
    pub mesh_parents: MeshParents,
    /// Every backend that some reference names and may use.
    pub backends: BackendIndex<'m>,
    /// The XBackendTrafficPolicies.
    pub traffic_policies: TrafficPolicies<'m>,
    /// The RouteOptions, by age, namespace and name.
    pub route_options: Vec<ResolvedRouteOption<'m>>,
    /// What is translated of those RouteOptions that no rule has.
    pub idle_options: Vec<Effective<'m, RouteOption>>,
    /// The VirtualHostOptions, and what counts at each listener.
    pub virtual_host_options: OptionsOfListeners<'m, VirtualHostOption>,
    /// The ListenerOptions, and what counts at each listener.
    pub listener_options: OptionsOfListeners<'m, ListenerOption>,
    /// The HttpListenerOptions, and what counts at each listener.
    pub http_listener_options: OptionsOfListeners<'m, HttpListenerOption>,
    /// The servers that HttpListenerOptions name.
    pub auth_servers: AuthServers<'m>,
    /// The servers that have the keys of tokens.
    pub key_servers: KeyServers<'m>,
    /// The servers that requests are handed to in the place of others.
    pub processor_servers: ProcessorServers,
    /// The policies of Envoy Gateway.
    pub envoy_policies: EnvoyPolicies<'m>,
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

    /// The rules that are for clients of Services: those of routes that a Service takes.
    pub fn rules_of_clients(&self) -> impl Iterator<Item = &ResolvedRule<'m>> {
        let is_taken = |id| self.mesh_parents.of(id).iter().any(|parent| parent.refused.is_none());
        let routes = self.routes.with_ids().filter(move |(id, _)| is_taken(*id));
        routes.flat_map(|(_, route)| &route.rules)
    }

    /// The namespaces and names of the Services that policies are about.
    fn services_of_policies(&self) -> HashSet<NamespacedName<'m>> {
        let tls = self.backends.policies().iter().flat_map(|policy| {
            let names = policy.object.spec.target_refs.iter().map(|target| &target.name);
            names.map(|name| (&policy.object.metadata.namespace, name))
        });
        let traffic = self.traffic_policies.iter().flat_map(|policy| {
            let names = policy.object.spec.target_refs.iter().map(|target| &target.name);
            names.map(|name| (&policy.object.metadata.namespace, name))
        });
        tls.chain(traffic).collect()
    }

    /// Decides which Gateways are emitted, and notes through which ones backends are used.
    pub(super) fn mark_used(&mut self) {
        let services = self.services_of_policies();
        let Self { gateways, routes, backends, usage, .. } = self;
        let judged = routes.iter().filter(|route| !route.object().position.context);
        gateway::mark_emitted(gateways, judged.flat_map(|route| &route.parents));
        let mut used = UsageBuilder::new(services);
        for route in routes.iter() {
            for rule in &route.rules {
                let of_rule = rule.backends.iter().filter_map(|backend| backend.outcome.ok());
                let with_behind = |id| [Some(id), backends.get(id).behind.as_ref().map(|behind| behind.id)];
                let mut add = |id| used.add(id, backends.get(id), route.kind(), &route.parents);
                of_rule.flat_map(with_behind).flatten().for_each(&mut add);
                let of_filters = rule.all_filters().filter_map(|filter| filter.outcome?.ok());
                let of_filters = of_filters.chain(rule.options.copies_to.and_then(Result::ok));
                of_filters.flat_map(with_behind).flatten().for_each(add);
            }
        }
        *usage = used.build(backends);
        self.mark_ancestors();
    }

    /// Notes the Gateways that the status of each policy speaks of.
    fn mark_ancestors(&mut self) {
        let Self { backends, traffic_policies, usage, .. } = self;
        let is_service = |group: &str, kind: &str| group.is_empty() && kind == Kind::Service.name();
        backends.policies_mut().set_ancestors(|object| {
            let namespace = &object.metadata.namespace;
            let used = object.spec.target_refs.iter().flat_map(|target| match () {
                () if is_service(&target.group, &target.kind) => {
                    usage.connections_of(namespace, &target.name, target.section_name.as_deref())
                }
                () if Kind::Backend.is_named(&target.group, &target.kind) => {
                    usage.connections_of_backend(namespace, &target.name)
                }
                () => BTreeSet::new(),
            });
            used.collect()
        });
        traffic_policies.set_ancestors(|object| {
            let targets = object.spec.target_refs.iter().filter(|target| is_service(&target.group, &target.kind));
            let namespace = &object.metadata.namespace;
            targets.flat_map(|target| usage.requests_of(namespace, &target.name)).collect()
        });
    }
}
