//! Hosts with so many routes that it matters how Envoy looks for that of a request.

use std::collections::BTreeMap;

use crate::diagnostics::{Diagnostics, codes};
use crate::ir::{Config, FEWEST_IN_TREE, MOST_COPIES, Origin, RouteTree};

use super::objects::Objects;
use super::reach::{Host, hosts};

/// From how many routes on a list is told that a tree would spare: Envoy compares a thousand in about 30 microseconds, which is
/// more than all else that it does for a request (docs/performance.md).
const LONG: usize = 1_000;

/// How many times shorter the lists of a tree are at least, to be worth it.
const SHORTER: usize = 10;

/// Reports the host with the most routes of each Gateway listener: whether a tree pays, or cannot be made.
pub(super) fn report(config: &Config, objects: &Objects<'_>, diagnostics: &mut Diagnostics) {
    let is_tree = config.proxy.route_trees;
    let least = if is_tree { FEWEST_IN_TREE } else { LONG };
    let mut longest: BTreeMap<Origin, Host<'_>> = BTreeMap::new();
    for at in hosts(config).filter(|at| at.host.routes.len() >= least) {
        let most = longest.entry(at.host.origin).or_insert(at);
        if most.host.routes.len() < at.host.routes.len() {
            *most = at;
        }
    }
    for (origin, at) in longest {
        let (host, count) = (&at.host.hostname, at.host.routes.len());
        let (message, consequence, help) = match (is_tree, RouteTree::of(&at.host.routes)) {
            (false, Some(tree)) if tree.longest() * SHORTER <= count => (
                format!("the host `{host}` has {count} routes in one list"),
                format!(
                    "it is served as declared; Envoy compares a request with up to {count} routes, one after the other"
                ),
                format!("`--route-table tree` leaves at most {} of them to compare with", tree.longest()),
            ),
            (true, None) => (
                format!("the {count} routes of the host `{host}` stay a list"),
                format!(
                    "it is served as declared; as a tree there would be more than {MOST_COPIES} times as many routes"
                ),
                "give matches a path of their own where any path may meet them, or pass `--route-table list`"
                    .to_owned(),
            ),
            _ => continue,
        };
        if let Some(finding) = objects.finding(codes::LONG_ROUTE_LIST, origin, false, message) {
            diagnostics.report(finding.label("has the host").consequence(consequence).help(help));
        }
    }
}
