//! Rules about listeners.

use crate::parser::node::Node;
use crate::parser::schema::problem::quote;
use crate::parser::schema::table::Breaks;
use crate::path;

use super::{is, is_filled, items, list, pairs, word};

fn protocol_is_in(listener: &Node, protocols: &[&str]) -> bool {
    word(listener, "protocol").is_some_and(|protocol| protocols.contains(&protocol))
}

pub(in crate::parser::schema) fn plain_has_no_tls(listeners: &Node, breaks: &mut Breaks) {
    for (index, listener) in items(listeners).iter().enumerate() {
        if protocol_is_in(listener, &["HTTP", "TCP", "UDP"]) && listener.get("tls").is_some() {
            breaks.at(path![index, "tls"], "remove `tls`, or write the protocol `HTTPS` or `TLS`");
        }
    }
}

pub(in crate::parser::schema) fn https_terminates(listeners: &Node, breaks: &mut Breaks) {
    for (index, listener) in items(listeners).iter().enumerate() {
        let mode = listener.get("tls").and_then(|tls| word(tls, "mode")).unwrap_or_default();
        if is(listener, "protocol", "HTTPS") && !matches!(mode, "" | "Terminate") {
            let help = format!("write `mode: Terminate`, or the protocol `TLS` for the mode {}", quote(mode));
            breaks.at(path![index, "tls", "mode"], help);
        }
    }
}

pub(in crate::parser::schema) fn tls_has_mode(listeners: &Node, breaks: &mut Breaks) {
    for (index, listener) in items(listeners).iter().enumerate() {
        let has_mode = listener.get("tls").is_some_and(|tls| is_filled(tls, "mode"));
        if is(listener, "protocol", "TLS") && !has_mode {
            breaks.at(
                path![index, "tls"],
                "add `tls` with `mode: Terminate` and `certificateRefs`, or `mode: Passthrough`",
            );
        }
    }
}

pub(in crate::parser::schema) fn l4_has_no_hostname(listeners: &Node, breaks: &mut Breaks) {
    for (index, listener) in items(listeners).iter().enumerate() {
        if protocol_is_in(listener, &["TCP", "UDP"]) && is_filled(listener, "hostname") {
            breaks.at(path![index, "hostname"], "remove `hostname`: there is none in a TCP or UDP connection");
        }
    }
}

pub(in crate::parser::schema) fn listeners_are_distinct(listeners: &Node, breaks: &mut Breaks) {
    let is_clash = |one: &Node, other: &Node| {
        ["port", "protocol", "hostname"].iter().all(|field| one.get(field) == other.get(field))
    };
    for (first, second) in pairs(items(listeners), is_clash) {
        breaks.pair(path![first], path![second], "give one of them another `port` or `hostname`, or remove it");
    }
}

pub(in crate::parser::schema) fn termination_has_certificate(tls: &Node, breaks: &mut Breaks) {
    let has_options = tls.get("options").and_then(Node::as_map).is_some_and(|options| !options.is_empty());
    if is(tls, "mode", "Terminate") && list(tls, "certificateRefs").is_empty() && !has_options {
        breaks.at(path![], "add `certificateRefs` with the Secret that holds the certificate");
    }
}
