//! The objects that policies can be about.

use std::collections::HashMap;

use crate::name::{NamespacedName, SectionName};
use crate::parser::api::{HttpListenerOption, ListenerOption, VirtualHostOption};
use crate::parser::manifests::{Kind, Manifests, ObjectHead};
use crate::resolver::certificate::CertificateIndex;
use crate::resolver::gateway::ResolvedGateway;
use crate::resolver::listener::{ListenerId, ResolvedListener};
use crate::resolver::listener_options::OptionsOfListeners;
use crate::resolver::reference_grant::Grants;
use crate::resolver::route::Routes;
use crate::resolver::selector::Namespaces;

/// An object that a policy can be about.
#[derive(Debug)]
pub(super) struct Target<'m> {
    pub(super) head: &'m ObjectHead,
    /// The names of its listeners or rules.
    pub(super) sections: Vec<&'m SectionName>,
}

/// The options of Gloo Gateway that may meet policies at a listener: of requests, of connections that carry them, and of
/// all connections.
pub(in crate::resolver) type OptionsOfGloo<'r, 'm> = (
    &'r OptionsOfListeners<'m, VirtualHostOption>,
    &'r OptionsOfListeners<'m, HttpListenerOption>,
    &'r OptionsOfListeners<'m, ListenerOption>,
);

/// What policies are resolved with.
pub(super) struct Known<'r, 'm> {
    pub(super) manifests: &'m Manifests,
    pub(super) gateways: &'r [ResolvedGateway<'m>],
    pub(super) routes: &'r Routes<'m>,
    pub(super) grants: &'r Grants<'m>,
    pub(super) certificates: &'r CertificateIndex<'m>,
    pub(super) namespaces: Namespaces<'m>,
    /// What options of Gloo Gateway say of requests, of connections that carry them, and of all connections.
    pub(super) hosts: &'r OptionsOfListeners<'m, VirtualHostOption>,
    pub(super) connections: &'r OptionsOfListeners<'m, HttpListenerOption>,
    pub(super) sockets: &'r OptionsOfListeners<'m, ListenerOption>,
    targets: HashMap<(Kind, NamespacedName<'m>), Target<'m>>,
    /// By kind, in the order of the input.
    by_kind: HashMap<Kind, Vec<NamespacedName<'m>>>,
}

impl<'r, 'm> Known<'r, 'm> {
    pub(super) fn new(
        manifests: &'m Manifests,
        (gateways, routes): (&'r [ResolvedGateway<'m>], &'r Routes<'m>),
        (hosts, connections, sockets): OptionsOfGloo<'r, 'm>,
        (grants, certificates): (&'r Grants<'m>, &'r CertificateIndex<'m>),
    ) -> Self {
        let namespaces = Namespaces::new(manifests);
        let mut known = Self {
            manifests,
            gateways,
            routes,
            grants,
            certificates,
            namespaces,
            hosts,
            connections,
            sockets,
            targets: HashMap::new(),
            by_kind: HashMap::new(),
        };
        for gateway in &manifests.gateways {
            known.add(&gateway.head, gateway.spec.listeners.iter().map(|listener| &listener.name).collect());
        }
        for set in &manifests.listener_sets {
            known.add(&set.head, set.spec.listeners.iter().map(|listener| &listener.name).collect());
        }
        for route in manifests.routes() {
            known.add(route.object, (0..route.rule_count()).filter_map(|rule| route.rule_name(rule)).collect());
        }
        known
    }

    /// Every listener, by its position.
    pub(super) fn listeners(&self) -> impl Iterator<Item = (ListenerId, &'r ResolvedListener<'m>)> + use<'r, 'm> {
        let gateways = self.gateways;
        gateways.iter().enumerate().flat_map(|(gateway, own)| {
            let listeners = own.listeners.iter().enumerate();
            listeners.map(move |(listener, own)| (ListenerId { gateway, listener }, own))
        })
    }

    fn add(&mut self, head: &'m ObjectHead, sections: Vec<&'m SectionName>) {
        let name = head.metadata.sort_key();
        self.targets.insert((head.kind, name), Target { head, sections });
        self.by_kind.entry(head.kind).or_default().push(name);
    }

    /// The object of a kind and name.
    pub(super) fn get(&self, kind: Kind, name: NamespacedName<'m>) -> Option<&Target<'m>> {
        self.targets.get(&(kind, name))
    }

    /// All objects of a kind.
    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Target<'m>> {
        let names = self.by_kind.get(&kind).map(Vec::as_slice).unwrap_or_default();
        names.iter().filter_map(move |name| self.targets.get(&(kind, *name)))
    }
}
