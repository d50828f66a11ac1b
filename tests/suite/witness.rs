//! The witnesses of findings: what `gwctl validate` says about a request is
//! what the simulator and the real proxy do with it.

use std::collections::BTreeSet;
use std::fs;

use gwctl::proving::WayToServices;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::behaviour::{prove_by, ways};
use crate::case::{Case, discover};
use crate::harness::Harness;
use crate::simulated::{simulate, simulate_declared};

/// How many requests show the shares of several backends.
const SHARE_REQUESTS: u32 = 300;

/// Cases whose witnesses are about listeners that are judged and not emitted: their Gateway is assumed, missing or
/// refused, or their certificate is. No proxy can be asked about them; the simulator can.
const NOT_EMITTED: &[&str] = &[
    // The Gateway is context, and requests do not know where it is to be bound.
    "context/routes-of-another-team",
    "declared/routes-without-gateway",
    "declared/without-certificates",
    "declared/listener-set-without-gateway",
    "declared/errors-beside-findings",
    "declared/missing-gateway",
    "declared/objects-with-errors",
    "declared/default-gateways",
    "declared/client-authorities",
    "declared/hostnames-taken-from-listeners-without-certificates",
    "declared/routes-whose-gateway-is-assumed",
    "declared/repeated-keys",
    "declared/listeners-that-cannot-be-decoded",
    "diagnostics/GW1004",
    "diagnostics/GW1008",
    "diagnostics/GW1012",
    "diagnostics/GW1016",
    "foreign/lists",
    "listenerset/not-allowed",
    "status/certificates-of-listener-sets",
];

/// One test for each case whose report has a witness.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let cases = discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok());
    let has_witness = |case: &Case| {
        let report = harness.snapshots().join(&case.name).join("diagnostics.txt.snap");
        fs::read_to_string(report).is_ok_and(|text| text.contains("\n  witness: "))
    };
    let cases: Vec<Case> = cases.filter(has_witness).collect();
    cases
        .into_iter()
        .map(|case| {
            let harness = harness.clone();
            Trial::test(format!("witness::{}", case.name), move || Ok(replay(&harness, &case)?))
        })
        .collect()
}

/// Sends every witness of a case through the simulator and, where there is a configuration, through Envoy.
fn replay(harness: &Harness, case: &Case) -> Result<(), String> {
    let folder = format!("witness/{}", case.name);
    let work = harness.work_directory(&folder)?;
    let args: Vec<String> = case.args.iter().cloned().chain(["-o".to_owned(), "json".to_owned()]).collect();
    let output = harness.gwctl("validate", case, &args, &work)?;
    let report: Value = serde_json::from_str(&output.stdout).map_err(|error| error.to_string())?;
    let requests: Vec<(Option<String>, Value)> =
        report["findings"].as_array().into_iter().flatten().enumerate().filter_map(request).collect();
    if requests.is_empty() {
        return Err("the report of the snapshot has a witness, and that for programs has none".to_owned());
    }
    let gateways: BTreeSet<Option<String>> = requests.iter().map(|(gateway, _)| gateway.clone()).collect();
    for (index, gateway) in gateways.into_iter().enumerate() {
        let own = requests.iter().filter(|(other, _)| *other == gateway).map(|(_, request)| request.clone());
        replay_at(harness, case, (gateway.as_deref(), own.collect()), &format!("{folder}-{index}"))?;
    }
    Ok(())
}

/// Sends witnesses to what is translated for one Gateway alone, or for all of them.
fn replay_at(
    harness: &Harness,
    case: &Case,
    (gateway, requests): (Option<&str>, Vec<Value>),
    folder: &str,
) -> Result<(), String> {
    let work = harness.work_directory(folder)?;
    let file = work.join("requests.yaml");
    let mut cases = surroundings(case)?;
    cases["requests"] = requests.into();
    let text = cases.to_string();
    fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut case = case.clone();
    if NOT_EMITTED.contains(&case.name.as_str()) {
        return simulate_declared(harness, &case, &file, &format!("{folder}-simulated")).map(drop);
    }
    // What has an error besides is served in part.
    let partial = "--partial".to_owned();
    if !case.translate_args.contains(&partial) {
        case.translate_args.push(partial);
    }
    if let Some(gateway) = gateway {
        case.translate_args.extend(["--gateway".to_owned(), gateway.to_owned()]);
    }
    // A witness names a port and a host; the addresses of Gateways are none of this machine's.
    if let Some(at) = case.translate_args.iter().position(|argument| argument == "--listener-address") {
        case.translate_args.drain(at..at + 2);
    }
    simulate(harness, &case, &file, &format!("{folder}-simulated"))?;
    let way = ways(&file).into_iter().next().unwrap_or(WayToServices::Proxy);
    prove_by(way, harness, &case, &file, &format!("{folder}-requests"))
}

/// What the requests of the case say about the backends and about certificates.
fn surroundings(case: &Case) -> Result<Value, String> {
    let Some(path) = &case.requests else { return Ok(json!({})) };
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let own: Value = serde_yaml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut kept = json!({});
    if let Some(backends) = own.get("backendTls") {
        kept["backendTls"] = backends.clone();
    }
    if let Some(folder) = own.get("pki").and_then(Value::as_str) {
        kept["pki"] = case.folder.join(folder).display().to_string().into();
    }
    Ok(kept)
}

/// The request case of a finding, with the Gateway that it is for: a witness has the form of one.
fn request((index, finding): (usize, &Value)) -> Option<(Option<String>, Value)> {
    let witness = finding.get("witness").filter(|witness| !witness.is_null())?;
    let name = format!("{index}: {} {}", finding["code"], finding["message"]);
    let mut case = json!({"name": name, "request": witness["request"], "expect": witness["answer"]});
    if !witness["answer"]["backends"].is_null() {
        case["repeat"] = SHARE_REQUESTS.into();
    }
    let gateway = witness["gateway"].as_str().map(str::to_owned);
    if !witness["from"].is_null() {
        case["from"] = witness["from"].clone();
    }
    if let Some(gateway) = &gateway {
        case["gateway"] = gateway.clone().into();
    }
    Some((gateway, case))
}
