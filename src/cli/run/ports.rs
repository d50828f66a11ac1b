//! Ports on a laptop: those below 1024 move up, redirects follow them, and nobody else may listen there.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use super::platform;
use crate::hostname::Hostname;
use crate::ir::{Action, Config, Entrance, Handler, Listener, Redirect, Transport};
use crate::options::PortMap;
use crate::port::Port;

/// The first port that needs no privilege.
const FIRST_FREE: Port = Port::new(1024);
/// How far a port moves up; as often as it takes until it is free.
const STEP: u16 = 10_000;

/// Where ports went, each by what it was.
pub(super) type Moved = BTreeMap<Port, Port>;

/// Moves the ports below 1024 up by 10,000, or by as many more as it takes so that no two are the same. A port that
/// `--port-map` names stays where that puts it.
pub(super) fn move_up(config: &mut Config, named: &[PortMap], admin: Port) -> Moved {
    let is_named = |listener: &Listener| {
        let is_for = |map: &PortMap| {
            map.gateway.as_ref().is_none_or(|(namespace, name)| {
                listener.gateways.iter().any(|gateway| (&gateway.namespace, &gateway.name) == (namespace, name))
            })
        };
        named.iter().any(|map| map.from == listener.port && map.to == listener.bind_port && is_for(map))
    };
    let is_low = |listener: &&Listener| is_bound(listener) && listener.bind_port < FIRST_FREE && !is_named(listener);
    let low: BTreeSet<Port> = config.listeners.iter().filter(is_low).map(|listener| listener.bind_port).collect();
    let stay = config.listeners.iter().filter(|listener| !is_low(listener)).map(|listener| listener.bind_port);
    let mut taken: BTreeSet<Port> = stay.chain([admin]).collect();
    let mut moved = Moved::new();
    for port in low {
        let steps = (1..).map_while(|count: u16| STEP.checked_mul(count)?.checked_add(port.number())).map(Port::new);
        // There are fewer listeners than ports.
        let free = steps
            .chain((FIRST_FREE.number()..=u16::MAX).map(Port::new))
            .find(|candidate| !taken.contains(candidate))
            .unwrap_or(port);
        taken.insert(free);
        moved.insert(port, free);
    }
    for listener in &mut config.listeners {
        if is_low(&&*listener)
            && let Some(to) = moved.get(&listener.bind_port)
        {
            listener.bind_port = *to;
        }
    }
    moved
}

/// Lets redirects to ports of the configuration lead to where those are bound. Redirects to hosts that it does not serve
/// stay as they are.
pub(super) fn lead_redirects(config: &mut Config) {
    let moved = config.listeners.iter().filter(|listener| listener.port != listener.bind_port && is_bound(listener));
    let moved: Moved = moved.map(|listener| (listener.port, listener.bind_port)).collect();
    if moved.is_empty() {
        return;
    }
    let connections = config.listeners.iter().flat_map(Listener::http_connections);
    let hosts: BTreeSet<Hostname> =
        connections.flat_map(|connection| &connection.virtual_hosts).map(|host| host.hostname.clone()).collect();
    let is_served = |host: &str| Hostname::Exact(host.to_owned()).ancestors().any(|above| hosts.contains(&above));
    let lead = |redirect: &mut Redirect| {
        if let Some(to) = moved.get(&redirect.port)
            && redirect.hostname.as_deref().is_none_or(is_served)
        {
            redirect.port = *to;
            redirect.print_port = true;
        }
    };
    for listener in &mut config.listeners {
        let Transport::Tcp(chains) = &mut listener.transport else { continue };
        for chain in chains {
            let Handler::Http(connection) = &mut chain.handler else { continue };
            let routes = connection.virtual_hosts.iter_mut().flat_map(|host| &mut host.routes);
            for route in routes.filter(|route| redirects(&route.action)) {
                each_redirect(Arc::make_mut(&mut Arc::make_mut(route).action), &lead);
            }
        }
    }
}

fn redirects(action: &Action) -> bool {
    match action {
        Action::Redirect(_) => true,
        Action::Split(branches) => branches.iter().any(|branch| redirects(&branch.action)),
        Action::Forward(_) | Action::DirectResponse(_) | Action::Respond(_) => false,
    }
}

fn each_redirect(action: &mut Action, change: &impl Fn(&mut Redirect)) {
    match action {
        Action::Redirect(redirect) => change(redirect),
        Action::Split(branches) => branches.iter_mut().for_each(|branch| each_redirect(&mut branch.action, change)),
        Action::Forward(_) | Action::DirectResponse(_) | Action::Respond(_) => {}
    }
}

/// The sockets that a configuration binds; the flag says whether it is for datagrams.
pub(super) fn sockets(config: &Config) -> BTreeSet<(SocketAddr, bool)> {
    let forward = config.forward_proxy.iter().map(|proxy| (proxy.address, false));
    let bound = config.listeners.iter().filter(|listener| listener.entrance.is_bound());
    let of_listeners = bound.flat_map(|listener| {
        let is_datagrams = matches!(listener.transport, Transport::Udp(_));
        listener.sockets().map(move |socket| (socket, is_datagrams))
    });
    of_listeners.chain(forward).collect()
}

/// Whether a listener is a Gateway's, which may have another port than the one that clients speak of. That of a Service is
/// at an address of its own, where clients take its port for granted.
fn is_bound(listener: &Listener) -> bool {
    listener.entrance == Entrance::Socket
}

/// What helps where the port of a Service cannot be bound.
fn help_for_service(kind: std::io::ErrorKind) -> &'static str {
    match kind {
        std::io::ErrorKind::AddrInUse => {
            "end the process that listens there, or take other addresses with `--mesh-addresses loopback=RANGE`"
        }
        std::io::ErrorKind::PermissionDenied => {
            "allow low ports (`sysctl net.ipv4.ip_unprivileged_port_start=0`), or say `--mesh-capture proxy`"
        }
        _ => {
            "give this machine the address, take others with `--mesh-addresses loopback=RANGE`, or say `--mesh-capture proxy`"
        }
    }
}

/// Why a listener cannot be bound, in words for the user. Sockets that our own Envoy has are left out.
pub(super) fn refusal(config: &Config, ours: &BTreeSet<(SocketAddr, bool)>) -> Option<String> {
    if let Some(proxy) = config.forward_proxy.as_ref().filter(|proxy| !ours.contains(&(proxy.address, false)))
        && let Err(error) = platform::probe(proxy.address, false)
    {
        let address = proxy.address;
        return Some(format!(
            "{address} cannot be bound for the clients' proxy ({error}): take another address with \
             `--mesh-capture proxy=ADDRESS:PORT`"
        ));
    }
    let bound = config.listeners.iter().filter(|listener| listener.entrance.is_bound());
    for (listener, address) in bound.flat_map(|listener| listener.sockets().map(move |socket| (listener, socket))) {
        let is_datagrams = matches!(listener.transport, Transport::Udp(_));
        if ours.contains(&(address, is_datagrams)) {
            continue;
        }
        let Err(error) = platform::probe(address, is_datagrams) else { continue };
        let gateway = listener.gateways.first().map(ToString::to_string).unwrap_or_default();
        let port = listener.port;
        return Some(match error.kind() {
            kind if listener.entrance == Entrance::Service => format!(
                "{address} cannot be bound for port {port} of Service {gateway} ({error}): {}",
                help_for_service(kind)
            ),
            std::io::ErrorKind::AddrInUse => format!(
                "another process listens on {address}, which is for port {port} of Gateway {gateway}: end it, or take \
                 another port with `--port-map {port}=PORT`"
            ),
            _ => format!(
                "{address} cannot be bound for port {port} of Gateway {gateway} ({error}): take another port with \
                 `--port-map {port}=PORT`, or another address with `--listener-address`"
            ),
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::ir::{GatewayName, Origin};

    fn config(ports: &[(u16, u16)]) -> Config {
        let listener = |(port, bind_port): &(u16, u16)| Listener {
            entrance: Entrance::Socket,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            second: None,
            bind_port: (*bind_port).into(),
            port: (*port).into(),
            transport: Transport::Tcp(Vec::new()),
            settings: Arc::default(),
            gateways: vec![GatewayName { namespace: "infra".into(), name: "edge".into() }],
            origin: Origin(0),
            misdirected: Vec::new(),
            called: None,
        };
        Config { listeners: ports.iter().map(listener).collect(), ..Config::default() }
    }

    fn bound(mut config: Config, named: &[PortMap]) -> Vec<u16> {
        move_up(&mut config, named, Port::new(19_000));
        config.listeners.iter().map(|listener| listener.bind_port.number()).collect()
    }

    #[test]
    fn low_ports_move_up_and_never_meet() {
        assert_eq!(bound(config(&[(80, 80), (443, 443), (8080, 8080)]), &[]), [10_080, 10_443, 8080]);
        // Both a port that is declared and one that is bound by its name are out of reach.
        let all = [(80, 80), (10_080, 10_080), (20_080, 20_080), (9000, 9000)];
        assert_eq!(bound(config(&all), &[]), [30_080, 10_080, 20_080, 9000]);
        assert_eq!(bound(config(&[(80, 80), (9, 10_080)]), &[]), [20_080, 10_080]);
    }

    #[test]
    fn a_port_that_is_named_stays() {
        let named = [PortMap { gateway: None, from: Port::HTTP, to: Port::new(81) }];
        assert_eq!(bound(config(&[(80, 81), (443, 443)]), &named), [81, 10_443]);
        let other = [PortMap { gateway: Some(("infra".into(), "other".into())), from: Port::HTTP, to: Port::new(81) }];
        assert_eq!(bound(config(&[(80, 81)]), &other), [10_081]);
    }

    #[test]
    fn a_port_that_is_taken_is_named_with_the_flag_that_helps() {
        let other = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = other.local_addr().unwrap().port();
        let config = config(&[(80, port)]);
        let words = refusal(&config, &BTreeSet::new()).unwrap();
        assert!(words.contains(&format!("127.0.0.1:{port}")) && words.contains("--port-map 80=PORT"), "{words}");
        assert_eq!(refusal(&config, &sockets(&config)), None);
    }
}
