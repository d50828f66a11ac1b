//! The rules across fields of Backends.

use crate::parser::node::Node;
use crate::parser::schema::table::Breaks;
use crate::path;

/// The versions of TLS from the oldest on. As the oldest one `Auto` is before all of them, as the newest one behind.
const VERSIONS: [&str; 4] = ["1.0", "1.1", "1.2", "1.3"];
/// The oldest version where none is written.
const DEFAULT_MIN: usize = 2;

fn word<'n>(node: &'n Node, field: &str) -> Option<&'n str> {
    node.get(field).and_then(Node::as_str)
}

fn is_set(node: &Node, field: &str) -> bool {
    matches!(node.get(field), Some(Node::Bool(true)))
}

fn endpoints(spec: &Node) -> &[Node] {
    spec.get("endpoints").and_then(Node::as_list).unwrap_or_default()
}

fn is_resolver(spec: &Node) -> bool {
    word(spec, "type") == Some("DynamicResolver")
}

fn takes_names(spec: &Node) -> bool {
    spec.get("tls").is_some_and(|tls| is_set(tls, "autoSNIFromEndpointHostname"))
}

pub(super) fn resolver_has_no_endpoints(spec: &Node, breaks: &mut Breaks) {
    if is_resolver(spec) && spec.get("endpoints").is_some() {
        breaks.at(path!["endpoints"], "remove `endpoints`, or the `type`");
    }
}

pub(super) fn resolver_has_no_names(spec: &Node, breaks: &mut Breaks) {
    if is_resolver(spec) && takes_names(spec) {
        breaks.at(path!["tls", "autoSNIFromEndpointHostname"], "remove the field, or the `type`");
    }
}

pub(super) fn names_are_there(spec: &Node, breaks: &mut Breaks) {
    if !takes_names(spec) {
        return;
    }
    for (index, endpoint) in endpoints(spec).iter().enumerate() {
        let has_no_name = endpoint.get("ip").is_some() || endpoint.get("unix").is_some();
        if has_no_name && endpoint.get("hostname").is_none() {
            breaks.at(path!["endpoints", index], "add `hostname` to the endpoint");
        }
    }
}

pub(super) fn names_are_apart(list: &Node, breaks: &mut Breaks) {
    let items = list.as_list().unwrap_or_default();
    let is_name = |item: &Node| item.get("fqdn").is_some();
    let Some(first) = items.first() else { return };
    if let Some(other) = items.iter().position(|item| is_name(item) != is_name(first)) {
        breaks.pair(path![0], path![other], "write a Backend for the names and another one for the rest");
    }
}

const PLACES: [&str; 3] = ["fqdn", "ip", "unix"];

pub(super) fn endpoint_has_a_place(endpoint: &Node, breaks: &mut Breaks) {
    if PLACES.iter().all(|place| endpoint.get(place).is_none()) {
        breaks.at(path![], "add `fqdn`, `ip` or `unix`");
    }
}

pub(super) fn endpoint_has_one_place(endpoint: &Node, breaks: &mut Breaks) {
    let mut there = PLACES.iter().copied().filter(|place| endpoint.get(place).is_some());
    if let (Some(_), Some(second)) = (there.next(), there.next()) {
        breaks.at(path![second], "write an endpoint for each of them");
    }
}

pub(super) fn socket_path_is_short(unix: &Node, breaks: &mut Breaks) {
    if word(unix, "path").is_some_and(|path| path.chars().count() > 108) {
        breaks.at(path!["path"], "write a shorter path");
    }
}

/// Whether authorities are named.
fn has_references(tls: &Node) -> bool {
    tls.get("caCertificateRefs").and_then(Node::as_list).is_some_and(|list| !list.is_empty())
}

fn has_well_known(tls: &Node) -> bool {
    word(tls, "wellKnownCACertificates").is_some_and(|name| !name.is_empty())
}

pub(super) fn one_source(tls: &Node, breaks: &mut Breaks) {
    if has_references(tls) && has_well_known(tls) {
        breaks.at(path!["wellKnownCACertificates"], "keep one of the two");
    }
}

pub(super) fn skipping_has_no_source(tls: &Node, breaks: &mut Breaks) {
    if is_set(tls, "insecureSkipVerify") && (has_references(tls) || has_well_known(tls)) {
        breaks.at(path!["insecureSkipVerify"], "remove `insecureSkipVerify`, so that the authorities are asked");
    }
}

pub(super) fn one_server_name(tls: &Node, breaks: &mut Breaks) {
    if tls.get("sni").is_some() && is_set(tls, "autoSNIFromEndpointHostname") {
        breaks.at(path!["autoSNIFromEndpointHostname"], "keep one of the two");
    }
}

pub(super) fn ciphers_have_an_effect(tls: &Node, breaks: &mut Breaks) {
    if word(tls, "minVersion") == Some("1.3") && tls.get("ciphers").is_some() {
        breaks.at(path!["ciphers"], "remove `ciphers`, or write `minVersion: \"1.2\"`");
    }
}

pub(super) fn versions_are_in_order(tls: &Node, breaks: &mut Breaks) {
    let rank = |word: &str| VERSIONS.iter().position(|version| *version == word);
    let Some(newest) = word(tls, "maxVersion").and_then(rank) else { return };
    let oldest = match word(tls, "minVersion") {
        None => Some(DEFAULT_MIN),
        Some(word) => rank(word),
    };
    if oldest.is_some_and(|oldest| oldest > newest) {
        breaks
            .at(path!["maxVersion"], "write a `maxVersion` from `minVersion` on, which is 1.2 where it is not written");
    }
}
