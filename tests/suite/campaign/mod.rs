//! A differential campaign: generated Gateways, Services, routes and requests, decided by
//! the simulator and by a real Envoy that runs gwctl's output. Any difference is
//! a failure, printed with the smallest configuration that still shows it.
//!
//! `cargo test` runs a few rounds from a fixed seed. A longer campaign:
//! `GWCTL_CAMPAIGN_SEED=7 GWCTL_CAMPAIGN_ROUNDS=500 cargo test --test suite -- campaign`.

mod cases;
mod clients;
pub(crate) mod difference;
mod expect;
mod filter;
mod gateway;
mod overlap;
pub(crate) mod plan;
mod policy;
pub(crate) mod random;
mod request;
mod route;
pub(crate) mod side;

use std::path::{Path, PathBuf};

use gwctl::compile::{Compilation, compile};
use gwctl::diagnostics::Diagnostics;
use gwctl::emit::{self, NoComments};
use gwctl::options::Options;
use gwctl::parser::source::{Found, Source, SourceSet};
use gwctl::proving::{
    BackendTlsSpec, CaseFile, Expectation, Offline, Proof, RequestCase, Topology, WayToServices, offline_options, run,
};
use gwctl::simulate::{Answer, Closed, Decision, Outcome, Simulator};
use libtest_mimic::Trial;

use crate::behaviour::WARNINGS;
use crate::harness::Harness;
use gateway::TLS_SERVICES;
use plan::{HOME, Plan};
use random::Random;

/// Rounds of a plain test run; each is one Envoy.
const ROUNDS: u64 = 5;
/// The same for clients of Services; each is an Envoy for each of their namespaces.
const ROUNDS_OF_CLIENTS: u64 = 2;
/// The same with options and policies.
const ROUNDS_OF_POLICIES: u64 = 5;
/// The status of what a server that counts requests refuses.
const TOO_MANY: u16 = 429;
const SEED: u64 = 20_261_122;

/// After how many rounds a longer campaign says how far it is.
const PROGRESS: u64 = 10;

/// Requests in one round, and how many of them may be sent often enough to see shares, or waited for until every copy
/// must have arrived.
const REQUESTS: usize = 250;
const SPLITS: usize = 4;
const SPLIT_REQUESTS: u32 = 400;
const MIRRORS: usize = 3;

/// How many smaller configurations are tried when one fails; `GWCTL_CAMPAIGN_SHRINKS` says another number.
const SHRINKS: usize = 150;

/// The test of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let trial = |name: &str, rounds: u64, asked: &'static Asked| {
        let harness = harness.clone();
        Trial::test(name, move || {
            let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
            let seed = number("GWCTL_CAMPAIGN_SEED").unwrap_or(SEED);
            let rounds = number("GWCTL_CAMPAIGN_ROUNDS").unwrap_or(rounds);
            Ok(campaign(harness.envoy()?, asked, seed, rounds)?)
        })
    };
    let mut trials = vec![
        trial("campaign::the_simulator_and_envoy_agree", ROUNDS, &OF_GATEWAYS),
        trial("campaign::the_simulator_and_envoy_agree_for_clients_of_services", ROUNDS_OF_CLIENTS, &OF_SERVICES),
        trial("campaign::the_simulator_and_envoy_agree_under_policies", ROUNDS_OF_POLICIES, &OF_POLICIES),
        difference::trial(),
    ];
    trials.extend(cases::trials(harness));
    trials
}

/// Whom a campaign asks.
struct Asked {
    plan: fn(&mut Random) -> Plan,
    requests: fn(&Plan, &mut Random) -> Vec<RequestCase>,
    compare: fn(&Path, &Plan, &[RequestCase]) -> Result<Round, String>,
}

const OF_GATEWAYS: Asked = Asked { plan: Plan::generate, requests: wanted, compare };
const OF_POLICIES: Asked = Asked { plan: policy::plan, requests: policy::requests, compare: policy::compare };
const OF_SERVICES: Asked = Asked { plan: clients::plan, requests: clients::wanted, compare: clients::compare };

fn campaign(envoy: &Path, asked: &Asked, seed: u64, rounds: u64) -> Result<(), String> {
    let (mut tally, mut failures) = (Tally::default(), Vec::new());
    for done in 0..rounds {
        let seed = seed.wrapping_add(done);
        let mut random = Random::new(seed);
        let plan = (asked.plan)(&mut random);
        let wanted = (asked.requests)(&plan, &mut random);
        let round = (asked.compare)(envoy, &plan, &wanted);
        let round = round.map_err(|error| format!("seed {seed}: {error}\n{}", plan.yaml()))?;
        tally.add(&round.tally);
        if let Some(difference) = round.different {
            let (small, difference) = shrink(envoy, asked, plan, difference);
            let Difference { request, text, .. } = difference;
            let from = request.from.map(|client| format!(" from {client}")).unwrap_or_default();
            failures.push(format!("seed {seed}{from}\n{:#?}\n{text}\n{}", request.request, small.yaml()));
        }
        if failures.len() >= 3 {
            break;
        }
        // Whoever waits for a long campaign wants to know how far it is.
        if rounds > ROUNDS && (done + 1) % PROGRESS == 0 {
            eprintln!("campaign: {tally:?} after {} rounds, {} failures", done + 1, failures.len());
        }
    }
    // Shown by `--nocapture`, and the size of a campaign is worth knowing.
    eprintln!("campaign: {tally:?} in {rounds} rounds from seed {seed}");
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n\n")) }
}

/// Requests at random, and some that are made for the routes.
fn wanted(plan: &Plan, random: &mut Random) -> Vec<RequestCase> {
    let compiled = build(&plan.manifests(), &Options::default());
    let mut witnesses = Simulator::new(&compiled.lowered.config).witnesses();
    // A value with a space can be matched and cannot be requested.
    witnesses.retain(|witness| witness.request.target.parse::<hyper::Uri>().is_ok());
    let make = |position| match witnesses.as_slice() {
        some @ [_, ..] if position % 2 == 0 => request::of_witness(position, &random.pick(some).request, random),
        _ => request::generate(position, &plan.sockets, random),
    };
    (0..REQUESTS).map(make).collect()
}

/// What was sent, and how it ended.
#[derive(Debug, Default)]
struct Tally {
    requests: usize,
    cases: usize,
    forwarded: usize,
    answered: usize,
    streamed: usize,
    closed: usize,
    split: usize,
    /// Answers of the proxy from 500 on.
    failed: usize,
}

impl Tally {
    fn count(&mut self, decision: &Decision<'_>) {
        self.cases += 1;
        match decision.outcomes.as_slice() {
            [only] => match only.answer {
                Answer::Local(ref reply) => {
                    self.answered += 1;
                    self.failed += usize::from(reply.status >= 500);
                }
                Answer::Upstream(_) => self.forwarded += 1,
                Answer::Stream(_) => self.streamed += 1,
                Answer::Closed(_) => self.closed += 1,
            },
            _ => self.split += 1,
        }
    }

    fn add(&mut self, other: &Self) {
        let Self { requests, cases, forwarded, answered, streamed, closed, split, failed } = other;
        self.requests += requests;
        self.cases += cases;
        self.forwarded += forwarded;
        self.answered += answered;
        self.streamed += streamed;
        self.closed += closed;
        self.split += split;
        self.failed += failed;
    }
}

/// What a round showed.
struct Round {
    tally: Tally,
    different: Option<Difference>,
}

/// A request about which the two disagree.
struct Difference {
    request: RequestCase,
    /// What was looked at.
    subjects: Vec<String>,
    text: String,
}

/// Decides and sends all requests.
fn compare(envoy: &Path, plan: &Plan, requests: &[RequestCase]) -> Result<Round, String> {
    compare_with(envoy, plan, requests, false)
}

/// The same, maybe without requests of which only a run says something.
fn compare_with(envoy: &Path, plan: &Plan, requests: &[RequestCase], leaves_out: bool) -> Result<Round, String> {
    let yaml = plan.manifests();
    let topology = Topology::scan([yaml.as_str()], HOME);
    // Requests to ports of listeners that are gone can be sent nowhere.
    let ports = topology.ports();
    let reachable: Vec<RequestCase> =
        requests.iter().filter(|case| ports.contains(&case.request.url.port)).cloned().collect();
    let asked = case_file(reachable);
    let compiled = build(&yaml, &offline_options(&topology, &asked, &Options::default()));
    let config = &compiled.lowered.config;
    if config.listeners.is_empty() {
        return Ok(Round { tally: Tally::default(), different: None });
    }
    let simulator = Simulator::new(config);
    let mut told = asked.requests.clone();
    told.retain(|case| !leaves_out || is_told(case, &simulator, &topology, &asked));
    decide_and_send(envoy, &yaml, &topology, &case_file(told), &|_| Some(&simulator))
}

/// Whether it is told without a run what comes back. What a server that counts would refuse is not, nor what endpoints make of
/// a request that no decision tells.
fn is_told<'s>(case: &RequestCase, simulator: &'s Simulator<'s>, topology: &'s Topology, asked: &'s CaseFile) -> bool {
    let refused = Expectation { status: Some(TOO_MANY), ..Expectation::default() };
    let offline = Offline::new(simulator, topology, asked);
    let refused = offline.run_case(&RequestCase { expect: refused, ..case.clone() });
    let expect = expect::expect(case, &refused, simulator.config(), false);
    let told = RequestCase { expect, ..case.clone() };
    refused.skipped.is_none() && offline.run_case(&told).result.mismatches.is_empty()
}

/// Decides requests with the simulators that answer them, and sends those that somebody answers.
fn decide_and_send<'s>(
    envoy: &Path,
    yaml: &str,
    topology: &'s Topology,
    asked: &'s CaseFile,
    answering: &dyn Fn(&RequestCase) -> Option<&'s Simulator<'s>>,
) -> Result<Round, String> {
    let mut tally = Tally::default();
    let mut expected = Vec::new();
    let (mut splits, mut mirrors) = (SPLITS, MIRRORS);
    for case in &asked.requests {
        let Some(simulator) = answering(case) else { continue };
        let config = simulator.config();
        let simulated = Offline::new(simulator, topology, asked).run_case(case);
        let decision = &simulated.decision;
        // Nobody would refuse the connection in the proxy's place.
        let is_nobody =
            matches!(decision.outcomes.as_slice(), [Outcome { answer: Answer::Closed(Closed::NoListener), .. }]);
        if is_nobody || !expect::is_understood(case, decision, config) {
            continue;
        }
        let is_split = decision.outcomes.len() > 1;
        let is_mirrored = decision
            .outcomes
            .iter()
            .any(|outcome| matches!(&outcome.answer, Answer::Upstream(upstream) if !upstream.copies.is_empty()));
        if is_split && splits == 0 {
            continue;
        }
        splits -= usize::from(is_split);
        let looks_at_mirrors = is_mirrored && mirrors > 0 && !expect::is_upgraded(decision);
        mirrors -= usize::from(looks_at_mirrors);
        let expect = expect::expect(case, &simulated, config, looks_at_mirrors);
        let mut case = RequestCase { expect, repeat: is_split.then_some(SPLIT_REQUESTS), ..case.clone() };
        // Backends are drawn for connections.
        case.request.new_connection |=
            decision.outcomes.iter().any(|outcome| matches!(outcome.answer, Answer::Stream(_)));
        tally.count(decision);
        // The expectations are the simulator's own, so the offline run has to meet them.
        let one = Offline::new(simulator, topology, asked).run_case(&case);
        if !one.result.mismatches.is_empty() {
            return Err(format!("the offline run of {:#?} says {:#?}", one.request, one.result.mismatches));
        }
        expected.push(case);
    }
    let cases = case_file(expected);
    let options = Options::default();
    let proof = Proof {
        envoy,
        topology,
        cases: &cases,
        options: &options,
        way: WayToServices::Proxy,
        warnings: Some(WARNINGS),
    };
    let results = run(&proof, |options| {
        let compiled = build(yaml, options);
        let findings = compiled.findings.iter().map(|finding| format!("{}: {}", finding.code.id(), finding.message));
        let findings: Vec<String> = findings.collect();
        let bootstrap = compiled.bootstrap.ok_or_else(|| findings.join("\n"))?;
        let mut text = Vec::new();
        emit::write_yaml(emit::BOOTSTRAP, &bootstrap, &NoComments, &mut text).map_err(|error| error.to_string())?;
        String::from_utf8(text).map_err(|error| error.to_string())
    });
    let results = results.map_err(|error| error.to_string())?;
    tally.requests = results.iter().map(|result| result.requests).sum();
    let wrong = results.iter().zip(&cases.requests).find(|(result, _)| !result.mismatches.is_empty());
    let different = wrong.map(|(result, case)| {
        let request = RequestCase { expect: Expectation::default(), repeat: None, ..case.clone() };
        let subjects = result.mismatches.iter().map(|mismatch| mismatch.subject.clone()).collect();
        Difference { request, subjects, text: format!("{:#?}", result.mismatches) }
    });
    Ok(Round { tally, different })
}

pub(crate) fn case_file(requests: Vec<RequestCase>) -> CaseFile {
    let served = BackendTlsSpec { certificate: PathBuf::from("backend.crt"), client_ca: None, alpn: None };
    CaseFile {
        requests,
        keep_endpoints: false,
        down: Vec::new(),
        unresolved: Vec::new(),
        stats: Default::default(),
        tunnels: Default::default(),
        pki: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pki"),
        backend_tls: TLS_SERVICES.iter().map(|name| (format!("{HOME}/{name}:443"), served.clone())).collect(),
    }
}

fn build(yaml: &str, options: &Options) -> Compilation {
    let source = Source {
        name: "plan.yaml".to_owned(),
        text: yaml.to_owned(),
        found: Found::Named,
        context: false,
        kept: Vec::new(),
    };
    compile(SourceSet { sources: vec![source].into() }, options, Diagnostics::new())
}

/// The smallest plan that still shows the same difference.
fn shrink(envoy: &Path, asked: &Asked, mut plan: Plan, mut difference: Difference) -> (Plan, Difference) {
    let said = std::env::var("GWCTL_CAMPAIGN_SHRINKS").ok().and_then(|text| text.parse().ok());
    let mut left = said.unwrap_or(SHRINKS);
    let mut place = 0;
    while left > 0 {
        let Some(smaller) = plan.without(place) else { break };
        left -= 1;
        match (asked.compare)(envoy, &smaller, std::slice::from_ref(&difference.request)) {
            Ok(Round { different: Some(found), .. }) if found.subjects == difference.subjects => {
                (plan, difference) = (smaller, found);
            }
            _ => place += 1,
        }
    }
    (plan, difference)
}
