//! Many hosts of one port: requests that come over the connection of another one, offline and through Envoy, and how the
//! output grows.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use libtest_mimic::Trial;
use serde_json::json;

use crate::harness::Harness;
use crate::process::{self, fail};

/// From how many hosts on the connections of a port have one list of them.
const MANY: usize = 65;

/// What a request looks like, and the status that it gets.
const REQUESTS: &[(&str, &str, u16)] = &[
    ("h0.wildcard.org", r#""url": "https://h0.wildcard.org/""#, 200),
    ("h0.wildcard.org", r#""url": "https://h1.wildcard.org/""#, 421),
    ("h0.wildcard.org", r#""url": "https://h1.wildcard.org:443/a?b""#, 421),
    ("h0.wildcard.org", r#""url": "https://H1.WILDCARD.ORG/""#, 421),
    ("h0.wildcard.org", r#""url": "https://h1.wildcard.org./""#, 421),
    // The listener with the wildcard has it.
    ("h0.wildcard.org", r#""url": "https://other.wildcard.org/""#, 421),
    ("h0.wildcard.org", r#""url": "https://second-example.org/""#, 421),
    ("h0.wildcard.org", r#""url": "https://wildcard.org/""#, 404),
    ("h0.wildcard.org", r#""url": "https://unknown.org/""#, 404),
    ("second-example.org", r#""url": "https://h3.wildcard.org/""#, 421),
    ("other.wildcard.org", r#""url": "https://another.wildcard.org/""#, 200),
    ("other.wildcard.org", r#""url": "https://h5.wildcard.org/""#, 421),
    ("h0.wildcard.org", r#""url": "https://h1.wildcard.org/", "method": "POST", "body": "some bytes""#, 421),
    ("h0.wildcard.org", r#""url": "https://h1.wildcard.org/", "http": 2, "method": "FOO""#, 421),
    ("h0.wildcard.org", r#""url": "https://unknown.org/", "http": 2, "method": "FOO""#, 404),
    ("h0.wildcard.org", r#""url": "https://h1.wildcard.org/", "http": 1.1, "upgrade": "websocket""#, 421),
    ("h0.wildcard.org", r#""url": "https://unknown.org/", "http": 1.1, "upgrade": "websocket""#, 404),
    ("h0.wildcard.org", r#""url": "https://h1.wildcard.org/", "http": 1.1, "upgrade": "other""#, 403),
    ("h0.wildcard.org", r#""url": "https://unknown.org/", "http": 1.1, "upgrade": "other""#, 403),
    ("h0.wildcard.org", r#""url": "https://h1.wildcard.org/", "http": 1.1, "method": "CONNECT""#, 404),
    ("h0.wildcard.org", r#""url": "https://unknown.org/", "http": 1.1, "method": "CONNECT""#, 404),
];

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    vec![
        harness.trial("hostnames::many_of_a_port_are_told_apart", misdirected),
        harness.trial("hostnames::output_grows_as_they_do", growth),
        harness.trial("hostnames::one_more_is_a_difference", difference),
    ]
}

/// Listeners of ListenerSets, 60 in each, with a route for all.
fn manifests(hosts: &[String]) -> String {
    let mut text =
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge}\nspec: {gatewayClassName: \
                    x, allowedListeners: {namespaces: {from: All}}, listeners: [{name: tcp, protocol: TCP, port: 9}]}\n"
            .to_owned();
    let mut parents = Vec::new();
    for (index, hosts) in hosts.chunks(60).enumerate() {
        let listener = |(place, host): (usize, &String)| {
            json!({
                "name": format!("l{place}"), "protocol": "HTTPS", "port": 443, "hostname": host,
                "tls": {"certificateRefs": [{"name": "web"}]},
            })
        };
        let listeners: Vec<_> = hosts.iter().enumerate().map(listener).collect();
        parents.push(json!({"kind": "ListenerSet", "name": format!("set-{index}")}));
        let set = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "ListenerSet",
            "metadata": {"name": format!("set-{index}")},
            "spec": {"parentRef": {"name": "edge"}, "listeners": listeners},
        });
        let _ = write!(text, "---\n{set}\n");
    }
    let route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "r"},
        "spec": {"parentRefs": parents, "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]},
    });
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n";
    let _ = write!(text, "---\n{route}\n---\n{service}");
    text
}

fn hosts(count: usize) -> Vec<String> {
    let named = (0..count).map(|index| format!("h{index}.wildcard.org"));
    named.chain(["*.wildcard.org".to_owned(), "second-example.org".to_owned()]).collect()
}

fn write_manifests(harness: &Harness, folder: &Path, hosts: &[String]) -> Result<(), String> {
    let secret = harness.testdata().join("tls/misdirected-requests/secret.yaml");
    let secret = fs::read_to_string(secret).map_err(fail)?.replace(", namespace: infra", "");
    fs::write(folder.join("m.yaml"), manifests(hosts) + "---\n" + &secret).map_err(fail)
}

fn run(harness: &Harness, folder: &Path, line: &str) -> Result<process::Output, String> {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    process::run(harness.binary(), folder, &words, None)
}

fn misdirected(harness: &Harness) -> Result<(), String> {
    let folder = harness.work_directory("hostnames/misdirected")?;
    write_manifests(harness, &folder, &hosts(MANY - 2))?;
    let mut cases = format!("pki: {}\nrequests:\n", harness.testdata().join("../tests/pki").display());
    for (place, (name, request, status)) in REQUESTS.iter().enumerate() {
        let versions: &[&str] = if request.contains("\"http\"") { &[""] } else { &[", http: 1.1", ", http: 2"] };
        for version in versions {
            let _ = writeln!(
                cases,
                "- {{name: \"{place}{version}\", request: {{{request}{version}, tls: {{ca: ca.crt, sni: {name}}}}}, expect: \
                 {{status: {status}}}}}"
            );
        }
    }
    fs::write(folder.join("cases.yaml"), cases).map_err(fail)?;
    let translated = run(harness, &folder, "translate m.yaml")?;
    if !translated.stdout.contains("server_listener_name: \"0.0.0.0:443/misdirected\"") {
        return Err(format!("no list in common: {}", translated.stderr));
    }
    let more = format!(" --envoy={}", harness.envoy()?.display());
    for how in ["", &more] {
        let output = run(harness, &folder, &format!("test cases.yaml -f m.yaml{how}"))?;
        let held = output.stdout.lines().filter(|line| line.starts_with("ok ")).count();
        if output.code != Some(0) || held < REQUESTS.len() {
            let failed = output.stdout.lines().filter(|line| !line.starts_with("ok "));
            return Err(format!("{how}: {held} held\n{}\n{}", failed.collect::<Vec<_>>().join("\n"), output.stderr));
        }
    }
    Ok(())
}

/// Twice as many hosts make at most a little more than twice the output.
fn growth(harness: &Harness) -> Result<(), String> {
    let folder = harness.work_directory("hostnames/growth")?;
    let size = |count: usize| {
        write_manifests(harness, &folder, &hosts(count))?;
        Ok::<usize, String>(run(harness, &folder, "translate m.yaml --no-comments")?.stdout.len())
    };
    let (few, many) = (size(200)?, size(400)?);
    if few == 0 || many * 10 > few * 21 {
        return Err(format!("{few} bytes for 202 hosts, {many} for 402"));
    }
    Ok(())
}

/// A connection for one host that is used for another shows it, in either form of the list and from one to the other.
fn difference(harness: &Harness) -> Result<(), String> {
    let folder = harness.work_directory("hostnames/difference")?;
    for count in [MANY - 4, MANY - 3, MANY + 10] {
        write_manifests(harness, &folder, &hosts(count))?;
        fs::rename(folder.join("m.yaml"), folder.join("old.yaml")).map_err(fail)?;
        let more: Vec<String> = hosts(count).into_iter().chain(["example.org".to_owned()]).collect();
        write_manifests(harness, &folder, &more)?;
        let output = run(harness, &folder, "diff old.yaml m.yaml --exit-code")?;
        if output.code != Some(1) || !output.stdout.contains("example.org") {
            return Err(format!("{count}: {:?}\n{}\n{}", output.code, output.stdout, output.stderr));
        }
        let same = run(harness, &folder, "diff m.yaml m.yaml --exit-code")?;
        if same.code != Some(0) {
            return Err(format!("{count}: {:?}\n{}", same.code, same.stdout));
        }
    }
    Ok(())
}
