//! Nothing is passed over in silence: every finding of every case of
//! `testdata`, with each harmless addition of `additions.rs`. The finding
//! stays, or it is said why it goes: `ends` of the addition where it always
//! does, `goes` in the `case.yaml` where it does in that case alone.
//!
//! Nor does any combination have a subject without a verdict.
//!
//! What only a translation tells is about the one configuration that it writes,
//! not about an object, and is left out as `gwctl validate` leaves it out.
//!
//! The same holds for what `gwctl diff` tells: see `difference.rs`.
//!
//! `cargo test` makes a sample from a fixed seed, `GWCTL_METAMORPHIC=SEED` makes
//! another one. The campaign makes all of them:
//! `GWCTL_METAMORPHIC=all cargo test --test suite -- metamorphic --nocapture`.

mod additions;
mod alone;
mod difference;
mod input;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use gwctl::cli::TRANSLATE_ONLY;
use gwctl::compile::compile;
use gwctl::diagnostics::{Diagnostics, Omission};
use gwctl::name::Namespace;
use libtest_mimic::{Failed, Trial};

use additions::{ADDITIONS, Addition};
pub(crate) use input::Input;

use crate::campaign::random::drawn;
use crate::case::{Case, Gone, OneOrMore, discover};
use crate::harness::Harness;

/// The tests that share the work, and run in parallel.
const SHARES: usize = 4;
/// One in so many combinations is made in a plain test run.
const SAMPLE: u64 = 28;
/// How many failures one test shows.
const SHOWN: usize = 60;

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let bases: Arc<OnceLock<Vec<Base>>> = Arc::default();
    let mut trials: Vec<_> = (0..SHARES)
        .map(|share| {
            let (harness, bases) = (harness.clone(), Arc::clone(&bases));
            Trial::test(format!("metamorphic::no_finding_is_lost_{}", share + 1), move || {
                campaign(bases.get_or_init(|| read(&harness)), share)
            })
        })
        .collect();
    let harness = harness.clone();
    trials.push(Trial::test("metamorphic::every_reason_names_an_addition_and_a_code", move || {
        let bases = bases.get_or_init(|| read(&harness));
        let wrong: Vec<String> = bases.iter().flat_map(unknown_reasons).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
    }));
    trials.extend(difference::trials());
    trials.push(Trial::test("metamorphic::there_are_sixty_additions_of_different_names", || {
        let names: BTreeSet<_> = ADDITIONS.iter().map(|addition| addition.name).collect();
        if names.len() == ADDITIONS.len() && names.len() >= 60 { Ok(()) } else { Err(names.len().to_string().into()) }
    }));
    trials
}

/// A case with findings.
struct Base {
    case: Case,
    input: Input,
    /// The findings of the case as it is, and written anew.
    as_is: Found,
    rewritten: Option<(Input, Found)>,
}

/// What a finding is known by, and how often it is there: its code, its object, and its field without positions.
type Found = BTreeMap<(String, String, String), usize>;

fn read(harness: &Harness) -> Vec<Base> {
    let cases = discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok());
    let bases = cases.filter_map(|case| {
        let input = Input::of(&case)?;
        let as_is = findings(&input);
        let rewritten = input.rewritten().map(|input| {
            let found = findings(&input);
            (input, found)
        });
        (!as_is.is_empty()).then_some(Base { case, input, as_is, rewritten })
    });
    bases.collect()
}

fn findings(input: &Input) -> Found {
    judge(input).0
}

/// The findings, and the subjects that no analysis has a verdict on.
fn judge(input: &Input) -> (Found, Vec<String>) {
    let mut found = Found::new();
    let compiled = compile(input.set(), &input.options, Diagnostics::new());
    let gaps = compiled.unjudged.iter().filter(|one| one.reason == Omission::Unaccounted);
    let gaps = gaps.map(|one| format!("{}: {}", one.subject, one.reason)).collect();
    for finding in compiled.findings.into_iter().filter(|finding| !TRANSLATE_ONLY.contains(&finding.code)) {
        let object = finding.object.as_ref();
        let object = object.map(|object| format!("{} {}/{}", object.kind, object.namespace, object.name));
        let path: String = finding.path.as_ref().map(ToString::to_string).unwrap_or_default();
        let path: String = path.chars().filter(|c| !c.is_ascii_digit()).collect();
        *found.entry((finding.code.id().to_owned(), object.unwrap_or_default(), path)).or_default() += 1;
    }
    (found, gaps)
}

fn campaign(bases: &[Base], share: usize) -> Result<(), Failed> {
    let asked = std::env::var("GWCTL_METAMORPHIC").unwrap_or_default();
    let is_whole = asked == "all";
    let seed = asked.parse().unwrap_or(0);
    let (mut made, mut lost) = (0_usize, Vec::new());
    for base in bases.iter().skip(share).step_by(SHARES) {
        let mut needed = BTreeSet::new();
        for addition in ADDITIONS {
            if !is_whole && !is_sampled(seed, &base.case.name, addition.name) {
                continue;
            }
            if let Some(missing) = try_addition(base, addition, &mut needed) {
                made += 1;
                lost.extend(missing);
            }
        }
        let (alone, untold) = alone::untold(base, &mut needed);
        made += alone;
        lost.extend(untold);
        if is_whole {
            lost.extend(unneeded_reasons(&base.case, &needed));
        }
    }
    eprintln!(
        "metamorphic campaign, share {} of {SHARES}: {made} combinations, {} findings lost",
        share + 1,
        lost.len()
    );
    if lost.is_empty() {
        return Ok(());
    }
    let total = lost.len();
    if !is_whole {
        lost.truncate(SHOWN);
    }
    Err(format!("{total} findings of {made} combinations are lost\n{}", lost.join("\n")).into())
}

/// Whether a combination is in the sample: by the names, so that a case or an addition that comes is drawn for itself
/// and moves no other.
fn is_sampled(seed: u64, name: &str, addition: &str) -> bool {
    drawn(seed, &[name, addition]).is_multiple_of(SAMPLE)
}

/// What an addition to a case loses; `None` when it cannot be made there. `needed` learns which reasons of the case are
/// about something: the names of additions with codes.
fn try_addition(
    base: &Base,
    addition: &Addition,
    needed: &mut BTreeSet<(&'static str, String)>,
) -> Option<Vec<String>> {
    let (before, known) = match (&base.rewritten, addition.rewrites) {
        (Some((input, found)), true) => (input, found),
        (None, true) => return None,
        (_, false) => (&base.input, &base.as_is),
    };
    let mut input = before.clone();
    (addition.apply)(&mut input)?;
    let (after, gaps) = judge(&input);
    let objects = std::cell::OnceCell::new();
    let name = &base.case.name;
    let mut lost: Vec<String> = gaps.into_iter().map(|gap| format!("{name} with {}: {gap}", addition.name)).collect();
    for ((code, object, path), count) in known {
        let found = after.get(&(code.clone(), object.clone(), path.clone())).copied().unwrap_or_default();
        if found >= *count || addition.ends.iter().any(|(ended, _)| ended == code) {
            continue;
        }
        if is_said_to_go(&base.case, addition.name, code) {
            needed.insert((addition.name, code.clone()));
            continue;
        }
        // An object that is not there, or is context now, is not judged.
        let (judged_before, judged) = objects.get_or_init(|| (judged(before), judged(&input)));
        if object.is_empty() || !judged_before.contains(object) || judged.contains(object) {
            lost.push(format!("{name} with {}: {code} on {object} {path} ({found} of {count})", addition.name));
        }
    }
    Some(lost)
}

/// The objects that are not context.
fn judged(input: &Input) -> BTreeSet<String> {
    let documents = input.documents().unwrap_or_default();
    let judged = documents.iter().filter(|(context, _)| !context);
    let name = |document: &serde_yaml::Value| {
        let (namespace, name) = input.key(document);
        let kind = document["kind"].as_str().unwrap_or_default();
        let namespace = if matches!(kind, "GatewayClass" | "Namespace") { Namespace::default() } else { namespace };
        format!("{kind} {namespace}/{name}")
    };
    judged.map(|(_, document)| name(document)).collect()
}

fn is_said_to_go(case: &Case, addition: &str, code: &str) -> bool {
    let is_one_of = |words: &OneOrMore, word: &str| words.all().iter().any(|one| one == word);
    case.goes.iter().any(|gone| is_one_of(&gone.with, addition) && is_one_of(&gone.code, code))
}

/// Reasons in a `case.yaml` that name nothing that there is.
fn unknown_reasons(base: &Base) -> Vec<String> {
    let is_addition = |name: &String| {
        ADDITIONS.iter().any(|addition| addition.name == *name) || alone::KINDS.iter().any(|(alone, ..)| alone == name)
    };
    let rewritten = base.rewritten.iter().flat_map(|(_, found)| found.keys());
    let codes: BTreeSet<&String> = base.as_is.keys().chain(rewritten).map(|(code, ..)| code).collect();
    let is_found = |code: &String| codes.contains(code);
    let mut wrong = Vec::new();
    for Gone { with, code, reason } in &base.case.goes {
        if !with.all().iter().all(is_addition) || !code.all().iter().all(is_found) || reason.trim().is_empty() {
            wrong.push(format!("{}: {with:?} and {code:?} are not known, or there is no reason", base.case.name));
        }
    }
    wrong
}

/// Reasons in a `case.yaml` for what does not go: each addition has to end one of the codes, and each code has to end.
fn unneeded_reasons(case: &Case, needed: &BTreeSet<(&'static str, String)>) -> Vec<String> {
    let mut wrong = Vec::new();
    for Gone { with, code, reason: _ } in &case.goes {
        let (with, codes) = (with.all(), code.all());
        let idle = with.iter().filter(|with| !needed.iter().any(|(name, code)| name == with && codes.contains(code)));
        let staying =
            codes.iter().filter(|code| !needed.iter().any(|(name, c)| c == *code && with.iter().any(|w| w == name)));
        wrong.extend(idle.chain(staying).map(|word| format!("{}: no reason is needed for {word}", case.name)));
    }
    wrong
}
