//! The addresses of Services on this machine, which the proxy has in their place, and what would come back to it.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};

use crate::diagnostics::{Diagnostics, Finding, Location, codes};
use crate::ir::{self, BackendName, Endpoints, Site};
use crate::name::NamespacedName;
use crate::options::{Addresses, LoopbackRange};
use crate::parser::api::Service;
use crate::parser::manifests::Object;
use crate::resolver::Resolved;
use crate::whole;

use super::ServiceHosts;

/// The Services of the input, by namespace and name.
pub(super) type Services<'m> = HashMap<NamespacedName<'m>, &'m Object<Service>>;

/// Where a Service is served.
#[derive(Clone, Copy)]
pub(super) struct ServiceAddress {
    pub(super) first: IpAddr,
    /// Its address of the other family, if it has one.
    pub(super) second: Option<IpAddr>,
}

impl ServiceAddress {
    /// One address alone.
    fn only(first: IpAddr) -> Self {
        Self { first, second: None }
    }

    /// The addresses.
    pub(super) fn all(self) -> impl Iterator<Item = IpAddr> {
        std::iter::once(self.first).chain(self.second)
    }
}

/// Which addresses each Service has.
pub(super) struct ServiceAddresses<'m> {
    by_service: HashMap<NamespacedName<'m>, Result<ServiceAddress, String>>,
    /// Whether they are those that the cluster gave, which names of Services lead to.
    are_of_cluster: bool,
}

impl<'m> ServiceAddresses<'m> {
    /// Chooses addresses for the Services that clients connect to. Which one a Service has depends on these alone, and not
    /// on their routes.
    pub(super) fn new(resolved: &'m Resolved<'m>, services: &Services<'m>, wanted: Addresses) -> Self {
        let keys = known(resolved, services);
        let every = |service: &Service| {
            let mut addresses = service.cluster_ips();
            addresses.next().map(|first| ServiceAddress { first, second: addresses.next() })
        };
        let (range, of_cluster) = match wanted {
            Addresses::Loopback(range) => (range, None),
            Addresses::ClusterIp => (LoopbackRange::default(), Some(of_cluster(&keys, services, every))),
            Addresses::Any => {
                let found = of_cluster(&keys, services, every);
                (LoopbackRange::default(), Some(found).filter(|found| found.values().all(Result::is_ok)))
            }
        };
        match of_cluster {
            Some(by_service) => Self { by_service, are_of_cluster: true },
            None => {
                let mut free = range.addresses();
                let mut next = || {
                    let none = || format!("no address of {range} is left for it");
                    free.next().map(|address| ServiceAddress::only(IpAddr::V4(address))).ok_or_else(none)
                };
                let by_service = keys.into_iter().map(|key| (key, next())).collect();
                Self { by_service, are_of_cluster: false }
            }
        }
    }

    /// The addresses that rules of a machine lead to the proxy: of two families the one that they are about.
    pub(super) fn redirected(resolved: &'m Resolved<'m>, services: &Services<'m>) -> Self {
        let led = |service: &Service| {
            service.cluster_ips().find(IpAddr::is_ipv4).or(service.cluster_ip).map(ServiceAddress::only)
        };
        Self { by_service: of_cluster(&known(resolved, services), services, led), are_of_cluster: true }
    }

    /// The addresses of a Service.
    ///
    /// # Errors
    /// Why it has none, in words.
    pub(super) fn of<'a>(&'a self, key: NamespacedName<'a>) -> Result<ServiceAddress, &'a str> {
        match self.by_service.get(&key) {
            Some(Ok(address)) => Ok(*address),
            Some(Err(why)) => Err(why),
            None => Err("nobody knows its ports"),
        }
    }
}

/// The Services that clients connect to and the input has.
fn known<'m>(resolved: &'m Resolved<'m>, services: &Services<'m>) -> Vec<NamespacedName<'m>> {
    let keys = resolved.gateways.iter().map(|service| service.object.metadata.sort_key());
    keys.filter(|key| services.contains_key(key)).collect()
}

/// The addresses that the cluster gave. Nobody knows whose one is that two Services have.
fn of_cluster<'m>(
    keys: &[NamespacedName<'m>],
    services: &Services<'m>,
    chosen: impl Fn(&Service) -> Option<ServiceAddress>,
) -> HashMap<NamespacedName<'m>, Result<ServiceAddress, String>> {
    let chosen = |key: &NamespacedName<'m>| services.get(key).and_then(|service| chosen(&service.spec));
    let mut owners: HashMap<IpAddr, Vec<NamespacedName<'m>>> = HashMap::new();
    for key in keys {
        for address in chosen(key).into_iter().flat_map(ServiceAddress::all) {
            owners.entry(address).or_default().push(*key);
        }
    }
    let address = |key: NamespacedName<'m>| {
        let own = chosen(&key).ok_or_else(|| "it has no `clusterIP`".to_owned())?;
        let other = own.all().find_map(|address| owners.get(&address)?.iter().find(|other| **other != key));
        match other {
            None => Ok(own),
            Some((namespace, name)) => Err(format!("its `clusterIP` is that of Service `{namespace}/{name}` as well")),
        }
    };
    keys.iter().map(|key| (*key, address(*key))).collect()
}

/// The addresses that several Services of the input have.
pub(super) fn shared_addresses(services: &Services<'_>) -> HashSet<IpAddr> {
    let mut known = HashSet::new();
    let addresses = services.values().flat_map(|service| service.spec.cluster_ips());
    addresses.filter(|address| !known.insert(*address)).collect()
}

/// Reports the backends whose connections would be made to the proxy itself, for ever.
pub(super) fn report_loops(
    config: &ir::Config,
    hosts: &[ServiceHosts],
    (services, addresses): (&Services<'_>, &ServiceAddresses<'_>),
    diagnostics: &mut Diagnostics,
) {
    let own: HashSet<SocketAddr> = config.listeners.iter().flat_map(ir::Listener::sockets).collect();
    let mut named: HashMap<String, Vec<IpAddr>> = HashMap::new();
    for ServiceHosts { address, names } in hosts {
        // A name that ends with a dot is asked of the cluster, which knows its own addresses.
        let asked = names.iter().filter(|_| addresses.are_of_cluster).map(|name| format!("{name}."));
        for name in asked.chain(names.iter().cloned()) {
            named.entry(name).or_default().push(*address);
        }
    }
    // Connections and datagrams to one port have a cluster each.
    let mut told = HashSet::new();
    for cluster in &config.clusters {
        let leads_back = match &cluster.endpoints {
            Endpoints::Static(endpoints) => endpoints
                .iter()
                .find(|endpoint| own.contains(endpoint))
                .map(|endpoint| format!("its endpoint {endpoint} is an address of a Service here")),
            Endpoints::File(_) => None,
            Endpoints::Dns(names) => names.iter().find_map(|(host, port)| {
                let sockets = named.get(host)?.iter().map(|address| SocketAddr::new(*address, port.number()));
                let socket = { sockets }.find(|socket| own.contains(socket))?;
                Some(format!("its name `{host}` leads to {socket}, which is the proxy's own"))
            }),
        };
        if let Some(why) = leads_back.filter(|_| told.insert(&cluster.backend)) {
            diagnostics.report(loops(&cluster.backend, &why, services));
        }
    }
}

fn loops(backend: &BackendName, why: &str, services: &Services<'_>) -> Finding {
    let BackendName { namespace, name, port, site } = backend;
    let message = format!("what is sent to `{namespace}/{name}` on port {port} would come back to the proxy: {why}");
    let service = services.get(&(namespace, name)).filter(|_| *site == Site::Internal);
    let finding = match service {
        Some(service) => service.head.finding(codes::MESH_LOOP, whole!["spec"], message),
        None => Finding::new(codes::MESH_LOOP, Location::Run, message),
    };
    finding
        .label("it leads back here")
        .help("add its EndpointSlices, name its endpoints with `--resolve`, or say `--mesh-addresses loopback`")
}
