//! Who may send requests: filters that let everything pass until a route asks for more, and what routes ask for
//! ([JWT authentication](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/jwt_authn_filter),
//! [RBAC](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rbac_filter)).
//!
//! A route names its requirement, and Envoy refuses the requests of one whose requirement its filter does not know.

use std::collections::BTreeMap;
use std::sync::Arc;

use envoy_types::pb::envoy::config::core::v3::{DataSource, data_source::Specifier};
use envoy_types::pb::envoy::config::rbac::v3::{
    MetadataSource, Permission, Policy, Principal, Rbac as Rules, SourcedMetadata, permission, principal, rbac::Action,
};
use envoy_types::pb::envoy::config::route::v3::{HeaderMatcher, header_matcher::HeaderMatchSpecifier};
use envoy_types::pb::envoy::extensions::filters::http::jwt_authn::v3::{
    JwtAuthentication, JwtHeader, JwtProvider, JwtRequirement, JwtRequirementOrList, PerRouteConfig,
    jwt_provider::JwksSourceSpecifier, jwt_requirement::RequiresType, per_route_config::RequirementSpecifier,
};
use envoy_types::pb::envoy::extensions::filters::http::rbac::v3::{Rbac, RbacPerRoute};
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
use envoy_types::pb::envoy::r#type::matcher::v3::{
    ListMatcher, MetadataMatcher, PathMatcher, StringMatcher, ValueMatcher, list_matcher,
    metadata_matcher::PathSegment, metadata_matcher::path_segment::Segment, path_matcher::Rule as PathRule,
    string_matcher::MatchPattern, value_matcher::MatchPattern as ValuePattern,
};
use envoy_types::pb::google::protobuf::{Any, Empty};

use crate::ir::{
    AccessPolicy, AccessRule, Claim, ClaimIs, RouteGuards, TokenNeed, TokenProvider, TokenRule, TokenRules,
};

use super::name;
use super::proto::{any, exact, http_filter};

const TOKEN_FILTER: &str = "envoy.filters.http.jwt_authn";
const TOKENS: &str = "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication";
const TOKENS_PER_ROUTE: &str = "envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig";
const ACCESS_FILTER: &str = "envoy.filters.http.rbac";
const ACCESS: &str = "envoy.extensions.filters.http.rbac.v3.RBAC";
const ACCESS_PER_ROUTE: &str = "envoy.extensions.filters.http.rbac.v3.RBACPerRoute";

/// What routes ask for.
#[derive(Clone, Debug, Default)]
pub(super) struct AccessNeeds {
    /// The requirements, by their names.
    tokens: BTreeMap<String, Arc<TokenRules>>,
    /// Whether any asks what tokens say.
    claims: bool,
}

impl AccessNeeds {
    pub(super) fn add(&mut self, RouteGuards { body: _, origins: _, tokens, access }: &RouteGuards) {
        if let Some(TokenRule::Asked(rules)) = tokens {
            self.tokens.insert(requirement(rules), Arc::clone(rules));
        }
        self.claims |= matches!(access, Some(AccessRule::Listed(_)));
    }
}

/// The name of a requirement: another one with whatever is different in it.
fn requirement(rules: &TokenRules) -> String {
    name::digest(format!("{rules:?}").as_bytes())
}

/// The filters in the chain.
pub(super) fn http_filters(AccessNeeds { tokens, claims }: &AccessNeeds) -> Vec<HttpFilter> {
    let mut filters = Vec::new();
    if !tokens.is_empty() {
        let own = |(name, rules): (&String, &Arc<TokenRules>)| {
            let of_rules = rules.providers.iter();
            of_rules.map(|one| (provider_name(name, one), to_provider(one))).collect::<Vec<_>>()
        };
        let filter = JwtAuthentication {
            providers: tokens.iter().flat_map(own).collect(),
            requirement_map: tokens
                .iter()
                .map(|(name, rules)| (name.to_owned(), to_requirement(name, rules)))
                .collect(),
            ..JwtAuthentication::default()
        };
        filters.push(http_filter(TOKEN_FILTER, any(TOKENS, &filter)));
    }
    if *claims {
        filters.push(http_filter(ACCESS_FILTER, any(ACCESS, &Rbac::default())));
    }
    filters
}

/// What routes need of the filters, in words that are others where anything is.
pub(super) fn identity(AccessNeeds { tokens, claims }: &AccessNeeds) -> Option<String> {
    let names: Vec<&str> = tokens.keys().map(String::as_str).collect();
    (!names.is_empty() || *claims).then(|| format!("{}/{claims}", names.join("/")))
}

fn provider_name(requirement: &str, provider: &TokenProvider) -> String {
    format!("{requirement}/{}", provider.name)
}

fn to_provider(provider: &TokenProvider) -> JwtProvider {
    let TokenProvider { name, issuer, audiences, keys, headers, parameters, keeps_token, skew_seconds } = provider;
    let header = |(name, prefix): &(crate::http::HeaderName, String)| JwtHeader {
        name: name.to_string(),
        value_prefix: prefix.to_owned(),
    };
    JwtProvider {
        issuer: issuer.to_owned().unwrap_or_default(),
        audiences: audiences.to_vec(),
        forward: *keeps_token,
        from_headers: headers.iter().map(header).collect(),
        from_params: parameters.to_vec(),
        // What a token says is known by the name of who vouches for it.
        payload_in_metadata: name.to_owned(),
        clock_skew_seconds: *skew_seconds,
        jwks_source_specifier: Some(JwksSourceSpecifier::LocalJwks(DataSource {
            specifier: Some(Specifier::InlineString(keys.to_owned())),
            ..DataSource::default()
        })),
        ..JwtProvider::default()
    }
}

fn to_requirement(name: &str, TokenRules { providers, need }: &TokenRules) -> JwtRequirement {
    let require = |kind| JwtRequirement { requires_type: Some(kind) };
    let mut any_of: Vec<JwtRequirement> =
        providers.iter().map(|one| require(RequiresType::ProviderName(provider_name(name, one)))).collect();
    match need {
        TokenNeed::Valid => {}
        TokenNeed::MissingOrValid => any_of.push(require(RequiresType::AllowMissing(Empty {}))),
        TokenNeed::Anything => any_of.push(require(RequiresType::AllowMissingOrFailed(Empty {}))),
    }
    match <[JwtRequirement; 1]>::try_from(any_of) {
        Ok([only]) => only,
        Err(requirements) => require(RequiresType::RequiresAny(JwtRequirementOrList { requirements })),
    }
}

/// What a rule asks of the filters.
pub(super) fn per_route(
    tokens: Option<&TokenRule>,
    access: Option<&AccessRule>,
) -> impl Iterator<Item = (String, Any)> {
    let rules = tokens.and_then(|rule| match rule {
        TokenRule::Unasked => None,
        TokenRule::Asked(rules) => Some(rules),
    });
    let asked = rules.map(|rules| {
        let specifier = RequirementSpecifier::RequirementName(requirement(rules));
        let config = PerRouteConfig { requirement_specifier: Some(specifier) };
        (TOKEN_FILTER.to_owned(), any(TOKENS_PER_ROUTE, &config))
    });
    let providers: Vec<String> =
        rules.map(|rules| rules.providers.iter().map(|one| one.name.to_owned()).collect()).unwrap_or_default();
    let listed = access.and_then(|rule| match rule {
        AccessRule::Anybody => None,
        AccessRule::Listed(policies) => Some(policies),
    });
    let listed = listed.map(|policies| {
        let to_entry = |policy: &AccessPolicy| (policy.name.to_owned(), to_policy(policy, &providers));
        let rules = Rules {
            action: Action::Allow as i32,
            policies: policies.iter().map(to_entry).collect(),
            ..Rules::default()
        };
        let rbac = Rbac { rules: Some(rules), ..Rbac::default() };
        (ACCESS_FILTER.to_owned(), any(ACCESS_PER_ROUTE, &RbacPerRoute { rbac: Some(rbac) }))
    });
    asked.into_iter().chain(listed)
}

fn to_policy(policy: &AccessPolicy, providers: &[String]) -> Policy {
    let AccessPolicy { name: _, principals, path_prefix, methods } = policy;
    let permission = |rule| Permission { rule: Some(rule) };
    let mut all = Vec::new();
    if let Some(prefix) = path_prefix {
        let path =
            StringMatcher { match_pattern: Some(MatchPattern::Prefix(prefix.to_owned())), ..StringMatcher::default() };
        let path = PathMatcher { rule: Some(PathRule::Path(path)) };
        all.push(permission(permission::Rule::UrlPath(path)));
    }
    if !methods.is_empty() {
        let method = |method: &String| {
            permission(permission::Rule::Header(HeaderMatcher {
                name: ":method".to_owned(),
                header_match_specifier: Some(HeaderMatchSpecifier::StringMatch(exact(method))),
                ..HeaderMatcher::default()
            }))
        };
        let rules = methods.iter().map(method).collect();
        all.push(permission(permission::Rule::OrRules(permission::Set { rules })));
    }
    let whole = match all.is_empty() {
        true => permission(permission::Rule::Any(true)),
        false => permission(permission::Rule::AndRules(permission::Set { rules: all })),
    };
    // Without a provider it is the token of whichever that the rule has; where it has none, nobody passes.
    let principals = principals.iter().flat_map(|principal| {
        let vouching: Vec<&String> = match &principal.provider {
            Some(provider) => providers.iter().filter(|own| *own == provider).collect(),
            None => providers.iter().collect(),
        };
        vouching.into_iter().map(|provider| {
            let ids = principal.claims.iter().map(|claim| to_principal(provider, claim)).collect();
            Principal { identifier: Some(principal::Identifier::AndIds(principal::Set { ids })) }
        })
    });
    let mut principals: Vec<Principal> = principals.collect();
    if principals.is_empty() {
        let everybody = Principal { identifier: Some(principal::Identifier::Any(true)) };
        principals.push(Principal { identifier: Some(principal::Identifier::NotId(Box::new(everybody))) });
    }
    Policy { permissions: vec![whole], principals, ..Policy::default() }
}

fn to_principal(provider: &str, Claim { path, is }: &Claim) -> Principal {
    let segment = |key: &str| PathSegment { segment: Some(Segment::Key(key.to_owned())) };
    let value = |pattern| ValueMatcher { match_pattern: Some(pattern) };
    let matcher = MetadataMatcher {
        filter: TOKEN_FILTER.to_owned(),
        path: std::iter::once(provider).chain(path.iter().map(String::as_str)).map(segment).collect(),
        value: Some(match is {
            ClaimIs::Text(text) => value(ValuePattern::StringMatch(exact(text))),
            ClaimIs::Flag(flag) => value(ValuePattern::BoolMatch(*flag)),
            ClaimIs::ListWith(text) => {
                let one = Box::new(value(ValuePattern::StringMatch(exact(text))));
                let list = ListMatcher { match_pattern: Some(list_matcher::MatchPattern::OneOf(one)) };
                value(ValuePattern::ListMatch(Box::new(list)))
            }
        }),
        ..MetadataMatcher::default()
    };
    let sourced = SourcedMetadata { metadata_matcher: Some(matcher), metadata_source: MetadataSource::Dynamic as i32 };
    Principal { identifier: Some(principal::Identifier::SourcedMetadata(sourced)) }
}
