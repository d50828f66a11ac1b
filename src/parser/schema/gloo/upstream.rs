//! Rows of Upstream.

use super::super::table::{ANY_TEXT, List, Map, Shape, Type, field, integer};
use super::rules;
use super::service_spec::{CONFIG_MAP_REF, SERVICE_SPEC, SUBSET_SPEC};
use super::shared::{ANY_OBJECT, EMPTY, NAMESPACED_STATUSES, OBJECTS_BY_NAME, U32_MAX};
use super::transformation::BODY;
use super::upstream_ai::AI;

/// The spec of an Upstream.
pub(super) static UPSTREAM: Shape = Shape {
    fields: &[
        field("ai", Type::Object(&AI)),
        field("aws", Type::Object(&AWS)),
        field("awsEc2", Type::Object(&AWS_EC2)),
        field("azure", Type::Object(&AZURE)),
        field("circuitBreakers", Type::Object(&CIRCUIT_BREAKERS)),
        field("connectionConfig", Type::Object(&CONNECTION_CONFIG)),
        field("consul", Type::Object(&CONSUL)),
        field("disableIstioAutoMtls", Type::Boolean),
        field("discoveryMetadata", Type::Object(&DISCOVERY_METADATA)),
        field("dnsRefreshRate", ANY_TEXT),
        field("failover", Type::Object(&FAILOVER)),
        field("gcp", Type::Object(&GCP)),
        field("healthChecks", Type::List(&List::of(Type::Object(&HEALTH_CHECK)))),
        field("httpConnectHeaders", Type::List(&List::of(Type::Object(&KV_PAIR)))),
        field("httpConnectSslConfig", Type::Object(&UPSTREAM_SSL_CONFIG)),
        field("httpProxyHostname", ANY_TEXT),
        field("ignoreHealthOnHostRemoval", Type::Boolean),
        field("initialConnectionWindowSize", integer(0, U32_MAX)),
        field("initialStreamWindowSize", integer(0, U32_MAX)),
        field("kube", Type::Object(&KUBE)),
        field("loadBalancerConfig", Type::Object(&LOAD_BALANCER_CONFIG)),
        field("maxConcurrentStreams", integer(0, U32_MAX)),
        field("namespacedStatuses", NAMESPACED_STATUSES),
        field("outlierDetection", Type::Object(&OUTLIER_DETECTION)),
        field("overrideStreamErrorOnInvalidHttpMessage", Type::Boolean),
        field("pipe", Type::Object(&PIPE)),
        field("preconnectPolicy", Type::Object(&PRECONNECT_POLICY)),
        field("protocolSelection", Type::IntOrText),
        field("proxyProtocolVersion", ANY_TEXT),
        field("respectDnsTtl", Type::Boolean),
        field("sslConfig", Type::Object(&UPSTREAM_SSL_CONFIG)),
        field("static", Type::Object(&STATIC)),
        field("useHttp2", Type::Boolean),
    ],
    rules: &[rules::ONE_UPSTREAM_TYPE, rules::DURATIONS],
};

pub(super) static HEALTH_CHECK_CONFIG: Shape =
    Shape { fields: &[field("method", ANY_TEXT), field("path", ANY_TEXT)], rules: &[] };

pub(super) static HOST: Shape = Shape {
    fields: &[
        field("addr", ANY_TEXT),
        field("healthCheckConfig", Type::Object(&HEALTH_CHECK_CONFIG)),
        field("loadBalancingWeight", integer(0, U32_MAX)),
        field("metadata", OBJECTS_BY_NAME),
        field("port", integer(0, U32_MAX)),
        field("sniAddr", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static STATIC: Shape = Shape {
    fields: &[
        field("autoSniRewrite", Type::Boolean),
        field("hosts", Type::List(&List::of(Type::Object(&HOST)))),
        field("serviceSpec", Type::Object(&SERVICE_SPEC)),
        field("useTls", Type::Boolean),
    ],
    rules: &[],
};

pub(super) static KUBE: Shape = Shape {
    fields: &[
        field("selector", Type::Map(&Map { values: ANY_TEXT, max: None })),
        field("serviceName", ANY_TEXT),
        field("serviceNamespace", ANY_TEXT),
        field("servicePort", integer(0, U32_MAX)),
        field("serviceSpec", Type::Object(&SERVICE_SPEC)),
        field("subsetSpec", Type::Object(&SUBSET_SPEC)),
    ],
    rules: &[],
};

pub(super) static DESTINATION_OVERRIDES: Shape = Shape {
    fields: &[
        field("invocationStyle", Type::IntOrText),
        field("logicalName", ANY_TEXT),
        field("requestTransformation", Type::Boolean),
        field("responseTransformation", Type::Boolean),
        field("unwrapAsAlb", Type::Boolean),
        field("unwrapAsApiGateway", Type::Boolean),
        field("wrapAsApiGateway", Type::Boolean),
    ],
    rules: &[],
};

pub(super) static LAMBDA_FUNCTION: Shape = Shape {
    fields: &[field("lambdaFunctionName", ANY_TEXT), field("logicalName", ANY_TEXT), field("qualifier", ANY_TEXT)],
    rules: &[],
};

pub(super) static AWS: Shape = Shape {
    fields: &[
        field("awsAccountId", ANY_TEXT),
        field("destinationOverrides", Type::Object(&DESTINATION_OVERRIDES)),
        field("disableRoleChaining", Type::Boolean),
        field("lambdaFunctions", Type::List(&List::of(Type::Object(&LAMBDA_FUNCTION)))),
        field("region", ANY_TEXT),
        field("roleArn", ANY_TEXT),
        field("secretRef", Type::Object(&CONFIG_MAP_REF)),
    ],
    rules: &[],
};

pub(super) static KV_PAIR: Shape = Shape { fields: &[field("key", ANY_TEXT), field("value", ANY_TEXT)], rules: &[] };

pub(super) static FILTER: Shape =
    Shape { fields: &[field("key", ANY_TEXT), field("kvPair", Type::Object(&KV_PAIR))], rules: &[] };

pub(super) static AWS_EC2: Shape = Shape {
    fields: &[
        field("filters", Type::List(&List::of(Type::Object(&FILTER)))),
        field("port", integer(0, U32_MAX)),
        field("publicIp", Type::Boolean),
        field("region", ANY_TEXT),
        field("roleArn", ANY_TEXT),
        field("secretRef", Type::Object(&CONFIG_MAP_REF)),
    ],
    rules: &[],
};

pub(super) static FUNCTION: Shape =
    Shape { fields: &[field("authLevel", Type::IntOrText), field("functionName", ANY_TEXT)], rules: &[] };

pub(super) static AZURE: Shape = Shape {
    fields: &[
        field("functionAppName", ANY_TEXT),
        field("functions", Type::List(&List::of(Type::Object(&FUNCTION)))),
        field("secretRef", Type::Object(&CONFIG_MAP_REF)),
    ],
    rules: &[],
};

pub(super) static CIRCUIT_BREAKERS: Shape = Shape {
    fields: &[
        field("maxConnections", integer(0, U32_MAX)),
        field("maxPendingRequests", integer(0, U32_MAX)),
        field("maxRequests", integer(0, U32_MAX)),
        field("maxRetries", integer(0, U32_MAX)),
        field("trackRemaining", Type::Boolean),
    ],
    rules: &[],
};

pub(super) static COMMON_HTTP_PROTOCOL_OPTIONS: Shape = Shape {
    fields: &[
        field("headersWithUnderscoresAction", Type::IntOrText),
        field("idleTimeout", ANY_TEXT),
        field("maxHeadersCount", integer(0, U32_MAX)),
        field("maxStreamDuration", ANY_TEXT),
    ],
    rules: &[rules::DURATIONS],
};

pub(super) static HTTP1_PROTOCOL_OPTIONS: Shape = Shape {
    fields: &[
        field("enableTrailers", Type::Boolean),
        field("overrideStreamErrorOnInvalidHttpMessage", Type::Boolean),
        field("preserveCaseHeaderKeyFormat", Type::Boolean),
        field("properCaseHeaderKeyFormat", Type::Boolean),
    ],
    rules: &[],
};

pub(super) static TCP_KEEPALIVE: Shape = Shape {
    fields: &[
        field("keepaliveInterval", ANY_TEXT),
        field("keepaliveProbes", integer(0, U32_MAX)),
        field("keepaliveTime", ANY_TEXT),
    ],
    rules: &[rules::DURATIONS],
};

pub(super) static CONNECTION_CONFIG: Shape = Shape {
    fields: &[
        field("commonHttpProtocolOptions", Type::Object(&COMMON_HTTP_PROTOCOL_OPTIONS)),
        field("connectTimeout", ANY_TEXT),
        field("http1ProtocolOptions", Type::Object(&HTTP1_PROTOCOL_OPTIONS)),
        field("maxRequestsPerConnection", integer(0, U32_MAX)),
        field("perConnectionBufferLimitBytes", integer(0, U32_MAX)),
        field("tcpKeepalive", Type::Object(&TCP_KEEPALIVE)),
    ],
    rules: &[rules::DURATIONS],
};

pub(super) static QUERY_OPTIONS: Shape = Shape { fields: &[field("useCache", Type::Boolean)], rules: &[] };

pub(super) static CONSUL: Shape = Shape {
    fields: &[
        field("connectEnabled", Type::Boolean),
        field("consistencyMode", Type::IntOrText),
        field("dataCenters", Type::List(&List::of(ANY_TEXT))),
        field("instanceBlacklistTags", Type::List(&List::of(ANY_TEXT))),
        field("instanceTags", Type::List(&List::of(ANY_TEXT))),
        field("queryOptions", Type::Object(&QUERY_OPTIONS)),
        field("serviceName", ANY_TEXT),
        field("serviceSpec", Type::Object(&SERVICE_SPEC)),
        field("serviceTags", Type::List(&List::of(ANY_TEXT))),
        field("subsetTags", Type::List(&List::of(ANY_TEXT))),
    ],
    rules: &[],
};

pub(super) static DISCOVERY_METADATA: Shape =
    Shape { fields: &[field("labels", Type::Map(&Map { values: ANY_TEXT, max: None }))], rules: &[] };

pub(super) static POLICY: Shape = Shape { fields: &[field("overprovisioningFactor", integer(0, U32_MAX))], rules: &[] };

pub(super) static LB_ENDPOINT_HEALTH_CHECK_CONFIG: Shape = Shape {
    fields: &[
        field("hostname", ANY_TEXT),
        field("method", ANY_TEXT),
        field("path", ANY_TEXT),
        field("portValue", integer(0, U32_MAX)),
    ],
    rules: &[],
};

pub(super) static PARAMETERS: Shape = Shape {
    fields: &[
        field("cipherSuites", Type::List(&List::of(ANY_TEXT))),
        field("ecdhCurves", Type::List(&List::of(ANY_TEXT))),
        field("maximumProtocolVersion", Type::IntOrText),
        field("minimumProtocolVersion", Type::IntOrText),
    ],
    rules: &[],
};

pub(super) static FILE_CREDENTIAL_SOURCE: Shape =
    Shape { fields: &[field("header", ANY_TEXT), field("tokenFileName", ANY_TEXT)], rules: &[] };

pub(super) static CALL_CREDENTIALS: Shape =
    Shape { fields: &[field("fileCredentialSource", Type::Object(&FILE_CREDENTIAL_SOURCE))], rules: &[] };

pub(super) static SDS: Shape = Shape {
    fields: &[
        field("callCredentials", Type::Object(&CALL_CREDENTIALS)),
        field("certificatesSecretName", ANY_TEXT),
        field("clusterName", ANY_TEXT),
        field("targetUri", ANY_TEXT),
        field("validationContextName", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static SSL_FILES: Shape = Shape {
    fields: &[
        field("ocspStaple", ANY_TEXT),
        field("rootCa", ANY_TEXT),
        field("tlsCert", ANY_TEXT),
        field("tlsKey", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static UPSTREAM_SSL_CONFIG: Shape = Shape {
    fields: &[
        field("allowRenegotiation", Type::Boolean),
        field("alpnProtocols", Type::List(&List::of(ANY_TEXT))),
        field("oneWayTls", Type::Boolean),
        field("parameters", Type::Object(&PARAMETERS)),
        field("sds", Type::Object(&SDS)),
        field("secretRef", Type::Object(&CONFIG_MAP_REF)),
        field("sni", ANY_TEXT),
        field("sslFiles", Type::Object(&SSL_FILES)),
        field("verifySubjectAltName", Type::List(&List::of(ANY_TEXT))),
    ],
    rules: &[],
};

pub(super) static LB_ENDPOINT: Shape = Shape {
    fields: &[
        field("address", ANY_TEXT),
        field("healthCheckConfig", Type::Object(&LB_ENDPOINT_HEALTH_CHECK_CONFIG)),
        field("loadBalancingWeight", integer(0, U32_MAX)),
        field("metadata", OBJECTS_BY_NAME),
        field("port", integer(0, U32_MAX)),
        field("upstreamSslConfig", Type::Object(&UPSTREAM_SSL_CONFIG)),
    ],
    rules: &[],
};

pub(super) static LOCALITY: Shape =
    Shape { fields: &[field("region", ANY_TEXT), field("subZone", ANY_TEXT), field("zone", ANY_TEXT)], rules: &[] };

pub(super) static LOCALITY_ENDPOINT: Shape = Shape {
    fields: &[
        field("lbEndpoints", Type::List(&List::of(Type::Object(&LB_ENDPOINT)))),
        field("loadBalancingWeight", integer(0, U32_MAX)),
        field("locality", Type::Object(&LOCALITY)),
    ],
    rules: &[],
};

pub(super) static PRIORITIZED_LOCALITIE: Shape = Shape {
    fields: &[field("localityEndpoints", Type::List(&List::of(Type::Object(&LOCALITY_ENDPOINT))))],
    rules: &[],
};

pub(super) static FAILOVER: Shape = Shape {
    fields: &[
        field("policy", Type::Object(&POLICY)),
        field("prioritizedLocalities", Type::List(&List::of(Type::Object(&PRIORITIZED_LOCALITIE)))),
    ],
    rules: &[],
};

pub(super) static GCP: Shape = Shape { fields: &[field("audience", ANY_TEXT), field("host", ANY_TEXT)], rules: &[] };

pub(super) static CUSTOM_HEALTH_CHECK: Shape = Shape {
    fields: &[field("config", ANY_OBJECT), field("name", ANY_TEXT), field("typedConfig", ANY_OBJECT)],
    rules: &[],
};

pub(super) static INITIAL_METADATA: Shape = Shape {
    fields: &[
        field("append", Type::Boolean),
        field("header", Type::Object(&KV_PAIR)),
        field("headerSecretRef", Type::Object(&CONFIG_MAP_REF)),
    ],
    rules: &[],
};

pub(super) static GRPC_HEALTH_CHECK: Shape = Shape {
    fields: &[
        field("authority", ANY_TEXT),
        field("initialMetadata", Type::List(&List::of(Type::Object(&INITIAL_METADATA)))),
        field("serviceName", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static EXPECTED_STATUSE: Shape =
    Shape { fields: &[field("end", Type::IntOrText), field("start", Type::IntOrText)], rules: &[] };

pub(super) static PATH: Shape = Shape { fields: &[field("key", ANY_TEXT)], rules: &[] };

pub(super) static JSON_KEY: Shape =
    Shape { fields: &[field("path", Type::List(&List::of(Type::Object(&PATH))))], rules: &[] };

pub(super) static RESPONSE_MATCH: Shape = Shape {
    fields: &[
        field("body", Type::Object(&EMPTY)),
        field("header", ANY_TEXT),
        field("ignoreErrorOnParse", Type::Boolean),
        field("jsonKey", Type::Object(&JSON_KEY)),
        field("regex", ANY_TEXT),
    ],
    rules: &[],
};

pub(super) static RESPONSE_MATCHER: Shape = Shape {
    fields: &[field("matchHealth", Type::IntOrText), field("responseMatch", Type::Object(&RESPONSE_MATCH))],
    rules: &[],
};

pub(super) static RESPONSE_ASSERTIONS: Shape = Shape {
    fields: &[
        field("noMatchHealth", Type::IntOrText),
        field("responseMatchers", Type::List(&List::of(Type::Object(&RESPONSE_MATCHER)))),
    ],
    rules: &[],
};

pub(super) static HTTP_HEALTH_CHECK: Shape = Shape {
    fields: &[
        field("expectedStatuses", Type::List(&List::of(Type::Object(&EXPECTED_STATUSE)))),
        field("host", ANY_TEXT),
        field("method", Type::IntOrText),
        field("path", ANY_TEXT),
        field("requestHeadersToAdd", Type::List(&List::of(Type::Object(&INITIAL_METADATA)))),
        field("requestHeadersToRemove", Type::List(&List::of(ANY_TEXT))),
        field("responseAssertions", Type::Object(&RESPONSE_ASSERTIONS)),
        field("serviceName", ANY_TEXT),
        field("useHttp2", Type::Boolean),
    ],
    rules: &[],
};

pub(super) static TCP_HEALTH_CHECK: Shape = Shape {
    fields: &[field("receive", Type::List(&List::of(Type::Object(&BODY)))), field("send", Type::Object(&BODY))],
    rules: &[],
};

pub(super) static HEALTH_CHECK: Shape = Shape {
    fields: &[
        field("alwaysLogHealthCheckFailures", Type::Boolean),
        field("customHealthCheck", Type::Object(&CUSTOM_HEALTH_CHECK)),
        field("eventLogPath", ANY_TEXT),
        field("grpcHealthCheck", Type::Object(&GRPC_HEALTH_CHECK)),
        field("healthyEdgeInterval", ANY_TEXT),
        field("healthyThreshold", integer(0, U32_MAX)),
        field("httpHealthCheck", Type::Object(&HTTP_HEALTH_CHECK)),
        field("initialJitter", ANY_TEXT),
        field("interval", ANY_TEXT),
        field("intervalJitter", ANY_TEXT),
        field("intervalJitterPercent", integer(0, U32_MAX)),
        field("noTrafficInterval", ANY_TEXT),
        field("reuseConnection", Type::Boolean),
        field("tcpHealthCheck", Type::Object(&TCP_HEALTH_CHECK)),
        field("timeout", ANY_TEXT),
        field("unhealthyEdgeInterval", ANY_TEXT),
        field("unhealthyInterval", ANY_TEXT),
        field("unhealthyThreshold", integer(0, U32_MAX)),
    ],
    rules: &[rules::ONE_QUESTION, rules::DURATIONS],
};

pub(super) static SLOW_START_CONFIG: Shape = Shape {
    fields: &[
        field("aggression", Type::Number),
        field("minWeightPercent", Type::Number),
        field("slowStartWindow", ANY_TEXT),
    ],
    rules: &[rules::DURATIONS],
};

pub(super) static LEAST_REQUEST: Shape = Shape {
    fields: &[field("choiceCount", integer(0, U32_MAX)), field("slowStartConfig", Type::Object(&SLOW_START_CONFIG))],
    rules: &[],
};

pub(super) static RING_HASH_CONFIG: Shape = Shape {
    fields: &[field("maximumRingSize", Type::IntOrText), field("minimumRingSize", Type::IntOrText)],
    rules: &[],
};

pub(super) static RING_HASH: Shape =
    Shape { fields: &[field("ringHashConfig", Type::Object(&RING_HASH_CONFIG))], rules: &[] };

pub(super) static ROUND_ROBIN: Shape =
    Shape { fields: &[field("slowStartConfig", Type::Object(&SLOW_START_CONFIG))], rules: &[] };

pub(super) static LOAD_BALANCER_CONFIG: Shape = Shape {
    fields: &[
        field("closeConnectionsOnHostSetChange", Type::Boolean),
        field("healthyPanicThreshold", Type::Number),
        field("leastRequest", Type::Object(&LEAST_REQUEST)),
        field("localityWeightedLbConfig", Type::Object(&EMPTY)),
        field("maglev", Type::Object(&EMPTY)),
        field("random", Type::Object(&EMPTY)),
        field("ringHash", Type::Object(&RING_HASH)),
        field("roundRobin", Type::Object(&ROUND_ROBIN)),
        field("updateMergeWindow", ANY_TEXT),
        field("useHostnameForHashing", Type::Boolean),
    ],
    rules: &[rules::ONE_BALANCER, rules::DURATIONS],
};

pub(super) static OUTLIER_DETECTION: Shape = Shape {
    fields: &[
        field("baseEjectionTime", ANY_TEXT),
        field("consecutive5xx", integer(0, U32_MAX)),
        field("consecutiveGatewayFailure", integer(0, U32_MAX)),
        field("consecutiveLocalOriginFailure", integer(0, U32_MAX)),
        field("enforcingConsecutive5xx", integer(0, U32_MAX)),
        field("enforcingConsecutiveGatewayFailure", integer(0, U32_MAX)),
        field("enforcingConsecutiveLocalOriginFailure", integer(0, U32_MAX)),
        field("enforcingLocalOriginSuccessRate", integer(0, U32_MAX)),
        field("enforcingSuccessRate", integer(0, U32_MAX)),
        field("interval", ANY_TEXT),
        field("maxEjectionPercent", integer(0, U32_MAX)),
        field("splitExternalLocalOriginErrors", Type::Boolean),
        field("successRateMinimumHosts", integer(0, U32_MAX)),
        field("successRateRequestVolume", integer(0, U32_MAX)),
        field("successRateStdevFactor", integer(0, U32_MAX)),
    ],
    rules: &[rules::DURATIONS],
};

pub(super) static PIPE: Shape =
    Shape { fields: &[field("path", ANY_TEXT), field("serviceSpec", Type::Object(&SERVICE_SPEC))], rules: &[] };

pub(super) static PRECONNECT_POLICY: Shape = Shape {
    fields: &[field("perUpstreamPreconnectRatio", Type::Number), field("predictivePreconnectRatio", Type::Number)],
    rules: &[],
};
