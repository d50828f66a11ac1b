//! Where requests go when the endpoints of a cluster are not healthy.

use std::net::IpAddr;

use serde::Serialize;

use super::default::is_default;
use crate::port::Port;

/// Who is sent to in the place of a cluster's own endpoints: those of the least priority that has enough healthy ones
/// ([priority levels](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/priority)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failover {
    /// How much of the load, in percent, the healthy share of a priority takes; above 0. `None` is 140.
    #[serde(skip_serializing_if = "is_default")]
    pub overprovisioning: Option<u32>,
    /// The localities, by priority; the cluster's own endpoints have priority 0.
    pub localities: Vec<FailoverLocality>,
}

impl Failover {
    /// All of their hosts.
    pub fn hosts(&self) -> impl Iterator<Item = &FailoverHost> {
        self.localities.iter().flat_map(|locality| &locality.hosts)
    }

    /// Whether one of them is known by its name.
    pub fn has_names(&self) -> bool {
        self.hosts().any(|host| host.address().is_none())
    }
}

/// Hosts at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailoverLocality {
    /// Their priority, from 1 on.
    pub priority: u32,
    /// What the place is called.
    #[serde(skip_serializing_if = "is_default")]
    pub name: LocalityName,
    /// Its weight among those of its priority, above 0, where localities are weighed.
    #[serde(skip_serializing_if = "is_default")]
    pub weight: Option<u32>,
    /// The hosts.
    pub hosts: Vec<FailoverHost>,
}

/// What a place is called; empty is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are Envoy's own")]
pub struct LocalityName {
    pub region: String,
    pub zone: String,
    pub sub_zone: String,
}

/// One of the hosts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailoverHost {
    /// Its address or its DNS name.
    pub host: String,
    /// The port.
    pub port: Port,
    /// The port that it is called by in reports: the one that is declared, whatever stands in for it.
    #[serde(skip)]
    pub called: Port,
    /// Its weight, above 0; `None` is 1.
    #[serde(skip_serializing_if = "is_default")]
    pub weight: Option<u32>,
    /// Its name, where an address stands in for it.
    #[serde(skip_serializing_if = "is_default")]
    pub hostname: Option<String>,
    /// Where else it is asked for its health.
    #[serde(skip_serializing_if = "is_default")]
    pub checked_port: Option<Port>,
    /// The host that it is asked for then; empty is that of the question.
    #[serde(skip_serializing_if = "is_default")]
    pub checked_host: String,
    /// Which of [`super::Cluster::further_tls`] connections to it have; `None` are those of the cluster.
    #[serde(skip_serializing_if = "is_default")]
    pub tls: Option<usize>,
}

impl FailoverHost {
    /// Its address; `None` where it is looked up.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}
