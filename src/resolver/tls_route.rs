//! TLSRoutes: their parents and the backends of their rules.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::diagnostics::{Diagnostics, codes};
use crate::hostname::Hostname;
use crate::parser::api::TlsRouteSpec;
use crate::parser::manifests::Object;
use crate::path;

use super::age::Age;
use super::attachment::{Attacher, RouteParent, RouteView};
use super::backend::{BackendIndex, BackendRefOutcome};
use super::backend_refs::BackendRefResolver;
use super::gateway::ResolvedGateway;
use super::listener::{ResolvedListener, RouteKind};
use super::reference_grant::Grants;

/// A TLSRoute with its references looked up.
#[derive(Debug)]
pub struct ResolvedTlsRoute<'m> {
    /// The route.
    pub object: &'m Object<TlsRouteSpec>,
    /// Its hostnames: the server names that it takes. Without any it takes those of the listener.
    pub hostnames: Vec<Hostname>,
    /// What became of each parentRef that is ours to judge.
    pub parents: Vec<RouteParent>,
    /// For each rule, what became of each backendRef.
    pub backends: Vec<Vec<BackendRefOutcome>>,
}

/// Attaches a TLSRoute and resolves the backends of its rules.
pub(super) fn resolve_tls_route<'m>(
    route: &'m Object<TlsRouteSpec>,
    attacher: &mut Attacher<'_, 'm>,
    grants: &Grants<'m>,
    backends: &mut BackendIndex<'m>,
    diagnostics: &mut Diagnostics,
) -> ResolvedTlsRoute<'m> {
    let TlsRouteSpec { parent_refs, use_default_gateways, hostnames, rules } = &route.spec;
    let hostnames: Vec<_> = if hostnames.is_empty() {
        vec![Hostname::Any]
    } else {
        hostnames.iter().map(|host| Hostname::from_field(Some(host))).collect()
    };
    let view = RouteView {
        object: route,
        kind: RouteKind::Tls,
        parent_refs,
        use_default_gateways: *use_default_gateways,
        hostnames: Some(&hostnames),
    };
    let parents = attacher.attach(view, diagnostics);
    let refs = rules.iter().map(|rule| rule.backend_refs.iter().map(|backend| (backend.weight, backend.object())));
    let outcomes =
        BackendRefResolver { object: route, kind: RouteKind::Tls, grants, backends }.resolve(refs, diagnostics);
    ResolvedTlsRoute { object: route, hostnames, parents, backends: outcomes }
}

/// Which of the TLSRoutes of a listener has a server name: the most specific
/// hostname wins, then the oldest route, then the first by name.
#[derive(Debug)]
pub struct ServerNames<'r>(HashMap<&'r Hostname, usize>);

impl<'r> ServerNames<'r> {
    /// The server names of the TLSRoutes that attached to a listener.
    pub fn of_listener(listener: &ResolvedListener<'_>, routes: &'r [ResolvedTlsRoute<'_>]) -> Self {
        let mut first: HashMap<&Hostname, usize> = HashMap::new();
        let order = |route: usize| Age::order(&routes[route].object.metadata);
        for attachment in listener.attached.iter().filter(|attachment| attachment.kind == RouteKind::Tls) {
            for hostname in &routes[attachment.route].hostnames {
                let other = first.entry(hostname).or_insert(attachment.route);
                if order(attachment.route) < order(*other) {
                    *other = attachment.route;
                }
            }
        }
        Self(first)
    }

    /// The route that has a server name, or all that a wildcard covers and no other hostname does.
    pub fn route(&self, host: &Hostname) -> Option<usize> {
        host.ancestors().find_map(|hostname| self.0.get(&hostname).copied())
    }

    /// The hostnames of the routes, as they are on a listener.
    pub fn hosts(&self, listener: &Hostname) -> BTreeSet<Hostname> {
        self.0.keys().filter_map(|hostname| hostname.intersection(listener)).collect()
    }
}

/// Reports hostnames that another TLSRoute of the same listener has before: a
/// server name has one route.
pub(super) fn report_shadowed(
    gateways: &[ResolvedGateway<'_>],
    routes: &[ResolvedTlsRoute<'_>],
    diagnostics: &mut Diagnostics,
) {
    let mut shadowed: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for listener in gateways.iter().flat_map(|gateway| &gateway.listeners) {
        let names = ServerNames::of_listener(listener, routes);
        for attachment in listener.attached.iter().filter(|attachment| attachment.kind == RouteKind::Tls) {
            let route = attachment.route;
            for (position, own) in routes[route].hostnames.iter().enumerate() {
                let Some(host) = own.intersection(&listener.hostname) else { continue };
                if let Some(other) = names.route(&host).filter(|other| *other != route) {
                    shadowed.entry((route, position)).or_insert(other);
                }
            }
        }
    }
    for ((route, position), other) in shadowed {
        let is_equal = routes[other].hostnames.contains(&routes[route].hostnames[position]);
        let (object, other) = (routes[route].object, routes[other].object);
        let finding = object.finding(
            codes::SHADOWED_SERVER_NAME,
            path!["spec", "hostnames", position],
            format!("TLSRoute `{}` has `{}` before", other.full_name(), routes[route].hostnames[position]),
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
