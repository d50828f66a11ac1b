//! Where a policy says what it is about.

use crate::diagnostics::{ObjectPart, PartPath};
use crate::whole;

/// Where a policy says what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TargetPlace {
    /// In `targetRef`.
    One,
    /// In an item of `targetRefs`.
    Listed(usize),
    /// In an item of `targetSelectors`.
    Selector(usize),
}

impl TargetPlace {
    /// The place in the object.
    pub(super) fn at(self) -> PartPath {
        match self {
            Self::One => whole!["spec", "targetRef"],
            Self::Listed(index) => ObjectPart::Target(index).into(),
            Self::Selector(index) => whole!["spec", "targetSelectors", index],
        }
    }
}
