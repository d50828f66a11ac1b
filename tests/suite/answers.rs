//! Every sentence of a finding that says which answer requests get is what the simulator answers.
//!
//! For the sentences that are about a rule or one of its backends a request is made for every route of the rule, on every
//! Gateway that serves it, and decided; so are connections and datagrams that are handed on as they are. A sentence with
//! an answer that is of no known form fails, so that a new one is held or named below, with a holder that is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use gwctl::cli::difference;
use gwctl::compile::{Compilation, compile};
use gwctl::diagnostics::{Diagnostics, Finding, ObjectPart, ObjectRef};
use gwctl::ir::{ChainMatch, FilterChain, Handler, Listener, TcpBackend, Transport};
use gwctl::proving::CaseFile;
use gwctl::simulate::{Answer, Connection, Decision, Request, Security, Share, Simulator};
use libtest_mimic::{Failed, Trial};

use crate::case::{Case, discover};
use crate::harness::Harness;
use crate::metamorphic::Input;

/// Beginnings and parts of sentences that are about no rule or backend whose requests can be made, each with what holds
/// them instead: `holders_hold` asks each of these.
const HELD_ELSEWHERE: &[(&str, Holder)] = &[
    ("gets 421 and has to open another", Holder::requests("tls/misdirected-requests", Gets::Status(421))),
    ("where these settings count, requests get 500", Holder::requests("backend-tls/invalid", Gets::Status(500))),
    ("datagrams that UDPRoutes send to the port are dropped", Holder::requests("udp/tls-wanted", Gets::Closed)),
    ("not 503", Holder::requests("retry/budget", Gets::Status(503))),
    ("what depends on the object behaves as if it were missing", Holder::AsIfMissing),
    ("references to the object count as invalid", Holder::AsIfMissing),
    ("requests to the backend get 500:", Holder::requests("xbackend/refused", Gets::Status(500))),
    ("connections of the route are closed", Holder::requests("envoy-gateway/streams", Gets::Closed)),
    ("all requests of the rules that it applies to get 500", Holder::requests("diagnostics/GW7035", Gets::Status(500))),
    (
        "all requests that it would be asked about get 500",
        Holder::requests("ext-auth/options-refused", Gets::Status(500)),
    ),
    ("requests that meet this match get 403", Holder::requests("diagnostics/GW4070", Gets::Status(403))),
    ("requests to this listener get 404", Holder::Witness(Gets::Status(404))),
    ("connections to this listener are closed", Holder::Witness(Gets::Closed)),
    // What a route's hosts get on a listener that does not take it.
    ("requests for `", Holder::Simulator),
    ("connections for `", Holder::Simulator),
];

/// What holds a sentence.
#[derive(Clone, Copy, Debug)]
enum Holder {
    /// A case whose report says the sentence, and one of whose requests expects this answer.
    Requests { case: &'static str, answer: Gets },
    /// The witness of each finding that says it, which has this answer. `witness.rs` sends it.
    Witness(Gets),
    /// What the simulator answers to the hosts and the port that the sentence names.
    Simulator,
    /// What `diff` says of the input with and without the object: nothing.
    AsIfMissing,
}

impl Holder {
    const fn requests(case: &'static str, answer: Gets) -> Self {
        Self::Requests { case, answer }
    }
}

/// What a sentence says of some requests.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Said {
    /// So many percent of the requests of the rule, one digit behind the point, get this.
    Rule { percent: f64, gets: Gets },
    /// All requests for one backend do.
    Backend { gets: Gets },
    /// All datagrams to one listener do.
    Listener { gets: Gets },
}

/// What requests get.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Gets {
    Status(u16),
    /// The status of a call that nobody serves.
    Unavailable,
    /// Nothing: the connection is closed, the datagram dropped.
    Closed,
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
        let Answer::Local(reply) = answer else {
            return self == Self::Closed && matches!(answer, Answer::Closed(_));
        };
        let is_unavailable = |(name, value): &(String, String)| name == "grpc-status" && value == "14";
        match self {
            Self::Status(status) => reply.status == status,
            Self::Unavailable => reply.headers.iter().any(is_unavailable),
            Self::Closed => false,
        }
    }
}

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let [harness, holders] = [harness.clone(), harness.clone()];
    vec![
        Trial::test("answers::every_sentence_is_what_the_simulator_answers", move || every_case(&harness)),
        Trial::test("answers::holders_hold", move || holders_hold(&holders)),
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
    if held < 80 {
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
        let Some(sentence) = finding.consequence.as_deref().filter(|sentence| has_answer(sentence)) else { continue };
        let Some(said) = read(sentence) else {
            if holder(sentence).is_none() {
                wrong.push(format!("{} says `{sentence}`, which nothing holds", finding.code.id()));
            }
            continue;
        };
        let place = if matches!(said, Said::Listener { .. }) { listener_place(finding) } else { place(finding) };
        for decision in place.and_then(|place| decisions.get(&place)).into_iter().flatten() {
            held += 1;
            if let Some(actual) = contradiction(said, finding, decision, &compilation) {
                wrong.push(format!("{} says `{sentence}`, and the simulator {actual}", finding.code.id()));
            }
        }
    }
    (held, wrong)
}

/// What holds a sentence that is about no single rule.
fn holder(sentence: &str) -> Option<Holder> {
    HELD_ELSEWHERE.iter().find(|(part, _)| sentence.contains(part)).map(|(_, holder)| *holder)
}

/// The object and the rule that a finding is about.
type RulePlace = (String, usize);

/// The object and the listener that a finding is about, in the form of a rule's place.
fn listener_place(finding: &Finding) -> Option<RulePlace> {
    Some((finding.object.as_ref()?.to_string(), finding.part.listener()?))
}

fn place(finding: &Finding) -> Option<RulePlace> {
    Some((finding.object.as_ref()?.to_string(), finding.part.rule()?))
}

/// The backendRef that a finding is about; `None` for one about the rule.
fn backend(part: ObjectPart) -> Option<usize> {
    match part {
        ObjectPart::Backend { rule: _, index } | ObjectPart::Filter { rule: _, backend: Some(index), index: _ } => {
            Some(index)
        }
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
            let Some(place) = rule_of(compilation, witness.route.origin) else { continue };
            decisions.entry(place).or_default().push(simulator.decide(&witness.request));
        }
        for (origins, request) in config.listeners.iter().filter(|one| one.is_of(gateway)).flat_map(streams) {
            let places: BTreeSet<RulePlace> =
                origins.iter().filter_map(|origin| rule_of(compilation, *origin)).collect();
            for place in places {
                decisions.entry(place).or_default().push(simulator.decide(&request));
            }
        }
    }
    decisions
}

/// The object, and the rule or the listener of it, that a node comes from.
fn rule_of(compilation: &Compilation, origin: gwctl::ir::Origin) -> Option<RulePlace> {
    let (key, _, part) = compilation.lowered.origins.get(origin)?;
    Some((key.to_ref().to_string(), part.rule().or_else(|| part.listener())?))
}

/// The connections and datagrams that a listener hands on as they are: where each comes from and its backends do, and how
/// a client begins it.
fn streams(listener: &Listener) -> Vec<(Vec<gwctl::ir::Origin>, Request)> {
    let request = |security| Request::stream(Connection { address: None, port: listener.port, security });
    let origins = |own, backends: &[TcpBackend]| -> Vec<gwctl::ir::Origin> {
        std::iter::once(own).chain(backends.iter().map(|backend| backend.origin)).collect()
    };
    match &listener.transport {
        Transport::Udp(udp) => vec![(origins(listener.origin, &udp.backends), request(Security::Udp))],
        Transport::Tcp(chains) => {
            let of_chain = |chain: &FilterChain| match &chain.handler {
                Handler::Tcp(tcp) => Some((origins(chain.origin, &tcp.backends), request(security(chain)))),
                Handler::Http(_) | Handler::Close => None,
            };
            chains.iter().filter_map(of_chain).collect()
        }
    }
}

fn security(chain: &FilterChain) -> Security {
    let tls = |server_name| Security::Tls { server_name, certificate: true };
    match &chain.select {
        ChainMatch::Any | ChainMatch::Http if chain.tls.is_none() => Security::Plain,
        ChainMatch::Any | ChainMatch::Http | ChainMatch::AnyServerName => tls(None),
        ChainMatch::ServerNames(names) => tls(names.first().map(Simulator::example_host)),
    }
}

/// What a decision is in the place of what a sentence says; `None` where it is that.
fn contradiction(said: Said, finding: &Finding, decision: &Decision<'_>, compilation: &Compilation) -> Option<String> {
    let own = backend(finding.part);
    let is_own = |origin| match (own, compilation.lowered.origins.get(origin)) {
        (Some(index), Some((_, _, ObjectPart::Backend { index: other, .. }))) => index == other,
        // Where none can be used, they are one.
        (Some(_), Some((_, _, ObjectPart::Rule(_)))) => true,
        _ => false,
    };
    match said {
        Said::Listener { gets } => {
            let other = decision.outcomes.iter().find(|outcome| !gets.is(&outcome.answer));
            other.map(|outcome| format!("answers {:?}", outcome.answer))
        }
        Said::Rule { percent, gets } => {
            let of_status = decision.outcomes.iter().filter(|outcome| gets.is(&outcome.answer));
            let of_backend = of_status.filter(|outcome| own.is_none() || outcome.backend.is_none_or(is_own));
            let share = of_backend.fold(Share::new(0, 1), |sum, outcome| sum + outcome.share);
            let actual = (share.percent() * 10.0).round() / 10.0;
            // Several references with equal words may lead to one outcome of the rule.
            ((actual - percent).abs() > 0.05 && actual < 100.0 || actual + 0.05 < percent)
                .then(|| format!("answers {actual} % with {gets:?}"))
        }
        Said::Backend { gets } => {
            let is_meant = |origin| own.is_none() || is_own(origin);
            let of_backend = || decision.outcomes.iter().filter(|outcome| outcome.backend.is_none_or(is_meant));
            let other = of_backend().find(|outcome| !gets.is(&outcome.answer));
            other.map(|outcome| format!("answers {:?}", outcome.answer))
        }
    }
}

/// Whether a sentence says what requests, calls, connections or datagrams get.
fn has_answer(sentence: &str) -> bool {
    has_status(sentence) || ENDS.iter().any(|end| sentence.contains(end))
}

/// How connections and datagrams end that nobody serves.
const ENDS: [&str; 2] = ["are closed", "are dropped"];

/// Whether a sentence names the status of requests or calls.
fn has_status(sentence: &str) -> bool {
    let words: Vec<&str> = sentence.split(|c: char| c.is_whitespace() || ",:()".contains(c)).collect();
    let is_status = |word: &str| {
        word == "UNAVAILABLE" || word.len() == 3 && word.parse::<u16>().is_ok_and(|n| (300..600).contains(&n))
    };
    words.windows(2).any(|pair| is_status(pair[1]) && ["get", "gets", "with", "not", "answer"].contains(&pair[0]))
}

fn read(sentence: &str) -> Option<Said> {
    let subject = |words: &str| ENDS.iter().find_map(|end| words.strip_suffix(end)).map(|rest| rest.trim().to_owned());
    if let Some(subject) = subject(sentence) {
        let gets = Gets::Closed;
        return match subject.as_str() {
            "all connections of this rule" | "all datagrams of this rule" => Some(Said::Rule { percent: 100.0, gets }),
            "connections for this backend" | "datagrams for this backend" => Some(Said::Backend { gets }),
            "datagrams to this listener" => Some(Said::Listener { gets }),
            other => {
                let (percent, carried) = other.split_once(" % of this rule's ")?;
                let is_known = ["connections", "datagrams"].contains(&carried);
                is_known.then_some(Said::Rule { percent: percent.parse().ok()?, gets })
            }
        };
    }
    for start in ["all requests of this rule get ", "all calls of this rule get "] {
        if let Some(rest) = sentence.strip_prefix(start) {
            return Some(Said::Rule { percent: 100.0, gets: Gets::read(rest)? });
        }
    }
    let of_backend = [
        "requests for this backend get ",
        "calls for this backend get ",
        "nobody can be asked, so all requests that need it get ",
    ];
    if let Some(rest) = of_backend.iter().find_map(|start| sentence.strip_prefix(start)) {
        return Some(Said::Backend { gets: Gets::read(rest)? });
    }
    let (percent, rest) = sentence.split_once(" % of this rule's ")?;
    let rest = rest.strip_prefix("requests get ").or_else(|| rest.strip_prefix("calls get "))?;
    Some(Said::Rule { percent: percent.parse().ok()?, gets: Gets::read(rest)? })
}

/// Asks every holder, and finds each in use.
fn holders_hold(harness: &Harness) -> Result<(), Failed> {
    let cases: Vec<Case> = discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok()).collect();
    let mut wrong: Vec<String> = Vec::new();
    let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
    for (part, holder) in HELD_ELSEWHERE {
        if let Holder::Requests { case, answer } = holder {
            match cases.iter().find(|one| one.name == *case) {
                Some(found) if expects(found, *answer)? => {}
                Some(_) => wrong.push(format!("no request of {case} expects {answer:?}")),
                None => wrong.push(format!("there is no case {case} to hold `{part}`")),
            }
        }
    }
    for case in &cases {
        let Some(input) = Input::of(case) else { continue };
        let compilation = compile(input.set(), &input.options, Diagnostics::new());
        for finding in &compilation.findings {
            let Some(sentence) = finding.consequence.as_deref().filter(|sentence| has_answer(sentence)) else {
                continue;
            };
            if read(sentence).is_some() {
                continue;
            }
            let Some((part, holder)) = HELD_ELSEWHERE.iter().find(|(part, _)| sentence.contains(part)) else {
                continue;
            };
            match hold(*holder, (case, &input), &compilation, finding) {
                Ok(is_asked) => *asked.entry(part).or_default() += usize::from(is_asked),
                Err(why) => wrong.push(format!("{}: `{sentence}` of {}: {why}", case.name, finding.code.id())),
            }
        }
    }
    // Shown by `--nocapture`.
    eprintln!("answers: asked of holders: {asked:?}");
    let idle = HELD_ELSEWHERE.iter().filter(|(part, _)| !asked.contains_key(part) || asked[part] == 0);
    wrong.extend(idle.map(|(part, holder)| format!("{holder:?} has nothing to hold of `{part}`")));
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

/// Whether a request of a case expects an answer.
fn expects(case: &Case, answer: Gets) -> Result<bool, Failed> {
    let Some(path) = &case.requests else { return Ok(false) };
    let text = fs::read_to_string(path)?;
    let file = CaseFile::parse(&text).map_err(|error| Failed::from(format!("{}:{error}", path.display())))?;
    Ok(file.requests.iter().any(|request| match answer {
        Gets::Status(status) => request.expect.status == Some(status),
        Gets::Unavailable => request.expect.grpc_status == Some(14),
        Gets::Closed => request.expect.closed,
    }))
}

/// Whether a holder was asked about a finding, and why what the finding says does not hold.
fn hold(
    holder: Holder,
    (case, input): (&Case, &Input),
    compilation: &Compilation,
    finding: &Finding,
) -> Result<bool, String> {
    match holder {
        // That the case has the sentence is what is asked.
        Holder::Requests { case: named, answer: _ } => Ok(case.name == named),
        Holder::Witness(gets) => {
            let Some(answer) = finding.witness.as_ref().map(|witness| &witness.answer) else {
                // Where a Gateway has several addresses no one request stands for all.
                let place = listener_place(finding).ok_or("it has no witness, and is about no listener")?;
                return ask_listener(&place, gets, compilation);
            };
            let holds = match gets {
                Gets::Status(status) => answer.status == Some(status),
                Gets::Closed => answer.closed,
                Gets::Unavailable => false,
            };
            if holds { Ok(true) } else { Err(format!("its witness gets {answer:?}")) }
        }
        Holder::Simulator => ask(finding.consequence.as_deref().unwrap_or_default(), compilation),
        Holder::AsIfMissing => {
            let object = finding.object.as_ref().ok_or("it names no object")?;
            let Some(rest) = without(input, object) else { return Ok(false) };
            // A cluster refuses the object, and has what is emitted.
            let [with, missing] = [input, &rest].map(|input| {
                let mut compilation = compile(input.set(), &input.options, Diagnostics::new());
                compilation.narrow();
                compilation
            });
            // Without it there may be nothing to compare, which is as it were missing.
            let Ok(found) = difference(&with, &missing, &input.options) else { return Ok(false) };
            match found["changes"].as_array() {
                Some(changes) if changes.is_empty() => Ok(true),
                _ => Err(format!("without the object {:#}", found["changes"])),
            }
        }
    }
}

/// Asks every socket of a listener for a host that nobody serves.
fn ask_listener(place: &RulePlace, gets: Gets, compilation: &Compilation) -> Result<bool, String> {
    let config = compilation.lowered.judged();
    let is_own = |one: &&Listener| rule_of(compilation, one.origin).as_ref() == Some(place);
    let own: Vec<&Listener> = config.listeners.iter().filter(is_own).collect();
    for listener in &own {
        for gateway in &listener.gateways {
            let mut request = Request::get(listener.port, "gwctl-witness.invalid", "/");
            request.connection.address = Some(listener.address);
            let decision = Simulator::of_gateway(config, gateway).decide(&request);
            if let Some(other) = decision.outcomes.iter().find(|outcome| !gets.is(&outcome.answer)) {
                return Err(format!("it has no witness, and {:?} is what is answered", other.answer));
            }
        }
    }
    if own.is_empty() { Err("it has no witness, and no socket".to_owned()) } else { Ok(true) }
}

/// Asks for each host that a sentence names on its port; each Gateway that has the port may be the one that is meant.
fn ask(sentence: &str, compilation: &Compilation) -> Result<bool, String> {
    let hosts: Vec<&str> = sentence.split('`').skip(1).step_by(2).collect();
    let rest = sentence.split("on port ").nth(1).ok_or("it names no port")?;
    let ports: Vec<u16> =
        rest.split([' ', ',']).filter(|word| !word.is_empty()).map_while(|word| word.parse().ok()).collect();
    let gets = match sentence.rsplit_once(" get ") {
        Some((_, status)) => Gets::read(status),
        None => Some(Gets::Closed),
    };
    let gets = gets.ok_or("it names no answer")?;
    let config = compilation.lowered.judged();
    let listeners =
        config.listeners.iter().filter(|one| ports.contains(&one.port.number()) && !one.chains().is_empty());
    let answers = |listener: &Listener| {
        let has_tls = listener.chains().iter().any(|chain| chain.tls.is_some() || chain.select.is_by_server_name());
        let is_so = |simulator: &Simulator<'_>, host: &str| {
            let mut request = Request::get(listener.port, host, "/");
            if has_tls {
                request.connection.security = Security::Tls { server_name: Some(host.to_owned()), certificate: true };
            }
            simulator.decide(&request).outcomes.iter().all(|outcome| gets.is(&outcome.answer))
        };
        listener.gateways.iter().any(|gateway| {
            let simulator = Simulator::of_gateway(config, gateway);
            hosts.iter().all(|host| is_so(&simulator, &host.replacen('*', "gwctl-witness", 1)))
        })
    };
    let found: Vec<bool> = listeners.map(answers).collect();
    match found.as_slice() {
        [] => Err(format!("nobody listens on {ports:?}")),
        some if some.contains(&true) => Ok(true),
        _ => Err(format!("the simulator answers otherwise than {gets:?}")),
    }
}

/// The input without an object; `None` where its documents cannot be written anew.
fn without(input: &Input, object: &ObjectRef) -> Option<Input> {
    let mut rest = input.clone();
    let mut documents = rest.documents()?;
    let count = documents.len();
    documents.retain(|(_, document)| {
        let is_kind = document["kind"].as_str() == Some(object.kind.as_str());
        !(is_kind && rest.key(document) == (object.namespace.clone(), object.name.clone()))
    });
    if documents.len() == count {
        return None;
    }
    rest.replace(&documents).map(|()| rest)
}

fn sentences_are_understood() -> Result<(), Failed> {
    let read = |sentence: &str| (has_answer(sentence), read(sentence));
    let rule = |percent| Said::Rule { percent, gets: Gets::Status(500) };
    let closed = |percent| Said::Rule { percent, gets: Gets::Closed };
    for (sentence, wanted) in [
        ("all requests of this rule get 500", (true, Some(rule(100.0)))),
        ("33.3 % of this rule's requests get 500", (true, Some(rule(33.3)))),
        (
            "all calls of this rule get UNAVAILABLE",
            (true, Some(Said::Rule { percent: 100.0, gets: Gets::Unavailable })),
        ),
        ("requests for this backend get 503", (true, Some(Said::Backend { gets: Gets::Status(503) }))),
        ("requests to this listener get 404", (true, None)),
        ("connections go to port 443", (false, None)),
        ("80 % of this rule's connections are closed", (true, Some(closed(80.0)))),
        ("all datagrams of this rule are dropped", (true, Some(closed(100.0)))),
        ("datagrams for this backend are dropped", (true, Some(Said::Backend { gets: Gets::Closed }))),
        ("datagrams to this listener are dropped", (true, Some(Said::Listener { gets: Gets::Closed }))),
        ("connections for `a.test` on port 443 are closed", (true, None)),
        ("the client gets 421 and opens another", (true, None)),
    ] {
        if read(sentence) != wanted {
            return Err(Failed::from(format!("{sentence}: {:?}", read(sentence))));
        }
    }
    Ok(())
}
