//! `oidc` of a SecurityPolicy ([OIDC](https://gateway.envoyproxy.io/docs/api/extension_types/#oidc)).

use serde::Deserialize;

use crate::http::HeaderName;
use crate::parser::api::option_list::Untranslated;
use crate::parser::api::{BackendObjectReference, Duration, SecretObjectReference};

use super::ext_auth::{NamedBackends, PolicyBackendRef};

/// Who sends requests has to sign in with a provider of OpenID Connect.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityOidc {
    #[serde(rename = "clientID")]
    pub client_id: Option<String>,
    /// A Secret with the client in its key `client-id`.
    #[serde(rename = "clientIDRef")]
    pub client_id_ref: Option<SecretObjectReference>,
    /// A Secret with the client's password in its key `client-secret`.
    pub client_secret: SecretObjectReference,
    pub cookie_config: Option<OidcCookieConfig>,
    pub cookie_domain: Option<String>,
    pub cookie_names: Option<OidcCookieNames>,
    #[serde(rename = "csrfTokenTTL")]
    pub csrf_token_ttl: Option<Duration>,
    #[serde(rename = "defaultRefreshTokenTTL")]
    pub default_refresh_token_ttl: Option<Duration>,
    #[serde(rename = "defaultTokenTTL")]
    pub default_token_ttl: Option<Duration>,
    pub deny_redirect: Option<OidcDenyRedirect>,
    pub disable_token_encryption: Option<bool>,
    pub forward_access_token: Option<bool>,
    #[serde(rename = "forwardIDToken")]
    pub forward_id_token: Option<Untranslated>,
    pub logout_path: Option<String>,
    pub pass_through_auth_header: Option<bool>,
    pub provider: OidcProvider,
    #[serde(rename = "redirectURL")]
    pub redirect_url: Option<String>,
    pub refresh_token: bool,
    #[serde(default)]
    pub resources: Vec<String>,
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// Attributes of cookies.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OidcCookieConfig {
    pub same_site: Option<OidcSameSite>,
}

/// Which requests of other sites have the cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum OidcSameSite {
    Lax,
    Strict,
    None,
}

/// What cookies are called.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OidcCookieNames {
    pub access_token: Option<String>,
    pub id_token: Option<String>,
}

/// Which requests are refused, and nobody is sent away by them to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OidcDenyRedirect {
    pub headers: Vec<OidcDeniedHeader>,
}

/// A header of such requests.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OidcDeniedHeader {
    pub name: HeaderName,
    #[serde(rename = "type")]
    pub match_type: OidcHeaderMatchType,
    pub value: String,
}

/// How much of the header's value is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum OidcHeaderMatchType {
    Exact,
    Prefix,
    Suffix,
    RegularExpression,
}

/// The provider.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OidcProvider {
    pub authorization_endpoint: Option<String>,
    pub backend_ref: Option<BackendObjectReference>,
    #[serde(default)]
    pub backend_refs: Vec<PolicyBackendRef>,
    pub backend_settings: Option<Untranslated>,
    pub end_session_endpoint: Option<String>,
    pub issuer: String,
    pub token_endpoint: Option<String>,
}

impl OidcProvider {
    /// The backends of the provider; where there are none the URL of its tokens says where it is.
    pub fn backends(&self) -> NamedBackends<'_> {
        NamedBackends { list: &self.backend_refs, single: self.backend_ref.as_ref() }
    }
}
