//! `gwctl test --envoy` talks to its own echo backends and to nobody else.

use std::fs;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use libtest_mimic::{Failed, Trial};

use crate::harness::Harness;
use crate::process::{self, Output};

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, run: fn(&Stage) -> Result<(), Failed>| {
        let (harness, folder) = (harness.clone(), name.to_owned());
        Trial::test(format!("confined::{name}"), move || run(&Stage::new(&harness, &folder)?))
    };
    vec![
        test("nothing_but_echo_backends_is_called", nothing_else_is_called),
        test("no_file_of_the_user_is_written", no_file_is_written),
        test("what_keeps_addresses_is_refused", kept_addresses_are_refused),
        test("gateways_that_share_a_port_are_run_one_after_the_other", shared_ports),
        test("what_does_not_compile_is_told", broken_manifests_are_told),
    ]
}

struct Stage {
    folder: PathBuf,
    binary: PathBuf,
    envoy: PathBuf,
}

impl Stage {
    fn new(harness: &Harness, name: &str) -> Result<Self, String> {
        let folder = harness.work_directory(&format!("confined/{name}"))?;
        Ok(Self { folder, binary: harness.binary().to_owned(), envoy: harness.envoy()?.to_owned() })
    }

    fn write(&self, name: &str, text: &str) -> Result<(), String> {
        fs::write(self.folder.join(name), text).map_err(|error| error.to_string())
    }

    /// Runs the cases with a real Envoy.
    fn test(&self, args: &[&str]) -> Result<Output, String> {
        let envoy = format!("--envoy={}", self.envoy.display());
        let args = ["test", "cases.yaml", "-f", "m.yaml", &envoy].into_iter().chain(args.iter().copied());
        let args: Vec<String> = args.map(str::to_owned).collect();
        process::run(&self.binary, &self.folder, &args, None)
    }
}

fn ensure(holds: bool, output: &Output) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(Failed::from(format!("{output:#?}"))) }
}

/// A server that must not be called: it counts who connects, and what datagrams come.
struct Forbidden {
    address: SocketAddr,
    calls: Arc<AtomicUsize>,
}

impl Forbidden {
    /// On another address of loopback than the one of the echo backends; datagrams on the same port.
    fn new() -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.77:0").map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let socket = UdpSocket::bind(address).map_err(|error| error.to_string())?;
        let calls = Arc::new(AtomicUsize::new(0));
        let (streams, datagrams) = (Arc::clone(&calls), Arc::clone(&calls));
        std::thread::spawn(move || {
            for _ in listener.incoming() {
                streams.fetch_add(1, Ordering::SeqCst);
            }
        });
        std::thread::spawn(move || {
            let mut buffer = [0; 64];
            while socket.recv(&mut buffer).is_ok() {
                datagrams.fetch_add(1, Ordering::SeqCst);
            }
        });
        Ok(Self { address, calls })
    }

    fn port(&self) -> u16 {
        self.address.port()
    }
}

/// Everything that gives a backend an address: a slice, `--resolve`, ExternalName, XBackend and Upstream as an address
/// and as a name, assumed Services; used by routes of all kinds, mirrors, authorization services and sessions.
fn manifests(port: u16) -> String {
    let service = |name: &str| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{ports: [{{port: 80}}]}}\n"
        )
    };
    let slice = |name: &str| {
        format!(
            "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n\
             metadata: {{name: {name}-1, namespace: shop, labels: {{kubernetes.io/service-name: {name}}}}}\n\
             addressType: IPv4\nports: [{{port: {port}}}]\nendpoints: [{{addresses: [127.0.0.77]}}]\n"
        )
    };
    let upstream = |(name, host): (&str, &str)| {
        format!(
            "---\napiVersion: gloo.solo.io/v1\nkind: Upstream\nmetadata: {{name: {name}, namespace: shop}}\n\
             spec: {{static: {{hosts: [{{addr: {host}, port: {port}}}]}}}}\n"
        )
    };
    let upstreams: String =
        [("hosts", "127.0.0.77"), ("copies", "localhost"), ("guard", "127.0.0.77")].into_iter().map(upstream).collect();
    let plain: String = ["sliced", "given", "audit", "auth", "cart"].into_iter().map(service).collect();
    let sliced: String = ["sliced", "audit", "auth", "cart"].into_iter().map(slice).collect();
    format!(
        "apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: edge, namespace: shop}}
spec:
  gatewayClassName: any
  listeners:
  - {{name: http, protocol: HTTP, port: 80}}
  - {{name: tcp, protocol: TCP, port: 81}}
  - {{name: udp, protocol: UDP, port: 82}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: web, namespace: shop}}
spec:
  parentRefs: [{{name: edge, sectionName: http}}]
  rules:
  - matches: [{{path: {{value: /sliced}}}}]
    filters: [{{type: RequestMirror, requestMirror: {{backendRef: {{name: audit, port: 80}}}}}}]
    backendRefs: [{{name: sliced, port: 80}}]
  - matches: [{{path: {{value: /given}}}}]
    backendRefs: [{{name: given, port: 80}}]
  - matches: [{{path: {{value: /assumed}}}}]
    backendRefs: [{{name: assumed, port: 80}}]
  - matches: [{{path: {{value: /alias}}}}]
    backendRefs: [{{name: alias, port: {port}}}]
  - matches: [{{path: {{value: /address}}}}]
    backendRefs: [{{group: gateway.networking.x-k8s.io, kind: XBackend, name: address, port: {port}}}]
  - matches: [{{path: {{value: /name}}}}]
    backendRefs: [{{group: gateway.networking.x-k8s.io, kind: XBackend, name: named, port: {port}}}]
  - matches: [{{path: {{value: /asked}}}}]
    filters: [{{type: ExternalAuth, externalAuth: {{protocol: HTTP, backendRef: {{name: auth, port: 80}}, http: {{allowedHeaders: [x-gwctl-request]}}}}}}]
    backendRefs: [{{name: sliced, port: 80}}]
  - matches: [{{path: {{value: /hosts}}}}]
    filters: [{{type: RequestMirror, requestMirror: {{backendRef: {{group: gloo.solo.io, kind: Upstream, name: copies}}}}}}]
    backendRefs: [{{group: gloo.solo.io, kind: Upstream, name: hosts}}]
  - matches: [{{path: {{value: /guarded}}}}]
    filters: [{{type: ExternalAuth, externalAuth: {{protocol: HTTP, backendRef: {{group: gloo.solo.io, kind: Upstream, name: guard}}, http: {{allowedHeaders: [x-gwctl-request]}}}}}}]
    backendRefs: [{{name: sliced, port: 80}}]
  - matches: [{{path: {{value: /session}}}}]
    sessionPersistence: {{sessionName: cart}}
    backendRefs: [{{name: cart, port: 80}}, {{name: sliced, port: 80}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {{name: bytes, namespace: shop}}
spec:
  parentRefs: [{{name: edge, sectionName: tcp}}]
  rules: [{{backendRefs: [{{name: sliced, port: 80}}]}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: UDPRoute
metadata: {{name: datagrams, namespace: shop}}
spec:
  parentRefs: [{{name: edge, sectionName: udp}}]
  rules: [{{backendRefs: [{{name: dns, port: 53}}]}}]
---
apiVersion: v1
kind: Service
metadata: {{name: dns, namespace: shop}}
spec: {{ports: [{{port: 53, protocol: UDP}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: dns-1, namespace: shop, labels: {{kubernetes.io/service-name: dns}}}}
addressType: IPv4
ports: [{{port: {port}, protocol: UDP}}]
endpoints: [{{addresses: [127.0.0.77]}}]
---
apiVersion: v1
kind: Service
metadata: {{name: alias, namespace: shop}}
spec: {{type: ExternalName, externalName: localhost, ports: [{{port: {port}}}]}}
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: {{name: address, namespace: shop}}
spec: {{type: ExternalHostname, externalHostname: {{hostname: 127.0.0.77}}, port: {{port: {port}}}}}
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: {{name: named, namespace: shop}}
spec: {{type: ExternalHostname, externalHostname: {{hostname: localhost}}, port: {{port: {port}}}}}
{plain}{sliced}{upstreams}"
    )
}

fn nothing_else_is_called(stage: &Stage) -> Result<(), Failed> {
    let forbidden = Forbidden::new()?;
    let port = forbidden.port();
    stage.write("m.yaml", &manifests(port))?;
    let mut cases = "requests:\n".to_owned();
    for (path, backend) in [
        ("sliced", "sliced:80".to_owned()),
        ("given", "given:80".to_owned()),
        ("assumed", "assumed:80".to_owned()),
        ("alias", format!("alias:{port}")),
        ("address", format!("address:{port}")),
        ("name", format!("named:{port}")),
        ("asked", "sliced:80".to_owned()),
        ("hosts", format!("hosts:{port}")),
        ("guarded", "sliced:80".to_owned()),
    ] {
        let mirrors = match path {
            "sliced" => ", mirrors: [\"shop/audit:80\"]".to_owned(),
            "hosts" => format!(", mirrors: [\"shop/copies:{port}\"]"),
            _ => String::new(),
        };
        cases.push_str(&format!(
            "- name: {path}\n  request: {{url: \"http://a.test/{path}\"}}\n  expect: {{status: 200, backend: \"shop/{backend}\"{mirrors}}}\n"
        ));
    }
    cases.push_str("- name: session\n  session: {followUps: 5}\n  request: {url: \"http://a.test/session\"}\n  expect: {status: 200}\n");
    cases.push_str(
        "- name: tcp\n  request: {url: \"tcp://a.test:81/\"}\n  expect: {status: 200, backend: \"shop/sliced:80\"}\n",
    );
    cases.push_str(
        "- name: udp\n  request: {url: \"udp://a.test:82\", body: ping}\n  expect: {backend: \"shop/dns:53\"}\n",
    );
    stage.write("cases.yaml", &cases)?;
    let given = format!("shop/given:80=127.0.0.77:{port}");
    let output = stage.test(&["--resolve", &given, "--allow-external-name", "--assume", "services"])?;
    ensure(output.code == Some(0) && output.stdout.contains("12 passed, 0 failed"), &output)?;
    let down = format!("down: [\"shop/sliced:80\", \"shop/dns:53\", \"shop/named:{port}\"]\n");
    let silent = "requests:
- name: a backend that is down
  request: {url: \"http://a.test/sliced\"}
  expect: {status: 503}
- name: a host outside that is down
  request: {url: \"http://a.test/name\"}
  expect: {status: 503}
- name: datagrams to nobody
  request: {url: \"udp://a.test:82\", body: ping}
  expect: {closed: true}
";
    stage.write("cases.yaml", &(down + silent))?;
    let output = stage.test(&["--resolve", &given, "--allow-external-name", "--assume", "services"])?;
    ensure(output.code == Some(0) && output.stdout.contains("3 passed, 0 failed"), &output)?;
    let calls = forbidden.calls.load(Ordering::SeqCst);
    // The server would have noticed.
    std::net::TcpStream::connect(forbidden.address).map_err(|error| error.to_string())?;
    while forbidden.calls.load(Ordering::SeqCst) == calls {
        std::thread::yield_now();
    }
    if calls == 0 { Ok(()) } else { Err(Failed::from(format!("{calls} calls of a server that is none of ours"))) }
}

fn no_file_is_written(stage: &Stage) -> Result<(), Failed> {
    stage.write("m.yaml", &manifests(1))?;
    stage.write(
        "cases.yaml",
        "requests:\n- {name: one, request: {url: \"http://a.test/given\"}, expect: {status: 200}}\n",
    )?;
    let names = || -> Result<Vec<String>, String> {
        let entries = fs::read_dir(&stage.folder).map_err(|error| error.to_string())?;
        let mut names: Vec<_> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        Ok(names)
    };
    // What comes with the input is confined too: it names files, and wants a header that no case sends.
    let logs = "{accessLog: [{fileSink: {path: declared.log}}]}";
    let options = format!(
        "---\napiVersion: gateway.solo.io/v1\nkind: ListenerOption\nmetadata: {{name: logs, namespace: shop}}\nspec:\n  \
         targetRefs: [{{group: gateway.networking.k8s.io, kind: Gateway, name: edge}}]\n  options: \
         {{accessLoggingService: {logs}, listenerAccessLoggingService: {logs}, proxyProtocol: {{}}}}\n"
    );
    stage.write("m.yaml", &(manifests(1) + &options))?;
    let before = names()?;
    let args = ["--access-log=access.log", "--secrets-dir=secrets", "--admin-address=127.0.0.1:19999"];
    let output = stage.test(&[&args[..], &["--assume=services", "--allow-external-name"]].concat())?;
    ensure(output.code == Some(0) && names()? == before, &output)?;
    let envoy = format!("--envoy={}", stage.envoy.display());
    let args = ["validate", "m.yaml", &envoy, "--assume=services", "--allow-external-name"].map(str::to_owned);
    let output = process::run(&stage.binary, &stage.folder, &args, None)?;
    ensure(output.code == Some(0) && names()? == before, &output)
}

fn kept_addresses_are_refused(stage: &Stage) -> Result<(), Failed> {
    stage.write("m.yaml", &manifests(1))?;
    for field in ["keepEndpoints: true", "unresolved: [\"shop/given:80\"]"] {
        stage.write(
            "cases.yaml",
            &format!(
                "{field}\nrequests:\n- {{name: one, request: {{url: \"http://a.test/\"}}, expect: {{status: 404}}}}\n"
            ),
        )?;
        let output = stage.test(&[])?;
        let name = field.split(':').next().unwrap_or_default();
        ensure(output.code == Some(2) && output.stderr.contains(name), &output)?;
    }
    Ok(())
}

const TWO: &str = "apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: inside, namespace: shop}
spec: {gatewayClassName: any, listeners: [{name: http, protocol: HTTP, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: outside, namespace: shop}
spec: {gatewayClassName: any, listeners: [{name: http, protocol: HTTP, port: 80}, {name: more, protocol: HTTP, port: 81}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: inside, namespace: shop}
spec: {parentRefs: [{name: inside}], rules: [{backendRefs: [{name: a, port: 80}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: outside, namespace: shop}
spec: {parentRefs: [{name: outside}], rules: [{backendRefs: [{name: b, port: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: a, namespace: shop}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: b, namespace: shop}
spec: {ports: [{port: 80}]}
";

fn shared_ports(stage: &Stage) -> Result<(), Failed> {
    stage.write("m.yaml", TWO)?;
    let case = |name: &str, gateway: &str, port: u16, backend: &str| {
        format!(
            "- name: {name}\n{gateway}  request: {{url: \"http://a.test:{port}/\"}}\n  expect: {{status: 200, backend: \"shop/{backend}:80\"}}\n"
        )
    };
    let cases = [
        case("out", "  gateway: shop/outside\n", 80, "b"),
        case("in", "  gateway: shop/inside\n", 80, "a"),
        case("out again", "  gateway: shop/outside\n", 80, "b"),
        case("only one listens there", "", 81, "b"),
    ];
    let stats = "stats: {cluster.shop/a/80.upstream_rq_2xx: 1, cluster.shop/b/80.upstream_rq_2xx: 3}\n";
    stage.write("cases.yaml", &format!("{stats}requests:\n{}", cases.concat()))?;
    let output = stage.test(&[])?;
    ensure(output.code == Some(0) && output.stdout.contains("5 passed, 0 failed"), &output)?;
    stage.write("cases.yaml", &format!("requests:\n{}", case("which", "", 80, "a")))?;
    let output = stage.test(&[])?;
    let is_told = ["which", "shop/inside", "shop/outside", "gateway:"].iter().all(|word| output.stderr.contains(word));
    ensure(output.code == Some(2) && is_told, &output)?;
    let output = stage.test(&["--gateway", "shop/inside"])?;
    ensure(output.code == Some(0) && output.stdout.contains("1 passed"), &output)
}

fn broken_manifests_are_told(stage: &Stage) -> Result<(), Failed> {
    stage.write("m.yaml", &TWO.replace("name: b, port: 80", "name: gone, port: 80"))?;
    stage.write(
        "cases.yaml",
        "requests:\n- {name: one, gateway: shop/outside, request: {url: \"http://a.test/\"}, expect: {status: 500}}\n",
    )?;
    let output = stage.test(&[])?;
    ensure(output.code == Some(2) && output.stderr.contains("GW2001") && output.stderr.contains("shop/gone"), &output)
}
