//! The kinds of Envoy Gateway, as far as what they say is translated
//! ([API](https://gateway.envoyproxy.io/docs/api/extension_types/)).
//!
//! What a policy says is a list with one entry for each field of its spec that is set, but for those that say what it
//! is about ([`EnvoyPolicySpec`]). A new kind of policy is a file with the list of its fields.

mod admission_control;
mod authorization;
mod backend;
mod backend_traffic_policy;
mod bandwidth_limit;
mod client_settings;
mod client_traffic_policy;
mod cluster_settings;
mod credentials;
mod envoy_extension_policy;
mod envoy_policy;
mod ext_auth;
mod health_check;
mod http_route_filter;
mod oidc;
mod quantity;
mod rate_limit;
mod security_policy;
mod target;
mod tokens;

pub use admission_control::*;
pub use authorization::*;
pub use backend::*;
pub use backend_traffic_policy::*;
pub use bandwidth_limit::*;
pub use client_settings::*;
pub use client_traffic_policy::*;
pub use cluster_settings::*;
pub use credentials::*;
pub use envoy_extension_policy::*;
pub use envoy_policy::{EnvoyPolicySpec, MergeType};
pub use ext_auth::*;
pub use health_check::*;
pub use http_route_filter::*;
pub use oidc::*;
pub use quantity::Quantity;
pub use rate_limit::*;
pub use security_policy::*;
pub use target::{EnvoyPolicyTarget, TargetNamespaces, TargetSelector};
pub use tokens::*;
