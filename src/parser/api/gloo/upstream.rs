//! Upstream ([Upstream](https://docs.solo.io/gateway/latest/reference/api/upstream/)).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::name::{Name, Namespace};

use super::duration::GoDuration;
use super::gloo_enum::GlooEnum;
use super::header_option::HeaderOption;
use super::upstream_failover::UpstreamFailover;
use super::upstream_settings::{
    UpstreamBalancer, UpstreamBreakers, UpstreamConnection, UpstreamHealthCheck, UpstreamOutliers, UpstreamPreconnect,
};
use super::upstream_tls::UpstreamSsl;
use crate::parser::api::option_list::{OptionList, Untranslated, options};

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
        ProtocolSelection(GlooEnum) = "protocolSelection",
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
    #[serde(default)]
    pub selector: BTreeMap<String, String>,
    #[serde(default)]
    pub service_name: Name,
    #[serde(default)]
    pub service_namespace: Namespace,
    #[serde(default)]
    pub service_port: u32,
    pub service_spec: Option<UpstreamServiceSpec>,
    pub subset_spec: Option<UpstreamSubsets>,
}

/// `subsetSpec`: the subsets of the Pods of a Service.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamSubsets {
    pub default_subset: Option<UpstreamSubset>,
    pub fallback_policy: Option<GlooEnum>,
    #[serde(default)]
    pub selectors: Vec<UpstreamSubsetKeys>,
}

/// `defaultSubset`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamSubset {
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}

/// One of `selectors`: labels by which a route may name a subset.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamSubsetKeys {
    #[serde(default)]
    pub keys: Vec<String>,
    /// For routes that name a subset, which no route of Gateway API does.
    #[serde(default)]
    pub single_host_per_subset: IgnoredAny,
}

/// A socket file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamPipe {
    #[serde(default)]
    pub path: String,
    pub service_spec: Option<UpstreamServiceSpec>,
}

/// Hosts that are known by their addresses or names.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamStatic {
    pub auto_sni_rewrite: Option<bool>,
    #[serde(default)]
    pub hosts: Vec<UpstreamHost>,
    pub service_spec: Option<UpstreamServiceSpec>,
    pub use_tls: Option<bool>,
}

/// `serviceSpec`: the functions of a service.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamServiceSpec {
    pub grpc: Option<UpstreamCalls>,
    pub grpc_json_transcoder: Option<Untranslated>,
    /// For routes that name a function, which no route of Gateway API does.
    #[serde(default)]
    pub rest: IgnoredAny,
}

/// `grpc` of a `serviceSpec`: calls that are made of requests.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamCalls {
    #[serde(default)]
    pub descriptors: String,
    #[serde(default)]
    pub grpc_services: Vec<Untranslated>,
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
