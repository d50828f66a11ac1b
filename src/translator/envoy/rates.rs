//! Limits that the proxy counts itself: a filter that does nothing until a route, a virtual host or its listener says what is counted
//! ([local rate limit](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/local_rate_limit_filter)).
//!
//! What is selected is a descriptor: its first entry says which one it is, since Envoy refuses two that are equal, and
//! each other entry stands for something that has to be so. A limit of none takes more tokens than there may be, since
//! Envoy refuses a bucket without room.

use std::time::Duration;

use envoy_types::pb::envoy::config::core::v3::RuntimeFractionalPercent;
use envoy_types::pb::envoy::config::route::v3::rate_limit::action::{
    ActionSpecifier, GenericKey, HeaderValueMatch, MaskedRemoteAddress, QueryParameterValueMatch, QueryParameters,
    RemoteAddress, RequestHeaders,
};
use envoy_types::pb::envoy::config::route::v3::rate_limit::{Action, HitsAddend, XRateLimitOption};
use envoy_types::pb::envoy::config::route::v3::{
    HeaderMatcher, QueryParameterMatcher, RateLimit, header_matcher::HeaderMatchSpecifier,
    query_parameter_matcher::QueryParameterMatchSpecifier,
};
use envoy_types::pb::envoy::extensions::common::ratelimit::v3::{
    LocalRateLimitDescriptor, rate_limit_descriptor::Entry,
};
use envoy_types::pb::envoy::extensions::filters::http::local_ratelimit::v3::LocalRateLimit;
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
use envoy_types::pb::envoy::r#type::matcher::v3::{StringMatcher, string_matcher::MatchPattern};
use envoy_types::pb::envoy::r#type::v3::{FractionalPercent, TokenBucket, fractional_percent::DenominatorType};
use envoy_types::pb::google::protobuf::Any;

use crate::ir::{self, AddressRange, PathMatch, RateAsk, RequestRate, RouteGuards, SelectedRate, TextIs};

use super::path::quote;
use super::proto::{any, boolean, duration, http_filter, regex, uint32, uint64};

/// The filter that counts requests before anybody is asked.
const EARLY: &str = "envoy.filters.http.local_ratelimit";
/// The filter that counts those that may pass otherwise.
const LATE: &str = "envoy.filters.http.local_ratelimit/late";
const MESSAGE: &str = "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";

/// What the statistics of rules are called.
const OF_RULES: &str = "http_local_rate_limiter";

/// The version of the headers that tell clients what is left
/// ([XRateLimitHeadersRFCVersion](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/common/ratelimit/v3/ratelimit.proto)).
const DRAFT_VERSION_03: i32 = 1;

/// How many values have tokens of their own at a time: of more the one is forgotten that was seen least recently. Envoy's own
/// number is 20, with which few clients would reset each other's count.
const MOST_VALUES: u32 = 10_000;

/// The filter for a listener and its routes; `is_asked` where a route asks for it.
pub(super) fn early_filter(of_listener: Option<&RequestRate>, is_asked: bool, statistics: &str) -> Option<HttpFilter> {
    let of_listener = of_listener.filter(|rate| !rate.is_empty());
    let limit = match of_listener {
        Some(rate) => to_limit(rate, statistics),
        None if is_asked => nothing(),
        None => return None,
    };
    Some(http_filter(EARLY, any(MESSAGE, &limit)))
}

/// The filter for routes whose requests may pass otherwise.
pub(super) fn late_filter() -> HttpFilter {
    http_filter(LATE, any(MESSAGE, &nothing()))
}

fn nothing() -> LocalRateLimit {
    LocalRateLimit { stat_prefix: OF_RULES.to_owned(), ..LocalRateLimit::default() }
}

/// What a rule says to the filters.
pub(super) fn per_route(guards: &RouteGuards) -> impl Iterator<Item = (String, Any)> {
    let of_rule = |(filter, rate): (&str, &Option<std::sync::Arc<RequestRate>>)| {
        let rate = rate.as_deref().filter(|rate| !rate.is_of_host)?;
        Some((filter.to_owned(), any(MESSAGE, &to_limit(rate, OF_RULES))))
    };
    [(EARLY, &guards.early_rate), (LATE, &guards.rate)].into_iter().filter_map(of_rule)
}

/// What a virtual host says to them: the limit that its rules share.
pub(super) fn of_host(host: &ir::VirtualHost) -> Option<(String, Any)> {
    let leaves = host.routes.iter().flat_map(|route| route.action.leaves());
    let mut rates = leaves.filter_map(|leaf| leaf.http_filters()?.guards.early_rate.as_deref());
    let shared = rates.find(|rate| rate.is_of_host)?;
    Some((EARLY.to_owned(), any(MESSAGE, &to_limit(shared, OF_RULES))))
}

fn to_limit(rate: &RequestRate, statistics: &str) -> LocalRateLimit {
    let RequestRate { bucket, per_connection, is_told, selected, is_of_host: _ } = rate;
    // Whoever selects has a number for all others as well.
    let endless = ir::TokenBucket { most: u32::MAX, fill: u32::MAX, interval: Duration::from_secs(1) };
    let has_each = selected.iter().flat_map(|one| &one.asks).any(is_of_each);
    LocalRateLimit {
        stat_prefix: statistics.to_owned(),
        token_bucket: Some(to_bucket(bucket.unwrap_or(endless))),
        filter_enabled: Some(all()),
        filter_enforced: Some(all()),
        local_rate_limit_per_downstream_connection: *per_connection,
        enable_x_ratelimit_headers: if *is_told { DRAFT_VERSION_03 } else { 0 },
        always_consume_default_token_bucket: (!selected.is_empty()).then(|| boolean(false)),
        max_dynamic_descriptors: has_each.then(|| uint32(MOST_VALUES)),
        rate_limits: selected.iter().enumerate().map(|(index, one)| to_actions(index, one)).collect(),
        descriptors: selected.iter().enumerate().map(|(index, one)| to_descriptor(index, one)).collect(),
        ..LocalRateLimit::default()
    }
}

fn is_of_each(ask: &RateAsk) -> bool {
    matches!(ask, RateAsk::EachHeader(_) | RateAsk::EachParameter(_) | RateAsk::EachClient)
}

/// The tokens, as Envoy counts them.
pub(super) fn to_bucket(ir::TokenBucket { most, fill, interval }: ir::TokenBucket) -> TokenBucket {
    TokenBucket { max_tokens: most, tokens_per_fill: Some(uint32(fill)), fill_interval: Some(duration(interval)) }
}

/// All requests.
fn all() -> RuntimeFractionalPercent {
    let percent = FractionalPercent { numerator: 100, denominator: DenominatorType::Hundred as i32 };
    RuntimeFractionalPercent { default_value: Some(percent), ..RuntimeFractionalPercent::default() }
}

fn to_actions(index: usize, SelectedRate { asks, cost, is_told, .. }: &SelectedRate) -> RateLimit {
    let which = GenericKey { descriptor_value: limit_name(index), ..GenericKey::default() };
    let which = Action { action_specifier: Some(ActionSpecifier::GenericKey(which)) };
    let asks = asks.iter().enumerate().map(|(position, ask)| to_action(position, ask));
    let told = match is_told {
        None => XRateLimitOption::Unspecified,
        Some(true) => XRateLimitOption::DraftVersion03,
        Some(false) => XRateLimitOption::Off,
    };
    RateLimit {
        actions: std::iter::once(which).chain(asks).collect(),
        hits_addend: (*cost != 1)
            .then(|| HitsAddend { number: Some(uint64(u64::from(*cost))), ..HitsAddend::default() }),
        x_ratelimit_option: told as i32,
        ..RateLimit::default()
    }
}

fn to_descriptor(index: usize, one: &SelectedRate) -> LocalRateLimitDescriptor {
    let SelectedRate { asks, bucket, cost: _, is_told: _, is_only_counted } = one;
    let entry = |key: &str, value: String| Entry { key: key.to_owned(), value };
    let asks = asks.iter().enumerate().map(|(position, ask)| match ask {
        RateAsk::Header { .. } | RateAsk::Method { .. } | RateAsk::Path { .. } => {
            entry("header_match", ask_name(position))
        }
        RateAsk::Parameter { .. } => entry("query_match", ask_name(position)),
        RateAsk::Client(range) => entry("masked_remote_address", format!("{}/{}", range.network(), range.bits)),
        RateAsk::EachHeader(_) | RateAsk::EachParameter(_) => entry(&ask_name(position), String::new()),
        RateAsk::EachClient => entry("remote_address", String::new()),
    });
    LocalRateLimitDescriptor {
        entries: std::iter::once(entry("generic_key", limit_name(index))).chain(asks).collect(),
        token_bucket: Some(to_bucket(*bucket)),
        shadow_mode: *is_only_counted,
    }
}

fn limit_name(index: usize) -> String {
    format!("limit-{index}")
}

fn ask_name(position: usize) -> String {
    format!("ask-{position}")
}

fn to_action(position: usize, ask: &RateAsk) -> Action {
    let specifier = match ask {
        RateAsk::Header { name, is, inverted } => header_action(position, name.as_str(), is.as_ref(), *inverted),
        RateAsk::Method { any_of, inverted } => {
            let any_of = any_of.iter().map(|method| quote(method)).collect::<Vec<_>>().join("|");
            header_action(position, ":method", Some(&TextIs::Regex(any_of)), *inverted)
        }
        RateAsk::Path { is, inverted } => {
            header_action(position, ":path", Some(&TextIs::Regex(path_with_query(is))), *inverted)
        }
        RateAsk::Parameter { name, is, inverted } => parameter_action(position, name, is.as_ref(), *inverted),
        RateAsk::Client(range) => client_action(*range),
        RateAsk::EachHeader(name) => ActionSpecifier::RequestHeaders(RequestHeaders {
            header_name: name.to_string(),
            descriptor_key: ask_name(position),
            ..RequestHeaders::default()
        }),
        RateAsk::EachParameter(name) => ActionSpecifier::QueryParameters(QueryParameters {
            query_parameter_name: name.to_owned(),
            descriptor_key: ask_name(position),
            ..QueryParameters::default()
        }),
        RateAsk::EachClient => ActionSpecifier::RemoteAddress(RemoteAddress::default()),
    };
    Action { action_specifier: Some(specifier) }
}

/// An expression for the path with its query, which only expressions are meant to see.
fn path_with_query(is: &PathMatch) -> String {
    match is {
        PathMatch::Exact(path) => format!("{}(\\?.*)?", quote(path)),
        PathMatch::Prefix(prefix) if prefix.is_empty() => ".*".to_owned(),
        PathMatch::Prefix(prefix) => format!("{}([/?].*)?", quote(prefix)),
        PathMatch::Regex(expression) => expression.to_owned(),
    }
}

fn header_action(position: usize, name: &str, is: Option<&TextIs>, inverted: bool) -> ActionSpecifier {
    let is = is.map_or(HeaderMatchSpecifier::PresentMatch(true), |is| HeaderMatchSpecifier::StringMatch(text(is)));
    let header = HeaderMatcher { name: name.to_owned(), header_match_specifier: Some(is), ..HeaderMatcher::default() };
    ActionSpecifier::HeaderValueMatch(HeaderValueMatch {
        descriptor_value: ask_name(position),
        expect_match: Some(boolean(!inverted)),
        headers: vec![header],
        ..HeaderValueMatch::default()
    })
}

fn parameter_action(position: usize, name: &str, is: Option<&TextIs>, inverted: bool) -> ActionSpecifier {
    let there = QueryParameterMatchSpecifier::PresentMatch(true);
    let is = is.map_or(there, |is| QueryParameterMatchSpecifier::StringMatch(text(is)));
    let parameter = QueryParameterMatcher { name: name.to_owned(), query_parameter_match_specifier: Some(is) };
    ActionSpecifier::QueryParameterValueMatch(QueryParameterValueMatch {
        descriptor_value: ask_name(position),
        expect_match: Some(boolean(!inverted)),
        query_parameters: vec![parameter],
        ..QueryParameterValueMatch::default()
    })
}

fn client_action(range: AddressRange) -> ActionSpecifier {
    let bits = uint32(u32::from(range.bits));
    let mut masked = MaskedRemoteAddress::default();
    if range.address.is_ipv4() {
        masked.v4_prefix_mask_len = Some(bits)
    } else {
        masked.v6_prefix_mask_len = Some(bits)
    }
    ActionSpecifier::MaskedRemoteAddress(masked)
}

fn text(is: &TextIs) -> StringMatcher {
    let pattern = match is {
        TextIs::Exact(text) => MatchPattern::Exact(text.to_owned()),
        TextIs::Prefix(text) => MatchPattern::Prefix(text.to_owned()),
        TextIs::Suffix(text) => MatchPattern::Suffix(text.to_owned()),
        TextIs::Regex(expression) => MatchPattern::SafeRegex(regex(expression)),
    };
    StringMatcher { match_pattern: Some(pattern), ..StringMatcher::default() }
}
