//! Answers that a rule gives in place of a backend.

use std::sync::Arc;

use serde::Serialize;

use super::default::is_default;
use super::{HeaderMutations, HttpFilters, Seldom};

/// What requests are answered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DirectResponse {
    /// 200 to 599.
    pub status: u16,
    /// The body, as it is; empty for none.
    pub body: Arc<str>,
    /// Its headers.
    #[serde(skip_serializing_if = "is_default")]
    pub headers: HeaderMutations,
    /// Changes to the headers of whatever the rule answers.
    pub response_headers: HeaderMutations,
    /// What requests pass first.
    pub http_filters: Seldom<HttpFilters>,
}
