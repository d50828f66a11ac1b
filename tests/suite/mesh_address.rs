//! Addresses that stand for Services, in a real Envoy: what clients of `gwctl translate --mesh-capture address` get that
//! know nothing of a proxy.

#![cfg(unix)]

use std::fs;
use std::io::Read;
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use gwctl::proving::Envoy;

use libtest_mimic::Trial;

use crate::commands::Stage;
use crate::harness::Harness;
use crate::mesh_detection::greeter;
use crate::mesh_proxy::{ensure, exchange};
use crate::process::fail;
use crate::proxy::backend;
use crate::xds::free_ports;

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    vec![
        harness.trial("mesh::addresses_of_services_answer_by_the_routes", served),
        harness.trial("mesh::both_addresses_of_a_service_answer_by_the_routes", of_two_families),
    ]
}

/// A server that sends datagrams back.
fn datagrams() -> Result<SocketAddr, String> {
    let socket = UdpSocket::bind("127.0.0.1:0").map_err(fail)?;
    let address = socket.local_addr().map_err(fail)?;
    std::thread::spawn(move || {
        let mut buffer = [0; 64];
        while let Ok((count, from)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&buffer[..count], from);
        }
    });
    Ok(address)
}

fn manifests([http, raw, sql, dns]: [u16; 4]) -> String {
    format!(
        "apiVersion: v1
kind: Service
metadata: {{name: cart, namespace: web}}
spec: {{ports: [{{name: http, port: {http}}}, {{name: raw, port: {raw}}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: db, namespace: web}}
spec: {{ports: [{{name: sql, port: {sql}}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: names, namespace: web}}
spec: {{ports: [{{name: dns, port: {dns}, protocol: UDP}}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: cart, namespace: web}}
spec:
  parentRefs: [{{group: '', kind: Service, name: cart, port: {http}}}]
  rules: [{{matches: [{{path: {{value: /v2}}}}], backendRefs: [{{name: cart, port: {http}}}]}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {{name: db, namespace: web}}
spec:
  parentRefs: [{{group: '', kind: Service, name: db}}]
  rules: [{{backendRefs: [{{name: cart, port: {raw}}}]}}]
"
    )
}

fn served(harness: &Harness) -> Result<(), String> {
    let stage = Stage::new(harness, "mesh-address")?;
    let [http, raw, sql, dns, admin] = free_ports()?;
    let (web, heads) = backend(Duration::ZERO)?;
    let (greeter, echo) = (greeter()?, datagrams()?);
    stage.write("manifests.yaml", &manifests([http, raw, sql, dns]))?;
    let admin = SocketAddr::from(([127, 0, 0, 1], admin));
    let flags = [
        "--mesh-for=web".to_owned(),
        "--mesh-capture=address".to_owned(),
        format!("--admin-address={admin}"),
        format!("--resolve=web/cart:{http}={web}"),
        format!("--resolve=web/cart:{raw}={greeter}"),
        format!("--resolve=web/names:{dns}={echo}"),
    ];
    let translate = |more: &[&str]| {
        let flags = flags.iter().map(String::as_str);
        stage.run(
            &["translate", "manifests.yaml"].into_iter().chain(flags).chain(more.iter().copied()).collect::<Vec<_>>(),
        )
    };
    let hosts = translate(&["--section=hosts", "--no-comments"])?;
    let names = |address: &str, name: &str| {
        format!("{address} {name} {name}.web {name}.web.svc {name}.web.svc.cluster.local\n")
    };
    let expected = [names("127.1.0.1", "cart"), names("127.1.0.2", "db"), names("127.1.0.3", "names")].concat();
    ensure(hosts.stdout == expected, "the file of hosts", &hosts.stdout)?;
    let output = translate(&[])?;
    ensure(output.code == Some(0), "translate", &output.stderr)?;
    let config = harness.work_directory("mesh-address-envoy")?.join("envoy.yaml");
    fs::write(&config, &output.stdout).map_err(fail)?;
    let _envoy = Envoy::start(harness.envoy()?, &config, admin, &config.with_extension("log")).map_err(fail)?;
    let at = |last: u8, port: u16| SocketAddr::from(([127, 1, 0, last], port));
    let ask = |path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nhost: forged.test\r\nconnection: close\r\n\r\n");
        exchange(at(1, http), &request)
    };
    let answer = ask("/v2")?;
    ensure(answer.starts_with("HTTP/1.1 200"), "the address counts, and not the host", &answer)?;
    let head = heads.recv_timeout(Duration::from_secs(5)).map_err(fail)?;
    ensure(head.contains("host: forged.test"), "the request arrives as it was sent", &head)?;
    let answer = ask("/")?;
    ensure(answer.starts_with("HTTP/1.1 404"), "what no rule takes", &answer)?;
    for address in [at(1, raw), at(2, sql)] {
        let mut stream = TcpStream::connect(address).map_err(fail)?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).map_err(fail)?;
        let mut said = [0; 5];
        stream.read_exact(&mut said).map_err(fail)?;
        ensure(&said == b"hello", "a server that speaks first", &String::from_utf8_lossy(&said))?;
    }
    let socket = UdpSocket::bind("127.0.0.1:0").map_err(fail)?;
    socket.set_read_timeout(Some(Duration::from_secs(5))).map_err(fail)?;
    socket.send_to(b"ping", at(3, dns)).map_err(fail)?;
    let mut said = [0; 8];
    let (count, _) = socket.recv_from(&mut said).map_err(fail)?;
    ensure(&said[..count] == b"ping", "a datagram", &String::from_utf8_lossy(&said))
}

/// A Service with an address of each family, and one with datagrams.
fn of_both([http, dns]: [u16; 2]) -> String {
    format!(
        "apiVersion: v1
kind: Service
metadata: {{name: cart, namespace: web}}
spec:
  clusterIP: 127.64.200.1
  clusterIPs: [127.64.200.1, '::1']
  ports: [{{name: http, port: {http}}}, {{name: dns, port: {dns}, protocol: UDP}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: cart, namespace: web}}
spec:
  parentRefs: [{{group: '', kind: Service, name: cart, port: {http}}}]
  rules: [{{matches: [{{path: {{value: /v2}}}}], backendRefs: [{{name: cart, port: {http}}}]}}]
"
    )
}

fn of_two_families(harness: &Harness) -> Result<(), String> {
    let stage = Stage::new(harness, "mesh-two-families")?;
    let [http, dns, admin] = free_ports()?;
    let (web, _heads) = backend(Duration::ZERO)?;
    stage.write("manifests.yaml", &of_both([http, dns]))?;
    let admin = SocketAddr::from(([127, 0, 0, 1], admin));
    let flags = [
        "translate".to_owned(),
        "manifests.yaml".to_owned(),
        "--mesh-for=web".to_owned(),
        "--mesh-capture=address".to_owned(),
        format!("--admin-address={admin}"),
        format!("--resolve=web/cart:{http}={web}"),
        format!("--resolve=web/cart:{dns}={}", datagrams()?),
    ];
    let translate =
        |more: &[&str]| stage.run(&flags.iter().map(String::as_str).chain(more.iter().copied()).collect::<Vec<_>>());
    let hosts = translate(&["--section=hosts", "--no-comments"])?.stdout;
    let names = "cart cart.web cart.web.svc cart.web.svc.cluster.local";
    ensure(hosts == format!("127.64.200.1 {names}\n::1 {names}\n"), "the file of hosts", &hosts)?;
    let output = translate(&[])?;
    ensure(output.code == Some(0), "translate", &output.stderr)?;
    let config = harness.work_directory("mesh-two-families-envoy")?.join("envoy.yaml");
    fs::write(&config, &output.stdout).map_err(fail)?;
    let _envoy = Envoy::start(harness.envoy()?, &config, admin, &config.with_extension("log")).map_err(fail)?;
    for (ip, own) in [("127.64.200.1", "127.0.0.1:0"), ("::1", "[::1]:0")] {
        let ip: IpAddr = ip.parse().map_err(fail)?;
        for (path, status) in [("/v2", 200), ("/", 404)] {
            let request = format!("GET {path} HTTP/1.1\r\nhost: cart\r\nconnection: close\r\n\r\n");
            let answer = exchange(SocketAddr::new(ip, http), &request)?;
            ensure(answer.starts_with(&format!("HTTP/1.1 {status}")), &format!("{path} at {ip}"), &answer)?;
        }
        let socket = UdpSocket::bind(own).map_err(fail)?;
        socket.set_read_timeout(Some(Duration::from_secs(5))).map_err(fail)?;
        socket.send_to(b"ping", SocketAddr::new(ip, dns)).map_err(fail)?;
        let mut said = [0; 8];
        let (count, from) = socket.recv_from(&mut said).map_err(fail)?;
        ensure(&said[..count] == b"ping" && from.ip() == ip, &format!("a datagram at {ip}"), &from.to_string())?;
    }
    Ok(())
}
