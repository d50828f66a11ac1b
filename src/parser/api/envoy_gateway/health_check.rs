//! How endpoints are found to be healthy
//! ([HealthCheck](https://gateway.envoyproxy.io/docs/api/extension_types/#healthcheck)).

use serde::Deserialize;

use crate::parser::api::Duration;
use crate::parser::api::option_list::Untranslated;

/// `healthCheck`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendHealthCheck {
    pub active: Option<ActiveHealthCheck>,
    pub panic_threshold: Option<u32>,
    pub passive: Option<PassiveHealthCheck>,
}

/// What endpoints are asked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ActiveHealthCheck {
    pub grpc: Option<ActiveGrpcCheck>,
    pub health_check_log: Option<Untranslated>,
    pub healthy_threshold: u32,
    pub http: Option<ActiveHttpCheck>,
    pub initial_jitter: Option<Duration>,
    pub interval: Duration,
    pub overrides: Option<Untranslated>,
    pub tcp: Option<ActiveTcpCheck>,
    pub timeout: Duration,
    /// `HTTP`, `TCP` or `GRPC`.
    #[serde(rename = "type")]
    pub check_type: String,
    pub unhealthy_threshold: u32,
}

/// The standard call for it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ActiveGrpcCheck {
    pub service: Option<String>,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ActiveHttpCheck {
    pub expected_response: Option<CheckPayload>,
    #[serde(default)]
    pub expected_statuses: Vec<u16>,
    pub hostname: Option<String>,
    pub method: Option<String>,
    pub path: String,
    pub request_body: Option<CheckPayload>,
    #[serde(default)]
    pub retriable_statuses: Vec<u16>,
}

/// Bytes of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ActiveTcpCheck {
    pub receive: Option<CheckPayload>,
    pub send: Option<CheckPayload>,
}

/// What is sent, or has to be in the answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckPayload {
    /// In base64.
    pub binary: Option<String>,
    pub text: Option<String>,
    /// `Text` or `Binary`.
    #[serde(rename = "type")]
    pub payload_type: String,
}

/// When endpoints are left out because of what they answered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PassiveHealthCheck {
    pub always_eject_one_endpoint: bool,
    pub base_ejection_time: Duration,
    #[serde(rename = "consecutive5XxErrors")]
    pub consecutive_5xx_errors: i64,
    pub consecutive_gateway_errors: Option<i64>,
    pub consecutive_local_origin_failures: i64,
    pub failure_percentage_threshold: Option<u32>,
    pub interval: Duration,
    pub max_ejection_percent: u32,
    pub split_external_local_origin_errors: bool,
}
