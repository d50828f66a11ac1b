//! What a place is in: a file and a document of the input.

/// A file of the input, by its position in the [`SourceSet`](crate::parser::source::SourceSet).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A document of the input, by its position in [`Manifests::documents`](crate::parser::manifests::Manifests::documents).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocumentId(pub u32);

impl DocumentId {
    /// The document of an object that stands in for a missing one: nothing can be reported there.
    pub const NOWHERE: Self = Self(u32::MAX);
}
