//! Servers that requests and responses are handed to: a filter for each, switched off in the chain and on by the routes whose
//! requests it gets
//! ([external processing](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/ext_proc_filter)).

use std::collections::BTreeMap;
use std::sync::Arc;

use envoy_types::pb::envoy::config::common::mutation_rules::v3::HeaderMutationRules;
use envoy_types::pb::envoy::config::core::v3::{GrpcService, HeaderValue};
use envoy_types::pb::envoy::extensions::filters::http::ext_proc::v3::{
    ExtProcOverrides, ExtProcPerRoute, ExternalProcessor, HeaderForwardingRules, MetadataOptions, ProcessingMode,
    ext_proc_per_route::Override,
    metadata_options::MetadataNamespaces,
    processing_mode::{BodySendMode, HeaderSendMode},
};
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
use envoy_types::pb::envoy::r#type::matcher::v3::ListStringMatcher;
use envoy_types::pb::envoy::r#type::v3::HttpStatus;
use envoy_types::pb::google::protobuf::Any;
use serde_json::Map;

use crate::http::HeaderName;
use crate::ir::{
    self, BackendName, ChangeRules, ClusterId, Config, OriginText, PolicyPart, Processed, ProcessedBody,
    ProcessedParts, ProcessorOverrides, ProcessorPlace, ProcessorServer, ProcessorSettings, ProcessorStage,
    RequestProcessor, RouteGuards, TextIs, ToldAttributes, ToldMetadata,
};

use super::grpc_server::{own_host, to_grpc};
use super::http_guards::to_matcher;
use super::name;
use super::proto::{any, boolean, duration, http_filter, regex};
use super::structure::to_struct;

const EXT_PROC: &str = "envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor";
const EXT_PROC_PER_ROUTE: &str = "envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute";

/// Where the filter of a server stands, and what it is called by.
type ProcessorKey = (ProcessorPlace, ProcessorStage, Option<PolicyPart>, String);

/// The servers that get requests of routes, by what their filters are called.
#[derive(Clone, Debug, Default)]
pub(super) struct ProcessorNeeds(BTreeMap<ProcessorKey, (ClusterId, Arc<ProcessorSettings>)>);

impl ProcessorNeeds {
    pub(super) fn add(&mut self, guards: &RouteGuards, config: &Config) {
        for RequestProcessor { stage, part, place, cluster, settings, overrides: _ } in &guards.processors {
            let key = (*place, *stage, part.to_owned(), name::cluster(config.cluster(*cluster)));
            self.0.entry(key).or_insert_with(|| (*cluster, Arc::clone(settings)));
        }
    }

    /// The filters at a place.
    pub(super) fn filters(&self, place: ProcessorPlace, config: &Config) -> Vec<HttpFilter> {
        let own = self.0.iter().filter(|((at, ..), _)| *at == place);
        let called = |stage: ProcessorStage, part: &Option<PolicyPart>, cluster: &str| match part {
            Some(part) => called_by(part, cluster),
            None => called(stage, cluster),
        };
        let own = own.map(|((_, stage, part, cluster), (id, settings))| {
            to_filter((called(*stage, part, cluster), cluster, *id), settings, config)
        });
        own.collect()
    }

    /// All filters.
    pub(super) fn all(&self, config: &Config) -> Vec<HttpFilter> {
        let places = [ProcessorPlace::BeforeAuthorization, ProcessorPlace::BehindAuthorization, ProcessorPlace::Last];
        places.into_iter().flat_map(|place| self.filters(place, config)).collect()
    }
}

fn to_filter(
    (called, cluster, id): (String, &str, ClusterId),
    settings: &ProcessorSettings,
    config: &Config,
) -> HttpFilter {
    let ProcessorSettings {
        authority,
        lets_pass,
        failure,
        parts,
        timeout,
        longest,
        counted_as,
        keeps_route,
        chooses_parts,
        seen,
        unseen,
        changes,
        told,
        attributes: ToldAttributes { request, response },
        greeting,
        logged,
    } = settings;
    let backend = &config.cluster(id).backend;
    let service = to_service(cluster.to_owned(), (authority.as_ref(), greeting), backend);
    let is_seen = |names: &[OriginText]| {
        (!names.is_empty()).then(|| ListStringMatcher { patterns: names.iter().map(to_matcher).collect() })
    };
    let filter = ExternalProcessor {
        grpc_service: Some(service),
        failure_mode_allow: *lets_pass,
        status_on_error: failure.map(|code| HttpStatus { code: code.into() }),
        processing_mode: Some(to_mode(*parts)),
        message_timeout: timeout.map(duration),
        max_message_timeout: longest.map(duration),
        stat_prefix: counted_as.to_owned(),
        mutation_rules: to_rules(changes),
        forward_rules: (!seen.is_empty() || !unseen.is_empty())
            .then(|| HeaderForwardingRules { allowed_headers: is_seen(seen), disallowed_headers: is_seen(unseen) }),
        disable_clear_route_cache: *keeps_route,
        allow_mode_override: *chooses_parts,
        metadata_options: to_told(told),
        request_attributes: request.to_vec(),
        response_attributes: response.to_vec(),
        filter_metadata: (!logged.is_empty()).then(|| to_struct(Map::clone(logged))),
        ..ExternalProcessor::default()
    };
    HttpFilter { disabled: true, ..http_filter(&called, any(EXT_PROC, &filter)) }
}

fn to_service(
    cluster: String,
    (authority, greeting): (Option<&String>, &[(HeaderName, ir::HeaderValue)]),
    backend: &BackendName,
) -> GrpcService {
    let greeting = greeting.iter().map(|(name, value)| HeaderValue {
        key: name.to_string(),
        value: value.sent().to_owned(),
        ..HeaderValue::default()
    });
    let authority = authority.map_or_else(|| own_host(backend), String::to_owned);
    GrpcService { initial_metadata: greeting.collect(), ..to_grpc(cluster, authority) }
}

fn called(stage: ProcessorStage, cluster: &str) -> String {
    match stage {
        ProcessorStage::Early => format!("envoy.filters.http.ext_proc/early/{cluster}"),
        ProcessorStage::Regular => format!("envoy.filters.http.ext_proc/{cluster}"),
        ProcessorStage::Late => format!("envoy.filters.http.ext_proc/late/{cluster}"),
    }
}

/// The filter of a server that a policy names.
fn called_by(PolicyPart { of, index }: &PolicyPart, cluster: &str) -> String {
    format!("envoy.filters.http.ext_proc/{of}/{index}/{cluster}")
}

/// What a route says to the filters that get its requests.
pub(super) fn per_route<'g>(guards: &'g RouteGuards, config: &'g Config) -> impl Iterator<Item = (String, Any)> + 'g {
    guards.processors.iter().map(|RequestProcessor { stage, part, place: _, cluster, settings: _, overrides }| {
        let ProcessorOverrides { parts, told, server } = overrides;
        let server = server.as_ref().map(|ProcessorServer { cluster, authority, greeting }| {
            let own = config.cluster(*cluster);
            to_service(name::cluster(own), (authority.as_ref(), greeting), &own.backend)
        });
        let overrides = ExtProcOverrides {
            processing_mode: parts.map(to_mode),
            metadata_options: to_told(told),
            grpc_service: server,
            ..ExtProcOverrides::default()
        };
        let message = ExtProcPerRoute { r#override: Some(Override::Overrides(overrides)) };
        let cluster = name::cluster(config.cluster(*cluster));
        let filter = part.as_ref().map_or_else(|| called(*stage, &cluster), |part| called_by(part, &cluster));
        (filter, any(EXT_PROC_PER_ROUTE, &message))
    })
}

fn to_mode(ProcessedParts { request, response }: ProcessedParts) -> ProcessingMode {
    let sent = |is_sent: bool| if is_sent { HeaderSendMode::Send } else { HeaderSendMode::Skip } as i32;
    let body = |body: ProcessedBody| match body {
        ProcessedBody::None => BodySendMode::None,
        ProcessedBody::Streamed => BodySendMode::Streamed,
        ProcessedBody::Buffered => BodySendMode::Buffered,
        ProcessedBody::Beginning => BodySendMode::BufferedPartial,
    } as i32;
    let (Processed { headers, body: own, trailers }, of_response) = (request, response);
    ProcessingMode {
        request_header_mode: sent(headers),
        request_body_mode: body(own),
        request_trailer_mode: sent(trailers),
        response_header_mode: sent(of_response.headers),
        response_body_mode: body(of_response.body),
        response_trailer_mode: sent(of_response.trailers),
    }
}

fn to_rules(changes: &ChangeRules) -> Option<HeaderMutationRules> {
    let ChangeRules { routing, proxy, allowed, nothing, disallowed, is_error, keeps_pseudo } = changes;
    let switch = |is_on: bool| is_on.then(|| boolean(true));
    (*changes != ChangeRules::default()).then(|| HeaderMutationRules {
        allow_all_routing: switch(*routing),
        allow_envoy: switch(*proxy),
        disallow_system: switch(*keeps_pseudo),
        disallow_all: switch(*nothing),
        allow_expression: allowed.as_deref().map(regex),
        disallow_expression: disallowed.as_deref().map(regex),
        disallow_is_error: switch(*is_error),
    })
}

fn to_told(ToldMetadata { fields, messages }: &ToldMetadata) -> Option<MetadataOptions> {
    (!fields.is_empty() || !messages.is_empty()).then(|| MetadataOptions {
        forwarding_namespaces: Some(MetadataNamespaces { untyped: fields.to_vec(), typed: messages.to_vec() }),
        ..MetadataOptions::default()
    })
}

/// Whether names of headers are compared with an expression.
pub(super) fn uses_regex(guards: &RouteGuards) -> bool {
    guards.processors.iter().any(|RequestProcessor { settings, .. }| {
        let ProcessorSettings { seen, unseen, changes, .. } = &**settings;
        changes.allowed.is_some()
            || changes.disallowed.is_some()
            || seen.iter().chain(unseen).any(|name| matches!(name.is, TextIs::Regex(_)))
    })
}
