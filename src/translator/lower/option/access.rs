//! The options that say who may send requests. What is not understood as a whole is refused, and its rules with it.

use std::sync::Arc;

use crate::diagnostics::{FieldPath, Finding};
use crate::ir::{AccessPolicy, AccessRule, Claim, ClaimIs, Principal, TokenNeed, TokenProvider, TokenRule, TokenRules};
use crate::jwks::Jwks;
use crate::parser::api::{
    GlooEnum, OptionAccess, OptionAccessPolicy, OptionKeys, OptionLocalKeys, OptionPermissions, OptionPrincipal,
    OptionStagedTokens, OptionTokenHeader, OptionTokenPrincipal, OptionTokenProvider, OptionTokenSource,
    OptionTokenSwitch, OptionTokens,
};
use crate::path;

use super::faults::Faults;
use super::part::{Part, Place};

/// How far clocks are apart unless a provider says otherwise, in seconds.
const SKEW_SECONDS: u32 = 60;

pub(super) fn lower_switch(OptionTokenSwitch { disable }: OptionTokenSwitch) -> Part {
    if disable { Part::Tokens(TokenRule::Unasked) } else { Part::Nothing }
}

/// The tokens that the requests of a rule have to bring.
pub(super) fn lower_staged(place: Place<'_>, said: &OptionStagedTokens) -> Result<Part, Box<Finding>> {
    // The resolver hands on none with the other stage.
    let OptionStagedTokens { after_ext_auth, before_ext_auth: _ } = said;
    match after_ext_auth {
        Some(tokens) => lower_at(place, tokens, &path!["afterExtAuth"]),
        None => {
            Err(place.refuse(&path![], "it says nothing of who vouches for tokens", "add `afterExtAuth`, or remove it"))
        }
    }
}

/// The tokens that the requests of a listener have to bring.
pub(super) fn lower_tokens(place: Place<'_>, said: &OptionTokens) -> Result<Part, Box<Finding>> {
    lower_at(place, said, &path![])
}

fn lower_at(place: Place<'_>, said: &OptionTokens, at: &FieldPath) -> Result<Part, Box<Finding>> {
    let OptionTokens { allow_missing_or_failed_jwt, providers, validation_policy } = said;
    let mut faults = Faults::new(place);
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
    let providers = providers.iter().map(|(name, provider)| {
        let at = at.with("providers").with(name.to_owned());
        lower_provider(name, provider, &at, &mut faults)
    });
    let rules = TokenRules { providers: providers.collect(), need };
    first_of(faults, Part::Tokens(TokenRule::Asked(Arc::new(rules))))
}

fn lower_provider(
    name: &str,
    provider: &OptionTokenProvider,
    at: &FieldPath,
    faults: &mut Faults<'_>,
) -> TokenProvider {
    let OptionTokenProvider {
        // The resolver hands on no provider with one of them.
        attach_failed_status_to_metadata: _,
        claims_to_headers: _,
        audiences,
        clock_skew_seconds,
        issuer,
        jwks,
        keep_token,
        token_source,
    } = provider;
    if name.is_empty() {
        faults.add(at, "a provider has no name", "write a name");
    }
    let local = jwks.as_ref().and_then(|OptionKeys { local, remote: _ }| local.as_ref());
    let keys = match local.map(|OptionLocalKeys { key }| Jwks::parse(key)) {
        Some(Ok(keys)) => keys.to_json(),
        Some(Err(why)) => {
            let help =
                "write a set of JSON Web Keys, or a public key in PEM: RSA of 2048 bits at least, P-256 or P-384";
            faults.add(&at.with("jwks").with("local").with("key"), format!("no token can be verified: {why}"), help);
            String::new()
        }
        None => {
            faults.add(&at.with("jwks"), "there is no key to verify tokens with", "add `local` with its `key`");
            String::new()
        }
    };
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
    }
}

/// Who of those with a token may send which requests.
pub(super) fn lower_access(place: Place<'_>, said: &OptionAccess) -> Result<Part, Box<Finding>> {
    let OptionAccess { disable, policies } = said;
    let mut faults = Faults::new(place);
    match (disable, policies.is_empty()) {
        (true, true) => return Ok(Part::Access(AccessRule::Anybody)),
        (true, false) => {
            faults.add(
                &path!["disable"],
                "there are policies, and none counts",
                "keep one of `disable` and `policies`",
            );
        }
        (false, true) => {
            let help = "add a policy to `policies`, or `disable: true` to let everybody pass";
            faults.add(&path![], "it is not said who may pass", help);
        }
        (false, false) => {}
    }
    let policies = policies.iter().map(|(name, policy)| {
        let at = path!["policies"].with(name.to_owned());
        lower_policy(name, policy, &at, &mut faults)
    });
    let policies = policies.collect();
    first_of(faults, Part::Access(AccessRule::Listed(Arc::new(policies))))
}

fn lower_policy(name: &str, policy: &OptionAccessPolicy, at: &FieldPath, faults: &mut Faults<'_>) -> AccessPolicy {
    let OptionAccessPolicy { nested_claim_delimiter, permissions, principals } = policy;
    if name.is_empty() {
        faults.add(at, "a policy has no name", "write a name");
    }
    if principals.is_empty() {
        faults.add(&at.with("principals"), "the policy is for nobody", "add who may pass, or remove the policy");
    }
    let principals = principals.iter().enumerate().map(|(index, OptionPrincipal { jwt_principal })| {
        let at = at.with("principals").with(index);
        match jwt_principal {
            Some(said) => lower_principal(said, nested_claim_delimiter, &at.with("jwtPrincipal"), faults),
            None => {
                faults.add(&at, "it is not said who may pass", "add `jwtPrincipal`");
                Principal { provider: None, claims: Vec::new() }
            }
        }
    });
    let principals = principals.collect();
    let OptionPermissions { methods, path_prefix } =
        permissions.clone().unwrap_or(OptionPermissions { methods: Vec::new(), path_prefix: String::new() });
    let is_path = |text: &str| text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !path_prefix.is_empty() && (!is_path(&path_prefix) || path_prefix.contains(['?', '#'])) {
        let help = "write the beginning of a path, from its `/` on and without a query";
        faults.add(&at.with("permissions").with("pathPrefix"), "no path begins with it", help);
    }
    for (index, method) in methods.iter().enumerate() {
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            let help = "write a method in upper case, as `GET`";
            faults.add(&at.with("permissions").with("methods").with(index), "it is no method of HTTP", help);
        }
    }
    let path_prefix = Some(path_prefix).filter(|prefix| !prefix.is_empty());
    AccessPolicy { name: name.to_owned(), principals, path_prefix, methods }
}

fn lower_principal(said: &OptionTokenPrincipal, delimiter: &str, at: &FieldPath, faults: &mut Faults<'_>) -> Principal {
    let OptionTokenPrincipal { claims, matcher, provider } = said;
    if claims.is_empty() {
        faults.add(&at.with("claims"), "it is not said what a token has to say", "add a claim and its value");
    }
    let word = matcher.as_ref().map_or("", |GlooEnum(word)| word.as_str());
    let claims = claims.iter().map(|(name, value)| {
        let here = at.with("claims").with(name.to_owned());
        let path: Vec<String> = match delimiter {
            "" => vec![name.to_owned()],
            delimiter => name.split(delimiter).map(str::to_owned).collect(),
        };
        if path.iter().any(String::is_empty) {
            faults.add(&here, "a part of the name is empty", "write the names of claims, one within the other");
        }
        let is = match (word, value.as_str()) {
            ("" | "0" | "EXACT_STRING", _) => ClaimIs::Text(value.to_owned()),
            ("1" | "BOOLEAN", "true") => ClaimIs::Flag(true),
            ("1" | "BOOLEAN", "false") => ClaimIs::Flag(false),
            ("2" | "LIST_CONTAINS", _) => ClaimIs::ListWith(value.to_owned()),
            ("1" | "BOOLEAN", _) => {
                faults.add(&here, "it is neither true nor false", "write `\"true\"` or `\"false\"`");
                ClaimIs::Flag(false)
            }
            _ => {
                let help = "write `EXACT_STRING`, `BOOLEAN` or `LIST_CONTAINS`";
                faults.add(&at.with("matcher"), "it is not clear how claims are compared", help);
                ClaimIs::Flag(false)
            }
        };
        Claim { path, is }
    });
    Principal { claims: claims.collect(), provider: Some(provider.to_owned()).filter(|name| !name.is_empty()) }
}

fn first_of(faults: Faults<'_>, part: Part) -> Result<Part, Box<Finding>> {
    faults.found().into_iter().next().map_or(Ok(part), |first| Err(Box::new(first)))
}
