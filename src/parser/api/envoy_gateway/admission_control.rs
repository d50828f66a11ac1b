//! `admissionControl` of a BackendTrafficPolicy
//! ([AdmissionControl](https://gateway.envoyproxy.io/docs/api/extension_types/#admissioncontrol)).

use serde::Deserialize;

use crate::parser::api::Duration;

/// When requests are refused, because too many of those before them failed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AdmissionControl {
    pub max_rejection_percent: Option<i64>,
    pub min_request_rate: Option<i64>,
    pub min_success_rate: Option<i64>,
    pub rejection_aggression: Option<i64>,
    pub sampling_window: Option<Duration>,
    pub success_criteria: Option<SuccessCriteria>,
}

/// What went well.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SuccessCriteria {
    pub grpc: Option<GrpcSuccess>,
    pub http: Option<HttpSuccess>,
}

/// The statuses of calls, by name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GrpcSuccess {
    #[serde(default)]
    pub status_codes: Vec<String>,
}

/// The statuses of requests.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpSuccess {
    #[serde(default)]
    pub status_codes: Vec<u16>,
}
