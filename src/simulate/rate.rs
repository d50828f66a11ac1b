//! Limits that the proxy counts itself
//! ([local rate limit](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/local_rate_limit_filter)).
//! A request is taken for the first of all: it is refused where none of its kind passes.

use crate::ir::{RateAsk, RequestRate, TextIs};

use super::access_order::is_path;
use super::admitted::Admitted;
use super::decision::{LocalReply, Reason};
use super::matching::Subject;
use super::path::{decode_escape, split_query};
use super::re2::Pattern;

/// The answer to a request of a kind of which none passes.
pub(super) fn over_rate(rate: Option<&RequestRate>, request: &Admitted) -> Option<LocalReply> {
    let mut selected = rate?.selected.iter();
    let refuses = selected.any(|one| one.refuses_all() && one.asks.iter().all(|ask| is_met(ask, request)));
    refuses.then(|| LocalReply::new(429, Reason::NoRate).with_body("local_rate_limited"))
}

fn is_met(ask: &RateAsk, request: &Admitted) -> bool {
    let subject = request.subject();
    let is_header =
        |name: &str, is: Option<&TextIs>| subject.header_lines(name).any(|line| is_text(is, line.as_bytes()));
    let is_parameter =
        |name: &str, is: Option<&TextIs>| parameter(&subject, name).is_some_and(|text| is_text(is, &text));
    match ask {
        RateAsk::Header { name, is, inverted } => is_header(name, is.as_ref()) != *inverted,
        RateAsk::Method { any_of, inverted } => any_of.contains(&request.method) != *inverted,
        RateAsk::Path { is, inverted } => is_path(is, request) != *inverted,
        RateAsk::Parameter { name, is, inverted } => is_parameter(name, is.as_ref()) != *inverted,
        RateAsk::Client(range) => range.contains(request.client),
        RateAsk::EachHeader(name) => is_header(name, None),
        RateAsk::EachParameter(name) => is_parameter(name, None),
        RateAsk::EachClient => true,
    }
}

/// The first value of a query parameter, with its escapes decoded: the filter reads names and values so, other than routes do,
/// and a `+` stays one.
fn parameter(subject: &Subject<'_>, name: &str) -> Option<Vec<u8>> {
    let query = split_query(subject.target).1.strip_prefix('?')?;
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(key) == name.as_bytes()).then(|| decoded(value))
    })
}

/// A text with its escapes decoded; what is none stays as it is.
fn decoded(text: &str) -> Vec<u8> {
    let text = text.as_bytes();
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let escaped = decode_escape(text, at).filter(|_| byte == b'%');
        bytes.push(escaped.unwrap_or(byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    bytes
}

fn is_text(is: Option<&TextIs>, seen: &[u8]) -> bool {
    match is {
        None => true,
        Some(TextIs::Exact(text)) => seen == text.as_bytes(),
        Some(TextIs::Prefix(text)) => seen.starts_with(text.as_bytes()),
        Some(TextIs::Suffix(text)) => seen.ends_with(text.as_bytes()),
        Some(TextIs::Regex(expression)) => Pattern::new(expression).matches(seen),
    }
}
