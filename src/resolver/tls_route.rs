//! TLSRoutes: their parents and the backends of their rules.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::{Diagnostics, codes};
use crate::hostname::Hostname;
use crate::parser::api::TlsRouteSpec;
use crate::parser::manifests::Object;
use crate::path;

use super::age::Age;
use super::attachment::{Attacher, RouteParent, RouteView};
use super::backend::{BackendIndex, BackendRefOutcome, BackendReferrer};
use super::gateway::ResolvedGateway;
use super::listener::RouteKind;
use super::reference_grant::Grants;
use super::share::describe_share;

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
    let rules = rules.iter().enumerate();
    let outcomes = rules
        .map(|(rule, spec)| {
            let weights: Vec<_> = spec.backend_refs.iter().map(|backend| backend.weight).collect();
            (0..spec.backend_refs.len())
                .map(|index| {
                    let from = BackendReferrer {
                        object: route,
                        kind: RouteKind::Tls,
                        path: path!["spec", "rules", rule, "backendRefs", index],
                        consequence: describe_share(&weights, index, "connections", "are closed"),
                    };
                    backends.resolve(&from, &spec.backend_refs[index].object(), grants, diagnostics)
                })
                .collect()
        })
        .collect();
    ResolvedTlsRoute { object: route, hostnames, parents, backends: outcomes }
}

/// The TLSRoute among `attached` that has a server name: the most specific
/// hostname wins, then the oldest route, then the first by name.
pub fn winner(routes: &[ResolvedTlsRoute<'_>], attached: &BTreeSet<usize>, host: &Hostname) -> Option<usize> {
    let candidates = attached.iter().filter_map(|index| {
        let route = &routes[*index];
        let own = route.hostnames.iter().filter(|own| own.covers(host)).map(Hostname::specificity).max()?;
        Some((Reverse(own), Age::order(&route.object.metadata), *index))
    });
    candidates.min().map(|(_, _, index)| index)
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
        let attached: BTreeSet<usize> =
            listener.attached.iter().filter(|a| a.kind == RouteKind::Tls).map(|a| a.route).collect();
        for route in &attached {
            for (position, own) in routes[*route].hostnames.iter().enumerate() {
                let Some(host) = own.intersection(&listener.hostname) else { continue };
                if let Some(other) = winner(routes, &attached, &host).filter(|other| other != route) {
                    shadowed.entry((*route, position)).or_insert(other);
                }
            }
        }
    }
    for ((route, position), other) in shadowed {
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
                .consequence("connections for this server name do not reach this route")
                .help("remove the hostname from one of the routes"),
        );
    }
}
