//! Who may send requests, by rules of which the first that a request meets decides
//! ([RBAC](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rbac_filter)).

use crate::ir::{AccessCondition, AccessOrder, PathMatch, Verdict};

use super::admitted::Admitted;
use super::claim::{Known, says};
use super::re2::Pattern;

/// Whether a request passes.
pub(super) fn passes(AccessOrder { rules, otherwise }: &AccessOrder, known: &Known<'_>, request: &Admitted) -> bool {
    let first = rules.iter().find(|rule| rule.asks.iter().all(|ask| is_met(ask, known, request)));
    first.map_or(*otherwise, |rule| rule.verdict) == Verdict::Passes
}

fn is_met(ask: &AccessCondition, known: &Known<'_>, request: &Admitted) -> bool {
    match ask {
        AccessCondition::Client(ranges) => ranges.iter().any(|range| range.contains(request.client)),
        AccessCondition::Header { name, values } => {
            let subject = request.subject();
            let lines: Vec<&str> = subject.header_lines(name).collect();
            !lines.is_empty() && values.contains(&lines.join(","))
        }
        AccessCondition::Method(methods) => methods.iter().any(|method| method.eq_ignore_ascii_case(&request.method)),
        AccessCondition::Path { is, inverted } => is_path(is, request) != *inverted,
        AccessCondition::Token { provider, any_of } => {
            let said = known.iter().find(|(name, _)| name == provider).map(|(_, said)| said);
            said.is_some_and(|said| any_of.iter().any(|claim| says(said, claim)))
        }
    }
}

/// Whether a path is like this.
pub(super) fn is_path(is: &PathMatch, request: &Admitted) -> bool {
    match is {
        PathMatch::Exact(path) => request.path() == path,
        PathMatch::Prefix(prefix) => {
            let rest = request.path().strip_prefix(prefix.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        PathMatch::Regex(expression) => Pattern::new(expression).matches(&request.target),
    }
}
