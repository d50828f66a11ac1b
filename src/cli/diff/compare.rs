//! Compares two compilations: rule by rule over listeners and hosts, then
//! backends, then findings. A rule is known by its object, its conditions, its
//! listener and its host, so that moving it within the object is no change.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::trace::{Tracer, backend_name, describe_match};
use super::change::{Change, ChangeKind, Difference, FindingChanges, FindingView, VERSION, WitnessView};
use crate::compile::Compilation;
use crate::diagnostics::{Finding, Locate};
use crate::ir::{
    Across, Action, AuthId, Cluster, Config, Endpoints, ExternalAuthSettings, FilterChain, Handler, Listener, Origin,
    Route, Target, TcpBackend, Transport, UpstreamProtocol, VirtualHost,
};
use crate::parser::locate::Locator;
use crate::simulate::{Answer, Closed, Connection, Decision, Request, Security, Simulator};
use crate::translator::envoy::name;

/// What a rule is known by: socket, host, object, conditions, and which of several equal ones.
type RuleKey = (String, String, String, String, usize);

/// One route on one host.
struct Rule<'c> {
    listener: &'c Listener,
    chain: &'c FilterChain,
    host: &'c VirtualHost,
    route: &'c Route,
}

/// One compilation with what is asked of it.
struct Side<'c> {
    config: &'c Config,
    simulator: Simulator<'c>,
    tracer: Tracer<'c>,
    rules: BTreeMap<RuleKey, Rule<'c>>,
    streams: BTreeMap<String, Stream<'c>>,
}

/// A listener that hands on bytes or datagrams.
struct Stream<'c> {
    backends: &'c [TcpBackend],
    origin: Origin,
    request: Request,
}

impl<'c> Side<'c> {
    fn new(compilation: &'c Compilation) -> Self {
        let config = &compilation.lowered.config;
        Self {
            config,
            simulator: Simulator::new(config),
            tracer: Tracer::new(compilation),
            rules: rules(config),
            streams: streams(config),
        }
    }

    fn place(&self, rule: &Rule<'_>) -> Option<String> {
        self.tracer.rule(rule.route).map(|spot| spot.place())
    }

    /// A request for a rule, and whether the rule takes it.
    fn witness(&self, rule: &Rule<'c>) -> (Request, bool) {
        let witness = self.simulator.witness(rule.listener, rule.chain, rule.host, rule.route);
        (witness.request, witness.is_taken)
    }

    /// For every cluster a rule or listener that sends to it, with a request that gets there.
    fn users(&self) -> BTreeMap<String, (Option<String>, Option<Request>)> {
        let mut users = BTreeMap::new();
        let mut add = |id, place: &dyn Fn() -> Option<String>, request: &dyn Fn() -> Option<Request>| {
            users.entry(name::cluster(self.config.cluster(id))).or_insert_with(|| (place(), request()));
        };
        for rule in self.rules.values() {
            let request = || Some(self.witness(rule)).filter(|(_, is_taken)| *is_taken).map(|(request, _)| request);
            for leaf in rule.route.action.leaves() {
                let Action::Forward(forward) = leaf else { continue };
                let drawn = forward.backends.iter().filter(|backend| backend.weight > 0);
                for backend in drawn {
                    if let Target::Cluster(id) = backend.target {
                        add(id, &|| self.place(rule), &request);
                    }
                }
            }
        }
        for stream in self.streams.values() {
            for id in stream.backends.iter().filter_map(|backend| backend.cluster) {
                add(id, &|| self.tracer.listener_place(stream.origin), &|| Some(stream.request.clone()));
            }
        }
        users
    }

    fn answer(&self, request: &Request) -> String {
        describe(&self.simulator.decide(request), self.config, false)
    }

    fn long_answer(&self, request: &Request) -> String {
        describe(&self.simulator.decide(request), self.config, true)
    }

    /// The action with clusters and origins replaced by what is equal on both sides.
    fn comparable(&self, action: &Action) -> (Action, Vec<String>) {
        let mut names = Vec::new();
        let cell = std::cell::RefCell::new(&mut names);
        let cluster = |id| {
            cell.borrow_mut().push(name::cluster(self.config.cluster(id)));
            crate::ir::ClusterId(0)
        };
        let mut auths = |ids: &[AuthId]| {
            let each = ids.iter().map(|id| {
                let settings = self.config.external_auth(*id).settings.clone();
                let settings = ExternalAuthSettings { cluster: cluster(settings.cluster), ..settings };
                cell.borrow_mut().push(format!("{settings:?}"));
                AuthId(0)
            });
            each.collect()
        };
        let mut action = action.with_clusters(&cluster, &mut auths);
        forget_origins(&mut action);
        (action, names)
    }
}

fn forget_origins(action: &mut Action) {
    match action {
        Action::Forward(forward) => {
            forward.backends.iter_mut().for_each(|backend| backend.origin = Origin(0));
            // The number of a rule is a place as well.
            if let Some(session) = &mut forward.session
                && let Across::Pool(rule) = &mut Arc::make_mut(session).across
            {
                rule.rule = 0;
            }
        }
        Action::Redirect(_) | Action::Respond(_) => {}
        Action::Split(branches) => branches.iter_mut().for_each(|branch| {
            branch.origin = Origin(0);
            forget_origins(&mut branch.action);
        }),
    }
}

/// Weights do not count.
fn forget_weights(action: &mut Action) {
    match action {
        Action::Forward(forward) => forward.backends.iter_mut().for_each(|backend| backend.weight = 1),
        Action::Redirect(_) | Action::Respond(_) => {}
        Action::Split(branches) => branches.iter_mut().for_each(|branch| {
            branch.weight = 1;
            forget_weights(&mut branch.action);
        }),
    }
}

fn rules(config: &Config) -> BTreeMap<RuleKey, Rule<'_>> {
    let mut rules = BTreeMap::new();
    for listener in &config.listeners {
        for chain in listener.chains() {
            let Handler::Http(connection) = &chain.handler else { continue };
            for host in &connection.virtual_hosts {
                for route in &host.routes {
                    let object = format!("{} {}/{}", route.name.kind, route.name.namespace, route.name.name);
                    let conditions = describe_match(&route.matches);
                    let mut key = (socket(listener, chain), host.hostname.to_string(), object, conditions, 0);
                    while rules.contains_key(&key) {
                        key.4 += 1;
                    }
                    rules.insert(key, Rule { listener, chain, host, route });
                }
            }
        }
    }
    rules
}

fn socket(listener: &Listener, chain: &FilterChain) -> String {
    format!("{} port {} {:?}", listener.address, listener.port, chain.select)
}

fn streams(config: &Config) -> BTreeMap<String, Stream<'_>> {
    let mut streams = BTreeMap::new();
    for listener in &config.listeners {
        match &listener.transport {
            Transport::Udp(proxy) => {
                let request = stream_request(listener, Security::Udp);
                let stream = Stream { backends: &proxy.backends, origin: listener.origin, request };
                streams.insert(format!("UDP port {}", listener.port), stream);
            }
            Transport::Tcp(chains) => {
                for chain in chains {
                    let Handler::Tcp(proxy) = &chain.handler else { continue };
                    let (words, security) = match &chain.select {
                        crate::ir::ChainMatch::Any if chain.tls.is_none() => ("TCP".to_owned(), Security::Plain),
                        crate::ir::ChainMatch::Any | crate::ir::ChainMatch::AnyServerName => {
                            ("TLS".to_owned(), tls(None))
                        }
                        crate::ir::ChainMatch::ServerNames(names) => {
                            let first = names.first().map(|name| name.to_string().replacen('*', "www", 1));
                            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
                            (format!("TLS {}", names.join(", ")), tls(first))
                        }
                    };
                    let request = stream_request(listener, security);
                    let stream = Stream { backends: &proxy.backends, origin: chain.origin, request };
                    streams.insert(format!("{words} port {}", listener.port), stream);
                }
            }
        }
    }
    streams
}

fn tls(server_name: Option<String>) -> Security {
    Security::Tls { server_name, certificate: true }
}

fn stream_request(listener: &Listener, security: Security) -> Request {
    let address = (!listener.address.is_unspecified()).then_some(listener.address);
    Request::stream(Connection { address, port: listener.port, security })
}

/// Compares two compilations.
pub(super) fn compare(old: &Compilation, new: &Compilation) -> Difference {
    if texts(old).eq(texts(new)) {
        return Difference { version: VERSION, changes: Vec::new(), findings: FindingChanges::default() };
    }
    let (before, after) = (Side::new(old), Side::new(new));
    let mut changes = Vec::new();
    for (key, rule) in &after.rules {
        match before.rules.get(key) {
            None => changes.push(added(&before, &after, key, rule)),
            Some(earlier) => changes.extend(changed(&before, &after, key, earlier, rule)),
        }
    }
    for (key, rule) in before.rules.iter().filter(|(key, _)| !after.rules.contains_key(*key)) {
        let (request, _) = before.witness(rule);
        let places = (before.place(rule), None);
        changes.push(change(ChangeKind::Removed, title(key), &key.1, places, &before, &after, &request));
    }
    compare_streams(&before, &after, &mut changes);
    compare_clusters(&before, &after, &mut changes);
    changes.sort_by(|a, b| (a.kind, &a.subject, &a.host).cmp(&(b.kind, &b.subject, &b.host)));
    Difference { version: VERSION, changes: merge_hosts(changes), findings: compare_findings(old, new) }
}

/// The manifests, whatever their files are called.
fn texts(compilation: &Compilation) -> impl Iterator<Item = &str> {
    compilation.manifests.sources.sources.iter().map(|source| source.text.as_str())
}

/// One line for a change that several hosts have.
fn merge_hosts(changes: Vec<Change>) -> Vec<Change> {
    let mut merged: Vec<Change> = Vec::new();
    for change in changes {
        let same = |other: &&mut Change| {
            other.kind == change.kind
                && other.subject == change.subject
                && other.old_answer == change.old_answer
                && other.new_answer == change.new_answer
        };
        match merged.iter_mut().find(same) {
            Some(first) if change.witness.is_some() => first.further_hosts += 1,
            _ => merged.push(change),
        }
    }
    merged
}

fn title(key: &RuleKey) -> String {
    let (_, _, object, conditions, _) = key;
    format!("{object}: {conditions}")
}

fn change(
    kind: ChangeKind,
    subject: String,
    host: &str,
    places: (Option<String>, Option<String>),
    before: &Side<'_>,
    after: &Side<'_>,
    request: &Request,
) -> Change {
    let (mut old_answer, mut new_answer) = (before.answer(request), after.answer(request));
    if old_answer == new_answer {
        (old_answer, new_answer) = (before.long_answer(request), after.long_answer(request));
    }
    let witness = WitnessView::from(request);
    Change {
        kind,
        subject,
        host: host.to_owned(),
        further_hosts: 0,
        old_place: places.0,
        new_place: places.1,
        witness: Some(witness),
        old_answer,
        new_answer,
    }
}

fn added<'c>(before: &Side<'c>, after: &Side<'c>, key: &RuleKey, rule: &Rule<'c>) -> Change {
    let (request, is_taken) = after.witness(rule);
    let kind = if is_taken { ChangeKind::Added } else { ChangeKind::Shadowed };
    change(kind, title(key), &key.1, (None, after.place(rule)), before, after, &request)
}

fn changed<'c>(
    before: &Side<'c>,
    after: &Side<'c>,
    key: &RuleKey,
    earlier: &Rule<'c>,
    rule: &Rule<'c>,
) -> Option<Change> {
    let places = (before.place(earlier), after.place(rule));
    let ((request, was_taken), (later, is_taken)) = (before.witness(earlier), after.witness(rule));
    if was_taken && !is_taken {
        return Some(change(ChangeKind::Shadowed, title(key), &key.1, places, before, after, &request));
    }
    let (mut old, old_clusters) = before.comparable(&earlier.route.action);
    let (mut new, new_clusters) = after.comparable(&rule.route.action);
    if old == new && old_clusters == new_clusters {
        return None;
    }
    forget_weights(&mut old);
    forget_weights(&mut new);
    let is_same_kind = std::mem::discriminant(&old) == std::mem::discriminant(&new);
    let kind = if old_clusters != new_clusters || !is_same_kind {
        ChangeKind::Retargeted
    } else if old == new {
        ChangeKind::Reweighted
    } else {
        ChangeKind::Mutated
    };
    Some(change(kind, title(key), &key.1, places, before, after, &later))
}

fn compare_streams(before: &Side<'_>, after: &Side<'_>, changes: &mut Vec<Change>) {
    let names = |side: &Side<'_>, stream: &Stream<'_>| -> Vec<(String, u32)> {
        let name = |backend: &TcpBackend| {
            backend.cluster.map_or_else(|| "invalid".to_owned(), |id| name::cluster(side.config.cluster(id)))
        };
        stream.backends.iter().map(|backend| (name(backend), backend.weight)).collect()
    };
    let place = |side: &Side<'_>, stream: &Stream<'_>| side.tracer.listener_place(stream.origin);
    let mut push = |kind, key: &String, old: Option<&Stream<'_>>, new: Option<&Stream<'_>>| {
        let places = (old.and_then(|stream| place(before, stream)), new.and_then(|stream| place(after, stream)));
        if let Some(stream) = new.or(old) {
            changes.push(change(kind, key.clone(), "", places, before, after, &stream.request));
        }
    };
    for (key, stream) in &after.streams {
        match before.streams.get(key) {
            None => push(ChangeKind::Added, key, None, Some(stream)),
            Some(earlier) => {
                let (old, new) = (names(before, earlier), names(after, stream));
                let targets = |list: &[(String, u32)]| list.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
                if targets(&old) != targets(&new) {
                    push(ChangeKind::Retargeted, key, Some(earlier), Some(stream));
                } else if old != new {
                    push(ChangeKind::Reweighted, key, Some(earlier), Some(stream));
                }
            }
        }
    }
    for (key, stream) in before.streams.iter().filter(|(key, _)| !after.streams.contains_key(*key)) {
        push(ChangeKind::Removed, key, Some(stream), None);
    }
}

fn compare_clusters(before: &Side<'_>, after: &Side<'_>, changes: &mut Vec<Change>) {
    let by_name = |config: &'_ Config| -> BTreeMap<String, Cluster> {
        let forget = |cluster: &Cluster| Cluster { origin: None, ..cluster.clone() };
        config.clusters.iter().map(|cluster| (name::cluster(cluster), forget(cluster))).collect()
    };
    let (old, new) = (by_name(before.config), by_name(after.config));
    let changed = new.iter().filter_map(|(name, cluster)| {
        let earlier = old.get(name).filter(|earlier| *earlier != cluster)?;
        Some((name, earlier, cluster))
    });
    let changed: Vec<_> = changed.collect();
    if changed.is_empty() {
        return;
    }
    let users = after.users();
    for (name, earlier, cluster) in changed {
        let (place, request) = users.get(name).cloned().unwrap_or_default();
        changes.push(Change {
            kind: ChangeKind::Backend,
            subject: name.clone(),
            host: String::new(),
            further_hosts: 0,
            old_place: None,
            new_place: place,
            witness: request.as_ref().map(WitnessView::from),
            old_answer: describe_cluster(earlier),
            new_answer: describe_cluster(cluster),
        });
    }
}

/// What is behind a backend, in words.
fn describe_cluster(cluster: &Cluster) -> String {
    let protocol = match cluster.protocol {
        UpstreamProtocol::Http1 => "HTTP/1.1",
        UpstreamProtocol::Http2 => "HTTP/2",
        UpstreamProtocol::Negotiated => "HTTP/2 or HTTP/1.1",
        UpstreamProtocol::Udp => "datagrams",
    };
    let tls = if cluster.tls.is_some() { " with TLS" } else { "" };
    let endpoints: Vec<String> = match &cluster.endpoints {
        Endpoints::Static(addresses) => addresses.iter().map(ToString::to_string).collect(),
        Endpoints::Dns(names) => names.iter().map(|(name, port)| format!("{name}:{port}")).collect(),
    };
    let endpoints = if endpoints.is_empty() { "nobody".to_owned() } else { endpoints.join(", ") };
    format!("{protocol}{tls} to {endpoints}")
}

/// A decision in one line; `long` tells also what backends and clients see.
fn describe(decision: &Decision<'_>, config: &Config, long: bool) -> String {
    let outcomes = decision.outcomes.iter().map(|outcome| {
        let end = match &outcome.answer {
            Answer::Local(reply) => {
                let to = reply.header_lines("location").next().map(|to| format!(" to {to}")).unwrap_or_default();
                let headers = if long { format!(" {}", lines(&reply.headers)) } else { String::new() };
                format!("{}{to}{headers}", reply.status)
            }
            Answer::Upstream(upstream) => {
                let name = backend_name(&config.cluster(upstream.cluster).backend);
                if long {
                    let response = upstream.answer(Vec::new(), None);
                    let response =
                        if response.is_empty() { String::new() } else { format!(", response {}", lines(&response)) };
                    let changed = upstream.answered_headers().join(", ");
                    let changed = if changed.is_empty() { String::new() } else { format!(", answers with {changed}") };
                    let (path, host) = (&upstream.path, &upstream.host);
                    format!("{name} {path} on {host} {}{response}{changed}", lines(&upstream.headers))
                } else {
                    name
                }
            }
            Answer::Stream(id) => backend_name(&config.cluster(*id).backend),
            Answer::Closed(closed @ Closed::NoListener) => format!("no connection: {}", closed.as_str()),
            Answer::Closed(closed) => format!("closed: {}", closed.as_str()),
        };
        if decision.outcomes.len() == 1 { end } else { format!("{} {end}", outcome.share) }
    });
    outcomes.collect::<Vec<_>>().join(", ")
}

fn lines(headers: &[(String, String)]) -> String {
    let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{{{}}}", lines.join(", "))
}

fn compare_findings(old: &Compilation, new: &Compilation) -> FindingChanges {
    let key = |finding: &Finding| {
        let object =
            finding.object.as_ref().map(|object| (object.kind.clone(), object.namespace.clone(), object.name.clone()));
        (finding.code.id(), object, finding.path.as_ref().map(ToString::to_string), finding.message.clone())
    };
    let missing = |from: &Compilation, other: &Compilation| -> Vec<FindingView> {
        let mut left: BTreeMap<_, usize> = BTreeMap::new();
        other.findings.iter().for_each(|finding| *left.entry(key(finding)).or_default() += 1);
        let locator = Locator::new(&from.manifests);
        let mut views = Vec::new();
        for finding in &from.findings {
            match left.get_mut(&key(finding)) {
                Some(count) if *count > 0 => *count -= 1,
                _ => views.push(view(finding, &locator)),
            }
        }
        views
    };
    FindingChanges { introduced: missing(new, old), fixed: missing(old, new) }
}

fn view(finding: &Finding, locator: &Locator<'_>) -> FindingView {
    let place = Locate::place(locator, &finding.location);
    FindingView {
        code: finding.code.id(),
        severity: finding.severity().as_str(),
        message: finding.message.clone(),
        place: place.map(|place| match place.span {
            Some(span) => format!("{}:{}", place.file, span.line),
            None => place.file,
        }),
    }
}
