//! Sockets: the listeners of all emitted Gateways, merged by address and port.
//!
//! `socket` groups the listeners, a file for each protocol makes their chains.

use std::collections::BTreeMap;

use crate::diagnostics::{Diagnostics, Finding, codes};
use crate::ir::{FilterChain, Listener, Origin, Transport};
use crate::options::Options;
use crate::path;
use crate::resolver::{ListenerId, OriginTable, Place, Resolved};

use super::http_chain::lower_http_chain;
use super::http_route::LoweredRule;
use super::socket::{Bind, Demultiplexing, SocketTransport, group_by_socket};
use super::virtual_host::Copies;

/// From how many routes on, and from how many routes for each declared match,
/// the copies of less specific routes are worth a warning.
const MANY_ROUTES: usize = 20_000;
const MANY_COPIES: usize = 4;

/// What the chains of a socket are made of.
#[derive(Debug)]
pub(super) struct SocketLowering<'a, 'm> {
    pub(super) resolved: &'a Resolved<'m>,
    /// The rules of each HTTPRoute.
    pub(super) http_routes: &'a [Vec<LoweredRule>],
    pub(super) copies: &'a mut Copies,
    origins: &'a mut OriginTable,
    /// The Gateways that the table of origins knows.
    registered: BTreeMap<usize, u32>,
}

impl SocketLowering<'_, '_> {
    /// The origin of a Gateway listener.
    pub(super) fn origin_of(&mut self, id: ListenerId) -> Origin {
        let gateway = self.resolved.gateways[id.gateway].object;
        let origins = &mut *self.origins;
        let object = *self.registered.entry(id.gateway).or_insert_with(|| origins.object(gateway));
        let index = u16::try_from(self.resolved.listener(id).index).unwrap_or(u16::MAX);
        self.origins.origin(object, Place::Listener(index))
    }

    fn lower_socket(&mut self, bind: Bind, ids: &[ListenerId]) -> Option<Listener> {
        let first = *ids.first()?;
        let transport = match bind.transport {
            SocketTransport::Stream => Transport::Tcp(self.lower_chains(ids)),
            SocketTransport::Datagram => return None,
        };
        let Bind { address, port: bind_port, transport: _ } = bind;
        let port = self.resolved.listener(first).spec.port;
        (!matches!(&transport, Transport::Tcp(chains) if chains.is_empty())).then(|| Listener {
            address,
            bind_port,
            port,
            transport,
            origin: self.origin_of(first),
        })
    }

    /// The chains of a TCP socket, in the order of its listeners.
    fn lower_chains(&mut self, ids: &[ListenerId]) -> Vec<FilterChain> {
        let Some(first) = ids.first() else { return Vec::new() };
        match Demultiplexing::of(self.resolved.listener(*first).protocol) {
            Demultiplexing::Http => vec![lower_http_chain(self, ids)],
            Demultiplexing::Tls | Demultiplexing::Nothing => Vec::new(),
        }
    }
}

/// Lowers every listener that serves something, by address and port.
pub(super) fn lower_listeners(
    resolved: &Resolved<'_>,
    options: &Options,
    http_routes: &[Vec<LoweredRule>],
    origins: &mut OriginTable,
    diagnostics: &mut Diagnostics,
) -> Vec<Listener> {
    let mut copies = Copies::default();
    let sockets = group_by_socket(resolved, options, diagnostics);
    let mut lowering =
        SocketLowering { resolved, http_routes, copies: &mut copies, origins, registered: BTreeMap::new() };
    let listeners = sockets.into_iter().filter_map(|(bind, ids)| lowering.lower_socket(bind, &ids)).collect();
    let declared: usize = http_routes.iter().flatten().map(|rule| rule.matches.len()).sum();
    if copies.total > MANY_ROUTES && copies.total > MANY_COPIES * declared {
        report_copies(resolved, &copies, declared, diagnostics);
    }
    listeners
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
