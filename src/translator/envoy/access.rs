//! Who may send requests: filters that let everything pass until a route asks for more, and what routes ask for
//! ([JWT authentication](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/jwt_authn_filter),
//! [RBAC](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rbac_filter)).
//!
//! A route names its requirement, and Envoy refuses the requests of one whose requirement its filter does not know.

use std::collections::BTreeMap;
use std::sync::Arc;

use std::time::Duration;

use envoy_types::pb::envoy::config::core::v3::{
    DataSource, HttpUri, data_source::Specifier, http_uri::HttpUpstreamType,
};
use envoy_types::pb::envoy::config::rbac::v3::{
    MetadataSource, Permission, Policy, Principal, Rbac as Rules, SourcedMetadata, permission, principal, rbac::Action,
};
use envoy_types::pb::envoy::config::route::v3::{HeaderMatcher, header_matcher::HeaderMatchSpecifier};
use envoy_types::pb::envoy::extensions::filters::http::jwt_authn::v3::{
    JwksAsyncFetch, JwtAuthentication, JwtClaimToHeader, JwtHeader, JwtProvider, JwtRequirement, JwtRequirementOrList,
    PerRouteConfig, RemoteJwks, jwt_provider::JwksSourceSpecifier, jwt_provider::NormalizePayload,
    jwt_requirement::RequiresType, per_route_config::RequirementSpecifier,
};
use envoy_types::pb::envoy::extensions::filters::http::rbac::v3::{Rbac, RbacPerRoute};
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
use envoy_types::pb::envoy::r#type::matcher::v3::{
    MetadataMatcher, PathMatcher, StringMatcher, metadata_matcher::PathSegment,
    metadata_matcher::path_segment::Segment, path_matcher::Rule as PathRule, string_matcher::MatchPattern,
};
use envoy_types::pb::google::protobuf::{Any, Empty};

use crate::ir::{
    AccessPolicy, AccessRule, Claim, ClaimHeader, Config, KeyFetch, RemoteKeys, RouteGuards, TokenKeys, TokenNeed,
    TokenProvider, TokenRule, TokenRules,
};

use super::access_order;
use super::claim::{TOKEN_FILTER, to_value};
use super::name;
use super::proto::{any, duration, exact, http_filter};

/// The same filter, before anybody is asked whether a request may pass. What tokens say is known by the name of the
/// other one all the same.
const EARLY_TOKEN_FILTER: &str = "envoy.filters.http.jwt_authn/early";
const TOKENS: &str = "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication";
const TOKENS_PER_ROUTE: &str = "envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig";
const ACCESS_FILTER: &str = "envoy.filters.http.rbac";
const ACCESS: &str = "envoy.extensions.filters.http.rbac.v3.RBAC";
const ACCESS_PER_ROUTE: &str = "envoy.extensions.filters.http.rbac.v3.RBACPerRoute";

/// How long a server may take to give its keys.
const KEYS_TIMEOUT: Duration = Duration::from_secs(5);

/// Where keys are that cannot be had.
const NOWHERE: &str = "http://keys.invalid/";

/// Requirements, by their names.
type Requirements = BTreeMap<String, Arc<TokenRules>>;

/// What routes ask for.
#[derive(Clone, Debug, Default)]
pub(super) struct AccessNeeds {
    /// The requirements of before anybody is asked.
    early: Requirements,
    /// The other requirements.
    tokens: Requirements,
    /// Whether any asks what tokens say.
    claims: bool,
}

impl AccessNeeds {
    pub(super) fn add(&mut self, guards: &RouteGuards, config: &Config) {
        let RouteGuards { early_tokens, tokens, access, .. } = guards;
        for (rule, known) in [(early_tokens, &mut self.early), (tokens, &mut self.tokens)] {
            if let Some(TokenRule::Asked(rules)) = rule {
                known.insert(requirement(rules, config), Arc::clone(rules));
            }
        }
        self.claims |= matches!(access, Some(AccessRule::Listed(_) | AccessRule::Ordered(_)));
    }
}

/// Whether some keys cannot be had.
pub(super) fn lacks_keys(guards: &RouteGuards) -> bool {
    guards.token_rules().flat_map(|rules| &rules.providers).any(|provider| provider.keys == TokenKeys::Nowhere)
}

/// The name of a requirement: another one with whatever is different in it.
fn requirement(rules: &TokenRules, config: &Config) -> String {
    let servers: Vec<String> = rules.clusters().map(|id| name::cluster(config.cluster(id))).collect();
    name::digest(format!("{rules:?}{servers:?}").as_bytes())
}

/// The filter in the chain before those that ask whether requests may pass.
pub(super) fn early_filter(needs: &AccessNeeds, config: &Config) -> Option<HttpFilter> {
    token_filter(EARLY_TOKEN_FILTER, &needs.early, config)
}

/// The filters in the chain behind those.
pub(super) fn http_filters(needs: &AccessNeeds, config: &Config) -> Vec<HttpFilter> {
    let AccessNeeds { early: _, tokens, claims } = needs;
    let mut filters: Vec<HttpFilter> = token_filter(TOKEN_FILTER, tokens, config).into_iter().collect();
    if *claims {
        filters.push(http_filter(ACCESS_FILTER, any(ACCESS, &Rbac::default())));
    }
    filters
}

fn token_filter(called: &str, requirements: &Requirements, config: &Config) -> Option<HttpFilter> {
    let own = |(name, rules): (&String, &Arc<TokenRules>)| {
        let of_rules = rules.providers.iter();
        of_rules.map(|one| (provider_name(name, one), to_provider(one, config))).collect::<Vec<_>>()
    };
    let filter = JwtAuthentication {
        providers: requirements.iter().flat_map(own).collect(),
        requirement_map: requirements
            .iter()
            .map(|(name, rules)| (name.to_owned(), to_requirement(name, rules)))
            .collect(),
        ..JwtAuthentication::default()
    };
    (!requirements.is_empty()).then(|| http_filter(called, any(TOKENS, &filter)))
}

/// What routes need of the filters, in words that are others where anything is.
pub(super) fn identity(AccessNeeds { early, tokens, claims }: &AccessNeeds) -> Option<String> {
    let names: Vec<&str> = tokens.keys().map(String::as_str).collect();
    let before: Vec<&str> = early.keys().map(String::as_str).collect();
    let is_needed = !names.is_empty() || !before.is_empty() || *claims;
    let before = if before.is_empty() { String::new() } else { format!("{}//", before.join("/")) };
    is_needed.then(|| format!("{before}{}/{claims}", names.join("/")))
}

fn provider_name(requirement: &str, provider: &TokenProvider) -> String {
    format!("{requirement}/{}", provider.name)
}

fn to_provider(provider: &TokenProvider, config: &Config) -> JwtProvider {
    let TokenProvider {
        name,
        issuer,
        audiences,
        keys,
        headers,
        parameters,
        keeps_token,
        skew_seconds,
        told,
        lists,
        flaw_known_as,
    } = provider;
    let tell = |ClaimHeader { claim, header }: &ClaimHeader| JwtClaimToHeader {
        header_name: header.to_string(),
        claim_name: claim.to_owned(),
        ..JwtClaimToHeader::default()
    };
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
        normalize_payload_in_metadata: (!lists.is_empty())
            .then(|| NormalizePayload { space_delimited_claims: lists.to_vec() }),
        failed_status_in_metadata: flaw_known_as.to_owned(),
        claim_to_headers: told.iter().map(tell).collect(),
        clock_skew_seconds: *skew_seconds,
        jwks_source_specifier: Some(to_keys(keys, config)),
        ..JwtProvider::default()
    }
}

fn to_keys(keys: &TokenKeys, config: &Config) -> JwksSourceSpecifier {
    let at = |cluster: String, url: &str| HttpUri {
        uri: url.to_owned(),
        timeout: Some(duration(KEYS_TIMEOUT)),
        http_upstream_type: Some(HttpUpstreamType::Cluster(cluster)),
    };
    let remote = match keys {
        TokenKeys::Known(keys) => {
            let specifier = Some(Specifier::InlineString(keys.to_owned()));
            return JwksSourceSpecifier::LocalJwks(DataSource { specifier, ..DataSource::default() });
        }
        TokenKeys::Elsewhere(RemoteKeys { cluster, url, kept, fetch }) => RemoteJwks {
            http_uri: Some(at(name::cluster(config.cluster(*cluster)), url)),
            cache_duration: kept.map(duration),
            async_fetch: match fetch {
                KeyFetch::OnDemand => None,
                KeyFetch::First => Some(JwksAsyncFetch::default()),
                KeyFetch::AtOnce => Some(JwksAsyncFetch { fast_listener: true, ..JwksAsyncFetch::default() }),
            },
            ..RemoteJwks::default()
        },
        // Nobody answers there.
        TokenKeys::Nowhere => {
            RemoteJwks { http_uri: Some(at(name::INVALID_BACKEND.to_owned(), NOWHERE)), ..RemoteJwks::default() }
        }
    };
    JwksSourceSpecifier::RemoteJwks(remote)
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
pub(super) fn per_route(guards: &RouteGuards, config: &Config) -> impl Iterator<Item = (String, Any)> {
    let RouteGuards { early_tokens, tokens, access, .. } = guards;
    let asks = |(filter, rule): (&str, &Option<TokenRule>)| match rule {
        None | Some(TokenRule::Unasked) => None,
        Some(TokenRule::Asked(rules)) => {
            let specifier = RequirementSpecifier::RequirementName(requirement(rules, config));
            let asked = PerRouteConfig { requirement_specifier: Some(specifier) };
            Some((filter.to_owned(), any(TOKENS_PER_ROUTE, &asked)))
        }
    };
    let asked: Vec<_> =
        [(EARLY_TOKEN_FILTER, early_tokens), (TOKEN_FILTER, tokens)].into_iter().filter_map(asks).collect();
    let mut providers: Vec<String> =
        guards.token_rules().flat_map(|rules| &rules.providers).map(|one| one.name.to_owned()).collect();
    providers.sort();
    providers.dedup();
    let access = access.as_ref().and_then(|rule| match rule {
        AccessRule::Anybody => None,
        AccessRule::Listed(policies) => Some(Rbac { rules: Some(to_rules(policies, &providers)), ..Rbac::default() }),
        AccessRule::Ordered(order) => Some(Rbac { matcher: Some(access_order::to_matcher(order)), ..Rbac::default() }),
    });
    let access =
        access.map(|rbac| (ACCESS_FILTER.to_owned(), any(ACCESS_PER_ROUTE, &RbacPerRoute { rbac: Some(rbac) })));
    asked.into_iter().chain(access)
}

/// Whether a rule asks for something by an expression.
pub(super) fn uses_regex(guards: &RouteGuards) -> bool {
    matches!(&guards.access, Some(AccessRule::Ordered(order)) if access_order::uses_regex(order))
}

fn to_rules(policies: &[AccessPolicy], providers: &[String]) -> Rules {
    let to_entry = |policy: &AccessPolicy| (policy.name.to_owned(), to_policy(policy, providers));
    Rules { action: Action::Allow as i32, policies: policies.iter().map(to_entry).collect(), ..Rules::default() }
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
    let matcher = MetadataMatcher {
        filter: TOKEN_FILTER.to_owned(),
        path: std::iter::once(provider).chain(path.iter().map(String::as_str)).map(segment).collect(),
        value: Some(to_value(is)),
        ..MetadataMatcher::default()
    };
    let sourced = SourcedMetadata { metadata_matcher: Some(matcher), metadata_source: MetadataSource::Dynamic as i32 };
    Principal { identifier: Some(principal::Identifier::SourcedMetadata(sourced)) }
}
