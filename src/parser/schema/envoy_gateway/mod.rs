//! The schema of Envoy Gateway's kinds, as the rows of Gateway API's kinds are
//! ([API](https://gateway.envoyproxy.io/docs/api/extension_types/)).
//!
//! The rows are those of the definitions of Envoy Gateway v1.9 (`gateway.envoyproxy.io/v1alpha1`). What stands in
//! several policies is one row: the settings of clusters are those of a BackendTrafficPolicy itself and of every list
//! of backends in the others.

mod authorization;
mod backend;
mod backend_rules;
mod backend_traffic_policy;
mod client_tls;
mod client_traffic_policy;
mod cluster_settings;
mod envoy_extension_policy;
mod ext_auth;
mod health_check;
mod http_route_filter;
mod jwt;
mod load_balancer;
mod oidc;
mod rate_limit;
mod response_override;
mod route_filter_rules;
mod rules;
mod security_policy;
mod shared;
mod telemetry;

use super::Schema;
use super::table::row;
use crate::parser::manifests::Kind;

pub(super) use backend_traffic_policy::BACKEND_TRAFFIC_POLICY;
pub(super) use client_traffic_policy::CLIENT_TRAFFIC_POLICY;
pub(super) use envoy_extension_policy::ENVOY_EXTENSION_POLICY;
pub(super) use security_policy::SECURITY_POLICY;

pub(super) static SCHEMAS: &[Schema] = &[
    row(Kind::Backend, "v1alpha1", &backend::BACKEND),
    row(Kind::ClientTrafficPolicy, "v1alpha1", &CLIENT_TRAFFIC_POLICY),
    row(Kind::BackendTrafficPolicy, "v1alpha1", &BACKEND_TRAFFIC_POLICY),
    row(Kind::SecurityPolicy, "v1alpha1", &SECURITY_POLICY),
    row(Kind::EnvoyExtensionPolicy, "v1alpha1", &ENVOY_EXTENSION_POLICY),
    row(Kind::HTTPRouteFilter, "v1alpha1", &http_route_filter::HTTP_ROUTE_FILTER).without_status(),
];
