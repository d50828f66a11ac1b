//! `rateLimit` of a BackendTrafficPolicy
//! ([RateLimitSpec](https://gateway.envoyproxy.io/docs/api/extension_types/#ratelimitspec)).

use serde::Deserialize;

use crate::http::HeaderName;
use crate::parser::api::option_list::Untranslated;

use super::authorization::AuthorizationPath;

/// Limits of the requests in a time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendRateLimit {
    pub global: Option<Untranslated>,
    pub local: Option<LocalRateLimit>,
    /// `Global` or `Local`.
    #[serde(rename = "type")]
    pub limit_type: Option<String>,
}

/// Limits that the proxy counts itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalRateLimit {
    #[serde(default)]
    pub rules: Vec<RateLimitRule>,
}

/// A limit, and whose requests it counts: all, where that is not said.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimitRule {
    #[serde(default)]
    pub client_selectors: Vec<RateLimitSelector>,
    pub cost: Option<RateLimitCost>,
    pub limit: RateLimitValue,
    pub shadow_mode: Option<bool>,
    pub shared: Option<bool>,
    /// `Off` or `DraftVersion03`.
    pub x_rate_limit_headers: Option<String>,
}

/// What has to be so of a request, all of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimitSelector {
    #[serde(default)]
    pub headers: Vec<SelectedHeader>,
    #[serde(default)]
    pub methods: Vec<SelectedMethod>,
    pub path: Option<AuthorizationPath>,
    #[serde(default)]
    pub query_params: Vec<SelectedParameter>,
    #[serde(rename = "sourceCIDR")]
    pub source_cidr: Option<SelectedSource>,
}

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SelectedHeader {
    pub invert: bool,
    pub name: HeaderName,
    /// `Exact`, `RegularExpression` or `Distinct`.
    #[serde(rename = "type")]
    pub match_type: String,
    pub value: Option<String>,
}

/// What a parameter of the query says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SelectedParameter {
    pub invert: bool,
    pub name: String,
    /// `Exact`, `RegularExpression` or `Distinct`.
    #[serde(rename = "type")]
    pub match_type: String,
    pub value: Option<String>,
}

/// A method.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SelectedMethod {
    pub invert: bool,
    pub value: String,
}

/// Where a client is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SelectedSource {
    pub invert: bool,
    /// `Exact` or `Distinct`.
    #[serde(rename = "type")]
    pub match_type: String,
    pub value: String,
}

/// How much a request counts, and a response.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimitCost {
    pub request: Option<CostSpecifier>,
    /// The definition has it for limits of a server alone.
    pub response: Option<Untranslated>,
}

/// Where a cost comes from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CostSpecifier {
    /// `Number` or `Metadata`.
    pub from: String,
    pub metadata: Option<Untranslated>,
    pub number: Option<i64>,
}

/// How many requests in which time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimitValue {
    /// The definition has it for limits of a server alone.
    pub from_metadata: Option<Untranslated>,
    pub requests: u32,
    /// `Second`, `Minute`, `Hour`, `Day`, `Week`, `Month` or `Year`.
    pub unit: String,
}
