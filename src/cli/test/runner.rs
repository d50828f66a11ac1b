//! Reads the case files, compiles the manifests and runs every case.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use super::super::args::{InputArgs, OutputFormat, TestArgs};
use super::super::exit::Outcome;
use super::super::pipeline::{self, Compiled, Emission};
use super::super::report::Rendering;
use super::super::trace::Tracer;
use super::super::value::ReportFormat;
use super::coverage::Coverage;
use super::results::{CaseOutcome, CaseStatus, Results, VERSION};
use super::router_check::{self, CheckFile, Emitted};
use crate::diagnostics::{Report, Severity, codes};
use crate::ir::RouteName;
use crate::options::Options;
use crate::proving::{self, CaseFile, CaseResult, Offline, Proof, Simulated, Topology, offline_options};
use crate::simulate::Simulator;

/// The results, and the same cases as router_check_tool tests.
pub(super) struct Ran {
    pub(super) results: Results,
    pub(super) router_check: String,
}

/// A file of cases.
struct Cases {
    name: String,
    text: String,
    content: Content,
}

enum Content {
    Requests(CaseFile),
    RouterCheck(CheckFile),
}

/// Runs everything.
///
/// # Errors
/// A message for the user when the run could not be made.
pub(super) fn run(args: &TestArgs, options: &Options, stdin: &mut dyn Read) -> Result<Ran, String> {
    let files = args.cases.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let input = args.files.input();
    let mut piped = Vec::new();
    if input.paths.iter().chain(&input.context).any(|path| path.as_os_str() == "-") {
        stdin.read_to_end(&mut piped).map_err(|error| format!("cannot read standard input: {error}"))?;
    }
    let manifests = Manifests { input: &input, piped: &piped };
    let compiled = manifests.compile(options);
    let texts = compiled.compilation.manifests.sources.sources.iter().map(|source| source.text.as_str());
    let topology = Topology::scan(texts, &options.namespace);
    let mut state = State { outcomes: Vec::new(), taken: BTreeSet::new(), emitted: Emitted::default() };
    for file in &files {
        match &file.content {
            Content::Requests(cases) => state.run_requests(args, file, cases, options, &topology, &manifests)?,
            Content::RouterCheck(checks) => state.run_checks(file, checks, &compiled),
        }
    }
    Ok(state.finish(args, &compiled))
}

fn read(path: &Path) -> Result<Cases, String> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {name}: {error}"))?;
    let content = if CheckFile::recognises(&text) {
        Content::RouterCheck(CheckFile::parse(&text).map_err(|error| format!("{name}:{error}"))?)
    } else {
        Content::Requests(CaseFile::parse(&text).map_err(|error| format!("{name}:{error}"))?)
    };
    Ok(Cases { name, text, content })
}

/// The manifests, which may be compiled several times with other addresses.
struct Manifests<'a> {
    input: &'a InputArgs,
    piped: &'a [u8],
}

impl Manifests<'_> {
    fn compile(&self, options: &Options) -> Compiled {
        let mut piped = self.piped;
        pipeline::compile(self.input, options, &mut piped)
    }

    /// The output for a proxy, as YAML.
    fn translate(&self, options: &Options, is_partial: bool) -> Result<String, String> {
        let compiled = self.compile(options);
        let is_fatal = |finding: &crate::diagnostics::Finding| finding.severity() == Severity::Error;
        if !compiled.has_output() || (!is_partial && compiled.findings().iter().any(is_fatal)) {
            return Err(findings_text(&compiled));
        }
        let emission = Emission { format: OutputFormat::Yaml, section: None, comments: false };
        let mut yaml = Vec::new();
        compiled.emit(&emission, &mut yaml).map_err(|error| error.to_string())?;
        String::from_utf8(yaml).map_err(|error| error.to_string())
    }
}

/// The findings as they stand in the results: what only `translate` cannot do is left out.
fn with_report<T>(compiled: &Compiled, use_report: impl FnOnce(Rendering<'_>) -> T) -> T {
    let locator = compiled.locator();
    let judged = compiled.findings().iter().filter(|finding| finding.code != codes::ADDRESS_IN_USE);
    let report = Report::new(judged, compiled.file_count(), compiled.object_count(), &locator);
    use_report(Rendering { report: &report, locate: &locator, denies_warnings: false })
}

fn findings_text(compiled: &Compiled) -> String {
    let mut text = Vec::new();
    // Writing to memory does not fail.
    let _ = with_report(compiled, |rendering| rendering.write(ReportFormat::Human, false, &mut text));
    String::from_utf8_lossy(&text).into_owned()
}

fn findings_json(compiled: &Compiled) -> serde_json::Value {
    let mut text = Vec::new();
    let _ = with_report(compiled, |rendering| rendering.write(ReportFormat::Json, false, &mut text));
    serde_json::from_slice::<serde_json::Value>(&text).map_or(serde_json::Value::Null, |mut all| all["findings"].take())
}

/// What has been run so far.
struct State {
    outcomes: Vec<CaseOutcome>,
    taken: BTreeSet<RouteName>,
    emitted: Emitted,
}

impl State {
    fn run_requests(
        &mut self,
        args: &TestArgs,
        file: &Cases,
        cases: &CaseFile,
        options: &Options,
        topology: &Topology,
        manifests: &Manifests<'_>,
    ) -> Result<(), String> {
        let moved = manifests.compile(&offline_options(topology, cases, options));
        let simulator = Simulator::new(&moved.compilation.lowered.config);
        let tracer = Tracer::new(&moved.compilation);
        let simulated = Offline::new(&simulator, topology, cases).run();
        for one in &simulated {
            self.taken.extend(one.decision.route.map(|route| route.name.clone()));
            self.emitted.add(&one.result.name, &one.request, &one.decision, &moved.compilation.lowered.config);
        }
        if args.emit.is_some() {
            return Ok(());
        }
        let Some(envoy) = &args.envoy else {
            self.outcomes.extend(simulated.iter().map(|one| offline_outcome(file, one, &tracer)));
            return Ok(());
        };
        let envoy = match envoy {
            Some(path) => path.clone(),
            None => proving::find().map_err(|error| error.to_string())?,
        };
        let proof = Proof { envoy: &envoy, topology, cases, options };
        let results = proving::run_until_signal(&proof, |options| manifests.translate(options, args.partial));
        let results = results.map_err(|error| error.to_string())?;
        for (position, result) in results.into_iter().enumerate() {
            let trace = simulated.get(position).map(|one| tracer.trace(&one.request, &one.decision));
            self.outcomes.push(outcome(file, result, trace));
        }
        Ok(())
    }

    fn run_checks(&mut self, file: &Cases, checks: &CheckFile, compiled: &Compiled) {
        let config = &compiled.compilation.lowered.config;
        let simulator = Simulator::new(config);
        let tracer = Tracer::new(&compiled.compilation);
        for check in &checks.tests {
            let request = router_check::request(check, config);
            let decision = simulator.decide(&request);
            self.taken.extend(decision.route.map(|route| route.name.clone()));
            self.emitted.add(&check.test_name, &request, &decision, config);
            let result = CaseResult {
                name: check.test_name.clone(),
                requests: 1,
                mismatches: router_check::compare(check, &decision, config),
                seconds: 0.0,
            };
            self.outcomes.push(outcome(file, result, Some(tracer.trace(&request, &decision))));
        }
    }

    fn finish(self, args: &TestArgs, compiled: &Compiled) -> Ran {
        let config = &compiled.compilation.lowered.config;
        let coverage = Coverage::new(config, &self.taken, &Tracer::new(&compiled.compilation));
        let outcome = Outcome {
            is_input_unreadable: compiled.is_input_unreadable(),
            summary: with_report(compiled, |rendering| rendering.report.summary),
            denies_warnings: args.compile.denies_warnings(),
        };
        let results = Results {
            version: VERSION,
            summary: Results::count(&self.outcomes),
            cases: self.outcomes,
            coverage,
            findings: findings_json(compiled),
            findings_text: findings_text(compiled),
            outcome,
            fail_under: args.fail_under,
        };
        Ran { results, router_check: self.emitted.to_yaml() }
    }
}

fn offline_outcome(file: &Cases, one: &Simulated<'_>, tracer: &Tracer<'_>) -> CaseOutcome {
    let result = one.result.clone();
    let mut outcome = outcome(file, result, Some(tracer.trace(&one.request, &one.decision)));
    outcome.unchecked.clone_from(&one.unchecked);
    if let Some(reason) = one.skipped {
        outcome.status = CaseStatus::Skipped;
        outcome.reason = Some(reason.to_owned());
    }
    outcome
}

fn outcome(file: &Cases, result: CaseResult, trace: Option<super::super::trace::Trace>) -> CaseOutcome {
    let CaseResult { name, requests: _, mismatches, seconds } = result;
    let failed = !mismatches.is_empty();
    CaseOutcome {
        file: file.name.clone(),
        line: line_of(&file.text, &name),
        name,
        status: if failed { CaseStatus::Failed } else { CaseStatus::Passed },
        seconds,
        mismatches,
        unchecked: Vec::new(),
        reason: None,
        trace: trace.filter(|_| failed),
    }
}

/// The line on which a case begins; 1 when it is written in an unusual way.
fn line_of(text: &str, name: &str) -> usize {
    let is_name = |line: &str| {
        let line = line.trim_start().trim_start_matches("- ").trim_start_matches(['{', ' ']);
        let value = line.strip_prefix("name:").or_else(|| line.strip_prefix("test_name:"));
        value.is_some_and(|value| value.trim().trim_matches(['"', '\'']).starts_with(name))
    };
    text.lines().position(is_name).map_or(1, |position| position + 1)
}
