//! Rules about filters.

use crate::parser::node::Node;
use crate::parser::schema::problem::quote;
use crate::parser::schema::table::Breaks;
use crate::path;

use super::{is, items, list, word};

/// The types of HTTP filters with the fields that belong to them.
const HTTP_MEMBERS: &[(&str, &str)] = &[
    ("RequestHeaderModifier", "requestHeaderModifier"),
    ("ResponseHeaderModifier", "responseHeaderModifier"),
    ("RequestMirror", "requestMirror"),
    ("RequestRedirect", "requestRedirect"),
    ("URLRewrite", "urlRewrite"),
    ("ExtensionRef", "extensionRef"),
    ("CORS", "cors"),
    ("ExternalAuth", "externalAuth"),
];

const GRPC_MEMBERS: &[(&str, &str)] = &[
    ("RequestHeaderModifier", "requestHeaderModifier"),
    ("ResponseHeaderModifier", "responseHeaderModifier"),
    ("RequestMirror", "requestMirror"),
    ("ExtensionRef", "extensionRef"),
];

const PATH_MEMBERS: &[(&str, &str)] =
    &[("ReplaceFullPath", "replaceFullPath"), ("ReplacePrefixMatch", "replacePrefixMatch")];

const AUTH_MEMBERS: &[(&str, &str)] = &[("GRPC", "grpc"), ("HTTP", "http")];

/// A union has the member of its discriminator and no other.
fn has_only_its_member(
    union: &Node,
    discriminator: &'static str,
    members: &[(&'static str, &'static str)],
    breaks: &mut Breaks,
) {
    let Some(chosen) = word(union, discriminator) else { return };
    for &(name, member) in members {
        match (name == chosen, union.get(member).is_some()) {
            (true, false) => breaks.say(
                path![member],
                format!("`{member}` is required where `{discriminator}` is `{name}`"),
                format!("add `{member}`"),
            ),
            (false, true) => breaks.say(
                path![member],
                format!("`{member}` needs `{discriminator}: {name}`, and here it is {}", quote(chosen)),
                format!("remove `{member}`, or write `{discriminator}: {name}`"),
            ),
            _ => {}
        }
    }
}

pub(in crate::parser::schema) fn http_filter_has_its_field(filter: &Node, breaks: &mut Breaks) {
    has_only_its_member(filter, "type", HTTP_MEMBERS, breaks);
}

pub(in crate::parser::schema) fn grpc_filter_has_its_field(filter: &Node, breaks: &mut Breaks) {
    has_only_its_member(filter, "type", GRPC_MEMBERS, breaks);
}

pub(in crate::parser::schema) fn path_modifier_has_its_field(modifier: &Node, breaks: &mut Breaks) {
    has_only_its_member(modifier, "type", PATH_MEMBERS, breaks);
}

pub(in crate::parser::schema) fn auth_has_its_field(auth: &Node, breaks: &mut Breaks) {
    has_only_its_member(auth, "protocol", AUTH_MEMBERS, breaks);
}

pub(in crate::parser::schema) fn http_filters_are_unique(filters: &Node, breaks: &mut Breaks) {
    const ONCE: &[&str] = &["CORS", "RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite"];
    types_are_unique(filters, ONCE, breaks);
}

pub(in crate::parser::schema) fn grpc_filters_are_unique(filters: &Node, breaks: &mut Breaks) {
    types_are_unique(filters, &["RequestHeaderModifier", "ResponseHeaderModifier"], breaks);
}

fn types_are_unique(filters: &Node, once: &[&str], breaks: &mut Breaks) {
    for kind in once {
        let mut places = items(filters).iter().enumerate().filter(|(_, filter)| is(filter, "type", kind));
        let Some((first, _)) = places.next() else { continue };
        for (second, _) in places {
            breaks.pair(path![first], path![second], format!("write one `{kind}` filter with the settings of both"));
        }
    }
}

pub(in crate::parser::schema) fn redirect_excludes_rewrite(filters: &Node, breaks: &mut Breaks) {
    let place = |kind: &str| items(filters).iter().position(|filter| is(filter, "type", kind));
    if let (Some(redirect), Some(rewrite)) = (place("RequestRedirect"), place("URLRewrite")) {
        breaks.pair(
            path![redirect.min(rewrite)],
            path![redirect.max(rewrite)],
            "remove one of them: a redirected request is not sent to a backend",
        );
    }
}

pub(in crate::parser::schema) fn mirror_has_one_share(mirror: &Node, breaks: &mut Breaks) {
    if mirror.get("percent").is_some() && mirror.get("fraction").is_some() {
        breaks.at(path!["fraction"], "remove `percent` or `fraction`");
    }
}

pub(in crate::parser::schema) fn fraction_is_at_most_one(fraction: &Node, breaks: &mut Breaks) {
    let number = |field: &str| fraction.get(field).and_then(Node::as_int);
    if let (Some(numerator), Some(denominator)) = (number("numerator"), number("denominator"))
        && numerator > denominator
    {
        let message = format!("`numerator` is {numerator}, greater than the `denominator` of {denominator}");
        breaks.say(path!["numerator"], message, format!("write a number between 0 and {denominator}"));
    }
}

pub(in crate::parser::schema) fn cors_wildcards_are_alone(cors: &Node, breaks: &mut Breaks) {
    for field in ["allowHeaders", "allowMethods", "allowOrigins"] {
        let items = list(cors, field);
        if let Some(index) = items.iter().position(|item| item.as_str() == Some("*")).filter(|_| items.len() > 1) {
            breaks.say(
                path![field, index],
                format!("`*` must be the only item of `{field}`"),
                "remove the other items, or remove `*`",
            );
        }
    }
}
