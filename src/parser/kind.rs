//! The kinds that gwctl reads, and what names an object.

use crate::diagnostics::{FieldPath, ObjectRef};
use crate::name::{Name, Namespace, NamespacedName, owned};
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
    RouteOption,
    VirtualHostOption,
    ListenerOption,
    HttpListenerOption,
    Upstream,
    Backend,
    ClientTrafficPolicy,
    BackendTrafficPolicy,
    SecurityPolicy,
    EnvoyExtensionPolicy,
    HTTPRouteFilter,
    Namespace,
    Service,
    EndpointSlice,
    Secret,
    ConfigMap,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 29] = [
        Self::GatewayClass,
        Self::Gateway,
        Self::ListenerSet,
        Self::HTTPRoute,
        Self::GRPCRoute,
        Self::TLSRoute,
        Self::TCPRoute,
        Self::UDPRoute,
        Self::ReferenceGrant,
        Self::BackendTLSPolicy,
        Self::XBackend,
        Self::XBackendTrafficPolicy,
        Self::XMesh,
        Self::RouteOption,
        Self::VirtualHostOption,
        Self::ListenerOption,
        Self::HttpListenerOption,
        Self::Upstream,
        Self::Backend,
        Self::ClientTrafficPolicy,
        Self::BackendTrafficPolicy,
        Self::SecurityPolicy,
        Self::EnvoyExtensionPolicy,
        Self::HTTPRouteFilter,
        Self::Namespace,
        Self::Service,
        Self::EndpointSlice,
        Self::Secret,
        Self::ConfigMap,
    ];

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
            Self::RouteOption => "RouteOption",
            Self::VirtualHostOption => "VirtualHostOption",
            Self::ListenerOption => "ListenerOption",
            Self::HttpListenerOption => "HttpListenerOption",
            Self::Upstream => "Upstream",
            Self::Backend => "Backend",
            Self::ClientTrafficPolicy => "ClientTrafficPolicy",
            Self::BackendTrafficPolicy => "BackendTrafficPolicy",
            Self::SecurityPolicy => "SecurityPolicy",
            Self::EnvoyExtensionPolicy => "EnvoyExtensionPolicy",
            Self::HTTPRouteFilter => "HTTPRouteFilter",
            Self::Namespace => "Namespace",
            Self::Service => "Service",
            Self::EndpointSlice => "EndpointSlice",
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
        }
    }

    /// The name of several.
    pub fn plural(self) -> String {
        let name = self.name();
        name.strip_suffix("Policy").map_or_else(|| format!("{name}s"), |start| format!("{start}Policies"))
    }

    /// The kind's API group; empty for core.
    pub fn group(self) -> &'static str {
        match self {
            Self::XBackend | Self::XBackendTrafficPolicy | Self::XMesh => EXPERIMENTAL_GROUP,
            Self::Namespace | Self::Service | Self::Secret | Self::ConfigMap => "",
            kind if kind.is_option() => GLOO_OPTIONS_GROUP,
            Self::Upstream => GLOO_GROUP,
            Self::Backend | Self::HTTPRouteFilter => ENVOY_GATEWAY_GROUP,
            kind if kind.is_of_envoy_gateway() => ENVOY_GATEWAY_GROUP,
            Self::EndpointSlice => "discovery.k8s.io",
            _ => GATEWAY_GROUP,
        }
    }

    /// Whether the kind has a stable version.
    pub const fn is_stable(self) -> bool {
        !matches!(self, Self::XBackend | Self::XBackendTrafficPolicy | Self::XMesh)
    }

    /// The group and kind that an earlier release gave to objects of the kind, if it was another one.
    fn former_name(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::ListenerSet => Some((EXPERIMENTAL_GROUP, "XListenerSet")),
            Self::ReferenceGrant => Some((GATEWAY_GROUP, "ReferencePolicy")),
            Self::XBackendTrafficPolicy => Some((GATEWAY_GROUP, "BackendLBPolicy")),
            _ => None,
        }
    }

    /// Whether a reference of this group and kind means objects of the kind, by the name that they have or once had.
    pub fn is_named(self, group: &str, kind: &str) -> bool {
        (group, kind) == (self.group(), self.name()) || self.former_name() == Some((group, kind))
    }

    /// Whether objects of the kind are routes.
    pub const fn is_route(self) -> bool {
        matches!(self, Self::HTTPRoute | Self::GRPCRoute | Self::TLSRoute | Self::TCPRoute | Self::UDPRoute)
    }

    /// Whether objects of the kind are options of Gloo Gateway: lists of which each entry counts by itself.
    pub const fn is_option(self) -> bool {
        matches!(self, Self::RouteOption | Self::VirtualHostOption | Self::ListenerOption | Self::HttpListenerOption)
    }

    /// Whether objects of the kind are policies of Envoy Gateway: at a target one of them counts as a whole.
    pub const fn is_of_envoy_gateway(self) -> bool {
        matches!(
            self,
            Self::ClientTrafficPolicy | Self::BackendTrafficPolicy | Self::SecurityPolicy | Self::EnvoyExtensionPolicy
        )
    }

    /// The field that has what a policy of another vendor says: each of its entries counts or is hidden as one.
    pub fn fields_of_policy(self) -> FieldPath {
        if self.is_option() { path!["spec", "options"] } else { path!["spec"] }
    }

    /// Whether objects of the kind say something about others, which they name as targets.
    pub const fn is_policy(self) -> bool {
        matches!(self, Self::BackendTLSPolicy | Self::XBackendTrafficPolicy)
            || self.is_option()
            || self.is_of_envoy_gateway()
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
    pub namespace: Namespace,
    /// The name.
    pub name: Name,
}

impl ObjectKey {
    /// The key of what has this name.
    pub fn new(kind: Kind, name: NamespacedName<'_>) -> Self {
        let (namespace, name) = owned(name);
        Self { kind, namespace, name }
    }

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

/// The group of Gateway API.
pub const GATEWAY_GROUP: &str = "gateway.networking.k8s.io";

/// The group of Gloo Gateway's backends.
pub const GLOO_GROUP: &str = "gloo.solo.io";

/// The group of Envoy Gateway's kinds.
pub const ENVOY_GATEWAY_GROUP: &str = "gateway.envoyproxy.io";

/// The group of Gloo Gateway's options.
pub const GLOO_OPTIONS_GROUP: &str = "gateway.solo.io";

/// The group of Gateway API's kinds that may still change.
pub const EXPERIMENTAL_GROUP: &str = "gateway.networking.x-k8s.io";
