//! The rules of HTTPRoutes: matches and actions.

use std::sync::Arc;

use crate::diagnostics::{Diagnostics, FieldPath, codes};
use crate::ir::{
    Action, Forward, HeaderMutations, Origin, RouteMatch, RouteName, Target, ValueMatch, ValuePattern, WeightedBackend,
};
use crate::parser::api::{HttpRouteMatch, HttpRouteRule, HttpRouteSpec, PathMatchType, ValueMatchType};
use crate::parser::manifests::Object;
use crate::path;
use crate::resolver::{BackendRefOutcome, OriginTable, Place, Resolved};

use super::cluster::Clusters;
use super::filter::{self, RedirectTemplate};
use super::path::lower_path_match;
use super::re2;

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

/// What a rule does; a redirect depends on the listener's port.
#[derive(Debug)]
pub(super) enum RuleAction {
    Fixed(Arc<Action>),
    Redirect(RedirectTemplate),
}

/// Lowers the rules of every HTTPRoute, by the position of the route.
pub(super) fn lower_http_routes(
    resolved: &Resolved<'_>,
    clusters: &Clusters,
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
                origins,
                diagnostics,
            };
            let rules = route.object.spec.rules.iter().zip(&route.backends).enumerate();
            rules.map(|(index, (rule, outcomes))| lowering.lower_rule(index, rule, outcomes)).collect()
        })
        .collect()
}

struct RouteLowering<'a> {
    object: &'a Object<HttpRouteSpec>,
    registered: u32,
    namespace: Arc<str>,
    name: Arc<str>,
    clusters: &'a Clusters,
    origins: &'a mut OriginTable,
    diagnostics: &'a mut Diagnostics,
}

impl RouteLowering<'_> {
    fn lower_rule(&mut self, rule: usize, spec: &HttpRouteRule, outcomes: &[BackendRefOutcome]) -> LoweredRule {
        let at = path!["spec", "rules", rule];
        let matches: Vec<_> =
            spec.matches.iter().enumerate().filter_map(|(index, spec)| self.lower_match(rule, index, spec)).collect();
        let prefix = match spec.matches.as_slice() {
            [only] if only.path.match_type == PathMatchType::PathPrefix => {
                Some(super::path::normalize(super::path::trim_prefix(&only.path.value)))
            }
            _ => None,
        };
        let filters = filter::lower_rule_filters(self.object, &at, &spec.filters, prefix.as_deref(), self.diagnostics);
        let untranslated = self.report_untranslated(&at, spec);
        let action = match filters {
            Err(_) => RuleAction::Fixed(Arc::new(Action::Respond(INVALID_BACKEND_STATUS))),
            Ok(_) if untranslated => RuleAction::Fixed(Arc::new(Action::Respond(INVALID_BACKEND_STATUS))),
            Ok(filters) => match filters.redirect {
                Some(redirect) => RuleAction::Redirect(redirect),
                None => {
                    RuleAction::Fixed(Arc::new(self.lower_forward(rule, spec, outcomes, filters, prefix.as_deref())))
                }
            },
        };
        LoweredRule { matches, action }
    }

    /// Fields that are not translated yet: the rule fails closed.
    fn report_untranslated(&mut self, at: &FieldPath, spec: &HttpRouteRule) -> bool {
        let HttpRouteRule { name: _, matches: _, filters: _, backend_refs: _, timeouts, retry, session_persistence } =
            spec;
        let fields = [
            ("timeouts", timeouts.is_some()),
            ("retry", retry.is_some()),
            ("sessionPersistence", session_persistence.is_some()),
        ];
        for (field, present) in fields {
            if present {
                self.diagnostics.report(
                    self.object
                        .finding(codes::NOT_SUPPORTED, at.with(field), format!("`{field}` is not translated yet"))
                        .consequence("all requests of this rule get 500"),
                );
            }
        }
        fields.iter().any(|(_, present)| *present)
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
        let short = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
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

    fn lower_forward(
        &mut self,
        rule: usize,
        spec: &HttpRouteRule,
        outcomes: &[BackendRefOutcome],
        filters: filter::RuleFilters,
        prefix: Option<&str>,
    ) -> Action {
        let at = path!["spec", "rules", rule];
        if spec.backend_refs.is_empty() {
            self.diagnostics.report(
                self.object
                    .finding(codes::NO_BACKENDS, at, "the rule has no backends")
                    .label("no `backendRefs` and no filter that answers")
                    .consequence("all requests of this rule get 500")
                    .help("add `backendRefs`, or a RequestRedirect filter"),
            );
            return Action::Respond(INVALID_BACKEND_STATUS);
        }
        if spec.backend_refs.iter().all(|backend| backend.weight == 0) {
            self.diagnostics.report(
                self.object
                    .finding(codes::ZERO_WEIGHTS, at.with("backendRefs"), "every backend of the rule has weight 0")
                    .consequence("all requests of this rule get 500")
                    .help("give one backend a weight"),
            );
            return Action::Respond(INVALID_BACKEND_STATUS);
        }
        let mut backends = Vec::with_capacity(spec.backend_refs.len());
        for (index, (backend, outcome)) in spec.backend_refs.iter().zip(outcomes).enumerate() {
            let at = at.with("backendRefs").with(index);
            let own = filter::lower_backend_filters(self.object, &at, &backend.filters, prefix, self.diagnostics);
            if backend.weight == 0 {
                continue;
            }
            let cluster = outcome.ok().and_then(|id| self.clusters.get(id));
            let (target, own) = match (cluster, own) {
                (Some(cluster), Ok(own)) => (Target::Cluster(cluster), own),
                _ => (Target::Invalid(INVALID_BACKEND_STATUS), filter::BackendFilters::default()),
            };
            let short = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
            let place = Place::BackendRef { rule: short(rule), index: short(index) };
            let origin = self.origins.origin(self.registered, place);
            backends.push((WeightedBackend::new(backend.weight, target, origin), own));
        }
        if backends.iter().all(|(backend, _)| matches!(backend.target, Target::Invalid(_))) {
            return Action::Respond(INVALID_BACKEND_STATUS);
        }
        let (backends, request_headers, response_headers) = distribute_headers(backends, &filters);
        Action::Forward(Forward {
            backends,
            request_headers,
            response_headers,
            path_rewrite: filters.path_rewrite,
            host_rewrite: filters.host_rewrite,
        })
    }
}

impl WeightedBackend {
    fn new(weight: u32, target: Target, origin: Origin) -> Self {
        Self {
            weight,
            target,
            request_headers: HeaderMutations::default(),
            response_headers: HeaderMutations::default(),
            origin,
        }
    }
}

/// Puts the rule's header changes on the route; where a backend has its own,
/// on every entry, with the backend's laid over them.
fn distribute_headers(
    backends: Vec<(WeightedBackend, filter::BackendFilters)>,
    filters: &filter::RuleFilters,
) -> (Vec<WeightedBackend>, HeaderMutations, HeaderMutations) {
    let fold = |rule: &HeaderMutations, own: &[crate::parser::api::HeaderFilter]| {
        let mut mutations = rule.clone();
        own.iter().for_each(|filter| super::header::compose(&mut mutations, filter));
        mutations
    };
    let fold_request = backends.iter().any(|(_, own)| !own.request_headers.is_empty());
    let fold_response = backends.iter().any(|(_, own)| !own.response_headers.is_empty());
    let entries = backends
        .into_iter()
        .map(|(mut backend, own)| {
            if fold_request {
                backend.request_headers = fold(&filters.request_headers, &own.request_headers);
            }
            if fold_response {
                backend.response_headers = fold(&filters.response_headers, &own.response_headers);
            }
            backend
        })
        .collect();
    let on_route =
        |folded: bool, rule: &HeaderMutations| if folded { HeaderMutations::default() } else { rule.clone() };
    (entries, on_route(fold_request, &filters.request_headers), on_route(fold_response, &filters.response_headers))
}

fn lower_value_match(name: String, spec: &crate::parser::api::ValueMatch) -> ValueMatch {
    let value = match spec.match_type {
        ValueMatchType::Exact => ValuePattern::Exact(spec.value.clone()),
        ValueMatchType::RegularExpression => ValuePattern::Regex(spec.value.clone()),
    };
    ValueMatch { name, value }
}
