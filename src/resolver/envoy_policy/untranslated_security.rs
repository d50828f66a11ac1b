//! What of a SecurityPolicy's fields is not translated: requests would pass that it keeps out.

use crate::diagnostics::FieldPath;
use crate::parser::api::{
    AuthorizationPrincipal, AuthorizationRule, SecurityAuthorization, SecurityPolicyField, SecurityTokens,
};
use crate::resolver::missing::{Missing, NOT_KEPT_OUT, NOT_TRANSLATED};
use crate::resolver::untranslated::{PolicyOption, Said, SaysMissing};

impl PolicyOption for SecurityPolicyField {
    fn field(&self) -> &'static str {
        self.field()
    }

    fn said(&self) -> Said<'_> {
        match self {
            Self::ExtAuth(_) | Self::Oidc(_) => Said::Whole(NOT_KEPT_OUT, true),
            Self::Authorization(said) => Said::Parts(said),
            Self::Jwt(said) => Said::Parts(said),
            Self::ApiKeyAuth(_) | Self::BasicAuth(_) | Self::Cors(_) | Self::Csrf(_) => Said::Translated,
        }
    }
}

impl SaysMissing for SecurityAuthorization {
    fn missing(&self, at: &FieldPath) -> Vec<Missing> {
        let Self { default_action: _, rules } = self;
        let missing = rules.iter().enumerate().flat_map(|(index, rule)| {
            let AuthorizationRule { action: _, cel, name: _, operation: _, principal } = rule;
            let at = at.with("rules").with(index);
            let places = principal.as_ref().and_then(|AuthorizationPrincipal { client_ip_geo_locations, .. }| {
                client_ip_geo_locations.map(|_| at.with("principal").with("clientIPGeoLocations"))
            });
            [cel.map(|_| at.with("cel")), places]
        });
        let missing = missing.flatten();
        missing.map(|path| Missing { path, loss: NOT_KEPT_OUT, is_security: true, why: NOT_TRANSLATED }).collect()
    }
}

impl SaysMissing for SecurityTokens {
    fn missing(&self, at: &FieldPath) -> Vec<Missing> {
        let missing = self.providers.iter().enumerate().flat_map(|(index, provider)| {
            let at = at.with("providers").with(index);
            let keys = provider.local_jwks.as_ref().and_then(|keys| keys.value_ref);
            let cookies = provider.extract_from.as_ref().is_some_and(|source| !source.cookies.is_empty());
            [
                provider.remote_jwks.map(|_| at.with("remoteJWKS")),
                keys.map(|_| at.with("localJWKS").with("valueRef")),
                cookies.then(|| at.with("extractFrom").with("cookies")),
                (provider.recompute_route == Some(true)).then(|| at.with("recomputeRoute")),
            ]
        });
        let missing = missing.flatten();
        missing.map(|path| Missing { path, loss: NOT_KEPT_OUT, is_security: true, why: NOT_TRANSLATED }).collect()
    }
}
