//! SecurityPolicy: who may send requests
//! ([SecurityPolicy](https://gateway.envoyproxy.io/docs/api/extension_types/#securitypolicy)).

use serde::Deserialize;

use super::authorization::SecurityAuthorization;
use super::credentials::{SecurityApiKeys, SecurityPasswords};
use super::envoy_policy::EnvoyPolicySpec;
use super::ext_auth::SecurityExtAuth;
use super::oidc::SecurityOidc;
use super::tokens::SecurityTokens;
use crate::parser::api::option_list::options;
use crate::parser::api::{Duration, Fraction};

/// The spec of a SecurityPolicy.
pub type SecurityPolicySpec = EnvoyPolicySpec<SecurityPolicyField>;

options! {
    /// What a SecurityPolicy says for rules.
    SecurityPolicyField also ["mergeType", "targetRef", "targetRefs", "targetSelectors"] {
        ApiKeyAuth(SecurityApiKeys) = "apiKeyAuth",
        Authorization(SecurityAuthorization) = "authorization",
        BasicAuth(SecurityPasswords) = "basicAuth",
        Cors(SecurityCors) = "cors",
        Csrf(SecurityCsrf) = "csrf",
        ExtAuth(Box<SecurityExtAuth>) = "extAuth",
        Jwt(SecurityTokens) = "jwt",
        Oidc(Box<SecurityOidc>) = "oidc",
    }
}

/// `cors`: what other origins may do ([CORS](https://gateway.envoyproxy.io/docs/api/extension_types/#cors)).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityCors {
    pub allow_credentials: Option<bool>,
    #[serde(default)]
    pub allow_headers: Vec<String>,
    #[serde(default)]
    pub allow_methods: Vec<String>,
    #[serde(default)]
    pub allow_origins: Vec<String>,
    #[serde(default)]
    pub expose_headers: Vec<String>,
    pub max_age: Option<Duration>,
}

/// `csrf`: where requests that change something may come from
/// ([CSRF](https://gateway.envoyproxy.io/docs/api/extension_types/#csrf)).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityCsrf {
    #[serde(default)]
    pub additional_origins: Vec<String>,
    pub shadow_fraction: Option<Fraction>,
}
