//! Rules about the backends that a policy names.

use crate::parser::node::Node;
use crate::parser::schema::rules::{list, word};
use crate::parser::schema::table::Breaks;
use crate::path;

const KINDS: [&str; 3] = ["Service", "ServiceImport", "Backend"];
const GROUPS: [&str; 3] = ["", "multicluster.x-k8s.io", "gateway.envoyproxy.io"];

pub(in crate::parser::schema) fn is_named(service: &Node, breaks: &mut Breaks) {
    if service.get("backendRef").is_none() && list(service, "backendRefs").is_empty() {
        breaks.at(path!["backendRefs"], "add `backendRefs` with at least one entry");
    }
}

pub(in crate::parser::schema) fn is_of_a_known_kind(service: &Node, breaks: &mut Breaks) {
    for (index, backend) in list(service, "backendRefs").iter().enumerate() {
        if word(backend, "kind").is_some_and(|kind| !KINDS.contains(&kind)) {
            breaks.at(path!["backendRefs", index, "kind"], "write `Service`, `ServiceImport` or `Backend`");
        }
    }
}

pub(in crate::parser::schema) fn is_of_a_known_group(service: &Node, breaks: &mut Breaks) {
    for (index, backend) in list(service, "backendRefs").iter().enumerate() {
        if word(backend, "group").is_some_and(|group| !GROUPS.contains(&group)) {
            let help = "write `\"\"`, `multicluster.x-k8s.io` or `gateway.envoyproxy.io`";
            breaks.at(path!["backendRefs", index, "group"], help);
        }
    }
}

pub(in crate::parser::schema) fn is_in_the_list(service: &Node, breaks: &mut Breaks) {
    if service.get("backendRef").is_some() {
        breaks.at(path!["backendRef"], "name the backend in `backendRefs`");
    }
}

pub(in crate::parser::schema) fn tries_have_no_timeout(service: &Node, breaks: &mut Breaks) {
    refuse_retry(service, "perRetry", "timeout", breaks);
}

pub(in crate::parser::schema) fn tries_have_no_codes(service: &Node, breaks: &mut Breaks) {
    refuse_retry(service, "retryOn", "httpStatusCodes", breaks);
}

fn refuse_retry(service: &Node, part: &'static str, field: &'static str, breaks: &mut Breaks) {
    let retry = service.get("backendSettings").and_then(|settings| settings.get("retry"));
    if retry.and_then(|retry| retry.get(part)).is_some_and(|part| part.get(field).is_some()) {
        breaks.at(path!["backendSettings", "retry", part, field], format!("remove `{field}`"));
    }
}
