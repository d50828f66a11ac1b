//! Requests that are not sent to endpoints that fail most of them.

use std::time::Duration;

use serde::Serialize;

use super::default::is_default;

/// Which share of requests is refused where too many of those before them failed; what is left out is Envoy's
/// ([admission control](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/admission_control_filter)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Admission {
    /// How far back requests count; whole seconds.
    #[serde(skip_serializing_if = "is_default")]
    pub window: Option<Duration>,
    /// How many percent have to have got well.
    #[serde(skip_serializing_if = "is_default")]
    pub least_success: Option<u32>,
    /// How many requests there have to be in a second.
    #[serde(skip_serializing_if = "is_default")]
    pub least_rate: Option<u32>,
    /// How fast the share grows.
    #[serde(skip_serializing_if = "is_default")]
    pub aggression: Option<u32>,
    /// The most that are refused, in percent.
    #[serde(skip_serializing_if = "is_default")]
    pub most_refused: Option<u32>,
    /// The statuses of what went well.
    #[serde(skip_serializing_if = "is_default")]
    pub statuses: Vec<u16>,
    /// The statuses of calls that went well.
    #[serde(skip_serializing_if = "is_default")]
    pub call_statuses: Vec<u32>,
}
