//! What became of one parent of a route.

use crate::diagnostics::{Diagnostics, Finding, FindingId, ObjectPart, PartPath};

use crate::whole;

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
        let refused = ParentRefusal { finding: None, message };
        Self { source, gateway: None, listeners: Vec::new(), refused: Some(refused) }
    }

    /// A parent that does not take the route, which is reported.
    pub(super) fn refused(
        source: ParentSource,
        gateway: Option<usize>,
        finding: Finding,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let message = finding.message.clone();
        let refused = ParentRefusal { finding: Some(diagnostics.record(finding)), message };
        Self { source, gateway, listeners: Vec::new(), refused: Some(refused) }
    }
}

/// Why a parent does not take a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParentRefusal {
    /// The finding that a controller's status of the parent comes from; `None` when no controller has anything to say.
    pub finding: Option<FindingId>,
    /// Why, in words.
    pub message: String,
}

/// What makes an object a parent of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParentSource {
    /// The entry of `spec.parentRefs` at this position.
    Ref(usize),
    /// `spec.useDefaultGateways`, for this default Gateway of [`crate::resolver::Resolved::gateways`].
    Default(usize),
    /// Nothing: a route without parents is judged as if some Gateway took it.
    Unnamed,
}

impl ParentSource {
    /// The field that names the parent.
    pub fn path(self) -> PartPath {
        match self {
            Self::Ref(index) => ObjectPart::Parent(index).into(),
            Self::Default(_) => whole!["spec", "useDefaultGateways"],
            Self::Unnamed => whole!["spec"],
        }
    }
}
