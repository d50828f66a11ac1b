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
        test("the_absence_of_what_envoy_writes_is_not_taken_for_granted", generated_headers),
        test("an_expectation_that_every_answer_meets_is_refused", silent_expectations),
        test("coverage_of_no_rules_is_not_full", no_rules),
        test("router_check_leaves_out_what_the_tool_has_no_form_for", router_check_leaves_out),
        test("router_check_names_the_port_of_another_listener", router_check_of_ports),
        test("router_check_names_what_it_cannot_say_and_what_does_not_hold", router_check_names),
        test("a_session_is_what_the_case_says_it_is", sessions),
        test("names_that_nobody_has_are_refused", misnamed),
        test("nothing_is_said_where_nobody_looked", nobody_looked),
        test("rules_of_the_context_are_not_to_be_covered", context_rules),
        test("an_allowance_for_nothing_is_told", unused_allowance),
        test("a_client_checks_the_certificate_that_it_is_shown", checked_certificates),
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

fn generated_headers(stage: &Stage) -> Result<(), Failed> {
    let there = ["x-forwarded-for", "X-Request-Id", "x-envoy-external-address", "host"];
    let upstream = there.map(|name| format!("{{upstream: {{absent: [{name}]}}}}"));
    let sent = ["date", "x-envoy-upstream-service-time"].map(|name| format!("{{response: {{absent: [{name}]}}}}"));
    let of_outcome = |rest: &str| format!("{{outcomes: [{{percent: 100, status: 200, response: {{{rest}}}}}]}}");
    let unknown = ["content-length", "connection"];
    let unknown = unknown.map(|name| format!("{{status: 200, response: {{absent: [{name}]}}}}")).into_iter();
    let unknown: Vec<String> = unknown.chain(["absent: [content-length]"].map(of_outcome)).collect();
    let mut cases = "requests:\n".to_owned();
    for (number, expect) in upstream.iter().chain(&sent).chain(&unknown).enumerate() {
        cases
            .push_str(&format!("- {{name: c{number}, request: {{url: 'http://shop.test/cart'}}, expect: {expect}}}\n"));
    }
    stage.write("cases.yaml", &cases)?;
    let output = stage.run(&["test", "cases.yaml", "-f", "m", "-o", "json"])?;
    let results = json(&output)?;
    let found: Vec<&serde_json::Value> = results["cases"].as_array().into_iter().flatten().collect();
    let (certain, unsure) = found.split_at_checked(upstream.len() + sent.len()).unwrap_or_default();
    let is_told = |case: &&serde_json::Value| case["unchecked"][0] == "absent headers that a run generates";
    let holds = certain.iter().all(|case| case["status"] == "failed")
        && unsure.len() == unknown.len()
        && unsure.iter().all(|case| case["status"] == "passed" && is_told(case));
    ensure(output.code == Some(1) && holds, &output)
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

fn router_check_names(stage: &Stage) -> Result<(), Failed> {
    let url = "request: {url: 'http://shop.test/cart'}";
    let cases = format!(
        "- {{name: resp, {url}, expect: {{status: 200, response: {{absent: [x-a]}}}}}}
- {{name: mir, {url}, expect: {{mirrors: []}}}}
- {{name: ses, {url}, session: {{followUps: 2}}, expect: {{attempts: 3}}}}
- {{name: head, {url}, expect: {{upstream: {{path: /cart, method: GET}}}}}}
- {{name: path, {url}, expect: {{upstream: {{path: /cart}}}}}}
"
    );
    stage.write("cases.yaml", &format!("stats: {{a: 1}}\nrequests:\n{CHECKED}{cases}"))?;
    let output = stage.run(&["test", "cases.yaml", "-f", "m", "--emit", "router-check"])?;
    let says = |words: &str| output.stderr.contains(words);
    let named = says("case `resp`: router_check_tool has no form for `response`")
        && says("case `mir`: router_check_tool has no form for `mirrors`")
        && says("case `ses`: it does not hold")
        && says("case `head`: router_check_tool has no form for `upstream`")
        && says("cases.yaml: router_check_tool has no form for `stats`")
        && !says("case `path`");
    let written = |name: &str| output.stdout.contains(&format!("test_name: {name}"));
    ensure(output.code == Some(1) && named && written("resp") && written("path") && !written("ses"), &output)
}

/// A rule with a session in a cookie, and one with a session in a header.
const SESSIONS: &str = "apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: sessions, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  hostnames: [two.test]
  rules:
  - matches: [{path: {value: /cookie}}]
    sessionPersistence: {sessionName: x}
    backendRefs: [{name: a, port: 80}, {name: b, port: 80}]
  - matches: [{path: {value: /header}}]
    sessionPersistence: {sessionName: x-kept, type: Header}
    backendRefs: [{name: a, port: 80}, {name: b, port: 80}]
";

fn sessions(stage: &Stage) -> Result<(), Failed> {
    stage.write("m/sessions.yaml", SESSIONS)?;
    for (path, session, code) in [
        ("cookie", "{followUps: 5}", 0),
        ("cookie", "{followUps: 5, header: nope}", 1),
        ("cookie", "{followUps: 5, header: x-kept}", 1),
        ("header", "{followUps: 5, header: X-Kept}", 0),
        ("header", "{followUps: 5}", 1),
        // Nobody answers the first request.
        ("gone", "{followUps: 5}", 1),
        ("cookie", "{followUps: 0}", 2),
    ] {
        let expect = if path == "gone" { 404 } else { 200 };
        let case = format!(
            "requests: [{{name: a, request: {{url: 'http://two.test/{path}'}}, session: {session}, expect: {{status: {expect}}}}}]\n"
        );
        stage.write("cases.yaml", &case)?;
        let output = stage.run(&["test", "cases.yaml", "-f", "m"])?;
        ensure(output.code == Some(code), &output)?;
    }
    Ok(())
}

fn misnamed(stage: &Stage) -> Result<(), Failed> {
    for (expect, words) in [
        ("{status: 200, mirrors: {nonsense: 0}}", "`mirrors` names `nonsense`, which is no Service port"),
        ("{backends: {'shop/a:80': 50, 'shop/b:80': 50, 'shop/cc:80': 0}}", "`backends` names `shop/cc:80`"),
        ("{status: 200, mirrors: {'shop/cc:80': 0}}", "`mirrors` names `shop/cc:80`, which is no Service port here"),
        ("{joint: {'shop/a:80 /x + shop/b': 100}}", "`joint` names `shop/b`"),
        ("{outcomes: [{percent: 100, backend: a}]}", "`outcomes` names `a`"),
        ("{reached: [a]}", "`reached` names `a`"),
        ("{upstream: {absent: ['not a header!']}}", "`not a header!` is not a header name"),
        ("{response: {absent: ['a b']}}", "`a b` is not a header name"),
        ("{attempts: {}}", "say at least the status"),
        ("{totalAttempts: {min: 0}, mirrors: {}}", "say at least the status"),
    ] {
        let case = format!("requests: [{{name: a, request: {{url: 'http://shop.test/cart'}}, expect: {expect}}}]\n");
        stage.write("cases.yaml", &case)?;
        let output = stage.run(&["test", "cases.yaml", "-f", "m"])?;
        ensure(output.code == Some(2) && output.stderr.contains(words), &output)?;
    }
    Ok(())
}

/// A Gateway of another controller, with a route.
const THEIRS: &str = "apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: theirs}
spec: {controllerName: x.io/y}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: foreign, namespace: shop}
spec: {gatewayClassName: theirs, listeners: [{name: http, protocol: HTTP, port: 82}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: f, namespace: shop}
spec: {parentRefs: [{name: foreign}], rules: [{backendRefs: [{name: a, port: 80}]}]}
";

fn nobody_looked(stage: &Stage) -> Result<(), Failed> {
    stage.write("m/theirs.yaml", THEIRS)?;
    let closed = "requests: [{name: a, request: {url: 'http://f.test:82/'}, expect: {closed: true}}]\n";
    stage.write("cases.yaml", closed)?;
    let ours = &["--controller-name", "gwctl.dev/offline"][..];
    for (flags, words) in [
        (&["--gateway", "shop/foreign"][..], "selects nothing"),
        (&["--gateway-class", "theirs"], "selects nothing"),
        (&[], "not judged: Gateway `shop/foreign`"),
    ] {
        let flags = [flags, ours].concat();
        let route = stage.run(&[&["route", "http://f.test:82/", "-f", "m"], &flags[..]].concat())?;
        ensure(route.code == Some(2) && route.stderr.contains(words), &route)?;
        let test = stage.run(&[&["test", "cases.yaml", "-f", "m"], &flags[..]].concat())?;
        ensure(test.code == Some(2) && test.stderr.contains(words), &test)?;
    }
    let validate = stage.run(&[&["validate", "m", "--gateway", "shop/foreign"], ours].concat())?;
    ensure(validate.code == Some(2) && validate.stderr.contains("selects nothing"), &validate)?;
    // A port that nobody declares is closed, whoever was left out.
    let route = stage.run(&[&["route", "http://f.test:83/", "-f", "m"], ours].concat())?;
    ensure(route.code == Some(0) && route.stdout.contains("nothing listens"), &route)?;
    stage.write(
        "alone/service.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n",
    )?;
    let route = stage.run(&["route", "http://f.test:82/", "-f", "alone"])?;
    ensure(route.code == Some(2) && route.stderr.contains("the input declares no Gateway"), &route)?;
    let test = stage.run(&["test", "cases.yaml", "-f", "alone"])?;
    ensure(test.code == Some(2) && test.stderr.contains("the input declares no Gateway"), &test)?;
    stage.write("empty/a.yaml", "# nothing\n")?;
    for command in ["validate", "status", "translate"] {
        let output = stage.run(&[command, "empty"])?;
        ensure(output.code == Some(2) && output.stdout.is_empty() | (command == "validate"), &output)?;
    }
    Ok(())
}

fn context_rules(stage: &Stage) -> Result<(), Failed> {
    stage.write("cases.yaml", &format!("requests:\n{CHECKED}"))?;
    let own = ROUTE.replace("metadata: {name: web", "metadata: {name: own").replace("shop.test", "own.test");
    stage.write("own/route.yaml", &own)?;
    let run = |context: &[&str]| {
        let files: Vec<&str> = context.iter().flat_map(|path| ["--context", path]).collect();
        stage.run(&[&["test", "cases.yaml", "-f", "own"], &files[..]].concat())
    };
    let output = run(&["m"])?;
    ensure(output.stdout.contains("coverage: 0 of 2 rules") && !output.stdout.contains("shop/web"), &output)
}

fn unused_allowance(stage: &Stage) -> Result<(), Failed> {
    stage.write("m/policy.yaml", POLICY)?;
    let slip = "`--allow-unsupported AuthPolicy.kuadrant.dev` allows nothing";
    let run = |kind: &str| stage.run(&["validate", "m", "--allow-unsupported", kind]);
    let output = run("AuthPolicy.kuadrant.dev")?;
    ensure(output.stdout.contains("warning[GW8012]") && output.stdout.contains(slip), &output)?;
    let output = run("AuthPolicy.kuadrant.io")?;
    ensure(!output.stdout.contains("GW8012"), &output)
}

fn checked_certificates(stage: &Stage) -> Result<(), Failed> {
    let pki = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pki");
    let encoded = |name: &str| -> Result<String, Failed> {
        let text = std::fs::read_to_string(pki.join(name))?;
        Ok(text.lines().map(|line| format!("    {line}\n")).collect())
    };
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: web, namespace: shop}}\ntype: kubernetes.io/tls\nstringData:\n  tls.crt: |\n{}  tls.key: |\n{}",
        encoded("web.crt")?,
        encoded("web.key")?
    );
    stage.write("m/secret.yaml", &secret)?;
    let gateway = "apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: tls, namespace: shop}
spec:
  gatewayClassName: any
  listeners: [{name: https, protocol: HTTPS, port: 443, tls: {certificateRefs: [{name: web}]}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: tls, namespace: shop}
spec: {parentRefs: [{name: tls}], rules: [{backendRefs: [{name: a, port: 80}]}]}
";
    stage.write("m/tls.yaml", gateway)?;
    let run = |url: &str, tls: &str, expect: &str| {
        let cases = format!(
            "pki: {}\nrequests: [{{name: a, request: {{url: '{url}', tls: {tls}}}, expect: {expect}}}]\n",
            pki.display()
        );
        stage.write("cases.yaml", &cases)?;
        stage.run(&["test", "cases.yaml", "-f", "m", "-o", "json"])
    };
    let output = run("https://example.org/", "{ca: ca.crt}", "{status: 200}")?;
    ensure(output.code == Some(0), &output)?;
    for (url, ca, expect) in [
        ("https://example.org/", "other-ca.crt", "{status: 200}"),
        ("https://elsewhere.test/", "ca.crt", "{status: 200}"),
        ("https://elsewhere.test/", "ca.crt", "{closed: true}"),
    ] {
        let output = run(url, &format!("{{ca: {ca}}}"), expect)?;
        ensure(output.code == Some(1) && output.stdout.contains("the client refuses the certificate"), &output)?;
    }
    let output = run("https://elsewhere.test/", "{}", "{status: 200}")?;
    ensure(output.code == Some(0), &output)?;
    // A backend that serves TLS and is spoken to in plain text.
    let cases = format!(
        "pki: {}\nbackendTls: {{'shop/a:80': {{certificate: web.crt}}}}\nrequests:\n{CHECKED}- {{name: b, request: {{url: 'https://example.org/'}}, expect: {{status: 200}}}}\n",
        pki.display()
    );
    stage.write("cases.yaml", &cases)?;
    let output = stage.run(&["test", "cases.yaml", "-f", "m", "-o", "json"])?;
    ensure(output.code == Some(2) && output.stdout.matches("\"skipped\"").count() >= 2, &output)
}

const POLICY: &str = "apiVersion: kuadrant.io/v1
kind: AuthPolicy
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
    for allowed in [&["--allow-unsupported", "AuthPolicy.kuadrant.io"][..], &["--partial"]] {
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
