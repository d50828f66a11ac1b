//! Rules about the matches of routes.

use crate::parser::node::Node;
use crate::parser::schema::pattern;
use crate::parser::schema::problem::quote;
use crate::parser::schema::table::Breaks;
use crate::path;

use super::{is, items, list, word};

const MOST_MATCHES: usize = 128;

pub(in crate::parser::schema) fn at_most_128(rules: &Node, breaks: &mut Breaks) {
    let total: usize = items(rules).iter().map(|rule| list(rule, "matches").len()).sum();
    if total > MOST_MATCHES {
        let message = format!("the rules of this route have {total} matches, and may have at most {MOST_MATCHES}");
        breaks.say(path![], message, "spread the rules over several routes");
    }
}

/// The value of a path that is compared literally.
fn literal(path: &Node) -> Option<&str> {
    word(path, "value").filter(|_| is(path, "type", "Exact") || is(path, "type", "PathPrefix"))
}

pub(in crate::parser::schema) fn path_is_absolute(path: &Node, breaks: &mut Breaks) {
    if literal(path).is_some_and(|value| !value.starts_with('/')) {
        breaks.at(path!["value"], "begin the path with `/`, or write `type: RegularExpression`");
    }
}

pub(in crate::parser::schema) fn path_is_normal(path: &Node, breaks: &mut Breaks) {
    let Some(value) = literal(path) else { return };
    for part in ["//", "/./", "/../", "%2f", "%2F"] {
        if value.contains(part) {
            let message = format!("a path of type `Exact` or `PathPrefix` must not contain `{part}`");
            breaks.say(path!["value"], message, "write the path as it is after normalization");
        }
    }
    for part in ["/..", "/."] {
        if value.ends_with(part) {
            let message = format!("a path of type `Exact` or `PathPrefix` must not end with `{part}`");
            breaks.say(path!["value"], message, "write the path as it is after normalization");
        }
    }
}

pub(in crate::parser::schema) fn path_is_clean(path: &Node, breaks: &mut Breaks) {
    let Some(value) = literal(path) else { return };
    // The empty path is reported as one that does not begin with a slash.
    if !value.is_empty() && !(pattern::PATH.matches)(value) {
        let help = format!("write {}; other characters as `%` and their code", pattern::PATH.rule);
        breaks.say(path!["value"], format!("{} has a character that paths cannot have", quote(value)), help);
    }
}

pub(in crate::parser::schema) fn grpc_match_is_not_empty(method: &Node, breaks: &mut Breaks) {
    if method.get("service").is_none() && method.get("method").is_none() {
        breaks.at(path![], "add `service` or `method`, or remove the empty match to match every call");
    }
}

pub(in crate::parser::schema) fn grpc_service_is_one(method: &Node, breaks: &mut Breaks) {
    exact_field_is(method, "service", &pattern::GRPC_SERVICE, breaks);
}

pub(in crate::parser::schema) fn grpc_method_is_one(method: &Node, breaks: &mut Breaks) {
    exact_field_is(method, "method", &pattern::GRPC_METHOD, breaks);
}

fn exact_field_is(method: &Node, field: &'static str, pattern: &pattern::Pattern, breaks: &mut Breaks) {
    let Some(value) = word(method, field).filter(|_| is(method, "type", "Exact")) else { return };
    if !(pattern.matches)(value) {
        let help = format!("write {}, or `type: RegularExpression`", pattern.rule);
        breaks.say(path![field], format!("{} is not {}", quote(value), pattern.noun), help);
    }
}
