//! Tests of Envoy's
//! [router_check_tool](https://www.envoyproxy.io/docs/envoy/latest/operations/tools/router_check):
//! a subset is read, and cases can be written in this form. `docs/test.md` names the subset.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ir::{Action, ClusterId, Config, Forward, Listener, Target, unread_secret};
use crate::port::Port;
use crate::proving::{CaseFile, Expectation, Headers, Mismatch, Patterns, RequestCase, UpstreamExpectation};
use crate::simulate::{Answer, Connection, Decision, Outcome, Request, Security, Upstream, Version};
use crate::translator::envoy::{name, target as targets};

/// A file of tests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckFile {
    pub(super) tests: Vec<Check>,
}

/// One test.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Check {
    pub(super) test_name: String,
    input: Input,
    validate: Validate,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Input {
    authority: String,
    path: String,
    method: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    ssl: bool,
    /// Which of several backends is drawn: this number, modulo the sum of the weights.
    #[serde(default, skip_serializing_if = "is_zero")]
    random_value: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    additional_request_headers: Vec<HeaderLine>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct HeaderLine {
    key: String,
    value: String,
}

#[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Validate {
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    virtual_host_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host_rewrite: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_rewrite: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_redirect: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    request_header_matches: Vec<HeaderCheck>,
}

#[derive(Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct HeaderCheck {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    string_match: Option<StringCheck>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    present_match: Option<bool>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    invert_match: bool,
}

#[derive(Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
struct StringCheck {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exact: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suffix: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contains: Option<String>,
}

impl CheckFile {
    /// Whether a text looks like a file of such tests.
    pub(super) fn recognises(text: &str) -> bool {
        let begins =
            |key: &str| text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')));
        let trimmed = text.trim_start();
        (begins("tests") && !begins("requests")) || (trimmed.starts_with('{') && trimmed.contains("\"tests\""))
    }

    /// Reads a file of tests.
    ///
    /// # Errors
    /// Line, column and what is wrong. Fields beyond the subset are errors.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let file: Self = serde_yaml::from_str(text).map_err(|error| {
            let (line, column) = error.location().map_or((1, 1), |place| (place.line(), place.column()));
            let message = error.to_string();
            format!("{line}:{column}: {}", message.split(" at line ").next().unwrap_or_default())
        })?;
        match file.tests.iter().find(|check| check.validate == Validate::default()) {
            Some(check) => {
                Err(format!("1:1: test `{}`: `validate` is empty: say at least the cluster", check.test_name))
            }
            None => Ok(file),
        }
    }
}

/// The request of a test. The tool knows no ports, so the first listener of the scheme takes it, unless the authority
/// names the port of another one.
pub(super) fn request(check: &Check, config: &Config) -> Request {
    let Input { authority, path, method, ssl: _, random_value: _, additional_request_headers } = &check.input;
    Request {
        connection: connection(&check.input, config),
        version: Version::Http1,
        method: method.clone(),
        authority: Some(authority.clone()),
        target: path.clone(),
        headers: additional_request_headers.iter().map(|line| (line.key.clone(), line.value.clone())).collect(),
        body_bytes: 0,
    }
}

fn connection(Input { authority, ssl, .. }: &Input, config: &Config) -> Connection {
    let named = authority.rsplit_once(':').and_then(|(_, port)| port.parse::<Port>().ok());
    let is_tls = |listener: &Listener| listener.chains().iter().any(|chain| chain.tls.is_some());
    let fits = |listener: &&Listener| is_tls(listener) == *ssl && listener.http_connections().next().is_some();
    let ports = || config.listeners.iter().filter(fits).map(|listener| listener.port);
    let port = named.filter(|port| ports().any(|other| other == *port)).or_else(|| ports().next());
    let host = authority.split(':').next().unwrap_or_default();
    Connection {
        address: None,
        port: port.unwrap_or(if *ssl { Port::HTTPS } else { Port::HTTP }),
        security: if *ssl { Security::tls(host, true) } else { Security::Plain },
    }
}

/// What was decided, in the tool's words.
struct Seen<'d> {
    cluster_name: String,
    virtual_host_name: String,
    path_redirect: String,
    upstream: Option<&'d Upstream<'d>>,
}

impl<'d> Seen<'d> {
    fn new(decision: &'d Decision<'_>, random: u64, config: &Config) -> Self {
        let drawn = draw(&decision.outcomes, random);
        let (cluster_name, path_redirect, upstream) = match drawn.map(|outcome| &outcome.answer) {
            Some(Answer::Upstream(upstream)) => {
                (target(decision, upstream.cluster, config), String::new(), Some(upstream))
            }
            Some(Answer::Stream(id)) => (name::cluster(config.cluster(*id)), String::new(), None),
            Some(Answer::Local(reply)) => {
                (String::new(), reply.header_lines("location").next().unwrap_or_default().to_owned(), None)
            }
            Some(Answer::Closed(_)) | None => (String::new(), String::new(), None),
        };
        let host = decision.listener.zip(decision.host);
        let host = host.map(|(listener, host)| name::virtual_host(listener, &host.hostname));
        Self { cluster_name, virtual_host_name: host.unwrap_or_default(), path_redirect, upstream }
    }
}

/// The cluster that the route of a decision names for a backend.
fn target(decision: &Decision<'_>, backend: ClusterId, config: &Config) -> String {
    let leaves = decision.route.into_iter().flat_map(|route| route.action.leaves());
    let uses = |forward: &Forward| forward.backends.iter().any(|own| own.target == Target::Cluster(backend));
    let mut forwards = leaves.filter_map(|leaf| match leaf {
        Action::Forward(forward) => Some(forward).filter(|forward| uses(forward)),
        _ => None,
    });
    let own = || name::cluster(config.cluster(backend));
    forwards.next().map_or_else(own, |forward| targets::cluster_of(forward, backend, config))
}

/// The outcome for a random number: shares are walked in order, over their common denominator.
fn draw<'o, 'c>(outcomes: &'o [Outcome<'c>], random: u64) -> Option<&'o Outcome<'c>> {
    let of = outcomes.iter().map(|outcome| outcome.share.of()).max().unwrap_or(1);
    let mut left = u128::from(random) % of.max(1);
    for outcome in outcomes {
        let parts = outcome.share.parts() * (of / outcome.share.of().max(1)).max(1);
        if left < parts {
            return Some(outcome);
        }
        left -= parts;
    }
    outcomes.last()
}

/// Compares a decision with what a test expects.
pub(super) fn compare(check: &Check, decision: &Decision<'_>, config: &Config) -> Vec<Mismatch> {
    let seen = Seen::new(decision, check.input.random_value, config);
    let Validate { cluster_name, virtual_host_name, host_rewrite, path_rewrite, path_redirect, request_header_matches } =
        &check.validate;
    let host = seen.upstream.map_or("", |upstream| upstream.host.as_str());
    let path = seen.upstream.map_or("", |upstream| upstream.path.as_str());
    let fields = [
        ("cluster_name", cluster_name, seen.cluster_name.as_str()),
        ("virtual_host_name", virtual_host_name, seen.virtual_host_name.as_str()),
        ("host_rewrite", host_rewrite, host),
        ("path_rewrite", path_rewrite, path),
        ("path_redirect", path_redirect, seen.path_redirect.as_str()),
    ];
    let mut mismatches: Vec<Mismatch> = fields
        .into_iter()
        .filter_map(|(subject, expected, actual)| {
            let expected = expected.as_ref().filter(|expected| *expected != actual)?;
            Some(Mismatch { subject: subject.to_owned(), expected: expected.clone(), actual: actual.to_owned() })
        })
        .collect();
    for expected in request_header_matches {
        let name = expected.name.to_ascii_lowercase();
        let headers = seen.upstream.map(|upstream| upstream.headers.as_slice()).unwrap_or_default();
        let lines: Vec<&str> =
            headers.iter().filter(|(key, _)| *key == name).map(|(_, value)| value.as_str()).collect();
        if let Some(secret) = headers.iter().find_map(|(key, _)| unread_secret(key)) {
            mismatches.push(Mismatch {
                subject: format!("request header {name}"),
                expected: expected.to_text(),
                actual: format!("also the headers of Secret {secret}, which are not known"),
            });
        } else if expected.holds(&lines) == expected.invert_match {
            let actual = if lines.is_empty() { "(none)".to_owned() } else { lines.join(" | ") };
            mismatches.push(Mismatch {
                subject: format!("request header {name}"),
                expected: expected.to_text(),
                actual,
            });
        }
    }
    mismatches
}

impl HeaderCheck {
    fn holds(&self, lines: &[&str]) -> bool {
        let meets = |line: &str| match &self.string_match {
            None => true,
            Some(StringCheck { exact, prefix, suffix, contains }) => {
                exact.as_deref().is_none_or(|text| line == text)
                    && prefix.as_deref().is_none_or(|text| line.starts_with(text))
                    && suffix.as_deref().is_none_or(|text| line.ends_with(text))
                    && contains.as_deref().is_none_or(|text| line.contains(text))
            }
        };
        match self.present_match {
            Some(present) => lines.is_empty() != present,
            None => lines.iter().any(|line| meets(line)),
        }
    }

    fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The fields of a file of cases that a test of the tool cannot say.
pub(super) fn without_form_of_file(cases: &CaseFile) -> Vec<&'static str> {
    let CaseFile { requests: _, keep_endpoints, down, unresolved, pki: _, backend_tls, tunnels, stats } = cases;
    let fields = [
        ("keepEndpoints", *keep_endpoints),
        ("down", !down.is_empty()),
        ("unresolved", !unresolved.is_empty()),
        ("backendTls", !backend_tls.is_empty()),
        ("tunnels", !tunnels.is_empty()),
        ("stats", !stats.is_empty()),
    ];
    fields.into_iter().filter(|(_, is_given)| *is_given).map(|(field, _)| field).collect()
}

/// The fields of a case that a test of the tool cannot say. Who answers, the redirect and what of the path and the host
/// is rewritten stand in each test.
pub(super) fn without_form(case: &RequestCase) -> Vec<&'static str> {
    let RequestCase { name: _, gateway: _, from: _, request: _, expect, repeat: _, session } = case;
    let Expectation {
        status: _,
        grpc_status: _,
        grpc_messages,
        backend: _,
        backends,
        joint,
        outcomes,
        upstream,
        response,
        redirect: _,
        mirrors,
        attempts,
        total_attempts,
        reached,
        body,
        within,
        truncated,
        closed: _,
        tls,
    } = expect;
    // The path and the host are in each test as the simulator has them.
    let is_seen = |upstream: &UpstreamExpectation| {
        let UpstreamExpectation {
            method,
            path: _,
            host: _,
            headers: Headers(headers),
            matching,
            absent,
            http,
            body,
            body_bytes,
            tls,
            tunnel,
        } = upstream;
        headers.iter().all(|(name, lines)| header_check(name.as_str(), lines).is_some())
            && absent.iter().all(|name| is_of_route(name))
            && *matching == Patterns::default()
            && (method, http, body, body_bytes, tls, tunnel) == (&None, &None, &None, &None, &None, &None)
    };
    let fields = [
        ("session", session.is_some()),
        ("grpcMessages", grpc_messages.is_some()),
        ("backends", backends.is_some()),
        ("joint", joint.is_some()),
        ("outcomes", !outcomes.is_empty()),
        ("upstream", upstream.as_ref().is_some_and(|upstream| !is_seen(upstream))),
        ("response", response.is_some()),
        ("mirrors", mirrors.is_some()),
        ("attempts", attempts.is_some()),
        ("totalAttempts", total_attempts.is_some()),
        ("reached", reached.is_some()),
        ("body", body.is_some()),
        ("within", within.is_some()),
        ("truncated", *truncated),
        ("tls", tls.is_some()),
    ];
    fields.into_iter().filter(|(_, is_given)| *is_given).map(|(field, _)| field).collect()
}

/// What a test says of the headers that the backend must have received.
fn header_checks(case: &RequestCase) -> Vec<HeaderCheck> {
    let Some(upstream) = &case.expect.upstream else { return Vec::new() };
    let present = upstream.headers.0.iter().filter_map(|(name, lines)| header_check(name.as_str(), lines));
    let absent = upstream.absent.iter().filter(|name| is_of_route(name)).map(|name| HeaderCheck {
        name: name.to_ascii_lowercase(),
        string_match: None,
        present_match: Some(true),
        invert_match: true,
    });
    present.chain(absent).collect()
}

/// The form for the lines of a header: the tool joins several, and compares one.
fn header_check(name: &str, lines: &[String]) -> Option<HeaderCheck> {
    let [line] = lines else { return None };
    is_of_route(name).then(|| HeaderCheck {
        name: name.to_ascii_lowercase(),
        string_match: Some(StringCheck { exact: Some(line.clone()), prefix: None, suffix: None, contains: None }),
        present_match: None,
        invert_match: false,
    })
}

/// Whether a header is the business of routes. The tool knows no connection manager, which writes and takes out these.
fn is_of_route(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let of_connections = [
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-request-id",
    ];
    !(of_connections.contains(&name.as_str())
        || ["x-forwarded-", "x-envoy-", "x-b3-", "grpc-"].iter().any(|prefix| name.starts_with(prefix)))
}

/// Cases in the form of the tool.
#[derive(Debug, Default)]
pub(super) struct Emitted(Vec<Check>);

impl Emitted {
    /// Adds a case with what the simulator decides about it. The random value 0 draws the first backend.
    ///
    /// # Errors
    /// Why the tool, which knows neither connections nor ports, has no form for the case.
    pub(super) fn add(
        &mut self,
        test_name: &str,
        request: Request,
        (decision, case): (&Decision<'_>, Option<&RequestCase>),
        config: &Config,
    ) -> Result<(), &'static str> {
        let is_http = |outcome: &Outcome<'_>| matches!(outcome.answer, Answer::Local(_) | Answer::Upstream(_));
        if !decision.outcomes.iter().all(is_http) {
            return Err("router_check_tool asks routes of HTTP, and knows no connections that are closed or handed on");
        }
        let Request { connection, version: _, method, authority, target, headers, body_bytes: _ } = request;
        let seen = Seen::new(decision, 0, config);
        let text = |text: String| Some(text).filter(|text| !text.is_empty());
        let validate = Validate {
            path_rewrite: seen.upstream.map(|upstream| upstream.path.clone()),
            host_rewrite: seen.upstream.map(|upstream| upstream.host.clone()),
            path_redirect: text(seen.path_redirect),
            virtual_host_name: text(seen.virtual_host_name),
            cluster_name: Some(seen.cluster_name),
            request_header_matches: case.map(header_checks).unwrap_or_default(),
        };
        let mut check = Check {
            test_name: test_name.to_owned(),
            input: Input {
                authority: authority.unwrap_or_default(),
                path: target,
                method,
                ssl: matches!(connection.security, Security::Tls { .. }),
                random_value: 0,
                additional_request_headers: headers.into_iter().map(|(key, value)| HeaderLine { key, value }).collect(),
            },
            validate,
        };
        let is_same = |check: &Check| {
            let Connection { address: _, port, security } = self::connection(&check.input, config);
            let is_as_secure = match (&security, &connection.security) {
                (Security::Tls { server_name: one, .. }, Security::Tls { server_name: other, .. }) => one == other,
                (one, other) => one == other,
            };
            port == connection.port && is_as_secure
        };
        if !is_same(&check) && !check.input.authority.contains(':') {
            // The port of another listener than the first.
            let port = format!(":{}", connection.port);
            match &mut check.validate.host_rewrite {
                Some(host) if *host == check.input.authority => host.push_str(&port),
                _ => {}
            }
            check.input.authority.push_str(&port);
        }
        if !is_same(&check) {
            return Err("router_check_tool has no form for its port or its server name");
        }
        self.0.push(check);
        Ok(())
    }

    /// The file.
    pub(super) fn to_yaml(&self) -> String {
        let file = BTreeMap::from([("tests", &self.0)]);
        serde_yaml::to_string(&file).unwrap_or_default()
    }
}
