//! Rows of access logs.

use super::super::table::{ANY_TEXT, List, Map, Shape, Type, field, integer};
use super::listener_rules::{KNOWN_COMPARISON, ONE_LOG_FILTER, ONE_LOG_FORMAT, ONE_SINK};
use super::rate_limit::RANGE_MATCH;
use super::route_option::{DEFAULT_VALUE, SAFE_REGEX};
use super::rules;
use super::shared::{ANY_OBJECT, EMPTY, U32_MAX};
use super::upstream::UPSTREAM_SSL_CONFIG;

pub(super) static ACCESS_LOGGING_SERVICE: Shape =
    Shape { fields: &[field("accessLog", Type::List(&List::of(Type::Object(&ACCESS_LOG))))], rules: &[] };

static ACCESS_LOG: Shape = Shape {
    fields: &[
        field("fileSink", Type::Object(&FILE_SINK)),
        field("filter", Type::Object(&FILTER)),
        field("grpcService", Type::Object(&GRPC_LOG)),
        field("openTelemetryService", Type::Object(&OPEN_TELEMETRY)),
    ],
    rules: &[ONE_SINK],
};

static FILE_SINK: Shape = Shape {
    fields: &[field("jsonFormat", ANY_OBJECT), field("path", ANY_TEXT), field("stringFormat", ANY_TEXT)],
    rules: &[ONE_LOG_FORMAT],
};

static GRPC_LOG: Shape = Shape {
    fields: &[
        field("additionalRequestHeadersToLog", Type::List(&List::of(ANY_TEXT))),
        field("additionalResponseHeadersToLog", Type::List(&List::of(ANY_TEXT))),
        field("additionalResponseTrailersToLog", Type::List(&List::of(ANY_TEXT))),
        field("filterStateObjectsToLog", Type::List(&List::of(ANY_TEXT))),
        field("logName", ANY_TEXT),
        field("staticClusterName", ANY_TEXT),
    ],
    rules: &[],
};

static OPEN_TELEMETRY: Shape = Shape {
    fields: &[
        field("attributes", Type::Object(&KEY_VALUES)),
        field("body", ANY_OBJECT),
        field("collector", Type::Object(&COLLECTOR)),
        field("disableBuiltinLabels", Type::Boolean),
        field("filterStateObjectsToLog", Type::List(&List::of(ANY_TEXT))),
        field("logName", ANY_TEXT),
    ],
    rules: &[],
};

static KEY_VALUES: Shape =
    Shape { fields: &[field("values", Type::List(&List::of(Type::Object(&KEY_VALUE))))], rules: &[] };

static KEY_VALUE: Shape = Shape { fields: &[field("key", ANY_TEXT), field("value", ANY_OBJECT)], rules: &[] };

static COLLECTOR: Shape = Shape {
    fields: &[
        field("authority", ANY_TEXT),
        field("endpoint", ANY_TEXT),
        field("headers", Type::Map(&Map { values: ANY_TEXT, max: None })),
        field("insecure", Type::Boolean),
        field("sslConfig", Type::Object(&UPSTREAM_SSL_CONFIG)),
        field("timeout", ANY_TEXT),
    ],
    rules: &[rules::DURATIONS],
};

static FILTER: Shape = Shape {
    fields: &[
        field("andFilter", ANY_OBJECT),
        field("durationFilter", Type::Object(&COMPARED)),
        field("grpcStatusFilter", Type::Object(&GRPC_STATUS_FILTER)),
        field("headerFilter", Type::Object(&HEADER_FILTER)),
        field("notHealthCheckFilter", Type::Object(&EMPTY)),
        field("orFilter", ANY_OBJECT),
        field("responseFlagFilter", Type::Object(&RESPONSE_FLAG_FILTER)),
        field("runtimeFilter", Type::Object(&RUNTIME_FILTER)),
        field("statusCodeFilter", Type::Object(&COMPARED)),
        field("traceableFilter", Type::Object(&EMPTY)),
    ],
    rules: &[ONE_LOG_FILTER],
};

static COMPARED: Shape = Shape { fields: &[field("comparison", Type::Object(&COMPARISON))], rules: &[] };

static COMPARISON: Shape = Shape {
    fields: &[field("op", Type::IntOrText), field("value", Type::Object(&RUNTIME_VALUE))],
    rules: &[KNOWN_COMPARISON],
};

static RUNTIME_VALUE: Shape =
    Shape { fields: &[field("defaultValue", integer(0, U32_MAX)), field("runtimeKey", ANY_TEXT)], rules: &[] };

static GRPC_STATUS_FILTER: Shape = Shape {
    fields: &[field("exclude", Type::Boolean), field("statuses", Type::List(&List::of(Type::IntOrText)))],
    rules: &[],
};

static HEADER_FILTER: Shape = Shape { fields: &[field("header", Type::Object(&HEADER_MATCH))], rules: &[] };

static HEADER_MATCH: Shape = Shape {
    fields: &[
        field("exactMatch", ANY_TEXT),
        field("invertMatch", Type::Boolean),
        field("name", ANY_TEXT),
        field("prefixMatch", ANY_TEXT),
        field("presentMatch", Type::Boolean),
        field("rangeMatch", Type::Object(&RANGE_MATCH)),
        field("safeRegexMatch", Type::Object(&SAFE_REGEX)),
        field("suffixMatch", ANY_TEXT),
    ],
    rules: &[],
};

static RESPONSE_FLAG_FILTER: Shape = Shape { fields: &[field("flags", Type::List(&List::of(ANY_TEXT)))], rules: &[] };

static RUNTIME_FILTER: Shape = Shape {
    fields: &[
        field("percentSampled", Type::Object(&DEFAULT_VALUE)),
        field("runtimeKey", ANY_TEXT),
        field("useIndependentRandomness", Type::Boolean),
    ],
    rules: &[],
};
