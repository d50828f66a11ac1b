//! What redirects and direct responses have in common: routes without a cluster, whose answers no backend gives.

use envoy_types::pb::envoy::config::route::v3::Route;

use crate::ir::{self, Cors, HeaderMutations};

use super::header::{self, to_header_lists};
use super::{compression, cors, ext_authz, http_guards, processors, scripts};

/// Whether the headers of the responses are changed by a filter: the lists of a route without a cluster do not reach
/// what an authorization filter answers.
pub(super) fn needs_mutation_filter(http_filters: &ir::HttpFilters, response_headers: &HeaderMutations) -> bool {
    http_filters.is_guarded() && (http_filters.cors.is_some() || !response_headers.0.is_empty())
}

/// The route with what its requests pass first, and with what is done to the answers that they get; with `cors`, to those
/// for origins that it allows: the CORS filter adds no headers to answers of the proxy itself
/// ([source](https://github.com/envoyproxy/envoy/blob/main/source/extensions/filters/http/cors/cors_filter.cc), `decodeHeaders`).
pub(super) fn finish(
    route: Route,
    (http_filters, response_headers): (&ir::HttpFilters, &HeaderMutations),
    cors: Option<&Cors>,
    config: &ir::Config,
) -> Route {
    let (mut add, remove) = to_header_lists(response_headers);
    add.extend(cors.into_iter().flat_map(cors::response_headers));
    let auths = ext_authz::enable(&http_filters.auths, config);
    let mut route = Route {
        typed_per_filter_config: auths
            .chain(http_guards::per_route(&http_filters.guards, config))
            .chain(processors::per_route(&http_filters.guards, config))
            .chain(scripts::per_route(&http_filters.guards))
            .chain(compression::per_route(&http_filters.compressions))
            .collect(),
        ..route
    };
    if !needs_mutation_filter(http_filters, response_headers) {
        route.response_headers_to_add.extend(add);
        route.response_headers_to_remove.extend(remove);
    } else if !add.is_empty() || !remove.is_empty() {
        route.typed_per_filter_config.extend([header::per_route((add, remove))]);
    }
    route
}
