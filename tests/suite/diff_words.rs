//! What `diff` says where the answer is more than a backend: in words that are true, and that agree with each other.

use libtest_mimic::{Failed, Trial};

use crate::harness::Harness;
use crate::judged::{HTTP, Stage, ensure, gateway, kinds, route};

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test =
        |name: &str, run: fn(&Stage) -> Result<(), Failed>| Stage::trial(harness, &format!("diff_words::{name}"), run);
    vec![
        test("a_missing_server_answers_as_route_says", missing_servers),
        test("an_upstream_of_options_alone_is_led_to_by_no_route", unled_upstream),
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
