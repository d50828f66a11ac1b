//! Rows of the tokens of a SecurityPolicy.

use super::super::rules::union;
use super::super::shared::{BACKEND_OBJECT_REF, DURATION, LOCAL_REF, NAME};
use super::super::table::{ANY_TEXT, List, Shape, Type, Value, field, one_of, rule, text};
use super::cluster_settings::{CLUSTER_SETTINGS, NO_BACKEND_REF, NO_RETRY_CODES, NO_RETRY_TIMEOUT, POLICY_BACKEND_REF};
use super::rules::security;

/// Tokens that requests must carry.
pub(super) static JWT: Shape = Shape {
    fields: &[
        field("failOpen", Type::Boolean),
        field("optional", Type::Boolean),
        field("providers", Type::List(&List::of(Type::Object(&JWT_PROVIDER)).len(1, 16))).required(),
    ],
    rules: &[rule("`failOpen` tolerates a missing token already", |jwt, breaks| {
        union::at_most_one(jwt, &["optional", "failOpen"], breaks)
    })],
};

static JWT_PROVIDER: Shape = Shape {
    fields: &[
        field("audiences", Type::List(&List::of(ANY_TEXT).len(0, 8))),
        field("claimToHeaders", Type::List(&List::of(Type::Object(&CLAIM_TO_HEADER)))),
        field("extractFrom", Type::Object(&JWT_SOURCE)),
        field("issuer", text(0, 253)),
        field("localJWKS", Type::Object(&LOCAL_JWKS)),
        field("name", NAME).required(),
        field("recomputeRoute", Type::Boolean),
        field("remoteJWKS", Type::Object(&REMOTE_JWKS)),
    ],
    rules: &[
        rule("a route is chosen anew by headers with claims", security::claims_choose_the_route),
        rule("keys come from one place", |provider, breaks| {
            union::exactly_one(provider, &["remoteJWKS", "localJWKS"], breaks)
        }),
    ],
};

static CLAIM_TO_HEADER: Shape =
    Shape { fields: &[field("claim", ANY_TEXT).required(), field("header", ANY_TEXT).required()], rules: &[] };

static JWT_SOURCE: Shape = Shape {
    fields: &[
        field("cookies", Type::List(&List::of(ANY_TEXT))),
        field("headers", Type::List(&List::of(Type::Object(&JWT_HEADER)))),
        field("params", Type::List(&List::of(ANY_TEXT))),
    ],
    rules: &[],
};

static JWT_HEADER: Shape =
    Shape { fields: &[field("name", ANY_TEXT).required(), field("valuePrefix", ANY_TEXT)], rules: &[] };

static LOCAL_JWKS: Shape = Shape {
    fields: &[
        field("inline", ANY_TEXT),
        field("type", one_of(&["Inline", "ValueRef"])).default(Value::Text("Inline")).required(),
        field("valueRef", Type::Object(&LOCAL_REF)),
    ],
    rules: &[
        rule("`inline` is of the type `Inline`", |keys, breaks| {
            union::member_fits(keys, ("type", "Inline"), "inline", breaks)
        }),
        rule("`valueRef` is of the type `ValueRef`", |keys, breaks| {
            union::member_fits(keys, ("type", "ValueRef"), "valueRef", breaks)
        }),
    ],
};

static REMOTE_JWKS: Shape = Shape {
    fields: &[
        field("backendRef", Type::Object(&BACKEND_OBJECT_REF)),
        field("backendRefs", Type::List(&List::of(Type::Object(&POLICY_BACKEND_REF)).len(0, 16))),
        field("backendSettings", Type::Object(&CLUSTER_SETTINGS)),
        field("cacheDuration", DURATION).default(Value::Text("300s")),
        field("failedRefetchDuration", DURATION),
        field("uri", text(1, 253)).required(),
    ],
    rules: &[NO_BACKEND_REF, NO_RETRY_TIMEOUT, NO_RETRY_CODES],
};
