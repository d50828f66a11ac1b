//! Rules about health checks.

use crate::parser::node::Node;
use crate::parser::schema::rules::{items, word};
use crate::parser::schema::table::Breaks;
use crate::path;

pub(in crate::parser::schema) fn failures_and_successes(matches: &Node, breaks: &mut Breaks) {
    let has = |kinds: [&str; 2]| items(matches).iter().filter_map(Node::as_str).any(|kind| kinds.contains(&kind));
    match (has(["Failure", "FailureSeriesStart"]), has(["Success", "HealthyTransition"])) {
        (true, false) => breaks.at(path![], "add `Success` or `HealthyTransition`"),
        (false, true) => breaks.at(path![], "add `Failure` or `FailureSeriesStart`"),
        _ => {}
    }
}

/// The method is compared without regard to case.
pub(in crate::parser::schema) fn body_has_a_method(check: &Node, breaks: &mut Breaks) {
    let sends =
        word(check, "method").is_some_and(|method| ["POST", "PUT"].contains(&method.to_ascii_uppercase().as_str()));
    if check.get("requestBody").is_some() && !sends {
        breaks.at(path!["requestBody"], "write `method: POST` or `method: PUT`, or remove `requestBody`");
    }
}
