//! Answers that rules give by themselves.

use std::borrow::Cow;

use crate::ir::{DirectResponse, HeaderMutations, HttpFilters};

use super::admitted::Admitted;
use super::cors_headers::CorsHeaders;
use super::decision::{LocalReply, Reason};
use super::header::{Lines, apply};
use super::rewritten::Message;

/// What a rule answers by itself.
pub(super) fn direct_response(response: &DirectResponse, request: &Admitted) -> LocalReply {
    let DirectResponse { status, body, headers: own, response_headers, http_filters } = response;
    let mut headers = Vec::new();
    apply(own, &mut headers, Message::Response);
    change(&mut headers, (response_headers, http_filters), body);
    if let Some(cors) = &http_filters.cors {
        CorsHeaders::of(cors, request).set_in(&mut headers);
    }
    LocalReply { headers, body: Cow::Owned(body.to_string()), ..LocalReply::new(*status, Reason::DirectResponse) }
}

/// Does to an answer of a rule what the rule does to all. What has no body has no type either, but where a filter behind
/// whoever may refuse the request gives it one.
pub(super) fn change(headers: &mut Lines, (changes, filters): (&HeaderMutations, &HttpFilters), body: &str) {
    let is_guarded = filters.is_guarded();
    if !is_guarded {
        apply(changes, headers, Message::Response);
    }
    if body.is_empty() {
        headers.retain(|(name, _)| name != "content-type");
    }
    if is_guarded {
        apply(changes, headers, Message::Response);
    }
}
