//! Rows of the authorization of a SecurityPolicy.

use super::super::pattern;
use super::super::rules::union;
use super::super::shared::NAME;
use super::super::table::{ANY_TEXT, List, Shape, Type, Value, field, formed, int32, one_of, rule, text};
use super::shared::{CIDR, PATH_MATCH};

/// Who may send which requests.
pub(super) static AUTHORIZATION: Shape = Shape {
    fields: &[
        field("defaultAction", one_of(&["Allow", "Deny"])),
        field("rules", Type::List(&List::of(Type::Object(&AUTHORIZATION_RULE)))),
    ],
    rules: &[],
};

static AUTHORIZATION_RULE: Shape = Shape {
    fields: &[
        field("action", one_of(&["Allow", "Deny"])).required(),
        field("cel", text(1, 4096)),
        field("name", NAME),
        field("operation", Type::Object(&OPERATION)),
        field("principal", Type::Object(&PRINCIPAL)),
    ],
    rules: &[rule("a rule says whom it is for", |entry, breaks| {
        union::at_least_one(entry, &["principal", "cel"], breaks)
    })],
};

static OPERATION: Shape = Shape {
    fields: &[
        field(
            "methods",
            Type::List(
                &List::of(one_of(&["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]))
                    .len(1, 16),
            ),
        ),
        field("path", Type::Object(&PATH_MATCH)),
    ],
    rules: &[rule("an operation is a method or a path", |operation, breaks| {
        union::at_least_one(operation, &["methods", "path"], breaks)
    })],
};

static PRINCIPAL: Shape = Shape {
    fields: &[
        field("clientCIDRs", Type::List(&List::of(CIDR).at_least(1))),
        field("clientIPGeoLocations", Type::List(&List::of(Type::Object(&GEO_LOCATION)).at_least(1))),
        field("headers", Type::List(&List::of(Type::Object(&PRINCIPAL_HEADER)).len(1, 256))),
        field("jwt", Type::Object(&JWT_PRINCIPAL)),
    ],
    rules: &[rule("a principal says who it is", |principal, breaks| {
        union::at_least_one(principal, &["clientCIDRs", "jwt", "headers", "clientIPGeoLocations"], breaks)
    })],
};

static GEO_LOCATION: Shape = Shape {
    fields: &[
        field("anonymous", Type::Object(&ANONYMOUS_NETWORK)),
        field("asn", int32(1, i64::MAX)),
        field("city", text(1, 128)),
        field("country", formed(2, 2, &pattern::COUNTRY)),
        field("isp", text(1, 256)),
        field("region", formed(1, 16, &pattern::PLAIN_NAME)),
    ],
    rules: &[rule("a location says where it is", |location, breaks| {
        union::at_least_one(location, &["country", "region", "city", "asn", "isp", "anonymous"], breaks)
    })],
};

static ANONYMOUS_NETWORK: Shape = Shape {
    fields: &[
        field("isAnonymous", Type::Boolean),
        field("isHosting", Type::Boolean),
        field("isProxy", Type::Boolean),
        field("isTor", Type::Boolean),
        field("isVPN", Type::Boolean),
    ],
    rules: &[rule("a network says what hides its clients", |network, breaks| {
        union::at_least_one(network, &["isAnonymous", "isVPN", "isHosting", "isTor", "isProxy"], breaks)
    })],
};

static PRINCIPAL_HEADER: Shape = Shape {
    fields: &[
        field("name", text(1, 256)).required(),
        field("values", Type::List(&List::of(ANY_TEXT).len(1, 256))).required(),
    ],
    rules: &[],
};

static JWT_PRINCIPAL: Shape = Shape {
    fields: &[
        field("claims", Type::List(&List::of(Type::Object(&JWT_CLAIM)).len(1, 16))),
        field("provider", text(1, 253)).required(),
        field("scopes", Type::List(&List::of(text(1, 253)).len(1, 16))),
    ],
    rules: &[rule("a token is told by its claims or scopes", |token, breaks| {
        union::at_least_one(token, &["claims", "scopes"], breaks)
    })],
};

static JWT_CLAIM: Shape = Shape {
    fields: &[
        field("name", NAME).required(),
        field("valueType", one_of(&["String", "StringArray"])).default(Value::Text("String")),
        field("values", Type::List(&List::of(ANY_TEXT).len(1, 128))).required(),
    ],
    rules: &[],
};
