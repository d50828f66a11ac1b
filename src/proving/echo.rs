//! What echo backends would answer, without any: the other half of
//! `backend.rs`, for decisions of the simulator.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::Method;

use crate::ir::{
    AuthHeaders, CONNECT, Cluster, ClusterId, Endpoints, FailoverHost, Tunnel, UpstreamProtocol, unread_secret,
};
use crate::simulate::{
    Answer, Decision, Permission, Question, Request, Security, SessionStart, Share, Simulator, Upstream, Version,
};

use super::backend::ECHO_BACKEND;
use super::cases::{CaseFile, RequestCase};
use super::check::Outcome;
use super::client::{NoAnswer, Reply};
use super::grpc;
use super::journal::{REQUEST_ID, Received};
use super::nowhere::is_nowhere;
use super::query::parameters;
use super::tunnel::TunnelReport;
use super::values::HttpVersion;
use super::web_call;

/// The echo backends of a file of cases.
#[derive(Clone, Copy, Debug)]
pub(super) struct Echo<'a> {
    pub(super) simulator: &'a Simulator<'a>,
    pub(super) cases: &'a CaseFile,
}

/// What comes behind all questions about a request.
const AFTER_QUESTIONS: u64 = u64::MAX;

/// A question that an authorization service received.
pub(super) struct Asked {
    received: Arc<Received>,
    /// Whether it carries what tells the runner which request it is about.
    is_named: bool,
}

/// What stands for a value that only a run shows.
const GENERATED_VALUE: &str = "(set by Envoy)";

/// Headers of responses that belong to one connection: Envoy hands on those of no backend.
const OF_CONNECTION: &[&str] = &["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/// Methods whose requests without a body reach backends of HTTP/1.1 without `content-length`.
const BODILESS: &[&str] = &["CONNECT", "DELETE", "GET", "HEAD", "TRACE"];

/// A backend: its name, and its address where the configuration has it.
type Named = (String, Option<SocketAddr>);

impl<'a> Echo<'a> {
    /// Decides about a request of a case; the backends speak for authorization services. Also what those received.
    pub(super) fn decide(&self, case: &RequestCase, request: &Request) -> (Decision<'a>, Vec<Asked>) {
        let questions = std::cell::RefCell::new(Vec::new());
        let authority = |question: &Question| {
            let (received, permission) = self.permit(case, question);
            let mut questions = questions.borrow_mut();
            let order = questions.len() as u64;
            let is_named = self.is_identified(question);
            let received = received.map(|received| Arc::new(Received { order, ..received }));
            questions.extend(received.map(|received| Asked { received, is_named }));
            permission
        };
        let decision = self.simulator.decide_with(request, &authority);
        (decision, questions.into_inner())
    }

    /// What a backend says that is asked whether a request may pass.
    fn permit(&self, case: &RequestCase, question: &Question) -> (Option<Received>, Permission) {
        let Some((name, _)) = self.backends(question.cluster).into_iter().next() else {
            return (None, Permission::Unavailable);
        };
        if self.is_silent(&name) {
            return (None, Permission::Unavailable);
        }
        let body = case.request.body.clone().filter(|_| question.has_body).unwrap_or_default();
        let mut headers = question.headers.clone();
        if !question.is_grpc {
            headers.retain(|(name, _)| name != "content-length");
            headers.push(("content-length".to_owned(), body.len().to_string()));
        }
        let received = Received {
            backend: name.clone(),
            method: question.method.clone(),
            path: question.path.clone(),
            version: self.version(question.cluster, HttpVersion::Http1).to_owned(),
            host: Some(question.host.clone()),
            headers,
            body_length: body.len(),
            body,
            tls: None,
            tunnel: None,
            order: AFTER_QUESTIONS,
        };
        let controls = Controls { headers: &received.headers, path: &received.path, backend: &name };
        let status = controls.status().unwrap_or(200);
        let mut answer: Vec<(String, String)> = controls.headers();
        if !question.is_grpc {
            answer.insert(0, ("content-type".to_owned(), "application/json".to_owned()));
        }
        if !question.is_grpc || status != 200 {
            answer.push((ECHO_BACKEND.to_owned(), name.clone()));
        }
        let permission = match status {
            200 => Permission::Granted(answer),
            status => {
                let body = controls.get("x-echo-body").unwrap_or_default();
                Permission::Refused { status, headers: answer, body }
            }
        };
        (Some(received), permission)
    }

    /// Whether a question carries what tells the runner which request it is about.
    fn is_identified(&self, question: &Question) -> bool {
        match &self.simulator.config().external_auth(question.auth).settings.request_headers {
            AuthHeaders::Default => question.is_grpc,
            AuthHeaders::Listed(names) => names.iter().any(|name| name == REQUEST_ID),
        }
    }

    /// What the runner would observe, with the share of each.
    pub(super) fn observe_all(
        &self,
        case: &RequestCase,
        request: &Request,
        decision: &Decision<'_>,
        questions: &[Asked],
    ) -> Vec<(Share, Outcome)> {
        let mut all = Vec::new();
        for outcome in &decision.outcomes {
            let named = match &outcome.answer {
                Answer::Upstream(upstream) => self.endpoints(upstream),
                Answer::Stream(cluster) => self.backends(*cluster),
                Answer::Local(_) | Answer::Closed(_) => vec![(String::new(), None)],
            };
            // The endpoints of one backend have equal shares.
            let share = outcome.share * Share::new(1, named.len() as u128);
            for one in named {
                let mut seen = match &outcome.answer {
                    Answer::Upstream(upstream) => self.echo(case, upstream, one),
                    Answer::Stream(cluster) => self.stream(case, request, decision, *cluster, one.0),
                    Answer::Local(local) => {
                        let body = if case.request.method == Method::HEAD { "" } else { &*local.body };
                        observed(Ok(reply(local.status, local.headers.clone(), body)), Vec::new())
                    }
                    Answer::Closed(closed) => observed(Err(NoAnswer::Closed(closed.as_str().to_owned())), Vec::new()),
                };
                if !outcome.asked.is_empty() {
                    let those = |named: bool| questions.iter().filter(move |asked| asked.is_named == named);
                    let named = those(true).map(|asked| Arc::clone(&asked.received));
                    seen.received = named.chain(seen.received).collect();
                    seen.asked = those(false).map(|asked| Arc::clone(&asked.received)).collect();
                }
                all.push((share, seen));
            }
        }
        all
    }

    /// The names of those who answer the later requests of a session in place of `first`.
    pub(super) fn strayed(&self, case: &RequestCase, request: &Request, decision: &Decision<'_>) -> Vec<String> {
        let mut strayed = Vec::new();
        for outcome in &decision.outcomes {
            let Answer::Upstream(upstream) = &outcome.answer else { continue };
            for (name, address) in self.endpoints(upstream) {
                let mut later = request.clone();
                // A client sends back what the case says, whatever carries the session.
                let kept = case.session.as_ref().and_then(|session| session.header.as_deref());
                let is_kept = |session: &SessionStart<'_>| match (kept, session.header()) {
                    (Some(kept), Some(header)) => kept.eq_ignore_ascii_case(header),
                    (None, None) => true,
                    (Some(_), None) | (None, Some(_)) => false,
                };
                if let Some(session) = upstream.session.as_ref().filter(|session| is_kept(session)) {
                    session.keep(address, &mut later.headers);
                }
                let (decision, questions) = self.decide(case, &later);
                let others = self.observe_all(case, &later, &decision, &questions);
                let others = others.into_iter().map(|(_, outcome)| outcome.share_key());
                strayed.extend(others.filter(|other| *other != name));
            }
        }
        strayed
    }

    /// The backends that may answer: the one that the request's session names, if it is there.
    fn endpoints(&self, upstream: &Upstream<'_>) -> Vec<Named> {
        let mut all = self.backends(upstream.cluster);
        let named = upstream.session.as_ref().and_then(|session| session.endpoint);
        if upstream.session.is_some() && all.len() > 1 {
            // A session is moved from an endpoint that does not answer.
            all.retain(|(name, _)| !self.is_silent(name));
        }
        match all.iter().position(|(_, address)| address.is_some() && *address == named) {
            Some(place) => vec![all.swap_remove(place)],
            None => all,
        }
    }

    /// Whether no backend of a cluster answers.
    pub(super) fn are_silent(&self, id: ClusterId) -> bool {
        self.backends(id).iter().all(|(name, _)| self.is_silent(name))
    }

    /// Whether nobody is there in the place of a cluster.
    pub(super) fn answers_nobody(&self, id: ClusterId) -> bool {
        self.backends(id).iter().any(|(name, _)| self.is_silent(name))
    }

    fn is_silent(&self, name: &str) -> bool {
        let refuses =
            self.cases.tunnels.get(name).is_some_and(|end| end.status.is_some_and(|status| status / 100 != 2));
        refuses || self.cases.down.iter().chain(&self.cases.unresolved).any(|other| other == name)
    }

    /// The tunnel that a proxy on the way to a cluster sees.
    fn tunnel(&self, id: ClusterId) -> Option<TunnelReport> {
        let Tunnel { to, headers, over_http2, tls: _ } =
            self.simulator.config().cluster(id).settings.tunnel.as_ref()?;
        let version = if *over_http2 { HttpVersion::Http2 } else { HttpVersion::Http1 };
        let headers = headers.values().map(|(name, value)| (name.to_string(), value.sent().to_owned())).collect();
        Some(TunnelReport { to: to.clone(), version: version.as_str().to_owned(), headers, tls: None })
    }

    fn echo(&self, case: &RequestCase, upstream: &Upstream<'_>, (name, address): Named) -> Outcome {
        let sent = body(case);
        let (body, body_length) = match upstream.web_call.map(|call| web_call::body_of(call, &sent)) {
            None => (sent.clone(), sent.len()),
            Some(Some(bytes)) => (web_call::text_of(&bytes), bytes.len()),
            Some(None) => return observed(Ok(no_web_call(upstream, address)), Vec::new()),
        };
        let received = Received {
            backend: name.clone(),
            method: upstream.method.clone(),
            path: path(&upstream.method, &upstream.path, self.speaks_http2(upstream.cluster, case.request.version())),
            version: self.version(upstream.cluster, case.request.version()).to_owned(),
            host: Some(upstream.host.clone()),
            headers: self.handed_on(case, upstream),
            body_length,
            body,
            tls: None,
            tunnel: self.tunnel(upstream.cluster),
            order: AFTER_QUESTIONS,
        };
        let copies =
            upstream.copies.iter().filter_map(|copy| Some((copy, self.backends(copy.cluster).into_iter().next()?)));
        let copies = copies.filter(|(_, (name, _))| !self.is_silent(name)).map(|(copy, (backend, _))| Received {
            backend,
            host: Some(copy.host.clone()),
            ..received.clone()
        });
        // Copies do not wait for the backend.
        let copies: Vec<Received> = copies.collect();
        if self.is_silent(&received.backend) {
            return observed(Ok(unreachable(upstream, address)), copies);
        }
        let mut reply = answer(&received);
        reply.headers.retain(|(name, _)| !OF_CONNECTION.contains(&name.as_str()) && name != SERVICE_TIME);
        if upstream.tells_time {
            reply.headers.push((SERVICE_TIME.to_owned(), GENERATED_VALUE.to_owned()));
        }
        if upstream.is_upgrade() && reply.status == 200 {
            upgrade(&mut reply, case, upstream);
        }
        reply.headers = upstream.answer(reply.headers, body_bytes(&reply.body, &received), address);
        let reply = match upstream.web_call {
            Some(call) => web_call::reply_of(call, reply),
            None => reply,
        };
        observed(Ok(reply), std::iter::once(received).chain(copies).collect())
    }

    /// The header lines that a backend sees, with those of its connection and those whose values only a run shows.
    fn handed_on(&self, case: &RequestCase, upstream: &Upstream<'_>) -> Vec<(String, String)> {
        let mut lines = upstream.headers.clone();
        // What a Secret gives that nobody has read has no line.
        lines.retain(|(name, _)| unread_secret(name).is_none());
        let generated = upstream.generated.iter();
        lines.extend(generated.map(|name| ((*name).to_owned(), GENERATED_VALUE.to_owned())));
        if self.speaks_http2(upstream.cluster, case.request.version()) {
            return lines;
        }
        lines.push(("host".to_owned(), upstream.host.clone()));
        let is_bodiless = BODILESS.contains(&upstream.method.as_str()) || upstream.is_upgrade();
        let is_empty = case.request.grpc.is_none() && body(case).is_empty();
        if is_empty && !is_bodiless && lines.iter().all(|(name, _)| name != "content-length") {
            lines.push(("content-length".to_owned(), "0".to_owned()));
        }
        lines
    }

    /// The files of the certificates that the backends of a cluster serve.
    pub(super) fn certificates(&self, id: ClusterId) -> Vec<PathBuf> {
        let served = |(name, _): &Named| self.cases.backend_tls.get(name);
        self.backends(id).iter().filter_map(served).map(|tls| self.cases.pki.join(&tls.certificate)).collect()
    }

    /// Whether some backend of a cluster speaks TLS.
    pub(super) fn speaks_tls(&self, id: ClusterId) -> bool {
        let is_served =
            |name: &String| self.cases.backend_tls.contains_key(name) || self.speaks_tls_through_tunnel(name);
        self.backends(id).iter().any(|(name, _)| is_served(name))
    }

    fn speaks_tls_through_tunnel(&self, name: &str) -> bool {
        self.cases.tunnels.get(name).is_some_and(|end| end.tls.is_some())
    }

    /// Whether a cluster speaks HTTP/2, with a client that speaks this.
    pub(super) fn speaks_http2(&self, id: ClusterId, of_client: HttpVersion) -> bool {
        self.version(id, of_client) == HttpVersion::Http2.as_str()
    }

    /// A backend behind a stream of bytes, which are a request all the same.
    fn stream(
        &self,
        case: &RequestCase,
        request: &Request,
        decision: &Decision<'_>,
        cluster: ClusterId,
        name: String,
    ) -> Outcome {
        if request.connection.security == Security::Udp {
            let headers = vec![(ECHO_BACKEND.to_owned(), name)];
            return observed(Ok(reply(0, headers, case.request.body.as_deref().unwrap_or_default())), Vec::new());
        }
        let ends_here = decision.chain.is_some_and(|chain| chain.tls.is_some());
        let is_tls = matches!(request.connection.security, Security::Tls { .. }) && !ends_here;
        let speaks_tls = match self.tunnel(cluster) {
            Some(_) => self.speaks_tls_through_tunnel(&name),
            None => self.cases.backend_tls.contains_key(&name),
        };
        let encrypts = self.simulator.config().cluster(cluster).tls.is_some();
        if self.is_silent(&name) {
            return observed(Err(NoAnswer::Closed("nobody listens".to_owned())), Vec::new());
        }
        if is_tls && !speaks_tls && !encrypts {
            return observed(Err(NoAnswer::Closed("the server speaks no TLS".to_owned())), Vec::new());
        }
        if speaks_tls != (is_tls || encrypts) {
            return observed(Err(NoAnswer::Failed("the backend does not understand it".to_owned())), Vec::new());
        }
        let version = match request.version {
            Version::Http1 => HttpVersion::Http1,
            Version::Http2 => HttpVersion::Http2,
        };
        let lower = |(name, value): &(String, String)| (name.to_ascii_lowercase(), value.clone());
        let host = request.authority.clone().filter(|_| request.version == Version::Http1);
        let host = host.map(|host| ("host".to_owned(), host));
        let received = Received {
            backend: name,
            method: request.method.clone(),
            path: path(&request.method, &request.target, request.version == Version::Http2),
            version: version.as_str().to_owned(),
            host: request.authority.clone(),
            headers: request.headers.iter().map(lower).chain(host).collect(),
            body_length: body(case).len(),
            body: body(case),
            tls: None,
            tunnel: self.tunnel(cluster),
            order: AFTER_QUESTIONS,
        };
        observed(Ok(answer(&received)), vec![received])
    }

    /// The echo backends of a cluster: one for each endpoint that is kept, else one.
    pub(super) fn backends(&self, id: ClusterId) -> Vec<Named> {
        let Cluster { backend, endpoints, settings, .. } = self.simulator.config().cluster(id);
        let name = || format!("{}/{}:{}", backend.namespace, backend.name, backend.port);
        // Whether others are healthy is not known here; where there are none it is.
        if let Some(failover) = settings.failover.as_ref().filter(|_| endpoints.is_empty()) {
            let first = failover.localities.iter().filter(|locality| locality.priority == 1);
            let hosts = first.flat_map(|locality| &locality.hosts);
            let address = |host: &FailoverHost| Some(SocketAddr::new(host.address()?, host.port.number()));
            return hosts
                .map(|host| (format!("{}/{}:{}", backend.namespace, backend.name, host.called), address(host)))
                .collect();
        }
        match endpoints {
            Endpoints::Static(addresses) if self.cases.keep_endpoints && !addresses.first().is_some_and(is_nowhere) => {
                addresses.iter().map(|address| (address.to_string(), Some(*address))).collect()
            }
            Endpoints::Static(addresses) => vec![(name(), addresses.first().copied())],
            Endpoints::Dns(_) | Endpoints::File(_) => vec![(name(), None)],
        }
    }

    fn version(&self, id: ClusterId, of_client: HttpVersion) -> &'static str {
        match self.simulator.config().cluster(id).protocol {
            UpstreamProtocol::AsClients => of_client.as_str(),
            UpstreamProtocol::Http1 | UpstreamProtocol::Udp => HttpVersion::Http1.as_str(),
            UpstreamProtocol::Http2 | UpstreamProtocol::Negotiated => HttpVersion::Http2.as_str(),
        }
    }
}

fn observed(reply: Result<Reply, NoAnswer>, received: Vec<Received>) -> Outcome {
    let mut reply = reply;
    if let Ok(reply) = &mut reply
        && reply.status > 0
        && reply.header_lines(DATE).is_empty()
    {
        reply.headers.push((DATE.to_owned(), GENERATED_VALUE.to_owned()));
    }
    let received = received.into_iter().map(Arc::new).collect();
    Outcome { reply, received, asked: Vec::new(), strayed: Vec::new() }
}

/// The path that a backend sees. Over HTTP/2 a tunnel is asked for by the host alone.
fn path(method: &str, target: &str, is_http2: bool) -> String {
    if method == CONNECT && is_http2 { String::new() } else { target.to_owned() }
}

/// What the proxy answers to what is said to be a call in Base64 and is none.
fn no_web_call(upstream: &Upstream<'_>, address: Option<SocketAddr>) -> Reply {
    let text = b"Bad gRPC-web request, invalid base64 data.";
    let mut headers = upstream.answer(vec![("content-type".to_owned(), "text/plain".to_owned())], text.len(), address);
    if let Some(call) = upstream.web_call {
        call.tell(400, &mut headers, text);
    }
    reply(400, headers, "")
}

/// How many bytes the proxy says at least of a backend that cannot be reached.
const UNREACHABLE_BYTES: usize = 64;

/// What the proxy answers when the backend cannot be reached.
fn unreachable(upstream: &Upstream<'_>, address: Option<SocketAddr>) -> Reply {
    let is_call = upstream.headers.iter().any(|(name, value)| name == "content-type" && value == grpc::MEDIA_TYPE);
    if !is_call || upstream.web_call.is_some() {
        let mut headers =
            upstream.answer(vec![("content-type".to_owned(), "text/plain".to_owned())], UNREACHABLE_BYTES, address);
        if let Some(call) = upstream.web_call {
            // What it says is a run's to show.
            call.tell(503, &mut headers, GENERATED_VALUE.as_bytes());
        }
        return reply(503, headers, "");
    }
    // A client of gRPC reads the status of the call, which is `UNAVAILABLE`.
    let mut headers = upstream.answer(vec![("content-type".to_owned(), grpc::MEDIA_TYPE.to_owned())], 0, address);
    headers.push((grpc::STATUS.to_owned(), "14".to_owned()));
    reply(200, headers, "")
}

/// A backend that agrees to an upgrade, and sends back what comes after it.
fn upgrade(reply: &mut Reply, case: &RequestCase, upstream: &Upstream<'_>) {
    reply.status = if case.request.version() == HttpVersion::Http2 { 200 } else { 101 };
    reply.headers.retain(|(name, _)| name != "content-type");
    if reply.status == 101 {
        let line =
            |name: &str| upstream.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
        reply.headers.push(("connection".to_owned(), "upgrade".to_owned()));
        reply.headers.push(("upgrade".to_owned(), line("upgrade").unwrap_or_default()));
    }
    reply.body = body(case).into_bytes();
}

fn body(case: &RequestCase) -> String {
    match &case.request.grpc {
        Some(call) => call.messages.join("\n"),
        None => case.request.body.clone().unwrap_or_default(),
    }
}

/// The answer of an echo backend.
fn answer(received: &Received) -> Reply {
    let controls = Controls { headers: &received.headers, path: &received.path, backend: &received.backend };
    let status = controls.status();
    let media_type = received.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str());
    let is_call = status.is_none() && media_type.is_some_and(|value| value.starts_with(grpc::MEDIA_TYPE));
    let media_type = if is_call { grpc::MEDIA_TYPE } else { "application/json" };
    let mut headers =
        vec![("content-type".to_owned(), media_type.to_owned()), (ECHO_BACKEND.to_owned(), received.backend.clone())];
    for (name, value) in controls.headers() {
        // The length is that of the body.
        if name == "content-length" {
            continue;
        }
        if name == "content-type" {
            headers.retain(|(other, _)| *other != name);
        }
        headers.push((name, value));
    }
    let body = controls.get("x-echo-body").filter(|_| received.method != "HEAD").unwrap_or_default();
    let mut reply = reply(status.unwrap_or(200), headers, &body);
    // HTTP/1.1 backends have no trailers to put it in.
    if is_call && received.version == HttpVersion::Http2.as_str() {
        let status = controls.get("x-echo-grpc-status").unwrap_or_else(|| "0".to_owned());
        reply.trailers.push((grpc::STATUS.to_owned(), status));
    }
    reply
}

/// How many bytes a backend sends: where the request names no body, those of its report.
fn body_bytes(body: &[u8], received: &Received) -> usize {
    let controls = Controls { headers: &received.headers, path: &received.path, backend: &received.backend };
    if received.method == "HEAD" || controls.get("x-echo-body").is_some() {
        return body.len();
    }
    serde_json::to_vec_pretty(received).map_or(0, |report| report.len())
}

fn reply(status: u16, headers: Vec<(String, String)>, body: &str) -> Reply {
    Reply {
        status,
        headers,
        body: body.as_bytes().to_vec(),
        trailers: Vec::new(),
        truncated: false,
        elapsed: Duration::ZERO,
        tls: None,
    }
}

/// The controls of a request, as the echo backend reads them.
pub(super) struct Controls<'u> {
    pub(super) headers: &'u [(String, String)],
    /// Path and query.
    pub(super) path: &'u str,
    /// The backend that reads them.
    pub(super) backend: &'u str,
}

impl Controls<'_> {
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        let is_other = |to: &String| to != self.backend;
        if name != "x-echo-for" && self.all("x-echo-for").first().is_some_and(is_other) {
            return Vec::new();
        }
        let lines = self.headers.iter().filter(|(key, _)| key == name);
        let headers: Vec<String> = lines.map(|(_, value)| value.clone()).collect();
        if !headers.is_empty() {
            return headers;
        }
        parameters(self.path.split_once('?').map_or("", |(_, query)| query), name)
    }

    fn get(&self, name: &str) -> Option<String> {
        self.all(name).into_iter().next()
    }

    fn status(&self) -> Option<u16> {
        self.get("x-echo-status")?.parse().ok().filter(|status| (200..1000).contains(status))
    }

    /// The response headers that are asked for.
    fn headers(&self) -> Vec<(String, String)> {
        let lines = self.all("x-echo-header");
        let pairs = lines.iter().filter_map(|line| line.split_once('='));
        pairs.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.to_owned())).collect()
    }
}

/// When a response was made.
pub(super) const DATE: &str = "date";

/// How long the backend took.
pub(super) const SERVICE_TIME: &str = "x-envoy-upstream-service-time";
