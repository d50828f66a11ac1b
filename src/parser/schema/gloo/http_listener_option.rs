//! Rows of HttpListenerOption: what is done with the requests of a listener before routes are looked for.

use super::super::table::{ANY_TEXT, List, Shape, Type, field, integer};
use super::access::{EXTENSIONS, WAF};
use super::http_connection_manager::HTTP_CONNECTION_MANAGER_SETTINGS;
use super::http_listener_services::{
    CACHING, DLP_FILTER, DYNAMIC_FORWARD_PROXY, EXT_PROC_SETTINGS, EXTAUTH_SETTINGS, PROXY_LATENCY, RATELIMIT_SERVER,
    TAP, WASM,
};
use super::route_option::{BUFFER, COOKIE, CSRF};
use super::rules;
use super::service_spec::GRPC_JSON_TRANSCODER;
use super::shared::{EMPTY, LISTENER_TARGET, NAMESPACED_STATUSES, U32_MAX};

/// The spec of an HttpListenerOption.
pub(in crate::parser::schema) static HTTP_LISTENER_OPTION: Shape = Shape {
    fields: &[
        field("namespacedStatuses", NAMESPACED_STATUSES),
        field("options", Type::Object(&HTTP_LISTENER_OPTIONS)),
        field("targetRefs", Type::List(&List::of(Type::Object(&LISTENER_TARGET)))),
    ],
    rules: &[],
};

pub(super) static HTTP_LISTENER_OPTIONS: Shape = Shape {
    fields: &[
        field("buffer", Type::Object(&BUFFER)),
        field("caching", Type::Object(&CACHING)),
        field("connectionLimit", Type::Object(&CONNECTION_LIMIT)),
        field("csrf", Type::Object(&CSRF)),
        field("disableExtProc", Type::Boolean),
        field("disableExtProcEarly", Type::Boolean),
        field("disableExtProcLate", Type::Boolean),
        field("dlp", Type::Object(&DLP_FILTER)),
        field("dynamicForwardProxy", Type::Object(&DYNAMIC_FORWARD_PROXY)),
        field("extProc", Type::Object(&EXT_PROC_SETTINGS)),
        field("extProcEarly", Type::Object(&EXT_PROC_SETTINGS)),
        field("extProcLate", Type::Object(&EXT_PROC_SETTINGS)),
        field("extauth", Type::Object(&EXTAUTH_SETTINGS)),
        field("extensions", Type::Object(&EXTENSIONS)),
        field("grpcJsonTranscoder", Type::Object(&GRPC_JSON_TRANSCODER)),
        field("grpcWeb", Type::Object(&GRPC_WEB)),
        field("gzip", Type::Object(&GZIP)),
        field("headerValidationSettings", Type::Object(&HEADER_VALIDATION_SETTINGS)),
        field("healthCheck", Type::Object(&HEALTH_CHECK)),
        field("httpConnectionManagerSettings", Type::Object(&HTTP_CONNECTION_MANAGER_SETTINGS)),
        field("httpLocalRatelimit", Type::Object(&HTTP_LOCAL_RATELIMIT)),
        field("leftmostXffAddress", Type::Boolean),
        field("networkLocalRatelimit", Type::Object(&TOKEN_BUCKET)),
        field("proxyLatency", Type::Object(&PROXY_LATENCY)),
        field("ratelimitServer", Type::Object(&RATELIMIT_SERVER)),
        field("router", Type::Object(&ROUTER)),
        field("sanitizeClusterHeader", Type::Boolean),
        field("statefulSession", Type::Object(&STATEFUL_SESSION)),
        field("tap", Type::Object(&TAP)),
        field("waf", Type::Object(&WAF)),
        field("wasm", Type::Object(&WASM)),
    ],
    rules: &[rules::ONE_PROCESSOR],
};

pub(super) static STATEFUL_SESSION: Shape = Shape {
    fields: &[
        field("cookieBased", Type::Object(&COOKIE_BASED)),
        field("headerBased", Type::Object(&HEADER_BASED)),
        field("strict", Type::Boolean),
    ],
    rules: &[],
};

pub(super) static HEADER_BASED: Shape = Shape { fields: &[field("headerName", ANY_TEXT)], rules: &[] };

pub(super) static COOKIE_BASED: Shape = Shape { fields: &[field("cookie", Type::Object(&COOKIE))], rules: &[] };

pub(super) static ROUTER: Shape =
    Shape { fields: &[field("dynamicStats", Type::Boolean), field("suppressEnvoyHeaders", Type::Boolean)], rules: &[] };

pub(super) static HTTP_LOCAL_RATELIMIT: Shape = Shape {
    fields: &[
        field("defaultLimit", Type::Object(&TOKEN_BUCKET)),
        field("enableXRatelimitHeaders", Type::Boolean),
        field("localRateLimitPerDownstreamConnection", Type::Boolean),
    ],
    rules: &[],
};

pub(super) static TOKEN_BUCKET: Shape = Shape {
    fields: &[
        field("fillInterval", ANY_TEXT),
        field("maxTokens", integer(0, U32_MAX)),
        field("tokensPerFill", integer(0, U32_MAX)),
    ],
    rules: &[rules::DURATIONS],
};

pub(super) static HEALTH_CHECK: Shape = Shape { fields: &[field("path", ANY_TEXT)], rules: &[] };

pub(super) static HEADER_VALIDATION_SETTINGS: Shape =
    Shape { fields: &[field("disableHttp1MethodValidation", Type::Object(&EMPTY))], rules: &[] };

pub(super) static GZIP: Shape = Shape {
    fields: &[
        field("compressionLevel", Type::IntOrText),
        field("compressionStrategy", Type::IntOrText),
        field("contentLength", integer(0, U32_MAX)),
        field("contentType", Type::List(&List::of(ANY_TEXT))),
        field("disableOnEtagHeader", Type::Boolean),
        field("memoryLevel", integer(0, U32_MAX)),
        field("removeAcceptEncodingHeader", Type::Boolean),
        field("windowBits", integer(0, U32_MAX)),
    ],
    rules: &[],
};

pub(super) static GRPC_WEB: Shape = Shape { fields: &[field("disable", Type::Boolean)], rules: &[] };

pub(super) static CONNECTION_LIMIT: Shape = Shape {
    fields: &[field("delayBeforeClose", ANY_TEXT), field("maxActiveConnections", integer(0, U32_MAX))],
    rules: &[rules::DURATIONS],
};
