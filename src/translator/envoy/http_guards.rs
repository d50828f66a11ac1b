//! What keeps requests and connections out, as filters.

use envoy_types::pb::envoy::config::core::v3::RuntimeFractionalPercent;
use envoy_types::pb::envoy::config::listener::v3::{Filter, filter::ConfigType};
use envoy_types::pb::envoy::extensions::filters::http::buffer::v3::{
    Buffer, BufferPerRoute, buffer_per_route::Override,
};
use envoy_types::pb::envoy::extensions::filters::http::csrf::v3::CsrfPolicy;
use envoy_types::pb::envoy::extensions::filters::network::connection_limit::v3::ConnectionLimit;
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
use envoy_types::pb::envoy::extensions::filters::network::local_ratelimit::v3::LocalRateLimit;
use envoy_types::pb::envoy::r#type::matcher::v3::StringMatcher;
use envoy_types::pb::envoy::r#type::v3::{FractionalPercent, fractional_percent::DenominatorType};
use envoy_types::pb::google::protobuf::Any;
use prost::Message;

use crate::ir::{self, BodyRule, HttpGuards, OriginRule, OriginText, RequestOrigins, RouteGuards, TextIs};

use super::proto::{any, duration, http_filter, to_pattern, uint32, uint64};
use super::rates::{self, to_bucket};
use super::{access, credentials, sign_in};

const CSRF_FILTER: &str = "envoy.filters.http.csrf";
const CSRF: &str = "envoy.extensions.filters.http.csrf.v3.CsrfPolicy";
const BUFFER_FILTER: &str = "envoy.filters.http.buffer";

/// What looks at requests, behind whatever says who sends them.
pub(super) fn http_filters(guards: &HttpGuards, asked: AskedFor) -> Vec<HttpFilter> {
    let HttpGuards { body, origins, requests: _, connections: _, new_connections: _ } = guards;
    let mut filters = Vec::new();
    let policy = match origins {
        Some(origins) => Some((to_policy(origins), false)),
        None => asked.origins.then(|| (anywhere(), true)),
    };
    filters.extend(
        policy.map(|(policy, disabled)| HttpFilter { disabled, ..http_filter(CSRF_FILTER, any(CSRF, &policy)) }),
    );
    // Where the listener has no limit it is switched off, and the number counts nowhere.
    let limit = body.map(|limit| (limit, false)).or(asked.bodies.then_some((1, true)));
    filters.extend(limit.map(|(limit, disabled)| {
        let buffer = any("envoy.extensions.filters.http.buffer.v3.Buffer", &to_buffer(limit));
        HttpFilter { disabled, ..http_filter(BUFFER_FILTER, buffer) }
    }));
    filters
}

/// What rules ask for where their listener may not: a filter that is not in the chain does nothing for any route.
#[derive(Clone, Copy, Debug)]
pub(super) struct AskedFor {
    pub(super) origins: bool,
    pub(super) bodies: bool,
}

/// What a rule says to the filters.
pub(super) fn per_route(guards: &RouteGuards, config: &ir::Config) -> impl Iterator<Item = (String, Any)> {
    let RouteGuards { body, origins, .. } = guards;
    let origins = origins.as_ref().map(|rule| {
        let policy = match rule {
            OriginRule::Anywhere => anywhere(),
            OriginRule::Known(origins) => to_policy(origins),
        };
        (CSRF_FILTER.to_owned(), any(CSRF, &policy))
    });
    let body = body.map(|rule| {
        let rule = match rule {
            BodyRule::Unlimited => Override::Disabled(true),
            BodyRule::Limit(limit) => Override::Buffer(to_buffer(limit)),
        };
        let message = BufferPerRoute { r#override: Some(rule) };
        (BUFFER_FILTER.to_owned(), any("envoy.extensions.filters.http.buffer.v3.BufferPerRoute", &message))
    });
    let asked = credentials::per_route(guards).chain(sign_in::per_route(guards, config));
    let asked = asked.chain(access::per_route(guards, config)).chain(rates::per_route(guards));
    origins.into_iter().chain(body).chain(asked)
}

/// Whether origins are compared with an expression.
pub(super) fn uses_regex(guards: &HttpGuards) -> bool {
    guards.origins.as_ref().is_some_and(has_regex)
}

/// Whether origins of a rule, or what it counts, are compared with an expression.
pub(super) fn route_uses_regex(guards: &RouteGuards) -> bool {
    let mut rates = [&guards.early_rate, &guards.rate].into_iter().flatten();
    matches!(&guards.origins, Some(OriginRule::Known(origins)) if has_regex(origins))
        || rates.any(|rate| rate.uses_regex())
}

fn has_regex(RequestOrigins { is_enforced: _, others }: &RequestOrigins) -> bool {
    others.iter().any(|other| matches!(other.is, TextIs::Regex(_)))
}

fn to_policy(RequestOrigins { is_enforced, others }: &RequestOrigins) -> CsrfPolicy {
    CsrfPolicy {
        filter_enabled: Some(share(*is_enforced)),
        shadow_enabled: (!is_enforced).then(|| share(true)),
        additional_origins: others.iter().map(to_matcher).collect(),
    }
}

/// No request is looked at.
fn anywhere() -> CsrfPolicy {
    CsrfPolicy { filter_enabled: Some(share(false)), ..CsrfPolicy::default() }
}

fn to_buffer(limit: u32) -> Buffer {
    Buffer { max_request_bytes: Some(uint32(limit)) }
}

/// What looks at connections, before any byte of them is read.
pub(super) fn network_filters(guards: &HttpGuards, statistics: &str) -> Vec<Filter> {
    let HttpGuards { body: _, origins: _, requests: _, connections, new_connections } = guards;
    let mut filters = Vec::new();
    if let Some(ir::ConnectionLimit { most, delay }) = connections {
        let limit = ConnectionLimit {
            stat_prefix: statistics.to_owned(),
            max_connections: Some(uint64(u64::from(*most))),
            delay: delay.map(duration),
            ..ConnectionLimit::default()
        };
        let message = "envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit";
        filters.push(network_filter("envoy.filters.network.connection_limit", message, &limit));
    }
    if let Some(bucket) = new_connections {
        let limit = LocalRateLimit {
            stat_prefix: statistics.to_owned(),
            token_bucket: Some(to_bucket(*bucket)),
            ..LocalRateLimit::default()
        };
        let message = "envoy.extensions.filters.network.local_ratelimit.v3.LocalRateLimit";
        filters.push(network_filter("envoy.filters.network.local_ratelimit", message, &limit));
    }
    filters
}

fn network_filter(name: &str, message: &str, config: &impl Message) -> Filter {
    Filter { name: name.to_owned(), config_type: Some(ConfigType::TypedConfig(any(message, config))) }
}

/// All requests or none.
fn share(all: bool) -> RuntimeFractionalPercent {
    let numerator = if all { 100 } else { 0 };
    let percent = FractionalPercent { numerator, denominator: DenominatorType::Hundred as i32 };
    RuntimeFractionalPercent { default_value: Some(percent), ..RuntimeFractionalPercent::default() }
}

pub(super) fn to_matcher(OriginText { is, any_case }: &OriginText) -> StringMatcher {
    let is_pattern = matches!(is, TextIs::Regex(_));
    StringMatcher { match_pattern: Some(to_pattern(is.clone())), ignore_case: *any_case && !is_pattern }
}
