//! Changes to headers.

use serde::Serialize;

/// Changes to headers: one entry a header, in the order of first mention.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HeaderMutations(pub Vec<HeaderMutation>);

/// What happens to one header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeaderMutation {
    /// The name, in lower case.
    pub name: String,
    /// What becomes of the values that the message has.
    pub existing: Existing,
    /// Values that are added after that, in order.
    pub added: Vec<String>,
}

/// What becomes of a header's present values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Existing {
    /// They stay.
    Kept,
    /// They go.
    Removed,
    /// This one takes their place.
    Replaced(String),
}
