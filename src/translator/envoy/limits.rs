//! Servers that count requests: a filter for each stage that asks about the requests of routes which say what it is told
//! ([rate limits](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rate_limit_filter)).

use std::collections::BTreeMap;
use std::sync::Arc;

use envoy_types::pb::envoy::config::core::v3::ApiVersion;
use envoy_types::pb::envoy::config::ratelimit::v3::RateLimitServiceConfig;
use envoy_types::pb::envoy::config::route::v3::rate_limit::{
    Action,
    action::{
        ActionSpecifier, GenericKey, HeaderValueMatch, MetaData as KnownBy, RemoteAddress, RequestHeaders,
        meta_data::Source,
    },
};
use envoy_types::pb::envoy::config::route::v3::{HeaderMatcher, RateLimit, header_matcher::HeaderMatchSpecifier};
use envoy_types::pb::envoy::extensions::filters::http::ratelimit::v3::RateLimit as LimitFilter;
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
use envoy_types::pb::envoy::r#type::matcher::v3::StringMatcher;
use envoy_types::pb::envoy::r#type::metadata::v3::{
    MetadataKey,
    metadata_key::{PathSegment, path_segment},
};
use envoy_types::pb::envoy::r#type::v3::Int64Range;

use crate::ir::{Config, Descriptor, DescriptorPart, HeaderTest, LimitServer, RequestLimits, RouteGuards, TextIs};

use super::grpc_server::{own_host, to_grpc};
use super::name;
use super::proto::{any, boolean, duration, http_filter, to_pattern, uint32};

const LIMITS: &str = "envoy.extensions.filters.http.ratelimit.v3.RateLimit";

/// The form of the headers that tell clients what is left.
const DRAFT_VERSION_03: i32 = 1;

/// When a server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Before anybody else is.
    Early,
    /// When it is known who sends a request.
    Late,
}

impl Stage {
    fn number(self) -> u32 {
        match self {
            Self::Early => 1,
            Self::Late => 0,
        }
    }
}

/// The servers that routes ask, by what their filters are called.
#[derive(Clone, Debug, Default)]
pub(super) struct LimitNeeds(BTreeMap<(Stage, String), Arc<LimitServer>>);

impl LimitNeeds {
    pub(super) fn add(&mut self, guards: &RouteGuards, config: &Config) {
        for (stage, limits) in [(Stage::Early, &guards.early_limits), (Stage::Late, &guards.limits)] {
            if let Some(RequestLimits { server, told: _ }) = limits.as_deref() {
                let cluster = name::cluster(config.cluster(server.cluster));
                self.0.entry((stage, cluster)).or_insert_with(|| Arc::clone(server));
            }
        }
    }

    /// The filters of a stage.
    pub(super) fn filters(&self, stage: Stage, config: &Config) -> Vec<HttpFilter> {
        let own = self.0.iter().filter(|((at, _), _)| *at == stage);
        own.map(|((_, cluster), server)| to_filter(stage, cluster, server, config)).collect()
    }

    /// All filters.
    pub(super) fn all(&self, config: &Config) -> Vec<HttpFilter> {
        [Stage::Early, Stage::Late].into_iter().flat_map(|stage| self.filters(stage, config)).collect()
    }
}

fn to_filter(stage: Stage, cluster: &str, server: &LimitServer, config: &Config) -> HttpFilter {
    let LimitServer { cluster: id, authority, domain, timeout, lets_pass, is_told } = server;
    let backend = &config.cluster(*id).backend;
    let authority = authority.as_ref().map_or_else(|| own_host(backend), String::to_owned);
    let service = to_grpc(cluster.to_owned(), authority);
    let filter = LimitFilter {
        domain: domain.to_owned(),
        stage: stage.number(),
        timeout: Some(duration(*timeout)),
        failure_mode_deny: !lets_pass,
        rate_limit_service: Some(RateLimitServiceConfig {
            grpc_service: Some(service),
            transport_api_version: ApiVersion::V3 as i32,
        }),
        enable_x_ratelimit_headers: if *is_told { DRAFT_VERSION_03 } else { 0 },
        ..LimitFilter::default()
    };
    let called = match stage {
        Stage::Early => format!("envoy.filters.http.ratelimit/early/{cluster}"),
        Stage::Late => format!("envoy.filters.http.ratelimit/{cluster}"),
    };
    http_filter(&called, any(LIMITS, &filter))
}

/// What servers are told of the requests of a route.
pub(super) fn of_route(guards: &RouteGuards) -> Vec<RateLimit> {
    let stages = [(Stage::Early, &guards.early_limits), (Stage::Late, &guards.limits)];
    let told = stages.into_iter().filter_map(|(stage, limits)| Some((stage, limits.as_deref()?)));
    told.flat_map(|(stage, limits)| limits.told.iter().map(move |one| to_limit(stage, one))).collect()
}

fn to_limit(stage: Stage, Descriptor(parts): &Descriptor) -> RateLimit {
    RateLimit {
        stage: Some(uint32(stage.number())),
        actions: parts.iter().map(to_action).collect(),
        ..RateLimit::default()
    }
}

fn to_action(part: &DescriptorPart) -> Action {
    let specifier = match part {
        DescriptorPart::Text(text) => {
            ActionSpecifier::GenericKey(GenericKey { descriptor_value: text.to_owned(), ..GenericKey::default() })
        }
        DescriptorPart::Header(header, key) => ActionSpecifier::RequestHeaders(RequestHeaders {
            header_name: header.to_string(),
            descriptor_key: key.to_owned(),
            ..RequestHeaders::default()
        }),
        DescriptorPart::Address => ActionSpecifier::RemoteAddress(RemoteAddress::default()),
        DescriptorPart::Known { called, reader, path, otherwise, is_of_rule } => {
            let step = |key: &String| PathSegment { segment: Some(path_segment::Segment::Key(key.to_owned())) };
            let source = if *is_of_rule { Source::RouteEntry } else { Source::Dynamic };
            ActionSpecifier::Metadata(KnownBy {
                descriptor_key: called.to_owned(),
                metadata_key: Some(MetadataKey { key: reader.to_owned(), path: path.iter().map(step).collect() }),
                default_value: otherwise.to_owned(),
                source: source as i32,
                ..KnownBy::default()
            })
        }
        DescriptorPart::Headers { text, expected, tests } => ActionSpecifier::HeaderValueMatch(HeaderValueMatch {
            descriptor_value: text.to_owned(),
            expect_match: Some(boolean(*expected)),
            headers: tests.iter().map(to_matcher).collect(),
            ..HeaderValueMatch::default()
        }),
    };
    Action { action_specifier: Some(specifier) }
}

fn to_matcher(HeaderTest { name, is, within, inverted }: &HeaderTest) -> HeaderMatcher {
    let there = || match within {
        Some((start, end)) => HeaderMatchSpecifier::RangeMatch(Int64Range { start: *start, end: *end }),
        None => HeaderMatchSpecifier::PresentMatch(true),
    };
    let is = is.as_ref().map_or_else(there, |is| {
        let match_pattern = Some(to_pattern(is.clone()));
        HeaderMatchSpecifier::StringMatch(StringMatcher { match_pattern, ..StringMatcher::default() })
    });
    HeaderMatcher {
        name: name.to_string(),
        header_match_specifier: Some(is),
        invert_match: *inverted,
        ..HeaderMatcher::default()
    }
}

/// Whether headers are compared with an expression.
pub(super) fn uses_regex(guards: &RouteGuards) -> bool {
    let limits = [&guards.early_limits, &guards.limits].into_iter().filter_map(|limits| limits.as_deref());
    let mut parts = limits.flat_map(|limits| &limits.told).flat_map(|Descriptor(parts)| parts);
    parts.any(|part| match part {
        DescriptorPart::Headers { tests, .. } => tests.iter().any(|test| matches!(test.is, Some(TextIs::Regex(_)))),
        DescriptorPart::Text(_)
        | DescriptorPart::Header(..)
        | DescriptorPart::Address
        | DescriptorPart::Known { .. } => false,
    })
}
