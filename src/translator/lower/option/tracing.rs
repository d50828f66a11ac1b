//! `tracing` of connections and of rules: who gets spans, of which requests, and what they say.

use std::collections::HashMap;

use crate::diagnostics::FieldPath;
use crate::ir::{
    AskedEvery, ConnectionTracing, RouteTracing, Share, SpanTag, TagValue, TraceShares, Tracer, TracingSettings,
};
use crate::parser::api::{
    GlooEnum, GoDuration, HttpListenerOption, OptionAuthority, OptionDatadog, OptionEnvironmentTag, OptionLiteralTag,
    OptionRouteTracing, OptionTelemetryTracer, OptionTracePercentages, OptionTracing, OptionZipkin,
};
use crate::path;
use crate::resolver::{BackendRefOutcome, Effective, ListenerOptionsId, Resolved};

use super::super::cluster::{Clusters, RouteProtocol, Sent};
use super::super::path::{bad_path_char, path_help};
use super::fault::share_of;
use super::faults::{Faults, Wrong};
use super::part::{Part, Place};

/// The option that has the settings of connections.
const SETTINGS: &str = "httpConnectionManagerSettings";

/// How the spans of a listener are made, and who gets them.
#[derive(Clone, Debug)]
pub(in crate::translator::lower) struct ListenerTracing {
    said: TracingSettings,
    backend: BackendRefOutcome,
}

/// The same by what applies to a listener.
pub(in crate::translator::lower) type Tracings = HashMap<ListenerOptionsId, ListenerTracing>;

/// Lowers how the spans of all listeners are made.
pub(in crate::translator::lower) fn tracings(resolved: &Resolved<'_>) -> Tracings {
    let mut tracings = Tracings::new();
    for (id, set) in resolved.http_listener_options.sets() {
        for Effective { value, source } in &set.fields {
            let HttpListenerOption::HttpConnectionManagerSettings(settings) = value else { continue };
            let Some(said) = &settings.tracing else { continue };
            let backend = resolved.auth_servers.get(&(source.metadata.sort_key(), SETTINGS));
            let said = read(said, &mut Faults::new(Place { source, field: value.field() }));
            if let (Some(backend), Some(said)) = (backend, said) {
                tracings.insert(id, ListenerTracing { said, backend: *backend });
            }
        }
    }
    tracings
}

impl ListenerTracing {
    /// How spans are made, and the cluster of whoever gets them; `None` where it cannot be sent to.
    pub(in crate::translator::lower) fn intern(&self, clusters: &mut Clusters<'_>) -> Option<ConnectionTracing> {
        let protocol = match self.said.tracer {
            Tracer::OpenTelemetry { .. } => RouteProtocol::Grpc,
            Tracer::Zipkin { .. } | Tracer::Datadog { .. } => RouteProtocol::Http,
        };
        let cluster = self.backend.ok().and_then(|id| clusters.intern(id, Sent::once(protocol), None))?;
        Some(ConnectionTracing { cluster, said: self.said.clone() })
    }
}

/// Says what of the option cannot be honoured.
pub(super) fn check(said: &OptionTracing, faults: &mut Faults<'_>) {
    // Of what is only checked nothing is kept.
    let _ = read(said, faults);
}

fn read(said: &OptionTracing, faults: &mut Faults<'_>) -> Option<TracingSettings> {
    let OptionTracing {
        datadog_config,
        environment_variables_for_tags,
        literals_for_tags,
        // The resolver lets none through.
        metadata_for_tags: _,
        open_census_config: _,
        open_telemetry_config,
        request_headers_for_tags,
        spawn_upstream_span,
        trace_percentages,
        verbose,
        zipkin_config,
    } = said;
    let known = faults.count();
    let tracers = [
        zipkin_config.as_ref().map(|said| read_zipkin(said, faults)),
        open_telemetry_config.as_ref().map(|said| read_telemetry(said, faults)),
        datadog_config.as_ref().map(|said| read_datadog(said, faults)),
    ];
    let mut tracers = tracers.into_iter().flatten();
    let (tracer, second) = (tracers.next(), tracers.next());
    if tracer.is_none() || second.is_some() {
        let help = "write one of `zipkinConfig`, `openTelemetryConfig` and `datadogConfig`";
        faults.add(&path!["tracing"], "not one collector gets the spans", help);
    }
    let at = path!["tracing", "tracePercentages"];
    let shares = trace_percentages.map(|said| lower_shares(&at, said, faults)).unwrap_or_default();
    let tags = read_tags((literals_for_tags, environment_variables_for_tags, request_headers_for_tags), faults);
    let tracer = tracer.filter(|_| faults.count() == known)?;
    Some(TracingSettings { tracer, shares, spans_tries: *spawn_upstream_span, verbose: *verbose, tags })
}

fn read_zipkin(said: &OptionZipkin, faults: &mut Faults<'_>) -> Tracer {
    let OptionZipkin {
        cluster_name: _,
        collector_endpoint: path,
        collector_endpoint_version,
        collector_upstream_ref,
        shared_span_context,
        trace_id_128bit,
    } = said;
    let at = |field: &'static str| path!["tracing", "zipkinConfig", field];
    if collector_upstream_ref.is_none() {
        has_no_collector(&path!["tracing", "zipkinConfig"], faults);
    }
    if !path.starts_with('/') {
        let message = format!("`{path}` is not the path of a request");
        faults.add(&at("collectorEndpoint"), message, "write the path that spans are sent to, such as `/api/v2/spans`");
    } else if let Some((_, found)) = bad_path_char(path) {
        let message = format!("`{}` cannot stand in a path as it is", found.escape_debug());
        faults.add(&at("collectorEndpoint"), message, path_help(path));
    }
    let as_messages = match collector_endpoint_version.as_ref().map(|GlooEnum(word)| word.as_str()) {
        None | Some("HTTP_JSON" | "1") => false,
        Some("HTTP_PROTO" | "2") => true,
        Some(other) => {
            let message = format!("Envoy sends no spans in version `{other}`");
            faults.add(&at("collectorEndpointVersion"), message, "write `HTTP_JSON` or `HTTP_PROTO`");
            false
        }
    };
    Tracer::Zipkin { path: path.to_owned(), as_messages, long_ids: *trace_id_128bit, shares_span: *shared_span_context }
}

fn read_telemetry(said: &OptionTelemetryTracer, faults: &mut Faults<'_>) -> Tracer {
    let OptionTelemetryTracer { cluster_name: _, collector_upstream_ref, grpc_service, max_cache_size, service_name } =
        said;
    let at = path!["tracing", "openTelemetryConfig"];
    if collector_upstream_ref.is_none() {
        has_no_collector(&at, faults);
    }
    let authority = grpc_service.as_ref().map(|OptionAuthority { authority }| authority.to_owned());
    let authority = authority.filter(|authority| !authority.is_empty());
    if let Some(authority) = &authority {
        faults.host(&at.join(&path!["grpcService", "authority"]), authority);
    }
    Tracer::OpenTelemetry { service: service_name.to_owned(), authority, most_kept: *max_cache_size }
}

fn read_datadog(said: &OptionDatadog, faults: &mut Faults<'_>) -> Tracer {
    let OptionDatadog { cluster_name: _, collector_hostname, collector_upstream_ref, remote_config, service_name } =
        said;
    let at = path!["tracing", "datadogConfig"];
    if collector_upstream_ref.is_none() {
        has_no_collector(&at, faults);
    }
    if service_name.is_empty() {
        faults.add(&at.join(&path!["serviceName"]), "the service of the spans has no name", "write a name");
    }
    faults.host(&at.join(&path!["collectorHostname"]), collector_hostname);
    let asked = remote_config.filter(|remote| !remote.disabled);
    let asks_every = asked.map(|remote| AskedEvery(remote.polling_interval.map(|GoDuration(every)| every)));
    if asks_every.is_some_and(|AskedEvery(every)| every.is_some_and(|every| every.is_zero())) {
        let at = at.join(&path!["remoteConfig", "pollingInterval"]);
        faults.add(&at, "nobody is asked all the time", "write a length of time above zero");
    }
    Tracer::Datadog {
        service: service_name.to_owned(),
        host: Some(collector_hostname.to_owned()).filter(|host| !host.is_empty()),
        asks_every,
    }
}

fn has_no_collector(at: &FieldPath, faults: &mut Faults<'_>) {
    faults.add(at, "nobody gets the spans", "name an Upstream in `collectorUpstreamRef`");
}

type Tags<'o> = (&'o [OptionLiteralTag], &'o [OptionEnvironmentTag], &'o [String]);

/// What spans say besides, in the order in which Envoy would let one tag of a name win.
fn read_tags((literals, variables, headers): Tags<'_>, faults: &mut Faults<'_>) -> Vec<SpanTag> {
    let mut tags = Vec::new();
    let mut add = |at: FieldPath, name: &str, source: &str, value: TagValue, faults: &mut Faults<'_>| {
        if name.is_empty() || source.is_empty() {
            faults.add(&path!["tracing"].join(&at), "the tag has no name", "write what it is called and what it says");
        }
        tags.push(SpanTag { name: name.to_owned(), value });
    };
    for (index, name) in headers.iter().enumerate() {
        add(path!["requestHeadersForTags", index], name, name, TagValue::Header(name.to_owned()), faults);
    }
    for (index, OptionEnvironmentTag { default_value, name, tag }) in variables.iter().enumerate() {
        let default = Some(default_value.to_owned()).filter(|value| !value.is_empty());
        let value = TagValue::Variable(name.to_owned(), default);
        add(path!["environmentVariablesForTags", index], tag, name, value, faults);
    }
    for (index, OptionLiteralTag { tag, value }) in literals.iter().enumerate() {
        add(path!["literalsForTags", index], tag, value, TagValue::Text(value.to_owned()), faults);
    }
    tags
}

/// The shares of requests that have spans; all of what nothing is said of.
fn lower_shares(at: &FieldPath, said: OptionTracePercentages, faults: &mut Faults<'_>) -> TraceShares {
    let OptionTracePercentages { client_sample_percentage, overall_sample_percentage, random_sample_percentage } = said;
    let mut share = |field: &'static str, said: Option<f64>| match said {
        None => Share::ALL,
        Some(percent) => {
            let wrong = &at.join(&path![field]);
            let said = faults.lowered(|place| share_of(place, wrong, percent).map(Some));
            said.unwrap_or(Share::ALL)
        }
    };
    TraceShares {
        asked: share("clientSamplePercentage", client_sample_percentage),
        begun: share("randomSamplePercentage", random_sample_percentage),
        whole: share("overallSamplePercentage", overall_sample_percentage),
    }
}

/// What a rule says of its spans.
pub(super) fn lower_rule(place: Place<'_>, said: OptionRouteTracing) -> Result<Part, Wrong> {
    let OptionRouteTracing { propagate, route_descriptor, trace_percentages } = said;
    let mut faults = Faults::new(place);
    let at = path!["tracePercentages"];
    let shares = trace_percentages.map(|said| lower_shares(&at, said, &mut faults)).unwrap_or_default();
    let is_visible = |byte: u8| (b' '..0x7f).contains(&byte);
    if !route_descriptor.bytes().all(is_visible) || route_descriptor.trim() != route_descriptor {
        let help = "write printable characters, with no space around them";
        faults.add(&path!["routeDescriptor"], "no header can hold this name", help);
    }
    let name = Some(route_descriptor).filter(|name| !name.is_empty());
    faults.unless_wrong(Part::Tracing(RouteTracing { shares, name, is_untold: propagate == Some(false) }))
}
