//! Upstream ([Upstream](https://docs.solo.io/gateway/latest/reference/api/upstream/)).

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::name::{Name, Namespace};

use super::duration::GoDuration;
use super::option_list::{OptionList, Untranslated, options};
use super::route_option::HeaderOption;
use super::upstream_failover::UpstreamFailover;
use super::upstream_settings::{
    UpstreamBalancer, UpstreamBreakers, UpstreamConnection, UpstreamHealthCheck, UpstreamOutliers, UpstreamPreconnect,
};
use super::upstream_tls::UpstreamSsl;

/// The spec of an Upstream: whatever it says is an option.
pub type UpstreamSpec = OptionList<UpstreamOption>;

options! {
    /// What an Upstream says of its backend.
    UpstreamOption {
        Ai(Untranslated) = "ai",
        Aws(Untranslated) = "aws",
        AwsEc2(Untranslated) = "awsEc2",
        Azure(Untranslated) = "azure",
        CircuitBreakers(UpstreamBreakers) = "circuitBreakers",
        ConnectionConfig(UpstreamConnection) = "connectionConfig",
        Consul(Untranslated) = "consul",
        DisableIstioAutoMtls(Untranslated) = "disableIstioAutoMtls",
        DiscoveryMetadata(Untranslated) = "discoveryMetadata",
        DnsRefreshRate(GoDuration) = "dnsRefreshRate",
        Failover(UpstreamFailover) = "failover",
        Gcp(Untranslated) = "gcp",
        HealthChecks(Vec<UpstreamHealthCheck>) = "healthChecks",
        HttpConnectHeaders(Vec<HeaderOption>) = "httpConnectHeaders",
        HttpConnectSslConfig(UpstreamSsl) = "httpConnectSslConfig",
        HttpProxyHostname(String) = "httpProxyHostname",
        IgnoreHealthOnHostRemoval(bool) = "ignoreHealthOnHostRemoval",
        InitialConnectionWindowSize(u32) = "initialConnectionWindowSize",
        InitialStreamWindowSize(u32) = "initialStreamWindowSize",
        Kube(UpstreamKube) = "kube",
        LoadBalancerConfig(UpstreamBalancer) = "loadBalancerConfig",
        MaxConcurrentStreams(u32) = "maxConcurrentStreams",
        NamespacedStatuses(Untranslated) = "namespacedStatuses",
        OutlierDetection(UpstreamOutliers) = "outlierDetection",
        OverrideStreamErrorOnInvalidHttpMessage(bool) = "overrideStreamErrorOnInvalidHttpMessage",
        Pipe(UpstreamPipe) = "pipe",
        PreconnectPolicy(UpstreamPreconnect) = "preconnectPolicy",
        ProtocolSelection(Untranslated) = "protocolSelection",
        ProxyProtocolVersion(String) = "proxyProtocolVersion",
        RespectDnsTtl(bool) = "respectDnsTtl",
        SslConfig(UpstreamSsl) = "sslConfig",
        Static(UpstreamStatic) = "static",
        UseHttp2(bool) = "useHttp2",
    }
}

/// A Service.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamKube {
    pub selector: Option<Untranslated>,
    #[serde(default)]
    pub service_name: Name,
    #[serde(default)]
    pub service_namespace: Namespace,
    #[serde(default)]
    pub service_port: u32,
    pub service_spec: Option<Untranslated>,
    pub subset_spec: Option<Untranslated>,
}

/// A socket file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamPipe {
    #[serde(default)]
    pub path: String,
    pub service_spec: Option<Untranslated>,
}

/// Hosts that are known by their addresses or names.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamStatic {
    pub auto_sni_rewrite: Option<bool>,
    #[serde(default)]
    pub hosts: Vec<UpstreamHost>,
    pub service_spec: Option<Untranslated>,
    pub use_tls: Option<bool>,
}

/// One of the hosts.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamHost {
    #[serde(default)]
    pub addr: String,
    /// For Gloo's own health checker alone.
    #[serde(default)]
    pub health_check_config: IgnoredAny,
    pub load_balancing_weight: Option<u32>,
    /// For filters that gwctl has none of.
    #[serde(default)]
    pub metadata: IgnoredAny,
    #[serde(default)]
    pub port: u32,
    #[serde(default)]
    pub sni_addr: String,
}
