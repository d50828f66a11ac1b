//! The options of an HttpListenerOption that keep requests and connections out.

use serde::Deserialize;

use super::duration::GoDuration;
use super::gloo_enum::GlooEnum;
use crate::parser::api::option_list::Untranslated;

/// `buffer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionBuffer {
    pub max_request_bytes: Option<u32>,
}

/// `bufferPerRoute`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionBufferPerRoute {
    pub buffer: Option<OptionBuffer>,
    #[serde(default)]
    pub disabled: bool,
}

/// `connectionLimit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionConnectionLimit {
    pub delay_before_close: Option<GoDuration>,
    pub max_active_connections: Option<u32>,
}

/// `networkLocalRatelimit`, and `defaultLimit` of `httpLocalRatelimit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionTokenBucket {
    pub fill_interval: Option<GoDuration>,
    #[serde(default)]
    pub max_tokens: u32,
    pub tokens_per_fill: Option<u32>,
}

/// `httpLocalRatelimit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionLocalRateLimit {
    pub default_limit: Option<OptionTokenBucket>,
    pub enable_x_ratelimit_headers: Option<bool>,
    pub local_rate_limit_per_downstream_connection: Option<bool>,
}

/// `router`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionRouter {
    pub dynamic_stats: Option<bool>,
    pub suppress_envoy_headers: Option<bool>,
}

/// `csrf`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionCsrf {
    #[serde(default)]
    pub additional_origins: Vec<OptionTextMatch>,
    pub filter_enabled: Option<OptionRuntimeFraction>,
    pub shadow_enabled: Option<OptionRuntimeFraction>,
}

/// A share of requests.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionRuntimeFraction {
    pub default_value: Option<OptionFraction>,
    /// What could change the share while the proxy runs: nothing does here.
    pub runtime_key: Option<Untranslated>,
}

/// A number of so many.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionFraction {
    pub denominator: Option<GlooEnum>,
    #[serde(default)]
    pub numerator: u32,
}

/// What a text has to be.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionTextMatch {
    pub exact: Option<String>,
    #[serde(default)]
    pub ignore_case: bool,
    pub prefix: Option<String>,
    pub safe_regex: Option<OptionTextPattern>,
    pub suffix: Option<String>,
}

/// A regular expression.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionTextPattern {
    /// How large a program it may become: the proxy decides.
    pub google_re2: Option<Untranslated>,
    #[serde(default)]
    pub regex: String,
}
