//! Who is asked whether there are too many requests, and who gets them.

use serde::Serialize;

use crate::ir::{Action, ClusterId, Route};

/// A server that counts the requests of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LimitView {
    /// The server.
    pub(super) server: String,
    /// What becomes of requests that it does not answer, in words.
    pub(super) unanswered: &'static str,
}

/// The servers of a route, each once.
pub(super) fn limits(route: Option<&Route>, named: impl Fn(ClusterId) -> String) -> Vec<LimitView> {
    let mut found = Vec::new();
    let leaves = route.into_iter().flat_map(|route| route.action.leaves());
    let guards = leaves.filter_map(Action::http_filters).map(|filters| &filters.guards);
    for limits in guards.flat_map(|guards| guards.limits()) {
        let view = LimitView {
            server: named(limits.server.cluster),
            unanswered: if limits.server.lets_pass { "the request passes" } else { "500" },
        };
        if !found.contains(&view) {
            found.push(view);
        }
    }
    found
}

/// A server that the requests of a rule are handed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProcessorView {
    /// The server.
    pub(super) server: String,
    /// What becomes of requests that it does not answer, in words.
    pub(super) unanswered: &'static str,
}

/// The servers that get the requests of a route, each once, in their order.
pub(super) fn processors(route: Option<&Route>, named: impl Fn(ClusterId) -> String) -> Vec<ProcessorView> {
    let mut found = Vec::new();
    let leaves = route.into_iter().flat_map(|route| route.action.leaves());
    let filters = leaves.filter_map(Action::http_filters);
    for processor in filters.flat_map(|filters| &filters.guards.processors) {
        let view = ProcessorView {
            server: named(processor.asked()),
            unanswered: if processor.settings.lets_pass { "the request passes" } else { "500" },
        };
        if !found.contains(&view) {
            found.push(view);
        }
    }
    found
}
