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
