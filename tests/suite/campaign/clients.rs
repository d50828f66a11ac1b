//! Services in the place of Gateways: routes of every kind whose parents they are, in the namespace of the Service and
//! elsewhere, and requests of the clients of several namespaces.

use std::collections::BTreeMap;
use std::path::Path;

use gwctl::compile::{ClientView, Compilation, view_of_clients};
use gwctl::ir::{GatewayName, Handler};
use gwctl::options::Options;
use gwctl::proving::{RequestCase, Scheme, Topology, offline_options};
use gwctl::resolver::{names_of_service, service_named};
use gwctl::simulate::{Request, Simulator};
use hyper::Method;
use serde_json::{Value, json};

use super::gateway::{self, Socket};
use super::plan::{ABROAD, HOME, Plan, object};
use super::random::Random;
use super::{REQUESTS, Round, Tally, build, case_file, decide_and_send, request, route};

/// The namespaces of clients. Nothing but routes is in the last one.
const CLIENTS: &[&str] = &[HOME, ABROAD, "other"];

/// The Services that routes are about.
const FRONTENDS: &[(&str, &str)] = &[(HOME, "shop"), (ABROAD, "cart"), (HOME, "s1"), (HOME, "t1"), (HOME, "h2c")];

/// Their ports: which of them, and what requests to it are mostly like.
const PORTS: &[(usize, u16, &str)] = &[
    (0, 80, "HTTP"),
    (0, 8080, "HTTP"),
    (0, 443, "TLS"),
    (0, 5432, "TCP"),
    (1, 80, "HTTP"),
    (1, 9090, "TCP"),
    (2, 80, "HTTP"),
    (3, 443, "TLS"),
    (4, 80, "HTTP"),
    (0, 53, "UDP"),
];

fn sockets() -> Vec<Socket> {
    let socket = |&(parent, port, protocol)| Socket { protocol, port, hostname: "", terminates: false, parent };
    PORTS.iter().map(socket).collect()
}

/// Services, a Gateway that some of the routes have as well, and routes.
pub(super) fn plan(random: &mut Random) -> Plan {
    let mut documents = gateway::surroundings();
    let shop = json!([
        {"name": "l0", "port": 80},
        {"name": "l1", "port": 8080, "appProtocol": "kubernetes.io/h2c"},
        {"name": "l2", "port": 443},
        {"name": "db", "port": 5432, "appProtocol": "tcp"},
        {"name": "dns", "port": 53, "protocol": "UDP"},
    ]);
    let cart = json!([{"name": "l0", "port": 80, "appProtocol": "http"}, {"name": "l1", "port": 9090}]);
    documents.push(service(HOME, "shop", &shop));
    documents.push(service(ABROAD, "cart", &cart));
    let listener =
        json!({"name": "http", "protocol": "HTTP", "port": 80, "allowedRoutes": {"namespaces": {"from": "All"}}});
    documents.push(object("Gateway", HOME, "edge", json!({"gatewayClassName": "any", "listeners": [listener]})));
    let of_service = |(namespace, name): &(&str, &str)| json!({"group": "", "kind": "Service", "namespace": namespace, "name": name});
    let mut parents: Vec<Value> = FRONTENDS.iter().map(of_service).collect();
    parents.push(json!({"name": "edge", "namespace": HOME}));
    let sockets = sockets();
    documents.extend((0..5 + random.below(9)).map(|number| {
        let mut route = route::generate(number, &parents, &sockets, random);
        // Most routes are those of whoever has the Service.
        let own = route["spec"]["parentRefs"][0]["namespace"].clone();
        route["metadata"]["namespace"] = if random.once_in(3) { json!(random.pick(CLIENTS)) } else { own };
        send_from_anywhere(&mut route["spec"], random);
        route
    }));
    Plan::of(documents, sockets)
}

fn service(namespace: &str, name: &str, ports: &Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"ports": ports},
    })
}

/// Names the namespaces of backends, which are not those of all routes; some backends become Services with routes of
/// their own, which must not be applied again.
fn send_from_anywhere(value: &mut Value, random: &mut Random) {
    match value {
        Value::Object(fields) => {
            let is_backend = fields.contains_key("name") && fields.get("port") == Some(&json!(80));
            if is_backend && !fields.contains_key("kind") {
                fields.entry("namespace").or_insert_with(|| json!(HOME));
                if random.once_in(8) {
                    let (namespace, name) = random.pick(&FRONTENDS[..2]);
                    fields.insert("name".to_owned(), json!(name));
                    fields.insert("namespace".to_owned(), json!(namespace));
                }
            }
            fields.values_mut().for_each(|field| send_from_anywhere(field, random));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| send_from_anywhere(item, random)),
        _ => {}
    }
}

/// What the clients of each namespace meet.
struct Views(BTreeMap<&'static str, ClientView>);

impl Views {
    fn new(compilation: &Compilation, options: &Options) -> Self {
        let view = |client| (client, view_of_clients(&compilation.manifests, client, options));
        Self(CLIENTS.iter().copied().map(view).collect())
    }

    /// A simulator for each Service, as the clients of each namespace meet it.
    fn simulators(&self) -> BTreeMap<(&'static str, GatewayName), Simulator<'_>> {
        let mut simulators = BTreeMap::new();
        for (client, view) in &self.0 {
            let config = view.lowered.judged();
            for service in config.listeners.iter().flat_map(|listener| &listener.gateways) {
                let key = (*client, service.clone());
                simulators.entry(key).or_insert_with(|| Simulator::of_gateway(config, service));
            }
        }
        simulators
    }

    /// Requests for the routes of each Service, with who sends them.
    fn witnesses(&self) -> Vec<(&'static str, GatewayName, Request)> {
        let mut witnesses = Vec::new();
        for (client, view) in &self.0 {
            let config = view.lowered.judged();
            for listener in &config.listeners {
                let Some(service) = listener.gateways.first() else { continue };
                let simulator = Simulator::of_gateway(config, service);
                for chain in listener.chains() {
                    let Handler::Http(connection) = &chain.handler else { continue };
                    for host in &connection.virtual_hosts {
                        let requests =
                            host.routes.iter().map(|route| simulator.witness(listener, chain, host, route).request);
                        witnesses.extend(requests.map(|request| (*client, service.clone(), request)));
                    }
                }
            }
        }
        witnesses
    }
}

/// Requests at random, and some that are made for the routes.
pub(super) fn wanted(plan: &Plan, random: &mut Random) -> Vec<RequestCase> {
    let compiled = build(&plan.manifests(), &Options::default());
    let mut witnesses = Views::new(&compiled, &Options::default()).witnesses();
    // A value with a space can be matched and cannot be requested.
    witnesses.retain(|(_, _, request)| request.target.parse::<hyper::Uri>().is_ok());
    // A proxy carries no datagrams.
    let asked: Vec<Socket> = plan.sockets.iter().filter(|socket| socket.protocol != "UDP").cloned().collect();
    let make = |position| match witnesses.as_slice() {
        some @ [_, ..] if position % 2 == 0 => {
            let (client, service, witness) = random.pick(some);
            let case = request::of_witness(position, &witness, random);
            send(case, client, (&service.namespace, &service.name), random)
        }
        _ => {
            let socket = random.pick(&asked);
            let case = request::generate(position, std::slice::from_ref(&socket), random);
            send(case, random.pick(CLIENTS), FRONTENDS[socket.parent], random)
        }
    };
    (0..REQUESTS).map(make).collect()
}

/// Sends a request to a Service, by one of its names; what it asks for is another matter.
fn send(mut case: RequestCase, client: &str, (namespace, name): (&str, &str), random: &mut Random) -> RequestCase {
    let names = names_of_service((&namespace.into(), &name.into()), client, "cluster.local");
    let request = &mut case.request;
    if request.url.scheme == Scheme::Http && request.method != Method::CONNECT && !random.once_in(3) {
        request.host.get_or_insert_with(|| request.url.host.clone());
    }
    request.url.host = random.pick(&names);
    case.from = Some(client.to_owned());
    case
}

/// Decides and sends all requests.
pub(super) fn compare(envoy: &Path, plan: &Plan, requests: &[RequestCase]) -> Result<Round, String> {
    let yaml = plan.manifests();
    let topology = Topology::scan([yaml.as_str()], HOME);
    let asked = case_file(requests.to_vec());
    let options = offline_options(&topology, &asked, &Options::default());
    let compiled = build(&yaml, &options);
    // Views are judged with objects that the API server would refuse, which smaller plans may have.
    if compiled.admitted.is_some() {
        return Ok(Round { tally: Tally::default(), different: None });
    }
    let views = Views::new(&compiled, &options);
    let simulators = views.simulators();
    let answering = |case: &RequestCase| {
        let client = CLIENTS.iter().copied().find(|client| case.from.as_deref() == Some(client))?;
        let (namespace, name) = service_named(&case.request.url.host, client, "cluster.local")?;
        simulators.get(&(client, GatewayName { namespace: namespace.into(), name: name.into() }))
    };
    decide_and_send(envoy, &yaml, &topology, &asked, &answering)
}
