//! What a place is in: a file and a document of the input.

use crate::id::ids;

ids! {
    /// A file of the input, by its position in the [`SourceSet`](crate::parser::source::SourceSet).
    pub struct SourceId;
}

ids! {
    /// A document of the input, by its position in [`Manifests::documents`](crate::parser::manifests::Manifests::documents).
    pub struct DocumentId;
}

impl DocumentId {
    /// The document of an object that stands in for a missing one: nothing can be reported there.
    pub const NOWHERE: Self = Self(usize::MAX);
}
