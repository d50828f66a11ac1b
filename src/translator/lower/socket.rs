//! Which Gateway listeners share a socket: grouping by address, port and transport.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::diagnostics::{Diagnostics, ObjectPart, PartPath, codes};
use crate::hostname::Hostname;
use crate::options::Options;
use crate::parser::api::GatewaySpec;
use crate::parser::manifests::Object;
use crate::port::Port;
use crate::resolver::{ListenerId, Protocol, Resolved};

use super::scope::Scope;

/// What is bound: the order of sockets in the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Bind {
    /// The address.
    pub(super) address: IpAddr,
    /// The port that is bound.
    pub(super) port: Port,
    /// What is spoken on it.
    pub(super) transport: SocketTransport,
}

/// A transport protocol; sockets of both can have one port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum SocketTransport {
    /// TCP.
    Stream,
    /// UDP.
    Datagram,
}

/// What tells the connections of one socket apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Demultiplexing {
    /// The host of each request.
    Http,
    /// The server name of each TLS connection.
    Tls,
    /// Nothing: all connections are one listener's.
    Nothing,
}

impl Demultiplexing {
    /// How listeners of a protocol are told apart.
    pub(super) fn of(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Http => Self::Http,
            Protocol::Https | Protocol::TlsTerminate | Protocol::TlsPassthrough => Self::Tls,
            Protocol::Tcp | Protocol::Udp | Protocol::Unknown => Self::Nothing,
        }
    }
}

fn transport(protocol: Protocol) -> SocketTransport {
    match protocol {
        Protocol::Udp => SocketTransport::Datagram,
        _ => SocketTransport::Stream,
    }
}

/// A socket with the listeners that share it, in the order of Gateways and of their lists.
pub(super) type Socket = (Bind, Vec<ListenerId>);

/// The sockets of each Gateway by itself, in the order of Gateways. Whatever a
/// proxy could not bind together stands beside each other; the port is the one
/// that is declared, so that ports which a map makes equal stay two.
pub(super) fn sockets_of_each_gateway(resolved: &Resolved<'_>, options: &Options) -> Vec<Socket> {
    let mut sockets: BTreeMap<(usize, Bind, Port), Vec<ListenerId>> = BTreeMap::new();
    for (bind, id) in binds_of_listeners(resolved, Scope::Judged, options) {
        if Scope::Judged.serves(resolved, id) {
            let declared = resolved.listener(id).spec.port;
            sockets.entry((id.gateway, bind, declared)).or_default().push(id);
        }
    }
    let sockets = sockets.into_iter();
    sockets
        .map(|((_, bind, _), mut ids)| {
            ids.sort();
            (bind, ids)
        })
        .collect()
}

/// The sockets of one proxy, by address and port.
pub(super) fn group_by_socket(
    resolved: &Resolved<'_>,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> Vec<Socket> {
    let mut sockets =
        Occupants { resolved, of_socket: BTreeMap::new(), of_host: HashMap::new(), of_port: HashMap::new() };
    let binds = binds_of_listeners(resolved, Scope::Emitted, options);
    for (bind, id) in binds.iter().filter(|(_, id)| resolved.listener(*id).refused.is_none()) {
        if let Some(admin) = options.admin_address.filter(|admin| is_taken_by_admin(*bind, *admin)) {
            report_admin_in_use(resolved, *id, (*bind, admin), diagnostics);
            continue;
        }
        match sockets.beside(*id, *bind) {
            None => sockets.add(*id, *bind),
            Some(other) => report_address_in_use(resolved, *id, other, *bind, diagnostics),
        }
    }
    // A listener that is closed opens no socket; in one that others open it keeps its hosts.
    for (bind, id) in binds.iter().filter(|(_, id)| resolved.listener(*id).is_closed()) {
        if sockets.of_socket.contains_key(bind) && sockets.in_socket(*id, *bind).is_none() {
            sockets.add(*id, *bind);
        }
    }
    let mut sockets = sockets.of_socket;
    sockets.values_mut().for_each(|ids| ids.sort());
    sockets.into_iter().collect()
}

/// Whether the sockets of one proxy are those of each Gateway by itself, nothing in them is closed, and nothing that is
/// assumed lacks a place: then what is emitted is all that is declared.
pub(super) fn holds_everything(resolved: &Resolved<'_>, emitted: &[Socket], declared: &[Socket]) -> bool {
    let is_open = |id: &ListenerId| Scope::Emitted.serves(resolved, *id);
    let mut sorted: Vec<&Socket> = declared.iter().collect();
    sorted.sort_by_key(|(bind, _)| bind);
    !resolved.certificates.has_unplaced()
        && emitted.len() == sorted.len()
        && emitted.iter().zip(sorted).all(|(one, other)| one == other && one.1.iter().all(is_open))
}

/// What every listener of the Gateways of a scope binds.
fn binds_of_listeners(resolved: &Resolved<'_>, scope: Scope, options: &Options) -> Vec<(Bind, ListenerId)> {
    let mut binds = Vec::new();
    for (gateway, resolved_gateway) in resolved.gateways.iter().enumerate().filter(|(_, g)| scope.has_gateway(g)) {
        let addresses = match scope {
            // Where it binds does not matter when nothing is bound.
            Scope::Judged if resolved_gateway.addresses.binds.is_empty() => &[IpAddr::V4(Ipv4Addr::UNSPECIFIED)][..],
            Scope::Judged | Scope::Emitted => &resolved_gateway.addresses.binds[..],
        };
        for (listener, own) in resolved_gateway.listeners.iter().enumerate() {
            let port = bind_port(resolved_gateway.object, own.spec.port, options);
            let transport = transport(own.protocol);
            let bind =
                |address: &IpAddr| (Bind { address: *address, port, transport }, ListenerId { gateway, listener });
            binds.extend(addresses.iter().map(bind));
        }
    }
    binds
}

/// Which listeners have which sockets.
struct Occupants<'r, 'm> {
    resolved: &'r Resolved<'m>,
    /// All of a socket, which can be told apart.
    of_socket: BTreeMap<Bind, Vec<ListenerId>>,
    of_host: HashMap<(Bind, &'r Hostname), ListenerId>,
    /// The addresses of a port, those of IPv4 and those of IPv6.
    of_port: HashMap<(Port, SocketTransport, bool), BTreeSet<IpAddr>>,
}

impl Occupants<'_, '_> {
    fn add(&mut self, id: ListenerId, bind: Bind) {
        let Bind { address, port, transport } = bind;
        self.of_socket.entry(bind).or_default().push(id);
        self.of_host.entry((bind, &self.resolved.listener(id).hostname)).or_insert(id);
        self.of_port.entry((port, transport, address.is_ipv4())).or_default().insert(address);
    }

    fn first(&self, bind: Bind) -> Option<ListenerId> {
        self.of_socket.get(&bind)?.first().copied()
    }

    /// The first listener of a socket that another one cannot be told from.
    fn in_socket(&self, id: ListenerId, bind: Bind) -> Option<ListenerId> {
        let first = self.first(bind)?;
        if !is_alike(self.resolved, id, first) {
            return Some(first);
        }
        self.of_host.get(&(bind, &self.resolved.listener(id).hostname)).copied()
    }

    /// A listener that keeps another one from a socket: one of the same socket
    /// that it cannot be told from, or one of a socket that overlaps. All addresses
    /// of a family and one of them cannot both be bound; Envoy would only log that (measured, with `reuse_port` and without).
    fn beside(&self, id: ListenerId, bind: Bind) -> Option<ListenerId> {
        let Bind { address, port, transport } = bind;
        if let Some(other) = self.in_socket(id, bind) {
            return Some(other);
        }
        if address.is_unspecified() {
            let mut others = self.of_port.get(&(port, transport, address.is_ipv4()))?.iter();
            let other = others.find(|other| **other != address)?;
            return self.first(Bind { address: *other, ..bind });
        }
        let all = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        self.first(Bind { address: all, ..bind })
    }
}

/// Whether a socket is one that the admin interface has, alone or among all addresses: those of IPv6 are those of IPv4 as
/// well.
pub(super) fn is_taken_by_admin(bind: Bind, admin: SocketAddr) -> bool {
    let Bind { address, port, transport } = bind;
    let own = admin.ip();
    let holds = |all: IpAddr, one: IpAddr| all.is_unspecified() && (all.is_ipv6() || one.is_ipv4());
    let is_clash = address == own || holds(address, own) || holds(own, address);
    transport == SocketTransport::Stream && port == admin.port() && is_clash
}

/// What findings on the address of the admin interface are labelled with: the interface stands in no manifest.
pub const ADMIN_LABEL: &str = "the admin interface has this address";

fn report_admin_in_use(
    resolved: &Resolved<'_>,
    id: ListenerId,
    (bind, admin): (Bind, SocketAddr),
    diagnostics: &mut Diagnostics,
) {
    let listener = resolved.listener(id);
    let message = format!(
        "listener `{}` cannot bind {} port {} beside Envoy's admin interface on {admin}",
        listener.spec.name, bind.address, bind.port
    );
    let at = PartPath::from(ObjectPart::Listener(listener.index));
    let finding = listener.owner.finding(codes::ADDRESS_IN_USE, at, message);
    diagnostics.report(
        finding
            .label(ADMIN_LABEL)
            .consequence("Envoy ends when it starts, and no listener of any Gateway is served")
            .help("move the interface with `--admin-address`, leave it out with `--no-admin`, or move the listener with `--port-map`"),
    );
}

/// Whether two listeners can be told apart on one socket by their hostnames.
fn is_alike(resolved: &Resolved<'_>, one: ListenerId, other: ListenerId) -> bool {
    let (one, other) = (resolved.listener(one), resolved.listener(other));
    let kind = Demultiplexing::of(one.protocol);
    one.spec.port == other.spec.port && kind != Demultiplexing::Nothing && kind == Demultiplexing::of(other.protocol)
}

fn report_address_in_use(
    resolved: &Resolved<'_>,
    id: ListenerId,
    other: ListenerId,
    bind: Bind,
    diagnostics: &mut Diagnostics,
) {
    let [owner, other_owner] = [id, other].map(|id| resolved.listener(id).owner);
    let name = |id: ListenerId| resolved.listener(id).spec.name.as_str();
    let place = |id: ListenerId| PartPath::from(ObjectPart::Listener(resolved.listener(id).index));
    diagnostics.report(
        owner
            .finding(
                codes::ADDRESS_IN_USE,
                place(id),
                format!(
                    "listener `{}` cannot bind {} port {} beside listener `{}` of {}",
                    name(id),
                    bind.address,
                    bind.port,
                    name(other),
                    other_owner.describe()
                ),
            )
            .related(other_owner.at(&place(other)), "the other listener")
            .consequence(format!("one Envoy cannot serve listener `{}` beside the other one", name(id)))
            .help("translate one Gateway alone with `--gateway`, each for an Envoy of its own with `--split gateway`, or move one with `--port-map`"),
    );
}

fn bind_port(gateway: &Object<GatewaySpec>, port: Port, options: &Options) -> Port {
    let meta = &gateway.metadata;
    let of_gateway = options.port_map.iter().find(|map| {
        map.from == port && map.gateway.as_ref().is_some_and(|(ns, name)| *ns == meta.namespace && *name == meta.name)
    });
    let general = || options.port_map.iter().find(|map| map.from == port && map.gateway.is_none());
    of_gateway.or_else(general).map_or(port, |map| map.to)
}
