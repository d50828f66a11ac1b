//! Rows of the route kinds and their filters.

use super::pattern;
use super::rules::{filter, matching, route};
use super::shared::{
    BACKEND_OBJECT, BACKEND_REF, DURATION, HEADER_FILTER, HEADER_NAME, HOSTNAME, LOCAL_REF, MIRROR_FILTER,
    NO_MATTER_WHICH, PARENT_REFS, PRECISE_HOSTNAME, SECTION_NAME, SERVICE_PORT, SESSION_PERSISTENCE, backend_fields,
};
use super::table::{
    ANY_TEXT, Field, List, PORT, Presence, Rule, Shape, Type, Value, field, formed, int32, integer, number_of, one_of,
    rule, text,
};

const DEFAULT_GATEWAYS: Field = field("useDefaultGateways", NO_MATTER_WHICH).only(Presence::Experimental);
const PARENTS: Field = field("parentRefs", PARENT_REFS);
const HOSTNAMES: Field = field("hostnames", Type::List(&List::of(HOSTNAME).len(0, 16)));
const RULE_NAME: Field = field("name", SECTION_NAME);
const SESSION: Field = field("sessionPersistence", Type::Object(&SESSION_PERSISTENCE)).only(Presence::Experimental);

const DEFAULT_PATH: Value = Value::Object(&[("type", Value::Text("PathPrefix")), ("value", Value::Text("/"))]);
const DEFAULT_MATCHES: Value = Value::List(&[Value::Object(&[("path", DEFAULT_PATH)])]);

const MATCH_TOTAL: Rule = rule("a route may have at most 128 matches in all its rules", matching::at_most_128);
const RULE_NAMES: Rule =
    rule("two rules have the same `name`", route::rule_names_are_unique).only(Presence::Experimental);

pub(super) static HTTP_ROUTE: Shape = Shape {
    fields: &[
        HOSTNAMES,
        PARENTS,
        field("rules", Type::List(&HTTP_RULES)).default(Value::List(&[Value::Object(&[("matches", DEFAULT_MATCHES)])])),
        DEFAULT_GATEWAYS,
    ],
    rules: &[],
};

static HTTP_RULES: List = List::of(Type::Object(&HTTP_RULE)).len(1, 16).rules(&[MATCH_TOTAL, RULE_NAMES]);

static HTTP_RULE: Shape = Shape {
    fields: &[
        field("backendRefs", Type::List(&List::of(Type::Object(&HTTP_BACKEND_REF)).len(0, 16))),
        field("filters", HTTP_FILTERS),
        field("matches", Type::List(&List::of(Type::Object(&HTTP_MATCH)).len(0, 64))).default(DEFAULT_MATCHES),
        RULE_NAME,
        field("retry", Type::Object(&RETRY)).only(Presence::Experimental),
        SESSION,
        field("timeouts", Type::Object(&TIMEOUTS)),
    ],
    rules: &[
        rule("a rule with a `RequestRedirect` filter cannot have `backendRefs`", route::redirect_has_no_backends),
        rule(
            "a redirect with `replacePrefixMatch` needs exactly one match of type `PathPrefix`",
            route::redirect_has_one_prefix,
        ),
        rule(
            "a rewrite with `replacePrefixMatch` needs exactly one match of type `PathPrefix`",
            route::rewrite_has_one_prefix,
        ),
        rule(
            "a backend's redirect with `replacePrefixMatch` needs exactly one match of type `PathPrefix`",
            route::backend_redirect_has_one_prefix,
        ),
        rule(
            "a backend's rewrite with `replacePrefixMatch` needs exactly one match of type `PathPrefix`",
            route::backend_rewrite_has_one_prefix,
        ),
    ],
};

static HTTP_MATCH: Shape = Shape {
    fields: &[
        field("headers", Type::List(&List::of(Type::Object(&HEADER_MATCH)).len(0, 16).keys(&["name"]))),
        field("method", one_of(&["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"])),
        field("path", Type::Object(&PATH_MATCH)).default(DEFAULT_PATH),
        field("queryParams", Type::List(&List::of(Type::Object(&QUERY_MATCH)).len(0, 16).keys(&["name"]))),
    ],
    rules: &[],
};

static PATH_MATCH: Shape = Shape {
    fields: &[
        field("type", one_of(&["Exact", "PathPrefix", "RegularExpression"])).default(Value::Text("PathPrefix")),
        field("value", text(0, 1024)).default(Value::Text("/")),
    ],
    rules: &[
        rule("a path of type `Exact` or `PathPrefix` must begin with `/`", matching::path_is_absolute),
        rule("a path of type `Exact` or `PathPrefix` must be in normal form", matching::path_is_normal),
        rule("a path of type `Exact` or `PathPrefix` has a character that paths cannot have", matching::path_is_clean),
    ],
};

const MATCH_TYPE: Field = field("type", one_of(&["Exact", "RegularExpression"])).default(Value::Text("Exact"));

static HEADER_MATCH: Shape = Shape {
    fields: &[
        field("name", HEADER_NAME).required(),
        MATCH_TYPE,
        field("value", text(1, 4096)).required().only(Presence::Standard),
        field("value", formed(1, 4096, &pattern::HEADER_VALUE)).required().only(Presence::Experimental),
    ],
    rules: &[],
};

static QUERY_MATCH: Shape = Shape {
    fields: &[field("name", HEADER_NAME).required(), MATCH_TYPE, field("value", text(1, 1024)).required()],
    rules: &[],
};

static RETRY: Shape = Shape {
    fields: &[
        field("attempts", integer(1, i64::MAX)),
        field("backoff", DURATION),
        field("codes", Type::List(&List::of(integer(400, 599)).set())),
    ],
    rules: &[],
};

static TIMEOUTS: Shape = Shape {
    fields: &[field("backendRequest", DURATION), field("request", DURATION)],
    rules: &[rule("`backendRequest` must not be longer than `request`", route::backend_timeout_is_within_request)],
};

const HTTP_FILTERS: Type = Type::List(&HTTP_FILTER_LIST);

static HTTP_FILTER_LIST: List = List::of(Type::Object(&HTTP_FILTER)).len(0, 16).rules(&[
    rule("`RequestRedirect` and `URLRewrite` cannot be used together", filter::redirect_excludes_rewrite),
    rule("a filter that can be used once is used twice", filter::http_filters_are_unique),
]);

const HTTP_FILTER_TYPES: &[&str] = &[
    "RequestHeaderModifier",
    "ResponseHeaderModifier",
    "RequestMirror",
    "RequestRedirect",
    "URLRewrite",
    "ExtensionRef",
    "CORS",
    "ExternalAuth",
];

const HTTP_FILTER_TYPES_STANDARD: &[&str] = HTTP_FILTER_TYPES.split_at(7).0;

static HTTP_FILTER: Shape = Shape {
    fields: &[
        field("cors", Type::Object(&CORS)),
        field("extensionRef", Type::Object(&LOCAL_REF)),
        field("externalAuth", Type::Object(&EXTERNAL_AUTH)).only(Presence::Experimental),
        field("requestHeaderModifier", Type::Object(&HEADER_FILTER)),
        field("requestMirror", Type::Object(&MIRROR_FILTER)),
        field("requestRedirect", Type::Object(&REDIRECT)),
        field("responseHeaderModifier", Type::Object(&HEADER_FILTER)),
        field("type", one_of(HTTP_FILTER_TYPES_STANDARD)).required().only(Presence::Standard),
        field("type", one_of(HTTP_FILTER_TYPES)).required().only(Presence::Experimental),
        field("urlRewrite", Type::Object(&REWRITE)),
    ],
    rules: &[rule("a filter needs the field of its type and no other", filter::http_filter_has_its_field)],
};

static REDIRECT: Shape = Shape {
    fields: &[
        field("hostname", PRECISE_HOSTNAME),
        field("path", Type::Object(&PATH_MODIFIER)),
        field("port", PORT),
        field("scheme", one_of(&["http", "https"])),
        field("statusCode", number_of(&[301, 302, 303, 307, 308])).default(Value::Integer(302)),
    ],
    rules: &[],
};

static REWRITE: Shape =
    Shape { fields: &[field("hostname", PRECISE_HOSTNAME), field("path", Type::Object(&PATH_MODIFIER))], rules: &[] };

static PATH_MODIFIER: Shape = Shape {
    fields: &[
        field("replaceFullPath", text(0, 1024)),
        field("replacePrefixMatch", text(0, 1024)),
        field("type", one_of(&["ReplaceFullPath", "ReplacePrefixMatch"])).required(),
    ],
    rules: &[rule("a path modifier needs the field of its type and no other", filter::path_modifier_has_its_field)],
};

const HEADER_NAMES: Type = Type::List(&List::of(HEADER_NAME).len(0, 64).set());
const METHODS: Type = one_of(&["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "*"]);

static CORS: Shape = Shape {
    fields: &[
        field("allowCredentials", Type::Boolean),
        field("allowHeaders", HEADER_NAMES),
        field("allowMethods", Type::List(&List::of(METHODS).len(0, 9).set())),
        field("allowOrigins", Type::List(&List::of(formed(1, 253, &pattern::CORS_ORIGIN)).len(0, 64).set())),
        field("exposeHeaders", HEADER_NAMES),
        field("maxAge", int32(1, i64::MAX)).default(Value::Integer(5)),
    ],
    rules: &[rule("`*` must be the only item of its list", filter::cors_wildcards_are_alone)],
};

const FREE_HEADERS: Type = Type::List(&List::of(ANY_TEXT).len(0, 64).set());

/// `maxSize` has no bounds in v1.6.1.
static EXTERNAL_AUTH: Shape = Shape {
    fields: &[
        field("backendRef", BACKEND_OBJECT).required(),
        field("forwardBody", Type::Object(&FORWARD_BODY)),
        field("grpc", Type::Object(&GRPC_AUTH)),
        field("http", Type::Object(&HTTP_AUTH)),
        field("protocol", one_of(&["HTTP", "GRPC"])).required(),
    ],
    rules: &[rule("`externalAuth` needs the field of its protocol and no other", filter::auth_has_its_field)],
};

static FORWARD_BODY: Shape = Shape { fields: &[field("maxSize", integer(i64::MIN, i64::MAX))], rules: &[] };

static GRPC_AUTH: Shape = Shape { fields: &[field("allowedHeaders", FREE_HEADERS)], rules: &[] };

static HTTP_AUTH: Shape = Shape {
    fields: &[
        field("allowedHeaders", FREE_HEADERS),
        field("allowedResponseHeaders", FREE_HEADERS),
        field("path", formed(0, 1024, &pattern::PATH)),
    ],
    rules: &[],
};

pub(super) static GRPC_ROUTE: Shape =
    Shape { fields: &[HOSTNAMES, PARENTS, field("rules", Type::List(&GRPC_RULES)), DEFAULT_GATEWAYS], rules: &[] };

static GRPC_RULES: List = List::of(Type::Object(&GRPC_RULE)).len(0, 16).rules(&[MATCH_TOTAL, RULE_NAMES]);

static GRPC_RULE: Shape = Shape {
    fields: &[
        field("backendRefs", Type::List(&List::of(Type::Object(&GRPC_BACKEND_REF)).len(0, 16))),
        field("filters", GRPC_FILTERS),
        field("matches", Type::List(&List::of(Type::Object(&GRPC_MATCH)).len(0, 64))),
        RULE_NAME,
        SESSION,
    ],
    rules: &[],
};

static GRPC_MATCH: Shape = Shape {
    fields: &[
        field("headers", Type::List(&List::of(Type::Object(&GRPC_HEADER_MATCH)).len(0, 16).keys(&["name"]))),
        field("method", Type::Object(&GRPC_METHOD_MATCH)),
    ],
    rules: &[],
};

/// The value has no form in either channel.
static GRPC_HEADER_MATCH: Shape = Shape {
    fields: &[field("name", HEADER_NAME).required(), MATCH_TYPE, field("value", text(1, 4096)).required()],
    rules: &[],
};

static GRPC_METHOD_MATCH: Shape = Shape {
    fields: &[field("method", text(0, 1024)), field("service", text(0, 1024)), MATCH_TYPE],
    rules: &[
        rule("a method match needs `service`, `method` or both", matching::grpc_match_is_not_empty),
        rule("an exact `service` must be a service name", matching::grpc_service_is_one),
        rule("an exact `method` must be a method name", matching::grpc_method_is_one),
    ],
};

const GRPC_FILTERS: Type = Type::List(&GRPC_FILTER_LIST);

static GRPC_FILTER_LIST: List = List::of(Type::Object(&GRPC_FILTER))
    .len(0, 16)
    .rules(&[rule("a filter that can be used once is used twice", filter::grpc_filters_are_unique)]);

static GRPC_FILTER: Shape = Shape {
    fields: &[
        field("extensionRef", Type::Object(&LOCAL_REF)),
        field("requestHeaderModifier", Type::Object(&HEADER_FILTER)),
        field("requestMirror", Type::Object(&MIRROR_FILTER)),
        field("responseHeaderModifier", Type::Object(&HEADER_FILTER)),
        field("type", one_of(&["ResponseHeaderModifier", "RequestHeaderModifier", "RequestMirror", "ExtensionRef"]))
            .required(),
    ],
    rules: &[rule("a filter needs the field of its type and no other", filter::grpc_filter_has_its_field)],
};

static L4_RULE: Shape = Shape {
    fields: &[field("backendRefs", Type::List(&List::of(Type::Object(&BACKEND_REF)).len(1, 16))).required(), RULE_NAME],
    rules: &[],
};

const ONE_RULE: Field = field("rules", Type::List(&L4_RULES)).required();
const RULES_V1ALPHA2: Field = field("rules", Type::List(&L4_RULES_V1ALPHA2)).required();

static L4_RULES: List = List::of(Type::Object(&L4_RULE)).len(1, 1);

static L4_RULES_V1ALPHA2: List = List::of(Type::Object(&L4_RULE)).len(1, 16).rules(&[RULE_NAMES]);

pub(super) static TLS_ROUTE: Shape = Shape {
    fields: &[field("hostnames", Type::List(&TLS_HOSTNAMES)).required(), PARENTS, ONE_RULE, DEFAULT_GATEWAYS],
    rules: &[],
};

/// The rules that ask for DNS names ask for what the form of a hostname has already.
static TLS_HOSTNAMES: List = List::of(HOSTNAME)
    .len(1, 1024)
    .rules(&[rule("a hostname of a TLSRoute cannot be an IP address", route::hostnames_are_not_addresses)]);

pub(super) static TLS_ROUTE_V1ALPHA2: Shape = Shape {
    fields: &[
        field("hostnames", Type::List(&List::of(HOSTNAME).len(0, 1024))),
        PARENTS,
        RULES_V1ALPHA2,
        DEFAULT_GATEWAYS,
    ],
    rules: &[],
};

pub(super) static L4_ROUTE: Shape = Shape { fields: &[PARENTS, ONE_RULE, DEFAULT_GATEWAYS], rules: &[] };

pub(super) static L4_ROUTE_V1ALPHA2: Shape = Shape { fields: &[PARENTS, RULES_V1ALPHA2, DEFAULT_GATEWAYS], rules: &[] };

static HTTP_BACKEND_REF: Shape = Shape { fields: &backend_fields(HTTP_FILTERS), rules: &[SERVICE_PORT] };

static GRPC_BACKEND_REF: Shape = Shape { fields: &backend_fields(GRPC_FILTERS), rules: &[SERVICE_PORT] };
