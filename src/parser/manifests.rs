//! What the parser hands on: every object of the input, checked and defaulted.

use std::collections::{BTreeMap, HashSet};

use crate::diagnostics::{Change, Code, FieldPath, Finding, Fix, Location, ObjectRef};

use super::api::{
    BackendTlsPolicySpec, ConfigMap, EndpointSlice, GatewayClassSpec, GatewaySpec, GrpcRouteSpec, HttpRouteSpec,
    L4RouteSpec, ListenerSetSpec, Namespace, ReferenceGrantSpec, Secret, Service, TlsRouteSpec, XBackendSpec,
    XBackendTrafficPolicySpec, XMeshSpec,
};
use super::foreign::ForeignObject;
use super::source::{Document, DocumentId, SourceSet};

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

/// An object with its spec (for core kinds, its whole content).
#[derive(Clone, Debug, PartialEq)]
pub struct Object<S> {
    /// The kind.
    pub kind: Kind,
    /// `apiVersion` without the group.
    pub version: &'static str,
    /// The metadata.
    pub metadata: Metadata,
    /// Where it stands.
    pub position: Position,
    /// The spec.
    pub spec: S,
}

impl<S> Object<S> {
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

    /// `namespace/name`, as messages name an object.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.metadata.namespace, self.metadata.name)
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
    /// Objects that the API server would refuse: reported, and left out of the lists above.
    pub refused: HashSet<ObjectKey>,
    /// How many objects were read, those of other groups included.
    pub object_count: usize,
    /// How many of them are of Gateway API's groups, refused ones included.
    pub judged_count: usize,
}
