//! Rules about references to parents and backends.

use crate::parser::node::Node;
use crate::parser::schema::table::Breaks;
use crate::path;

use super::{is, is_filled, items, pairs, word};

/// Whether two references name one parent. A namespace that is left out equals only one that is left out.
fn is_same_parent(one: &Node, other: &Node) -> bool {
    ["group", "kind", "name"].iter().all(|field| one.get(field) == other.get(field))
        && word(one, "namespace").unwrap_or_default() == word(other, "namespace").unwrap_or_default()
}

fn has_same_section(one: &Node, other: &Node) -> bool {
    word(one, "sectionName").unwrap_or_default() == word(other, "sectionName").unwrap_or_default()
}

fn port(reference: &Node) -> i64 {
    reference.get("port").and_then(Node::as_int).unwrap_or_default()
}

fn both_or_neither_section(one: &Node, other: &Node) -> bool {
    is_filled(one, "sectionName") == is_filled(other, "sectionName")
}

fn report(parents: &Node, breaks: &mut Breaks, help: &str, is_clash: impl Fn(&Node, &Node) -> bool) {
    for (first, second) in pairs(items(parents), |one, other| is_same_parent(one, other) && is_clash(one, other)) {
        breaks.pair(path![first], path![second], help);
    }
}

pub(in crate::parser::schema) fn parents_are_told_apart_by_section_or_port(parents: &Node, breaks: &mut Breaks) {
    report(
        parents,
        breaks,
        "set the same of `sectionName` and `port` in every reference to this parent",
        |one, other| !both_or_neither_section(one, other) || (port(one) == 0) != (port(other) == 0),
    );
}

pub(in crate::parser::schema) fn parents_differ_in_section_or_port(parents: &Node, breaks: &mut Breaks) {
    report(parents, breaks, "remove one of the two, or name different listeners", |one, other| {
        has_same_section(one, other) && port(one) == port(other)
    });
}

pub(in crate::parser::schema) fn parents_are_told_apart_by_section(parents: &Node, breaks: &mut Breaks) {
    report(parents, breaks, "set `sectionName` in every reference to this parent", |one, other| {
        !both_or_neither_section(one, other)
    });
}

pub(in crate::parser::schema) fn parents_differ_in_section(parents: &Node, breaks: &mut Breaks) {
    report(parents, breaks, "remove one of the two, or name different listeners", has_same_section);
}

pub(in crate::parser::schema) fn service_has_port(reference: &Node, breaks: &mut Breaks) {
    if is(reference, "group", "") && is(reference, "kind", "Service") && reference.get("port").is_none() {
        breaks.port(reference);
    }
}
