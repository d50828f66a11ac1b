//! `route`, `test` and `diff` as a shell sees them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::harness::Harness;
use crate::process::{self, Output};

const GATEWAY: &str = "apiVersion: gateway.networking.k8s.io/v1
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

const ROUTE: &str = "apiVersion: gateway.networking.k8s.io/v1
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
    ]
}

/// A folder with manifests.
struct Stage {
    folder: PathBuf,
    binary: PathBuf,
}

impl Stage {
    fn new(harness: &Harness, name: &str) -> Result<Self, String> {
        let folder = harness.work_directory(&format!("commands/{name}"))?;
        let stage = Self { folder, binary: harness.binary().to_owned() };
        stage.write("m/gateway.yaml", GATEWAY)?;
        stage.write("m/route.yaml", ROUTE)?;
        Ok(stage)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), String> {
        let path = self.folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&path))
            .and_then(|()| fs::write(&path, text))
            .map_err(|e| e.to_string())
    }

    fn run(&self, args: &[&str]) -> Result<Output, String> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        process::run(&self.binary, &self.folder, &args, None)
    }
}

fn ensure(holds: bool, output: &Output) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(Failed::from(format!("{output:#?}"))) }
}

fn json(output: &Output) -> Result<Value, String> {
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
    let second = "tests: [{test_name: t, input: {authority: shop.test, path: /cart, method: GET, random_value: 1}, validate: \
                  {cluster_name: shop/b/80}}]\n";
    stage.write("checks.yaml", second)?;
    let output = stage.run(&["test", "checks.yaml", "-f", "m"])?;
    ensure(output.code == Some(0), &output)
}

fn status_with_errors(stage: &Stage) -> Result<(), Failed> {
    let output = stage.run(&["status", "m"])?;
    let line = "shop        httproute/web   gateway/shop/edge   True       True            <none>";
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
    // To another controller's Gateway nobody of ours has anything to say.
    let output = stage.run(&["status", "m", "-o", "json", "--controller-name", "a.example/b"])?;
    ensure(names(&output)? == ["\"HTTPRoute\" null"], &output)
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

fn git(folder: &Path, args: &[&str]) -> Result<(), String> {
    let status = Command::new("git").args(args).current_dir(folder).status().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("git {}: {status}", args.join(" "))) }
}
