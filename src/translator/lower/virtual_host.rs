//! Virtual hosts of one socket: who owns a host, and which routes serve it.
//!
//! A request belongs to the most specific listener whose hostname covers its
//! host, and only that listener's routes serve it ([listener
//! isolation](https://gateway-api.sigs.k8s.io/reference/spec/#listener)). Envoy
//! picks one virtual host and never falls through to another, so the routes of
//! less specific hostnames of the same listener are copied behind the more
//! specific ones, until one of them takes every request.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::hostname::Hostname;
use crate::ir::{Origin, RequestCounter, Route, VirtualHost};
use crate::resolver::RouteId;

use super::precedence::Precedence;

/// A listener with the routes that attached to it.
#[derive(Debug)]
pub(super) struct ListenerRoutes<'m> {
    /// Its hostname.
    pub(super) hostname: &'m Hostname,
    /// Its origin.
    pub(super) origin: Origin,
    /// What is counted of its requests.
    pub(super) counters: Arc<Vec<RequestCounter>>,
    /// The routes by the hostname that their object names.
    levels: HashMap<&'m Hostname, Vec<Candidate<'m>>>,
}

#[derive(Debug)]
struct Candidate<'m> {
    precedence: Precedence<'m>,
    object: RouteId,
    route: Arc<Route>,
}

/// Where routes went: how many were copied into more specific virtual hosts, and which found no place.
#[derive(Debug, Default)]
pub(super) struct Placement {
    /// Copies by route object.
    pub(super) by_route: BTreeMap<RouteId, usize>,
    /// All routes of all virtual hosts.
    pub(super) total: usize,
    /// The routes that a virtual host was to serve and another route left nothing for.
    pub(super) unserved: Vec<Unserved>,
}

/// A route that is left out of a virtual host of its own hostname, because another takes every request.
#[derive(Clone, Debug)]
pub struct Unserved {
    /// The route.
    pub route: Arc<Route>,
    /// The route that takes every request.
    pub taken_by: Arc<Route>,
    /// The hosts.
    pub hostname: Hostname,
    /// The Gateway listener that owns the hosts.
    pub listener: Origin,
}

impl<'m> ListenerRoutes<'m> {
    pub(super) fn new(hostname: &'m Hostname, origin: Origin) -> Self {
        Self { hostname, origin, counters: Arc::default(), levels: HashMap::new() }
    }

    /// Adds routes under one hostname of their object.
    pub(super) fn add(
        &mut self,
        hostname: &'m Hostname,
        object: RouteId,
        routes: impl ExactSizeIterator<Item = (Precedence<'m>, Arc<Route>)>,
    ) {
        let level = self.levels.entry(hostname).or_insert_with(|| Vec::with_capacity(routes.len()));
        level.extend(routes.map(|(precedence, route)| Candidate { precedence, object, route }));
    }

    fn sort(&mut self) {
        for level in self.levels.values_mut() {
            level.sort_by(|a, b| a.precedence.cmp(&b.precedence));
        }
    }

    /// The routes that serve `domain`, in order of precedence.
    fn routes_of(&self, domain: &Hostname, placement: &mut Placement) -> Vec<Arc<Route>> {
        let mut routes: Vec<Arc<Route>> = Vec::new();
        let mut seen = HashSet::new();
        for (level, hostname) in domain.ancestors().enumerate() {
            let Some(candidates) = self.levels.get(&hostname) else { continue };
            for (position, Candidate { object, route, .. }) in candidates.iter().enumerate() {
                if !seen.insert(Arc::as_ptr(route)) {
                    continue;
                }
                routes.push(route.clone());
                if level > 0 {
                    *placement.by_route.entry(*object).or_default() += 1;
                }
                if route.matches.is_unconditional() {
                    placement.total += routes.len();
                    self.leave_out(domain, (level, position), route, &seen, placement);
                    return routes;
                }
            }
        }
        placement.total += routes.len();
        routes
    }

    /// Notes what comes behind a route that takes every request. A virtual host is where a hostname is served first
    /// of all, and where its routes are missed, when it is the hostname itself or the listener's narrower one.
    fn leave_out(
        &self,
        domain: &Hostname,
        (level, position): (usize, usize),
        taken_by: &Arc<Route>,
        seen: &HashSet<*const Route>,
        placement: &mut Placement,
    ) {
        let is_first = |level: usize| level == 0 || domain == self.hostname;
        for (depth, hostname) in domain.ancestors().enumerate().skip(level).take_while(|(depth, _)| is_first(*depth)) {
            let candidates = self.levels.get(&hostname).map(Vec::as_slice).unwrap_or_default();
            let behind = if depth == level { position + 1 } else { 0 };
            let routes = candidates.iter().skip(behind).map(|candidate| &candidate.route);
            placement.unserved.extend(routes.filter(|route| !seen.contains(&Arc::as_ptr(route))).map(|route| {
                Unserved {
                    route: route.clone(),
                    taken_by: taken_by.clone(),
                    hostname: domain.clone(),
                    listener: self.origin,
                }
            }));
        }
    }
}

/// Builds the virtual hosts of listeners that share a socket, most specific
/// first, each with the position of the listener that it belongs to.
pub(super) fn build_virtual_hosts(
    listeners: &mut [ListenerRoutes<'_>],
    placement: &mut Placement,
) -> Vec<(usize, VirtualHost)> {
    listeners.iter_mut().for_each(ListenerRoutes::sort);
    let by_hostname: HashMap<&Hostname, usize> =
        listeners.iter().enumerate().map(|(index, listener)| (listener.hostname, index)).collect();
    let owner = |domain: &Hostname| domain.ancestors().find_map(|hostname| by_hostname.get(&hostname).copied());
    let mut domains: BTreeSet<(Hostname, usize)> = BTreeSet::new();
    for (index, listener) in listeners.iter().enumerate() {
        domains.insert((listener.hostname.clone(), index));
        for domain in listener.levels.keys().filter_map(|hostname| hostname.intersection(listener.hostname)) {
            if owner(&domain) == Some(index) {
                domains.insert((domain, index));
            }
        }
    }
    let hosts = domains.into_iter().filter_map(|(hostname, index)| {
        let listener = &listeners[index];
        let routes = listener.routes_of(&hostname, placement);
        // A host that no virtual host covers gets 404, just as one without routes does.
        let needed = !routes.is_empty() || hostname != Hostname::Any;
        let counters = Arc::clone(&listener.counters);
        needed.then_some((index, VirtualHost { hostname, routes, counters, origin: listener.origin }))
    });
    hosts.collect()
}
