//! Witnesses: requests that show a problem, with what the configuration makes of them.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::diagnostics::codes;
use crate::diagnostics::{
    Code, Finding, ObjectPart, Witness, WitnessAnswer, WitnessHeaders, WitnessRequest, WitnessTls,
};
use crate::hostname::Hostname;
use crate::ir::{Config, FilterChain, GatewayName, Listener};
use crate::parser::route::RouteKind;
use crate::port::Port;
use crate::resolver::Routes;
use crate::simulate::{Answer, Closed, Connection, Decision, LocalReply, Request, Security, Simulator};

use super::header::{self, ModifiedHeader};
use super::reach::{Host, Loss, hosts};
use super::services::Services;

/// The method that asks for a tunnel; a plain request cannot show anything about it.
const TUNNEL: &str = "CONNECT";

/// Findings of earlier stages about rules that are served nevertheless.
pub(super) const ABOUT_RULES: &[Code] =
    &[codes::NO_BACKENDS, codes::ZERO_WEIGHTS, codes::IGNORED_MATCH, codes::HEADER_CONFLICT];

/// The same of findings that are about hostnames, which clients of Services have nothing of.
pub(super) const ABOUT_HOSTS: &[Code] = &[codes::SHARED_HOSTNAME];

/// Findings of earlier stages about routes that clients of Services have nevertheless.
pub(super) const ABOUT_CLIENTS: &[Code] =
    &[codes::MESH_GROUP, codes::MESH_HOSTNAMES, codes::MESH_SECTION, codes::MESH_REPLACES];

/// What the proxy replies of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// An answer with this status.
    Status(u16),
    /// The end of the connection.
    Closed,
}

impl Reply {
    /// The sentence about those who get it. No other place puts a reply into words, so that each is one of the
    /// simulator's.
    pub(super) fn to(self, who: &str) -> String {
        match self {
            Self::Status(status) => format!("{who} get {status}"),
            Self::Closed => format!("{who} are closed"),
        }
    }
}

/// Makes witnesses for one configuration, in which each listener is one Gateway's.
#[derive(Debug)]
pub(super) struct Witnesses<'c> {
    config: &'c Config,
    /// What decides about the requests of each Gateway.
    simulators: BTreeMap<&'c GatewayName, Simulator<'c>>,
    /// The Gateways that have each port.
    gateways_of_port: HashMap<Port, HashSet<&'c GatewayName>>,
    /// Who asks, where the listeners are ports of Services.
    services: Option<Services<'c>>,
}

impl<'c> Witnesses<'c> {
    pub(super) fn new(config: &'c Config) -> Self {
        let mut gateways_of_port: HashMap<Port, HashSet<&'c GatewayName>> = HashMap::new();
        for listener in &config.listeners {
            let named = listener.gateways.iter().filter(|gateway| !gateway.is_unnamed());
            gateways_of_port.entry(listener.port).or_default().extend(named);
        }
        let simulators = Simulator::of_each_gateway(config);
        Self { config, simulators, gateways_of_port, services: None }
    }

    /// The same where the listeners are ports of Services.
    pub(super) fn of_services(config: &'c Config, services: Services<'c>) -> Self {
        Self { services: Some(services), ..Self::new(config) }
    }

    /// Who asks, where the listeners are ports of Services.
    pub(super) fn services(&self) -> Option<&Services<'c>> {
        self.services.as_ref()
    }

    pub(super) fn config(&self) -> &'c Config {
        self.config
    }

    /// Whose requests those are that a virtual host gets for a hostname.
    pub(super) fn whose(&self, at: &Host<'c>, hostname: &Hostname) -> String {
        match (&self.services, hostname) {
            (Some(services), _) => services.in_words(at.listener),
            (None, Hostname::Any) => "every host".to_owned(),
            (None, hostname) => format!("`{hostname}`"),
        }
    }

    /// How two matches that are the same can be told apart.
    pub(super) fn apart(&self) -> &'static str {
        match self.services {
            Some(_) => "remove one of the two, or give them different ports or conditions",
            None => "remove one of the two, or give them different hostnames or conditions",
        }
    }

    /// Who gets to a match for which others go first here, where it is served elsewhere.
    pub(super) fn of_others(&self) -> &'static str {
        match self.services {
            Some(_) => " there; clients of Gateways are served by it",
            None => " there; clients of Services are served by it",
        }
    }

    /// Who gets to a match for which others go first on some listener.
    pub(super) fn of_the_rest(&self) -> &'static str {
        match self.services {
            Some(_) => " there; other clients are served by it",
            None => " there; other hosts are served by it",
        }
    }

    /// How a redirect can lead out of where it is answered.
    pub(super) fn way_out(&self) -> &'static str {
        match self.services {
            Some(_) => {
                "let the rule not match its own target: attach it to the port that is to be left, or narrow its paths"
            }
            None => {
                "let the rule not match its own target: attach it to the listener that is to be left, or narrow its \
                 hostnames or paths"
            }
        }
    }

    /// A request as those send it who get to a listener.
    pub(super) fn asked(&self, listener: &Listener, request: Request) -> Request {
        match &self.services {
            Some(services) => services.named(listener, request),
            None => request,
        }
    }

    /// Whether a client that has got to a listener gets to the same Gateway or Service when it asks for a host.
    pub(super) fn stays(&self, listener: &Listener, host: &str) -> bool {
        self.services.as_ref().is_none_or(|services| services.is_same(listener, host))
    }

    /// What decides about the requests that reach the Gateway of a listener.
    pub(super) fn simulator(&self, listener: &Listener) -> Option<&Simulator<'c>> {
        self.simulators.get(listener.gateways.first()?)
    }

    /// A request that meets a match and is taken by another route.
    pub(super) fn of_loss(&self, loss: &Loss<'c>) -> Option<Witness> {
        let Host { listener, chain, host } = loss.at;
        let simulator = self.simulator(listener)?;
        let (request, decision) = simulator.meeting(listener, chain, host, &loss.route.matches)?;
        self.witness(listener, &request, &decision)
    }

    /// A request for the root of a host, on a socket.
    pub(super) fn of_host(&self, listener: &Listener, is_tls: bool, hostname: &Hostname) -> Option<Witness> {
        let request = Self::request_for(listener, is_tls, hostname);
        self.witness(listener, &request, &self.simulator(listener)?.decide(&request))
    }

    /// What the proxy itself replies to a request for the root of a host, on a socket, where no route
    /// takes it.
    pub(super) fn reply_to(&self, listener: &Listener, is_tls: bool, hostname: &Hostname) -> Option<Reply> {
        let decision = self.simulator(listener)?.decide(&Self::request_for(listener, is_tls, hostname));
        match decision.outcomes.as_slice() {
            [outcome] if decision.route.is_none() => match &outcome.answer {
                Answer::Local(reply) => Some(Reply::Status(reply.status)),
                Answer::Closed(_) => Some(Reply::Closed),
                Answer::Upstream(_) | Answer::Stream(_) => None,
            },
            _ => None,
        }
    }

    fn request_for(listener: &Listener, is_tls: bool, hostname: &Hostname) -> Request {
        let host = Simulator::example_host(hostname);
        let security = match is_tls {
            true => Security::Tls { server_name: Some(host.clone()), certificate: false },
            false => Security::Plain,
        };
        let address = (!listener.address.is_unspecified()).then_some(listener.address);
        let connection = Connection { address, port: listener.port, security };
        Request { connection, ..Request::get(listener.port, &host, "/") }
    }

    /// A request for a host of `other` over a connection for one of `own`.
    pub(super) fn misdirected(&self, listener: &Listener, own: &Hostname, other: &Hostname) -> Option<Witness> {
        let (server_name, host) = (Simulator::example_host(own), Simulator::example_host(other));
        let security = Security::Tls { server_name: Some(server_name.clone()), certificate: false };
        let address = (!listener.address.is_unspecified()).then_some(listener.address);
        let connection = Connection { address, port: listener.port, security };
        let request = Request { connection, ..Request::get(listener.port, &host, "/") };
        let mut witness = self.witness(listener, &request, &self.simulator(listener)?.decide(&request))?;
        witness.request.tls = Some(WitnessTls { sni: server_name });
        Some(witness)
    }

    /// The witness of a request to the Gateway of a listener; `None` for what a request case cannot say.
    pub(super) fn witness(&self, listener: &Listener, request: &Request, decision: &Decision<'c>) -> Option<Witness> {
        let wants_certificate = |chain: &FilterChain| chain.tls.as_ref().is_some_and(|tls| tls.clients.must_show());
        let is_refused = decision.outcomes.iter().any(|one| one.answer == Answer::Closed(Closed::NoCertificate));
        let gateway = listener.gateways.first()?;
        let port = request.connection.port;
        let same_port = |other: &&Listener| other.port == port && other.is_of(gateway);
        let is_ambiguous =
            request.connection.address.is_some() && self.config.listeners.iter().filter(same_port).count() > 1;
        // Nobody can ask a Gateway that nobody names.
        if request.method == TUNNEL
            || gateway.is_unnamed()
            || is_ambiguous
            || is_refused
            || decision.chain.is_some_and(wants_certificate)
        {
            return None;
        }
        let (method, mut headers) =
            (request.method.clone(), request.headers.iter().cloned().collect::<BTreeMap<_, _>>());
        let answer = self.answer(decision);
        if let Some(services) = &self.services {
            if !services.is_there(listener) {
                return None;
            }
            let (url, host) = services.url(listener, &services.named(listener, request.clone()));
            headers.extend(host);
            let request = WitnessRequest { method, url, headers, tls: None };
            return Some(Witness {
                request,
                gateway: None,
                from: services.from(listener).map(ToString::to_string),
                answer,
            });
        }
        let request = WitnessRequest { method, url: request.url(), headers, tls: None };
        let is_shared = self.gateways_of_port.get(&port).is_some_and(|gateways| gateways.len() > 1);
        Some(Witness { request, gateway: is_shared.then(|| gateway.to_string()), from: None, answer })
    }

    /// What becomes of a request.
    pub(super) fn answer(&self, decision: &Decision<'_>) -> WitnessAnswer {
        let mut shares: BTreeMap<String, f64> = BTreeMap::new();
        for outcome in &decision.outcomes {
            *shares.entry(self.label(&outcome.answer)).or_default() += outcome.share.percent();
        }
        if shares.len() > 1 {
            return WitnessAnswer { backends: shares, ..WitnessAnswer::default() };
        }
        match decision.outcomes.first().map(|outcome| &outcome.answer) {
            Some(Answer::Local(reply)) => local(reply),
            Some(Answer::Closed(_)) => WitnessAnswer { closed: true, ..WitnessAnswer::default() },
            Some(Answer::Upstream(_) | Answer::Stream(_)) | None => {
                WitnessAnswer { backend: shares.into_keys().next(), ..WitnessAnswer::default() }
            }
        }
    }

    /// What stands for an answer among others.
    fn label(&self, answer: &Answer<'_>) -> String {
        let backend = |id| {
            let backend = &self.config.cluster(id).backend;
            format!("{}/{}:{}", backend.namespace, backend.name, backend.port)
        };
        match answer {
            Answer::Local(reply) => format!("status:{}", reply.status),
            Answer::Upstream(upstream) => backend(upstream.cluster),
            Answer::Stream(cluster) => backend(*cluster),
            Answer::Closed(_) => "closed".to_owned(),
        }
    }

    /// Gives witnesses to what earlier stages found, of these codes, about rules: requests that these take.
    pub(super) fn attach(&self, codes: &[Code], routes: &Routes<'_>, findings: &mut [Finding]) {
        let mut open: HashMap<ObjectName<'_>, Vec<(usize, ObjectPart)>> = HashMap::new();
        for (index, finding) in findings.iter().enumerate() {
            let Some(object) = finding.object.as_ref().filter(|_| codes.contains(&finding.code)) else {
                continue;
            };
            open.entry((&object.kind, &object.namespace, &object.name)).or_default().push((index, finding.part));
        }
        if open.is_empty() {
            return;
        }
        let mut found = Vec::new();
        for at in hosts(self.config) {
            for route in &at.host.routes {
                let object = &route.name.route;
                let kind = RouteKind::of_name(object.kind).map_or("", RouteKind::name);
                let name = (kind, &*object.namespace, &*object.name);
                let Some(wanted) = open.get_mut(&name) else { continue };
                let is_about = |part: ObjectPart| match (part, &self.services) {
                    (ObjectPart::Parent(parent), Some(services)) => services.is_held_by(at.listener, name, parent),
                    _ => part.rule().is_none_or(|rule| rule == route.name.rule),
                };
                if !wanted.iter().any(|(_, part)| is_about(*part)) {
                    continue;
                }
                let Some(simulator) = self.simulator(at.listener) else { continue };
                let witness = simulator.witness(at.listener, at.chain, at.host, route);
                if !witness.is_taken {
                    continue;
                }
                let decision = simulator.decide(&witness.request);
                wanted.retain(|(index, part)| {
                    if is_about(*part)
                        && let Some(mut witness) = self.witness(at.listener, &witness.request, &decision)
                    {
                        show_header(&mut witness, header::modified_by(&findings[*index], routes), &decision);
                        found.push((*index, witness));
                        return false;
                    }
                    true
                });
            }
        }
        for (index, witness) in found {
            findings[index].witness = Some(witness);
        }
    }
}

/// The kind, the namespace and the name of an object.
type ObjectName<'a> = (&'a str, &'a str, &'a str);

fn local(reply: &LocalReply) -> WitnessAnswer {
    let grpc: Vec<String> = reply.header_lines("grpc-status").map(str::to_owned).collect();
    let response = (!grpc.is_empty())
        .then(|| WitnessHeaders { headers: BTreeMap::from([("grpc-status".to_owned(), grpc)]), absent: Vec::new() });
    let redirect = reply.header_lines("location").next().map(str::to_owned);
    WitnessAnswer { status: Some(reply.status), redirect, response, ..WitnessAnswer::default() }
}

/// Adds what became of the header that a finding is about.
fn show_header(witness: &mut Witness, field: Option<ModifiedHeader>, decision: &Decision<'_>) {
    let Some(field) = field else { return };
    let [outcome] = decision.outcomes.as_slice() else { return };
    let Answer::Upstream(upstream) = &outcome.answer else { return };
    if field.is_response {
        witness.answer.response = Some(lines(upstream.answer(Vec::new(), 0, None), &field.name));
    } else {
        witness.answer.upstream = Some(lines(upstream.headers.clone(), &field.name));
    }
}

fn lines(headers: Vec<(String, String)>, name: &str) -> WitnessHeaders {
    let values: Vec<String> = headers.into_iter().filter(|(key, _)| key == name).map(|(_, value)| value).collect();
    match values.is_empty() {
        true => WitnessHeaders { headers: BTreeMap::new(), absent: vec![name.to_owned()] },
        false => WitnessHeaders { headers: BTreeMap::from([(name.to_owned(), values)]), absent: Vec::new() },
    }
}
