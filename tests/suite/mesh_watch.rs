//! `gwctl translate --mesh-for --watch --layout xds`: an Envoy that follows what the clients of Services meet. The form
//! `redirect` has the trial in a network namespace (`mesh_redirect.rs`).

#![cfg(unix)]

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use gwctl::proving::Envoy;
use libtest_mimic::Trial;

use crate::harness::Harness;
use crate::mesh_proxy::{ensure, exchange};
use crate::process::{await_some, fail};
use crate::proxy::backend;
use crate::watch::Running;
use crate::xds::free_ports;

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    vec![harness.trial("mesh::files_for_each_form_follow_the_manifests", followed)]
}

fn manifests(port: u16, path: &str, more: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: cart, namespace: web}}\n\
         spec: {{ports: [{{name: http, port: {port}}}]}}\n---\n\
         apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: cart, namespace: web}}\nspec:\n  \
         parentRefs: [{{group: '', kind: Service, name: cart}}]\n  rules:\n  \
         - matches: [{{path: {{value: {path}}}}}]\n{more}    backendRefs: [{{name: cart, port: {port}}}]\n"
    )
}

fn followed(harness: &Harness) -> Result<(), String> {
    let (server, _heads) = backend(Duration::ZERO)?;
    for form in ["address", "proxy"] {
        let work = harness.work_directory(&format!("mesh-watch-{form}"))?;
        let [port, proxy, admin] = free_ports()?;
        let [proxy, admin] = [proxy, admin].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let write = |path: &str, more: &str| fs::write(work.join("m.yaml"), manifests(port, path, more)).map_err(fail);
        write("/one", "")?;
        let (at, way) = match form {
            "proxy" => (proxy, vec![format!("--mesh-capture=proxy={proxy}")]),
            _ => {
                let range = "--mesh-addresses=loopback=127.45.0.0/16";
                (SocketAddr::from(([127, 45, 0, 1], port)), vec!["--mesh-capture=address".to_owned(), range.to_owned()])
            }
        };
        let own = [format!("--admin-address={admin}"), format!("--resolve=web/cart:{port}={server}")];
        let words = ["translate", "m.yaml", "--mesh-for=other", "--layout=xds", "--output-dir=out", "--watch"];
        let words = words.into_iter().chain(way.iter().chain(&own).map(String::as_str));
        let mut run = Running::start(harness, &work, &words.collect::<Vec<_>>())?;
        run.await_words("files written")?;
        let log = work.join("envoy.log");
        let _envoy = Envoy::start(harness.envoy()?, &work.join("out/envoy.yaml"), admin, &log).map_err(fail)?;
        let ask = |path: &str| {
            let target = if form == "proxy" { format!("http://cart.web:{port}{path}") } else { path.to_owned() };
            exchange(at, &format!("GET {target} HTTP/1.1\r\nhost: cart.web:{port}\r\nconnection: close\r\n\r\n"))
        };
        let has = |path: &str, status: &str| ask(path).is_ok_and(|answer| answer.starts_with(status)).then_some(());
        let status = |path: &str, status: &str| {
            let status = format!("HTTP/1.1 {status} ");
            await_some(&format!("{form}: {path}: {status}"), || has(path, &status))
        };
        status("/one", "200")?;
        status("/two", "404")?;
        write("/two", "")?;
        status("/two", "200")?;
        status("/one", "404")?;
        // A filter that the connection manager had no use for before.
        let filter = "    filters: [{type: CORS, cors: {allowOrigins: ['http://a.test']}}]\n";
        write("/three", filter)?;
        status("/three", "200")?;
        // What is left out stays served as it was.
        fs::write(work.join("m.yaml"), "kind: {").map_err(fail)?;
        run.await_words("the last good output stays")?;
        status("/three", "200")?;
        let code = run.end("INT")?;
        ensure(code == Some(0), "the end", &run.said())?;
    }
    Ok(())
}
