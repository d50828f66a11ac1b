//! The age of objects, which decides between equals: the oldest wins, then
//! namespace and name in alphabetical order.

use crate::name::{Name, Namespace};
use crate::parser::manifests::{Metadata, Timestamp};

/// When an object was created. Objects with a creation timestamp come before
/// those without one, the oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Age {
    /// The manifest says when.
    Known(Timestamp),
    /// The manifest does not say.
    Unknown,
}

impl Age {
    /// The age that an object's metadata states.
    pub fn of(metadata: &Metadata) -> Self {
        metadata.creation_timestamp.map_or(Self::Unknown, Self::Known)
    }

    /// Whether neither of two objects is known to be older.
    pub fn is_open(one: &Metadata, other: &Metadata) -> bool {
        Self::of(one) == Self::of(other)
    }

    /// The whole order between equals: age, namespace, name.
    pub fn order(metadata: &Metadata) -> (Self, &Namespace, &Name) {
        (Self::of(metadata), &metadata.namespace, &metadata.name)
    }
}
