//! What of a SecurityPolicy's fields is not translated: requests would pass that it keeps out.

use crate::diagnostics::FieldPath;
use crate::parser::api::{
    AuthorizationPrincipal, AuthorizationRule, PolicyBackendRef, SecurityAuthorization, SecurityExtAuth, SecurityOidc,
    SecurityPolicyField, SecurityRemoteKeys, SecurityTokens,
};
use crate::resolver::missing::{Missing, NOT_KEPT_OUT, NOT_TRANSLATED};
use crate::resolver::untranslated::{PolicyOption, Said, SaysMissing};

impl PolicyOption for SecurityPolicyField {
    fn field(&self) -> &'static str {
        self.field()
    }

    fn said(&self) -> Said<'_> {
        match self {
            Self::ExtAuth(said) => Said::Parts(said.as_ref()),
            Self::Oidc(said) => Said::Parts(said.as_ref()),
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
            let cookies = provider.extract_from.as_ref().is_some_and(|source| !source.cookies.is_empty());
            let mut missing = Vec::new();
            missing.extend(cookies.then(|| at.with("extractFrom").with("cookies")));
            missing.extend((provider.recompute_route == Some(true)).then(|| at.with("recomputeRoute")));
            if let Some(remote) = &provider.remote_jwks {
                missing_of_keys(remote, &at.with("remoteJWKS"), &mut missing);
            }
            missing
        });
        missing.map(|path| Missing { path, loss: NOT_KEPT_OUT, is_security: true, why: NOT_TRANSLATED }).collect()
    }
}

fn missing_of_keys(remote: &SecurityRemoteKeys, at: &FieldPath, missing: &mut Vec<FieldPath>) {
    let SecurityRemoteKeys {
        backend_ref: _,
        backend_refs,
        backend_settings,
        cache_duration: _,
        failed_refetch_duration,
        uri: _,
    } = remote;
    missing.extend(backend_settings.map(|_| at.with("backendSettings")));
    missing.extend(failed_refetch_duration.map(|_| at.with("failedRefetchDuration")));
    missing_of_backends(backend_refs, at, missing);
}

/// A server has one backend, which gets all of its requests.
pub(super) fn missing_of_backends(list: &[PolicyBackendRef], at: &FieldPath, missing: &mut Vec<FieldPath>) {
    let at = at.with("backendRefs");
    missing.extend((list.len() > 1).then(|| at.with(1)));
    for (index, backend) in list.iter().enumerate() {
        missing.extend((backend.fallback == Some(true)).then(|| at.with(index).with("fallback")));
        missing.extend((backend.weight == 0).then(|| at.with(index).with("weight")));
    }
}

impl SaysMissing for SecurityOidc {
    fn missing(&self, at: &FieldPath) -> Vec<Missing> {
        let Self { forward_id_token, provider, .. } = self;
        let mut missing = Vec::new();
        missing.extend(forward_id_token.map(|_| at.with("forwardIDToken")));
        let at = at.with("provider");
        missing.extend(provider.backend_settings.map(|_| at.with("backendSettings")));
        missing_of_backends(&provider.backend_refs, &at, &mut missing);
        let why = NOT_TRANSLATED;
        missing.into_iter().map(|path| Missing { path, loss: NOT_KEPT_OUT, is_security: true, why }).collect()
    }
}

impl SaysMissing for SecurityExtAuth {
    fn missing(&self, at: &FieldPath) -> Vec<Missing> {
        let Self { context_extensions, grpc, http, include_route_metadata, recompute_route, .. } = self;
        let mut missing = Vec::new();
        let mut add = |path: FieldPath, is_there: bool| missing.extend(is_there.then_some(path));
        for (index, context) in context_extensions.iter().enumerate() {
            add(at.with("contextExtensions").with(index).with("valueRef"), context.value_ref.is_some());
        }
        add(at.with("includeRouteMetadata"), *include_route_metadata == Some(true));
        add(at.with("recomputeRoute"), *recompute_route == Some(true));
        let settings = grpc.as_ref().and_then(|grpc| grpc.backend_settings);
        add(at.with("grpc").with("backendSettings"), settings.is_some());
        let settings = http.as_ref().and_then(|http| http.backend_settings);
        add(at.with("http").with("backendSettings"), settings.is_some());
        add(at.with("http").with("pathOverride"), http.as_ref().is_some_and(|http| http.path_override.is_some()));
        if let Some((protocol, backends)) = self.service() {
            missing_of_backends(backends.list, &at.with(protocol), &mut missing);
        }
        let why = NOT_TRANSLATED;
        missing.into_iter().map(|path| Missing { path, loss: NOT_KEPT_OUT, is_security: true, why }).collect()
    }
}
