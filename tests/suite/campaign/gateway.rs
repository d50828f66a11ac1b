//! Generated Gateways and ListenerSets, and what stands around them: Services,
//! certificates and grants.

use serde_json::{Value, json};

use super::plan::{ABROAD, HOME, HOSTS, object};
use super::random::Random;

/// Services for HTTP and for streams of bytes that end at the proxy.
pub(crate) const SERVICES: &[&str] = &["s1", "s2", "s3"];
/// Services whose backends speak TLS, for connections that are passed through.
pub(crate) const TLS_SERVICES: &[&str] = &["t1", "t2"];
/// Services for datagrams.
pub(crate) const DATAGRAM_SERVICES: &[&str] = &["u1", "u2"];
/// Services that only copies go to.
pub(crate) const MIRRORS: &[&str] = &["m1", "m2"];

/// The ports that listeners have.
pub(crate) const PORTS: &[u16] = &[80, 443, 5353, 5432, 5433, 8080, 8081, 8082, 8443, 9443];

/// The certificates of `tests/pki` that listeners serve; a Secret each, of the same name.
const CERTIFICATES: &[&str] = &["web", "web-rsa"];

/// What a listener declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Socket {
    pub(crate) protocol: &'static str,
    pub(crate) port: u16,
    pub(crate) hostname: &'static str,
    /// Whether TLS ends at the proxy.
    pub(crate) terminates: bool,
    /// Which of the objects that routes attach to has the listener.
    pub(crate) parent: usize,
}

/// Namespaces, Services, Secrets and grants.
pub(crate) fn surroundings() -> Vec<Value> {
    let mut documents = vec![namespace(HOME), namespace(ABROAD)];
    documents.extend(SERVICES.iter().chain(MIRRORS).map(|name| service(HOME, name, &json!({"port": 80}))));
    documents.extend(TLS_SERVICES.iter().map(|name| service(HOME, name, &json!({"port": 443}))));
    let datagrams = json!({"port": 53, "protocol": "UDP"});
    documents.extend(DATAGRAM_SERVICES.iter().map(|name| service(HOME, name, &datagrams)));
    documents.push(service(HOME, "h2c", &json!({"port": 80, "appProtocol": "kubernetes.io/h2c"})));
    documents.push(service(ABROAD, "granted", &json!({"port": 80})));
    documents.push(service(ABROAD, "kept", &json!({"port": 80})));
    documents.extend(CERTIFICATES.iter().map(|name| secret(name)));
    let from = ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"]
        .map(|kind| json!({"group": "gateway.networking.k8s.io", "kind": kind, "namespace": HOME}));
    let to = json!([{"group": "", "kind": "Service", "name": "granted"}]);
    documents.push(object("ReferenceGrant", ABROAD, "some", json!({"from": from, "to": to})));
    documents
}

fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

fn service(namespace: &str, name: &str, port: &Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"ports": [port]},
    })
}

fn secret(name: &str) -> Value {
    let read = |extension: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pki");
        std::fs::read_to_string(format!("{folder}/{name}.{extension}")).unwrap_or_default()
    };
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": HOME},
        "type": "kubernetes.io/tls",
        "stringData": {"tls.crt": read("crt"), "tls.key": read("key")},
    })
}

/// One or two Gateways and maybe a ListenerSet, and what their listeners declare.
pub(crate) fn generate(random: &mut Random) -> (Vec<Value>, Vec<Socket>) {
    let (mut documents, mut sockets) = (Vec::new(), Vec::new());
    let count = if random.once_in(3) { 2 } else { 1 };
    for (parent, name) in ["edge", "second"].into_iter().take(count).enumerate() {
        let listeners = listeners(parent, random, &mut sockets);
        let spec = json!({
            "gatewayClassName": "any",
            "allowedListeners": {"namespaces": {"from": "All"}},
            "listeners": listeners,
        });
        documents.push(object("Gateway", HOME, name, spec));
    }
    if random.once_in(3) {
        let parent = json!({"name": "edge", "namespace": HOME});
        let spec = json!({"parentRef": parent, "listeners": listeners(count, random, &mut sockets)});
        // In the namespace of the certificates, which a set from elsewhere would need a grant for.
        documents.push(object("ListenerSet", HOME, "set", spec));
    }
    (documents, sockets)
}

fn listeners(parent: usize, random: &mut Random, sockets: &mut Vec<Socket>) -> Vec<Value> {
    let mut listeners = Vec::new();
    for number in 0..2 + random.below(5) {
        // Most of the semantics are those of HTTP.
        let kind = if number == 0 { 0 } else { random.below(12) };
        let socket = match kind {
            0..=4 => Socket { protocol: "HTTP", port: random.pick(&[8080, 8081, 80]), ..any_host(random) },
            5..=8 => {
                Socket { protocol: "HTTPS", port: random.pick(&[8443, 443]), terminates: true, ..any_host(random) }
            }
            9 => Socket { protocol: "TLS", port: random.pick(&[8443, 9443]), ..any_host(random) },
            10 => Socket { protocol: "TLS", port: random.pick(&[443, 9443]), terminates: true, ..any_host(random) },
            _ if random.once_in(2) => Socket { protocol: "UDP", port: 5353, hostname: "", ..any_host(random) },
            _ => Socket { protocol: "TCP", port: random.pick(&[5432, 5433]), hostname: "", ..any_host(random) },
        };
        let socket = Socket { parent, ..socket };
        let is_same = |other: &Socket| (other.port, other.hostname) == (socket.port, socket.hostname);
        // The schema refuses them in one object; in two they conflict, and one serves nobody.
        let is_refused = sockets.iter().any(|other| is_same(other) && other.parent == parent);
        if is_refused || (sockets.iter().any(is_same) && !random.once_in(8)) {
            continue;
        }
        listeners.push(listener(&format!("l{number}"), &socket, random));
        sockets.push(socket);
    }
    if listeners.is_empty() {
        let socket = Socket { protocol: "HTTP", port: 8082, parent, ..any_host(random) };
        listeners.push(listener("l", &socket, random));
        sockets.push(socket);
    }
    listeners
}

fn any_host(random: &mut Random) -> Socket {
    Socket { protocol: "", port: 0, hostname: random.pick(HOSTS), terminates: false, parent: 0 }
}

fn listener(name: &str, socket: &Socket, random: &mut Random) -> Value {
    let Socket { protocol, port, hostname, terminates, parent: _ } = socket;
    let mut listener = json!({
        "name": name,
        "protocol": protocol,
        "port": port,
        "allowedRoutes": {"namespaces": {"from": "All"}},
    });
    if !hostname.is_empty() {
        listener["hostname"] = json!(hostname);
    }
    if *terminates {
        listener["tls"] = json!({"mode": "Terminate", "certificateRefs": [{"name": random.pick(CERTIFICATES)}]});
    } else if *protocol == "TLS" {
        listener["tls"] = json!({"mode": "Passthrough"});
    }
    listener
}
