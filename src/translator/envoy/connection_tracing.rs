//! Spans of the requests of connections that a listener has them made for
//! ([tracing](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/observability/tracing)).

use envoy_types::pb::envoy::config::route::v3::{Decorator, Tracing as RouteShares};
use envoy_types::pb::envoy::config::trace::v3::{
    DatadogConfig, DatadogRemoteConfig, OpenTelemetryConfig, ZipkinConfig,
    tracing::{Http, http::ConfigType},
    zipkin_config::CollectorEndpointVersion,
};
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::Tracing;
use envoy_types::pb::envoy::r#type::tracing::v3::{CustomTag, custom_tag};
use envoy_types::pb::envoy::r#type::v3::{FractionalPercent, Percent, fractional_percent::DenominatorType};
use envoy_types::pb::google::protobuf::Any;

use crate::ir::{
    AskedEvery, Config, ConnectionTracing, RouteTracing, Share, SpanTag, TagValue, TraceShares, Tracer, TracingSettings,
};

use super::grpc_server::{own_host, to_grpc};
use super::name;
use super::proto::{any, boolean, duration, uint32};

pub(super) fn to_tracing(tracing: &ConnectionTracing, config: &Config) -> Tracing {
    let ConnectionTracing { cluster, said } = tracing;
    let TracingSettings { tracer, shares: TraceShares { asked, begun, whole }, spans_tries, verbose, tags } = said;
    let cluster = config.cluster(*cluster);
    let (name, tracer) = to_tracer(tracer, &name::cluster(cluster), own_host(&cluster.backend));
    Tracing {
        client_sampling: Some(percent(*asked)),
        random_sampling: Some(percent(*begun)),
        overall_sampling: Some(percent(*whole)),
        verbose: *verbose,
        custom_tags: tags.iter().map(to_tag).collect(),
        provider: Some(Http { name: name.to_owned(), config_type: Some(ConfigType::TypedConfig(tracer)) }),
        spawn_upstream_span: spans_tries.then(|| boolean(true)),
        ..Tracing::default()
    }
}

fn to_tracer(tracer: &Tracer, cluster: &str, own_host: String) -> (&'static str, Any) {
    match tracer {
        Tracer::Zipkin { path, as_messages, long_ids, shares_span } => {
            let version =
                if *as_messages { CollectorEndpointVersion::HttpProto } else { CollectorEndpointVersion::HttpJson };
            let config = ZipkinConfig {
                collector_cluster: cluster.to_owned(),
                collector_endpoint: path.to_owned(),
                collector_hostname: own_host,
                collector_endpoint_version: version as i32,
                trace_id_128bit: *long_ids,
                shared_span_context: shares_span.map(boolean),
                ..ZipkinConfig::default()
            };
            ("envoy.tracers.zipkin", any("envoy.config.trace.v3.ZipkinConfig", &config))
        }
        Tracer::OpenTelemetry { service, authority, most_kept } => {
            let config = OpenTelemetryConfig {
                grpc_service: Some(to_grpc(cluster.to_owned(), authority.to_owned().unwrap_or(own_host))),
                service_name: service.to_owned(),
                max_cache_size: most_kept.map(uint32),
                ..OpenTelemetryConfig::default()
            };
            ("envoy.tracers.opentelemetry", any("envoy.config.trace.v3.OpenTelemetryConfig", &config))
        }
        Tracer::Datadog { service, host, asks_every } => {
            let config = DatadogConfig {
                collector_cluster: cluster.to_owned(),
                service_name: service.to_owned(),
                collector_hostname: host.to_owned().unwrap_or(own_host),
                remote_config: asks_every
                    .map(|AskedEvery(every)| DatadogRemoteConfig { polling_interval: every.map(duration) }),
            };
            ("envoy.tracers.datadog", any("envoy.config.trace.v3.DatadogConfig", &config))
        }
    }
}

fn to_tag(SpanTag { name, value }: &SpanTag) -> CustomTag {
    let value = match value {
        TagValue::Text(text) => custom_tag::Type::Literal(custom_tag::Literal { value: text.to_owned() }),
        TagValue::Variable(variable, default) => custom_tag::Type::Environment(custom_tag::Environment {
            name: variable.to_owned(),
            default_value: default.to_owned().unwrap_or_default(),
        }),
        TagValue::Header(header) => custom_tag::Type::RequestHeader(custom_tag::Header {
            name: header.to_owned(),
            ..custom_tag::Header::default()
        }),
    };
    CustomTag { tag: name.to_owned(), r#type: Some(value) }
}

fn percent(share: Share) -> Percent {
    Percent { value: f64::from(share.parts()) / 10_000.0 }
}

/// What a route says of its spans.
pub(super) fn to_route(tracing: &RouteTracing) -> (RouteShares, Option<Decorator>) {
    let RouteTracing { shares: TraceShares { asked, begun, whole }, name, is_untold } = tracing;
    let share = |share: Share| {
        Some(FractionalPercent { numerator: share.parts(), denominator: DenominatorType::Million as i32 })
    };
    let shares = RouteShares {
        client_sampling: share(*asked),
        random_sampling: share(*begun),
        overall_sampling: share(*whole),
        ..RouteShares::default()
    };
    let decorator = name
        .as_ref()
        .map(|name| Decorator { operation: name.to_owned(), propagate: is_untold.then(|| boolean(false)) });
    (shares, decorator)
}
