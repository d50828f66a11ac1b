//! Spans of requests
//! ([tracing](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/observability/tracing)).

use envoy_types::pb::envoy::config::core::v3::TypedExtensionConfig;
use envoy_types::pb::envoy::config::route::v3::Decorator;
use envoy_types::pb::envoy::config::trace::v3::{
    OpenTelemetryConfig,
    tracing::{Http, http::ConfigType},
};
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::Tracing;
use envoy_types::pb::envoy::extensions::tracers::opentelemetry::samplers::v3::{
    ParentBasedSamplerConfig, TraceIdRatioBasedSamplerConfig,
};
use envoy_types::pb::envoy::r#type::v3::{FractionalPercent, fractional_percent::DenominatorType};
use envoy_types::pb::google::protobuf::Any;

use crate::ir;

use super::collector::{SERVICE, to_grpc_service};
use super::proto::{any, boolean};

const PARENT: &str = "envoy.extensions.tracers.opentelemetry.samplers.v3.ParentBasedSamplerConfig";
const RATIO: &str = "envoy.extensions.tracers.opentelemetry.samplers.v3.TraceIdRatioBasedSamplerConfig";

/// The name of the span of a request: the method and the route.
const OPERATION: &str = "%REQ(:METHOD)% %ROUTE_NAME%";

/// The name of the span of each try: the backend.
const UPSTREAM_OPERATION: &str = "%UPSTREAM_CLUSTER_RAW%";

pub(super) fn to_tracing(tracing: &ir::Tracing) -> Tracing {
    let ir::Tracing { collector, sampled } = tracing;
    let provider = OpenTelemetryConfig {
        grpc_service: Some(to_grpc_service(collector, None)),
        service_name: SERVICE.to_owned(),
        sampler: Some(to_sampler(*sampled)),
        ..OpenTelemetryConfig::default()
    };
    let named = |operation: &str| if collector.is_old { String::new() } else { operation.to_owned() };
    Tracing {
        // A gateway is a hop of its own: one span for what it received, and one for each try.
        spawn_upstream_span: Some(boolean(true)),
        operation: named(OPERATION),
        upstream_operation: named(UPSTREAM_OPERATION),
        provider: Some(Http {
            name: "envoy.tracers.opentelemetry".to_owned(),
            config_type: Some(ConfigType::TypedConfig(any("envoy.config.trace.v3.OpenTelemetryConfig", &provider))),
        }),
        ..Tracing::default()
    }
}

/// A trace goes on as it was begun, and of the other requests a share begins one. Shares of Envoy's own would be drawn at
/// each hop anew, and tear traces
/// ([random sampling](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto#envoy-v3-api-field-extensions-filters-network-http-connection-manager-v3-httpconnectionmanager-tracing-random-sampling)).
fn to_sampler(sampled: u16) -> TypedExtensionConfig {
    let share = FractionalPercent { numerator: sampled.into(), denominator: DenominatorType::TenThousand as i32 };
    let ratio = TraceIdRatioBasedSamplerConfig { sampling_percentage: Some(share) };
    let wrapped = sampler("trace_id_ratio_based", any(RATIO, &ratio));
    sampler("parent_based", any(PARENT, &ParentBasedSamplerConfig { wrapped_sampler: Some(wrapped) }))
}

fn sampler(name: &str, config: Any) -> TypedExtensionConfig {
    let name = format!("envoy.tracers.opentelemetry.samplers.{name}");
    TypedExtensionConfig { name, typed_config: Some(config) }
}

/// The name of a route's spans, where the proxy has no name that holds for all routes.
pub(super) fn to_decorator(route: &str, config: &ir::Config) -> Option<Decorator> {
    let tracing = config.proxy.tracing.as_ref()?;
    // Backends would be told the name otherwise.
    let propagate = Some(boolean(false));
    tracing.collector.is_old.then(|| Decorator { operation: route.to_owned(), propagate })
}
