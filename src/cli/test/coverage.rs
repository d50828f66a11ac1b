//! Which of the judged rules and matches the cases reached.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::super::trace::{RuleSpot, Tracer};
use crate::ir::{Config, Route, RouteName};

/// Rules and matches, counted over what is judged.
#[derive(Debug, Serialize)]
pub(super) struct Coverage {
    pub(super) rules: Ratio,
    pub(super) matches: Ratio,
    /// The matches that no case reached.
    pub(super) uncovered: Vec<RuleSpot>,
}

/// Some of all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ratio {
    pub(super) covered: usize,
    pub(super) total: usize,
}

impl Ratio {
    /// In percent; `None` where there is nothing to cover.
    #[expect(clippy::cast_precision_loss, reason = "counts of rules are small")]
    pub(super) fn percent(self) -> Option<f64> {
        (self.total > 0).then(|| self.covered as f64 * 100.0 / self.total as f64)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { covered, total } = self;
        write!(f, "{covered} of {total}")
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut ratio = serializer.serialize_struct("Ratio", 3)?;
        ratio.serialize_field("covered", &self.covered)?;
        ratio.serialize_field("total", &self.total)?;
        ratio.serialize_field("percent", &self.percent())?;
        ratio.end()
    }
}

impl Coverage {
    /// Compares the routes that took requests with those of the configuration. The rules of `--context` are for others
    /// to cover.
    pub(super) fn new(config: &Config, taken: &BTreeSet<RouteName>, tracer: &Tracer<'_>) -> Self {
        let mut matches: BTreeMap<&RouteName, &Route> = BTreeMap::new();
        for connection in config.listeners.iter().flat_map(crate::ir::Listener::http_connections) {
            let routes = connection.virtual_hosts.iter().flat_map(|host| &host.routes);
            for route in routes.filter(|route| !tracer.is_of_context(route.origin)) {
                matches.entry(&route.name).or_insert(route);
            }
        }
        let rule = |name: &RouteName| (name.kind, name.namespace.clone(), name.name.clone(), name.rule);
        let rules: BTreeSet<_> = matches.keys().map(|name| rule(name)).collect();
        let is_taken = |name: &RouteName| taken.contains(name);
        let reached: BTreeSet<_> = matches.keys().filter(|name| is_taken(name)).map(|name| rule(name)).collect();
        let missed = matches.iter().filter(|(name, _)| !is_taken(name));
        Self {
            rules: Ratio { covered: reached.len(), total: rules.len() },
            matches: Ratio { covered: matches.keys().filter(|name| is_taken(name)).count(), total: matches.len() },
            uncovered: missed.filter_map(|(_, route)| tracer.rule(route)).collect(),
        }
    }
}
