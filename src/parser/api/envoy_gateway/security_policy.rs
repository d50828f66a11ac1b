//! SecurityPolicy: who may send requests
//! ([SecurityPolicy](https://gateway.envoyproxy.io/docs/api/extension_types/#securitypolicy)).

use super::envoy_policy::{EnvoyPolicySpec, fields_of_policy};
use crate::parser::api::option_list::Untranslated;

/// The spec of a SecurityPolicy.
pub type SecurityPolicySpec = EnvoyPolicySpec<SecurityPolicyField>;

fields_of_policy! {
    /// What a SecurityPolicy says for rules.
    SecurityPolicyField also ["mergeType", "targetRef", "targetRefs", "targetSelectors"] {
        ApiKeyAuth(Untranslated) = "apiKeyAuth",
        Authorization(Untranslated) = "authorization",
        BasicAuth(Untranslated) = "basicAuth",
        Cors(Untranslated) = "cors",
        Csrf(Untranslated) = "csrf",
        ExtAuth(Untranslated) = "extAuth",
        Jwt(Untranslated) = "jwt",
        Oidc(Untranslated) = "oidc",
    }
}
