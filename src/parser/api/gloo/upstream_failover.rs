//! `failover` of an Upstream
//! ([Failover](https://docs.solo.io/gateway/latest/reference/api/failover/)).

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::upstream_tls::UpstreamSsl;

/// `failover`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct UpstreamFailover {
    pub policy: Option<FailoverPolicy>,
    #[serde(default)]
    pub prioritized_localities: Vec<PrioritizedLocality>,
}

/// `policy`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct FailoverPolicy {
    pub overprovisioning_factor: Option<u32>,
}

/// The localities of one priority.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct PrioritizedLocality {
    #[serde(default)]
    pub locality_endpoints: Vec<LocalityEndpoints>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct LocalityEndpoints {
    #[serde(default)]
    pub lb_endpoints: Vec<FailoverEndpoint>,
    pub load_balancing_weight: Option<u32>,
    pub locality: Option<FailoverLocalityName>,
}

/// `locality`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct FailoverLocalityName {
    #[serde(default)]
    pub region: String,
    #[serde(default)]
    pub sub_zone: String,
    #[serde(default)]
    pub zone: String,
}

/// One of `lbEndpoints`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct FailoverEndpoint {
    #[serde(default)]
    pub address: String,
    pub health_check_config: Option<FailoverHealth>,
    pub load_balancing_weight: Option<u32>,
    /// For filters that gwctl has none of.
    #[serde(default)]
    pub metadata: IgnoredAny,
    #[serde(default)]
    pub port: u32,
    pub upstream_ssl_config: Option<UpstreamSsl>,
}

/// `healthCheckConfig`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct FailoverHealth {
    #[serde(default)]
    pub hostname: String,
    /// For Gloo's own health checker alone, as the path.
    #[serde(default)]
    pub method: IgnoredAny,
    #[serde(default)]
    pub path: IgnoredAny,
    pub port_value: Option<u32>,
}
