//! A decision of the simulator as the expectation of a case.

use gwctl::ir::Config;
use gwctl::proving::{
    Expectation, Headers, HttpVersion, OutcomeShare, Patterns, RequestCase, RequestSpec, ResponseExpectation, Scheme,
    Target, UpstreamExpectation,
};
use gwctl::simulate::{Answer, Decision, Request, Upstream};
use hyper::header::HeaderName;

/// Headers of the plans, which are compared line by line.
const REQUEST_HEADERS: &[&str] =
    &["x-v", "x-w", "x-add", "x-set", "x-envoy-original-path", "x-envoy-original-host", "x-forwarded-proto"];
const RESPONSE_HEADERS: &[&str] = &["x-r1", "x-r2"];

/// The case that holds if the real proxy decides alike; `None` when it cannot be said.
pub(crate) fn case(
    position: usize,
    request: &Request,
    decision: &Decision<'_>,
    config: &Config,
) -> Option<RequestCase> {
    let mut expect = Expectation::default();
    match decision.outcomes.as_slice() {
        [only] => match &only.answer {
            Answer::Local(reply) => {
                expect.status = Some(reply.status);
                expect.redirect = reply.header_lines("location").next().map(str::to_owned);
                expect.response = Some(response(&reply.headers));
                expect.body = Some(if request.method == "HEAD" { String::new() } else { reply.body.to_owned() });
            }
            Answer::Upstream(upstream) => {
                expect.status = Some(200);
                expect.backend = Some(backend(upstream, config));
                expect.upstream = Some(seen(upstream));
                expect.response = Some(response(&upstream.answer(echoed(request))));
            }
            Answer::Stream(_) | Answer::Closed(_) => return None,
        },
        many => {
            for outcome in many {
                let kind = match &outcome.answer {
                    Answer::Local(reply) => OutcomeShare {
                        status: Some(reply.status),
                        response: Some(response(&reply.headers)),
                        ..nothing()
                    },
                    Answer::Upstream(upstream) => OutcomeShare {
                        status: Some(200),
                        backend: Some(backend(upstream, config)),
                        upstream: Some(seen(upstream)),
                        response: Some(response(&upstream.answer(echoed(request)))),
                        ..nothing()
                    },
                    Answer::Stream(_) | Answer::Closed(_) => return None,
                };
                let same = |other: &&mut OutcomeShare| OutcomeShare { percent: 0.0, ..(**other).clone() } == kind;
                match expect.outcomes.iter_mut().find(same) {
                    Some(other) => other.percent += outcome.share.percent(),
                    None => expect.outcomes.push(OutcomeShare { percent: outcome.share.percent(), ..kind }),
                }
            }
        }
    }
    Some(RequestCase {
        name: format!("request {position}"),
        gateway: None,
        request: spec(request)?,
        expect,
        repeat: None,
        session: None,
    })
}

fn nothing() -> OutcomeShare {
    OutcomeShare { percent: 0.0, status: None, backend: None, upstream: None, response: None }
}

fn backend(upstream: &Upstream<'_>, config: &Config) -> String {
    let backend = &config.cluster(upstream.cluster).backend;
    format!("{}/{}:{}", backend.namespace, backend.name, backend.port)
}

fn spec(request: &Request) -> Option<RequestSpec> {
    let authority = request.authority.clone()?;
    let mut headers: Vec<(HeaderName, Vec<String>)> = Vec::new();
    for (name, value) in &request.headers {
        let name: HeaderName = name.parse().ok()?;
        match headers.iter_mut().find(|(other, _)| *other == name) {
            Some((_, lines)) => lines.push(value.clone()),
            None => headers.push((name, vec![value.clone()])),
        }
    }
    Some(RequestSpec {
        method: request.method.parse().ok()?,
        url: Target {
            scheme: Scheme::Http,
            host: authority.clone(),
            port: request.connection.port,
            path: request.target.clone(),
        },
        headers: Headers(headers),
        body: None,
        http: HttpVersion::Http1,
        host: Some(authority),
        raw_path: Some(request.target.clone()),
        upgrade: None,
        grpc: None,
        tls: None,
        new_connection: false,
    })
}

/// The response headers that the echo backend is asked for.
fn echoed(request: &Request) -> Vec<(String, String)> {
    let lines = request.header_lines("x-echo-header");
    lines.filter_map(|line| line.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn seen(upstream: &Upstream<'_>) -> UpstreamExpectation {
    let (headers, absent) = split(&upstream.headers, REQUEST_HEADERS);
    UpstreamExpectation {
        method: Some(upstream.method.clone()),
        path: Some(upstream.path.clone()),
        host: Some(upstream.host.clone()),
        headers,
        matching: Patterns::default(),
        absent,
        http: None,
        body: None,
        tls: None,
    }
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
