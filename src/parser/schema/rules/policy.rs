//! Rules about policies and XBackend.

use std::time::Duration as StdDuration;

use crate::parser::node::Node;
use crate::parser::schema::pattern;
use crate::parser::schema::problem::quote;
use crate::parser::schema::table::Breaks;
use crate::path;

use super::{duration, is, is_filled, items, list, pairs, word};

const SECOND: StdDuration = StdDuration::from_secs(1);
const HOUR: StdDuration = StdDuration::from_secs(3600);

fn is_same_target(one: &Node, other: &Node) -> bool {
    ["group", "kind", "name"].iter().all(|field| one.get(field) == other.get(field))
}

pub(in crate::parser::schema) fn targets_are_told_apart(targets: &Node, breaks: &mut Breaks) {
    let is_clash = |one: &Node, other: &Node| {
        is_same_target(one, other) && is_filled(one, "sectionName") != is_filled(other, "sectionName")
    };
    for (first, second) in pairs(items(targets), is_clash) {
        breaks.pair(path![first], path![second], "set `sectionName` in every reference to this target");
    }
}

pub(in crate::parser::schema) fn targets_differ(targets: &Node, breaks: &mut Breaks) {
    let section = |target: &Node| word(target, "sectionName").unwrap_or_default().to_owned();
    let is_clash = |one: &Node, other: &Node| is_same_target(one, other) && section(one) == section(other);
    for (first, second) in pairs(items(targets), is_clash) {
        breaks.pair(path![first], path![second], "remove one of the two, or name different sections");
    }
}

pub(in crate::parser::schema) fn validation_has_one_source(validation: &Node, breaks: &mut Breaks) {
    if !list(validation, "caCertificateRefs").is_empty() && is_filled(validation, "wellKnownCACertificates") {
        breaks.at(path!["wellKnownCACertificates"], "remove one of the two");
    }
}

pub(in crate::parser::schema) fn validation_has_a_source(validation: &Node, breaks: &mut Breaks) {
    if list(validation, "caCertificateRefs").is_empty() && !is_filled(validation, "wellKnownCACertificates") {
        let help = "name the ConfigMap with the authorities, or write `wellKnownCACertificates: System`";
        breaks.at(path!["caCertificateRefs"], help);
    }
}

pub(in crate::parser::schema) fn san_has_its_field(san: &Node, breaks: &mut Breaks) {
    for (kind, member) in [("Hostname", "hostname"), ("URI", "uri")] {
        match (is(san, "type", kind), is_filled(san, member)) {
            (true, false) => breaks.say(
                path![member],
                format!("`{member}` is required where `type` is `{kind}`"),
                format!("add `{member}`"),
            ),
            (false, true) => breaks.say(
                path![member],
                format!("`{member}` needs `type: {kind}`"),
                format!("remove `{member}`, or write `type: {kind}`"),
            ),
            _ => {}
        }
    }
}

pub(in crate::parser::schema) fn backend_has_its_field(backend: &Node, breaks: &mut Breaks) {
    let is_external = is(backend, "type", "ExternalHostname");
    if is_external != backend.get("externalHostname").is_some() {
        breaks.at(path!["externalHostname"], "add `externalHostname` with the `hostname`");
    }
}

pub(in crate::parser::schema) fn hostname_is_external(external: &Node, breaks: &mut Breaks) {
    if word(external, "hostname").is_some_and(|hostname| hostname.ends_with(".cluster.local")) {
        breaks.at(path!["hostname"], "refer to the Service itself in place of an XBackend");
    }
}

pub(in crate::parser::schema) fn port_name_is_a_label(port: &Node, breaks: &mut Breaks) {
    if let Some(name) = word(port, "name").filter(|name| !name.is_empty() && !pattern::is_label(name)) {
        let help = format!("write {}", pattern::NAMESPACE.rule);
        breaks.say(path!["name"], format!("{} is not a DNS label", quote(name)), help);
    }
}

pub(in crate::parser::schema) fn client_certificate_fits_mode(tls: &Node, breaks: &mut Breaks) {
    match (is(tls, "mode", "ClientAndServer"), tls.get("clientCertificateRef").is_some()) {
        (true, false) => breaks.at(path!["clientCertificateRef"], "add `clientCertificateRef`, or write another mode"),
        (false, true) => {
            breaks.at(path!["clientCertificateRef"], "remove `clientCertificateRef`, or write `mode: ClientAndServer`")
        }
        _ => {}
    }
}

pub(in crate::parser::schema) fn budget_interval_is_in_bounds(budget: &Node, breaks: &mut Breaks) {
    if duration(budget, "interval").is_some_and(|interval| interval.0 < SECOND || interval.0 > HOUR) {
        breaks.at(path!["interval"], "write a duration from `1s` to `1h`");
    }
}

pub(in crate::parser::schema) fn rate_interval_is_in_bounds(rate: &Node, breaks: &mut Breaks) {
    if duration(rate, "interval").is_some_and(|interval| interval.0.is_zero() || interval.0 > HOUR) {
        breaks.at(path!["interval"], "write a duration of more than `0s` and at most `1h`");
    }
}
