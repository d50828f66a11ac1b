//! Rows of SecurityPolicy.

use super::super::rules::union;
use super::super::shared::{DURATION, FRACTION, SECRET_REF};
use super::super::table::{ANY_TEXT, List, Shape, Type, field, rule};
use super::authorization::AUTHORIZATION;
use super::ext_auth::EXT_AUTH;
use super::jwt::JWT;
use super::oidc::OIDC;
use super::rules::{security, target};
use super::shared::{FILLED, ORIGIN, TARGET_REF, TARGET_SELECTOR};

/// The spec of a SecurityPolicy.
pub(in crate::parser::schema) static SECURITY_POLICY: Shape = Shape {
    fields: &[
        field("apiKeyAuth", Type::Object(&API_KEY_AUTH)),
        field("authorization", Type::Object(&AUTHORIZATION)),
        field("basicAuth", Type::Object(&BASIC_AUTH)),
        field("cors", Type::Object(&CORS)),
        field("csrf", Type::Object(&CSRF)),
        field("extAuth", Type::Object(&EXT_AUTH)),
        field("jwt", Type::Object(&JWT)),
        field("mergeType", ANY_TEXT),
        field("oidc", Type::Object(&OIDC)),
        field("targetRef", Type::Object(&TARGET_REF)),
        field("targetRefs", Type::List(&List::of(Type::Object(&TARGET_REF)))),
        field("targetSelectors", Type::List(&List::of(Type::Object(&TARGET_SELECTOR)))),
    ],
    rules: &[
        rule("a policy names its targets in one way", target::has_one_form),
        rule("targets are of the group `gateway.networking.k8s.io`", target::is_of_gateway_api),
        rule("a SecurityPolicy is for Gateways, ListenerSets, HTTPRoutes, GRPCRoutes and TCPRoutes", |spec, breaks| {
            target::is_of_kinds(spec, &["Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute", "TCPRoute"], breaks)
        }),
        rule("`mergeType` is for policies of routes", |spec, breaks| {
            target::merges_into_routes(spec, &["HTTPRoute", "GRPCRoute", "TCPRoute"], breaks)
        }),
        rule("`mergeType` cannot be `Replace`", target::does_not_replace),
        rule("a principal of tokens needs `jwt`", security::claims_have_a_provider),
    ],
};

static API_KEY_AUTH: Shape = Shape {
    fields: &[
        field("credentialRefs", Type::List(&List::of(Type::Object(&SECRET_REF)))).required(),
        field("extractFrom", Type::List(&List::of(Type::Object(&API_KEY_SOURCE)).at_least(1))).required(),
        field("forwardClientIDHeader", ANY_TEXT),
        field("sanitize", Type::Boolean),
    ],
    rules: &[],
};

static API_KEY_SOURCE: Shape = Shape {
    fields: &[
        field("cookies", Type::List(&List::of(FILLED).at_least(1))),
        field("headers", Type::List(&List::of(FILLED).at_least(1))),
        field("params", Type::List(&List::of(FILLED).at_least(1))),
    ],
    rules: &[rule("a key is in headers, parameters or cookies", |source, breaks| {
        union::exactly_one(source, &["headers", "params", "cookies"], breaks)
    })],
};

static BASIC_AUTH: Shape = Shape {
    fields: &[field("forwardUsernameHeader", ANY_TEXT), field("users", Type::Object(&SECRET_REF)).required()],
    rules: &[],
};

static CORS: Shape = Shape {
    fields: &[
        field("allowCredentials", Type::Boolean),
        field("allowHeaders", Type::List(&List::of(ANY_TEXT))),
        field("allowMethods", Type::List(&List::of(ANY_TEXT))),
        field("allowOrigins", Type::List(&List::of(ORIGIN))),
        field("exposeHeaders", Type::List(&List::of(ANY_TEXT))),
        field("maxAge", DURATION),
    ],
    rules: &[],
};

static CSRF: Shape = Shape {
    fields: &[
        field("additionalOrigins", Type::List(&List::of(ORIGIN).len(0, 16))),
        field("shadowFraction", Type::Object(&FRACTION)),
    ],
    rules: &[],
};
