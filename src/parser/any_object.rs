//! One object of whichever kind that gwctl reads.

use crate::diagnostics::{FieldPath, Reported};

use super::api::{
    BackendSpec, BackendTlsPolicySpec, BackendTrafficPolicySpec, ClientTrafficPolicySpec, ConfigMap, EndpointSlice,
    EnvoyExtensionPolicySpec, GatewayClassSpec, GatewaySpec, GrpcRouteSpec, HttpListenerOptionSpec,
    HttpRouteFilterSpec, HttpRouteSpec, L4RouteSpec, ListenerOptionSpec, ListenerSetSpec, NamespaceSpec,
    ReferenceGrantSpec, RouteOptionSpec, Secret, SecurityPolicySpec, Service, TlsRouteSpec, UpstreamSpec,
    VirtualHostOptionSpec, XBackendSpec, XBackendTrafficPolicySpec, XMeshSpec,
};
use super::head::{Object, Refusal};
use super::kind::ObjectKey;

/// An object of any kind that gwctl reads; each as large as its kind, not as the largest.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "one variant for each kind")]
pub enum AnyObject {
    GatewayClass(Box<Object<GatewayClassSpec>>),
    Gateway(Box<Object<GatewaySpec>>),
    ListenerSet(Box<Object<ListenerSetSpec>>),
    HttpRoute(Box<Object<HttpRouteSpec>>),
    GrpcRoute(Box<Object<GrpcRouteSpec>>),
    TlsRoute(Box<Object<TlsRouteSpec>>),
    TcpRoute(Box<Object<L4RouteSpec>>),
    UdpRoute(Box<Object<L4RouteSpec>>),
    ReferenceGrant(Box<Object<ReferenceGrantSpec>>),
    BackendTlsPolicy(Box<Object<BackendTlsPolicySpec>>),
    Backend(Box<Object<XBackendSpec>>),
    XBackendTrafficPolicy(Box<Object<XBackendTrafficPolicySpec>>),
    Mesh(Box<Object<XMeshSpec>>),
    RouteOption(Box<Object<RouteOptionSpec>>),
    VirtualHostOption(Box<Object<VirtualHostOptionSpec>>),
    ListenerOption(Box<Object<ListenerOptionSpec>>),
    HttpListenerOption(Box<Object<HttpListenerOptionSpec>>),
    Upstream(Box<Object<UpstreamSpec>>),
    EnvoyBackend(Box<Object<BackendSpec>>),
    ClientTrafficPolicy(Box<Object<ClientTrafficPolicySpec>>),
    BackendTrafficPolicy(Box<Object<BackendTrafficPolicySpec>>),
    SecurityPolicy(Box<Object<SecurityPolicySpec>>),
    EnvoyExtensionPolicy(Box<Object<EnvoyExtensionPolicySpec>>),
    HttpRouteFilter(Box<Object<HttpRouteFilterSpec>>),
    Namespace(Box<Object<NamespaceSpec>>),
    Service(Box<Object<Service>>),
    EndpointSlice(Box<Object<EndpointSlice>>),
    Secret(Box<Object<Secret>>),
    ConfigMap(Box<Object<ConfigMap>>),
}

impl AnyObject {
    /// The object's identity.
    pub fn key(&self) -> ObjectKey {
        match self {
            Self::GatewayClass(object) => object.key(),
            Self::Gateway(object) => object.key(),
            Self::ListenerSet(object) => object.key(),
            Self::HttpRoute(object) => object.key(),
            Self::GrpcRoute(object) => object.key(),
            Self::TlsRoute(object) => object.key(),
            Self::TcpRoute(object) | Self::UdpRoute(object) => object.key(),
            Self::ReferenceGrant(object) => object.key(),
            Self::BackendTlsPolicy(object) => object.key(),
            Self::Backend(object) => object.key(),
            Self::XBackendTrafficPolicy(object) => object.key(),
            Self::Mesh(object) => object.key(),
            Self::RouteOption(object) => object.key(),
            Self::VirtualHostOption(object) => object.key(),
            Self::ListenerOption(object) => object.key(),
            Self::HttpListenerOption(object) => object.key(),
            Self::Upstream(object) => object.key(),
            Self::EnvoyBackend(object) => object.key(),
            Self::ClientTrafficPolicy(object) => object.key(),
            Self::BackendTrafficPolicy(object) => object.key(),
            Self::SecurityPolicy(object) => object.key(),
            Self::EnvoyExtensionPolicy(object) => object.key(),
            Self::HttpRouteFilter(object) => object.key(),
            Self::Namespace(object) => object.key(),
            Self::Service(object) => object.key(),
            Self::EndpointSlice(object) => object.key(),
            Self::Secret(object) => object.key(),
            Self::ConfigMap(object) => object.key(),
        }
    }

    /// Notes the keys that the object has more than once. The API server refuses it; what it has is the last value of
    /// each.
    pub(super) fn repeat(&mut self, repeated: Vec<FieldPath>, proof: Reported) {
        let refusal = match self {
            Self::GatewayClass(object) => &mut object.head.refusal,
            Self::Gateway(object) => &mut object.head.refusal,
            Self::ListenerSet(object) => &mut object.head.refusal,
            Self::HttpRoute(object) => &mut object.head.refusal,
            Self::GrpcRoute(object) => &mut object.head.refusal,
            Self::TlsRoute(object) => &mut object.head.refusal,
            Self::TcpRoute(object) => &mut object.head.refusal,
            Self::UdpRoute(object) => &mut object.head.refusal,
            Self::ReferenceGrant(object) => &mut object.head.refusal,
            Self::BackendTlsPolicy(object) => &mut object.head.refusal,
            Self::Backend(object) => &mut object.head.refusal,
            Self::XBackendTrafficPolicy(object) => &mut object.head.refusal,
            Self::Mesh(object) => &mut object.head.refusal,
            Self::RouteOption(object) => &mut object.head.refusal,
            Self::VirtualHostOption(object) => &mut object.head.refusal,
            Self::ListenerOption(object) => &mut object.head.refusal,
            Self::HttpListenerOption(object) => &mut object.head.refusal,
            Self::Upstream(object) => &mut object.head.refusal,
            Self::EnvoyBackend(object) => &mut object.head.refusal,
            Self::ClientTrafficPolicy(object) => &mut object.head.refusal,
            Self::BackendTrafficPolicy(object) => &mut object.head.refusal,
            Self::SecurityPolicy(object) => &mut object.head.refusal,
            Self::EnvoyExtensionPolicy(object) => &mut object.head.refusal,
            Self::HttpRouteFilter(object) => &mut object.head.refusal,
            Self::Namespace(object) => &mut object.head.refusal,
            Self::Service(object) => &mut object.head.refusal,
            Self::EndpointSlice(object) => &mut object.head.refusal,
            Self::Secret(object) => &mut object.head.refusal,
            Self::ConfigMap(object) => &mut object.head.refusal,
        };
        refusal.get_or_insert(Refusal { proof, without: Vec::new(), repeated: Vec::new() }).repeated = repeated;
    }
}
