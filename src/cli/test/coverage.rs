//! Which of the judged rules and matches the cases reached.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::super::trace::{RuleSpot, Tracer};
use crate::analysis::unreached;
use crate::ir::{Route, RouteName};
use crate::translator::lower::Lowered;

/// Rules and matches, counted over what is judged.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Coverage {
    pub(super) rules: Ratio,
    pub(super) matches: Ratio,
    /// The matches that no case reached.
    pub(super) uncovered: Vec<RuleSpot>,
    /// The matches that no request can reach. They are in no number: no case could cover them.
    pub(super) unreachable: Vec<RuleSpot>,
    /// The matches of routes that name no parent: no request gets to them, and they are in no number.
    pub(super) not_served: Vec<RuleSpot>,
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
    /// Compares the routes that took requests with those that are judged. The rules of `--context` are for others
    /// to cover.
    pub(super) fn new(lowered: &Lowered, taken: &BTreeSet<RouteName>, tracer: &Tracer<'_>) -> Self {
        let is_ours = |route: &&Route| !tracer.is_of_context(route.origin);
        let is_taken = |name: &RouteName| taken.contains(name);
        let spots =
            |routes: &BTreeMap<&RouteName, &Route>| routes.values().filter_map(|route| tracer.rule(route)).collect();
        let (mut matches, mut unserved) = (BTreeMap::new(), BTreeMap::new());
        for listener in &lowered.judged().listeners {
            let hosts = listener.http_connections().flat_map(|connection| &connection.virtual_hosts);
            let known: &mut BTreeMap<&RouteName, &Route> =
                if listener.is_unnamed() { &mut unserved } else { &mut matches };
            for route in hosts.flat_map(|host| &host.routes).map(|route| &**route).filter(is_ours) {
                known.entry(&route.name).or_insert(route);
            }
        }
        let lost = unreached(lowered).into_iter().filter(is_ours).filter(|route| !is_taken(&route.name));
        let mut unreachable: BTreeMap<&RouteName, &Route> = lost.map(|route| (&route.name, route)).collect();
        matches.retain(|name, _| !unreachable.contains_key(name));
        unreachable.retain(|name, _| !unserved.contains_key(name));
        let rules_of = |names: &[&RouteName]| {
            let rules = names.iter().map(|name| (&name.route, name.rule));
            rules.collect::<BTreeSet<_>>().len()
        };
        let all: Vec<&RouteName> = matches.keys().copied().collect();
        let reached: Vec<&RouteName> = all.iter().copied().filter(|name| is_taken(name)).collect();
        matches.retain(|name, _| !is_taken(name));
        Self {
            rules: Ratio { covered: rules_of(&reached), total: rules_of(&all) },
            matches: Ratio { covered: reached.len(), total: all.len() },
            uncovered: spots(&matches),
            unreachable: spots(&unreachable),
            not_served: spots(&unserved),
        }
    }
}
