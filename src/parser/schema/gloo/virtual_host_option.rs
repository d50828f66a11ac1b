//! Rows of VirtualHostOption.

use super::super::table::{ANY_TEXT, List, Shape, Type, field};
use super::access::{AFTER_EXT_AUTH, DLP, EXT_PROC, EXTAUTH, EXTENSIONS, JWT_PROVIDERS_STAGED, RBAC, WAF};
use super::rate_limit::{RATE_LIMIT_CONFIGS, RATELIMIT_BASIC, RATELIMIT_OF_HOST};
use super::route_option::{BUFFER_PER_ROUTE, CORS, CSRF, HEADER_MANIPULATION, RETRIES};
use super::rules;
use super::shared::{LISTENER_TARGET, NAMESPACED_STATUSES};
use super::transformation::{STAGED_TRANSFORMATIONS, TRANSFORMATIONS};

/// The spec of a VirtualHostOption.
pub(in crate::parser::schema) static VIRTUAL_HOST_OPTION: Shape = Shape {
    fields: &[
        field("namespacedStatuses", NAMESPACED_STATUSES),
        field("options", Type::Object(&VIRTUAL_HOST_OPTIONS)),
        field("targetRefs", Type::List(&List::of(Type::Object(&LISTENER_TARGET)))),
    ],
    rules: &[],
};

static VIRTUAL_HOST_OPTIONS: Shape = Shape {
    fields: &[
        field("bufferPerRoute", Type::Object(&BUFFER_PER_ROUTE)),
        field("cors", Type::Object(&CORS)),
        field("corsPolicyMergeSettings", Type::Object(&CORS_MERGE)),
        field("csrf", Type::Object(&CSRF)),
        field("dlp", Type::Object(&DLP)),
        field("extProc", Type::Object(&EXT_PROC)),
        field("extProcEarly", Type::Object(&EXT_PROC)),
        field("extProcLate", Type::Object(&EXT_PROC)),
        field("extauth", Type::Object(&EXTAUTH)),
        field("extensions", Type::Object(&EXTENSIONS)),
        field("headerManipulation", Type::Object(&HEADER_MANIPULATION)),
        field("includeAttemptCountInResponse", Type::Boolean),
        field("includeRequestAttemptCount", Type::Boolean),
        field("jwt", Type::Object(&AFTER_EXT_AUTH)),
        field("jwtStaged", Type::Object(&JWT_PROVIDERS_STAGED)),
        field("rateLimitConfigs", Type::Object(&RATE_LIMIT_CONFIGS)),
        field("rateLimitEarlyConfigs", Type::Object(&RATE_LIMIT_CONFIGS)),
        field("rateLimitRegularConfigs", Type::Object(&RATE_LIMIT_CONFIGS)),
        field("ratelimit", Type::Object(&RATELIMIT_OF_HOST)),
        field("ratelimitBasic", Type::Object(&RATELIMIT_BASIC)),
        field("ratelimitEarly", Type::Object(&RATELIMIT_OF_HOST)),
        field("ratelimitRegular", Type::Object(&RATELIMIT_OF_HOST)),
        field("rbac", Type::Object(&RBAC)),
        field("retries", Type::Object(&RETRIES)),
        field("stagedTransformations", Type::Object(&STAGED_TRANSFORMATIONS)),
        field("stats", Type::Object(&STATS)),
        field("transformations", Type::Object(&TRANSFORMATIONS)),
        field("waf", Type::Object(&WAF)),
    ],
    rules: &[rules::ONE_TOKEN_OPTION],
};

static CORS_MERGE: Shape = Shape { fields: &[field("exposeHeaders", Type::IntOrText)], rules: &[rules::KNOWN_MERGE] };

static VIRTUAL_CLUSTER: Shape =
    Shape { fields: &[field("method", ANY_TEXT), field("name", ANY_TEXT), field("pattern", ANY_TEXT)], rules: &[] };

static STATS: Shape =
    Shape { fields: &[field("virtualClusters", Type::List(&List::of(Type::Object(&VIRTUAL_CLUSTER))))], rules: &[] };
