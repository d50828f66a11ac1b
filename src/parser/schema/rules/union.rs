//! Rules about which fields of an object stand together: of a union, and beside the field that tells its type.

use crate::parser::node::Node;
use crate::parser::schema::problem::listed;
use crate::parser::schema::table::Breaks;
use crate::path;

use super::{is, word};

/// At most one of the fields is there.
pub(in crate::parser::schema) fn at_most_one(node: &Node, names: &[&'static str], breaks: &mut Breaks) {
    let mut there = names.iter().copied().filter(|name| node.get(name).is_some());
    if let (Some(first), Some(second)) = (there.next(), there.next()) {
        let message = format!("`{second}` cannot stand beside `{first}`");
        breaks.say(path![second], message, format!("keep one of {}", listed(names.iter().copied(), "and")));
    }
}

/// At least one of the fields is there.
pub(in crate::parser::schema) fn at_least_one(node: &Node, names: &[&'static str], breaks: &mut Breaks) {
    if names.iter().all(|name| node.get(name).is_none()) {
        breaks.say(path![], "the entry says nothing", format!("add one of {}", listed(names.iter().copied(), "and")));
    }
}

/// One of the fields is there, and no second one.
pub(in crate::parser::schema) fn exactly_one(node: &Node, names: &[&'static str], breaks: &mut Breaks) {
    at_least_one(node, names, breaks);
    at_most_one(node, names, breaks);
}

/// `field` is there only beside `other`.
pub(in crate::parser::schema) fn needs(node: &Node, field: &'static str, other: &'static str, breaks: &mut Breaks) {
    if node.get(field).is_some() && node.get(other).is_none() {
        breaks.say(path![field], format!("`{field}` needs `{other}`"), format!("add `{other}`, or remove `{field}`"));
    }
}

/// `member` is there where the field that tells the type has this value.
pub(in crate::parser::schema) fn required_where(
    node: &Node,
    (field, value): (&'static str, &str),
    member: &'static str,
    breaks: &mut Breaks,
) {
    if is(node, field, value) && node.get(member).is_none() {
        let message = format!("`{member}` is required where `{field}` is `{value}`");
        breaks.say(path![member], message, format!("add `{member}`, or change `{field}`"));
    }
}

/// `member` is there only where the field that tells the type has one of these values.
pub(in crate::parser::schema) fn only_where(
    node: &Node,
    (field, values): (&'static str, &[&str]),
    member: &'static str,
    breaks: &mut Breaks,
) {
    let is_fitting = word(node, field).is_some_and(|value| values.contains(&value));
    if node.get(member).is_some() && !is_fitting {
        let values = listed(values.iter().copied(), "or");
        let message = format!("`{member}` stands only where `{field}` is {values}");
        breaks.say(path![member], message, format!("remove `{member}`, or change `{field}`"));
    }
}

/// `member` is there where the field that tells the type has this value, and nowhere else.
pub(in crate::parser::schema) fn member_fits(
    node: &Node,
    (field, value): (&'static str, &str),
    member: &'static str,
    breaks: &mut Breaks,
) {
    required_where(node, (field, value), member, breaks);
    only_where(node, (field, &[value]), member, breaks);
}
