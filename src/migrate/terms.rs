//! In whose terms something is said.

use crate::parser::manifests::Kind;

/// In whose terms something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terms {
    /// Gateway API's own.
    GatewayApi,
    /// Gloo Gateway's.
    Gloo,
    /// Envoy Gateway's.
    EnvoyGateway,
}

impl Terms {
    /// Whose they are.
    pub fn owner(self) -> &'static str {
        match self {
            Self::GatewayApi => "Gateway API",
            Self::Gloo => "Gloo Gateway",
            Self::EnvoyGateway => "Envoy Gateway",
        }
    }

    /// Whether objects of a kind are policies in other terms.
    pub(super) fn replaces(self, kind: Kind) -> bool {
        let is_of_envoy_gateway = kind.is_of_envoy_gateway() || kind == Kind::HTTPRouteFilter;
        (self != Self::Gloo && kind.is_option()) || (self != Self::EnvoyGateway && is_of_envoy_gateway)
    }
}
