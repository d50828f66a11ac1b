//! Rows of rate limits.

use super::super::rules::union;
use super::super::table::{ANY_TEXT, List, Shape, Type, Value, field, one_of, rule, text};
use super::rules::traffic;
use super::shared::{FILLED, INTEGER, PATH_MATCH, UNSIGNED};

/// Limits of the requests in a time.
pub(super) static RATE_LIMIT: Shape = Shape {
    fields: &[
        field("global", Type::Object(&GLOBAL_RATE_LIMIT)),
        field("local", Type::Object(&LOCAL_RATE_LIMIT)),
        field("type", one_of(&["Global", "Local"])),
    ],
    rules: &[],
};

static GLOBAL_RATE_LIMIT: Shape = Shape {
    fields: &[field("rules", Type::List(&List::of(Type::Object(&RATE_LIMIT_RULE)).len(0, 256))).required()],
    rules: &[],
};

static RATE_LIMIT_RULE: Shape = Shape {
    fields: &[
        field("clientSelectors", Type::List(&List::of(Type::Object(&CLIENT_SELECTOR)).len(0, 8))),
        field("cost", Type::Object(&COST)),
        field("limit", Type::Object(&LIMIT_VALUE)).required(),
        field("shadowMode", Type::Boolean),
        field("shared", Type::Boolean),
        field("xRateLimitHeaders", one_of(&["Off", "DraftVersion03"])),
    ],
    rules: &[],
};

static CLIENT_SELECTOR: Shape = Shape {
    fields: &[
        field("headers", Type::List(&List::of(Type::Object(&SELECTED_VALUE)).len(0, 128))),
        field("methods", Type::List(&List::of(Type::Object(&SELECTED_METHOD)))),
        field("path", Type::Object(&PATH_MATCH)),
        field("queryParams", Type::List(&List::of(Type::Object(&SELECTED_VALUE)).len(0, 16))),
        field("sourceCIDR", Type::Object(&SELECTED_SOURCE)),
    ],
    rules: &[rule("a selector says what it selects", |selector, breaks| {
        union::at_least_one(selector, &["headers", "methods", "path", "sourceCIDR", "queryParams"], breaks)
    })],
};

/// A header or a parameter.
static SELECTED_VALUE: Shape = Shape {
    fields: &[
        field("invert", Type::Boolean).default(Value::Boolean(false)),
        field("name", text(1, 256)).required(),
        field("type", one_of(&["Exact", "RegularExpression", "Distinct"])).default(Value::Text("Exact")),
        field("value", text(0, 1024)),
    ],
    rules: &[],
};

static SELECTED_METHOD: Shape = Shape {
    fields: &[
        field("invert", Type::Boolean).default(Value::Boolean(false)),
        field("value", one_of(&["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]))
            .required(),
    ],
    rules: &[],
};

static SELECTED_SOURCE: Shape = Shape {
    fields: &[
        field("invert", Type::Boolean).default(Value::Boolean(false)),
        field("type", one_of(&["Exact", "Distinct"])).default(Value::Text("Exact")),
        field("value", text(1, 256)).required(),
    ],
    rules: &[],
};

static COST: Shape = Shape {
    fields: &[field("request", Type::Object(&COST_SPECIFIER)), field("response", Type::Object(&COST_SPECIFIER))],
    rules: &[],
};

static COST_SPECIFIER: Shape = Shape {
    fields: &[
        field("from", one_of(&["Number", "Metadata"])).required(),
        field("metadata", Type::Object(&METADATA_KEY)),
        field("number", INTEGER),
    ],
    rules: &[rule("a cost comes from one place", |cost, breaks| {
        union::at_most_one(cost, &["number", "metadata"], breaks)
    })],
};

static METADATA_KEY: Shape =
    Shape { fields: &[field("key", ANY_TEXT).required(), field("namespace", ANY_TEXT).required()], rules: &[] };

static LIMIT_VALUE: Shape = Shape {
    fields: &[
        field("fromMetadata", Type::Object(&LIMIT_METADATA_KEY)),
        field("requests", UNSIGNED).required(),
        field("unit", one_of(&["Second", "Minute", "Hour", "Day", "Week", "Month", "Year"])).required(),
    ],
    rules: &[],
};

static LIMIT_METADATA_KEY: Shape =
    Shape { fields: &[field("key", FILLED).required(), field("namespace", FILLED).required()], rules: &[] };

static LOCAL_RATE_LIMIT: Shape = Shape {
    fields: &[field(
        "rules",
        Type::List(&List::of(Type::Object(&RATE_LIMIT_RULE)).len(0, 16).rules(&[
            rule("responses cost nothing under local limits", traffic::responses_cost_nothing),
            rule("local limits are written down", traffic::limits_are_written_down),
        ])),
    )],
    rules: &[],
};
