//! Witnesses about routes of Services that hand on connections or datagrams: what a client begins that gets to them.

use std::collections::HashMap;

use crate::diagnostics::{Code, Finding, ObjectPart, Witness, WitnessRequest, WitnessTls};
use crate::hostname::Hostname;
use crate::ir::{ChainMatch, FilterChain, Handler, Listener, TcpBackend, TcpProxy, Transport, UdpProxy};
use crate::resolver::OriginTable;
use crate::simulate::{Connection, Decision, Request, Security, Simulator};

use super::services::Services;
use super::witness::Witnesses;

/// What a case that keeps the witness sends over a connection.
const SENT: &str = "GET";

/// What takes connections or datagrams, and whose routes these are handed on by.
struct Taking<'c> {
    listener: &'c Listener,
    /// The chain; datagrams have none.
    chain: Option<&'c FilterChain>,
    backends: &'c [TcpBackend],
}

impl<'c> Witnesses<'c> {
    /// Gives witnesses to what earlier stages found, of these codes, about the parents of routes that hand on connections or
    /// datagrams.
    pub(super) fn attach_connections(&self, codes: &[Code], origins: &OriginTable, findings: &mut [Finding]) {
        let Some(services) = self.services() else { return };
        let is_open = |finding: &&mut Finding| finding.witness.is_none() && codes.contains(&finding.code);
        if !findings.iter_mut().any(|finding| is_open(&finding)) {
            return;
        }
        let mut by_route: HashMap<_, Vec<Taking<'c>>> = HashMap::new();
        for taking in self.config().listeners.iter().flat_map(takings) {
            let route = taking.backends.first().and_then(|backend| origins.get(backend.origin));
            let Some((key, _, _)) = route else { continue };
            by_route.entry((key.kind.name(), &*key.namespace, &*key.name)).or_default().push(taking);
        }
        for finding in findings.iter_mut().filter(is_open) {
            let (Some(object), ObjectPart::Parent(parent)) = (&finding.object, finding.part) else { continue };
            let name = (&*object.kind, &*object.namespace, &*object.name);
            let own = by_route.get(&name).into_iter().flatten();
            let about = own.filter(|taking| services.is_held_by(taking.listener, name, parent));
            finding.witness = { about }.find_map(|taking| self.of_connection(taking, services));
        }
    }

    /// A connection, or a datagram, that what takes it does take.
    fn of_connection(&self, taking: &Taking<'c>, services: &Services<'c>) -> Option<Witness> {
        let Taking { listener, chain, backends: _ } = taking;
        let security = security(*chain)?;
        let connection = Connection { address: None, port: listener.port, security };
        let request = Request { authority: None, ..Request::stream(connection) };
        let decision = self.simulator(listener)?.decide(&request);
        if !is_by(&decision, taking) || !services.is_there(listener) {
            return None;
        }
        let (url, _) = services.url(listener, &request);
        let tls = match request.connection.security {
            Security::Tls { server_name, .. } => server_name.map(|sni| WitnessTls { sni }),
            Security::Plain | Security::Udp => None,
        };
        let request = WitnessRequest { method: SENT.to_owned(), url, headers: [].into(), tls };
        let from = services.from(listener).map(ToString::to_string);
        Some(Witness { request, gateway: None, from, answer: self.answer(&decision) })
    }
}

/// What of a listener hands on bytes.
fn takings<'l>(listener: &'l Listener) -> Vec<Taking<'l>> {
    let of_chain = |chain: &'l FilterChain| match chain {
        FilterChain { handler: Handler::Tcp(TcpProxy { backends, access: _ }), .. } => {
            Some(Taking { listener, chain: Some(chain), backends })
        }
        _ => None,
    };
    match &listener.transport {
        Transport::Tcp(chains) => chains.iter().filter_map(of_chain).collect(),
        Transport::Udp(UdpProxy { backends }) => vec![Taking { listener, chain: None, backends }],
    }
}

/// What the connections of a chain begin with; `None` where nobody can say.
fn security(chain: Option<&FilterChain>) -> Option<Security> {
    let Some(chain) = chain else { return Some(Security::Udp) };
    let name = match &chain.select {
        ChainMatch::Any => return Some(Security::Plain),
        ChainMatch::ServerNames(names) => names.first(),
        ChainMatch::AnyServerName => Some(&Hostname::Any),
        ChainMatch::Http => None,
    };
    name.map(|name| Security::tls(&Simulator::example_host(name), false))
}

fn is_by(decision: &Decision<'_>, Taking { listener, chain, backends: _ }: &Taking<'_>) -> bool {
    let is_there = decision.listener.is_some_and(|own| std::ptr::eq(own, *listener));
    let is_same = |own: &FilterChain| chain.is_some_and(|chain| std::ptr::eq(own, chain));
    is_there && decision.chain.map_or(chain.is_none(), is_same)
}
