//! GRPCRoutes: their parents and the backends of every rule.

use crate::diagnostics::Diagnostics;
use crate::hostname::Hostname;
use crate::parser::api::GrpcRouteSpec;
use crate::parser::manifests::Object;

use super::attachment::{Attacher, RouteParent, RouteView};
use super::backend::{BackendIndex, BackendRefOutcome};
use super::backend_refs::BackendRefResolver;
use super::filter::{FilterReference, FilterRefs, FilterResolver};
use super::listener::RouteKind;
use super::reference_grant::Grants;

/// A GRPCRoute with its references looked up.
#[derive(Debug)]
pub struct ResolvedGrpcRoute<'m> {
    /// The route.
    pub object: &'m Object<GrpcRouteSpec>,
    /// Its hostnames; empty is every host of the listener.
    pub hostnames: Vec<Hostname>,
    /// What became of each parentRef that is ours to judge.
    pub parents: Vec<RouteParent>,
    /// For each rule, what became of each backendRef.
    pub backends: Vec<Vec<BackendRefOutcome>>,
    /// For each rule, what became of the references of its filters.
    pub filters: Vec<FilterRefs>,
}

/// Attaches a GRPCRoute and resolves the backends of its rules.
pub(super) fn resolve_grpc_route<'m>(
    route: &'m Object<GrpcRouteSpec>,
    attacher: &mut Attacher<'_, 'm>,
    grants: &Grants<'m>,
    backends: &mut BackendIndex<'m>,
    diagnostics: &mut Diagnostics,
) -> ResolvedGrpcRoute<'m> {
    let hostnames: Vec<_> = route.spec.hostnames.iter().map(|host| Hostname::from_field(Some(host))).collect();
    let view = RouteView {
        object: route,
        kind: RouteKind::Grpc,
        parent_refs: &route.spec.parent_refs,
        use_default_gateways: route.spec.use_default_gateways,
        hostnames: Some(&hostnames),
    };
    let parents = attacher.attach(view, diagnostics);
    let rules = route.spec.rules.iter();
    let refs = rules.map(|rule| rule.backend_refs.iter().map(|backend| (backend.weight, backend.object())));
    let outcomes =
        BackendRefResolver { object: route, kind: RouteKind::Grpc, grants, backends }.resolve(refs, diagnostics);
    let filters = resolve_filters(route, grants, backends, diagnostics);
    ResolvedGrpcRoute { object: route, hostnames, parents, backends: outcomes, filters }
}

fn resolve_filters<'m>(
    route: &'m Object<GrpcRouteSpec>,
    grants: &Grants<'m>,
    backends: &mut BackendIndex<'m>,
    diagnostics: &mut Diagnostics,
) -> Vec<FilterRefs> {
    let mut resolver = FilterResolver { object: route, kind: RouteKind::Grpc, grants, backends };
    let rules = route.spec.rules.iter().enumerate();
    rules
        .map(|(rule, spec)| {
            let mut refs = FilterRefs::default();
            let own = spec.filters.iter().map(FilterReference::of_grpc);
            resolver.resolve(rule, None, own, &mut refs, diagnostics);
            for (index, backend) in spec.backend_refs.iter().enumerate() {
                let own = backend.filters.iter().map(FilterReference::of_grpc);
                resolver.resolve(rule, Some(index), own, &mut refs, diagnostics);
            }
            refs
        })
        .collect()
}
