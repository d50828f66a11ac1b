//! How fast bodies of a rule are sent on.

use serde::Serialize;

use super::default::is_default;

/// How many KiB of bodies are sent on in a second, each above 0; of all requests of a match together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bandwidth {
    /// Of requests.
    #[serde(skip_serializing_if = "is_default")]
    pub request: Option<u64>,
    /// Of responses.
    #[serde(skip_serializing_if = "is_default")]
    pub response: Option<u64>,
    /// Whether trailers of responses say how long they were held back: what the names of these begin with.
    #[serde(skip_serializing_if = "is_default")]
    pub told_in: Option<String>,
}
