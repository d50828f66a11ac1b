//! What the chains of a socket are made of.

use std::collections::BTreeMap;

use crate::diagnostics::{ObjectPart, Reported};
use crate::ir::{Authorities, CertificateId, GatewayName, Origin, TcpBackend, TcpProxy};
use crate::options::EnvoyVersion;
use crate::parser::manifests::ObjectKey;
use crate::resolver::{BundleId, KeyPairId, ListenerId, OriginObject, OriginTable, Resolved, RouteId};

use super::cluster::{Clusters, RouteProtocol};
use super::external_auths::ExternalAuths;
use super::key_material::KeyMaterial;
use super::option::auth_server::AuthServers;
use super::option::host::HostParts;
use super::option::http::HttpParts;
use super::option::limits::LimitServers;
use super::option::processors::Processors;
use super::option::socket::{self, SocketParts};
use super::option::tracing::Tracings;
use super::policy::{PoliciesAt, PolicyParts};
use super::routes::LoweredRoutes;
use super::scope::Scope;
use super::virtual_host::Placement;

/// What the options of listeners say.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListenerParts<'a> {
    /// Of requests.
    pub(super) hosts: &'a HostParts,
    /// Of connections that speak HTTP.
    pub(super) settings: &'a HttpParts,
    /// Of servers that are asked whether requests may pass.
    pub(super) servers: &'a AuthServers,
    /// Of servers that count requests.
    pub(super) limits: &'a LimitServers<'a>,
    /// Of servers that requests are handed to.
    pub(super) processors: &'a Processors,
    /// Of spans of requests.
    pub(super) tracings: &'a Tracings,
    /// Of sockets.
    pub(super) sockets: &'a SocketParts,
    /// Of what policies say.
    pub(super) policies: &'a PolicyParts,
    /// The oldest Envoy that serves them.
    pub(super) release: EnvoyVersion,
}

/// What the chains of a socket are made of.
#[derive(Debug)]
pub(super) struct SocketLowering<'a, 'm> {
    pub(super) resolved: &'a Resolved<'m>,
    pub(super) scope: Scope,
    /// The rules of the routes that speak HTTP, and the backends of the others.
    pub(super) routes: &'a LoweredRoutes,
    /// What the options of listeners say.
    pub(super) options: ListenerParts<'a>,
    pub(super) clusters: &'a mut Clusters<'m>,
    /// The authorizations of all rules.
    pub(super) auths: &'a mut ExternalAuths,
    pub(super) placement: &'a mut Placement,
    pub(super) material: &'a mut KeyMaterial<'m>,
    pub(super) origins: &'a mut OriginTable,
    /// The Gateways and ListenerSets that the table of origins knows.
    pub(super) registered: BTreeMap<ObjectKey, OriginObject>,
}

impl SocketLowering<'_, '_> {
    /// The origin of a listener, in the object that declares it.
    pub(super) fn origin_of(&mut self, id: ListenerId) -> Origin {
        let listener = self.resolved.listener(id);
        let origins = &mut *self.origins;
        let object = *self.registered.entry(listener.owner.key()).or_insert_with(|| listener.owner.register(origins));
        self.origins.origin(object, ObjectPart::Listener(listener.index))
    }

    /// The proof that what a listener says of its connections cannot be honoured: none is served then.
    pub(super) fn failure_of(&self, id: ListenerId) -> Option<Reported> {
        socket::failure_of(self.resolved, self.options.sockets, id)
    }

    /// The backends of a route that carries bytes, as they are on a listener: nobody takes its connections where what is
    /// asked for of it cannot be honoured.
    pub(super) fn backends_of(&mut self, id: ListenerId, route: RouteId, protocol: RouteProtocol) -> Vec<TcpBackend> {
        let certificate = self.clusters.certificate_of(&self.resolved.gateways[id.gateway]);
        let mut backends = self.routes.backends(route, self.clusters, protocol, certificate);
        let (resolved, parts) = (self.resolved, self.options.policies);
        let policies =
            PoliciesAt { resolved, parts, listener: resolved.listener(id), route: resolved.routes.get(route) };
        if self.failure_of(id).is_some() || policies.fails(0) {
            backends.iter_mut().for_each(|backend| backend.cluster = None);
        }
        policies.lay_over_bytes(&mut backends, self.clusters);
        backends
    }

    /// The same with whose connections are taken.
    pub(super) fn proxy_of(&mut self, id: ListenerId, route: RouteId, protocol: RouteProtocol) -> TcpProxy {
        let (resolved, parts) = (self.resolved, self.options.policies);
        let (listener, of_route) = (resolved.listener(id), resolved.routes.get(route));
        let access = PoliciesAt { resolved, parts, listener, route: of_route }.access_of_bytes();
        TcpProxy { backends: self.backends_of(id, route, protocol), access }
    }

    /// The certificate of an id.
    pub(super) fn key_pair(&mut self, id: KeyPairId) -> CertificateId {
        self.material.key_pair(id, self.origins)
    }

    /// The authorities of several objects.
    pub(super) fn authorities(&mut self, ids: &[BundleId]) -> Authorities {
        self.material.authorities(ids, self.origins)
    }

    /// The Gateways of the listeners that share a socket.
    pub(super) fn gateways_of(&self, ids: &[ListenerId]) -> Vec<GatewayName> {
        let mut gateways: Vec<usize> = ids.iter().map(|id| id.gateway).collect();
        gateways.dedup();
        let name = |index: usize| GatewayName::new(self.resolved.gateways[index].object.metadata.sort_key());
        gateways.into_iter().map(name).collect()
    }
}
