//! Rows of `httpConnectionManagerSettings`.

use super::super::table::{ANY_TEXT, List, Shape, Type, field, integer};
use super::http_listener_services::AUTHORITY;
use super::route_option::{REQUEST_HEADERS_TO_ADD, TRACE_PERCENTAGES, UPGRADE};
use super::rules;
use super::shared::{HEADER_SECRET_REF, U32_MAX};

pub(super) static HTTP_CONNECTION_MANAGER_SETTINGS: Shape = Shape {
    fields: &[
        field("acceptHttp10", Type::Boolean),
        field("allowChunkedLength", Type::Boolean),
        field("appendXForwardedPort", Type::Boolean),
        field("codecType", Type::IntOrText),
        field("defaultHostForHttp10", ANY_TEXT),
        field("delayedCloseTimeout", ANY_TEXT),
        field("drainTimeout", ANY_TEXT),
        field("earlyHeaderManipulation", Type::Object(&EARLY_HEADER_MANIPULATION)),
        field("enableTrailers", Type::Boolean),
        field("forwardClientCertDetails", Type::IntOrText),
        field("generateRequestId", Type::Boolean),
        field("headersWithUnderscoresAction", Type::IntOrText),
        field("http2ProtocolOptions", Type::Object(&HTTP2_PROTOCOL_OPTIONS)),
        field("idleTimeout", ANY_TEXT),
        field("internalAddressConfig", Type::Object(&INTERNAL_ADDRESS_CONFIG)),
        field("maxConnectionDuration", ANY_TEXT),
        field("maxHeadersCount", integer(0, U32_MAX)),
        field("maxRequestHeadersKb", integer(0, U32_MAX)),
        field("maxRequestsPerConnection", integer(0, U32_MAX)),
        field("maxStreamDuration", ANY_TEXT),
        field("mergeSlashes", Type::Boolean),
        field("normalizePath", Type::Boolean),
        field("pathWithEscapedSlashesAction", Type::IntOrText),
        field("preserveCaseHeaderKeyFormat", Type::Boolean),
        field("preserveExternalRequestId", Type::Boolean),
        field("properCaseHeaderKeyFormat", Type::Boolean),
        field("proxy100Continue", Type::Boolean),
        field("requestHeadersTimeout", ANY_TEXT),
        field("requestTimeout", ANY_TEXT),
        field("serverHeaderTransformation", Type::IntOrText),
        field("serverName", ANY_TEXT),
        field("setCurrentClientCertDetails", Type::Object(&SET_CURRENT_CLIENT_CERT_DETAILS)),
        field("skipXffAppend", Type::Boolean),
        field("streamIdleTimeout", ANY_TEXT),
        field("stripAnyHostPort", Type::Boolean),
        field("tracing", Type::Object(&HTTP_TRACING)),
        field("upgrades", Type::List(&List::of(Type::Object(&UPGRADE)))),
        field("useRemoteAddress", Type::Boolean),
        field("uuidRequestIdConfig", Type::Object(&UUID_REQUEST_ID_CONFIG)),
        field("via", ANY_TEXT),
        field("xffNumTrustedHops", integer(0, U32_MAX)),
    ],
    rules: &[rules::DURATIONS, rules::KNOWN_CONNECTION_WORDS],
};

pub(super) static UUID_REQUEST_ID_CONFIG: Shape = Shape {
    fields: &[field("packTraceReason", Type::Boolean), field("useRequestIdForTraceSampling", Type::Boolean)],
    rules: &[],
};

pub(super) static HTTP_TRACING: Shape = Shape {
    fields: &[
        field("datadogConfig", Type::Object(&DATADOG_CONFIG)),
        field("environmentVariablesForTags", Type::List(&List::of(Type::Object(&ENVIRONMENT_VARIABLES_FOR_TAG)))),
        field("literalsForTags", Type::List(&List::of(Type::Object(&LITERALS_FOR_TAG)))),
        field("metadataForTags", Type::List(&List::of(Type::Object(&METADATA_FOR_TAG)))),
        field("openCensusConfig", Type::Object(&OPEN_CENSUS_CONFIG)),
        field("openTelemetryConfig", Type::Object(&OPEN_TELEMETRY_CONFIG)),
        field("requestHeadersForTags", Type::List(&List::of(ANY_TEXT))),
        field("spawnUpstreamSpan", Type::Boolean),
        field("tracePercentages", Type::Object(&TRACE_PERCENTAGES)),
        field("verbose", Type::Boolean),
        field("zipkinConfig", Type::Object(&ZIPKIN_CONFIG)),
    ],
    rules: &[],
};

pub(super) static ZIPKIN_CONFIG: Shape = Shape {
    fields: &[
        field("clusterName", ANY_TEXT),
        field("collectorEndpoint", ANY_TEXT),
        field("collectorEndpointVersion", Type::IntOrText),
        field("collectorUpstreamRef", Type::Object(&HEADER_SECRET_REF)),
        field("sharedSpanContext", Type::Boolean),
        field("traceId128bit", Type::Boolean),
    ],
    rules: &[],
};

pub(super) static OPEN_TELEMETRY_CONFIG: Shape = Shape {
    fields: &[
        field("clusterName", ANY_TEXT),
        field("collectorUpstreamRef", Type::Object(&HEADER_SECRET_REF)),
        field("grpcService", Type::Object(&AUTHORITY)),
        field("maxCacheSize", integer(0, U32_MAX)),
        field("serviceName", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static OPEN_CENSUS_CONFIG: Shape = Shape {
    fields: &[
        field("grpcAddress", Type::Object(&GRPC_ADDRESS)),
        field("httpAddress", ANY_TEXT),
        field("incomingTraceContext", Type::List(&List::of(Type::IntOrText))),
        field("ocagentExporterEnabled", Type::Boolean),
        field("outgoingTraceContext", Type::List(&List::of(Type::IntOrText))),
        field("traceConfig", Type::Object(&TRACE_CONFIG)),
    ],
    rules: &[],
};

pub(super) static TRACE_CONFIG: Shape = Shape {
    fields: &[
        field("constantSampler", Type::Object(&CONSTANT_SAMPLER)),
        field("maxNumberOfAnnotations", Type::IntOrText),
        field("maxNumberOfAttributes", Type::IntOrText),
        field("maxNumberOfLinks", Type::IntOrText),
        field("maxNumberOfMessageEvents", Type::IntOrText),
        field("probabilitySampler", Type::Object(&PROBABILITY_SAMPLER)),
        field("rateLimitingSampler", Type::Object(&RATE_LIMITING_SAMPLER)),
    ],
    rules: &[],
};

pub(super) static RATE_LIMITING_SAMPLER: Shape = Shape { fields: &[field("qps", Type::IntOrText)], rules: &[] };

pub(super) static PROBABILITY_SAMPLER: Shape =
    Shape { fields: &[field("samplingProbability", Type::Number)], rules: &[] };

pub(super) static CONSTANT_SAMPLER: Shape = Shape { fields: &[field("decision", Type::IntOrText)], rules: &[] };

pub(super) static GRPC_ADDRESS: Shape =
    Shape { fields: &[field("statPrefix", ANY_TEXT), field("targetUri", ANY_TEXT)], rules: &[] };

pub(super) static METADATA_FOR_TAG: Shape = Shape {
    fields: &[
        field("defaultValue", ANY_TEXT),
        field("kind", Type::IntOrText),
        field("tag", ANY_TEXT),
        field("value", Type::Object(&VALUE)),
    ],
    rules: &[],
};

pub(super) static VALUE: Shape = Shape {
    fields: &[field("key", ANY_TEXT), field("namespace", ANY_TEXT), field("nestedFieldDelimiter", ANY_TEXT)],
    rules: &[],
};

pub(super) static LITERALS_FOR_TAG: Shape =
    Shape { fields: &[field("tag", ANY_TEXT), field("value", ANY_TEXT)], rules: &[] };

pub(super) static ENVIRONMENT_VARIABLES_FOR_TAG: Shape =
    Shape { fields: &[field("defaultValue", ANY_TEXT), field("name", ANY_TEXT), field("tag", ANY_TEXT)], rules: &[] };

pub(super) static DATADOG_CONFIG: Shape = Shape {
    fields: &[
        field("clusterName", ANY_TEXT),
        field("collectorHostname", ANY_TEXT),
        field("collectorUpstreamRef", Type::Object(&HEADER_SECRET_REF)),
        field("remoteConfig", Type::Object(&REMOTE_CONFIG)),
        field("serviceName", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static REMOTE_CONFIG: Shape = Shape {
    fields: &[field("disabled", Type::Boolean), field("pollingInterval", ANY_TEXT)],
    rules: &[rules::DURATIONS],
};

pub(super) static SET_CURRENT_CLIENT_CERT_DETAILS: Shape = Shape {
    fields: &[
        field("cert", Type::Boolean),
        field("chain", Type::Boolean),
        field("dns", Type::Boolean),
        field("subject", Type::Boolean),
        field("uri", Type::Boolean),
    ],
    rules: &[],
};

pub(super) static INTERNAL_ADDRESS_CONFIG: Shape = Shape {
    fields: &[
        field("cidrRanges", Type::List(&List::of(Type::Object(&CIDR_RANGE)))),
        field("unixSockets", Type::Boolean),
    ],
    rules: &[],
};

pub(super) static CIDR_RANGE: Shape =
    Shape { fields: &[field("addressPrefix", ANY_TEXT), field("prefixLen", integer(0, U32_MAX))], rules: &[] };

pub(super) static HTTP2_PROTOCOL_OPTIONS: Shape = Shape {
    fields: &[
        field("initialConnectionWindowSize", integer(0, U32_MAX)),
        field("initialStreamWindowSize", integer(0, U32_MAX)),
        field("maxConcurrentStreams", integer(0, U32_MAX)),
        field("overrideStreamErrorOnInvalidHttpMessage", Type::Boolean),
    ],
    rules: &[],
};

pub(super) static EARLY_HEADER_MANIPULATION: Shape = Shape {
    fields: &[
        field("headersToAdd", Type::List(&List::of(Type::Object(&REQUEST_HEADERS_TO_ADD)))),
        field("headersToRemove", Type::List(&List::of(ANY_TEXT))),
    ],
    rules: &[],
};
