//! What Gloo's decoder refuses and the API server takes: durations that are none, and fields of which there may be one.

use crate::parser::api::GoDuration;
use crate::parser::node::Node;
use crate::parser::schema::problem::{listed, quote};
use crate::parser::schema::rules::union::{at_most_one, exactly_one};
use crate::parser::schema::table::{Breaks, Rule, rule};
use crate::path;

/// Every field of the options that is a length of time.
const DURATION_FIELDS: [&str; 38] = [
    "baseEjectionTime",
    "baseInterval",
    "cacheDuration",
    "connectTimeout",
    "delayBeforeClose",
    "delayedCloseTimeout",
    "dnsQueryTimeout",
    "dnsRefreshRate",
    "drainTimeout",
    "fillInterval",
    "fixedDelay",
    "grpcTimeoutHeaderMax",
    "grpcTimeoutHeaderOffset",
    "healthyEdgeInterval",
    "hostTtl",
    "idleTimeout",
    "initialJitter",
    "interval",
    "intervalJitter",
    "keepaliveInterval",
    "keepaliveTime",
    "maxConnectionDuration",
    "maxInterval",
    "maxMessageTimeout",
    "maxStreamDuration",
    "messageTimeout",
    "noTrafficInterval",
    "perTryTimeout",
    "pollingInterval",
    "requestHeadersTimeout",
    "requestTimeout",
    "slowStartWindow",
    "streamIdleTimeout",
    "timeout",
    "ttl",
    "unhealthyEdgeInterval",
    "unhealthyInterval",
    "updateMergeWindow",
];

/// How `exposeHeaders` of a virtual host and of a route are merged, by number.
const CORS_MERGES: [&str; 2] = ["DEFAULT", "UNION"];

/// The words that fields of `httpConnectionManagerSettings` take, each by its number.
const CONNECTION_WORDS: [(&str, &[&str]); 5] = [
    ("codecType", &["AUTO", "HTTP1", "HTTP2"]),
    (
        "forwardClientCertDetails",
        &["SANITIZE", "FORWARD_ONLY", "APPEND_FORWARD", "SANITIZE_SET", "ALWAYS_FORWARD_ONLY"],
    ),
    ("headersWithUnderscoresAction", &["ALLOW", "REJECT_CLIENT_REQUEST", "DROP_HEADER"]),
    (
        "pathWithEscapedSlashesAction",
        &[
            "IMPLEMENTATION_SPECIFIC_DEFAULT",
            "KEEP_UNCHANGED",
            "REJECT_REQUEST",
            "UNESCAPE_AND_REDIRECT",
            "UNESCAPE_AND_FORWARD",
        ],
    ),
    ("serverHeaderTransformation", &["OVERWRITE", "APPEND_IF_ABSENT", "PASS_THROUGH"]),
];

/// The forms of one field.
const HOST_REWRITES: [&str; 4] = ["hostRewrite", "autoHostRewrite", "hostRewriteHeader", "hostRewritePathRegex"];

pub(super) const DURATIONS: Rule =
    rule("a length of time is a number with its unit", durations_are_readable).of_controller();
pub(super) const ONE_HOST_REWRITE: Rule =
    rule("there is one way to rewrite the host", |options, breaks| at_most_one(options, &HOST_REWRITES, breaks))
        .of_controller();
pub(super) const ONE_TOKEN_OPTION: Rule = rule("tokens are asked for in one way", |options, breaks| {
    at_most_one(options, &["jwt", "jwtStaged", "jwtProvidersStaged"], breaks);
})
.of_controller();
pub(super) const ONE_KEY_SOURCE: Rule = rule("keys come from one place", |keys, breaks| {
    at_most_one(keys, &["local", "remote"], breaks);
})
.of_controller();
pub(super) const ONE_PROCESSOR: Rule = rule("a server is named, or none is wanted", |options, breaks| {
    for names in
        [["extProcEarly", "disableExtProcEarly"], ["extProc", "disableExtProc"], ["extProcLate", "disableExtProcLate"]]
    {
        at_most_one(options, &names, breaks);
    }
})
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
    known_word(settings, ("exposeHeaders", &CORS_MERGES), "there is no such way to merge", breaks);
})
.of_controller();
pub(super) const KNOWN_CONNECTION_WORDS: Rule = rule("settings of connections are known words", |settings, breaks| {
    for field in CONNECTION_WORDS {
        known_word(settings, field, "there is no such setting", breaks);
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

/// A member of an enumeration is its name or its number.
pub(super) fn known_word(
    node: &Node,
    (field, words): (&'static str, &[&'static str]),
    message: &str,
    breaks: &mut Breaks,
) {
    let is_known = match node.get(field) {
        Some(Node::String(text)) => words.contains(&text.as_str()),
        Some(Node::Int(number)) => (0..words.len()).any(|known| known.to_string() == number.to_string()),
        _ => true,
    };
    if !is_known {
        breaks.say(path![field], message, format!("write one of {}", listed(words.iter().copied(), "and")));
    }
}
