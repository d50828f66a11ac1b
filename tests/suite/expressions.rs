//! The size of expressions as gwctl foretells it, beside what Envoy says of the programs that it makes of them.

use std::fs;
use std::process::Command;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::harness::Harness;
use crate::process::fail;

/// How much of a program may be foretold wrongly, in hundredths.
const TOLERANCE: u64 = 5;

/// What expressions of at least 10,000 instructions are made of, and how often: each way in which a program gets large, or
/// smaller than its text.
const LARGE: &[(&str, usize)] = &[
    ("[a-z]{1000}[0-9]{1000}(?:a{190}b{190}){5}", 3),
    ("(?:[a-z]{1,100}[0-9]?){9}.*-", 6),
    (".{1000}(?:.{50}/){20}", 3),
    ("(?:a?){1000}(?:(?:ab)?){1000}(?:[^/]*x){300}(?:[^/]+y){300}", 2),
    ("([a-z]{1,100}-){10}", 6),
    (r"(?:\w{90}\d{90}\s{30}){10}", 3),
    ("(?i)(?:[a-z]{90}x){10}", 12),
    ("(?:[a-zA-Z]{90}-){11}", 11),
    ("(?:[a-zé]{90}-){10}", 4),
    ("(?:abc{20}[^abc]{30}){12}", 11),
    // Alternatives that begin alike.
    ("(?:item[0-9]{1000}|item[a-z]{1000}|items[a-z]{1000})", 4),
    ("(?:a[0-9]{900}|[bc][0-9]{900}|[bc][a-z]{900})", 4),
    ("(?:a|b|c|[x-z]){1000}(?:a|b|d){1000}(?:ab|cd){1000}(?:aa|ab){1000}(?:aa|b){1000}", 1),
    // Repetitions that follow each other.
    ("[a-z]{1,500}[a-z]{1,500}-", 6),
    ("[a-z]{1,500}[a-z]*-a{1,500}aaa-", 12),
];

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    vec![harness.trial("expressions::have_the_size_that_envoy_says", sizes)]
}

fn sizes(harness: &Harness) -> Result<(), String> {
    let folder = harness.work_directory("expressions")?;
    let manifests = folder.join("manifests.json");
    fs::write(&manifests, objects().to_string()).map_err(fail)?;
    let run = |args: &[&str]| {
        let output = Command::new(harness.binary()).args(args).arg(&manifests).output().map_err(fail)?;
        String::from_utf8(output.stdout).map_err(fail)
    };
    let report: Value = serde_json::from_str(&run(&["validate", "-o", "json"])?).map_err(fail)?;
    let foretold = foretold(&report);
    let quiet = "re2.max_program_size.error_level";
    let config = run(&["translate"])?;
    let config = config.replacen(quiet, &format!("re2.max_program_size.warn_level: 0\n      {quiet}"), 1);
    let file = folder.join("envoy.yaml");
    fs::write(&file, config).map_err(fail)?;
    let envoy = Command::new(harness.envoy()?).args(["--mode", "validate", "-l", "warning", "-c"]).arg(&file).output();
    let made = made(&String::from_utf8_lossy(&envoy.map_err(fail)?.stderr));
    if foretold.len() != LARGE.len() || made.len() != LARGE.len() {
        return Err(format!("{} expressions: {foretold:?} foretold, {made:?} made", LARGE.len()));
    }
    let wrong: Vec<String> = foretold
        .iter()
        .zip(&made)
        .filter(|(foretold, made)| foretold.abs_diff(**made) * 100 > **made * TOLERANCE)
        .map(|(foretold, made)| format!("{foretold} foretold, {made} made"))
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// A rule for each expression, in their order.
fn objects() -> Value {
    let rule = |(part, times): &(&str, usize)| {
        let pattern = format!("/{}", part.repeat(*times));
        json!({
            "matches": [{"path": {"type": "RegularExpression", "value": pattern}}],
            "backendRefs": [{"name": "web", "port": 80}],
        })
    };
    let route = |(index, pattern): (usize, &(&str, usize))| {
        json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": {"name": format!("r{index:02}"), "namespace": "shop"},
            "spec": {"parentRefs": [{"name": "edge"}], "hostnames": [format!("h{index:02}.example.com")], "rules": [rule(pattern)]},
        })
    };
    let mut items: Vec<Value> = LARGE.iter().enumerate().map(route).collect();
    items.push(json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": "edge", "namespace": "shop"},
        "spec": {"gatewayClassName": "example", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
    }));
    items.push(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"ports": [{"port": 80}]},
    }));
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

/// The instructions of each finding, in the order of the routes.
fn foretold(report: &Value) -> Vec<u64> {
    let findings = report["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut found: Vec<(&str, u64)> = findings
        .iter()
        .filter(|finding| finding["code"] == "GW5102")
        .filter_map(|finding| {
            let count = finding["message"].as_str()?.split(' ').find_map(|word| word.parse().ok())?;
            Some((finding["object"]["name"].as_str()?, count))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, count)| count).collect()
}

/// What Envoy logs of the programs of the routes, in their order; each is compiled once to be checked and once to be used.
fn made(log: &str) -> Vec<u64> {
    let size = |line: &str| line.split_once("program size of ")?.1.split(' ').next()?.parse().ok();
    let of_pattern = |line: &&str| line.contains("warn level") && line.contains("RE2 program size");
    log.lines().filter(of_pattern).filter_map(size).collect()
}
