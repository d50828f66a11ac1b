//! Rows of BackendTrafficPolicy.

use super::super::pattern;
use super::super::rules::union;
use super::super::shared::{DURATION, EMPTY};
use super::super::table::{ANY_TEXT, List, Shape, Type, Value, field, form, int32, one_of, rule};
use super::cluster_settings::{
    BACKEND_CONNECTION, BACKEND_PROXY_PROTOCOL, BACKEND_TIMEOUT, CIRCUIT_BREAKER, DNS, PREDICTIVE_PRECONNECT, RETRY,
};
use super::health_check::HEALTH_CHECK;
use super::load_balancer::LOAD_BALANCER;
use super::rate_limit::RATE_LIMIT;
use super::response_override::RESPONSE_OVERRIDE;
use super::rules::{target, traffic};
use super::shared::{HTTP2_SETTINGS, STATUS_CODE, TARGET_REF, TARGET_SELECTOR, TCP_KEEPALIVE};
use super::telemetry::TELEMETRY;

/// The spec of a BackendTrafficPolicy.
pub(in crate::parser::schema) static BACKEND_TRAFFIC_POLICY: Shape = Shape {
    fields: &[
        field("admissionControl", Type::Object(&ADMISSION_CONTROL)),
        field("bandwidthLimit", Type::Object(&BANDWIDTH_LIMIT)),
        field("circuitBreaker", Type::Object(&CIRCUIT_BREAKER)),
        field("compression", Type::List(&List::of(Type::Object(&COMPRESSION)))),
        field("compressor", Type::List(&List::of(Type::Object(&COMPRESSION)))),
        field("connection", Type::Object(&BACKEND_CONNECTION)),
        field("dns", Type::Object(&DNS)),
        field("faultInjection", Type::Object(&FAULT_INJECTION)),
        field("healthCheck", Type::Object(&HEALTH_CHECK)),
        field("http2", Type::Object(&HTTP2_SETTINGS)),
        field("httpUpgrade", Type::List(&List::of(Type::Object(&HTTP_UPGRADE)))),
        field("loadBalancer", Type::Object(&LOAD_BALANCER)),
        field("mergeType", ANY_TEXT),
        field("proxyProtocol", Type::Object(&BACKEND_PROXY_PROTOCOL)),
        field("rateLimit", Type::Object(&RATE_LIMIT)),
        field("requestBuffer", Type::Object(&REQUEST_BUFFER)),
        field("responseOverride", Type::List(&List::of(Type::Object(&RESPONSE_OVERRIDE)))),
        field("retry", Type::Object(&RETRY)),
        field("routingType", ANY_TEXT),
        field("targetRef", Type::Object(&TARGET_REF)),
        field("targetRefs", Type::List(&List::of(Type::Object(&TARGET_REF)))),
        field("targetSelectors", Type::List(&List::of(Type::Object(&TARGET_SELECTOR)))),
        field("tcpKeepalive", Type::Object(&TCP_KEEPALIVE)),
        field("telemetry", Type::Object(&TELEMETRY)),
        field("timeout", Type::Object(&BACKEND_TIMEOUT)),
        field("useClientProtocol", Type::Boolean),
    ],
    rules: &[
        rule("a policy names its targets in one way", target::has_one_form),
        rule("targets are of the group `gateway.networking.k8s.io`", target::is_of_gateway_api),
        rule("a BackendTrafficPolicy is for Gateways, ListenerSets and routes", |spec, breaks| {
            target::is_of_kinds(
                spec,
                &["Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute", "UDPRoute", "TCPRoute", "TLSRoute"],
                breaks,
            )
        }),
        rule("`mergeType` is for policies of routes", |spec, breaks| {
            target::merges_into_routes(spec, &["HTTPRoute", "GRPCRoute", "UDPRoute", "TCPRoute", "TLSRoute"], breaks)
        }),
        rule("`mergeType` cannot be `Replace`", target::does_not_replace),
        rule("`compression` is the old form of `compressor`", |spec, breaks| {
            union::at_most_one(spec, &["compression", "compressor"], breaks)
        }),
        rule("a buffered request cannot be upgraded", traffic::buffer_has_no_upgrade),
        rule(
            "`admissionControl` is for Gateways, ListenerSets, HTTPRoutes and GRPCRoutes",
            target::admission_is_of_http,
        ),
        PREDICTIVE_PRECONNECT,
    ],
};

/// The rules of the definition about `minSuccessRate` and `maxRejectionPercent` are their bounds.
static ADMISSION_CONTROL: Shape = Shape {
    fields: &[
        field("maxRejectionPercent", int32(0, 100)),
        field("minRequestRate", int32(0, i64::MAX)),
        field("minSuccessRate", int32(1, 100)),
        field("rejectionAggression", int32(1, i64::MAX)),
        field("samplingWindow", DURATION),
        field("successCriteria", Type::Object(&SUCCESS_CRITERIA)),
    ],
    rules: &[rule("`samplingWindow` is at least `1s`", traffic::window_is_long_enough)],
};

static SUCCESS_CRITERIA: Shape = Shape {
    fields: &[field("grpc", Type::Object(&GRPC_SUCCESS)), field("http", Type::Object(&HTTP_SUCCESS))],
    rules: &[],
};

static GRPC_SUCCESS: Shape = Shape {
    fields: &[field(
        "statusCodes",
        Type::List(&List::of(one_of(&[
            "Ok",
            "Cancelled",
            "Unknown",
            "InvalidArgument",
            "DeadlineExceeded",
            "NotFound",
            "AlreadyExists",
            "PermissionDenied",
            "ResourceExhausted",
            "FailedPrecondition",
            "Aborted",
            "OutOfRange",
            "Unimplemented",
            "Internal",
            "Unavailable",
            "DataLoss",
            "Unauthenticated",
        ]))),
    )],
    rules: &[],
};

static HTTP_SUCCESS: Shape = Shape { fields: &[field("statusCodes", Type::List(&List::of(STATUS_CODE)))], rules: &[] };

static BANDWIDTH_LIMIT: Shape = Shape {
    fields: &[field("request", Type::Object(&REQUEST_BANDWIDTH)), field("response", Type::Object(&RESPONSE_BANDWIDTH))],
    rules: &[rule("a limit is of requests or of responses", |limit, breaks| {
        union::at_least_one(limit, &["request", "response"], breaks)
    })],
};

static REQUEST_BANDWIDTH: Shape = Shape { fields: &[field("limit", Type::Object(&BANDWIDTH)).required()], rules: &[] };

static BANDWIDTH: Shape = Shape {
    fields: &[
        field("unit", one_of(&["Second", "Minute", "Hour"])).required(),
        field("value", Type::Quantity).required(),
    ],
    rules: &[],
};

static RESPONSE_BANDWIDTH: Shape = Shape {
    fields: &[
        field("limit", Type::Object(&BANDWIDTH)).required(),
        field("responseTrailers", Type::Object(&RESPONSE_TRAILERS)),
    ],
    rules: &[],
};

static RESPONSE_TRAILERS: Shape = Shape { fields: &[field("prefix", form(&pattern::ONE_LINE))], rules: &[] };

static COMPRESSION: Shape = Shape {
    fields: &[
        field("brotli", Type::Object(&EMPTY)),
        field("gzip", Type::Object(&EMPTY)),
        field("minContentLength", Type::Quantity),
        field("type", one_of(&["Gzip", "Brotli", "Zstd"])).required(),
        field("zstd", Type::Object(&EMPTY)),
    ],
    rules: &[],
};

static FAULT_INJECTION: Shape = Shape {
    fields: &[field("abort", Type::Object(&FAULT_ABORT)), field("delay", Type::Object(&FAULT_DELAY))],
    rules: &[rule("a fault is a delay or an abort", |fault, breaks| {
        union::at_least_one(fault, &["delay", "abort"], breaks)
    })],
};

static FAULT_ABORT: Shape = Shape {
    fields: &[
        field("grpcStatus", int32(0, 16)),
        field("httpStatus", int32(200, 600)),
        field("percentage", Type::Number).default(Value::Integer(100)),
    ],
    rules: &[rule("a request is aborted with one status", |abort, breaks| {
        union::exactly_one(abort, &["httpStatus", "grpcStatus"], breaks)
    })],
};

static FAULT_DELAY: Shape = Shape {
    fields: &[field("fixedDelay", DURATION).required(), field("percentage", Type::Number).default(Value::Integer(100))],
    rules: &[],
};

static HTTP_UPGRADE: Shape = Shape {
    fields: &[field("connect", Type::Object(&HTTP_CONNECT)), field("type", ANY_TEXT).required()],
    rules: &[rule("`connect` is of the type `CONNECT`", |upgrade, breaks| {
        union::only_where(upgrade, ("type", &["CONNECT"]), "connect", breaks)
    })],
};

static HTTP_CONNECT: Shape = Shape { fields: &[field("terminate", Type::Boolean)], rules: &[] };

static REQUEST_BUFFER: Shape = Shape { fields: &[field("limit", Type::Quantity)], rules: &[] };
