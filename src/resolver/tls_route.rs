//! Which server names of a listener belong to which of its TLSRoutes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::diagnostics::{Diagnostics, ObjectPart, codes};
use crate::hostname::Hostname;
use crate::parser::route::RouteKind;
use crate::path;

use super::age::Age;
use super::gateway::ResolvedGateway;
use super::listener::ResolvedListener;
use super::route::Routes;
use super::route_id::RouteId;

/// Which of the TLSRoutes of a listener has a server name: the most specific
/// hostname wins, then the oldest route, then the first by name.
#[derive(Debug)]
pub struct ServerNames<'r>(HashMap<&'r Hostname, RouteId>);

impl<'r> ServerNames<'r> {
    /// The server names of the TLSRoutes that attached to a listener.
    pub fn of_listener(listener: &ResolvedListener<'_>, routes: &'r Routes<'_>) -> Self {
        let mut first: HashMap<&Hostname, RouteId> = HashMap::new();
        let order = |route: RouteId| Age::order(&routes.get(route).object().metadata);
        for route in routes.of_kind(&listener.attached, RouteKind::Tls) {
            for hostname in &routes.get(route).hostnames {
                let other = first.entry(hostname).or_insert(route);
                if order(route) < order(*other) {
                    *other = route;
                }
            }
        }
        Self(first)
    }

    /// The route that has a server name, or all that a wildcard covers and no other hostname does.
    pub fn route(&self, host: &Hostname) -> Option<RouteId> {
        host.ancestors().find_map(|hostname| self.0.get(&hostname).copied())
    }

    /// The hostnames of the routes, as they are on a listener.
    pub fn hosts(&self, listener: &Hostname) -> BTreeSet<Hostname> {
        self.0.keys().filter_map(|hostname| hostname.intersection(listener)).collect()
    }
}

/// Reports hostnames that another TLSRoute of the same listener has before: a
/// server name has one route.
pub(super) fn report_shadowed(gateways: &[ResolvedGateway<'_>], routes: &Routes<'_>, diagnostics: &mut Diagnostics) {
    let mut shadowed: BTreeMap<(RouteId, usize), RouteId> = BTreeMap::new();
    for listener in gateways.iter().flat_map(|gateway| &gateway.listeners) {
        let names = ServerNames::of_listener(listener, routes);
        for route in routes.of_kind(&listener.attached, RouteKind::Tls) {
            for (position, own) in routes.get(route).hostnames.iter().enumerate() {
                let Some(host) = own.intersection(&listener.hostname) else { continue };
                if let Some(other) = names.route(&host).filter(|other| *other != route) {
                    shadowed.entry((route, position)).or_insert(other);
                }
            }
        }
    }
    for ((route, position), other) in shadowed {
        let (route, other) = (routes.get(route), routes.get(other));
        let is_equal = other.hostnames.contains(&route.hostnames[position]);
        let (object, other) = (route.object(), other.object());
        let finding = object.finding(
            codes::SHADOWED_SERVER_NAME,
            ObjectPart::Hostname(position),
            format!("TLSRoute `{}` has `{}` before", other.full_name(), route.hostnames[position]),
        );
        diagnostics.report(
            finding
                .related(
                    other.at(&path!["spec", "hostnames"]),
                    "the route that has it: more specific, older, or first by name",
                )
                .by_age(is_equal && Age::is_open(&object.metadata, &other.metadata))
                .consequence("connections for this server name do not reach this route")
                .help("remove the hostname from one of the routes"),
        );
    }
}
