//! The rules of HTTPRoutes: matches and actions.

use std::sync::Arc;

use crate::diagnostics::{Diagnostics, FieldPath, Reported, codes};
use crate::ir::{Cors, Origin, RouteMatch, RouteName, SessionCarrier, Target, ValueMatch, ValuePattern};
use crate::parser::api::{
    HttpBackendRef, HttpRouteFilter, HttpRouteMatch, HttpRouteRule, HttpRouteSpec, PathMatchType, ValueMatchType,
};
use crate::parser::manifests::Object;
use crate::path;
use crate::resolver::{BackendRefOutcome, FilterRefs, OriginTable, Place, Resolved};

use super::cluster::Clusters;
use super::filter::{ExternalAuths, FilterLowering, FilterView, Filters, ListPlace};
use super::forward::{RuleAction, RuleBackend, RulePolicy, build_action};
use super::path::lower_path_match;
use super::re2;
use super::retry::{lower_retry, lower_timeouts, session_retry};
use super::session::{SessionNames, SessionSource, selector_value};

/// The status of a share whose backend cannot be used.
const INVALID_BACKEND_STATUS: u16 = 500;

/// A rule, lowered once for all listeners that its route attaches to.
#[derive(Debug)]
pub(super) struct LoweredRule {
    /// Its matches. An invalid one is left out: it has been reported.
    pub(super) matches: Vec<LoweredMatch>,
    /// What it does.
    pub(super) action: RuleAction,
}

/// One match of a rule.
#[derive(Debug)]
pub(super) struct LoweredMatch {
    pub(super) name: RouteName,
    pub(super) matches: RouteMatch,
    pub(super) origin: Origin,
}

/// What all routes add to while they are lowered.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The distinct authorizations.
    pub(super) auths: ExternalAuths,
    /// The names of sessions.
    pub(super) sessions: SessionNames,
}

/// Lowers the rules of every HTTPRoute, by the position of the route.
pub(super) fn lower_http_routes(
    resolved: &Resolved<'_>,
    clusters: &Clusters,
    shared: &mut Shared,
    origins: &mut OriginTable,
    diagnostics: &mut Diagnostics,
) -> Vec<Vec<LoweredRule>> {
    let routes = resolved.http_routes.iter();
    routes
        .map(|route| {
            let mut lowering = RouteLowering {
                object: route.object,
                registered: origins.object(route.object),
                namespace: route.object.metadata.namespace.as_str().into(),
                name: route.object.metadata.name.as_str().into(),
                clusters,
                shared,
                origins,
                diagnostics,
            };
            let rules = route.object.spec.rules.iter().zip(&route.backends).zip(&route.filters).enumerate();
            rules.map(|(index, ((rule, outcomes), refs))| lowering.lower_rule(index, rule, outcomes, refs)).collect()
        })
        .collect()
}

struct RouteLowering<'a> {
    object: &'a Object<HttpRouteSpec>,
    registered: u32,
    namespace: Arc<str>,
    name: Arc<str>,
    clusters: &'a Clusters,
    shared: &'a mut Shared,
    origins: &'a mut OriginTable,
    diagnostics: &'a mut Diagnostics,
}

impl RouteLowering<'_> {
    fn lower_rule(
        &mut self,
        rule: usize,
        spec: &HttpRouteRule,
        outcomes: &[BackendRefOutcome],
        refs: &FilterRefs,
    ) -> LoweredRule {
        // The name of a rule serves those who refer to it; it changes nothing for traffic.
        let HttpRouteRule { name: _, matches, filters, backend_refs: _, timeouts: _, retry: _, session_persistence: _ } =
            spec;
        let at = path!["spec", "rules", rule];
        let lowered =
            matches.iter().enumerate().filter_map(|(index, spec)| self.lower_match(rule, index, spec)).collect();
        let prefix = match matches.as_slice() {
            [only] if only.path.match_type == PathMatchType::PathPrefix => {
                Some(super::path::trim_prefix(&only.path.value))
            }
            _ => None,
        };
        let list = ListPlace { rule, backend: None, owner: &at, prefix, refs, status: INVALID_BACKEND_STATUS };
        let own = self.filters().lower(list, filters.iter().map(FilterView::from));
        let policy = self.lower_policy(rule, spec);
        let action = match (own, policy) {
            (Ok(own), Ok(policy)) => self.lower_action(list, spec, outcomes, &own, policy),
            _ => RuleAction::respond(INVALID_BACKEND_STATUS),
        };
        LoweredRule { matches: lowered, action }
    }

    fn filters(&mut self) -> FilterLowering<'_, HttpRouteSpec> {
        FilterLowering {
            object: self.object,
            registered: self.registered,
            clusters: self.clusters,
            auths: &mut self.shared.auths,
            origins: self.origins,
            diagnostics: self.diagnostics,
        }
    }

    /// What holds for all backends of a rule.
    fn lower_policy(&mut self, rule: usize, spec: &HttpRouteRule) -> Result<RulePolicy, Reported> {
        let retry = spec.retry.as_ref().map(lower_retry);
        let timeouts = lower_timeouts(spec.timeouts.as_ref(), retry.is_some());
        let session = match &spec.session_persistence {
            None => None,
            Some(persistence) => {
                let source = SessionSource {
                    object: self.object,
                    at: path!["spec", "rules", rule, "sessionPersistence"],
                    rule: format!("httproute/{}/{}/{rule}", self.namespace, self.name),
                    shared: false,
                    consequence: format!("all requests of this rule get {INVALID_BACKEND_STATUS}"),
                };
                Some(self.shared.sessions.lower(&source, persistence, self.diagnostics)?)
            }
        };
        let retry = retry.or_else(|| session.as_ref().map(|_| session_retry()));
        Ok(RulePolicy { timeouts, retry, session, status: INVALID_BACKEND_STATUS })
    }

    fn lower_match(&mut self, rule: usize, index: usize, spec: &HttpRouteMatch) -> Option<LoweredMatch> {
        let at = path!["spec", "rules", rule, "matches", index];
        let HttpRouteMatch { path, headers, query_params, method } = spec;
        let mut valid = true;
        if path.match_type == PathMatchType::RegularExpression {
            valid &= self.check_regex(at.with("path").with("value"), &path.value);
        }
        let mut lowered_headers: Vec<ValueMatch> = Vec::with_capacity(headers.len());
        for (position, header) in headers.iter().enumerate() {
            let at = at.with("headers").with(position);
            let name = header.name.to_ascii_lowercase();
            if lowered_headers.iter().any(|before| before.name == name) {
                self.report_ignored_header(at, &header.name);
                continue;
            }
            valid &= self.check_value(&at, header);
            lowered_headers.push(lower_value_match(name, header));
        }
        let mut query = Vec::with_capacity(query_params.len());
        for (position, parameter) in query_params.iter().enumerate() {
            valid &= self.check_value(&at.with("queryParams").with(position), parameter);
            query.push(lower_value_match(parameter.name.clone(), parameter));
        }
        let matches =
            RouteMatch { path: lower_path_match(path), method: method.clone(), headers: lowered_headers, query };
        let name = RouteName {
            kind: "httproute",
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            rule: short(rule),
            index: short(index),
        };
        let origin = self.origins.origin(self.registered, Place::Match { rule: short(rule), index: short(index) });
        valid.then_some(LoweredMatch { name, matches, origin })
    }

    fn report_ignored_header(&mut self, at: FieldPath, name: &str) {
        self.diagnostics.report(
            self.object
                .finding(codes::IGNORED_MATCH, at, format!("header `{name}` is matched before in the same match"))
                .label("ignored: header names do not differ by letter case")
                .consequence("only the first of the two conditions counts")
                .help("remove one of them"),
        );
    }

    fn check_value(&mut self, at: &FieldPath, spec: &crate::parser::api::ValueMatch) -> bool {
        spec.match_type == ValueMatchType::Exact || self.check_regex(at.with("value"), &spec.value)
    }

    fn check_regex(&mut self, at: FieldPath, pattern: &str) -> bool {
        let Err(bad) = re2::check(pattern) else { return true };
        self.diagnostics.report(
            self.object
                .finding(codes::BAD_REGEX, at, format!("Envoy's regular expressions (RE2) refuse `{pattern}`"))
                .label(format!("{} at character {}", bad.message, pattern[..bad.offset].chars().count() + 1))
                .consequence("the match takes no requests")
                .help("write the pattern in RE2 syntax: https://github.com/google/re2/wiki/Syntax"),
        );
        false
    }

    fn lower_action(
        &mut self,
        list: ListPlace<'_>,
        spec: &HttpRouteRule,
        outcomes: &[BackendRefOutcome],
        filters: &Filters<'_>,
        policy: RulePolicy,
    ) -> RuleAction {
        if filters.redirect.is_none() && self.report_no_backend(list.owner, spec) {
            return RuleAction::respond(INVALID_BACKEND_STATUS);
        }
        let mut backends = Vec::with_capacity(spec.backend_refs.len());
        for (index, (backend, outcome)) in spec.backend_refs.iter().zip(outcomes).enumerate() {
            let lowered = self.lower_backend(list, index, backend, *outcome);
            // A backend that lost its share keeps the sessions that it has.
            if backend.weight > 0 || policy.session.is_some() && matches!(lowered.target, Target::Cluster(_)) {
                backends.push(lowered);
            }
        }
        if self.report_session_header(list, &backends, &policy) {
            return RuleAction::respond(INVALID_BACKEND_STATUS);
        }
        let Ok(cors) = self.settle_cors(list, spec, &mut backends) else {
            return RuleAction::respond(INVALID_BACKEND_STATUS);
        };
        let mut filters = filters.clone();
        filters.cors = cors.or(filters.cors);
        build_action(&filters, &backends, &policy)
    }

    /// Whether nobody answers; the reason has been reported then.
    fn report_no_backend(&mut self, at: &FieldPath, spec: &HttpRouteRule) -> bool {
        if spec.backend_refs.is_empty() {
            self.diagnostics.report(
                self.object
                    .finding(codes::NO_BACKENDS, at.clone(), "the rule has no backends")
                    .label("no `backendRefs` and no filter that answers")
                    .consequence("all requests of this rule get 500")
                    .help("add `backendRefs`, or a RequestRedirect filter"),
            );
            return true;
        }
        let all_zero = spec.backend_refs.iter().all(|backend| backend.weight == 0);
        if all_zero {
            self.diagnostics.report(
                self.object
                    .finding(codes::ZERO_WEIGHTS, at.with("backendRefs"), "every backend of the rule has weight 0")
                    .consequence("all requests of this rule get 500")
                    .help("give one backend a weight"),
            );
        }
        all_zero
    }

    fn lower_backend<'f>(
        &mut self,
        rule: ListPlace<'_>,
        index: usize,
        backend: &'f HttpBackendRef,
        outcome: BackendRefOutcome,
    ) -> RuleBackend<'f> {
        let at = rule.owner.with("backendRefs").with(index);
        let list = ListPlace { backend: Some(index), owner: &at, ..rule };
        let own = self.filters().lower(list, backend.filters.iter().map(FilterView::from));
        let cluster = outcome.ok().and_then(|id| self.clusters.get(id));
        let (target, filters) = match (cluster, own) {
            (Some(cluster), Ok(own)) => (Target::Cluster(cluster), own),
            // A reference that cannot be used answers with an error, also where a redirect would not need it.
            (None, Ok(mut own)) => {
                own.redirect = None;
                (Target::Invalid(INVALID_BACKEND_STATUS), own)
            }
            (_, Err(_)) => (Target::Invalid(INVALID_BACKEND_STATUS), Filters::default()),
        };
        let selector = cluster.and_then(|cluster| self.clusters.backend(cluster)).map(selector_value);
        let place = Place::BackendRef { rule: short(rule.rule), index: short(index) };
        let origin = self.origins.origin(self.registered, place);
        RuleBackend { weight: backend.weight, target, selector, filters, origin }
    }

    /// Whether a session that is kept in a header would have to lead back to one
    /// of several backends: Envoy finds an endpoint by it, and only in the
    /// cluster that was drawn.
    fn report_session_header(
        &mut self,
        list: ListPlace<'_>,
        backends: &[RuleBackend<'_>],
        policy: &RulePolicy,
    ) -> bool {
        let is_header = policy.session.as_ref().is_some_and(|s| matches!(s.carrier, SessionCarrier::Header(_)));
        let several = backends.iter().filter(|backend| matches!(backend.target, Target::Cluster(_))).count() > 1;
        if is_header && several {
            self.diagnostics.report(
                self.object
                    .finding(
                        codes::SESSION_HEADER_SPLIT,
                        list.owner.with("sessionPersistence").with("type"),
                        "Envoy cannot keep a session that is in a header across several backends",
                    )
                    .label("the header names an endpoint and not its backend")
                    .consequence(format!("all requests of this rule get {INVALID_BACKEND_STATUS}"))
                    .help("use the type `Cookie`, or one backend"),
            );
        }
        is_header && several
    }

    /// CORS of backends: a preflight is answered before a backend is drawn, so
    /// all backends that are drawn must agree. What they agree on is the rule's.
    fn settle_cors(
        &mut self,
        list: ListPlace<'_>,
        spec: &HttpRouteRule,
        backends: &mut [RuleBackend<'_>],
    ) -> Result<Option<Arc<Cors>>, Reported> {
        let Some(first) = backends.iter().find_map(|backend| backend.filters.cors.clone()) else { return Ok(None) };
        let agree = |backend: &RuleBackend<'_>| backend.weight == 0 || backend.filters.cors.as_ref() == Some(&first);
        if backends.iter().all(agree) {
            backends.iter_mut().for_each(|backend| backend.filters.cors = None);
            return Ok(Some(first));
        }
        let has_cors = |backend: &HttpBackendRef| backend.filters.iter().any(|f| matches!(f, HttpRouteFilter::Cors(_)));
        let index = spec.backend_refs.iter().position(has_cors).unwrap_or_default();
        Err(self.diagnostics.error(
            self.object
                .finding(
                    codes::CORS_PER_BACKEND,
                    list.owner.with("backendRefs").with(index).with("filters"),
                    "a preflight is answered before a backend is drawn",
                )
                .label("not every backend of the rule has this CORS filter")
                .consequence(format!("all requests of this rule get {INVALID_BACKEND_STATUS}"))
                .help("put the filter into the rule's `filters`, or give every backend the same one"),
        ))
    }
}

fn short(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

fn lower_value_match(name: String, spec: &crate::parser::api::ValueMatch) -> ValueMatch {
    let value = match spec.match_type {
        ValueMatchType::Exact => ValuePattern::Exact(spec.value.clone()),
        ValueMatchType::RegularExpression => ValuePattern::Regex(spec.value.clone()),
    };
    ValueMatch { name, value }
}
