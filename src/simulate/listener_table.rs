//! The chains of a socket, with what finds them.

use std::sync::OnceLock;

use crate::hostname::Hostname;
use crate::ir::{ChainMatch, FilterChain, Listener, Transport};

use super::host::HostTable;
use super::http::HttpTable;
use super::request::Security;

/// A socket with what finds its chains.
#[derive(Debug)]
pub(super) struct ListenerTable<'c> {
    pub(super) listener: &'c Listener,
    /// Beside each chain its virtual hosts, when it serves HTTP.
    pub(super) http: Vec<OnceLock<HttpTable<'c>>>,
    names: HostTable<'c>,
    /// The hosts that all its HTTPS chains have one list of.
    pub(super) misdirected: HostTable<'c>,
}

impl<'c> ListenerTable<'c> {
    pub(super) fn new(listener: &'c Listener) -> Self {
        // What is asked for of the socket changes no decision.
        let Listener {
            address: _,
            second: _,
            bind_port: _,
            port: _,
            entrance: _,
            transport,
            settings: _,
            gateways: _,
            misdirected,
            origin: _,
            called: _,
        } = listener;
        let chains: &[FilterChain] = match transport {
            Transport::Tcp(chains) => chains,
            Transport::Udp(_) => &[],
        };
        let names = chains.iter().enumerate().flat_map(|(place, chain)| {
            let hosts: &[Hostname] = match &chain.select {
                ChainMatch::Any | ChainMatch::Http => &[],
                ChainMatch::ServerNames(hosts) => hosts,
                ChainMatch::AnyServerName => &[Hostname::Any],
            };
            hosts.iter().map(move |host| (host, place))
        });
        Self {
            listener,
            http: chains.iter().map(|_| OnceLock::new()).collect(),
            names: HostTable::new(names),
            misdirected: HostTable::new(misdirected.iter().zip(0..)),
        }
    }

    /// The place of the chain that takes a connection; `is_http` when it begins with a request.
    pub(super) fn chain(&self, security: &Security, is_http: bool) -> Option<usize> {
        let place = |select: ChainMatch| self.listener.chains().iter().position(|chain| chain.select == select);
        let any = || place(ChainMatch::Any);
        match security {
            Security::Tls { server_name, .. } => {
                self.names.find(server_name.as_deref().unwrap_or_default()).or_else(any)
            }
            Security::Plain if is_http => place(ChainMatch::Http).or_else(any),
            Security::Plain | Security::Udp => any(),
        }
    }
}
