//! No change is passed over in silence: every pair of `pairs.rs`, with each
//! harmless addition made to both of its sides. What `gwctl diff` tells of the
//! pair it goes on telling, or says that it could not compare the two, or it is
//! said here why the change rightly goes. Where it told nothing it tells nothing
//! of traffic.

use gwctl::cli::difference;
use gwctl::compile::compile;
use gwctl::diagnostics::Diagnostics;
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use super::additions::{ADDITIONS, Addition};
use super::input::Input;
use super::{SHARES, is_sampled};
use crate::accounts::GAP;
use crate::pairs::{PAIRS, Pair, changes};

/// Additions with which a change goes, the pairs, and why. Each is needed: the whole campaign says where it is not.
const GONE: &[(&str, &[&str], &str)] = &[
    (
        "without-gateways",
        &[
            "listener-added",
            "tcp-backend",
            "certificate",
            "second-certificate",
            "certificate-of-another-namespace",
            "clients-are-not-asked",
            "clients-are-not-checked",
            "authorities-of-clients",
            "more-authorities-of-clients",
            "authorities-of-another-kind",
            "clients-of-one-port",
            "certificate-for-backends",
        ],
        "it is a field of the Gateway, or a port that it alone knows",
    ),
    ("without-services", &["other-pods", "other-port-of-pods"], "it is a field of the Service"),
    ("secrets-in-files", &["authorities-of-another-kind"], "a Secret and a ConfigMap of one name are one file there"),
];

/// The tests of this file.
pub(super) fn trials() -> Vec<Trial> {
    let share = |share| Trial::test(format!("metamorphic::no_change_is_lost_{}", share + 1), move || campaign(share));
    (0..SHARES).map(share).collect()
}

fn campaign(share: usize) -> Result<(), Failed> {
    let asked = std::env::var("GWCTL_METAMORPHIC").unwrap_or_default();
    let (is_whole, seed) = (asked == "all", asked.parse().unwrap_or(0));
    let (mut made, mut lost, mut needed) = (0_usize, Vec::new(), Vec::new());
    for pair in PAIRS.iter().skip(share).step_by(SHARES) {
        for addition in ADDITIONS {
            if !is_whole && !is_sampled(seed, pair.name, addition.name) {
                continue;
            }
            let Some(silent) = try_addition(pair, addition)? else { continue };
            made += 1;
            let said = GONE.iter().position(|(name, pairs, _)| *name == addition.name && pairs.contains(&pair.name));
            match said {
                Some(said) if !silent.is_empty() => needed.push((said, pair.name)),
                _ => lost.extend(silent.into_iter().map(|one| format!("{} with {}: {one}", pair.name, addition.name))),
            }
        }
    }
    if is_whole {
        for (said, (name, pairs, _)) in GONE.iter().enumerate() {
            let own = PAIRS.iter().skip(share).step_by(SHARES).map(|pair| pair.name);
            let idle = own.filter(|pair| pairs.contains(pair) && !needed.contains(&(said, *pair)));
            lost.extend(idle.map(|pair| format!("no reason is needed for {pair} with {name}")));
        }
    }
    let number = share + 1;
    eprintln!("differences, share {number} of {SHARES}: {made} combinations, {} changes lost", lost.len());
    if lost.is_empty() { Ok(()) } else { Err(lost.join("\n").into()) }
}

/// What was not compared because nobody has looked at it: that is no reason.
fn gaps(found: &Value) -> impl Iterator<Item = String> {
    let uncompared = found["uncompared"].as_array().into_iter().flatten();
    let is_gap = |one: &&Value| one["reason"].as_str().is_some_and(|reason| reason.contains(GAP));
    uncompared.filter(is_gap).map(|one| format!("{} is not accounted for", one["subject"]))
}

/// What is wrong with a pair and an addition to both sides; `None` when it cannot be made there.
fn try_addition(pair: &Pair, addition: &Addition) -> Result<Option<Vec<String>>, String> {
    let mut sides = Vec::new();
    for text in pair.texts() {
        let mut input = Input::of_pair(&text)?;
        if (addition.apply)(&mut input).is_none() {
            return Ok(None);
        }
        sides.push(input);
    }
    let [old, new] = sides.as_slice() else { return Ok(None) };
    let compiled = |input: &Input| compile(input.set(), &input.options, Diagnostics::new());
    let found = match difference(&compiled(old), &compiled(new), &old.options) {
        Ok(found) => {
            let gaps: Vec<String> = gaps(&found).collect();
            if !gaps.is_empty() {
                return Err(format!("{} with {}: {}", pair.name, addition.name, gaps.join(", ")));
            }
            changes(&found)
        }
        // The command says so, and exits with 2.
        Err(_) => return Ok(Some(Vec::new())),
    };
    if pair.told.is_empty() {
        // What changes in a route that a further parent does not take could not be compared.
        let told = found.iter().filter(|(kind, _)| kind != "uncompared");
        return Ok(Some(told.map(|(kind, subject)| format!("{kind} {subject} is told")).collect()));
    }
    if found.iter().any(|(kind, _)| kind == "uncompared") {
        return Ok(Some(Vec::new()));
    }
    let is_lost = |(kind, subject): &&(&str, &str)| !found.iter().any(|(own, of)| own == kind && of.contains(subject));
    Ok(Some(pair.told.iter().filter(is_lost).map(|(kind, subject)| format!("{kind} {subject} is lost")).collect()))
}
