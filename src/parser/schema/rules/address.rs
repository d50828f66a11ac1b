//! Rules about a Gateway's addresses and the labels of its infrastructure.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::parser::node::Node;
use crate::parser::schema::pattern;
use crate::parser::schema::problem::quote;
use crate::parser::schema::table::Breaks;
use crate::path;

use super::{is, items, pairs, word};

pub(in crate::parser::schema) fn ip_addresses_are_unique(addresses: &Node, breaks: &mut Breaks) {
    values_are_unique(addresses, "IPAddress", breaks);
}

pub(in crate::parser::schema) fn hostnames_are_unique(addresses: &Node, breaks: &mut Breaks) {
    values_are_unique(addresses, "Hostname", breaks);
}

fn values_are_unique(addresses: &Node, kind: &str, breaks: &mut Breaks) {
    let is_clash = |one: &Node, other: &Node| {
        is(one, "type", kind)
            && is(other, "type", kind)
            && word(one, "value").is_some()
            && one.get("value") == other.get("value")
    };
    for (first, second) in pairs(items(addresses), is_clash) {
        breaks.pair(path![first, "value"], path![second, "value"], "remove one of the two");
    }
}

pub(in crate::parser::schema) fn ip_address_is_one(address: &Node, breaks: &mut Breaks) {
    let Some(value) = word(address, "value").filter(|_| is(address, "type", "IPAddress")) else { return };
    if value.parse::<Ipv4Addr>().is_err() && value.parse::<Ipv6Addr>().is_err() {
        breaks.say(
            path!["value"],
            format!("{} is not an IP address", quote(value)),
            "write an IPv4 or IPv6 address without a port, or set `type: Hostname`",
        );
    }
}

pub(in crate::parser::schema) fn hostname_is_one(address: &Node, breaks: &mut Breaks) {
    let Some(value) = word(address, "value").filter(|_| is(address, "type", "Hostname")) else { return };
    if !(pattern::HOSTNAME.matches)(value) {
        let help = format!("write {}", pattern::HOSTNAME.rule);
        breaks.say(path!["value"], format!("{} is not a hostname", quote(value)), help);
    }
}

pub(in crate::parser::schema) fn annotation_keys_are_qualified(infrastructure: &Node, breaks: &mut Breaks) {
    keys_are_qualified(infrastructure, "annotations", breaks);
}

pub(in crate::parser::schema) fn label_keys_are_qualified(infrastructure: &Node, breaks: &mut Breaks) {
    keys_are_qualified(infrastructure, "labels", breaks);
}

fn keys_are_qualified(infrastructure: &Node, field: &'static str, breaks: &mut Breaks) {
    for (key, _) in infrastructure.get(field).and_then(Node::as_map).unwrap_or_default() {
        if !pattern::is_qualified_name(key) {
            let help = format!("write {}", pattern::QUALIFIED_NAME.rule);
            breaks.say(path![field, key.clone()], format!("the key {} is not a qualified name", quote(key)), help);
        } else if key.split('/').next().is_some_and(|prefix| prefix.len() > 252) {
            let message = format!("the prefix of the key {} is too long", quote(key));
            breaks.say(path![field, key.clone()], message, "write at most 252 characters before the `/`");
        }
    }
}
