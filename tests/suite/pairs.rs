//! Pairs of manifests for `gwctl diff`: what it must tell, each kind of
//! docs/diff and each field that decides on who may connect, and what is no
//! difference. `metamorphic` makes harmless additions to both sides of them.

use std::fs;

use gwctl::cli::args::{Cli, Command};
use gwctl::cli::difference;
use gwctl::compile::{Compilation, compile};
use gwctl::diagnostics::Diagnostics;
use gwctl::options::Options;
use gwctl::parser::source::{Found, Source, SourceSet};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::harness::Harness;
use crate::process;

/// Two texts that differ in one thing.
pub(crate) struct Pair {
    /// What differs.
    pub(crate) name: &'static str,
    /// What of [`BASE`] becomes something else.
    pub(crate) from: &'static str,
    /// What it becomes.
    pub(crate) to: &'static str,
    /// The change that is told: its kind and a part of its subject. Nothing at all is told where it is empty.
    pub(crate) told: &'static [(&'static str, &'static str)],
}

const fn pair(
    name: &'static str,
    (from, to): (&'static str, &'static str),
    told: &'static [(&'static str, &'static str)],
) -> Pair {
    Pair { name, from, to, told }
}

/// The manifests of the old side: Secrets and ConfigMaps are nowhere in git.
pub(crate) const BASE: &str = include_str!("pairs/base.yaml");

const HTTPS: (&str, &str) = ("listener", "listener on port 443");
const PLAIN: (&str, &str) = ("backend", "shop/a/80");
const SECURE: (&str, &str) = ("backend", "shop/secure/443");
const OUTSIDE: (&str, &str) = ("backend", "external/shop/outside/443");

/// What each side is compiled with.
pub(crate) const ARGUMENTS: &[&str] = &["--assume", "secrets,configmaps", "--channel", "experimental"];

/// All pairs.
pub(crate) const PAIRS: &[Pair] = &[
    // Each kind of docs/diff.
    pair(
        "added-rule",
        ("  # more rules\n", "  - {matches: [{path: {value: /added}}], backendRefs: [{name: b, port: 80}]}\n"),
        &[("added", "path below /added")],
    ),
    pair(
        "removed-rule",
        ("  - {matches: [{path: {value: /gone}}], backendRefs: [{name: b, port: 80}]}\n", ""),
        &[("removed", "path below /gone")],
    ),
    pair(
        "retargeted",
        ("/gone}}], backendRefs: [{name: b,", "/gone}}], backendRefs: [{name: a,"),
        &[("retargeted", "path below /gone")],
    ),
    pair("reweighted", ("weight: 3", "weight: 1"), &[("reweighted", "path below /split")]),
    pair(
        "mutated-headers",
        ("{name: x-one, value: one}", "{name: x-one, value: other}"),
        &[("mutated", "path below /headers")],
    ),
    pair(
        "settings-of-connections",
        (
            "  # more listeners\n",
            "---\napiVersion: gateway.solo.io/v1\nkind: HttpListenerOption\nmetadata: {name: plain, namespace: infra}\nspec:\n  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge, sectionName: https}]\n  options: {httpConnectionManagerSettings: {idleTimeout: 5s}}\n",
        ),
        &[HTTPS],
    ),
    pair("mutated-timeout", ("request: 5s", "request: 6s"), &[("mutated", "path below /slow")]),
    pair(
        "shadowed",
        (
            "name: other, namespace: shop}\nspec:\n",
            "name: other, namespace: shop, creationTimestamp: '2020-01-01T00:00:00Z'}\nspec:\n",
        ),
        &[("shadowed", "shop/main")],
    ),
    pair(
        "redirected",
        ("hostname: new.example.com", "hostname: newer.example.com"),
        &[("mutated", "path below /moved")],
    ),
    pair(
        "listener-added",
        ("  # more listeners\n", "  - {name: more, port: 8080, protocol: HTTP}\n"),
        &[("added", "listener on port 8080")],
    ),
    pair(
        "tcp-backend",
        ("backendRefs: [{name: a, port: 80}] # tcp", "backendRefs: [{name: b, port: 80}]"),
        &[("retargeted", "TCP port 9000")],
    ),
    pair("other-pods", ("selector: {app: a}", "selector: {app: green}"), &[PLAIN]),
    pair("other-port-of-pods", ("targetPort: 8080", "targetPort: 9090"), &[PLAIN]),
    // Certificates and authorities that nobody has seen are known by their names.
    pair("certificate", ("[{name: served}]", "[{name: another}]"), &[HTTPS]),
    pair("second-certificate", ("[{name: served}]", "[{name: served}, {name: another}]"), &[HTTPS]),
    pair("certificate-of-another-namespace", ("[{name: served}]", "[{name: served, namespace: shop}]"), &[HTTPS]),
    pair(
        "clients-are-not-asked",
        (
            "  tls:\n    frontend: {default: {validation: {caCertificateRefs: [{group: '', kind: ConfigMap, name: clients}]}}}\n    backend: {clientCertificateRef: {name: shown}}\n",
            "  tls:\n    backend: {clientCertificateRef: {name: shown}}\n",
        ),
        &[HTTPS],
    ),
    pair("clients-are-not-checked", ("name: clients}]}", "name: clients}], mode: AllowInsecureFallback}"), &[HTTPS]),
    pair("authorities-of-clients", ("name: clients}]", "name: strangers}]"), &[HTTPS]),
    pair(
        "more-authorities-of-clients",
        ("name: clients}]", "name: clients}, {group: '', kind: ConfigMap, name: strangers}]"),
        &[HTTPS],
    ),
    pair(
        "authorities-of-another-kind",
        ("kind: ConfigMap, name: clients}]", "kind: Secret, name: clients}]"),
        &[HTTPS],
    ),
    pair(
        "clients-of-one-port",
        ("    frontend: {default:", "    frontend: {perPort: [{port: 443, tls: {}}], default:"),
        &[HTTPS],
    ),
    pair("name-of-the-backend", ("hostname: secure.example.com", "hostname: other.example.com"), &[SECURE]),
    pair(
        "names-of-the-backend",
        (
            "hostname: secure.example.com",
            "hostname: secure.example.com, subjectAltNames: [{type: Hostname, hostname: z.example.com}]",
        ),
        &[SECURE],
    ),
    pair("authorities-of-the-backend", ("name: trusted}]", "name: distrusted}]"), &[SECURE]),
    pair(
        "well-known-authorities",
        ("caCertificateRefs: [{group: '', kind: ConfigMap, name: trusted}]", "wellKnownCACertificates: System"),
        &[SECURE],
    ),
    pair(
        "certificate-for-backends",
        ("clientCertificateRef: {name: shown}", "clientCertificateRef: {name: hidden}"),
        &[SECURE],
    ),
    pair(
        "name-of-the-host-outside",
        ("hostname: outside.example.com, ca", "hostname: elsewhere.example.com, ca"),
        &[OUTSIDE],
    ),
    pair("authorities-of-the-host-outside", ("name: outside}]", "name: inside}]"), &[OUTSIDE]),
    // No difference.
    pair("nothing", ("", ""), &[]),
    pair(
        "a-backend-twice",
        ("[{name: b, port: 80, weight: 1}]", "[{name: b, port: 80, weight: 1}, {name: b, port: 80, weight: 1}]"),
        &[],
    ),
    pair(
        "headers-in-another-order",
        (
            "{name: x-one, value: one}, {name: x-two, value: two}",
            "{name: x-two, value: two}, {name: x-one, value: one}",
        ),
        &[],
    ),
    pair(
        "a-rewrite-of-nothing",
        (
            "    backendRefs: [{name: a, port: 80}] # root",
            "    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]\n    backendRefs: [{name: a, port: 80}]",
        ),
        &[],
    ),
    pair(
        "a-backend-without-weight",
        ("{name: a, port: 80, weight: 3}", "{name: a, port: 80, weight: 3}, {name: secure, port: 443, weight: 0}"),
        &[],
    ),
];

/// One side.
pub(crate) fn sources(text: &str) -> Vec<Source> {
    vec![Source {
        name: "all.yaml".to_owned(),
        text: text.to_owned(),
        found: Found::InDirectory,
        context: false,
        kept: Vec::new(),
    }]
}

/// What both sides are compiled with.
pub(crate) fn options() -> Result<Options, String> {
    let line = ["gwctl", "validate"].iter().chain(ARGUMENTS).chain(&["x"]).map(Into::into);
    match Cli::parse_line(line).map_err(|error| error.to_string())?.command {
        Command::Validate(arguments) => arguments.compile.options(),
        _ => Err("the line is one of `validate`".to_owned()),
    }
}

impl Pair {
    /// Both sides as texts.
    pub(crate) fn texts(&self) -> [String; 2] {
        [BASE.to_owned(), BASE.replacen(self.from, self.to, 1)]
    }
}

/// The changes of a difference: kind and subject, what could not be compared among them.
pub(crate) fn changes(difference: &Value) -> Vec<(String, String)> {
    let list = |name: &str| difference[name].as_array().cloned().unwrap_or_default();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let changes = list("changes").into_iter().map(|one| (word(&one["kind"]), word(&one["subject"])));
    let uncompared = list("uncompared").into_iter().map(|one| ("uncompared".to_owned(), word(&one["subject"])));
    changes.chain(uncompared).collect()
}

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let mut trials: Vec<Trial> =
        PAIRS.iter().map(|pair| Trial::test(format!("pairs::{}", pair.name), move || Ok(check(pair)?))).collect();
    let harness = harness.clone();
    trials.push(Trial::test("pairs::the_command_says_the_same", move || Ok(through_the_command(&harness)?)));
    trials
}

fn compiled(text: &str, options: &Options) -> Compilation {
    compile(SourceSet { sources: sources(text).into() }, options, Diagnostics::new())
}

fn check(pair: &Pair) -> Result<(), String> {
    let options = options()?;
    let [old, new] = pair.texts();
    if !BASE.contains(pair.from) {
        return Err(format!("`{}` is not in the manifests", pair.from));
    }
    let found = difference(&compiled(&old, &options), &compiled(&new, &options), &options)?;
    let told = changes(&found);
    let is_told = |(kind, subject): &(&str, &str)| told.iter().any(|(own, of)| own == kind && of.contains(subject));
    let are_findings_equal =
        ["introduced", "fixed"].iter().all(|list| found["findings"][list].as_array().is_some_and(Vec::is_empty));
    let holds = match pair.told {
        [] => told.is_empty() && are_findings_equal,
        expected => expected.iter().all(is_told),
    };
    // The way back is a difference as well.
    let back = difference(&compiled(&new, &options), &compiled(&old, &options), &options)?;
    let is_told_back = changes(&back).is_empty() == pair.told.is_empty();
    if holds && is_told_back { Ok(()) } else { Err(format!("{found:#}\nand back: {back:#}")) }
}

/// One pair as a shell sees it.
fn through_the_command(harness: &Harness) -> Result<(), String> {
    let folder = harness.work_directory("pairs")?;
    for pair in PAIRS.iter().filter(|pair| matches!(pair.name, "nothing" | "certificate")) {
        let [old, new] = pair.texts();
        for (name, text) in [("old.yaml", old), ("new.yaml", new)] {
            fs::write(folder.join(name), text).map_err(|error| error.to_string())?;
        }
        let line = ["diff", "old.yaml", "new.yaml", "--exit-code", "-o", "json"].iter().chain(ARGUMENTS);
        let line: Vec<String> = line.map(|word| (*word).to_owned()).collect();
        let output = process::run(harness.binary(), &folder, &line, None)?;
        let code = if pair.told.is_empty() { 0 } else { 1 };
        if output.code != Some(code) {
            return Err(format!("{output:#?}"));
        }
    }
    Ok(())
}
