//! Spans of requests: `tracing` of `httpConnectionManagerSettings`, and of a RouteOption.

use serde::Deserialize;

use super::duration::GoDuration;
use super::ext_auth::OptionAuthority;
use super::gloo_enum::GlooEnum;
use super::resource_ref::GlooResourceRef;
use crate::parser::api::option_list::Untranslated;

/// `tracing` of `httpConnectionManagerSettings`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionTracing {
    pub datadog_config: Option<OptionDatadog>,
    pub environment_variables_for_tags: Vec<OptionEnvironmentTag>,
    pub literals_for_tags: Vec<OptionLiteralTag>,
    pub metadata_for_tags: Option<Untranslated>,
    pub open_census_config: Option<Untranslated>,
    pub open_telemetry_config: Option<OptionTelemetryTracer>,
    pub request_headers_for_tags: Vec<String>,
    pub spawn_upstream_span: bool,
    pub trace_percentages: Option<OptionTracePercentages>,
    pub verbose: bool,
    pub zipkin_config: Option<OptionZipkin>,
}

/// `tracePercentages`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionTracePercentages {
    pub client_sample_percentage: Option<f64>,
    pub overall_sample_percentage: Option<f64>,
    pub random_sample_percentage: Option<f64>,
}

/// `datadogConfig`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionDatadog {
    pub cluster_name: Option<String>,
    pub collector_hostname: String,
    pub collector_upstream_ref: Option<GlooResourceRef>,
    pub remote_config: Option<OptionRemoteConfig>,
    pub service_name: String,
}

/// `remoteConfig`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionRemoteConfig {
    pub disabled: bool,
    pub polling_interval: Option<GoDuration>,
}

/// `openTelemetryConfig`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionTelemetryTracer {
    pub cluster_name: Option<String>,
    pub collector_upstream_ref: Option<GlooResourceRef>,
    pub grpc_service: Option<OptionAuthority>,
    pub max_cache_size: Option<u32>,
    pub service_name: String,
}

/// `zipkinConfig`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionZipkin {
    pub cluster_name: Option<String>,
    pub collector_endpoint: String,
    pub collector_endpoint_version: Option<GlooEnum>,
    pub collector_upstream_ref: Option<GlooResourceRef>,
    pub shared_span_context: Option<bool>,
    pub trace_id_128bit: bool,
}

/// An entry of `environmentVariablesForTags`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionEnvironmentTag {
    pub default_value: String,
    pub name: String,
    pub tag: String,
}

/// An entry of `literalsForTags`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionLiteralTag {
    pub tag: String,
    pub value: String,
}

/// `tracing` of a RouteOption.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct OptionRouteTracing {
    pub propagate: Option<bool>,
    pub route_descriptor: String,
    pub trace_percentages: Option<OptionTracePercentages>,
}

impl OptionTracing {
    /// Whoever gets the spans by a tracer's field: the field, the Upstream, and the name of a cluster in its place.
    pub fn collectors(&self) -> impl Iterator<Item = (&'static str, Option<&GlooResourceRef>, Option<&str>)> {
        let datadog = self.datadog_config.as_ref();
        let telemetry = self.open_telemetry_config.as_ref();
        let zipkin = self.zipkin_config.as_ref();
        let all = [
            datadog.map(|one| ("datadogConfig", one.collector_upstream_ref.as_ref(), one.cluster_name.as_deref())),
            telemetry
                .map(|one| ("openTelemetryConfig", one.collector_upstream_ref.as_ref(), one.cluster_name.as_deref())),
            zipkin.map(|one| ("zipkinConfig", one.collector_upstream_ref.as_ref(), one.cluster_name.as_deref())),
        ];
        all.into_iter().flatten()
    }
}
