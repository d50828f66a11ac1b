//! `translate --check` of a running proxy.

use std::fs;
use std::net::SocketAddr;

use gwctl::proving::Envoy;
use libtest_mimic::{Failed, Trial};

use crate::case::{Case, discover};
use crate::harness::Harness;
use crate::process::Output;
use crate::xds::free_ports;

/// Cases with every kind of resource between them.
const CASES: [&str; 5] =
    ["tls/server-name-precedence", "tls/secrets-in-files", "backend-tls/verified", "ext-auth/http", "udp/weights"];

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let mut trials: Vec<Trial> = Vec::new();
    for name in CASES {
        for layout in ["static", "xds"] {
            let harness = harness.clone();
            trials.push(Trial::test(format!("running::{layout}::{name}"), move || {
                compared(&harness, name, layout).map_err(Failed::from)
            }));
        }
    }
    trials
}

fn fail(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// A proxy runs what the manifests say, until they say something else.
fn compared(harness: &Harness, name: &str, layout: &str) -> Result<(), String> {
    let mut cases = discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok());
    let case = cases.find(|case| case.name == name).ok_or("no such case")?;
    let work = harness.work_directory(&format!("running-{layout}-{}", name.replace('/', "-")))?;
    let [port] = free_ports()?;
    let admin = SocketAddr::from(([127, 0, 0, 1], port));
    let mut flags: Vec<String> = case.translate_args.clone();
    flags.extend(["--listener-address=127.0.0.1".to_owned(), format!("--admin-address={admin}"), "-q".to_owned()]);
    let json: Vec<String> = flags.iter().cloned().chain(["-o".to_owned(), "json".to_owned()]).collect();
    let declared = gwctl(harness, &case, &json, &work)?;
    let declared: serde_json::Value = serde_json::from_str(&declared.stdout).map_err(fail)?;
    let mut ports: Vec<u64> = Vec::new();
    for listener in declared["static_resources"]["listeners"].as_array().into_iter().flatten() {
        ports.extend(listener["address"]["socket_address"]["port_value"].as_u64().filter(|port| !ports.contains(port)));
    }
    for port in ports {
        let [free] = free_ports()?;
        flags.push(format!("--port-map={port}={free}"));
    }
    let (output, config): (&[&str], _) = match layout {
        "xds" => (&["--layout=xds", "--output-dir={tmp}/out"], "out/envoy.yaml"),
        _ => (&["--output-file={tmp}/envoy.yaml"], "envoy.yaml"),
    };
    let all: Vec<String> = flags.iter().cloned().chain(output.iter().map(|flag| (*flag).to_owned())).collect();
    let written = gwctl(harness, &case, &all, &work)?;
    if written.code != Some(0) {
        return Err(written.stderr);
    }
    let envoy = Envoy::start(harness.envoy()?, &work.join(config), admin, &work.join("envoy.log")).map_err(fail)?;
    let dump = envoy.admin("/config_dump?include_eds").map_err(fail)?;
    fs::write(work.join("dump.json"), &dump).map_err(fail)?;
    let check = |target: &str, more: &[&str]| {
        let more = more.iter().map(|flag| (*flag).to_owned());
        let all: Vec<String> = flags.iter().cloned().chain([format!("--check={target}")]).chain(more).collect();
        gwctl(harness, &case, &all, &work)
    };
    let link = format!("http://{admin}");
    for target in [link.as_str(), "{tmp}/dump.json"] {
        let same = check(target, &[])?;
        if same.code != Some(0) || !same.stdout.is_empty() {
            return Err(format!("{target}: {}\n{}", same.stdout, same.stderr));
        }
        let other = check(target, &["--trusted-hops=3", "--cluster-domain=other.example"])?;
        let is_told = other.stdout.contains("is stale") && other.stdout.lines().count() > 1;
        if name != "udp/weights" && (other.code != Some(1) || !is_told) {
            return Err(format!("{target} is compared with another configuration: {other:?}"));
        }
    }
    drop(envoy);
    for (target, words) in [(link.as_str(), "no answer"), ("http://192.0.2.1:1", "does not lead to this machine")] {
        let refused = check(target, &[])?;
        if refused.code != Some(2) || !refused.stderr.contains(words) {
            return Err(format!("{target}: {refused:?}"));
        }
    }
    Ok(())
}

fn gwctl(harness: &Harness, case: &Case, flags: &[String], work: &std::path::Path) -> Result<Output, String> {
    harness.gwctl("translate", case, flags, work)
}
