//! Hosts that are sent to where those of a cluster are not healthy
//! ([priority levels](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/priority)).

use std::collections::HashMap;

use envoy_types::pb::envoy::config::cluster::v3::cluster::TransportSocketMatch;
use envoy_types::pb::envoy::config::core::v3::{Locality, Metadata};
use envoy_types::pb::envoy::config::endpoint::v3::cluster_load_assignment::Policy;
use envoy_types::pb::envoy::config::endpoint::v3::{
    Endpoint, LbEndpoint, LocalityLbEndpoints, endpoint::HealthCheckConfig, lb_endpoint::HostIdentifier,
};
use envoy_types::pb::google::protobuf::{Struct, Value, value};

use crate::ir::{Cluster, Config, Failover, FailoverHost, FailoverLocality, LocalityName};

use super::endpoint_tls::SOCKET_METADATA;
use super::layout::Layout;
use super::proto::{named_address, socket_address, text, uint32};
use super::upstream_tls::to_upstream_socket;

/// The key in that metadata.
const FAILOVER_KEY: &str = "failover";

/// The weight of a locality that says nothing of it. Envoy sends nothing to one without a weight
/// ([locality weighted load balancing](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/locality_weight)).
pub(super) const LOCALITY_WEIGHT: u32 = 1;

/// The localities of a failover.
pub(super) fn to_localities(failover: &Failover, are_weighed: bool) -> Vec<LocalityLbEndpoints> {
    let locality = |locality: &FailoverLocality| {
        let FailoverLocality { priority, name, weight, hosts } = locality;
        let weight = weight.unwrap_or(LOCALITY_WEIGHT);
        LocalityLbEndpoints {
            priority: *priority,
            locality: (*name != LocalityName::default()).then(|| to_locality(name)),
            load_balancing_weight: are_weighed.then(|| uint32(weight)),
            lb_endpoints: hosts.iter().map(to_endpoint).collect(),
            ..LocalityLbEndpoints::default()
        }
    };
    failover.localities.iter().map(locality).collect()
}

fn to_locality(LocalityName { region, zone, sub_zone }: &LocalityName) -> Locality {
    Locality { region: text(Some(region)), zone: text(Some(zone)), sub_zone: text(Some(sub_zone)) }
}

fn to_endpoint(host: &FailoverHost) -> LbEndpoint {
    let FailoverHost { host: place, port, called: _, weight, hostname, checked_port, checked_host, tls } = host;
    let address = match host.address() {
        Some(ip) => socket_address(ip, *port),
        None => named_address(text(Some(place)), *port, false),
    };
    let asked = HealthCheckConfig {
        port_value: checked_port.map_or(0, |port| port.number().into()),
        hostname: text(Some(checked_host)),
        ..HealthCheckConfig::default()
    };
    let endpoint = Endpoint {
        address: Some(address),
        hostname: text(hostname.as_deref()),
        health_check_config: (asked != HealthCheckConfig::default()).then_some(asked),
        ..Endpoint::default()
    };
    LbEndpoint {
        host_identifier: Some(HostIdentifier::Endpoint(endpoint)),
        load_balancing_weight: weight.map(uint32),
        metadata: tls.map(|index| Metadata {
            filter_metadata: [(SOCKET_METADATA.to_owned(), to_struct(index))].into(),
            typed_filter_metadata: HashMap::new(),
        }),
        ..LbEndpoint::default()
    }
}

/// A socket for each kind of TLS that hosts of the failover ask for themselves.
pub(super) fn to_matches<'c>(
    cluster: &'c Cluster,
    config: &'c Config,
    layout: &'c Layout,
) -> impl Iterator<Item = TransportSocketMatch> + 'c {
    let is_asked_for = |index: usize| {
        let mut hosts = cluster.settings.failover.iter().flat_map(Failover::hosts);
        hosts.any(|host| host.tls == Some(index))
    };
    let asked_for = cluster.further_tls.iter().enumerate().filter(move |(index, _)| is_asked_for(*index));
    asked_for.map(|(index, tls)| TransportSocketMatch {
        name: format!("{FAILOVER_KEY}/{index}"),
        r#match: Some(to_struct(index)),
        transport_socket: Some(to_upstream_socket(tls, config, layout)),
    })
}

fn to_struct(index: usize) -> Struct {
    let value = Value { kind: Some(value::Kind::StringValue(index.to_string())) };
    Struct { fields: [(FAILOVER_KEY.to_owned(), value)].into() }
}

/// How much the healthy share of a priority takes.
pub(super) fn to_policy(failover: &Failover) -> Option<Policy> {
    let factor = failover.overprovisioning?;
    Some(Policy { overprovisioning_factor: Some(uint32(factor)), ..Policy::default() })
}
