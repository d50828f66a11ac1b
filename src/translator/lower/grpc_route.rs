//! The rules of GRPCRoutes: calls by service, method and metadata.
//!
//! A call is a request for `/SERVICE/METHOD` with a gRPC content type. Envoy
//! turns its own answers to such requests into gRPC: 404 is UNIMPLEMENTED and
//! 503 is UNAVAILABLE.

use crate::diagnostics::{ObjectPart, PartPath, codes};
use crate::ir::{PathMatch, RouteMatch};
use crate::parser::api::{GrpcMethodMatch, GrpcRouteMatch, ValueMatchType};
use crate::resolver::ResolvedRule;
use crate::whole;

use super::precedence::MatchRank;
use super::rule::{LocalReplies, LoweredMatch, RouteLowering};

/// How GRPCRoutes fail
/// ([GRPCRouteRule](https://gateway-api.sigs.k8s.io/reference/spec/#grpcrouterule)).
pub(super) const LOCAL_REPLIES: LocalReplies = LocalReplies {
    failure: 503,
    no_backends: 404,
    rule_is_empty: "all calls of this rule get UNIMPLEMENTED",
    rule_fails: "all calls of this rule get UNAVAILABLE",
    backend_fails: "calls for this backend get UNAVAILABLE",
};

/// One segment of a path: any service, or any method.
const ANY_SEGMENT: &str = "[^/]+";

impl RouteLowering<'_, '_> {
    pub(super) fn report_no_rules(&mut self) {
        self.diagnostics.report(
            self.object
                .finding(codes::NO_BACKENDS, whole!["spec"], "the route has no rules")
                .label("no `rules`")
                .consequence("the route takes no calls")
                .help("add a rule with `backendRefs`"),
        );
    }

    /// The matches of a rule. One without any takes every call, but nobody knows what a rule that does not decode matches.
    pub(super) fn lower_grpc_matches(
        &mut self,
        rule: &ResolvedRule<'_>,
        matches: &[GrpcRouteMatch],
    ) -> Vec<LoweredMatch> {
        if matches.is_empty() && rule.is_decoded {
            return vec![self.match_every_call(rule.index)];
        }
        let mut lowered = Vec::with_capacity(matches.len());
        let matches = matches.iter().enumerate();
        lowered.extend(matches.filter_map(|(index, spec)| self.lower_grpc_match(rule.index, index, spec)));
        lowered
    }

    fn match_every_call(&mut self, rule: usize) -> LoweredMatch {
        let path = PathMatch::Prefix(String::new());
        let matches = RouteMatch { path, method: None, headers: Vec::new(), query: Vec::new(), grpc: true };
        let rank = MatchRank::of_grpc(None, 0);
        self.named_match(rule, 0, ObjectPart::Rule(rule), matches, rank)
    }

    /// `None` when the match cannot be evaluated: it takes no calls.
    fn lower_grpc_match(&mut self, rule: usize, index: usize, spec: &GrpcRouteMatch) -> Option<LoweredMatch> {
        let at = PartPath::from(ObjectPart::Match { rule, index });
        let GrpcRouteMatch { method, headers } = spec;
        let valid = method.as_ref().is_none_or(|method| self.check_method(&at.with("method"), method));
        let headers = self.lower_headers(&at, headers)?;
        let rank = MatchRank::of_grpc(method.as_ref(), headers.len());
        let path = method.as_ref().map_or_else(|| PathMatch::Prefix(String::new()), lower_method);
        let matches = RouteMatch { path, method: None, headers, query: Vec::new(), grpc: true };
        let place = ObjectPart::Match { rule, index };
        valid.then(|| self.named_match(rule, index, place, matches, rank))
    }

    fn check_method(&mut self, at: &PartPath, method: &GrpcMethodMatch) -> bool {
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
    let [service, method] = [service, method].map(|text| text.as_deref().filter(|text| !text.is_empty()));
    match (match_type, service, method) {
        (_, None, None) => PathMatch::Prefix(String::new()),
        (ValueMatchType::Exact, Some(service), Some(method)) => PathMatch::Exact(format!("/{service}/{method}")),
        (ValueMatchType::Exact, Some(service), None) => PathMatch::Prefix(format!("/{service}")),
        // The schema lets only letters, digits and `_` stand in an exact method.
        (ValueMatchType::Exact, None, Some(method)) => PathMatch::Regex(format!("/{ANY_SEGMENT}/{method}")),
        (ValueMatchType::RegularExpression, service, method) => {
            // An alternative inside the pattern must not end it.
            let segment = |pattern: Option<&str>| pattern.map_or(ANY_SEGMENT.to_owned(), |p| format!("(?:{p})"));
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
