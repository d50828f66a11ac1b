//! The options that say who may pass, by tokens.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::http::HeaderName;

use super::duration::GoDuration;
use super::gloo_enum::GlooEnum;
use super::resource_ref::GlooResourceRef;

/// `jwt` of a RouteOption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionTokenSwitch {
    #[serde(default)]
    pub disable: bool,
}

/// `jwtStaged` of a RouteOption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionStagedSwitches {
    pub after_ext_auth: Option<OptionTokenSwitch>,
    pub before_ext_auth: Option<OptionTokenSwitch>,
}

/// `jwtProvidersStaged` of a RouteOption, and `jwtStaged` of a VirtualHostOption.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionStagedTokens {
    pub after_ext_auth: Option<OptionTokens>,
    pub before_ext_auth: Option<OptionTokens>,
}

impl OptionStagedTokens {
    /// What is said of each stage, by its field, in the order of the stages.
    pub fn stages(&self) -> [(&'static str, Option<&OptionTokens>); 2] {
        let Self { after_ext_auth, before_ext_auth } = self;
        [("beforeExtAuth", before_ext_auth.as_ref()), ("afterExtAuth", after_ext_auth.as_ref())]
    }
}

/// `jwt` of a VirtualHostOption, and a stage of others.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionTokens {
    #[serde(default)]
    pub allow_missing_or_failed_jwt: bool,
    #[serde(default)]
    pub providers: BTreeMap<String, OptionTokenProvider>,
    pub validation_policy: Option<GlooEnum>,
}

/// One of `providers`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionTokenProvider {
    #[serde(default)]
    pub attach_failed_status_to_metadata: String,
    #[serde(default)]
    pub audiences: Vec<String>,
    #[serde(default)]
    pub claims_to_headers: Vec<OptionClaimHeader>,
    pub clock_skew_seconds: Option<u32>,
    #[serde(default)]
    pub issuer: String,
    pub jwks: Option<OptionKeys>,
    #[serde(default)]
    pub keep_token: bool,
    pub token_source: Option<OptionTokenSource>,
}

/// One of `claimsToHeaders`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionClaimHeader {
    #[serde(default)]
    pub append: bool,
    #[serde(default)]
    pub claim: String,
    #[serde(default)]
    pub header: HeaderName,
}

/// `jwks`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionKeys {
    pub local: Option<OptionLocalKeys>,
    pub remote: Option<OptionRemoteKeys>,
}

/// `remote`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionRemoteKeys {
    pub async_fetch: Option<OptionKeyFetch>,
    pub cache_duration: Option<GoDuration>,
    pub upstream_ref: Option<GlooResourceRef>,
    #[serde(default)]
    pub url: String,
}

/// `asyncFetch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionKeyFetch {
    #[serde(default)]
    pub fast_listener: bool,
}

/// `local`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionLocalKeys {
    #[serde(default)]
    pub key: String,
}

/// `tokenSource`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionTokenSource {
    #[serde(default)]
    pub headers: Vec<OptionTokenHeader>,
    #[serde(default)]
    pub query_params: Vec<String>,
}

/// One of `headers`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionTokenHeader {
    #[serde(default)]
    pub header: HeaderName,
    #[serde(default)]
    pub prefix: String,
}

/// `rbac`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionAccess {
    #[serde(default)]
    pub disable: bool,
    #[serde(default)]
    pub policies: BTreeMap<String, OptionAccessPolicy>,
}

/// One of `policies`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionAccessPolicy {
    #[serde(default)]
    pub nested_claim_delimiter: String,
    pub permissions: Option<OptionPermissions>,
    #[serde(default)]
    pub principals: Vec<OptionPrincipal>,
}

/// `permissions`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionPermissions {
    #[serde(default)]
    pub methods: Vec<String>,
    #[serde(default)]
    pub path_prefix: String,
}

/// One of `principals`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionPrincipal {
    pub jwt_principal: Option<OptionTokenPrincipal>,
}

/// `jwtPrincipal`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionTokenPrincipal {
    #[serde(default)]
    pub claims: BTreeMap<String, String>,
    pub matcher: Option<GlooEnum>,
    #[serde(default)]
    pub provider: String,
}
