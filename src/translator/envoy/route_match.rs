//! What a request must be like to take a route.

use envoy_types::pb::envoy::config::route::v3::{
    HeaderMatcher, QueryParameterMatcher, RouteMatch,
    header_matcher::HeaderMatchSpecifier,
    query_parameter_matcher::QueryParameterMatchSpecifier,
    route_match::{ConnectMatcher, GrpcRouteMatchOptions, PathSpecifier},
};
use envoy_types::pb::envoy::r#type::matcher::v3::StringMatcher;

use crate::http::Method;
use crate::ir::{self, PathMatch, ValueMatch, ValuePattern};

use super::proto::{exact, matching, regex};

pub(super) fn to_match(matches: &ir::RouteMatch) -> RouteMatch {
    match_of(matches, matches.method, &matches.headers)
}

/// The same with conditions on method and headers of its own.
pub(super) fn match_of<'m>(
    matches: &ir::RouteMatch,
    method: Option<Method>,
    headers: impl IntoIterator<Item = &'m ir::HeaderMatch>,
) -> RouteMatch {
    let ir::RouteMatch { path, method: _, headers: _, query, grpc } = matches;
    let path_specifier = match path {
        // The target of `CONNECT` is a host and a port: no other matcher takes it.
        PathMatch::Prefix(_) if method.is_some() && matches.takes_connect() => {
            PathSpecifier::ConnectMatcher(ConnectMatcher::default())
        }
        PathMatch::Exact(path) => PathSpecifier::Path(path.clone()),
        PathMatch::Prefix(prefix) if prefix.is_empty() => PathSpecifier::Prefix("/".to_owned()),
        PathMatch::Prefix(prefix) => PathSpecifier::PathSeparatedPrefix(prefix.clone()),
        PathMatch::Regex(pattern) => PathSpecifier::SafeRegex(regex(pattern)),
    };
    let method = method.iter().map(|method| header_matcher(":method", exact(method.as_str())));
    let headers = headers.into_iter().map(|header| header_matcher(&header.name, to_string_matcher(header)));
    let query = query.iter().map(|parameter| QueryParameterMatcher {
        name: parameter.name.clone(),
        query_parameter_match_specifier: Some(QueryParameterMatchSpecifier::StringMatch(to_string_matcher(parameter))),
    });
    RouteMatch {
        path_specifier: Some(path_specifier),
        headers: method.chain(headers).collect(),
        query_parameters: query.collect(),
        grpc: grpc.then(GrpcRouteMatchOptions::default),
        ..RouteMatch::default()
    }
}

/// A header whose value must match.
pub(super) fn header_matcher(name: &str, matcher: StringMatcher) -> HeaderMatcher {
    HeaderMatcher {
        name: name.to_owned(),
        header_match_specifier: Some(HeaderMatchSpecifier::StringMatch(matcher)),
        ..HeaderMatcher::default()
    }
}

fn to_string_matcher<N>(value: &ValueMatch<N>) -> StringMatcher {
    match &value.value {
        ValuePattern::Exact(text) => exact(text),
        ValuePattern::Regex(pattern) => matching(pattern),
    }
}
