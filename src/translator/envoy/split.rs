//! Splits whose parts differ in what only a route can say: path rewrites,
//! redirects, mirrors, authorization.
//!
//! A request has one random number, and every fraction tests it: so the routes
//! of a split carry cumulative fractions, and the last one none.

use envoy_types::pb::envoy::config::route::v3::Route;

use crate::ir::{Action, Branch, Share};

use super::action::to_leaf_routes;
use super::forward::selector_routes;
use super::mirror::Copies;
use super::route_base::RouteBase;

/// The routes of a split.
pub(super) fn to_split_routes(base: RouteBase<'_>, branches: &[Branch]) -> Vec<Route> {
    let mut routes: Vec<Route> = branches.iter().flat_map(|branch| selector_routes(base, &branch.action)).collect();
    let slices = slices(branches);
    let mut reached = 0;
    for (position, (end, action, copies)) in slices.iter().enumerate() {
        let is_last = position + 1 == slices.len();
        // A slice of less than a millionth cannot be expressed.
        if !is_last && *end == reached {
            continue;
        }
        reached = *end;
        let base = RouteBase { up_to: (!is_last).then_some(*end), ..base };
        routes.extend(to_leaf_routes(base, action, *copies));
    }
    routes
}

/// What is done up to which millionth. A mirror of a share would test the same
/// random number as the split: its branch is cut, and each slice copies
/// everything or nothing.
fn slices(branches: &[Branch]) -> Vec<(u32, &Action, Copies)> {
    let sum: u64 = branches.iter().map(|branch| u64::from(branch.weight)).sum();
    let mut before = 0;
    let mut slices = Vec::new();
    for Branch { weight, action, origin: _ } in branches.iter().filter(|branch| branch.weight > 0) {
        let weight = u64::from(*weight);
        for share in cuts(action) {
            let parts = before * u64::from(Share::PARTS) + weight * u64::from(share.parts());
            let end = Share::ratio(parts, sum * u64::from(Share::PARTS));
            slices.push((end.parts(), action, Copies::OfAll(share)));
        }
        before += weight;
    }
    slices
}

/// The shares of the mirrors of an action, ascending, and everything as the last.
fn cuts(action: &Action) -> Vec<Share> {
    let mut cuts = vec![Share::ALL];
    if let Action::Forward(forward) = action {
        cuts.extend(forward.mirrors.iter().map(|mirror| mirror.share));
    }
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}
