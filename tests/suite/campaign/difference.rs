//! Generated pairs of configurations: `gwctl diff` is silent exactly when both decide alike.
//!
//! A longer campaign: `GWCTL_DIFFERENCE_PAIRS=2000 GWCTL_CAMPAIGN_SEED=7 cargo test --test suite -- campaign::diff`.

use std::collections::BTreeMap;
use std::fs;

use gwctl::compile::Compilation;
use gwctl::diagnostics::Omission;
use gwctl::ir::{Config, GatewayName};
use gwctl::options::Options;
use gwctl::proving::{Offline, RequestCase, Topology};
use gwctl::simulate::{Answer, Decision, Request, Share, Simulator};
use gwctl::translator::envoy::name;
use libtest_mimic::Trial;
use serde_json::Value;

use super::plan::{HOME, Plan};
use super::random::Random;
use super::{SEED, build, case_file, request};
use crate::harness::Harness;
use crate::process;

/// Pairs of a plain test run.
const PAIRS: u64 = 28;
/// Requests that are decided for each pair.
const REQUESTS: usize = 200;
/// How many edits at most make the second configuration of a pair.
const EDITS: usize = 3;
/// How many edits are tried until everything decodes after one.
const TRIES: usize = 20;
/// Of how many pairs one differs in nothing but the pods of a Service.
const PODS: u64 = 4;
/// That Service, and the name of its cluster.
const MOVED: (&str, &str) = ("s1", "default/s1/80");
/// Changes that a decision does not show: what is behind a backend, times, retries and TLS.
const UNSEEN: &[&str] = &["backend", "mutated", "listener"];

/// The test of this file.
pub(super) fn trial(harness: &Harness) -> Trial {
    let harness = harness.clone();
    Trial::test("campaign::diff_is_silent_exactly_when_both_sides_decide_alike", move || {
        let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
        let seed = number("GWCTL_CAMPAIGN_SEED").unwrap_or(SEED);
        Ok(campaign(&harness, seed, number("GWCTL_DIFFERENCE_PAIRS").unwrap_or(PAIRS))?)
    })
}

/// How the pairs ended.
#[derive(Debug, Default)]
struct Tally {
    silent: usize,
    different: usize,
    uncompared: usize,
    /// Why pairs could not be compared, and how often.
    reasons: BTreeMap<String, usize>,
}

fn campaign(harness: &Harness, seed: u64, pairs: u64) -> Result<(), String> {
    let folder = harness.work_directory("campaign/difference")?;
    let (mut tally, mut failures) = (Tally::default(), Vec::new());
    for done in 0..pairs {
        let seed = seed.wrapping_add(done);
        let mut random = Random::new(seed);
        let mut old = Plan::generate(&mut random);
        let mut new = old.clone();
        let is_of_pods = done % PODS == PODS - 1;
        if is_of_pods {
            (old, new) = (old.selecting(MOVED.0, "blue"), old.selecting(MOVED.0, "green"));
        } else {
            for _ in 0..=random.below(EDITS) {
                new = edited(&new, &mut random);
            }
        }
        for (name, plan) in [("old.yaml", &old), ("new.yaml", &new)] {
            fs::write(folder.join(name), plan.manifests()).map_err(|error| error.to_string())?;
        }
        let line = ["diff", "old.yaml", "new.yaml", "-o", "json"].map(str::to_owned);
        let output = process::run(harness.binary(), &folder, &line, None)?;
        let difference: Value = serde_json::from_str(&output.stdout).or_else(|error| {
            if output.code == Some(2) { Ok(Value::Null) } else { Err(format!("{error}: {output:?}")) }
        })?;
        if output.code == Some(2) {
            tally.uncompared += 1;
            let reasons = difference["uncompared"].as_array().into_iter().flatten();
            let reason = reasons.filter_map(|one| one["reason"].as_str()).next();
            *tally.reasons.entry(reason.unwrap_or(&output.stderr).to_owned()).or_default() += 1;
            continue;
        }
        let changes: Vec<Value> = difference["changes"].as_array().cloned().unwrap_or_default();
        let apart = decided_apart(&old, &new, is_of_pods.then_some(MOVED.1), &mut random);
        let told = changes.iter().any(|change| {
            let is_unseen = UNSEEN.iter().any(|kind| change["kind"] == **kind);
            is_unseen || change["oldAnswer"] != change["newAnswer"]
        });
        match (changes.is_empty(), apart) {
            (true, None) => tally.silent += 1,
            (true, Some(apart)) => failures.push(format!("seed {seed}: diff is silent, and {apart}")),
            (false, apart) if apart.is_some() || told => tally.different += 1,
            (false, _) => failures.push(format!("seed {seed}: no request shows {changes:#?}")),
        }
    }
    // Shown by `--nocapture`, and the size of a campaign is worth knowing.
    eprintln!("difference: {tally:?} in {pairs} pairs from seed {seed}, {} failures", failures.len());
    if failures.is_empty() && tally.silent > 0 && tally.different > 0 {
        return Ok(());
    }
    failures.truncate(5);
    Err(format!("{tally:?}\n{}", failures.join("\n\n")))
}

/// An edit after which everything decodes: what does not could not be compared.
fn edited(plan: &Plan, random: &mut Random) -> Plan {
    let decodes = |plan: &Plan| {
        let left = build(&plan.manifests(), &Options::default()).unjudged;
        left.iter().all(|one| !matches!(one.reason, Omission::Undecoded | Omission::Unreadable))
    };
    (0..TRIES).map(|_| plan.edited(random)).find(decodes).unwrap_or_else(|| plan.clone())
}

/// A request about which the two configurations decide differently, or that gets to the cluster that has other pods.
fn decided_apart(old: &Plan, new: &Plan, moved: Option<&str>, random: &mut Random) -> Option<String> {
    let (before, after) = (build(&old.manifests(), &Options::default()), build(&new.manifests(), &Options::default()));
    let (old_config, new_config) = (before.lowered.judged(), after.lowered.judged());
    let mut gateways: Vec<&GatewayName> =
        old_config.listeners.iter().chain(&new_config.listeners).flat_map(|listener| &listener.gateways).collect();
    gateways.sort();
    gateways.dedup();
    let requests = requests(&[(old, &before), (new, &after)], random);
    for gateway in gateways {
        let sides = [old_config, new_config].map(|config| (config, Simulator::of_gateway(config, gateway)));
        for request in &requests {
            let [one, other] = sides.each_ref().map(|(config, simulator)| shown(&simulator.decide(request), config));
            if one != other {
                return Some(format!("Gateway {gateway} decides apart about {request:?}: {one:?}, {other:?}"));
            }
            if moved.is_some_and(|name| one.iter().any(|(end, _)| end.contains(name))) {
                return Some(format!("other pods get {request:?} of Gateway {gateway}: {one:?}"));
            }
        }
    }
    None
}

/// Requests for the routes of both sides, as they are and with something else about them, and others at random.
fn requests(sides: &[(&Plan, &Compilation)], random: &mut Random) -> Vec<Request> {
    let mut requests = Vec::new();
    for (plan, compilation) in sides {
        let config = compilation.lowered.judged();
        let simulator = Simulator::new(config);
        let witnesses = simulator.witnesses();
        let cases: Vec<RequestCase> = (0..REQUESTS)
            .map(|position| match witnesses.as_slice() {
                some @ [_, ..] if position % 2 == 0 => {
                    request::of_witness(position, &random.pick(some).request, random)
                }
                _ => request::generate(position, &plan.sockets, random),
            })
            .collect();
        let manifests = plan.manifests();
        let (topology, file) = (Topology::scan([manifests.as_str()], HOME), case_file(cases));
        let offline = Offline::new(&simulator, &topology, &file);
        requests.extend(file.requests.iter().map(|case| offline.request(case)));
        requests.extend(witnesses.into_iter().map(|witness| witness.request));
    }
    requests
}

/// What a decision shows of itself, in the names of both sides.
fn shown(decision: &Decision<'_>, config: &Config) -> Vec<(String, String)> {
    let name = |id| name::cluster(config.cluster(id));
    let mut shares: BTreeMap<String, Share> = BTreeMap::new();
    for outcome in &decision.outcomes {
        let end = match &outcome.answer {
            Answer::Local(reply) => format!("{reply:?}"),
            Answer::Closed(closed) => format!("{closed:?}"),
            Answer::Stream(id) => name(*id),
            Answer::Upstream(upstream) => {
                let mut mirrors: Vec<String> = upstream.mirrors.iter().map(|id| name(*id)).collect();
                mirrors.sort();
                let (method, path, host) = (&upstream.method, &upstream.path, &upstream.host);
                let (sent, answered) = (&upstream.headers, upstream.answer(Vec::new(), None));
                format!("{} {method} {path} {host} {sent:?} {answered:?} {mirrors:?}", name(upstream.cluster))
            }
        };
        let sum = shares.get(&end).map_or(outcome.share, |sum| *sum + outcome.share);
        shares.insert(end, sum);
    }
    shares.into_iter().map(|(end, share)| (end, format!("{:.6}", share.percent()))).collect()
}
