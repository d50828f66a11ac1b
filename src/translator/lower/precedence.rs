//! Which of several routes that match takes a request, as one ordered value
//! ([HTTPRouteRule](https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule)).
//!
//! The hostname comes before all of this; `virtual_host` orders by it.
//! Regular expressions, whose place the specification leaves open, come after
//! exact paths and before prefixes: among themselves the longer one first. The
//! same holds for the services and methods of GRPCRoutes.

use std::cmp::Reverse;

use crate::ir::{PathMatch, RouteMatch};
use crate::name::{Name, Namespace};
use crate::parser::api::{GrpcMethodMatch, ValueMatchType};
use crate::parser::manifests::Metadata;
use crate::resolver::Age;

/// The place of a route among those of one hostname; the smaller one wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Precedence<'m> {
    rank: MatchRank,
    age: Age,
    namespace: &'m Namespace,
    name: &'m Name,
    rule: usize,
    index: usize,
}

impl<'m> Precedence<'m> {
    /// The precedence of match `index` of rule `rule` of a route.
    pub(super) fn new(rank: MatchRank, route: &'m Metadata, rule: usize, index: usize) -> Self {
        Self { rank, age: Age::of(route), namespace: &route.namespace, name: &route.name, rule, index }
    }
}

/// What a match itself says about its place. Matches of GRPCRoutes take only
/// gRPC calls, so they stand before those of HTTPRoutes, which take all requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MatchRank {
    /// Of a GRPCRoute ([GRPCRouteRule](https://gateway-api.sigs.k8s.io/reference/spec/#grpcrouterule)).
    Grpc {
        /// The characters of the service, more of them first.
        service: (NameClass, Reverse<usize>),
        /// The characters of the method, more of them first.
        method: (NameClass, Reverse<usize>),
        /// The number of headers.
        headers: Reverse<usize>,
    },
    /// Of an HTTPRoute.
    Http {
        /// The kind of the path match.
        path: PathClass,
        /// Its characters, more of them first.
        path_length: Reverse<usize>,
        /// Whether a method is named.
        method: Reverse<bool>,
        /// The number of headers.
        headers: Reverse<usize>,
        /// The number of query parameters.
        query: Reverse<usize>,
    },
}

/// How a path is matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PathClass {
    Exact,
    Regex,
    Prefix,
}

/// How a service or a method is matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NameClass {
    Exact,
    Regex,
    Any,
}

impl MatchRank {
    /// The rank of a match of an HTTPRoute.
    pub(super) fn of_http(matches: &RouteMatch) -> Self {
        let RouteMatch { path, method, headers, query, grpc: _ } = matches;
        let (class, text) = match path {
            PathMatch::Exact(text) => (PathClass::Exact, text),
            PathMatch::Regex(text) => (PathClass::Regex, text),
            PathMatch::Prefix(text) => (PathClass::Prefix, text),
        };
        Self::Http {
            path: class,
            path_length: Reverse(text.chars().count()),
            method: Reverse(method.is_some()),
            headers: Reverse(headers.len()),
            query: Reverse(query.len()),
        }
    }

    /// The rank of a match of a GRPCRoute with this many header conditions.
    pub(super) fn of_grpc(method: Option<&GrpcMethodMatch>, headers: usize) -> Self {
        let class = |text: Option<&String>, match_type| match (text.filter(|text| !text.is_empty()), match_type) {
            (None, _) => (NameClass::Any, Reverse(0)),
            (Some(text), ValueMatchType::Exact) => (NameClass::Exact, Reverse(text.chars().count())),
            (Some(text), ValueMatchType::RegularExpression) => (NameClass::Regex, Reverse(text.chars().count())),
        };
        let (service, method) = match method {
            None => (class(None, ValueMatchType::Exact), class(None, ValueMatchType::Exact)),
            Some(GrpcMethodMatch { match_type, service, method }) => {
                (class(service.as_ref(), *match_type), class(method.as_ref(), *match_type))
            }
        };
        Self::Grpc { service, method, headers: Reverse(headers) }
    }
}

#[cfg(test)]
mod tests {
    use super::MatchRank;
    use crate::http::Method;
    use crate::ir::{PathMatch, RouteMatch};
    use crate::parser::api::{GrpcMethodMatch, ValueMatchType};

    fn grpc(match_type: ValueMatchType, service: &str, method: &str, headers: usize) -> MatchRank {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let method = GrpcMethodMatch { match_type, service: given(service), method: given(method) };
        MatchRank::of_grpc(Some(&method), headers)
    }

    #[test]
    fn calls_are_ranked_by_service_then_method_then_headers() {
        use ValueMatchType::{Exact, RegularExpression};
        let best_first = [
            grpc(Exact, "shop.Cart", "Get", 1),
            grpc(Exact, "shop.Cart", "Get", 0),
            grpc(Exact, "shop.Cart", "", 9),
            grpc(Exact, "shop.Car", "GetAll", 9),
            grpc(RegularExpression, "shop[.].+", "Get", 9),
            grpc(Exact, "", "GetAll", 0),
            grpc(Exact, "", "Get", 9),
            grpc(RegularExpression, "", "Get.*", 9),
            MatchRank::of_grpc(None, 1),
            MatchRank::of_grpc(None, 0),
        ];
        assert!(best_first.is_sorted(), "{best_first:#?}");
    }

    #[test]
    fn every_match_of_calls_stands_before_every_match_of_requests() {
        let matches = RouteMatch {
            path: PathMatch::Exact("/shop.Cart/Get".to_owned()),
            method: Some(Method::Post),
            headers: Vec::new(),
            query: Vec::new(),
            grpc: false,
        };
        assert!(MatchRank::of_grpc(None, 0) < MatchRank::of_http(&matches));
    }
}
