//! VirtualHostOption
//! ([VirtualHostOption](https://docs.solo.io/gateway/latest/reference/api/virtual_host_options/)).

use serde::Deserialize;

use super::access::{OptionAccess, OptionStagedTokens, OptionTokens};
use super::ext_auth::OptionAuth;
use super::ext_proc::OptionProcessing;
use super::gloo_enum::GlooEnum;
use super::http_guards::{OptionBufferPerRoute, OptionCsrf};
use super::listener_options::ListenerOptionsSpec;
use super::rate_limit::{OptionLimitConfigs, OptionRateLimits};
use super::route_option::{HeaderManipulation, OptionCors, OptionRetries};
use crate::parser::api::option_list::{Untranslated, options};

/// The spec of a VirtualHostOption.
pub type VirtualHostOptionSpec = ListenerOptionsSpec<VirtualHostOption>;

options! {
    /// An option for the requests of a listener.
    VirtualHostOption {
        BufferPerRoute(OptionBufferPerRoute) = "bufferPerRoute",
        Cors(OptionCors) = "cors",
        CorsPolicyMergeSettings(OptionCorsMerge) = "corsPolicyMergeSettings",
        Csrf(OptionCsrf) = "csrf",
        Dlp(Untranslated) = "dlp",
        ExtProc(OptionProcessing) = "extProc",
        ExtProcEarly(OptionProcessing) = "extProcEarly",
        ExtProcLate(OptionProcessing) = "extProcLate",
        Extauth(OptionAuth) = "extauth",
        Extensions(Untranslated) = "extensions",
        HeaderManipulation(HeaderManipulation) = "headerManipulation",
        IncludeAttemptCountInResponse(bool) = "includeAttemptCountInResponse",
        IncludeRequestAttemptCount(bool) = "includeRequestAttemptCount",
        Jwt(OptionTokens) = "jwt",
        JwtStaged(OptionStagedTokens) = "jwtStaged",
        RateLimitConfigs(OptionLimitConfigs) = "rateLimitConfigs",
        RateLimitEarlyConfigs(OptionLimitConfigs) = "rateLimitEarlyConfigs",
        RateLimitRegularConfigs(OptionLimitConfigs) = "rateLimitRegularConfigs",
        Ratelimit(OptionRateLimits) = "ratelimit",
        RatelimitBasic(Untranslated) = "ratelimitBasic",
        RatelimitEarly(OptionRateLimits) = "ratelimitEarly",
        RatelimitRegular(OptionRateLimits) = "ratelimitRegular",
        Rbac(OptionAccess) = "rbac",
        Retries(OptionRetries) = "retries",
        StagedTransformations(Untranslated) = "stagedTransformations",
        Stats(OptionStats) = "stats",
        Transformations(Untranslated) = "transformations",
        Waf(Untranslated) = "waf",
    }
}

impl VirtualHostOption {
    /// What options are merged by: the forms of one field are one.
    pub fn slot(&self) -> &'static str {
        match self {
            Self::JwtStaged(_) => "jwt",
            other => other.field(),
        }
    }
}

/// `corsPolicyMergeSettings`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionCorsMerge {
    pub expose_headers: Option<GlooEnum>,
}

/// `stats`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionStats {
    #[serde(default)]
    pub virtual_clusters: Vec<OptionVirtualCluster>,
}

/// Requests that are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionVirtualCluster {
    #[serde(default)]
    pub method: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub pattern: String,
}
