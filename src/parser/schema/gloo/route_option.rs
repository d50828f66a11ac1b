//! Rows of RouteOption.

use super::super::table::{ANY_TEXT, List, Shape, Type, field, integer};
use super::access::{DLP, EXT_PROC, EXTAUTH, EXTENSIONS, JWT, JWT_PROVIDERS_STAGED, JWT_STAGED, RBAC, WAF};
use super::ai::AI;
use super::rate_limit::{RATE_LIMIT_CONFIGS, RATELIMIT, RATELIMIT_BASIC};
use super::rules;
use super::shared::{HEADER, HEADER_SECRET_REF, NAMESPACED_STATUSES, OBJECTS_BY_NAME, TARGET_REF, U32_MAX};
use super::transformation::{STAGED_TRANSFORMATIONS, TRANSFORMATIONS};

/// The spec of a RouteOption.
pub(in crate::parser::schema) static ROUTE_OPTION: Shape = Shape {
    fields: &[
        field("namespacedStatuses", NAMESPACED_STATUSES),
        field("options", Type::Object(&ROUTE_OPTIONS)),
        field("targetRefs", Type::List(&List::of(Type::Object(&TARGET_REF)))),
    ],
    rules: &[],
};

static ROUTE_OPTIONS: Shape = Shape {
    fields: &[
        field("ai", Type::Object(&AI)),
        field("appendXForwardedHost", Type::Boolean),
        field("autoHostRewrite", Type::Boolean),
        field("bufferPerRoute", Type::Object(&BUFFER_PER_ROUTE)),
        field("cors", Type::Object(&CORS)),
        field("csrf", Type::Object(&CSRF)),
        field("dlp", Type::Object(&DLP)),
        field("envoyMetadata", OBJECTS_BY_NAME),
        field("extProc", Type::Object(&EXT_PROC)),
        field("extProcEarly", Type::Object(&EXT_PROC)),
        field("extProcLate", Type::Object(&EXT_PROC)),
        field("extauth", Type::Object(&EXTAUTH)),
        field("extensions", Type::Object(&EXTENSIONS)),
        field("faults", Type::Object(&FAULTS)),
        field("headerManipulation", Type::Object(&HEADER_MANIPULATION)),
        field("hostRewrite", ANY_TEXT),
        field("hostRewriteHeader", ANY_TEXT),
        field("hostRewritePathRegex", Type::Object(&HOST_REWRITE_PATH_REGEX)),
        field("idleTimeout", ANY_TEXT),
        field("jwt", Type::Object(&JWT)),
        field("jwtProvidersStaged", Type::Object(&JWT_PROVIDERS_STAGED)),
        field("jwtStaged", Type::Object(&JWT_STAGED)),
        field("lbHash", Type::Object(&LB_HASH)),
        field("maxStreamDuration", Type::Object(&MAX_STREAM_DURATION)),
        field("prefixRewrite", ANY_TEXT),
        field("rateLimitConfigs", Type::Object(&RATE_LIMIT_CONFIGS)),
        field("rateLimitEarlyConfigs", Type::Object(&RATE_LIMIT_CONFIGS)),
        field("rateLimitRegularConfigs", Type::Object(&RATE_LIMIT_CONFIGS)),
        field("ratelimit", Type::Object(&RATELIMIT)),
        field("ratelimitBasic", Type::Object(&RATELIMIT_BASIC)),
        field("ratelimitEarly", Type::Object(&RATELIMIT)),
        field("ratelimitRegular", Type::Object(&RATELIMIT)),
        field("rbac", Type::Object(&RBAC)),
        field("regexRewrite", Type::Object(&HOST_REWRITE_PATH_REGEX)),
        field("retries", Type::Object(&RETRIES)),
        field("shadowing", Type::Object(&SHADOWING)),
        field("stagedTransformations", Type::Object(&STAGED_TRANSFORMATIONS)),
        field("timeout", ANY_TEXT),
        field("tracing", Type::Object(&TRACING)),
        field("transformations", Type::Object(&TRANSFORMATIONS)),
        field("upgrades", Type::List(&List::of(Type::Object(&UPGRADE)))),
        field("waf", Type::Object(&WAF)),
    ],
    rules: &[rules::ONE_HOST_REWRITE, rules::ONE_TOKEN_OPTION, rules::DURATIONS],
};

pub(super) static BUFFER: Shape = Shape { fields: &[field("maxRequestBytes", integer(0, U32_MAX))], rules: &[] };

pub(super) static BUFFER_PER_ROUTE: Shape =
    Shape { fields: &[field("buffer", Type::Object(&BUFFER)), field("disabled", Type::Boolean)], rules: &[] };

pub(super) static CORS: Shape = Shape {
    fields: &[
        field("allowCredentials", Type::Boolean),
        field("allowHeaders", Type::List(&List::of(ANY_TEXT))),
        field("allowMethods", Type::List(&List::of(ANY_TEXT))),
        field("allowOrigin", Type::List(&List::of(ANY_TEXT))),
        field("allowOriginRegex", Type::List(&List::of(ANY_TEXT))),
        field("disableForRoute", Type::Boolean),
        field("exposeHeaders", Type::List(&List::of(ANY_TEXT))),
        field("maxAge", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static GOOGLE_RE2: Shape = Shape { fields: &[field("maxProgramSize", integer(0, U32_MAX))], rules: &[] };

pub(super) static SAFE_REGEX: Shape =
    Shape { fields: &[field("googleRe2", Type::Object(&GOOGLE_RE2)), field("regex", ANY_TEXT)], rules: &[] };

pub(super) static ADDITIONAL_ORIGIN: Shape = Shape {
    fields: &[
        field("exact", ANY_TEXT),
        field("ignoreCase", Type::Boolean),
        field("prefix", ANY_TEXT),
        field("safeRegex", Type::Object(&SAFE_REGEX)),
        field("suffix", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static DEFAULT_VALUE: Shape =
    Shape { fields: &[field("denominator", Type::IntOrText), field("numerator", integer(0, U32_MAX))], rules: &[] };

pub(super) static FILTER_ENABLED: Shape =
    Shape { fields: &[field("defaultValue", Type::Object(&DEFAULT_VALUE)), field("runtimeKey", ANY_TEXT)], rules: &[] };

pub(super) static CSRF: Shape = Shape {
    fields: &[
        field("additionalOrigins", Type::List(&List::of(Type::Object(&ADDITIONAL_ORIGIN)))),
        field("filterEnabled", Type::Object(&FILTER_ENABLED)),
        field("shadowEnabled", Type::Object(&FILTER_ENABLED)),
    ],
    rules: &[],
};

pub(super) static ABORT: Shape =
    Shape { fields: &[field("httpStatus", integer(0, U32_MAX)), field("percentage", Type::Number)], rules: &[] };

pub(super) static DELAY: Shape =
    Shape { fields: &[field("fixedDelay", ANY_TEXT), field("percentage", Type::Number)], rules: &[rules::DURATIONS] };

pub(super) static FAULTS: Shape =
    Shape { fields: &[field("abort", Type::Object(&ABORT)), field("delay", Type::Object(&DELAY))], rules: &[] };

pub(super) static REQUEST_HEADERS_TO_ADD: Shape = Shape {
    fields: &[
        field("append", Type::Boolean),
        field("header", Type::Object(&HEADER)),
        field("headerSecretRef", Type::Object(&HEADER_SECRET_REF)),
    ],
    rules: &[rules::ONE_VALUE],
};

pub(super) static RESPONSE_HEADERS_TO_ADD: Shape =
    Shape { fields: &[field("append", Type::Boolean), field("header", Type::Object(&HEADER))], rules: &[] };

pub(super) static HEADER_MANIPULATION: Shape = Shape {
    fields: &[
        field("requestHeadersToAdd", Type::List(&List::of(Type::Object(&REQUEST_HEADERS_TO_ADD)))),
        field("requestHeadersToRemove", Type::List(&List::of(ANY_TEXT))),
        field("responseHeadersToAdd", Type::List(&List::of(Type::Object(&RESPONSE_HEADERS_TO_ADD)))),
        field("responseHeadersToRemove", Type::List(&List::of(ANY_TEXT))),
    ],
    rules: &[],
};

pub(super) static HOST_REWRITE_PATH_REGEX: Shape =
    Shape { fields: &[field("pattern", Type::Object(&SAFE_REGEX)), field("substitution", ANY_TEXT)], rules: &[] };

pub(super) static COOKIE: Shape = Shape {
    fields: &[field("name", ANY_TEXT), field("path", ANY_TEXT), field("ttl", ANY_TEXT)],
    rules: &[rules::DURATIONS],
};

pub(super) static HASH_POLICIE: Shape = Shape {
    fields: &[
        field("cookie", Type::Object(&COOKIE)),
        field("header", ANY_TEXT),
        field("sourceIp", Type::Boolean),
        field("terminal", Type::Boolean),
    ],
    rules: &[rules::ONE_HASH_SOURCE],
};

pub(super) static LB_HASH: Shape =
    Shape { fields: &[field("hashPolicies", Type::List(&List::of(Type::Object(&HASH_POLICIE))))], rules: &[] };

pub(super) static MAX_STREAM_DURATION: Shape = Shape {
    fields: &[
        field("grpcTimeoutHeaderMax", ANY_TEXT),
        field("grpcTimeoutHeaderOffset", ANY_TEXT),
        field("maxStreamDuration", ANY_TEXT),
    ],
    rules: &[rules::DURATIONS],
};

pub(super) static PREVIOUS_PRIORITIES: Shape =
    Shape { fields: &[field("updateFrequency", integer(0, U32_MAX))], rules: &[] };

pub(super) static RESET_HEADER: Shape =
    Shape { fields: &[field("format", Type::IntOrText), field("name", ANY_TEXT)], rules: &[] };

pub(super) static RATE_LIMITED_RETRY_BACK_OFF: Shape = Shape {
    fields: &[
        field("maxInterval", ANY_TEXT),
        field("resetHeaders", Type::List(&List::of(Type::Object(&RESET_HEADER)))),
    ],
    rules: &[rules::DURATIONS],
};

pub(super) static RETRY_BACK_OFF: Shape =
    Shape { fields: &[field("baseInterval", ANY_TEXT), field("maxInterval", ANY_TEXT)], rules: &[rules::DURATIONS] };

pub(super) static RETRIES: Shape = Shape {
    fields: &[
        field("numRetries", integer(0, U32_MAX)),
        field("perTryTimeout", ANY_TEXT),
        field("previousPriorities", Type::Object(&PREVIOUS_PRIORITIES)),
        field("rateLimitedRetryBackOff", Type::Object(&RATE_LIMITED_RETRY_BACK_OFF)),
        field("retriableStatusCodes", Type::List(&List::of(integer(0, U32_MAX)))),
        field("retryBackOff", Type::Object(&RETRY_BACK_OFF)),
        field("retryOn", ANY_TEXT),
    ],
    rules: &[rules::DURATIONS],
};

pub(super) static SHADOWING: Shape = Shape {
    fields: &[
        field("disableShadowHostSuffixAppend", Type::Boolean),
        field("hostRewriteLiteral", ANY_TEXT),
        field("percentage", Type::Number),
        field("upstream", Type::Object(&HEADER_SECRET_REF)),
    ],
    rules: &[],
};

pub(super) static TRACE_PERCENTAGES: Shape = Shape {
    fields: &[
        field("clientSamplePercentage", Type::Number),
        field("overallSamplePercentage", Type::Number),
        field("randomSamplePercentage", Type::Number),
    ],
    rules: &[],
};

pub(super) static TRACING: Shape = Shape {
    fields: &[
        field("propagate", Type::Boolean),
        field("routeDescriptor", ANY_TEXT),
        field("tracePercentages", Type::Object(&TRACE_PERCENTAGES)),
    ],
    rules: &[],
};

pub(super) static CONNECT: Shape = Shape { fields: &[field("enabled", Type::Boolean)], rules: &[] };

pub(super) static UPGRADE: Shape = Shape {
    fields: &[
        field("connect", Type::Object(&CONNECT)),
        field("connectTerminate", Type::Object(&CONNECT)),
        field("websocket", Type::Object(&CONNECT)),
    ],
    rules: &[rules::ONE_UPGRADE],
};
