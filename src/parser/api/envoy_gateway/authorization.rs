//! `authorization` of a SecurityPolicy
//! ([Authorization](https://gateway.envoyproxy.io/docs/api/extension_types/#authorization)).

use serde::Deserialize;

use crate::http::HeaderName;
use crate::parser::api::option_list::Untranslated;

/// Who may send which requests.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityAuthorization {
    /// `Allow` or `Deny`, which it is without it.
    pub default_action: Option<String>,
    #[serde(default)]
    pub rules: Vec<AuthorizationRule>,
}

/// A rule: of those that a request meets the first decides.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthorizationRule {
    /// `Allow` or `Deny`.
    pub action: String,
    pub cel: Option<Untranslated>,
    pub name: Option<String>,
    pub operation: Option<AuthorizationOperation>,
    pub principal: Option<AuthorizationPrincipal>,
}

/// Which requests.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthorizationOperation {
    #[serde(default)]
    pub methods: Vec<String>,
    pub path: Option<AuthorizationPath>,
}

/// A condition on the path.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthorizationPath {
    pub invert: bool,
    /// `Exact`, `PathPrefix` or `RegularExpression`.
    #[serde(rename = "type")]
    pub path_type: String,
    pub value: String,
}

/// Whose requests: all that is said has to be so.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthorizationPrincipal {
    #[serde(default, rename = "clientCIDRs")]
    pub client_cidrs: Vec<String>,
    #[serde(rename = "clientIPGeoLocations")]
    pub client_ip_geo_locations: Option<Untranslated>,
    #[serde(default)]
    pub headers: Vec<AuthorizationHeader>,
    pub jwt: Option<AuthorizationToken>,
}

/// A header that has one of these values as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthorizationHeader {
    pub name: HeaderName,
    pub values: Vec<String>,
}

/// What a token has to say, that a provider vouches for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthorizationToken {
    #[serde(default)]
    pub claims: Vec<AuthorizationClaim>,
    pub provider: String,
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// A claim that is one of these values, or has one of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthorizationClaim {
    pub name: String,
    /// `String` or `StringArray`.
    pub value_type: String,
    pub values: Vec<String>,
}
