//! The rules of GRPCRoutes: calls by service, method and metadata.
//!
//! A call is a request for `/SERVICE/METHOD` with a gRPC content type. Envoy
//! turns its own answers to such requests into gRPC: 404 is UNIMPLEMENTED and
//! 503 is UNAVAILABLE.

use crate::diagnostics::{Diagnostics, FieldPath, codes};
use crate::ir::{PathMatch, RouteMatch};
use crate::parser::api::{GrpcMethodMatch, GrpcRouteMatch, GrpcRouteRule, ValueMatchType, XBackendTrafficPolicySpec};
use crate::parser::manifests::Object;
use crate::path;
use crate::resolver::{BackendRefOutcome, FilterRefs, OriginTable, Place, Resolved};

use super::action::{BackendSpec, PolicySpec};
use super::cluster::{Carried, Clusters};
use super::filter::{FilterView, ListPlace};
use super::precedence::MatchRank;
use super::rule::{Answers, LoweredMatch, LoweredRule, RouteLowering, Shared, short};

/// How GRPCRoutes fail
/// ([GRPCRouteRule](https://gateway-api.sigs.k8s.io/reference/spec/#grpcrouterule)).
pub(super) const ANSWERS: Answers = Answers {
    kind: "grpcroute",
    carried: Carried::Grpc,
    failure: 503,
    no_backends: 404,
    rule_is_empty: "all calls of this rule get UNIMPLEMENTED",
    rule_fails: "all calls of this rule get UNAVAILABLE",
    backend_fails: "calls for this backend get UNAVAILABLE",
};

/// One segment of a path: any service, or any method.
const ANY_SEGMENT: &str = "[^/]+";

/// Lowers the rules of every GRPCRoute, by the position of the route.
pub(super) fn lower_grpc_routes(
    resolved: &Resolved<'_>,
    clusters: &Clusters,
    shared: &mut Shared,
    origins: &mut OriginTable,
    diagnostics: &mut Diagnostics,
) -> Vec<Vec<LoweredRule>> {
    let routes = resolved.grpc_routes.iter();
    routes
        .map(|route| {
            let mut lowering = RouteLowering::new(route.object, &ANSWERS, clusters, shared, origins, diagnostics);
            let rules = route.object.spec.rules.iter().zip(&route.backends).zip(&route.filters).enumerate();
            let rules = rules.map(|(index, ((rule, outcomes), refs))| {
                let session = resolved.policy_session(outcomes);
                lowering.lower_grpc_rule(index, rule, (outcomes, refs, session))
            });
            let rules: Vec<_> = rules.collect();
            if rules.is_empty() {
                lowering.report_no_rules();
            }
            rules
        })
        .collect()
}

impl RouteLowering<'_> {
    fn report_no_rules(&mut self) {
        self.diagnostics.report(
            self.object
                .finding(codes::NO_BACKENDS, path!["spec"], "the route has no rules")
                .label("no `rules`")
                .consequence("the route takes no calls")
                .help("add a rule with `backendRefs`"),
        );
    }

    fn lower_grpc_rule(
        &mut self,
        rule: usize,
        spec: &GrpcRouteRule,
        (outcomes, refs, session_policy): (
            &[BackendRefOutcome],
            &FilterRefs,
            Option<&Object<XBackendTrafficPolicySpec>>,
        ),
    ) -> LoweredRule {
        let at = path!["spec", "rules", rule];
        // The name of a rule serves those who refer to it; it changes nothing for traffic.
        let GrpcRouteRule { name: _, matches, filters, backend_refs, session_persistence } = spec;
        let mut lowered = Vec::with_capacity(matches.len().max(1));
        lowered.extend(matches.iter().enumerate().filter_map(|(index, spec)| self.lower_grpc_match(rule, index, spec)));
        // Nobody knows what a rule that does not decode matches.
        if matches.is_empty() && self.object.has_rule(rule) {
            lowered.push(self.match_every_call(rule));
        }
        let backends = backend_refs.iter().zip(outcomes).map(|(backend, outcome)| BackendSpec {
            weight: backend.weight,
            filters: backend.filters.iter().map(FilterView::from).collect(),
            outcome: *outcome,
        });
        let backends: Vec<_> = backends.collect();
        let list = ListPlace { rule, backend: None, owner: &at, prefix: None, refs, after_changes: false };
        let policy = PolicySpec { session: session_persistence.as_ref(), session_policy, ..PolicySpec::default() };
        let action = self.lower_action(list, filters.iter().map(FilterView::from), &backends, policy);
        LoweredRule { matches: lowered, action }
    }

    fn match_every_call(&mut self, rule: usize) -> LoweredMatch {
        let path = PathMatch::Prefix(String::new());
        let matches = RouteMatch { path, method: None, headers: Vec::new(), query: Vec::new(), grpc: true };
        let rank = MatchRank::of_grpc(None, 0);
        self.named_match(rule, 0, Place::Rule(short(rule)), matches, rank)
    }

    /// `None` when the match cannot be evaluated: it takes no calls.
    fn lower_grpc_match(&mut self, rule: usize, index: usize, spec: &GrpcRouteMatch) -> Option<LoweredMatch> {
        let at = path!["spec", "rules", rule, "matches", index];
        let GrpcRouteMatch { method, headers } = spec;
        let valid = method.as_ref().is_none_or(|method| self.check_method(&at.with("method"), method));
        let headers = self.lower_headers(&at, headers)?;
        let rank = MatchRank::of_grpc(method.as_ref(), headers.len());
        let path = method.as_ref().map_or_else(|| PathMatch::Prefix(String::new()), lower_method);
        let matches = RouteMatch { path, method: None, headers, query: Vec::new(), grpc: true };
        let place = Place::Match { rule: short(rule), index: short(index) };
        valid.then(|| self.named_match(rule, index, place, matches, rank))
    }

    fn check_method(&mut self, at: &FieldPath, method: &GrpcMethodMatch) -> bool {
        let GrpcMethodMatch { match_type, service, method } = method;
        if *match_type == ValueMatchType::Exact {
            return true;
        }
        let mut valid = true;
        for (field, pattern) in [("service", service), ("method", method)] {
            if let Some(pattern) = pattern.as_deref().filter(|pattern| !pattern.is_empty()) {
                valid &= self.check_regex(at.with(field), pattern);
            }
        }
        valid
    }
}

/// The path of the calls that a method match takes.
fn lower_method(spec: &GrpcMethodMatch) -> PathMatch {
    let GrpcMethodMatch { match_type, service, method } = spec;
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    match (match_type, given(service), given(method)) {
        (_, None, None) => PathMatch::Prefix(String::new()),
        (ValueMatchType::Exact, Some(service), Some(method)) => PathMatch::Exact(format!("/{service}/{method}")),
        (ValueMatchType::Exact, Some(service), None) => PathMatch::Prefix(format!("/{service}")),
        // The schema lets only letters, digits and `_` stand in an exact method.
        (ValueMatchType::Exact, None, Some(method)) => PathMatch::Regex(format!("/{ANY_SEGMENT}/{method}")),
        (ValueMatchType::RegularExpression, service, method) => {
            // An alternative inside the pattern must not end it.
            let segment = |pattern: Option<String>| pattern.map_or(ANY_SEGMENT.to_owned(), |p| format!("(?:{p})"));
            PathMatch::Regex(format!("/{}/{}", segment(service), segment(method)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::lower_method;
    use crate::ir::PathMatch;
    use crate::parser::api::{GrpcMethodMatch, ValueMatchType};

    fn lower(match_type: ValueMatchType, service: &str, method: &str) -> PathMatch {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        lower_method(&GrpcMethodMatch { match_type, service: given(service), method: given(method) })
    }

    #[test]
    fn service_and_method_are_segments_of_the_path() {
        use ValueMatchType::{Exact, RegularExpression};
        assert_eq!(lower(Exact, "shop.Cart", "Get"), PathMatch::Exact("/shop.Cart/Get".to_owned()));
        assert_eq!(lower(Exact, "shop.Cart", ""), PathMatch::Prefix("/shop.Cart".to_owned()));
        assert_eq!(lower(Exact, "", "Get_1"), PathMatch::Regex("/[^/]+/Get_1".to_owned()));
        assert_eq!(lower(RegularExpression, "a|b", ""), PathMatch::Regex("/(?:a|b)/[^/]+".to_owned()));
        assert_eq!(lower(RegularExpression, "", "Get.*"), PathMatch::Regex("/[^/]+/(?:Get.*)".to_owned()));
    }
}
