//! Rows of what a BackendTrafficPolicy answers in place of responses.

use super::super::rules::union;
use super::super::shared::{HEADER_NAME, LOCAL_REF, PRECISE_HOSTNAME};
use super::super::table::{ANY_TEXT, List, Shape, Type, Value, field, number_of, one_of, rule, text};
use super::client_traffic_policy::MODIFIED_HEADER;
use super::rules::traffic;
use super::shared::{INT32, INTEGER, STRING_MATCH};

/// What is answered in place of a response.
pub(super) static RESPONSE_OVERRIDE: Shape = Shape {
    fields: &[
        field("match", Type::Object(&RESPONSE_MATCH)).required(),
        field("redirect", Type::Object(&RESPONSE_REDIRECT)),
        field("response", Type::Object(&CUSTOM_RESPONSE)),
        field("source", one_of(&["All", "Local", "Backend"])),
    ],
    rules: &[rule("a response gives way to a response or a redirect", |entry, breaks| {
        union::exactly_one(entry, &["response", "redirect"], breaks)
    })],
};

static RESPONSE_MATCH: Shape = Shape {
    fields: &[
        field("responseHeaders", Type::List(&List::of(Type::Object(&RESPONSE_HEADER_MATCH)).len(1, 16))),
        field("statusCodes", Type::List(&List::of(Type::Object(&STATUS_CODE_MATCH)).len(1, 50))),
    ],
    rules: &[rule("a response is told by its status or its headers", |condition, breaks| {
        union::at_least_one(condition, &["statusCodes", "responseHeaders"], breaks)
    })],
};

static RESPONSE_HEADER_MATCH: Shape = Shape {
    fields: &[field("name", HEADER_NAME).required(), field("value", Type::Object(&STRING_MATCH)).required()],
    rules: &[],
};

static STATUS_CODE_MATCH: Shape = Shape {
    fields: &[
        field("range", Type::Object(&STATUS_CODE_RANGE)),
        field("type", one_of(&["Value", "Range"])).default(Value::Text("Value")).required(),
        field("value", INTEGER),
    ],
    rules: &[
        rule("`type: Value` needs a `value`", |codes, breaks| {
            union::required_where(codes, ("type", "Value"), "value", breaks)
        }),
        rule("`type: Range` needs a `range`", |codes, breaks| {
            union::required_where(codes, ("type", "Range"), "range", breaks)
        }),
    ],
};

static STATUS_CODE_RANGE: Shape = Shape {
    fields: &[field("end", INTEGER).required(), field("start", INTEGER).required()],
    rules: &[rule("`end` is greater than `start`", traffic::range_is_in_order)],
};

static RESPONSE_REDIRECT: Shape = Shape {
    fields: &[
        field("hostname", PRECISE_HOSTNAME),
        field("path", Type::Object(&REDIRECT_PATH)),
        field("port", INT32),
        field("scheme", one_of(&["http", "https"])),
        field("statusCode", number_of(&[301, 302])).default(Value::Integer(302)),
    ],
    rules: &[],
};

static REDIRECT_PATH: Shape = Shape {
    fields: &[
        field("replaceFullPath", text(0, 1024)),
        field("replacePrefixMatch", text(0, 1024)),
        field("type", one_of(&["ReplaceFullPath", "ReplacePrefixMatch"])).required(),
    ],
    rules: &[
        rule("a redirect replaces the full path", traffic::path_is_full),
        rule("`replaceFullPath` is of the type `ReplaceFullPath`", |path, breaks| {
            union::member_fits(path, ("type", "ReplaceFullPath"), "replaceFullPath", breaks)
        }),
        rule("`replacePrefixMatch` is of the type `ReplacePrefixMatch`", |path, breaks| {
            union::member_fits(path, ("type", "ReplacePrefixMatch"), "replacePrefixMatch", breaks)
        }),
    ],
};

static CUSTOM_RESPONSE: Shape = Shape {
    fields: &[
        field("body", Type::Object(&RESPONSE_BODY)),
        field("contentType", ANY_TEXT),
        field("header", Type::Object(&RESPONSE_HEADERS)),
        field("statusCode", INTEGER),
    ],
    rules: &[],
};

static RESPONSE_BODY: Shape = Shape {
    fields: &[
        field("inline", ANY_TEXT),
        field("type", one_of(&["Inline", "ValueRef"])).default(Value::Text("Inline")).required(),
        field("valueRef", Type::Object(&LOCAL_REF)),
    ],
    rules: &[
        rule("`type: Inline` needs `inline`", |body, breaks| {
            union::required_where(body, ("type", "Inline"), "inline", breaks)
        }),
        rule("`type: ValueRef` needs a `valueRef`", |body, breaks| {
            union::required_where(body, ("type", "ValueRef"), "valueRef", breaks)
        }),
        rule("a body is in a ConfigMap", traffic::body_is_in_a_config_map),
    ],
};

static RESPONSE_HEADERS: Shape = Shape {
    fields: &[
        field("add", Type::List(&List::of(Type::Object(&MODIFIED_HEADER)).len(0, 16).keys(&["name"]))),
        field("remove", Type::List(&List::of(ANY_TEXT).len(0, 16).set())),
        field("set", Type::List(&List::of(Type::Object(&MODIFIED_HEADER)).len(0, 16).keys(&["name"]))),
    ],
    rules: &[rule("`remove` is not for responses of the proxy", traffic::nothing_is_removed)],
};
