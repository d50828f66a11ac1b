//! Reads the case files, compiles the manifests and runs every case.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::net::Ipv4Addr;
use std::path::Path;

use super::super::args::{InputPaths, OutputFormat, TestArgs};
use super::super::findings::TRANSLATE_ONLY;
use super::super::made::Made;
use super::super::pipeline::{self, Compiled, Emission};
use super::super::report::Rendering;
use super::super::trace::{Trace, Tracer, backend_name};
use super::super::unlooked::{unlooked, unread};
use super::super::value::ReportFormat;
use super::coverage::Coverage;
use super::lines::Lines;
use super::results::{CaseOutcome, CaseStatus, Results, VERSION};
use super::router_check::{self, CheckFile, Emitted};
use super::sent_from::{self, SentFrom};
use crate::compile::Compilation;
use crate::diagnostics::escape::{for_terminal, path_for_terminal};
use crate::diagnostics::{Code, Denied, Finding, Severity, codes};
use crate::ir::{BackendName, Cluster, Config, Failover, GatewayName, RouteName};
use crate::masked;
use crate::name::owned;
use crate::options::{ListenerAddress, Options};
use crate::parser::api::Service;
use crate::parser::manifests::{Kind, Object, ObjectKey};
use crate::parser::parse::MAX_DOCUMENT;
use crate::proving::{
    self, CaseFile, CaseResult, Mismatch, Offline, Proof, RequestCase, Simulated, Topology, offline_options,
};
use crate::simulate::{Decision, Request, Simulator};

/// The results, and the same cases as router_check_tool tests.
pub(super) struct Ran {
    pub(super) results: Results,
    pub(super) router_check: String,
    /// Those among them that such a test cannot express, each with the reason.
    pub(super) left_out: Vec<String>,
    /// What `--report` is about.
    pub(super) compiled: Compiled,
    /// What is not told of it.
    pub(super) untold: Vec<Code>,
}

/// A file of cases.
struct Cases {
    name: String,
    lines: Lines,
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
    let input = args.files.paths();
    let mut piped = Vec::new();
    if input.paths.iter().chain(input.context).any(|path| path.as_os_str() == "-") {
        stdin.read_to_end(&mut piped).map_err(|error| format!("cannot read standard input: {error}"))?;
    }
    let manifests = Manifests { input, piped: &piped };
    let mut compiled = manifests.compile(options);
    if args.partial {
        compiled.compilation.narrow();
    }
    if let Some(why) = compiled.unselected.take() {
        return Err(why);
    }
    let texts = compiled.compilation.manifests.sources.sources.iter().map(|source| source.text.as_str());
    let topology = Topology::scan(texts, &options.namespace);
    let mut state =
        State { outcomes: Vec::new(), taken: BTreeSet::new(), emitted: Emitted::default(), left_out: Vec::new() };
    for file in &files {
        match &file.content {
            Content::Requests(cases) => state.run_requests(args, file, cases, options, &topology, &manifests)?,
            Content::RouterCheck(checks) => state.run_checks(file, checks, &compiled)?,
        }
    }
    Ok(state.finish(args, compiled, untold(&files)))
}

/// The codes that are not told: what only a configuration suffers from, and that a parent is a Service where every case is
/// sent to one.
fn untold(files: &[Cases]) -> Vec<Code> {
    let asks_gateways = |file: &Cases| match &file.content {
        Content::Requests(cases) => cases.requests.iter().any(|case| case.from.is_none()),
        Content::RouterCheck(_) => true,
    };
    let of_gateways = (!files.iter().any(asks_gateways)).then_some(codes::MESH_PARENT);
    TRANSLATE_ONLY.iter().copied().chain(of_gateways).collect()
}

fn read(path: &Path) -> Result<Cases, String> {
    let name = path.display().to_string();
    let shown = for_terminal(&name);
    let text = read_bounded(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
    let content = if CheckFile::recognises(&text) {
        Content::RouterCheck(CheckFile::parse(&text).map_err(|error| format!("{shown}:{error}"))?)
    } else {
        let cases = CaseFile::parse(&text).map_err(|error| format!("{shown}:{error}"))?;
        let cases = cases.in_folder(path.parent().unwrap_or(Path::new("")));
        if let Some(missing) = cases.missing_file() {
            return Err(format!("{shown}: there is no `{}`", path_for_terminal(&missing)));
        }
        Content::Requests(cases)
    };
    let is_empty = match &content {
        Content::Requests(cases) => cases.requests.is_empty(),
        Content::RouterCheck(checks) => checks.tests.is_empty(),
    };
    if is_empty {
        return Err(format!("{shown} holds no case: nothing would be run"));
    }
    let lines = match &content {
        Content::Requests(cases) => Lines::of(&text, "requests", cases.requests.iter().map(|case| case.name.as_str())),
        Content::RouterCheck(checks) => {
            Lines::of(&text, "tests", checks.tests.iter().map(|test| test.test_name.as_str()))
        }
    };
    Ok(Cases { name, lines, content })
}

/// The text of a file, which is no longer than a document of manifests may be.
fn read_bounded(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let most = MAX_DOCUMENT as u64;
    File::open(path)?.take(most + 1).read_to_string(&mut text)?;
    match text.len() > MAX_DOCUMENT {
        true => Err(io::Error::other(format!("it has more than {MAX_DOCUMENT} bytes; split it into several files"))),
        false => Ok(text),
    }
}

/// The manifests, which may be compiled several times with other addresses.
struct Manifests<'a> {
    input: InputPaths<'a>,
    piped: &'a [u8],
}

impl Manifests<'_> {
    fn compile(&self, options: &Options) -> Compiled {
        let mut piped = self.piped;
        pipeline::compile(self.input, options, &mut piped)
    }

    /// The output for a proxy, as YAML, or everything that keeps it from being one.
    fn translate(&self, options: &Options, is_partial: bool) -> Result<String, String> {
        let compiled = self.compile(options);
        let is_fatal = |finding: &Finding| finding.severity() == Severity::Error;
        if !compiled.has_output() || (!is_partial && compiled.findings().iter().any(is_fatal)) {
            return Err(format!("\n{}", findings_text(&compiled, &[])));
        }
        let emission = Emission { format: OutputFormat::Yaml, section: None, comments: false, made: Made::default() };
        let mut yaml = Vec::new();
        compiled.emit(&emission, &mut yaml).map_err(|error| error.to_string())?;
        String::from_utf8(yaml).map_err(|error| error.to_string())
    }
}

/// The findings as they stand in the results: what only `translate` cannot do is left out.
fn with_report<T>(compiled: &Compiled, left_out: &[Code], use_report: impl FnOnce(Rendering<'_>) -> T) -> T {
    let locator = compiled.locator();
    let judged = compiled.findings().iter().filter(|finding| !left_out.contains(&finding.code));
    let report = compiled.report(judged, &locator);
    use_report(Rendering { report: &report, locate: &locator, denied: &Denied::default() })
}

fn findings_text(compiled: &Compiled, left_out: &[Code]) -> String {
    let mut text = Vec::new();
    // Writing to memory does not fail.
    let _ = with_report(compiled, left_out, |rendering| rendering.write(ReportFormat::Human, false, &mut text));
    String::from_utf8_lossy(&text).into_owned()
}

/// The findings, and what is not judged, as in the JSON report.
fn findings_json(compiled: &Compiled, untold: &[Code]) -> (serde_json::Value, serde_json::Value) {
    let mut text = Vec::new();
    let _ = with_report(compiled, untold, |rendering| rendering.write(ReportFormat::Json, false, &mut text));
    let mut all = serde_json::from_slice::<serde_json::Value>(&text).unwrap_or_default();
    (all["findings"].take(), all["unjudged"].take())
}

/// The Gateway of every case, where one Envoy cannot serve all Gateways together.
fn gateway_of_cases<'c>(
    cases: &'c CaseFile,
    topology: &'c Topology,
    options: &Options,
    manifests: &Manifests<'_>,
) -> Result<Option<Vec<Option<&'c GatewayName>>>, String> {
    if topology.gateways.len() < 2 {
        return Ok(None);
    }
    // A run binds the ports of all Gateways on loopback, wherever else they are bound.
    // So is the admin interface, on a port that nobody has.
    let mut together = Options { port_map: Vec::new(), admin_address: None, ..options.clone() };
    if options.listener_address != ListenerAddress::Gateway {
        together.listener_address = ListenerAddress::Ip(Ipv4Addr::LOCALHOST.into());
    }
    let compiled = manifests.compile(&together);
    if compiled.findings().iter().all(|finding| finding.code != codes::ADDRESS_IN_USE) {
        return Ok(None);
    }
    let mut is_served = |GatewayName { namespace, name }: &GatewayName| {
        let mut selected = options.gateways.iter();
        let is_selected = options.gateways.is_empty() || selected.any(|(of, own)| (of, own) == (namespace, name));
        let mut is_served_alone = || {
            together.gateways = vec![owned((namespace, name))];
            !manifests.compile(&together).compilation.emitted().config.listeners.is_empty()
        };
        is_selected && is_served_alone()
    };
    let names: Vec<&GatewayName> = topology.gateways.keys().filter(|name| is_served(name)).collect();
    let gateway_of = |case: &'c RequestCase| match case.from {
        Some(_) => Ok(None),
        None => gateway_of(case, &names, topology).map(Some),
    };
    cases.requests.iter().map(gateway_of).collect::<Result<_, _>>().map(Some)
}

fn gateway_of<'c>(
    case: &'c RequestCase,
    served: &[&'c GatewayName],
    topology: &Topology,
) -> Result<&'c GatewayName, String> {
    let RequestCase { name, request, .. } = case;
    let (name, port) = (for_terminal(name), request.url.port);
    if let Some(gateway) = &case.gateway {
        let is_served = served.contains(&gateway);
        let unserved = || for_terminal(&format!("case `{name}`: Gateway {gateway} is not served")).into_owned();
        return if is_served { Ok(gateway) } else { Err(unserved()) };
    }
    let listens = |gateway: &&GatewayName| topology.gateways.get(gateway).is_some_and(|own| own.ports.contains(&port));
    let mut serving = served.iter().copied().filter(listens);
    match (serving.next(), serving.next()) {
        (Some(gateway), None) => Ok(gateway),
        (None, _) => Err(format!("case `{name}`: no Gateway listens on port {port}")),
        (Some(first), Some(second)) => {
            let all: Vec<_> = [first, second].into_iter().chain(serving).map(ToString::to_string).collect();
            Err(format!("case `{name}`: port {port} is served by {}: say which with `gateway:`", all.join(", ")))
        }
    }
}

/// What a case showed offline, in the words of the manifests.
struct Shown {
    result: CaseResult,
    unchecked: Vec<String>,
    skipped: Option<&'static str>,
    trace: Trace,
}

/// What has been run so far.
struct State {
    outcomes: Vec<CaseOutcome>,
    taken: BTreeSet<RouteName>,
    emitted: Emitted,
    left_out: Vec<String>,
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
        refuse_emit_from(args, file, cases)?;
        let offline = offline_options(topology, cases, options);
        let mut moved = manifests.compile(&offline);
        if args.partial {
            moved.compilation.narrow();
        }
        let config = moved.compilation.lowered.judged();
        let mut named = cases.service_ports().chain(cases.excluded_ports());
        let is_behind = |name: &str| topology.behind.keys().any(|key| key.to_string() == name);
        if let Some((field, name)) = named.find(|(_, name)| !is_known(name, &moved.compilation) && !is_behind(name)) {
            let file = for_terminal(&file.name);
            return Err(format!("{file}: `{field}` names `{}`, which is no Service port here", for_terminal(name)));
        }
        let simulators = Simulators::new(config, args.partial);
        let tracer = Tracer::new(&moved.compilation).without_endpoints();
        let sides = sent_from::sides(cases, &moved.compilation, &offline);
        let request = |case: &RequestCase| Offline::new(&simulators.all, topology, cases).request(case);
        let sent_from = SentFrom::new(&sides, cases, request);
        let mut simulated = Vec::new();
        let mut undecided = Vec::new();
        for (position, case) in cases.requests.iter().enumerate() {
            let of_gateways = || simulators.of(case, &request(case), &moved.compilation);
            match sent_from.simulator(position).unwrap_or_else(of_gateways) {
                Ok(simulator) => simulated.push(Offline::new(simulator, topology, cases).run_case(case)),
                Err(why) => {
                    let line = file.lines.line_of(&case.name);
                    let (file, name) = (for_terminal(&file.name), for_terminal(&case.name));
                    undecided.push(format!("{file}:{line}: case `{name}`: {why}"));
                }
            }
        }
        if !undecided.is_empty() {
            return Err(undecided.join("\nerror: "));
        }
        // Without a run, a case that is skipped shows nothing of the rule that it would reach.
        let shown = simulated.iter().filter(|one| args.envoy.is_some() || one.skipped.is_none());
        shown.for_each(|one| self.take(&one.decision));
        if args.emit.is_some() {
            for (case, one) in cases.requests.iter().zip(simulated) {
                self.emit_case(file, case, one, config);
            }
            let of_file = router_check::without_form_of_file(cases).into_iter();
            self.left_out.extend(of_file.map(|field| format!("{}: {}", for_terminal(&file.name), no_form(&[field]))));
            return Ok(());
        }
        let traced = |(position, one): (usize, Simulated<'_>)| {
            let Simulated { request, decision, result, unchecked, skipped } = one;
            let trace = match sent_from.side(position) {
                Some((side, service)) => side.in_words(service, &request, decision),
                None => tracer.trace(&request, decision),
            };
            Shown { result, unchecked, skipped, trace }
        };
        let mut shown = simulated.into_iter().enumerate().map(traced);
        let Some(envoy) = &args.envoy else {
            self.outcomes.extend(shown.map(|one| offline_outcome(file, one)));
            self.outcomes.extend((!cases.stats.is_empty()).then(|| uncounted(file)));
            return Ok(());
        };
        let envoy = match envoy {
            Some(path) => path,
            None => &proving::find().map_err(|error| error.to_string())?,
        };
        let way = args.way()?;
        let proof = Proof { envoy, topology, cases, options, way, warnings: None };
        let gateways = gateway_of_cases(cases, topology, options, manifests)?;
        let translate = |options: &Options| manifests.translate(options, args.partial);
        let results = proving::run_until_signal(&proof, gateways.as_deref(), translate);
        let results = results.map_err(|error| error.to_string())?;
        let secrets = config.secret_headers();
        for mut result in results {
            for Mismatch { subject: _, expected, actual } in &mut result.mismatches {
                for text in [expected, actual] {
                    secrets.iter().for_each(|(_, secret)| *text = text.replace(secret, &masked::secret(secret)));
                }
            }
            let trace = shown.next().map(|one| one.trace);
            self.outcomes.push(outcome(file, result, trace));
        }
        Ok(())
    }

    /// Counts the rule that a decision is by as one that a case reaches.
    fn take(&mut self, decision: &Decision<'_>) {
        self.taken.extend(decision.route.map(|route| route.name.clone()));
    }

    fn run_checks(&mut self, file: &Cases, checks: &CheckFile, compiled: &Compiled) -> Result<(), String> {
        let config = compiled.compilation.lowered.judged();
        let simulator = Simulator::of_named(config);
        let tracer = Tracer::new(&compiled.compilation);
        let missing = &compiled.compilation.missing_gateways;
        for check in &checks.tests {
            let request = router_check::request(check, config);
            if let [first, second, ..] = Simulator::gateways_of(config, &request.connection).as_slice() {
                let (name, port) = (for_terminal(&check.test_name), request.connection.port);
                return Err(format!(
                    "{}: test `{name}`: several Gateways serve port {port}, {} and {}: choose one with `--gateway`",
                    for_terminal(&file.name),
                    describe(first, missing),
                    describe(second, missing),
                ));
            }
            let decision = simulator.decide(&request);
            self.take(&decision);
            let result = CaseResult {
                name: check.test_name.clone(),
                requests: 1,
                mismatches: router_check::compare(check, &decision, config),
                seconds: 0.0,
            };
            let trace = (!result.mismatches.is_empty()).then(|| tracer.trace(&request, simulator.decide(&request)));
            self.outcomes.push(outcome(file, result, trace));
            self.emit((file, &check.test_name), request, (&decision, None), config);
        }
        Ok(())
    }

    /// Writes a case of ours as such a test, which says what the simulator does: of a case that does not hold it would
    /// say the contrary.
    fn emit_case(&mut self, file: &Cases, case: &RequestCase, one: Simulated<'_>, config: &Config) {
        let name = &case.name;
        let at = || {
            let line = file.lines.line_of(name);
            format!("{}:{line}: case `{}`", for_terminal(&file.name), for_terminal(name))
        };
        if let Some(Mismatch { subject, expected, actual }) = one.result.mismatches.first() {
            let why = format!("it does not hold: {subject}: expected {expected}, was {actual}");
            self.left_out.push(format!("{}: {}", at(), for_terminal(&why)));
            return;
        }
        let fields = router_check::without_form(case);
        if !fields.is_empty() {
            self.left_out.push(format!("{}: {}", at(), no_form(&fields)));
        }
        self.emit((file, name), one.request, (&one.decision, Some(case)), config);
    }

    /// Writes a case as a test of router_check_tool, where that can express it.
    fn emit(
        &mut self,
        (file, name): (&Cases, &str),
        request: Request,
        decided: (&Decision<'_>, Option<&RequestCase>),
        config: &Config,
    ) {
        if let Err(why) = self.emitted.add(name, request, decided, config) {
            let line = file.lines.line_of(name);
            self.left_out.push(format!("{}:{line}: case `{}`: {why}", for_terminal(&file.name), for_terminal(name)));
        }
    }

    fn finish(self, args: &TestArgs, compiled: Compiled, untold: Vec<Code>) -> Ran {
        let coverage = Coverage::new(&compiled.compilation.lowered, &self.taken, &Tracer::new(&compiled.compilation));
        let denied = args.compile.denied();
        let outcome = with_report(&compiled, &untold, |rendering| compiled.outcome(rendering.report, &denied));
        let (findings, unjudged) = findings_json(&compiled, &untold);
        let results = Results {
            version: VERSION,
            summary: Results::count(&self.outcomes),
            cases: self.outcomes,
            coverage,
            findings,
            unjudged,
            findings_text: findings_text(&compiled, &untold),
            outcome,
            fail_under: args.fail_under,
        };
        Ran { results, router_check: self.emitted.to_yaml(), left_out: self.left_out, compiled, untold }
    }
}

/// Refuses to write cases that are sent from a namespace as tests of a proxy for Gateways.
fn refuse_emit_from(args: &TestArgs, file: &Cases, cases: &CaseFile) -> Result<(), String> {
    let Some(case) = cases.requests.iter().find(|case| case.from.is_some() && args.emit.is_some()) else {
        return Ok(());
    };
    let line = file.lines.line_of(&case.name);
    let (file, name) = (for_terminal(&file.name), for_terminal(&case.name));
    Err(format!(
        "{file}:{line}: case `{name}`: `from` does not go with --emit: router_check_tool asks the routes of Gateways"
    ))
}

/// Why fields of a case are not in a test of router_check_tool.
fn no_form(fields: &[&str]) -> String {
    let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
    format!("router_check_tool has no form for {}", fields.join(", "))
}

/// A simulator for each Gateway, and one for what none of them serves.
struct Simulators<'c> {
    all: Simulator<'c>,
    each: BTreeMap<&'c GatewayName, Simulator<'c>>,
    /// Whether one proxy holds the Gateways together.
    is_emitted: bool,
}

impl<'c> Simulators<'c> {
    fn new(config: &'c Config, is_emitted: bool) -> Self {
        let mut each = Simulator::of_each_gateway(config);
        each.retain(|gateway, _| !gateway.is_unnamed());
        Self { all: Simulator::of_named(config), each, is_emitted }
    }

    /// The one that decides about a case: that of its Gateway, or of the only one that serves the port.
    fn of(&self, case: &RequestCase, request: &Request, compilation: &Compilation) -> Result<&Simulator<'c>, String> {
        let simulator = self.find(case, request, compilation)?;
        let serving = match &case.gateway {
            Some(wanted) => vec![wanted],
            None => Simulator::gateways_of(simulator.config(), &request.connection),
        };
        match unread(compilation, &serving, request).filter(|_| !self.is_emitted) {
            Some(why) => Err(format!("what could not be read may take the request{why}")),
            None => Ok(simulator),
        }
    }

    fn find(&self, case: &RequestCase, request: &Request, compilation: &Compilation) -> Result<&Simulator<'c>, String> {
        if let Some(wanted) = &case.gateway {
            let found = self.each.get(wanted);
            let wanted = wanted.to_string();
            let wanted = for_terminal(&wanted);
            return found.ok_or_else(|| match self.each.keys().next() {
                None => format!("Gateway `{wanted}` has no listener that is judged, and no other has"),
                Some(_) => {
                    let known: Vec<String> = self.each.keys().map(|gateway| format!("`{gateway}`")).collect();
                    format!("Gateway `{wanted}` has no listener that is judged; there are {}", known.join(", "))
                }
            });
        }
        let port = request.connection.port;
        match Simulator::gateways_of(self.all.config(), &request.connection).as_slice() {
            [] => match unlooked(compilation, port) {
                Some(why) => Err(format!("nothing that is judged listens on port {port}{why}")),
                None => Ok(&self.all),
            },
            _ if self.is_emitted => Ok(&self.all),
            [one] => Ok(self.each.get(*one).unwrap_or(&self.all)),
            several => {
                let known: Vec<String> =
                    several.iter().map(|gateway| describe(gateway, &compilation.missing_gateways)).collect();
                let known = known.join(", ");
                Err(format!(
                    "several Gateways serve port {port}: name one of {known} in the case, as `gateway: NAMESPACE/NAME`"
                ))
            }
        }
    }
}

/// A Gateway, as a choice names it; what stands in for one that is missing serves only here.
fn describe(gateway: &GatewayName, missing: &[ObjectKey]) -> String {
    let is_missing = |key: &ObjectKey| {
        key.kind == Kind::Gateway && (&key.namespace, &key.name) == (&gateway.namespace, &gateway.name)
    };
    let words = if missing.iter().any(is_missing) { " (not in the input: as its routes ask for it)" } else { "" };
    format!("`{gateway}`{words}")
}

/// What a case showed offline, without a run.
fn offline_outcome(file: &Cases, shown: Shown) -> CaseOutcome {
    let Shown { result, unchecked, skipped, trace } = shown;
    let mut outcome = outcome(file, result, Some(trace));
    outcome.unchecked = unchecked;
    if let Some(reason) = skipped {
        outcome.status = CaseStatus::Skipped;
        outcome.reason = Some(reason.to_owned());
    }
    outcome
}

/// Whether a Service port is in the input, or assumed and used by a rule.
fn is_known(name: &str, compilation: &Compilation) -> bool {
    let of_service = |service: &Object<Service>| {
        let object = format!("{}/{}:", service.metadata.namespace, service.metadata.name);
        let port = name.strip_prefix(&object).and_then(|port| port.parse::<u16>().ok());
        port.is_some_and(|port| service.spec.ports.iter().any(|own| own.port == port))
    };
    let mut clusters = compilation.lowered.judged().clusters.iter();
    compilation.manifests.services.iter().any(of_service)
        || clusters.any(|cluster| cluster_names(cluster).any(|own| own == name))
}

/// What the endpoints of a cluster are called: its backend, and the Upstream with the port of each host of its failover.
fn cluster_names(cluster: &Cluster) -> impl Iterator<Item = String> {
    let BackendName { namespace, name, .. } = &cluster.backend;
    let hosts = cluster.settings.failover.iter().flat_map(Failover::hosts);
    let of_failover = hosts.map(move |host| format!("{namespace}/{name}:{}", host.called));
    std::iter::once(backend_name(&cluster.backend)).chain(of_failover)
}

/// Envoy's counters, which only a run shows.
fn uncounted(file: &Cases) -> CaseOutcome {
    let result = CaseResult { name: "stats".to_owned(), requests: 0, mismatches: Vec::new(), seconds: 0.0 };
    let reason = Some("only a run (--envoy) counts".to_owned());
    CaseOutcome { status: CaseStatus::Skipped, reason, ..outcome(file, result, None) }
}

fn outcome(file: &Cases, result: CaseResult, trace: Option<Trace>) -> CaseOutcome {
    let CaseResult { name, requests: _, mismatches, seconds } = result;
    let failed = !mismatches.is_empty();
    CaseOutcome {
        file: file.name.clone(),
        line: file.lines.line_of(&name),
        name,
        status: if failed { CaseStatus::Failed } else { CaseStatus::Passed },
        seconds,
        mismatches,
        unchecked: Vec::new(),
        reason: None,
        trace: trace.filter(|_| failed),
    }
}
