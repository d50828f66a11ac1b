//! `jwt` of a SecurityPolicy ([JWT](https://gateway.envoyproxy.io/docs/api/extension_types/#jwt)).

use serde::Deserialize;

use crate::http::HeaderName;
use crate::parser::api::option_list::Untranslated;
use crate::parser::api::{BackendObjectReference, Duration, LocalObjectReference};

use super::ext_auth::{NamedBackends, PolicyBackendRef};

/// Which tokens requests have to bring: one that any of the providers vouches for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityTokens {
    pub fail_open: Option<bool>,
    pub optional: Option<bool>,
    pub providers: Vec<SecurityTokenProvider>,
}

/// Who vouches for tokens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityTokenProvider {
    #[serde(default)]
    pub audiences: Vec<String>,
    #[serde(default)]
    pub claim_to_headers: Vec<SecurityClaimHeader>,
    pub extract_from: Option<SecurityTokenSource>,
    pub issuer: Option<String>,
    #[serde(rename = "localJWKS")]
    pub local_jwks: Option<SecurityKeys>,
    pub name: String,
    pub recompute_route: Option<bool>,
    #[serde(rename = "remoteJWKS")]
    pub remote_jwks: Option<SecurityRemoteKeys>,
}

/// Keys that a server has.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityRemoteKeys {
    pub backend_ref: Option<BackendObjectReference>,
    #[serde(default)]
    pub backend_refs: Vec<PolicyBackendRef>,
    pub backend_settings: Option<Untranslated>,
    pub cache_duration: Duration,
    pub failed_refetch_duration: Option<Duration>,
    pub uri: String,
}

impl SecurityRemoteKeys {
    /// The backends of the server; where there are none the URL says where it is.
    pub fn backends(&self) -> NamedBackends<'_> {
        NamedBackends { list: &self.backend_refs, single: self.backend_ref.as_ref() }
    }
}

/// A header that backends get what a token says in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityClaimHeader {
    pub claim: String,
    pub header: HeaderName,
}

/// Where tokens are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityTokenSource {
    #[serde(default)]
    pub cookies: Vec<String>,
    #[serde(default)]
    pub headers: Vec<SecurityTokenHeader>,
    #[serde(default)]
    pub params: Vec<String>,
}

/// A header that a token is in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityTokenHeader {
    pub name: HeaderName,
    pub value_prefix: Option<String>,
}

/// Keys that are written in place, or that a ConfigMap has.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityKeys {
    pub inline: Option<String>,
    /// `Inline` or `ValueRef`.
    #[serde(rename = "type")]
    pub keys_type: String,
    /// A ConfigMap of the policy's namespace.
    pub value_ref: Option<LocalObjectReference>,
}
