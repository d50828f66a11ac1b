//! Two configurations of one input: what is declared, and what is emitted.
//!
//! What is judged (by analyses, the simulator, comparisons) is everything that
//! is declared: each Gateway by itself, also where one proxy cannot serve it
//! beside another one, is not to be served at all because of an error of its
//! own, or lacks the files that its certificates and authorities are in. What is
//! emitted is the part of it that one proxy can hold: a backend whose authorities
//! have no place is not connected to there.

use crate::resolver::{ListenerId, Resolved, ResolvedGateway};

/// Which listeners a configuration holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Those that one proxy serves together.
    Emitted,
    /// All that are declared and can be told apart within their Gateway.
    Judged,
}

impl Scope {
    /// Whether a Gateway's listeners are looked at.
    pub(super) fn has_gateway(self, gateway: &ResolvedGateway<'_>) -> bool {
        match self {
            Self::Emitted => gateway.emitted,
            Self::Judged => true,
        }
    }

    /// Whether a listener serves its routes. One that cannot be told from another, or whose protocol nobody knows,
    /// serves nothing in any configuration.
    pub(super) fn serves(self, resolved: &Resolved<'_>, id: ListenerId) -> bool {
        let listener = resolved.listener(id);
        match self {
            Self::Emitted => listener.refused.is_none(),
            Self::Judged => listener.is_declared(),
        }
    }
}
