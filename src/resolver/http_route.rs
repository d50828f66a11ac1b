//! HTTPRoutes: their parents and the backends of every rule.

use crate::diagnostics::Diagnostics;
use crate::hostname::Hostname;
use crate::parser::api::{HttpRouteRule, HttpRouteSpec};
use crate::parser::manifests::Object;
use crate::path;

use super::attachment::{Attacher, RouteParent, RouteView};
use super::backend::{BackendIndex, BackendRefOutcome, BackendReferrer};
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
        hostnames: Some(&hostnames),
    };
    let parents = attacher.attach(view, diagnostics);
    let rules = route.spec.rules.iter().enumerate();
    let outcomes = rules
        .map(|(rule, spec)| {
            (0..spec.backend_refs.len())
                .map(|index| {
                    let from = BackendReferrer {
                        object: route,
                        kind: RouteKind::Http,
                        path: path!["spec", "rules", rule, "backendRefs", index],
                        consequence: share_of(spec, index),
                    };
                    backends.resolve(&from, &spec.backend_refs[index].object(), grants, diagnostics)
                })
                .collect()
        })
        .collect();
    let filters = resolve_filters(route, grants, backends, diagnostics);
    ResolvedHttpRoute { object: route, hostnames, parents, backends: outcomes, filters }
}

fn resolve_filters<'m>(
    route: &'m Object<HttpRouteSpec>,
    grants: &Grants<'m>,
    backends: &mut BackendIndex<'m>,
    diagnostics: &mut Diagnostics,
) -> Vec<FilterRefs> {
    let mut resolver = FilterResolver { object: route, kind: RouteKind::Http, grants, backends };
    let rules = route.spec.rules.iter().enumerate();
    rules
        .map(|(rule, spec)| {
            let mut refs = FilterRefs::default();
            let own = spec.filters.iter().map(FilterReference::of);
            resolver.resolve(rule, None, own, &mut refs, diagnostics);
            for (index, backend) in spec.backend_refs.iter().enumerate() {
                let own = backend.filters.iter().map(FilterReference::of);
                resolver.resolve(rule, Some(index), own, &mut refs, diagnostics);
            }
            refs
        })
        .collect()
}

/// What happens to the traffic of a backend that cannot be used.
fn share_of(rule: &HttpRouteRule, index: usize) -> String {
    let total: u64 = rule.backend_refs.iter().map(|backend| u64::from(backend.weight)).sum();
    let weight = u64::from(rule.backend_refs[index].weight);
    match (weight, total) {
        (0, _) => "none today, since its weight is 0".to_owned(),
        (weight, total) if weight == total => "all requests of this rule get 500".to_owned(),
        (weight, total) => {
            let percent = weight as f64 * 100.0 / total as f64;
            format!("{} % of this rule's requests get 500", (percent * 10.0).round() / 10.0)
        }
    }
}
