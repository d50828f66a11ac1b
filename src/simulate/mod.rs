//! What the gateway would do with one request.
//!
//! Input: [`Config`] and a [`Request`]. Output: a [`Decision`]: the way
//! through the configuration and every possible outcome with its exact share.
//! Pure: no Kubernetes type, no clock, no network. This is a second reader of
//! the IR beside `translator::envoy`, and it answers as Envoy 1.40 does when it
//! runs what that one emits; the test suite compares both on every case.

mod action;
mod authorization;
mod candidates;
mod connection;
mod cors;
mod decision;
mod header;
mod host;
mod http;
mod language;
mod matching;
mod path;
mod re2;
mod redirect;
mod request;
mod rewrite;
mod rewritten;
mod routes;
mod session;
mod share;
mod url;
mod witness;

pub use authorization::{Permission, Question};
pub use candidates::{Candidate, Precedence, Unmet, Verdict};
pub use decision::{Answer, Closed, Decision, LocalReply, Outcome, Reason, Upstream};
pub use language::Language;
pub use path::{Extent, has_parameters_of_dots, may_arrive};
pub use re2::Pattern;
pub use request::{Connection, Request, Security, Version};
pub use rewritten::{Fate, fate};
pub use session::{SessionStart, UNKNOWN};
pub use share::Share;
pub use url::is_referer;
pub use witness::Witness;

use crate::ir::{Config, GatewayName};

use connection::ListenerTable;

/// A configuration with the indexes that make decisions fast. They are built
/// when they are first needed, so that one decision costs little.
#[derive(Debug)]
pub struct Simulator<'c> {
    config: &'c Config,
    listeners: Vec<ListenerTable<'c>>,
}

impl<'c> Simulator<'c> {
    /// Prepares a configuration.
    pub fn new(config: &'c Config) -> Self {
        let listeners = config.listeners.iter().map(ListenerTable::new).collect();
        Self { config, listeners }
    }

    /// Prepares what requests can get to: all but the Gateways that nobody names.
    pub fn of_named(config: &'c Config) -> Self {
        let named = config.listeners.iter().filter(|listener| !listener.is_unnamed());
        Self { config, listeners: named.map(ListenerTable::new).collect() }
    }

    /// Prepares what one Gateway declares. Two Gateways may declare one port, which only a configuration that is
    /// judged holds side by side: a request is for one of them.
    pub fn of_gateway(config: &'c Config, gateway: &GatewayName) -> Self {
        let own = config.listeners.iter().filter(|listener| listener.is_of(gateway));
        Self { config, listeners: own.map(ListenerTable::new).collect() }
    }

    /// The Gateways of a configuration that serve a connection's port, each once. Where a client names an address, those
    /// that have it go before those that take every address.
    pub fn gateways_of(config: &'c Config, connection: &Connection) -> Vec<&'c GatewayName> {
        let Connection { address, port, security } = connection;
        let serves = |listener: &&crate::ir::Listener| {
            let is_udp = matches!(listener.transport, crate::ir::Transport::Udp(_));
            !listener.is_unnamed() && listener.port == *port && is_udp == (*security == Security::Udp)
        };
        let serving = || config.listeners.iter().filter(serves);
        let has = |listener: &&crate::ir::Listener| address.is_none_or(|address| listener.address == address);
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
        match self.connect(&request.connection) {
            Ok((listener, chain)) => self.serve(listener, chain, request, authority),
            Err((listener, closed)) => Decision::closed(listener, closed),
        }
    }
}

#[cfg(test)]
mod tests;
