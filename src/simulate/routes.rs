//! The routes of a virtual host, with an index over their paths.
//!
//! The first route in order that matches takes a request. The index yields, in
//! that order, only the routes whose exact path or prefix the request has, and
//! those with a pattern.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ir::{PathMatch, Route};

use super::cors::requested_method;
use super::matching::{Conditions, Subject};

/// The routes of a virtual host.
#[derive(Debug)]
pub(super) struct RouteTable<'c> {
    routes: &'c [Arc<Route>],
    conditions: Vec<Conditions<'c>>,
    exact: HashMap<&'c str, Vec<usize>>,
    prefix: HashMap<&'c str, Vec<usize>>,
    pattern: Vec<usize>,
}

impl<'c> RouteTable<'c> {
    pub(super) fn new(routes: &'c [Arc<Route>]) -> Self {
        let mut table = Self {
            routes,
            conditions: routes.iter().map(|route| Conditions::new(&route.matches)).collect(),
            exact: HashMap::new(),
            prefix: HashMap::new(),
            pattern: Vec::new(),
        };
        for (position, route) in routes.iter().enumerate() {
            match &route.matches.path {
                PathMatch::Exact(path) => table.exact.entry(path).or_default().push(position),
                PathMatch::Prefix(prefix) => table.prefix.entry(prefix).or_default().push(position),
                PathMatch::Regex(_) => table.pattern.push(position),
            }
        }
        table
    }

    /// The route that takes a request.
    pub(super) fn find(&self, subject: &Subject<'_>) -> Option<&'c Route> {
        let mut lists = self.lists(subject.path());
        // A preflight is about a request with another method.
        let asked = requested_method(subject).map(|method| Subject { method, ..subject.clone() });
        loop {
            let first = lists.iter_mut().filter(|list| !list.is_empty()).min_by_key(|list| list[0])?;
            let position = first[0];
            *first = &first[1..];
            let (conditions, route) = (&self.conditions[position], &self.routes[position]);
            let is_about = |asked| route.action.cors().is_some() && conditions.may_meet(asked);
            if conditions.unmet_indexed(subject).is_none() || asked.as_ref().is_some_and(is_about) {
                return Some(route);
            }
        }
    }

    /// Positions of the routes that the path may meet, each list in order.
    fn lists(&self, path: &str) -> Vec<&[usize]> {
        let slashes = path.match_indices('/').map(|(position, _)| &path[..position]);
        let prefixes = slashes.chain([path]).filter_map(|prefix| self.prefix.get(prefix));
        let mut lists: Vec<&[usize]> = prefixes.chain(self.exact.get(path)).map(Vec::as_slice).collect();
        if !path.starts_with('/') {
            lists.extend(self.prefix.get("").map(Vec::as_slice));
        }
        lists.push(&self.pattern);
        lists
    }

    /// Every route with its conditions, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'c Route, &Conditions<'c>)> {
        self.routes.iter().map(|route| &**route).zip(&self.conditions)
    }
}
