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
    let rules = route.spec.rules.iter().map(|rule| {
        let of_backends = rule.backend_refs.iter().map(|backend| backend.filters.iter().map(FilterReference::of_grpc));
        (rule.filters.iter().map(FilterReference::of_grpc), of_backends)
    });
    let filters = FilterResolver { object: route, kind: RouteKind::Grpc, grants, backends }.resolve(rules, diagnostics);
    ResolvedGrpcRoute { object: route, hostnames, parents, backends: outcomes, filters }
}
