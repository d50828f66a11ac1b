//! What the schema makes of one object.

use crate::diagnostics::Reported;
use crate::options::Channel;

use super::api::{
    BackendTlsPolicySpec, ConfigMap, EndpointSlice, GatewayClassSpec, GatewaySpec, GrpcRouteSpec, HttpRouteSpec,
    L4RouteSpec, ListenerSetSpec, Namespace, ReferenceGrantSpec, Secret, Service, TlsRouteSpec, XBackendSpec,
    XBackendTrafficPolicySpec, XMeshSpec,
};
use super::manifests::{Object, ObjectKey};

/// What the schema must know beside the object.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The namespace of objects that name none.
    pub namespace: String,
    /// The release channel whose schema counts.
    pub channel: Channel,
}

/// An object of any kind that gwctl reads.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "one variant for each kind")]
pub enum AnyObject {
    GatewayClass(Object<GatewayClassSpec>),
    Gateway(Object<GatewaySpec>),
    ListenerSet(Object<ListenerSetSpec>),
    HttpRoute(Object<HttpRouteSpec>),
    GrpcRoute(Object<GrpcRouteSpec>),
    TlsRoute(Object<TlsRouteSpec>),
    TcpRoute(Object<L4RouteSpec>),
    UdpRoute(Object<L4RouteSpec>),
    ReferenceGrant(Object<ReferenceGrantSpec>),
    BackendTlsPolicy(Object<BackendTlsPolicySpec>),
    Backend(Object<XBackendSpec>),
    BackendTrafficPolicy(Object<XBackendTrafficPolicySpec>),
    Mesh(Object<XMeshSpec>),
    Namespace(Object<Namespace>),
    Service(Object<Service>),
    EndpointSlice(Object<EndpointSlice>),
    Secret(Object<Secret>),
    ConfigMap(Object<ConfigMap>),
}

/// What became of an object.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every outcome is the large one, and it is moved once")]
pub enum Outcome {
    /// The API server would store it.
    Read(AnyObject),
    /// The API server would refuse it, and that was reported.
    Refused {
        /// Its identity, as far as it could be read.
        key: Option<ObjectKey>,
        /// The proof of the report.
        proof: Reported,
    },
    /// It is of a kind that gwctl does not read.
    Ignored,
}
