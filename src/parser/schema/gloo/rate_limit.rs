//! Rows of the options for rate limits.

use super::super::table::{ANY_TEXT, List, Shape, Type, field, integer};
use super::rules;
use super::shared::{EMPTY, HEADER_SECRET_REF, PATH, U32_MAX};

pub(super) static RATE_LIMIT_CONFIGS: Shape =
    Shape { fields: &[field("refs", Type::List(&List::of(Type::Object(&HEADER_SECRET_REF))))], rules: &[] };

pub(super) static LOCAL_RATELIMIT: Shape = Shape {
    fields: &[
        field("fillInterval", ANY_TEXT),
        field("maxTokens", integer(0, U32_MAX)),
        field("tokensPerFill", integer(0, U32_MAX)),
    ],
    rules: &[rules::DURATIONS],
};

pub(super) static CEL: Shape = Shape { fields: &[field("expression", ANY_TEXT), field("key", ANY_TEXT)], rules: &[] };

pub(super) static GENERIC_KEY: Shape = Shape { fields: &[field("descriptorValue", ANY_TEXT)], rules: &[] };

pub(super) static RANGE_MATCH: Shape =
    Shape { fields: &[field("end", Type::IntOrText), field("start", Type::IntOrText)], rules: &[] };

pub(super) static HEADER_VALUE_MATCH_HEADER: Shape = Shape {
    fields: &[
        field("exactMatch", ANY_TEXT),
        field("invertMatch", Type::Boolean),
        field("name", ANY_TEXT),
        field("prefixMatch", ANY_TEXT),
        field("presentMatch", Type::Boolean),
        field("rangeMatch", Type::Object(&RANGE_MATCH)),
        field("regexMatch", ANY_TEXT),
        field("suffixMatch", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static HEADER_VALUE_MATCH: Shape = Shape {
    fields: &[
        field("descriptorValue", ANY_TEXT),
        field("expectMatch", Type::Boolean),
        field("headers", Type::List(&List::of(Type::Object(&HEADER_VALUE_MATCH_HEADER)))),
    ],
    rules: &[],
};

pub(super) static METADATA_KEY: Shape =
    Shape { fields: &[field("key", ANY_TEXT), field("path", Type::List(&List::of(Type::Object(&PATH))))], rules: &[] };

pub(super) static METADATA: Shape = Shape {
    fields: &[
        field("defaultValue", ANY_TEXT),
        field("descriptorKey", ANY_TEXT),
        field("metadataKey", Type::Object(&METADATA_KEY)),
        field("source", Type::IntOrText),
    ],
    rules: &[],
};

pub(super) static REQUEST_HEADERS: Shape =
    Shape { fields: &[field("descriptorKey", ANY_TEXT), field("headerName", ANY_TEXT)], rules: &[] };

pub(super) static ACTION: Shape = Shape {
    fields: &[
        field("cel", Type::Object(&CEL)),
        field("destinationCluster", Type::Object(&EMPTY)),
        field("genericKey", Type::Object(&GENERIC_KEY)),
        field("headerValueMatch", Type::Object(&HEADER_VALUE_MATCH)),
        field("metadata", Type::Object(&METADATA)),
        field("remoteAddress", Type::Object(&EMPTY)),
        field("requestHeaders", Type::Object(&REQUEST_HEADERS)),
        field("sourceCluster", Type::Object(&EMPTY)),
    ],
    rules: &[],
};

pub(super) static DYNAMIC_METADATA: Shape =
    Shape { fields: &[field("metadataKey", Type::Object(&METADATA_KEY))], rules: &[] };

pub(super) static LIMIT: Shape =
    Shape { fields: &[field("dynamicMetadata", Type::Object(&DYNAMIC_METADATA))], rules: &[] };

pub(super) static RATE_LIMIT: Shape = Shape {
    fields: &[
        field("actions", Type::List(&List::of(Type::Object(&ACTION)))),
        field("limit", Type::Object(&LIMIT)),
        field("setActions", Type::List(&List::of(Type::Object(&ACTION)))),
        field("type", Type::IntOrText),
    ],
    rules: &[],
};

pub(super) static RATELIMIT: Shape = Shape {
    fields: &[
        field("includeVhRateLimits", Type::Boolean),
        field("localRatelimit", Type::Object(&LOCAL_RATELIMIT)),
        field("rateLimits", Type::List(&List::of(Type::Object(&RATE_LIMIT)))),
    ],
    rules: &[],
};

/// The same of a virtual host, which includes no other.
pub(super) static RATELIMIT_OF_HOST: Shape = Shape {
    fields: &[
        field("localRatelimit", Type::Object(&LOCAL_RATELIMIT)),
        field("rateLimits", Type::List(&List::of(Type::Object(&RATE_LIMIT)))),
    ],
    rules: &[],
};

pub(super) static ANONYMOUS_LIMITS: Shape =
    Shape { fields: &[field("requestsPerUnit", integer(0, U32_MAX)), field("unit", Type::IntOrText)], rules: &[] };

pub(super) static RATELIMIT_BASIC: Shape = Shape {
    fields: &[
        field("anonymousLimits", Type::Object(&ANONYMOUS_LIMITS)),
        field("authorizedLimits", Type::Object(&ANONYMOUS_LIMITS)),
    ],
    rules: &[],
};
