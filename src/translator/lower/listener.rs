//! Sockets: the listeners of Gateways that are served by one address and port.
//!
//! `socket` groups the listeners, a file for each protocol makes their chains.

use std::collections::BTreeMap;

use crate::diagnostics::{Diagnostics, Finding, Location, codes};
use crate::ir::{Authorities, CertificateId, FilterChain, GatewayName, Listener, Origin, Transport};
use crate::parser::manifests::{Metadata, ObjectKey};
use crate::path;
use crate::resolver::{BundleId, KeyPairId, ListenerId, OriginTable, Place, Resolved, ResolvedRoute};

use super::cluster::Clusters;
use super::filter::ExternalAuths;
use super::http_chain::lower_http_chain;
use super::key_material::KeyMaterial;
use super::l4_route::{lower_tcp_chain, lower_udp};
use super::rule::LoweredRoutes;
use super::scope::Scope;
use super::socket::{Bind, Demultiplexing, Socket, SocketTransport};
use super::tls_chain::lower_tls_chains;
use super::virtual_host::Placement;

/// From how many routes on, and from how many routes for each declared match,
/// the copies of less specific routes are worth a warning.
const MANY_ROUTES: usize = 20_000;
const MANY_COPIES: usize = 4;

/// What the chains of a socket are made of.
#[derive(Debug)]
pub(super) struct SocketLowering<'a, 'm> {
    pub(super) resolved: &'a Resolved<'m>,
    pub(super) scope: Scope,
    /// The rules of the routes that speak HTTP, and the backends of the others.
    pub(super) routes: &'a LoweredRoutes,
    pub(super) clusters: &'a mut Clusters<'m>,
    /// The authorizations of all rules.
    pub(super) auths: &'a mut ExternalAuths,
    pub(super) placement: &'a mut Placement,
    material: &'a mut KeyMaterial<'m>,
    origins: &'a mut OriginTable,
    /// The Gateways and ListenerSets that the table of origins knows.
    registered: BTreeMap<ObjectKey, u32>,
}

/// What the listeners are made of.
pub(super) struct Parts<'a, 'm> {
    pub(super) scope: Scope,
    pub(super) sockets: Vec<Socket>,
    pub(super) routes: &'a LoweredRoutes,
    pub(super) clusters: &'a mut Clusters<'m>,
    pub(super) auths: &'a mut ExternalAuths,
}

impl SocketLowering<'_, '_> {
    /// The origin of a listener, in the object that declares it.
    pub(super) fn origin_of(&mut self, id: ListenerId) -> Origin {
        let listener = self.resolved.listener(id);
        let origins = &mut *self.origins;
        let object = *self.registered.entry(listener.owner.key()).or_insert_with(|| listener.owner.register(origins));
        let index = u16::try_from(listener.index).unwrap_or(u16::MAX);
        self.origins.origin(object, Place::Listener(index))
    }

    /// The certificate of an id.
    pub(super) fn key_pair(&mut self, id: KeyPairId) -> CertificateId {
        self.material.key_pair(id, self.origins)
    }

    /// The authorities of several objects.
    pub(super) fn authorities(&mut self, ids: &[BundleId]) -> Authorities {
        self.material.authorities(ids, self.origins)
    }

    fn lower_socket(&mut self, bind: Bind, ids: &[ListenerId]) -> Option<Listener> {
        let first = *ids.first()?;
        let transport = match bind.transport {
            SocketTransport::Stream => Transport::Tcp(self.lower_chains(ids)),
            SocketTransport::Datagram => Transport::Udp(lower_udp(self, first)),
        };
        let Bind { address, port: bind_port, transport: _ } = bind;
        let port = self.resolved.listener(first).spec.port;
        (!matches!(&transport, Transport::Tcp(chains) if chains.is_empty())).then(|| Listener {
            address,
            bind_port,
            port,
            transport,
            gateways: self.gateways_of(ids),
            origin: self.origin_of(first),
        })
    }

    /// The Gateways of the listeners that share a socket.
    fn gateways_of(&self, ids: &[ListenerId]) -> Vec<GatewayName> {
        let mut gateways: Vec<usize> = ids.iter().map(|id| id.gateway).collect();
        gateways.dedup();
        let name = |index: usize| {
            let Metadata { namespace, name, .. } = &self.resolved.gateways[index].object.metadata;
            GatewayName { namespace: namespace.clone(), name: name.clone() }
        };
        gateways.into_iter().map(name).collect()
    }

    /// The chains of a TCP socket, in the order of its listeners.
    fn lower_chains(&mut self, ids: &[ListenerId]) -> Vec<FilterChain> {
        let Some(first) = ids.first() else { return Vec::new() };
        match Demultiplexing::of(self.resolved.listener(*first).protocol) {
            Demultiplexing::Http => vec![lower_http_chain(self, ids)],
            Demultiplexing::Tls => lower_tls_chains(self, ids),
            Demultiplexing::Nothing => vec![lower_tcp_chain(self, *first)],
        }
    }
}

/// Lowers every listener of the sockets that serves something. Beside them: where their routes went.
pub(super) fn lower_listeners<'m>(
    resolved: &Resolved<'m>,
    Parts { scope, sockets, routes, clusters, auths }: Parts<'_, 'm>,
    material: &mut KeyMaterial<'m>,
    origins: &mut OriginTable,
) -> (Vec<Listener>, Placement) {
    let mut placement = Placement::default();
    let mut lowering = SocketLowering {
        resolved,
        scope,
        routes,
        clusters,
        auths,
        placement: &mut placement,
        material,
        origins,
        registered: BTreeMap::new(),
    };
    let listeners = sockets.into_iter().filter_map(|(bind, ids)| lowering.lower_socket(bind, &ids)).collect();
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

fn report_copies(resolved: &Resolved<'_>, placement: &Placement, declared: usize, diagnostics: &mut Diagnostics) {
    let mut copied: Vec<_> = placement.by_route.iter().collect();
    copied.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    let Some(((kind, namespace, name), most)) = copied.first().copied() else { return };
    let at = || path!["spec", "hostnames"];
    let message = format!(
        "{declared} declared matches become {} routes; those of `{namespace}/{name}` are copied {most} times",
        placement.total
    );
    let is = |route: &&ResolvedRoute<'_>| {
        route.kind().in_names() == *kind && route.object().metadata.sort_key() == (&**namespace, &**name)
    };
    let route = resolved.routes.iter().find(is);
    let finding = route.map(|route| route.object().finding(codes::ROUTES_MULTIPLY, at(), &message));
    let finding = finding.unwrap_or_else(|| Finding::new(codes::ROUTES_MULTIPLY, Location::Run, &message));
    diagnostics.report(
        finding
            .label("applies to every more specific host as well")
            .consequence("the configuration grows with the number of hosts times these routes")
            .help("give the route narrower hostnames, or end it with a rule that takes every request"),
    );
}
