//! Generated pairs of configurations: `gwctl diff` is silent exactly when both decide alike.
//!
//! A longer campaign: `GWCTL_DIFFERENCE_PAIRS=2000 GWCTL_CAMPAIGN_SEED=7 cargo test --test suite -- campaign::diff`.

use std::collections::BTreeMap;

use gwctl::cli::difference;
use gwctl::compile::Compilation;
use gwctl::diagnostics::Omission;
use gwctl::ir::{Config, GatewayName, UNNAMED};
use gwctl::options::Options;
use gwctl::proving::{Offline, RequestCase, Topology};
use gwctl::simulate::{Answer, Connection, Decision, Request, Security, Share, Simulator};
use gwctl::translator::envoy::name;
use libtest_mimic::Trial;
use serde_json::Value;

use super::overlap::{OVERLAPS, Overlap};
use super::plan::{HOME, Plan};
use super::random::Random;
use super::{SEED, build, case_file, request};

/// Pairs of a plain test run.
const PAIRS: u64 = 28;
/// Requests that are decided for each pair.
const REQUESTS: usize = 200;
/// How many failures the test tells; the others are shown by `--nocapture`.
const SHOWN: usize = 5;
/// How a change ends that may be none.
const NONE_SHOWS: &str = "no request was found that they answer otherwise";
/// One pair in so many may be told to be different without being so, where the command says that it may not be.
const MOST_UNDECIDED: u64 = 100;
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
/// Headers that say who the client is. Rules that look at them are told, and no request that is decided says it.
const OF_CLIENTS: &[&str] = &["x-forwarded-for", "x-envoy-external-address", "x-request-id"];

/// The test of this file.
pub(super) fn trial() -> Trial {
    Trial::test("campaign::diff_is_silent_exactly_when_both_sides_decide_alike", move || {
        let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
        let seed = number("GWCTL_CAMPAIGN_SEED").unwrap_or(SEED);
        Ok(campaign(seed, number("GWCTL_DIFFERENCE_PAIRS").unwrap_or(PAIRS))?)
    })
}

/// How the pairs ended.
#[derive(Debug, Default)]
struct Tally {
    silent: usize,
    different: usize,
    /// Pairs that decide alike, of which the command says that it found no request which shows what it tells.
    undecided: usize,
    uncompared: usize,
    /// Why pairs could not be compared, and how often.
    reasons: BTreeMap<String, usize>,
}

impl Tally {
    fn leave_out(&mut self, reason: &str) {
        self.uncompared += 1;
        // What a reason names is another thing in each pair.
        let words = reason.split('`').step_by(2).collect::<Vec<_>>().join("…");
        *self.reasons.entry(words.lines().next().unwrap_or_default().to_owned()).or_default() += 1;
    }
}

fn campaign(seed: u64, pairs: u64) -> Result<(), String> {
    let (mut tally, mut failures) = (Tally::default(), Vec::new());
    for done in 0..pairs {
        let seed = seed.wrapping_add(done);
        let mut random = Random::new(seed);
        let mut old = generated(&mut random);
        let mut new = old.clone();
        let is_of_pods = seed % PODS == PODS - 1;
        if seed % PODS == PODS - 2 {
            old = (0..=random.below(EDITS)).fold(old, |plan, _| plan.overlapping(&mut random));
            new = (0..=random.below(EDITS)).fold(old.clone(), |plan, _| plan.exchanged(&mut random));
        } else if is_of_pods {
            (old, new) = (old.selecting(MOVED.0, "blue"), old.selecting(MOVED.0, "green"));
        } else {
            for _ in 0..=random.below(EDITS) {
                new = edited(&new, &mut random);
            }
        }
        let options = Options::default();
        let [before, after] = [&old, &new].map(|plan| build(&plan.manifests(), &options));
        let difference = match difference(&before, &after, &options) {
            Ok(difference) => difference,
            Err(why) => {
                tally.leave_out(&why);
                continue;
            }
        };
        let left = difference["uncompared"].as_array().into_iter().flatten();
        if let Some(reason) = left.filter_map(|one| one["reason"].as_str()).next() {
            tally.leave_out(reason);
            continue;
        }
        let changes: Vec<Value> = difference["changes"].as_array().cloned().unwrap_or_default();
        let apart = decided_apart([(&old, &before), (&new, &after)], is_of_pods.then_some(MOVED.1), &mut random);
        let told = changes.iter().any(|change| {
            let is_unseen = UNSEEN.iter().any(|kind| change["kind"] == **kind);
            let subject = change["subject"].as_str().unwrap_or_default();
            let is_of_client = OF_CLIENTS.iter().any(|header| subject.contains(&format!("header {header} ")));
            is_unseen || is_of_client || change["oldAnswer"] != change["newAnswer"]
        });
        let is_undecided = |change: &Value| {
            let says = |field: &str| change[field].as_str().is_some_and(|answer| answer.ends_with(NONE_SHOWS));
            says("oldAnswer") || says("newAnswer")
        };
        match (changes.is_empty(), apart) {
            (false, None) if changes.iter().all(is_undecided) => tally.undecided += 1,
            (true, None) => tally.silent += 1,
            (true, Some(apart)) => {
                failures.push(format!("seed {seed}: diff is silent, and {apart}\n{}", edits(&old, &new)));
            }
            (false, apart) if apart.is_some() || told => tally.different += 1,
            (false, _) => {
                let changes: Vec<String> = changes.iter().map(Value::to_string).collect();
                let told = changes.join("\n");
                failures.push(format!("seed {seed}: no request shows\n{told}\n{}", edits(&old, &new)));
            }
        }
    }
    // Shown by `--nocapture`, and the size of a campaign is worth knowing.
    eprintln!("difference: {tally:?} in {pairs} pairs from seed {seed}, {} failures", failures.len());
    if tally.undecided > usize::try_from(pairs / MOST_UNDECIDED).unwrap_or_default().max(1) {
        failures.push(format!("{} pairs that decide alike are told to be different", tally.undecided));
    }
    if failures.is_empty() && tally.silent > 0 && tally.different > 0 {
        return Ok(());
    }
    for failure in failures.drain(failures.len().min(SHOWN)..) {
        eprintln!("{failure}");
    }
    Err(format!("{tally:?}\n{}", failures.join("\n\n")))
}

/// The objects that the plans do not share.
pub(crate) fn edits(old: &Plan, new: &Plan) -> String {
    let [old, new] = [old.manifests(), new.manifests()];
    let only = |own: &str, other: &str, sign: char| -> Vec<String> {
        own.lines()
            .filter(|line| !other.lines().any(|known| known == *line))
            .map(|line| format!("{sign} {line}"))
            .collect()
    };
    [only(&old, &new, '-'), only(&new, &old, '+')].concat().join("\n")
}

/// Whether everything decodes: what does not could not be compared.
fn decodes(plan: &Plan) -> bool {
    let Compilation { unjudged, manifests, .. } = build(&plan.manifests(), &Options::default());
    let is_left = |reason: &Omission| matches!(reason, Omission::Undecoded | Omission::Unreadable);
    manifests.refused.is_empty() && !unjudged.iter().any(|one| is_left(&one.reason))
}

fn generated(random: &mut Random) -> Plan {
    loop {
        let plan = Plan::generate(random);
        if decodes(&plan) {
            return plan;
        }
    }
}

/// An edit after which everything decodes.
fn edited(plan: &Plan, random: &mut Random) -> Plan {
    (0..TRIES).map(|_| plan.edited(random)).find(decodes).unwrap_or_else(|| plan.clone())
}

/// A request about which the two configurations decide differently, or that gets to the cluster that has other pods.
fn decided_apart(sides: [(&Plan, &Compilation); 2], moved: Option<&str>, random: &mut Random) -> Option<String> {
    let [old_config, new_config] = sides.map(|(_, compilation)| compilation.lowered.judged());
    let mut gateways: Vec<&GatewayName> =
        old_config.listeners.iter().chain(&new_config.listeners).flat_map(|listener| &listener.gateways).collect();
    // No request gets to what stands in for the parent of a route that names none.
    gateways.retain(|gateway| !gateway.name.starts_with(UNNAMED));
    gateways.sort();
    gateways.dedup();
    let requests = requests(&sides, random);
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
        requests.extend(witnesses.into_iter().flat_map(|witness| {
            let mut requests = overlapping(&witness.request);
            requests.extend(under_other_name(&witness.request));
            requests.push(witness.request);
            requests
        }));
    }
    requests.retain(is_well_formed);
    requests
}

/// Whether the request is one at all. Envoy answers 400 to a target with a space; the rule that would have had it may add
/// headers to that, which is no difference for anybody.
fn is_well_formed(request: &Request) -> bool {
    !request.target.contains(' ')
}

/// Requests for the same host that meet two conditions which generated rules have.
fn overlapping(request: &Request) -> Vec<Request> {
    let of = |Overlap { target, headers, .. }: &Overlap| Request {
        method: "GET".to_owned(),
        target: (*target).to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..request.clone()
    };
    OVERLAPS.iter().filter(|_| !request.is_stream()).map(of).collect()
}

/// The request over a connection for another server name: one chain may serve a host whose connections another one takes.
fn under_other_name(request: &Request) -> Option<Request> {
    let Security::Tls { server_name: _, certificate } = request.connection.security else { return None };
    let security = Security::Tls { server_name: Some("zz.test".to_owned()), certificate };
    let connection = Connection { security, ..request.connection.clone() };
    Some(Request { connection, ..request.clone() })
}

/// What a decision shows of itself, in the names of both sides.
fn shown(decision: &Decision<'_>, config: &Config) -> Vec<(String, String)> {
    let name = |id| name::cluster(config.cluster(id));
    let mut shares: BTreeMap<String, Share> = BTreeMap::new();
    for outcome in &decision.outcomes {
        let end = match &outcome.answer {
            // Why it is given nobody sees.
            Answer::Local(reply) => format!("{} {:?} {}", reply.status, reply.headers, reply.body),
            Answer::Closed(closed) => format!("{closed:?}"),
            Answer::Stream(id) => name(*id),
            Answer::Upstream(upstream) => {
                let mut mirrors: Vec<String> = upstream.copies.iter().map(|copy| name(copy.cluster)).collect();
                mirrors.sort();
                let (method, path, host) = (&upstream.method, &upstream.path, &upstream.host);
                let (sent, answered) = (&upstream.headers, upstream.answer(Vec::new(), 0, None));
                format!("{} {method} {path} {host} {sent:?} {answered:?} {mirrors:?}", name(upstream.cluster))
            }
        };
        let sum = shares.get(&end).map_or(outcome.share, |sum| *sum + outcome.share);
        shares.insert(end, sum);
    }
    shares.into_iter().map(|(end, share)| (end, format!("{:.6}", share.percent()))).collect()
}
