//! Runs a file of cases: free ports, echo backends, one compilation, one
//! Envoy, every request, every comparison.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::task::JoinSet;

use crate::leftovers::PrivateDirectory;
use crate::name::Namespace;
use crate::options::{AccessLog, Addresses, Capture, ListenerAddress, Mesh, Options, PortMap, Resolve};

use super::backend::Backend;
use super::cases::{CaseFile, RequestCase};
use super::check::{Mismatch, Outcome, add_counters, certain_mirrors, check, check_stats};
use super::client::{Connection, Destination};
use super::confine::{self, Allowed};
use super::datagram::{self, DatagramBackend};
use super::envoy::Envoy;
use super::error::Error;
use super::frontends::{self, Frontends};
use super::journal::Journal;
use super::ports::{DatagramReservation, PORT_ATTEMPTS, Reservation, reserve_both};
use super::session::follow_up;
use super::stop::Stop;
use super::tls::{self, ClientTls};
use super::topology::{ServiceKey, Topology};
use super::tunnel::{TunnelEnd, TunnelSpec};
use super::values::{GatewayName, Mirrors, Scheme};

/// How many requests a case with shares sends when it does not say.
pub const SHARE_REQUESTS: u32 = 2000;

/// How many connections a case with many requests uses at once.
const CONNECTIONS: u32 = 8;

/// How long an answer may take when the case does not expect more.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a mirrored copy may be on its way after the answer.
const MIRROR_TIMEOUT: Duration = Duration::from_secs(5);

/// How long nothing must come before it is believed that no copy was sent.
const MIRROR_SILENCE: Duration = Duration::from_millis(250);

/// How long a backend waits for a fixed address that is in use.
const BIND_TIMEOUT: Duration = Duration::from_secs(10);

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What is to be proven.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// The Envoy binary.
    pub envoy: &'a Path,
    /// What the manifests name.
    pub topology: &'a Topology,
    /// The cases.
    pub cases: &'a CaseFile,
    /// The options to start from; addresses and ports are replaced.
    pub options: &'a Options,
    /// How cases get to Services that are sent from a namespace.
    pub way: WayToServices,
    /// What Envoy may warn about when it starts: each warning contains one of these texts.
    /// `None` lets every warning pass.
    pub warnings: Option<&'a [&'a str]>,
}

/// How the cases that are sent from a namespace get to the Services that their URLs name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WayToServices {
    /// Through tunnels of a forward proxy.
    #[default]
    Proxy,
    /// By an address of this machine for each Service. Its ports are moved to free ones.
    Addresses,
}

/// What one case showed.
#[derive(Clone, Debug, Serialize)]
pub struct CaseResult {
    /// The name of the case.
    pub name: String,
    /// How many requests were sent.
    pub requests: usize,
    /// What is not as expected; empty when the case holds.
    pub mismatches: Vec<Mismatch>,
    /// How long the case took, in seconds.
    pub seconds: f64,
}

/// Runs every case against a real Envoy. `compile` turns options into the
/// YAML of a bootstrap; it is called once, with listeners, admin interface and
/// Services moved to free loopback ports.
///
/// # Errors
///
/// When the proof cannot be carried out; a case that does not hold is a
/// [`CaseResult`] with mismatches.
pub fn run(proof: &Proof<'_>, compile: impl Fn(&Options) -> Result<String, String>) -> Result<Vec<CaseResult>, Error> {
    run_with(proof, None, compile, false)
}

/// As [`run`], and ends with an error when the process is asked to stop (Ctrl-C,
/// SIGTERM), after Envoy, the backends and all files are gone.
///
/// `gateways` is for manifests whose Gateways cannot share one configuration:
/// it holds the Gateway of every case that is sent to one, and each of them has an Envoy of its
/// own, one after the other. Without it one Envoy serves all cases.
///
/// # Errors
///
/// As those of [`run`], the interruption, and cases that keep addresses of the manifests.
pub fn run_until_signal(
    proof: &Proof<'_>,
    gateways: Option<&[Option<&GatewayName>]>,
    compile: impl Fn(&Options) -> Result<String, String>,
) -> Result<Vec<CaseResult>, Error> {
    if let Some(field) = proof.cases.kept_addresses() {
        let why = "the manifests' own addresses are not contacted, and every Service has an echo backend";
        return Err(Error::Case(format!("`{field}` is for the tests of gwctl itself: {why}")));
    }
    run_with(proof, gateways, compile, true)
}

fn run_with(
    proof: &Proof<'_>,
    gateways: Option<&[Option<&GatewayName>]>,
    compile: impl Fn(&Options) -> Result<String, String>,
    heeds_signals: bool,
) -> Result<Vec<CaseResult>, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(Error::system("start a runtime"))?;
    let mut stop = runtime.block_on(async { Stop::new(heeds_signals) })?;
    let results = run_groups(&runtime, proof, gateways, &compile, &mut stop);
    runtime.shutdown_background();
    results
}

fn run_groups(
    runtime: &tokio::runtime::Runtime,
    proof: &Proof<'_>,
    gateways: Option<&[Option<&GatewayName>]>,
    compile: &impl Fn(&Options) -> Result<String, String>,
    stop: &mut Stop,
) -> Result<Vec<CaseResult>, Error> {
    let requests = &proof.cases.requests;
    let mut groups: Vec<(Served<'_>, Vec<&RequestCase>)> = Vec::new();
    for (position, case) in requests.iter().enumerate() {
        let served = match &case.from {
            Some(client) => Served::Clients(client),
            None => Served::Gateways(gateways.and_then(|gateways| *gateways.get(position)?)),
        };
        match groups.iter_mut().find(|(other, _)| *other == served) {
            Some((_, cases)) => cases.push(case),
            None => groups.push((served, vec![case])),
        }
    }
    if groups.is_empty() {
        groups.push((Served::Gateways(None), Vec::new()));
    }
    let (mut results, mut counters) = (BTreeMap::new(), BTreeMap::new());
    for (served, cases) in groups {
        let mut options = proof.options.clone();
        let gateway = match served {
            Served::Gateways(gateway) => gateway,
            Served::Clients(_) => None,
        };
        options.gateways.extend(gateway.map(|GatewayName { namespace, name }| (namespace.clone(), name.clone())));
        if gateway.is_some() {
            options.gateways.drain(..proof.options.gateways.len());
        }
        let proof = Proof { options: &options, ..*proof };
        for result in run_inside(runtime, &proof, served, &cases, compile, &mut counters, stop)? {
            results.insert(result.name.clone(), result);
        }
    }
    // Names of cases are unique in a file.
    let mut results: Vec<_> = requests.iter().filter_map(|case| results.remove(&case.name)).collect();
    if !proof.cases.stats.is_empty() {
        let mismatches = check_stats(&proof.cases.stats, &counters);
        results.push(CaseResult { name: "stats".to_owned(), requests: 0, mismatches, seconds: 0.0 });
    }
    Ok(results)
}

/// Runs cases through one Envoy, and adds its counters to those of the others.
fn run_inside(
    runtime: &tokio::runtime::Runtime,
    proof: &Proof<'_>,
    served: Served<'_>,
    cases: &[&RequestCase],
    compile: &impl Fn(&Options) -> Result<String, String>,
    counters: &mut BTreeMap<String, u64>,
    stop: &mut Stop,
) -> Result<Vec<CaseResult>, Error> {
    let mut stage = runtime.block_on(Stage::build(proof, served))?;
    let gateway = match served {
        Served::Gateways(gateway) => gateway,
        Served::Clients(_) => None,
    };
    let bootstrap = compile(&stage.options).map_err(Error::Compile)?;
    confine::check(&bootstrap, &stage.allowed(proof.cases))?;
    if let (Served::Clients(client), WayToServices::Addresses) = (served, proof.way) {
        stage.frontends = Some(Frontends::read(client, proof.topology, &bootstrap)?);
    }
    // The configuration may hold keys.
    let directory = PrivateDirectory::new().map_err(Error::system("create a directory for Envoy"))?;
    let config =
        directory.write("envoy.yaml", bootstrap.as_bytes()).map_err(Error::system("write a file for Envoy"))?;
    let envoy = Envoy::start(proof.envoy, &config, stage.admin.address(), &directory.path().join("envoy.log"))?;
    stage.datagram_ports.clear();
    stage.check_listeners(&envoy)?;
    if let Some(expected) = proof.warnings {
        check_warnings(&envoy, expected)?;
    }
    let mut results = Vec::new();
    for case in cases {
        let result = runtime.block_on(async {
            tokio::select! {
                result = stage.run_case(case, gateway) => result,
                () = stop.asked() => Err(Error::Interrupted),
            }
        });
        results.push(result?);
    }
    if !proof.cases.stats.is_empty() {
        add_counters(&envoy.admin("/stats")?, counters);
    }
    Ok(results)
}

/// Makes sure that Envoy warns about nothing but what is expected.
fn check_warnings(envoy: &Envoy, expected: &[&str]) -> Result<(), Error> {
    let warnings = envoy.warnings().map_err(Error::system("read Envoy's log"))?;
    let is_expected = |line: &String| expected.iter().any(|text| line.contains(text));
    let rest: Vec<String> = warnings.into_iter().filter(|line| !is_expected(line)).collect();
    if rest.is_empty() { Ok(()) } else { Err(Error::Warned(rest.join("\n"))) }
}

/// Whom an Envoy serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Served<'a> {
    /// Clients of this Gateway, or of all.
    Gateways(Option<&'a GatewayName>),
    /// Clients of Services in this namespace.
    Clients(&'a str),
}

/// Everything around the proxy.
pub(super) struct Stage<'a> {
    topology: &'a Topology,
    /// The folder of the certificates that cases name.
    pki: &'a Path,
    pub(super) options: Options,
    admin: Reservation,
    /// The Gateways' ports and the ports that Envoy binds in their place.
    ports: HashMap<u16, Reservation>,
    /// Where clients of Services name these to a proxy.
    forward: Option<Reservation>,
    /// Where clients of Services have an address for each of these.
    frontends: Option<Frontends>,
    journal: Journal,
    /// The datagrams of the same ports, reserved until Envoy has started.
    pub(super) datagram_ports: Vec<DatagramReservation>,
    /// Kept because they serve, or refuse, until they are dropped.
    _backends: Vec<Backend>,
    _datagram_backends: Vec<DatagramBackend>,
    _down: Vec<Reservation>,
    next_id: Arc<AtomicU32>,
}

impl<'a> Stage<'a> {
    pub(super) async fn build(proof: &Proof<'a>, served: Served<'_>) -> Result<Self, Error> {
        let Proof { topology, cases, .. } = *proof;
        let mut options = confined(proof.options, cases);
        let admin = Reservation::new(LOOPBACK)?;
        options.admin_address = Some(admin.address());
        let (mut ports, mut datagram_ports) = (HashMap::new(), Vec::new());
        let forward = match served {
            Served::Gateways(_) => None,
            Served::Clients(client) => clients(proof.way, client, &mut options)?,
        };
        let moved = match (served, &forward) {
            (_, Some(_)) => BTreeSet::new(),
            (Served::Gateways(_), None) => topology.ports(),
            (Served::Clients(_), None) => {
                let declared = topology.services.iter().chain(&topology.datagram_services);
                declared.chain(&topology.referenced).map(|service| service.port).collect()
            }
        };
        for port in moved {
            let (reservation, datagrams) = reserve_both(LOOPBACK)?;
            datagram_ports.push(datagrams);
            options.port_map.retain(|map| map.from != port);
            options.port_map.push(PortMap {
                gateway: None,
                from: port.into(),
                to: reservation.address().port().into(),
            });
            ports.insert(port, reservation);
        }
        if options.listener_address != ListenerAddress::Gateway && forward.is_none() {
            options.listener_address = ListenerAddress::Ip(LOOPBACK);
        }
        let journal = Journal::default();
        let (mut backends, mut datagram_backends, mut down) = (Vec::new(), Vec::new(), Vec::new());
        for service in services(proof) {
            let name = service.to_string();
            let address = if cases.down.contains(&name) {
                let reservation = Reservation::new(LOOPBACK)?;
                let address = reservation.address();
                down.push(reservation);
                address
            } else {
                let (backend, datagrams) = start_backends(&service, proof, &journal).await?;
                let address = backend.address();
                backends.push(backend);
                datagram_backends.extend(datagrams);
                address
            };
            options.resolve.push(resolve(service, address, proof.options));
        }
        let (more, silent) = start_datagram_backends(proof, &mut options).await?;
        datagram_backends.extend(more);
        down.extend(silent);
        if cases.keep_endpoints {
            for endpoint in topology.endpoints.iter().filter(|endpoint| endpoint.address.ip().is_loopback()) {
                let name = endpoint.address.to_string();
                if !cases.down.contains(&name) {
                    backends.push(start_backend(&name, endpoint.address, proof, &journal).await?);
                }
            }
        }
        let next_id = Arc::new(AtomicU32::new(0));
        Ok(Self {
            topology,
            pki: &cases.pki,
            options,
            admin,
            ports,
            forward,
            frontends: None,
            journal,
            datagram_ports,
            _backends: backends,
            _datagram_backends: datagram_backends,
            _down: down,
            next_id,
        })
    }

    /// What the configuration may lead to. It is known from what was started, not from the configuration.
    fn allowed(&self, cases: &CaseFile) -> Allowed {
        if cases.kept_addresses().is_some() {
            return Allowed::Loopback;
        }
        let endpoints = self.options.resolve.iter().flat_map(|entry| &entry.endpoints);
        let backends = endpoints.filter_map(|(host, port)| Some(SocketAddr::new(host.parse().ok()?, port.number())));
        Allowed::Only(backends.chain([self.admin.address()]).collect())
    }

    /// Makes sure that every listener is where the requests go, and nowhere else.
    fn check_listeners(&self, envoy: &Envoy) -> Result<(), Error> {
        let ours = |address: &SocketAddr| {
            let mut own = self.ports.values().chain(&self.forward);
            own.any(|own| own.address().port() == address.port())
        };
        match envoy.listeners()?.iter().find(|address| !address.ip().is_loopback() || !ours(address)) {
            Some(address) => {
                Err(Error::NotRunning(format!("a listener is bound to {address}, not to the port it was given")))
            }
            None => Ok(()),
        }
    }

    async fn run_case(&self, case: &RequestCase, gateway: Option<&GatewayName>) -> Result<CaseResult, Error> {
        let start = Instant::now();
        let destination = match (&self.forward, &self.frontends) {
            (Some(forward), _) => through(forward, case)?,
            (None, Some(frontends)) => Destination { address: frontends.address(case)?, tunnel: None },
            (None, None) => {
                Destination { address: self.address(case, gateway.or(case.gateway.as_ref()))?, tunnel: None }
            }
        };
        let tls = self.client_tls(case)?;
        let expect = &case.expect;
        let shares = expect.backends.is_some()
            || expect.joint.is_some()
            || !expect.outcomes.is_empty()
            || matches!(expect.mirrors, Some(Mirrors::Percent(_)));
        let count = case.repeat.unwrap_or(if shares { SHARE_REQUESTS } else { 1 }).max(1);
        let outcomes = self.send_all(case, destination, tls, count).await;
        let mismatches = check(case, &outcomes);
        let seconds = start.elapsed().as_secs_f64();
        Ok(CaseResult { name: case.name.clone(), requests: outcomes.len(), mismatches, seconds })
    }

    /// The TLS of a case's requests.
    pub(super) fn client_tls(&self, case: &RequestCase) -> Result<Option<ClientTls>, Error> {
        let request = &case.request;
        if !request.url.scheme.is_tls() {
            return Ok(None);
        }
        let spec = request.tls.clone().unwrap_or_default();
        ClientTls::load(&spec, self.pki, &request.url.host, request.version()).map(Some)
    }

    /// Where Envoy listens for the URL of a case.
    pub(super) fn address(&self, case: &RequestCase, gateway: Option<&GatewayName>) -> Result<SocketAddr, Error> {
        let url = &case.request.url;
        let fail = |text: String| Error::Case(format!("case `{}`: {text}", case.name));
        let reservation = self.ports.get(&url.port);
        let reservation = reservation.ok_or_else(|| fail(format!("no Gateway listens on port {}", url.port)))?;
        let gateway = match gateway {
            Some(name) => {
                let gateway = self.topology.gateways.get(name).filter(|gateway| gateway.ports.contains(&url.port));
                Some(gateway.ok_or_else(|| fail(format!("Gateway {name} does not listen on port {}", url.port)))?)
            }
            None => self.topology.gateways.values().find(|gateway| gateway.ports.contains(&url.port)),
        };
        let own = gateway.and_then(|gateway| gateway.addresses.first()).copied();
        let ip = own.filter(|_| self.options.listener_address == ListenerAddress::Gateway).unwrap_or(LOOPBACK);
        Ok(SocketAddr::new(ip, reservation.address().port()))
    }

    /// Sends the request `count` times, over a few connections that are kept.
    pub(super) async fn send_all(
        &self,
        case: &RequestCase,
        destination: Destination,
        tls: Option<ClientTls>,
        count: u32,
    ) -> Vec<Outcome> {
        let case = Arc::new(case.clone());
        let left = Arc::new(AtomicU32::new(count));
        let mut workers = JoinSet::new();
        // Of requests at once nobody could tell which one an unnamed question is about.
        // Where one of several tunnels ends at once, Envoy ends those that are asked for at the same time.
        let is_alone = self.forward.is_some() && case.request.new_connection;
        let connections = if case.expect.reached.is_some() || is_alone { 1 } else { CONNECTIONS };
        for _ in 0..count.min(connections) {
            let (case, left, ids) = (Arc::clone(&case), Arc::clone(&left), Arc::clone(&self.next_id));
            let (journal, tls, destination) = (self.journal.clone(), tls.clone(), destination.clone());
            workers.spawn(async move { send_some(&case, &destination, tls.as_ref(), &left, &ids, &journal).await });
        }
        let mut outcomes = Vec::new();
        while let Some(some) = workers.join_next().await {
            // A worker is never cancelled, and a panic in it would be ours.
            outcomes.append(&mut some.unwrap_or_default());
        }
        self.settle(&case, &mut outcomes).await;
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }

    /// Waits for mirrored copies, which arrive when they like: until every
    /// certain one is there, or until nothing has come for a while.
    async fn settle(&self, case: &RequestCase, outcomes: &mut [(String, Outcome)]) {
        if case.expect.mirrors.is_none() && case.expect.joint.is_none() {
            return;
        }
        let expected = certain_mirrors(&case.expect).unwrap_or_default();
        let deadline = Instant::now() + MIRROR_TIMEOUT;
        let mut before = None;
        while Instant::now() < deadline {
            tokio::time::sleep(MIRROR_SILENCE).await;
            for (id, outcome) in outcomes.iter_mut() {
                outcome.received = self.journal.received(id);
            }
            let total: usize = outcomes.iter().map(|(_, outcome)| outcome.received.len()).sum();
            let complete = |outcome: &Outcome| outcome.mirrored(&expected).len() >= expected.len();
            let complete = outcomes.iter().all(|(_, outcome)| complete(outcome));
            if complete && (!expected.is_empty() || before == Some(total)) {
                return;
            }
            before = Some(total);
        }
    }
}

/// Lets a compilation serve clients of Services, and says where their proxy will be if they name one.
fn clients(way: WayToServices, client: &str, options: &mut Options) -> Result<Option<Reservation>, Error> {
    let (capture, reservation) = match way {
        WayToServices::Proxy => {
            let reservation = Reservation::new(LOOPBACK)?;
            (Capture::Proxy(reservation.address()), Some(reservation))
        }
        WayToServices::Addresses => (Capture::Address(Addresses::Loopback(frontends::range())), None),
    };
    options.mesh = Some(Mesh {
        client: Namespace::from(client),
        capture,
        routed_only: false,
        passes_unknown: false,
        follows_files: false,
    });
    // These are about clients of Gateways.
    (options.trusted_hops, options.proxy_protocol) = (0, false);
    options.port_map.clear();
    Ok(reservation)
}

/// The way of a case's requests to the Service that its URL names: what is sent is what arrives there.
fn through(forward: &Reservation, case: &RequestCase) -> Result<Destination, Error> {
    let url = &case.request.url;
    if url.scheme == Scheme::Udp {
        let why =
            "a proxy carries no datagrams to Services: `--mesh-capture address` does, and so does a run without Envoy";
        return Err(Error::Case(format!("case `{}`: {why}", case.name)));
    }
    let host =
        if url.host.contains(':') { format!("[{}]", url.host.trim_matches(['[', ']'])) } else { url.host.clone() };
    Ok(Destination { address: forward.address(), tunnel: Some(format!("{host}:{}", url.port)) })
}

/// The options without what would lead Envoy to other places: addresses of
/// backends and files. Key material stands in the configuration itself.
pub(super) fn confined(options: &Options, cases: &CaseFile) -> Options {
    let mut confined = options.clone();
    confined.access_log = AccessLog::None;
    confined.tracing = None;
    confined.is_tried = true;
    confined.secrets_dir = None;
    confined.inlines_files = true;
    if !cases.keep_endpoints {
        confined.resolve.clear();
    }
    confined
}

/// The Service ports that get a backend: declared ones, those that the options
/// resolve, and with assumed Services also those that routes only name.
/// Services in slices that are kept are left as they are, and with them what the options resolve.
pub(super) fn services(proof: &Proof<'_>) -> impl Iterator<Item = ServiceKey> {
    let Proof { topology, cases, options, .. } = *proof;
    let assumed = topology.referenced.iter().filter(move |_| options.assume.services).cloned();
    let given = options.resolve.iter().map(|Resolve { namespace, name, port, endpoints: _, stands_in: _ }| {
        ServiceKey { namespace: namespace.clone(), name: name.clone(), port: port.number() }
    });
    let given: BTreeSet<_> = given.collect();
    let mut all: BTreeSet<_> = topology.services.iter().cloned().chain(assumed).collect();
    if cases.keep_endpoints {
        all = &all - &given;
    } else {
        all.extend(given);
    }
    let sliced = move |key: &ServiceKey| {
        let own = (key.namespace.clone(), key.name.clone());
        cases.keep_endpoints && topology.sliced.contains(topology.behind.get(key).unwrap_or(&own))
    };
    let unresolved = move |key: &ServiceKey| cases.unresolved.contains(&key.to_string());
    all.into_iter().filter(move |key| !sliced(key) && !unresolved(key))
}

/// Starts the backend of a TCP port, and where a UDP port of the same Service
/// has this number, its backend on the same port.
async fn start_backends(
    service: &ServiceKey,
    proof: &Proof<'_>,
    journal: &Journal,
) -> Result<(Backend, Option<DatagramBackend>), Error> {
    let (name, free) = (service.to_string(), SocketAddr::new(LOOPBACK, 0));
    let mut taken = Vec::new();
    loop {
        let backend = start_backend(&name, free, proof, journal).await?;
        if !takes_datagrams(proof, service) {
            return Ok((backend, None));
        }
        match DatagramBackend::start(&name, backend.address()).await {
            Ok(datagrams) => return Ok((backend, Some(datagrams))),
            Err(error) if taken.len() >= PORT_ATTEMPTS => {
                return Err(Error::System(format!("start backend {name}"), error));
            }
            // Kept, so that the next port is another one.
            Err(_) => taken.push(backend),
        }
    }
}

/// Whether a UDP port has this number, declared or, with assumed Services, named by a UDPRoute.
fn takes_datagrams(proof: &Proof<'_>, service: &ServiceKey) -> bool {
    let Proof { topology, options, .. } = proof;
    topology.datagram_services.contains(service)
        || options.assume.services && topology.referenced_datagrams.contains(service)
}

/// Starts the backends of the UDP ports whose number is no TCP port of their
/// Service. Those that are down have a port on which nobody takes datagrams.
async fn start_datagram_backends(
    proof: &Proof<'_>,
    options: &mut Options,
) -> Result<(Vec<DatagramBackend>, Vec<Reservation>), Error> {
    let (mut backends, mut down) = (Vec::new(), Vec::new());
    let served: BTreeSet<_> = services(proof).collect();
    for service in proof.topology.datagram_services.difference(&served) {
        let name = service.to_string();
        // A TCP port of this number has said what becomes of both.
        if proof.cases.unresolved.contains(&name) || proof.topology.services.contains(service) {
            continue;
        }
        let address = if proof.cases.down.contains(&name) {
            let reservation = Reservation::new(LOOPBACK)?;
            let address = reservation.address();
            down.push(reservation);
            address
        } else {
            let backend = DatagramBackend::start(&name, SocketAddr::new(LOOPBACK, 0)).await;
            let backend = backend.map_err(Error::system(format!("start backend {name}")))?;
            let address = backend.address();
            backends.push(backend);
            address
        };
        options.resolve.push(resolve(service.clone(), address, proof.options));
    }
    Ok((backends, down))
}

/// The entry that leads to a backend of the run. It is in place of an entry of the options, or of the Service's own endpoints.
pub(super) fn resolve(service: ServiceKey, address: SocketAddr, options: &Options) -> Resolve {
    let ServiceKey { namespace, name, port } = service;
    let is_same = |one: &Resolve| one.namespace == namespace && one.name == name && one.port == port;
    let stands_in = !options.resolve.iter().any(is_same);
    let endpoints = vec![(address.ip().to_string(), address.port().into())];
    Resolve { namespace, name, port: port.into(), endpoints, stands_in }
}

async fn start_backend(
    name: &str,
    address: SocketAddr,
    Proof { cases, topology, .. }: &Proof<'_>,
    journal: &Journal,
) -> Result<Backend, Error> {
    let tls = cases.backend_tls.get(name).map(|spec| tls::acceptor(spec, &cases.pki)).transpose()?;
    let by_manifests = topology.tunnels.contains(name).then(TunnelSpec::default);
    let tunnel = cases.tunnels.get(name).cloned().or(by_manifests);
    let tunnel = tunnel.map(|spec| TunnelEnd::load(&spec, &cases.pki)).transpose()?;
    let deadline = Instant::now() + BIND_TIMEOUT;
    loop {
        match Backend::start(name, address, (tls.clone(), tunnel.clone()), journal.clone()).await {
            Ok(backend) => return Ok(backend),
            // A fixed address may be in use by another run that ends soon.
            Err(_) if address.port() != 0 && Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(error) => return Err(Error::System(format!("start backend {name} on {address}"), error)),
        }
    }
}

async fn send_some(
    case: &RequestCase,
    destination: &Destination,
    tls: Option<&ClientTls>,
    left: &AtomicU32,
    ids: &AtomicU32,
    journal: &Journal,
) -> Vec<(String, Outcome)> {
    let limit = case.expect.within.map_or(ANSWER_TIMEOUT, |window| window.max.max(ANSWER_TIMEOUT) + ANSWER_TIMEOUT);
    let take = || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_sub(1)).is_ok();
    let mut outcomes = Vec::new();
    let mut connection: Option<Connection> = None;
    while take() {
        let id = ids.fetch_add(1, Ordering::Relaxed).to_string();
        if case.request.url.scheme == Scheme::Udp {
            let reply = datagram::exchange(destination.address, case.request.body.as_deref().unwrap_or_default()).await;
            outcomes.push((id, Outcome { reply, received: Vec::new(), asked: Vec::new(), strayed: Vec::new() }));
            continue;
        }
        let (before, started) = (journal.count_received(), Instant::now());
        let reply = match connection.take() {
            Some(open) => Ok(open),
            None => Connection::open(destination, tls, case.request.version()).await,
        };
        let reply = match reply {
            Ok(mut open) => {
                let reply = open.exchange(&case.request, &id, limit).await;
                // Backends of a stream are chosen for a connection, and not for what is sent on it.
                let is_over = case.request.new_connection || case.request.url.scheme.is_stream();
                connection = (reply.is_ok() && !is_over).then_some(open);
                reply
            }
            Err(reason) => Err(reason),
        };
        if started.elapsed() >= limit {
            // One answer that does not come fails the case: the others would take as long.
            left.store(0, Ordering::Relaxed);
        }
        let received = journal.received(&id);
        let asked = if case.expect.reached.is_some() { journal.unnamed_since(before) } else { Vec::new() };
        let mut outcome = Outcome { reply, received, asked, strayed: Vec::new() };
        if let (Some(session), Some(open)) = (&case.session, &mut connection) {
            outcome.strayed = follow_up(case, session, &outcome, open, &id, limit).await;
        }
        outcomes.push((id, outcome));
    }
    outcomes
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
