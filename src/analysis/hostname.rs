//! Hostnames of routes that belong to another listener, and requests for
//! hostnames that no listener serves.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::diagnostics::{Diagnostics, Finding, Location, ObjectPart, codes};
use crate::hostname::Hostname;
use crate::ir::Listener;
use crate::parser::api::ParentReference;
use crate::parser::manifests::{Metadata, ObjectHead};
use crate::parser::route::RouteKind;
use crate::path;
use crate::port::Port;
use crate::resolver::{
    ListenerId, ParentSource, Protocol, Resolved, ResolvedGateway, ResolvedListener, ResolvedRoute, RouteParent,
};

use super::listener::Sockets;
use super::witness::{Reply, Witnesses};

/// What Envoy answers where no route matches.
const NOT_FOUND: u16 = 404;

/// Reports hostnames of routes that another listener of the same port takes from the listeners that the route is
/// attached to.
pub(super) fn report_taken(
    owners: &Owners<'_, '_>,
    sockets: &Sockets<'_>,
    witnesses: &Witnesses<'_>,
    diagnostics: &mut Diagnostics,
) {
    for route in owners.resolved.routes.iter().filter(|route| route.kind().has_requests()) {
        report_taken_of(owners, route, (sockets, witnesses), diagnostics);
    }
}

fn report_taken_of(
    owners: &Owners<'_, '_>,
    route: &ResolvedRoute<'_>,
    (sockets, witnesses): (&Sockets<'_>, &Witnesses<'_>),
    diagnostics: &mut Diagnostics,
) {
    let object = route.object();
    let everywhere: HashSet<ListenerId> = route.listeners().collect();
    for parent in &route.parents {
        for listeners in by_port(owners.resolved, parent) {
            for (index, hostname) in route.hostnames.iter().enumerate() {
                let Some((own, other)) = taken(owners, &listeners, &everywhere, hostname) else { continue };
                let socket = sockets.of(other);
                let witness = socket.and_then(|socket| witnesses.of_host(socket, other.protocol.is_tls(), hostname));
                let at = object.at(&path!["spec", "hostnames", index]);
                let written = route.declared.hostnames.get(index).map_or("", String::as_str);
                let finding = taken_hostname(object, parent.source, (at, written), (own, other));
                diagnostics.report(finding.witness(witness));
            }
        }
    }
}

/// The listeners that a route is attached to through one parent, those of each port together: a request finds its
/// listener among those of its port.
fn by_port(resolved: &Resolved<'_>, parent: &RouteParent) -> Vec<Vec<ListenerId>> {
    let mut ports: BTreeMap<Port, Vec<ListenerId>> = BTreeMap::new();
    for id in &parent.listeners {
        ports.entry(resolved.listener(*id).spec.port).or_default().push(*id);
    }
    ports.into_values().collect()
}

/// Which of the listeners a hostname would be served by, and the one that it belongs to instead. `None` where the route
/// serves it, through this parent or another, and where no listener of the parent would serve anything: one that waits
/// for its certificate alone is judged as if it had it.
fn taken<'r, 'm>(
    owners: &Owners<'r, 'm>,
    listeners: &[ListenerId],
    everywhere: &HashSet<ListenerId>,
    hostname: &Hostname,
) -> Option<(&'r ResolvedListener<'m>, &'r ResolvedListener<'m>)> {
    let resolved = owners.resolved;
    let serving = listeners.iter().copied().filter(|id| resolved.listener(*id).is_declared());
    let mut serving = serving.filter_map(|id| Some((id, owners.of(id, hostname)?)));
    let (first, taken_by) = serving.next()?;
    let is_served = taken_by == first || serving.any(|(id, owner)| id == owner) || everywhere.contains(&taken_by);
    (!is_served).then(|| (resolved.listener(first), resolved.listener(taken_by)))
}

fn taken_hostname(
    object: &ObjectHead,
    parent: ParentSource,
    (at, text): (Location, &str),
    (own, other): (&ResolvedListener<'_>, &ResolvedListener<'_>),
) -> Finding {
    // Names are unique within one object only.
    let is_one_object = own.owner.key() == other.owner.key();
    let name = |listener: &ResolvedListener<'_>| match is_one_object {
        true => format!("listener `{}`", listener.spec.name),
        false => listener.describe(),
    };
    let (own_name, other_name) = (name(own), name(other));
    let port = own.spec.port;
    let help = match other.refused {
        None => format!("attach the route to {other_name} as well"),
        Some(_) => format!("mend {other_name}, which keeps its hosts, and attach the route to it as well"),
    };
    object
        .finding(
            codes::HOSTNAME_TAKEN,
            parent.path(),
            format!("requests for `{text}` on port {port} belong to {other_name}, not to {own_name}"),
        )
        .label(format!("the route is attached to {own_name} here"))
        .related(at, "the hostname")
        .related(
            other.owner.at(&path!["spec", "listeners", other.index]),
            format!("listener `{}` is more specific", other.spec.name),
        )
        .consequence(format!("requests for `{text}` on port {port} do not reach this route"))
        .help(help)
}

/// The listeners of each Gateway by what requests are told apart by.
#[derive(Debug)]
pub(super) struct Owners<'r, 'm> {
    pub(super) resolved: &'r Resolved<'m>,
    by_socket: HashMap<(usize, Port, Shared), HashMap<&'r Hostname, usize>>,
}

/// What listeners of a port have in common among which a request finds its own: the protocol, where it is not TLS.
type Shared = Option<Protocol>;

fn shared(listener: &ResolvedListener<'_>) -> Shared {
    (!listener.protocol.is_tls()).then_some(listener.protocol)
}

impl<'r, 'm> Owners<'r, 'm> {
    pub(super) fn new(resolved: &'r Resolved<'m>) -> Self {
        let mut by_socket: HashMap<_, HashMap<&Hostname, usize>> = HashMap::new();
        for (gateway, of_gateway) in resolved.gateways.iter().enumerate() {
            let listeners = of_gateway.listeners.iter().enumerate();
            // A TLS listener that is refused still keeps its hosts.
            for (place, listener) in listeners.filter(|(_, one)| one.refused.is_none() || one.is_closed()) {
                let socket = by_socket.entry((gateway, listener.spec.port, shared(listener))).or_default();
                socket.entry(&listener.hostname).or_insert(place);
            }
        }
        Self { resolved, by_socket }
    }

    /// The listener that requests for a hostname belong to, of those that share the port of `id` in its Gateway.
    pub(super) fn of(&self, id: ListenerId, hostname: &Hostname) -> Option<ListenerId> {
        let own = self.resolved.listener(id);
        let domain = own.hostname.intersection(hostname)?;
        let hosts = self.by_socket.get(&(id.gateway, own.spec.port, shared(own)))?;
        let listener = domain.ancestors().find_map(|host| hosts.get(&host).copied())?;
        Some(ListenerId { gateway: id.gateway, listener })
    }
}

/// Says what becomes of requests for hostnames that no listener serves, as far as a request can tell.
pub(super) fn attach(
    resolved: &Resolved<'_>,
    sockets: &Sockets<'_>,
    witnesses: &Witnesses<'_>,
    findings: &mut [Finding],
) {
    let about = [codes::NO_MATCHING_HOSTNAME, codes::HOSTNAME_NOT_SERVED];
    if !findings.iter().any(|finding| about.contains(&finding.code)) {
        return;
    }
    let mut routes: HashMap<(&str, &str, &str), &ResolvedRoute<'_>> = HashMap::new();
    for route in resolved.routes.iter().filter(|route| route.kind().has_hostnames()) {
        let Metadata { namespace, name, .. } = &route.object().metadata;
        routes.insert((route.kind().name(), namespace, name), route);
        for parent in &route.parents {
            let refusal = parent.refused.as_ref().and_then(|refusal| refusal.finding);
            let refusal = refusal.and_then(|id| findings.get_mut(id.position()));
            if let Some(finding) = refusal.filter(|finding| finding.code == codes::NO_MATCHING_HOSTNAME) {
                say_unmatched(resolved, route, parent, (sockets, witnesses), finding);
            }
        }
    }
    for finding in findings.iter_mut().filter(|finding| finding.code == codes::HOSTNAME_NOT_SERVED) {
        let Some(object) = &finding.object else { continue };
        let route = routes.get(&(&*object.kind, &*object.namespace, &*object.name));
        let route = route.filter(|route| route.kind().has_requests());
        let (Some(route), ObjectPart::Hostname(position)) = (route, finding.part) else { continue };
        let Some(hostname) = route.hostnames.get(position) else { continue };
        let wanted = route.parents.iter().flat_map(|parent| wanted(resolved, route, parent));
        let mut found = wanted.filter_map(|listener| Some((listener, sockets.of(listener)?)));
        let witness = |(listener, socket): (&ResolvedListener<'_>, &Listener)| {
            witnesses.of_host(socket, listener.protocol.is_tls(), hostname)
        };
        finding.witness = found.next().and_then(witness);
    }
}

/// Says what becomes of requests for the hostnames of a route at a parent none of whose listeners meets them: another
/// listener of the port may take them, and then nothing is said but that this route does not.
fn say_unmatched(
    resolved: &Resolved<'_>,
    route: &ResolvedRoute<'_>,
    parent: &RouteParent,
    (sockets, witnesses): (&Sockets<'_>, &Witnesses<'_>),
    finding: &mut Finding,
) {
    let mut tried = BTreeMap::new();
    for listener in wanted(resolved, route, parent) {
        if let Some(socket) = sockets.of(listener) {
            tried.entry(listener.spec.port).or_insert((socket, listener.protocol.is_tls()));
        }
    }
    let mut replies = Vec::new();
    for (socket, is_tls) in tried.values().copied() {
        let ask = |hostname| (witnesses.reply_to(socket, is_tls, hostname), hostname, socket, is_tls);
        replies.extend(route.hostnames.iter().map(ask));
    }
    let Some((reply, hostname, socket, is_tls)) = replies.first().copied() else { return };
    if route.kind() != RouteKind::Tls {
        finding.witness = witnesses.of_host(socket, is_tls, hostname);
    }
    let Some(reply) = reply.filter(|first| replies.iter().all(|(reply, ..)| reply.as_ref() == Some(first))) else {
        return;
    };
    let names: Vec<_> = route.hostnames.iter().map(|hostname| format!("`{hostname}`")).collect();
    let ports: Vec<_> = tried.keys().map(Port::to_string).collect();
    let at = format!("{} on port {}", names.join(", "), ports.join(", "));
    finding.consequence = match (reply, route.kind()) {
        (Reply::Status(NOT_FOUND), RouteKind::Grpc) => Some(format!("calls for {at} get UNIMPLEMENTED")),
        (Reply::Status(_), RouteKind::Http) => Some(reply.to(&format!("requests for {at}"))),
        (Reply::Closed, _) => Some(reply.to(&format!("connections for {at}"))),
        (Reply::Status(_), _) => return,
    };
}

/// The listeners that a route is attached to through a parent, or asked to be.
fn wanted<'r, 'm>(
    resolved: &'r Resolved<'m>,
    route: &ResolvedRoute<'_>,
    parent: &RouteParent,
) -> Vec<&'r ResolvedListener<'m>> {
    if !parent.listeners.is_empty() {
        return parent.listeners.iter().map(|id| resolved.listener(*id)).collect();
    }
    let gateways = resolved.gateways.iter();
    let own = |gateway: &'r ResolvedGateway<'m>| &gateway.listeners[..gateway.object.spec.listeners.len()];
    let index = match parent.source {
        ParentSource::Ref(index) => index,
        ParentSource::Unnamed => return Vec::new(),
        ParentSource::Default(gateway) => return resolved.gateways.get(gateway).into_iter().flat_map(own).collect(),
    };
    let Some(ParentReference { group: _, kind, namespace: other, name, section_name, port }) =
        route.declared.parent_refs.get(index)
    else {
        return Vec::new();
    };
    let namespace = other.as_ref().unwrap_or(&route.object().metadata.namespace);
    let is_named = |listener: &&ResolvedListener<'_>| {
        let owner = listener.owner.metadata();
        listener.owner.kind().name() == kind
            && owner.namespace == namespace
            && owner.name == *name
            && section_name.as_ref().is_none_or(|section| *section == listener.spec.name)
            && port.is_none_or(|port| port == listener.spec.port)
    };
    gateways.flat_map(|gateway| &gateway.listeners).filter(is_named).collect()
}
