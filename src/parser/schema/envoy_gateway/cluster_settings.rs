//! Rows of the settings of clusters, which a BackendTrafficPolicy has for routes and other policies have beside the
//! backends that they name.

use super::super::shared::{DURATION, FRACTION, GROUP, KIND, NAME, NAMESPACE, SERVICE_PORT};
use super::super::table::{List, PORT, Rule, Shape, Type, Value, field, int32, one_of, rule};
use super::health_check::HEALTH_CHECK;
use super::load_balancer::LOAD_BALANCER;
use super::rules::{backend, balancer};
use super::shared::{HTTP2_SETTINGS, INT32, STATUS_CODE, TCP_KEEPALIVE, UNSIGNED};

pub(super) const PREDICTIVE_PRECONNECT: Rule =
    rule("connections are predicted under the types `Random` and `RoundRobin`", balancer::preconnect_is_predictable);
pub(super) const HAS_BACKEND: Rule = rule("a service has a backend", backend::is_named);
pub(super) const BACKEND_KINDS: Rule =
    rule("backends are Services, ServiceImports and Backends", backend::is_of_a_known_kind);
pub(super) const BACKEND_GROUPS: Rule = rule(
    "backends are of the core group, `multicluster.x-k8s.io` or `gateway.envoyproxy.io`",
    backend::is_of_a_known_group,
);
pub(super) const NO_BACKEND_REF: Rule = rule("backends are in `backendRefs`", backend::is_in_the_list);
pub(super) const NO_RETRY_TIMEOUT: Rule = rule("fetches have no timeout for each try", backend::tries_have_no_timeout);
pub(super) const NO_RETRY_CODES: Rule = rule("fetches are not tried again by status", backend::tries_have_no_codes);

pub(super) static CIRCUIT_BREAKER: Shape = Shape {
    fields: &[
        field("maxConnections", UNSIGNED).default(Value::Integer(1024)),
        field("maxParallelRequests", UNSIGNED).default(Value::Integer(1024)),
        field("maxParallelRetries", UNSIGNED).default(Value::Integer(1024)),
        field("maxPendingRequests", UNSIGNED).default(Value::Integer(1024)),
        field("maxRequestsPerConnection", UNSIGNED),
        field("perEndpoint", Type::Object(&PER_ENDPOINT)),
        field("retryBudget", Type::Object(&RETRY_BUDGET)),
    ],
    rules: &[],
};

static PER_ENDPOINT: Shape =
    Shape { fields: &[field("maxConnections", UNSIGNED).default(Value::Integer(1024))], rules: &[] };

static RETRY_BUDGET: Shape = Shape {
    fields: &[field("minRetryConcurrency", INT32), field("percent", Type::Object(&FRACTION)).required()],
    rules: &[],
};

pub(super) static BACKEND_CONNECTION: Shape = Shape {
    fields: &[
        field("bufferLimit", Type::Quantity),
        field("preconnect", Type::Object(&PRECONNECT)),
        field("socketBufferLimit", Type::Quantity),
    ],
    rules: &[],
};

static PRECONNECT: Shape = Shape {
    fields: &[field("perEndpointPercent", int32(100, 300)), field("predictivePercent", int32(100, i64::MAX))],
    rules: &[],
};

pub(super) static DNS: Shape = Shape {
    fields: &[
        field("dnsRefreshRate", DURATION),
        field("lookupFamily", one_of(&["IPv4", "IPv6", "IPv4Preferred", "IPv6Preferred", "IPv4AndIPv6"])),
        field("respectDnsTtl", Type::Boolean),
    ],
    rules: &[],
};

pub(super) static BACKEND_PROXY_PROTOCOL: Shape =
    Shape { fields: &[field("version", one_of(&["V1", "V2"])).required()], rules: &[] };

pub(super) static RETRY: Shape = Shape {
    fields: &[
        field("numAttemptsPerPriority", INT32),
        field("numRetries", int32(0, i64::MAX)).default(Value::Integer(2)),
        field("perRetry", Type::Object(&PER_RETRY)),
        field("retryOn", Type::Object(&RETRY_ON)),
    ],
    rules: &[],
};

static PER_RETRY: Shape =
    Shape { fields: &[field("backOff", Type::Object(&BACK_OFF)), field("timeout", DURATION)], rules: &[] };

static BACK_OFF: Shape =
    Shape { fields: &[field("baseInterval", DURATION), field("maxInterval", DURATION)], rules: &[] };

static RETRY_ON: Shape = Shape {
    fields: &[
        field("httpStatusCodes", Type::List(&List::of(STATUS_CODE))),
        field(
            "triggers",
            Type::List(&List::of(one_of(&[
                "5xx",
                "gateway-error",
                "reset",
                "reset-before-request",
                "connect-failure",
                "retriable-4xx",
                "refused-stream",
                "retriable-status-codes",
                "cancelled",
                "deadline-exceeded",
                "internal",
                "resource-exhausted",
                "unavailable",
            ]))),
        ),
    ],
    rules: &[],
};

pub(super) static BACKEND_TIMEOUT: Shape = Shape {
    fields: &[field("http", Type::Object(&BACKEND_HTTP_TIMEOUT)), field("tcp", Type::Object(&BACKEND_TCP_TIMEOUT))],
    rules: &[],
};

static BACKEND_HTTP_TIMEOUT: Shape = Shape {
    fields: &[
        field("connectionIdleTimeout", DURATION),
        field("maxConnectionDuration", DURATION),
        field("maxStreamDuration", DURATION),
        field("requestTimeout", DURATION),
        field("streamIdleTimeout", DURATION),
    ],
    rules: &[],
};

static BACKEND_TCP_TIMEOUT: Shape = Shape { fields: &[field("connectTimeout", DURATION)], rules: &[] };

/// A backend beside a policy's own settings.
pub(super) static POLICY_BACKEND_REF: Shape = Shape {
    fields: &[
        field("fallback", Type::Boolean),
        field("group", GROUP).default(Value::Text("")),
        field("kind", KIND).default(Value::Text("Service")),
        field("name", NAME).required(),
        field("namespace", NAMESPACE),
        field("port", PORT),
        field("weight", int32(0, 1000000)).default(Value::Integer(1)),
    ],
    rules: &[SERVICE_PORT],
};

/// The settings of a cluster beside the backends that a policy names.
pub(super) static CLUSTER_SETTINGS: Shape = Shape {
    fields: &[
        field("circuitBreaker", Type::Object(&CIRCUIT_BREAKER)),
        field("connection", Type::Object(&BACKEND_CONNECTION)),
        field("dns", Type::Object(&DNS)),
        field("healthCheck", Type::Object(&HEALTH_CHECK)),
        field("http2", Type::Object(&HTTP2_SETTINGS)),
        field("loadBalancer", Type::Object(&LOAD_BALANCER)),
        field("proxyProtocol", Type::Object(&BACKEND_PROXY_PROTOCOL)),
        field("retry", Type::Object(&RETRY)),
        field("tcpKeepalive", Type::Object(&TCP_KEEPALIVE)),
        field("timeout", Type::Object(&BACKEND_TIMEOUT)),
    ],
    rules: &[PREDICTIVE_PRECONNECT],
};
