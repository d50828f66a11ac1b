//! Conditions in words.

use crate::ir::{HeaderMatch, PathMatch, QueryMatch, RouteMatch, ValueMatch, ValuePattern};
use crate::simulate::Unmet;

/// A match in words.
pub(in super::super) fn describe_match(matches: &RouteMatch) -> String {
    describe(matches, matches.headers.iter().collect(), matches.query.iter().collect())
}

/// A match in words, with its conditions in the order of their names.
pub(in super::super) fn describe_match_in_order(matches: &RouteMatch) -> String {
    fn in_order<N: Ord>(values: &[ValueMatch<N>]) -> Vec<&ValueMatch<N>> {
        let mut values: Vec<_> = values.iter().collect();
        values.sort_by_key(|value| &value.name);
        values
    }
    describe(matches, in_order(&matches.headers), in_order(&matches.query))
}

fn describe(matches: &RouteMatch, headers: Vec<&HeaderMatch>, query: Vec<&QueryMatch>) -> String {
    let RouteMatch { path, method, headers: _, query: _, grpc } = matches;
    let mut words = vec![describe_path(path)];
    words.extend(grpc.then(|| "gRPC".to_owned()));
    words.extend(method.iter().map(|method| format!("method {method}")));
    words.extend(headers.into_iter().map(|header| format!("header {}", describe_value(header))));
    words.extend(query.into_iter().map(|parameter| format!("query parameter {}", describe_value(parameter))));
    words.join(", ")
}

fn describe_path(path: &PathMatch) -> String {
    match path {
        PathMatch::Exact(path) => format!("path {path}"),
        PathMatch::Prefix(prefix) if prefix.is_empty() => "every path".to_owned(),
        PathMatch::Prefix(prefix) => format!("path below {prefix}"),
        PathMatch::Regex(pattern) => format!("path like {pattern}"),
    }
}

fn describe_value<N: std::fmt::Display>(value: &ValueMatch<N>) -> String {
    match &value.value {
        ValuePattern::Exact(text) => format!("{} = {text}", value.name),
        ValuePattern::Regex(pattern) => format!("{} like {pattern}", value.name),
    }
}

pub(super) fn describe_unmet(unmet: &Unmet<'_>) -> String {
    match unmet {
        Unmet::Grpc => "wants a gRPC call".to_owned(),
        Unmet::Path(path) => format!("wants {}", describe_path(path)),
        Unmet::Method(method) => format!("wants method {method}"),
        Unmet::Header(header) => format!("wants header {}", describe_value(header)),
        Unmet::Query(parameter) => format!("wants query parameter {}", describe_value(parameter)),
    }
}
