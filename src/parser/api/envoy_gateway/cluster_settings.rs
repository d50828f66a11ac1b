//! How backends are chosen, watched and connected to
//! ([ClusterSettings](https://gateway.envoyproxy.io/docs/api/extension_types/#clustersettings)).

use serde::Deserialize;

use super::quantity::Quantity;
use crate::http::HeaderName;
use crate::parser::api::option_list::Untranslated;
use crate::parser::api::{Duration, Fraction};

/// `circuitBreaker`: how much there may be at a time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CircuitBreaker {
    pub max_connections: u32,
    pub max_parallel_requests: u32,
    pub max_parallel_retries: u32,
    pub max_pending_requests: u32,
    pub max_requests_per_connection: Option<u32>,
    pub per_endpoint: Option<PerEndpointBreaker>,
    pub retry_budget: Option<BreakerRetryBudget>,
}

/// How much there may be at a time at one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PerEndpointBreaker {
    pub max_connections: u32,
}

/// How many of the requests under way may be further tries.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BreakerRetryBudget {
    pub min_retry_concurrency: Option<i64>,
    pub percent: Fraction,
}

/// `connection`: what connections to backends are like.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendConnection {
    pub buffer_limit: Option<Quantity>,
    pub preconnect: Option<BackendPreconnect>,
    pub socket_buffer_limit: Option<Untranslated>,
}

/// How many connections there are in advance.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendPreconnect {
    pub per_endpoint_percent: Option<u32>,
    pub predictive_percent: Option<u32>,
}

/// `dns`: how names are looked up.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendDns {
    pub dns_refresh_rate: Option<Duration>,
    /// `IPv4`, `IPv6`, `IPv4Preferred`, `IPv6Preferred` or `IPv4AndIPv6`.
    pub lookup_family: Option<String>,
    pub respect_dns_ttl: Option<bool>,
}

/// `proxyProtocol`: how backends are told who the client is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendProxyProtocol {
    /// `V1` or `V2`.
    pub version: String,
}

/// `retry`: when a failed try is repeated.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendRetry {
    pub num_attempts_per_priority: Option<i64>,
    pub num_retries: u32,
    pub per_retry: Option<PerRetry>,
    pub retry_on: Option<BackendRetryOn>,
}

/// What holds for each try.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PerRetry {
    pub back_off: Option<BackendBackOff>,
    pub timeout: Option<Duration>,
}

/// The waits between tries.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendBackOff {
    pub base_interval: Option<Duration>,
    pub max_interval: Option<Duration>,
}

/// What is repeated.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendRetryOn {
    #[serde(default)]
    pub http_status_codes: Vec<u16>,
    /// Conditions, as Envoy calls them.
    #[serde(default)]
    pub triggers: Vec<String>,
}

/// `tcpKeepalive`, of backends and of clients.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TcpKeepalive {
    pub idle_time: Option<Duration>,
    pub interval: Option<Duration>,
    pub probes: Option<i64>,
}

/// `http2`, of backends and of clients.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvoyHttp2 {
    pub connection_keepalive: Option<Http2KeepaliveSettings>,
    pub initial_connection_window_size: Option<Quantity>,
    pub initial_stream_window_size: Option<Quantity>,
    pub max_concurrent_streams: Option<u32>,
    /// `TerminateConnection` or `TerminateStream`.
    pub on_invalid_message: Option<String>,
}

/// How it is found out in HTTP/2 that the other side is gone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Http2KeepaliveSettings {
    pub idle_interval: Option<Duration>,
    pub interval: Option<Duration>,
    pub interval_jitter: Option<u32>,
    pub timeout: Option<Duration>,
}

/// `loadBalancer`: how an endpoint is chosen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoadBalancer {
    pub backend_utilization: Option<Untranslated>,
    pub consistent_hash: Option<ConsistentHash>,
    pub dynamic_module: Option<Untranslated>,
    pub endpoint_override: Option<Untranslated>,
    pub slow_start: Option<BackendSlowStart>,
    /// `ConsistentHash`, `LeastRequest`, `Random`, `RoundRobin`, `BackendUtilization` or `DynamicModule`.
    #[serde(rename = "type")]
    pub balancer_type: String,
    pub zone_aware: Option<Untranslated>,
}

/// By a hash, of one kind of thing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsistentHash {
    pub cookie: Option<HashedCookie>,
    pub header: Option<HashedHeader>,
    #[serde(default)]
    pub headers: Vec<HashedHeader>,
    #[serde(default)]
    pub query_params: Vec<HashedParameter>,
    pub table_size: u64,
    /// `SourceIP`, `Header`, `Headers`, `Cookie` or `QueryParams`.
    #[serde(rename = "type")]
    pub hash_type: String,
}

/// A cookie that a hash is made of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HashedCookie {
    #[serde(default)]
    pub attributes: std::collections::BTreeMap<String, String>,
    pub name: String,
    pub ttl: Option<Duration>,
}

/// A header that a hash is made of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HashedHeader {
    pub name: HeaderName,
}

/// A parameter of the query that a hash is made of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HashedParameter {
    pub name: String,
}

/// How new endpoints get their share little by little.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendSlowStart {
    pub window: Duration,
}
