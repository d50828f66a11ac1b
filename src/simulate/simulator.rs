//! A configuration that can be asked about requests.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use crate::ir::{Config, GatewayName, Listener, Transport};
use crate::port::Port;

use super::authorization::{Permission, Question};
use super::decision::Decision;
use super::listener_table::ListenerTable;
use super::request::{Connection, Request, Security};

/// A configuration with the indexes that make decisions fast. They are built
/// when they are first needed, so that one decision costs little.
#[derive(Debug)]
pub struct Simulator<'c> {
    pub(super) config: &'c Config,
    pub(super) listeners: Vec<ListenerTable<'c>>,
    /// The places of those that have a port, of TCP and of UDP.
    by_port: OnceLock<HashMap<(Port, bool), Vec<usize>>>,
}

impl<'c> Simulator<'c> {
    /// Prepares a configuration.
    pub fn new(config: &'c Config) -> Self {
        Self::of(config, config.listeners.iter().map(ListenerTable::new).collect())
    }

    fn of(config: &'c Config, listeners: Vec<ListenerTable<'c>>) -> Self {
        Self { config, listeners, by_port: OnceLock::new() }
    }

    /// The listeners of a port, in their order.
    pub(super) fn on_port(&self, port: Port, is_udp: bool) -> impl Iterator<Item = &ListenerTable<'c>> {
        let by_port = self.by_port.get_or_init(|| {
            let mut by_port: HashMap<_, Vec<usize>> = HashMap::new();
            for (place, table) in self.listeners.iter().enumerate() {
                let is_udp = matches!(table.listener.transport, Transport::Udp(_));
                by_port.entry((table.listener.port, is_udp)).or_default().push(place);
            }
            by_port
        });
        by_port.get(&(port, is_udp)).into_iter().flatten().filter_map(|place| self.listeners.get(*place))
    }

    /// Prepares what requests can get to: all but the Gateways that nobody names.
    pub fn of_named(config: &'c Config) -> Self {
        let named = config.listeners.iter().filter(|listener| !listener.is_unnamed());
        Self::of(config, named.map(ListenerTable::new).collect())
    }

    /// Prepares what one Gateway declares. Two Gateways may declare one port, which only a configuration that is
    /// judged holds side by side: a request is for one of them.
    pub fn of_gateway(config: &'c Config, gateway: &GatewayName) -> Self {
        let own = config.listeners.iter().filter(|listener| listener.is_of(gateway));
        Self::of(config, own.map(ListenerTable::new).collect())
    }

    /// The same for each Gateway: whoever asks about all of them looks at each listener once.
    pub fn of_each_gateway(config: &'c Config) -> BTreeMap<&'c GatewayName, Self> {
        let mut each: BTreeMap<&GatewayName, Self> = BTreeMap::new();
        for listener in &config.listeners {
            for gateway in listener.gateways.iter().collect::<BTreeSet<_>>() {
                let of_gateway = each.entry(gateway).or_insert_with(|| Self::of(config, Vec::new()));
                of_gateway.listeners.push(ListenerTable::new(listener));
            }
        }
        each
    }

    /// The Gateways of a configuration that serve a connection's port, each once. Where a client names an address, those
    /// that have it go before those that take every address.
    pub fn gateways_of(config: &'c Config, connection: &Connection) -> Vec<&'c GatewayName> {
        let Connection { address, port, security } = connection;
        let serves = |listener: &&Listener| {
            let is_udp = matches!(listener.transport, Transport::Udp(_));
            !listener.is_unnamed() && listener.port == *port && is_udp == (*security == Security::Udp)
        };
        let serving = || config.listeners.iter().filter(serves);
        let has = |listener: &&Listener| address.is_none_or(|address| listener.address == address);
        let is_exact = serving().any(|listener| has(&listener));
        let reached =
            serving().filter(|listener| if is_exact { has(listener) } else { listener.address.is_unspecified() });
        let mut gateways: Vec<&GatewayName> = reached.flat_map(|listener| &listener.gateways).collect();
        gateways.sort();
        gateways.dedup();
        gateways
    }

    /// The configuration.
    pub fn config(&self) -> &'c Config {
        self.config
    }

    /// Decides about one request. Authorization services are assumed to agree.
    pub fn decide(&self, request: &Request) -> Decision<'c> {
        self.decide_with(request, &|_| Permission::Granted(Vec::new()))
    }

    /// Decides about one request; `authority` speaks for the authorization services.
    pub fn decide_with(&self, request: &Request, authority: &dyn Fn(&Question) -> Permission) -> Decision<'c> {
        if let Some(decision) = self.datagram(&request.connection) {
            return decision;
        }
        match self.connect(request) {
            Ok((listener, chain)) => self.serve(listener, chain, request, authority),
            Err((listener, closed)) => Decision::closed(listener, closed),
        }
    }
}
