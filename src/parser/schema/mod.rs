//! The schema of Gateway API v1.6.1 in both channels, as one static table of
//! fields, and the check of an object against it.
//!
//! The table says for every kind and version which fields there are, with
//! type, requirement, default, enumeration, bounds, form, list identity,
//! channel and the rules across fields. A new kind is new rows. The check does
//! what the API server does, in its order: nulls and defaults, unknown fields,
//! types, limits, list identities, then the rules.

mod check;
mod envoy_gateway;
mod gateway;
mod gloo;
pub mod pattern;
mod policy;
mod problem;
mod problems;
mod route;
mod rules;
mod shared;
mod table;
#[cfg(test)]
pub(in crate::parser) mod tests;

use crate::parser::manifests::Kind;

use table::row;
pub use table::{Breaks, Field, Identity, Integer, List, Map, Presence, Rule, Schema, Shape, Text, Type, Value};

pub(in crate::parser) use check::Checker;
pub(in crate::parser) use problem::{Problem, Step, listed, quote, unsupported, wrong_type};
pub(in crate::parser) use problems::{MOST_TOLD, Problems};

/// The release of Gateway API whose definitions are built in.
pub const RELEASE: &str = "v1.6.1";

static SCHEMAS: &[Schema] = &[
    row(Kind::GatewayClass, "v1", &gateway::GATEWAY_CLASS),
    row(Kind::GatewayClass, "v1beta1", &gateway::GATEWAY_CLASS),
    row(Kind::Gateway, "v1", &gateway::GATEWAY),
    row(Kind::Gateway, "v1beta1", &gateway::GATEWAY),
    row(Kind::ListenerSet, "v1", &gateway::LISTENER_SET),
    row(Kind::HTTPRoute, "v1", &route::HTTP_ROUTE),
    row(Kind::HTTPRoute, "v1beta1", &route::HTTP_ROUTE),
    row(Kind::GRPCRoute, "v1", &route::GRPC_ROUTE),
    row(Kind::TLSRoute, "v1", &route::TLS_ROUTE),
    row(Kind::TLSRoute, "v1alpha3", &route::TLS_ROUTE).deprecated(),
    row(Kind::TLSRoute, "v1alpha2", &route::TLS_ROUTE_V1ALPHA2).deprecated(),
    row(Kind::TCPRoute, "v1", &route::L4_ROUTE),
    row(Kind::TCPRoute, "v1alpha2", &route::L4_ROUTE_V1ALPHA2).deprecated(),
    row(Kind::UDPRoute, "v1", &route::L4_ROUTE),
    row(Kind::UDPRoute, "v1alpha2", &route::L4_ROUTE_V1ALPHA2).deprecated(),
    row(Kind::ReferenceGrant, "v1", &gateway::REFERENCE_GRANT).without_status(),
    row(Kind::ReferenceGrant, "v1beta1", &gateway::REFERENCE_GRANT).without_status(),
    row(Kind::BackendTLSPolicy, "v1", &policy::BACKEND_TLS_POLICY),
    row(Kind::BackendTLSPolicy, "v1alpha3", &policy::BACKEND_TLS_POLICY).deprecated(),
    row(Kind::XBackend, "v1alpha1", &policy::BACKEND).experimental(),
    row(Kind::XBackendTrafficPolicy, "v1alpha1", &policy::BACKEND_TRAFFIC_POLICY).experimental(),
    row(Kind::XMesh, "v1alpha1", &policy::MESH).experimental(),
];

/// Every kind and version of other groups.
pub fn other_schemas() -> impl Iterator<Item = &'static Schema> + Clone {
    gloo::SCHEMAS.iter().chain(envoy_gateway::SCHEMAS)
}

/// Every kind and version of the Gateway API groups, the preferred version of a kind first.
pub fn schemas() -> &'static [Schema] {
    SCHEMAS
}
