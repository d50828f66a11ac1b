//! What texts have to be.

use serde::Serialize;

/// How much of a text is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum TextIs {
    /// All of it.
    Exact(String),
    /// Its beginning.
    Prefix(String),
    /// Its end.
    Suffix(String),
    /// All of it, by an RE2 expression.
    Regex(String),
}

/// What a name has to be: that of a header, or of a host with its port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OriginText {
    /// The text.
    pub is: TextIs,
    /// Whether its letter case counts; that of an expression always does.
    pub any_case: bool,
}
