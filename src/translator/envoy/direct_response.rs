//! Answers that a rule gives in place of a backend
//! ([DirectResponseAction](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-directresponseaction)).
//!
//! A body stands in `body`, which is sent as it is: in `body_format` operators between percent signs would be evaluated.

use envoy_types::pb::envoy::config::core::v3::{DataSource, data_source::Specifier};
use envoy_types::pb::envoy::config::route::v3::{DirectResponseAction, Route, route};
use envoy_types::pb::google::protobuf::UInt32Value;

use crate::http::HeaderName;
use crate::ir::{self, Action, Cors, DirectResponse, Existing, HeaderMutations};

use super::header::to_header_lists;
use super::proto::uint32;
use super::route_base::RouteBase;
use super::{cors, local_answer};

/// The longest body that Envoy takes where nothing is said of it
/// ([RouteConfiguration](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route.proto)).
const USUAL_BYTES: usize = 4096;

/// The route of the answer, preceded by the same one for requests of allowed origins.
pub(super) fn routes(base: RouteBase<'_>, response: &DirectResponse) -> Vec<Route> {
    let cors = response.http_filters.cors.as_deref();
    let readable = cors.map(|cors| to_route(base, response, Some(cors)));
    readable.into_iter().chain([to_route(base, response, None)]).collect()
}

/// Whether the headers of whatever the rule answers are changed by a filter.
pub(super) fn needs_mutation_filter(response: &DirectResponse) -> bool {
    local_answer::needs_mutation_filter(&response.http_filters, &response.response_headers)
}

/// How long bodies have to be allowed to be; `None` for no longer than Envoy takes anyway.
pub(super) fn longest_body<'h>(hosts: impl IntoIterator<Item = &'h ir::VirtualHost>) -> Option<UInt32Value> {
    let leaves = hosts.into_iter().flat_map(|host| &host.routes).flat_map(|route| route.action.leaves());
    let lengths = leaves.filter_map(|leaf| match leaf {
        Action::DirectResponse(response) => Some(response.body.len()),
        _ => None,
    });
    let longest = lengths.max().filter(|length| *length > USUAL_BYTES)?;
    Some(uint32(u32::try_from(longest).unwrap_or(u32::MAX)))
}

/// Whether Envoy, asked for nothing but a status, sends clients to the URL that they have asked for, where redirects would
/// never end ([source](https://github.com/envoyproxy/envoy/blob/main/source/common/router/router.cc), `decodeHeaders`).
fn names_itself(status: u16) -> bool {
    status == 201 || (300..400).contains(&status)
}

fn to_route(base: RouteBase<'_>, response: &DirectResponse, cors: Option<&Cors>) -> Route {
    let DirectResponse { status, body, headers, response_headers, http_filters } = response;
    let text = (!body.is_empty())
        .then(|| DataSource { specifier: Some(Specifier::InlineString(body.to_string())), ..DataSource::default() });
    let action = DirectResponseAction { status: u32::from(*status), body: text, ..DirectResponseAction::default() };
    // What a filter does to all answers it does to this one too.
    let (mut own, nothing) = (HeaderMutations::default(), HeaderMutations::default());
    if names_itself(*status) {
        own.entry(&HeaderName::from("location")).existing = Existing::Removed;
    }
    own.lay_over(headers);
    let by_filter = needs_mutation_filter(response);
    if !by_filter {
        own.lay_over(response_headers);
    }
    let rest = if by_filter { response_headers } else { &nothing };
    let (response_headers_to_add, response_headers_to_remove) = to_header_lists(&own);
    let route = Route {
        action: Some(route::Action::DirectResponse(action)),
        response_headers_to_add,
        response_headers_to_remove,
        ..base.to_route_if(cors.map(cors::allowed_origin))
    };
    local_answer::finish(route, (http_filters, rest), cors, base.config)
}
