//! What became of one parent of a route.

use crate::diagnostics::{Condition, Finding};

use super::super::listener::ListenerId;

/// What became of one parentRef.
#[derive(Clone, Debug)]
pub struct RouteParent {
    /// What names the parent.
    pub source: ParentSource,
    /// The Gateway, in [`crate::resolver::Resolved::gateways`]; `None` when it is assumed, or missing.
    pub gateway: Option<usize>,
    /// The listeners that the route attached to; for a parent that is assumed or missing those of its stand-in.
    pub listeners: Vec<ListenerId>,
    /// Why the parent does not take the route.
    pub refused: Option<ParentRefusal>,
}

impl RouteParent {
    pub(super) fn accepted(source: ParentSource, gateway: Option<usize>, listeners: Vec<ListenerId>) -> Self {
        Self { source, gateway, listeners, refused: None }
    }

    /// A parent that nobody knows: no controller has anything to say.
    pub(super) fn missing(source: ParentSource, message: String) -> Self {
        let refused = ParentRefusal { condition: None, message };
        Self { source, gateway: None, listeners: Vec::new(), refused: Some(refused) }
    }

    pub(super) fn refused(source: ParentSource, gateway: Option<usize>, finding: &Finding) -> Self {
        let Finding { condition, message, .. } = finding;
        let refused = ParentRefusal { condition: *condition, message: message.clone() };
        Self { source, gateway, listeners: Vec::new(), refused: Some(refused) }
    }
}

/// Why a parent does not take a route, in the words of the finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParentRefusal {
    /// The condition of the route's status; `None` when no controller has anything to say.
    pub condition: Option<Condition>,
    /// What the finding says.
    pub message: String,
}

/// What makes an object a parent of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParentSource {
    /// The entry of `spec.parentRefs` at this position.
    Ref(usize),
    /// `spec.useDefaultGateways`, for this default Gateway of [`crate::resolver::Resolved::gateways`].
    Default(usize),
}
