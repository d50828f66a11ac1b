//! BackendTrafficPolicy: how requests get to backends
//! ([BackendTrafficPolicy](https://gateway.envoyproxy.io/docs/api/extension_types/#backendtrafficpolicy)).

use serde::Deserialize;

use super::admission_control::AdmissionControl;
use super::bandwidth_limit::BandwidthLimit;
use super::cluster_settings::{
    BackendConnection, BackendDns, BackendProxyProtocol, BackendRetry, CircuitBreaker, EnvoyHttp2, LoadBalancer,
    TcpKeepalive,
};
use super::envoy_policy::EnvoyPolicySpec;
use super::health_check::BackendHealthCheck;
use super::quantity::Quantity;
use super::rate_limit::BackendRateLimit;
use crate::parser::api::Duration;
use crate::parser::api::option_list::{Untranslated, options};

/// The spec of a BackendTrafficPolicy.
pub type BackendTrafficPolicySpec = EnvoyPolicySpec<BackendTrafficPolicyField>;

options! {
    /// What a BackendTrafficPolicy says for rules and the backends that they send to.
    BackendTrafficPolicyField also ["mergeType", "targetRef", "targetRefs", "targetSelectors"] {
        AdmissionControl(AdmissionControl) = "admissionControl",
        BandwidthLimit(BandwidthLimit) = "bandwidthLimit",
        CircuitBreaker(CircuitBreaker) = "circuitBreaker",
        Compression(Vec<BackendCompression>) = "compression",
        Compressor(Vec<BackendCompression>) = "compressor",
        Connection(BackendConnection) = "connection",
        Dns(BackendDns) = "dns",
        FaultInjection(FaultInjection) = "faultInjection",
        HealthCheck(Box<BackendHealthCheck>) = "healthCheck",
        Http2(EnvoyHttp2) = "http2",
        HttpUpgrade(Vec<HttpUpgrade>) = "httpUpgrade",
        LoadBalancer(LoadBalancer) = "loadBalancer",
        ProxyProtocol(BackendProxyProtocol) = "proxyProtocol",
        RateLimit(BackendRateLimit) = "rateLimit",
        RequestBuffer(RequestBuffer) = "requestBuffer",
        ResponseOverride(Untranslated) = "responseOverride",
        Retry(BackendRetry) = "retry",
        RoutingType(String) = "routingType",
        TcpKeepalive(TcpKeepalive) = "tcpKeepalive",
        Telemetry(Untranslated) = "telemetry",
        Timeout(BackendTimeout) = "timeout",
        UseClientProtocol(bool) = "useClientProtocol",
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

/// `faultInjection`: what goes wrong on purpose.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultInjection {
    pub abort: Option<FaultAbort>,
    pub delay: Option<FaultDelay>,
}

/// Requests that are answered in place of a backend.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultAbort {
    pub grpc_status: Option<u32>,
    pub http_status: Option<u16>,
    pub percentage: f64,
}

/// Requests that wait.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultDelay {
    pub fixed_delay: Duration,
    pub percentage: f64,
}

/// An entry of `compression` or `compressor`: how responses are compressed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendCompression {
    pub brotli: Option<Untranslated>,
    pub gzip: Option<Untranslated>,
    pub min_content_length: Option<Quantity>,
    #[serde(rename = "type")]
    pub library: String,
    pub zstd: Option<Untranslated>,
}

/// `requestBuffer`: requests are held until they are whole.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestBuffer {
    pub limit: Option<Quantity>,
}

/// An entry of `httpUpgrade`: what connections may become.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpUpgrade {
    pub connect: Option<HttpConnect>,
    #[serde(rename = "type")]
    pub upgrade_type: String,
}

/// What is done with CONNECT.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpConnect {
    pub terminate: Option<bool>,
}
