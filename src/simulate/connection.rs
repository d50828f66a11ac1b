//! Which listener and filter chain take a connection
//! ([FilterChainMatch](https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener_components.proto)).

use std::net::{IpAddr, Ipv4Addr};

use crate::ir::{FilterChain, Handler, Listener, TcpBackend, TcpProxy, TlsTermination, Transport, UdpProxy, Verdict};

use super::authorization::Authority;
use super::decision::{Answer, Closed, Decision, Outcome};
use super::http::HttpTable;
use super::listener_table::ListenerTable;
use super::request::{Connection, Request, Security};
use super::share::Share;
use super::simulator::Simulator;

/// Where clients connect from.
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

impl<'c> Simulator<'c> {
    /// The listener and the place of the chain that take the connection of a request.
    pub(super) fn connect(
        &self,
        request: &Request,
    ) -> Result<(&ListenerTable<'c>, usize), (Option<&'c Listener>, Closed)> {
        let connection = &request.connection;
        let table = self.listener(connection).ok_or((None, Closed::NoListener))?;
        let listener = table.listener;
        let place = table.chain(&connection.security, !request.is_stream()).ok_or((Some(listener), Closed::NoChain))?;
        match check_security(&listener.chains()[place], &connection.security) {
            None => Ok((table, place)),
            Some(closed) => Err((Some(listener), closed)),
        }
    }

    /// The socket that a connection reaches: one on the very address before one on all.
    fn listener(&self, connection: &Connection) -> Option<&ListenerTable<'c>> {
        let Connection { address, port, security } = connection;
        let candidates = || self.on_port(*port, *security == Security::Udp);
        let Some(address) = address else { return candidates().next() };
        let at = |exact: bool| {
            candidates().find(|table| {
                let own = table.listener.address;
                if exact { own == *address } else { own.is_unspecified() }
            })
        };
        at(true).or_else(|| at(false))
    }

    /// Serves a request on the chain that took its connection.
    pub(super) fn serve(
        &self,
        table: &ListenerTable<'c>,
        place: usize,
        request: &Request,
        authority: &Authority<'_>,
    ) -> Decision<'c> {
        let chain = &table.listener.chains()[place];
        let mut decision = match &chain.handler {
            Handler::Http(connection) => {
                let http = table.http[place].get_or_init(|| HttpTable::new(connection, chain, self.config));
                http.decide(self.config, (request, &table.misdirected), authority)
            }
            Handler::Tcp(TcpProxy { backends, access }) => {
                let verdict = access.as_ref().map(|access| access.of_address(CLIENT));
                if verdict == Some(Verdict::Refused) {
                    Decision::closed(None, Closed::NotAllowed)
                } else {
                    self.stream(backends)
                }
            }
            Handler::Close => Decision::closed(None, Closed::NoRoute),
        };
        decision.listener = Some(table.listener);
        decision.chain = Some(chain);
        decision
    }

    /// The outcomes of a datagram.
    pub(super) fn datagram(&self, connection: &Connection) -> Option<Decision<'c>> {
        let listener = self.listener(connection)?.listener;
        match &listener.transport {
            Transport::Tcp(_) => None,
            Transport::Udp(UdpProxy { backends }) => {
                Some(Decision { listener: Some(listener), ..self.stream(backends) })
            }
        }
    }

    fn stream(&self, backends: &[TcpBackend]) -> Decision<'c> {
        let sum = backends.iter().map(|backend| u128::from(backend.weight)).sum();
        let outcomes = backends.iter().map(|TcpBackend { weight, cluster, origin }| Outcome {
            share: Share::new(u128::from(*weight), sum),
            backend: Some(*origin),
            asked: &[],
            answer: match cluster {
                None => Answer::Closed(Closed::InvalidBackend),
                Some(id) if self.config.cluster(*id).is_empty() => Answer::Closed(Closed::NoEndpoint),
                Some(id) => Answer::Stream(*id),
            },
        });
        Decision { outcomes: outcomes.collect(), ..Decision::closed(None, Closed::NoRoute) }
    }

    /// The virtual hosts of a chain, for those who want to look at all routes.
    pub(super) fn http<'s>(&self, table: &'s ListenerTable<'c>, place: usize) -> Option<&'s HttpTable<'c>> {
        let chain = &table.listener.chains()[place];
        match &chain.handler {
            Handler::Http(connection) => {
                Some(table.http[place].get_or_init(|| HttpTable::new(connection, chain, self.config)))
            }
            Handler::Tcp(_) | Handler::Close => None,
        }
    }
}

/// Why a chain does not take a connection that was selected for it.
fn check_security(chain: &FilterChain, security: &Security) -> Option<Closed> {
    let is_passed_through = matches!(chain.handler, Handler::Tcp(_) | Handler::Close);
    match (&chain.tls, security) {
        (None, Security::Plain | Security::Udp) => None,
        (None, Security::Tls { .. }) if is_passed_through => None,
        (None, Security::Tls { .. }) | (Some(_), Security::Plain | Security::Udp) => Some(Closed::WrongSecurity),
        (
            Some(TlsTermination { certificates: _, alpn: _, clients, terms: _ }),
            Security::Tls { server_name: _, certificate },
        ) => (clients.must_show() && !certificate).then_some(Closed::NoCertificate),
    }
}
