//! What clients of Services meet: compared for those of each namespace that have routes of their own, and for all
//! others.

use std::collections::{BTreeMap, BTreeSet};

use super::addresses;
use super::change::{Change, ChangeKind, Clients, Moved, Touch, Touched, WitnessView};
use super::pods::Pods;
use super::rules::Both;
use super::side::{EXAMPLE, Names, Side};
use super::traffic;
use crate::compile::{Compilation, ServiceParents, parents_of_services, view_of_ports};
use crate::diagnostics::Subject;
use crate::ir::{GatewayName, Listener, Transport};
use crate::name::{Name, Namespace, owned};
use crate::options::Options;
use crate::parser::api::{ParentReference, Service};
use crate::parser::manifests::{Metadata, Object};
use crate::path;
use crate::resolver::ServedPort;

/// The namespace of clients that have no routes of their own: no namespace has this name.
const ANY_OTHER: &str = "";

/// One side, as the clients of Services meet it.
pub(super) struct MeshSide<'c> {
    compilation: &'c Compilation,
    /// Who has which ports; nobody where no route is of a Service.
    parents: ServiceParents,
}

/// What became of a parent that is a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServiceParent {
    /// It has ports, of which clients are compared.
    Compared,
    /// An error says why it has none.
    Refused,
    /// Nobody knows which ports it has.
    Unknown,
}

/// What was compared for the clients of Services.
#[derive(Debug, Default)]
pub(super) struct Met {
    /// The backends that they are sent to on either side, by namespace and name.
    pub(super) backends: BTreeSet<(Namespace, Name)>,
}

impl<'c> MeshSide<'c> {
    pub(super) fn new(compilation: &'c Compilation, options: &Options) -> Self {
        let manifests = &compilation.manifests;
        let is_of_services = manifests.routes().any(|route| route.parent_refs.iter().any(ParentReference::is_service));
        let parents = if is_of_services { parents_of_services(manifests, options) } else { ServiceParents::default() };
        Self { compilation, parents }
    }

    /// Whether no route is for the clients of a Service.
    pub(super) fn is_empty(&self) -> bool {
        self.parents.holding.is_empty()
    }

    /// Whether it has a Service that routes of the other side are for: without routes its clients get to it as it is.
    pub(super) fn has_service_of(&self, other: &Self) -> bool {
        let is_wanted = |service: &Object<Service>| {
            let Metadata { namespace, name, .. } = &service.metadata;
            let mut ports = other.parents.held.ports();
            ports.any(|port| (&port.namespace, &port.service) == (namespace, name))
        };
        self.compilation.manifests.services.iter().any(is_wanted)
    }

    /// The parents that are Services, by what the ledger calls them.
    pub(super) fn subjects(&self) -> BTreeMap<String, ServiceParent> {
        let mut subjects = BTreeMap::new();
        for route in self.compilation.manifests.routes() {
            let references = route.parent_refs.iter().enumerate();
            for (index, _) in references.filter(|(_, reference)| reference.is_service()) {
                let key = (route.object.key(), index);
                let state = match (self.parents.holding.contains(&key), self.parents.refused.contains(&key)) {
                    (true, _) => ServiceParent::Compared,
                    (false, true) => ServiceParent::Refused,
                    (false, false) => ServiceParent::Unknown,
                };
                let part = path!["spec", "parentRefs", index];
                subjects.insert(Subject::Part(key.0.to_ref(), part).to_string(), state);
            }
        }
        subjects
    }

    /// Whether a route of this name has a port.
    pub(super) fn has_route(&self, namespace: &Namespace, name: &Name) -> bool {
        self.parents.holding.iter().any(|(route, _)| (&route.namespace, &route.name) == (namespace, name))
    }

    /// The ports that routes have, by the namespace of the clients that alone have them.
    fn ports(&self) -> BTreeMap<&str, BTreeSet<&ServedPort>> {
        let mut ports = self.parents.held.consumers();
        ports.insert(ANY_OTHER, self.parents.held.produced().collect());
        ports
    }
}

/// Adds what changes for the clients of Services: of all, or of those alone that are served.
pub(super) fn compare(
    sides: &[MeshSide<'_>; 2],
    pods: [&Pods<'_>; 2],
    options: &Options,
    (changes, moved): (&mut Vec<Change>, &mut BTreeSet<Moved>),
) -> Met {
    let mut ports: BTreeMap<&str, BTreeSet<&ServedPort>> = BTreeMap::new();
    let served = options.mesh.as_ref().map(|mesh| mesh.client.as_str());
    for (client, own) in sides.iter().flat_map(MeshSide::ports) {
        let client = match served {
            Some(served) if [served, ANY_OTHER].contains(&client) => served,
            Some(_) => continue,
            None => client,
        };
        ports.entry(client).or_default().extend(own);
    }
    let mut met = Met::default();
    let routed = ports.values().flatten().map(|port| (port.namespace.to_owned(), port.service.to_owned())).collect();
    addresses::compare(sides.each_ref().map(|side| side.compilation), &routed, changes);
    for (client, ports) in ports.into_iter().filter(|(_, ports)| !ports.is_empty()) {
        let [old, new] = sides.each_ref().map(|side| {
            let view = view_of_ports(&side.compilation.manifests, &ports, client, options);
            let clusters = view.lowered.judged().clusters.iter();
            met.backends.extend(clusters.map(|one| owned((&one.backend.namespace, &one.backend.name))));
            (side.compilation, view)
        });
        let names = Names::default();
        let [before, after] = [&old, &new].map(|(compilation, view)| {
            Side::of_clients(compilation, &view.lowered, &names, |listener| is_held(listener, &ports))
        });
        let found = traffic::compare(Both { old: &before, new: &after }, pods, moved);
        for change in found.into_iter().map(|change| for_clients(change, client)) {
            // A backend that several of them use changes once.
            let is_same = |known: &Change| {
                (known.kind, &known.subject, &known.old_answer, &known.new_answer)
                    == (change.kind, &change.subject, &change.old_answer, &change.new_answer)
                    && known.kind == ChangeKind::Backend
            };
            if !changes.iter().any(is_same) {
                changes.push(change);
            }
        }
    }
    met
}

fn is_held(listener: &Listener, ports: &BTreeSet<&ServedPort>) -> bool {
    let is_udp = matches!(listener.transport, Transport::Udp(_));
    // Routes may have all ports of a Service that the input lacks.
    let has_port = |port: &ServedPort| port.is_udp == is_udp && port.port.is_none_or(|port| port == listener.port);
    let is_of = |port: &ServedPort, GatewayName { namespace, name }: &GatewayName| {
        (&port.namespace, &port.service) == (namespace, name)
    };
    ports.iter().filter(|port| has_port(port)).any(|port| listener.gateways.iter().any(|name| is_of(port, name)))
}

/// A change with whom it is for, and the Service in the place of a host.
fn for_clients(change: Change, client: &str) -> Change {
    let (namespace, name) = change.gateway.split_once('/').unwrap_or_default();
    let is_only = client != ANY_OTHER;
    let from = if is_only { client } else { namespace }.to_owned();
    let host = format!("{name}.{namespace}");
    // A Service is in the place of the Gateway.
    let entrance = |one: Touched| match one.what {
        Touch::Gateway | Touch::Streams => Touched { what: Touch::Backend, ..one },
        Touch::Route(_) | Touch::Backend => one,
    };
    let touched = change.touched.into_iter().map(entrance).collect();
    Change {
        old_answer: change.old_answer.replace(EXAMPLE, &host),
        new_answer: change.new_answer.replace(EXAMPLE, &host),
        witness: change.witness.map(|witness| from_client(witness, &host, &from)),
        host: if change.host.is_empty() { String::new() } else { host },
        clients: Some(Clients { from, is_only }),
        touched,
        ..change
    }
}

/// A request as a client sends it that connects to a Service: whatever host a rule asks for is a header.
fn from_client(witness: WitnessView, service: &str, from: &str) -> WitnessView {
    let WitnessView { method, url, mut headers, mut sni, from: _ } = witness;
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", &url));
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, format!(":{port}")),
        _ => (authority, String::new()),
    };
    if !["", EXAMPLE, service].contains(&host) {
        match scheme {
            "http" => headers.push(("host".to_owned(), host.to_owned())),
            "tls" => sni = Some(host.to_owned()),
            _ => {}
        }
    }
    let url = format!("{scheme}://{service}{port}{target}");
    WitnessView { method, url, headers, sni, from: Some(from.to_owned()) }
}
