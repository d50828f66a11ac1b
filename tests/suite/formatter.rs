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
    "%REQ()%",
    "%REQ(:path)%",
    "%DOWNSTREAM_REMOTE_ADDRESS%",
    "{%HOSTNAME%}",
    "{{",
    "}}",
    "${a}",
    "'",
    "`",
    "|",
    ";",
    "=",
    "<",
    ">",
    "#",
    "\t",
    "\u{1}",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "é",
    "😀",
    "\u{202e}",
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
    "%25REQ()%25",
    "%7B",
    "%C3%A9",
    "%00",
    "%0A",
    "%",
    "%%",
    "%REQ()%",
    "%HOSTNAME%",
    "é",
    ";",
    "=",
    "?",
    "#",
    "..",
    "/./",
    "\u{1}",
    " ",
    "~",
    "|",
    "\"",
];

/// What may stand in a hostname, and what tries to.
const HOST_PARTS: &[&str] =
    &["a", "b-c", ".", "-", "test", "%", "%HOSTNAME%", "%REQ(x-secret)%", "{a}", "*", "é", "xn--9ca", ":80", "A", "_"];

/// What may stand in the name of a header.
const NAME_PARTS: &[&str] =
    &["x-", "a", "%", "%%", "%HOSTNAME%", "REQ", "`", "|", "~", "'", "$", "&", "!", "*", "^", ".", "_", "{", "(", "é"];

/// The ways that a value takes: the fields of filters that Envoy might format.
const WAYS: usize = 12;

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
    let way = random.below(WAYS);
    let parts = match way {
        0..=4 => PARTS,
        5..=8 => PATH_PARTS,
        9 | 10 => HOST_PARTS,
        _ => NAME_PARTS,
    };
    let mut value: String = (0..=random.below(5)).map(|_| random.pick(parts)).collect();
    if (5..=8).contains(&way) {
        value.insert(0, '/');
        while value.contains("//") {
            value = value.replace("//", "/");
        }
    }
    // White space around a value is not part of it, and an empty one is not sent.
    let trimmed = value.trim_matches([' ', '\t']);
    let value = if trimmed.is_empty() { "%".to_owned() } else { trimmed.to_owned() };
    Planted { way, value }
}

/// The rule's filters for a value.
fn filters(Planted { way, value }: &Planted) -> Value {
    let change = |action: &str| json!({action: [{"name": "x-a", "value": value}]});
    let request = |change: Value| json!([{"type": "RequestHeaderModifier", "requestHeaderModifier": change}]);
    let response = |change: Value| json!([{"type": "ResponseHeaderModifier", "responseHeaderModifier": change}]);
    let rewrite = |change: Value| json!([{"type": "URLRewrite", "urlRewrite": change}]);
    let redirect = |change: Value| json!([{"type": "RequestRedirect", "requestRedirect": change}]);
    let full = json!({"type": "ReplaceFullPath", "replaceFullPath": value});
    let prefix = json!({"type": "ReplacePrefixMatch", "replacePrefixMatch": value});
    match way {
        0 => request(change("set")),
        1 => request(change("add")),
        2 => response(change("set")),
        3 => response(change("add")),
        // On the backend alone, see `route`.
        4 => json!([]),
        5 => rewrite(json!({"path": full})),
        6 => redirect(json!({"path": full, "hostname": "other.test"})),
        7 => rewrite(json!({"path": prefix})),
        8 => redirect(json!({"path": prefix, "hostname": "other.test"})),
        9 => rewrite(json!({"hostname": value})),
        10 => redirect(json!({"hostname": value})),
        _ => request(json!({"set": [{"name": value, "value": "kept"}]})),
    }
}

/// What must come of a request.
fn expectation(number: usize, Planted { way, value }: &Planted) -> Value {
    // A prefix is replaced by whole segments.
    let below = || format!("{}/below", value.trim_end_matches('/'));
    match way {
        0 | 1 | 4 => json!({"status": 200, "upstream": {"headers": {"x-a": value}}}),
        2 | 3 => json!({"status": 200, "response": {"headers": {"x-a": value}}}),
        5 => json!({"status": 200, "upstream": {"path": value}}),
        6 => json!({"redirect": format!("http://other.test{value}")}),
        7 => json!({"status": 200, "upstream": {"path": below()}}),
        8 => json!({"redirect": format!("http://other.test{}", below())}),
        9 => json!({"status": 200, "upstream": {"host": value}}),
        10 => json!({"redirect": format!("http://{value}/{number}")}),
        _ => json!({"status": 200, "upstream": {"headers": {value.to_ascii_lowercase(): "kept"}}}),
    }
}

/// Whether the way replaces a prefix.
fn is_prefix(planted: &Planted) -> bool {
    matches!(planted.way, 7 | 8)
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
    let set = json!({"set": [{"name": "x-a", "value": planted.value}]});
    let own = json!([{"type": "RequestHeaderModifier", "requestHeaderModifier": set}]);
    let backends = match planted.way {
        6 | 8 | 10 => json!([]),
        4 => json!([{"name": "a", "port": 80, "filters": own}]),
        _ => json!([{"name": "a", "port": 80}]),
    };
    let kind = if is_prefix(planted) { "PathPrefix" } else { "Exact" };
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": format!("r{number}")},
        "spec": {
            "parentRefs": [{"name": "edge"}],
            "rules": [{
                "matches": [{"path": {"type": kind, "value": format!("/{number}")}}],
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
        let tail = if is_prefix(planted) { "/below" } else { "" };
        cases.push(json!({
            "name": format!("{number} {}: {}", planted.way, planted.value),
            "request": {"url": format!("http://any.test/{number}{tail}"), "headers": {"x-secret": "leaked"}},
            "expect": expectation(number, planted),
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
    let text = fs::read_to_string(folder.join("m.yaml")).map_err(|error| error.to_string())?;
    // What is refused for its placeholders is a document without an object.
    let at_line = |line: usize| {
        let (_, rest) = text.lines().nth(line.checked_sub(1)?)?.split_once(r#""metadata":{"name":""#)?;
        rest.split('"').next().map(str::to_owned)
    };
    let name = |finding: &Value| {
        let line = finding["line"].as_u64().and_then(|line| usize::try_from(line).ok());
        finding["object"]["name"].as_str().map(str::to_owned).or_else(|| at_line(line?))
    };
    let errors = report["findings"].as_array().into_iter().flatten().filter(|finding| finding["severity"] == "error");
    Ok(errors.filter_map(name).collect())
}
