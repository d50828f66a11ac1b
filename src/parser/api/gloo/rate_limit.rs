//! The options that ask a server whether there are too many requests.

use serde::Deserialize;

use crate::http::HeaderName;

use super::access_log::OptionRange;
use super::duration::GoDuration;
use super::ext_auth::OptionAuthority;
use super::gloo_enum::GlooEnum;
use super::http_guards::OptionTokenBucket;
use super::resource_ref::GlooResourceRef;
use crate::parser::api::option_list::Untranslated;

/// `ratelimitServer` of an HttpListenerOption.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionLimitServer {
    #[serde(default)]
    pub deny_on_fail: bool,
    #[serde(default, rename = "enableXRatelimitHeaders")]
    pub enable_x_ratelimit_headers: bool,
    pub grpc_service: Option<OptionAuthority>,
    #[serde(default)]
    pub rate_limit_before_auth: bool,
    pub ratelimit_server_ref: Option<GlooResourceRef>,
    pub request_timeout: Option<GoDuration>,
}

/// `rateLimitConfigs` and its kin: limits that stand in objects of their own, for the server of Gloo Gateway.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionLimitConfigs {
    #[serde(default)]
    pub refs: Vec<GlooResourceRef>,
}

/// `ratelimit` and its kin of a RouteOption.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "RouteRateLimitFields")]
pub struct RouteRateLimits {
    pub include_vh_rate_limits: bool,
    /// What a VirtualHostOption says in the same words.
    pub limits: OptionRateLimits,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RouteRateLimitFields {
    #[serde(default)]
    include_vh_rate_limits: bool,
    local_ratelimit: Option<OptionTokenBucket>,
    #[serde(default)]
    rate_limits: Vec<OptionRateLimit>,
}

impl From<RouteRateLimitFields> for RouteRateLimits {
    fn from(fields: RouteRateLimitFields) -> Self {
        let RouteRateLimitFields { include_vh_rate_limits, local_ratelimit, rate_limits } = fields;
        Self { include_vh_rate_limits, limits: OptionRateLimits { local_ratelimit, rate_limits } }
    }
}

/// `ratelimit` and its kin of a VirtualHostOption.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionRateLimits {
    pub local_ratelimit: Option<OptionTokenBucket>,
    #[serde(default)]
    pub rate_limits: Vec<OptionRateLimit>,
}

/// One of `rateLimits`: what the server is told of a request.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionRateLimit {
    #[serde(default)]
    pub actions: Vec<OptionLimitAction>,
    pub limit: Option<Untranslated>,
    #[serde(default)]
    pub set_actions: Vec<Untranslated>,
    #[serde(rename = "type")]
    pub kind: Option<GlooEnum>,
}

/// One of `actions`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionLimitAction {
    pub cel: Option<Untranslated>,
    pub destination_cluster: Option<Untranslated>,
    pub generic_key: Option<OptionGenericKey>,
    pub header_value_match: Option<OptionHeaderValueMatch>,
    pub metadata: Option<OptionLimitMetadata>,
    pub remote_address: Option<Untranslated>,
    pub request_headers: Option<OptionRequestHeaders>,
    pub source_cluster: Option<Untranslated>,
}

/// `metadata`: what is known of a request, or of its rule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionLimitMetadata {
    #[serde(default)]
    pub default_value: String,
    #[serde(default)]
    pub descriptor_key: String,
    pub metadata_key: Option<OptionMetadataKey>,
    pub source: Option<GlooEnum>,
}

/// `metadataKey`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionMetadataKey {
    #[serde(default)]
    pub key: String,
    #[serde(default)]
    pub path: Vec<OptionMetadataStep>,
}

/// One of `path`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionMetadataStep {
    #[serde(default)]
    pub key: String,
}

/// `genericKey`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionGenericKey {
    #[serde(default)]
    pub descriptor_value: String,
}

/// `requestHeaders`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionRequestHeaders {
    #[serde(default)]
    pub descriptor_key: String,
    #[serde(default)]
    pub header_name: HeaderName,
}

/// `headerValueMatch`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionHeaderValueMatch {
    #[serde(default)]
    pub descriptor_value: String,
    pub expect_match: Option<bool>,
    #[serde(default)]
    pub headers: Vec<OptionLimitHeader>,
}

/// One of `headers`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionLimitHeader {
    pub exact_match: Option<String>,
    #[serde(default)]
    pub invert_match: bool,
    #[serde(default)]
    pub name: HeaderName,
    pub prefix_match: Option<String>,
    pub present_match: Option<bool>,
    pub range_match: Option<OptionRange>,
    pub regex_match: Option<String>,
    pub suffix_match: Option<String>,
}
