//! Changes to headers.

use serde::Serialize;

use crate::http::HeaderName;

/// How many headers Envoy takes in one list of those that it sets.
pub const MOST_SET_HEADERS: usize = 1000;
/// How many bytes Envoy takes in the name and in the value of a header that it sets.
pub const LONGEST_HEADER_TEXT: usize = 16_384;

/// Changes to headers: one entry a header, in the order of first mention.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HeaderMutations(pub Vec<HeaderMutation>);

/// What happens to one header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeaderMutation {
    /// The name, in lower case.
    pub name: HeaderName,
    /// What becomes of the values that the message has.
    pub existing: Existing,
    /// Values that are added after that, in order.
    pub added: Vec<String>,
}

/// What becomes of a header's present values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Existing {
    /// They stay.
    Kept,
    /// They go.
    Removed,
    /// This one takes their place.
    Replaced(String),
}

/// Headers that the router takes for orders to itself when rules set them, and hands on to nobody
/// ([router filter](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#http-headers-consumed)).
pub const ROUTER_ORDERS: &[&str] = &[
    "x-envoy-hedge-on-per-try-timeout",
    "x-envoy-max-retries",
    "x-envoy-retriable-header-names",
    "x-envoy-retriable-status-codes",
    "x-envoy-retry-grpc-on",
    "x-envoy-retry-on",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-alt-response",
    "x-envoy-upstream-stream-duration-ms",
];
