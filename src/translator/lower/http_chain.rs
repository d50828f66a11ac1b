//! Chains that speak HTTP: one for all plain listeners of a socket, and one for
//! each HTTPS listener.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::hostname::Hostname;
use crate::ir::{ChainMatch, FilterChain, Handler, HttpConnection, Origin, Route};
use crate::resolver::{ListenerId, Resolved, ResolvedListener, RouteKind};

use super::http_route::LoweredRule;
use super::listener::SocketLowering;
use super::precedence::Precedence;
use super::virtual_host::{ListenerRoutes, build_virtual_hosts};

/// The chain of the plain HTTP listeners of a socket. They share it: the host
/// of a request, not the connection, says which listener it belongs to.
pub(super) fn lower_http_chain(lowering: &mut SocketLowering<'_, '_>, ids: &[ListenerId]) -> FilterChain {
    let mut listeners = listener_routes(lowering, ids, "http");
    let origin = listeners.first().map_or_else(|| Origin(u32::MAX), |listener| listener.origin);
    let virtual_hosts =
        build_virtual_hosts(&mut listeners, lowering.copies).into_iter().map(|(_, host)| host).collect();
    FilterChain {
        name: None,
        select: ChainMatch::Any,
        tls: None,
        handler: Handler::Http(HttpConnection { virtual_hosts, misdirected: Vec::new() }),
        origin,
    }
}

/// The HTTP routes of listeners that share a socket.
fn listener_routes<'m>(
    lowering: &mut SocketLowering<'_, 'm>,
    ids: &[ListenerId],
    scheme: &'static str,
) -> Vec<ListenerRoutes<'m>> {
    let resolved = lowering.resolved;
    let mut lowered: BTreeMap<usize, Vec<Vec<Arc<Route>>>> = BTreeMap::new();
    ids.iter()
        .map(|id| {
            let listener = resolved.listener(*id);
            let mut own = ListenerRoutes::new(listener.hostname.clone(), lowering.origin_of(*id));
            for attachment in listener.attached.iter().filter(|attachment| attachment.kind == RouteKind::Http) {
                let rules = lowered.entry(attachment.route).or_insert_with(|| {
                    routes_on_port(&lowering.http_routes[attachment.route], scheme, listener.spec.port)
                });
                add_route(resolved, listener, attachment.route, rules, &mut own);
            }
            own
        })
        .collect()
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
