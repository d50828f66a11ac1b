//! Rows of HTTPRouteFilter
//! ([HTTPRouteFilter](https://gateway.envoyproxy.io/docs/api/extension_types/#httproutefilter)).

use super::super::pattern;
use super::super::shared::{HEADER_NAME, LOCAL_REF, SECRET_REF};
use super::super::table::{ANY_TEXT, Integer, List, Shape, Text, Type, Value, field, one_of, rule, text};
use super::route_filter_rules as rules;

/// The spec of an HTTPRouteFilter.
pub(super) static HTTP_ROUTE_FILTER: Shape = Shape {
    fields: &[
        field("credentialInjection", Type::Object(&CREDENTIAL_INJECTION)),
        field("directResponse", Type::Object(&DIRECT_RESPONSE)),
        field("matches", Type::List(&List::of(Type::Object(&MATCH)).len(0, 8))),
        field("urlRewrite", Type::Object(&URL_REWRITE)),
    ],
    rules: &[],
};

static CREDENTIAL_INJECTION: Shape = Shape {
    fields: &[
        field("credential", Type::Object(&CREDENTIAL)).required(),
        field("header", ANY_TEXT),
        field("overwrite", Type::Boolean),
    ],
    rules: &[],
};

static CREDENTIAL: Shape = Shape { fields: &[field("valueRef", Type::Object(&SECRET_REF)).required()], rules: &[] };

/// Any whole number.
const ANY_NUMBER: Type = Type::Integer(Integer { min: i64::MIN, max: i64::MAX, is_32_bit: false, values: &[] });

static DIRECT_RESPONSE: Shape = Shape {
    fields: &[
        field("body", Type::Object(&BODY)),
        field("contentType", ANY_TEXT),
        field("header", Type::Object(&RESPONSE_HEADER)),
        field("statusCode", ANY_NUMBER),
    ],
    rules: &[],
};

static BODY: Shape = Shape {
    fields: &[
        field("inline", ANY_TEXT),
        field("type", one_of(&["Inline", "ValueRef"])).required().default(Value::Text("Inline")),
        field("valueRef", Type::Object(&LOCAL_REF)),
    ],
    rules: &[
        rule("a body of type `Inline` needs `inline`", rules::body_is_inline),
        rule("a body of type `ValueRef` needs `valueRef`", rules::body_is_referred_to),
        rule("a body comes from a ConfigMap", rules::body_is_of_config_map),
    ],
};

static RESPONSE_HEADER: Shape = Shape {
    fields: &[
        field("add", HEADERS),
        field("remove", Type::List(&List::of(ANY_TEXT).len(0, 16).set())),
        field("set", HEADERS),
    ],
    rules: &[rule("a direct response has no headers that could be removed", rules::nothing_is_removed)],
};

const HEADERS: Type = Type::List(&List::of(Type::Object(&HEADER)).len(0, 16).keys(&["name"]));

static HEADER: Shape =
    Shape { fields: &[field("name", HEADER_NAME).required(), field("value", text(1, 4096)).required()], rules: &[] };

static MATCH: Shape = Shape {
    fields: &[field("cookies", Type::List(&List::of(Type::Object(&COOKIE_MATCH)).len(1, 16)))],
    rules: &[rule("a match says something", rules::match_says_something)],
};

static COOKIE_MATCH: Shape = Shape {
    fields: &[
        field("name", text(1, 256)).required(),
        field("type", one_of(&["Exact", "RegularExpression"])).default(Value::Text("Exact")),
        field("value", text(1, 4096)).required(),
    ],
    rules: &[],
};

static URL_REWRITE: Shape = Shape {
    fields: &[
        field("appendXForwardedHost", Type::Boolean),
        field("hostname", Type::Object(&HOSTNAME_REWRITE)),
        field("path", Type::Object(&PATH_REWRITE)),
    ],
    rules: &[],
};

static HOSTNAME_REWRITE: Shape = Shape {
    fields: &[
        field("header", ANY_TEXT),
        field("pathRegex", Type::Object(&HOST_OF_PATH)),
        field("type", one_of(&["Header", "Backend", "PathRegex"])).required(),
    ],
    rules: &[
        rule("`header` belongs to the type `Header`, and only to it", rules::header_fits_type),
        rule("`pathRegex` belongs to the type `PathRegex`, and only to it", rules::path_regex_fits_type),
    ],
};

/// Text of at least one character.
const FILLED: Type = Type::Text(Text { min: 1, max: None, pattern: None, values: &[] });

static HOST_OF_PATH: Shape = Shape {
    fields: &[
        field("pattern", FILLED).required(),
        field("substitution", Type::Text(Text { min: 1, max: None, pattern: Some(&pattern::ONE_LINE), values: &[] }))
            .required(),
    ],
    rules: &[],
};

static PATH_REWRITE: Shape = Shape {
    fields: &[
        field("replaceRegexMatch", Type::Object(&REPLACED)),
        field("type", one_of(&["ReplaceRegexMatch"])).required(),
    ],
    rules: &[rule("the type `ReplaceRegexMatch` needs `replaceRegexMatch`", rules::path_has_its_field)],
};

static REPLACED: Shape =
    Shape { fields: &[field("pattern", FILLED).required(), field("substitution", ANY_TEXT).required()], rules: &[] };
