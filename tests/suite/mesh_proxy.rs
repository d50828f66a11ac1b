//! A forward proxy for clients of Services, asked as clients ask proxies: `gwctl run --mesh-for`, and what
//! `gwctl translate --mesh-for` writes, in a real Envoy.

#![cfg(unix)]

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use gwctl::proving::Envoy;

use libtest_mimic::Trial;

use crate::case::Case;
use crate::commands::Stage;
use crate::harness::Harness;
use crate::process::fail;
use crate::proxy::{backend, find};
use crate::watch::Running;
use crate::xds::free_ports;

/// Services with a route beside them.
const CASE: &str = "mesh/producer";

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    vec![
        harness.trial("mesh::a_proxy_on_this_machine_answers_by_the_routes", served),
        harness.trial("mesh::other_hosts_are_passed_on_and_nothing_comes_back_for_ever", passed),
        harness.trial("mesh::routes_of_datagrams_keep_no_other_case_from_a_proxy", tried),
        harness.trial("mesh::wrong_flags_for_clients_of_services_are_refused", refused),
    ]
}

/// What comes back for some bytes.
pub(crate) fn exchange(address: SocketAddr, bytes: &str) -> Result<String, String> {
    let mut stream = TcpStream::connect(address).map_err(fail)?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).map_err(fail)?;
    stream.write_all(bytes.as_bytes()).map_err(fail)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(fail)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

pub(crate) fn ensure(holds: bool, what: &str, told: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{what}:\n{told}")) }
}

/// A proxy carries no datagrams: who sends some is refused, and whoever has routes of them is not.
fn tried(harness: &Harness) -> Result<(), String> {
    let stage = Stage::new(harness, "mesh-tried")?;
    let case = find(harness, "mesh/datagrams")?;
    stage.write("m.yaml", &fs::read_to_string(case.folder.join("manifests.yaml")).map_err(fail)?)?;
    let connection = "requests:\n- {name: a connection, from: team, request: {url: 'tcp://names.web:53'}, \
                      expect: {backend: 'web/names:53'}}\n";
    let datagram = "- {name: a datagram, from: team, request: {url: 'udp://names.web:53', body: x}, \
                    expect: {backend: 'web/names-v2:53'}}\n";
    let envoy = format!("--envoy={}", harness.envoy()?.display());
    stage.write("cases.yaml", connection)?;
    let output = stage.run(&["test", "cases.yaml", "-f", "m.yaml", "--no-settings", &envoy])?;
    let told = format!("{}{}", output.stdout, output.stderr);
    ensure(output.code == Some(0) && told.contains("1 passed"), "a case of a connection passes", &told)?;
    stage.write("cases.yaml", &format!("{connection}{datagram}"))?;
    let output = stage.run(&["test", "cases.yaml", "-f", "m.yaml", "--no-settings", &envoy])?;
    let told = format!("{}{}", output.stdout, output.stderr);
    ensure(
        output.code == Some(2) && told.contains("a proxy carries no datagrams"),
        "one of a datagram is refused",
        &told,
    )
}

fn served(harness: &Harness) -> Result<(), String> {
    let case = find(harness, CASE)?;
    let work = harness.work_directory("mesh-run")?;
    fs::create_dir_all(work.join("tmp")).map_err(fail)?;
    let [port] = free_ports()?;
    let proxy = SocketAddr::from(([127, 0, 0, 1], port));
    let (envoy, temporary) = (harness.envoy()?.display().to_string(), work.join("tmp").display().to_string());
    let capture = format!("--mesh-capture=proxy={proxy}");
    // A proxy is what serves clients where nothing else is said.
    let usual = gwctl(harness, &case, &["--mesh-for=other", "--no-comments"], &work)?;
    let said = ["--mesh-for=other", "--no-comments", "--mesh-capture=proxy=127.0.0.1:15080"];
    let said = gwctl(harness, &case, &said, &work)?;
    ensure(usual.code == Some(0) && usual.stdout == said.stdout, "a proxy is the usual form", &usual.stderr)?;
    let manifests = case.folder.join("manifests.yaml").display().to_string();
    let words = ["run", "--echo", "--mesh-for=other", &capture, &manifests];
    let path = std::env::var("PATH").unwrap_or_default();
    let environment = [("GWCTL_ENVOY", envoy.as_str()), ("TMPDIR", &temporary), ("PATH", &path)];
    let mut run = Running::start_with(harness, &work, &words, &environment)?;
    run.await_words("Ctrl-C ends it")?;
    let ask = |target: &str, host: &str| {
        exchange(proxy, &format!("GET {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"))
    };
    for (target, host, status, backend) in [
        ("http://cart.web/v2", "cart.web", "200", "web/cart-v2:80"),
        // The host of the URL counts, whatever else is said.
        ("http://cart.web/v2", "cart-v2.web", "200", "web/cart-v2:80"),
        ("http://cart.web:80/v2", "cart.web", "200", "web/cart-v2:80"),
        ("http://CART.Web/v2", "CART.Web", "200", "web/cart-v2:80"),
        ("http://cart.web/", "cart.web", "404", ""),
        ("http://10.96.0.10/v2", "10.96.0.10", "200", "web/cart-v2:80"),
        ("http://cart.web:8080/v2", "cart.web", "200", "web/cart:8080"),
        ("/v2", "cart.web.svc.cluster.local", "200", "web/cart-v2:80"),
        // A short name is one of the client's own namespace.
        ("http://cart/v2", "cart", "404", ""),
        ("http://www.example.com/", "www.example.com", "404", ""),
        ("https://cart.web/v2", "cart.web", "403", ""),
    ] {
        let answer = ask(target, host)?;
        let is_so = answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(backend);
        ensure(is_so, &format!("{target} with host {host}: {status} {backend}"), &answer)?;
    }
    let secure = "GET /v2 HTTP/1.1\r\nhost: cart.web\r\nx-forwarded-proto: https\r\nconnection: close\r\n\r\n";
    let answer = exchange(proxy, secure)?;
    ensure(answer.starts_with("HTTP/1.1 200"), "what came over TLS to the client is served", &answer)?;
    // A tunnel does not lead past the routes.
    let tunnel = |host: &str, path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        exchange(proxy, &format!("CONNECT {host} HTTP/1.1\r\nhost: {host}\r\n\r\n{request}"))
    };
    let answer = tunnel("cart.web:80", "/v2")?;
    ensure(answer.contains("web/cart-v2:80"), "a tunnel goes by the routes", &answer)?;
    let answer = tunnel("cart.web:80", "/")?;
    ensure(answer.contains("HTTP/1.1 404"), "what no rule takes is refused in a tunnel", &answer)?;
    let answer = tunnel("cart.web:9", "/")?;
    ensure(answer.starts_with("HTTP/1.1 404"), "no tunnel leads to a port that the Service lacks", &answer)?;
    let listed = fs::read_to_string(&run.output).map_err(fail)?;
    for line in [
        format!("Services for clients with http_proxy=http://{proxy}"),
        format!("curl -x http://{proxy} http://cart.web/v2"),
        "cart.web:8080   whatever arrives → web/cart:8080 (echo)".to_owned(),
    ] {
        ensure(listed.contains(&line), &line, &listed)?;
    }
    match run.end("INT")? {
        Some(0) => Ok(()),
        code => Err(format!("exit {code:?}\n{}", run.said())),
    }
}

fn gwctl(harness: &Harness, case: &Case, flags: &[&str], work: &Path) -> Result<crate::process::Output, String> {
    let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
    harness.gwctl("translate", case, &flags, work)
}

fn passed(harness: &Harness) -> Result<(), String> {
    let case = find(harness, CASE)?;
    let work = harness.work_directory("mesh-passed")?;
    let [port, admin] = free_ports()?;
    let [proxy, admin] = [port, admin].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    let (elsewhere, heads) = backend(Duration::ZERO)?;
    let (capture, admin_flag) = (format!("--mesh-capture=proxy={proxy}"), format!("--admin-address={admin}"));
    let flags = ["--mesh-for=other", "--mesh-unknown=pass", &capture, &admin_flag];
    let output = gwctl(harness, &case, &flags, &work)?;
    if output.code != Some(0) {
        return Err(output.stderr);
    }
    let config = work.join("envoy.yaml");
    fs::write(&config, &output.stdout).map_err(fail)?;
    let _envoy = Envoy::start(harness.envoy()?, &config, admin, &work.join("envoy.log")).map_err(fail)?;
    let ask =
        |target: &str| exchange(proxy, &format!("GET {target} HTTP/1.1\r\nhost: x.test\r\nconnection: close\r\n\r\n"));
    let answer = ask(&format!("http://{elsewhere}/a%2Fb//c"))?;
    ensure(answer.starts_with("HTTP/1.1 200"), "another host is passed on", &answer)?;
    let head = heads.recv_timeout(Duration::from_secs(5)).map_err(fail)?;
    ensure(head.starts_with("get /a%2fb//c "), "the request arrives as it was sent", &head)?;
    let request = format!("GET /t HTTP/1.1\r\nhost: {elsewhere}\r\nconnection: close\r\n\r\n");
    let answer = exchange(proxy, &format!("CONNECT {elsewhere} HTTP/1.1\r\nhost: {elsewhere}\r\n\r\n{request}"))?;
    ensure(answer.matches("HTTP/1.1 200").count() == 2, "a tunnel to another host", &answer)?;
    for host in ["127.0.0.1", "localhost", "any.name.test"] {
        let answer = ask(&format!("http://{host}:{}/", proxy.port()))?;
        ensure(answer.starts_with("HTTP/1.1 508"), "nothing is sent to the proxy itself", &answer)?;
    }
    Ok(())
}

fn refused(harness: &Harness) -> Result<(), String> {
    let case = find(harness, CASE)?;
    let work = harness.work_directory("mesh-refused")?;
    for (flags, words) in [
        (&["--mesh-capture=proxy"][..], "--mesh-for"),
        (&["--mesh-for=web", "--listener-address=127.0.0.9"], "`--listener-address`"),
        (&["--mesh-for=web", "--section=hosts"], "`--mesh-capture address`"),
        (&["--mesh-for=web", "--mesh-addresses=loopback", "--section=redirect"], "`--mesh-capture redirect`"),
        (&["--mesh-unknown=pass"], "`--mesh-unknown` belongs to `--mesh-for NAMESPACE`"),
        (&["--mesh-for=web", "--mesh-capture=redirect=0"], "not a port from 1 to 65535"),
        (&["--mesh-for=web", "--mesh-capture=redirect=19000"], "admin interface"),
        (&["--mesh-for=web", "--mesh-capture=redirect", "--mesh-unknown=pass"], "not led to Envoy"),
        (&["--mesh-for=web", "--mesh-capture=redirect", "--mesh-addresses=loopback"], "`--mesh-capture address`"),
        (&["--mesh-for=web", "--mesh-capture=address", "--section=redirect"], "`--mesh-capture redirect`"),
        (&["--mesh-for=web", "--mesh-capture=redirect", "--section=redirect", "-o=json"], "takes no `--output`"),
        (&["--mesh-for=web", "--mesh-capture=address=127.1.0.1"], "`--mesh-addresses`"),
        (&["--mesh-for=web", "--mesh-capture=address", "--mesh-unknown=pass"], "`--mesh-unknown`"),
        (&["--mesh-for=web", "--mesh-capture=address", "--mesh-addresses=loopback=127.0.0.0/16"], "127.0.0.1"),
        (&["--mesh-for=web", "--mesh-capture=proxy", "--mesh-addresses=loopback"], "`--mesh-capture address`"),
        (&["--mesh-for=web", "--mesh-capture=proxy", "--section=hosts"], "`--mesh-capture address`"),
        (&["--mesh-for=web", "--mesh-capture=address", "--section=hosts", "-o=json"], "takes no `--output`"),
        (&["--mesh-for=web", "--mesh-capture=proxy=1"], "ADDRESS:PORT"),
        (&["--mesh-for=web", "--mesh-capture=proxy", "--gateway=a/b"], "--gateway"),
        (&["--mesh-for=web", "--mesh-capture=proxy", "--trusted-hops=1"], "`--trusted-hops`"),
        (&["--mesh-for=web", "--mesh-capture=proxy=127.0.0.1:19000"], "admin interface"),
    ] {
        let output = gwctl(harness, &case, flags, &work)?;
        let is_told = output.code == Some(2) && output.stderr.contains(words) && output.stdout.is_empty();
        ensure(is_told, &format!("{flags:?}: {words}"), &output.stderr)?;
    }
    Ok(())
}
