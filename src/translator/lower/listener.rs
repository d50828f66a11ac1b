//! Sockets: the listeners of all emitted Gateways, merged by address and port.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::diagnostics::{Diagnostics, Finding, codes};
use crate::hostname::Hostname;
use crate::ir::{ChainMatch, FilterChain, Handler, HttpConnection, Listener, Route, Transport};
use crate::options::{ListenerAddress, Options};
use crate::parser::api::GatewaySpec;
use crate::parser::manifests::Object;
use crate::path;
use crate::resolver::{ListenerId, OriginTable, Place, Protocol, Resolved, ResolvedListener};

use super::http_route::LoweredRule;
use super::precedence::Precedence;
use super::virtual_host::{Copies, ListenerRoutes, build_virtual_hosts};

/// From how many routes on, and from how many routes for each declared match,
/// the copies of less specific routes are worth a warning.
const MANY_ROUTES: usize = 20_000;
const MANY_COPIES: usize = 4;

/// The address and port of a socket.
type Bind = (IpAddr, u16);

/// Lowers every listener that serves something, by address and port.
pub(super) fn lower_listeners(
    resolved: &Resolved<'_>,
    options: &Options,
    routes: &[Vec<LoweredRule>],
    origins: &mut OriginTable,
    diagnostics: &mut Diagnostics,
) -> Vec<Listener> {
    let mut copies = Copies::default();
    let sockets = group_by_socket(resolved, options, diagnostics);
    let listeners = sockets
        .into_iter()
        .map(|(bind, ids)| lower_socket(resolved, bind, &ids, routes, origins, &mut copies))
        .collect();
    let declared: usize = routes.iter().flatten().map(|rule| rule.matches.len()).sum();
    if copies.total > MANY_ROUTES && copies.total > MANY_COPIES * declared {
        report_copies(resolved, &copies, declared, diagnostics);
    }
    listeners
}

/// The listeners of each socket, in the order of Gateways and of their lists.
fn group_by_socket(
    resolved: &Resolved<'_>,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> BTreeMap<Bind, Vec<ListenerId>> {
    let mut sockets: BTreeMap<Bind, Vec<ListenerId>> = BTreeMap::new();
    for (gateway, resolved_gateway) in resolved.gateways.iter().enumerate().filter(|(_, g)| g.emitted) {
        let addresses = bind_addresses(resolved_gateway.object, options, diagnostics);
        for (listener, spec) in resolved_gateway.listeners.iter().enumerate() {
            if spec.refused.is_some() || spec.protocol != Protocol::Http {
                continue;
            }
            let id = ListenerId { gateway, listener };
            let port = bind_port(resolved_gateway.object, spec.spec.port, options);
            for address in &addresses {
                let sharing = sockets.entry((*address, port)).or_default();
                match sharing.iter().find(|other| !can_share(resolved, id, **other)) {
                    None => sharing.push(id),
                    Some(&other) => report_address_in_use(resolved, id, other, (*address, port), diagnostics),
                }
            }
        }
    }
    sockets
}

/// Whether two listeners can be told apart on one socket.
fn can_share(resolved: &Resolved<'_>, one: ListenerId, other: ListenerId) -> bool {
    let (one, other) = (resolved.listener(one), resolved.listener(other));
    one.spec.port == other.spec.port && one.protocol == other.protocol && one.hostname != other.hostname
}

fn report_address_in_use(
    resolved: &Resolved<'_>,
    id: ListenerId,
    other: ListenerId,
    (address, port): Bind,
    diagnostics: &mut Diagnostics,
) {
    let object = resolved.gateways[id.gateway].object;
    let other_object = resolved.gateways[other.gateway].object;
    let name = |id: ListenerId| resolved.listener(id).spec.name.as_str();
    let place = |id: ListenerId| path!["spec", "listeners", resolved.listener(id).index];
    diagnostics.report(
        object
            .finding(
                codes::ADDRESS_IN_USE,
                place(id),
                format!("listeners `{}` and `{}` cannot share {address} port {port}", name(id), name(other)),
            )
            .related(
                other_object.at(&place(other)),
                format!("listener `{}` of Gateway `{}`", name(other), other_object.full_name()),
            )
            .consequence(format!("one Envoy cannot serve listener `{}` beside the other one", name(id)))
            .help("translate one Gateway alone with `--gateway`, or move one with `--port-map`"),
    );
}

fn bind_port(gateway: &Object<GatewaySpec>, port: u16, options: &Options) -> u16 {
    let meta = &gateway.metadata;
    let of_gateway = options.port_map.iter().find(|map| {
        map.from == port && map.gateway.as_ref().is_some_and(|(ns, name)| *ns == meta.namespace && *name == meta.name)
    });
    let general = || options.port_map.iter().find(|map| map.from == port && map.gateway.is_none());
    of_gateway.or_else(general).map_or(port, |map| map.to)
}

fn bind_addresses(gateway: &Object<GatewaySpec>, options: &Options, diagnostics: &mut Diagnostics) -> Vec<IpAddr> {
    let unspecified = IpAddr::from([0, 0, 0, 0]);
    match options.listener_address {
        ListenerAddress::Ip(address) => vec![address],
        ListenerAddress::Gateway => {
            let mut bound = Vec::new();
            for (index, address) in gateway.spec.addresses.iter().enumerate() {
                let value = address.value.as_deref().filter(|value| !value.is_empty());
                match (address.address_type.as_str(), value.map(str::parse::<IpAddr>)) {
                    ("IPAddress", Some(Ok(ip))) => bound.push(ip),
                    ("IPAddress", None) => bound.push(unspecified),
                    _ => diagnostics.report(
                        gateway
                            .finding(
                                codes::BAD_ADDRESS,
                                path!["spec", "addresses", index],
                                format!("Envoy cannot bind an address of type `{}`", address.address_type),
                            )
                            .consequence("the Gateway does not listen there")
                            .help("use an address of type `IPAddress`, or pass `--listener-address ADDR`"),
                    ),
                }
            }
            if gateway.spec.addresses.is_empty() { vec![unspecified] } else { bound }
        }
    }
}

fn lower_socket(
    resolved: &Resolved<'_>,
    (address, bind_port): Bind,
    ids: &[ListenerId],
    routes: &[Vec<LoweredRule>],
    origins: &mut OriginTable,
    copies: &mut Copies,
) -> Listener {
    let mut registered: BTreeMap<usize, u32> = BTreeMap::new();
    let mut origin_of = |id: ListenerId| {
        let gateway = resolved.gateways[id.gateway].object;
        let object = *registered.entry(id.gateway).or_insert_with(|| origins.object(gateway));
        let index = u16::try_from(resolved.listener(id).index).unwrap_or(u16::MAX);
        origins.origin(object, Place::Listener(index))
    };
    let port = ids.first().map_or(bind_port, |id| resolved.listener(*id).spec.port);
    let mut lowered: BTreeMap<usize, Vec<Vec<Arc<Route>>>> = BTreeMap::new();
    let mut listeners: Vec<_> = ids
        .iter()
        .map(|id| {
            let listener = resolved.listener(*id);
            let mut own = ListenerRoutes::new(listener.hostname.clone(), origin_of(*id));
            for attachment in &listener.attached {
                let rules = lowered
                    .entry(attachment.route)
                    .or_insert_with(|| routes_on_port(&routes[attachment.route], "http", port));
                add_route(resolved, listener, attachment.route, rules, &mut own);
            }
            own
        })
        .collect();
    let origin = listeners.first().map_or_else(|| crate::ir::Origin(u32::MAX), |listener| listener.origin);
    let virtual_hosts = build_virtual_hosts(&mut listeners, copies);
    let handler = Handler::Http(HttpConnection { virtual_hosts });
    let chain = FilterChain { select: ChainMatch::Any, handler, origin };
    Listener { address, bind_port, port, transport: Transport::Tcp(vec![chain]), origin }
}

/// The routes of each rule of a route object, as they are on one listener port.
fn routes_on_port(rules: &[LoweredRule], scheme: &'static str, port: u16) -> Vec<Vec<Arc<Route>>> {
    rules
        .iter()
        .map(|rule| {
            let action = rule.action.on_listener(scheme, port);
            let matches = rule.matches.iter();
            matches
                .map(|lowered| {
                    Arc::new(Route {
                        name: lowered.name.clone(),
                        matches: lowered.matches.clone(),
                        action: action.clone(),
                        origin: lowered.origin,
                    })
                })
                .collect()
        })
        .collect()
}

fn add_route<'m>(
    resolved: &Resolved<'m>,
    listener: &ResolvedListener<'m>,
    route: usize,
    rules: &[Vec<Arc<Route>>],
    own: &mut ListenerRoutes<'m>,
) {
    let resolved_route = &resolved.http_routes[route];
    let any = [Hostname::Any];
    let hostnames = if resolved_route.hostnames.is_empty() { &any[..] } else { &resolved_route.hostnames };
    for hostname in hostnames.iter().filter(|host| host.intersection(&listener.hostname).is_some()) {
        for route in rules.iter().flatten() {
            let (rule, index) = (usize::from(route.name.rule), usize::from(route.name.index));
            let precedence = Precedence::new(&route.matches, &resolved_route.object.metadata, rule, index);
            own.add(hostname, precedence, route.clone());
        }
    }
}

fn report_copies(resolved: &Resolved<'_>, copies: &Copies, declared: usize, diagnostics: &mut Diagnostics) {
    let mut copied: Vec<_> = copies.by_route.iter().collect();
    copied.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    let Some(((namespace, name), most)) = copied.first().copied() else { return };
    let object = resolved
        .http_routes
        .iter()
        .map(|route| route.object)
        .find(|object| *object.metadata.namespace == **namespace && *object.metadata.name == **name);
    let message = format!(
        "{declared} declared matches become {} routes; those of `{namespace}/{name}` are copied {most} times",
        copies.total
    );
    let finding = match object {
        Some(object) => object.finding(codes::ROUTES_MULTIPLY, path!["spec", "hostnames"], message),
        None => Finding::new(codes::ROUTES_MULTIPLY, crate::diagnostics::Location::Run, message),
    };
    diagnostics.report(
        finding
            .label("applies to every more specific host as well")
            .consequence("the configuration grows with the number of hosts times these routes")
            .help("give the route narrower hostnames, or end it with a rule that takes every request"),
    );
}
