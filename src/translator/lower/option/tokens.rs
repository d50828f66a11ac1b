//! `jwt` and its kin: which tokens requests have to bring. What is not understood as a whole is refused, and its rules
//! with it.

use std::sync::Arc;

use crate::diagnostics::{FieldPath, Finding};
use crate::http::HeaderName;
use crate::ir::{
    ClaimHeader, ClusterId, KeyFetch, RemoteKeys, TokenKeys, TokenNeed, TokenProvider, TokenRule, TokenRules,
};
use crate::jwks::Jwks;
use crate::parser::api::{
    GlooEnum, GoDuration, OptionClaimHeader, OptionKeyFetch, OptionKeys, OptionLocalKeys, OptionRemoteKeys,
    OptionStagedSwitches, OptionStagedTokens, OptionTokenHeader, OptionTokenProvider, OptionTokenSource,
    OptionTokenSwitch, OptionTokens,
};
use crate::parser::manifests::ObjectHead;
use crate::path;
use crate::resolver::{BackendTls, KeyPairId};

use super::super::cluster::{Clusters, RouteProtocol, Sent};
use super::super::header::bad_passed_name;
use super::faults::Faults;
use super::part::{Part, Place, StagedTokens};

/// How far clocks are apart unless a provider says otherwise, in seconds.
const SKEW_SECONDS: u32 = 60;

/// Where a token is unless a provider says otherwise.
const TOKEN_HEADER: &str = "authorization";

/// Finds the clusters of servers that have keys, for what shows a certificate; `None` where nothing is sent.
pub(in crate::translator::lower) struct KeyServersOf<'k, 'm> {
    pub(in crate::translator::lower) clusters: Option<&'k mut Clusters<'m>>,
    pub(in crate::translator::lower) certificate: Option<KeyPairId>,
}

/// A server that has keys.
#[derive(Clone, Copy)]
struct KeyServer {
    cluster: ClusterId,
    has_tls: bool,
}

impl KeyServersOf<'_, '_> {
    /// The server of a provider; `None` where nobody can ask it.
    fn of(&mut self, source: &ObjectHead, stage: Option<&'static str>, provider: &str) -> Option<KeyServer> {
        let clusters = self.clusters.as_mut()?;
        let backend = clusters.key_server(source, stage, provider)?;
        let cluster = clusters.intern(backend, Sent::once(RouteProtocol::Http), self.certificate)?;
        let has_tls = !matches!(clusters.get(cluster).0.tls, BackendTls::Plain);
        Some(KeyServer { cluster, has_tls })
    }
}

/// Whose tokens these are.
#[derive(Clone, Copy)]
struct Whose<'o> {
    source: &'o ObjectHead,
    stage: Option<&'static str>,
}

pub(super) fn lower_switch(OptionTokenSwitch { disable }: OptionTokenSwitch) -> Part {
    Part::Tokens(StagedTokens { early: None, late: disable.then_some(TokenRule::Unasked) })
}

/// The stages at which nobody looks for a token.
pub(super) fn lower_switches(place: Place<'_>, said: OptionStagedSwitches) -> Result<Part, Box<Finding>> {
    let OptionStagedSwitches { after_ext_auth, before_ext_auth } = said;
    if after_ext_auth.is_none() && before_ext_auth.is_none() {
        let help = "add `disable: true` to `beforeExtAuth` or `afterExtAuth`, or remove it";
        return Err(place.refuse(&path![], "it says nothing of any stage", help));
    }
    let switched = |stage: Option<OptionTokenSwitch>| stage.filter(|stage| stage.disable).map(|_| TokenRule::Unasked);
    Ok(Part::Tokens(StagedTokens { early: switched(before_ext_auth), late: switched(after_ext_auth) }))
}

/// The tokens that the requests of a rule or of a listener have to bring, by stage.
pub(super) fn lower_staged(
    place: Place<'_>,
    said: &OptionStagedTokens,
    servers: &mut KeyServersOf<'_, '_>,
) -> Result<Part, Box<Finding>> {
    let mut lower = |(stage, tokens): (&'static str, Option<&OptionTokens>)| {
        tokens.map(|tokens| lower_at(place, tokens, Some(stage), servers)).transpose()
    };
    let [before, after] = said.stages();
    let (early, late) = (lower(before)?, lower(after)?);
    if early.is_none() && late.is_none() {
        let help = "add `beforeExtAuth` or `afterExtAuth`, or remove it";
        return Err(place.refuse(&path![], "it says nothing of who vouches for tokens", help));
    }
    Ok(Part::Tokens(StagedTokens { early, late }))
}

/// The tokens that the requests of a listener have to bring.
pub(super) fn lower_tokens(
    place: Place<'_>,
    said: &OptionTokens,
    servers: &mut KeyServersOf<'_, '_>,
) -> Result<Part, Box<Finding>> {
    let late = Some(lower_at(place, said, None, servers)?);
    Ok(Part::Tokens(StagedTokens { early: None, late }))
}

fn lower_at(
    place: Place<'_>,
    said: &OptionTokens,
    stage: Option<&'static str>,
    servers: &mut KeyServersOf<'_, '_>,
) -> Result<TokenRule, Box<Finding>> {
    let OptionTokens { allow_missing_or_failed_jwt, providers, validation_policy } = said;
    let mut faults = Faults::new(place);
    let (at, whose) = (&stage.map_or(path![], |stage| path![stage]), Whose { source: place.source, stage });
    if providers.is_empty() {
        faults.add(at, "nobody vouches for tokens", "add a provider to `providers`");
    }
    let policy = validation_policy.as_ref().map(|GlooEnum(word)| word.as_str());
    let need = match (policy, allow_missing_or_failed_jwt) {
        (None | Some("" | "0" | "REQUIRE_VALID"), false) => TokenNeed::Valid,
        (Some("1" | "ALLOW_MISSING"), false) => TokenNeed::MissingOrValid,
        (None | Some("2" | "ALLOW_MISSING_OR_FAILED"), _) => TokenNeed::Anything,
        _ => {
            let help =
                "write `REQUIRE_VALID`, `ALLOW_MISSING` or `ALLOW_MISSING_OR_FAILED`, and nothing else beside it";
            faults.add(&at.with("validationPolicy"), "it is not clear whether requests need a token", help);
            TokenNeed::Valid
        }
    };
    let names: Vec<&str> = providers.keys().map(String::as_str).collect();
    let lowered = providers.iter().map(|(name, provider)| {
        let at = at.with("providers").with(name.to_owned());
        check_flaw(&names, provider, &at, &mut faults);
        let keys = lower_keys((whose, name), provider.jwks.as_ref(), &at.with("jwks"), servers, &mut faults);
        lower_provider(name, provider, keys, &at, &mut faults)
    });
    let rules = TokenRules { providers: lowered.collect(), need };
    match faults.found().into_iter().next() {
        None => Ok(TokenRule::Asked(Arc::new(rules))),
        Some(first) => Err(Box::new(first)),
    }
}

/// What is known of a flaw stands beside what is known of tokens, and policies read that.
fn check_flaw(names: &[&str], provider: &OptionTokenProvider, at: &FieldPath, faults: &mut Faults<'_>) {
    let flaw = provider.attach_failed_status_to_metadata.as_str();
    if names.contains(&flaw) {
        let message = format!("what tokens of provider `{flaw}` say is known by this name");
        faults.add(&at.with("attachFailedStatusToMetadata"), message, "write a name that no provider has");
    }
}

fn lower_keys(
    (whose, provider): (Whose<'_>, &str),
    said: Option<&OptionKeys>,
    at: &FieldPath,
    servers: &mut KeyServersOf<'_, '_>,
    faults: &mut Faults<'_>,
) -> TokenKeys {
    match said {
        Some(OptionKeys { local: Some(OptionLocalKeys { key }), remote: _ }) => match Jwks::parse(key) {
            Ok(keys) => return TokenKeys::Known(keys.to_json()),
            Err(why) => {
                let help =
                    "write a set of JSON Web Keys, or a public key in PEM: RSA of 2048 bits at least, P-256 or P-384";
                faults.add(&at.with("local").with("key"), format!("no token can be verified: {why}"), help);
            }
        },
        Some(OptionKeys { local: None, remote: Some(remote) }) => {
            let server = servers.of(whose.source, whose.stage, provider);
            return lower_remote(remote, server, &at.with("remote"), faults);
        }
        Some(OptionKeys { local: None, remote: None }) | None => {
            let help = "add `local` with its `key`, or `remote` with its `url` and `upstreamRef`";
            faults.add(at, "there is no key to verify tokens with", help);
        }
    }
    TokenKeys::Nowhere
}

fn lower_remote(
    OptionRemoteKeys { async_fetch, cache_duration, upstream_ref, url }: &OptionRemoteKeys,
    server: Option<KeyServer>,
    at: &FieldPath,
    faults: &mut Faults<'_>,
) -> TokenKeys {
    if upstream_ref.is_none() {
        faults.add(at, "no server is named that has the keys", "name an Upstream in `upstreamRef`");
    }
    if !is_url(url) {
        faults.add(
            &at.with("url"),
            "there is nothing to be had by this URL",
            "write `http://` or `https://`, a host and a path",
        );
    }
    let is_secret = url.starts_with("https:");
    if is_secret && server.is_some_and(|server| !server.has_tls) {
        let message = "the keys would come in plain text: the Upstream has no TLS";
        faults.add(&at.with("url"), message, "add `sslConfig` to the Upstream, or write `http:`");
    }
    let kept = cache_duration.map(|GoDuration(kept)| kept);
    if kept.is_some_and(|kept| kept.is_zero()) {
        faults.add(&at.with("cacheDuration"), "keys would count for no time", "write a length of time above zero");
    }
    let fetch = match async_fetch {
        None => KeyFetch::OnDemand,
        Some(OptionKeyFetch { fast_listener: false }) => KeyFetch::First,
        Some(OptionKeyFetch { fast_listener: true }) => KeyFetch::AtOnce,
    };
    match server {
        Some(KeyServer { cluster, has_tls: _ }) => {
            TokenKeys::Elsewhere(RemoteKeys { cluster, url: url.to_owned(), kept, fetch })
        }
        None => TokenKeys::Nowhere,
    }
}

/// Whether a text is a URL that Envoy can ask for: a host, and whatever follows.
pub(in crate::translator::lower) fn is_url(url: &str) -> bool {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    rest.is_some_and(|rest| {
        let host = rest.split('/').next().unwrap_or_default();
        let is_host = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        !host.is_empty()
            && host.chars().all(is_host)
            && rest.bytes().all(|byte| byte.is_ascii_graphic())
            && !rest.contains('#')
    })
}

/// Whether a provider's tokens are looked for in a header.
fn has_token(provider: &OptionTokenProvider, header: &str) -> bool {
    match &provider.token_source {
        Some(source) => source.headers.iter().any(|one| one.header.lower() == *header),
        None => header == TOKEN_HEADER,
    }
}

/// Whether what a provider's tokens say can be told in a header: no other one is ever written.
pub(super) fn can_be_told(provider: &OptionTokenProvider, header: &HeaderName) -> bool {
    bad_passed_name(header, true).is_none() && !has_token(provider, &header.lower())
}

/// The headers that backends get what a token says in.
fn lower_told(provider: &OptionTokenProvider, at: &FieldPath, faults: &mut Faults<'_>) -> Vec<ClaimHeader> {
    let mut told: Vec<ClaimHeader> = Vec::new();
    for (index, OptionClaimHeader { append: _, claim, header }) in provider.claims_to_headers.iter().enumerate() {
        let at = at.with("claimsToHeaders").with(index);
        let lower = header.lower();
        if let Some((message, help)) = bad_passed_name(header, true) {
            faults.add(&at.with("header"), message, help);
        }
        if has_token(provider, &lower) {
            let message = format!("`{header}` is where the token is");
            faults.add(&at.with("header"), message, "write the name of another header");
        }
        if told.iter().any(|one| one.header == lower) {
            let message = format!("`{header}` gets another claim");
            faults.add(&at.with("header"), message, "write each header once");
        }
        // Envoy takes a dot for what stands within.
        if claim.is_empty() || claim.contains('.') {
            let help = "write the name of a claim that has no `.` in it";
            faults.add(&at.with("claim"), "no claim can be told by this name", help);
        }
        told.push(ClaimHeader { claim: claim.to_owned(), header: lower });
    }
    told
}

fn lower_provider(
    name: &str,
    provider: &OptionTokenProvider,
    keys: TokenKeys,
    at: &FieldPath,
    faults: &mut Faults<'_>,
) -> TokenProvider {
    let OptionTokenProvider {
        attach_failed_status_to_metadata,
        claims_to_headers: _,
        audiences,
        clock_skew_seconds,
        issuer,
        jwks: _,
        keep_token,
        token_source,
    } = provider;
    if name.is_empty() {
        faults.add(at, "a provider has no name", "write a name");
    }
    let (mut headers, mut parameters) = (Vec::new(), Vec::new());
    if let Some(OptionTokenSource { headers: said, query_params }) = token_source {
        let at = at.with("tokenSource");
        if said.is_empty() && query_params.is_empty() {
            faults.add(&at, "it is not said where tokens are", "add `headers` or `queryParams`, or remove it");
        }
        for (index, OptionTokenHeader { header, prefix }) in said.iter().enumerate() {
            let at = at.with("headers").with(index);
            if !header.is_token() || header.contains('_') {
                let help = "write the name of a header, with no `_`";
                faults.add(&at.with("header"), "no token can be in this header", help);
            }
            if prefix.bytes().any(|byte| !(b' '..0x7f).contains(&byte)) {
                faults.add(&at.with("prefix"), "no header can hold it", "write printable characters");
            }
            headers.push((header.lower(), prefix.to_owned()));
        }
        for (index, name) in query_params.iter().enumerate() {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
            if name.is_empty() || !name.bytes().all(is_plain) {
                let help = "write letters, digits, `-`, `_`, `.` and `~`";
                faults.add(&at.with("queryParams").with(index), "no token can be in this parameter", help);
            }
            parameters.push(name.to_owned());
        }
    }
    if let Some(empty) = audiences.iter().position(String::is_empty) {
        faults.add(&at.with("audiences").with(empty), "an audience is empty", "write whom tokens are for");
    }
    TokenProvider {
        name: name.to_owned(),
        issuer: Some(issuer.to_owned()).filter(|issuer| !issuer.is_empty()),
        audiences: audiences.to_vec(),
        keys,
        headers,
        parameters,
        keeps_token: *keep_token,
        // Zero is Envoy's own too.
        skew_seconds: clock_skew_seconds.filter(|seconds| *seconds > 0).unwrap_or(SKEW_SECONDS),
        told: lower_told(provider, at, faults),
        lists: Vec::new(),
        flaw_known_as: attach_failed_status_to_metadata.to_owned(),
    }
}
