//! Rows of HttpListenerOption's options that need a service, or a proxy of Gloo's own build.

use super::super::table::{ANY_TEXT, List, Map, Shape, Type, field, integer};
use super::access::{DLP_ACTION, GRPC_SERVICE, PROCESSING_MODE};
use super::route_option::SAFE_REGEX;
use super::rules;
use super::shared::{EMPTY, HEADER_SECRET_REF, U32_MAX};
use super::transformation::MATCHER;
use super::upstream::{CIRCUIT_BREAKERS, UPSTREAM_SSL_CONFIG};

pub(super) static WASM: Shape =
    Shape { fields: &[field("filters", Type::List(&List::of(Type::Object(&FILTER))))], rules: &[] };

pub(super) static FILTER: Shape = Shape {
    fields: &[
        field("config", Type::Map(&Map { values: Type::Any, max: None })),
        field("failOpen", Type::Boolean),
        field("filePath", ANY_TEXT),
        field("filterStage", Type::Object(&FILTER_STAGE)),
        field("image", ANY_TEXT),
        field("name", ANY_TEXT),
        field("rootId", ANY_TEXT),
        field("vmType", Type::IntOrText),
    ],
    rules: &[],
};

pub(super) static TAP: Shape = Shape {
    fields: &[
        field("maxBufferedRxBytes", integer(0, U32_MAX)),
        field("maxBufferedTxBytes", integer(0, U32_MAX)),
        field("recordDownstreamConnection", Type::Boolean),
        field("recordHeadersReceivedTime", Type::Boolean),
        field("sinks", Type::List(&List::of(Type::Object(&SINK)))),
    ],
    rules: &[],
};

pub(super) static SINK: Shape = Shape {
    fields: &[
        field("grpcService", Type::Object(&SINK_GRPC_SERVICE)),
        field("httpService", Type::Object(&SINK_HTTP_SERVICE)),
    ],
    rules: &[],
};

pub(super) static SINK_HTTP_SERVICE: Shape = Shape {
    fields: &[field("tapServer", Type::Object(&HEADER_SECRET_REF)), field("timeout", ANY_TEXT)],
    rules: &[rules::DURATIONS],
};

pub(super) static SINK_GRPC_SERVICE: Shape =
    Shape { fields: &[field("tapServer", Type::Object(&HEADER_SECRET_REF))], rules: &[] };

pub(super) static RATELIMIT_SERVER: Shape = Shape {
    fields: &[
        field("denyOnFail", Type::Boolean),
        field("enableXRatelimitHeaders", Type::Boolean),
        field("grpcService", Type::Object(&AUTHORITY)),
        field("rateLimitBeforeAuth", Type::Boolean),
        field("ratelimitServerRef", Type::Object(&HEADER_SECRET_REF)),
        field("requestTimeout", ANY_TEXT),
    ],
    rules: &[rules::DURATIONS],
};

pub(super) static PROXY_LATENCY: Shape = Shape {
    fields: &[
        field("chargeClusterStat", Type::Boolean),
        field("chargeListenerStat", Type::Boolean),
        field("emitDynamicMetadata", Type::Boolean),
        field("measureRequestInternally", Type::Boolean),
        field("request", Type::IntOrText),
        field("response", Type::IntOrText),
    ],
    rules: &[],
};

pub(super) static EXTAUTH_SETTINGS: Shape = Shape {
    fields: &[
        field("clearRouteCache", Type::Boolean),
        field("extauthzServerRef", Type::Object(&HEADER_SECRET_REF)),
        field("failureModeAllow", Type::Boolean),
        field("grpcService", Type::Object(&AUTHORITY)),
        field("httpService", Type::Object(&HTTP_SERVICE)),
        field("requestBody", Type::Object(&REQUEST_BODY)),
        field("requestTimeout", ANY_TEXT),
        field("statPrefix", ANY_TEXT),
        field("statusOnError", integer(0, U32_MAX)),
        field("transportApiVersion", Type::IntOrText),
        field("userIdHeader", ANY_TEXT),
    ],
    rules: &[rules::DURATIONS],
};

pub(super) static REQUEST_BODY: Shape = Shape {
    fields: &[
        field("allowPartialMessage", Type::Boolean),
        field("maxRequestBytes", integer(0, U32_MAX)),
        field("packAsBytes", Type::Boolean),
    ],
    rules: &[],
};

pub(super) static HTTP_SERVICE: Shape = Shape {
    fields: &[
        field("pathPrefix", ANY_TEXT),
        field("request", Type::Object(&REQUEST)),
        field("response", Type::Object(&RESPONSE)),
    ],
    rules: &[],
};

pub(super) static RESPONSE: Shape = Shape {
    fields: &[
        field("allowedClientHeaders", Type::List(&List::of(ANY_TEXT))),
        field("allowedUpstreamHeaders", Type::List(&List::of(ANY_TEXT))),
        field("allowedUpstreamHeadersToAppend", Type::List(&List::of(ANY_TEXT))),
    ],
    rules: &[],
};

pub(super) static REQUEST: Shape = Shape {
    fields: &[
        field("allowedHeaders", Type::List(&List::of(ANY_TEXT))),
        field("allowedHeadersRegex", Type::List(&List::of(ANY_TEXT))),
        field("headersToAdd", Type::Map(&Map { values: ANY_TEXT, max: None })),
    ],
    rules: &[],
};

pub(super) static AUTHORITY: Shape = Shape { fields: &[field("authority", ANY_TEXT)], rules: &[] };

pub(super) static EXT_PROC_SETTINGS: Shape = Shape {
    fields: &[
        field("allowModeOverride", Type::Boolean),
        field("asyncMode", Type::Boolean),
        field("disableClearRouteCache", Type::Boolean),
        field("failureModeAllow", Type::Boolean),
        field("filterMetadata", Type::Map(&Map { values: Type::Any, max: None })),
        field("filterStage", Type::Object(&FILTER_STAGE)),
        field("forwardRules", Type::Object(&FORWARD_RULES)),
        field("grpcService", Type::Object(&GRPC_SERVICE)),
        field("maxMessageTimeout", ANY_TEXT),
        field("messageTimeout", ANY_TEXT),
        field("metadataContextNamespaces", Type::List(&List::of(ANY_TEXT))),
        field("mutationRules", Type::Object(&MUTATION_RULES)),
        field("processingMode", Type::Object(&PROCESSING_MODE)),
        field("requestAttributes", Type::List(&List::of(ANY_TEXT))),
        field("responseAttributes", Type::List(&List::of(ANY_TEXT))),
        field("statPrefix", ANY_TEXT),
        field("typedMetadataContextNamespaces", Type::List(&List::of(ANY_TEXT))),
    ],
    rules: &[rules::DURATIONS],
};

pub(super) static MUTATION_RULES: Shape = Shape {
    fields: &[
        field("allowAllRouting", Type::Boolean),
        field("allowEnvoy", Type::Boolean),
        field("allowExpression", Type::Object(&SAFE_REGEX)),
        field("disallowAll", Type::Boolean),
        field("disallowExpression", Type::Object(&SAFE_REGEX)),
        field("disallowIsError", Type::Boolean),
        field("disallowSystem", Type::Boolean),
    ],
    rules: &[],
};

pub(super) static FORWARD_RULES: Shape = Shape {
    fields: &[
        field("allowedHeaders", Type::Object(&ALLOWED_HEADERS)),
        field("disallowedHeaders", Type::Object(&ALLOWED_HEADERS)),
    ],
    rules: &[],
};

pub(super) static ALLOWED_HEADERS: Shape =
    Shape { fields: &[field("patterns", Type::List(&List::of(Type::Object(&ALLOWED_VARY_HEADER))))], rules: &[] };

pub(super) static FILTER_STAGE: Shape =
    Shape { fields: &[field("predicate", Type::IntOrText), field("stage", Type::IntOrText)], rules: &[] };

pub(super) static DYNAMIC_FORWARD_PROXY: Shape = Shape {
    fields: &[
        field("circuitBreakers", Type::Object(&CIRCUIT_BREAKERS)),
        field("dnsCacheConfig", Type::Object(&DNS_CACHE_CONFIG)),
        field("saveUpstreamAddress", Type::Boolean),
        field("sslConfig", Type::Object(&UPSTREAM_SSL_CONFIG)),
    ],
    rules: &[],
};

pub(super) static DNS_CACHE_CONFIG: Shape = Shape {
    fields: &[
        field("appleDns", Type::Object(&EMPTY)),
        field("caresDns", Type::Object(&CARES_DNS)),
        field("dnsCacheCircuitBreaker", Type::Object(&DNS_CACHE_CIRCUIT_BREAKER)),
        field("dnsFailureRefreshRate", Type::Object(&DNS_FAILURE_REFRESH_RATE)),
        field("dnsLookupFamily", Type::IntOrText),
        field("dnsQueryTimeout", ANY_TEXT),
        field("dnsRefreshRate", ANY_TEXT),
        field("hostTtl", ANY_TEXT),
        field("maxHosts", integer(0, U32_MAX)),
        field("preresolveHostnames", Type::List(&List::of(Type::Object(&SOCKET_ADDRESS)))),
    ],
    rules: &[rules::DURATIONS],
};

pub(super) static DNS_FAILURE_REFRESH_RATE: Shape =
    Shape { fields: &[field("baseInterval", ANY_TEXT), field("maxInterval", ANY_TEXT)], rules: &[rules::DURATIONS] };

pub(super) static DNS_CACHE_CIRCUIT_BREAKER: Shape =
    Shape { fields: &[field("maxPendingRequests", integer(0, U32_MAX))], rules: &[] };

pub(super) static CARES_DNS: Shape = Shape {
    fields: &[
        field("dnsResolverOptions", Type::Object(&DNS_RESOLVER_OPTIONS)),
        field("resolvers", Type::List(&List::of(Type::Object(&RESOLVER)))),
    ],
    rules: &[],
};

pub(super) static RESOLVER: Shape = Shape {
    fields: &[field("pipe", Type::Object(&PIPE)), field("socketAddress", Type::Object(&SOCKET_ADDRESS))],
    rules: &[],
};

pub(super) static SOCKET_ADDRESS: Shape = Shape {
    fields: &[
        field("address", ANY_TEXT),
        field("ipv4Compat", Type::Boolean),
        field("namedPort", ANY_TEXT),
        field("portValue", integer(0, U32_MAX)),
        field("protocol", Type::IntOrText),
        field("resolverName", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static PIPE: Shape =
    Shape { fields: &[field("mode", integer(0, U32_MAX)), field("path", ANY_TEXT)], rules: &[] };

pub(super) static DNS_RESOLVER_OPTIONS: Shape = Shape {
    fields: &[field("noDefaultSearchDomain", Type::Boolean), field("useTcpForDnsLookups", Type::Boolean)],
    rules: &[],
};

pub(super) static DLP_FILTER: Shape = Shape {
    fields: &[field("dlpRules", Type::List(&List::of(Type::Object(&DLP_RULE)))), field("enabledFor", Type::IntOrText)],
    rules: &[],
};

pub(super) static DLP_RULE: Shape = Shape {
    fields: &[
        field("actions", Type::List(&List::of(Type::Object(&DLP_ACTION)))),
        field("matcher", Type::Object(&MATCHER)),
    ],
    rules: &[],
};

pub(super) static CACHING: Shape = Shape {
    fields: &[
        field("allowedVaryHeaders", Type::List(&List::of(Type::Object(&ALLOWED_VARY_HEADER)))),
        field("cachingServiceRef", Type::Object(&HEADER_SECRET_REF)),
        field("maxPayloadSize", integer(0, U32_MAX)),
        field("timeout", ANY_TEXT),
    ],
    rules: &[rules::DURATIONS],
};

pub(super) static ALLOWED_VARY_HEADER: Shape = Shape {
    fields: &[
        field("exact", ANY_TEXT),
        field("ignoreCase", Type::Boolean),
        field("prefix", ANY_TEXT),
        field("safeRegex", Type::Object(&SAFE_REGEX)),
        field("suffix", ANY_TEXT),
    ],
    rules: &[],
};
