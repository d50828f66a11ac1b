//! Requests at random for every case of `testdata` that has options or policies, decided by the simulator and sent through a
//! real Envoy. They are made of the requests of the case, one with something of another, and of what its routes take.
//!
//! A longer campaign:
//! `GWCTL_CAMPAIGN_SEED=7 GWCTL_CAMPAIGN_REQUESTS=300 cargo test --test suite -- campaign::cases`.

use std::fs;
use std::path::Path;

use gwctl::compile::compile;
use gwctl::diagnostics::Diagnostics;
use gwctl::proving::{
    CaseFile, Expectation, HttpVersion, Offline, RequestCase, Scheme, Topology, WayToServices, offline_options,
};
use gwctl::simulate::{Answer, Decision, Request, Simulator};
use hyper::Method;
use libtest_mimic::Trial;

use super::random::Random;
use super::{SEED, SPLIT_REQUESTS, TOO_MANY, expect, request};
use crate::behaviour::{self, parse};
use crate::case::{Case, discover};
use crate::harness::Harness;
use crate::metamorphic::Input;

/// Requests for each case in a plain test run.
const REQUESTS: usize = 40;
/// How many of them may be sent often enough to see shares.
const SPLITS: usize = 2;
/// The groups of options, of what they refer to, and of policies.
const GROUPS: &[&str] = &["gateway.solo.io/", "gloo.solo.io/", "gateway.envoyproxy.io/"];

/// Cases of whose requests nobody says without a run what comes back: those of Services' clients and of streams, the health of
/// endpoints, servers that count, and certificates of backends.
const LEFT_TO_A_RUN: &[&str] = &[
    "backend/tls",
    "envoy-gateway/connections-from",
    "envoy-gateway/connections-from-refused",
    "envoy-gateway/streams",
    "http-listener-option/rates",
    "listener-option/streams",
    "mesh/calls",
    "mesh/options",
    "upstream/failover",
    "upstream/health",
    "upstream/tls",
    "virtual-host-option/limits-known",
    "virtual-host-option/local-limits",
];

/// The tests of this file, one for each of these cases.
pub(super) fn trials(harness: &Harness) -> Vec<Trial> {
    let cases = discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok());
    cases
        .filter_map(|case| Some((case.requests.clone()?, case)))
        .filter(|(_, case)| has_options(case))
        .map(|(requests, case)| {
            let harness = harness.clone();
            Trial::test(format!("campaign::cases::{}", case.name), move || Ok(ask(&harness, &case, &requests)?))
        })
        .collect()
}

/// Whether a manifest of the case is of one of the groups.
fn has_options(case: &Case) -> bool {
    let texts = case.paths.iter().filter_map(|path| fs::read_to_string(case.folder.join(path)).ok());
    let is_option = |line: &str| {
        let version = line.trim_start_matches(['{', '-', ' ']).strip_prefix("apiVersion: ");
        version.is_some_and(|version| GROUPS.iter().any(|group| version.starts_with(group)))
    };
    texts.into_iter().any(|text| text.lines().any(is_option))
}

fn ask(harness: &Harness, case: &Case, requests: &Path) -> Result<(), String> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seed = number("GWCTL_CAMPAIGN_SEED").unwrap_or(SEED);
    let count = number("GWCTL_CAMPAIGN_REQUESTS").and_then(|count| count.try_into().ok()).unwrap_or(REQUESTS);
    let Some(input) = Input::of(case) else { return Ok(()) };
    let own = parse(requests)?;
    let texts: Vec<&str> = input.sources.iter().map(|source| source.text.as_str()).collect();
    let topology = Topology::scan(texts, &input.options.namespace);
    let in_folder = own.clone().in_folder(&case.folder);
    let compiled = compile(input.set(), &offline_options(&topology, &in_folder, &input.options), Diagnostics::new());
    let simulator = Simulator::new(&compiled.emitted().config);
    let drawn = drawn(&own.requests, &simulator, count, &mut Random::new(seed));
    let asked = CaseFile { requests: drawn, ..in_folder };
    let foretold = foretold(&simulator, &topology, &asked);
    eprintln!("campaign::cases::{}: {} of {count} requests", case.name, foretold.len());
    if foretold.is_empty() != LEFT_TO_A_RUN.contains(&case.name.as_str()) {
        return Err(format!("{} requests of a case in LEFT_TO_A_RUN, or none of another one", foretold.len()));
    }
    if foretold.is_empty() {
        return Ok(());
    }
    let told = format!("{:#?}", foretold.iter().map(|case| (&case.name, &case.request)).collect::<Vec<_>>());
    // How often something is counted depends on what is asked.
    let cases = CaseFile { requests: foretold, stats: Default::default(), ..own };
    let folder = format!("campaign-cases/{}", case.name);
    let proven = behaviour::prove_cases(WayToServices::Proxy, harness, case, cases, &folder);
    proven.map_err(|wrong| format!("{wrong}\n{told}"))
}

/// The requests with what the simulator says of them, without those that only a run shows.
fn foretold<'s>(simulator: &'s Simulator<'s>, topology: &'s Topology, asked: &'s CaseFile) -> Vec<RequestCase> {
    let offline = Offline::new(simulator, topology, asked);
    let mut splits = SPLITS;
    let mut foretold = Vec::new();
    for case in &asked.requests {
        // What a server that counts would refuse is left to a run.
        let refused = Expectation { status: Some(TOO_MANY), ..Expectation::default() };
        let simulated = offline.run_case(&RequestCase { expect: refused, ..case.clone() });
        let decision = &simulated.decision;
        let is_split = decision.outcomes.len() > 1;
        if simulated.skipped.is_some() || is_unknown(decision) || (is_split && splits == 0) {
            continue;
        }
        splits -= usize::from(is_split);
        let mut expect = expect::expect(case, &simulated, simulator.config(), false);
        expect.tls = None;
        // Of a token that is no token, or whose signature is wrong, Envoy says in many words what is wrong with it.
        expect.body = expect.body.filter(|body| !ABOUT_TOKENS.contains(&body.as_str()));
        let case = RequestCase { expect, repeat: is_split.then_some(SPLIT_REQUESTS), ..case.clone() };
        // What backends and their endpoints make of it is told by no decision: errors that they are asked for, sessions, tunnels.
        if offline.run_case(&case).result.mismatches.is_empty() {
            foretold.push(case);
        }
    }
    foretold
}

/// Whether nobody says what comes back: streams of bytes, and ports where nobody listens.
fn is_unknown(decision: &Decision<'_>) -> bool {
    decision.outcomes.is_empty()
        || decision.outcomes.iter().any(|outcome| matches!(outcome.answer, Answer::Stream(_) | Answer::Closed(_)))
}

/// What the simulator says of tokens in general.
const ABOUT_TOKENS: &[&str] =
    &["Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections", "Jwt verification fails"];

/// Requests for the ports that those of the case are for.
fn drawn(own: &[RequestCase], simulator: &Simulator<'_>, count: usize, random: &mut Random) -> Vec<RequestCase> {
    let usable: Vec<&RequestCase> =
        own.iter().filter(|case| case.from.is_none() && case.request.url.scheme != Scheme::Udp).collect();
    if usable.is_empty() {
        return Vec::new();
    }
    // Which Gateway a request is for is said where several share a port.
    let mut witnesses =
        if usable.iter().any(|case| case.gateway.is_some()) { Vec::new() } else { simulator.witnesses() };
    let ports: Vec<u16> = usable.iter().map(|case| case.request.url.port).collect();
    witnesses.retain(|witness| {
        let Request { connection, target, .. } = &witness.request;
        ports.contains(&connection.port.number()) && target.parse::<hyper::Uri>().is_ok()
    });
    let make = |position: usize| match witnesses.as_slice() {
        some @ [_, ..] if position.is_multiple_of(4) => {
            let case = request::of_witness(position, &random.pick(some).request, random);
            changed(case, &usable, random)
        }
        _ => {
            let case = RequestCase {
                name: format!("request {position}"),
                expect: Expectation::default(),
                repeat: None,
                session: None,
                ..random.pick(&usable).clone()
            };
            changed(case, &usable, random)
        }
    };
    (0..count).map(make).collect()
}

/// A request with something of others.
fn changed(mut case: RequestCase, others: &[&RequestCase], random: &mut Random) -> RequestCase {
    for _ in 0..1 + random.below(3) {
        let other = &random.pick(others).request;
        let request = &mut case.request;
        let is_plain = request.grpc.is_none() && request.upgrade.is_none() && request.method != Method::CONNECT;
        match random.below(5) {
            0 if is_plain && other.grpc.is_none() && other.method != Method::CONNECT => {
                request.url.path.clone_from(&other.url.path);
                request.raw_path.clone_from(&other.raw_path);
            }
            1 if is_plain && other.method != Method::CONNECT && other.grpc.is_none() && other.upgrade.is_none() => {
                request.method = other.method.clone();
                request.body.clone_from(&other.body);
                request.body_bytes = other.body_bytes;
            }
            2 => {
                let lines = &other.headers.0;
                if let [_, ..] = lines.as_slice() {
                    let (name, values) = random.pick(lines);
                    request.headers.0.retain(|(known, _)| *known != name);
                    request.headers.0.push((name, values));
                }
            }
            3 if !request.headers.0.is_empty() => {
                let gone = random.below(request.headers.0.len());
                request.headers.0.remove(gone);
            }
            4 if is_plain => {
                request.http = if request.http == HttpVersion::Http2 { HttpVersion::Http1 } else { HttpVersion::Http2 };
            }
            _ => {}
        }
    }
    case
}
