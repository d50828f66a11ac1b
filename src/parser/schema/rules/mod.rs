//! The rules across fields, as functions over values that were checked and
//! defaulted. Each is the meaning of one or more of the API's CEL rules.
//!
//! A rule never fails: where a value has not the shape it expects, another
//! problem has been reported and the rule finds nothing.

pub(super) mod address;
pub(super) mod filter;
pub(super) mod listener;
pub(super) mod matching;
pub(super) mod policy;
pub(super) mod reference;
pub(super) mod route;
pub(super) mod session;
pub(super) mod union;

use crate::parser::api::Duration;
use crate::parser::node::Node;

pub(super) fn items(node: &Node) -> &[Node] {
    node.as_list().unwrap_or_default()
}

pub(super) fn list<'n>(node: &'n Node, field: &str) -> &'n [Node] {
    node.get(field).and_then(Node::as_list).unwrap_or_default()
}

pub(super) fn word<'n>(node: &'n Node, field: &str) -> Option<&'n str> {
    node.get(field).and_then(Node::as_str)
}

pub(super) fn is(node: &Node, field: &str, wanted: &str) -> bool {
    word(node, field) == Some(wanted)
}

pub(super) fn is_filled(node: &Node, field: &str) -> bool {
    word(node, field).is_some_and(|text| !text.is_empty())
}

pub(super) fn duration(node: &Node, field: &str) -> Option<Duration> {
    word(node, field).and_then(Duration::parse)
}

/// The first pair of items for which `is_clash` holds, for each second item.
fn pairs(items: &[Node], is_clash: impl Fn(&Node, &Node) -> bool) -> impl Iterator<Item = (usize, usize)> {
    items.iter().enumerate().skip(1).filter_map(move |(second, item)| {
        items[..second].iter().position(|other| is_clash(other, item)).map(|first| (first, second))
    })
}
