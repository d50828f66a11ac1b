//! An Envoy that does not take what is written, and files that go.

use std::fs;
use std::net::{SocketAddr, TcpListener};

use gwctl::proving::Envoy;

use super::{Running, await_text};
use crate::harness::Harness;
use crate::process::fail;
use crate::xds::free_ports;

/// A Gateway with a listener on each of these ports.
fn gateway(ports: &[u16]) -> String {
    let listeners: Vec<String> =
        ports.iter().map(|port| format!("{{name: on-{port}, port: {port}, protocol: HTTP}}")).collect();
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: edge}}\n\
         spec: {{gatewayClassName: x, listeners: [{}]}}\n",
        listeners.join(", ")
    )
}

pub(super) fn check(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("watch-refused-by-envoy")?;
    let [port, admin] = free_ports()?;
    let taken = TcpListener::bind("127.0.0.1:0").map_err(fail)?;
    let other = taken.local_addr().map_err(fail)?.port();
    fs::write(work.join("m.yaml"), gateway(&[port])).map_err(fail)?;
    let admin_flag = format!("--admin-address=127.0.0.1:{admin}");
    let words = [
        "translate",
        "m.yaml",
        "--layout=xds",
        "--output-dir=out",
        "--watch",
        "--listener-address=127.0.0.1",
        &admin_flag,
    ];
    let mut run = Running::start(harness, &work, &words)?;
    run.await_words("files written")?;
    let admin = SocketAddr::from(([127, 0, 0, 1], admin));
    let envoy = Envoy::start(harness.envoy()?, &work.join("out/envoy.yaml"), admin, &work.join("envoy.log"));
    let envoy = envoy.map_err(fail)?;
    fs::write(work.join("m.yaml"), gateway(&[port, other])).map_err(fail)?;
    run.await_words("refuses a part of what is written (listener_manager.lds.update_rejected)")?;
    run.await_words("cannot bind")?;
    drop(envoy);
    // A file that goes is written again; one that stays is left alone.
    let (routes, clusters) = (work.join(format!("out/rds/http-{port}.yaml")), work.join("out/cds.yaml"));
    let modified = || fs::metadata(&clusters).and_then(|metadata| metadata.modified()).map_err(fail);
    let before = modified()?;
    fs::remove_file(&routes).map_err(fail)?;
    run.await_words("is gone, and written again")?;
    await_text(&run, &routes, "RouteConfiguration")?;
    if modified()? != before {
        return Err("a file that was there is another one".to_owned());
    }
    match run.end("TERM")? {
        Some(0) => Ok(()),
        code => Err(format!("exit {code:?}\n{}", run.said())),
    }
}
