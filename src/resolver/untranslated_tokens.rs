//! What of options about tokens is not translated: all of it keeps requests out, or tells backends who sends them.

use crate::diagnostics::FieldPath;
use crate::parser::api::{OptionKeys, OptionStagedTokens, OptionTokenProvider, OptionTokens};

use super::missing::{Missing, NOT_KEPT_OUT};

pub(super) fn untranslated_tokens(tokens: &OptionTokens, at: &FieldPath) -> Vec<Missing> {
    let OptionTokens { allow_missing_or_failed_jwt: _, providers, validation_policy: _ } = tokens;
    let mut missing = Vec::new();
    for (name, provider) in providers {
        let OptionTokenProvider {
            attach_failed_status_to_metadata,
            audiences: _,
            claims_to_headers,
            clock_skew_seconds: _,
            issuer: _,
            jwks,
            keep_token: _,
            token_source: _,
        } = provider;
        let at = at.with("providers").with(name.clone());
        let remote = jwks.as_ref().and_then(|OptionKeys { local: _, remote }| remote.as_ref());
        let fields = [
            (at.with("jwks").with("remote"), remote.is_some(), NOT_KEPT_OUT),
            (
                at.with("claimsToHeaders"),
                !claims_to_headers.is_empty(),
                "backends would take what clients write for what tokens say",
            ),
            (
                at.with("attachFailedStatusToMetadata"),
                !attach_failed_status_to_metadata.is_empty(),
                "nobody would be told why a token does not count",
            ),
        ];
        let of_provider = fields.into_iter().filter(|(_, is_set, _)| *is_set);
        missing.extend(of_provider.map(|(path, _, loss)| Missing { path, loss, is_security: true }));
    }
    missing
}

pub(super) fn untranslated_stages(staged: &OptionStagedTokens, at: &FieldPath) -> Vec<Missing> {
    let OptionStagedTokens { after_ext_auth, before_ext_auth } = staged;
    let early = before_ext_auth.as_ref().map(|_| Missing {
        path: at.with("beforeExtAuth"),
        loss: NOT_KEPT_OUT,
        is_security: true,
    });
    let late = after_ext_auth.iter().flat_map(|tokens| untranslated_tokens(tokens, &at.with("afterExtAuth")));
    early.into_iter().chain(late).collect()
}
