//! BackendTrafficPolicy: how requests get to backends
//! ([BackendTrafficPolicy](https://gateway.envoyproxy.io/docs/api/extension_types/#backendtrafficpolicy)).

use serde::Deserialize;

use super::envoy_policy::EnvoyPolicySpec;
use crate::parser::api::Duration;
use crate::parser::api::option_list::{Untranslated, options};

/// The spec of a BackendTrafficPolicy.
pub type BackendTrafficPolicySpec = EnvoyPolicySpec<BackendTrafficPolicyField>;

options! {
    /// What a BackendTrafficPolicy says for rules and the backends that they send to.
    BackendTrafficPolicyField also ["mergeType", "targetRef", "targetRefs", "targetSelectors"] {
        AdmissionControl(Untranslated) = "admissionControl",
        BandwidthLimit(Untranslated) = "bandwidthLimit",
        CircuitBreaker(Untranslated) = "circuitBreaker",
        Compression(Untranslated) = "compression",
        Compressor(Untranslated) = "compressor",
        Connection(Untranslated) = "connection",
        Dns(Untranslated) = "dns",
        FaultInjection(Untranslated) = "faultInjection",
        HealthCheck(Untranslated) = "healthCheck",
        Http2(Untranslated) = "http2",
        HttpUpgrade(Untranslated) = "httpUpgrade",
        LoadBalancer(Untranslated) = "loadBalancer",
        ProxyProtocol(Untranslated) = "proxyProtocol",
        RateLimit(Untranslated) = "rateLimit",
        RequestBuffer(Untranslated) = "requestBuffer",
        ResponseOverride(Untranslated) = "responseOverride",
        Retry(Untranslated) = "retry",
        RoutingType(Untranslated) = "routingType",
        TcpKeepalive(Untranslated) = "tcpKeepalive",
        Telemetry(Untranslated) = "telemetry",
        Timeout(BackendTimeout) = "timeout",
        UseClientProtocol(Untranslated) = "useClientProtocol",
    }
}

/// `timeout`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendTimeout {
    pub http: Option<HttpBackendTimeout>,
    pub tcp: Option<TcpBackendTimeout>,
}

/// Limits of time for requests.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpBackendTimeout {
    pub connection_idle_timeout: Option<Duration>,
    pub max_connection_duration: Option<Duration>,
    pub max_stream_duration: Option<Duration>,
    pub request_timeout: Option<Duration>,
    pub stream_idle_timeout: Option<Duration>,
}

/// Limits of time for connections.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TcpBackendTimeout {
    pub connect_timeout: Option<Duration>,
}
