//! Rows of types that several kinds share.

use super::pattern;
use super::rules::{filter, reference, session};
use super::table::{
    ANY_TEXT, Field, List, Map, PORT, Presence, Rule, Shape, Type, Value, field, form, formed, int32, one_of, rule,
    text,
};

pub(super) const GATEWAY_GROUP: Value = Value::Text("gateway.networking.k8s.io");

pub(super) const GROUP: Type = formed(0, 253, &pattern::GROUP);
pub(super) const KIND: Type = formed(1, 63, &pattern::KIND);
pub(super) const NAME: Type = text(1, 253);
pub(super) const NAMESPACE: Type = formed(1, 63, &pattern::NAMESPACE);
pub(super) const SECTION_NAME: Type = formed(1, 253, &pattern::SUBDOMAIN);
pub(super) const PRECISE_HOSTNAME: Type = formed(1, 253, &pattern::SUBDOMAIN);
pub(super) const HOSTNAME: Type = formed(1, 253, &pattern::HOSTNAME);
pub(super) const HEADER_NAME: Type = formed(1, 256, &pattern::TOKEN);
pub(super) const CONTROLLER_NAME: Type = formed(1, 253, &pattern::CONTROLLER);
pub(super) const DURATION: Type = form(&pattern::DURATION);
pub(super) const NO_MATTER_WHICH: Type = one_of(&["All", "None"]);

/// An object without fields.
pub(super) static EMPTY: Shape = Shape { fields: &[], rules: &[] };

/// A map of strings of up to 4096 characters, as TLS options and annotations are.
pub(super) const OPTIONS: Type = Type::Map(&Map { values: text(0, 4096), max: Some(16) });

pub(super) static SECRET_REF: Shape = Shape {
    fields: &[
        field("group", GROUP).default(Value::Text("")),
        field("kind", KIND).default(Value::Text("Secret")),
        field("name", NAME).required(),
        field("namespace", NAMESPACE),
    ],
    rules: &[],
};

pub(super) static OBJECT_REF: Shape = Shape {
    fields: &[
        field("group", GROUP).required(),
        field("kind", KIND).required(),
        field("name", NAME).required(),
        field("namespace", NAMESPACE),
    ],
    rules: &[],
};

pub(super) static LOCAL_REF: Shape = Shape {
    fields: &[field("group", GROUP).required(), field("kind", KIND).required(), field("name", NAME).required()],
    rules: &[],
};

/// The operators and their values are not part of the schema.
pub(super) static LABEL_SELECTOR: Shape = Shape {
    fields: &[
        field("matchExpressions", Type::List(&List::of(Type::Object(&LABEL_SELECTOR_REQUIREMENT)))),
        field("matchLabels", Type::Map(&Map { values: ANY_TEXT, max: None })),
    ],
    rules: &[],
};

pub(super) static LABEL_SELECTOR_REQUIREMENT: Shape = Shape {
    fields: &[
        field("key", ANY_TEXT).required(),
        field("operator", ANY_TEXT).required(),
        field("values", Type::List(&List::of(ANY_TEXT))),
    ],
    rules: &[],
};

pub(super) const PARENT_REFS: Type = Type::List(&PARENT_REF_LIST);

static PARENT_REF_LIST: List = List::of(Type::Object(&PARENT_REF)).len(0, 32).rules(&[
    rule(
        "of several references to one parent, either all or none must set `sectionName`, and likewise `port`",
        reference::parents_are_told_apart_by_section_or_port,
    )
    .only(Presence::Experimental),
    rule(
        "references to one parent must differ in `sectionName` or `port`",
        reference::parents_differ_in_section_or_port,
    )
    .only(Presence::Experimental),
    rule(
        "of several references to one parent, either all or none must set `sectionName`",
        reference::parents_are_told_apart_by_section,
    )
    .only(Presence::Standard),
    rule("references to one parent must differ in `sectionName`", reference::parents_differ_in_section)
        .only(Presence::Standard),
]);

static PARENT_REF: Shape = Shape {
    fields: &[
        field("group", GROUP).default(GATEWAY_GROUP),
        field("kind", KIND).default(Value::Text("Gateway")),
        field("name", NAME).required(),
        field("namespace", NAMESPACE),
        field("port", PORT),
        field("sectionName", SECTION_NAME),
    ],
    rules: &[],
};

const BACKEND_WEIGHT: Field = field("weight", int32(0, 1_000_000)).default(Value::Integer(1));
pub(super) const SERVICE_PORT: Rule = rule("a reference to a Service needs a `port`", reference::service_has_port);

const BACKEND_FIELDS: [Field; 5] = [
    field("group", GROUP).default(Value::Text("")),
    field("kind", KIND).default(Value::Text("Service")),
    field("name", NAME).required(),
    field("namespace", NAMESPACE),
    field("port", PORT),
];

pub(super) static BACKEND_OBJECT_REF: Shape = Shape { fields: &BACKEND_FIELDS, rules: &[SERVICE_PORT] };

pub(super) const BACKEND_OBJECT: Type = Type::Object(&BACKEND_OBJECT_REF);

pub(super) static BACKEND_REF: Shape = Shape {
    fields: {
        let [group, kind, name, namespace, port] = BACKEND_FIELDS;
        &[group, kind, name, namespace, port, BACKEND_WEIGHT]
    },
    rules: &[SERVICE_PORT],
};

/// A reference to a backend that has filters of its own.
pub(super) const fn backend_fields(filters: Type) -> [Field; 7] {
    let [group, kind, name, namespace, port] = BACKEND_FIELDS;
    [group, kind, name, namespace, port, BACKEND_WEIGHT, field("filters", filters)]
}

/// The items of `remove` are free strings in the schema.
pub(super) static HEADER_FILTER: Shape = Shape {
    fields: &[
        field("add", HEADERS),
        field("remove", Type::List(&List::of(ANY_TEXT).len(0, 16).set())),
        field("set", HEADERS),
    ],
    rules: &[],
};

const HEADERS: Type = Type::List(&HEADER_LIST);

static HEADER_LIST: List = List::of(Type::Object(&HEADER)).len(0, 16).keys(&["name"]);

static HEADER: Shape = Shape {
    fields: &[
        field("name", HEADER_NAME).required(),
        field("value", text(1, 4096)).required().only(Presence::Standard),
        field("value", formed(1, 4096, &pattern::HEADER_VALUE)).required().only(Presence::Experimental),
    ],
    rules: &[],
};

pub(super) static MIRROR_FILTER: Shape = Shape {
    fields: &[
        field("backendRef", BACKEND_OBJECT).required(),
        field("fraction", Type::Object(&FRACTION)),
        field("percent", int32(0, 100)),
    ],
    rules: &[rule("`percent` and `fraction` cannot be used together", filter::mirror_has_one_share)],
};

pub(super) static FRACTION: Shape = Shape {
    fields: &[
        field("denominator", int32(1, i64::MAX)).default(Value::Integer(100)),
        field("numerator", int32(0, i64::MAX)).required(),
    ],
    rules: &[rule("`numerator` must not be greater than `denominator`", filter::fraction_is_at_most_one)],
};

/// v1.6.1's fields, and as unreleased ones those that the main branch has in place of `cookieConfig` and `sessionName`.
pub(super) static SESSION_PERSISTENCE: Shape = Shape {
    fields: &[
        field("absoluteTimeout", DURATION),
        field("cookieConfig", Type::Object(&COOKIE_CONFIG)),
        field("sessionName", text(0, 128)),
        field("type", one_of(&["Cookie", "Header"])).default(Value::Text("Cookie")),
        field("cookie", Type::Object(&COOKIE)).only(Presence::Unreleased),
        field("header", Type::Object(&SESSION_HEADER)).only(Presence::Unreleased),
    ],
    rules: &[
        rule("a permanent cookie needs `absoluteTimeout`", session::permanent_cookie_has_timeout),
        rule("`cookieConfig` needs the type `Cookie`", session::cookie_config_has_type_cookie),
        rule("`cookie` needs the type `Cookie`", session::cookie_has_type_cookie).only(Presence::Unreleased),
        rule("`header` needs the type `Header`", session::header_has_type_header).only(Presence::Unreleased),
    ],
};

const COOKIE_LIFETIME: Field = field("lifetimeType", one_of(&["Permanent", "Session"])).default(Value::Text("Session"));

static COOKIE_CONFIG: Shape = Shape { fields: &[COOKIE_LIFETIME], rules: &[] };

static COOKIE: Shape = Shape {
    fields: &[field("name", HEADER_NAME), field("path", text(0, 1024)).default(Value::Text("/")), COOKIE_LIFETIME],
    rules: &[],
};

static SESSION_HEADER: Shape = Shape { fields: &[field("name", HEADER_NAME).required()], rules: &[] };
