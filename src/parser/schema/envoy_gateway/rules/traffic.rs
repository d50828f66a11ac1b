//! Rules about what a BackendTrafficPolicy does to requests and responses.

use std::time::Duration;

use crate::parser::node::Node;
use crate::parser::schema::rules::{duration, is, items, list};
use crate::parser::schema::table::Breaks;
use crate::path;

pub(in crate::parser::schema) fn buffer_has_no_upgrade(spec: &Node, breaks: &mut Breaks) {
    if spec.get("requestBuffer").is_some() && !list(spec, "httpUpgrade").is_empty() {
        breaks.at(path!["requestBuffer"], "keep one of `requestBuffer` and `httpUpgrade`");
    }
}

pub(in crate::parser::schema) fn window_is_long_enough(control: &Node, breaks: &mut Breaks) {
    if duration(control, "samplingWindow").is_some_and(|window| window.0 < Duration::from_secs(1)) {
        breaks.at(path!["samplingWindow"], "write a duration of at least `1s`");
    }
}

pub(in crate::parser::schema) fn responses_cost_nothing(rules: &Node, breaks: &mut Breaks) {
    for (index, rule) in items(rules).iter().enumerate() {
        if rule.get("cost").is_some_and(|cost| cost.get("response").is_some()) {
            breaks.at(path![index, "cost", "response"], "remove `response`, or write the limit below `global`");
        }
    }
}

pub(in crate::parser::schema) fn limits_are_written_down(rules: &Node, breaks: &mut Breaks) {
    for (index, rule) in items(rules).iter().enumerate() {
        if rule.get("limit").is_some_and(|limit| limit.get("fromMetadata").is_some()) {
            breaks
                .at(path![index, "limit", "fromMetadata"], "remove `fromMetadata`, or write the limit below `global`");
        }
    }
}

pub(in crate::parser::schema) fn range_is_in_order(range: &Node, breaks: &mut Breaks) {
    let number = |field: &str| range.get(field).and_then(Node::as_int);
    if number("start").zip(number("end")).is_some_and(|(start, end)| end <= start) {
        breaks.at(path!["end"], "write an `end` that is greater than `start`");
    }
}

pub(in crate::parser::schema) fn path_is_full(path: &Node, breaks: &mut Breaks) {
    if !is(path, "type", "ReplaceFullPath") {
        breaks.at(path!["type"], "write `ReplaceFullPath`");
    }
}

pub(in crate::parser::schema) fn body_is_in_a_config_map(body: &Node, breaks: &mut Breaks) {
    if body.get("valueRef").is_some_and(|reference| !is(reference, "kind", "ConfigMap")) {
        breaks.at(path!["valueRef", "kind"], "write `ConfigMap`");
    }
}

pub(in crate::parser::schema) fn nothing_is_removed(headers: &Node, breaks: &mut Breaks) {
    if !list(headers, "remove").is_empty() {
        breaks.at(path!["remove"], "remove `remove`: the response has only the headers that are written here");
    }
}
