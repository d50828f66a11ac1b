//! Answers that rules give by themselves.

use std::borrow::Cow;

use crate::ir::DirectResponse;

use super::admitted::Admitted;
use super::cors_headers::CorsHeaders;
use super::decision::{LocalReply, Reason};
use super::header::apply;
use super::rewritten::Message;

/// What a rule answers by itself.
pub(super) fn direct_response(response: &DirectResponse, request: &Admitted) -> LocalReply {
    let DirectResponse { status, body, headers: own, response_headers, http_filters } = response;
    let mut headers = Vec::new();
    apply(own, &mut headers, Message::Response);
    apply(response_headers, &mut headers, Message::Response);
    if let Some(cors) = &http_filters.cors {
        CorsHeaders::of(cors, request).set_in(&mut headers);
    }
    LocalReply { headers, body: Cow::Owned(body.to_string()), ..LocalReply::new(*status, Reason::DirectResponse) }
}
