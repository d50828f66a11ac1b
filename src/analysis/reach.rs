//! Which routes get no request at all, and which two routes want the same ones.
//!
//! Judged on what really runs: the ordered routes of each virtual host. A route
//! object may be served by several of them; a match counts as reached when one
//! of them leaves it a request. A match is judged where its hostname is served
//! first of all: what takes its requests there does so for every narrower host.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::ir::{Config, FilterChain, Handler, Listener, ObjectName, Origin, Route, RouteMatch, VirtualHost};
use crate::translator::lower::{Lowered, Unserved};

use super::cover::{Earlier, Patterns, Rest};

/// A virtual host with the way to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Host<'c> {
    pub(super) listener: &'c Listener,
    pub(super) chain: &'c FilterChain,
    pub(super) host: &'c VirtualHost,
}

/// A route that gets nothing from a virtual host.
#[derive(Clone, Debug)]
pub(super) struct Loss<'c> {
    pub(super) route: &'c Route,
    pub(super) at: Host<'c>,
    /// Who takes its requests; nobody when no request can meet its match.
    pub(super) takers: Vec<&'c Route>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Reach<'c> {
    /// The matches that get nothing anywhere, by their origin.
    pub(super) lost: BTreeMap<Origin, Loss<'c>>,
    /// The matches of different objects that are equal on some host, the later one by its origin and that of the
    /// earlier one.
    pub(super) equal: BTreeMap<(Origin, Origin), Loss<'c>>,
    /// The rules that were looked at.
    pub(super) rules: HashSet<RuleKey<'c>>,
}

/// Every virtual host of a configuration.
pub(super) fn hosts(config: &Config) -> impl Iterator<Item = Host<'_>> {
    config.listeners.iter().flat_map(|listener| {
        listener.chains().iter().flat_map(move |chain| {
            let hosts: &[VirtualHost] = match &chain.handler {
                Handler::Http(connection) => &connection.virtual_hosts,
                Handler::Tcp(_) | Handler::Close => &[],
            };
            hosts.iter().map(move |host| Host { listener, chain, host })
        })
    })
}

/// Looks at every virtual host.
pub(super) fn reach(lowered: &Lowered) -> Reach<'_> {
    let mut unserved: HashMap<_, Vec<&Unserved>> = HashMap::new();
    for one in &lowered.unserved {
        unserved.entry((one.listener, &one.hostname)).or_default().push(one);
    }
    let mut walk = Walk { reach: Reach::default(), reached: HashSet::new(), patterns: Patterns::default() };
    for at in hosts(lowered.judged()) {
        walk.look_at(at);
        for one in unserved.remove(&(at.host.origin, &at.host.hostname)).unwrap_or_default() {
            walk.note_unserved(at, one);
        }
    }
    let Walk { mut reach, reached, patterns: _ } = walk;
    reach.lost.retain(|origin, _| !reached.contains(origin));
    reach
}

/// The routes that no request reaches: others take all that they match.
pub(crate) fn unreached(lowered: &Lowered) -> Vec<&Route> {
    reach(lowered).lost.into_values().map(|loss| loss.route).collect()
}

/// A rule: the kind, the namespace and the name of its object, and its number.
pub(super) type RuleKey<'c> = (&'static str, &'c str, &'c str, usize);

/// The rule of a route.
pub(super) fn rule_key(route: &Route) -> RuleKey<'_> {
    let ObjectName { kind, namespace, name } = &*route.name.route;
    (kind, namespace, name, route.name.rule)
}

/// The matches that are served, or should be, of some rules.
pub(super) fn matches_of<'c>(
    lowered: &'c Lowered,
    wanted: impl Fn(&RuleKey<'c>) -> bool,
) -> HashMap<RuleKey<'c>, BTreeSet<Origin>> {
    let mut found: HashMap<RuleKey<'c>, BTreeSet<Origin>> = HashMap::new();
    let served = hosts(lowered.judged()).flat_map(|at| &at.host.routes);
    for route in served.chain(lowered.unserved.iter().map(|one| &one.route)) {
        let key = rule_key(route);
        if wanted(&key) {
            found.entry(key).or_default().insert(route.origin);
        }
    }
    found
}

struct Walk<'c> {
    reach: Reach<'c>,
    reached: HashSet<Origin>,
    patterns: Patterns<'c>,
}

impl<'c> Walk<'c> {
    fn look_at(&mut self, at: Host<'c>) {
        let mut equals: HashMap<&RouteMatch, &'c Arc<Route>> = HashMap::with_capacity(at.host.routes.len());
        let mut earlier = Earlier::new(&mut self.patterns, (at.chain.path_rules(), at.chain.clients()));
        for route in &at.host.routes {
            self.reach.rules.insert(rule_key(route));
            let first = *equals.entry(&*route.matches).or_insert(route);
            if !is_same_object(first, route) {
                let loss = Loss { route, at, takers: vec![first] };
                self.reach.equal.entry((route.origin, first.origin)).or_insert(loss);
            }
            if self.reached.contains(&route.origin) {
                earlier.add(route);
                continue;
            }
            let takers = match earlier.rest(route) {
                Rest::Some => {
                    self.reached.insert(route.origin);
                    earlier.add(route);
                    continue;
                }
                Rest::Taken(takers) => takers.into_iter().filter_map(|position| earlier.route(position)).collect(),
                Rest::Impossible => Vec::new(),
            };
            self.reach.lost.entry(route.origin).or_insert(Loss { route, at, takers });
        }
    }

    fn note_unserved(&mut self, at: Host<'c>, Unserved { route, taken_by, hostname: _, listener: _ }: &'c Unserved) {
        self.reach.rules.insert(rule_key(route));
        let loss = || Loss { route, at, takers: vec![taken_by] };
        if route.matches == taken_by.matches && !is_same_object(taken_by, route) {
            self.reach.equal.entry((route.origin, taken_by.origin)).or_insert_with(loss);
        }
        if !self.reached.contains(&route.origin) {
            self.reach.lost.entry(route.origin).or_insert_with(loss);
        }
    }
}

/// Whether two routes come from one object.
pub(super) fn is_same_object(one: &Route, other: &Route) -> bool {
    one.name.route == other.name.route
}
