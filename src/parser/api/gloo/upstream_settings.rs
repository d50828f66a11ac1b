//! What an Upstream says of the traffic to its hosts.

use serde::Deserialize;

use crate::http::HeaderName;

use super::duration::GoDuration;
use super::gloo_enum::GlooEnum;
use super::route_option::RequestHeaderOption;
use crate::parser::api::option_list::Untranslated;

/// `circuitBreakers`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamBreakers {
    pub max_connections: Option<u32>,
    pub max_pending_requests: Option<u32>,
    pub max_requests: Option<u32>,
    pub max_retries: Option<u32>,
    #[serde(default)]
    pub track_remaining: bool,
}

/// `connectionConfig`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamConnection {
    pub common_http_protocol_options: Option<UpstreamHttp>,
    pub connect_timeout: Option<GoDuration>,
    pub http1_protocol_options: Option<UpstreamHttp1>,
    pub max_requests_per_connection: Option<u32>,
    pub per_connection_buffer_limit_bytes: Option<u32>,
    pub tcp_keepalive: Option<UpstreamKeepalive>,
}

/// `commonHttpProtocolOptions`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamHttp {
    pub headers_with_underscores_action: Option<Untranslated>,
    pub idle_timeout: Option<GoDuration>,
    pub max_headers_count: Option<u32>,
    pub max_stream_duration: Option<GoDuration>,
}

/// `http1ProtocolOptions`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamHttp1 {
    #[serde(default)]
    pub enable_trailers: bool,
    pub override_stream_error_on_invalid_http_message: Option<bool>,
    #[serde(default)]
    pub preserve_case_header_key_format: bool,
    #[serde(default)]
    pub proper_case_header_key_format: bool,
}

/// `tcpKeepalive`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamKeepalive {
    pub keepalive_interval: Option<GoDuration>,
    pub keepalive_probes: Option<u32>,
    pub keepalive_time: Option<GoDuration>,
}

/// `loadBalancerConfig`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamBalancer {
    #[serde(default)]
    pub close_connections_on_host_set_change: bool,
    pub healthy_panic_threshold: Option<f64>,
    pub least_request: Option<UpstreamLeastRequest>,
    pub locality_weighted_lb_config: Option<Untranslated>,
    pub maglev: Option<Untranslated>,
    pub random: Option<Untranslated>,
    pub ring_hash: Option<UpstreamRingHash>,
    pub round_robin: Option<UpstreamRoundRobin>,
    pub update_merge_window: Option<GoDuration>,
    #[serde(default)]
    pub use_hostname_for_hashing: bool,
}

/// `roundRobin`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamRoundRobin {
    pub slow_start_config: Option<UpstreamSlowStart>,
}

/// `leastRequest`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamLeastRequest {
    #[serde(default)]
    pub choice_count: u32,
    pub slow_start_config: Option<UpstreamSlowStart>,
}

/// `slowStartConfig`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamSlowStart {
    pub aggression: Option<f64>,
    pub min_weight_percent: Option<f64>,
    pub slow_start_window: Option<GoDuration>,
}

/// `ringHash`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamRingHash {
    pub ring_hash_config: Option<UpstreamRing>,
}

/// `ringHashConfig`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamRing {
    pub maximum_ring_size: Option<GlooNumber>,
    pub minimum_ring_size: Option<GlooNumber>,
}

/// One of `healthChecks`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamHealthCheck {
    #[serde(default)]
    pub always_log_health_check_failures: bool,
    pub custom_health_check: Option<Untranslated>,
    #[serde(default)]
    pub event_log_path: String,
    pub grpc_health_check: Option<UpstreamGrpcCheck>,
    pub healthy_edge_interval: Option<GoDuration>,
    pub healthy_threshold: Option<u32>,
    pub http_health_check: Option<UpstreamHttpCheck>,
    pub initial_jitter: Option<GoDuration>,
    pub interval: Option<GoDuration>,
    pub interval_jitter: Option<GoDuration>,
    #[serde(default)]
    pub interval_jitter_percent: u32,
    pub no_traffic_interval: Option<GoDuration>,
    pub reuse_connection: Option<bool>,
    pub tcp_health_check: Option<UpstreamTcpCheck>,
    pub timeout: Option<GoDuration>,
    pub unhealthy_edge_interval: Option<GoDuration>,
    pub unhealthy_interval: Option<GoDuration>,
    pub unhealthy_threshold: Option<u32>,
}

/// `httpHealthCheck`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamHttpCheck {
    #[serde(default)]
    pub expected_statuses: Vec<UpstreamStatuses>,
    #[serde(default)]
    pub host: String,
    pub method: Option<GlooEnum>,
    #[serde(default)]
    pub path: String,
    #[serde(default)]
    pub request_headers_to_add: Vec<RequestHeaderOption>,
    #[serde(default)]
    pub request_headers_to_remove: Vec<HeaderName>,
    pub response_assertions: Option<Untranslated>,
    pub service_name: Option<Untranslated>,
    #[serde(default)]
    pub use_http2: bool,
}

/// A range of statuses, its end not included.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamStatuses {
    pub end: Option<GlooNumber>,
    pub start: Option<GlooNumber>,
}

/// `tcpHealthCheck`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamTcpCheck {
    #[serde(default)]
    pub receive: Vec<UpstreamPayload>,
    pub send: Option<UpstreamPayload>,
}

/// `send`, or one of `receive`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamPayload {
    #[serde(default)]
    pub text: String,
}

/// `grpcHealthCheck`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamGrpcCheck {
    #[serde(default)]
    pub authority: String,
    #[serde(default)]
    pub initial_metadata: Vec<RequestHeaderOption>,
    #[serde(default)]
    pub service_name: String,
}

/// `outlierDetection`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamOutliers {
    pub base_ejection_time: Option<GoDuration>,
    pub consecutive5xx: Option<u32>,
    pub consecutive_gateway_failure: Option<u32>,
    pub consecutive_local_origin_failure: Option<u32>,
    pub enforcing_consecutive5xx: Option<u32>,
    pub enforcing_consecutive_gateway_failure: Option<u32>,
    pub enforcing_consecutive_local_origin_failure: Option<u32>,
    pub enforcing_local_origin_success_rate: Option<u32>,
    pub enforcing_success_rate: Option<u32>,
    pub interval: Option<GoDuration>,
    pub max_ejection_percent: Option<u32>,
    #[serde(default)]
    pub split_external_local_origin_errors: bool,
    pub success_rate_minimum_hosts: Option<u32>,
    pub success_rate_request_volume: Option<u32>,
    pub success_rate_stdev_factor: Option<u32>,
}

/// `preconnectPolicy`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamPreconnect {
    pub per_upstream_preconnect_ratio: Option<f64>,
    pub predictive_preconnect_ratio: Option<f64>,
}

/// A whole number of 64 bits, which may be written as text; `None` where it is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "NumberOrText")]
pub struct GlooNumber(pub Option<u64>);

#[derive(Deserialize)]
#[serde(untagged)]
enum NumberOrText {
    Number(i64),
    Text(String),
}

impl From<NumberOrText> for GlooNumber {
    fn from(read: NumberOrText) -> Self {
        Self(match read {
            NumberOrText::Number(number) => number.try_into().ok(),
            NumberOrText::Text(text) => text.parse().ok(),
        })
    }
}
