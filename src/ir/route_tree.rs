//! The routes of a virtual host by what paths begin with: which of many routes a request has to be compared with.
//!
//! A proxy that has a tree takes the routes of the longest key that a path begins with, and of no shorter one. Each key has
//! every route that such a path may take, in order of precedence, so that the first of them is the first of all.

use std::sync::Arc;

use super::{PathMatch, Route};
use crate::re2;

/// How many routes a virtual host has at least that becomes a tree.
pub const FEWEST_IN_TREE: usize = 100;

/// How many times its routes a tree has at most.
pub const MOST_COPIES: usize = 8;

/// The routes of a virtual host by what paths begin with, as positions in its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteTree {
    /// The keys in order, each with the routes of the paths that begin with it and with no longer one.
    pub branches: Vec<(String, Vec<usize>)>,
    /// The routes of all other requests.
    pub rest: Vec<usize>,
}

impl RouteTree {
    /// The tree of a list; `None` where the list is short, and where routes that take any path would stand at too many keys.
    pub fn of(routes: &[Arc<Route>]) -> Option<Self> {
        if routes.len() < FEWEST_IN_TREE {
            return None;
        }
        let mut starts: Vec<(String, usize)> =
            routes.iter().enumerate().map(|(position, route)| (start(&route.matches.path), position)).collect();
        starts.sort_unstable();
        let mut tree = Self { branches: Vec::new(), rest: Vec::new() };
        let (mut left, mut above) = (routes.len() * MOST_COPIES, Vec::<(&str, &[(String, usize)])>::new());
        for same in starts.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((key, _)) = same.first() else { continue };
            above.retain(|(shorter, _)| key.starts_with(shorter));
            above.push((key, same));
            let candidates: usize = above.iter().map(|(_, same)| same.len()).sum();
            left = left.checked_sub(candidates)?;
            let positions = above.iter().flat_map(|(_, same)| same.iter().map(|(_, position)| *position));
            let mut positions: Vec<usize> = positions.filter(|position| may_take(&routes[*position], key)).collect();
            positions.sort_unstable();
            if let Some(last) = positions.iter().position(|position| takes_all(&routes[*position], key)) {
                positions.truncate(last + 1);
            }
            match key.is_empty() {
                true => tree.rest = positions,
                false => tree.branches.push((key.clone(), positions)),
            }
        }
        Some(tree)
    }

    /// How many routes a request is compared with at most.
    pub fn longest(&self) -> usize {
        self.branches.iter().map(|(_, routes)| routes.len()).chain([self.rest.len()]).max().unwrap_or_default()
    }
}

/// What every path that meets a condition begins with.
fn start(path: &PathMatch) -> String {
    match path {
        PathMatch::Exact(path) | PathMatch::Prefix(path) => path.clone(),
        PathMatch::Regex(pattern) => re2::beginning(pattern),
    }
}

/// Whether a route may take a request whose target begins with a key, which begins as its paths do.
fn may_take(route: &Route, key: &str) -> bool {
    match &route.matches.path {
        PathMatch::Exact(path) => ends_at(path, key, "?#"),
        PathMatch::Prefix(path) => path.is_empty() || ends_at(path, key, "/?#"),
        PathMatch::Regex(_) => true,
    }
}

/// Whether a path is the key, or one of these characters follows it there.
fn ends_at(path: &str, key: &str, then: &str) -> bool {
    key.strip_prefix(path).is_some_and(|rest| rest.chars().next().is_none_or(|next| then.contains(next)))
}

/// Whether a route takes every request whose target begins with a key.
fn takes_all(route: &Route, key: &str) -> bool {
    let PathMatch::Prefix(path) = &route.matches.path else { return false };
    route.matches.has_path_only() && key.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
#[path = "route_tree_tests.rs"]
mod tests;
