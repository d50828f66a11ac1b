//! A decision of the simulator as the expectation of a case.

use gwctl::ir::{Config, FilterChain, UpstreamProtocol};
use gwctl::proving::{
    Expectation, Headers, HttpVersion, Mirrors, OutcomeShare, Patterns, RequestCase, ResponseExpectation, Scheme,
    Shares, Simulated, TlsExpectation, UpstreamExpectation,
};
use gwctl::simulate::{Answer, Decision, LocalReply, Outcome, Reason, Upstream, Version};
use hyper::Method;
use hyper::header::HeaderName;

use super::gateway::TLS_SERVICES;

/// Headers of the plans, which are compared line by line.
const REQUEST_HEADERS: &[&str] = &[
    "x-v",
    "x-w",
    "x-add",
    "x-set",
    "x-envoy-original-path",
    "x-envoy-original-host",
    "x-forwarded-proto",
    "origin",
    "access-control-request-method",
    "te",
    "expect",
    "accept",
    "via",
    "vary",
    "cookie",
    "upgrade",
    "keep-alive",
    "proxy-connection",
    "x-forwarded-host",
    "x-envoy-retry-on",
];
const RESPONSE_HEADERS: &[&str] = &[
    "x-r1",
    "x-r2",
    "vary",
    "etag",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-allow-credentials",
    "access-control-expose-headers",
    "access-control-max-age",
];

/// What only a stream of bytes that nobody looks into leaves out.
const ADDED_BY_PROXIES: &[&str] = &["x-forwarded-proto", "x-forwarded-for", "x-request-id", "x-envoy-original-path"];

/// What Envoy answers where a backend does not know the upgrades of HTTP/2.
const NOT_UPGRADED: u16 = 502;

/// The common name of the certificate that backends with TLS show.
const BACKEND_PEER: &str = "backend";

/// Whether backends understand the bytes that are handed on: TLS where they speak it, plain text where not.
pub(crate) fn is_understood(case: &RequestCase, decision: &Decision<'_>, config: &Config) -> bool {
    let ends = decision.chain.is_some_and(|chain| chain.tls.is_some());
    let is_tls = case.request.url.scheme == Scheme::Https && !ends;
    // Backends upgrade what no proxy looks at.
    let has_header = case.request.headers.0.iter().any(|(name, _)| name == "upgrade");
    let upgrades = has_header || case.request.upgrade.is_some();
    decision.outcomes.iter().all(|outcome| match &outcome.answer {
        Answer::Stream(cluster) => {
            !upgrades && TLS_SERVICES.contains(&config.cluster(*cluster).backend.name.as_str()) == is_tls
        }
        Answer::Local(_) | Answer::Upstream(_) | Answer::Closed(_) => true,
    })
}

/// Whether a backend is asked to make something else of the connection.
pub(crate) fn is_upgraded(decision: &Decision<'_>) -> bool {
    decision
        .outcomes
        .iter()
        .any(|outcome| matches!(&outcome.answer, Answer::Upstream(upstream) if upstream.is_upgrade()))
}

/// What must hold if the real proxy decides alike. `mirrors`: whether to wait for copies.
pub(crate) fn expect(case: &RequestCase, simulated: &Simulated<'_>, config: &Config, mirrors: bool) -> Expectation {
    let decision = &simulated.decision;
    let seen = Seen { case, simulated, config };
    let mut expect = match decision.outcomes.as_slice() {
        [only] => seen.only(only, mirrors),
        many if many.iter().any(|outcome| matches!(outcome.answer, Answer::Stream(_) | Answer::Closed(_))) => {
            Expectation { backends: Some(Shares(seen.shares(many))), ..Expectation::default() }
        }
        many if mirrors => Expectation { joint: Some(Shares(seen.shares(many))), ..Expectation::default() },
        many => Expectation { outcomes: seen.kinds(many), ..Expectation::default() },
    };
    let is_answered = !decision.outcomes.iter().any(|outcome| matches!(outcome.answer, Answer::Closed(_)));
    if case.request.url.scheme == Scheme::Https && is_answered {
        expect.tls =
            peer(decision, config).map(|name| TlsExpectation { peer: Some(name), ..TlsExpectation::default() });
    }
    expect
}

/// The common name of the certificate that the client sees, where there is no choice.
fn peer(decision: &Decision<'_>, config: &Config) -> Option<String> {
    let FilterChain { tls, .. } = decision.chain?;
    let Some(tls) = tls else { return Some(BACKEND_PEER.to_owned()) };
    match tls.certificates.as_slice() {
        // Secrets are called as the common names of their certificates.
        [only] => Some(config.certificate(*only).name.to_string()),
        _ => None,
    }
}

struct Seen<'s> {
    case: &'s RequestCase,
    simulated: &'s Simulated<'s>,
    config: &'s Config,
}

impl Seen<'_> {
    fn only(&self, outcome: &Outcome<'_>, mirrors: bool) -> Expectation {
        match &outcome.answer {
            Answer::Local(reply) => self.local(reply),
            Answer::Upstream(upstream) if self.is_not_upgraded(upstream) => {
                Expectation { status: Some(NOT_UPGRADED), ..Expectation::default() }
            }
            Answer::Upstream(upstream) => Expectation {
                status: Some(match (upstream.is_upgrade(), self.simulated.request.version) {
                    (true, Version::Http1) => 101,
                    (true, Version::Http2) | (false, _) => 200,
                }),
                // HTTP/1.1 backends have no trailers to put it in.
                grpc_status: (self.case.request.grpc.is_some() && self.is_http2(upstream)).then_some(0),
                backend: Some(self.backend(upstream)),
                upstream: Some(self.received(upstream)),
                response: Some(response(&upstream.answer(self.echoed(), 0, None))),
                mirrors: mirrors.then(|| self.mirrors(upstream)),
                ..Expectation::default()
            },
            Answer::Stream(cluster) if self.case.request.url.scheme == Scheme::Udp => {
                Expectation { backend: Some(name(*cluster, self.config)), ..Expectation::default() }
            }
            Answer::Stream(cluster) => Expectation {
                status: Some(200),
                backend: Some(name(*cluster, self.config)),
                upstream: Some(self.untouched()),
                ..Expectation::default()
            },
            Answer::Closed(_) => Expectation { closed: true, ..Expectation::default() },
        }
    }

    fn local(&self, reply: &LocalReply) -> Expectation {
        let line = |name| reply.header_lines(name).next();
        let has_body = self.case.request.method != Method::HEAD;
        Expectation {
            status: Some(reply.status),
            grpc_status: line("grpc-status").and_then(|text| text.parse().ok()),
            redirect: line("location").map(str::to_owned),
            response: Some(response(&reply.headers)),
            // A service that refuses says why in words of its own.
            body: (reply.reason != Reason::Unauthorized)
                .then(|| if has_body { reply.body.to_string() } else { String::new() }),
            ..Expectation::default()
        }
    }

    /// What a backend receives of a connection that is handed on.
    fn untouched(&self) -> UpstreamExpectation {
        let request = &self.simulated.request;
        UpstreamExpectation {
            method: Some(request.method.clone()),
            path: Some(self.path(&request.target, request.version == Version::Http2)),
            host: request.authority.clone(),
            absent: ADDED_BY_PROXIES
                .iter()
                .filter(|name| request.header_lines(name).next().is_none())
                .map(|name| (*name).to_owned())
                .collect(),
            http: Some(match request.version {
                Version::Http1 => HttpVersion::Http1,
                Version::Http2 => HttpVersion::Http2,
            }),
            ..UpstreamExpectation::default()
        }
    }

    fn mirrors(&self, upstream: &Upstream<'_>) -> Mirrors {
        let mut names: Vec<String> = upstream.copies.iter().map(|copy| name(copy.cluster, self.config)).collect();
        names.sort_unstable();
        names.dedup();
        Mirrors::All(names)
    }

    /// Every key of the outcomes with its percentage, copies included.
    fn shares(&self, outcomes: &[Outcome<'_>]) -> Vec<(String, f64)> {
        let mut shares: Vec<(String, f64)> = Vec::new();
        for outcome in outcomes {
            let key = match &outcome.answer {
                Answer::Local(reply) if reply.reason == Reason::Unauthorized => {
                    reply.header_lines("x-echo-backend").next().unwrap_or_default().to_owned()
                }
                Answer::Local(reply) => match reply.header_lines("grpc-status").next() {
                    Some(status) => format!("grpc:{status}"),
                    None => format!("status:{}", reply.status),
                },
                Answer::Closed(_) => "closed".to_owned(),
                Answer::Stream(cluster) => name(*cluster, self.config),
                Answer::Upstream(upstream) if self.is_not_upgraded(upstream) => format!("status:{NOT_UPGRADED}"),
                Answer::Upstream(upstream) => {
                    let Mirrors::All(copies) = self.mirrors(upstream) else { continue };
                    let backend = self.backend(upstream);
                    // A copy for whoever answers is told apart from the request by nobody.
                    let others = copies.into_iter().filter(|name| *name != backend);
                    std::iter::once(backend.clone()).chain(others).collect::<Vec<_>>().join(" + ")
                }
            };
            match shares.iter_mut().find(|(other, _)| *other == key) {
                Some((_, percent)) => *percent += outcome.share.percent(),
                None => shares.push((key, outcome.share.percent())),
            }
        }
        shares
    }

    /// Every distinct end with its percentage.
    fn kinds(&self, outcomes: &[Outcome<'_>]) -> Vec<OutcomeShare> {
        let mut kinds: Vec<OutcomeShare> = Vec::new();
        for outcome in outcomes {
            let alone = self.only(outcome, false);
            let kind = OutcomeShare {
                percent: 0.0,
                status: alone.status,
                grpc_status: alone.grpc_status,
                backend: alone.backend,
                upstream: alone.upstream,
                response: alone.response,
            };
            let same = |other: &&mut OutcomeShare| OutcomeShare { percent: 0.0, ..(**other).clone() } == kind;
            match kinds.iter_mut().find(same) {
                Some(other) => other.percent += outcome.share.percent(),
                None => kinds.push(OutcomeShare { percent: outcome.share.percent(), ..kind }),
            }
        }
        kinds
    }

    /// Whether it is asked over HTTP/2, of which the backends of a run upgrade no stream.
    fn is_not_upgraded(&self, upstream: &Upstream<'_>) -> bool {
        upstream.is_upgrade() && self.is_http2(upstream)
    }

    fn is_http2(&self, upstream: &Upstream<'_>) -> bool {
        match self.config.cluster(upstream.cluster).protocol {
            UpstreamProtocol::Http2 | UpstreamProtocol::Negotiated => true,
            UpstreamProtocol::AsClients => self.simulated.request.version == Version::Http2,
            UpstreamProtocol::Http1 | UpstreamProtocol::Udp => false,
        }
    }

    /// The path that a backend sees. Over HTTP/2 a tunnel is asked for by the host alone.
    fn path(&self, path: &str, is_http2: bool) -> String {
        if self.simulated.request.is_tunnel() && is_http2 { String::new() } else { path.to_owned() }
    }

    fn backend(&self, upstream: &Upstream<'_>) -> String {
        name(upstream.cluster, self.config)
    }

    fn received(&self, upstream: &Upstream<'_>) -> UpstreamExpectation {
        let (headers, absent) = split(&upstream.headers, REQUEST_HEADERS);
        // Copies are sent over HTTP/1.1 where backends are spoken to as clients speak, and one may go to the backend itself.
        let is_copied = upstream.copies.iter().map(|copy| &copy.cluster).any(|id| {
            let protocol = self.config.cluster(*id).protocol;
            protocol == UpstreamProtocol::AsClients && name(*id, self.config) == self.backend(upstream)
        });
        let version = if self.is_http2(upstream) { HttpVersion::Http2 } else { HttpVersion::Http1 };
        UpstreamExpectation {
            method: Some(upstream.method.clone()),
            path: Some(self.path(&upstream.path, self.is_http2(upstream))),
            host: Some(upstream.host.clone()),
            headers,
            absent,
            http: (!is_copied).then_some(version),
            ..UpstreamExpectation::default()
        }
    }

    /// The response headers that the echo backend is asked for.
    fn echoed(&self) -> Vec<(String, String)> {
        if self.simulated.request.target.contains("x-echo-for=") {
            return Vec::new();
        }
        let lines = self.simulated.request.header_lines("x-echo-header");
        lines.filter_map(|line| line.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

fn name(cluster: gwctl::ir::ClusterId, config: &Config) -> String {
    let backend = &config.cluster(cluster).backend;
    format!("{}/{}:{}", backend.namespace, backend.name, backend.port)
}

fn response(lines: &[(String, String)]) -> ResponseExpectation {
    let (headers, absent) = split(lines, RESPONSE_HEADERS);
    ResponseExpectation { headers, matching: Patterns::default(), absent }
}

/// Those of `names` that are there with their lines, and those that are not.
fn split(lines: &[(String, String)], names: &[&str]) -> (Headers, Vec<String>) {
    let mut headers = Vec::new();
    let mut absent = Vec::new();
    for name in names {
        let values: Vec<String> = lines.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect();
        match name.parse::<HeaderName>() {
            Ok(name) if !values.is_empty() => headers.push((name, values)),
            _ => absent.push((*name).to_owned()),
        }
    }
    (Headers(headers), absent)
}
