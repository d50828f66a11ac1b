//! What of options about tokens is not translated: all of it tells backends who sends requests.

use crate::diagnostics::FieldPath;
use crate::parser::api::{OptionStagedTokens, OptionTokenProvider, OptionTokens};

use super::missing::{Missing, NOT_TRANSLATED};

pub(super) fn untranslated_tokens(tokens: &OptionTokens, at: &FieldPath) -> Vec<Missing> {
    let OptionTokens { allow_missing_or_failed_jwt: _, providers, validation_policy: _ } = tokens;
    let mut missing = Vec::new();
    for (name, provider) in providers {
        let OptionTokenProvider {
            attach_failed_status_to_metadata: _,
            audiences: _,
            claims_to_headers,
            clock_skew_seconds: _,
            issuer: _,
            jwks: _,
            keep_token: _,
            token_source: _,
        } = provider;
        let at = at.with("providers").with(name.clone()).with("claimsToHeaders");
        let kept = claims_to_headers.iter().enumerate().filter(|(_, one)| one.append);
        missing.extend(kept.map(|(index, _)| Missing {
            path: at.with(index).with("append"),
            loss: "what clients write into the header would not be kept beside what tokens say",
            is_security: true,
            why: NOT_TRANSLATED,
        }));
    }
    missing
}

pub(super) fn untranslated_stages(staged: &OptionStagedTokens, at: &FieldPath) -> Vec<Missing> {
    let said = staged.stages().into_iter().filter_map(|(stage, tokens)| Some((at.with(stage), tokens?)));
    said.flat_map(|(at, tokens)| untranslated_tokens(tokens, &at)).collect()
}
