//! TLSRoutes: their parents and the backends of their rules.

use crate::diagnostics::Diagnostics;
use crate::hostname::Hostname;
use crate::parser::api::TlsRouteSpec;
use crate::parser::manifests::Object;
use crate::path;

use super::attachment::{Attacher, RouteParent, RouteView};
use super::backend::{BackendIndex, BackendRefOutcome, BackendReferrer};
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
