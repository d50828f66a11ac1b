//! Rows of health checks.

use super::super::pattern;
use super::super::rules::union;
use super::super::shared::{DURATION, PRECISE_HOSTNAME};
use super::super::table::{ANY_TEXT, List, PORT, Shape, Type, Value, field, form, int32, one_of, rule, text};
use super::rules::health;
use super::shared::{FILLED, INT32, STATUS_CODE};

/// How endpoints are found to be healthy.
pub(super) static HEALTH_CHECK: Shape = Shape {
    fields: &[
        field("active", Type::Object(&ACTIVE_HEALTH_CHECK)),
        field("panicThreshold", int32(0, 100)),
        field("passive", Type::Object(&PASSIVE_HEALTH_CHECK)),
    ],
    rules: &[],
};

static ACTIVE_HEALTH_CHECK: Shape = Shape {
    fields: &[
        field("grpc", Type::Object(&GRPC_HEALTH_CHECK)),
        field("healthCheckLog", Type::Object(&HEALTH_CHECK_LOG)),
        field("healthyThreshold", int32(1, i64::MAX)).default(Value::Integer(1)),
        field("http", Type::Object(&HTTP_HEALTH_CHECK)),
        field("initialJitter", DURATION),
        field("interval", DURATION).default(Value::Text("3s")),
        field("overrides", Type::Object(&HEALTH_CHECK_OVERRIDES)),
        field("tcp", Type::Object(&TCP_HEALTH_CHECK)),
        field("timeout", DURATION).default(Value::Text("1s")),
        field("type", one_of(&["HTTP", "TCP", "GRPC"])).required(),
        field("unhealthyThreshold", int32(1, i64::MAX)).default(Value::Integer(3)),
    ],
    rules: &[
        rule("`http` is the question of the type `HTTP`", |check, breaks| {
            union::member_fits(check, ("type", "HTTP"), "http", breaks)
        }),
        rule("`tcp` is the question of the type `TCP`", |check, breaks| {
            union::member_fits(check, ("type", "TCP"), "tcp", breaks)
        }),
        rule("`grpc` is of the type `GRPC`", |check, breaks| {
            union::only_where(check, ("type", &["GRPC"]), "grpc", breaks)
        }),
    ],
};

static GRPC_HEALTH_CHECK: Shape = Shape { fields: &[field("service", ANY_TEXT)], rules: &[] };

static HEALTH_CHECK_LOG: Shape = Shape {
    fields: &[
        field(
            "matches",
            Type::List(
                &List::of(one_of(&["Failure", "FailureSeriesStart", "Success", "HealthyTransition"]))
                    .len(0, 4)
                    .set()
                    .rules(&[rule(
                        "a kind of failure and a kind of success are logged together",
                        health::failures_and_successes,
                    )]),
            ),
        ),
        field("sinks", Type::List(&List::of(Type::Object(&HEALTH_CHECK_LOG_SINK)).len(0, 1))),
    ],
    rules: &[],
};

static HEALTH_CHECK_LOG_SINK: Shape = Shape {
    fields: &[field("file", Type::Object(&HEALTH_CHECK_LOG_FILE)), field("type", one_of(&["File"])).required()],
    rules: &[rule("`file` is of the type `File`", |sink, breaks| {
        union::member_fits(sink, ("type", "File"), "file", breaks)
    })],
};

static HEALTH_CHECK_LOG_FILE: Shape = Shape { fields: &[field("path", FILLED).required()], rules: &[] };

static HTTP_HEALTH_CHECK: Shape = Shape {
    fields: &[
        field("expectedResponse", Type::Object(&PAYLOAD)),
        field("expectedStatuses", Type::List(&List::of(STATUS_CODE))),
        field("hostname", PRECISE_HOSTNAME),
        field("method", text(0, 16)),
        field("path", text(1, 1024)).required(),
        field("requestBody", Type::Object(&PAYLOAD)),
        field("retriableStatuses", Type::List(&List::of(STATUS_CODE))),
    ],
    rules: &[rule("a body is sent with `POST` and `PUT`", health::body_has_a_method)],
};

static PAYLOAD: Shape = Shape {
    fields: &[
        field("binary", form(&pattern::BASE64)),
        field("text", ANY_TEXT),
        field("type", one_of(&["Text", "Binary"])).required(),
    ],
    rules: &[
        rule("`text` is of the type `Text`", |payload, breaks| {
            union::member_fits(payload, ("type", "Text"), "text", breaks)
        }),
        rule("`binary` is of the type `Binary`", |payload, breaks| {
            union::member_fits(payload, ("type", "Binary"), "binary", breaks)
        }),
    ],
};

static HEALTH_CHECK_OVERRIDES: Shape = Shape { fields: &[field("port", PORT)], rules: &[] };

static TCP_HEALTH_CHECK: Shape =
    Shape { fields: &[field("receive", Type::Object(&PAYLOAD)), field("send", Type::Object(&PAYLOAD))], rules: &[] };

static PASSIVE_HEALTH_CHECK: Shape = Shape {
    fields: &[
        field("alwaysEjectOneEndpoint", Type::Boolean).default(Value::Boolean(false)),
        field("baseEjectionTime", DURATION).default(Value::Text("30s")),
        field("consecutive5XxErrors", INT32).default(Value::Integer(5)),
        field("consecutiveGatewayErrors", INT32),
        field("consecutiveLocalOriginFailures", INT32).default(Value::Integer(5)),
        field("failurePercentageThreshold", int32(0, 100)),
        field("interval", DURATION).default(Value::Text("3s")),
        field("maxEjectionPercent", int32(0, 100)).default(Value::Integer(10)),
        field("splitExternalLocalOriginErrors", Type::Boolean).default(Value::Boolean(false)),
    ],
    rules: &[],
};
