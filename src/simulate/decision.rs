//! What becomes of a request.

use std::borrow::Cow;
use std::net::SocketAddr;

use crate::ir::{
    Action, AuthId, ClusterId, CopyHost, FilterChain, HashCookie, HttpSettings, Listener, Mirror, Origin, Route,
    VirtualHost,
};

use super::compression::{CHANGED, Compressing};
use super::cors_headers::{self, CorsHeaders};
use super::hash::give;
use super::header::{ATTEMPT_COUNT, Mutate, joined, set, upgrade};
use super::host::split_port;
use super::proxy_headers::{named_of_proxy, tell_of_proxy};
use super::rewritten::Message;
use super::session::SessionStart;
use super::share::Share;
use super::web_call::WebCall;

/// The header in which clients are told the name of a span.
const SPAN: &str = "x-envoy-decorator-operation";

/// The way of a request through the configuration, and where it may end.
#[derive(Clone, Debug)]
pub struct Decision<'c> {
    /// The socket; `None` when nothing listens there.
    pub listener: Option<&'c Listener>,
    /// The filter chain of the connection.
    pub chain: Option<&'c FilterChain>,
    /// The virtual host; `None` when the request did not get that far, or none covers its host.
    pub host: Option<&'c VirtualHost>,
    /// The route; `None` when none matches.
    pub route: Option<&'c Route>,
    /// The path and query that the routes were matched with, which is what was sent once it is normalised.
    pub path: Option<String>,
    /// The path of the call that a request in JSON becomes, if it can be read as its message, which only a run shows.
    pub call: Option<&'c str>,
    /// Every possible outcome; the shares add up to all requests.
    pub outcomes: Vec<Outcome<'c>>,
}

impl<'c> Decision<'c> {
    /// A connection that is not served.
    pub(super) fn closed(listener: Option<&'c Listener>, closed: Closed) -> Self {
        let outcome = Outcome { share: Share::ALL, backend: None, asked: &[], answer: Answer::Closed(closed) };
        Self { listener, chain: None, host: None, route: None, path: None, call: None, outcomes: vec![outcome] }
    }

    /// What becomes of a request that nobody looks at.
    pub fn unknown() -> Self {
        Self { listener: None, chain: None, host: None, route: None, path: None, call: None, outcomes: Vec::new() }
    }

    /// Tells clients the name of the spans of the rule, where it has one; those of preflights have none
    /// ([decorator](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-envoy-decorator-operation)).
    pub(super) fn tell_of_spans(&mut self) {
        let mut leaves = self.route.into_iter().flat_map(|route| route.action.leaves());
        let name = leaves.find_map(|leaf| match leaf {
            Action::Forward(forward) => forward.tracing.as_ref().filter(|said| !said.is_untold)?.name.as_deref(),
            Action::Redirect(_) | Action::DirectResponse(_) | Action::Respond(_) | Action::Split(_) => None,
        });
        let Some(name) = name else { return };
        for outcome in &mut self.outcomes {
            match &mut outcome.answer {
                Answer::Local(LocalReply { reason: Reason::Preflight, .. }) => {}
                Answer::Local(reply) => set(&mut reply.headers, SPAN, name),
                Answer::Upstream(upstream) => upstream.span = Some(name),
                Answer::Stream(_) | Answer::Closed(_) => {}
            }
        }
    }

    /// The status that every request gets from the proxy itself; `None` when a backend answers some.
    pub fn only_reply(&self) -> Option<&LocalReply> {
        match self.outcomes.as_slice() {
            [Outcome { answer: Answer::Local(reply), .. }] => Some(reply),
            _ => None,
        }
    }
}

/// One possible end, with its share.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome<'c> {
    /// How many of the requests end like this.
    pub share: Share,
    /// The backendRef that was drawn, where the route has some.
    pub backend: Option<Origin>,
    /// Who is asked first whether the request may pass.
    pub asked: &'c [AuthId],
    /// The end.
    pub answer: Answer<'c>,
}

/// How a request ends.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "most requests get to a backend")]
pub enum Answer<'c> {
    /// The proxy answers.
    Local(LocalReply),
    /// A backend gets the request.
    Upstream(Upstream<'c>),
    /// A backend gets the connection or the datagrams as they are.
    Stream(ClusterId),
    /// The connection is closed, or was never made.
    Closed(Closed),
}

impl<'c> Answer<'c> {
    /// Compresses the response.
    pub(super) fn compress(&mut self, compressing: &Compressing<'c>) {
        match self {
            // What is refused before filters see it does not pass them.
            Self::Local(LocalReply {
                reason: Reason::BadRequest | Reason::TooManyHeaders | Reason::Underscore,
                ..
            }) => {}
            Self::Local(reply) => compressing.compress(reply.body.len(), &mut reply.headers),
            Self::Upstream(upstream) => upstream.compressing = compressing.clone(),
            Self::Stream(_) | Self::Closed(_) => {}
        }
    }

    /// Adds what the settings of the connection say of the proxy in responses, after all others.
    pub(super) fn tell_of_proxy(&mut self, settings: &'c HttpSettings) {
        if named_of_proxy(settings).is_empty() {
            return;
        }
        match self {
            Self::Local(reply) => tell_of_proxy(settings, &mut reply.headers),
            Self::Upstream(upstream) => upstream.told = Some(settings),
            Self::Stream(_) | Self::Closed(_) => {}
        }
    }
}

/// Why a connection is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Nothing listens on the port.
    NoListener,
    /// No listener of the port takes the server name, or none takes plain connections.
    NoChain,
    /// The listener speaks TLS, or does not.
    WrongSecurity,
    /// The listener wants a certificate of the client.
    NoCertificate,
    /// The listener has no route that could serve it.
    NoRoute,
    /// The share of a backend that cannot be used.
    InvalidBackend,
    /// The backend has no endpoint.
    NoEndpoint,
    /// A header's name has an underscore, for which HTTP/2 streams are reset.
    Underscore,
    /// A header of connections, which HTTP/2 knows none of.
    ConnectionHeader,
    /// A target that is no path, which HTTP/2 streams are reset for.
    NoPath,
    /// The listener speaks another version of HTTP.
    OtherVersion,
    /// A policy of the route takes no connections from the address.
    NotAllowed,
}

impl Closed {
    /// The reason in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoListener => "nothing listens on this port",
            Self::NoChain => "no listener of this port takes the connection",
            Self::WrongSecurity => "TLS and plain text are mixed up",
            Self::NoCertificate => "the listener wants a certificate of the client",
            Self::NoRoute => "no route is attached to the listener",
            Self::InvalidBackend => "the backend cannot be used",
            Self::NoEndpoint => "the backend has no endpoint",
            Self::Underscore => "a header name has an underscore, which no rule of the listener asks for",
            Self::ConnectionHeader => "a header of connections is none of HTTP/2's",
            Self::NoPath => "the request target is no path",
            Self::OtherVersion => "the listener speaks another version of HTTP",
            Self::NotAllowed => "no policy of the route lets whoever connects pass",
        }
    }
}

/// An answer of the proxy's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalReply {
    /// The status.
    pub status: u16,
    /// Why.
    pub reason: Reason,
    /// Header lines with names in lower case, without those of the message itself.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Cow<'static, str>,
}

impl LocalReply {
    /// A reply without headers and body.
    pub(super) fn new(status: u16, reason: Reason) -> Self {
        Self { status, reason, headers: Vec::new(), body: Cow::Borrowed("") }
    }

    /// The reply with a body.
    pub(super) fn with_body(self, body: &'static str) -> Self {
        Self { body: Cow::Borrowed(body), ..self }
    }

    /// The reply to a call of gRPC-Web.
    pub(super) fn of_web_call(self, call: WebCall) -> Self {
        let Self { status, reason, mut headers, body } = self;
        call.tell(status, &mut headers, body.as_bytes());
        Self { status, reason, headers, body: Cow::Borrowed("") }
    }

    /// The values of all lines of one header.
    pub fn header_lines<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r str> {
        self.headers.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Why the proxy answers by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The request is not well-formed.
    BadRequest,
    /// The target is no path, as that of `OPTIONS *`.
    NoPath,
    /// The target says that the connection is TLS, which it is not.
    WrongScheme,
    /// A header's name has an underscore.
    Underscore,
    /// The connection shall become something that is not supported.
    Upgrade,
    /// A request that changes something comes from another host.
    ForeignOrigin,
    /// The body is longer than the listener, or the rule, takes.
    LongBody,
    /// There are more headers than the listener takes, or longer ones.
    TooManyHeaders,
    /// The proxy says that it is there.
    HealthCheck,
    /// The path had escaped slashes: the client is sent to the path without.
    EscapedSlashes,
    /// No virtual host covers the host.
    NoHost,
    /// No route of the host matches.
    NoRoute,
    /// The host belongs to another TLS listener.
    Misdirected,
    /// The route redirects.
    Redirect,
    /// The route answers with what the rule says.
    DirectResponse,
    /// The route answers with a status: none of its backends can be used.
    Respond,
    /// The share of a backend that cannot be used.
    InvalidBackend,
    /// The rule breaks off a share of its requests on purpose.
    Fault,
    /// The backend has no endpoint.
    NoEndpoint,
    /// The limits of the backend take no request.
    NoRoom,
    /// A browser asks what another origin may do.
    Preflight,
    /// An authorization service refuses the request.
    Unauthorized,
    /// An authorization service does not answer: nothing may pass.
    NoAuthorization,
    /// It has no key and no password that is known.
    NoCredential,
    /// Nobody has signed in who sends it.
    NotSignedIn,
    /// It has cookies of somebody who has signed in, or comes from there: whether they count only a run shows.
    SignedInPerhaps,
    /// Whoever sends it signs out.
    SignedOut,
    /// The request has no token that counts.
    NoToken,
    /// The request has a token whose keys a server has: whether it counts only a run shows.
    KeysElsewhere,
    /// Requests like it have a limit of none.
    NoRate,
    /// Nobody says whether there are too many requests: none may pass.
    NoLimits,
    /// The server that requests are handed to does not answer: none may pass.
    NoProcessor,
    /// Nobody whose token the request has may send it.
    NotAllowed,
    /// The body is larger than what the authorization service may see.
    BodyTooLarge,
}

impl Reason {
    /// The reason in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "the request is not well-formed",
            Self::NoPath => "the request target is no path",
            Self::WrongScheme => "the request target says `https`, and the connection is plain",
            Self::Underscore => "a header name has an underscore, which no rule of the listener asks for",
            Self::Upgrade => "connections become websockets, and nothing else",
            Self::ForeignOrigin => "the request comes from a host that changes are not taken from here",
            Self::LongBody => "the body is longer than is taken here",
            Self::TooManyHeaders => "there are more headers than the listener takes, or longer ones",
            Self::HealthCheck => "the listener's health check answers",
            Self::EscapedSlashes => "the path has escaped slashes and is redirected to the plain one",
            Self::NoHost => "no listener and route cover the host",
            Self::NoRoute => "no rule matches",
            Self::Misdirected => "the host belongs to another TLS listener of the port",
            Self::Redirect => "the rule redirects",
            Self::DirectResponse => "the rule answers by itself",
            Self::Respond => "the rule lacks what it cannot be served without",
            Self::Fault => "the rule breaks off a share of its requests on purpose",
            Self::InvalidBackend => "the backend cannot be used",
            Self::NoEndpoint => "the backend has no endpoint",
            Self::NoRoom => "the limits of the backend take no request",
            Self::Preflight => "the rule's CORS filter answers preflights",
            Self::Unauthorized => "the authorization service refuses it",
            Self::NoAuthorization => "the authorization service does not answer",
            Self::NoCredential => "the request has no key or password that is right here",
            Self::NotSignedIn => "nobody has signed in who sends it: clients are sent to where that is done",
            Self::SignedInPerhaps => {
                "whether it is of somebody who has signed in only a run shows: it is taken for one that is not"
            }
            Self::SignedOut => "whoever sends it signs out",
            Self::NoToken => "the request has no token that is valid here",
            Self::KeysElsewhere => {
                "a server has the keys of the token, which only a run asks: the token is taken for one that does not count"
            }
            Self::NoRate => "requests like it have a limit of none",
            Self::NoLimits => "the server that counts requests does not answer",
            Self::NoProcessor => "the server that requests are handed to does not answer",
            Self::NotAllowed => "no policy of the rule lets whoever sends it pass",
            Self::BodyTooLarge => "the body is larger than the authorization service may see",
        }
    }
}

/// A request as a backend gets it.
#[derive(Clone, Debug, PartialEq)]
pub struct Upstream<'c> {
    /// The backend.
    pub cluster: ClusterId,
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The Host header.
    pub host: String,
    /// Header lines with names in lower case.
    pub headers: Vec<(String, String)>,
    /// Headers that the proxy adds with values that only a run shows.
    pub generated: Vec<&'static str>,
    /// Whether the client is told how long the backend took.
    pub tells_time: bool,
    /// How the response is compressed.
    pub(super) compressing: Compressing<'c>,
    /// The call of gRPC-Web that it is, where such calls become calls of gRPC.
    pub web_call: Option<WebCall>,
    /// The cookies that the client is given, with values that only a run shows.
    pub given: Vec<&'c HashCookie>,
    /// Whether the client is told how often the request was sent.
    pub(super) counts_attempts: bool,
    /// What happens to the headers of the response, in this order.
    pub(super) response: Vec<Mutate<'c>>,
    /// The copies of it.
    pub copies: Vec<Copied>,
    /// What the connection's settings say about the proxy.
    pub(super) told: Option<&'c HttpSettings>,
    /// The name of its span, which the client is told.
    pub(super) span: Option<&'c str>,
    /// What the gateway says about the request's origin, in place of the backend.
    pub(super) cors_headers: Option<CorsHeaders>,
    /// The session that it belongs to or begins.
    pub session: Option<SessionStart<'c>>,
}

/// A copy of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Who gets it.
    pub cluster: ClusterId,
    /// The host that it is for.
    pub host: String,
}

impl Copied {
    /// The copy of a request for a host.
    pub(super) fn of(Mirror { cluster, share: _, host }: &Mirror, requested: &str) -> Self {
        let host = match host {
            CopyHost::Same => requested.to_owned(),
            CopyHost::Marked => {
                let (name, port) = split_port(requested);
                format!("{name}-shadow{port}")
            }
            CopyHost::Literal(host) => host.clone(),
        };
        Self { cluster: *cluster, host }
    }
}

impl Upstream<'_> {
    /// What the client gets of the headers of a response with so many bytes, which `endpoint` sends where it is known. Names are in lower
    /// case.
    pub fn answer(
        &self,
        headers: Vec<(String, String)>,
        bytes: usize,
        endpoint: Option<SocketAddr>,
    ) -> Vec<(String, String)> {
        let mut headers = joined(&headers, Message::Response);
        if self.cors_headers.is_some() {
            cors_headers::take_out(&mut headers);
        }
        headers.extend(self.given.iter().map(|cookie| give(cookie)));
        for mutate in &self.response {
            mutate.apply(&mut headers);
        }
        // After the rule's own changes (seen at Envoy 1.40), while backends are told before those.
        if self.counts_attempts {
            set(&mut headers, ATTEMPT_COUNT, "1");
        }
        if let Some(cors_headers) = &self.cors_headers {
            cors_headers.set_in(&mut headers);
        }
        headers.extend(self.session.iter().flat_map(|session| session.lines(endpoint)));
        if !self.is_upgrade() {
            self.compressing.compress(bytes, &mut headers);
        }
        if let Some(settings) = self.told {
            tell_of_proxy(settings, &mut headers);
        }
        if let Some(span) = self.span {
            set(&mut headers, SPAN, span);
        }
        headers
    }

    /// Whether the bytes of the response are others than those that the backend sends.
    pub fn may_be_compressed(&self) -> bool {
        self.compressing.is_taken()
    }

    /// Whether its connection shall become another one.
    pub fn is_upgrade(&self) -> bool {
        upgrade(&self.headers).is_some()
    }

    /// The response headers that the configuration sets, adds or removes, in order and without repetitions.
    pub fn answered_headers(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let counted = self.counts_attempts.then_some(ATTEMPT_COUNT);
        let told = self.told.map(named_of_proxy).unwrap_or_default();
        let told = told.into_iter().chain(CHANGED.into_iter().filter(|_| self.compressing.is_offered()));
        for name in counted.into_iter().chain(told).chain(self.response.iter().flat_map(Mutate::names)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}
