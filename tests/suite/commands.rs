//! `route`, `test` and `diff` as a shell sees them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::harness::Harness;
use crate::process::{self, Output};

pub(crate) const GATEWAY: &str = "apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: any
  listeners: [{name: http, protocol: HTTP, port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: a, namespace: shop}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: b, namespace: shop}
spec: {ports: [{port: 80}]}
";

pub(crate) const ROUTE: &str = "apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  hostnames: [shop.test]
  rules:
  - matches: [{path: {value: /cart}}]
    backendRefs:
    - {name: a, port: 80, weight: 1}
    - {name: b, port: 80, weight: 3}
  - matches: [{path: {value: /}, headers: [{name: x-v, value: '2'}]}]
    backendRefs: [{name: b, port: 80}]
";

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, run: fn(&Stage) -> Result<(), Failed>| {
        let (harness, folder) = (harness.clone(), name.to_owned());
        Trial::test(format!("commands::{name}"), move || run(&Stage::new(&harness, &folder)?))
    };
    vec![
        test("route_names_the_rule_its_line_and_the_shares", route_decides),
        test("route_explains_what_failed", route_explains),
        test("a_failed_case_shows_expected_actual_and_the_way", failed_case),
        test("coverage_below_the_limit_fails", coverage_fails),
        test("router_check_files_are_written_and_read", router_check),
        test("status_is_printed_beside_the_findings", status_with_errors),
        test("status_leaves_out_what_is_not_judged", status_of_judged_objects),
        test("diff_has_a_request_and_both_answers", diff_reweighted),
        test("diff_reads_revisions_of_git", diff_git),
        test("diff_of_a_backend_alone_has_a_request", diff_backend),
        test("diff_reads_the_settings_of_the_new_side", diff_settings),
        test("diff_tells_what_is_shadowed_and_what_is_mutated", diff_shadowed),
        test("several_trees_are_judged_by_the_settings_of_each", trees),
        test("route_asks_services_and_begins_sessions", route_asks),
        test("route_of_streams_goes_by_port_and_server_name", route_streams),
        test("assumed_authorities_decide_as_if_they_were_there", behind_assumed_authorities),
        test("an_interrupted_run_leaves_nothing_behind", interrupted),
    ]
}

/// A folder with manifests.
pub(crate) struct Stage {
    folder: PathBuf,
    binary: PathBuf,
    envoy: PathBuf,
}

impl Stage {
    pub(crate) fn new(harness: &Harness, name: &str) -> Result<Self, String> {
        let folder = harness.work_directory(&format!("commands/{name}"))?;
        let stage = Self { folder, binary: harness.binary().to_owned(), envoy: harness.envoy()?.to_owned() };
        stage.write("m/gateway.yaml", GATEWAY)?;
        stage.write("m/route.yaml", ROUTE)?;
        Ok(stage)
    }

    /// Where its files are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), String> {
        process::write_below(&self.folder, name, text)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Result<Output, String> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        process::run(&self.binary, &self.folder, &args, None)
    }

    /// The same with a file of the folder as standard input.
    pub(crate) fn run_on(&self, args: &[&str], stdin: &str) -> Result<Output, String> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        process::run(&self.binary, &self.folder, &args, Some(&self.folder.join(stdin)))
    }
}

pub(crate) fn ensure(holds: bool, output: &Output) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(Failed::from(format!("{output:#?}"))) }
}

pub(crate) fn json(output: &Output) -> Result<Value, String> {
    serde_json::from_str(&output.stdout).map_err(|error| format!("{error}: {output:#?}"))
}

fn route_decides(stage: &Stage) -> Result<(), Failed> {
    let output = stage.run(&["route", "http://shop.test/cart/1?x=1", "-f", "m", "-o", "json"])?;
    let decision = json(&output)?;
    let rule = &decision["rule"];
    let percents: Vec<f64> =
        decision["backends"].as_array().into_iter().flatten().filter_map(|share| share["percent"].as_f64()).collect();
    let holds = output.code == Some(0)
        && decision["version"] == 1
        && rule["file"] == "m/route.yaml"
        && rule["line"] == 8
        && percents == [25.0, 75.0]
        && decision["upstream"]["path"] == "/cart/1?x=1"
        && decision["upstream"]["host"] == "shop.test";
    ensure(holds, &output)
}

fn route_explains(stage: &Stage) -> Result<(), Failed> {
    let output = stage.run(&["route", "http://shop.test/", "-f", "m", "--explain"])?;
    let holds = output.stdout.contains("404") && output.stdout.contains("wants header x-v = 2");
    ensure(holds && output.stdout.contains("m/route.yaml:12"), &output)?;
    let output = stage.run(&["route", "http://shop.test/cart", "-f", "m", "-H", "x-v: 2", "--explain"])?;
    ensure(output.stdout.contains("outranked") && output.stdout.contains("the longer path goes first"), &output)
}

fn failed_case(stage: &Stage) -> Result<(), Failed> {
    let cases = "requests:
- name: a share
  request: {url: 'http://shop.test/cart'}
  expect: {backends: {shop/a:80: 25, shop/b:80: 75}}
- name: wrong
  request: {url: 'http://shop.test/cart'}
  expect: {status: 404}
";
    stage.write("requests.yaml", cases)?;
    let output = stage.run(&["test", "requests.yaml", "-f", "m"])?;
    let text = &output.stdout;
    let holds = text.contains("ok    requests.yaml:2  a share")
        && text.contains("FAIL  requests.yaml:5  wrong")
        && text.contains("expected: 404")
        && text.contains("| GET http://shop.test/cart")
        && text.contains("1 passed, 1 failed, 0 skipped");
    ensure(output.code == Some(1) && output.stderr.is_empty() && holds, &output)?;
    let output = stage.run(&["test", "requests.yaml", "-f", "m", "-o", "github"])?;
    ensure(output.stdout.starts_with("::error file=requests.yaml,line=5,title=wrong::status"), &output)?;
    let output = stage.run(&["test", "requests.yaml", "-f", "m", "-o", "junit"])?;
    ensure(output.stdout.contains("failures=\"1\"") && output.stdout.contains("<failure message=\"status\">"), &output)
}

fn coverage_fails(stage: &Stage) -> Result<(), Failed> {
    stage.write(
        "requests.yaml",
        "requests: [{name: a, request: {url: 'http://shop.test/cart'}, expect: {status: 200}}]\n",
    )?;
    let run = |percent: &str| stage.run(&["test", "requests.yaml", "-f", "m", "--fail-under", percent]);
    let output = run("50")?;
    ensure(output.code == Some(0) && output.stdout.contains("1 of 2 rules (50.0 %)"), &output)?;
    let output = run("51")?;
    ensure(output.code == Some(1) && output.stdout.contains("not reached: HTTPRoute shop/web rule 1"), &output)
}

fn router_check(stage: &Stage) -> Result<(), Failed> {
    stage.write(
        "requests.yaml",
        "requests: [{name: a, request: {url: 'http://shop.test/cart'}, expect: {status: 200}}]\n",
    )?;
    let output = stage.run(&["test", "requests.yaml", "-f", "m", "--emit", "router-check"])?;
    ensure(output.code == Some(0) && output.stdout.contains("cluster_name: shop/a/80"), &output)?;
    stage.write("checks.yaml", &output.stdout)?;
    let output = stage.run(&["test", "checks.yaml", "-f", "m"])?;
    ensure(output.code == Some(0) && output.stdout.contains("1 passed"), &output)?;
    // Headers that routes decide about have a form, several lines of one and those of connections have none.
    let upstream = "{headers: {x-a: b, x-two: [c, d]}, absent: [x-none, via]}";
    stage.write(
        "headers.yaml",
        &format!(
            "requests: [{{name: h, request: {{url: 'http://shop.test/cart', headers: {{x-a: b, x-two: [c, d]}}}}, expect: \
             {{upstream: {upstream}}}}}]\n"
        ),
    )?;
    let output = stage.run(&["test", "headers.yaml", "-f", "m", "--emit", "router-check"])?;
    let has = |text: &str| output.stdout.contains(text);
    let is_written = has("name: x-a") && has("exact: b") && has("name: x-none") && has("invert_match: true");
    let is_left = !has("name: x-two") && !has("name: via") && output.stderr.contains("upstream");
    ensure(output.code == Some(1) && is_written && is_left, &output)?;
    stage.write("checks.yaml", &output.stdout)?;
    let output = stage.run(&["test", "checks.yaml", "-f", "m"])?;
    ensure(output.code == Some(0) && output.stdout.contains("1 passed"), &output)?;
    stage.write(
        "checks.yaml",
        &stage
            .run(&["test", "headers.yaml", "-f", "m", "--emit", "router-check"])?
            .stdout
            .replace("exact: b", "exact: c"),
    )?;
    let output = stage.run(&["test", "checks.yaml", "-f", "m"])?;
    ensure(output.code == Some(1), &output)?;
    let second = "tests: [{test_name: t, input: {authority: shop.test, path: /cart, method: GET, random_value: 1}, validate: \
                  {cluster_name: shop/b/80}}]\n";
    stage.write("checks.yaml", second)?;
    let output = stage.run(&["test", "checks.yaml", "-f", "m"])?;
    ensure(output.code == Some(0), &output)
}

fn status_with_errors(stage: &Stage) -> Result<(), Failed> {
    let output = stage.run(&["status", "m"])?;
    let line = "shop        httproute/web\n   PARENT: gateway/shop/edge   ACCEPTED: True   RESOLVED-REFS: True";
    ensure(output.code == Some(0) && output.stdout.contains(line) && output.stderr.is_empty(), &output)?;
    stage.write("m/route.yaml", &ROUTE.replace("name: b", "name: gone"))?;
    let output = stage.run(&["status", "m", "-o", "json"])?;
    let list = json(&output)?;
    let is_false = output.stdout.contains("\"reason\": \"BackendNotFound\"");
    ensure(output.code == Some(1) && list["kind"] == "List" && is_false, &output)?;
    ensure(output.stderr.contains("error[GW2001]"), &output)?;
    let output = stage.run(&["status", "m", "-o", "yaml", "--partial", "--output-file", "status.yaml", "-q"])?;
    let written = fs::read_to_string(stage.folder.join("status.yaml"))?;
    let documents = written.split("---\n").filter(|document| document.starts_with("apiVersion: ")).count();
    ensure(output.code == Some(0) && output.stdout.is_empty() && documents == 2, &output)?;
    let output = stage.run(&["status", "gone"])?;
    ensure(output.code == Some(2) && output.stdout.is_empty(), &output)
}

fn status_of_judged_objects(stage: &Stage) -> Result<(), Failed> {
    let names = |output: &Output| -> Result<Vec<String>, String> {
        let list = json(output)?;
        let items = list["items"].as_array().into_iter().flatten();
        Ok(items.map(|item| format!("{} {}", item["kind"], item["status"]["parents"][0]["controllerName"])).collect())
    };
    let output = stage.run(&["status", "m/route.yaml", "--context", "m/gateway.yaml", "-o", "json"])?;
    ensure(names(&output)? == ["\"HTTPRoute\" \"gwctl.dev/offline\""], &output)?;
    let arguments = ["m/route.yaml", "--assume", "gateways,services", "--controller-name", "a.example/b", "-o", "json"];
    let output = stage.run(&[&["status"], arguments.as_slice()].concat())?;
    ensure(output.code == Some(0) && names(&output)? == ["\"HTTPRoute\" \"a.example/b\""], &output)?;
    let class = "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: any}\n\
                 spec: {controllerName: x.example/y}\n";
    stage.write("m/class.yaml", class)?;
    let output = stage.run(&["status", "m", "-o", "json"])?;
    let all = ["\"GatewayClass\" null", "\"Gateway\" null", "\"HTTPRoute\" \"x.example/y\""];
    ensure(names(&output)? == all, &output)?;
    // A controller whose Gateways are none of the input's has nothing to say.
    let output = stage.run(&["status", "m", "-o", "json", "--controller-name", "a.example/b"])?;
    ensure(output.code == Some(2) && output.stdout.is_empty(), &output)
}

fn diff_reweighted(stage: &Stage) -> Result<(), Failed> {
    stage.write("new/gateway.yaml", GATEWAY)?;
    stage.write("new/route.yaml", &ROUTE.replace("weight: 3", "weight: 1"))?;
    let output = stage.run(&["diff", "m", "new", "--exit-code"])?;
    let text = &output.stdout;
    let holds =
        text.contains("reweighted") && text.contains("GET http://shop.test/cart") && text.contains("25 % shop/a:80");
    ensure(output.code == Some(1) && holds && text.contains("50 % shop/a:80"), &output)?;
    let output = stage.run(&["diff", "m", "m", "--exit-code"])?;
    ensure(output.code == Some(0) && output.stdout.contains("no difference"), &output)?;
    let output = stage.run(&["diff", "m", "gone", "--exit-code"])?;
    ensure(output.code == Some(2), &output)
}

const POLICY: &str = "---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: a, namespace: shop}
spec:
  targetRefs:
  - {group: '', kind: Service, name: a}
  - {group: '', kind: Service, name: b}
  validation:
    hostname: a.shop.test
    caCertificateRefs: [{group: '', kind: ConfigMap, name: authorities}]
";

/// Of authorities that are assumed only a configuration needs more; missing ones fail wherever they count.
fn behind_assumed_authorities(stage: &Stage) -> Result<(), Failed> {
    stage.write("m/gateway.yaml", &format!("{GATEWAY}{POLICY}"))?;
    stage.write("new/gateway.yaml", &format!("{GATEWAY}{}", POLICY.replace("name: authorities", "name: others")))?;
    stage.write("new/route.yaml", ROUTE)?;
    stage.write(
        "cases.yaml",
        "requests:\n- {name: withheld, request: {url: 'http://shop.test/cart'}, expect: {status: 500}}\n",
    )?;
    let assumed = |args: &[&str]| stage.run(&[args, &["--assume", "configmaps"]].concat());
    let route = ["route", "http://shop.test/cart", "-f", "m"];
    let output = assumed(&route)?;
    ensure(output.code == Some(0) && output.stdout.contains("75 %  shop/b:80"), &output)?;
    let output = assumed(&["validate", "-f", "m"])?;
    ensure(output.code == Some(0) && !output.stdout.contains("GW7"), &output)?;
    let output = assumed(&["status", "-f", "m", "-o", "json"])?;
    ensure(output.code == Some(0) && !output.stdout.contains("\"False\""), &output)?;
    let output = assumed(&["diff", "m", "m", "--exit-code"])?;
    ensure(output.code == Some(0), &output)?;
    let output = assumed(&["diff", "m", "new", "--exit-code"])?;
    ensure(output.code == Some(1) && output.stdout.contains("ConfigMap `shop/others`"), &output)?;
    // What is emitted never goes without the authorities.
    let output = assumed(&["translate", "-f", "m", "--partial"])?;
    ensure(output.code == Some(0) && !output.stdout.contains("a.shop.svc"), &output)?;
    let output = assumed(&["test", "cases.yaml", "-f", "m", "--partial"])?;
    ensure(output.code == Some(0), &output)?;
    let output = stage.run(&route)?;
    ensure(output.stdout.contains("500") && !output.stdout.contains("shop/b:80"), &output)
}

fn diff_git(stage: &Stage) -> Result<(), Failed> {
    git(&stage.folder, &["init", "-q"])?;
    git(&stage.folder, &["add", "m"])?;
    git(&stage.folder, &["-c", "user.name=t", "-c", "user.email=t@t.test", "commit", "-q", "-m", "x"])?;
    stage.write("m/route.yaml", &ROUTE.replace("/cart", "/basket"))?;
    // The child has no environment of its own, and so git must be found without it.
    let output =
        Command::new(&stage.binary).args(["diff", "git:HEAD:m", "m", "-o", "json"]).current_dir(&stage.folder).output();
    let output = output.map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let difference: Value = serde_json::from_str(&text)
        .map_err(|error| format!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)))?;
    let kinds: Vec<&str> =
        difference["changes"].as_array().into_iter().flatten().filter_map(|change| change["kind"].as_str()).collect();
    if kinds == ["added", "removed"] { Ok(()) } else { Err(Failed::from(text.into_owned())) }
}

const SLICE: &str = "---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: a-1, namespace: shop, labels: {kubernetes.io/service-name: a}}
addressType: IPv4
ports: [{name: '', port: 8080}]
endpoints: [{addresses: [10.0.0.1], conditions: {ready: true}}]
";

fn diff_backend(stage: &Stage) -> Result<(), Failed> {
    stage.write("m/gateway.yaml", &format!("{GATEWAY}{SLICE}"))?;
    stage.write("new/gateway.yaml", &format!("{GATEWAY}{}", SLICE.replace("10.0.0.1", "10.0.0.2")))?;
    stage.write("new/route.yaml", ROUTE)?;
    let output = stage.run(&["diff", "m", "new", "-o", "json", "--exit-code"])?;
    let changes = &json(&output)?["changes"];
    let change = &changes[0];
    let holds = changes.as_array().is_some_and(|all| all.len() == 1)
        && change["kind"] == "backend"
        && change["subject"] == "shop/a/80"
        && change["witness"]["url"] == "http://shop.test/cart"
        && change["newPlace"] == "new/route.yaml:8"
        && change["oldAnswer"] == "HTTP/1.1 to 10.0.0.1:8080"
        && change["newAnswer"] == "HTTP/1.1 to 10.0.0.2:8080";
    ensure(output.code == Some(1) && holds, &output)
}

fn diff_settings(stage: &Stage) -> Result<(), Failed> {
    let elsewhere = ROUTE.replace("{name: b, port: 80}", "{name: unknown, port: 80}");
    stage.write("new/gateway.yaml", GATEWAY)?;
    stage.write("new/route.yaml", &elsewhere)?;
    let output = stage.run(&["diff", "m", "new"])?;
    ensure(output.stdout.contains("introduced  error[GW2001]"), &output)?;
    stage.write("new/gwctl.yaml", "assume: [services]\n")?;
    let output = stage.run(&["diff", "m", "new"])?;
    ensure(output.stdout.contains("retargeted") && !output.stdout.contains("GW2001"), &output)
}

fn diff_shadowed(stage: &Stage) -> Result<(), Failed> {
    let other = ROUTE.replace("name: web", "name: all").replace("path: {value: /}", "path: {value: /x}");
    let before = other.replace("/cart", "/basket");
    let other = other.replace("weight: 3", "weight: 1");
    // The older of two routes with one match takes the requests, and of equal age the first by name.
    stage.write("m/other.yaml", &before)?;
    stage.write("new/gateway.yaml", GATEWAY)?;
    let rule = "  - matches: [{path: {value: /}, headers";
    let filter =
        "    filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-a, value: b}]}}]\n";
    let mutated = ROUTE.replacen("    backendRefs: [{name: b", &format!("{filter}    backendRefs: [{{name: b"), 1);
    ensure(
        mutated.contains(rule) && mutated.contains("x-a"),
        &Output { stdout: mutated.clone(), ..stage.run(&["--help"])? },
    )?;
    stage.write("new/route.yaml", &mutated)?;
    stage.write("new/other.yaml", &other)?;
    let output = stage.run(&["diff", "m", "new", "-o", "markdown"])?;
    let line = |kind: &str, part: &str| {
        let is_it = |line: &&str| line.starts_with(&format!("| **{kind}** |")) && line.contains(part);
        output.stdout.lines().any(|line| is_it(&line))
    };
    let holds = line("added", "httproute shop/all: path below /cart")
        && line("removed", "httproute shop/all: path below /basket")
        && line("shadowed", "httproute shop/web: path below /cart")
        && line("mutated", "httproute shop/web: every path")
        && line("mutated", "x-a");
    ensure(holds, &output)
}

fn trees(stage: &Stage) -> Result<(), Failed> {
    let route = |namespace: &str| {
        ROUTE
            .replace("namespace: shop", &format!("namespace: {namespace}"))
            .replace("[{name: edge}]", "[{name: edge, namespace: shop}]")
            .replace("shop.test", &format!("{namespace}.test"))
    };
    // The Services of the one tree are assumed, those of the other are missing.
    stage.write("r/.git/HEAD", "")?;
    stage.write(
        "r/platform/gateway.yaml",
        &GATEWAY.replace("HTTP, port: 80}", "HTTP, port: 80, allowedRoutes: {namespaces: {from: All}}}"),
    )?;
    stage.write("r/one/route.yaml", &route("one"))?;
    stage.write("r/one/old/route.yaml", &route("old"))?;
    stage.write("r/one/gwctl.yaml", "assume: [services]\nexclude: [old]\n")?;
    stage.write("r/two/route.yaml", &route("two"))?;
    stage.write("r/two/old/route.yaml", &route("gone"))?;
    stage.write("r/two/gwctl.yaml", "ignore: [GW8030]\n")?;
    let lines = |output: &Output| -> Vec<String> {
        output.stdout.lines().filter(|line| line.contains("error[")).map(str::to_owned).collect()
    };
    // The file of a tree is announced, and cannot hide that.
    let refused = stage.run(&["validate", "r/platform", "r/one", "r/two"])?;
    ensure(refused.code == Some(2) && refused.stderr.contains("r/two/gwctl.yaml:1:"), &refused)?;
    stage.write("r/two/gwctl.yaml", "ignore: [GW4002]\n")?;
    for paths in [["r/platform", "r/one", "r/two"], ["r/two", "r/one", "r/platform"]] {
        let output = stage.run(&[&["validate"], paths.as_slice()].concat())?;
        let found = lines(&output);
        let of = |part: &str| found.iter().filter(|line| line.contains(part)).count();
        // Two rules with three backends, in two files.
        ensure(of("GW2001") == 6 && of("`two/") == 3 && of("`gone/") == 3, &output)?;
        ensure(of("`one/") == 0 && of("`old/") == 0 && output.code == Some(1), &output)?;
        ensure(output.stdout.matches("note[GW8030]").count() == 2, &output)?;
    }
    // The same places in every form, each finding once.
    let output = stage.run(&["validate", "r/platform", "r/one", "r/two", "-o", "json"])?;
    let report = json(&output)?;
    let errors = report["findings"].as_array().into_iter().flatten().filter(|one| one["severity"] == "error").count();
    ensure(errors == 6 && report["summary"]["errors"] == 6 && report["summary"]["files"] == 6, &output)?;
    // Each object has the status that its own settings give it.
    let output = stage.run(&["status", "r/platform", "r/one", "r/two", "-o", "json"])?;
    let status = json(&output)?;
    let resolved = |namespace: &str| {
        let items = status["items"].as_array().into_iter().flatten();
        let own = items.filter(|one| one["kind"] == "HTTPRoute" && one["metadata"]["namespace"] == namespace);
        let conditions = own.flat_map(|one| one["status"]["parents"][0]["conditions"].as_array().into_iter().flatten());
        conditions.filter(|one| one["type"] == "ResolvedRefs").map(|one| one["status"].to_string()).collect::<Vec<_>>()
    };
    ensure(resolved("one") == ["\"True\""] && resolved("two") == ["\"False\""], &output)?;
    ensure(resolved("old").is_empty() && resolved("gone").len() == 1, &output)?;
    // A tree within another one has its own settings, and its files count once.
    let output = stage.run(&["validate", "r/platform", "r/two", "r/two/old", "r/one"])?;
    ensure(lines(&output).len() == 6 && !output.stdout.contains("GW8007"), &output)?;
    stage.write("r/two/old/gwctl.yaml", "assume: [services]\n")?;
    let output = stage.run(&["validate", "r/platform", "r/two", "r/two/old", "r/one"])?;
    ensure(lines(&output).len() == 3 && !output.stdout.contains("GW8007"), &output)?;
    // What a run has but once is the same for all.
    stage.write("r/two/gwctl.yaml", "assume: [services]\ndeny: warnings\n")?;
    let output = stage.run(&["validate", "r/platform", "r/one", "r/two"])?;
    let holds = output.stderr.contains("r/two/gwctl.yaml:2:1: one run has one `deny`") && output.stdout.is_empty();
    ensure(output.code == Some(2) && holds, &output)?;
    let output = stage.run(&["validate", "r/platform", "r/one", "r/two", "--deny", "GW4002"])?;
    ensure(output.code == Some(0), &output)?;
    let output = stage.run(&["validate", "r/platform", "r/one", "r/two", "--deny", "warnings", "--fix"])?;
    ensure(output.code == Some(2) && output.stderr.contains("--fix is for one tree"), &output)?;
    let output = stage.run(&["translate", "r/platform", "r/one", "r/two"])?;
    ensure(output.code == Some(2) && output.stderr.contains("holds for `r/"), &output)
}

fn route_asks(stage: &Stage) -> Result<(), Failed> {
    let filters = "    filters: [{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {name: b, port: 80}, \
                   http: {}}}]\n    sessionPersistence: {sessionName: sess}\n";
    let guarded = ROUTE.replacen("    backendRefs: [{name: b", &format!("{filters}    backendRefs: [{{name: b"), 1);
    stage.write("m/route.yaml", &guarded)?;
    let args = ["route", "http://shop.test/x", "-H", "x-v: 2", "-f", "m"];
    let output = stage.run(&args)?;
    let holds = output.stdout.contains("asks      shop/b:80, which is assumed to agree; without its answer 403")
        && output.stdout.contains("session   set-cookie: sess=\"…\"; Path=/; SameSite=Strict; HttpOnly");
    ensure(output.code == Some(0) && holds, &output)?;
    let output = stage.run(&[&args[..], &["-o", "json"]].concat())?;
    let outcome = &json(&output)?["outcomes"][0];
    ensure(outcome["asked"][0] == "shop/b:80" && outcome["session"][0][0] == "set-cookie", &output)
}

const STREAMS: &str = "apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: streams, namespace: shop}
spec:
  gatewayClassName: any
  listeners:
  - {name: db, protocol: TCP, port: 5432}
  - {name: tls, protocol: TLS, port: 8443, tls: {mode: Passthrough}}
  - {name: dns, protocol: UDP, port: 53}
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: db, namespace: shop}
spec:
  parentRefs: [{name: streams}]
  rules: [{backendRefs: [{name: a, port: 80, weight: 1}, {name: b, port: 80, weight: 1}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: tls, namespace: shop}
spec:
  parentRefs: [{name: streams}]
  hostnames: ['*.db.test']
  rules: [{backendRefs: [{name: b, port: 80}]}]
";

fn route_streams(stage: &Stage) -> Result<(), Failed> {
    stage.write("m/streams.yaml", STREAMS)?;
    let decide = |url: &str| -> Result<Value, String> { json(&stage.run(&["route", url, "-f", "m", "-o", "json"])?) };
    let tcp = decide("tcp://any.test:5432")?;
    let tls = decide("tls://x.db.test:8443")?;
    let other = decide("tls://other.test:8443")?;
    let http = decide("tcp://any.test:80")?;
    let holds = tcp["backends"][1]["backend"] == "shop/b:80"
        && tcp["backends"][1]["percent"] == 50.0
        && tcp["request"]["url"] == "tcp://any.test:5432"
        && tls["backends"][0]["backend"] == "shop/b:80"
        && tls["request"]["serverName"] == "x.db.test"
        && other["outcomes"][0]["reason"] == "no listener of this port takes the connection"
        && http["status"] == 400;
    if holds { Ok(()) } else { Err(Failed::from(format!("{tcp:#}\n{tls:#}\n{other:#}\n{http:#}"))) }
}

const SLOW: &str = "requests:
- name: the backend takes its time
  request: {url: 'http://shop.test/cart', headers: {x-echo-delay-ms: '20000'}}
  expect: {status: 200}
";

fn interrupted(stage: &Stage) -> Result<(), Failed> {
    stage.write("slow.yaml", SLOW)?;
    let temporary = stage.folder.join("tmp");
    fs::create_dir_all(&temporary).map_err(|error| error.to_string())?;
    let started = Instant::now();
    let mut child = Command::new(&stage.binary)
        .args(["test", "slow.yaml", "-f", "m", &format!("--envoy={}", stage.envoy.display())])
        .env("TMPDIR", &temporary)
        .current_dir(&stage.folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    // Envoy is there as soon as it has a configuration in the directory for temporary files.
    let entries = || fs::read_dir(&temporary).map(Iterator::count).unwrap_or_default();
    while entries() == 0 && started.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(1500));
    let pid = child.id().to_string();
    Command::new("kill").args(["-INT", &pid]).status().map_err(|error| error.to_string())?;
    let status = child.wait().map_err(|error| error.to_string())?;
    let holds = status.code() == Some(2) && entries() == 0 && started.elapsed() < Duration::from_secs(18);
    if holds { Ok(()) } else { Err(Failed::from(format!("{status}, {} files, {:?}", entries(), started.elapsed()))) }
}

fn git(folder: &Path, args: &[&str]) -> Result<(), String> {
    let status = Command::new("git").args(args).current_dir(folder).status().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("git {}: {status}", args.join(" "))) }
}
