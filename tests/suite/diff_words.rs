//! What `diff` says where the answer is more than a backend: in words that are true, and that agree with each other.

use libtest_mimic::{Failed, Trial};

use crate::harness::Harness;
use crate::judged::{HTTP, Stage, ensure, gateway, kinds, route};
use crate::mesh::MESH;

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test =
        |name: &str, run: fn(&Stage) -> Result<(), Failed>| Stage::trial(harness, &format!("diff_words::{name}"), run);
    vec![
        test("a_missing_server_answers_as_route_says", missing_servers),
        test("a_picture_marks_what_the_table_lists", picture),
        test("other_addresses_of_a_service_with_routes_are_a_change", addresses),
        test("an_upstream_of_options_alone_is_led_to_by_no_route", unled_upstream),
        test("how_a_missing_server_would_be_asked_is_no_change", unasked),
        test("a_tunnel_is_told_in_the_words_of_its_upstream", tunnel),
        test("what_options_say_of_connections_is_told", connections),
        test("what_differs_of_a_server_that_requests_are_handed_to_is_told", handed),
    ]
}

const UPSTREAM: &str = "---
apiVersion: gloo.solo.io/v1
kind: Upstream
metadata: {name: asked, namespace: default}
spec: {static: {hosts: [{addr: asked.test, port: 9000}]}}
";

/// Options of the listener with these fields.
fn options(kind: &str, fields: &str) -> String {
    format!(
        "---\napiVersion: gateway.solo.io/v1\nkind: {kind}\nmetadata: {{name: {}}}\nspec:\n  targetRefs: [{{group: \
         gateway.networking.k8s.io, kind: Gateway, name: edge}}]\n  options: {{{fields}}}\n",
        kind.to_lowercase()
    )
}

fn missing_servers(stage: &Stage) -> Result<(), Failed> {
    const REFERENCE: &str = "{name: asked, namespace: default}";
    let asked = options("VirtualHostOption", "extauth: {customAuth: {}}");
    let counted = options("VirtualHostOption", "ratelimit: {rateLimits: [{actions: [{remoteAddress: {}}]}]}");
    for more in [
        asked + &options("HttpListenerOption", &format!("extauth: {{extauthzServerRef: {REFERENCE}}}")),
        counted
            + &options(
                "HttpListenerOption",
                &format!("ratelimitServer: {{denyOnFail: true, ratelimitServerRef: {REFERENCE}}}"),
            ),
        options(
            "HttpListenerOption",
            &format!(
                "extProc: {{filterStage: {{stage: AuthZStage, predicate: After}}, grpcService: {{extProcServerRef: {REFERENCE}}}}}"
            ),
        ),
    ] {
        let without = gateway("edge", HTTP) + &route("r", "edge", "/", "one") + &more;
        let with = format!("{without}{UPSTREAM}");
        let (output, found) = stage.diff(&with, &without)?;
        let change = &found["changes"][0];
        let words = "500: Upstream default/asked, which is asked first, is missing or of no use";
        let holds =
            kinds(&found) == ["retargeted"] && change["oldAnswer"] == "default/one:80" && change["newAnswer"] == words;
        ensure(output.code == Some(1) && holds, &output)?;
        let answer = stage.run("route http://www.example.com/ -f new.yaml --assume services")?;
        ensure(answer.stdout.contains("answer    100 %  500"), &answer)?;
        // Where both lack it, what else changes is seen all the same.
        let (output, found) = stage.diff(&without, &without.replace("name: one", "name: two"))?;
        let answers = ["oldAnswer", "newAnswer"].map(|side| found["changes"][0][side].as_str().unwrap_or_default());
        let holds = answers.iter().all(|answer| answer.starts_with(words));
        ensure(holds && answers[0].contains("one:80") && answers[1].contains("two:80"), &output)?;
    }
    Ok(())
}

/// What no request gets to is no change, in the picture as in the table.
fn picture(stage: &Stage) -> Result<(), Failed> {
    let rule = |path: &str, backend: &str| {
        format!("  - matches: [{{path: {{value: {path}}}}}]\n    backendRefs: [{{name: {backend}, port: 80}}]\n")
    };
    let side = |rules: &[String]| gateway("edge", HTTP) + &route("r", "edge", "/a", "one") + &rules.concat();
    let old = [rule("/a", "two"), rule("/b", "three")];
    for (new, marks) in [
        (vec![rule("/a", "four"), rule("/b", "five")], 1),
        (vec![rule("/b", "five")], 1),
        (vec![rule("/a", "two"), rule("/a", "six"), rule("/b", "five")], 1),
        (vec![rule("/b", "three"), rule("/a", "two"), rule("/c", "six")], 1),
    ] {
        stage.write("old.yaml", &side(&old))?;
        stage.write("new.yaml", &side(&new))?;
        let output = stage.run("diff old.yaml new.yaml --assume services -o markdown")?;
        let rows = output.stdout.lines().filter(|line| line.starts_with("| **")).count();
        let is_rule = |line: &&str| {
            line.contains("rule ")
                && ["<br/>added", "<br/>changed", "<br/>removed"].iter().any(|word| line.contains(word))
        };
        let drawn = output.stdout.lines().filter(is_rule).count();
        ensure(rows == marks && drawn == marks, &output)?;
    }
    Ok(())
}

fn addresses(stage: &Stage) -> Result<(), Failed> {
    let old = MESH.replacen("selector: {app: cart}", "clusterIP: 10.96.0.10, selector: {app: cart}", 1);
    for (new, words) in [
        (old.replace("10.96.0.10", "10.96.0.11"), "10.96.0.11"),
        (old.replace("10.96.0.10,", "10.96.0.10, clusterIPs: [10.96.0.10, 'fd00::1'],"), "10.96.0.10, fd00::1"),
        (MESH.to_owned(), "the manifests say no address"),
    ] {
        let (output, found) = stage.diff(&old, &new)?;
        let change = &found["changes"][0];
        let holds =
            kinds(&found) == ["listener"] && change["oldAnswer"] == "10.96.0.10" && change["newAnswer"] == words;
        ensure(output.code == Some(1) && holds, &output)?;
        let output = stage.run("diff old.yaml new.yaml")?;
        let is_told = output.stdout.contains("Service web/cart: addresses of its clients  old.yaml:4");
        ensure(is_told && !output.stdout.contains("no difference"), &output)?;
    }
    // Without routes nobody but the cluster reads it.
    let old = old.replace("kind: Service, name: cart,", "kind: Service, name: cart-v2,");
    let (output, found) = stage.diff(&old, &old.replace("10.96.0.10", "10.96.0.11"))?;
    ensure(kinds(&found).is_empty(), &output)
}

fn unasked(stage: &Stage) -> Result<(), Failed> {
    const REFERENCE: &str = "{name: asked, namespace: default}";
    let limits = "ratelimit: {rateLimits: [{actions: [{remoteAddress: {}}]}]}";
    let processor = |more: &str| {
        format!(
            "extProc: {{filterStage: {{stage: AuthZStage, predicate: After}}, grpcService: {{extProcServerRef: {REFERENCE}}}{more}}}"
        )
    };
    for (host, own, new) in [
        (
            Some("extauth: {customAuth: {}}"),
            format!("extauth: {{extauthzServerRef: {REFERENCE}}}"),
            format!("extauth: {{extauthzServerRef: {REFERENCE}, statusOnError: 503}}"),
        ),
        (
            Some(limits),
            format!("ratelimitServer: {{denyOnFail: true, ratelimitServerRef: {REFERENCE}}}"),
            format!("ratelimitServer: {{denyOnFail: true, requestTimeout: 1s, ratelimitServerRef: {REFERENCE}}}"),
        ),
        (None, processor(""), processor(", messageTimeout: 1s")),
    ] {
        let host = host.map(|host| options("VirtualHostOption", host)).unwrap_or_default();
        let side = |own: &str| {
            gateway("edge", HTTP) + &route("r", "edge", "/", "one") + &host + &options("HttpListenerOption", own)
        };
        let (output, found) = stage.diff(&side(&own), &side(&new))?;
        ensure(output.code == Some(0) && kinds(&found).is_empty(), &output)?;
        // Where it is there, it is one.
        let there = |own: &str| side(own) + UPSTREAM;
        let (output, _) = stage.diff(&there(&own), &there(&new))?;
        ensure(output.code == Some(1), &output)?;
    }
    Ok(())
}

fn tunnel(stage: &Stage) -> Result<(), Failed> {
    let upstream = "---
apiVersion: gloo.solo.io/v1
kind: Upstream
metadata: {name: asked, namespace: default}
spec:
  static: {hosts: [{addr: 192.0.2.1, port: 3128}]}
  httpProxyHostname: end.test:8080
  httpConnectHeaders: [{key: X-Tenant, value: one}, {key: proxy-authorization, value: Basic planted}]
";
    let reference = "[{group: gloo.solo.io, kind: Upstream, name: asked}]";
    let routes = route("r", "edge", "/", "one").replace("[{name: one, port: 80}]", reference);
    let old = gateway("edge", HTTP) + &routes + upstream;
    let (output, _) = stage.diff(&old, &old.replace("value: one", "value: two"))?;
    let told = ["httpProxyHostname end.test:8080", "httpConnectHeaders x-tenant: one", "x-tenant: two"];
    let holds = told.iter().all(|words| output.stdout.contains(words));
    let is_masked = !output.stdout.contains("planted") && !output.stdout.contains("tunnel headers");
    ensure(output.code == Some(1) && holds && is_masked, &output)?;
    let (output, _) = stage.diff(&old, &old.replace("end.test", "other.test"))?;
    ensure(output.code == Some(1) && output.stdout.contains("httpProxyHostname other.test:8080"), &output)?;
    // Everybody shows the end of the tunnel, and through whom.
    for line in [
        "route http://www.example.com/ -f old.yaml",
        "describe upstream asked -n default -f old.yaml",
        "graph old.yaml -o dot",
    ] {
        let shown = stage.run(line)?;
        ensure(shown.stdout.contains("end.test:8080 through 192.0.2.1:3128"), &shown)?;
    }
    Ok(())
}

fn unled_upstream(stage: &Stage) -> Result<(), Failed> {
    let keys = "jwt: {providers: {a: {issuer: i, jwks: {remote: {url: 'http://asked.test/', upstreamRef: {name: asked, namespace: default}}}}}}";
    let old = gateway("edge", HTTP) + &options("VirtualHostOption", keys) + UPSTREAM;
    for old in [old.to_owned(), old.replace("name: edge}]\n", "name: other}]\n")] {
        let (output, found) = stage.diff(&old, &old.replace("port: 9000", "port: 9001"))?;
        let reasons: Vec<&str> =
            found["uncompared"].as_array().into_iter().flatten().filter_map(|one| one["reason"].as_str()).collect();
        ensure(reasons.iter().all(|reason| !reason.contains("nothing of the input refers")), &output)?;
        let is_told = reasons.iter().any(|reason| reason.contains("no route of the input leads to it"));
        ensure(is_told || !found["unnamed"].as_array().is_none_or(Vec::is_empty), &output)?;
    }
    Ok(())
}

/// Each of them with what is told of the new side.
fn connections(stage: &Stage) -> Result<(), Failed> {
    let spans = |path: &str| {
        format!(
            "httpConnectionManagerSettings: {{tracing: {{zipkinConfig: {{collectorEndpoint: {path}, collectorUpstreamRef: \
             {{name: asked, namespace: default}}}}}}}}"
        )
    };
    for (old, new, words) in [
        ("grpcWeb: {disable: true}".to_owned(), "grpcWeb: {}".to_owned(), "web calls true"),
        (
            "statefulSession: {headerBased: {headerName: x-one}}".to_owned(),
            "statefulSession: {headerBased: {headerName: x-two}}".to_owned(),
            "x-two",
        ),
        (
            "statefulSession: {headerBased: {headerName: x-one}}".to_owned(),
            "statefulSession: {headerBased: {headerName: x-one}, strict: true}".to_owned(),
            "session is strict true",
        ),
        (spans("/one"), spans("/two"), "path /two"),
    ] {
        let side = |own: &str| {
            gateway("edge", HTTP) + &route("r", "edge", "/", "one") + &options("HttpListenerOption", own) + UPSTREAM
        };
        let (output, _) = stage.diff(&side(&old), &side(&new))?;
        ensure(output.code == Some(1) && output.stdout.contains(words), &output)?;
        let (output, found) = stage.diff(&side(&new), &side(&new))?;
        ensure(output.code == Some(0) && kinds(&found).is_empty(), &output)?;
    }
    Ok(())
}

fn handed(stage: &Stage) -> Result<(), Failed> {
    let side = |more: &str| {
        let own = format!(
            "extProc: {{filterStage: {{stage: AuthZStage, predicate: After}}, grpcService: {{extProcServerRef: {{name: asked, \
             namespace: default}}{more}}}"
        );
        gateway("edge", HTTP) + &route("r", "edge", "/", "one") + &options("HttpListenerOption", &own) + UPSTREAM
    };
    for (old, new, words) in [
        ("}", "}, messageTimeout: 1s", "timeout 1s in the place of"),
        ("}", "}, failureModeAllow: true", "lets pass true in the place of nothing"),
        ("}, statPrefix: a", "}, statPrefix: b", "counted as b in the place of counted as a"),
        (
            ", initialMetadata: [{key: x-a, value: planted-one}]}",
            ", initialMetadata: [{key: x-a, value: planted-two}]}",
            "greeting",
        ),
    ] {
        let (output, _) = stage.diff(&side(old), &side(new))?;
        let is_told = output.stdout.contains("servers that requests are handed to") && output.stdout.contains(words);
        ensure(output.code == Some(1) && is_told && !output.stdout.contains("planted"), &output)?;
    }
    // Nor is what a stream begins with shown by anybody else.
    for line in [
        "describe gateway edge -f new.yaml",
        "route http://www.example.com/ -f new.yaml --explain",
        "describe httproute r -f new.yaml",
    ] {
        let shown = stage.run(&format!("{line} --assume services"))?;
        ensure(shown.code == Some(0) && !shown.stdout.contains("planted"), &shown)?;
    }
    Ok(())
}
