//! `apiKeyAuth` and `basicAuth` of a SecurityPolicy
//! ([APIKeyAuth](https://gateway.envoyproxy.io/docs/api/extension_types/#apikeyauth),
//! [BasicAuth](https://gateway.envoyproxy.io/docs/api/extension_types/#basicauth)).

use serde::Deserialize;

use crate::http::HeaderName;
use crate::parser::api::SecretObjectReference;

/// Which key requests have to bring.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityApiKeys {
    /// Secrets, with the key of a client under the client's name.
    pub credential_refs: Vec<SecretObjectReference>,
    pub extract_from: Vec<SecurityKeySource>,
    #[serde(rename = "forwardClientIDHeader")]
    pub forward_client_id_header: Option<HeaderName>,
    pub sanitize: Option<bool>,
}

/// Where a key may be: headers, parameters or cookies.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityKeySource {
    #[serde(default)]
    pub cookies: Vec<String>,
    #[serde(default)]
    pub headers: Vec<HeaderName>,
    #[serde(default)]
    pub params: Vec<String>,
}

/// Which name and password requests have to bring.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityPasswords {
    pub forward_username_header: Option<HeaderName>,
    /// A Secret with a file of passwords in its key `.htpasswd`.
    pub users: SecretObjectReference,
}
