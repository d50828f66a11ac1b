//! Every sentence of a finding that says which answer requests get is what the simulator answers.
//!
//! For the sentences that are about a rule or one of its backends a request is made for every route of the rule, on every
//! Gateway that serves it, and decided. Sentences about a listener carry a witness, whose answer `status.rs` compares.
//! A sentence with a number that is of no known form fails, so that a new one is held or named below.

use std::collections::BTreeMap;

use gwctl::compile::{Compilation, compile};
use gwctl::diagnostics::{Diagnostics, FieldPath, Finding, Segment};
use gwctl::resolver::Place;
use gwctl::simulate::{Answer, Decision, Share, Simulator};
use libtest_mimic::{Failed, Trial};

use crate::case::{Case, discover};
use crate::harness::Harness;
use crate::metamorphic::Input;

/// Beginnings and parts of sentences with a number that no single request shows, each with what holds them instead.
const HELD_ELSEWHERE: &[(&str, &str)] = &[
    ("gets 421 and has to open another", "requests of tls/01-misdirected-requests"),
    ("where these settings count, requests get 500", "requests of backend-tls/02-invalid"),
    ("not 503", "requests of retry/budget"),
    ("what depends on the object behaves as if it were missing", "the finding on what depends on it"),
    ("references to the object count as invalid", "the finding on each reference"),
    ("requests to the backend get 500:", "requests of xbackend/02-refused"),
    ("requests that meet this match get 403", "requests of matching/rewritten-headers"),
    ("requests to this listener get 404", "its witness"),
    ("requests for `", "its witness"),
    ("connections for `", "its witness"),
];

/// What a sentence says of some requests.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Said {
    /// So many percent of the requests of the rule, one digit behind the point, get this.
    OfRule { percent: f64, gets: Gets },
    /// All requests for one backend do.
    OfBackend { gets: Gets },
}

/// What requests get.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Gets {
    Status(u16),
    /// The status of a call that nobody serves.
    Unavailable,
}

impl Gets {
    /// What the words at the end of a sentence say.
    fn read(words: &str) -> Option<Self> {
        match words.split([',', ':', ' ']).next()? {
            "UNAVAILABLE" => Some(Self::Unavailable),
            number => number.parse().ok().map(Self::Status),
        }
    }

    fn is(self, answer: &Answer<'_>) -> bool {
        let Answer::Local(reply) = answer else { return false };
        let is_unavailable = |(name, value): &(String, String)| name == "grpc-status" && value == "14";
        match self {
            Self::Status(status) => reply.status == status,
            Self::Unavailable => reply.headers.iter().any(is_unavailable),
        }
    }
}

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let harness = harness.clone();
    vec![
        Trial::test("answers::every_sentence_is_what_the_simulator_answers", move || every_case(&harness)),
        Trial::test("answers::sentences_are_understood", sentences_are_understood),
    ]
}

fn every_case(harness: &Harness) -> Result<(), Failed> {
    let (mut wrong, mut held) = (Vec::new(), 0);
    for case in discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok()) {
        let (count, faults) = check(&case);
        held += count;
        wrong.extend(faults.into_iter().map(|fault| format!("{}: {fault}", case.name)));
    }
    // Shown by `--nocapture`.
    eprintln!("answers: {held} sentences held");
    if held < 50 {
        wrong.push(format!("only {held} sentences were compared"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

/// How many sentences of a case were compared, and those that are not true.
fn check(case: &Case) -> (usize, Vec<String>) {
    let Some(input) = Input::of(case) else { return (0, Vec::new()) };
    let compilation = compile(input.set(), &input.options, Diagnostics::new());
    let decisions = decisions(&compilation);
    let (mut held, mut wrong) = (0, Vec::new());
    for finding in compilation.findings.iter().chain(&compilation.context_findings) {
        let Some(sentence) = finding.consequence.as_deref().filter(|sentence| has_status(sentence)) else { continue };
        let Some(said) = read(sentence) else {
            if !HELD_ELSEWHERE.iter().any(|(part, _)| sentence.contains(part)) {
                wrong.push(format!("{} says `{sentence}`, which nothing holds", finding.code.id()));
            }
            continue;
        };
        for decision in place(finding).and_then(|place| decisions.get(&place)).into_iter().flatten() {
            held += 1;
            if let Some(actual) = contradiction(said, finding, decision, &compilation) {
                wrong.push(format!("{} says `{sentence}`, and the simulator {actual}", finding.code.id()));
            }
        }
    }
    (held, wrong)
}

/// The object and the rule that a finding is about.
type RulePlace = (String, usize);

fn place(finding: &Finding) -> Option<RulePlace> {
    let [Segment::Field(spec), Segment::Field(rules), Segment::Index(rule), ..] = finding.path.as_ref()?.0.as_slice()
    else {
        return None;
    };
    (spec == "spec" && rules == "rules").then_some((finding.object.as_ref()?.to_string(), *rule))
}

/// The backendRef that a finding is about; `None` for one about the rule.
fn backend(path: &FieldPath) -> Option<usize> {
    match path.0.as_slice() {
        [_, _, _, Segment::Field(field), Segment::Index(index), ..] if field == "backendRefs" => Some(*index),
        _ => None,
    }
}

/// What becomes of a request for each route of a rule that takes one, by the rule.
fn decisions(compilation: &Compilation) -> BTreeMap<RulePlace, Vec<Decision<'_>>> {
    let config = compilation.lowered.judged();
    let mut decisions: BTreeMap<RulePlace, Vec<Decision<'_>>> = BTreeMap::new();
    let gateways = config.listeners.iter().flat_map(|listener| &listener.gateways);
    let gateways: std::collections::BTreeSet<_> = gateways.collect();
    for gateway in gateways {
        let simulator = Simulator::of_gateway(config, gateway);
        for witness in simulator.witnesses().into_iter().filter(|witness| witness.is_taken) {
            let Some((key, _, place)) = compilation.lowered.origins.get(witness.route.origin) else { continue };
            let rule = match place {
                Place::Rule(rule) | Place::Match { rule, .. } | Place::BackendRef { rule, .. } => usize::from(rule),
                Place::Object | Place::Listener(_) => continue,
            };
            let place = (key.to_ref().to_string(), rule);
            decisions.entry(place).or_default().push(simulator.decide(&witness.request));
        }
    }
    decisions
}

/// What a decision is in the place of what a sentence says; `None` where it is that.
fn contradiction(said: Said, finding: &Finding, decision: &Decision<'_>, compilation: &Compilation) -> Option<String> {
    let own = finding.path.as_ref().and_then(backend);
    let is_own = |origin| match (own, compilation.lowered.origins.get(origin)) {
        (Some(index), Some((_, _, Place::BackendRef { index: other, .. }))) => index == usize::from(other),
        _ => false,
    };
    match said {
        Said::OfRule { percent, gets } => {
            let of_status = decision.outcomes.iter().filter(|outcome| gets.is(&outcome.answer));
            let of_backend = of_status.filter(|outcome| own.is_none() || outcome.backend.is_none_or(is_own));
            let share = of_backend.fold(Share::new(0, 1), |sum, outcome| sum + outcome.share);
            let actual = (share.percent() * 10.0).round() / 10.0;
            // Several references with equal words may lead to one outcome of the rule.
            ((actual - percent).abs() > 0.05 && actual < 100.0 || actual + 0.05 < percent)
                .then(|| format!("answers {actual} % with {gets:?}"))
        }
        Said::OfBackend { gets } => {
            let is_meant = |origin| own.is_none() || is_own(origin);
            let of_backend = || decision.outcomes.iter().filter(|outcome| outcome.backend.is_none_or(is_meant));
            let other = of_backend().find(|outcome| !gets.is(&outcome.answer));
            other.map(|outcome| format!("answers {:?}", outcome.answer))
        }
    }
}

/// Whether a sentence names the status of requests or calls.
fn has_status(sentence: &str) -> bool {
    let words: Vec<&str> = sentence.split(|c: char| c.is_whitespace() || ",:()".contains(c)).collect();
    let is_status = |word: &str| {
        word == "UNAVAILABLE" || word.len() == 3 && word.parse::<u16>().is_ok_and(|n| (300..600).contains(&n))
    };
    words.windows(2).any(|pair| is_status(pair[1]) && ["get", "gets", "with", "not", "answer"].contains(&pair[0]))
}

fn read(sentence: &str) -> Option<Said> {
    for start in ["all requests of this rule get ", "all calls of this rule get "] {
        if let Some(rest) = sentence.strip_prefix(start) {
            return Some(Said::OfRule { percent: 100.0, gets: Gets::read(rest)? });
        }
    }
    let of_backend = [
        "requests for this backend get ",
        "calls for this backend get ",
        "nobody can be asked, so all requests that need it get ",
    ];
    if let Some(rest) = of_backend.iter().find_map(|start| sentence.strip_prefix(start)) {
        return Some(Said::OfBackend { gets: Gets::read(rest)? });
    }
    let (percent, rest) = sentence.split_once(" % of this rule's ")?;
    let rest = rest.strip_prefix("requests get ").or_else(|| rest.strip_prefix("calls get "))?;
    Some(Said::OfRule { percent: percent.parse().ok()?, gets: Gets::read(rest)? })
}

fn sentences_are_understood() -> Result<(), Failed> {
    let read = |sentence: &str| (has_status(sentence), read(sentence));
    let rule = |percent| Said::OfRule { percent, gets: Gets::Status(500) };
    for (sentence, wanted) in [
        ("all requests of this rule get 500", (true, Some(rule(100.0)))),
        ("33.3 % of this rule's requests get 500", (true, Some(rule(33.3)))),
        (
            "all calls of this rule get UNAVAILABLE",
            (true, Some(Said::OfRule { percent: 100.0, gets: Gets::Unavailable })),
        ),
        ("requests for this backend get 503", (true, Some(Said::OfBackend { gets: Gets::Status(503) }))),
        ("requests to this listener get 404", (true, None)),
        ("connections go to port 443", (false, None)),
        ("the client gets 421 and opens another", (true, None)),
    ] {
        if read(sentence) != wanted {
            return Err(Failed::from(format!("{sentence}: {:?}", read(sentence))));
        }
    }
    Ok(())
}
