//! Rows of the external authorization of a SecurityPolicy.

use super::super::rules::union;
use super::super::shared::{BACKEND_OBJECT_REF, DURATION, GROUP, KIND, NAME};
use super::super::table::{ANY_TEXT, List, Shape, Type, Value, field, int32, one_of, rule};
use super::cluster_settings::{BACKEND_GROUPS, BACKEND_KINDS, CLUSTER_SETTINGS, HAS_BACKEND, POLICY_BACKEND_REF};
use super::rules::security;
use super::shared::ERROR_STATUS;

/// Authorization by a service.
pub(super) static EXT_AUTH: Shape = Shape {
    fields: &[
        field("bodyToExtAuth", Type::Object(&BODY_TO_EXT_AUTH)),
        field("contextExtensions", Type::List(&List::of(Type::Object(&CONTEXT_EXTENSION)).keys(&["name"]))),
        field("failOpen", Type::Boolean).default(Value::Boolean(false)),
        field("grpc", Type::Object(&GRPC_EXT_AUTH)),
        field("headersToExtAuth", Type::List(&List::of(ANY_TEXT))),
        field("http", Type::Object(&HTTP_EXT_AUTH)),
        field("includeRouteMetadata", Type::Boolean),
        field("recomputeRoute", Type::Boolean),
        field("statusOnError", ERROR_STATUS),
        field("timeout", DURATION),
    ],
    rules: &[rule("a service is asked over gRPC or HTTP", |auth, breaks| {
        union::exactly_one(auth, &["grpc", "http"], breaks)
    })],
};

static BODY_TO_EXT_AUTH: Shape =
    Shape { fields: &[field("maxRequestBytes", int32(1, i64::MAX)).required()], rules: &[] };

static CONTEXT_EXTENSION: Shape = Shape {
    fields: &[
        field("name", ANY_TEXT).required(),
        field("type", one_of(&["Value", "ValueRef"])).default(Value::Text("Value")).required(),
        field("value", ANY_TEXT),
        field("valueRef", Type::Object(&VALUE_REF)),
    ],
    rules: &[
        rule("`value` is of the type `Value`", |extension, breaks| {
            union::member_fits(extension, ("type", "Value"), "value", breaks)
        }),
        rule("`valueRef` is of the type `ValueRef`", |extension, breaks| {
            union::member_fits(extension, ("type", "ValueRef"), "valueRef", breaks)
        }),
    ],
};

static VALUE_REF: Shape = Shape {
    fields: &[
        field("group", GROUP).required(),
        field("key", ANY_TEXT).required(),
        field("kind", KIND).required(),
        field("name", NAME).required(),
    ],
    rules: &[rule("a value is in a ConfigMap or a Secret", security::value_is_in_a_known_kind)],
};

static GRPC_EXT_AUTH: Shape = Shape {
    fields: &[
        field("backendRef", Type::Object(&BACKEND_OBJECT_REF)),
        field("backendRefs", Type::List(&List::of(Type::Object(&POLICY_BACKEND_REF)).len(0, 16))),
        field("backendSettings", Type::Object(&CLUSTER_SETTINGS)),
    ],
    rules: &[HAS_BACKEND, BACKEND_KINDS, BACKEND_GROUPS],
};

static HTTP_EXT_AUTH: Shape = Shape {
    fields: &[
        field("backendRef", Type::Object(&BACKEND_OBJECT_REF)),
        field("backendRefs", Type::List(&List::of(Type::Object(&POLICY_BACKEND_REF)).len(0, 16))),
        field("backendSettings", Type::Object(&CLUSTER_SETTINGS)),
        field("headersToBackend", Type::List(&List::of(ANY_TEXT))),
        field("path", ANY_TEXT),
        field("pathOverride", ANY_TEXT),
    ],
    rules: &[
        HAS_BACKEND,
        BACKEND_KINDS,
        BACKEND_GROUPS,
        rule("the path is given once", |auth, breaks| union::at_most_one(auth, &["path", "pathOverride"], breaks)),
    ],
};
