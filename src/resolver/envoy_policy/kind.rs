//! What tells the kinds of policies apart.

use crate::diagnostics::FieldPath;
use crate::parser::any_object::AnyObject;
use crate::parser::api::{
    BackendTimeout, BackendTrafficPolicyField, ClientTrafficPolicyField, EnvoyPolicySpec, HttpBackendTimeout,
    LocalObjectReference, NamedBackends, OptionKind, SecretObjectReference, SecurityApiKeys, SecurityPasswords,
    SecurityPolicyField,
};
use crate::parser::manifests::{Kind, Manifests, Object};
use crate::parser::route::{BackendReference, Filter};
use crate::path;
use crate::resolver::route::ResolvedRule;
use crate::resolver::untranslated::PolicyOption;

/// The first of the backends that stand in a field, with its place.
pub(super) fn first_of(at: FieldPath, backends: NamedBackends<'_>) -> Option<(FieldPath, NamedServer<'_>)> {
    let (index, reference) = backends.first()?;
    let at = match index {
        Some(index) => at.with("backendRefs").with(index),
        None => at.with("backendRef"),
    };
    Some((at, NamedServer::Backend(reference)))
}

/// A server that a policy names.
#[derive(Clone, Copy, Debug)]
pub enum NamedServer<'p> {
    /// A Service or a Backend.
    Backend(BackendReference<'p>),
    /// The host of a URL.
    Url(&'p str),
}

/// A kind of policies, by what one of its fields says.
pub trait EnvoyPolicyKind: OptionKind + PolicyOption + Clone + 'static {
    /// The kind.
    const KIND: Kind;
    /// The kinds of objects that it can be about.
    const TARGETS: &'static [Kind];
    /// Whether it is about listeners and their connections alone, and not about rules.
    const IS_OF_LISTENERS: bool = false;
    /// Whether its fields keep requests out.
    const IS_SECURITY: bool = false;

    /// The field of a rule that says the same, and goes before it.
    fn met_by(&self, _rule: &ResolvedRule<'_>) -> Option<&'static str> {
        None
    }

    /// The Secrets that it names for what requests have to bring, each with its place in the field.
    fn secrets(&self) -> Vec<(FieldPath, &SecretObjectReference)> {
        Vec::new()
    }

    /// The ConfigMaps that it names, each with its place in the field.
    fn config_maps(&self) -> Vec<(FieldPath, &LocalObjectReference)> {
        Vec::new()
    }

    /// The authorities of client certificates that it names, each with its place in the field.
    fn authorities(&self) -> Vec<(FieldPath, &SecretObjectReference)> {
        Vec::new()
    }

    /// The servers that it names, each with its place in the field.
    fn servers(&self) -> Vec<(FieldPath, NamedServer<'_>)> {
        Vec::new()
    }

    /// Whether what that server is asked for has to come over TLS; `server` is its place in the list.
    fn asks_for_tls(&self, _server: usize) -> bool {
        false
    }

    /// Whether it is written and says nothing.
    fn says_nothing(&self) -> bool {
        false
    }

    /// Whether it says nothing of connections that carry no requests.
    fn is_of_requests_alone(&self) -> bool {
        false
    }

    /// Whether it is translated for connections that carry no requests.
    fn is_of_bytes_too(&self) -> bool {
        false
    }

    /// The objects of the input.
    fn objects(manifests: &Manifests) -> &[Object<EnvoyPolicySpec<Self>>];

    /// An object of which a part could not be read.
    fn decoded(object: &AnyObject) -> Option<&Object<EnvoyPolicySpec<Self>>>;
}

impl EnvoyPolicyKind for ClientTrafficPolicyField {
    const KIND: Kind = Kind::ClientTrafficPolicy;
    const TARGETS: &'static [Kind] = &[Kind::Gateway, Kind::ListenerSet];
    const IS_OF_LISTENERS: bool = true;

    fn authorities(&self) -> Vec<(FieldPath, &SecretObjectReference)> {
        let Self::Tls(said) = self else { return Vec::new() };
        let named = said.client_validation.iter().flat_map(|validation| &validation.ca_certificate_refs).enumerate();
        named.map(|(index, reference)| (path!["clientValidation", "caCertificateRefs", index], reference)).collect()
    }

    fn objects(manifests: &Manifests) -> &[Object<EnvoyPolicySpec<Self>>] {
        &manifests.client_traffic_policies
    }

    fn decoded(object: &AnyObject) -> Option<&Object<EnvoyPolicySpec<Self>>> {
        match object {
            AnyObject::ClientTrafficPolicy(object) => Some(&**object),
            _ => None,
        }
    }
}

impl EnvoyPolicyKind for BackendTrafficPolicyField {
    const KIND: Kind = Kind::BackendTrafficPolicy;
    const TARGETS: &'static [Kind] = &[
        Kind::Gateway,
        Kind::ListenerSet,
        Kind::HTTPRoute,
        Kind::GRPCRoute,
        Kind::UDPRoute,
        Kind::TCPRoute,
        Kind::TLSRoute,
    ];

    fn met_by(&self, rule: &ResolvedRule<'_>) -> Option<&'static str> {
        match self {
            Self::Timeout(BackendTimeout {
                http: Some(HttpBackendTimeout { request_timeout: Some(_), .. }), ..
            }) => rule.timeouts.and_then(|timeouts| timeouts.request).map(|_| "timeouts"),
            Self::Retry(_) => rule.retry.map(|_| "retry"),
            _ => None,
        }
    }

    fn is_of_requests_alone(&self) -> bool {
        matches!(
            self,
            Self::AdmissionControl(_)
                | Self::Compression(_)
                | Self::Compressor(_)
                | Self::FaultInjection(_)
                | Self::Http2(_)
                | Self::HttpUpgrade(_)
                | Self::RequestBuffer(_)
                | Self::ResponseOverride(_)
                | Self::Retry(_)
                | Self::UseClientProtocol(_)
        )
    }

    fn is_of_bytes_too(&self) -> bool {
        match self {
            Self::CircuitBreaker(_)
            | Self::Connection(_)
            | Self::Dns(_)
            | Self::HealthCheck(_)
            | Self::ProxyProtocol(_)
            | Self::RoutingType(_)
            | Self::TcpKeepalive(_)
            | Self::Timeout(_) => true,
            // Of a connection no hash is made.
            Self::LoadBalancer(said) => said.consistent_hash.is_none(),
            _ => false,
        }
    }

    fn objects(manifests: &Manifests) -> &[Object<EnvoyPolicySpec<Self>>] {
        &manifests.backend_traffic_policies
    }

    fn decoded(object: &AnyObject) -> Option<&Object<EnvoyPolicySpec<Self>>> {
        match object {
            AnyObject::BackendTrafficPolicy(object) => Some(&**object),
            _ => None,
        }
    }
}

impl EnvoyPolicyKind for SecurityPolicyField {
    const KIND: Kind = Kind::SecurityPolicy;
    const TARGETS: &'static [Kind] =
        &[Kind::Gateway, Kind::ListenerSet, Kind::HTTPRoute, Kind::GRPCRoute, Kind::TCPRoute];
    const IS_SECURITY: bool = true;

    fn met_by(&self, rule: &ResolvedRule<'_>) -> Option<&'static str> {
        let has_own = || rule.all_filters().any(|own| matches!(own.filter, Filter::Cors(_)));
        (matches!(self, Self::Cors(_)) && has_own()).then_some("filters")
    }

    fn secrets(&self) -> Vec<(FieldPath, &SecretObjectReference)> {
        match self {
            Self::ApiKeyAuth(SecurityApiKeys { credential_refs, .. }) => {
                let named = credential_refs.iter().enumerate();
                named.map(|(index, reference)| (path!["credentialRefs", index], reference)).collect()
            }
            Self::BasicAuth(SecurityPasswords { users, .. }) => vec![(path!["users"], users)],
            Self::Oidc(said) => {
                let client = said.client_id_ref.as_ref().map(|client| (path!["clientIDRef"], client));
                client.into_iter().chain([(path!["clientSecret"], &said.client_secret)]).collect()
            }
            _ => Vec::new(),
        }
    }

    fn config_maps(&self) -> Vec<(FieldPath, &LocalObjectReference)> {
        let Self::Jwt(said) = self else { return Vec::new() };
        let keys = said.providers.iter().enumerate();
        keys.filter_map(|(index, provider)| {
            let reference = provider.local_jwks.as_ref()?.value_ref.as_ref()?;
            Some((path!["providers", index, "localJWKS", "valueRef"], reference))
        })
        .collect()
    }

    fn servers(&self) -> Vec<(FieldPath, NamedServer<'_>)> {
        match self {
            Self::ExtAuth(said) => {
                let first = said.service().and_then(|(protocol, backends)| first_of(path![protocol], backends));
                first.into_iter().collect()
            }
            Self::Jwt(said) => {
                let remote = said.providers.iter().enumerate().filter_map(|(index, provider)| {
                    let keys = provider.remote_jwks.as_ref()?;
                    let at = path!["providers", index, "remoteJWKS"];
                    let of_url = || (at.with("uri"), NamedServer::Url(&keys.uri));
                    Some(first_of(at.clone(), keys.backends()).unwrap_or_else(of_url))
                });
                remote.collect()
            }
            Self::Oidc(said) => {
                let at = path!["provider"];
                let url = said.provider.token_endpoint.as_ref();
                let of_url = || Some((at.with("tokenEndpoint"), NamedServer::Url(url?)));
                first_of(at.clone(), said.provider.backends()).or_else(of_url).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn asks_for_tls(&self, server: usize) -> bool {
        let said = match self {
            // The client's password is sent there.
            Self::Oidc(_) => return true,
            Self::Jwt(said) => said,
            _ => return false,
        };
        let mut remote = said.providers.iter().filter_map(|provider| provider.remote_jwks.as_ref());
        remote.nth(server).is_some_and(|keys| keys.uri.starts_with("https:"))
    }

    fn is_of_requests_alone(&self) -> bool {
        matches!(self, Self::Cors(_) | Self::Csrf(_))
    }

    fn is_of_bytes_too(&self) -> bool {
        let Self::Authorization(said) = self else { return false };
        // All that is known of whoever connects is an address.
        said.rules.iter().all(|rule| {
            let of_address = rule.principal.as_ref().is_some_and(|principal| {
                !principal.client_cidrs.is_empty() && principal.headers.is_empty() && principal.jwt.is_none()
            });
            of_address && rule.operation.is_none()
        })
    }

    fn objects(manifests: &Manifests) -> &[Object<EnvoyPolicySpec<Self>>] {
        &manifests.security_policies
    }

    fn decoded(object: &AnyObject) -> Option<&Object<EnvoyPolicySpec<Self>>> {
        match object {
            AnyObject::SecurityPolicy(object) => Some(&**object),
            _ => None,
        }
    }
}
