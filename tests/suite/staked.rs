//! `test` and `route` as something to stake a release on: a case of which
//! nothing was looked at is no passed one, and what one command leaves out
//! another does not serve.

use libtest_mimic::{Failed, Trial};

use crate::commands::{ROUTE, Stage, ensure, json};
use crate::harness::Harness;

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, run: fn(&Stage) -> Result<(), Failed>| {
        let (harness, folder) = (harness.clone(), format!("staked-{name}"));
        Trial::test(format!("staked::{name}"), move || run(&Stage::new(&harness, &folder)?))
    };
    vec![
        test("a_case_of_which_nothing_is_checked_is_skipped", nothing_checked),
        test("a_run_that_checks_no_case_is_no_success", no_case_checked),
        test("an_expectation_that_every_answer_meets_is_refused", silent_expectations),
        test("coverage_of_no_rules_is_not_full", no_rules),
        test("router_check_leaves_out_what_the_tool_has_no_form_for", router_check_leaves_out),
        test("router_check_names_the_port_of_another_listener", router_check_of_ports),
        test("a_foreign_policy_fails_the_cases_unless_it_is_allowed", foreign_policy),
        test("route_test_and_translate_leave_out_the_same", partial),
    ]
}

const CHECKED: &str = "- {name: checked, request: {url: 'http://shop.test/cart'}, expect: {status: 200}}\n";

fn nothing_checked(stage: &Stage) -> Result<(), Failed> {
    let cases = "requests:
- {name: tls alone, request: {url: 'http://shop.test/cart'}, expect: {tls: {peer: x}}}
- {name: body alone, request: {url: 'http://shop.test/cart'}, expect: {body: hello}}
- {name: broken off, request: {url: 'http://shop.test/cart'}, expect: {truncated: true}}
- {name: its TLS, request: {url: 'http://shop.test/cart'}, expect: {upstream: {tls: {sni: x}}}}
- {name: in part, request: {url: 'http://shop.test/cart'}, expect: {status: 200, within: 2s}}
- {name: refused, request: {url: 'http://shop.test:81/'}, expect: {tls: {peer: x}}}
";
    stage.write("cases.yaml", cases)?;
    let output = stage.run(&["test", "cases.yaml", "-f", "m", "-o", "json"])?;
    let results = json(&output)?;
    let statuses: Vec<&str> =
        results["cases"].as_array().into_iter().flatten().filter_map(|case| case["status"].as_str()).collect();
    let is_named = results["cases"][0]["unchecked"][0] == "tls" && results["cases"][0]["reason"].is_string();
    let expected = ["skipped", "skipped", "skipped", "skipped", "passed", "failed"];
    ensure(output.code == Some(1) && statuses == expected && is_named, &output)?;
    let output = stage.run(&["test", "cases.yaml", "-f", "m", "-o", "junit"])?;
    let holds = output.stdout.contains("skipped=\"4\"")
        && output.stdout.contains("not checked without a run (--envoy): body\"/>")
        && output.stdout.contains("<system-out>not checked without a run (--envoy): within</system-out>");
    ensure(holds, &output)?;
    let output = stage.run(&["test", "cases.yaml", "-f", "m", "-o", "github"])?;
    ensure(output.stdout.contains("::notice file=cases.yaml,line=2,title=tls alone::"), &output)
}

fn no_case_checked(stage: &Stage) -> Result<(), Failed> {
    let slow = "- {name: slow, request: {url: 'http://shop.test/cart?x-echo-delay-ms=9'}, expect: {status: 500}}\n";
    stage.write("cases.yaml", &format!("requests:\n{slow}"))?;
    let output = stage.run(&["test", "cases.yaml", "-f", "m"])?;
    let holds = output.stdout.contains("0 passed, 0 failed, 1 skipped")
        && output.stdout.contains("coverage: 0 of 2 rules")
        && output.stderr.contains("no case was checked");
    ensure(output.code == Some(2) && holds, &output)?;
    // Beside one that is checked it is named, and covers nothing.
    let other = "- {name: other, request: {url: 'http://shop.test/x?x-echo-delay-ms=9', headers: {x-v: '2'}}, expect: {status: 500}}\n";
    stage.write("cases.yaml", &format!("requests:\n{CHECKED}{other}"))?;
    let output = stage.run(&["test", "cases.yaml", "-f", "m", "--fail-under", "100"])?;
    ensure(output.code == Some(1) && output.stdout.contains("coverage: 1 of 2 rules"), &output)
}

fn silent_expectations(stage: &Stage) -> Result<(), Failed> {
    for expect in ["{}", "{response: {}}", "{response: {absent: []}}", "{outcomes: [{percent: 100}]}"] {
        let case = format!("requests: [{{name: a, request: {{url: 'http://nowhere.test/'}}, expect: {expect}}}]\n");
        stage.write("cases.yaml", &case)?;
        let output = stage.run(&["test", "cases.yaml", "-f", "m"])?;
        ensure(output.code == Some(2) && output.stderr.contains("say at least the status"), &output)?;
    }
    stage
        .write("checks.yaml", "tests: [{test_name: t, input: {authority: x, path: /, method: GET}, validate: {}}]\n")?;
    let output = stage.run(&["test", "checks.yaml", "-f", "m"])?;
    ensure(output.code == Some(2) && output.stderr.contains("`validate` is empty"), &output)?;
    // That a backend received the request at all is an expectation, and so is the share that the others leave.
    for expect in ["{upstream: {}}", "{outcomes: [{percent: 25, backend: 'shop/a:80'}, {percent: 75}]}"] {
        let case = format!("requests: [{{name: a, request: {{url: 'http://shop.test/cart'}}, expect: {expect}}}]\n");
        stage.write("cases.yaml", &case)?;
        let output = stage.run(&["test", "cases.yaml", "-f", "m"])?;
        ensure(output.code == Some(0) && output.stdout.contains("1 passed"), &output)?;
    }
    Ok(())
}

fn no_rules(stage: &Stage) -> Result<(), Failed> {
    stage.write("cases.yaml", "requests: [{name: a, request: {url: 'http://x.test/'}, expect: {status: 404}}]\n")?;
    let run = |more: &[&str]| stage.run(&[&["test", "cases.yaml", "-f", "m/gateway.yaml"], more].concat());
    let output = run(&[])?;
    let is_said = output.stdout.contains("coverage: there are no rules") && !output.stdout.contains("100.0 %");
    ensure(output.code == Some(0) && is_said, &output)?;
    let output = run(&["--fail-under", "100"])?;
    ensure(output.code == Some(2) && output.stderr.contains("--fail-under"), &output)?;
    let coverage = &json(&run(&["-o", "json"])?)?["coverage"];
    ensure(coverage["rules"]["percent"].is_null() && coverage["matches"]["total"] == 0, &output)
}

const STREAMS: &str = "apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: streams, namespace: shop}
spec:
  gatewayClassName: any
  listeners: [{name: db, protocol: TCP, port: 5432}, {name: dns, protocol: UDP, port: 53}, {name: more, protocol: HTTP, port: 8080}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: db, namespace: shop}
spec: {parentRefs: [{name: streams}], rules: [{backendRefs: [{name: a, port: 80}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: UDPRoute
metadata: {name: dns, namespace: shop}
spec: {parentRefs: [{name: streams}], rules: [{backendRefs: [{name: u, port: 53}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: u, namespace: shop}
spec: {ports: [{port: 53, protocol: UDP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: more, namespace: shop}
spec: {parentRefs: [{name: streams}], rules: [{backendRefs: [{name: b, port: 80}]}]}
";

fn router_check_leaves_out(stage: &Stage) -> Result<(), Failed> {
    stage.write("m/streams.yaml", STREAMS)?;
    let cases = "- {name: tcp, request: {url: 'tcp://x:5432'}, expect: {backend: 'shop/a:80'}}
- {name: udp, request: {url: 'udp://x:53', body: x}, expect: {backend: 'shop/u:53'}}
- {name: other port, request: {url: 'http://x:81/'}, expect: {closed: true}}
";
    stage.write("cases.yaml", &format!("requests:\n{CHECKED}{cases}"))?;
    let output = stage.run(&["test", "cases.yaml", "-f", "m", "--emit", "router-check"])?;
    let named = |name: &str| output.stderr.contains(&format!("case `{name}`"));
    let holds = output.stdout.matches("test_name").count() == 1 && named("tcp") && named("udp") && named("other port");
    ensure(output.code == Some(1) && holds && output.stderr.contains("cases.yaml:3: "), &output)?;
    stage.write("checks.yaml", &output.stdout)?;
    let output = stage.run(&["test", "checks.yaml", "-f", "m"])?;
    ensure(output.code == Some(0) && output.stdout.contains("1 passed"), &output)
}

fn router_check_of_ports(stage: &Stage) -> Result<(), Failed> {
    stage.write("m/streams.yaml", STREAMS)?;
    let cases = "- {name: second, request: {url: 'http://shop.test:8080/cart'}, expect: {backend: 'shop/b:80'}}
- {name: misled, request: {url: 'http://shop.test:8080/cart', host: 'shop.test:80'}, expect: {backend: 'shop/b:80'}}
";
    stage.write("cases.yaml", &format!("requests:\n{CHECKED}{cases}"))?;
    let output = stage.run(&["test", "cases.yaml", "-f", "m", "--emit", "router-check"])?;
    let holds = output.stdout.contains("authority: shop.test:8080") && output.stderr.contains("case `misled`");
    ensure(output.code == Some(1) && holds, &output)?;
    stage.write("checks.yaml", &output.stdout)?;
    let output = stage.run(&["test", "checks.yaml", "-f", "m"])?;
    ensure(output.code == Some(0) && output.stdout.contains("2 passed"), &output)
}

const POLICY: &str = "apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: {name: p, namespace: shop}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: web}]
  authorization: {defaultAction: Deny}
";

fn foreign_policy(stage: &Stage) -> Result<(), Failed> {
    stage.write("cases.yaml", &format!("requests:\n{CHECKED}"))?;
    stage.write("m/policy.yaml", POLICY)?;
    let run = |more: &[&str]| stage.run(&[&["test", "cases.yaml", "-f", "m"], more].concat());
    let output = run(&[])?;
    ensure(output.code == Some(1) && output.stdout.contains("error[GW5113]"), &output)?;
    for allowed in [&["--allow-unsupported", "SecurityPolicy.gateway.envoyproxy.io"][..], &["--partial"]] {
        let output = run(allowed)?;
        ensure(output.code == Some(0) && output.stdout.contains("1 passed"), &output)?;
    }
    Ok(())
}

fn partial(stage: &Stage) -> Result<(), Failed> {
    // The API server would refuse the object for its unknown field.
    stage.write("m/route.yaml", &ROUTE.replace("spec:\n", "spec:\n  bar: 1\n"))?;
    stage.write(
        "cases.yaml",
        "requests:\n- {name: a, request: {url: 'http://shop.test/cart'}, expect: {status: 404}}\n",
    )?;
    let output = stage.run(&["translate", "m", "--partial"])?;
    ensure(output.code == Some(0) && !output.stdout.contains("httproute/shop/web"), &output)?;
    let output = stage.run(&["test", "cases.yaml", "-f", "m", "--partial"])?;
    ensure(output.code == Some(0) && output.stdout.contains("1 passed"), &output)?;
    let route = ["route", "http://shop.test/cart", "-f", "m"];
    let output = stage.run(&[&route[..], &["--partial"]].concat())?;
    ensure(output.code == Some(0) && output.stdout.contains("404") && !output.stdout.contains("shop/b:80"), &output)?;
    // Without it what is declared decides, and the error fails the run.
    let output = stage.run(&route)?;
    ensure(output.code == Some(1) && output.stdout.contains("shop/b:80"), &output)
}
