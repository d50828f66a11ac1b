//! One side of a comparison: everything that is declared, each Gateway by
//! itself, in a form in which equal things are equal on both sides.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::super::trace::{Tracer, describe_match_in_order};
use super::describe::{cluster_name, describe};
use super::servers;
use crate::analysis::cover::{Earlier, Patterns, Rest};
use crate::analysis::outcome;
use crate::compile::Compilation;
use crate::hostname::Hostname;
use crate::ir::{
    AccessOrder, Across, Action, AuthId, BackOff, Branch, ClientDetails, ClusterId, Config, Cors, ExternalAuthSettings,
    FilterChain, Forward, GatewayName, Handler, HeaderMatch, HeaderMutations, HttpConnection, Listener,
    ListenerSettings, Origin, PathMatch, PathRewrite, PathRules, Retry, Route, RouteMatch, Site, TcpBackend, TcpProxy,
    Transport, UdpProxy, VirtualHost, WeightedBackend,
};
use crate::port::Port;
use crate::simulate::{Connection, Decision, Request, Security, Simulator, Version};
use crate::translator::lower::Lowered;

/// A port of one Gateway, which is the same on each of the Gateway's addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SocketKey<'c> {
    pub(super) gateway: &'c GatewayName,
    pub(super) port: Port,
    pub(super) is_udp: bool,
}

/// Where a socket is bound.
#[derive(Debug)]
pub(super) struct Socket<'c> {
    pub(super) addresses: BTreeSet<IpAddr>,
    /// What is asked for of it.
    pub(super) settings: &'c ListenerSettings,
    pub(super) origin: Origin,
}

/// A filter chain, by what selects it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ChainKey<'c> {
    pub(super) socket: SocketKey<'c>,
    pub(super) select: String,
}

/// A virtual host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HostKey<'c> {
    pub(super) chain: ChainKey<'c>,
    pub(super) host: &'c Hostname,
}

/// What a rule is known by within its host: object, conditions, and which of several equal ones.
pub(super) type RuleKey = (String, String, usize);

/// A filter chain with its socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain<'c> {
    pub(super) listener: &'c Listener,
    pub(super) chain: &'c FilterChain,
}

/// The routes of a virtual host, in order.
#[derive(Debug)]
pub(super) struct Host<'c> {
    pub(super) at: Chain<'c>,
    pub(super) host: &'c VirtualHost,
    /// The host by which clients ask for the Service that is in the place of the Gateway.
    pub(super) service: Option<Hostname>,
    pub(super) rules: Vec<Rule<'c>>,
}

/// A route of a virtual host.
#[derive(Debug)]
pub(super) struct Rule<'c> {
    pub(super) key: RuleKey,
    pub(super) route: &'c Route,
    /// Whether the routes before it leave it a request.
    pub(super) is_reached: bool,
    /// What it does, in the terms of both sides.
    pub(super) action: Arc<Action>,
}

/// Connections or datagrams that are handed on as they are, for one server name.
#[derive(Debug)]
pub(super) struct Stream {
    /// The share of each cluster; the name of one that cannot be used is empty.
    pub(super) shares: BTreeMap<String, u64>,
    /// Whose connections are taken.
    pub(super) access: Option<Arc<AccessOrder>>,
    pub(super) clusters: BTreeSet<ClusterId>,
    pub(super) origin: Origin,
    pub(super) request: Request,
}

/// The names of clusters and authorizations of both sides: equal numbers mean equal names.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: RefCell<BTreeMap<String, usize>>,
}

impl Names {
    fn number(&self, name: String) -> usize {
        let mut known = self.known.borrow_mut();
        let next = known.len();
        *known.entry(name).or_insert(next)
    }
}

/// One compilation with what is asked of it.
pub(super) struct Side<'c> {
    pub(super) config: &'c Config,
    pub(super) tracer: Tracer<'c>,
    simulators: BTreeMap<&'c GatewayName, Simulator<'c>>,
    /// Whether it is what clients of Services meet.
    is_of_clients: bool,
    pub(super) sockets: BTreeMap<SocketKey<'c>, Socket<'c>>,
    pub(super) chains: BTreeMap<ChainKey<'c>, Chain<'c>>,
    pub(super) hosts: BTreeMap<HostKey<'c>, Host<'c>>,
    pub(super) streams: BTreeMap<(SocketKey<'c>, String), Stream>,
}

impl<'c> Side<'c> {
    pub(super) fn new(compilation: &'c Compilation, names: &Names) -> Self {
        Self::of(compilation, &compilation.lowered, names, false, |_| true)
    }

    /// What clients of Services meet, as far as it is to be compared.
    pub(super) fn of_clients(
        compilation: &'c Compilation,
        lowered: &'c Lowered,
        names: &Names,
        is_compared: impl Fn(&Listener) -> bool,
    ) -> Self {
        Self::of(compilation, lowered, names, true, is_compared)
    }

    fn of(
        compilation: &'c Compilation,
        lowered: &'c Lowered,
        names: &Names,
        is_of_clients: bool,
        is_compared: impl Fn(&Listener) -> bool,
    ) -> Self {
        let config = lowered.judged();
        let simulators = Simulator::of_each_gateway(config);
        let mut side = Self {
            config,
            tracer: Tracer::of(compilation, lowered),
            simulators,
            is_of_clients,
            sockets: BTreeMap::new(),
            chains: BTreeMap::new(),
            hosts: BTreeMap::new(),
            streams: BTreeMap::new(),
        };
        let mut patterns = Patterns::default();
        let mut actions = Actions { config, names, known: BTreeMap::new() };
        for listener in config.listeners.iter().filter(|listener| is_compared(listener)) {
            side.add(listener, &mut patterns, &mut actions);
        }
        side
    }

    fn service(&self, gateway: &GatewayName) -> Option<Hostname> {
        let GatewayName { namespace, name } = gateway;
        self.is_of_clients.then(|| Hostname::Exact(format!("{name}.{namespace}")))
    }

    /// Whether there is nothing that could be compared.
    pub(super) fn is_empty(&self) -> bool {
        self.sockets.is_empty()
    }

    fn add(&mut self, listener: &'c Listener, patterns: &mut Patterns<'c>, actions: &mut Actions<'c, '_>) {
        // Where a port is bound is a setting of the command line, which both sides share.
        let Listener {
            address,
            second: _,
            bind_port: _,
            port,
            entrance: _,
            transport,
            settings,
            gateways,
            misdirected: _,
            origin,
            called: _,
        } = listener;
        for gateway in gateways {
            let is_udp = matches!(transport, Transport::Udp(_));
            let socket = SocketKey { gateway, port: *port, is_udp };
            if let Some(known) = self.sockets.get_mut(&socket) {
                known.addresses.insert(*address);
                continue;
            }
            self.sockets.insert(socket, Socket { addresses: BTreeSet::from([*address]), settings, origin: *origin });
            match transport {
                Transport::Udp(UdpProxy { backends }) => {
                    let request = stream_request(listener, Security::Udp);
                    let stream = stream(backends, *origin, request, self.config);
                    self.streams.insert((socket, String::new()), stream);
                }
                Transport::Tcp(chains) => {
                    for chain in chains {
                        self.add_chain(socket, Chain { listener, chain }, patterns, actions);
                    }
                }
            }
        }
    }

    fn add_chain(
        &mut self,
        socket: SocketKey<'c>,
        at: Chain<'c>,
        patterns: &mut Patterns<'c>,
        actions: &mut Actions<'c, '_>,
    ) {
        // The name is for logs and statistics; TLS is compared with the chain.
        let FilterChain { name: _, select, tls: _, handler, origin } = at.chain;
        let key = ChainKey { socket, select: format!("{select:?}") };
        match handler {
            // Misdirected hosts are those of the other chains of the socket.
            Handler::Http(HttpConnection { virtual_hosts, misdirected: _, profile: _, settings: _, tracing: _ }) => {
                let name = if at.chain.tls.is_some() { "https" } else { "http" };
                let clients = at.chain.clients();
                let trusted_hops = clients.trusted_hops.unwrap_or(self.config.proxy.trusted_hops);
                let scheme = Scheme { name, trusted_hops, clients, paths: at.chain.path_rules() };
                for host in virtual_hosts {
                    let rules = rules(host, &scheme, patterns, actions);
                    let key = HostKey { chain: key.clone(), host: &host.hostname };
                    let service = self.service(socket.gateway);
                    self.hosts.insert(key, Host { at, host, service, rules });
                }
            }
            Handler::Tcp(TcpProxy { backends, access }) => {
                for (name, security) in connections(at.chain) {
                    let request = stream_request(at.listener, security);
                    let stream = stream(backends, *origin, request, self.config);
                    let stream = Stream { access: access.as_ref().map(Arc::clone), ..stream };
                    self.streams.insert((socket, name), stream);
                }
            }
            Handler::Close => {}
        }
        self.chains.insert(key, at);
    }

    /// What a Gateway does with a request at any of its addresses, which `listeners` compares; `None` when the side does
    /// not have the Gateway.
    pub(super) fn decide(&self, gateway: &GatewayName, request: &Request) -> Option<Decision<'c>> {
        let simulator = self.simulators.get(&gateway)?;
        if request.connection.address.is_none() {
            return Some(simulator.decide(request));
        }
        let mut request = request.clone();
        request.connection.address = None;
        Some(simulator.decide(&request))
    }

    /// The same in words; `is_long` tells also what backends and clients see.
    pub(super) fn answer(&self, gateway: &GatewayName, request: &Request, is_long: bool) -> String {
        match self.decide(gateway, request) {
            Some(decision) => describe(&decision, self.config, is_long),
            None if self.is_of_clients => "no connection: there is no such Service".to_owned(),
            None => "no connection: there is no such Gateway".to_owned(),
        }
    }

    /// The virtual host that serves a host which has none of its own on this side.
    pub(super) fn fallback(&self, gateway: &GatewayName, request: &Request) -> Option<&Host<'c>> {
        let host = self.decide(gateway, request)?.host?;
        self.hosts.values().find(|known| std::ptr::eq(known.host, host))
    }

    pub(super) fn place(&self, rule: &Rule<'_>) -> Option<String> {
        self.tracer.rule(rule.route).map(|spot| spot.place())
    }

    /// The clusters that are used, each with the place of one that uses it and a request that gets there.
    pub(super) fn users(&self) -> BTreeMap<String, User<'_>> {
        let mut users = BTreeMap::new();
        for (key, host) in &self.hosts {
            for rule in host.rules.iter().filter(|rule| rule.is_reached) {
                for id in self.config.clusters_of(&rule.route.action) {
                    users.entry(cluster_name(self.config.cluster(id), self.config)).or_insert_with(|| {
                        let request = taken(self, key, host, rule);
                        (key.chain.socket.gateway, self.place(rule), request.map(Cow::Owned))
                    });
                }
            }
        }
        for ((socket, _), stream) in &self.streams {
            for id in &stream.clusters {
                users.entry(cluster_name(self.config.cluster(*id), self.config)).or_insert_with(|| {
                    let place = self.tracer.listener_place(stream.origin);
                    (socket.gateway, place, Some(Cow::Borrowed(&stream.request)))
                });
            }
        }
        users
    }
}

/// Who uses a cluster: the Gateway, the place, and a request that gets there.
type User<'s> = (&'s GatewayName, Option<String>, Option<Cow<'s, Request>>);

/// The host of requests for any host.
pub(super) const EXAMPLE: &str = "gwctl-witness.test";

/// A host that a hostname covers, and that nobody is likely to name.
pub(super) fn example(host: &Hostname) -> Cow<'_, str> {
    match host {
        Hostname::Exact(host) => Cow::Borrowed(host),
        Hostname::Wildcard(suffix) => Cow::Owned(format!("gwctl-witness.{suffix}")),
        Hostname::Any => Cow::Borrowed(EXAMPLE),
    }
}

/// A plain request for a host over the connections of a chain.
pub(super) fn probe(at: Chain<'_>, host: &str) -> Request {
    // Also where TLS does not end here, the server name chooses the chain.
    let has_tls = at.chain.tls.is_some() || at.chain.select.is_by_server_name();
    let security = match has_tls {
        true => Security::Tls { server_name: Some(host.to_owned()), certificate: true },
        false => Security::Plain,
    };
    let connection = stream_request(at.listener, security).connection;
    Request {
        connection,
        version: Version::Http1,
        method: "GET".to_owned(),
        authority: Some(host.to_owned()),
        target: "/".to_owned(),
        headers: Vec::new(),
        body_bytes: 0,
    }
}

fn stream_request(listener: &Listener, security: Security) -> Request {
    Request::stream(Connection { address: None, port: listener.port, security })
}

/// The connections that a chain of bytes takes, one for each server name.
fn connections(chain: &FilterChain) -> Vec<(String, Security)> {
    let tls = |server_name: Option<String>| Security::Tls { server_name, certificate: true };
    match &chain.select {
        crate::ir::ChainMatch::Any | crate::ir::ChainMatch::Http if chain.tls.is_none() => {
            vec![("TCP".to_owned(), Security::Plain)]
        }
        crate::ir::ChainMatch::Any | crate::ir::ChainMatch::Http | crate::ir::ChainMatch::AnyServerName => {
            vec![("TLS".to_owned(), tls(None))]
        }
        crate::ir::ChainMatch::ServerNames(names) => {
            names.iter().map(|name| (format!("TLS {name}"), tls(Some(example(name).into_owned())))).collect()
        }
    }
}

fn stream(backends: &[TcpBackend], origin: Origin, request: Request, config: &Config) -> Stream {
    let mut shares: BTreeMap<String, u64> = BTreeMap::new();
    for TcpBackend { weight, cluster, origin: _ } in backends.iter().filter(|backend| backend.weight > 0) {
        let name = cluster.map_or_else(String::new, |id| cluster_name(config.cluster(id), config));
        *shares.entry(name).or_default() += u64::from(*weight);
    }
    let divisor = shares.values().copied().fold(0, greatest_divisor).max(1);
    shares.values_mut().for_each(|share| *share /= divisor);
    let clusters = backends.iter().filter_map(|backend| backend.cluster).collect();
    Stream { shares, access: None, clusters, origin, request }
}

fn greatest_divisor(one: u64, other: u64) -> u64 {
    if other == 0 { one } else { greatest_divisor(other, one % other) }
}

fn rules<'c>(
    host: &'c VirtualHost,
    scheme: &Scheme,
    patterns: &mut Patterns<'c>,
    actions: &mut Actions<'c, '_>,
) -> Vec<Rule<'c>> {
    // Who declares the hosts does not count, and what is counted decides nothing.
    let VirtualHost { hostname: _, routes, counters: _, origin: _ } = host;
    let reached = reached(routes, scheme, patterns);
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut rules = Vec::with_capacity(routes.len());
    for (route, is_reached) in routes.iter().zip(reached) {
        // The place of a match is no part of what it does; the name is that of the object.
        let Route { name, matches, action, origin: _ } = &**route;
        let object = format!("{} {}/{}", name.route.kind, name.route.namespace, name.route.name);
        let known = (object, describe_match_in_order(matches));
        let count = counts.entry(known.clone()).or_default();
        let key = (known.0, known.1, *count);
        *count += 1;
        let action = settled_for(matches, actions.comparable(action));
        rules.push(Rule { key, route, is_reached, action });
    }
    rules
}

/// What connections of a chain speak, which headers tell that Envoy writes before it looks for routes.
struct Scheme {
    name: &'static str,
    trusted_hops: u32,
    clients: ClientDetails,
    paths: PathRules,
}

/// Whether the routes before each route leave it a request.
fn reached<'c>(routes: &'c [Arc<Route>], scheme: &Scheme, patterns: &mut Patterns<'c>) -> Vec<bool> {
    let Scheme { name, trusted_hops, clients, paths } = scheme;
    let is_settled = |header: &HeaderMatch| {
        if clients.keep_header(&header.name) { None } else { outcome(header, name, *trusted_hops) }
    };
    if routes.iter().all(|route| route.matches.headers.iter().all(|header| is_settled(header).is_none())) {
        return reached_in_order(routes.iter().map(|route| Some(&**route)), (*paths, *clients), patterns);
    }
    // Without the conditions that every request meets. What none meets takes nothing.
    let open = |route: &Route| -> Option<Route> {
        let mut route = route.clone();
        let is_met = route.matches.headers.iter().all(|header| is_settled(header) != Some(false));
        Arc::make_mut(&mut route.matches).headers.retain(|header| is_settled(header).is_none());
        is_met.then_some(route)
    };
    let open: Vec<Option<Route>> = routes.iter().map(|route| open(route)).collect();
    reached_in_order(open.iter().map(Option::as_ref), (*paths, *clients), &mut Patterns::default())
}

fn reached_in_order<'c>(
    routes: impl Iterator<Item = Option<&'c Route>>,
    ready: (PathRules, ClientDetails),
    patterns: &mut Patterns<'c>,
) -> Vec<bool> {
    let mut earlier = Earlier::new(patterns, ready);
    let reach = |route: Option<&'c Route>| {
        let Some(route) = route else { return false };
        let is_reached = earlier.rest(route) == Rest::Some;
        if is_reached {
            earlier.add(route);
        }
        is_reached
    };
    routes.map(reach).collect()
}

/// The actions of one side, each brought into the terms of both sides once.
struct Actions<'c, 'n> {
    config: &'c Config,
    names: &'n Names,
    known: BTreeMap<*const Action, Arc<Action>>,
}

impl Actions<'_, '_> {
    fn comparable(&mut self, action: &Arc<Action>) -> Arc<Action> {
        let Self { config, names, known } = self;
        let make = || {
            let cluster = |id: ClusterId| {
                ClusterId(names.number(format!("cluster {}", cluster_name(config.cluster(id), config))))
            };
            let mut auths = |ids: &[AuthId]| {
                let mut numbers: Vec<AuthId> =
                    ids.iter().map(|id| AuthId(number_of(*id, config, names, &cluster))).collect();
                numbers.sort();
                numbers
            };
            let asked = servers::without_unasked(action, config);
            let mut comparable = asked.with_clusters(&cluster, &mut auths);
            settle(&mut comparable);
            Arc::new(comparable)
        };
        known.entry(Arc::as_ptr(action)).or_insert_with(make).clone()
    }
}

fn number_of(id: AuthId, config: &Config, names: &Names, cluster: &impl Fn(ClusterId) -> ClusterId) -> usize {
    let settings = config.external_auth(id).settings.clone();
    // Nobody is asked, however it would be: the rule says what its requests get.
    if config.cluster(settings.cluster).backend.site == Site::Missing {
        return names.number(format!("authorization by {:?}", cluster(settings.cluster)));
    }
    let settings = ExternalAuthSettings { cluster: cluster(settings.cluster), ..settings };
    names.number(format!("authorization {settings:?}"))
}

/// Takes out of an action what is a place and no traffic, and gives lists of backends one order.
fn settle(action: &mut Action) {
    match action {
        Action::Forward(forward) => settle_forward(forward),
        Action::Redirect(redirect) => {
            redirect.http_filters.change(|filters| settle_cors(&mut filters.cors));
            settle_headers(&mut redirect.response_headers);
            redirect.path = settled_path(redirect.path.take());
        }
        Action::DirectResponse(response) => {
            response.http_filters.change(|filters| settle_cors(&mut filters.cors));
            settle_headers(&mut response.headers);
            settle_headers(&mut response.response_headers);
        }
        Action::Respond(_) => {}
        Action::Split(branches) => {
            for branch in branches.iter_mut() {
                branch.origin = Origin(0);
                settle(&mut branch.action);
            }
            let keeps_sessions = branches.iter().any(|branch| is_in_session(&branch.action));
            if !keeps_sessions {
                branches.retain(|branch| branch.weight > 0);
                join(branches, |one, other| one.action == other.action, |branch| &mut branch.weight);
            }
            reduce(branches.iter_mut().map(|branch| &mut branch.weight));
            branches.sort_by_cached_key(|Branch { weight, action, origin: _ }| format!("{action:?} {weight}"));
            // All parts do the same: nothing is split.
            if branches.len() == 1
                && !keeps_sessions
                && let Some(only) = branches.pop()
            {
                *action = only.action;
            }
        }
    }
}

/// Headers of different names have no order ([RFC 9110, section 5.3](https://www.rfc-editor.org/rfc/rfc9110#section-5.3)).
fn settle_headers(HeaderMutations(changes): &mut HeaderMutations) {
    if !changes.is_empty() {
        changes.sort_by(|one, other| one.name.cmp(&other.name));
    }
}

/// Which of the origins is met first does not matter, but for which is listed twice.
fn settle_cors(cors: &mut Option<Arc<Cors>>) {
    if let Some(cors) = cors {
        let origins = &mut Arc::make_mut(cors).origins;
        origins.sort_by_cached_key(|origin| format!("{origin:?}"));
        origins.dedup();
    }
}

/// What takes the place of a match is often the same as what takes that of a whole path, or of a prefix.
fn settled_for(matches: &RouteMatch, action: Arc<Action>) -> Arc<Action> {
    let Action::Forward(forward) = &*action else { return action };
    let Some(PathRewrite::Taken(to)) = forward.path_rewrite.as_deref() else { return action };
    let path = match &matches.path {
        PathMatch::Exact(_) | PathMatch::Regex(_) => PathRewrite::Full(to.to_owned()),
        PathMatch::Prefix(prefix) if prefix.is_empty() || to.ends_with('/') => return action,
        PathMatch::Prefix(prefix) => PathRewrite::Prefix { matched: prefix.to_owned(), replacement: to.to_owned() },
    };
    let path_rewrite = settled_path(Some(path)).map(Box::new);
    Arc::new(Action::Forward(Forward { path_rewrite, ..forward.to_owned() }))
}

/// Conditions of further tries have several names, and what counts anyway may be said.
fn settle_retry(retry: &mut Retry) {
    if let Cow::Owned(on) = retry.on.settled() {
        retry.on = on;
    }
    retry.backoff = retry.backoff.map(BackOff::settled);
}

/// A prefix that takes its own place changes nothing.
fn settled_path(path: Option<PathRewrite>) -> Option<PathRewrite> {
    path.filter(|path| !matches!(path, PathRewrite::Prefix { matched, replacement } if matched == replacement))
}

/// Makes one of parts that are the same but for their weights.
fn join<P>(parts: &mut Vec<P>, is_same: impl Fn(&P, &P) -> bool, weight: impl Fn(&mut P) -> &mut u32) {
    let mut joined: Vec<P> = Vec::with_capacity(parts.len());
    for mut part in parts.drain(..) {
        match joined.iter_mut().find(|known| is_same(known, &part)) {
            Some(known) => *weight(known) = weight(known).saturating_add(*weight(&mut part)),
            None => joined.push(part),
        }
    }
    *parts = joined;
}

fn is_in_session(action: &Action) -> bool {
    matches!(action, Action::Forward(Forward { session: Some(_), .. }))
}

fn settle_forward(forward: &mut Forward) {
    forward.http_filters.change(|filters| settle_cors(&mut filters.cors));
    for backend in &mut forward.backends {
        backend.origin = Origin(0);
        settle_headers(&mut backend.request_headers);
        settle_headers(&mut backend.response_headers);
    }
    settle_headers(&mut forward.request_headers);
    settle_headers(&mut forward.response_headers);
    if let Some(retry) = &mut forward.retry {
        settle_retry(retry);
    }
    // No limit is what counts where nothing is said.
    forward.timeouts.change(|timeouts| timeouts.idle = timeouts.idle.filter(|idle| !idle.is_zero()));
    let path = forward.path_rewrite.take().map(|path| *path);
    forward.path_rewrite = settled_path(path).map(Box::new);
    // The number of a rule is a place as well.
    if let Some(session) = &mut forward.session
        && let Across::Pool(rule) = &mut Arc::make_mut(session).across
    {
        rule.rule = 0;
    }
    if forward.session.is_none() && forward.backends.iter().any(|backend| backend.weight > 0) {
        forward.backends.retain(|backend| backend.weight > 0);
        join(&mut forward.backends, is_same_backend, |backend| &mut backend.weight);
    }
    reduce(forward.backends.iter_mut().map(|backend| &mut backend.weight));
    let key = |WeightedBackend {
                   weight,
                   target,
                   request_headers,
                   response_headers,
                   host_rewrite,
                   selector,
                   origin: _,
               }: &WeightedBackend| {
        format!("{target:?} {request_headers:?} {response_headers:?} {host_rewrite:?} {selector:?} {weight}")
    };
    forward.backends.sort_by_cached_key(key);
}

/// Whether two entries are the same but for their weights.
fn is_same_backend(one: &WeightedBackend, other: &WeightedBackend) -> bool {
    let WeightedBackend { weight: _, target, request_headers, response_headers, host_rewrite, selector, origin } = one;
    (target, request_headers, response_headers) == (&other.target, &other.request_headers, &other.response_headers)
        && (host_rewrite, selector, origin) == (&other.host_rewrite, &other.selector, &other.origin)
}

/// Divides weights by what they have in common: only their ratio counts.
fn reduce<'w>(weights: impl Iterator<Item = &'w mut u32>) {
    let weights: Vec<&mut u32> = weights.collect();
    let divisor = weights.iter().fold(0, |divisor, weight| greatest_divisor(divisor, u64::from(**weight))).max(1);
    let divisor = u32::try_from(divisor).unwrap_or(1);
    weights.into_iter().for_each(|weight| *weight /= divisor);
}

/// Requests that meet some conditions on a host, the most natural one first.
pub(super) fn requests(key: &HostKey<'_>, host: &Host<'_>, matches: &RouteMatch) -> Vec<Request> {
    Simulator::examples(host.at.listener, host.at.chain, host.service.as_ref().unwrap_or(key.host), matches)
}

/// A request that a rule takes, where one can be found.
pub(super) fn taken<'c>(side: &Side<'c>, key: &HostKey<'_>, host: &Host<'c>, rule: &Rule<'c>) -> Option<Request> {
    let is_taken = |request: &Request| {
        let decision = side.decide(key.chain.socket.gateway, request);
        decision.and_then(|decision| decision.route).is_some_and(|route| std::ptr::eq(route, rule.route))
    };
    requests(key, host, &rule.route.matches).into_iter().find(is_taken)
}
