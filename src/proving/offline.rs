//! Runs cases through the simulator: no proxy, no network, no time.
//!
//! Every possible outcome of a request is turned into what the runner would
//! have observed with echo backends, and judged by the same comparison.
//! Shares are compared exactly. What only a running proxy can show is listed
//! as unchecked, never taken as met.

use std::net::IpAddr;
use std::path::Path;

use crate::ir::{
    Action, BodyRule, ClusterId, FilterChain, Handler, HttpGuards, Material, Reference, Route, Timeouts, unread_secret,
};
use crate::masked;
use crate::options::Options;
use crate::simulate::{
    Answer, Connection, Decision, Expressions, Outcome, Reason, Request, Security, SessionStart, Share, Simulator,
    Upstream, Version,
};

use super::cases::{CaseFile, Expectation, RequestCase, ResponseExpectation, UpstreamExpectation};
use super::check::{Mismatch, check, meets};
use super::client::{NoAnswer, WEBSOCKET_KEY, WEBSOCKET_VERSION};
use super::echo::{Controls, DATE, Echo, SERVICE_TIME};
use super::grpc;
use super::nowhere::nowhere;
use super::run::{CaseResult, Proof, WayToServices, confined, resolve, services};
use super::tls::accepts;
use super::topology::Topology;
use super::values::{HttpVersion, Mirrors, Scheme};

/// Controls of the echo backends whose effect needs time or several tries.
const NEEDS_A_RUN: &[&str] = &["x-echo-delay-ms", "x-echo-chunks", "x-echo-gap-ms", "x-echo-close", "x-echo-fail"];

/// Response headers whose values only a run shows, whatever a rule adds to them.
const GENERATED_IN_RESPONSES: &[&str] = &[DATE, SERVICE_TIME];

/// Response headers that depend on how long the body is and how the connection goes on.
const FRAMING: &[&str] = &["connection", "content-length", "transfer-encoding"];

/// The header that tells backends how long Envoy waits for them, where a rule has time limits.
const EXPECTED_TIMEOUT: &str = "x-envoy-expected-rq-timeout-ms";

/// The options with which cases are compiled for the simulator: as for a run
/// with echo backends, every Service port has one endpoint.
pub fn offline_options(topology: &Topology, cases: &CaseFile, options: &Options) -> Options {
    let proof = Proof { envoy: Path::new(""), topology, cases, options, way: WayToServices::Proxy, warnings: None };
    let mut moved = confined(options, cases);
    // Where a run has it nobody else is.
    moved.admin_address = None;
    moved.resolve.extend(services(&proof).zip(0..).map(|(service, number)| resolve(service, nowhere(number), options)));
    moved
}

/// A simulator with what the cases of one file say about backends.
#[derive(Debug)]
pub struct Offline<'a> {
    simulator: &'a Simulator<'a>,
    topology: &'a Topology,
    cases: &'a CaseFile,
    expressions: Expressions,
}

/// What a case showed offline.
#[derive(Clone, Debug)]
pub struct Simulated<'a> {
    /// The result; without mismatches the case holds, as far as it was checked.
    pub result: CaseResult,
    /// What the case expects and only a run can show.
    pub unchecked: Vec<String>,
    /// Why nothing was checked.
    pub skipped: Option<&'static str>,
    /// The request.
    pub request: Request,
    /// The decision about it.
    pub decision: Decision<'a>,
}

impl<'a> Offline<'a> {
    /// Cases that were compiled with [`offline_options`].
    pub fn new(simulator: &'a Simulator<'a>, topology: &'a Topology, cases: &'a CaseFile) -> Self {
        Self { simulator, topology, cases, expressions: Expressions::of(simulator.config()) }
    }

    /// Runs every case.
    pub fn run(&self) -> Vec<Simulated<'a>> {
        self.cases.requests.iter().map(|case| self.run_case(case)).collect()
    }

    /// Runs one case, of this file or made of one of it.
    pub fn run_case(&self, case: &RequestCase) -> Simulated<'a> {
        let request = self.request(case);
        let echo = Echo { simulator: self.simulator, cases: self.cases };
        let takes_long = self.expressions.refuse(&request).is_some();
        let (decision, questions) =
            if takes_long { (Decision::unknown(), Vec::new()) } else { echo.decide(case, &request) };
        let mut simulated = Simulated {
            result: CaseResult { name: case.name.clone(), requests: 1, mismatches: Vec::new(), seconds: 0.0 },
            unchecked: Vec::new(),
            skipped: takes_long
                .then_some("to compare it with the regular expressions may take longer than a second")
                .or_else(|| skip(case, &request, &decision))
                .or_else(|| self.skip_answers(case, &echo, &decision)),
            request,
            decision,
        };
        if simulated.skipped.is_some() {
            return simulated;
        }
        match self.handshake(case, &echo, &simulated.decision) {
            Handshake::Done => {}
            Handshake::Unknown => {
                simulated.skipped = Some("whether the client takes the certificate of the server needs a run");
                return simulated;
            }
            Handshake::Refused(why) => {
                let expected = if case.expect.closed { "a closed connection" } else { "an answer" };
                let mismatch = Mismatch {
                    subject: "answer".to_owned(),
                    expected: expected.to_owned(),
                    actual: format!("the client refuses the certificate: {why}"),
                };
                simulated.result.mismatches.push(mismatch);
                return simulated;
            }
        }
        let (mut expect, unchecked) = checkable(&case.expect, &simulated.decision);
        self.hide_secrets(&mut expect, &simulated.decision);
        simulated.result.mismatches.extend(unknown_headers(&case.expect, &simulated.decision));
        simulated.unchecked = unchecked;
        let outcomes = std::mem::take(&mut expect.outcomes);
        // Of outcomes that were loosened, whether one is met is not certain.
        let is_looser: Vec<bool> = outcomes.iter().zip(&case.expect.outcomes).map(|(kept, own)| kept != own).collect();
        let mut is_ambiguous = false;
        let (mut shares, mut joint) = (Vec::new(), Vec::new());
        let expected_joint = case.expect.joint.as_ref();
        let with_target = expected_joint.is_some_and(|joint| joint.0.iter().any(|(key, _)| key.contains(" /")));
        let mut kinds = Vec::new();
        let strayed = match &case.session {
            Some(_) => echo.strayed(case, &simulated.request, &simulated.decision),
            None => Vec::new(),
        };
        let mut copied = Vec::new();
        for (share, mut observed) in echo.observe_all(case, &simulated.request, &simulated.decision, &questions) {
            observed.strayed.clone_from(&strayed);
            add(&mut shares, observed.share_key(), share);
            if let Some(Mirrors::Percent(expected)) = &case.expect.mirrors {
                let names: Vec<&str> = expected.iter().map(|(name, _)| name.as_str()).collect();
                observed.mirrored(&names).iter().for_each(|name| add(&mut copied, (*name).to_owned(), share));
            }
            add(&mut joint, observed.joint_key(with_target), share);
            let mut met =
                outcomes.iter().enumerate().filter(|(_, kind)| meets(kind, &observed)).map(|(position, _)| position);
            let kind = met.next();
            is_ambiguous |= kind.is_some_and(|kind| is_looser.get(kind) == Some(&true)) && met.next().is_some();
            let kind = kind.map_or_else(|| format!("another kind, such as {}", observed.share_key()), label);
            add(&mut kinds, kind, share);
            // Shares count what was closed.
            if case.expect.backends.is_some() && matches!(observed.reply, Err(NoAnswer::Closed(_))) {
                continue;
            }
            let alone = RequestCase { expect: expect.clone(), ..case.clone() };
            for mismatch in check(&alone, std::slice::from_ref(&observed)) {
                if !simulated.result.mismatches.contains(&mismatch) {
                    simulated.result.mismatches.push(mismatch);
                }
            }
        }
        if let Some(expected) = &case.expect.backends {
            simulated.result.mismatches.extend(compare_shares(&expected.0, &shares));
        }
        if let Some(Mirrors::Percent(expected)) = &case.expect.mirrors {
            simulated.result.mismatches.extend(compare_shares(expected, &copied));
        }
        if let Some(expected) = expected_joint {
            simulated.result.mismatches.extend(compare_shares(&expected.0, &joint));
        }
        if is_ambiguous {
            simulated.unchecked.push("shares of outcomes that differ in what a run generates".to_owned());
        } else if !outcomes.is_empty() {
            let expected: Vec<(String, f64)> =
                outcomes.iter().zip(0..).map(|(kind, at)| (label(at), kind.percent)).collect();
            simulated.result.mismatches.extend(compare_shares(&expected, &kinds));
        }
        if simulated.result.mismatches.is_empty() && checks_nothing(case, &expect) {
            simulated.skipped = Some("whatever it expects needs a run");
        }
        simulated
    }

    /// Puts what is shown of Secrets in the place of their values: so it is in what a backend would receive.
    fn hide_secrets(&self, expect: &mut Expectation, decision: &Decision<'_>) {
        let mut lines = upstreams(decision).flat_map(|upstream| &upstream.headers);
        if !lines.any(|(_, line)| masked::has_secret(line)) {
            return;
        }
        let secrets = self.simulator.config().secret_headers();
        let of_outcomes = expect.outcomes.iter_mut().filter_map(|kind| kind.upstream.as_mut());
        for expected in expect.upstream.iter_mut().chain(of_outcomes) {
            for (name, values) in &mut expected.headers.0 {
                for (_, secret) in secrets.iter().filter(|(own, _)| **own == *name.as_str()) {
                    let shown = masked::secret(secret);
                    let mut lines = upstreams(decision).flat_map(|upstream| &upstream.headers);
                    if lines.any(|(own, line)| own == name.as_str() && line.contains(&shown)) {
                        values.iter_mut().for_each(|value| *value = value.replace(secret, &shown));
                    }
                }
            }
        }
    }

    /// Whether the client of a case takes the certificate that it is shown.
    fn handshake(&self, case: &RequestCase, echo: &Echo<'_>, decision: &Decision<'_>) -> Handshake {
        let Some(spec) = case.request.tls.as_ref().filter(|spec| spec.ca.is_some()) else { return Handshake::Done };
        let Some(chain) = decision.chain else { return Handshake::Done };
        let config = self.simulator.config();
        let shown: Option<Vec<Vec<u8>>> = match &chain.tls {
            Some(tls) => tls.certificates.iter().map(|id| content(&config.certificate(*id).chain)).collect(),
            // Who gets the connection as it is speaks TLS itself.
            None => {
                let streams = decision.outcomes.iter().filter_map(|outcome| match &outcome.answer {
                    Answer::Stream(id) => Some(echo.certificates(*id)),
                    Answer::Upstream(_) | Answer::Local(_) | Answer::Closed(_) => None,
                });
                streams.flatten().map(|file| std::fs::read(file).ok()).collect()
            }
        };
        let Some(shown) = shown else { return Handshake::Unknown };
        let host = &case.request.url.host;
        let verdicts: Vec<Result<(), String>> =
            match shown.iter().map(|pem| accepts(spec, &self.cases.pki, host, pem)).collect() {
                Ok(verdicts) => verdicts,
                Err(error) => return Handshake::Refused(error.to_string()),
            };
        // Which of several is shown depends on what else the client says.
        match (verdicts.iter().all(Result::is_ok), verdicts.iter().all(Result::is_err), verdicts.first()) {
            (true, _, _) => Handshake::Done,
            (_, true, Some(Err(why))) => Handshake::Refused(why.clone()),
            _ => Handshake::Unknown,
        }
    }

    /// What only the other side of a connection knows.
    fn skip_answers(&self, case: &RequestCase, echo: &Echo<'_>, decision: &Decision<'_>) -> Option<&'static str> {
        let config = self.simulator.config();
        let has_tls = |id: ClusterId| config.cluster(id).every_tls().next().is_some();
        let asks_over_tls = decision.outcomes.iter().flat_map(|outcome| outcome.asked);
        let mut asked = asks_over_tls.map(|id| config.external_auth(*id).settings.cluster);
        let mut reached = upstreams(decision)
            .flat_map(|upstream| upstream.copies.iter().map(|copy| &copy.cluster).chain([&upstream.cluster]));
        let is_encrypted_stream = |outcome: &Outcome<'_>| match &outcome.answer {
            // A backend that does not speak TLS is refused whatever it shows.
            Answer::Stream(id) => has_tls(*id) && echo.speaks_tls(*id),
            Answer::Upstream(_) | Answer::Local(_) | Answer::Closed(_) => false,
        };
        // Backends with TLS show certificates of their own, which no manifest knows.
        if reached.any(|id| has_tls(*id)) || asked.any(has_tls) || decision.outcomes.iter().any(is_encrypted_stream) {
            return Some("whether the certificate of the backend is accepted needs a run");
        }
        let in_plain_text = |id: &&ClusterId| echo.speaks_tls(**id) && !has_tls(**id);
        if upstreams(decision)
            .flat_map(|upstream| upstream.copies.iter().map(|copy| &copy.cluster).chain([&upstream.cluster]))
            .any(|id| in_plain_text(&id))
        {
            return Some("what a backend with TLS makes of plain text needs a run");
        }
        let silent = decision.route.into_iter().flat_map(|route| route.action.references());
        let mut silent = silent.filter_map(|reference| match reference {
            Reference::Guard(id) => Some(id),
            _ => None,
        });
        if decision.route.is_some_and(is_handed_on) && silent.any(|id| echo.answers_nobody(id)) {
            return Some("what a server makes of requests needs a run");
        }
        let is_dns = |id: ClusterId| config.cluster(id).is_dns();
        if self.cases.keep_endpoints && upstreams(decision).any(|upstream| is_dns(upstream.cluster)) {
            return Some("which addresses a DNS name has needs a run");
        }
        let leaves_priority = |leaf: &Action| matches!(leaf, Action::Forward(leaf) if leaf.retry.as_ref().is_some_and(|retry| retry.leaves_priority_after.is_some()));
        let has_failover = |upstream: &Upstream<'_>| config.cluster(upstream.cluster).settings.failover.is_some();
        let mut leaves = decision.route.into_iter().flat_map(|route| route.action.leaves());
        if upstreams(decision).any(has_failover) && leaves.any(leaves_priority) {
            return Some("which host gets a further try needs a run");
        }
        if upstreams(decision).any(|upstream| config.cluster(upstream.cluster).settings.can_close()) {
            return Some("whether an endpoint is healthy and may be sent to needs a run");
        }
        if case.expect.body.is_some() && upstreams(decision).any(Upstream::may_be_compressed) {
            return Some("the bytes of a compressed body need a run");
        }
        let upgrades = |upstream: &Upstream<'_>| {
            upstream.is_upgrade() && echo.speaks_http2(upstream.cluster, case.request.version())
        };
        if upstreams(decision).any(upgrades) {
            return Some("whether the backend upgrades streams of HTTP/2 needs a run");
        }
        let in_session = || upstreams(decision).filter_map(|upstream| Some((upstream, upstream.session.as_ref()?)));
        if in_session().any(|(upstream, _)| echo.are_silent(upstream.cluster)) {
            return Some("where a session goes on without its backend needs a run");
        }
        let has_end = in_session().any(|(_, session)| session.is_timed() && session.endpoint.is_some());
        has_end.then_some("whether a session has ended needs a run")
    }

    /// The request of a case, as the runner would send it.
    pub fn request(&self, case: &RequestCase) -> Request {
        let spec = &case.request;
        let own = |lines: &(hyper::header::HeaderName, Vec<String>)| {
            let name = lines.0.to_string();
            lines.1.iter().map(move |value| (name.clone(), value.clone())).collect::<Vec<_>>()
        };
        let mut headers: Vec<(String, String)> = spec.headers.0.iter().flat_map(own).collect();
        let mut method = spec.method.to_string();
        let version = match spec.version() {
            HttpVersion::Http1 => Version::Http1,
            HttpVersion::Http2 => Version::Http2,
        };
        if version == Version::Http2 {
            drop_connection_headers(&mut headers);
        }
        if let Some(body) = spec.body.as_ref().filter(|body| !body.is_empty() && spec.upgrade.is_none()) {
            headers.push(("content-length".to_owned(), body.len().to_string()));
        } else if version == Version::Http2 && spec.upgrade.is_none() && spec.grpc.is_none() && !is_bodiless(&method) {
            headers.push(("content-length".to_owned(), "0".to_owned()));
        }
        if let Some(protocol) = &spec.upgrade {
            headers.push(("connection".to_owned(), "Upgrade".to_owned()));
            headers.push(("upgrade".to_owned(), protocol.clone()));
            headers.push(("sec-websocket-key".to_owned(), WEBSOCKET_KEY.to_owned()));
            headers.push(("sec-websocket-version".to_owned(), WEBSOCKET_VERSION.to_owned()));
        }
        let mut target = spec.raw_path.clone().unwrap_or_else(|| spec.url.path.clone());
        if let Some(call) = &spec.grpc {
            let mut add = |name: &str, value: &str| {
                if !headers.iter().any(|(other, _)| other == name) {
                    headers.push((name.to_owned(), value.to_owned()));
                }
            };
            add("content-type", grpc::MEDIA_TYPE);
            add("te", "trailers");
            "POST".clone_into(&mut method);
            target = call.path();
        }
        let security = match spec.url.scheme {
            Scheme::Http | Scheme::Tcp => Security::Plain,
            Scheme::Udp => Security::Udp,
            Scheme::Https | Scheme::Tls => {
                let tls = spec.tls.clone().unwrap_or_default();
                Security::tls(tls.sni.as_ref().unwrap_or(&spec.url.host), tls.certificate.is_some())
            }
        };
        let host = headers.iter().position(|(name, _)| name == "host").map(|place| headers.remove(place).1);
        let mut host = host.or_else(|| spec.host.clone()).unwrap_or_else(|| spec.url.host.clone());
        if let Some(tunnel) = spec.tunnel() {
            host.clone_from(&tunnel);
            target = tunnel;
        }
        Request {
            connection: Connection { address: self.address(case), port: spec.url.port.into(), security },
            version,
            method,
            authority: Some(host),
            target,
            headers,
            body_bytes: spec.body.as_ref().filter(|_| spec.upgrade.is_none()).map_or(0, |body| body.len() as u64),
        }
    }

    /// The address of the Gateway that a case names.
    fn address(&self, case: &RequestCase) -> Option<IpAddr> {
        self.topology.gateways.get(case.gateway.as_ref()?)?.addresses.first().copied()
    }
}

/// Whether the runner sends no length with an empty body over HTTP/2.
fn is_bodiless(method: &str) -> bool {
    ["CONNECT", "DELETE", "GET", "HEAD"].contains(&method)
}

/// Takes out what no client sends over HTTP/2: the headers of a connection, and those that the first line of `connection`
/// names, of which alone the runner's client (hyper) reads names.
fn drop_connection_headers(headers: &mut Vec<(String, String)>) {
    let nominated = headers.iter().find(|(name, _)| name == "connection").into_iter();
    let nominated = nominated.flat_map(|(_, list)| list.split(','));
    let nominated: Vec<String> = nominated.map(|name| name.trim().to_ascii_lowercase()).collect();
    headers.retain(|(name, value)| {
        let is_own = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];
        !is_own.contains(&name.as_str()) && !nominated.contains(name) && (name != "te" || value == "trailers")
    });
}

/// How a client's check of a certificate ends.
enum Handshake {
    Done,
    Refused(String),
    /// The certificate is not in the input, or is one of several.
    Unknown,
}

/// Key material that is in the input, in PEM.
fn content(material: &Material) -> Option<Vec<u8>> {
    match material {
        Material::Inline(pem) => Some(pem.as_bytes().to_vec()),
        Material::File(_) | Material::Unseen(_) | Material::Several(_) => None,
    }
}

/// The name of an expected kind of outcome.
fn label(position: usize) -> String {
    format!("outcome {}", position + 1)
}

fn add(shares: &mut Vec<(String, Share)>, key: String, share: Share) {
    match shares.iter_mut().find(|(other, _)| *other == key) {
        Some((_, sum)) => *sum = *sum + share,
        None => shares.push((key, share)),
    }
}

/// Why a case needs a running proxy.
fn skip(case: &RequestCase, request: &Request, decision: &Decision<'_>) -> Option<&'static str> {
    let controls =
        |name: &&&str| request.header_lines(name).next().is_some() || request.target.contains(&format!("{name}="));
    let asks = |chain: &FilterChain| chain.tls.as_ref().is_some_and(|tls| tls.clients.authorities().is_some());
    let shows = case.request.tls.as_ref().is_some_and(|tls| tls.certificate.is_some());
    if shows && decision.chain.is_some_and(asks) {
        return Some("whether the client's certificate is accepted needs a run");
    }
    let is_stream = |outcome: &Outcome<'_>| matches!(outcome.answer, Answer::Stream(_));
    if case.request.upgrade.is_some() && decision.outcomes.iter().any(is_stream) {
        return Some("an upgraded stream needs a run");
    }
    if decision.call.is_some() {
        return Some("whether a request in JSON is a call, and what is answered to it, needs a run");
    }
    if decision.route.is_some_and(is_scripted) {
        return Some("what a script makes of requests and responses needs a run");
    }
    let depends_on_keys = |outcome: &Outcome<'_>| matches!(&outcome.answer, Answer::Local(reply) if reply.reason == Reason::KeysElsewhere);
    if decision.outcomes.iter().any(depends_on_keys) {
        return Some("whether the keys of a server verify a token needs a run");
    }
    let is_unknown = |outcome: &Outcome<'_>| matches!(&outcome.answer, Answer::Local(reply) if reply.reason == Reason::SignedInPerhaps);
    if decision.outcomes.iter().any(is_unknown) {
        return Some("whether somebody has signed in needs a run");
    }
    // The simulator sees the first of all.
    let is_kept_out = case.expect.closed || case.expect.status == Some(429);
    // And a server that counts them answers.
    let may_be_refused = is_kept_out || case.expect.status == Some(500);
    if may_be_refused && decision.route.is_some_and(is_counted) {
        return Some("whether a request is one too many needs a run");
    }
    let is_foretold =
        |outcome: &Outcome<'_>| matches!(&outcome.answer, Answer::Local(reply) if reply.reason == Reason::NoRate);
    if is_kept_out && decision.route.is_some_and(is_limited) && !decision.outcomes.iter().any(is_foretold) {
        return Some("whether a request is one too many needs a run");
    }
    if is_kept_out && decision.chain.is_some_and(counts) {
        return Some("whether a request is one too many needs a run");
    }
    let is_drawn = decision.outcomes.len() > 1 && decision.route.is_some_and(draws_by_hash);
    if is_drawn {
        return Some("which backend a hash chooses needs a run");
    }
    let is_long =
        |outcome: &Outcome<'_>| matches!(&outcome.answer, Answer::Local(reply) if reply.reason == Reason::LongBody);
    if request.version == Version::Http2 && decision.outcomes.iter().any(is_long) {
        return Some("whether a body over HTTP/2 comes in more than one part needs a run");
    }
    let is_stream = request.is_tunnel() || upstreams(decision).any(Upstream::is_upgrade);
    if is_stream && (decision.chain.is_some_and(holds_bodies) || decision.route.is_some_and(holds_bodies_of)) {
        return Some("whether an upgraded connection gets through where bodies are held needs a run");
    }
    let steers = |(name, _): &(String, String)| name.starts_with("x-echo-");
    let is_steered = request.headers.iter().any(steers) || request.target.contains("x-echo-");
    if is_steered && decision.route.is_some_and(is_handed_on) {
        return Some("what a server makes of requests needs a run");
    }
    NEEDS_A_RUN.iter().find(controls).map(|_| "it depends on time or on further tries, which need a run")
}

/// Whether the backend of a route is chosen by a hash.
fn draws_by_hash(route: &Route) -> bool {
    route.action.leaves().any(|leaf| matches!(leaf, Action::Forward(forward) if forward.draws_by_hash))
}

/// Whether the proxy counts the requests of a route.
fn is_limited(route: &Route) -> bool {
    let mut guards = route.action.leaves().filter_map(Action::http_filters).map(|filters| &filters.guards);
    guards.any(|guards| guards.early_rate.is_some() || guards.rate.is_some())
}

/// Whether a server counts the requests of a route.
fn is_counted(route: &Route) -> bool {
    let mut filters = route.action.leaves().filter_map(Action::http_filters);
    filters.any(|filters| filters.guards.limits().next().is_some())
}

/// Whether a server gets the requests of a route, and may change and answer them.
fn is_handed_on(route: &Route) -> bool {
    let mut filters = route.action.leaves().filter_map(Action::http_filters);
    filters.any(|filters| !filters.guards.processors.is_empty())
}

/// Whether scripts get the requests of a route.
fn is_scripted(route: &Route) -> bool {
    let mut filters = route.action.leaves().filter_map(Action::http_filters);
    filters.any(|filters| !filters.guards.scripts.is_empty())
}

/// Whether every request on a chain is held until its body is whole, unless a rule says otherwise.
fn holds_bodies(chain: &FilterChain) -> bool {
    matches!(&chain.handler, Handler::Http(connection) if connection.settings.guards.body.is_some())
}

/// The same of the requests of a route.
fn holds_bodies_of(route: &Route) -> bool {
    let mut filters = route.action.leaves().filter_map(Action::http_filters);
    filters.any(|filters| matches!(filters.guards.body, Some(BodyRule::Limit(_))))
}

/// Whether what becomes of a request on a chain depends on how many came before.
fn counts(chain: &FilterChain) -> bool {
    let Handler::Http(connection) = &chain.handler else { return false };
    let HttpGuards { body: _, origins: _, requests, connections, new_connections } = &connection.settings.guards;
    requests.is_some() || connections.is_some() || new_connections.is_some()
}

/// What of an expectation the simulator can judge, and what it cannot.
fn checkable(expect: &Expectation, decision: &Decision<'_>) -> (Expectation, Vec<String>) {
    let mut kept = expect.clone();
    let mut unchecked = Vec::new();
    // Shares are compared by the caller.
    kept.backends = None;
    kept.joint = None;
    let mut drop = |given: bool, what: &str| {
        if given {
            unchecked.push(what.to_owned());
        }
    };
    let answers_upstream = upstreams(decision).next().is_some();
    drop(decision.route.is_some_and(is_handed_on), "what a server makes of the request");
    drop(kept.within.take().is_some(), "within");
    drop(kept.tls.take().is_some(), "tls");
    let leaves = || decision.route.into_iter().flat_map(|route| route.action.leaves());
    let retries =
        |leaf: &Action| matches!(leaf, Action::Forward(leaf) if leaf.retry.is_some() || leaf.session.is_some());
    if leaves().any(retries) {
        drop(kept.attempts.take().is_some(), "attempts");
        drop(kept.reached.take().is_some(), "reached");
    }
    drop(kept.total_attempts.take().is_some(), "totalAttempts");
    drop(std::mem::take(&mut kept.truncated), "truncated");
    drop(answers_upstream && kept.grpc_messages.take().is_some(), "grpcMessages");
    let has_own_body = upstreams(decision).any(|upstream| {
        let controls = Controls { headers: &upstream.headers, path: &upstream.path, backend: "" };
        !controls.all("x-echo-body").is_empty()
    });
    if answers_upstream && !has_own_body && !upstreams(decision).any(Upstream::is_upgrade) {
        drop(kept.body.take().is_some(), "body");
    }
    if matches!(kept.mirrors, Some(Mirrors::Percent(_))) {
        kept.mirrors = None;
    }
    let of_outcomes = kept.outcomes.iter_mut().map(|kind| (&mut kind.response, &mut kind.upstream));
    for (response, upstream) in std::iter::once((&mut kept.response, &mut kept.upstream)).chain(of_outcomes) {
        let left = response.as_mut().map(|expected| keep_certain_response(expected, decision));
        let left = left.into_iter().chain(upstream.as_mut().map(|expected| keep_certain_upstream(expected, decision)));
        for part in left.flatten() {
            if !unchecked.contains(&part) {
                unchecked.push(part);
            }
        }
    }
    (kept, unchecked)
}

/// The requests that a decision hands on.
fn upstreams<'d, 'c>(decision: &'d Decision<'c>) -> impl Iterator<Item = &'d Upstream<'c>> {
    decision.outcomes.iter().filter_map(|outcome| match &outcome.answer {
        Answer::Upstream(upstream) => Some(upstream),
        Answer::Local(_) | Answer::Closed(_) | Answer::Stream(_) => None,
    })
}

const GENERATED: &str = "headers that a run generates";
const ABSENT: &str = "absent headers that a run generates";

/// Leaves out what only a run shows of a response; what was left out.
fn keep_certain_response(expected: &mut ResponseExpectation, decision: &Decision<'_>) -> Vec<String> {
    let ResponseExpectation { headers, matching, absent } = expected;
    let is_known = |name: &str| !GENERATED_IN_RESPONSES.contains(&name);
    let is_timed = upstreams(decision)
        .any(|upstream| !upstream.given.is_empty() || upstream.session.as_ref().is_some_and(SessionStart::is_timed));
    let is_shown = |name: &str| is_known(name) && !(is_timed && name == "set-cookie");
    let is_changed =
        |name: &str| upstreams(decision).any(|upstream| upstream.answered_headers().contains(&name)) && !is_known(name);
    let is_certain = |name: &String| {
        let name = name.to_ascii_lowercase();
        !FRAMING.contains(&name.as_str()) && !is_changed(&name)
    };
    let given = (headers.0.len() + matching.0.len(), absent.len());
    headers.0.retain(|(name, _)| is_shown(name.as_str()));
    matching.0.retain(|(name, _)| is_shown(name.as_str()));
    absent.retain(is_certain);
    left_out(given, (headers.0.len() + matching.0.len(), absent.len()))
}

/// The same of what a backend receives.
fn keep_certain_upstream(expected: &mut UpstreamExpectation, decision: &Decision<'_>) -> Vec<String> {
    let tls = expected.tls.take().map(|_| "tls of the upstream".to_owned());
    let tunnel = expected.tunnel.as_mut().and_then(|tunnel| tunnel.tls.take()).map(|_| "tls of the tunnel".to_owned());
    let UpstreamExpectation { headers, matching, absent, .. } = expected;
    let has_limit = decision
        .route
        .into_iter()
        .flat_map(|route| route.action.leaves())
        .any(|leaf| matches!(leaf, Action::Forward(leaf) if *leaf.timeouts != Timeouts::default()));
    let is_generated = |name: &str| {
        upstreams(decision).any(|upstream| upstream.generated.contains(&name)) || has_limit && name == EXPECTED_TIMEOUT
    };
    let given = (headers.0.len() + matching.0.len(), absent.len());
    let is_secret = |name: &str| {
        let mut lines = upstreams(decision).flat_map(|upstream| &upstream.headers);
        lines.any(|(own, line)| own.eq_ignore_ascii_case(name) && masked::has_secret(line))
    };
    headers.0.retain(|(name, _)| !is_generated(name.as_str()));
    matching.0.retain(|(name, _)| !is_generated(name.as_str()) && !is_secret(name.as_str()));
    absent.retain(|name| !(has_limit && name.eq_ignore_ascii_case(EXPECTED_TIMEOUT)));
    let left = left_out(given, (headers.0.len() + matching.0.len(), absent.len()));
    tls.into_iter().chain(tunnel).chain(left).collect()
}

/// What is expected of the headers of requests that get those of a Secret which nobody has read: any of them may be another.
fn unknown_headers(expect: &Expectation, decision: &Decision<'_>) -> Option<Mismatch> {
    let of_outcomes = expect.outcomes.iter().filter_map(|kind| kind.upstream.as_ref());
    let is_asked =
        expect.upstream.iter().chain(of_outcomes).any(|UpstreamExpectation { headers, matching, absent, .. }| {
            !headers.0.is_empty() || !matching.0.is_empty() || !absent.is_empty()
        });
    let mut names = upstreams(decision).flat_map(|upstream| &upstream.headers).map(|(name, _)| name);
    let secret = names.find_map(|name| unread_secret(name)).filter(|_| is_asked)?;
    Some(Mismatch {
        subject: "headers of the request".to_owned(),
        expected: "headers that are known".to_owned(),
        actual: format!("also the headers of Secret {secret}, which are not known"),
    })
}

/// The names of what there is less of: of headers, and of those that must not be there.
fn left_out(given: (usize, usize), left: (usize, usize)) -> Vec<String> {
    let parts = [(left.0 < given.0, GENERATED), (left.1 < given.1, ABSENT)];
    parts.into_iter().filter(|(is_less, _)| *is_less).map(|(_, name)| name.to_owned()).collect()
}

/// Whether nothing of what a case expects is left to look at.
fn checks_nothing(case: &RequestCase, kept: &Expectation) -> bool {
    let expect = &case.expect;
    let has_shares = expect.backends.is_some() || expect.joint.is_some() || !expect.outcomes.is_empty();
    let is_share_of_mirrors = matches!(expect.mirrors, Some(Mirrors::Percent(_)));
    // Of a backend whose TLS alone is expected, that it received the request was not the question.
    let emptied = |upstream: &UpstreamExpectation| {
        *upstream == UpstreamExpectation::default() && expect.upstream.as_ref() != Some(upstream)
    };
    let upstream = kept.upstream.clone().filter(|upstream| !emptied(upstream));
    let is_silent = Expectation { upstream, ..kept.clone() }.is_silent();
    is_silent && !has_shares && !is_share_of_mirrors && case.session.is_none()
}

/// How far a percentage without decimals may be off: less than anything prints.
const EXACT: f64 = 0.005;

/// What sums of percentages may be off because they are floats.
const FLOAT_ERROR: f64 = 1e-9;

/// Compares exact shares with percentages, as exactly as those are written.
fn compare_shares(expected: &[(String, f64)], actual: &[(String, Share)]) -> Vec<Mismatch> {
    let find = |name: &str| actual.iter().find(|(key, _)| key == name).map_or(Share::new(0, 1), |(_, share)| *share);
    let wrong = expected.iter().filter(|(name, percent)| {
        let decimals = percent.to_string().split_once('.').map_or(0, |(_, digits)| digits.len());
        let tolerance = (0.5 * 10_f64.powi(-i32::try_from(decimals).unwrap_or(0))).max(FLOAT_ERROR);
        let exact = if decimals == 0 { EXACT } else { tolerance };
        (find(name).percent() - percent).abs() > exact
    });
    let mut mismatches: Vec<Mismatch> = wrong
        .map(|(name, percent)| Mismatch {
            subject: format!("share of {name}"),
            expected: format!("{percent} %"),
            actual: find(name).to_string(),
        })
        .collect();
    let unnamed =
        actual.iter().filter(|(key, share)| share.parts() > 0 && !expected.iter().any(|(name, _)| name == key));
    mismatches.extend(unnamed.map(|(key, share)| Mismatch {
        subject: format!("share of {key}"),
        expected: "0 %".to_owned(),
        actual: share.to_string(),
    }));
    mismatches
}
