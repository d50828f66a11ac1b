//! The rules of HTTPRoutes: matches and actions.

use crate::diagnostics::Diagnostics;
use crate::ir::RouteMatch;
use crate::parser::api::{HttpRouteMatch, HttpRouteRule, PathMatchType, XBackendTrafficPolicySpec};
use crate::parser::manifests::Object;
use crate::path;
use crate::resolver::{BackendRefOutcome, FilterRefs, OriginTable, Place, Resolved};

use super::action::{BackendSpec, PolicySpec};
use super::cluster::{Carried, Clusters};
use super::filter::{FilterView, ListPlace};
use super::path::lower_path_match;
use super::precedence::MatchRank;
use super::rule::{Answers, LoweredMatch, LoweredRule, RouteLowering, Shared, lower_value_match, short};

/// How HTTPRoutes fail
/// ([HTTPBackendRef](https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule)).
const ANSWERS: Answers = Answers {
    kind: "httproute",
    carried: Carried::Http,
    failure: 500,
    no_backends: 500,
    rule_is_empty: "all requests of this rule get 500",
    rule_fails: "all requests of this rule get 500",
    backend_fails: "requests for this backend get 500",
};

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
            let mut lowering = RouteLowering::new(route.object, &ANSWERS, clusters, shared, origins, diagnostics);
            let rules = route.object.spec.rules.iter().zip(&route.backends).zip(&route.filters).enumerate();
            rules
                .map(|(index, ((rule, outcomes), refs))| {
                    let session = resolved.policy_session(outcomes);
                    lowering.lower_http_rule(index, rule, (outcomes, refs, session))
                })
                .collect()
        })
        .collect()
}

impl RouteLowering<'_> {
    fn lower_http_rule(
        &mut self,
        rule: usize,
        spec: &HttpRouteRule,
        (outcomes, refs, session_policy): (
            &[BackendRefOutcome],
            &FilterRefs,
            Option<&Object<XBackendTrafficPolicySpec>>,
        ),
    ) -> LoweredRule {
        let at = path!["spec", "rules", rule];
        // The name of a rule serves those who refer to it; it changes nothing for traffic.
        let HttpRouteRule { name: _, matches, filters, backend_refs, timeouts, retry, session_persistence } = spec;
        let prefix = match matches.as_slice() {
            [only] if only.path.match_type == PathMatchType::PathPrefix => {
                Some(super::path::normalize(super::path::trim_prefix(&only.path.value)))
            }
            _ => None,
        };
        let mut lowered = Vec::with_capacity(matches.len());
        // Nobody knows what a rule that does not decode matches.
        let known = if self.object.has_rule(rule) { matches.as_slice() } else { &[] };
        lowered.extend(known.iter().enumerate().filter_map(|(index, spec)| self.lower_http_match(rule, index, spec)));
        let backends = backend_refs.iter().zip(outcomes).map(|(backend, outcome)| BackendSpec {
            weight: backend.weight,
            filters: backend.filters.iter().map(FilterView::from).collect(),
            outcome: *outcome,
        });
        let backends: Vec<_> = backends.collect();
        let list = ListPlace { rule, backend: None, owner: &at, prefix: prefix.as_deref(), refs, after_changes: false };
        let policy = PolicySpec {
            timeouts: timeouts.as_ref(),
            retry: retry.as_ref(),
            session: session_persistence.as_ref(),
            session_policy,
        };
        let action = self.lower_action(list, filters.iter().map(FilterView::from), &backends, policy);
        LoweredRule { matches: lowered, action }
    }

    /// `None` when the match cannot be evaluated: it takes no requests.
    fn lower_http_match(&mut self, rule: usize, index: usize, spec: &HttpRouteMatch) -> Option<LoweredMatch> {
        let at = path!["spec", "rules", rule, "matches", index];
        let HttpRouteMatch { path, headers, query_params, method } = spec;
        let mut valid = true;
        if path.match_type == PathMatchType::RegularExpression {
            valid &= self.check_regex(at.with("path").with("value"), &path.value);
        }
        let headers = self.lower_headers(&at, headers);
        let mut query = Vec::with_capacity(query_params.len());
        for (position, parameter) in query_params.iter().enumerate() {
            valid &= self.check_value(&at.with("queryParams").with(position), parameter);
            query.push(lower_value_match(parameter.name.clone(), parameter));
        }
        let path = lower_path_match(path);
        let matches = RouteMatch { path, method: method.clone(), headers: headers?, query, grpc: false };
        let rank = MatchRank::of_http(&matches);
        let place = Place::Match { rule: short(rule), index: short(index) };
        valid.then(|| self.named_match(rule, index, place, matches, rank))
    }
}
