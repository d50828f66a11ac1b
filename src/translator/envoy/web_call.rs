//! Calls of gRPC-Web
//! ([gRPC-Web](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/grpc_web_filter)).

use envoy_types::pb::envoy::config::route::v3::Route;
use envoy_types::pb::envoy::extensions::filters::http::grpc_web::v3::GrpcWeb;
use envoy_types::pb::envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;

use super::proto::{any, http_filter, matching};
use super::route_match::header_matcher;

/// What calls say of themselves: those of gRPC as Envoy knows them, and those of gRPC-Web that the filter knows.
const CALLS: &str = r"application/grpc(\+.*|-web(-text)?(\+proto)?)?";

/// The filter that makes calls of gRPC-Web calls of gRPC.
pub(super) fn to_filter() -> HttpFilter {
    let filter = any("envoy.extensions.filters.http.grpc_web.v3.GrpcWeb", &GrpcWeb::default());
    http_filter("envoy.filters.http.grpc_web", filter)
}

/// Lets routes for calls take those of gRPC-Web too: routes are chosen before the filter sees a request, and
/// [`grpc`](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#envoy-v3-api-field-config-route-v3-routematch-grpc)
/// knows none of them.
pub(super) fn admit(mut routes: Vec<Route>) -> Vec<Route> {
    for matches in routes.iter_mut().filter_map(|route| route.r#match.as_mut()) {
        if matches.grpc.take().is_some() {
            matches.headers.push(header_matcher("content-type", matching(CALLS)));
        }
    }
    routes
}
