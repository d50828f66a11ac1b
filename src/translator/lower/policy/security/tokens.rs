//! `jwt` ([JWT](https://gateway.envoyproxy.io/docs/api/extension_types/#jwt)): which tokens requests have to bring.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostics::FieldPath;
use crate::http::HeaderName;
use crate::ir::{ClaimHeader, KeyFetch, RemoteKeys, TokenKeys, TokenNeed, TokenProvider, TokenRules};
use crate::jwks::Jwks;
use crate::parser::api::{
    ConfigMap, Duration as ApiDuration, SecurityClaimHeader, SecurityKeys, SecurityRemoteKeys, SecurityTokenHeader,
    SecurityTokenProvider, SecurityTokenSource, SecurityTokens,
};
use crate::parser::manifests::ObjectHead;
use crate::path;
use crate::resolver::{BackendRefOutcome, CertificateIndex};
use crate::translator::lower::cluster::{Clusters, RouteProtocol, Sent};
use crate::translator::lower::header::bad_passed_name;
use crate::translator::lower::option::faults::Faults;
use crate::translator::lower::option::tokens::is_url;

use super::authorization::SCOPES;

/// How far clocks may be apart, in seconds.
const SKEW_SECONDS: u32 = 60;

/// Where a token is unless a provider says otherwise.
const TOKEN_HEADER: &str = "authorization";

/// Which tokens requests have to bring, and the servers that have keys.
#[derive(Clone, Debug)]
pub(super) struct TokenPart {
    rules: Arc<TokenRules>,
    remote: Vec<RemotePart>,
}

/// A server that has the keys of a provider.
#[derive(Clone, Debug)]
struct RemotePart {
    provider: usize,
    server: BackendRefOutcome,
    url: String,
    kept: Duration,
}

impl TokenPart {
    /// The rules; a provider whose server is not among the clusters vouches for no token.
    pub(super) fn rules(&self, clusters: &mut Clusters<'_>) -> Arc<TokenRules> {
        let Self { rules, remote } = self;
        let mut rules = Arc::clone(rules);
        for RemotePart { provider, server, url, kept } in remote {
            let sent = Sent::once(RouteProtocol::Http);
            let cluster = server.ok().and_then(|server| clusters.intern(server, sent, None));
            let known = Arc::make_mut(&mut rules).providers.get_mut(*provider);
            if let (Some(cluster), Some(provider)) = (cluster, known) {
                let (url, kept) = (url.to_owned(), Some(*kept));
                provider.keys = TokenKeys::Elsewhere(RemoteKeys { cluster, url, kept, fetch: KeyFetch::First });
            }
        }
        rules
    }
}

/// Which tokens requests have to bring. Backends get them. `servers` are those of the providers with keys of servers, in
/// their order.
pub(super) fn lower(
    said: &SecurityTokens,
    (source, objects, servers): (&ObjectHead, &CertificateIndex<'_>, &[BackendRefOutcome]),
    faults: &mut Faults<'_>,
) -> TokenPart {
    let named = (source, objects);
    let SecurityTokens { fail_open, optional, providers } = said;
    let need = match (optional, fail_open) {
        (_, Some(true)) => TokenNeed::Anything,
        (Some(true), _) => TokenNeed::MissingOrValid,
        _ => TokenNeed::Valid,
    };
    for (index, provider) in providers.iter().enumerate() {
        if providers[..index].iter().any(|other| other.name == provider.name) {
            let message = format!("another provider is named `{}`", provider.name);
            faults.add(&path!["providers", index, "name"], message, "give each provider a name of its own");
        }
    }
    let lowered = providers
        .iter()
        .enumerate()
        .map(|(index, provider)| lower_provider(provider, &path!["providers", index], named, faults));
    let rules = Arc::new(TokenRules { providers: lowered.collect(), need });
    let with_keys =
        said.providers.iter().enumerate().filter_map(|(index, one)| Some((index, one.remote_jwks.as_ref()?)));
    let remote = with_keys.zip(servers).map(|((provider, keys), server)| {
        let SecurityRemoteKeys { cache_duration: ApiDuration(kept), uri, .. } = keys;
        let at = path!["providers", provider, "remoteJWKS"];
        if kept.is_zero() {
            faults.add(&at.with("cacheDuration"), "keys would count for no time", "write a length of time above zero");
        }
        // The resolver has read the URL that leads to the server by itself.
        if keys.backends().first().is_some() && !is_url(uri) {
            let help = "write `http://` or `https://`, a host and a path";
            faults.add(&at.with("uri"), "there is nothing to be had by this URL", help);
        }
        RemotePart { provider, server: *server, url: uri.to_owned(), kept: *kept }
    });
    TokenPart { rules, remote: remote.collect() }
}

fn lower_provider(
    said: &SecurityTokenProvider,
    at: &FieldPath,
    named: (&ObjectHead, &CertificateIndex<'_>),
    faults: &mut Faults<'_>,
) -> TokenProvider {
    // The resolver lets no routes through that are chosen anew.
    let SecurityTokenProvider {
        audiences,
        claim_to_headers,
        extract_from,
        issuer,
        local_jwks,
        name,
        recompute_route: _,
        remote_jwks,
    } = said;
    if let Some(empty) = audiences.iter().position(String::is_empty) {
        faults.add(&at.with("audiences").with(empty), "an audience is empty", "write whom tokens are for");
    }
    let (headers, parameters) = lower_source(extract_from.as_ref(), &at.with("extractFrom"), faults);
    let is_default = headers.is_empty() && parameters.is_empty();
    let has_token =
        |name: &HeaderName| is_default && *name == *TOKEN_HEADER || headers.iter().any(|(header, _)| header == name);
    let told = lower_told(claim_to_headers, has_token, &at.with("claimToHeaders"), faults);
    TokenProvider {
        name: name.to_owned(),
        issuer: issuer.as_ref().filter(|issuer| !issuer.is_empty()).map(String::to_owned),
        audiences: audiences.to_vec(),
        keys: match remote_jwks {
            // The server is known where the rules are.
            Some(_) => TokenKeys::Nowhere,
            None => lower_keys(local_jwks.as_ref(), &at.with("localJWKS"), named, faults),
        },
        headers,
        parameters,
        keeps_token: true,
        skew_seconds: SKEW_SECONDS,
        told,
        lists: Vec::from(SCOPES.map(str::to_owned)),
        flaw_known_as: String::new(),
    }
}

/// The headers, each with what stands before a token, and the parameters that tokens are in; none of both is the default.
type Places = (Vec<(HeaderName, String)>, Vec<String>);

fn lower_source(said: Option<&SecurityTokenSource>, at: &FieldPath, faults: &mut Faults<'_>) -> Places {
    let (mut found, mut parameters) = (Vec::new(), Vec::new());
    let Some(SecurityTokenSource { cookies: _, headers, params }) = said else { return (found, parameters) };
    for (index, SecurityTokenHeader { name, value_prefix }) in headers.iter().enumerate() {
        let at = at.with("headers").with(index);
        if !name.is_token() || name.contains('_') {
            faults.add(&at.with("name"), "no token can be in this header", "write the name of a header, with no `_`");
        }
        let prefix = value_prefix.as_deref().unwrap_or_default();
        if prefix.bytes().any(|byte| !(b' '..0x7f).contains(&byte)) {
            faults.add(&at.with("valuePrefix"), "no header can hold it", "write printable characters");
        }
        found.push((name.lower(), prefix.to_owned()));
    }
    for (index, name) in params.iter().enumerate() {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_plain) {
            let help = "write letters, digits, `-`, `_`, `.` and `~`";
            faults.add(&at.with("params").with(index), "no token can be in this parameter", help);
        }
        parameters.push(name.to_owned());
    }
    (found, parameters)
}

/// The headers that backends get what a token says in; a dot leads to what stands within a claim.
fn lower_told(
    said: &[SecurityClaimHeader],
    has_token: impl Fn(&HeaderName) -> bool,
    at: &FieldPath,
    faults: &mut Faults<'_>,
) -> Vec<ClaimHeader> {
    let mut told: Vec<ClaimHeader> = Vec::with_capacity(said.len());
    for (index, SecurityClaimHeader { claim, header }) in said.iter().enumerate() {
        let at = at.with(index);
        let lower = header.lower();
        if let Some((message, help)) = bad_passed_name(header, true) {
            faults.add(&at.with("header"), message, help);
        }
        if has_token(&lower) {
            let message = format!("`{header}` is where the token is");
            faults.add(&at.with("header"), message, "write the name of another header");
        }
        if told.iter().any(|one| one.header == lower) {
            let message = format!("`{header}` gets another claim");
            faults.add(&at.with("header"), message, "write each header once");
        }
        if claim.split('.').any(str::is_empty) {
            let help = "write the names of claims, one within the other, with dots between them";
            faults.add(&at.with("claim"), "a part of the name is empty", help);
        }
        told.push(ClaimHeader { claim: claim.to_owned(), header: lower });
    }
    told
}

/// The key of a ConfigMap that has keys of tokens, where it has several.
const KEYS: &str = "jwks";

fn lower_keys(
    said: Option<&SecurityKeys>,
    at: &FieldPath,
    (source, objects): (&ObjectHead, &CertificateIndex<'_>),
    faults: &mut Faults<'_>,
) -> TokenKeys {
    let Some(SecurityKeys { inline, keys_type: _, value_ref }) = said else {
        faults.add(at, "there is no key to verify tokens with", "add `inline` with a set of JSON Web Keys");
        return TokenKeys::Nowhere;
    };
    let (text, at) = match (inline, value_ref) {
        (Some(text), _) => (Cow::Borrowed(text.as_str()), at.with("inline")),
        (None, Some(reference)) => {
            let at = at.with("valueRef").with("name");
            // Of one that is not there the resolver said so.
            let Some(ConfigMap { data }) = objects.policy_config_map(source, reference) else {
                return TokenKeys::Nowhere;
            };
            let found = data.get(KEYS).or_else(|| data.values().next().filter(|_| data.len() == 1));
            let Some(found) = found else {
                let message = format!("ConfigMap `{}` has no key `{KEYS}`, nor one key alone", reference.name);
                faults.add(&at, message, "put a set of JSON Web Keys into that key");
                return TokenKeys::Nowhere;
            };
            (String::from_utf8_lossy(found), at)
        }
        (None, None) => {
            faults.add(at, "there is no key to verify tokens with", "add `inline` with a set of JSON Web Keys");
            return TokenKeys::Nowhere;
        }
    };
    match Jwks::parse(&text) {
        Ok(keys) => TokenKeys::Known(keys.to_json()),
        Err(why) => {
            let help = "write a set of JSON Web Keys: RSA of 2048 bits at least, P-256, P-384 or Ed25519";
            faults.add(&at, format!("no token can be verified: {why}"), help);
            TokenKeys::Nowhere
        }
    }
}
