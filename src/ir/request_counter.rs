//! Requests that are counted beside those of their backends.

use serde::Serialize;

/// Requests that are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestCounter {
    /// What the counters are called.
    pub name: String,
    /// The RE2 expression that the whole path, with its query, matches.
    pub path: String,
    /// Their method, where only one is meant.
    pub method: Option<String>,
}
