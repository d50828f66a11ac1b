//! The rules across fields of HTTPRouteFilters.

use crate::parser::node::Node;
use crate::parser::schema::table::Breaks;
use crate::path;

fn is(node: &Node, field: &str, wanted: &str) -> bool {
    node.get(field).and_then(Node::as_str) == Some(wanted)
}

pub(super) fn body_is_inline(body: &Node, breaks: &mut Breaks) {
    if is(body, "type", "Inline") && body.get("inline").is_none() {
        breaks.at(path!["inline"], "add `inline` with the body");
    }
}

pub(super) fn body_is_referred_to(body: &Node, breaks: &mut Breaks) {
    if is(body, "type", "ValueRef") && body.get("valueRef").is_none() {
        breaks.at(path!["valueRef"], "add `valueRef` with a ConfigMap");
    }
}

pub(super) fn body_is_of_config_map(body: &Node, breaks: &mut Breaks) {
    if body.get("valueRef").is_some_and(|reference| !is(reference, "kind", "ConfigMap")) {
        breaks.at(path!["valueRef", "kind"], "write `kind: ConfigMap`");
    }
}

pub(super) fn nothing_is_removed(header: &Node, breaks: &mut Breaks) {
    if header.get("remove").and_then(Node::as_list).is_some_and(|list| !list.is_empty()) {
        breaks.at(path!["remove"], "remove the field");
    }
}

pub(super) fn match_says_something(entry: &Node, breaks: &mut Breaks) {
    if entry.get("cookies").is_none() {
        breaks.at(path![], "add `cookies`");
    }
}

fn fits(rewrite: &Node, (field, wanted): (&'static str, &'static str), breaks: &mut Breaks) {
    match (rewrite.get(field).is_some(), is(rewrite, "type", wanted)) {
        (true, false) => breaks.at(path![field], format!("remove the field, or write `type: {wanted}`")),
        (false, true) => breaks.at(path![field], format!("add `{field}`")),
        _ => {}
    }
}

pub(super) fn header_fits_type(rewrite: &Node, breaks: &mut Breaks) {
    fits(rewrite, ("header", "Header"), breaks);
}

pub(super) fn path_regex_fits_type(rewrite: &Node, breaks: &mut Breaks) {
    fits(rewrite, ("pathRegex", "PathRegex"), breaks);
}

pub(super) fn path_has_its_field(path: &Node, breaks: &mut Breaks) {
    fits(path, ("replaceRegexMatch", "ReplaceRegexMatch"), breaks);
}
