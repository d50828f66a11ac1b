//! `failover` of an Upstream: hosts that are sent to where its own are not healthy
//! ([Failover](https://docs.solo.io/gateway/latest/reference/api/failover/)).

use std::net::IpAddr;
use std::sync::Arc;

use crate::diagnostics::{Diagnostics, FieldPath, Reported, codes};
use crate::ir::{Failover, FailoverHost, FailoverLocality, LocalityName};
use crate::parser::api::{
    FailoverEndpoint, FailoverHealth, FailoverLocalityName, FailoverPolicy, LocalityEndpoints, PrioritizedLocality,
    UpstreamFailover, UpstreamSpec, UpstreamSsl,
};
use crate::parser::manifests::Object;
use crate::path;
use crate::port::Port;
use crate::whole;

use super::super::backend_tls::TlsSettings;
use super::encryption;
use super::refused::{Refused, unusable};
use super::upstream_host::{HEAVIEST, is_address, is_server_name, lacking, port};

/// How a host of a failover is encrypted: what its `upstreamSslConfig` asks for, and whether its Secret can be used.
pub(super) type TlsOf<'t> =
    dyn Fn(&UpstreamSsl, &FieldPath, &mut Vec<Refused>) -> (TlsSettings, Result<(), Reported>) + 't;

/// What becomes of a `failover`.
pub(super) struct Elsewhere {
    pub(super) failover: Failover,
    /// What its hosts refer to.
    pub(super) tls: Vec<Arc<TlsSettings>>,
    /// The proof where TLS of one of them cannot be used.
    pub(super) invalid: Option<Reported>,
}

/// Reads a `failover`.
pub(super) fn elsewhere(config: &UpstreamFailover, tls_of: &TlsOf<'_>, refused: &mut Vec<Refused>) -> Elsewhere {
    let UpstreamFailover { policy, prioritized_localities } = config;
    let factor = policy.as_ref().and_then(|FailoverPolicy { overprovisioning_factor }| *overprovisioning_factor);
    if factor == Some(0) {
        let at = path!["failover", "policy", "overprovisioningFactor"];
        refused.push(unusable(at, "is no share", "write a percentage above zero, or leave it out for 140"));
    }
    let failover = Failover { overprovisioning: factor, localities: Vec::new() };
    let mut read = Elsewhere { failover, tls: Vec::new(), invalid: None };
    let at = path!["failover", "prioritizedLocalities"];
    if prioritized_localities.is_empty() {
        refused.push(lacking(at.clone(), "add a locality with its endpoints"));
    }
    for (index, PrioritizedLocality { locality_endpoints }) in prioritized_localities.iter().enumerate() {
        let at = at.with(index).with("localityEndpoints");
        if locality_endpoints.is_empty() {
            refused.push(lacking(at.clone(), "add a locality with its endpoints"));
        }
        let priority = u32::try_from(index + 1).unwrap_or(u32::MAX);
        // Envoy counts priorities in 7 bits
        // ([priority](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/endpoint/v3/endpoint_components.proto#envoy-v3-api-field-config-endpoint-v3-localitylbendpoints-priority)).
        if priority > LAST_PRIORITY {
            refused.push(unusable(at, "is one priority too many", "write 128 priorities at most"));
            break;
        }
        for (place, locality) in locality_endpoints.iter().enumerate() {
            read.add(locality, priority, &at.with(place), tls_of, refused);
        }
    }
    read
}

/// The last priority that Envoy has.
const LAST_PRIORITY: u32 = 128;

impl Elsewhere {
    fn add(
        &mut self,
        locality: &LocalityEndpoints,
        priority: u32,
        at: &FieldPath,
        tls_of: &TlsOf<'_>,
        refused: &mut Vec<Refused>,
    ) {
        let LocalityEndpoints { lb_endpoints, load_balancing_weight, locality } = locality;
        if lb_endpoints.is_empty() {
            refused.push(lacking(at.with("lbEndpoints"), "add an endpoint with its `address` and `port`"));
        }
        let name = locality.as_ref().map(|FailoverLocalityName { region, sub_zone, zone }| LocalityName {
            region: region.clone(),
            zone: zone.clone(),
            sub_zone: sub_zone.clone(),
        });
        let weight = weight(*load_balancing_weight, at, refused);
        let mut hosts = Vec::with_capacity(lb_endpoints.len());
        for (index, endpoint) in lb_endpoints.iter().enumerate() {
            hosts.push(self.host(endpoint, &at.with("lbEndpoints").with(index), tls_of, refused));
        }
        self.failover.localities.push(FailoverLocality { priority, name: name.unwrap_or_default(), weight, hosts });
    }

    fn host(
        &mut self,
        endpoint: &FailoverEndpoint,
        at: &FieldPath,
        tls_of: &TlsOf<'_>,
        refused: &mut Vec<Refused>,
    ) -> FailoverHost {
        let FailoverEndpoint {
            address,
            health_check_config,
            load_balancing_weight,
            metadata: _,
            port: number,
            upstream_ssl_config,
        } = endpoint;
        if !is_address(address) {
            refused.push(lacking(at.with("address"), "write an address, or a DNS name"));
        }
        let (checked_port, checked_host) = match health_check_config {
            Some(health) => checked(health, &at.with("healthCheckConfig"), refused),
            None => (None, String::new()),
        };
        let tls = upstream_ssl_config.as_ref().map(|ssl| {
            let (settings, held) = tls_of(ssl, &at.with("upstreamSslConfig"), refused);
            self.invalid = self.invalid.or(held.err());
            encryption::position(settings, &mut self.tls)
        });
        let port = port(*number, at.with("port"), refused);
        FailoverHost {
            host: address.clone(),
            port,
            called: port,
            weight: weight(*load_balancing_weight, at, refused),
            hostname: None,
            checked_port,
            checked_host,
            tls,
        }
    }
}

/// The weight of a host or a locality; what is left out has 1.
fn weight(written: Option<u32>, at: &FieldPath, refused: &mut Vec<Refused>) -> Option<u32> {
    if written.is_some_and(|weight| !(1..=HEAVIEST).contains(&weight)) {
        let help = "write a number from 1 to 1000000";
        refused.push(unusable(at.with("loadBalancingWeight"), "is no weight", help));
    }
    written.filter(|weight| *weight != 1)
}

/// Where a host is asked for its health, and for which host.
fn checked(health: &FailoverHealth, at: &FieldPath, refused: &mut Vec<Refused>) -> (Option<Port>, String) {
    // Gloo's own health checker reads the path and the method.
    let FailoverHealth { hostname, method: _, path: _, port_value } = health;
    if !is_server_name(hostname) {
        refused.push(unusable(at.with("hostname"), "is no host", "write a DNS name"));
    }
    // Zero is the port of the host.
    let number = port_value.filter(|number| *number > 0);
    (number.map(|number| port(number, at.with("portValue"), refused)), hostname.clone())
}

/// Every `upstreamSslConfig`, with its place.
pub(super) fn ssl_configs(config: &UpstreamFailover) -> impl Iterator<Item = (FieldPath, &UpstreamSsl)> {
    let priorities = config.prioritized_localities.iter().enumerate();
    let localities = priorities.flat_map(|(index, priority)| {
        let at = path!["failover", "prioritizedLocalities", index, "localityEndpoints"];
        priority.locality_endpoints.iter().enumerate().map(move |(index, locality)| (at.with(index), locality))
    });
    let endpoints = localities.flat_map(|(at, locality)| {
        let at = at.with("lbEndpoints");
        locality.lb_endpoints.iter().enumerate().map(move |(index, endpoint)| (at.with(index), endpoint))
    });
    endpoints.filter_map(|(at, endpoint)| Some((at.with("upstreamSslConfig"), endpoint.upstream_ssl_config.as_ref()?)))
}

/// Names beside a socket file, which Envoy cannot look up in one cluster.
pub(super) fn beside_file(failover: &Failover) -> Option<Refused> {
    let is_name = |host: &FailoverHost| host.host.parse::<IpAddr>().is_err();
    let has_names = failover.hosts().any(is_name);
    has_names
        .then(|| unusable(path!["failover"], "has names beside a socket file", "write addresses for its endpoints"))
}

/// Warns that nothing finds out whether the Upstream's own hosts are healthy.
pub(super) fn report_unasked(object: &Object<UpstreamSpec>, diagnostics: &mut Diagnostics) {
    let message = format!("nothing finds out whether the hosts of Upstream `{}` are healthy", object.full_name());
    let finding = object.finding(codes::OPTION_UNUSED, whole!["spec", "failover"], message);
    let finding = finding.label("this is used only where the Upstream has no host at all");
    let finding =
        finding.consequence("requests for hosts that do not answer fail, where no rule tries them again elsewhere");
    diagnostics.report(finding.help("add `healthChecks` or `outlierDetection`"));
}
