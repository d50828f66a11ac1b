//! Sockets: the listeners of Gateways that are served by one address and port.
//!
//! `socket` groups the listeners, a file for each protocol makes their chains.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostics::{Diagnostics, codes};
use crate::ir::{Entrance, FilterChain, Listener, Transport};
use crate::name::NamespacedName;
use crate::resolver::{ListenerId, OriginTable, Resolved, ResolvedRoute};
use crate::whole;

use super::cluster::Clusters;
use super::external_auths::ExternalAuths;
use super::http_chain::lower_http_chains;
use super::key_material::KeyMaterial;
use super::l4_chain::{lower_tcp_chain, lower_udp};
use super::option::socket::settings_of;
use super::policy;
use super::routes::LoweredRoutes;
use super::scope::Scope;
use super::socket::{Bind, Demultiplexing, Socket, SocketTransport};
pub(super) use super::socket_lowering::ListenerParts;
use super::socket_lowering::SocketLowering;
use super::tls_chain::{common_hosts, lower_tls_chains};
use super::virtual_host::Placement;

/// From how many routes on, and from how many routes for each declared match,
/// the copies of less specific routes are worth a warning.
const MANY_ROUTES: usize = 20_000;
const MANY_COPIES: usize = 4;

/// What the listeners are made of.
pub(super) struct Parts<'a, 'm> {
    pub(super) scope: Scope,
    pub(super) sockets: Vec<Socket>,
    pub(super) routes: &'a LoweredRoutes,
    pub(super) options: ListenerParts<'a>,
    pub(super) clusters: &'a mut Clusters<'m>,
    pub(super) auths: &'a mut ExternalAuths,
}

fn lower_socket(lowering: &mut SocketLowering<'_, '_>, bind: Bind, ids: &[ListenerId]) -> Option<Listener> {
    let first = *ids.first()?;
    let transport = match bind.transport {
        SocketTransport::Stream => Transport::Tcp(lower_chains(lowering, ids)),
        SocketTransport::Datagram => Transport::Udp(lower_udp(lowering, first)),
    };
    let Bind { address, port: bind_port, transport: _ } = bind;
    let port = lowering.resolved.listener(first).spec.port;
    (!matches!(&transport, Transport::Tcp(chains) if chains.is_empty())).then(|| Listener {
        address,
        second: None,
        bind_port,
        port,
        entrance: Entrance::Socket,
        transport,
        settings: match policy::socket_settings(lowering.resolved, lowering.options.policies, ids) {
            Some(settings) => Arc::new(settings.to_owned()),
            None => settings_of(lowering.resolved, lowering.options.sockets, ids),
        },
        misdirected: common_hosts(lowering, ids),
        gateways: lowering.gateways_of(ids),
        origin: lowering.origin_of(first),
        called: None,
    })
}

/// The chains of a TCP socket, in the order of its listeners.
fn lower_chains(lowering: &mut SocketLowering<'_, '_>, ids: &[ListenerId]) -> Vec<FilterChain> {
    let Some(first) = ids.first() else { return Vec::new() };
    match Demultiplexing::of(lowering.resolved.listener(*first).protocol) {
        Demultiplexing::Http => lower_http_chains(lowering, *first, ids),
        Demultiplexing::Tls => lower_tls_chains(lowering, ids),
        Demultiplexing::Nothing => vec![lower_tcp_chain(lowering, *first)],
    }
}

/// Lowers every listener of the sockets that serves something. Beside them: where their routes went.
pub(super) fn lower_listeners<'m>(
    resolved: &Resolved<'m>,
    Parts { scope, sockets, routes, options, clusters, auths }: Parts<'_, 'm>,
    material: &mut KeyMaterial<'m>,
    origins: &mut OriginTable,
) -> (Vec<Listener>, Placement) {
    let mut placement = Placement::default();
    let mut lowering = SocketLowering {
        resolved,
        scope,
        routes,
        options,
        clusters,
        auths,
        placement: &mut placement,
        material,
        origins,
        registered: BTreeMap::new(),
    };
    let listeners = sockets.into_iter().filter_map(|(bind, ids)| lower_socket(&mut lowering, bind, &ids)).collect();
    (listeners, placement)
}

/// Warns where copies of less specific routes multiply the output.
pub(super) fn warn_of_copies(
    resolved: &Resolved<'_>,
    placement: &Placement,
    declared: usize,
    diagnostics: &mut Diagnostics,
) {
    if placement.total > MANY_ROUTES && placement.total > MANY_COPIES * declared {
        report_copies(resolved, placement, declared, diagnostics);
    }
}

fn name_of<'r>(route: &'r ResolvedRoute<'_>) -> (&'static str, NamespacedName<'r>) {
    (route.kind().in_names(), route.object().metadata.sort_key())
}

fn report_copies(resolved: &Resolved<'_>, placement: &Placement, declared: usize, diagnostics: &mut Diagnostics) {
    // The most copies, and of equal ones the first name.
    let copied = placement.by_route.iter().map(|(id, copies)| (resolved.routes.get(*id), copies));
    let Some((route, most)) = copied.min_by_key(|(route, copies)| (Reverse(*copies), name_of(route))) else { return };
    let (namespace, name) = route.object().metadata.sort_key();
    let message = format!(
        "{declared} declared matches become {} routes; those of `{namespace}/{name}` are copied {most} times",
        placement.total
    );
    diagnostics.report(
        route
            .object()
            .finding(codes::ROUTES_MULTIPLY, whole!["spec", "hostnames"], message)
            .label("applies to every more specific host as well")
            .consequence("the configuration grows with the number of hosts times these routes")
            .help("give the route narrower hostnames, or end it with a rule that takes every request"),
    );
}
