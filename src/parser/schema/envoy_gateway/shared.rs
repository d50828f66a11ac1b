//! Rows that several policies share.

use super::super::pattern;
use super::super::rules::union;
use super::super::shared::{
    DURATION, GATEWAY_GROUP, GROUP, KIND, LABEL_SELECTOR, LABEL_SELECTOR_REQUIREMENT, NAME, SECTION_NAME,
};
use super::super::table::{
    ANY_TEXT, List, Map, Shape, Text, Type, Value, field, form, formed, int32, integer, number_of, one_of, rule, text,
};
use super::rules::{connection, target};

/// An address and the length of its prefix.
pub(super) const CIDR: Type = form(&pattern::CIDR);

/// An origin with any scheme, or `*`.
pub(super) const ORIGIN: Type = formed(1, 253, &pattern::ORIGIN);

/// A string that is not empty.
pub(super) const FILLED: Type = Type::Text(Text { min: 1, max: None, pattern: None, values: &[] });

/// Any number of 32 bits.
pub(super) const INT32: Type = int32(i64::MIN, i64::MAX);

/// Any whole number.
pub(super) const INTEGER: Type = integer(i64::MIN, i64::MAX);

/// A number that an Envoy's `uint32` holds.
pub(super) const UNSIGNED: Type = integer(0, u32::MAX as i64);

/// The status of a response.
pub(super) const STATUS_CODE: Type = integer(100, 599);

/// The status of an answer where a server could not be asked.
pub(super) const ERROR_STATUS: Type = number_of(&[
    400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424, 426,
    428, 429, 431, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
]);

/// What a text is compared with.
pub(super) static STRING_MATCH: Shape = Shape {
    fields: &[
        field("type", one_of(&["Exact", "Prefix", "Suffix", "RegularExpression"])).default(Value::Text("Exact")),
        field("value", text(1, 1024)).required(),
    ],
    rules: &[],
};

/// Settings of HTTP/2, of clients and of backends.
pub(super) static HTTP2_SETTINGS: Shape = Shape {
    fields: &[
        field("connectionKeepalive", Type::Object(&CONNECTION_KEEPALIVE)),
        field("initialConnectionWindowSize", Type::Quantity),
        field("initialStreamWindowSize", Type::Quantity),
        field("maxConcurrentStreams", int32(1, 2147483647)),
        field("onInvalidMessage", ANY_TEXT),
    ],
    rules: &[],
};

static CONNECTION_KEEPALIVE: Shape = Shape {
    fields: &[
        field("idleInterval", DURATION),
        field("interval", DURATION),
        field("intervalJitter", int32(0, 100)),
        field("timeout", DURATION),
    ],
    rules: &[rule("`timeout` is less than `interval`", connection::timeout_is_less_than_interval)],
};

/// What a policy attaches to, by name.
pub(super) static TARGET_REF: Shape = Shape {
    fields: &[
        field("group", GROUP).required(),
        field("kind", KIND).required(),
        field("name", NAME).required(),
        field("sectionName", SECTION_NAME),
    ],
    rules: &[],
};

/// What a policy attaches to, by labels.
pub(super) static TARGET_SELECTOR: Shape = Shape {
    fields: &[
        field("group", GROUP).default(GATEWAY_GROUP),
        field("kind", KIND).required(),
        field("matchExpressions", Type::List(&List::of(Type::Object(&LABEL_SELECTOR_REQUIREMENT)))),
        field("matchLabels", Type::Map(&Map { values: ANY_TEXT, max: None })),
        field("namespaces", Type::Object(&NAMESPACES)),
    ],
    rules: &[rule("targets are of the group `gateway.networking.k8s.io`", target::selects_from_gateway_api)],
};

static NAMESPACES: Shape = Shape {
    fields: &[
        field("from", one_of(&["Same", "All", "Selector"])).default(Value::Text("Same")).required(),
        field("selector", Type::Object(&LABEL_SELECTOR)),
    ],
    rules: &[rule("`from: Selector` needs a `selector`", |namespaces, breaks| {
        union::required_where(namespaces, ("from", "Selector"), "selector", breaks)
    })],
};

pub(super) static TCP_KEEPALIVE: Shape =
    Shape { fields: &[field("idleTime", DURATION), field("interval", DURATION), field("probes", INT32)], rules: &[] };

/// What a path is compared with.
pub(super) static PATH_MATCH: Shape = Shape {
    fields: &[
        field("invert", Type::Boolean).default(Value::Boolean(false)),
        field("type", one_of(&["Exact", "PathPrefix", "RegularExpression"])).default(Value::Text("PathPrefix")),
        field("value", text(0, 1024)).default(Value::Text("/")).required(),
    ],
    rules: &[],
};
