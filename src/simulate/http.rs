//! One request on an HTTP connection, up to the route that takes it.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::ir::{
    Action, CONNECT, ClientCertificates, Config, FilterChain, HeaderMutations, HttpConnection, HttpProfile,
    OnlyVersion, PathRules, Route, Underscores, Upgrades, VirtualHost,
};

use super::access::ToldHeaders;
use super::action::{Askers, act, answer_early};
use super::admitted::{Admitted, KeptOut};
use super::authorization::Authority;
use super::clients::{as_kept, as_of_house, generated, of_spans};
use super::compression::Compressing;
use super::decision::{Answer, Closed, Decision, LocalReply, Outcome, Reason};
use super::guard::{kept_out, refusal};
use super::head::is_too_large;
use super::header::{
    BadConnection, GRPC_STATUS, Lines, admit, admit_believed, admit_neighbour, apply, client_address, joined, line,
    receive, upgrade,
};
use super::host::{HostTable, split_port, without_dot};
use super::internal::{admit_internal, is_internal, tell};
use super::path::{Normalized, normalize};
use super::proxy_headers::add_via;
use super::request::{Connection, Request, Security, Version};
use super::rewritten::Message;
use super::routes::RouteTable;
use super::share::Share;
use super::transcoding::Sought;
use super::upgrades::{is_refused, said_by};
use super::url::Url;
use super::web_call::{WebCall, code_of, escaped};

/// The methods that Envoy's HTTP/1 parser knows; it refuses all others.
const METHODS: &[&str] = &[
    "ACL",
    "BIND",
    "CHECKOUT",
    "CONNECT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MOVE",
    "NOTIFY",
    "OPTIONS",
    "PATCH",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PURGE",
    "PUT",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "SOURCE",
    "SUBSCRIBE",
    "TRACE",
    "UNBIND",
    "UNLINK",
    "UNLOCK",
    "UNSUBSCRIBE",
];

/// The method that the parser knows and the connection manager refuses.
const REFUSED_METHOD: &str = "QUERY";

/// The answer to a request for a protocol that connections do not become.
const UPGRADE_REFUSED: u16 = 403;

/// The virtual hosts of a connection manager.
#[derive(Debug)]
pub(super) struct HttpTable<'c> {
    connection: &'c HttpConnection,
    hosts: HostTable<'c>,
    routes: Vec<OnceLock<RouteTable<'c>>>,
    underscores: Underscores,
    paths: PathRules,
    /// Whether clients are asked for a certificate: without that they show none.
    asks_certificate: bool,
    told: OnceLock<ToldHeaders<'c>>,
}

/// Why a request gets no further than the connection manager.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It is answered.
    Reply(LocalReply),
    /// It is answered before its headers are made ready for routes. One that says its scheme itself meets a rule all
    /// the same: what that does to responses is done to the answer.
    Early(LocalReply, Box<Admitted>),
    /// Its stream is reset, and the connection with it where there is only one.
    Reset(Closed),
}

impl<'c> HttpTable<'c> {
    pub(super) fn new(connection: &'c HttpConnection, chain: &FilterChain, config: &Config) -> Self {
        let HttpConnection { virtual_hosts, misdirected, profile: _, settings: _, tracing: _ } = connection;
        let own = virtual_hosts.iter().map(|host| &host.hostname);
        Self {
            connection,
            // The places behind the virtual hosts are hosts of other listeners.
            hosts: HostTable::new(own.chain(misdirected).zip(0..)),
            routes: virtual_hosts.iter().map(|_| OnceLock::new()).collect(),
            underscores: connection.underscores(config),
            paths: connection.path_rules(),
            asks_certificate: chain.tls.as_ref().is_some_and(|tls| !matches!(tls.clients, ClientCertificates::Unasked)),
            told: OnceLock::new(),
        }
    }

    /// Decides about a request; beside it the hosts that the chains of the socket have one list of.
    pub(super) fn decide(
        &self,
        config: &'c Config,
        (request, others): (&Request, &HostTable<'_>),
        authority: &Authority<'_>,
    ) -> Decision<'c> {
        let mut decision = self.answer(config, (request, others), authority);
        let rule = decision.route.and_then(|route| route.action.leaves().find_map(Action::http_filters));
        let ways = rule.into_iter().flat_map(|filters| &filters.compressions);
        let ways = ways.chain(&self.connection.settings.compression).collect();
        let compressing = Compressing::new(ways, &joined(&request.headers, Message::Request));
        for outcome in &mut decision.outcomes {
            outcome.answer.compress(&compressing);
            outcome.answer.tell_of_proxy(&self.connection.settings);
        }
        if self.connection.tracing.is_some() || config.proxy.tracing.is_some() {
            decision.tell_of_spans();
        }
        decision
    }

    fn answer(
        &self,
        config: &'c Config,
        (request, others): (&Request, &HostTable<'_>),
        authority: &Authority<'_>,
    ) -> Decision<'c> {
        let admitted = match self.admit(config, request) {
            Ok(admitted) => Admitted { kept_out: kept_out(&self.connection.settings.guards, &admitted), ..admitted },
            Err(Refusal::Reply(reply)) => return local(finish(reply, is_grpc(&request.headers))),
            Err(Refusal::Early(reply, seen)) => return self.early(config, &seen, reply),
            Err(Refusal::Reset(closed)) => return Decision::closed(None, closed),
        };
        if self.connection.settings.health_path.as_ref() == Some(&admitted.target)
            && !is_refused(&admitted, self.connection.settings.upgrades)
        {
            let decision = self.early(config, &admitted, LocalReply::new(200, Reason::HealthCheck));
            return Decision { path: Some(admitted.target), ..decision };
        }
        let sought = Sought::of(&self.connection.settings, admitted);
        let admitted = &sought.admitted;
        // What keeps requests out comes before the answer that there is nothing to send them to.
        let refused = |reason| {
            let reply = refusal(admitted.kept_out).unwrap_or_else(|| LocalReply::new(status_of(reason), reason));
            let reply = match admitted.web_call {
                Some(call) => reply.of_web_call(call),
                None => reply,
            };
            local(finish(reply, admitted.is_grpc))
        };
        let (host, _) = split_port(&admitted.authority);
        // Hosts of other listeners have a route too, and what they get is refused first.
        let elsewhere = |reason| match reason {
            _ if is_refused(admitted, self.connection.settings.upgrades) => {
                local(finish(LocalReply::new(UPGRADE_REFUSED, Reason::Upgrade), admitted.is_grpc))
            }
            // That route is one for paths, which tunnels lack.
            _ if admitted.target.is_empty() => refused(Reason::NoRoute),
            reason => refused(reason),
        };
        // Whoever is believed may say that there is no scheme: no route is looked for.
        let is_without_scheme = line(&admitted.headers, "x-forwarded-proto").is_some_and(str::is_empty);
        let decision = match self.hosts.find(host) {
            _ if is_without_scheme => refused(Reason::NoRoute),
            None if others.is_empty() => refused(Reason::NoHost),
            None if others.find(host).is_none() => elsewhere(Reason::NoHost),
            None => elsewhere(Reason::Misdirected),
            Some(place) => match self.connection.virtual_hosts.get(place) {
                None => elsewhere(Reason::Misdirected),
                Some(host) => {
                    let route = self.table(place).find(&sought.subject().subject());
                    let decision = match route {
                        None => refused(Reason::NoRoute),
                        Some(route) => {
                            let upgrades = said_by(route, self.connection.settings.upgrades);
                            let told = self.told.get_or_init(|| ToldHeaders::of(self.connection));
                            follow(config, (host, route), upgrades, admitted, Askers { authority, told })
                        }
                    };
                    Decision { host: Some(host), ..decision }
                }
            },
        };
        Decision { call: sought.call, path: Some(sought.admitted.target), ..decision }
    }

    /// The decision about a request that is answered before any other filter sees it. What its rule does to responses is
    /// done to the answer.
    fn early(&self, config: &'c Config, seen: &Admitted, reply: LocalReply) -> Decision<'c> {
        let host = self.host(seen);
        let route = host.and_then(|(_, table)| table.find(&seen.subject()));
        let answer = |route: &'c Route| answer_early(config, &route.action, seen, &reply);
        let outcomes = route.map_or_else(|| local(reply.clone()).outcomes, answer);
        Decision { outcomes: finish_all(outcomes, seen.is_grpc), ..local(reply) }
    }

    /// The virtual host of a request and its routes.
    pub(super) fn host(&self, admitted: &Admitted) -> Option<(&'c VirtualHost, &RouteTable<'c>)> {
        let place = self.hosts.find(split_port(&admitted.authority).0)?;
        Some((self.connection.virtual_hosts.get(place)?, self.table(place)))
    }

    fn table(&self, place: usize) -> &RouteTable<'c> {
        self.routes[place].get_or_init(|| RouteTable::new(&self.connection.virtual_hosts[place].routes))
    }

    /// What the routes see of a request, unless it is answered before.
    pub(super) fn admit(&self, config: &Config, request: &Request) -> Result<Admitted, Refusal> {
        let Request { connection, version, method, authority: _, target, headers, body_bytes } = request;
        let broken = || Refusal::Reply(LocalReply::new(400, Reason::BadRequest).with_body("Bad Request"));
        match (self.connection.settings.only, version) {
            (Some(OnlyVersion::Http1), Version::Http2) | (Some(OnlyVersion::Http2), Version::Http1) => {
                return Err(Refusal::Reset(Closed::OtherVersion));
            }
            _ => {}
        }
        let any_method = self.connection.settings.http1.any_method && is_token(method);
        if *version == Version::Http1 && !METHODS.contains(&method.as_str()) && !any_method {
            return Err(broken());
        }
        // The parser of HTTP/1.1 takes no such target, and nobody looks for a route.
        if *version == Version::Http1 && target.bytes().any(|byte| byte <= b' ' || byte >= 0x7f) {
            return Err(broken());
        }
        if is_too_large(request, self.connection.settings.limits) {
            let reply = LocalReply::new(431, Reason::TooManyHeaders);
            return Err(Refusal::Reply(reply.with_body("Request Header Fields Too Large")));
        }
        let has_underscore = |(name, _): &(String, String)| name.contains('_');
        if self.underscores == Underscores::Refused && headers.iter().any(has_underscore) {
            return Err(match version {
                Version::Http1 => Refusal::Reply(LocalReply::new(400, Reason::Underscore).with_body("Bad Request")),
                Version::Http2 => Refusal::Reset(Closed::Underscore),
            });
        }
        let without: Vec<(String, String)>;
        let headers = match self.underscores {
            Underscores::Dropped => {
                without = headers.iter().filter(|header| !has_underscore(header)).cloned().collect();
                &without
            }
            Underscores::Kept | Underscores::Refused => headers,
        };
        let received = match (receive(headers, *version, method == CONNECT), version) {
            (Ok(received), _) => received,
            (Err(BadConnection), Version::Http1) => return Err(broken()),
            (Err(BadConnection), Version::Http2) => return Err(Refusal::Reset(Closed::ConnectionHeader)),
        };
        let profile = self.connection.profile;
        let (clients, compression) = (self.connection.settings.clients, self.connection.settings.compression.as_ref());
        let hops = clients.trusted_hops.unwrap_or(config.proxy.trusted_hops);
        let is_told = hops > 0 || profile == HttpProfile::Mesh || clients.are_believed;
        let shows_certificate = matches!(connection.security, Security::Tls { certificate: true, .. });
        let of_client = (clients, shows_certificate && self.asks_certificate);
        // What is answered before meets the headers as they were sent.
        let sent = received.clone();
        let received = changed_early(&self.connection.settings.early_headers, received);
        let is_internal = is_internal(profile, &self.connection.settings, &received);
        let (clients, shows_certificate) = of_client;
        let of_client = (as_of_house(clients, is_internal), shows_certificate);
        let scheme = Scheme::of(connection, *version, &received, is_told);
        let admitted = |authority: &str, target: String, headers: Lines| Admitted {
            // Over HTTP/2 an upgrade is asked for with a method of its own.
            method: if upgrade(&received).is_some() && *version == Version::Http2 { "GET" } else { method }.to_owned(),
            authority: match profile {
                HttpProfile::Edge => without_dot(authority),
                HttpProfile::Mesh => authority.to_owned(),
            },
            target,
            headers,
            scheme: scheme.name,
            is_grpc: is_grpc(&received),
            web_call: WebCall::of(&self.connection.settings, &received),
            body_bytes: *body_bytes,
            client: client_address(&received, (hops, clients.are_believed || profile == HttpProfile::Mesh)),
            profile,
            generated: {
                let own = generated(profile, of_client, hops, &received).into_iter();
                let own = own.filter(|name| !is_internal || *name != "x-envoy-external-address");
                own.chain(of_spans(self.connection.tracing.as_deref()).iter().copied()).collect()
            },
            hides_encodings: compression.is_some_and(|compression| compression.hides_encodings),
            is_silent: profile == HttpProfile::Mesh || self.connection.settings.silent,
            kept_out: KeptOut::default(),
        };
        let ready = |authority: &str, target: String| {
            let mut headers = match profile {
                HttpProfile::Edge if is_internal && !clients.are_believed => {
                    as_kept(of_client, &received, admit_internal(&received, &scheme.line))
                }
                HttpProfile::Edge if clients.are_believed => {
                    as_kept(of_client, &received, admit_believed(&received, &scheme.line))
                }
                HttpProfile::Edge => as_kept(of_client, &received, admit(&received, &scheme.line, hops)),
                HttpProfile::Mesh => admit_neighbour(&received, &scheme.line),
            };
            if let Some(via) = &self.connection.settings.via {
                add_via(via, &mut headers);
            }
            if is_internal {
                tell(&mut headers);
            }
            admitted(authority, target, headers)
        };
        // Without the line no route is looked for.
        let says_scheme = line(&sent, "x-forwarded-proto").is_some_and(|scheme| !scheme.is_empty());
        let early = |reply: LocalReply, authority: &str, target: &str| {
            if !says_scheme {
                return Refusal::Reply(reply);
            }
            let target = target.split('#').next().unwrap_or_default().to_owned();
            // The final dot is taken from the host later.
            let authority = authority.to_owned();
            Refusal::Early(
                reply,
                Box::new(Admitted { authority: authority.clone(), ..admitted(&authority, target, sent.clone()) }),
            )
        };
        if request.is_tunnel() || (method == CONNECT && upgrade(&received).is_none()) {
            let authority = tunnel_host(request, &received).ok_or_else(broken)?;
            return Ok(ready(authority, String::new()));
        }
        let (authority, target) = split_target(request)?;
        let refused = || LocalReply::new(400, Reason::BadRequest);
        if method == REFUSED_METHOD {
            return Err(early(refused(), authority, target));
        }
        // A tunnel's host keeps the port that it leads to.
        let authority = if self.connection.settings.strips_port { split_port(authority).0 } else { authority };
        match normalize(target, self.paths) {
            Normalized::Path(path) => Ok(ready(authority, path)),
            // gRPC clients follow no redirects.
            Normalized::Redirect(path) if is_grpc(headers) => Err(early(refused(), authority, &path)),
            Normalized::Redirect(path) => {
                let headers = vec![("location".to_owned(), path.clone())];
                let reply = LocalReply { headers, ..LocalReply::new(307, Reason::EscapedSlashes) };
                Err(early(reply, authority, &path))
            }
            Normalized::Refused => Err(early(refused(), authority, target)),
        }
    }
}

/// Headers with what becomes of them before anything else looks at them.
fn changed_early(early: &HeaderMutations, mut lines: Lines) -> Lines {
    apply(early, &mut lines, Message::Request);
    lines
}

/// The scheme of a request, and what its line about that becomes.
struct Scheme {
    name: &'static str,
    line: String,
}

impl Scheme {
    fn of(connection: &Connection, version: Version, received: &Lines, is_told: bool) -> Self {
        let own = match connection.security {
            Security::Tls { .. } => "https",
            Security::Plain | Security::Udp => "http",
        };
        // Behind a trusted proxy, that one knows what the client spoke.
        let told = line(received, "x-forwarded-proto").filter(|_| is_told);
        let is_said = |scheme: &&str| told.is_some_and(|told| told.eq_ignore_ascii_case(scheme));
        let name = match version {
            Version::Http1 => ["https", "http"].into_iter().find(is_said).unwrap_or(own),
            // HTTP/2 has the scheme in the request itself.
            Version::Http2 => own,
        };
        Self { name, line: told.unwrap_or(own).to_owned() }
    }
}

/// Where a tunnel shall lead: host and port, whatever the Host header says.
fn tunnel_host<'r>(request: &'r Request, received: &Lines) -> Option<&'r str> {
    match request.version {
        Version::Http2 => request.authority.as_deref(),
        Version::Http1 => {
            let (host, port) = request.target.rsplit_once(':')?;
            let is_host = !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok();
            (is_host && line(received, "content-length").is_none()).then_some(&request.target)
        }
    }
}

/// Host and path of a request; those of an absolute target, which HTTP/2 has none of, go before the Host header. `OPTIONS`
/// may ask for `*`, which is no path either.
fn split_target(request: &Request) -> Result<(&str, &str), Refusal> {
    let Request { connection, version, method, authority, target, headers: _, body_bytes: _ } = request;
    let reply = |status, reason| Refusal::Reply(LocalReply::new(status, reason));
    let is_asterisk = method == "OPTIONS" && (target == "*" || *version == Version::Http1 && target.starts_with('*'));
    if target.starts_with('/') || is_asterisk {
        let authority = authority.as_deref().ok_or_else(|| reply(400, Reason::BadRequest))?;
        return if is_asterisk { Err(reply(404, Reason::NoPath)) } else { Ok((authority, target)) };
    }
    if *version == Version::Http2 {
        return Err(Refusal::Reset(Closed::NoPath));
    }
    let with_body = |status, reason, body| Refusal::Reply(LocalReply::new(status, reason).with_body(body));
    let broken = || with_body(400, Reason::BadRequest, "Bad Request");
    let Url { scheme, authority, rest, .. } = Url::parse(target).ok_or_else(broken)?;
    let is_tls = matches!(connection.security, Security::Tls { .. });
    match (scheme.to_ascii_lowercase().as_str(), rest) {
        ("https", _) if !is_tls => Err(with_body(403, Reason::WrongScheme, "Forbidden")),
        ("http" | "https", "") => Ok((authority, "/")),
        ("http" | "https", path) if path.starts_with('/') => Ok((authority, path)),
        ("http" | "https", _) => Err(reply(404, Reason::NoPath)),
        _ => Err(broken()),
    }
}

fn follow<'c>(
    config: &'c Config,
    (host, route): (&'c VirtualHost, &'c Route),
    upgrades: Upgrades,
    admitted: &Admitted,
    askers: Askers<'_>,
) -> Decision<'c> {
    let outcomes = if is_refused(admitted, upgrades) {
        answer_early(config, &route.action, admitted, &LocalReply::new(UPGRADE_REFUSED, Reason::Upgrade))
    } else {
        act(config, host, route, admitted, askers)
    };
    let outcomes = finish_all(outcomes, admitted.is_grpc);
    Decision { listener: None, chain: None, host: Some(host), route: Some(route), path: None, call: None, outcomes }
}

fn finish_all(mut outcomes: Vec<Outcome<'_>>, is_grpc: bool) -> Vec<Outcome<'_>> {
    for outcome in &mut outcomes {
        if let Answer::Local(reply) = &mut outcome.answer {
            *reply = finish(reply.clone(), is_grpc);
        }
    }
    outcomes
}

fn local<'c>(reply: LocalReply) -> Decision<'c> {
    let outcomes = vec![Outcome { share: Share::ALL, backend: None, asked: &[], answer: Answer::Local(reply) }];
    Decision { listener: None, chain: None, host: None, route: None, path: None, call: None, outcomes }
}

fn status_of(reason: Reason) -> u16 {
    match reason {
        Reason::Misdirected => 421,
        _ => 404,
    }
}

/// Whether a method is written with the characters that methods may have.
fn is_token(method: &str) -> bool {
    !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn is_grpc(headers: &[(String, String)]) -> bool {
    let content_type = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    content_type.is_some_and(|(_, value)| {
        let rest = value.strip_prefix("application/grpc");
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('+'))
    })
}

/// The reply as the client sees it: a gRPC client gets status 200 and a `grpc-status`.
fn finish(mut reply: LocalReply, is_grpc: bool) -> LocalReply {
    let has_type = reply.headers.iter().any(|(name, _)| name == "content-type");
    // The CORS filter answers preflights as they are.
    if is_grpc && !(reply.reason == Reason::Preflight && reply.status == 200) {
        if !has_type {
            reply.headers.push(("content-type".to_owned(), "application/grpc".to_owned()));
        }
        if reply.header_lines(GRPC_STATUS).next().is_none() {
            reply.headers.push((GRPC_STATUS.to_owned(), code_of(reply.status).to_string()));
        }
        if !reply.body.is_empty() {
            reply.headers.push(("grpc-message".to_owned(), escaped(reply.body.as_bytes())));
        }
        return LocalReply { status: 200, body: Cow::Borrowed(""), ..reply };
    }
    if !reply.body.is_empty() && !has_type {
        reply.headers.push(("content-type".to_owned(), "text/plain".to_owned()));
    }
    reply
}
