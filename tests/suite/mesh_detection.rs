//! What may be spoken on the ports of Services: each kind of port with each kind of client, at an address and through a
//! tunnel of a forward proxy.

#![cfg(unix)]

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use gwctl::proving::Envoy;
use libtest_mimic::Trial;

use crate::commands::Stage;
use crate::harness::Harness;
use crate::mesh_proxy::ensure;
use crate::process::fail;
use crate::proxy::backend;
use crate::xds::free_ports;

/// What a client that does not speak HTTP sends.
const BYTES: &[u8] = b"\x01\x02\x03\x04\n\r\n\r\n";
/// How a client of TLS begins.
const HELLO: &[u8] = b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03";
/// How long a server that speaks first is waited for.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long one is listened to that is not expected to say anything.
const SILENCE: Duration = Duration::from_millis(1500);

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    vec![harness.trial("mesh::each_kind_of_port_takes_what_it_may_carry", told_apart)]
}

/// A server that speaks first.
pub(crate) fn greeter() -> Result<SocketAddr, String> {
    serve(|mut stream| {
        let _ = stream.write_all(b"hello");
        // Whoever is greeted hangs up.
        let _ = stream.read(&mut [0]);
    })
}

/// A server that sends back what it gets.
fn echo() -> Result<SocketAddr, String> {
    serve(|mut stream| {
        let mut buffer = [0; 256];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            let _ = stream.write_all(&buffer[..count]);
        }
    })
}

fn serve(answer: fn(TcpStream)) -> Result<SocketAddr, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(fail)?;
    let address = listener.local_addr().map_err(fail)?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    Ok(address)
}

/// Services behind which a server speaks first, sends back, and answers HTTP. The ports of each are declared for HTTP,
/// for something else, and for nothing; the last Service has no route.
fn manifests([http, tcp, any]: [u16; 3]) -> String {
    let service = |name: &str| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: web}}\nspec:\n  ports:\n  \
             - {{name: http, port: {http}}}\n  - {{name: tcp, port: {tcp}}}\n  - {{name: any, port: {any}}}\n"
        )
    };
    let route = |name: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {name}, namespace: web}}\n\
             spec:\n  parentRefs: [{{group: '', kind: Service, name: {name}}}]\n  rules:\n  \
             - matches: [{{path: {{value: /routed}}}}]\n    backendRefs: [{{name: {name}, port: {any}}}]\n"
        )
    };
    let routed = ["greeter", "echo", "web"];
    let services = routed.iter().chain(&["plain"]).map(|name| service(name));
    services.chain(routed.iter().map(|name| route(name))).collect()
}

/// A way to the ports of Services.
enum Way {
    /// Addresses of this machine, by the order of the Services' names.
    Addresses,
    /// A forward proxy.
    Proxy(SocketAddr),
}

impl Way {
    fn connect(&self, service: &str, port: u16) -> Result<TcpStream, String> {
        let mut stream = match self {
            Self::Addresses => {
                let place = ["echo", "greeter", "plain", "web"].iter().position(|name| *name == service);
                let last = u8::try_from(place.ok_or("no such Service")? + 1).map_err(fail)?;
                TcpStream::connect((std::net::Ipv4Addr::new(127, 46, 0, last), port)).map_err(fail)?
            }
            Self::Proxy(address) => TcpStream::connect(address).map_err(fail)?,
        };
        stream.set_read_timeout(Some(PATIENCE)).map_err(fail)?;
        if let Self::Proxy(_) = self {
            let host = format!("{service}.web:{port}");
            write!(stream, "CONNECT {host} HTTP/1.1\r\nhost: {host}\r\n\r\n").map_err(fail)?;
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).map_err(fail)?;
                head.extend(byte);
            }
            ensure(head.starts_with(b"HTTP/1.1 200"), &host, &String::from_utf8_lossy(&head))?;
        }
        Ok(stream)
    }

    /// What comes back for some bytes, up to as many as are wanted or until the end.
    fn ask(&self, (service, port): (&str, u16), bytes: &[u8], wanted: usize) -> Result<Vec<u8>, String> {
        let mut stream = self.connect(service, port)?;
        stream.write_all(bytes).map_err(fail)?;
        let mut said = Vec::new();
        let limit = u64::try_from(wanted).map_err(fail)?;
        stream.take(limit).read_to_end(&mut said).map_err(fail)?;
        Ok(said)
    }
}

fn told_apart(harness: &Harness) -> Result<(), String> {
    let stage = Stage::new(harness, "mesh-detection")?;
    let [http, tcp, any, admin, proxy] = free_ports()?;
    stage.write("manifests.yaml", &manifests([http, tcp, any]))?;
    let (web, _heads) = backend(Duration::ZERO)?;
    let servers = [("greeter", greeter()?), ("echo", echo()?), ("web", web), ("plain", greeter()?)];
    let proxy = SocketAddr::from(([127, 0, 0, 1], proxy));
    let admin = SocketAddr::from(([127, 0, 0, 1], admin));
    for (way, flags) in [
        (
            Way::Addresses,
            vec!["--mesh-capture=address".to_owned(), "--mesh-addresses=loopback=127.46.0.0/16".to_owned()],
        ),
        (Way::Proxy(proxy), vec![format!("--mesh-capture=proxy={proxy}")]),
    ] {
        let resolved = servers
            .iter()
            .flat_map(|(name, server)| [http, tcp, any].map(|port| format!("--resolve=web/{name}:{port}={server}")));
        let own = ["translate".to_owned(), "manifests.yaml".to_owned(), "--mesh-for=other".to_owned()];
        let line: Vec<String> =
            own.into_iter().chain(flags).chain(resolved).chain([format!("--admin-address={admin}")]).collect();
        let output = stage.run(&line.iter().map(String::as_str).collect::<Vec<_>>())?;
        ensure(output.code == Some(0), "translate", &output.stderr)?;
        // Its warning names the port that is declared for something else, and no other.
        let warned = output.stderr.lines().any(|line| line.contains("GW3046") && line.contains(&format!("port {tcp}")));
        ensure(warned, "a warning", &output.stderr)?;
        let config = harness.work_directory("mesh-detection-envoy")?.join("envoy.yaml");
        fs::write(&config, &output.stdout).map_err(fail)?;
        let _envoy = Envoy::start(harness.envoy()?, &config, admin, &config.with_extension("log")).map_err(fail)?;
        for port in [http, tcp, any] {
            asked_by_routes(&way, port)?;
        }
        only_http(&way, http)?;
        for port in [tcp, any] {
            detected(&way, port)?;
        }
        for port in [http, tcp, any] {
            let started = Instant::now();
            let said = way.ask(("plain", port), b"", 5)?;
            ensure(said == b"hello", "a port without routes", &format!("{said:?} after {:?}", started.elapsed()))?;
        }
    }
    Ok(())
}

/// HTTP goes by the routes on each port.
fn asked_by_routes(way: &Way, port: u16) -> Result<(), String> {
    for (path, status) in [("/routed", "200"), ("/", "404")] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: forged.test\r\nconnection: close\r\n\r\n");
        let said = way.ask(("web", port), request.as_bytes(), 4096)?;
        let said = String::from_utf8_lossy(&said);
        ensure(said.starts_with(&format!("HTTP/1.1 {status} ")), &format!("{path} on {port}"), &said)?;
    }
    // The preface of HTTP/2 is answered with the proxy's own settings, which a server of HTTP/1.1 has not.
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
    let said = way.ask(("web", port), preface, 9)?;
    ensure(said.get(3) == Some(&4), &format!("HTTP/2 on {port}"), &format!("{said:?}"))
}

/// A port for HTTP alone: whatever else is refused, and nobody hears a server that speaks first.
fn only_http(way: &Way, port: u16) -> Result<(), String> {
    for bytes in [BYTES, HELLO] {
        let said = way.ask(("echo", port), bytes, 12)?;
        ensure(said == b"HTTP/1.1 400", "bytes on a port for HTTP", &String::from_utf8_lossy(&said))?;
    }
    let mut stream = way.connect("greeter", port)?;
    stream.set_read_timeout(Some(SILENCE)).map_err(fail)?;
    let heard = stream.read(&mut [0; 5]);
    ensure(heard.is_err(), "a server that speaks first on a port for HTTP", &format!("{heard:?}"))
}

/// A port on which both may be: what is no HTTP goes to the Service at once, and silence after a fifth of a second.
fn detected(way: &Way, port: u16) -> Result<(), String> {
    for bytes in [BYTES, HELLO] {
        let said = way.ask(("echo", port), bytes, bytes.len())?;
        ensure(said == bytes, "bytes on a port for anything", &format!("{said:?}"))?;
    }
    let started = Instant::now();
    let said = way.ask(("greeter", port), b"", 5)?;
    let waited = started.elapsed();
    // Envoy's own limit is 15 s.
    let in_time = Duration::from_millis(150)..PATIENCE;
    ensure(said == b"hello" && in_time.contains(&waited), "a server that speaks first", &format!("{said:?} {waited:?}"))
}
