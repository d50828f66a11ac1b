//! VirtualHostOption
//! ([VirtualHostOption](https://docs.solo.io/gateway/latest/reference/api/virtual_host_options/)).

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::name::{Name, Namespace, SectionName};

use super::option_list::{OptionList, Untranslated, options};
use super::route_option::{HeaderManipulation, OptionCors, OptionRetries};
use super::upstream_tls::GlooEnum;

/// The spec of a VirtualHostOption.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VirtualHostOptionSpec {
    /// What a controller writes.
    #[serde(default)]
    pub namespaced_statuses: IgnoredAny,
    #[serde(default)]
    pub options: OptionList<VirtualHostOption>,
    #[serde(default)]
    pub target_refs: Vec<ListenerTarget>,
}

/// What options of listeners apply to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListenerTarget {
    #[serde(default)]
    pub group: String,
    #[serde(default)]
    pub kind: String,
    #[serde(default)]
    pub name: Name,
    pub namespace: Option<Namespace>,
    pub section_name: Option<SectionName>,
}

impl ListenerTarget {
    /// The listener that is meant; `None` for all of them.
    pub fn section(&self) -> Option<&SectionName> {
        self.section_name.as_ref().filter(|name| !name.is_empty())
    }
}

options! {
    /// An option for the requests of a listener.
    VirtualHostOption {
        BufferPerRoute(Untranslated) = "bufferPerRoute",
        Cors(OptionCors) = "cors",
        CorsPolicyMergeSettings(OptionCorsMerge) = "corsPolicyMergeSettings",
        Csrf(Untranslated) = "csrf",
        Dlp(Untranslated) = "dlp",
        ExtProc(Untranslated) = "extProc",
        ExtProcEarly(Untranslated) = "extProcEarly",
        ExtProcLate(Untranslated) = "extProcLate",
        Extauth(Untranslated) = "extauth",
        Extensions(Untranslated) = "extensions",
        HeaderManipulation(HeaderManipulation) = "headerManipulation",
        IncludeAttemptCountInResponse(bool) = "includeAttemptCountInResponse",
        IncludeRequestAttemptCount(bool) = "includeRequestAttemptCount",
        Jwt(Untranslated) = "jwt",
        JwtStaged(Untranslated) = "jwtStaged",
        RateLimitConfigs(Untranslated) = "rateLimitConfigs",
        RateLimitEarlyConfigs(Untranslated) = "rateLimitEarlyConfigs",
        RateLimitRegularConfigs(Untranslated) = "rateLimitRegularConfigs",
        Ratelimit(Untranslated) = "ratelimit",
        RatelimitBasic(Untranslated) = "ratelimitBasic",
        RatelimitEarly(Untranslated) = "ratelimitEarly",
        RatelimitRegular(Untranslated) = "ratelimitRegular",
        Rbac(Untranslated) = "rbac",
        Retries(OptionRetries) = "retries",
        StagedTransformations(Untranslated) = "stagedTransformations",
        Stats(Untranslated) = "stats",
        Transformations(Untranslated) = "transformations",
        Waf(Untranslated) = "waf",
    }
}

/// `corsPolicyMergeSettings`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionCorsMerge {
    pub expose_headers: Option<GlooEnum>,
}
