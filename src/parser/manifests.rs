//! What the parser hands on: every object of the input, checked and defaulted.

use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;

use crate::diagnostics::{Change, Code, FieldPath, Finding, Fix, Location, ObjectRef, Reported};

use super::api::{
    BackendTlsPolicySpec, ConfigMap, EndpointSlice, GatewayClassSpec, GatewaySpec, GrpcRouteSpec, HttpRouteSpec,
    L4RouteSpec, ListenerSetSpec, Namespace, ReferenceGrantSpec, Secret, Service, TlsRouteSpec, XBackendSpec,
    XBackendTrafficPolicySpec, XMeshSpec,
};
use super::foreign::ForeignObject;
use super::object::AnyObject;
use super::source::{Document, DocumentId, SourceSet};
use crate::path;

/// The kinds that gwctl reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the API's own")]
pub enum Kind {
    GatewayClass,
    Gateway,
    ListenerSet,
    HTTPRoute,
    GRPCRoute,
    TLSRoute,
    TCPRoute,
    UDPRoute,
    ReferenceGrant,
    BackendTLSPolicy,
    XBackend,
    XBackendTrafficPolicy,
    XMesh,
    Namespace,
    Service,
    EndpointSlice,
    Secret,
    ConfigMap,
}

impl Kind {
    /// The kind's name as manifests write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::GatewayClass => "GatewayClass",
            Self::Gateway => "Gateway",
            Self::ListenerSet => "ListenerSet",
            Self::HTTPRoute => "HTTPRoute",
            Self::GRPCRoute => "GRPCRoute",
            Self::TLSRoute => "TLSRoute",
            Self::TCPRoute => "TCPRoute",
            Self::UDPRoute => "UDPRoute",
            Self::ReferenceGrant => "ReferenceGrant",
            Self::BackendTLSPolicy => "BackendTLSPolicy",
            Self::XBackend => "XBackend",
            Self::XBackendTrafficPolicy => "XBackendTrafficPolicy",
            Self::XMesh => "XMesh",
            Self::Namespace => "Namespace",
            Self::Service => "Service",
            Self::EndpointSlice => "EndpointSlice",
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
        }
    }

    /// The kind's API group; empty for core.
    pub fn group(self) -> &'static str {
        match self {
            Self::XBackend | Self::XBackendTrafficPolicy | Self::XMesh => "gateway.networking.x-k8s.io",
            Self::Namespace | Self::Service | Self::Secret | Self::ConfigMap => "",
            Self::EndpointSlice => "discovery.k8s.io",
            _ => "gateway.networking.k8s.io",
        }
    }

    /// Whether the kind has a stable version.
    pub const fn is_stable(self) -> bool {
        !matches!(self, Self::XBackend | Self::XBackendTrafficPolicy | Self::XMesh)
    }

    /// The group and kind that an earlier release gave to objects of the kind, if it was another one.
    fn former_name(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::ListenerSet => Some(("gateway.networking.x-k8s.io", "XListenerSet")),
            Self::ReferenceGrant => Some(("gateway.networking.k8s.io", "ReferencePolicy")),
            Self::XBackendTrafficPolicy => Some(("gateway.networking.k8s.io", "BackendLBPolicy")),
            _ => None,
        }
    }

    /// Whether a reference of this group and kind means objects of the kind, by the name that they have or once had.
    pub fn is_named(self, group: &str, kind: &str) -> bool {
        (group, kind) == (self.group(), self.name()) || self.former_name() == Some((group, kind))
    }

    /// Whether objects of the kind live in a namespace.
    pub fn is_namespaced(self) -> bool {
        !matches!(self, Self::GatewayClass | Self::XMesh | Self::Namespace)
    }
}

/// The identity of an object. The namespace is empty for cluster-scoped kinds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey {
    /// The kind.
    pub kind: Kind,
    /// The namespace, after `--namespace` was applied.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl ObjectKey {
    /// The key as findings carry it.
    pub fn to_ref(&self) -> ObjectRef {
        ObjectRef {
            group: self.kind.group().to_owned(),
            kind: self.kind.name().to_owned(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }
}

/// An instant in Unix time. Missing timestamps are `None` and sort after all others (see the resolver).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Nanoseconds within the second.
    pub nanos: u32,
}

/// The part of `metadata` that gwctl uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The namespace; empty for cluster-scoped kinds.
    pub namespace: String,
    /// The name; for an object with only `generateName`, that prefix.
    pub name: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// When the object was created, if the manifest says so.
    pub creation_timestamp: Option<Timestamp>,
    /// `metadata.generation`, or 0.
    pub generation: i64,
}

/// Where an object stands in the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The document.
    pub document: DocumentId,
    /// The path of the object inside the document: empty, or `items[n]` of a `List`.
    pub base: FieldPath,
    /// The object came from `--context`: known, not judged.
    pub context: bool,
}

impl Metadata {
    /// Namespace and name: the order in which objects are taken.
    pub fn sort_key(&self) -> (&str, &str) {
        (&self.namespace, &self.name)
    }
}

/// What is known of an object that the API server would refuse.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The proof of an error.
    pub proof: Reported,
    /// The parts that could not be decoded, from the root of the object: whatever stands there says nothing.
    pub without: Vec<FieldPath>,
    /// The keys that are given more than once, from the root of the object: it has the last value of each.
    pub repeated: Vec<FieldPath>,
}

/// Everything of an object but its spec.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectHead {
    /// The kind.
    pub kind: Kind,
    /// `apiVersion` without the group.
    pub version: &'static str,
    /// The metadata.
    pub metadata: Metadata,
    /// Where it stands.
    pub position: Position,
    /// Why the API server would refuse the object, and what of it is missing here.
    pub refusal: Option<Refusal>,
}

impl ObjectHead {
    /// The object's identity.
    pub fn key(&self) -> ObjectKey {
        ObjectKey { kind: self.kind, namespace: self.metadata.namespace.clone(), name: self.metadata.name.clone() }
    }

    /// The place of the field at `path`, given from the root of the object.
    pub fn at(&self, path: &FieldPath) -> Location {
        Location::field(self.position.document, self.position.base.join(path))
    }

    /// A finding on the field at `path`, given from the root of the object.
    pub fn finding(&self, code: Code, path: FieldPath, message: impl Into<String>) -> Finding {
        Finding::new(code, self.at(&path), message).object(self.key().to_ref(), path)
    }

    /// A fix that makes one change at `path`, given from the root of the object.
    pub fn fix(&self, path: &FieldPath, change: Change) -> Fix {
        Fix::one(self.position.document, self.position.base.join(path), change)
    }

    /// Whether a rule of the object could be decoded.
    pub fn has_rule(&self, rule: usize) -> bool {
        self.missing(&path!["spec", "rules", rule]).is_none()
    }

    /// The proof of an error, where a part of the object could not be decoded.
    pub fn missing(&self, part: &FieldPath) -> Option<Reported> {
        let refusal = self.refusal.as_ref().filter(|refusal| refusal.without.contains(part));
        refusal.map(|refusal| refusal.proof)
    }

    /// `namespace/name`, as messages name an object.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.metadata.namespace, self.metadata.name)
    }

    fn add_missing(&self, parts: &mut Vec<(ObjectKey, FieldPath, Location)>) {
        let missing = self.refusal.iter().flat_map(|refusal| &refusal.without);
        parts.extend(missing.map(|path| (self.key(), path.clone(), self.at(path))));
    }

    fn add_repeated(&self, parts: &mut Vec<(ObjectKey, FieldPath, Location)>) {
        let repeated = self.refusal.iter().flat_map(|refusal| &refusal.repeated);
        parts.extend(repeated.map(|path| (self.key(), path.clone(), self.at(path))));
    }
}

/// An object: its head, and its spec (for core kinds, its whole content).
#[derive(Clone, Debug, PartialEq)]
pub struct Object<S> {
    /// Everything but the spec; an object is used as its head wherever that is asked for.
    pub head: ObjectHead,
    /// The spec.
    pub spec: S,
}

impl<S> Deref for Object<S> {
    type Target = ObjectHead;

    fn deref(&self) -> &ObjectHead {
        &self.head
    }
}

/// Every object of the input, each list in input order, each key once (the later definition).
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "one list for each kind")]
pub struct Manifests {
    /// The files.
    pub sources: SourceSet,
    /// The documents, by [`DocumentId`].
    pub documents: Vec<Document>,
    /// The byte of each document, by [`DocumentId`], at which each item of its
    /// `spec.rules` begins; `None` where only a second reading can tell.
    pub rule_starts: Vec<Vec<Option<usize>>>,
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
    pub backend_traffic_policies: Vec<Object<XBackendTrafficPolicySpec>>,
    pub meshes: Vec<Object<XMeshSpec>>,
    pub namespaces: Vec<Object<Namespace>>,
    pub services: Vec<Object<Service>>,
    pub endpoint_slices: Vec<Object<EndpointSlice>>,
    pub secrets: Vec<Object<Secret>>,
    pub config_maps: Vec<Object<ConfigMap>>,
    /// The objects of groups and kinds that gwctl does not translate.
    pub foreign: Vec<ForeignObject>,
    /// What is no Kubernetes object and is not meant to be one: documents, and whole files of Helm charts.
    pub skipped: Vec<Location>,
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
            AnyObject::BackendTrafficPolicy(object) => self.backend_traffic_policies.push(*object),
            AnyObject::Mesh(object) => self.meshes.push(*object),
            AnyObject::Namespace(object) => self.namespaces.push(*object),
            AnyObject::Service(object) => self.services.push(*object),
            AnyObject::EndpointSlice(object) => self.endpoint_slices.push(*object),
            AnyObject::Secret(object) => self.secrets.push(*object),
            AnyObject::ConfigMap(object) => self.config_maps.push(*object),
        }
    }

    /// Where an object stands that the API server would refuse and that could not be decoded.
    pub fn refused_place(&self, key: &ObjectKey) -> Option<Location> {
        let Position { document, base, context: _ } = self.refused.get(key)?;
        Some(Location::field(*document, base.clone()))
    }

    /// What is to be said of an object that cannot be looked up: it is not there, or it is and was refused.
    pub fn absence(&self, key: &ObjectKey) -> &'static str {
        if self.refused.contains_key(key) { IS_REFUSED } else { "is not in the input" }
    }

    /// Takes what of refused objects could be decoded for objects: what judges does so, what writes a configuration
    /// does not.
    pub fn admit_decoded(&mut self) {
        for object in std::mem::take(&mut self.decoded) {
            self.refused.remove(&object.key());
            self.place(object);
        }
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
        let Self { backend_tls_policies, backends, backend_traffic_policies, .. } = self;
        let policies = of(backend_tls_policies).chain(of(backends)).chain(of(backend_traffic_policies));
        parents.chain(routes).chain(policies)
    }

    /// The places of what could not be decoded of the objects that were admitted.
    pub fn missing_parts(&self) -> Vec<(ObjectKey, FieldPath, Location)> {
        let mut parts = Vec::new();
        macro_rules! add {
            ($($list:ident),+ $(,)?) => { $(self.$list.iter().for_each(|object| object.add_missing(&mut parts));)+ };
        }
        add!(gateway_classes, gateways, listener_sets, http_routes, grpc_routes, tls_routes, tcp_routes, udp_routes);
        add!(backend_tls_policies, backend_traffic_policies);
        parts
    }

    /// The places of keys that the admitted objects have more than once: only the last value of each is looked at.
    pub fn repeated_parts(&self) -> Vec<(ObjectKey, FieldPath, Location)> {
        let mut parts = Vec::new();
        macro_rules! add {
            ($($list:ident),+ $(,)?) => { $(self.$list.iter().for_each(|object| object.add_repeated(&mut parts));)+ };
        }
        add!(gateway_classes, gateways, listener_sets, http_routes, grpc_routes, tls_routes, tcp_routes, udp_routes);
        add!(reference_grants, backend_tls_policies, backends, backend_traffic_policies, meshes, namespaces);
        add!(services, endpoint_slices, secrets, config_maps);
        parts
    }
}
