//! Values that look like operators of Envoy's formatter go through a real Envoy, and must come out as they were
//! declared: to the backend, to the client, in rewritten paths and in redirects. Or gwctl has refused them.
//!
//! `cargo test` tries a few values. A longer campaign:
//! `GWCTL_FORMATTER_SEED=7 GWCTL_FORMATTER_ROUNDS=100 cargo test --test suite -- formatter`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::campaign::random::Random;
use crate::harness::Harness;
use crate::process;

/// Rounds of a plain test run; each is one Envoy.
const ROUNDS: u64 = 1;
const SEED: u64 = 20_261_126;
/// Values in a round.
const VALUES: usize = 120;

/// What values are made of: what Envoy's documentation lists as operators, in whole and in parts, and what could hide one.
const PARTS: &[&str] = &[
    "%",
    "%%",
    "%%%",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "\\",
    ":",
    ",",
    "{",
    "}",
    "?",
    "a",
    "x-b",
    "\\u0025",
    "\\u000a",
    "\\n",
    "%25",
    "%0a",
    " ",
    "REQ",
    "RESP",
    "TRAILER",
    "ENVIRONMENT",
    "START_TIME",
    "HOSTNAME",
    "PROTOCOL",
    "ROUTE_NAME",
    "CLUSTER_METADATA",
    "UPSTREAM_METADATA",
    "DYNAMIC_METADATA",
    "PER_REQUEST_STATE",
    "FILTER_STATE",
    "METADATA",
    "QUERY_PARAM",
    "PATH",
    "CEL",
    "SECRET",
    "%REQ(x-secret)%",
    "%REQ(x-secret?:path)%",
    "%RESP(x-b)%",
    "%ENVIRONMENT(PATH)%",
    "%HOSTNAME%",
    "%START_TIME(%s)%",
    "%PROTOCOL%",
    "%UPSTREAM_METADATA([\"a\", \"b\"])%",
    "%DYNAMIC_METADATA([\"%u0025\"])%",
    "%UPSTREAM_METADATA(a:b)%",
    "%DYNAMIC_METADATA(a)%",
    "%UPSTREAM_METADATA([\"\\u0025REQ(x-secret)\\u0025\"])%",
    "%PER_REQUEST_STATE(a)%",
    "%FILTER_STATE(a:PLAIN)%",
    "%METADATA(ROUTE:a:b)%",
    "%QUERY_PARAM(a)%",
    "%PATH(NQ)%",
    "%CEL(request.path)%",
    "%FILE_CONTENT(/etc/hostname)%",
    "%SECRET(a)%",
    "%UPSTREAM_METADATA(",
    "([\"a\"])%",
    "PER_REQUEST_STATE(",
    "%PER_REQUEST_",
    "STATE(a)%",
    "UPSTREAM_",
    "METADATA([\"a\"])%",
];

/// What may stand in a path.
const PATH_PARTS: &[&str] = &[
    "/",
    "a",
    "%25",
    "%20",
    "%2525",
    "%25REQ(x-secret)%25",
    "$1",
    "\\1",
    "(",
    ")",
    ":",
    ",",
    "REQ",
    "%25PATH%25",
    "{a}",
    "*",
];

/// The test of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let harness = harness.clone();
    vec![Trial::test("formatter::values_arrive_as_they_were_declared", move || {
        let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
        let seed = number("GWCTL_FORMATTER_SEED").unwrap_or(SEED);
        let rounds = number("GWCTL_FORMATTER_ROUNDS").unwrap_or(ROUNDS);
        let (mut sent, mut refused) = (0, 0);
        for round in 0..rounds {
            let seed = seed.wrapping_add(round);
            let (one, other) = run(&harness, seed).map_err(|error| Failed::from(format!("seed {seed}: {error}")))?;
            (sent, refused) = (sent + one, refused + other);
        }
        // Shown by `--nocapture`.
        eprintln!("formatter: {sent} values sent, {refused} refused, {rounds} rounds from seed {seed}");
        if sent == 0 { Err(Failed::from("no value was sent")) } else { Ok(()) }
    })]
}

/// A value, and the way that it takes.
struct Planted {
    way: usize,
    value: String,
}

fn planted(random: &mut Random) -> Planted {
    let way = random.below(5);
    let parts = if way < 3 { PARTS } else { PATH_PARTS };
    let mut value: String = (0..=random.below(5)).map(|_| random.pick(parts)).collect();
    if way >= 3 {
        value.insert(0, '/');
        while value.contains("//") {
            value = value.replace("//", "/");
        }
    }
    // White space around a value is not part of it, and an empty one is not sent.
    let trimmed = value.trim();
    let value = if trimmed.is_empty() { "%".to_owned() } else { trimmed.to_owned() };
    Planted { way, value }
}

/// The rule's filters for a value.
fn filters(Planted { way, value }: &Planted) -> Value {
    let set = json!({"set": [{"name": "x-a", "value": value}]});
    let path = json!({"type": "ReplaceFullPath", "replaceFullPath": value});
    match way {
        0 => json!([{"type": "RequestHeaderModifier", "requestHeaderModifier": set}]),
        1 => json!([{"type": "ResponseHeaderModifier", "responseHeaderModifier": set}]),
        2 => {
            json!([{"type": "ResponseHeaderModifier", "responseHeaderModifier": {"add": [{"name": "x-a", "value": value}]}}])
        }
        3 => json!([{"type": "URLRewrite", "urlRewrite": {"path": path}}]),
        _ => json!([{"type": "RequestRedirect", "requestRedirect": {"path": path, "hostname": "other.test"}}]),
    }
}

/// What must come of a request.
fn expectation(Planted { way, value }: &Planted) -> Value {
    match way {
        0 => json!({"status": 200, "upstream": {"headers": {"x-a": value}}}),
        1 | 2 => json!({"status": 200, "response": {"headers": {"x-a": value}}}),
        3 => json!({"status": 200, "upstream": {"path": value}}),
        _ => json!({"redirect": format!("http://other.test{value}")}),
    }
}

const HEAD: &str = "apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec: {gatewayClassName: any, listeners: [{name: http, protocol: HTTP, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: a}
spec: {ports: [{port: 80}]}
";

fn route(number: usize, planted: &Planted) -> Value {
    let backends = if planted.way == 4 { json!([]) } else { json!([{"name": "a", "port": 80}]) };
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": format!("r{number}")},
        "spec": {
            "parentRefs": [{"name": "edge"}],
            "rules": [{
                "matches": [{"path": {"type": "Exact", "value": format!("/{number}")}}],
                "filters": filters(planted), "backendRefs": backends,
            }],
        },
    })
}

fn run(harness: &Harness, seed: u64) -> Result<(usize, usize), String> {
    let mut random = Random::new(seed);
    let all: Vec<Planted> = (0..VALUES).map(|_| planted(&mut random)).collect();
    let folder = harness.work_directory("formatter")?;
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).map_err(|error| error.to_string());
    let manifests = |skipped: &BTreeSet<String>| {
        let mut text = HEAD.to_owned();
        for (number, planted) in all.iter().enumerate().filter(|(number, _)| !skipped.contains(&format!("r{number}"))) {
            let _ = write!(text, "---\n{}\n", route(number, planted));
        }
        text
    };
    write("m.yaml", &manifests(&BTreeSet::new()))?;
    let refused = refused(harness.binary(), &folder)?;
    write("m.yaml", &manifests(&refused))?;
    let mut cases = Vec::new();
    for (number, planted) in all.iter().enumerate().filter(|(number, _)| !refused.contains(&format!("r{number}"))) {
        cases.push(json!({
            "name": format!("{number} {}: {}", planted.way, planted.value),
            "request": {"url": format!("http://any.test/{number}"), "headers": {"x-secret": "leaked"}},
            "expect": expectation(planted),
        }));
    }
    write("cases.yaml", &json!({"requests": cases}).to_string())?;
    let envoy = format!("--envoy={}", harness.envoy()?.display());
    for flags in [vec![], vec![envoy]] {
        let words = ["test", "cases.yaml", "-f", "m.yaml"].map(str::to_owned);
        let line: Vec<String> = words.into_iter().chain(flags).collect();
        let output = process::run(harness.binary(), &folder, &line, None)?;
        if output.code != Some(0) {
            return Err(format!("gwctl {}\n{}{}", line.join(" "), output.stdout, output.stderr));
        }
    }
    Ok((cases.len(), refused.len()))
}

/// The names of the routes that gwctl refuses.
fn refused(binary: &Path, folder: &Path) -> Result<BTreeSet<String>, String> {
    let line = ["validate", "m.yaml", "-o", "json"].map(str::to_owned);
    let output = process::run(binary, folder, &line, None)?;
    let report: Value = serde_json::from_str(&output.stdout).map_err(|error| format!("{error}: {output:?}"))?;
    let errors = report["findings"].as_array().into_iter().flatten().filter(|finding| finding["severity"] == "error");
    Ok(errors.filter_map(|finding| finding["object"]["name"].as_str().map(str::to_owned)).collect())
}
