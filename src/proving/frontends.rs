//! The addresses of this machine that stand for Services while cases run: they are read from the configuration, whose
//! listeners are named after the ports of Services.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use serde_yaml::Value;

use crate::name::{Name, Namespace};
use crate::options::LoopbackRange;

use super::cases::RequestCase;
use super::error::Error;
use super::topology::Topology;
use super::values::Scheme;

/// The addresses that a process gives to Services: some that hardly anybody else on this machine uses.
pub(super) fn range() -> LoopbackRange {
    const FIRST: u32 = 64;
    const RANGES: u32 = 128;
    let second = FIRST + std::process::id() % RANGES;
    format!("127.{second}.0.0/16").parse().unwrap_or_default()
}

/// What stands for each port of each Service.
#[derive(Debug)]
pub(super) struct Frontends {
    /// The namespace of the clients.
    client: String,
    /// The Services by the addresses that the cluster gave them.
    of_cluster: BTreeMap<IpAddr, (Namespace, Name)>,
    /// The addresses, by the name of the listener.
    by_name: BTreeMap<String, SocketAddr>,
}

impl Frontends {
    /// Reads a configuration for the clients of a namespace.
    ///
    /// # Errors
    ///
    /// When it is no configuration.
    pub(super) fn read(client: &str, topology: &Topology, bootstrap: &str) -> Result<Self, Error> {
        let value: Value =
            serde_yaml::from_str(bootstrap).map_err(|error| Error::Compile(format!("no configuration: {error}")))?;
        let listeners = value["static_resources"]["listeners"].as_sequence();
        let address = |listener: &Value| {
            let socket = &listener["address"]["socket_address"];
            let ip = socket["address"].as_str()?.parse::<IpAddr>().ok()?;
            let port = u16::try_from(socket["port_value"].as_u64()?).ok()?;
            Some((listener["name"].as_str()?.to_owned(), SocketAddr::new(ip, port)))
        };
        let by_name = listeners.into_iter().flatten().filter_map(address).collect();
        Ok(Self { client: client.to_owned(), of_cluster: topology.cluster_ips.clone(), by_name })
    }

    /// The address of the Service and port that the URL of a case names.
    ///
    /// # Errors
    ///
    /// When nothing is served there.
    pub(super) fn address(&self, case: &RequestCase) -> Result<SocketAddr, Error> {
        let url = &case.request.url;
        let mut labels = url.host.split('.');
        let named = labels.next().unwrap_or_default();
        let namespace = labels.next().filter(|label| !label.is_empty()).unwrap_or(&self.client);
        let address = url.host.trim_matches(['[', ']']).parse::<IpAddr>();
        let of_cluster = address.ok().and_then(|address| self.of_cluster.get(&address));
        let (namespace, service) =
            of_cluster.map_or((namespace, named), |(namespace, name)| (namespace.as_str(), name.as_str()));
        let transport = if url.scheme == Scheme::Udp { "/udp" } else { "" };
        let name = format!("mesh/{namespace}/{service}/{}{transport}", url.port);
        let why =
            || Error::Case(format!("case `{}`: no address stands for `{}` and port {}", case.name, url.host, url.port));
        self.by_name.get(&name).copied().ok_or_else(why)
    }
}
