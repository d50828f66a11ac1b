//! Splits whose parts differ in what only a route can say: path rewrites,
//! redirects, mirrors, authorization.
//!
//! A request has one random number, and every fraction tests it: so the routes
//! of a split carry cumulative fractions, and the last one none.

use std::borrow::Cow;

use envoy_types::pb::envoy::config::route::v3::Route;

use crate::hostname::Hostname;
use crate::ir::{self, Action, Branch, Share};

use super::action::to_leaf_routes;
use super::forward::selector_routes;
use super::mirror::fraction;

/// The routes of a split.
pub(super) fn to_split_routes(base: &Route, branches: &[Branch], host: &Hostname, config: &ir::Config) -> Vec<Route> {
    let mut routes: Vec<Route> =
        branches.iter().flat_map(|branch| selector_routes(base, &branch.action, config)).collect();
    let slices = slices(branches);
    let mut reached = 0;
    for (position, (end, action)) in slices.iter().enumerate() {
        let mut base = base.clone();
        let is_last = position + 1 == slices.len();
        if let (Some(matches), false) = (&mut base.r#match, is_last) {
            // A slice of less than a millionth cannot be expressed.
            if *end == reached {
                continue;
            }
            matches.runtime_fraction = Some(fraction(*end));
        }
        reached = *end;
        routes.extend(to_leaf_routes(base, action, host, config));
    }
    routes
}

/// What is done up to which millionth. A mirror of a share would test the same
/// random number as the split: its branch is cut, and each slice copies
/// everything or nothing.
fn slices(branches: &[Branch]) -> Vec<(u32, Cow<'_, Action>)> {
    let sum: u64 = branches.iter().map(|branch| u64::from(branch.weight)).sum();
    let mut before = 0;
    let mut slices = Vec::new();
    for Branch { weight, action, origin: _ } in branches.iter().filter(|branch| branch.weight > 0) {
        let weight = u64::from(*weight);
        for share in cuts(action) {
            let parts = before * u64::from(Share::PARTS) + weight * u64::from(share.parts());
            let end = Share::ratio(parts, sum * u64::from(Share::PARTS));
            slices.push((end.parts(), up_to(action, share)));
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

/// The action for the requests up to `share` of it.
fn up_to(action: &Action, share: Share) -> Cow<'_, Action> {
    match action {
        Action::Forward(forward) if !forward.mirrors.is_empty() => {
            let mut forward = forward.clone();
            forward.mirrors.retain(|mirror| mirror.share >= share);
            forward.mirrors.iter_mut().for_each(|mirror| mirror.share = Share::ALL);
            Cow::Owned(Action::Forward(forward))
        }
        other => Cow::Borrowed(other),
    }
}
