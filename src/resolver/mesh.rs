//! Services as parents of routes: which ports a route of a mesh is about, and
//! which of several routes of a port counts
//! ([GEP-1294](https://gateway-api.sigs.k8s.io/geps/gep-1294/)).
//!
//! A route in the namespace of its Service is for all clients, one of another
//! namespace for the clients of its own alone, who then have none of the
//! others. Of the routes for one client and port those of one kind count.

mod finding;
mod port;
mod route_set;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::diagnostics::{Diagnostics, ObjectPart, PartPath, codes};
use crate::name::{Namespace, NamespacedName};
use crate::options::Options;
use crate::parser::api::{ParentReference, Service};
use crate::parser::manifests::{Kind, Manifests, Object, ObjectHead, ObjectKey};
use crate::parser::route::{Route, RouteKind};
use crate::port::Port;

use super::attachment::ParentRefusal;
use super::route::Routes;
use super::route_id::RouteId;
use finding::Named;
pub(super) use port::Declared;
use port::ports_of;

pub use route_set::{HeldPorts, PortHolder, RouteSet, ServedPort};

/// The kinds of routes of one port, the first goes before the others. UDP is another protocol, with ports of its own.
const ORDER: [RouteKind; 4] = [RouteKind::Grpc, RouteKind::Http, RouteKind::Tls, RouteKind::Tcp];

/// What became of the Service parents of all routes.
#[derive(Debug, Default)]
pub struct MeshParents {
    by_route: HashMap<RouteId, Vec<MeshParent>>,
    /// Which routes have which ports.
    pub held: HeldPorts,
}

/// What became of one Service parent.
#[derive(Clone, Debug)]
pub struct MeshParent {
    /// Its position in `spec.parentRefs`.
    pub index: usize,
    /// Why the Service does not take the route.
    pub refused: Option<ParentRefusal>,
}

impl MeshParents {
    /// Those of a route, in the order of its `parentRefs`.
    pub fn of(&self, route: RouteId) -> &[MeshParent] {
        self.by_route.get(&route).map_or(&[], Vec::as_slice)
    }
}

/// A port of a Service; of one that is not in the input `None` is each port that no reference has the number of.
type BoundPort = Option<Port>;

/// The clients for whom a route is, on one port of a Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Clients<'m> {
    service: NamespacedName<'m>,
    port: BoundPort,
    is_udp: bool,
    /// The one namespace that has the route; `None` is everybody.
    namespace: Option<&'m Namespace>,
}

/// A parent whose ports are known.
struct Bound<'r, 'm> {
    route: RouteId,
    declared: &'r Route<'m>,
    index: usize,
    /// The namespace and the name of the Service, which need not be in the input.
    key: NamespacedName<'m>,
    service: Option<&'m Object<Service>>,
    /// Whether the API server would refuse the route, so that it stands in nobody's way.
    is_of_refused: bool,
    /// Why the parent is refused, whatever other routes there are.
    refused: Option<ParentRefusal>,
    ports: Vec<BoundPort>,
}

impl<'m> Bound<'_, 'm> {
    fn clients(&self, port: BoundPort) -> Clients<'m> {
        let namespace = &self.declared.object.metadata.namespace;
        Clients {
            service: self.key,
            port,
            is_udp: self.declared.kind == RouteKind::Udp,
            namespace: (namespace != self.key.0).then_some(namespace),
        }
    }

    fn named(&self) -> Named<'_> {
        Named {
            route: self.declared,
            at: ObjectPart::Parent(self.index).into(),
            reference: &self.declared.parent_refs[self.index],
        }
    }
}

/// Judges the Service parents of all routes.
pub(super) fn judge<'m>(
    manifests: &'m Manifests,
    routes: &Routes<'m>,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> MeshParents {
    let services: HashMap<NamespacedName<'_>, &'m Object<Service>> =
        manifests.services.iter().map(|service| (service.metadata.sort_key(), service)).collect();
    let mut parents = MeshParents::default();
    let numbers = numbers(routes);
    let refused_keys: HashSet<ObjectKey> = manifests.refused_keys().collect();
    let mut bound: Vec<Bound<'_, 'm>> = Vec::new();
    for (id, route) in routes.with_ids() {
        let declared = &route.declared;
        let is_of_refused = refused_keys.contains(&declared.object.key());
        let references = declared.parent_refs.iter().enumerate().filter(|(_, reference)| reference.is_service());
        for (index, reference) in references {
            let named = Named { route: declared, at: PartPath::from(ObjectPart::Parent(index)), reference };
            let key = key(declared, reference);
            let namespace = key.0;
            let of_service = services.get(&key).map(|service| ports_of(service, declared.kind, reference));
            let ports = of_service.as_ref().and_then(|ports| ports.as_deref().ok());
            named.report_form(ports.unwrap_or_default(), diagnostics);
            let refused = match services.get(&key).zip(of_service) {
                Some((service, ports)) => match ports {
                    Ok(ports) => {
                        let ports = ports.into_iter().map(Some).collect();
                        let service = Some(*service);
                        bound.push(Bound {
                            route: id,
                            declared,
                            index,
                            key,
                            service,
                            is_of_refused,
                            refused: None,
                            ports,
                        });
                        continue;
                    }
                    Err(why) => {
                        let refused = Some(named.refuse(named.unusable(service, &why), diagnostics));
                        parents.by_route.entry(id).or_default().push(MeshParent { index, refused });
                        continue;
                    }
                },
                None if options.assume.services => None,
                None => match named.missing(manifests) {
                    Some(finding) => Some(named.refuse(finding, diagnostics)),
                    // What the API server would refuse nobody has in a cluster.
                    None => {
                        let key = ObjectKey { kind: Kind::Service, namespace: namespace.clone(), name: key.1.clone() };
                        let message = format!("Service `{}/{}` {}", key.namespace, key.name, manifests.absence(&key));
                        diagnostics.report(declared.object.finding(
                            codes::REFUSED_OBJECT,
                            named.at.with("name"),
                            message,
                        ));
                        continue;
                    }
                },
            };
            // Routes of a Service that is elsewhere are compared all the same, by the ports that they name.
            let ports = match (reference.port, &reference.section_name) {
                (Some(port), _) => vec![Some(port)],
                (None, Some(_)) => Vec::new(),
                (None, None) => numbers.get(&key).into_iter().flatten().copied().map(Some).chain([None]).collect(),
            };
            bound.push(Bound { route: id, declared, index, key, service: None, is_of_refused, refused, ports });
        }
        if declared.is_of_mesh() {
            finding::report_hostnames(declared, diagnostics);
        }
    }
    let (ranked, held) = rank(&bound, diagnostics);
    parents.held = held;
    for (route, parent) in ranked {
        parents.by_route.entry(route).or_default().push(parent);
    }
    parents.by_route.values_mut().for_each(|of_route| of_route.sort_by_key(|parent| parent.index));
    parents
}

/// The namespace and the name of the Service that a reference is about.
fn key<'m>(route: &Route<'m>, reference: &'m ParentReference) -> NamespacedName<'m> {
    let object: &'m ObjectHead = route.object;
    let namespace = reference.namespace.as_ref().unwrap_or(&object.metadata.namespace);
    (namespace, &reference.name)
}

/// The numbers of ports that references to each Service name.
fn numbers<'m>(routes: &Routes<'m>) -> HashMap<NamespacedName<'m>, BTreeSet<Port>> {
    let mut numbers: HashMap<_, BTreeSet<Port>> = HashMap::new();
    for (_, route) in routes.with_ids() {
        let declared = &route.declared;
        for reference in declared.parent_refs.iter().filter(|reference| reference.is_service()) {
            numbers.entry(key(declared, reference)).or_default().extend(reference.port);
        }
    }
    numbers
}

/// Decides between the routes of one port and client.
fn rank(bound: &[Bound<'_, '_>], diagnostics: &mut Diagnostics) -> (Vec<(RouteId, MeshParent)>, HeldPorts) {
    let mut winners: BTreeMap<Clients<'_>, &Bound<'_, '_>> = BTreeMap::new();
    for one in bound {
        for port in &one.ports {
            let winner = winners.entry(one.clients(*port)).or_insert(one);
            if (one.is_of_refused, place(one.declared.kind)) < (winner.is_of_refused, place(winner.declared.kind)) {
                *winner = one;
            }
        }
    }
    let mut parents = Vec::with_capacity(bound.len());
    let mut held = HeldPorts::default();
    for one in bound {
        let better = |port: &&BoundPort| {
            let winner = winners.get(&one.clients(**port));
            winner.is_some_and(|winner| winner.declared.kind != one.declared.kind)
        };
        let lost: BTreeSet<BoundPort> = one.ports.iter().filter(better).copied().collect();
        held.add(one, &lost);
        let winner = lost.first().and_then(|port| winners.get(&one.clients(*port)));
        let is_everywhere = lost.len() == one.ports.len();
        let refused = winner.and_then(|winner| {
            let finding = one.named().loses(winner.declared, &lost, is_everywhere);
            let refusal = one.named().refuse(finding, diagnostics);
            is_everywhere.then_some(refusal)
        });
        if refused.is_none() {
            if let Some(service) = one.service {
                let kept = one.ports.iter().filter(|port| !lost.contains(port));
                let ports: Vec<Port> = kept.copied().flatten().collect();
                one.named().report_other_protocols(service, &ports, diagnostics);
            }
            let replaced = one.ports.iter().find_map(|port| {
                let clients = one.clients(*port);
                clients.namespace?;
                winners.get(&Clients { namespace: None, ..clients })
            });
            // Of a Service that is not there nobody is a client.
            let is_there = |replaced: &&&Bound<'_, '_>| !replaced.is_of_refused && one.refused.is_none();
            if let Some(replaced) = replaced.filter(is_there) {
                one.named().report_replaced(replaced.declared, diagnostics);
            }
        }
        parents.push((one.route, MeshParent { index: one.index, refused: one.refused.clone().or(refused) }));
    }
    (parents, held)
}

impl HeldPorts {
    /// Adds the ports that a parent has, but for those that routes of another kind have.
    fn add(&mut self, one: &Bound<'_, '_>, lost: &BTreeSet<BoundPort>) {
        for port in one.ports.iter().filter(|port| !lost.contains(port)) {
            let Clients { service: (namespace, service), port, is_udp, namespace: clients } = one.clients(*port);
            let held = ServedPort { namespace: namespace.clone(), service: service.clone(), port, is_udp };
            let reference = &one.declared.parent_refs[one.index];
            let names_port = reference.port.is_some() || reference.section_name.is_some();
            let holder = PortHolder { route: one.route, parent: one.index, names_port, clients: clients.cloned() };
            self.0.entry(held).or_default().push(holder);
        }
    }
}

/// The place of a kind among those of one port.
fn place(kind: RouteKind) -> usize {
    ORDER.iter().position(|own| *own == kind).unwrap_or(ORDER.len())
}
