//! Compares what came back with what a case expects. Pure: no network, no time.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::amounts::Patterns;
use super::backend::ECHO_BACKEND;
use super::cases::{
    Expectation, OutcomeShare, RequestCase, ResponseExpectation, TlsExpectation, TunnelExpectation, UpstreamExpectation,
};
use super::client::{NoAnswer, Reply};
use super::grpc;
use super::journal::{Received, lines};
use super::tls::TlsReport;
use super::tunnel::TunnelReport;
use super::values::{Headers, HttpVersion, Mirrors};

/// How many standard deviations a share may be off. Chance alone exceeds
/// five less than once in a million cases.
const DEVIATIONS: f64 = 5.0;

/// Something that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// What was looked at, such as `status` or `upstream header x-key`.
    pub subject: String,
    /// What the case expects.
    pub expected: String,
    /// What it was.
    pub actual: String,
}

/// What happened to one request.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// The answer, or why there is none.
    pub(super) reply: Result<Reply, NoAnswer>,
    /// What the backends received, in order of arrival.
    pub(super) received: Vec<Arc<Received>>,
    /// The questions of authorization services that do not say which request they are about.
    pub(super) asked: Vec<Arc<Received>>,
    /// Who answered the later requests of the session in place of the first one's backend.
    pub(super) strayed: Vec<String>,
}

impl Outcome {
    /// The backend that answered.
    pub(super) fn backend(&self) -> Option<&str> {
        self.reply.as_ref().ok()?.header_lines(ECHO_BACKEND).first().copied()
    }

    /// The key of the outcome among shares: the backend, or `grpc:STATUS`, or
    /// `status:CODE`, or `no answer`.
    pub(super) fn share_key(&self) -> String {
        match (self.backend(), &self.reply) {
            (Some(backend), _) => backend.to_owned(),
            (None, Ok(reply)) => match reply.grpc_status() {
                Some(status) => format!("grpc:{status}"),
                None => format!("status:{}", reply.status),
            },
            (None, Err(NoAnswer::Closed(_))) => "closed".to_owned(),
            (None, Err(NoAnswer::Failed(_))) => "no answer".to_owned(),
        }
    }

    /// The backends that received a copy. A backend that answered counts only
    /// when `expected` names it and it was reached more than once.
    pub(super) fn mirrored(&self, expected: &[&str]) -> Vec<&str> {
        let answered = self.backend();
        let mut names: Vec<&str> = self.received.iter().map(|received| received.backend.as_str()).collect();
        names.sort_unstable();
        let again = answered.is_some_and(|name| names.iter().filter(|other| **other == name).count() > 1);
        names.dedup();
        names.retain(|name| Some(*name) != answered || (again && expected.contains(name)));
        names
    }

    /// The key of the outcome among joint shares, with the request target when wanted.
    pub(super) fn joint_key(&self, with_target: bool) -> String {
        let mut key = self.share_key();
        let answered = |received: &&Arc<Received>| Some(received.backend.as_str()) == self.backend();
        if let (true, Some(received)) = (with_target, self.received.iter().rev().find(answered)) {
            key = format!("{key} {}", received.path);
        }
        self.mirrored(&[]).into_iter().for_each(|name| {
            key.push_str(" + ");
            key.push_str(name);
        });
        key
    }

    /// Whom the request reached, in order of arrival.
    fn reached(&self) -> Vec<&str> {
        let mut all: Vec<&Arc<Received>> = self.asked.iter().chain(&self.received).collect();
        all.sort_by_key(|received| received.order);
        all.into_iter().map(|received| received.backend.as_str()).collect()
    }

    /// How often the request was tried at the backend that answered; at any
    /// backend, when none answered.
    fn attempts(&self) -> u64 {
        let answered = self.backend();
        let tries = self.received.iter().filter(|received| answered.is_none_or(|name| received.backend == name));
        tries.map(|_| 1).sum()
    }
}

/// The mirrors that must have received a copy of every request.
pub(super) fn certain_mirrors(expect: &Expectation) -> Option<Vec<&str>> {
    match expect.mirrors.as_ref()? {
        Mirrors::All(names) => Some(names.iter().map(String::as_str).collect()),
        Mirrors::Percent(_) => None,
    }
}

/// Compares all outcomes of a case with its expectation. Each kind of
/// mismatch is reported once, with the number of requests it concerns.
pub(super) fn check(case: &RequestCase, outcomes: &[Outcome]) -> Vec<Mismatch> {
    let mut found = Findings::default();
    for outcome in outcomes {
        check_one(&case.expect, outcome, &mut found);
        if case.session.is_some() && outcome.backend().is_none() {
            found.add("session", "a backend that answers the first request", outcome.share_key());
        }
    }
    let mut mismatches = found.into_mismatches(outcomes.len());
    if let Some(expected) = case.expect.total_attempts {
        let total = outcomes.iter().map(Outcome::attempts).sum();
        if !expected.contains(total) {
            let subject = "attempts of all requests".to_owned();
            mismatches.push(Mismatch { subject, expected: expected.to_string(), actual: total.to_string() });
        }
    }
    if let Some(shares) = &case.expect.backends {
        let keys = outcomes.iter().map(Outcome::share_key);
        mismatches.extend(check_shares("share", &shares.0, keys, outcomes.len(), true));
    }
    if let Some(shares) = &case.expect.joint {
        let with_target = shares.0.iter().any(|(key, _)| key.contains(" /"));
        let keys = outcomes.iter().map(|outcome| outcome.joint_key(with_target));
        mismatches.extend(check_shares("joint share", &shares.0, keys, outcomes.len(), true));
    }
    if !case.expect.outcomes.is_empty() {
        mismatches.extend(check_outcomes(&case.expect.outcomes, outcomes));
    }
    if let Some(Mirrors::Percent(shares)) = &case.expect.mirrors {
        let names: Vec<&str> = shares.iter().map(|(name, _)| name.as_str()).collect();
        let keys = outcomes.iter().flat_map(|outcome| outcome.mirrored(&names)).map(str::to_owned);
        mismatches.extend(check_shares("mirror", shares, keys, outcomes.len(), false));
    }
    mismatches
}

/// Compares how often each of several outcomes came. A request that meets none is a mismatch.
fn check_outcomes(expected: &[OutcomeShare], outcomes: &[Outcome]) -> Vec<Mismatch> {
    let label = |index: usize, share: &OutcomeShare| {
        format!("{} ({})", index + 1, share.backend.as_deref().unwrap_or("no backend"))
    };
    let shares: Vec<_> =
        expected.iter().enumerate().map(|(index, share)| (label(index, share), share.percent)).collect();
    let keys = outcomes.iter().map(|outcome| {
        let met = expected.iter().position(|share| meets(share, outcome));
        met.map_or_else(|| format!("another kind, such as {}", outcome.share_key()), |index| shares[index].0.clone())
    });
    check_shares("outcome", &shares, keys, outcomes.len(), true)
}

pub(super) fn meets(share: &OutcomeShare, outcome: &Outcome) -> bool {
    let OutcomeShare { percent: _, status, grpc_status, backend, upstream, response } = share.clone();
    let expect = Expectation { status, grpc_status, backend, upstream, response, ..Expectation::default() };
    let mut found = Findings::default();
    check_one(&expect, outcome, &mut found);
    found.0.is_empty()
}

/// Mismatches of many requests, each kind once, in the order of appearance.
#[derive(Default)]
struct Findings(Vec<(Mismatch, usize)>);

impl Findings {
    fn add(&mut self, subject: impl Into<String>, expected: impl Into<String>, actual: impl Into<String>) {
        let mismatch = Mismatch { subject: subject.into(), expected: expected.into(), actual: actual.into() };
        match self.0.iter_mut().find(|(other, _)| other.subject == mismatch.subject) {
            Some((_, count)) => *count += 1,
            None => self.0.push((mismatch, 1)),
        }
    }

    fn compare(&mut self, subject: impl Into<String>, expected: &str, actual: Option<&str>) {
        if actual != Some(expected) {
            self.add(subject, expected, actual.unwrap_or("(none)"));
        }
    }

    fn into_mismatches(self, requests: usize) -> Vec<Mismatch> {
        let label = |(mut mismatch, count): (Mismatch, usize)| {
            if requests > 1 {
                mismatch.actual = format!("{} (first of {count} in {requests} requests)", mismatch.actual);
            }
            mismatch
        };
        self.0.into_iter().map(label).collect()
    }
}

fn check_one(expect: &Expectation, outcome: &Outcome, found: &mut Findings) {
    let reply = match &outcome.reply {
        Ok(reply) => reply,
        // Shares count what was closed.
        Err(NoAnswer::Closed(_)) if expect.closed || expect.backends.is_some() => return,
        Err(reason) => {
            let expected = if expect.closed { "a closed connection" } else { "an answer" };
            found.add("answer", expected, reason.to_string());
            return;
        }
    };
    if expect.closed {
        found.add("answer", "a closed connection", format!("status {}", reply.status));
    }
    if let Some(expected) = &expect.tls {
        check_tls("tls", expected, reply.tls.as_ref(), found);
    }
    check_reply(expect, reply, found);
    if let Some(other) = outcome.strayed.first() {
        let first = outcome.share_key();
        found.add("session", first, format!("{other} ({} later requests went elsewhere)", outcome.strayed.len()));
    }
    if let Some(backend) = &expect.backend {
        let actual = outcome.backend().map_or_else(|| format!("(none, status {})", reply.status), str::to_owned);
        found.compare("backend", backend, Some(&actual));
    }
    if let Some(upstream) = &expect.upstream {
        check_upstream(upstream, outcome, found);
    }
    if let Some(mut names) = certain_mirrors(expect) {
        let actual = outcome.mirrored(&names).join(", ");
        names.sort_unstable();
        found.compare("mirrors", &names.join(", "), Some(&actual));
    }
    if let Some(attempts) = expect.attempts.filter(|attempts| !attempts.contains(outcome.attempts())) {
        found.add("attempts", attempts.to_string(), outcome.attempts().to_string());
    }
    if let Some(reached) = &expect.reached {
        found.compare("reached", &reached.join(", "), Some(&outcome.reached().join(", ")));
    }
}

fn check_reply(expect: &Expectation, reply: &Reply, found: &mut Findings) {
    if let Some(status) = expect.status {
        found.compare("status", &status.to_string(), Some(&reply.status.to_string()));
    }
    if let Some(status) = expect.grpc_status {
        found.compare(
            "gRPC status",
            &status.to_string(),
            reply.grpc_status().map(|status| status.to_string()).as_deref(),
        );
    }
    if let Some(count) = expect.grpc_messages {
        let actual = grpc::messages(&reply.body).map(|messages| messages.len().to_string());
        found.compare("gRPC messages", &count.to_string(), actual.as_deref());
    }
    if let Some(location) = &expect.redirect {
        if expect.status.is_none() && !(300..400).contains(&reply.status) {
            found.add("status", "a redirect", reply.status.to_string());
        }
        found.compare("location", location, reply.header_lines("location").first().copied());
    }
    if let Some(response) = &expect.response {
        let ResponseExpectation { headers, matching, absent } = response;
        check_headers("response", headers, absent, |name| reply.header_lines(name), found);
        check_patterns("response", matching, |name| reply.header_lines(name), found);
    }
    if let Some(body) = &expect.body {
        found.compare("body", body, Some(&String::from_utf8_lossy(&reply.body)));
    }
    if expect.truncated != reply.truncated {
        let word = |truncated| if truncated { "breaks off" } else { "is complete" };
        found.add("body", word(expect.truncated), word(reply.truncated));
    }
    if let Some(window) = expect.within
        && !(window.min..=window.max).contains(&reply.elapsed)
    {
        found.add("time", format!("{:?} to {:?}", window.min, window.max), format!("{:.3?}", reply.elapsed));
    }
}

fn check_upstream(expect: &UpstreamExpectation, outcome: &Outcome, found: &mut Findings) {
    // The last request at the backend that answered is the one that it answered.
    let answered = outcome.backend();
    let received = outcome.received.iter().rev().find(|received| answered.is_none_or(|name| received.backend == name));
    let Some(received) = received else {
        found.add("upstream", "a request at a backend", "(none)");
        return;
    };
    let UpstreamExpectation { method, path, host, headers, matching, absent, http, body, body_bytes, tls, tunnel } =
        expect;
    if let Some(expected) = tls {
        check_tls("upstream tls", expected, received.tls.as_ref(), found);
    }
    if let Some(expected) = tunnel {
        check_tunnel(expected, received.tunnel.as_ref(), found);
    }
    let fields = [
        ("upstream method", method.as_deref(), Some(received.method.as_str())),
        ("upstream path", path.as_deref(), Some(received.path.as_str())),
        ("upstream host", host.as_deref(), received.host.as_deref()),
        ("upstream http", http.map(HttpVersion::as_str), Some(received.version.as_str())),
        ("upstream body", body.as_deref(), Some(received.body.as_str())),
    ];
    for (subject, expected, actual) in fields {
        if let Some(expected) = expected {
            found.compare(subject, expected, actual);
        }
    }
    if let Some(expected) = body_bytes {
        let is_copy = |copy: &&Arc<Received>| outcome.mirrored(&[]).contains(&copy.backend.as_str());
        for received in [received].into_iter().chain(outcome.received.iter().filter(is_copy)) {
            let subject = format!("bytes of the body at {}", received.backend);
            found.compare(subject, &expected.to_string(), Some(&received.body_length.to_string()));
        }
    }
    check_headers("upstream", headers, absent, |name| received.header_lines(name), found);
    check_patterns("upstream", matching, |name| received.header_lines(name), found);
}

/// Compares what a proxy saw of who asked it for a tunnel.
fn check_tunnel(expect: &TunnelExpectation, actual: Option<&TunnelReport>, found: &mut Findings) {
    let TunnelExpectation { to, headers, http, tls } = expect;
    let Some(actual) = actual else {
        found.add("tunnel", "a tunnel", "(none)");
        return;
    };
    let fields = [
        ("tunnel to", to.as_deref(), actual.to.as_str()),
        ("tunnel http", http.map(HttpVersion::as_str), actual.version.as_str()),
    ];
    for (subject, expected, actual) in fields {
        if let Some(expected) = expected {
            found.compare(subject, expected, Some(actual));
        }
    }
    check_headers("tunnel", headers, &[], |name| lines(&actual.headers, name), found);
    if let Some(tls) = tls {
        check_tls("tunnel tls", tls, actual.tls.as_ref(), found);
    }
}

/// Compares what one side of a connection saw of the other's TLS.
fn check_tls(side: &str, expect: &TlsExpectation, actual: Option<&TlsReport>, found: &mut Findings) {
    let TlsExpectation { sni, alpn, peer } = expect;
    let Some(actual) = actual else {
        found.add(side, "TLS", "plain text");
        return;
    };
    let fields = [("sni", sni, &actual.sni), ("alpn", alpn, &actual.alpn), ("peer", peer, &actual.peer)];
    for (name, expected, actual) in fields {
        if let Some(expected) = expected {
            found.compare(format!("{side} {name}"), expected, Some(actual.as_deref().unwrap_or_default()));
        }
    }
}

fn check_headers<'a>(
    side: &str,
    headers: &Headers,
    absent: &[String],
    lines: impl Fn(&str) -> Vec<&'a str>,
    found: &mut Findings,
) {
    for (name, expected) in &headers.0 {
        let actual = lines(name.as_str());
        if actual != expected.iter().map(String::as_str).collect::<Vec<_>>() {
            let actual = if actual.is_empty() { "(none)".to_owned() } else { actual.join(" | ") };
            found.add(format!("{side} header {name}"), expected.join(" | "), actual);
        }
    }
    for name in absent {
        let actual = lines(name);
        if !actual.is_empty() {
            found.add(format!("{side} header {name}"), "(none)", actual.join(" | "));
        }
    }
}

fn check_patterns<'a>(side: &str, patterns: &Patterns, lines: impl Fn(&str) -> Vec<&'a str>, found: &mut Findings) {
    for (name, pattern) in &patterns.0 {
        let actual = lines(name.as_str());
        if !actual.iter().any(|line| pattern.is_match(line)) {
            let actual = if actual.is_empty() { "(none)".to_owned() } else { actual.join(" | ") };
            found.add(format!("{side} header {name}"), pattern.as_str(), actual);
        }
    }
}

/// Adds Envoy's counters and gauges, a line `name: value` each; histograms are passed over.
pub(super) fn add_counters(text: &str, counters: &mut BTreeMap<String, u64>) {
    let lines = text.lines().filter_map(|line| line.rsplit_once(": "));
    for (name, value) in lines.filter_map(|(name, value)| Some((name, value.parse::<u64>().ok()?))) {
        *counters.entry(name.to_owned()).or_default() += value;
    }
}

/// Compares Envoy's counters with `text`, the admin interface's lines of `name: value`.
pub(super) fn check_stats(expected: &BTreeMap<String, u64>, actual: &BTreeMap<String, u64>) -> Vec<Mismatch> {
    let compare = |(name, expected): (&String, &u64)| {
        let actual = actual.get(name);
        let shown = || actual.map_or_else(|| "(none)".to_owned(), u64::to_string);
        let mismatch = || Mismatch { subject: name.clone(), expected: expected.to_string(), actual: shown() };
        (actual != Some(expected)).then(mismatch)
    };
    expected.iter().filter_map(compare).collect()
}

/// Compares how often each key came with its percentage of `requests`. With
/// `exclusive`, a key without a percentage is a mismatch as well.
fn check_shares(
    subject: &str,
    shares: &[(String, f64)],
    keys: impl Iterator<Item = String>,
    requests: usize,
    exclusive: bool,
) -> Vec<Mismatch> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    keys.for_each(|key| *counts.entry(key).or_default() += 1);
    let mut mismatches = Vec::new();
    let total = if exclusive { shares.iter().map(|(_, share)| share).sum() } else { 100.0 };
    for (name, share) in shares {
        let count = counts.remove(name).unwrap_or(0);
        let (least, most) = bounds(share / total, requests);
        if !(least..=most).contains(&count) {
            mismatches.push(Mismatch {
                subject: format!("{subject} of {name}"),
                expected: format!("{least} to {most} of {requests} ({share} percent)"),
                actual: count.to_string(),
            });
        }
    }
    let rest = counts.into_iter().map(|(name, count)| Mismatch {
        subject: format!("{subject} of {name}"),
        expected: format!("0 of {requests}"),
        actual: count.to_string(),
    });
    mismatches.extend(rest);
    mismatches
}

/// The counts that a share of `requests` may have by chance.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "counts of requests are small and positive"
)]
fn bounds(probability: f64, requests: usize) -> (usize, usize) {
    let count = requests as f64;
    let mean = count * probability;
    let slack = DEVIATIONS * (count * probability * (1.0 - probability)).max(0.0).sqrt();
    ((mean - slack).ceil().max(0.0) as usize, (mean + slack).floor().min(count) as usize)
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
