//! What listeners accept before and after: addresses, sockets, server names, TLS.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::IpAddr;

use super::change::{Change, ChangeKind, Touch, Touched, WitnessView};
use super::describe::describe_tls;
use super::rules::Both;
use super::settings::in_words;
use super::side::{Chain, ChainKey, EXAMPLE, Side, Socket, SocketKey, Stream, example, probe};
use crate::hostname::Hostname;
use crate::ir::{
    BackendName, ChainMatch, Config, ConnectionTracing, GatewayName, Handler, HttpConnection, HttpSettings, Listener,
};
use crate::simulate::Request;

/// Compares the filter chains of both sides.
pub(super) fn compare(both: Both<'_, '_>, changes: &mut Vec<Change>) {
    for (key, chain) in &both.new.chains {
        match both.old.chains.get(key) {
            Some(earlier) => {
                changes.extend(tls_changed(both, key, *earlier, *chain, &first_host(*chain)));
                changes.extend(settings_changed(both, key, *earlier, *chain, &first_host(*chain)));
            }
            None => changes.extend(one_sided(both, key, *chain, ChangeKind::Added)),
        }
    }
    for (key, chain) in both.old.chains.iter().filter(|(key, _)| !both.new.chains.contains_key(*key)) {
        changes.extend(one_sided(both, key, *chain, ChangeKind::Removed));
    }
    compare_streams(both, changes);
    compare_addresses(both, changes);
    super::sockets::compare(both, changes);
    compare_misdirected(both, changes);
}

/// Requests for a host over a connection for another name: 421 where another listener has the host, and else whatever the
/// connection's own listener does. Where the host is told of by its rules or its listener it is told of enough.
fn compare_misdirected(both: Both<'_, '_>, changes: &mut Vec<Change>) {
    let known: BTreeSet<(&str, &str)> =
        changes.iter().map(|change| (change.gateway.as_str(), change.host.as_str())).collect();
    let mut found: BTreeMap<(&GatewayName, &Hostname), Change> = BTreeMap::new();
    let mut elsewhere = Elsewhere::default();
    for (key, chain) in &both.new.chains {
        let Some(earlier) = both.old.chains.get(key) else { continue };
        let gateway = key.socket.gateway;
        let gateway_name = gateway.to_string();
        for host in elsewhere.between(*earlier, *chain) {
            let name = example(host);
            let is_told = |host: &str| known.contains(&(gateway_name.as_str(), host));
            if is_told(&host.to_string()) || is_told(&name) || found.contains_key(&(gateway, host)) {
                continue;
            }
            let request = Request { authority: Some(name.into_owned()), ..probe(*chain, &first_host(*chain)) };
            let answers = (both.old.answer(gateway, &request, false), both.new.answer(gateway, &request, false));
            if answers.0 != answers.1 {
                found.insert((gateway, host), told(both, key, ChangeKind::Listener, Some(&request), answers));
            }
        }
    }
    changes.extend(found.into_values());
}

/// What one side alone has of the hosts that other chains of a socket have.
#[derive(Default)]
struct Elsewhere {
    /// The sockets, by their places, whose lists in common were told of with one of their chains: it stands for all.
    told: HashSet<[*const Listener; 2]>,
}

impl Elsewhere {
    fn between<'c>(&mut self, before: Chain<'c>, after: Chain<'c>) -> Vec<&'c Hostname> {
        let sides = [before, after];
        let listed = sides.map(|chain| match &chain.chain.handler {
            Handler::Http(connection) => connection.misdirected.as_slice(),
            Handler::Tcp(_) | Handler::Close => &[],
        });
        let common = sides.map(|chain| chain.listener.misdirected.as_slice());
        if common.iter().all(|hosts| hosts.is_empty()) && listed[0] == listed[1] {
            return Vec::new();
        }
        if common.iter().any(|hosts| hosts.is_empty()) {
            // One side lists with each chain what the other has in common.
            return differing([0, 1].map(|side| listed[side].iter().chain(common[side])));
        }
        let mut hosts = differing(listed.map(<[_]>::iter));
        if self.told.insert(sides.map(|chain| std::ptr::from_ref(chain.listener))) {
            hosts.extend(differing(common.map(<[_]>::iter)));
        }
        hosts
    }
}

fn differing<'c>([before, after]: [impl Iterator<Item = &'c Hostname>; 2]) -> Vec<&'c Hostname> {
    let (before, after): (BTreeSet<&Hostname>, BTreeSet<&Hostname>) = (before.collect(), after.collect());
    before.symmetric_difference(&after).copied().collect()
}

/// Clients connect to the addresses of a Gateway: of those that both sides have, where their ports are bound.
fn compare_addresses(both: Both<'_, '_>, changes: &mut Vec<Change>) {
    fn bound<'c>(side: &Side<'c>) -> BTreeMap<&'c GatewayName, (BTreeSet<IpAddr>, String)> {
        let mut bound: BTreeMap<&GatewayName, (BTreeSet<IpAddr>, String)> = BTreeMap::new();
        for (SocketKey { gateway, port: _, is_udp: _ }, Socket { addresses, settings: _, origin }) in &side.sockets {
            // Of an assumed Gateway nobody knows the addresses.
            if let Some(place) = side.tracer.listener_place(*origin) {
                bound.entry(gateway).or_insert_with(|| (BTreeSet::new(), place)).0.extend(addresses);
            }
        }
        bound
    }
    let words = |addresses: &BTreeSet<IpAddr>| {
        let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        format!("connections to {}", addresses.join(", "))
    };
    let mut old = bound(both.old);
    for (gateway, (addresses, place)) in bound(both.new) {
        let Some((earlier, old_place)) = old.remove(gateway) else { continue };
        if earlier != addresses {
            changes.push(Change {
                kind: ChangeKind::Listener,
                subject: format!("addresses of Gateway {gateway}"),
                gateway: gateway.to_string(),
                host: String::new(),
                further_hosts: 0,
                clients: None,
                old_place: Some(old_place),
                new_place: Some(place),
                witness: None,
                old_answer: words(&earlier),
                new_answer: words(&addresses),
                touched: vec![Touched::new(Touch::Gateway, (&gateway.namespace, &gateway.name))],
            });
        }
    }
}

/// The hosts of which a chain takes the connections.
fn hosts(chain: Chain<'_>) -> Vec<String> {
    match &chain.chain.select {
        ChainMatch::ServerNames(names) => names.iter().map(|name| example(name).into_owned()).collect(),
        ChainMatch::Any | ChainMatch::Http | ChainMatch::AnyServerName => vec![EXAMPLE.to_owned()],
    }
}

fn first_host(chain: Chain<'_>) -> String {
    hosts(chain).into_iter().next().unwrap_or_default()
}

/// A chain that one side has: whoever takes its connections on the other side answers something else, or shows another
/// certificate. What its rules do is compared rule by rule.
fn one_sided(both: Both<'_, '_>, key: &ChainKey<'_>, chain: Chain<'_>, kind: ChangeKind) -> Vec<Change> {
    if matches!(chain.chain.handler, Handler::Tcp(_)) {
        return Vec::new();
    }
    let (own, other) = if kind == ChangeKind::Added { (both.new, both.old) } else { (both.old, both.new) };
    // Of an assumed Gateway nobody declares the listeners.
    if place(own, key).is_none() {
        return Vec::new();
    }
    let gateway = key.socket.gateway;
    let mut changes = Vec::new();
    for host in hosts(chain) {
        let request = probe(chain, &host);
        let answers = (both.old.answer(gateway, &request, false), both.new.answer(gateway, &request, false));
        // A host with rules is told by its rules, unless they are those of a chain that both sides have.
        let taker = other.decide(gateway, &request).and_then(|decision| decision.chain);
        let is_of_both = other.chains.iter().any(|(key, known)| {
            taker.is_some_and(|taker| std::ptr::eq(known.chain, taker)) && own.chains.contains_key(key)
        });
        let has_rules = [(own, true), (other, !is_of_both)].iter().any(|(side, tells)| {
            let found = side.decide(gateway, &request).and_then(|decision| decision.host);
            *tells && found.is_some_and(|host| !host.routes.is_empty())
        });
        // What was no request before has no rule that would tell what becomes of those that no rule takes.
        let was_raw = taker.is_some_and(|taker| !matches!(taker.handler, Handler::Http(_)));
        let is_left = || own.decide(gateway, &request).is_some_and(|decision| decision.route.is_none());
        if answers.0 != answers.1 && (!has_rules || was_raw && is_left()) {
            changes.push(told(both, key, kind, Some(&request), answers));
            continue;
        }
        let Some(taker) = taker else { continue };
        let (mut before, mut after) =
            (describe_tls(taker.tls.as_ref(), other.config), describe_tls(chain.chain.tls.as_ref(), own.config));
        if before != after {
            if kind == ChangeKind::Removed {
                std::mem::swap(&mut before, &mut after);
            }
            changes.push(told(both, key, ChangeKind::Listener, Some(&request), (before, after)));
        }
    }
    changes
}

fn tls_changed(
    both: Both<'_, '_>,
    key: &ChainKey<'_>,
    earlier: Chain<'_>,
    chain: Chain<'_>,
    host: &str,
) -> Option<Change> {
    let before = describe_tls(earlier.chain.tls.as_ref(), both.old.config);
    let after = describe_tls(chain.chain.tls.as_ref(), both.new.config);
    let request = probe(chain, host);
    if before != after {
        return Some(told(both, key, ChangeKind::Listener, Some(&request), (before, after)));
    }
    // Connections that were closed and are taken, or the other way round, have no rule that would tell it.
    let gateway = key.socket.gateway;
    let (old, new) = (both.old.answer(gateway, &request, false), both.new.answer(gateway, &request, false));
    let is_same_kind = std::mem::discriminant(&earlier.chain.handler) == std::mem::discriminant(&chain.chain.handler);
    (!is_same_kind && old != new).then(|| told(both, key, ChangeKind::Listener, Some(&request), (old, new)))
}

/// What is asked for of the connections of a chain that both sides have.
fn settings_changed(
    both: Both<'_, '_>,
    key: &ChainKey<'_>,
    earlier: Chain<'_>,
    chain: Chain<'_>,
    host: &str,
) -> Option<Change> {
    let [Handler::Http(before), Handler::Http(after)] = [&earlier.chain.handler, &chain.chain.handler] else {
        return None;
    };
    let spans = [(before, both.old.config), (after, both.new.config)].map(|(one, config)| spans_in_words(one, config));
    if before.settings == after.settings && spans[0] == spans[1] {
        return None;
    }
    let words = |settings: &HttpSettings, spans: &str| match format!("{}{spans}", in_words(settings)).strip_prefix(", ")
    {
        Some(settings) => format!("connections with {settings}"),
        None => "connections as they are without options".to_owned(),
    };
    let answers = (words(&before.settings, &spans[0]), words(&after.settings, &spans[1]));
    Some(told(both, key, ChangeKind::Listener, Some(&probe(chain, host)), answers))
}

/// Who gets the spans of connections, and how they are made, as the end of a sentence; nothing where the proxy's own are made.
fn spans_in_words(connection: &HttpConnection, config: &Config) -> String {
    let Some(ConnectionTracing { cluster, said }) = connection.tracing.as_deref() else { return String::new() };
    let BackendName { namespace, name, port, site: _ } = &config.cluster(*cluster).backend;
    format!(", spans for {namespace}/{name}:{port}{}", in_words(said))
}

fn place(side: &Side<'_>, key: &ChainKey<'_>) -> Option<String> {
    side.tracer.listener_place(side.chains.get(key)?.chain.origin)
}

fn told(
    both: Both<'_, '_>,
    key: &ChainKey<'_>,
    kind: ChangeKind,
    request: Option<&Request>,
    (old_answer, new_answer): (String, String),
) -> Change {
    let SocketKey { gateway, port, is_udp: _ } = &key.socket;
    Change {
        kind,
        gateway: gateway.to_string(),
        subject: format!("listener on port {port}"),
        host: request.and_then(|request| request.authority.clone()).unwrap_or_default(),
        further_hosts: 0,
        clients: None,
        old_place: place(both.old, key),
        new_place: place(both.new, key),
        witness: request.map(WitnessView::from),
        old_answer,
        new_answer,
        touched: vec![Touched::new(Touch::Gateway, (&gateway.namespace, &gateway.name))],
    }
}

fn compare_streams(both: Both<'_, '_>, changes: &mut Vec<Change>) {
    for (key, stream) in &both.new.streams {
        match both.old.streams.get(key) {
            None => changes.extend(stream_change(both, key, ChangeKind::Added, (None, Some(stream)))),
            Some(earlier) if earlier.shares == stream.shares && earlier.access == stream.access => {}
            Some(earlier) => {
                let kind = match earlier.shares.keys().eq(stream.shares.keys()) {
                    _ if earlier.shares == stream.shares => ChangeKind::Mutated,
                    true => ChangeKind::Reweighted,
                    false => ChangeKind::Retargeted,
                };
                changes.extend(stream_change(both, key, kind, (Some(earlier), Some(stream))));
            }
        }
    }
    for (key, stream) in both.old.streams.iter().filter(|(key, _)| !both.new.streams.contains_key(*key)) {
        changes.extend(stream_change(both, key, ChangeKind::Removed, (Some(stream), None)));
    }
}

fn stream_change(
    both: Both<'_, '_>,
    (socket, name): &(SocketKey<'_>, String),
    kind: ChangeKind,
    (old, new): (Option<&Stream>, Option<&Stream>),
) -> Option<Change> {
    let place = |side: &Side<'_>, stream: Option<&Stream>| side.tracer.listener_place(stream?.origin);
    let request = &new.or(old)?.request;
    let gateway = socket.gateway;
    let old_answer = both.old.answer(gateway, request, false);
    let mut new_answer = both.new.answer(gateway, request, false);
    if old.zip(new).is_some_and(|(old, new)| old.access != new.access) {
        new_answer.push_str(", with other addresses that may connect");
    }
    let is_one_sided = matches!(kind, ChangeKind::Added | ChangeKind::Removed);
    // Another chain of the socket may hand on the same connections to the same backends.
    if is_one_sided && old_answer == new_answer {
        return None;
    }
    let transport = if socket.is_udp { "UDP" } else { name };
    Some(Change {
        kind,
        gateway: gateway.to_string(),
        subject: format!("{transport} port {}", socket.port),
        host: String::new(),
        further_hosts: 0,
        clients: None,
        old_place: place(both.old, old),
        new_place: place(both.new, new),
        witness: Some(WitnessView::from(request)),
        old_answer,
        new_answer,
        touched: vec![Touched::new(Touch::Streams, (&gateway.namespace, &gateway.name))],
    })
}
