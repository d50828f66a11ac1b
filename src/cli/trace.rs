//! A decision in the words of the manifests: objects, files and lines instead
//! of origins. `route` prints it, `test` adds it to failed cases, and `diff`
//! takes witnesses from it. The JSON form is documented in `docs/route.md`.

mod copies;
mod limits;
mod render;
mod upgrade;
mod words;

use serde::Serialize;

use super::effective::{PolicyPart, effective};
use crate::compile::Compilation;
use crate::context::is_on_context;
use crate::diagnostics::{Condition, ConditionKind, ConditionStatus, Locate, ObjectPart, ObjectRef, Series, codes};
use crate::ir::{AuthId, AuthTerms, BackendName, Cluster, FilterChain, Origin, Route, Site, places, unread_secret};
use crate::name::{Name, Namespace};
use crate::parser::locate::Locator;
use crate::parser::manifests::Kind;
use crate::path;
use crate::port::Port;
use crate::resolver::Resolved;
use crate::simulate::{Answer, Candidate, Decision, LocalReply, Outcome, Request, Security, Unmet, Upstream, Verdict};
use crate::translator::lower::Lowered;

use copies::{CopyView, copies};
use limits::{LimitView, ProcessorView, RateView, limits, processors, rates, scripts};
use upgrade::unproven;
use words::describe_unmet;
pub(super) use words::{describe_match, describe_match_in_order};

/// The version of the JSON form.
const VERSION: u32 = 1;

/// A decision, ready to be printed.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Trace {
    version: u32,
    request: SentRequest,
    /// The Gateway, where one serves the port.
    pub(super) gateway: Option<String>,
    /// For whom the answer holds, where a client of a mesh asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) clients: Option<Clients>,
    /// The Gateway listener.
    listener: Option<Spot>,
    /// Whether the listener takes only clients that show a certificate, which the decision assumes.
    client_certificate: Option<&'static str>,
    /// The hostname of the virtual host.
    host: Option<String>,
    /// The path and query after normalisation.
    path: Option<String>,
    /// The call that the request becomes, if it can be read as its message.
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<String>,
    /// The rule and the match.
    pub(super) rule: Option<RuleSpot>,
    /// Who may answer.
    backends: Vec<BackendShare>,
    /// What the first backend sees.
    upstream: Option<UpstreamView>,
    /// The status, where every request gets the same one from the proxy itself.
    status: Option<u16>,
    /// The Location of a redirect.
    redirect: Option<String>,
    /// Every possible end.
    outcomes: Vec<OutcomeView>,
    /// How many requests there may be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rates: Vec<RateView>,
    /// Who is asked whether there are too many requests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    limits: Vec<LimitView>,
    /// Who gets requests, and may change and answer them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    processors: Vec<ProcessorView>,
    /// The scripts that get requests, and may change and answer them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scripts: Vec<String>,
    /// Who gets copies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    copies: Vec<CopyView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SentRequest {
    method: String,
    url: String,
    server_name: Option<String>,
    headers: Vec<(String, String)>,
}

/// The clients of a mesh for whom an answer holds.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Clients {
    /// Their namespace.
    pub(super) from: String,
    /// The Service that they connect to, `NAMESPACE/NAME`.
    pub(super) service: String,
    /// Which routes count for them.
    pub(super) routes: CountingRoutes,
}

/// Which routes count for some clients on a port of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CountingRoutes {
    /// Those of the clients' namespace.
    Consumer,
    /// Those of the Service's namespace.
    Producer,
    /// None.
    None,
}

/// A place in a manifest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Spot {
    object: ObjectName,
    path: String,
    pub(super) file: Option<String>,
    pub(super) line: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct ObjectName {
    group: String,
    kind: String,
    namespace: Namespace,
    name: Name,
}

/// The rule that took a request.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RuleSpot {
    #[serde(flatten)]
    pub(super) spot: Spot,
    rule: usize,
    #[serde(rename = "match")]
    index: usize,
    /// The conditions, in words.
    conditions: String,
}

#[derive(Clone, Debug, Serialize)]
struct BackendShare {
    backend: Option<String>,
    percent: f64,
    status: Option<u16>,
    file: Option<String>,
    line: Option<usize>,
}

#[derive(Clone, Debug, Serialize)]
struct UpstreamView {
    method: String,
    path: String,
    host: String,
    headers: Vec<(String, String)>,
    generated: Vec<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OutcomeView {
    percent: f64,
    /// The share as a fraction, in text so that no digit is lost.
    share: String,
    backend: Option<String>,
    endpoints: Vec<String>,
    status: Option<u16>,
    reason: Option<&'static str>,
    redirect: Option<String>,
    upstream: Option<UpstreamView>,
    response_headers: Vec<(String, String)>,
    /// Response headers of a backend that the configuration changes.
    changed_response_headers: Vec<String>,
    /// The services that must agree first, which the decision assumes.
    asked: Vec<String>,
    /// What becomes of the request without the answer of each of them, in words.
    #[serde(skip)]
    unanswered: Vec<String>,
    /// What the first request of a session is given; `…` stands for what only a run shows.
    session: Vec<(String, String)>,
    /// What of an upgrade only a run shows, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    upgrade: Option<&'static str>,
    spot: Option<Spot>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Explanation {
    candidates: Vec<CandidateView>,
    /// How many more routes of the host do not match.
    further: usize,
    unattached: Vec<Unattached>,
    /// What counts at the rule beside what it says itself; nothing where clients of Services ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    policies: Option<Vec<PolicyPart>>,
}

#[derive(Clone, Debug, Serialize)]
struct CandidateView {
    #[serde(flatten)]
    rule: RuleSpot,
    verdict: &'static str,
    why: String,
}

#[derive(Clone, Debug, Serialize)]
struct Unattached {
    code: &'static str,
    message: String,
    file: Option<String>,
    line: Option<usize>,
}

/// How many candidates are listed; those that match, and those whose path does, come first.
const CANDIDATES: usize = 10;

/// Makes traces of the decisions about one compilation.
pub(super) struct Tracer<'c> {
    compilation: &'c Compilation,
    lowered: &'c Lowered,
    locator: Locator<'c>,
    /// Whether backends are where the manifests say.
    names_endpoints: bool,
}

impl<'c> Tracer<'c> {
    pub(super) fn new(compilation: &'c Compilation) -> Self {
        Self::of(compilation, &compilation.lowered)
    }

    /// For decisions about another configuration that was made of the same input.
    pub(super) fn of(compilation: &'c Compilation, lowered: &'c Lowered) -> Self {
        Self { compilation, lowered, locator: Locator::new(&compilation.manifests), names_endpoints: true }
    }

    /// The same where something else stands in for all backends, at addresses that say nothing to anybody.
    pub(super) fn without_endpoints(self) -> Self {
        Self { names_endpoints: false, ..self }
    }

    /// The place of an origin; `rule` puts that of a match or a backend at its rule.
    pub(super) fn spot(&self, origin: Origin, rule: bool) -> Option<Spot> {
        let (key, position, place) = self.lowered.origins.get(origin)?;
        let place = match place {
            ObjectPart::Match { rule: index, .. } | ObjectPart::Backend { rule: index, .. } if rule => {
                ObjectPart::Rule(index)
            }
            other => other,
        };
        let path = match (key.kind, place) {
            // A Service in the place of a Gateway.
            (Kind::Service, ObjectPart::Listener(index)) => path!["spec", "ports", index],
            (Kind::Service, ObjectPart::Whole) => place.path(),
            // Its rules are no fields of it.
            (Kind::Service, _) => path!["spec"],
            _ => place.path(),
        };
        let location = position.at(&path);
        let found = Locate::place(&self.locator, &location);
        Some(Spot {
            object: ObjectName::from(key.to_ref()),
            path: path.to_string(),
            line: found.as_ref().and_then(|place| Some(place.span.as_ref()?.line)),
            file: found.map(|place| place.file),
        })
    }

    /// The place of the rule of a route.
    pub(super) fn rule(&self, route: &Route) -> Option<RuleSpot> {
        let spot = self.spot(route.origin, true)?;
        let conditions = describe_match(&route.matches);
        Some(RuleSpot { spot, rule: route.name.rule, index: route.name.index, conditions })
    }

    /// Whether a place is in an object of `--context`.
    pub(super) fn is_of_context(&self, origin: Origin) -> bool {
        let location = self.lowered.origins.location(origin);
        location.is_some_and(|location| is_on_context(&self.compilation.manifests, &location))
    }

    /// `file:line` of a listener.
    pub(super) fn listener_place(&self, origin: Origin) -> Option<String> {
        self.spot(origin, false).map(|spot| spot.place())
    }

    /// A decision in the words of the manifests.
    pub(super) fn trace(&self, request: &Request, decision: Decision<'_>) -> Trace {
        let reply = decision.only_reply();
        let (status, redirect) = (reply.map(|reply| reply.status), reply.and_then(location));
        let named = |id| {
            let cluster = self.lowered.judged().cluster(id);
            (backend_name(&cluster.backend), self.endpoints(cluster))
        };
        let copies = copies(&decision.outcomes, named);
        let outcomes = decision.outcomes.into_iter().map(|outcome| self.outcome(request, outcome));
        let outcomes: Vec<OutcomeView> = outcomes.collect();
        let backends = outcomes.iter().map(|view| BackendShare {
            backend: view.backend.clone(),
            percent: view.percent,
            status: view.status,
            file: view.spot.as_ref().and_then(|spot| spot.file.clone()),
            line: view.spot.as_ref().and_then(|spot| spot.line),
        });
        let listener = decision.host.map(|host| host.origin);
        let listener = listener.or(decision.chain.map(|chain| chain.origin));
        let listener = listener.or(decision.listener.map(|listener| listener.origin));
        let named = |id| backend_name(&self.lowered.judged().cluster(id).backend);
        let (limits, processors) = (limits(decision.route, named), processors(decision.route, named));
        Trace {
            version: VERSION,
            request: SentRequest::from(request),
            gateway: decision.listener.and_then(|listener| listener.gateways.first()).map(ToString::to_string),
            clients: None,
            listener: listener.and_then(|origin| self.spot(origin, false)),
            client_certificate: decision.chain.filter(|chain| wants_certificate(chain)).map(|_| "required"),
            host: decision.host.map(|host| host.hostname.to_string()),
            path: decision.path,
            call: decision.call.map(str::to_owned),
            rule: decision.route.and_then(|route| self.rule(route)),
            backends: backends.filter(|share| share.backend.is_some() || share.file.is_some()).collect(),
            upstream: outcomes.iter().find_map(|view| view.upstream.clone()),
            status,
            redirect,
            outcomes,
            rates: rates(decision.route),
            limits,
            processors,
            scripts: scripts(decision.route),
            copies,
            explanation: None,
        }
    }

    fn outcome(&self, request: &Request, outcome: Outcome<'_>) -> OutcomeView {
        let Outcome { share, backend, asked, answer } = outcome;
        let config = self.lowered.judged();
        let service = |id: &AuthId| backend_name(&config.cluster(config.external_auth(*id).settings.cluster).backend);
        let unanswered = |id: &AuthId| {
            let AuthTerms { lets_pass, failure, .. } = &config.external_auth(*id).settings.terms;
            if *lets_pass { "the request passes".to_owned() } else { failure.unwrap_or(403).to_string() }
        };
        let mut view = OutcomeView {
            percent: share.percent(),
            share: format!("{}/{}", share.parts(), share.of()),
            backend: None,
            endpoints: Vec::new(),
            status: None,
            reason: None,
            redirect: None,
            upstream: None,
            response_headers: Vec::new(),
            changed_response_headers: Vec::new(),
            asked: asked.iter().map(service).collect(),
            unanswered: asked.iter().map(unanswered).collect(),
            session: Vec::new(),
            upgrade: None,
            spot: backend.and_then(|origin| self.spot(origin, false)),
        };
        match answer {
            Answer::Local(reply) => {
                view.status = Some(reply.status);
                view.reason = Some(reply.reason.as_str());
                view.redirect = location(&reply);
                view.response_headers = reply.headers;
            }
            Answer::Closed(closed) => view.reason = Some(closed.as_str()),
            Answer::Stream(cluster) => self.name_backend(cluster, &mut view),
            Answer::Upstream(upstream) => {
                self.name_backend(upstream.cluster, &mut view);
                view.upgrade = unproven(request, &upstream, config.cluster(upstream.cluster));
                view.changed_response_headers = upstream.answered_headers().into_iter().map(str::to_owned).collect();
                view.session = upstream.session.iter().flat_map(|session| session.lines(None)).collect();
                view.upstream = Some(UpstreamView::from(upstream));
            }
        }
        view
    }

    fn name_backend(&self, cluster: crate::ir::ClusterId, view: &mut OutcomeView) {
        let cluster = self.lowered.judged().cluster(cluster);
        view.backend = Some(backend_name(&cluster.backend));
        view.endpoints = self.endpoints(cluster);
    }

    fn endpoints(&self, cluster: &Cluster) -> Vec<String> {
        if self.names_endpoints { places(&cluster.endpoints, &cluster.settings) } else { Vec::new() }
    }

    /// Adds why this route and no other.
    pub(super) fn explain(&self, trace: &mut Trace, candidates: &[Candidate<'_>]) {
        let rank = |candidate: &&Candidate<'_>| match candidate.verdict {
            Verdict::Chosen => 0,
            Verdict::Outranked(_) => 1,
            Verdict::Failed(Unmet::Path(_)) => 3,
            Verdict::Failed(_) => 2,
        };
        let mut ordered: Vec<&Candidate<'_>> = candidates.iter().collect();
        ordered.sort_by_key(rank);
        let shown = ordered.iter().take(CANDIDATES).filter_map(|candidate| {
            let (verdict, why) = match &candidate.verdict {
                Verdict::Chosen => ("chosen", "takes the request".to_owned()),
                Verdict::Outranked(rule) => ("outranked", rule.as_str().to_owned()),
                Verdict::Failed(unmet) => ("failed", describe_unmet(unmet)),
            };
            Some(CandidateView { rule: self.rule(candidate.route)?, verdict, why })
        });
        trace.explanation = Some(Explanation {
            candidates: shown.collect(),
            further: candidates.len().saturating_sub(CANDIDATES),
            unattached: self.unattached(),
            policies: None,
        });
    }

    /// Adds to an explanation what counts at the rule, and which object says it.
    pub(super) fn explain_policies(trace: &mut Trace, resolved: &Resolved<'_>, port: Port) {
        let Some(explanation) = &mut trace.explanation else { return };
        let found = trace.rule.as_ref().and_then(|spot| {
            let ObjectName { group, kind, namespace, name } = spot.spot.object.clone();
            let route = resolved.routes.find(&ObjectRef { group, kind, namespace, name })?;
            Some((route, route.rules.iter().find(|rule| rule.index == spot.rule)?))
        });
        let parts = found.map(|found| effective(resolved, found, |listener| listener.spec.port == port));
        explanation.policies = Some(parts.unwrap_or_default());
    }

    fn is_of_clients(&self) -> bool {
        !std::ptr::eq(self.lowered, &self.compilation.lowered)
    }

    /// What kept routes from attaching, as the findings say it.
    fn unattached(&self) -> Vec<Unattached> {
        let is_about = |finding: &&crate::diagnostics::Finding| {
            let is_route = finding.object.as_ref().is_some_and(|object| object.kind.ends_with("Route"));
            let is_refused = matches!(
                finding.condition,
                Some(Condition { kind: ConditionKind::Accepted, status: ConditionStatus::False, reason: _ })
            );
            // Where a Service is in the place of a Gateway, being the parent is no reason.
            let is_of_mesh = finding.code == codes::MESH_PARENT && self.is_of_clients();
            is_route
                && !is_of_mesh
                && (is_refused || matches!(finding.code.series(), Series::Attachment | Series::Schema))
        };
        let findings = self.compilation.findings.iter().filter(is_about);
        findings
            .map(|finding| {
                let place = Locate::place(&self.locator, &finding.location);
                Unattached {
                    code: finding.code.id(),
                    message: finding.message.clone(),
                    line: place.as_ref().and_then(|place| Some(place.span.as_ref()?.line)),
                    file: place.map(|place| place.file),
                }
            })
            .collect()
    }
}

/// `NAMESPACE/NAME:PORT`, behind a word where it is only what a reference names.
pub(super) fn backend_name(backend: &BackendName) -> String {
    let BackendName { namespace, name, port, site } = backend;
    let missing = if *site == Site::Missing { "missing " } else { "" };
    format!("{missing}{namespace}/{name}:{port}")
}

fn wants_certificate(chain: &FilterChain) -> bool {
    chain.tls.as_ref().is_some_and(|tls| tls.clients.must_show())
}

fn location(reply: &LocalReply) -> Option<String> {
    reply.header_lines("location").next().map(str::to_owned)
}

impl From<ObjectRef> for ObjectName {
    fn from(object: ObjectRef) -> Self {
        let ObjectRef { group, kind, namespace, name } = object;
        Self { group, kind, namespace, name }
    }
}

impl From<Upstream<'_>> for UpstreamView {
    fn from(upstream: Upstream<'_>) -> Self {
        let Upstream { method, path, host, headers, generated, .. } = upstream;
        let told = |(name, value): (String, String)| match unread_secret(&name) {
            Some(secret) => (format!("headers of Secret {secret}"), value),
            None => (name, value),
        };
        Self { method, path, host, headers: headers.into_iter().map(told).collect(), generated }
    }
}

impl From<&Request> for SentRequest {
    fn from(request: &Request) -> Self {
        let server_name = match &request.connection.security {
            Security::Tls { server_name, .. } => server_name.clone(),
            Security::Plain | Security::Udp => None,
        };
        // A datagram is of no method, whatever else was said.
        let is_http = request.connection.security != Security::Udp;
        let method = if is_http { request.method.clone() } else { String::new() };
        Self { method, url: request.url(), server_name, headers: request.headers.clone() }
    }
}

fn at(file: Option<&str>, line: Option<usize>) -> String {
    match (file, line) {
        (Some(file), Some(line)) => format!("{file}:{line}"),
        (Some(file), None) => file.to_owned(),
        _ => "-".to_owned(),
    }
}

impl Spot {
    fn place(&self) -> String {
        at(self.file.as_deref(), self.line)
    }

    /// Place, object and path in one line.
    pub(super) fn line(&self) -> String {
        format!("{}  {} {}", self.place(), self.object(), self.path).trim_end().to_owned()
    }

    fn object(&self) -> String {
        let ObjectName { group: _, kind, namespace, name } = &self.object;
        format!("{kind} {namespace}/{name}")
    }
}

impl RuleSpot {
    /// Object, rule and match in one line.
    pub(super) fn title(&self) -> String {
        format!("{} rule {} match {} ({})", self.spot.object(), self.rule, self.index, self.conditions)
    }

    /// `file:line`.
    pub(super) fn place(&self) -> String {
        self.spot.place()
    }
}
