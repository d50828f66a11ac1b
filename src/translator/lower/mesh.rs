//! What clients of Services are served with: a listener for each port that they connect to, with the routes that count
//! for them, and the forward proxy or the address that leads to it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::diagnostics::{Diagnostics, Finding, Location, ObjectPart, PartPath, codes};
use crate::ir::{self, Endpoints, Entrance, ForwardProxy, Outbound, ProxiedPort, Sharing};
use crate::options::{Capture, EnvoyVersion, Mesh, Options};
use crate::parser::manifests::{Kind, ObjectHead};
use crate::port::Port;
use crate::resolver::{ListenerId, OriginTable, ParentSource, Protocol, Resolved, names_of_service};

use super::mesh_address::{ServiceAddress, ServiceAddresses, Services, report_loops, shared_addresses};
use super::policy;
use super::scope::Scope;
use super::socket::{Bind, is_taken_by_admin};
use super::{ConnectionParts, Lowered, ServiceHosts, lower_scope, socket};

/// Lowers an input as the clients of a namespace meet it (`resolver::of_clients`) into what they are served with. Reported
/// is which of their routes cannot be served so; what else there is to say of routes is said where they are judged.
pub fn lower_for_clients(
    resolved: &Resolved<'_>,
    mesh: &Mesh,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> Lowered {
    let mut origins = OriginTable::default();
    let mut sockets = socket::sockets_of_each_gateway(resolved, options);
    let services: Services<'_> =
        resolved.manifests.services.iter().map(|service| (service.metadata.sort_key(), service)).collect();
    let addresses = match mesh.capture {
        Capture::Proxy(_) => None,
        Capture::Address(wanted) => Some(ServiceAddresses::new(resolved, &services, wanted)),
        Capture::Redirect(_) => Some(ServiceAddresses::redirected(resolved, &services)),
    };
    let led = Led { resolved, services: &services, addresses: addresses.as_ref(), mesh, options };
    sockets.retain(|(bind, ids)| ids.iter().all(|id| is_served(&led, *bind, *id, diagnostics)));
    // Options of listeners are about what Gateways serve.
    let clients = policy::lower_clients(resolved, [&[], &[]], &mut Diagnostics::new());
    let settings = ConnectionParts { clients, ..ConnectionParts::default() };
    let scope = (Scope::Emitted, sockets, &settings);
    let parts = lower_scope(resolved, options, scope, &mut origins, &mut Diagnostics::new());
    let (mut config, files, expected, _) = parts.into_config(options);
    if config.listeners.is_empty() {
        diagnostics.report(nobody_served(mesh));
    }
    // Nobody stands in front of the proxy of a client.
    (config.proxy.trusted_hops, config.proxy.proxy_protocol) = (0, false);
    end_names(&mut config, &options.cluster_domain);
    let mut hosts = Vec::new();
    match (mesh.capture, &addresses) {
        (Capture::Proxy(address), _) => {
            config.listeners.iter_mut().for_each(|listener| listener.entrance = Entrance::Internal);
            share(&mut config.listeners, mesh, options);
            config.forward_proxy = (!config.listeners.is_empty()).then(|| ForwardProxy {
                address,
                ports: proxied_ports(&services, &config.listeners, mesh, options),
                passes_unknown: mesh.passes_unknown,
            });
        }
        (Capture::Address(_) | Capture::Redirect(_), None) => {}
        // What Envoy itself sends goes where it is sent to: nothing comes back.
        (Capture::Redirect(port), Some(addresses)) => {
            bind_services(&mut config.listeners, Entrance::Redirected, addresses, mesh, options);
            share(&mut config.listeners, mesh, options);
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.number()));
            config.outbound = (!config.listeners.is_empty()).then_some(Outbound { address });
        }
        (Capture::Address(_), Some(addresses)) => {
            hosts = bind_services(&mut config.listeners, Entrance::Service, addresses, mesh, options);
            report_loops(&config, &hosts, (&services, addresses), diagnostics);
            report_sockets(config.listeners.iter().flat_map(ir::Listener::sockets).count(), diagnostics);
        }
    }
    Lowered { config, origins, files, expected, hosts, ..Lowered::default() }
}

/// Serves the ports for HTTP by one connection manager: it finds the routes by where a connection was made to. Releases
/// that find virtual hosts by no other header than the host have a scope for each port. Those cannot be followed in files of
/// their own, and stay apart where routes are: an edit of one would drain the connections of all.
fn share(listeners: &mut [ir::Listener], mesh: &Mesh, options: &Options) {
    const VHOST_HEADER: EnvoyVersion = EnvoyVersion(40);
    let by = match options.envoy_version < VHOST_HEADER {
        true if mesh.follows_files => return,
        true => Sharing::Scopes,
        false => Sharing::VirtualHosts,
    };
    for listener in listeners.iter_mut().filter(|listener| is_plain_http(listener)) {
        listener.entrance = listener.entrance.shared(by).unwrap_or(listener.entrance);
    }
}

/// Whether all that a port has of its own is its routes. Calls have limits of their own, and whoever is asked about requests
/// gets these as they are.
fn is_plain_http(listener: &ir::Listener) -> bool {
    let [ir::FilterChain { name: _, select: ir::ChainMatch::Any, tls: None, handler, origin: _ }] = listener.chains()
    else {
        return false;
    };
    let ir::Handler::Http(connection) = handler else { return false };
    let routes = connection.virtual_hosts.iter().flat_map(|host| &host.routes);
    let mut filters = routes.flat_map(|route| route.action.leaves()).filter_map(|leaf| leaf.http_filters());
    connection.settings.is_empty()
        && listener.settings.is_empty()
        && connection.misdirected.is_empty()
        && connection.virtual_hosts.len() == 1
        && !connection.takes_calls()
        && filters.all(|filters| filters.auths.is_empty() && filters.guards == ir::RouteGuards::default())
}

/// Puts the listener of each port at the addresses of its Service, and says which names stand for which address.
fn bind_services(
    listeners: &mut [ir::Listener],
    entrance: Entrance,
    addresses: &ServiceAddresses<'_>,
    mesh: &Mesh,
    options: &Options,
) -> Vec<ServiceHosts> {
    let mut hosts: Vec<ServiceHosts> = Vec::new();
    for listener in listeners {
        let Some(ir::GatewayName { namespace, name }) = listener.gateways.first() else { continue };
        let Ok(address) = addresses.of((namespace, name)) else { continue };
        let ServiceAddress { first, second } = address;
        (listener.entrance, listener.address, listener.second) = (entrance, first, second);
        if hosts.iter().rev().take(2).any(|last| last.address == first) {
            continue;
        }
        for address in address.all() {
            let mut names = names_of_service((namespace, name), &mesh.client, &options.cluster_domain);
            // Files of hosts have no names that end with a dot.
            names.retain(|name| !name.ends_with('.'));
            hosts.push(ServiceHosts { address, names });
        }
    }
    hosts
}

/// What decides whether a port of a Service is served.
struct Led<'a, 'm> {
    resolved: &'a Resolved<'m>,
    services: &'a Services<'m>,
    addresses: Option<&'a ServiceAddresses<'m>>,
    mesh: &'a Mesh,
    options: &'a Options,
}

/// Whether the traffic for a port of a Service is led to the proxy. Reported is where it cannot be and routes count for it.
fn is_served(led: &Led<'_, '_>, bind: Bind, id: ListenerId, diagnostics: &mut Diagnostics) -> bool {
    let Led { resolved, services, addresses, mesh, options } = led;
    let listener = resolved.listener(id);
    let service = &resolved.gateways[id.gateway].object.head;
    let key = service.metadata.sort_key();
    let is_known = services.contains_key(&key);
    let is_of_service = |route: &&crate::resolver::RouteId| resolved.routes.get(**route).object().kind != Kind::Service;
    let counting: Vec<_> = listener.attached.iter().filter(is_of_service).collect();
    let why = match mesh.capture {
        _ if !is_known && !options.assume.services => return false,
        _ if !is_known => Some("it is assumed, and nobody knows its ports".to_owned()),
        // A case that sends one is refused, and the others need none.
        Capture::Proxy(_) if listener.protocol == Protocol::Udp && options.is_tried => return false,
        Capture::Proxy(_) if listener.protocol == Protocol::Udp => {
            Some("a proxy for HTTP carries no datagrams".to_owned())
        }
        Capture::Proxy(_) => None,
        Capture::Redirect(_) if listener.protocol == Protocol::Udp => {
            Some("the rules of `--section redirect` lead connections, and no datagrams".to_owned())
        }
        Capture::Redirect(_) => match addresses.map_or(Err("it has no address"), |one| one.of(key)) {
            Err(why) => Some(why.to_owned()),
            Ok(ServiceAddress { first: IpAddr::V6(address), second: _ }) => {
                Some(format!("the rules of `--section redirect` lead what is sent to IPv4, and not to {address}"))
            }
            Ok(ServiceAddress { first: IpAddr::V4(_), second: _ }) => None,
        },
        Capture::Address(_) => match addresses.map_or(Err("it has no address"), |one| one.of(key)) {
            Err(why) => Some(why.to_owned()),
            Ok(own) => {
                let is_taken =
                    |admin: &SocketAddr| own.all().any(|address| is_taken_by_admin(Bind { address, ..bind }, *admin));
                let admin = options.admin_address.filter(is_taken);
                admin.map(|admin| format!("Envoy's admin interface has {admin}"))
            }
        },
    };
    let Some(why) = why else { return !(mesh.routed_only && counting.is_empty()) };
    for route in counting {
        let route = resolved.routes.get(*route);
        let parents = route.parents.iter().filter(|parent| parent.listeners.contains(&id));
        for parent in parents {
            if let ParentSource::Ref(index) = parent.source {
                diagnostics.report(not_captured(route.object(), index, (service, listener.spec.port), &why));
            }
        }
    }
    false
}

fn not_captured(route: &ObjectHead, parent: usize, (service, port): (&ObjectHead, Port), why: &str) -> Finding {
    let name = service.full_name();
    let message = format!("port {port} of Service `{name}` cannot be served: {why}");
    route
        .finding(codes::MESH_NOT_CAPTURED, PartPath::from(ObjectPart::Parent(parent)), message)
        .label("clients get nothing of the route here")
        .help("add the Service to the input, serve it in another form, or leave the route out of what is served")
}

fn nobody_served(mesh: &Mesh) -> Finding {
    let message = format!("the input has no Service that clients in namespace `{}` can be led to", mesh.client);
    Finding::new(codes::NO_LISTENER, Location::Run, message)
        .consequence("there is nothing that Envoy could run")
        .help("add the Services to the input, and those without routes with `--mesh-services all`")
}

/// Warns of more sockets than an Envoy of few workers may have where a process may open the usual 1,024 files.
fn report_sockets(sockets: usize, diagnostics: &mut Diagnostics) {
    const MANY: usize = 500;
    if sockets <= MANY {
        return;
    }
    let message = format!("ports of Services are {sockets} sockets for each worker of Envoy");
    let finding = Finding::new(codes::MESH_MANY_SOCKETS, Location::Run, message);
    diagnostics.report(
        finding
            .consequence(format!("with two workers Envoy needs more than {} file descriptors, and ends without them", 2 * sockets))
            .help("raise the limit of open files (`ulimit -n`), serve fewer ports with `--mesh-services routed`, or use `--mesh-capture redirect`, which binds one"),
    );
}

/// Ends the names of Services with a dot: whoever resolves them then asks no file of hosts, which may lead to this very
/// proxy.
fn end_names(config: &mut ir::Config, domain: &str) {
    let suffix = format!(".svc.{domain}");
    for cluster in &mut config.clusters {
        let Endpoints::Dns(names) = &mut cluster.endpoints else { continue };
        for (name, _) in names.iter_mut().filter(|(name, _)| name.ends_with(&suffix)) {
            name.push('.');
        }
    }
}

/// The hosts by which clients name the port of each listener. A host stands for one Service alone.
fn proxied_ports(
    services: &Services<'_>,
    listeners: &[ir::Listener],
    mesh: &Mesh,
    options: &Options,
) -> Vec<ProxiedPort> {
    let mut ports: Vec<ProxiedPort> = Vec::new();
    let shared = shared_addresses(services);
    // Whose a host is, and which of its hosts.
    let mut owners: HashMap<(String, Port), (usize, usize)> = HashMap::new();
    for (place, listener) in listeners.iter().enumerate() {
        let Some(service) = listener.gateways.first() else { continue };
        let key = (&service.namespace, &service.name);
        let names = names_of_service(key, &mesh.client, &options.cluster_domain);
        let addresses = services.get(&key).into_iter().flat_map(|service| service.spec.cluster_ips());
        let addresses = addresses.filter(|address| !shared.contains(address)).map(host_of);
        for (index, host) in names.into_iter().chain(addresses).enumerate() {
            owners.entry((host, listener.port)).or_insert((ports.len(), index));
        }
        ports.push(ProxiedPort { hosts: Vec::new(), listener: place });
    }
    let mut owned: Vec<((usize, usize), String)> = owners.into_iter().map(|((host, _), at)| (at, host)).collect();
    owned.sort_unstable();
    for ((port, _), host) in owned {
        ports[port].hosts.push(host);
    }
    ports
}

/// An address as URLs have it.
fn host_of(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}
