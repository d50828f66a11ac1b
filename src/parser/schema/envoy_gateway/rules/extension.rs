//! Rules about servers, scripts and modules that requests are handed to.

use crate::parser::node::Node;
use crate::parser::schema::problem::quote;
use crate::parser::schema::rules::{is, list, word};
use crate::parser::schema::table::Breaks;
use crate::path;

/// The bodies that a server gets, each with the side that it is of.
fn bodies(server: &Node) -> impl Iterator<Item = (&'static str, &str)> {
    let mode = server.get("processingMode");
    let body = move |side: &'static str| Some((side, word(mode?.get(side)?, "body")?));
    ["request", "response"].into_iter().filter_map(body)
}

fn is_true(node: &Node, field: &str) -> bool {
    node.get(field) == Some(&Node::Bool(true))
}

pub(in crate::parser::schema) fn full_duplex_fails_closed(server: &Node, breaks: &mut Breaks) {
    let duplex = bodies(server).find(|(_, body)| *body == "FullDuplexStreamed");
    if let Some((side, _)) = duplex.filter(|_| is_true(server, "failOpen")) {
        breaks.at(path!["processingMode", side, "body"], "write another way to get a body, or remove `failOpen`");
    }
}

pub(in crate::parser::schema) fn shadow_is_streamed(server: &Node, breaks: &mut Breaks) {
    let other = bodies(server).find(|(_, body)| *body != "Streamed");
    if let Some((side, _)) = other.filter(|_| is_true(server, "shadowMode")) {
        breaks.at(path!["processingMode", side, "body"], "write `Streamed`, or remove `shadowMode`");
    }
}

pub(in crate::parser::schema) fn namespaces_are_free(metadata: &Node, breaks: &mut Breaks) {
    for (index, namespace) in list(metadata, "writableNamespaces").iter().enumerate() {
        if let Some(text) = namespace.as_str().filter(|text| text.starts_with("envoy.filters.http")) {
            let message = format!("a filter of Envoy writes {}", quote(text));
            breaks.say(path!["writableNamespaces", index], message, "write a name of your own");
        }
    }
}

pub(in crate::parser::schema) fn script_is_in_a_config_map(reference: &Node, breaks: &mut Breaks) {
    if !is(reference, "kind", "ConfigMap") {
        breaks.at(path!["kind"], "write `ConfigMap`");
    }
    if !["", "v1"].iter().any(|group| is(reference, "group", group)) {
        breaks.at(path!["group"], "write `\"\"`");
    }
}

pub(in crate::parser::schema) fn is_a_secret(reference: &Node, breaks: &mut Breaks) {
    if !is(reference, "kind", "Secret") {
        breaks.at(path!["kind"], "write `Secret`");
    }
}
