//! What the parser hands on: every object of the input, checked and defaulted.

use std::collections::HashMap;

use crate::diagnostics::{FieldPath, Finding, Location};
use crate::name::{Name, Namespace};
use typed_index_collections::TiVec;

use super::any_object::AnyObject;
use super::api::{
    BackendSpec, BackendTlsPolicySpec, BackendTrafficPolicySpec, ClientTrafficPolicySpec, ConfigMap, EndpointSlice,
    EnvoyExtensionPolicySpec, EnvoyPolicySpec, EnvoyPolicyTarget, GatewayClassSpec, GatewaySpec, GrpcRouteSpec,
    HttpListenerOptionSpec, HttpRouteFilterSpec, HttpRouteSpec, L4RouteSpec, ListenerOptionSpec, ListenerOptionsSpec,
    ListenerSetSpec, ListenerTarget, NamespaceSpec, OptionKind, ReferenceGrantSpec, RouteOptionSpec, Secret,
    SecurityPolicySpec, Service, TlsRouteSpec, UpstreamSpec, VirtualHostOptionSpec, XBackendSpec,
    XBackendTrafficPolicySpec, XMeshSpec,
};
use super::foreign::ForeignObject;
use super::known_names::KnownNames;
use super::skipped::Skipped;
use super::source::{Document, DocumentId, SourceSet};

pub use super::head::{Metadata, Object, ObjectHead, Position, Refusal, Timestamp};
pub use super::kind::{Kind, ObjectKey};
pub(crate) use super::known_names::Likely;

/// Every object of the input, each list in input order, each key once (the later definition).
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "one list for each kind")]
pub struct Manifests {
    /// The files.
    pub sources: SourceSet,
    /// The documents, by [`DocumentId`].
    pub documents: TiVec<DocumentId, Document>,
    /// The byte of each document, by [`DocumentId`], at which each item of its
    /// `spec.rules` begins; `None` where only a second reading can tell.
    pub rule_starts: TiVec<DocumentId, Vec<Option<usize>>>,
    pub gateway_classes: Vec<Object<GatewayClassSpec>>,
    pub gateways: Vec<Object<GatewaySpec>>,
    pub listener_sets: Vec<Object<ListenerSetSpec>>,
    pub http_routes: Vec<Object<HttpRouteSpec>>,
    pub grpc_routes: Vec<Object<GrpcRouteSpec>>,
    pub tls_routes: Vec<Object<TlsRouteSpec>>,
    pub tcp_routes: Vec<Object<L4RouteSpec>>,
    pub udp_routes: Vec<Object<L4RouteSpec>>,
    pub reference_grants: Vec<Object<ReferenceGrantSpec>>,
    pub backend_tls_policies: Vec<Object<BackendTlsPolicySpec>>,
    pub backends: Vec<Object<XBackendSpec>>,
    pub x_backend_traffic_policies: Vec<Object<XBackendTrafficPolicySpec>>,
    pub meshes: Vec<Object<XMeshSpec>>,
    pub route_options: Vec<Object<RouteOptionSpec>>,
    pub virtual_host_options: Vec<Object<VirtualHostOptionSpec>>,
    pub listener_options: Vec<Object<ListenerOptionSpec>>,
    pub http_listener_options: Vec<Object<HttpListenerOptionSpec>>,
    pub upstreams: Vec<Object<UpstreamSpec>>,
    pub envoy_backends: Vec<Object<BackendSpec>>,
    pub client_traffic_policies: Vec<Object<ClientTrafficPolicySpec>>,
    pub backend_traffic_policies: Vec<Object<BackendTrafficPolicySpec>>,
    pub security_policies: Vec<Object<SecurityPolicySpec>>,
    pub envoy_extension_policies: Vec<Object<EnvoyExtensionPolicySpec>>,
    pub http_route_filters: Vec<Object<HttpRouteFilterSpec>>,
    pub namespaces: Vec<Object<NamespaceSpec>>,
    pub services: Vec<Object<Service>>,
    pub endpoint_slices: Vec<Object<EndpointSlice>>,
    pub secrets: Vec<Object<Secret>>,
    pub config_maps: Vec<Object<ConfigMap>>,
    /// The objects of groups and kinds that gwctl does not translate.
    pub foreign: Vec<ForeignObject>,
    /// What is no Kubernetes object and is not meant to be one: documents, and whole files of Helm charts.
    pub skipped: Vec<Skipped>,
    /// The notes about them in whose place one with a count stands.
    pub counted: Vec<Finding>,
    /// Whether something of the input could not be read at all: nobody knows what objects it holds.
    pub has_unread: bool,
    /// Definitions of judged objects in whose place others count.
    pub overridden: Vec<(ObjectKey, Position)>,
    /// Objects that the API server would refuse: reported, and left out of the lists above, with their places.
    pub refused: HashMap<ObjectKey, Position>,
    /// What of them could be decoded.
    pub decoded: Vec<AnyObject>,
    /// The Services of the EndpointSlices among them that could not be decoded.
    pub undecoded_slices: Vec<(ObjectKey, ObjectKey)>,
    /// How many objects were read, those of other groups included.
    pub object_count: usize,
    /// How many of them are of Gateway API's groups, refused ones included.
    pub judged_count: usize,
    pub(super) names: KnownNames,
}

/// Why a refused object cannot be used, behind its name.
pub const IS_REFUSED: &str = "is in the input and has errors of its own";

impl Manifests {
    /// Puts an object into the list of its kind.
    pub(super) fn place(&mut self, object: AnyObject) {
        match object {
            AnyObject::GatewayClass(object) => self.gateway_classes.push(*object),
            AnyObject::Gateway(object) => self.gateways.push(*object),
            AnyObject::ListenerSet(object) => self.listener_sets.push(*object),
            AnyObject::HttpRoute(object) => self.http_routes.push(*object),
            AnyObject::GrpcRoute(object) => self.grpc_routes.push(*object),
            AnyObject::TlsRoute(object) => self.tls_routes.push(*object),
            AnyObject::TcpRoute(object) => self.tcp_routes.push(*object),
            AnyObject::UdpRoute(object) => self.udp_routes.push(*object),
            AnyObject::ReferenceGrant(object) => self.reference_grants.push(*object),
            AnyObject::BackendTlsPolicy(object) => self.backend_tls_policies.push(*object),
            AnyObject::Backend(object) => self.backends.push(*object),
            AnyObject::XBackendTrafficPolicy(object) => self.x_backend_traffic_policies.push(*object),
            AnyObject::Mesh(object) => self.meshes.push(*object),
            AnyObject::RouteOption(object) => self.route_options.push(*object),
            AnyObject::VirtualHostOption(object) => self.virtual_host_options.push(*object),
            AnyObject::ListenerOption(object) => self.listener_options.push(*object),
            AnyObject::HttpListenerOption(object) => self.http_listener_options.push(*object),
            AnyObject::Upstream(object) => self.upstreams.push(*object),
            AnyObject::EnvoyBackend(object) => self.envoy_backends.push(*object),
            AnyObject::ClientTrafficPolicy(object) => self.client_traffic_policies.push(*object),
            AnyObject::BackendTrafficPolicy(object) => self.backend_traffic_policies.push(*object),
            AnyObject::SecurityPolicy(object) => self.security_policies.push(*object),
            AnyObject::EnvoyExtensionPolicy(object) => self.envoy_extension_policies.push(*object),
            AnyObject::HttpRouteFilter(object) => self.http_route_filters.push(*object),
            AnyObject::Namespace(object) => self.namespaces.push(*object),
            AnyObject::Service(object) => self.services.push(*object),
            AnyObject::EndpointSlice(object) => self.endpoint_slices.push(*object),
            AnyObject::Secret(object) => self.secrets.push(*object),
            AnyObject::ConfigMap(object) => self.config_maps.push(*object),
        }
    }

    /// Gives back the room that lists have for more objects, of the kinds that inputs have very many of.
    pub(super) fn close(&mut self) {
        let Self { http_routes, grpc_routes, tls_routes, tcp_routes, udp_routes, .. } = self;
        http_routes.shrink_to_fit();
        grpc_routes.shrink_to_fit();
        tls_routes.shrink_to_fit();
        tcp_routes.shrink_to_fit();
        udp_routes.shrink_to_fit();
        let Self { services, endpoint_slices, secrets, config_maps, upstreams, route_options, .. } = self;
        services.shrink_to_fit();
        endpoint_slices.shrink_to_fit();
        secrets.shrink_to_fit();
        config_maps.shrink_to_fit();
        upstreams.shrink_to_fit();
        route_options.shrink_to_fit();
    }

    /// Where an object stands that the API server would refuse and that could not be decoded.
    pub fn refused_place(&self, key: &ObjectKey) -> Option<Location> {
        let Position { document, base, context: _ } = self.refused.get(key)?;
        Some(Location::field(*document, base.clone()))
    }

    /// The head of every object of a kind that gwctl reads, those of the context included.
    pub fn heads(&self) -> Vec<&ObjectHead> {
        fn add<'m, S>(heads: &mut Vec<&'m ObjectHead>, objects: &'m [Object<S>]) {
            heads.extend(objects.iter().map(|object| &object.head));
        }
        let Manifests {
            sources: _,
            documents: _,
            has_unread: _,
            rule_starts: _,
            gateway_classes,
            gateways,
            listener_sets,
            http_routes,
            grpc_routes,
            tls_routes,
            tcp_routes,
            udp_routes,
            reference_grants,
            backend_tls_policies,
            backends,
            x_backend_traffic_policies,
            meshes,
            route_options,
            virtual_host_options,
            listener_options,
            http_listener_options,
            upstreams,
            envoy_backends,
            client_traffic_policies,
            backend_traffic_policies,
            security_policies,
            envoy_extension_policies,
            http_route_filters,
            namespaces,
            services,
            endpoint_slices,
            secrets,
            config_maps,
            foreign: _,
            skipped: _,
            counted: _,
            overridden: _,
            refused: _,
            decoded: _,
            undecoded_slices: _,
            object_count: _,
            judged_count: _,
            names: _,
        } = self;
        let mut heads = Vec::new();
        add(&mut heads, gateway_classes);
        add(&mut heads, gateways);
        add(&mut heads, listener_sets);
        add(&mut heads, http_routes);
        add(&mut heads, grpc_routes);
        add(&mut heads, tls_routes);
        add(&mut heads, tcp_routes);
        add(&mut heads, udp_routes);
        add(&mut heads, reference_grants);
        add(&mut heads, backend_tls_policies);
        add(&mut heads, backends);
        add(&mut heads, x_backend_traffic_policies);
        add(&mut heads, meshes);
        add(&mut heads, route_options);
        add(&mut heads, virtual_host_options);
        add(&mut heads, listener_options);
        add(&mut heads, http_listener_options);
        add(&mut heads, upstreams);
        add(&mut heads, envoy_backends);
        add(&mut heads, client_traffic_policies);
        add(&mut heads, backend_traffic_policies);
        add(&mut heads, security_policies);
        add(&mut heads, envoy_extension_policies);
        add(&mut heads, http_route_filters);
        add(&mut heads, namespaces);
        add(&mut heads, services);
        add(&mut heads, endpoint_slices);
        add(&mut heads, secrets);
        add(&mut heads, config_maps);
        heads
    }

    /// What is to be said of an object that cannot be looked up: it is not there, or it is and was refused.
    pub fn absence(&self, key: &ObjectKey) -> &'static str {
        if self.refused.contains_key(key) { IS_REFUSED } else { "is not in the input" }
    }

    /// What may be meant by a name that no object of a kind and namespace has. It is asked when all objects of the input have their
    /// places.
    pub(crate) fn likely(&self, kind: Kind, namespace: &Namespace, name: &Name) -> Option<Likely> {
        self.names.of(kind, || self.heads())?.likely(namespace, name)
    }

    /// The namespaces in which an object of a kind has a name, in the order of the input. It is asked when all
    /// objects of the input have their places.
    pub fn namespaces_with(&self, kind: Kind, name: &Name) -> &[Namespace] {
        self.names.of(kind, || self.heads()).map(|names| names.namespaces_with(name)).unwrap_or_default()
    }

    /// Takes what of refused objects could be decoded for objects: what judges does so, what writes a configuration
    /// does not.
    pub fn admit_decoded(&mut self) {
        self.names = KnownNames::default();
        for object in std::mem::take(&mut self.decoded) {
            self.refused.remove(&object.key());
            self.place(object);
        }
    }

    /// The objects with options for listeners, of all kinds, each with its targets.
    pub fn options_of_listeners(&self) -> impl Iterator<Item = (&ObjectHead, &[ListenerTarget])> {
        fn of<T>(objects: &[Object<ListenerOptionsSpec<T>>]) -> impl Iterator<Item = (&ObjectHead, &[ListenerTarget])> {
            objects.iter().map(|object| (&object.head, object.spec.target_refs.as_slice()))
        }
        of(&self.virtual_host_options).chain(of(&self.listener_options)).chain(of(&self.http_listener_options))
    }

    /// The policies of Envoy Gateway, of all kinds, each with the targets that it names.
    pub fn targets_of_envoy_policies(
        &self,
    ) -> impl Iterator<Item = (&ObjectHead, Vec<(Option<usize>, &EnvoyPolicyTarget)>)> {
        fn of<T: OptionKind>(
            objects: &[Object<EnvoyPolicySpec<T>>],
        ) -> impl Iterator<Item = (&ObjectHead, Vec<(Option<usize>, &EnvoyPolicyTarget)>)> {
            objects.iter().map(|object| (&object.head, object.spec.targets().collect()))
        }
        let client = of(&self.client_traffic_policies);
        let requests = of(&self.security_policies).chain(of(&self.envoy_extension_policies));
        client.chain(of(&self.backend_traffic_policies)).chain(requests)
    }

    /// The objects that were admitted although the API server would refuse them.
    pub fn refused_keys(&self) -> impl Iterator<Item = ObjectKey> {
        fn of<S>(objects: &[Object<S>]) -> impl Iterator<Item = ObjectKey> {
            objects.iter().filter(|object| object.refusal.is_some()).map(|object| object.key())
        }
        let Self { gateway_classes, gateways, listener_sets, meshes, .. } = self;
        let parents = of(gateway_classes).chain(of(gateways)).chain(of(listener_sets)).chain(of(meshes));
        let Self { http_routes, grpc_routes, tls_routes, tcp_routes, udp_routes, .. } = self;
        let http = of(http_routes).chain(of(grpc_routes));
        let routes = http.chain(of(tls_routes)).chain(of(tcp_routes)).chain(of(udp_routes));
        let Self {
            backend_tls_policies,
            backends,
            x_backend_traffic_policies,
            route_options,
            virtual_host_options,
            ..
        } = self;
        let Self { listener_options, http_listener_options, .. } = self;
        let Self { client_traffic_policies, backend_traffic_policies, security_policies, .. } = self;
        let envoy = of(client_traffic_policies).chain(of(backend_traffic_policies)).chain(of(security_policies));
        let envoy = envoy.chain(of(&self.envoy_extension_policies));
        let policies = of(backend_tls_policies).chain(of(backends)).chain(of(x_backend_traffic_policies));
        let options = of(route_options).chain(of(virtual_host_options)).chain(of(listener_options));
        let policies = policies.chain(options).chain(of(http_listener_options));
        parents.chain(routes).chain(policies).chain(envoy)
    }

    /// The places of what could not be decoded of the objects that were admitted.
    pub fn missing_parts(&self) -> Vec<(ObjectKey, FieldPath, Location)> {
        let mut parts = Vec::new();
        self.heads().into_iter().for_each(|head| head.add_missing(&mut parts));
        parts
    }

    /// The places of keys that the admitted objects have more than once: only the last value of each is looked at.
    pub fn repeated_parts(&self) -> Vec<(ObjectKey, FieldPath, Location)> {
        let mut parts = Vec::new();
        self.heads().into_iter().for_each(|head| head.add_repeated(&mut parts));
        parts
    }
}
