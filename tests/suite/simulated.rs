//! The simulator: the requests of each case, offline, through `gwctl test`.
//! The same expectations hold for the real proxy (`behaviour.rs`), so all three agree.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use libtest_mimic::Trial;
use serde_json::Value;

use crate::case::{Case, discover};
use crate::harness::Harness;
use crate::process;

/// Flags of `translate` that `test` has no use for, and whether a value follows.
const OUTPUT_FLAGS: &[(&str, bool)] = &[
    ("-o", true),
    ("--mesh-addresses", true),
    ("--output", true),
    ("--output-file", true),
    ("--section", true),
    ("--report", true),
    ("--mesh-for", true),
    ("--mesh-capture", true),
    ("--mesh-services", true),
    ("--mesh-unknown", true),
    ("--no-comments", false),
    ("--partial", false),
];

/// What cases leave to a run, and which cases do. Nothing else may be left out.
const EXEMPT: &[(&str, &[&str])] = &[
    // Whether a body is a message, and what is said to it.
    (
        "whether a request in JSON is a call, and what is answered to it, needs a run",
        &["http-listener-option/json-calls"],
    ),
    // Delays, chunks and failures of backends: time passes, and tries follow each other.
    (
        "it depends on time or on further tries, which need a run",
        &[
            "envoy-gateway/breakers",
            "envoy-gateway/clients",
            "envoy-gateway/retries",
            "envoy-gateway/ext-auth",
            "envoy-gateway/timeouts",
            "ext-auth/bodies",
            "ext-auth/fails-closed",
            "ext-auth/grpc",
            "ext-auth/http",
            "ext-auth/options",
            "grpc/long-stream",
            "http-listener-option/connections",
            "http/proxy-defaults",
            "known-mistakes/default-timeout",
            "mesh/options",
            "mesh/policies",
            "mirror/several",
            "retry/bodies",
            "retry/budget",
            "retry/codes",
            "retry/declared",
            "route-option/limits",
            "route-option/merge",
            "session/with-filters",
            "timeouts/backend-request",
            "timeouts/request",
            "upstream/ejection",
            "upstream/failover",
            "upstream/traffic",
            "virtual-host-option/rules",
        ],
    ),
    // What is sent on the stream once it is upgraded is no request.
    // What endpoints answered before, and what they are asked.
    (
        "whether an endpoint is healthy and may be sent to needs a run",
        &[
            "envoy-gateway/breakers",
            "envoy-gateway/checks",
            "envoy-gateway/held-back",
            "route-option/tries-elsewhere",
            "upstream/ejection",
            "upstream/failover",
            "upstream/health",
            "upstream/traffic",
            "virtual-host-option/tries",
        ],
    ),
    ("which backend a hash chooses needs a run", &["envoy-gateway/drawn-by-hash"]),
    ("which host gets a further try needs a run", &["route-option/tries-elsewhere", "virtual-host-option/tries"]),
    (
        "whether the keys of a server verify a token needs a run",
        &["virtual-host-option/tokens-remote", "envoy-gateway/tokens-remote", "envoy-gateway/tokens-by-url"],
    ),
    ("whether somebody has signed in needs a run", &["envoy-gateway/signed-in"]),
    (
        "whether a request is one too many needs a run",
        &[
            "envoy-gateway/rates",
            "http-listener-option/rates",
            "virtual-host-option/limits",
            "virtual-host-option/limits-known",
            "virtual-host-option/local-limits",
        ],
    ),
    ("what a script makes of requests and responses needs a run", &["envoy-gateway/scripts"]),
    (
        "what a server makes of requests needs a run",
        &["ext-proc/options", "ext-proc/other-servers", "ext-proc/told", "envoy-gateway/ext-proc"],
    ),
    ("what a server makes of the request", &["ext-proc/options", "envoy-gateway/ext-proc"]),
    ("an upgraded stream needs a run", &["tcp/weights", "tcp/many-connections"]),
    ("whether the backend upgrades streams of HTTP/2 needs a run", &["backend-protocol/app-protocols"]),
    // Which of several certificates a listener shows depends on what else the client offers.
    ("whether the client takes the certificate of the server needs a run", &["tls/certificates"]),
    // Certificates are verified by the TLS libraries of both sides.
    (
        "whether the certificate of the backend is accepted needs a run",
        &[
            "backend-protocol/over-tls",
            "backend-tls/verified",
            "backend-tls/invalid",
            "backend-tls/targets",
            "backend-tls/client-certificate",
            "upstream/failover",
            "upstream/tls",
            "backend/tls",
            "upstream/tunnel",
            "backend-tls/client-certificate-refused",
            "backend-tls/assumed",
            "backend-tls/system-authorities",
            "backend-tls/tls-routes",
            "ext-auth/over-tls",
            "session/over-tls",
            "tcp/tls-to-backends",
            "xbackend/protocols-and-tls",
            "xbackend/refused",
        ],
    ),
    (
        "whether the client's certificate is accepted needs a run",
        &[
            "envoy-gateway/client-certificates",
            "envoy-gateway/client-certificates-refused",
            "tls/client-certificates",
            "tls/unusable-client-authorities",
            "tls/secrets-in-files",
            "tls/certificates-of-listener-sets",
            "tls/gateways-that-share-a-port",
        ],
    ),
    (
        "tls",
        &[
            "envoy-gateway/handshakes",
            "backend-tls/tls-routes",
            "grpc/over-https",
            "tls/misdirected-requests",
            "tls/certificates",
            "tls/unusable-certificates",
            "tls/three-protocols-on-one-port",
            "tls/certificates-of-other-namespaces",
            "tls/doubtful-certificates",
        ],
    ),
    ("tls of the upstream", &["backend-tls/tls-routes", "tls/three-protocols-on-one-port"]),
    (
        "only a run (--envoy) counts",
        &[
            "getting-started/exact-path",
            "getting-started/with-gloo",
            "grpc/upstream-protocol",
            "mirror/several",
            "naming/collisions",
            "naming/dashboards",
            "retry/codes",
            "retry/under-load",
            "virtual-host-option/counters",
        ],
    ),
    // Bodies of backends are their own, and so is the number of their messages.
    ("grpcMessages", &["grpc/matches"]),
    (
        "attempts",
        &[
            "mesh/options",
            "retry/bodies",
            "retry/codes",
            "retry/under-load",
            "route-option/tries-elsewhere",
            "session/with-filters",
            "virtual-host-option/tries",
        ],
    ),
    ("totalAttempts", &["retry/budget"]),
    (
        "within",
        &[
            "envoy-gateway/held-back",
            "envoy-gateway/faults",
            "mirror/several",
            "route-option/faults",
            "route-option/tries-elsewhere",
            "timeouts/request",
        ],
    ),
    // Envoy makes up the values, from the address of the client or from the time.
    (
        "headers that a run generates",
        &[
            "diagnostics/GW4070",
            "envoy-gateway/clients",
            "envoy-gateway/clusters",
            "http-listener-option/believed",
            "http-listener-option/client-certificates",
            "http-listener-option/clients",
            "http-listener-option/early-headers",
            "http-listener-option/spans",
            "http/proxy-trusted-hops",
            "route-option/cookies",
            "session/permanent",
        ],
    ),
    ("the bytes of a compressed body need a run", &["envoy-gateway/compressed", "http-listener-option/compression"]),
    ("whatever it expects needs a run", &["http/proxy-trusted-hops"]),
    ("whether a session has ended needs a run", &["session/cookie", "session/permanent"]),
    ("where a session goes on without its backend needs a run", &["session/dead-backend"]),
    ("which addresses a DNS name has needs a run", &["session/pool-by-name"]),
];

/// One test for each case with requests.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let cases = discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok());
    cases
        .filter(|case| case.requests.is_some())
        .map(|case| {
            let harness = harness.clone();
            let requests = case.requests.clone().unwrap_or_default();
            let folder = format!("simulated/{}", case.name);
            Trial::test(folder.replacen('/', "::", 1), move || {
                let results = simulate(&harness, &case, &requests, &folder)?;
                let wrong = compare_exemptions(&case.name, &results);
                if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
            })
        })
        .collect()
}

/// Runs the requests of a file through the simulator and returns the results. The message lists every mismatch.
pub(crate) fn simulate(harness: &Harness, case: &Case, requests: &Path, folder: &str) -> Result<Value, String> {
    simulate_with(harness, case, (requests, &["--partial"]), folder)
}

/// The same for everything that is declared, whatever of it is emitted.
pub(crate) fn simulate_declared(
    harness: &Harness,
    case: &Case,
    requests: &Path,
    folder: &str,
) -> Result<Value, String> {
    simulate_with(harness, case, (requests, &[]), folder)
}

fn simulate_with(
    harness: &Harness,
    case: &Case,
    (requests, flags): (&Path, &[&str]),
    folder: &str,
) -> Result<Value, String> {
    let work = harness.work_directory(folder)?;
    let requests = requests.display().to_string();
    let mut args = vec!["test".to_owned(), requests, "-o".to_owned(), "json".to_owned()];
    args.extend(flags.iter().map(|flag| (*flag).to_owned()));
    args.extend(case.paths.iter().flat_map(|path| ["-f".to_owned(), path.clone()]));
    let work_text = work.to_string_lossy().into_owned();
    args.extend(compile_flags(&case.translate_args).into_iter().map(|arg| arg.replace("{tmp}", &work_text)));
    let output = process::run(harness.binary(), &case.folder, &args, case.stdin.as_ref())?;
    let results: Value = serde_json::from_str(&output.stdout)
        .map_err(|error| format!("{error}\n{}\n{}", output.stdout, output.stderr))?;
    // Kept beside other scratch files for whoever looks into a failure.
    let _ = fs::write(work.join("results.json"), &output.stdout);
    let mut wrong = String::new();
    for one in results["cases"].as_array().into_iter().flatten().filter(|one| one["status"] == "failed") {
        wrong.push_str(&format!("{}: {}\n", one["name"], one["mismatches"]));
    }
    if wrong.is_empty() { Ok(results) } else { Err(wrong) }
}

/// What the case leaves to a run, where that is not what [`EXEMPT`] says.
fn compare_exemptions(name: &str, results: &Value) -> String {
    let cases = || results["cases"].as_array().into_iter().flatten();
    let skipped = cases().filter_map(|one| one["reason"].as_str());
    let unchecked = cases().flat_map(|one| one["unchecked"].as_array().into_iter().flatten()).filter_map(Value::as_str);
    let found: BTreeSet<&str> = skipped.chain(unchecked).collect();
    let listed = EXEMPT.iter().filter(|(_, names)| names.contains(&name)).map(|(left, _)| *left).collect();
    let difference = found.symmetric_difference(&listed);
    difference.map(|left| format!("left to a run, or listed and not left: {left}\n")).collect()
}

/// The flags that decide how manifests are compiled.
fn compile_flags(args: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let name = arg.split_once('=').map_or(arg.as_str(), |(name, _)| name);
        match OUTPUT_FLAGS.iter().find(|(flag, _)| *flag == name) {
            Some((_, true)) if !arg.contains('=') => {
                args.next();
            }
            Some(_) => {}
            None => kept.push(arg.clone()),
        }
    }
    kept
}
