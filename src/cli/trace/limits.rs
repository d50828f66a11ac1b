//! Who is asked whether there are too many requests, and who gets them.

use serde::Serialize;

use crate::ir::{Action, ClusterId, RequestRate, Route, SelectedRate, TokenBucket};

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

/// A limit that the proxy counts itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RateView {
    /// How many requests may come at once; `None` for as many as there are, of which none is refused.
    pub(super) requests: Option<u32>,
    /// In how many milliseconds as many may come again.
    pub(super) milliseconds: u64,
    /// Whose they are, in words.
    pub(super) of: &'static str,
}

/// The limits of a route that the proxy counts itself, each once.
pub(super) fn rates(route: Option<&Route>) -> Vec<RateView> {
    let leaves = route.into_iter().flat_map(|route| route.action.leaves());
    let guards = leaves.filter_map(Action::http_filters).map(|filters| &filters.guards);
    let rates = guards.flat_map(|guards| [&guards.early_rate, &guards.rate]).flatten();
    let mut found = Vec::new();
    for RequestRate { bucket, per_connection, is_told: _, selected, is_of_host } in rates.map(|rate| &**rate) {
        let of = match (per_connection, is_of_host, selected.is_empty()) {
            (true, ..) => "of a connection",
            (false, true, _) => "of the rules of this host without a limit of their own, together",
            (false, false, true) => "of this match",
            (false, false, false) => "of this match that nothing else selects",
        };
        found.extend(selected.iter().map(of_selected).chain(bucket.map(|bucket| to_view(bucket, 1, of))));
    }
    let mut known: Vec<RateView> = Vec::new();
    for view in found {
        if !known.contains(&view) {
            known.push(view);
        }
    }
    known
}

fn of_selected(one: &SelectedRate) -> RateView {
    let SelectedRate { asks: _, bucket, cost, is_told: _, is_only_counted } = one;
    let view = to_view(*bucket, *cost, "of this match that a selector of the policy is about");
    RateView { requests: view.requests.filter(|_| !is_only_counted), ..view }
}

fn to_view(TokenBucket { most, fill, interval }: TokenBucket, cost: u32, of: &'static str) -> RateView {
    let milliseconds = interval.as_millis().saturating_mul(u128::from(most)) / u128::from(fill.max(1));
    let milliseconds = u64::try_from(milliseconds).unwrap_or(u64::MAX);
    RateView { requests: most.checked_div(cost), milliseconds, of }
}

/// The scripts that get the requests of a route, each once, in their order: by who says them.
pub(super) fn scripts(route: Option<&Route>) -> Vec<String> {
    let leaves = route.into_iter().flat_map(|route| route.action.leaves());
    let filters = leaves.filter_map(Action::http_filters);
    let mut found: Vec<String> = Vec::new();
    for script in filters.flat_map(|filters| &filters.guards.scripts) {
        let name = format!("{} of {}", script.index, script.of);
        if !found.contains(&name) {
            found.push(name);
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
    pub(super) unanswered: String,
}

/// The servers that get the requests of a route, each once, in their order.
pub(super) fn processors(route: Option<&Route>, named: impl Fn(ClusterId) -> String) -> Vec<ProcessorView> {
    let mut found = Vec::new();
    let leaves = route.into_iter().flat_map(|route| route.action.leaves());
    let filters = leaves.filter_map(Action::http_filters);
    for processor in filters.flat_map(|filters| &filters.guards.processors) {
        let view = ProcessorView {
            server: named(processor.asked()),
            unanswered: match (processor.settings.lets_pass, processor.settings.failure) {
                (true, _) => "the request passes".to_owned(),
                (false, status) => status.unwrap_or(500).to_string(),
            },
        };
        if !found.contains(&view) {
            found.push(view);
        }
    }
    found
}
