//! What of a SecurityPolicy's fields is not translated: requests would pass that it keeps out.

use crate::diagnostics::FieldPath;
use crate::parser::api::{AuthorizationPrincipal, AuthorizationRule, SecurityAuthorization, SecurityPolicyField};
use crate::resolver::missing::Missing;
use crate::resolver::untranslated::{PolicyOption, Said, SaysMissing};

const NOT_KEPT_OUT: &str = "requests would pass that it keeps out";

impl PolicyOption for SecurityPolicyField {
    fn field(&self) -> &'static str {
        self.field()
    }

    fn said(&self) -> Said<'_> {
        match self {
            Self::ApiKeyAuth(_) | Self::BasicAuth(_) | Self::ExtAuth(_) | Self::Jwt(_) | Self::Oidc(_) => {
                Said::Whole(NOT_KEPT_OUT, true)
            }
            Self::Authorization(said) => Said::Parts(said),
            Self::Cors(_) | Self::Csrf(_) => Said::Translated,
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
        missing.map(|path| Missing { path, loss: NOT_KEPT_OUT, is_security: true }).collect()
    }
}
