//! RouteOption
//! ([RouteOption](https://docs.solo.io/gateway/latest/reference/api/route_options/)).

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::http::HeaderName;
use crate::name::{Name, Namespace};

use super::access::{OptionAccess, OptionStagedSwitches, OptionStagedTokens, OptionTokenSwitch};
use super::duration::GoDuration;
use super::ext_auth::OptionAuth;
use super::ext_proc::OptionProcessing;
use super::gloo_enum::GlooEnum;
use super::header_option::HeaderOption;
use super::http_guards::{OptionBufferPerRoute, OptionCsrf};
use super::rate_limit::{OptionLimitConfigs, RouteRateLimits};
use super::resource_ref::GlooResourceRef;
use super::route_traffic::{OptionMetadata, OptionShadowing, OptionUpgrade};
use super::tracing::OptionRouteTracing;
use crate::parser::api::option_list::{OptionList, Untranslated, options};

/// The spec of a RouteOption.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteOptionSpec {
    /// What a controller writes.
    #[serde(default)]
    pub namespaced_statuses: IgnoredAny,
    #[serde(default)]
    pub options: OptionList<RouteOption>,
    #[serde(default)]
    pub target_refs: Vec<OptionTarget>,
}

/// What options apply to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionTarget {
    #[serde(default)]
    pub group: String,
    #[serde(default)]
    pub kind: String,
    #[serde(default)]
    pub name: Name,
    pub namespace: Option<Namespace>,
}

options! {
    /// An option for the requests of a rule.
    RouteOption {
        Ai(Untranslated) = "ai",
        AppendXForwardedHost(bool) = "appendXForwardedHost",
        AutoHostRewrite(bool) = "autoHostRewrite",
        BufferPerRoute(OptionBufferPerRoute) = "bufferPerRoute",
        Cors(OptionCors) = "cors",
        Csrf(OptionCsrf) = "csrf",
        Dlp(Untranslated) = "dlp",
        EnvoyMetadata(OptionMetadata) = "envoyMetadata",
        ExtProc(OptionProcessing) = "extProc",
        ExtProcEarly(OptionProcessing) = "extProcEarly",
        ExtProcLate(OptionProcessing) = "extProcLate",
        Extauth(OptionAuth) = "extauth",
        Extensions(Untranslated) = "extensions",
        Faults(OptionFaults) = "faults",
        HeaderManipulation(HeaderManipulation) = "headerManipulation",
        HostRewrite(String) = "hostRewrite",
        HostRewriteHeader(HeaderName) = "hostRewriteHeader",
        HostRewritePathRegex(OptionSubstitution) = "hostRewritePathRegex",
        IdleTimeout(GoDuration) = "idleTimeout",
        Jwt(OptionTokenSwitch) = "jwt",
        JwtProvidersStaged(OptionStagedTokens) = "jwtProvidersStaged",
        JwtStaged(OptionStagedSwitches) = "jwtStaged",
        LbHash(OptionHash) = "lbHash",
        MaxStreamDuration(OptionStreamLimit) = "maxStreamDuration",
        PrefixRewrite(String) = "prefixRewrite",
        RateLimitConfigs(OptionLimitConfigs) = "rateLimitConfigs",
        RateLimitEarlyConfigs(OptionLimitConfigs) = "rateLimitEarlyConfigs",
        RateLimitRegularConfigs(OptionLimitConfigs) = "rateLimitRegularConfigs",
        Ratelimit(RouteRateLimits) = "ratelimit",
        RatelimitBasic(Untranslated) = "ratelimitBasic",
        RatelimitEarly(RouteRateLimits) = "ratelimitEarly",
        RatelimitRegular(RouteRateLimits) = "ratelimitRegular",
        Rbac(OptionAccess) = "rbac",
        RegexRewrite(OptionSubstitution) = "regexRewrite",
        Retries(OptionRetries) = "retries",
        Shadowing(OptionShadowing) = "shadowing",
        StagedTransformations(Untranslated) = "stagedTransformations",
        Timeout(GoDuration) = "timeout",
        Tracing(OptionRouteTracing) = "tracing",
        Transformations(Untranslated) = "transformations",
        Upgrades(Vec<OptionUpgrade>) = "upgrades",
        Waf(Untranslated) = "waf",
    }
}

impl RouteOption {
    /// What options are merged by: the forms of one field are one.
    pub fn slot(&self) -> &'static str {
        match self {
            Self::AutoHostRewrite(_) | Self::HostRewriteHeader(_) | Self::HostRewritePathRegex(_) => "hostRewrite",
            Self::JwtProvidersStaged(_) | Self::JwtStaged(_) => "jwt",
            other => other.field(),
        }
    }

    /// Whether it says something: an empty list or map is as good as none, and leaves the field to others.
    pub fn is_set(&self) -> bool {
        match self {
            Self::EnvoyMetadata(metadata) => !metadata.is_empty(),
            Self::Upgrades(upgrades) => !upgrades.is_empty(),
            _ => true,
        }
    }
}

/// `headerManipulation`: what is removed goes first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeaderManipulation {
    #[serde(default)]
    pub request_headers_to_add: Vec<RequestHeaderOption>,
    #[serde(default)]
    pub request_headers_to_remove: Vec<HeaderName>,
    #[serde(default)]
    pub response_headers_to_add: Vec<ResponseHeaderOption>,
    #[serde(default)]
    pub response_headers_to_remove: Vec<HeaderName>,
}

/// A header that requests get: its own, or those of a Secret.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestHeaderOption {
    pub header: Option<HeaderOption>,
    pub header_secret_ref: Option<GlooResourceRef>,
    pub append: Option<bool>,
}

/// A header that responses get.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResponseHeaderOption {
    pub header: Option<HeaderOption>,
    pub append: Option<bool>,
}

/// `retries`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionRetries {
    #[serde(default)]
    pub retry_on: String,
    #[serde(default)]
    pub num_retries: u32,
    pub per_try_timeout: Option<GoDuration>,
    pub retry_back_off: Option<OptionBackOff>,
    pub previous_priorities: Option<OptionPriorities>,
    #[serde(default)]
    pub retriable_status_codes: Vec<u32>,
    pub rate_limited_retry_back_off: Option<OptionAskedBackOff>,
}

/// `previousPriorities`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionPriorities {
    pub update_frequency: Option<u32>,
}

/// `rateLimitedRetryBackOff`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionAskedBackOff {
    pub max_interval: Option<GoDuration>,
    #[serde(default)]
    pub reset_headers: Vec<OptionResetHeader>,
}

/// One of `resetHeaders`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionResetHeader {
    pub format: Option<GlooEnum>,
    #[serde(default)]
    pub name: HeaderName,
}

/// The waits between tries.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionBackOff {
    pub base_interval: Option<GoDuration>,
    pub max_interval: Option<GoDuration>,
}

/// `faults`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionFaults {
    pub abort: Option<OptionAbort>,
    pub delay: Option<OptionDelay>,
}

/// Requests that are broken off.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionAbort {
    #[serde(default)]
    pub percentage: f64,
    #[serde(default)]
    pub http_status: u32,
}

/// Requests that wait.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionDelay {
    #[serde(default)]
    pub percentage: f64,
    pub fixed_delay: Option<GoDuration>,
}

/// A replacement of what an expression matches.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionSubstitution {
    pub pattern: Option<OptionPattern>,
    #[serde(default)]
    pub substitution: String,
}

/// A regular expression. How large it may be is Envoy's to say.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionPattern {
    #[serde(default)]
    pub google_re2: IgnoredAny,
    #[serde(default)]
    pub regex: String,
}

/// `maxStreamDuration`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionStreamLimit {
    pub grpc_timeout_header_max: Option<GoDuration>,
    pub grpc_timeout_header_offset: Option<GoDuration>,
    pub max_stream_duration: Option<GoDuration>,
}

/// `cors`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionCors {
    #[serde(default)]
    pub allow_origin: Vec<String>,
    #[serde(default)]
    pub allow_origin_regex: Vec<String>,
    #[serde(default)]
    pub allow_methods: Vec<String>,
    #[serde(default)]
    pub allow_headers: Vec<String>,
    #[serde(default)]
    pub expose_headers: Vec<String>,
    #[serde(default)]
    pub max_age: String,
    #[serde(default)]
    pub allow_credentials: bool,
    #[serde(default)]
    pub disable_for_route: bool,
}

/// `lbHash`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionHash {
    #[serde(default)]
    pub hash_policies: Vec<OptionHashPolicy>,
}

/// One of the things that a hash is made of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionHashPolicy {
    pub cookie: Option<OptionHashCookie>,
    pub header: Option<HeaderName>,
    pub source_ip: Option<bool>,
    #[serde(default)]
    pub terminal: bool,
}

/// A cookie that a hash is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionHashCookie {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub path: String,
    pub ttl: Option<GoDuration>,
}
