//! `gwctl run --mesh-capture address`: addresses of this machine that stand for Services while their manifests are edited.

#![cfg(unix)]

use std::fs;
use std::net::SocketAddr;

use libtest_mimic::Trial;

use crate::harness::Harness;
use crate::mesh_proxy::{ensure, exchange};
use crate::process::{await_some, fail};
use crate::watch::Running;
use crate::xds::free_ports;

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    vec![harness.trial("mesh::a_run_at_addresses_follows_what_its_clients_meet", followed)]
}

/// A Gateway whose route is to a path, and a Service with routes for everybody and for some clients alone.
fn manifests(port: u16, [gateway, producer, others, team]: [&str; 4]) -> String {
    let route = |name: &str, namespace: &str, parent: &str, path: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
             metadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  parentRefs: [{parent}]\n  rules:\n  - \
             matches: [{{path: {{value: {path}}}}}]\n    \
             backendRefs: [{{name: cart, namespace: web, port: {port}}}]\n"
        )
    };
    let service = "{group: '', kind: Service, name: cart, namespace: web}";
    let own = if team.is_empty() { String::new() } else { route("team", "team", service, team) };
    let objects = format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: cart, namespace: web}}\n\
         spec: {{ports: [{{name: http, port: {port}}}]}}\n---\napiVersion: gateway.networking.k8s.io/v1\n\
         kind: Gateway\nmetadata: {{name: edge, namespace: web}}\n\
         spec: {{gatewayClassName: x, listeners: [{{name: http, port: 80, protocol: HTTP}}]}}\n"
    );
    [
        objects,
        route("edge", "web", "{name: edge}", gateway),
        route("all", "web", service, producer),
        route("others", "others", service, others),
        own,
    ]
    .concat()
}

fn followed(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("mesh-run-address")?;
    fs::create_dir_all(work.join("tmp")).map_err(fail)?;
    let [port] = free_ports()?;
    let write = |paths| fs::write(work.join("m.yaml"), manifests(port, paths)).map_err(fail);
    write(["/edge", "/all", "/others", ""])?;
    let (envoy, temporary) = (harness.envoy()?.display().to_string(), work.join("tmp").display().to_string());
    let range = "--mesh-addresses=loopback=127.44.0.0/16";
    let words = ["run", "--echo", "--mesh-for=team", "--mesh-capture=address", range, "m.yaml"];
    let path = std::env::var("PATH").unwrap_or_default();
    let environment = [("GWCTL_ENVOY", envoy.as_str()), ("TMPDIR", &temporary), ("PATH", &path)];
    let mut run = Running::start_with(harness, &work, &words, &environment)?;
    run.await_words("Ctrl-C ends it")?;
    let ask = |path: &str| {
        let at = SocketAddr::from(([127, 44, 0, 1], port));
        exchange(at, &format!("GET {path} HTTP/1.1\r\nhost: forged.test\r\nconnection: close\r\n\r\n"))
    };
    let backend = format!("web/cart:{port}");
    let answers = |path: &str, is_served: bool| {
        let answer = ask(path)?;
        let status = if is_served { "HTTP/1.1 200" } else { "HTTP/1.1 404" };
        ensure(answer.starts_with(status) && answer.contains(&backend) == is_served, path, &answer)
    };
    answers("/all", true)?;
    answers("/others", false)?;
    let listed = fs::read_to_string(&run.output).map_err(fail)?;
    for line in [
        "  127.44.0.1 cart.web cart.web.svc cart.web.svc.cluster.local\n".to_owned(),
        format!("curl --resolve cart.web:{port}:127.44.0.1 http://cart.web:{port}/all\n"),
    ] {
        ensure(listed.contains(&line), &line, &listed)?;
    }
    // Two runs cannot have one address, and the second says what helps.
    let second = harness.work_directory("mesh-run-address-second")?;
    fs::copy(work.join("m.yaml"), second.join("m.yaml")).map_err(fail)?;
    let mut other = Running::start_with(harness, &second, &words, &environment)?;
    let code = other.ended()?;
    let is_told = code == Some(2)
        && other.said().contains(&format!("127.44.0.1:{port} cannot be bound for port {port} of Service web/cart"));
    ensure(is_told, "a second run at the same address", &other.said())?;
    // What Gateways and other clients meet is nothing to these.
    write(["/edge-2", "/all", "/others-2", ""])?;
    run.await_words("no difference for traffic")?;
    write(["/edge-2", "/all", "/others-2", "/team"])?;
    run.await_words("team/team")?;
    // Envoy takes what is written a moment later.
    await_some("answer by the new route", || answers("/team", true).ok())?;
    answers("/all", false)?;
    ensure(!run.said().contains("/edge-2") && !run.said().contains("/others-2"), "changes of others", &run.said())?;
    match run.end("INT")? {
        Some(0) => Ok(()),
        code => Err(format!("exit {code:?}\n{}", run.said())),
    }
}
