//! Which of several routes that match takes a request, as one ordered value
//! ([HTTPRouteRule](https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule)).
//!
//! The hostname comes before all of this; `virtual_host` orders by it.
//! Regular expressions, whose place the specification leaves open, come after
//! exact paths and before prefixes: among themselves the longer one first.

use std::cmp::Reverse;

use crate::ir::{PathMatch, RouteMatch};
use crate::parser::manifests::Metadata;
use crate::resolver::Age;

/// The place of a route among those of one hostname; the smaller one wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Precedence<'m> {
    path: PathClass,
    path_length: Reverse<usize>,
    method: Reverse<bool>,
    headers: Reverse<usize>,
    query: Reverse<usize>,
    age: Age,
    namespace: &'m str,
    name: &'m str,
    rule: usize,
    index: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum PathClass {
    Exact,
    Regex,
    Prefix,
}

impl<'m> Precedence<'m> {
    /// The precedence of match `index` of rule `rule` of a route.
    pub(super) fn new(matches: &RouteMatch, route: &'m Metadata, rule: usize, index: usize) -> Self {
        let RouteMatch { path, method, headers, query } = matches;
        let (class, text) = match path {
            PathMatch::Exact(text) => (PathClass::Exact, text),
            PathMatch::Regex(text) => (PathClass::Regex, text),
            PathMatch::Prefix(text) => (PathClass::Prefix, text),
        };
        Self {
            path: class,
            path_length: Reverse(text.chars().count()),
            method: Reverse(method.is_some()),
            headers: Reverse(headers.len()),
            query: Reverse(query.len()),
            age: Age::of(route),
            namespace: &route.namespace,
            name: &route.name,
            rule,
            index,
        }
    }
}
