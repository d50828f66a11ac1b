//! Scripts that requests and responses are handed to: they may change them, and answer in the place of a backend.

use serde::Serialize;

use super::action::Metadata;
use super::default::is_default;

/// A script in Lua.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Script {
    /// Who says it.
    pub of: String,
    /// Which of the scripts of that one it is, from 0.
    pub index: usize,
    /// What it says.
    pub code: String,
    /// What it is told where it asks for its context.
    #[serde(skip_serializing_if = "is_default")]
    pub context: Metadata,
}
