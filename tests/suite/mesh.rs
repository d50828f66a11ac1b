//! Clients of Services, as `route --from` and cases with `from:` answer for them.

use libtest_mimic::{Failed, Trial};

use crate::commands::{Stage, ensure, json};
use crate::harness::Harness;
use crate::process::Output;

/// Services, a producer route that splits, redirects and has hostnames, and a consumer route of another namespace.
pub(crate) const MESH: &str = "apiVersion: v1
kind: Service
metadata: {name: cart, namespace: web}
spec: {selector: {app: cart}, ports: [{name: http, port: 80}, {name: admin, port: 8080}, {name: dns, port: 53, protocol: UDP}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart-v2, namespace: web}
spec: {selector: {app: cart-v2}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: pods, namespace: web}
spec: {clusterIP: None, ports: [{port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cart, namespace: web}
spec:
  parentRefs: [{group: '', kind: Service, name: cart, port: 80}]
  hostnames: [nobody.looks.here]
  rules:
  - matches: [{path: {value: /v2}}]
    backendRefs: [{name: cart-v2, port: 80}]
  - matches: [{path: {value: /old}}]
    filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: /new}}}]
  - matches: [{path: {value: /cart}}]
    backendRefs: [{name: cart, port: 80, weight: 3}, {name: cart-v2, port: 80, weight: 1}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cart, namespace: team}
spec:
  parentRefs: [{group: '', kind: Service, name: cart, namespace: web, port: 80}]
  rules:
  - matches: [{path: {value: /team}}]
    backendRefs: [{name: cart-v2, namespace: web, port: 80}]
";

/// What clients meet, with a case for each statement.
const CASES: &str = "requests:
- name: a producer route is for clients everywhere
  from: other
  request: {url: 'http://cart.web/v2/x'}
  expect: {status: 200, backend: 'web/cart-v2:80', upstream: {path: /v2/x}}
- name: also for those beside the Service, by its short name
  from: web
  request: {url: 'http://cart/v2'}
  expect: {status: 200, backend: 'web/cart-v2:80'}
- name: the Service itself as a backend is its endpoints
  from: other
  request: {url: 'http://cart.web.svc.cluster.local/cart'}
  expect: {status: 200, backends: {'web/cart:80': 75, 'web/cart-v2:80': 25}}
- name: what no rule takes is refused
  from: other
  request: {url: 'http://cart.web/'}
  expect: {status: 404}
- name: the host that is asked for does not count
  from: other
  request: {url: 'http://cart.web/v2', host: pods.web}
  expect: {status: 200, backend: 'web/cart-v2:80'}
- name: redirects name the port of the Service
  from: other
  request: {url: 'http://cart.web/old'}
  expect: {status: 302, redirect: 'http://cart.web/new'}
- name: a consumer route needs no grant
  from: team
  request: {url: 'http://cart.web/team'}
  expect: {status: 200, backend: 'web/cart-v2:80'}
- name: and replaces the producer's
  from: team
  request: {url: 'http://cart.web/v2'}
  expect: {status: 404}
- name: a port that no route names goes on as it is
  from: team
  request: {url: 'http://cart.web:8080/v2'}
  expect: {status: 200, backend: 'web/cart:8080'}
- name: a Service without routes goes on as it is
  from: team
  request: {url: 'http://cart-v2.web/anything'}
  expect: {status: 200, backend: 'web/cart-v2:80'}
";

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, run: fn(&Stage) -> Result<(), Failed>| {
        let (harness, folder) = (harness.clone(), format!("mesh-{name}"));
        Trial::test(format!("mesh::{name}"), move || {
            let stage = Stage::new(&harness, &folder)?;
            stage.write("mesh.yaml", MESH)?;
            run(&stage)
        })
    };
    vec![
        test("clients_of_a_service_get_the_routes_that_count_for_them", cases_hold),
        test("a_case_from_a_namespace_can_fail", cases_fail),
        test("cases_from_a_namespace_are_not_written_for_another_tool", cases_refused),
        test("route_says_which_routes_count_and_where_the_rule_is", route_decides),
        test("what_is_no_service_or_has_no_such_port_is_said_in_words", route_refuses),
        test("a_missing_service_can_be_assumed", route_assumes),
        test("a_parent_that_is_missing_is_told_once_for_each_route", missing_once),
        test("connections_and_datagrams_have_routes_too", streams),
        test("a_route_with_both_kinds_of_parents_serves_both", both_worlds),
        test("an_upgrade_over_http_2_may_not_be_taken", upgrades),
    ]
}

fn route(stage: &Stage, url: &str, from: &str, more: &[&str]) -> Result<Output, String> {
    stage.run(&[&["route", url, "--from", from, "-f", "mesh.yaml", "--no-settings"], more].concat())
}

fn cases_hold(stage: &Stage) -> Result<(), Failed> {
    stage.write("requests.yaml", CASES)?;
    let output = stage.run(&["test", "requests.yaml", "-f", "mesh.yaml"])?;
    let passed = format!("{} passed", CASES.matches("- name").count());
    ensure(output.code == Some(0) && output.stdout.contains(&passed), &output)?;
    // Where every case is sent to a Service it is nothing that a parent is one.
    ensure(!output.stdout.contains("GW3010") && output.stdout.contains("GW3048"), &output)?;
    let gateways = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: web}\n\
                    spec: {gatewayClassName: any, listeners: [{name: http, protocol: HTTP, port: 90}]}\n";
    stage.write("edge.yaml", gateways)?;
    let of_gateway = "- {name: a Gateway, request: {url: 'http://shop.test:90/'}, expect: {status: 404}}\n";
    stage.write("requests.yaml", &format!("{CASES}{of_gateway}"))?;
    let output = stage.run(&["test", "requests.yaml", "-f", "mesh.yaml", "-f", "edge.yaml", "-o", "json"])?;
    ensure(output.code == Some(0) && output.stdout.contains("GW3010"), &output)
}

fn cases_fail(stage: &Stage) -> Result<(), Failed> {
    stage.write("requests.yaml", &CASES.replace("backend: 'web/cart:8080'", "backend: 'web/cart-v2:80'"))?;
    let output = stage.run(&["test", "requests.yaml", "-f", "mesh.yaml"])?;
    let told = output.stdout.contains("no route counts: what arrives goes on as it is");
    ensure(output.code == Some(1) && output.stdout.contains("1 failed") && told, &output)?;
    let both = CASES.replacen("from: other\n", "from: other\n  gateway: shop/edge\n", 1);
    stage.write("requests.yaml", &both)?;
    let output = stage.run(&["test", "requests.yaml", "-f", "mesh.yaml"])?;
    ensure(output.code == Some(2) && output.stderr.contains("they exclude each other"), &output)
}

fn cases_refused(stage: &Stage) -> Result<(), Failed> {
    stage.write("requests.yaml", CASES)?;
    let output = stage.run(&["test", "requests.yaml", "-f", "mesh.yaml", "--emit=router-check"])?;
    ensure(output.code == Some(2) && output.stderr.contains("`from` does not go with --emit"), &output)
}

fn route_decides(stage: &Stage) -> Result<(), Failed> {
    let output = route(stage, "http://cart.web/cart", "other", &["-o", "json"])?;
    let decision = json(&output)?;
    let line = MESH.lines().position(|line| line.contains("{value: /cart}")).map(|line| line + 1);
    let holds = decision["clients"]["routes"] == "producer"
        && decision["clients"]["service"] == "web/cart"
        && decision["listener"]["path"] == "spec.ports[0]"
        && decision["rule"]["line"].as_u64().and_then(|line| usize::try_from(line).ok()) == line
        && decision["rule"]["file"] == "mesh.yaml";
    ensure(output.code == Some(0) && holds, &output)?;
    stage.write(
        "mesh.yaml",
        &MESH.replacen("selector: {app: cart}", "clusterIP: 10.96.0.10, selector: {app: cart}", 1),
    )?;
    let output = route(stage, "http://10.96.0.10/v2", "team", &["-o", "json"])?;
    let decision = json(&output)?;
    ensure(decision["clients"]["service"] == "web/cart" && decision["clients"]["routes"] == "consumer", &output)?;
    stage.write("mesh.yaml", MESH)?;
    // Names have no letter case.
    let output = route(stage, "http://CART.Web/v2", "team", &["-o", "json"])?;
    ensure(json(&output)?["clients"]["service"] == "web/cart", &output)?;
    let output = route(stage, "http://cart.web/v2", "team", &["--explain"])?;
    ensure(!output.stderr.contains("GW3010"), &output)?;
    let holds = output.stdout.contains("in namespace team: routes of that namespace count, and no others")
        && output.stdout.contains("wants path below /team")
        && !output.stdout.contains("GW3010");
    ensure(output.code == Some(0) && holds, &output)
}

fn route_refuses(stage: &Stage) -> Result<(), Failed> {
    for (url, why) in [
        ("http://cart.web:81/", "Service `web/cart` has no TCP port 81: those that it has are 80, 8080"),
        ("http://cart.web:53/", "Service `web/cart` has no TCP port 53"),
        ("http://pods.web/", "Service `web/pods` is headless"),
        ("http://cart/", "Service `team/cart` is not in the input"),
        ("http://www.example.com/", "`www.example.com` is no name of a Service"),
        ("http://10.96.0.10/", "10.96.0.10 is the `clusterIP` of no Service of the input"),
    ] {
        let output = route(stage, url, "team", &[])?;
        ensure(output.code == Some(2) && output.stderr.contains(why) && output.stdout.is_empty(), &output)?;
    }
    let output = route(stage, "http://cart.web/", "team", &["--gateway", "shop/edge"])?;
    ensure(output.code == Some(2) && output.stderr.contains("--from"), &output)?;
    let output = route(stage, "http://cart.web/", "team", &["--partial"])?;
    ensure(output.code == Some(2) && output.stderr.contains("--from"), &output)
}

fn route_assumes(stage: &Stage) -> Result<(), Failed> {
    let routes: Vec<&str> = MESH.split("---\n").filter(|document| document.contains("HTTPRoute")).collect();
    stage.write("mesh.yaml", &routes.join("---\n"))?;
    let output = route(stage, "http://cart.web/v2", "other", &["--assume", "services"])?;
    ensure(output.code == Some(0) && output.stdout.contains("HTTPRoute web/cart rule 0"), &output)?;
    let output = route(stage, "http://cart.web:8080/v2", "other", &["--assume", "services"])?;
    let why = "Service `web/cart` is assumed, and no route names its port 8080";
    ensure(output.code == Some(2) && output.stderr.contains(why), &output)
}

fn streams(stage: &Stage) -> Result<(), Failed> {
    let route_of = |kind: &str, version: &str, name: &str, more: &str, to: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/{version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: web}}\n\
             spec:\n  parentRefs: [{{group: '', kind: Service, name: {name}}}]\n{more}  rules: [{{backendRefs: [{to}]}}]\n"
        )
    };
    let service = |name: &str, protocol: &str| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: web}}\n\
             spec: {{ports: [{{port: 9000, protocol: {protocol}}}]}}\n"
        )
    };
    let text = [
        MESH.to_owned(),
        service("db", "TCP"),
        service("names", "UDP"),
        service("vault", "TCP"),
        route_of("TCPRoute", "v1alpha2", "db", "", "{name: cart, port: 8080}"),
        route_of("UDPRoute", "v1alpha2", "names", "", "{name: cart, port: 53}"),
        route_of("TLSRoute", "v1", "vault", "  hostnames: [vault.test]\n", "{name: cart-v2, port: 80}"),
    ];
    stage.write("mesh.yaml", &text.concat())?;
    for (url, more, backend) in [
        ("tcp://db.web:9000", &[][..], "web/cart:8080"),
        ("udp://names.web:9000", &[], "web/cart:53"),
        ("udp://cart.web:53", &[], "no route counts"),
        ("tls://vault.web:9000", &["--sni", "vault.test"], "web/cart-v2:80"),
        ("tls://vault.web:9000", &[], "closed"),
    ] {
        let output = route(stage, url, "other", more)?;
        // What is no HTTP is of no method.
        let is_http = output.stdout.contains("GET");
        ensure(output.code == Some(0) && output.stdout.contains(backend) && !is_http, &output)?;
    }
    Ok(())
}

fn missing_once(stage: &Stage) -> Result<(), Failed> {
    let route = |name: &str, namespace: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {name}, namespace: {namespace}}}\n\
             spec:\n  parentRefs: [{{group: '', kind: Service, name: gone, namespace: web}}]\n  rules: [{{}}]\n"
        )
    };
    stage.write("mesh.yaml", &format!("{}{}", route("all", "web"), route("own", "team")))?;
    let output = stage.run(&["validate", "mesh.yaml"])?;
    let told = output.stderr.matches("GW3040").count() + output.stdout.matches("GW3040").count();
    ensure(told == 2 && !format!("{}{}", output.stdout, output.stderr).contains("GW3048"), &output)?;
    // Where it may be elsewhere, who has which routes is known.
    let assumed = stage.run(&["validate", "mesh.yaml", "--assume", "services"])?;
    ensure(format!("{}{}", assumed.stdout, assumed.stderr).contains("GW3048"), &assumed)
}

fn both_worlds(stage: &Stage) -> Result<(), Failed> {
    let gateway = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: web}\n\
                   spec: {gatewayClassName: any, listeners: [{name: http, protocol: HTTP, port: 80}]}\n";
    let text =
        MESH.replacen("parentRefs: [", "parentRefs: [{name: edge}, ", 1).replace("nobody.looks.here", "shop.test");
    stage.write("mesh.yaml", &format!("{text}{gateway}"))?;
    let rule = "HTTPRoute web/cart rule 0";
    let output = stage.run(&["route", "http://shop.test/v2", "-f", "mesh.yaml"])?;
    ensure(output.stdout.contains(rule) && output.stdout.contains("Gateway web/edge"), &output)?;
    let output = route(stage, "http://cart.web/v2", "other", &[])?;
    ensure(output.stdout.contains(rule) && output.stdout.contains("Service web/cart"), &output)
}

/// Whether a backend that speaks HTTP/2 takes an upgrade only a run shows; one that speaks HTTP/1.1 is asked as ever.
fn upgrades(stage: &Stage) -> Result<(), Failed> {
    let more = "---\napiVersion: v1\nkind: Service\nmetadata: {name: two, namespace: web}\n\
                spec: {ports: [{name: a, port: 80, appProtocol: kubernetes.io/h2c}, {name: b, port: 81}]}\n---\n\
                apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: two, namespace: web}\n\
                spec:\n  parentRefs: [{group: '', kind: Service, name: two, port: 80}]\n  rules:\n  \
                - {matches: [{path: {value: /one}}], backendRefs: [{name: two, port: 81}]}\n  \
                - {backendRefs: [{name: two, port: 80}]}\n";
    stage.write("mesh.yaml", &format!("{MESH}{more}"))?;
    let upgrade = ["-H", "connection: upgrade", "-H", "upgrade: websocket"];
    let asked = "by an extended CONNECT";
    let output = route(stage, "http://two.web/", "other", &upgrade)?;
    ensure(output.stdout.contains("upgrade   over HTTP/2") && output.stdout.contains(asked), &output)?;
    let output = route(stage, "http://two.web/", "other", &[&upgrade[..], &["-o", "json"]].concat())?;
    ensure(output.stdout.contains("\"upgrade\": \"over HTTP/2"), &output)?;
    for (url, flags) in [("http://two.web/one", &upgrade[..]), ("http://two.web/", &[])] {
        let output = route(stage, url, "other", flags)?;
        ensure(!output.stdout.contains(asked), &output)?;
    }
    Ok(())
}
