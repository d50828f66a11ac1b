//! `bandwidthLimit` of a BackendTrafficPolicy
//! ([BandwidthLimitSpec](https://gateway.envoyproxy.io/docs/api/extension_types/#bandwidthlimitspec)).

use serde::Deserialize;

use super::quantity::Quantity;

/// How fast bodies are sent on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BandwidthLimit {
    pub request: Option<RequestBandwidth>,
    pub response: Option<ResponseBandwidth>,
}

/// Those of requests.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestBandwidth {
    pub limit: BandwidthValue,
}

/// Those of responses.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResponseBandwidth {
    pub limit: BandwidthValue,
    pub response_trailers: Option<BandwidthTrailers>,
}

/// How many bytes in which time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BandwidthValue {
    /// `Second`, `Minute` or `Hour`.
    pub unit: String,
    pub value: Quantity,
}

/// Trailers that say how long a response was held back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BandwidthTrailers {
    pub prefix: Option<String>,
}
