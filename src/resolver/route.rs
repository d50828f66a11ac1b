//! Routes with their references looked up. A rule owns its parts: its filters
//! with what they refer to, its backends with what became of each reference,
//! and the session that holds for it, its own or a policy's.

use crate::diagnostics::{Diagnostics, ObjectPart, ObjectRef, PartPath, Reported};
use crate::hostname::Hostname;
use crate::parser::api::{
    HttpRouteRetry, HttpRouteTimeouts, RouteOption, SessionPersistence, XBackendTrafficPolicySpec,
};
use crate::parser::manifests::{Object, ObjectHead};
use crate::parser::route::{Filter, Matches, Route, RouteKind, Rule, RuleBackend};
use typed_index_collections::TiVec;

use super::attachment::{Attacher, RouteParent};
use super::backend::{BackendIndex, BackendRefOutcome, BackendReferrer};
use super::consequence::Consequence;
use super::effective::Effective;
use super::http_route_filter::{RouteFilter, RouteFilters};
use super::listener::ListenerId;
use super::reference_grant::Grants;
use super::route_id::RouteId;
use super::route_option::{RouteOptions, RuleOptions};
use super::shadowing::{ShadowGrants, Shadows};
use super::traffic_policy::TrafficPolicies;

/// The routes of all kinds, by kind, namespace and name.
#[derive(Debug, Default)]
pub struct Routes<'m>(TiVec<RouteId, ResolvedRoute<'m>>);

impl<'m> Routes<'m> {
    /// The route of an id.
    pub fn get(&self, id: RouteId) -> &ResolvedRoute<'m> {
        &self.0[id]
    }

    /// The route of an object.
    pub fn find(&self, object: &ObjectRef) -> Option<&ResolvedRoute<'m>> {
        let key = (RouteKind::named(&object.kind)?, (&object.namespace, &object.name));
        let place = self.0.binary_search_by_key(&key, |route| (route.kind(), route.object().metadata.sort_key()));
        place.ok().map(|place| &self.0[place])
    }

    /// All routes.
    pub fn iter(&self) -> impl Iterator<Item = &ResolvedRoute<'m>> {
        self.0.iter()
    }

    /// All routes with their ids.
    pub fn with_ids(&self) -> impl Iterator<Item = (RouteId, &ResolvedRoute<'m>)> {
        self.0.iter_enumerated()
    }

    /// Adds a parent to a route.
    pub(super) fn add_parent(&mut self, id: RouteId, parent: RouteParent) {
        self.0[id].parents.push(parent);
    }

    /// The routes of the given ids that are of a kind.
    pub fn of_kind<'r>(&'r self, ids: &'r [RouteId], kind: RouteKind) -> impl Iterator<Item = RouteId> + use<'r, 'm> {
        ids.iter().copied().filter(move |id| self.get(*id).kind() == kind)
    }
}

/// A route with its references looked up.
#[derive(Debug)]
pub struct ResolvedRoute<'m> {
    /// What is declared.
    pub declared: Route<'m>,
    /// Its hostnames; empty is every host of the listener, and a TLSRoute without any has the one that stands for all.
    pub hostnames: Vec<Hostname>,
    /// What became of each parentRef that is ours to judge.
    pub parents: Vec<RouteParent>,
    /// Its rules.
    pub rules: Vec<ResolvedRule<'m>>,
}

impl<'m> ResolvedRoute<'m> {
    /// The object.
    pub fn object(&self) -> &'m ObjectHead {
        self.declared.object
    }

    /// The kind.
    pub fn kind(&self) -> RouteKind {
        self.declared.kind
    }

    /// The listeners that the route attached to, through whichever parent.
    pub fn listeners(&self) -> impl Iterator<Item = ListenerId> {
        self.parents.iter().flat_map(|parent| parent.listeners.iter().copied())
    }
}

/// A rule with its parts.
#[derive(Debug)]
pub struct ResolvedRule<'m> {
    /// Its position in `spec.rules`.
    pub index: usize,
    /// Its conditions.
    pub matches: Matches<'m>,
    /// Whether all of it could be decoded: nobody knows what another one matches.
    pub is_decoded: bool,
    /// Its filters.
    pub filters: Vec<ResolvedFilter<'m>>,
    /// Its backends.
    pub backends: Vec<ResolvedBackend<'m>>,
    /// The limits of an HTTPRoute rule.
    pub timeouts: Option<&'m HttpRouteTimeouts>,
    /// The retries of an HTTPRoute rule.
    pub retry: Option<&'m HttpRouteRetry>,
    /// What policies say about it.
    pub options: RuleOptions<'m>,
    /// The session that holds for it.
    pub session: Option<RuleSession<'m>>,
}

impl<'m> ResolvedRule<'m> {
    /// Whether a request may be sent again. One that has a session is: its endpoint may be gone.
    pub fn is_retried(&self) -> bool {
        self.retry.is_some() || self.session.is_some() || self.options.retry()
    }

    /// Whether a backend of the rule gets something: where there are sessions also one that has lost its share, for
    /// those that it has.
    pub fn uses(&self, backend: &ResolvedBackend<'_>) -> bool {
        backend.weight > 0 || self.session.is_some()
    }

    /// The filters of the rule and of its backends.
    pub fn all_filters(&self) -> impl Iterator<Item = &ResolvedFilter<'m>> {
        self.filters.iter().chain(self.backends.iter().flat_map(|backend| &backend.filters))
    }
}

/// A filter, and what became of the backend that it refers to.
#[derive(Clone, Copy, Debug)]
pub struct ResolvedFilter<'m> {
    /// The filter.
    pub filter: Filter<'m>,
    /// The backend; `None` when the filter refers to none.
    pub outcome: Option<BackendRefOutcome>,
    /// For a filter that names a policy that gwctl reads: what became of the reference. What the policy says is among
    /// the options of the rule.
    pub extension: Option<Result<(), Reported>>,
    /// The HTTPRouteFilter that it names, which counts where it stands in the list.
    pub route_filter: Option<RouteFilter<'m>>,
}

/// A backend of a rule.
#[derive(Debug)]
pub struct ResolvedBackend<'m> {
    /// Its share, relative to the other backends.
    pub weight: u32,
    /// What became of the reference.
    pub outcome: BackendRefOutcome,
    /// Its own filters.
    pub filters: Vec<ResolvedFilter<'m>>,
}

/// Where the session of a rule is declared.
#[derive(Clone, Copy, Debug)]
pub enum RuleSession<'m> {
    /// In the rule.
    OfRule(&'m SessionPersistence),
    /// In the policy of a backend, which counts for rules that declare none.
    OfPolicy(&'m Object<XBackendTrafficPolicySpec>, &'m SessionPersistence),
}

/// Attaches routes and looks up what their rules refer to.
pub(super) struct RouteResolver<'r, 'a, 'm> {
    /// `None` where routes are looked at as those of Services: they are attached to no listener, and have no hostnames.
    pub(super) attacher: Option<&'r mut Attacher<'a, 'm>>,
    pub(super) grants: &'r Grants<'m>,
    /// As if every reference were granted: those of a mesh need no grants.
    pub(super) all_granted: &'r Grants<'m>,
    pub(super) backends: &'r mut BackendIndex<'m>,
    pub(super) policies: &'r TrafficPolicies<'m>,
    pub(super) options: &'r mut RouteOptions<'m>,
    pub(super) route_filters: &'r RouteFilters<'m>,
    /// Who gets the copies that options ask for.
    pub(super) shadows: Shadows<'m>,
}

impl<'r, 'm> RouteResolver<'r, '_, 'm> {
    /// Resolves the routes of all kinds.
    pub(super) fn resolve(&mut self, mut declared: Vec<Route<'m>>, diagnostics: &mut Diagnostics) -> Routes<'m> {
        declared.sort_by_key(|route| (route.kind, route.object.metadata.sort_key()));
        let routes = (0..).map(RouteId).zip(declared);
        Routes(routes.map(|(id, route)| self.resolve_route(id, route, diagnostics)).collect())
    }

    fn resolve_route(&mut self, id: RouteId, declared: Route<'m>, diagnostics: &mut Diagnostics) -> ResolvedRoute<'m> {
        let hostnames: Vec<_> = match declared.kind {
            RouteKind::Tls if declared.hostnames.is_empty() => vec![Hostname::Any],
            RouteKind::Http | RouteKind::Grpc if self.attacher.is_none() => Vec::new(),
            _ => declared.hostnames.iter().map(|host| Hostname::from_field(Some(host))).collect(),
        };
        let parents = match &mut self.attacher {
            Some(attacher) => attacher.attach(id, (&declared, &hostnames), diagnostics),
            None => Vec::new(),
        };
        let rules = declared.rules().map(|rule| self.resolve_rule(&declared, rule, diagnostics)).collect();
        ResolvedRoute { declared, hostnames, parents, rules }
    }

    fn resolve_rule(&mut self, route: &Route<'m>, rule: Rule<'m>, diagnostics: &mut Diagnostics) -> ResolvedRule<'m> {
        let Rule { index, matches, filters, backends, timeouts, retry, session_persistence } = rule;
        let outcomes = self.resolve_backends(route, index, &backends, diagnostics);
        let (filters, options) = self.resolve_rule_filters(route, index, filters, diagnostics);
        let mut resolved = Vec::with_capacity(backends.len());
        for (position, (backend, outcome)) in backends.into_iter().zip(outcomes).enumerate() {
            let filters = self.resolve_filters(route, (index, Some(position)), backend.filters, diagnostics);
            resolved.push(ResolvedBackend { weight: backend.weight, outcome, filters });
        }
        let own = session_persistence.map(RuleSession::OfRule);
        let session = own.or_else(|| self.policy_session(route.kind, &resolved));
        let is_decoded = route.object.has_rule(index);
        ResolvedRule { index, matches, is_decoded, filters, backends: resolved, timeouts, retry, options, session }
    }

    fn resolve_backends(
        &mut self,
        route: &Route<'m>,
        rule: usize,
        backends: &[RuleBackend<'m>],
        diagnostics: &mut Diagnostics,
    ) -> Vec<BackendRefOutcome> {
        let grants = self.grants_of(route);
        let (requests, answer) = lost_share(route.kind);
        let weights: Vec<u32> = backends.iter().map(|backend| backend.weight).collect();
        let resolve = |(index, backend): (usize, &RuleBackend<'m>)| {
            let from = BackendReferrer {
                through: None,
                object: route.object,
                kind: route.kind,
                path: ObjectPart::Backend { rule, index }.into(),
                consequence: Consequence::Share { weights: &weights, index, requests, answer },
            };
            self.backends.resolve(&from, backend.reference, grants, diagnostics)
        };
        backends.iter().enumerate().map(resolve).collect()
    }

    /// Resolves the filters of a rule, and what policies say about it: those that its filters name, and others.
    fn resolve_rule_filters(
        &mut self,
        route: &Route<'m>,
        rule: usize,
        filters: Vec<Filter<'m>>,
        diagnostics: &mut Diagnostics,
    ) -> (Vec<ResolvedFilter<'m>>, RuleOptions<'m>) {
        let mut filters = self.resolve_filters(route, (rule, None), filters, diagnostics);
        let mut named = Vec::new();
        for (index, filter) in filters.iter_mut().enumerate() {
            let Filter::ExtensionRef(reference) = filter.filter else { continue };
            let at = PartPath::from(ObjectPart::Filter { rule, backend: None, index });
            let consequence = match route.kind {
                RouteKind::Grpc => "all calls of this rule get UNAVAILABLE",
                _ => "all requests of this rule get 500",
            };
            let place = (&at, consequence);
            if let Some(found) = self.route_filters.named(route, reference, place, diagnostics) {
                filter.route_filter = found.ok();
                filter.extension = Some(found.map(|_| ()));
                continue;
            }
            let outcome = self.options.named(route, reference, place, diagnostics);
            named.extend(outcome.iter().filter_map(|outcome| outcome.as_ref().ok()));
            filter.extension = outcome.map(|outcome| outcome.map(|_| ()));
        }
        let mut options = self.options.of_rule(route, &named, diagnostics);
        let grants = ShadowGrants { real: self.grants, all: self.all_granted };
        options.copies_to = self.shadows.resolve(&options.fields, (self.backends, grants), diagnostics);
        (filters, options)
    }

    /// Judges the RouteOptions that no rule has, and whom their copies are for; what of them is translated.
    pub(super) fn judge_idle(&mut self, diagnostics: &mut Diagnostics) -> Vec<Effective<'m, RouteOption>> {
        let idle = self.options.judge_idle(diagnostics);
        let grants = ShadowGrants { real: self.grants, all: self.all_granted };
        for option in &idle {
            self.shadows.resolve(std::slice::from_ref(option), (&mut *self.backends, grants), diagnostics);
        }
        idle
    }

    fn grants_of(&self, route: &Route<'m>) -> &'r Grants<'m> {
        if route.is_of_mesh() { self.all_granted } else { self.grants }
    }

    /// Resolves the filters of a rule, or of a backend of the rule.
    fn resolve_filters(
        &mut self,
        route: &Route<'m>,
        (rule, backend): (usize, Option<usize>),
        filters: Vec<Filter<'m>>,
        diagnostics: &mut Diagnostics,
    ) -> Vec<ResolvedFilter<'m>> {
        let grants = self.grants_of(route);
        let resolve = |(index, filter): (usize, Filter<'m>)| {
            let outcome = filter.backend().map(|reference| {
                let from = BackendReferrer {
                    through: None,
                    object: route.object,
                    kind: route.kind,
                    path: ObjectPart::Filter { rule, backend, index }.with(filter.member()).with("backendRef"),
                    consequence: Consequence::Fixed(match filter {
                        Filter::ExternalAuth(_) => "nobody can be asked, so all requests that need it get 500",
                        _ => "no copies are sent; the requests themselves are served",
                    }),
                };
                self.backends.resolve(&from, reference, grants, diagnostics)
            });
            ResolvedFilter { filter, outcome, extension: None, route_filter: None }
        };
        filters.into_iter().enumerate().map(resolve).collect()
    }

    /// The session of a rule that declares none: that of the first backend whose policy has one. A session spans all
    /// backends of its rule, so that the weights of a split do not end it.
    fn policy_session(&self, kind: RouteKind, backends: &[ResolvedBackend<'m>]) -> Option<RuleSession<'m>> {
        if !kind.has_requests() {
            return None;
        }
        let known = backends.iter().filter_map(|backend| backend.outcome.ok()).map(|id| self.backends.get(id));
        let mut policies = known.filter_map(|backend| self.policies.of_backend(backend));
        policies.find_map(|policy| {
            policy.spec.session_persistence.as_ref().map(|session| RuleSession::OfPolicy(policy, session))
        })
    }
}

/// What a route of a kind carries, and what becomes of the share of a backend that cannot be used.
fn lost_share(kind: RouteKind) -> (&'static str, &'static str) {
    match kind {
        RouteKind::Http => ("requests", "get 500"),
        RouteKind::Grpc => ("calls", "get UNAVAILABLE"),
        RouteKind::Tls | RouteKind::Tcp => ("connections", "are closed"),
        RouteKind::Udp => ("datagrams", "are dropped"),
    }
}
