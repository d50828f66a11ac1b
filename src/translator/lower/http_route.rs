//! The rules of HTTPRoutes: matches and actions.

use std::borrow::Cow;
use std::sync::Arc;

use crate::diagnostics::Diagnostics;
use crate::ir::RouteMatch;
use crate::parser::api::{HttpRouteMatch, HttpRouteRule, HttpRouteSpec, PathMatchType};
use crate::path;
use crate::resolver::{BackendRefOutcome, OriginTable, Place, Resolved};

use super::cluster::{Carried, Clusters};
use super::filter;
use super::path::lower_path_match;
use super::precedence::MatchRank;
use super::rule::{
    Answers, LoweredMatch, LoweredRule, RouteLowering, RuleAction, RuleBackend, lower_value_match, short,
};

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
    origins: &mut OriginTable,
    diagnostics: &mut Diagnostics,
) -> Vec<Vec<LoweredRule>> {
    let routes = resolved.http_routes.iter();
    routes
        .map(|route| {
            let mut lowering = RouteLowering::new(route.object, &ANSWERS, clusters, origins, diagnostics);
            let rules = route.object.spec.rules.iter().zip(&route.backends).enumerate();
            rules.map(|(index, (rule, outcomes))| lowering.lower_rule(index, rule, outcomes)).collect()
        })
        .collect()
}

impl RouteLowering<'_, HttpRouteSpec> {
    fn lower_rule(&mut self, rule: usize, spec: &HttpRouteRule, outcomes: &[BackendRefOutcome]) -> LoweredRule {
        let at = path!["spec", "rules", rule];
        let HttpRouteRule { name: _, matches, filters, backend_refs, timeouts, retry, session_persistence } = spec;
        let prefix = match matches.as_slice() {
            [only] if only.path.match_type == PathMatchType::PathPrefix => {
                Some(super::path::normalize(super::path::trim_prefix(&only.path.value)))
            }
            _ => None,
        };
        let matches =
            matches.iter().enumerate().filter_map(|(index, spec)| self.lower_match(rule, index, spec)).collect();
        let filters =
            filter::lower_rule_filters(self.object, &at, self.answers, filters, prefix.as_deref(), self.diagnostics);
        let untranslated = self.report_untranslated(
            &at,
            &[
                ("timeouts", timeouts.is_some()),
                ("retry", retry.is_some()),
                ("sessionPersistence", session_persistence.is_some()),
            ],
        );
        let backends: Vec<_> = backend_refs
            .iter()
            .zip(outcomes)
            .map(|(backend, outcome)| RuleBackend {
                weight: backend.weight,
                filters: Cow::Borrowed(&backend.filters),
                outcome,
            })
            .collect();
        let action = match filters {
            Ok(filters) if !untranslated => match filters.redirect {
                Some(redirect) => RuleAction::Redirect(redirect),
                None => RuleAction::Fixed(Arc::new(self.lower_forward(rule, &backends, filters, prefix.as_deref()))),
            },
            _ => self.fail(),
        };
        LoweredRule { matches, action }
    }

    /// `None` when the match cannot be evaluated: it takes no requests.
    fn lower_match(&mut self, rule: usize, index: usize, spec: &HttpRouteMatch) -> Option<LoweredMatch> {
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
