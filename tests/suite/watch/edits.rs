//! Edits of the campaign's generator. Whatever a request meets while one is made has to be of one of its sides, and once
//! it is served, of the new side alone.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gwctl::options::{Options, PortMap, Resolve};
use gwctl::proving::{Asked, Mismatch, RequestCase, Scene};

use super::under_load::edit;
use crate::campaign::difference::edits;
use crate::campaign::plan::Plan;
use crate::campaign::random::Random;
use crate::campaign::side::{Possible, Side};
use crate::process::{PATIENCE, fail};

/// Requests for each edit.
const PROBES: usize = 40;
/// One edit in so many begins with another configuration, all Gateways of which are new.
const ANEW: usize = 12;
/// How many edits at most are made at once.
const AT_ONCE: usize = 3;
/// After how long an answer of before is stale.
const FRESH: Duration = Duration::from_secs(1);

/// A request, and what may come back before and after an edit.
struct Probe {
    case: RequestCase,
    before: Vec<Possible>,
    after: Vec<Possible>,
}

/// An edit.
struct Round {
    probes: Vec<Probe>,
    before: Arc<Side>,
    after: Arc<Side>,
    number: usize,
    /// When it was written.
    written: Mutex<Option<Instant>>,
    /// Whether it is served.
    is_served: AtomicBool,
}

/// What was seen of all edits.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) answers: usize,
    /// Answers that only the side before an edit gives, and that were asked for more than a second after it.
    pub(super) stale: usize,
    /// Answers with the certificate of one side and all else of the other.
    pub(super) of_both: usize,
    /// How long after an edit the last such answer was asked for.
    pub(super) latest: Duration,
    pub(super) failures: Vec<String>,
}

/// The edits of a run.
pub(super) struct Edits<'a> {
    scene: &'a Scene<'a>,
    options: Options,
    round: Mutex<Arc<Round>>,
    seen: Mutex<Seen>,
    next: AtomicUsize,
    is_over: AtomicBool,
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Edits<'a> {
    /// A first configuration, which is written.
    pub(super) fn begin(scene: &'a Scene<'a>, file: &Path, random: &mut Random) -> Result<Self, String> {
        let resolve = scene.options().resolve.iter().map(|one| Resolve { stands_in: false, ..one.clone() }).collect();
        let options = Options { resolve, ..Options::default() };
        let first = Arc::new(Side::of(Plan::generate(random), &options));
        fs::write(file, first.plan().manifests()).map_err(fail)?;
        let round = Round {
            probes: Vec::new(),
            before: Arc::clone(&first),
            after: first,
            number: 0,
            written: Mutex::default(),
            is_served: AtomicBool::new(true),
        };
        Ok(Self {
            scene,
            options,
            round: Mutex::new(Arc::new(round)),
            seen: Mutex::default(),
            next: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
        })
    }

    /// The flags that lead to the scene.
    pub(super) fn flags(&self) -> Vec<String> {
        let Options { port_map, resolve, admin_address, .. } = self.scene.options();
        let ports = port_map.iter().map(|PortMap { from, to, .. }| format!("--port-map={from}={to}"));
        let services = resolve.iter().map(|Resolve { namespace, name, port, endpoints, .. }| {
            let all: Vec<String> = endpoints.iter().map(|(host, port)| format!("{host}:{port}")).collect();
            format!("--resolve={namespace}/{name}:{port}={}", all.join(","))
        });
        let admin = admin_address.iter().map(|address| format!("--admin-address={address}"));
        ports.chain(services).chain(admin).collect()
    }

    /// Makes an edit.
    pub(super) fn write(&self, file: &Path, number: usize, random: &mut Random) -> Result<(), String> {
        let before = Arc::clone(&self.current().after);
        let plan = next_plan(before.plan(), random);
        let after = Arc::new(Side::of(plan, &self.options));
        let mut requests = before.requests(PROBES / 2, random);
        requests.extend(after.requests(PROBES / 2, random));
        let (possible_before, possible_after) = (before.possible(&requests), after.possible(&requests));
        let probes = requests.into_iter().zip(possible_before).zip(possible_after);
        let probes = probes.filter_map(|((case, before), after)| Some(Probe { case, before: before?, after: after? }));
        let text = after.plan().manifests();
        let round = Arc::new(Round {
            probes: probes.collect(),
            before,
            after,
            number,
            written: Mutex::default(),
            is_served: AtomicBool::new(false),
        });
        *lock(&self.round) = Arc::clone(&round);
        edit(random, file, &text)?;
        *lock(&round.written) = Some(Instant::now());
        Ok(())
    }

    /// Waits until each request gets what it gets after the edit.
    pub(super) async fn served(&self) -> Result<(), String> {
        let round = self.current();
        let started = Instant::now();
        for probe in &round.probes {
            loop {
                let asked = self.scene.ask(&probe.case).await.map_err(fail)?;
                let Err(why) = is_one_of(&probe.after, &asked) else { break };
                if started.elapsed() > PATIENCE {
                    return Err(round.told(probe, &format!("what is served is stale: {why}")));
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        round.is_served.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Asks until the end.
    pub(super) async fn ask_on(&self) {
        while !self.is_over.load(Ordering::Relaxed) {
            let round = self.current();
            let next = self.next.fetch_add(1, Ordering::Relaxed);
            if let Some(probe) = round.probes.get(next % round.probes.len().max(1)) {
                let (was_served, started) = (round.is_served.load(Ordering::SeqCst), Instant::now());
                match self.scene.ask(&probe.case).await {
                    Ok(asked) => self.judge(&round, probe, &asked, was_served, started),
                    Err(error) => lock(&self.seen).failures.push(error.to_string()),
                }
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }

    fn judge(&self, round: &Round, probe: &Probe, asked: &Asked, was_served: bool, started: Instant) {
        let Err(of_after) = is_one_of(&probe.after, asked) else {
            lock(&self.seen).answers += 1;
            return;
        };
        let of_before = is_one_of(&probe.before, asked);
        if !was_served && of_before.is_ok() {
            let age = lock(&round.written).map(|written| started.saturating_duration_since(written));
            let mut seen = lock(&self.seen);
            seen.answers += 1;
            seen.latest = seen.latest.max(age.unwrap_or_default());
            seen.stale += usize::from(age.is_some_and(|age| age > FRESH));
            return;
        }
        if !was_served && is_of_both(probe, asked) {
            let mut seen = lock(&self.seen);
            seen.answers += 1;
            seen.of_both += 1;
            return;
        }
        // The next edit may have come meanwhile.
        let now = self.current();
        if now.number != round.number {
            let possible = now.after.possible(std::slice::from_ref(&probe.case)).pop().flatten();
            if possible.is_none_or(|possible| is_one_of(&possible, asked).is_ok()) {
                return;
            }
        }
        let age = lock(&round.written).map(|written| started.saturating_duration_since(written));
        let what = format!("{age:?} after it: after: {of_after}, before: {}", of_before.err().unwrap_or_default());
        lock(&self.seen).failures.push(round.told(probe, &what));
    }

    /// Ends those who ask.
    pub(super) fn stop(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// What was seen.
    pub(super) fn seen(&self) -> Seen {
        lock(&self.seen).clone()
    }

    fn current(&self) -> Arc<Round> {
        Arc::clone(&lock(&self.round))
    }
}

impl Round {
    /// A failure with the request and the edit.
    fn told(&self, probe: &Probe, why: &str) -> String {
        let edit = edits(self.before.plan(), self.after.plan());
        format!("edit {}: {why}\n{:?}\n{edit}", self.number, probe.case.request)
    }
}

/// Whether something that is possible has come.
fn is_one_of(possible: &[Possible], asked: &Asked) -> Result<(), String> {
    let mut why = Vec::new();
    for one in possible {
        let mismatches = one.mismatches(asked);
        if mismatches.is_empty() {
            return Ok(());
        }
        let told = |one: &Mismatch| format!("{}: {} in place of {}", one.subject, one.actual, one.expected);
        why.push(mismatches.iter().map(told).collect::<Vec<_>>().join("; "));
    }
    Err(why.join(" | "))
}

/// Whether the certificate is of one side, and the answer of the other: listeners and routes are taken one after the other.
fn is_of_both(probe: &Probe, asked: &Asked) -> bool {
    let is_peer = |mismatch: &Mismatch| mismatch.subject == "tls peer";
    let both = || probe.before.iter().chain(&probe.after).map(|possible| possible.mismatches(asked));
    both().any(|mismatches| mismatches.iter().all(is_peer)) && both().any(|mismatches| !mismatches.iter().any(is_peer))
}

/// Another plan, whose Services are where they were.
fn next_plan(plan: &Plan, random: &mut Random) -> Plan {
    if random.once_in(ANEW) {
        return Plan::generate(random);
    }
    loop {
        let edited = (0..=random.below(AT_ONCE)).fold(plan.clone(), |plan, _| plan.edited(random));
        if edited.keeps_services() {
            return edited;
        }
    }
}
