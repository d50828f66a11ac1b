//! HTTPRoutes: their parents and the backends of every rule.

use crate::diagnostics::Diagnostics;
use crate::hostname::Hostname;
use crate::parser::api::HttpRouteSpec;
use crate::parser::manifests::Object;

use super::attachment::{Attacher, RouteParent, RouteView};
use super::backend::{BackendIndex, BackendRefOutcome};
use super::backend_refs::BackendRefResolver;
use super::filter::{FilterReference, FilterRefs, FilterResolver};
use super::listener::RouteKind;
use super::reference_grant::Grants;

/// An HTTPRoute with its references looked up.
#[derive(Debug)]
pub struct ResolvedHttpRoute<'m> {
    /// The route.
    pub object: &'m Object<HttpRouteSpec>,
    /// Its hostnames; empty is every host of the listener.
    pub hostnames: Vec<Hostname>,
    /// What became of each parentRef that is ours to judge.
    pub parents: Vec<RouteParent>,
    /// For each rule, what became of each backendRef.
    pub backends: Vec<Vec<BackendRefOutcome>>,
    /// For each rule, what became of the references of its filters.
    pub filters: Vec<FilterRefs>,
}

/// Attaches an HTTPRoute and resolves the backends of its rules.
pub(super) fn resolve_http_route<'m>(
    route: &'m Object<HttpRouteSpec>,
    attacher: &mut Attacher<'_, 'm>,
    grants: &Grants<'m>,
    backends: &mut BackendIndex<'m>,
    diagnostics: &mut Diagnostics,
) -> ResolvedHttpRoute<'m> {
    let hostnames: Vec<_> = route.spec.hostnames.iter().map(|host| Hostname::from_field(Some(host))).collect();
    let view = RouteView {
        object: route,
        kind: RouteKind::Http,
        parent_refs: &route.spec.parent_refs,
        use_default_gateways: route.spec.use_default_gateways,
        hostnames: Some(&hostnames),
    };
    let parents = attacher.attach(view, diagnostics);
    let rules = route.spec.rules.iter();
    let refs = rules.map(|rule| rule.backend_refs.iter().map(|backend| (backend.weight, backend.object())));
    let outcomes =
        BackendRefResolver { object: route, kind: RouteKind::Http, grants, backends }.resolve(refs, diagnostics);
    let rules = route.spec.rules.iter().map(|rule| {
        let of_backends = rule.backend_refs.iter().map(|backend| backend.filters.iter().map(FilterReference::of_http));
        (rule.filters.iter().map(FilterReference::of_http), of_backends)
    });
    let filters = FilterResolver { object: route, kind: RouteKind::Http, grants, backends }.resolve(rules, diagnostics);
    ResolvedHttpRoute { object: route, hostnames, parents, backends: outcomes, filters }
}
