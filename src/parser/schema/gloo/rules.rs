//! What Gloo's decoder refuses and the API server takes: durations that are none, and fields of which there may be one.

use crate::parser::api::GoDuration;
use crate::parser::node::Node;
use crate::parser::schema::problem::{listed, quote};
use crate::parser::schema::table::{Breaks, Rule, rule};
use crate::path;

/// Every field of the options that is a length of time.
const DURATION_FIELDS: [&str; 24] = [
    "baseEjectionTime",
    "baseInterval",
    "connectTimeout",
    "dnsRefreshRate",
    "fixedDelay",
    "grpcTimeoutHeaderMax",
    "grpcTimeoutHeaderOffset",
    "healthyEdgeInterval",
    "idleTimeout",
    "initialJitter",
    "interval",
    "intervalJitter",
    "keepaliveInterval",
    "keepaliveTime",
    "maxInterval",
    "maxStreamDuration",
    "noTrafficInterval",
    "perTryTimeout",
    "slowStartWindow",
    "timeout",
    "ttl",
    "unhealthyEdgeInterval",
    "unhealthyInterval",
    "updateMergeWindow",
];

/// How `exposeHeaders` of a virtual host and of a route are merged, by number.
const CORS_MERGES: [&str; 2] = ["DEFAULT", "UNION"];

/// The forms of one field.
const HOST_REWRITES: [&str; 4] = ["hostRewrite", "autoHostRewrite", "hostRewriteHeader", "hostRewritePathRegex"];

pub(super) const DURATIONS: Rule =
    rule("a length of time is a number with its unit", durations_are_readable).of_controller();
pub(super) const ONE_HOST_REWRITE: Rule =
    rule("there is one way to rewrite the host", |options, breaks| at_most_one(options, &HOST_REWRITES, breaks))
        .of_controller();
pub(super) const ONE_HASH_SOURCE: Rule = rule("a hash is made of one thing", |policy, breaks| {
    exactly_one(policy, &["header", "cookie", "sourceIp"], breaks);
})
.of_controller();
pub(super) const ONE_UPSTREAM_TYPE: Rule = rule("an Upstream has one type", |spec, breaks| {
    at_most_one(spec, &["static", "kube", "pipe", "aws", "awsEc2", "azure", "consul", "gcp", "ai"], breaks);
})
.of_controller();
pub(super) const ONE_BALANCER: Rule = rule("an endpoint is chosen in one way", |config, breaks| {
    at_most_one(config, &["roundRobin", "leastRequest", "random", "ringHash", "maglev"], breaks);
})
.of_controller();
pub(super) const ONE_QUESTION: Rule = rule("a health check asks one thing", |check, breaks| {
    exactly_one(check, &["httpHealthCheck", "tcpHealthCheck", "grpcHealthCheck", "customHealthCheck"], breaks);
})
.of_controller();
pub(super) const ONE_VALUE: Rule = rule("a header comes from one place", |entry, breaks| {
    exactly_one(entry, &["header", "headerSecretRef"], breaks);
})
.of_controller();
pub(super) const ONE_UPGRADE: Rule = rule("an upgrade is to one protocol", |upgrade, breaks| {
    exactly_one(upgrade, &["websocket", "connect", "connectTerminate"], breaks);
})
.of_controller();
pub(super) const KNOWN_MERGE: Rule = rule("lists are merged in a known way", |settings, breaks| {
    let Some(word) = settings.get("exposeHeaders") else { return };
    let is_known = match word {
        Node::String(text) => CORS_MERGES.contains(&text.as_str()),
        Node::Int(number) => (0..CORS_MERGES.len()).any(|known| known.to_string() == number.to_string()),
        _ => true,
    };
    if !is_known {
        let help = format!("write one of {}", listed(CORS_MERGES, "and"));
        breaks.say(path!["exposeHeaders"], "there is no such way to merge", help);
    }
})
.of_controller();

fn durations_are_readable(fields: &Node, breaks: &mut Breaks) {
    for name in DURATION_FIELDS {
        let Some(text) = fields.get(name).and_then(Node::as_str) else { continue };
        if GoDuration::parse(text).is_none() {
            let message = format!("{} is not a length of time", quote(text));
            breaks.say(path![name], message, "write a number with its unit, such as `1.5s`, `250ms` or `1m30s`");
        }
    }
}

fn at_most_one(node: &Node, names: &[&'static str], breaks: &mut Breaks) {
    let mut there = names.iter().copied().filter(|name| node.get(name).is_some());
    if let (Some(first), Some(second)) = (there.next(), there.next()) {
        let message = format!("`{second}` cannot stand beside `{first}`");
        breaks.say(path![second], message, format!("keep one of {}", listed(names.iter().copied(), "and")));
    }
}

fn exactly_one(node: &Node, names: &[&'static str], breaks: &mut Breaks) {
    if names.iter().all(|name| node.get(name).is_none()) {
        breaks.say(path![], "the entry says nothing", format!("add one of {}", listed(names.iter().copied(), "and")));
    }
    at_most_one(node, names, breaks);
}
