//! Rows of the options that say who may pass, and that ask others.

use super::super::table::{ANY_TEXT, List, Map, Shape, Type, field, integer};
use super::rules;
use super::shared::{HEADER, HEADER_SECRET_REF, OBJECTS_BY_NAME, PATH, U32_MAX};

pub(super) static PERCENT: Shape = Shape { fields: &[field("value", Type::Number)], rules: &[] };

pub(super) static REGEX_ACTION: Shape =
    Shape { fields: &[field("regex", ANY_TEXT), field("subgroup", integer(0, U32_MAX))], rules: &[] };

pub(super) static CUSTOM_ACTION: Shape = Shape {
    fields: &[
        field("maskChar", ANY_TEXT),
        field("name", ANY_TEXT),
        field("percent", Type::Object(&PERCENT)),
        field("regex", Type::List(&List::of(ANY_TEXT))),
        field("regexActions", Type::List(&List::of(Type::Object(&REGEX_ACTION)))),
    ],
    rules: &[],
};

pub(super) static KEY_VALUE_ACTION: Shape = Shape {
    fields: &[
        field("keyToMask", ANY_TEXT),
        field("maskChar", ANY_TEXT),
        field("name", ANY_TEXT),
        field("percent", Type::Object(&PERCENT)),
    ],
    rules: &[],
};

pub(super) static DLP_ACTION: Shape = Shape {
    fields: &[
        field("actionType", Type::IntOrText),
        field("customAction", Type::Object(&CUSTOM_ACTION)),
        field("keyValueAction", Type::Object(&KEY_VALUE_ACTION)),
        field("shadow", Type::Boolean),
    ],
    rules: &[],
};

pub(super) static DLP: Shape = Shape {
    fields: &[field("actions", Type::List(&List::of(Type::Object(&DLP_ACTION)))), field("enabledFor", Type::IntOrText)],
    rules: &[],
};

pub(super) static RETRY_POLICY_RETRY_BACK_OFF: Shape =
    Shape { fields: &[field("baseInterval", ANY_TEXT), field("maxInterval", ANY_TEXT)], rules: &[] };

pub(super) static RETRY_POLICY: Shape = Shape {
    fields: &[
        field("numRetries", integer(0, U32_MAX)),
        field("retryBackOff", Type::Object(&RETRY_POLICY_RETRY_BACK_OFF)),
    ],
    rules: &[],
};

pub(super) static GRPC_SERVICE: Shape = Shape {
    fields: &[
        field("authority", ANY_TEXT),
        field("extProcServerRef", Type::Object(&HEADER_SECRET_REF)),
        field("initialMetadata", Type::List(&List::of(Type::Object(&HEADER)))),
        field("retryPolicy", Type::Object(&RETRY_POLICY)),
        field("timeout", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static PROCESSING_MODE: Shape = Shape {
    fields: &[
        field("requestBodyMode", Type::IntOrText),
        field("requestHeaderMode", Type::IntOrText),
        field("requestTrailerMode", Type::IntOrText),
        field("responseBodyMode", Type::IntOrText),
        field("responseHeaderMode", Type::IntOrText),
        field("responseTrailerMode", Type::IntOrText),
    ],
    rules: &[],
};

pub(super) static OVERRIDES: Shape = Shape {
    fields: &[
        field("asyncMode", Type::Boolean),
        field("grpcService", Type::Object(&GRPC_SERVICE)),
        field("metadataContextNamespaces", Type::List(&List::of(ANY_TEXT))),
        field("processingMode", Type::Object(&PROCESSING_MODE)),
        field("requestAttributes", Type::List(&List::of(ANY_TEXT))),
        field("responseAttributes", Type::List(&List::of(ANY_TEXT))),
        field("typedMetadataContextNamespaces", Type::List(&List::of(ANY_TEXT))),
    ],
    rules: &[],
};

pub(super) static EXT_PROC: Shape =
    Shape { fields: &[field("disabled", Type::Boolean), field("overrides", Type::Object(&OVERRIDES))], rules: &[] };

pub(super) static CUSTOM_AUTH: Shape = Shape {
    fields: &[field("contextExtensions", Type::Map(&Map { values: ANY_TEXT, max: None })), field("name", ANY_TEXT)],
    rules: &[],
};

pub(super) static EXTAUTH: Shape = Shape {
    fields: &[
        field("configRef", Type::Object(&HEADER_SECRET_REF)),
        field("customAuth", Type::Object(&CUSTOM_AUTH)),
        field("disable", Type::Boolean),
    ],
    rules: &[],
};

pub(super) static EXTENSIONS: Shape = Shape { fields: &[field("configs", OBJECTS_BY_NAME)], rules: &[] };

pub(super) static JWT: Shape = Shape { fields: &[field("disable", Type::Boolean)], rules: &[] };

pub(super) static CLAIMS_TO_HEADER: Shape = Shape {
    fields: &[field("append", Type::Boolean), field("claim", ANY_TEXT), field("header", ANY_TEXT)],
    rules: &[],
};

pub(super) static ASYNC_FETCH: Shape = Shape { fields: &[field("fastListener", Type::Boolean)], rules: &[] };

pub(super) static REMOTE: Shape = Shape {
    fields: &[
        field("asyncFetch", Type::Object(&ASYNC_FETCH)),
        field("cacheDuration", ANY_TEXT),
        field("upstreamRef", Type::Object(&HEADER_SECRET_REF)),
        field("url", ANY_TEXT),
    ],
    rules: &[rules::DURATIONS],
};

pub(super) static JWKS: Shape = Shape {
    fields: &[field("local", Type::Object(&PATH)), field("remote", Type::Object(&REMOTE))],
    rules: &[rules::ONE_KEY_SOURCE],
};

pub(super) static TOKEN_SOURCE_HEADER: Shape =
    Shape { fields: &[field("header", ANY_TEXT), field("prefix", ANY_TEXT)], rules: &[] };

pub(super) static TOKEN_SOURCE: Shape = Shape {
    fields: &[
        field("headers", Type::List(&List::of(Type::Object(&TOKEN_SOURCE_HEADER)))),
        field("queryParams", Type::List(&List::of(ANY_TEXT))),
    ],
    rules: &[],
};

pub(super) static PROVIDERS: Shape = Shape {
    fields: &[
        field("attachFailedStatusToMetadata", ANY_TEXT),
        field("audiences", Type::List(&List::of(ANY_TEXT))),
        field("claimsToHeaders", Type::List(&List::of(Type::Object(&CLAIMS_TO_HEADER)))),
        field("clockSkewSeconds", integer(0, U32_MAX)),
        field("issuer", ANY_TEXT),
        field("jwks", Type::Object(&JWKS)),
        field("keepToken", Type::Boolean),
        field("tokenSource", Type::Object(&TOKEN_SOURCE)),
    ],
    rules: &[],
};

pub(super) static AFTER_EXT_AUTH: Shape = Shape {
    fields: &[
        field("allowMissingOrFailedJwt", Type::Boolean),
        field("providers", Type::Map(&Map { values: Type::Object(&PROVIDERS), max: None })),
        field("validationPolicy", Type::IntOrText),
    ],
    rules: &[],
};

pub(super) static JWT_PROVIDERS_STAGED: Shape = Shape {
    fields: &[
        field("afterExtAuth", Type::Object(&AFTER_EXT_AUTH)),
        field("beforeExtAuth", Type::Object(&AFTER_EXT_AUTH)),
    ],
    rules: &[],
};

pub(super) static JWT_STAGED: Shape = Shape {
    fields: &[field("afterExtAuth", Type::Object(&JWT)), field("beforeExtAuth", Type::Object(&JWT))],
    rules: &[],
};

pub(super) static PERMISSIONS: Shape =
    Shape { fields: &[field("methods", Type::List(&List::of(ANY_TEXT))), field("pathPrefix", ANY_TEXT)], rules: &[] };

pub(super) static JWT_PRINCIPAL: Shape = Shape {
    fields: &[
        field("claims", Type::Map(&Map { values: ANY_TEXT, max: None })),
        field("matcher", Type::IntOrText),
        field("provider", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static PRINCIPAL: Shape =
    Shape { fields: &[field("jwtPrincipal", Type::Object(&JWT_PRINCIPAL))], rules: &[] };

pub(super) static POLICIES: Shape = Shape {
    fields: &[
        field("nestedClaimDelimiter", ANY_TEXT),
        field("permissions", Type::Object(&PERMISSIONS)),
        field("principals", Type::List(&List::of(Type::Object(&PRINCIPAL)))),
    ],
    rules: &[],
};

pub(super) static RBAC: Shape = Shape {
    fields: &[
        field("disable", Type::Boolean),
        field("policies", Type::Map(&Map { values: Type::Object(&POLICIES), max: None })),
    ],
    rules: &[],
};

pub(super) static AUDIT_LOGGING: Shape =
    Shape { fields: &[field("action", Type::IntOrText), field("location", Type::IntOrText)], rules: &[] };

pub(super) static CONFIG_MAP_RULE_SET: Shape = Shape {
    fields: &[
        field("configMapRef", Type::Object(&HEADER_SECRET_REF)),
        field("dataMapKeys", Type::List(&List::of(ANY_TEXT))),
    ],
    rules: &[],
};

pub(super) static CORE_RULE_SET: Shape =
    Shape { fields: &[field("customSettingsFile", ANY_TEXT), field("customSettingsString", ANY_TEXT)], rules: &[] };

pub(super) static RULE_SET: Shape = Shape {
    fields: &[
        field("directory", ANY_TEXT),
        field("files", Type::List(&List::of(ANY_TEXT))),
        field("ruleStr", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static WAF: Shape = Shape {
    fields: &[
        field("auditLogging", Type::Object(&AUDIT_LOGGING)),
        field("configMapRuleSets", Type::List(&List::of(Type::Object(&CONFIG_MAP_RULE_SET)))),
        field("coreRuleSet", Type::Object(&CORE_RULE_SET)),
        field("customInterventionMessage", ANY_TEXT),
        field("disabled", Type::Boolean),
        field("requestHeadersOnly", Type::Boolean),
        field("responseHeadersOnly", Type::Boolean),
        field("ruleSets", Type::List(&List::of(Type::Object(&RULE_SET)))),
    ],
    rules: &[],
};
