//! Chains of a socket whose connections are told apart by the server name of
//! TLS: HTTPS listeners, and listeners that hand on the bytes of TLS or what is
//! in it.
//!
//! The most specific listener whose hostname covers a server name owns it. What
//! that listener does not serve is closed, and never served by a less specific
//! one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::hostname::Hostname;
use crate::ir::{
    Authorities, ChainMatch, ChainName, ClientCertificates, FilterChain, Handler, Material, ObjectName, TlsTermination,
};
use crate::parser::route::RouteKind;
use crate::resolver::{
    ClientValidation, ListenerId, Protocol, ResolvedListener, RouteId, ServerNames, Termination, serving_route,
};

use super::cluster::{RouteProtocol, tls_route_protocol};
use super::http_chain::lower_https_connections;
use super::misdirected;
use super::policy::{self, CertificateMode};
use super::scope::Scope;
use super::socket_lowering::SocketLowering;

/// The application protocols of HTTPS listeners
/// ([RFC 9113, section 3.2](https://www.rfc-editor.org/rfc/rfc9113#section-3.2)).
const HTTP_PROTOCOLS: [&str; 2] = ["h2", "http/1.1"];

/// The listener that has a hostname, among those of a socket.
type Owners<'m> = HashMap<&'m Hostname, ListenerId>;

/// The chains of listeners that share a socket, in the order of the listeners.
pub(super) fn lower_tls_chains(lowering: &mut SocketLowering<'_, '_>, ids: &[ListenerId]) -> Vec<FilterChain> {
    let resolved = lowering.resolved;
    let is_https = |id: &ListenerId| resolved.listener(*id).protocol == Protocol::Https;
    let https: Vec<ListenerId> = ids.iter().copied().filter(is_https).collect();
    let mut connections = lower_https_connections(lowering, &https).into_iter();
    let owners: Owners<'_> = ids.iter().map(|id| (&resolved.listener(*id).hostname, *id)).collect();
    let mut chains = Vec::new();
    for id in ids {
        let listener = resolved.listener(*id);
        let connection = is_https(id).then(|| connections.next()).flatten();
        match connection {
            _ if !lowering.scope.serves(resolved, *id) => chains.push(closing_chain(lowering, *id)),
            Some(connection) => chains.push(FilterChain {
                tls: lower_termination(lowering, listener, &HTTP_PROTOCOLS),
                handler: Handler::Http(connection),
                ..closing_chain(lowering, *id)
            }),
            None => {
                let tls = lower_termination(lowering, listener, &[]);
                lower_stream_chains(lowering, *id, tls.as_ref(), &owners, &mut chains);
            }
        }
    }
    drop_needless(chains)
}

/// The hosts that the HTTPS listeners of a socket have one list of.
pub(super) fn common_hosts(lowering: &SocketLowering<'_, '_>, ids: &[ListenerId]) -> Vec<Hostname> {
    let listeners = ids.iter().map(|id| lowering.resolved.listener(*id));
    let https = listeners.filter(|listener| listener.protocol == Protocol::Https);
    misdirected::common(&https.map(|listener| &listener.hostname).collect::<Vec<_>>())
}

/// The chains of a listener of protocol TLS: one for each route with the
/// server names that are its own, and one that closes the rest.
fn lower_stream_chains(
    lowering: &mut SocketLowering<'_, '_>,
    id: ListenerId,
    tls: Option<&TlsTermination>,
    owners: &Owners<'_>,
    chains: &mut Vec<FilterChain>,
) {
    let resolved = lowering.resolved;
    let listener = resolved.listener(id);
    let owner = |host: &Hostname| host.ancestors().find_map(|host| owners.get(&host).copied());
    let server_names = ServerNames::of_listener(listener, &resolved.routes);
    let mut hosts = server_names.hosts(&listener.hostname);
    hosts.retain(|host| owner(host) == Some(id));
    let mut own: BTreeMap<RouteId, Vec<Hostname>> = BTreeMap::new();
    let has_rest = !hosts.contains(&listener.hostname);
    for host in hosts {
        if let Some(route) = server_names.route(&host) {
            own.entry(route).or_default().push(host);
        }
    }
    let rest = closing_chain(lowering, id);
    for (route, names) in own {
        let proxy = lowering.proxy_of(id, route, tls_route_protocol(listener.protocol));
        chains.push(FilterChain {
            name: Some(chain_name(lowering, id, Some(route))),
            select: select(&names),
            tls: tls.cloned(),
            handler: Handler::Tcp(proxy),
            origin: rest.origin,
        });
    }
    if has_rest {
        chains.push(lower_rest(lowering, id, tls, rest));
    }
}

/// What becomes of the server names that no TLSRoute has: they are the
/// TCPRoute's, which has no hostnames of its own, or their connections are closed.
fn lower_rest(
    lowering: &mut SocketLowering<'_, '_>,
    id: ListenerId,
    tls: Option<&TlsTermination>,
    rest: FilterChain,
) -> FilterChain {
    let resolved = lowering.resolved;
    let Some(route) = serving_route(resolved.listener(id), RouteKind::Tcp, &resolved.routes) else { return rest };
    let proxy = lowering.proxy_of(id, route, RouteProtocol::Tcp);
    FilterChain {
        name: Some(chain_name(lowering, id, Some(route))),
        tls: tls.cloned(),
        handler: Handler::Tcp(proxy),
        ..rest
    }
}

/// The name of a chain of a listener, or of one for a route alone.
fn chain_name(lowering: &SocketLowering<'_, '_>, id: ListenerId, route: Option<RouteId>) -> ChainName {
    let listener = lowering.resolved.listener(id);
    let kind = if listener.owner.set.is_some() { "listenerset" } else { "gateway" };
    ChainName {
        owner: ObjectName::new(kind, listener.owner.metadata().sort_key()),
        listener: listener.spec.name.clone(),
        route: route.map(|route| {
            let route = lowering.resolved.routes.get(route);
            ObjectName::new(route.kind().in_names(), route.object().metadata.sort_key())
        }),
    }
}

/// A chain that closes the connections for all hosts of a listener.
fn closing_chain(lowering: &mut SocketLowering<'_, '_>, id: ListenerId) -> FilterChain {
    let listener = lowering.resolved.listener(id);
    FilterChain {
        name: Some(chain_name(lowering, id, None)),
        select: select(std::slice::from_ref(&listener.hostname)),
        tls: None,
        handler: Handler::Close,
        origin: lowering.origin_of(id),
    }
}

fn select(hosts: &[Hostname]) -> ChainMatch {
    if hosts.contains(&Hostname::Any) { ChainMatch::AnyServerName } else { ChainMatch::ServerNames(hosts.to_vec()) }
}

/// The server names that a chain takes.
fn hosts_of(chain: &FilterChain) -> &[Hostname] {
    match &chain.select {
        ChainMatch::Any | ChainMatch::Http | ChainMatch::AnyServerName => &[Hostname::Any],
        ChainMatch::ServerNames(hosts) => hosts,
    }
}

/// Leaves out closing chains of hosts that no other chain would take: a
/// connection without a chain is closed as well. A socket has one chain at least.
fn drop_needless(chains: Vec<FilterChain>) -> Vec<FilterChain> {
    let serving: Vec<bool> = chains.iter().map(|chain| !matches!(chain.handler, Handler::Close)).collect();
    let taken: HashSet<Hostname> = chains
        .iter()
        .zip(&serving)
        .filter(|(_, serves)| **serves)
        .flat_map(|(chain, _)| hosts_of(chain))
        .cloned()
        .collect();
    let is_taken = |host: &Hostname| host.ancestors().any(|above| taken.contains(&above));
    let needed = |chain: &FilterChain| match &chain.select {
        ChainMatch::ServerNames(hosts) => hosts.iter().any(is_taken),
        ChainMatch::Any | ChainMatch::Http | ChainMatch::AnyServerName => false,
    };
    let kept: Vec<bool> = chains.iter().zip(&serving).map(|(chain, serves)| *serves || needed(chain)).collect();
    if !kept.contains(&true) {
        return chains;
    }
    chains.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(chain, _)| chain).collect()
}

/// The TLS that ends at a listener; `None` where none does.
fn lower_termination(
    lowering: &mut SocketLowering<'_, '_>,
    listener: &ResolvedListener<'_>,
    alpn: &[&'static str],
) -> Option<TlsTermination> {
    if listener.protocol == Protocol::TlsPassthrough {
        return None;
    }
    if lowering.scope == Scope::Judged {
        return Some(declared_termination(lowering, listener, alpn));
    }
    let Termination { certificates, clients } = listener.termination.as_ref()?;
    Some(TlsTermination {
        certificates: certificates.iter().map(|id| lowering.key_pair(*id)).collect(),
        alpn: alpn.to_vec(),
        clients: asked_clients(lowering, listener).unwrap_or_else(|| lower_clients(lowering, clients)),
        terms: policy::tls_terms(lowering.resolved, lowering.options.policies, listener),
    })
}

/// What a listener declares, whatever becomes of the certificates that it names: TLS ends here, and clients show what
/// they are asked for.
fn declared_termination(
    lowering: &mut SocketLowering<'_, '_>,
    listener: &ResolvedListener<'_>,
    alpn: &[&'static str],
) -> TlsTermination {
    let clients = asked_clients(lowering, listener).unwrap_or_else(|| match &listener.clients {
        Some(Ok(clients)) => lower_clients(lowering, clients),
        Some(Err(_)) => ClientCertificates::Required(unknown_authorities()),
        None => ClientCertificates::Unasked,
    });
    let certificates = listener.named_certificates.iter().map(|id| lowering.key_pair(*id)).collect();
    let terms = policy::tls_terms(lowering.resolved, lowering.options.policies, listener);
    TlsTermination { certificates, alpn: alpn.to_vec(), clients, terms }
}

/// What a policy says clients have to show: no Gateway says it where one does.
fn asked_clients(lowering: &mut SocketLowering<'_, '_>, listener: &ResolvedListener<'_>) -> Option<ClientCertificates> {
    let asked = policy::asked_certificates(lowering.resolved, lowering.options.policies, listener)?;
    Some(match asked.mode {
        CertificateMode::Request => ClientCertificates::Optional,
        CertificateMode::RequireAny => ClientCertificates::Shown(lowering.authorities(&asked.authorities)),
        CertificateMode::VerifyIfGiven => ClientCertificates::Checked(lowering.authorities(&asked.authorities)),
        CertificateMode::RequireAndVerify => ClientCertificates::Required(lowering.authorities(&asked.authorities)),
    })
}

fn lower_clients(lowering: &mut SocketLowering<'_, '_>, clients: &ClientValidation) -> ClientCertificates {
    match clients {
        ClientValidation::Unasked => ClientCertificates::Unasked,
        ClientValidation::Optional => ClientCertificates::Optional,
        ClientValidation::Required(bundles) => ClientCertificates::Required(lowering.authorities(bundles)),
    }
}

/// Those that the manifests name and nobody has: a listener that asks for them is judged, and never emitted.
fn unknown_authorities() -> Authorities {
    Authorities { bundle: Material::Inline(Arc::from("")), object: None, origin: None }
}
