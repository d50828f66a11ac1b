//! One side of an edit: what a configuration may answer to a request.

use gwctl::compile::Compilation;
use gwctl::options::Options;
use gwctl::proving::{Asked, Expectation, Mismatch, Offline, RequestCase, Scheme, Topology, offline_options};
use gwctl::simulate::{Answer, Closed, Simulator};
use hyper::header;
use serde_json::{Value, json};

use super::plan::{HOME, Plan, object};
use super::random::Random;
use super::{build, case_file, expect, gateway, request};

/// A configuration that was, is or will be served.
pub(crate) struct Side {
    plan: Plan,
    compilation: Compilation,
    topology: Topology,
}

/// Something that may come back.
#[derive(Clone)]
pub(crate) enum Possible {
    /// What the case expects.
    Case(Box<RequestCase>),
    /// Nobody listens.
    Nobody,
}

impl Possible {
    /// What has come otherwise.
    pub(crate) fn mismatches(&self, asked: &Asked) -> Vec<Mismatch> {
        match self {
            Self::Case(case) => asked.mismatches(case),
            Self::Nobody if asked.unanswered().is_some() => Vec::new(),
            Self::Nobody => vec![Mismatch {
                subject: "connection".to_owned(),
                expected: "nobody who listens".to_owned(),
                actual: "an answer".to_owned(),
            }],
        }
    }
}

/// The Services of every plan, and all ports that one may listen on.
pub(crate) fn everything() -> Topology {
    let surroundings: String = gateway::surroundings().iter().map(|document| format!("---\n{document}\n")).collect();
    let listeners: Vec<Value> = gateway::PORTS.iter().map(|port| json!({"port": port})).collect();
    let gateway = object("Gateway", HOME, "any", json!({"listeners": listeners}));
    Topology::scan([format!("{surroundings}---\n{gateway}\n").as_str()], HOME)
}

impl Side {
    /// A plan whose Services are where `options` resolve them.
    pub(crate) fn of(plan: Plan, options: &Options) -> Self {
        let yaml = plan.manifests();
        let topology = Topology::scan([yaml.as_str()], HOME);
        let compilation = build(&yaml, &offline_options(&topology, &case_file(Vec::new()), options));
        Self { plan, compilation, topology }
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Requests at random, most of them made for the routes. None is a datagram: one that is dropped is waited for.
    pub(crate) fn requests(&self, count: usize, random: &mut Random) -> Vec<RequestCase> {
        let mut witnesses = Simulator::new(&self.compilation.emitted().config).witnesses();
        // A value with a space can be matched and cannot be requested.
        witnesses.retain(|witness| witness.request.target.parse::<hyper::Uri>().is_ok());
        let make = |position: usize| match witnesses.as_slice() {
            some @ [_, ..] if !position.is_multiple_of(4) => {
                request::of_witness(position, &random.pick(some).request, random)
            }
            _ => request::generate(position, &self.plan.sockets, random),
        };
        let mut requests: Vec<RequestCase> = (0..count).map(make).collect();
        requests.retain(|case| case.request.url.scheme != Scheme::Udp);
        requests
    }

    /// Everything that may come back; `None` where it cannot be told.
    pub(crate) fn possible(&self, requests: &[RequestCase]) -> Vec<Option<Vec<Possible>>> {
        let config = &self.compilation.emitted().config;
        let simulator = Simulator::new(config);
        let asked = case_file(requests.to_vec());
        let simulated = Offline::new(&simulator, &self.topology, &asked).run();
        let all = asked.requests.iter().zip(simulated).map(|(case, simulated)| {
            let decision = &simulated.decision;
            // Nobody knows what backends of HTTP/2, or those behind a stream of bytes, make of an upgrade.
            let is_stream = decision.outcomes.iter().any(|outcome| matches!(outcome.answer, Answer::Stream(_)));
            let headers = &case.request.headers.0;
            let is_upgrade = case.request.upgrade.is_some() || headers.iter().any(|(name, _)| *name == header::UPGRADE);
            let is_untold = is_upgrade && (is_stream || simulated.skipped.is_some());
            if is_untold || !expect::is_understood(case, decision, config) {
                return None;
            }
            let of = |expect: Expectation| Possible::Case(Box::new(RequestCase { expect, ..case.clone() }));
            let each = (0..decision.outcomes.len()).map(|position| {
                let mut alone = simulated.clone();
                alone.decision.outcomes = vec![decision.outcomes[position].clone()];
                match decision.outcomes[position].answer {
                    Answer::Closed(Closed::NoListener) => Possible::Nobody,
                    _ => of(expect::expect(case, &alone, config, false)),
                }
            });
            Some(each.collect())
        });
        all.collect()
    }
}
