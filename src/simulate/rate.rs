//! Limits that the proxy counts itself
//! ([local rate limit](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/local_rate_limit_filter)).
//! A request is taken for the first of all: it is refused where none of its kind passes.

use crate::ir::{RateAsk, RequestRate, TextIs};

use super::access_order::is_path;
use super::admitted::Admitted;
use super::decision::{LocalReply, Reason};
use super::re2::Pattern;

/// The answer to a request of a kind of which none passes.
pub(super) fn over_rate(rate: Option<&RequestRate>, request: &Admitted) -> Option<LocalReply> {
    let mut selected = rate?.selected.iter();
    let refuses = selected.any(|one| one.refuses_all() && one.asks.iter().all(|ask| is_met(ask, request)));
    refuses.then(|| LocalReply::new(429, Reason::NoRate).with_body("local_rate_limited"))
}

fn is_met(ask: &RateAsk, request: &Admitted) -> bool {
    let subject = request.subject();
    let is_header = |name: &str, is: Option<&TextIs>| subject.header_lines(name).any(|line| is_text(is, line));
    let is_parameter = |name: &str, is: Option<&TextIs>| subject.parameter(name).is_some_and(|text| is_text(is, text));
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

fn is_text(is: Option<&TextIs>, seen: &str) -> bool {
    match is {
        None => true,
        Some(TextIs::Exact(text)) => seen == text,
        Some(TextIs::Prefix(text)) => seen.starts_with(text.as_str()),
        Some(TextIs::Suffix(text)) => seen.ends_with(text.as_str()),
        Some(TextIs::Regex(expression)) => Pattern::new(expression).matches(seen),
    }
}
