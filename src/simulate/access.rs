//! Who may send requests, by the tokens that they bring
//! ([JWT authentication](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/jwt_authn_filter),
//! [RBAC](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rbac_filter)).
//!
//! Signatures are verified, and times compared with the clock, as Envoy does.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::http::HeaderName;
use crate::ir::{
    AccessPolicy, AccessRule, ClaimHeader, HttpConnection, Principal, RouteGuards, TokenKeys, TokenNeed, TokenProvider,
    TokenRule, TokenRules,
};
use crate::jwks::{Jwks, Signature, Token};

use super::access_order;
use super::admitted::Admitted;
use super::claim::{Known, says};
use super::decision::{LocalReply, Reason};
use super::path::split_query;

/// Where tokens are unless a provider says otherwise.
const HEADER: (&str, &str) = ("authorization", "Bearer ");
const PARAMETER: &str = "access_token";

/// How much of the URL clients are told that were refused.
const LONGEST_URL: usize = 256;

/// Why a token does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    Missing,
    Malformed,
    Issuer,
    Early,
    Expired,
    Audience,
    Signature,
    /// No key is for it.
    OtherKey,
    /// Nobody can ask for the keys.
    NoKeys,
    /// A server has the keys, and nothing else is wrong with the token.
    KeysElsewhere,
}

impl Flaw {
    fn words(self) -> &'static str {
        match self {
            Self::Missing => "Jwt is missing",
            Self::Malformed => "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
            Self::Issuer => "Jwt issuer is not configured",
            Self::Early => "Jwt not yet valid",
            Self::Expired => "Jwt is expired",
            Self::Audience => "Audiences in Jwt are not allowed",
            Self::Signature => "Jwt verification fails",
            Self::OtherKey => "Jwks doesn't have key to match kid or alg from Jwt",
            Self::NoKeys | Self::KeysElsewhere => "Jwks remote fetch is failed",
        }
    }
}

/// The place of a token in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
enum TokenPlace {
    Header(String),
    Parameter(String),
}

/// The headers that tokens are told in, by stage: what clients write into them no request keeps that gets there.
#[derive(Debug, Default)]
pub(super) struct ToldHeaders<'c> {
    pub(super) early: BTreeSet<&'c HeaderName>,
    pub(super) late: BTreeSet<&'c HeaderName>,
}

impl<'c> ToldHeaders<'c> {
    /// Those of all rules of a connection.
    pub(super) fn of(connection: &'c HttpConnection) -> Self {
        let mut told = Self::default();
        let routes = connection.virtual_hosts.iter().flat_map(|host| &host.routes);
        for leaf in routes.flat_map(|route| route.action.leaves()) {
            let Some(filters) = leaf.http_filters() else { continue };
            for (rule, names) in
                [(&filters.guards.early_tokens, &mut told.early), (&filters.guards.tokens, &mut told.late)]
            {
                let Some(TokenRule::Asked(rules)) = rule else { continue };
                names.extend(rules.providers.iter().flat_map(|provider| &provider.told).map(|one| &one.header));
            }
        }
        told
    }
}

/// The request that goes on from where tokens are looked at: without the tokens that backends do not get, and with what they
/// are told. What is found out is known from then on.
///
/// # Errors
/// The answer to one without a token that counts.
pub(super) fn identify<'c>(
    (rule, told): (Option<&'c TokenRule>, &BTreeSet<&HeaderName>),
    known: &mut Known<'c>,
    request: &mut Cow<'_, Admitted>,
) -> Result<(), LocalReply> {
    if request.headers.iter().any(|(name, _)| told.iter().any(|own| *name == **own)) {
        request.to_mut().headers.retain(|(name, _)| !told.iter().any(|own| *name == **own));
    }
    let Some(TokenRule::Asked(rules)) = rule else { return Ok(()) };
    let Some((provider, claims, places)) = verify(rules, request).map_err(|flaw| refuse(flaw, request))? else {
        return Ok(());
    };
    for place in places.iter().filter(|_| !provider.keeps_token) {
        remove(place, request.to_mut());
    }
    for ClaimHeader { claim, header } in &provider.told {
        let mut names = claim.split('.');
        let first = names.next().and_then(|name| claims.get(name));
        let value = first.and_then(|first| names.try_fold(first, |value, name| value.get(name)));
        let value = value.map(in_header).unwrap_or_default();
        if !value.is_empty() {
            request.to_mut().headers.push((header.to_string(), value));
        }
    }
    known.retain(|(name, _)| *name != provider.name);
    known.push((&provider.name, with_lists(provider, claims)));
    Ok(())
}

/// What is known of what a token says: the words of some texts.
fn with_lists(provider: &TokenProvider, mut claims: Map<String, Value>) -> Map<String, Value> {
    for name in &provider.lists {
        if let Some(Value::String(text)) = claims.get(name) {
            let words = text.split(' ').filter(|word| !word.is_empty()).map(Value::from).collect();
            claims.insert(name.to_owned(), Value::Array(words));
        }
    }
    claims
}

/// What a token says, as a header has it.
fn in_header(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(flag) => flag.to_string(),
        Value::String(text) => text.to_owned(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float >= 0.0 => format!("{float:.0}"),
            Some(float) => format!("{float:.6}"),
            None => String::new(),
        },
        Value::Array(_) | Value::Object(_) => STANDARD.encode(value.to_string()),
    }
}

/// Answers a request that nobody may send whose token it has.
///
/// # Errors
/// The answer.
pub(super) fn permit(guards: &RouteGuards, known: &Known<'_>, request: &Admitted) -> Result<(), LocalReply> {
    let is_permitted = match &guards.access {
        Some(AccessRule::Listed(policies)) => policies.iter().any(|policy| lets_pass(policy, known, request)),
        Some(AccessRule::Ordered(order)) => access_order::passes(order, known, request),
        Some(AccessRule::Anybody) | None => true,
    };
    let refused = || LocalReply::new(403, Reason::NotAllowed).with_body("RBAC: access denied");
    is_permitted.then_some(()).ok_or_else(refused)
}

/// Who vouches for the token of a request, what it says, and where it is.
type Verified<'c> = (&'c TokenProvider, Map<String, Value>, Vec<TokenPlace>);

/// `None` where a request may do without a token.
fn verify<'c>(rules: &'c TokenRules, request: &Admitted) -> Result<Option<Verified<'c>>, Flaw> {
    let TokenRules { providers, need } = rules;
    let mut flaws = Vec::new();
    for provider in providers {
        match verify_by(provider, request) {
            Ok((claims, places)) => return Ok(Some((provider, claims, places))),
            // Everything behind it depends on what is not known.
            Err(Flaw::KeysElsewhere) => return Err(Flaw::KeysElsewhere),
            Err(flaw) => flaws.push(flaw),
        }
    }
    let has_none = flaws.iter().all(|flaw| *flaw == Flaw::Missing);
    if *need == TokenNeed::Anything || *need == TokenNeed::MissingOrValid && has_none {
        return Ok(None);
    }
    // What says least of the token is told only where nothing else is known.
    let telling = flaws.iter().rev().find(|flaw| !matches!(flaw, Flaw::Missing | Flaw::Issuer));
    Err(telling.or_else(|| flaws.iter().rev().find(|flaw| **flaw != Flaw::Missing)).copied().unwrap_or(Flaw::Missing))
}

/// What the last of the tokens says that a provider vouches for; all that there are have to be valid.
fn verify_by(provider: &TokenProvider, request: &Admitted) -> Result<(Map<String, Value>, Vec<TokenPlace>), Flaw> {
    let found = tokens_of(provider, request);
    let mut claims = Err(Flaw::Missing);
    let mut places = Vec::new();
    for (text, place) in found {
        claims = Ok(judge(provider, &text)?);
        places.push(place);
    }
    Ok((claims?, places))
}

fn judge(provider: &TokenProvider, text: &str) -> Result<Map<String, Value>, Flaw> {
    let token = Token::parse(text).ok_or(Flaw::Malformed)?;
    if provider.issuer.is_some() && provider.issuer != token.issuer {
        return Err(Flaw::Issuer);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let skew = u64::from(provider.skew_seconds);
    if now.saturating_add(skew) < token.begins {
        return Err(Flaw::Early);
    }
    if token.expires > 0 && now > token.expires.saturating_add(skew) {
        return Err(Flaw::Expired);
    }
    let is_meant =
        |audience: &String| token.audiences.iter().any(|own| without_scheme(own) == without_scheme(audience));
    if !provider.audiences.is_empty() && !provider.audiences.iter().any(is_meant) {
        return Err(Flaw::Audience);
    }
    match &provider.keys {
        TokenKeys::Known(keys) => match Jwks::parse(keys) {
            Ok(keys) => match keys.signature_of(&token) {
                Signature::Right => Ok(token.claims),
                Signature::Wrong => Err(Flaw::Signature),
                Signature::NoKey => Err(Flaw::OtherKey),
            },
            Err(_) => Err(Flaw::Signature),
        },
        TokenKeys::Elsewhere(_) => Err(Flaw::KeysElsewhere),
        TokenKeys::Nowhere => Err(Flaw::NoKeys),
    }
}

/// An audience as Envoy compares it.
fn without_scheme(audience: &str) -> &str {
    let rest = audience.strip_prefix("https://").or_else(|| audience.strip_prefix("http://")).unwrap_or(audience);
    rest.strip_suffix('/').unwrap_or(rest)
}

/// Every token of a request that a provider looks at.
fn tokens_of(provider: &TokenProvider, request: &Admitted) -> Vec<(String, TokenPlace)> {
    let TokenProvider { headers, parameters, .. } = provider;
    let is_default = headers.is_empty() && parameters.is_empty();
    let own = headers.iter().map(|(name, prefix)| (name.as_str(), prefix.as_str()));
    let mut found = Vec::new();
    for (name, prefix) in own.chain(is_default.then_some(HEADER)) {
        let lines: Vec<&str> =
            request.headers.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect();
        if lines.is_empty() {
            continue;
        }
        let value = lines.join(",");
        let text = match prefix {
            "" => Some(value.as_str()),
            prefix => value.find(prefix).map(|position| token_in(&value, position + prefix.len())),
        };
        found.extend(text.map(|text| (text.to_owned(), TokenPlace::Header(name.to_owned()))));
    }
    let (_, query) = split_query(&request.target);
    let own = parameters.iter().map(String::as_str);
    for name in own.chain(is_default.then_some(PARAMETER)) {
        let mut pairs = query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
        if let Some((_, value)) = pairs.find(|(own, _)| *own == name) {
            found.push((value.to_owned(), TokenPlace::Parameter(name.to_owned())));
        }
    }
    found
}

/// The first run of characters that a token has.
fn token_in(value: &str, from: usize) -> &str {
    let is_of_token = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let rest = value.get(from..).unwrap_or_default();
    match rest.find(is_of_token) {
        None => value,
        Some(start) => {
            let rest = &rest[start..];
            &rest[..rest.find(|c| !is_of_token(c)).unwrap_or(rest.len())]
        }
    }
}

fn remove(place: &TokenPlace, request: &mut Admitted) {
    match place {
        TokenPlace::Header(name) => request.headers.retain(|(own, _)| own != name),
        TokenPlace::Parameter(name) => {
            let (path, query) = split_query(&request.target);
            let is_other = |pair: &&str| pair.split_once('=').map_or(*pair, |(own, _)| own) != name;
            let left: Vec<&str> = query.trim_start_matches('?').split('&').filter(is_other).collect();
            request.target = if left.is_empty() { path.to_owned() } else { format!("{path}?{}", left.join("&")) };
        }
    }
}

/// The answer to a request without a token that counts.
fn refuse(flaw: Flaw, request: &Admitted) -> LocalReply {
    let status = if flaw == Flaw::Audience { 403 } else { 401 };
    let url = format!("{}://{}{}", request.scheme, request.authority, request.target);
    let url: String = url.chars().take(LONGEST_URL).collect();
    let error = if flaw == Flaw::Missing { "" } else { ", error=\"invalid_token\"" };
    let headers = vec![("www-authenticate".to_owned(), format!("Bearer realm=\"{url}\"{error}"))];
    let reason = if flaw == Flaw::KeysElsewhere { Reason::KeysElsewhere } else { Reason::NoToken };
    LocalReply { headers, ..LocalReply::new(status, reason).with_body(flaw.words()) }
}

fn lets_pass(policy: &AccessPolicy, known: &Known<'_>, request: &Admitted) -> bool {
    let AccessPolicy { name: _, principals, path_prefix, methods } = policy;
    let (path, _) = split_query(&request.target);
    path_prefix.as_ref().is_none_or(|prefix| path.starts_with(prefix.as_str()))
        && (methods.is_empty() || methods.contains(&request.method))
        && principals.iter().any(|principal| is_by(principal, known))
}

fn is_by(Principal { provider, claims }: &Principal, known: &Known<'_>) -> bool {
    let mut vouching = known.iter().filter(|(name, _)| provider.as_ref().is_none_or(|own| own == name));
    vouching.any(|(_, said)| claims.iter().all(|claim| says(said, claim)))
}
