//! How fast bodies are sent on: a filter for each direction, which does nothing until a route asks for it
//! ([bandwidth limit](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/bandwidth_limit_filter)).

use envoy_types::pb::envoy::extensions::filters::http::bandwidth_limit::v3::{
    BandwidthLimit, bandwidth_limit::EnableMode,
};
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
use envoy_types::pb::google::protobuf::Any;

use crate::ir::Bandwidth;

use super::proto::{any, http_filter, uint64};

const REQUEST: &str = "envoy.filters.http.bandwidth_limit/request";
const RESPONSE: &str = "envoy.filters.http.bandwidth_limit/response";
const MESSAGE: &str = "envoy.extensions.filters.http.bandwidth_limit.v3.BandwidthLimit";

/// What the statistics are called.
const STATISTICS: &str = "http_bandwidth_limiter";

/// The filters.
pub(super) fn filters() -> [HttpFilter; 2] {
    let off = BandwidthLimit { stat_prefix: STATISTICS.to_owned(), ..BandwidthLimit::default() };
    [REQUEST, RESPONSE].map(|name| HttpFilter { disabled: true, ..http_filter(name, any(MESSAGE, &off)) })
}

/// What a route says to them.
pub(super) fn per_route(Bandwidth { request, response, told_in }: &Bandwidth) -> impl Iterator<Item = (String, Any)> {
    let limit = |mode: EnableMode, kib: u64| BandwidthLimit {
        stat_prefix: STATISTICS.to_owned(),
        enable_mode: mode as i32,
        limit_kbps: Some(uint64(kib)),
        ..BandwidthLimit::default()
    };
    let request = request.map(|kib| (REQUEST.to_owned(), any(MESSAGE, &limit(EnableMode::Request, kib))));
    let response = response.map(|kib| {
        let limit = BandwidthLimit {
            enable_response_trailers: told_in.is_some(),
            response_trailer_prefix: told_in.as_deref().unwrap_or_default().to_owned(),
            ..limit(EnableMode::Response, kib)
        };
        (RESPONSE.to_owned(), any(MESSAGE, &limit))
    });
    request.into_iter().chain(response)
}
