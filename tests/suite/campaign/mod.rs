//! A differential campaign: generated Gateways, routes and requests, decided by
//! the simulator and by a real Envoy that runs gwctl's output. Any difference is
//! a failure, printed with the smallest configuration that still shows it.
//!
//! `cargo test` runs a few rounds from a fixed seed. A longer campaign:
//! `GWCTL_CAMPAIGN_SEED=7 GWCTL_CAMPAIGN_ROUNDS=500 cargo test --test suite -- campaign`.

mod expect;
mod plan;
mod random;

use std::path::Path;

use gwctl::compile::{Compilation, compile};
use gwctl::diagnostics::Diagnostics;
use gwctl::emit::{self, NoComments};
use gwctl::options::Options;
use gwctl::parser::source::{Found, Source, SourceSet};
use gwctl::proving::{CaseFile, Proof, RequestCase, Topology, offline_options, run};
use gwctl::simulate::{Request, Simulator};
use libtest_mimic::Trial;

use crate::harness::Harness;
use plan::Plan;
use random::Random;

/// Rounds of a plain test run; each is one Envoy.
const ROUNDS: u64 = 4;
const SEED: u64 = 20_261_122;

/// Requests in one round, and how many of them may be sent often enough to see shares.
const REQUESTS: usize = 250;
const SPLITS: usize = 4;
const SPLIT_REQUESTS: u32 = 400;

/// How many smaller configurations are tried when one fails.
const SHRINKS: usize = 40;

/// The test of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let harness = harness.clone();
    vec![Trial::test("campaign::the_simulator_and_envoy_agree", move || {
        let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
        let seed = number("GWCTL_CAMPAIGN_SEED").unwrap_or(SEED);
        let rounds = number("GWCTL_CAMPAIGN_ROUNDS").unwrap_or(ROUNDS);
        Ok(campaign(harness.envoy()?, seed, rounds)?)
    })]
}

fn campaign(envoy: &Path, seed: u64, rounds: u64) -> Result<(), String> {
    let (mut requests, mut failures) = (0, Vec::new());
    for round in 0..rounds {
        let seed = seed.wrapping_add(round);
        let mut random = Random::new(seed);
        let plan = Plan::generate(&mut random);
        let wanted: Vec<Request> = (0..REQUESTS).map(|_| plan.request(&mut random)).collect();
        let outcome =
            compare(envoy, &plan, &wanted).map_err(|error| format!("seed {seed}: {error}\n{}", plan.yaml()))?;
        requests += outcome.sent;
        if let Some((request, text)) = outcome.different {
            let (small, text) = shrink(envoy, plan, &request, text);
            failures.push(format!("seed {seed}\n{request:#?}\n{text}\n{}", small.yaml()));
        }
        if failures.len() >= 3 {
            break;
        }
    }
    // Shown by `--nocapture`, and the size of a campaign is worth knowing.
    eprintln!("campaign: {requests} requests in {rounds} rounds from seed {seed}");
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n\n")) }
}

/// What a round showed.
struct Outcome {
    sent: usize,
    different: Option<(Request, String)>,
}

/// Decides and sends all requests.
fn compare(envoy: &Path, plan: &Plan, requests: &[Request]) -> Result<Outcome, String> {
    let yaml = plan.yaml();
    let topology = Topology::scan([yaml.as_str()], "default");
    let mut cases =
        CaseFile { requests: Vec::new(), keep_endpoints: false, down: Vec::new(), unresolved: Vec::new(), ..empty() };
    let compiled = build(&yaml, &offline_options(&topology, &cases, &Options::default()));
    let config = &compiled.lowered.config;
    let simulator = Simulator::new(config);
    let mut splits = 0;
    let mut sent = Vec::new();
    for (position, request) in requests.iter().enumerate() {
        let decision = simulator.decide(request);
        let is_split = decision.outcomes.len() > 1;
        if is_split && splits >= SPLITS {
            continue;
        }
        splits += usize::from(is_split);
        let Some(case) = expect::case(position, request, &decision, config) else { continue };
        cases.requests.push(RequestCase { repeat: is_split.then_some(SPLIT_REQUESTS), ..case });
        sent.push(request);
    }
    let options = Options::default();
    let proof = Proof { envoy, topology: &topology, cases: &cases, options: &options };
    let results = run(&proof, |options| {
        let bootstrap = build(&yaml, options).bootstrap.ok_or("no output")?;
        let mut text = Vec::new();
        emit::write_yaml(emit::BOOTSTRAP, &bootstrap, &NoComments, &mut text).map_err(|error| error.to_string())?;
        String::from_utf8(text).map_err(|error| error.to_string())
    });
    let results = results.map_err(|error| error.to_string())?;
    let total = results.iter().map(|result| result.requests).sum();
    let wrong = results.iter().zip(&sent).find(|(result, _)| !result.mismatches.is_empty());
    let different = wrong.map(|(result, request)| ((*request).clone(), format!("{:#?}", result.mismatches)));
    Ok(Outcome { sent: total, different })
}

fn empty() -> CaseFile {
    CaseFile {
        requests: Vec::new(),
        keep_endpoints: false,
        down: Vec::new(),
        unresolved: Vec::new(),
        stats: Default::default(),
        pki: Default::default(),
        backend_tls: Default::default(),
    }
}

fn build(yaml: &str, options: &Options) -> Compilation {
    let source = Source { name: "plan.yaml".to_owned(), text: yaml.to_owned(), found: Found::Named, context: false };
    compile(SourceSet { sources: vec![source] }, options, Diagnostics::new())
}

/// The smallest plan that still shows a difference on the request.
fn shrink(envoy: &Path, mut plan: Plan, request: &Request, mut text: String) -> (Plan, String) {
    let mut left = SHRINKS;
    let mut place = 0;
    while left > 0 {
        let Some(smaller) = plan.without(place) else { break };
        left -= 1;
        match compare(envoy, &smaller, std::slice::from_ref(request)) {
            Ok(Outcome { different: Some((_, found)), .. }) => {
                (plan, text) = (smaller, found);
            }
            _ => place += 1,
        }
    }
    (plan, text)
}
