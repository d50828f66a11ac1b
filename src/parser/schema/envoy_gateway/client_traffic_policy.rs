//! Rows of ClientTrafficPolicy.

use super::super::pattern;
use super::super::rules::union;
use super::super::shared::{DURATION, EMPTY, HEADER_NAME};
use super::super::table::{ANY_TEXT, List, Shape, Type, Value, field, formed, integer, one_of, rule, text};
use super::client_tls::CLIENT_TLS;
use super::rules::{client, target};
use super::shared::{CIDR, HTTP2_SETTINGS, INT32, STRING_MATCH, TARGET_REF, TARGET_SELECTOR, TCP_KEEPALIVE};

/// The spec of a ClientTrafficPolicy.
pub(in crate::parser::schema) static CLIENT_TRAFFIC_POLICY: Shape = Shape {
    fields: &[
        field("clientIPDetection", Type::Object(&CLIENT_IP_DETECTION)),
        field("connection", Type::Object(&CLIENT_CONNECTION)),
        field("enableProxyProtocol", Type::Boolean),
        field("grpc", Type::Object(&GRPC_SETTINGS)),
        field("headers", Type::Object(&HEADER_SETTINGS)),
        field("healthCheck", Type::Object(&HEALTH_CHECK_PATH)),
        field("http1", Type::Object(&HTTP1_SETTINGS)),
        field("http2", Type::Object(&HTTP2_SETTINGS)),
        field("http3", Type::Object(&EMPTY)),
        field("path", Type::Object(&PATH_SETTINGS)),
        field("proxyProtocol", Type::Object(&PROXY_PROTOCOL)),
        field("scheme", one_of(&["Preserve", "MatchBackend"])),
        field("targetRef", Type::Object(&TARGET_REF)),
        field("targetRefs", Type::List(&List::of(Type::Object(&TARGET_REF)))),
        field("targetSelectors", Type::List(&List::of(Type::Object(&TARGET_SELECTOR)))),
        field("tcpKeepalive", Type::Object(&TCP_KEEPALIVE)),
        field("timeout", Type::Object(&CLIENT_TIMEOUT)),
        field("tls", Type::Object(&CLIENT_TLS)),
    ],
    rules: &[
        rule("a policy names its targets in one way", target::has_one_form),
        rule("targets are of the group `gateway.networking.k8s.io`", target::is_of_gateway_api),
        rule("a ClientTrafficPolicy is for Gateways and ListenerSets", |spec, breaks| {
            target::is_of_kinds(spec, &["Gateway", "ListenerSet"], breaks)
        }),
    ],
};

static CLIENT_IP_DETECTION: Shape = Shape {
    fields: &[
        field("customHeader", Type::Object(&CUSTOM_HEADER)),
        field("directSourceIP", Type::Object(&EMPTY)),
        field("xForwardedFor", Type::Object(&X_FORWARDED_FOR)),
    ],
    rules: &[rule("the address of a client is found in one way", |detection, breaks| {
        union::exactly_one(detection, &["xForwardedFor", "customHeader", "directSourceIP"], breaks)
    })],
};

static CUSTOM_HEADER: Shape = Shape {
    fields: &[field("failClosed", Type::Boolean), field("name", formed(1, 255, &pattern::PLAIN_NAME)).required()],
    rules: &[],
};

static X_FORWARDED_FOR: Shape = Shape {
    fields: &[
        field("disableXForwardedForAppend", Type::Boolean),
        field("numTrustedHops", INT32),
        field("trustedCIDRs", Type::List(&List::of(CIDR).at_least(1))),
    ],
    rules: &[rule("either hops or addresses are trusted", |header, breaks| {
        union::exactly_one(header, &["numTrustedHops", "trustedCIDRs"], breaks)
    })],
};

static CLIENT_CONNECTION: Shape = Shape {
    fields: &[
        field("bufferLimit", Type::Quantity),
        field("connectionLimit", Type::Object(&CONNECTION_LIMIT)),
        field("maxAcceptPerSocketEvent", INT32).default(Value::Integer(1)),
        field("socketBufferLimit", Type::Quantity),
    ],
    rules: &[],
};

static CONNECTION_LIMIT: Shape = Shape {
    fields: &[
        field("closeDelay", DURATION),
        field("maxConnectionDuration", DURATION),
        field("maxRequestsPerConnection", INT32),
        field("maxStreamDuration", DURATION),
        field("value", integer(1, i64::MAX)),
    ],
    rules: &[rule("`closeDelay` needs `value`", |limit, breaks| union::needs(limit, "closeDelay", "value", breaks))],
};

static GRPC_SETTINGS: Shape = Shape { fields: &[field("enableWeb", Type::Boolean)], rules: &[] };

static HEADER_SETTINGS: Shape = Shape {
    fields: &[
        field("disableRateLimitHeaders", Type::Boolean),
        field("earlyRequestHeaders", Type::Object(&HEADER_MODIFIER)),
        field("enableEnvoyHeaders", Type::Boolean),
        field("host", Type::Object(&HOST_HEADER)),
        field("lateResponseHeaders", Type::Object(&HEADER_MODIFIER)),
        field("maxRequestHeaderLimit", Type::Quantity),
        field("preserveXRequestID", Type::Boolean),
        field("requestID", one_of(&["PreserveOrGenerate", "Preserve", "Generate", "Disable"])),
        field("withUnderscoresAction", one_of(&["Allow", "RejectRequest", "DropHeader"])),
        field("xForwardedClientCert", Type::Object(&X_FORWARDED_CLIENT_CERT)),
    ],
    rules: &[rule("`preserveXRequestID` is the old form of `requestID`", |headers, breaks| {
        union::at_most_one(headers, &["preserveXRequestID", "requestID"], breaks)
    })],
};

static HEADER_MODIFIER: Shape = Shape {
    fields: &[
        field("add", Type::List(&List::of(Type::Object(&MODIFIED_HEADER)).len(1, 64).keys(&["name"]))),
        field("addIfAbsent", Type::List(&List::of(Type::Object(&MODIFIED_HEADER)).len(1, 64).keys(&["name"]))),
        field("remove", Type::List(&List::of(ANY_TEXT).len(1, 64).set())),
        field("removeOnMatch", Type::List(&List::of(Type::Object(&STRING_MATCH)).len(1, 64))),
        field("set", Type::List(&List::of(Type::Object(&MODIFIED_HEADER)).len(1, 64).keys(&["name"]))),
    ],
    rules: &[],
};

pub(super) static MODIFIED_HEADER: Shape =
    Shape { fields: &[field("name", HEADER_NAME).required(), field("value", text(1, 4096)).required()], rules: &[] };

static HOST_HEADER: Shape = Shape { fields: &[field("stripTrailingHostDot", Type::Boolean)], rules: &[] };

static X_FORWARDED_CLIENT_CERT: Shape = Shape {
    fields: &[
        field("certDetailsToAdd", Type::List(&List::of(one_of(&["Subject", "Cert", "Chain", "DNS", "URI"])).len(0, 5))),
        field("mode", one_of(&["Sanitize", "ForwardOnly", "AppendForward", "SanitizeSet", "AlwaysForwardOnly"])),
    ],
    rules: &[rule(
        "details of a certificate are added in the modes `AppendForward` and `SanitizeSet`",
        client::details_have_a_mode,
    )],
};

static HEALTH_CHECK_PATH: Shape = Shape { fields: &[field("path", text(1, 1024)).required()], rules: &[] };

static HTTP1_SETTINGS: Shape = Shape {
    fields: &[
        field("disableSafeMaxConnectionDuration", Type::Boolean),
        field("enableTrailers", Type::Boolean),
        field("http10", Type::Object(&HTTP10_SETTINGS)),
        field("ignoredUpgradeTypes", Type::List(&List::of(Type::Object(&STRING_MATCH)))),
        field("preserveHeaderCase", Type::Boolean),
    ],
    rules: &[],
};

static HTTP10_SETTINGS: Shape = Shape { fields: &[field("useDefaultHost", Type::Boolean)], rules: &[] };

static PATH_SETTINGS: Shape = Shape {
    fields: &[
        field("disableMergeSlashes", Type::Boolean),
        field(
            "escapedSlashesAction",
            one_of(&["KeepUnchanged", "RejectRequest", "UnescapeAndForward", "UnescapeAndRedirect"]),
        ),
    ],
    rules: &[],
};

static PROXY_PROTOCOL: Shape = Shape { fields: &[field("optional", Type::Boolean)], rules: &[] };

static CLIENT_TIMEOUT: Shape = Shape {
    fields: &[field("http", Type::Object(&CLIENT_HTTP_TIMEOUT)), field("tcp", Type::Object(&CLIENT_TCP_TIMEOUT))],
    rules: &[],
};

static CLIENT_HTTP_TIMEOUT: Shape = Shape {
    fields: &[
        field("idleTimeout", DURATION),
        field("requestHeadersReceivedTimeout", DURATION),
        field("requestReceivedTimeout", DURATION),
        field("streamIdleTimeout", DURATION),
    ],
    rules: &[],
};

static CLIENT_TCP_TIMEOUT: Shape = Shape {
    fields: &[
        field("connectionInspectionTimeout", DURATION),
        field("idleTimeout", DURATION),
        field("tlsHandshakeTimeout", DURATION),
    ],
    rules: &[],
};
