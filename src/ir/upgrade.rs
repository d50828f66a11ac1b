//! What connections may become.

use serde::Serialize;

use super::default::is_default;

/// What is said of it; where nothing is, connections become WebSockets, and tunnels are made for rules that name
/// `CONNECT`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Upgrades {
    /// Whether connections become WebSockets.
    #[serde(skip_serializing_if = "is_default")]
    pub websockets: Option<bool>,
    /// Whether `CONNECT` is passed on to backends.
    #[serde(skip_serializing_if = "is_default")]
    pub tunnels: Option<bool>,
}

impl Upgrades {
    /// What counts where this is said of a rule, and `outer` of its connections.
    #[must_use]
    pub fn or(self, outer: Self) -> Self {
        Self { websockets: self.websockets.or(outer.websockets), tunnels: self.tunnels.or(outer.tunnels) }
    }
}
