//! Rules about what a policy attaches to.

use crate::parser::node::Node;
use crate::parser::schema::problem::{listed, quote};
use crate::parser::schema::rules::{is, list, word};
use crate::parser::schema::table::Breaks;
use crate::path;

use crate::diagnostics::FieldPath;

const GROUP: &str = "gateway.networking.k8s.io";

/// Every target that has a name, with its place.
fn named(spec: &Node) -> impl Iterator<Item = (FieldPath, &Node)> {
    let many = list(spec, "targetRefs").iter().enumerate().map(|(index, target)| (path!["targetRefs", index], target));
    spec.get("targetRef").map(|target| (path!["targetRef"], target)).into_iter().chain(many)
}

/// Every target, with its place.
fn every(spec: &Node) -> impl Iterator<Item = (FieldPath, &Node)> {
    let selectors = list(spec, "targetSelectors").iter().enumerate();
    named(spec).chain(selectors.map(|(index, selector)| (path!["targetSelectors", index], selector)))
}

pub(in crate::parser::schema) fn has_one_form(spec: &Node, breaks: &mut Breaks) {
    if !list(spec, "targetSelectors").is_empty() {
        return;
    }
    match (spec.get("targetRef").is_some(), spec.get("targetRefs").is_some()) {
        (true, true) => {
            breaks.say(path!["targetRef"], "`targetRef` cannot stand beside `targetRefs`", "name it in `targetRefs`");
        }
        (false, false) => {
            let help = "add `targetRefs` with at least one entry, or `targetSelectors`";
            breaks.say(path!["targetRefs"], "the policy has no target", help);
        }
        _ => {}
    }
}

pub(in crate::parser::schema) fn is_of_gateway_api(spec: &Node, breaks: &mut Breaks) {
    for (at, target) in named(spec) {
        group_is_known(target, at, breaks);
    }
}

pub(in crate::parser::schema) fn selects_from_gateway_api(selector: &Node, breaks: &mut Breaks) {
    group_is_known(selector, path![], breaks);
}

fn group_is_known(target: &Node, at: FieldPath, breaks: &mut Breaks) {
    if let Some(group) = word(target, "group").filter(|group| *group != GROUP) {
        let message = format!("a policy cannot attach to the group {}", quote(group));
        breaks.say(at.join(&path!["group"]), message, format!("write `{GROUP}`"));
    }
}

pub(in crate::parser::schema) fn is_of_kinds(spec: &Node, kinds: &[&str], breaks: &mut Breaks) {
    for (at, target) in named(spec) {
        kind_is_among(target, kinds, at, "a policy of this kind cannot attach to", breaks);
    }
}

fn kind_is_among(target: &Node, kinds: &[&str], at: FieldPath, what: &str, breaks: &mut Breaks) {
    if let Some(kind) = word(target, "kind").filter(|kind| !kinds.contains(kind)) {
        let message = format!("{what} the kind {}", quote(kind));
        breaks.say(at.join(&path!["kind"]), message, format!("write {}", listed(kinds.iter().copied(), "or")));
    }
}

pub(in crate::parser::schema) fn merges_into_routes(spec: &Node, routes: &[&str], breaks: &mut Breaks) {
    if spec.get("mergeType").is_some() {
        for (at, target) in every(spec) {
            kind_is_among(target, routes, at, "a policy with `mergeType` cannot attach to", breaks);
        }
    }
}

pub(in crate::parser::schema) fn admission_is_of_http(spec: &Node, breaks: &mut Breaks) {
    if spec.get("admissionControl").is_some() {
        for (at, target) in every(spec) {
            let kinds = ["Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute"];
            kind_is_among(target, &kinds, at, "a policy with `admissionControl` cannot attach to", breaks);
        }
    }
}

pub(in crate::parser::schema) fn does_not_replace(spec: &Node, breaks: &mut Breaks) {
    if is(spec, "mergeType", "Replace") {
        breaks.at(path!["mergeType"], "write `StrategicMerge` or `JSONMerge`, or remove `mergeType`");
    }
}
