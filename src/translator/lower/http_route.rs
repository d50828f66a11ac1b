//! What HTTPRoutes match, and how they fail.

use crate::diagnostics::{ObjectPart, PartPath, codes};
use crate::ir::RouteMatch;
use crate::parser::api::{HttpPathMatch, HttpRouteMatch, PathMatchType};
use crate::resolver::ResolvedRule;

use super::path::lower_path_match;
use super::precedence::MatchRank;
use super::rule::{LocalReplies, LoweredMatch, RouteLowering, lower_value_match};

/// How HTTPRoutes fail
/// ([HTTPBackendRef](https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule)).
pub(super) const LOCAL_REPLIES: LocalReplies = LocalReplies {
    failure: 500,
    no_backends: 500,
    rule_is_empty: "all requests of this rule get 500",
    rule_fails: "all requests of this rule get 500",
    backend_fails: "requests for this backend get 500",
};

/// The prefix of a rule with one match, which is on a prefix.
pub(super) fn only_prefix(matches: &[HttpRouteMatch]) -> Option<String> {
    match matches {
        [only] if only.path.match_type == PathMatchType::PathPrefix => {
            Some(super::path::normalize(super::path::trim_prefix(&only.path.value)))
        }
        _ => None,
    }
}

impl RouteLowering<'_, '_> {
    /// The matches of a rule. Nobody knows what a rule that does not decode matches.
    pub(super) fn lower_http_matches(
        &mut self,
        rule: &ResolvedRule<'_>,
        matches: &[HttpRouteMatch],
    ) -> Vec<LoweredMatch> {
        let mut lowered = Vec::with_capacity(matches.len());
        let known = if rule.is_decoded { matches } else { &[] };
        let known = known.iter().enumerate();
        lowered.extend(known.filter_map(|(index, spec)| self.lower_http_match(rule.index, index, spec)));
        lowered
    }

    /// `None` when the match cannot be evaluated: it takes no requests.
    fn lower_http_match(&mut self, rule: usize, index: usize, spec: &HttpRouteMatch) -> Option<LoweredMatch> {
        let at = PartPath::from(ObjectPart::Match { rule, index });
        let HttpRouteMatch { path, headers, query_params, method } = spec;
        let mut valid = true;
        if path.match_type == PathMatchType::RegularExpression {
            valid &= self.check_regex(at.with("path").with("value"), &path.value);
        } else if has_wildcard(&path.value) {
            self.report_literal_path(&at, path);
        }
        let headers = self.lower_headers(&at, headers);
        let mut query = Vec::with_capacity(query_params.len());
        for (position, parameter) in query_params.iter().enumerate() {
            valid &= self.check_value(&at.with("queryParams").with(position), parameter);
            query.push(lower_value_match(parameter.name.clone(), parameter));
        }
        let path = lower_path_match(path);
        let matches = RouteMatch { path, method: *method, headers: headers?, query, grpc: false };
        let rank = MatchRank::of_http(&matches);
        let place = ObjectPart::Match { rule, index };
        valid.then(|| self.named_match(rule, index, place, matches, rank))
    }

    fn report_literal_path(&mut self, at: &PartPath, path: &HttpPathMatch) {
        let HttpPathMatch { match_type, value } = path;
        let stem = value.trim_end_matches('*').trim_end_matches('/');
        let help = match (match_type, stem.contains('*')) {
            (_, true) => "write `type: RegularExpression` with `[^/]+` for what is meant".to_owned(),
            (PathMatchType::PathPrefix, false) => format!("write `{}`, which takes everything below it", rooted(stem)),
            (_, false) => format!("write `type: PathPrefix` with `{}`, or a regular expression", rooted(stem)),
        };
        self.diagnostics.report(
            self.object
                .finding(
                    codes::LITERAL_WILDCARD,
                    at.with("path").with("value"),
                    format!("`*` in the path `{value}` stands for itself"),
                )
                .label("neither `Exact` nor `PathPrefix` knows wildcards")
                .consequence("the match takes only requests whose path has a `*` there")
                .help(help),
        );
    }
}

/// Whether a path looks like a pattern of globs: a segment is nothing but `*`, or the last one ends so.
fn has_wildcard(path: &str) -> bool {
    let is_star = |segment: &str| !segment.is_empty() && segment.bytes().all(|byte| byte == b'*');
    path.ends_with('*') || path.split('/').any(is_star)
}

fn rooted(stem: &str) -> &str {
    if stem.is_empty() { "/" } else { stem }
}

#[cfg(test)]
mod tests {
    use super::has_wildcard;

    #[test]
    fn a_star_that_stands_for_a_segment_or_ends_a_path_is_a_wildcard() {
        for path in ["/*", "/api/*", "/api*", "/a/*/b", "/a/**"] {
            assert!(has_wildcard(path), "{path}");
        }
        for path in ["/", "/a", "/a*b/c", "/2*3/x"] {
            assert!(!has_wildcard(path), "{path}");
        }
    }
}
