//! Rules about routes and their rules.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::parser::node::Node;
use crate::parser::schema::problem::quote;
use crate::parser::schema::table::Breaks;
use crate::path;

use super::{duration, is, items, list, pairs, word};

const ONE_PREFIX: &str = "write one match of type `PathPrefix` in this rule, or use `replaceFullPath`";

pub(in crate::parser::schema) fn rule_names_are_unique(rules: &Node, breaks: &mut Breaks) {
    let is_clash = |one: &Node, other: &Node| word(one, "name").is_some() && one.get("name") == other.get("name");
    for (first, second) in pairs(items(rules), is_clash) {
        breaks.pair(path![first, "name"], path![second, "name"], "give each rule its own name");
    }
}

pub(in crate::parser::schema) fn redirect_has_no_backends(rule: &Node, breaks: &mut Breaks) {
    let redirect = list(rule, "filters").iter().position(|filter| filter.get("requestRedirect").is_some());
    if let Some(index) = redirect.filter(|_| !list(rule, "backendRefs").is_empty()) {
        breaks.pair(
            path!["filters", index],
            path!["backendRefs"],
            "remove `backendRefs` or the filter: a redirected request is not sent to a backend",
        );
    }
}

/// Whether exactly one of `filters` replaces a prefix as `member`.
fn replaces_prefix(filters: &[Node], member: &str) -> bool {
    let replaces = |filter: &&Node| {
        filter
            .get(member)
            .and_then(|modifier| modifier.get("path"))
            .is_some_and(|path| is(path, "type", "ReplacePrefixMatch") && path.get("replacePrefixMatch").is_some())
    };
    filters.iter().filter(replaces).count() == 1
}

fn has_one_prefix(rule: &Node) -> bool {
    match list(rule, "matches") {
        [only] => only.get("path").is_some_and(|path| is(path, "type", "PathPrefix")),
        _ => false,
    }
}

fn rule_filter_has_one_prefix(rule: &Node, member: &str, breaks: &mut Breaks) {
    if replaces_prefix(list(rule, "filters"), member) && !has_one_prefix(rule) {
        breaks.at(path!["matches"], ONE_PREFIX);
    }
}

/// The API's rule holds where several backends replace a prefix; so does this one.
fn backend_filter_has_one_prefix(rule: &Node, member: &str, breaks: &mut Breaks) {
    let replacing = |backend: &&Node| replaces_prefix(list(backend, "filters"), member);
    if list(rule, "backendRefs").iter().filter(replacing).count() == 1 && !has_one_prefix(rule) {
        breaks.at(path!["matches"], ONE_PREFIX);
    }
}

pub(in crate::parser::schema) fn redirect_has_one_prefix(rule: &Node, breaks: &mut Breaks) {
    rule_filter_has_one_prefix(rule, "requestRedirect", breaks);
}

pub(in crate::parser::schema) fn rewrite_has_one_prefix(rule: &Node, breaks: &mut Breaks) {
    rule_filter_has_one_prefix(rule, "urlRewrite", breaks);
}

pub(in crate::parser::schema) fn backend_redirect_has_one_prefix(rule: &Node, breaks: &mut Breaks) {
    backend_filter_has_one_prefix(rule, "requestRedirect", breaks);
}

pub(in crate::parser::schema) fn backend_rewrite_has_one_prefix(rule: &Node, breaks: &mut Breaks) {
    backend_filter_has_one_prefix(rule, "urlRewrite", breaks);
}

/// A request timeout of zero means none, so that every backend timeout is within it.
pub(in crate::parser::schema) fn backend_timeout_is_within_request(timeouts: &Node, breaks: &mut Breaks) {
    let (Some(request), Some(backend)) = (duration(timeouts, "request"), duration(timeouts, "backendRequest")) else {
        return;
    };
    if !request.is_zero() && backend > request {
        breaks.at(path!["backendRequest"], "shorten `backendRequest`, or lengthen `request` (`0s` means no limit)");
    }
}

pub(in crate::parser::schema) fn hostnames_are_not_addresses(hostnames: &Node, breaks: &mut Breaks) {
    for (index, hostname) in items(hostnames).iter().enumerate() {
        let Some(hostname) = hostname.as_str() else { continue };
        if hostname.parse::<Ipv4Addr>().is_ok() || hostname.parse::<Ipv6Addr>().is_ok() {
            let message = format!("{} is an IP address, and a TLSRoute needs hostnames", quote(hostname));
            breaks.say(path![index], message, "write the DNS name that clients send as SNI");
        }
    }
}
