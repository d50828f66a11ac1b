//! Each Gateway by itself, also without its certificates: what `diff`, `route` and `test` look at.

use std::path::PathBuf;

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::harness::Harness;
use crate::process::{self, Output};

const HEAD: &str = "apiVersion: gateway.networking.k8s.io/v1\n";

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, run| Stage::trial(harness, &format!("judged::{name}"), run);
    vec![
        test("diff_stands_in_for_what_is_assumed", diff_assumed),
        test("diff_compares_each_gateway_under_its_name", diff_gateways),
        test("diff_sees_listeners_without_routes", diff_listeners),
        test("diff_names_what_it_cannot_compare", diff_uncompared),
        test("diff_names_what_it_does_not_translate", diff_untranslated),
        test("diff_sees_other_pods_behind_a_service", diff_pods),
        test("diff_compares_references_to_what_is_missing", diff_missing),
        test("diff_compares_what_is_refused_by_its_content", diff_refused),
        test("diff_names_what_counts_through_something_else", diff_applied),
        test("diff_says_what_the_answer_does_not_show", diff_unseen),
        test("diff_passes_over_comments_files_and_order", diff_unchanged),
        test("diff_knows_the_context_on_both_sides", diff_context),
        test("route_answers_for_each_gateway_of_the_port", route_gateways),
        test("test_wants_to_know_the_gateway_and_counts_all_rules", test_gateways),
        test("test_stands_in_for_no_service_that_is_refused", refused_services),
        test("assumed_certificates_are_as_if_they_were_there", https),
        test("what_is_not_selected_is_not_judged", unselected),
    ]
}

/// A folder of a test, and the binary that runs there.
pub(crate) struct Stage {
    folder: PathBuf,
    binary: PathBuf,
}

impl Stage {
    /// A test with a stage of its own.
    pub(crate) fn trial(harness: &Harness, name: &str, run: fn(&Self) -> Result<(), Failed>) -> Trial {
        let (harness, folder) = (harness.clone(), name.replace("::", "/"));
        Trial::test(name, move || {
            let folder = harness.work_directory(&folder)?;
            run(&Self { folder, binary: harness.binary().to_owned() })
        })
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), String> {
        process::write_below(&self.folder, name, text)
    }

    pub(crate) fn run(&self, line: &str) -> Result<Output, String> {
        process::run_line(&self.binary, &self.folder, line)
    }

    /// Writes both sides and compares them, services and certificates assumed.
    pub(crate) fn diff(&self, old: &str, new: &str) -> Result<(Output, Value), String> {
        self.write("old.yaml", old)?;
        self.write("new.yaml", new)?;
        let output = self.run("diff old.yaml new.yaml --assume services,secrets --exit-code -o json")?;
        let value = serde_json::from_str(&output.stdout).unwrap_or_default();
        Ok((output, value))
    }
}

pub(crate) fn ensure(holds: bool, output: &Output) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(Failed::from(format!("{output:#?}"))) }
}

pub(crate) fn gateway(name: &str, listeners: &str) -> String {
    format!(
        "---\n{HEAD}kind: Gateway\nmetadata: {{name: {name}}}\nspec: {{gatewayClassName: any, listeners: [{listeners}]}}\n"
    )
}

pub(crate) fn route(name: &str, parent: &str, path: &str, backend: &str) -> String {
    format!(
        "---\n{HEAD}kind: HTTPRoute\nmetadata: {{name: {name}}}\nspec:\n  parentRefs: [{{name: {parent}}}]\n  rules:\n  \
         - matches: [{{path: {{value: {path}}}}}]\n    backendRefs: [{{name: {backend}, port: 80}}]\n"
    )
}

pub(crate) const HTTP: &str = "{name: http, protocol: HTTP, port: 80}";
pub(crate) const HTTPS: &str =
    "{name: tls, protocol: HTTPS, port: 443, hostname: a.test, tls: {certificateRefs: [{name: t}]}}";

pub(crate) fn kinds(difference: &Value) -> Vec<&str> {
    let changes = difference["changes"].as_array().into_iter().flatten();
    changes.filter_map(|change| change["kind"].as_str()).collect()
}

fn diff_assumed(stage: &Stage) -> Result<(), Failed> {
    let side = |backend: &str| gateway("edge", HTTPS) + &route("r", "edge", "/", backend);
    let (output, found) = stage.diff(&side("one"), &side("two"))?;
    ensure(output.code == Some(1) && kinds(&found) == ["retargeted"], &output)?;
    stage.write("old.yaml", &route("r", "edge", "/", "one"))?;
    stage.write("new.yaml", &route("r", "edge", "/", "two"))?;
    let output = stage.run("diff old.yaml new.yaml --assume services,gateways --exit-code")?;
    ensure(output.code == Some(1) && output.stdout.contains("retargeted"), &output)?;
    // A side with nothing to compare is never "no difference".
    let output = stage.run("diff old.yaml old.yaml --assume services --exit-code")?;
    let is_told = output.stderr.contains("nothing to compare") || output.stdout.contains("no difference");
    ensure(is_told && (output.code == Some(2) || !output.stderr.contains("nothing to compare")), &output)?;
    stage.write("none.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")?;
    let output = stage.run("diff none.yaml none.yaml --exit-code")?;
    ensure(output.code == Some(2) && output.stderr.contains("nothing to compare on the old side"), &output)
}

fn two_gateways(path: &str) -> String {
    gateway("a", HTTP) + &gateway("b", HTTP) + &route("ra", "a", "/a", "one") + &route("rb", "b", path, "one")
}

fn diff_gateways(stage: &Stage) -> Result<(), Failed> {
    let (output, found) = stage.diff(&two_gateways("/b"), &two_gateways("/changed"))?;
    let is_of_b = found["changes"].as_array().is_some_and(|all| all.iter().all(|one| one["gateway"] == "default/b"));
    ensure(output.code == Some(1) && kinds(&found) == ["added", "removed"] && is_of_b, &output)?;
    let output = stage.run("diff old.yaml new.yaml --assume services")?;
    ensure(output.stdout.contains("at    Gateway default/b"), &output)?;
    let output = stage.run("diff old.yaml new.yaml --assume services --gateway default/a --exit-code")?;
    ensure(output.code == Some(0), &output)
}

fn diff_listeners(stage: &Stage) -> Result<(), Failed> {
    let side = |other: &str| gateway("edge", &format!("{HTTP}, {other}")) + &route("r", "edge", "/", "one");
    // The route is not one of the other listener's.
    let side = |other: &str| {
        side(other).replace("parentRefs: [{name: edge}]", "parentRefs: [{name: edge, sectionName: http}]")
    };
    for (old, new) in [("port: 443", "port: 444"), ("hostname: a.test", "hostname: b.test")] {
        let (output, found) = stage.diff(&side(HTTPS), &side(&HTTPS.replace(old, new)))?;
        let answers = (&found["changes"][0]["oldAnswer"], &found["changes"][0]["newAnswer"]);
        let is_served = answers.1 == "404" && answers.0.as_str().is_some_and(|old| old != "404");
        ensure(output.code == Some(1) && kinds(&found) == ["added", "removed"] && is_served, &output)?;
    }
    Ok(())
}

fn diff_uncompared(stage: &Stage) -> Result<(), Failed> {
    let side = |backend: &str| {
        let refused = route("r", "edge", "/", backend).replace("rules:\n  -", "rules:\n  - unknown: 1\n   ");
        gateway("edge", HTTP) + &refused + &route("other", "edge", "/other", "one")
    };
    let (output, found) = stage.diff(&side("one"), &side("two"))?;
    // Compared as far as it decodes, or named.
    let is_named = output.code == Some(2) && found["uncompared"].as_array().is_some_and(|all| !all.is_empty());
    ensure(is_named || (output.code == Some(1) && kinds(&found) == ["retargeted"]), &output)?;
    let (output, _) = stage.diff(&side("one"), &side("one"))?;
    ensure(output.code == Some(0), &output)?;
    let broken = |text: &str| gateway("edge", HTTP) + &route("r", "edge", "/", "one") + "---\nkind: [" + text + "\n";
    let (output, found) = stage.diff(&broken("a"), &broken("b"))?;
    ensure(output.code == Some(2) && found["uncompared"][0]["reason"] == "it cannot be read", &output)
}

/// A policy of Kuadrant's for an object; `rest` is what else its `spec` has.
fn policy(target: &str, rest: &str) -> String {
    format!(
        "---\napiVersion: kuadrant.io/v1\nkind: AuthPolicy\nmetadata: {{name: p, namespace: default}}\n\
         spec:\n  targetRefs: [{{group: gateway.networking.k8s.io, {target}}}]\n  {rest}\n"
    )
}

/// A plugin of Kong's.
fn plugin(kind: &str, minute: u8) -> String {
    format!(
        "---\napiVersion: configuration.konghq.com/v1\nkind: {kind}\nmetadata: {{name: limit}}\nplugin: rate-limiting\n\
         config: {{minute: {minute}}}\n"
    )
}

fn diff_untranslated(stage: &Stage) -> Result<(), Failed> {
    let base = gateway("edge", HTTP) + &route("r", "edge", "/", "one");
    let annotated = |names: &str| {
        base.replace(
            "metadata: {name: r}",
            &format!("metadata: {{name: r, annotations: {{konghq.com/plugins: '{names}'}}}}"),
        )
    };
    let (here, there) = ("kind: HTTPRoute, name: r", "kind: Gateway, name: edge");
    let twice = |minute: u8| annotated("limit") + &plugin("KongPlugin", minute);
    let of_cluster = |minute: u8| annotated("other, limit") + &plugin("KongClusterPlugin", minute);
    let missing = |action: &str| {
        route("r", "gone", "/", "one")
            + &policy("kind: Gateway, name: gone", &format!("authorization: {{defaultAction: {action}}}"))
    };
    let allowed = "authorization: {defaultAction: Allow}";
    let pairs = [
        (base.clone() + &policy(here, "authorization: {defaultAction: Deny}"), base.clone() + &policy(here, allowed)),
        (base.clone() + &policy(here, allowed), base.clone() + &policy(there, allowed)),
        (twice(1), twice(2)),
        (of_cluster(1), of_cluster(2)),
        // The plugin is the same, and the route has it no more.
        (twice(1), base.clone() + &plugin("KongPlugin", 1)),
        (missing("Deny"), missing("Allow")),
    ];
    for (old, new) in &pairs {
        let (output, found) = stage.diff(old, new)?;
        let uncompared = &found["uncompared"];
        // An annotation that names it is told by itself, on each side.
        let uncompared: Vec<&Value> = uncompared
            .as_array()
            .into_iter()
            .flatten()
            .filter(|one| one["reason"].as_str().is_some_and(|reason| reason.contains("does not translate it")))
            .collect();
        let is_named = uncompared.len() == 2
            && uncompared[0]["place"].as_str().is_some_and(|place| place.starts_with("old.yaml:"));
        ensure(output.code == Some(2) && is_named, &output)?;
        let output = stage.run("diff new.yaml new.yaml --assume services,secrets --exit-code")?;
        ensure(output.code == Some(0), &output)?;
    }
    let (old, new) = &pairs[0];
    stage.diff(old, new)?;
    let output = stage.run("diff old.yaml new.yaml --assume services --allow-unsupported AuthPolicy.kuadrant.io")?;
    ensure(output.code == Some(2) && output.stdout.contains("applies to HTTPRoute `default/r`"), &output)?;
    // The order of keys, comments and what a server writes are no content, and what applies to nothing does nothing.
    let written = policy(here, &format!("{allowed} # so be it\nstatus: {{a: 1}}"))
        .replace("name: p, namespace: default", "uid: x, namespace: default, name: p");
    let (output, _) = stage.diff(&(base.clone() + &policy(here, allowed)), &(written + &base))?;
    ensure(output.code == Some(0), &output)?;
    let (output, _) =
        stage.diff(&(base.clone() + &plugin("KongPlugin", 1)), &(base.clone() + &plugin("KongPlugin", 2)))?;
    ensure(output.code == Some(1), &output)
}

/// What differs in one thing, and counts through something else: an object that both sides have alike.
fn diff_applied(stage: &Stage) -> Result<(), Failed> {
    let base = gateway("edge", HTTP) + &route("r", "edge", "/", "one");
    let with = |text: &str| base.clone() + text;
    let endpoints = with(
        "---\napiVersion: v1\nkind: Endpoints\nmetadata: {name: one, namespace: default}\nsubsets: [{addresses: [{ip: 10.0.0.@}]}]\n",
    );
    let of_nobody = endpoints.replace("{name: one, namespace: default}", "{name: other, namespace: default}");
    let class = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: any}\nspec: {controllerName: x.io/y, parametersRef: {group: '', kind: ConfigMap, name: p, namespace: default}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: p}\ndata: {x: '@'}\n";
    let authorised = policy(
        "kind: HTTPRoute, name: r",
        "extAuth: {http: {backendRefs: [{kind: Backend, name: auth}]}}",
    ) + "---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: Backend\nmetadata: {name: auth, namespace: default}\nspec: {endpoints: [{fqdn: {hostname: '@.test'}}]}\n";
    let known = policy("kind: HTTPRoute, name: r", "basicAuth: {users: {name: users}}")
        + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: users, namespace: default}\ndata: {a: MTIz@@@@}\n";
    let flux = "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: f}\nspec: {patches: [{patch: '@'}]}\n";
    let builder = |version: &str, kind: &str| {
        with(&format!("---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: f}}\nspec: {{a: '@'}}\n"))
    };
    let plugins = with("").replacen(
        "kind: HTTPRoute\nmetadata: {",
        "kind: HTTPRoute\nmetadata: {annotations: {konghq.com/plugins: p@}, ",
        1,
    );
    let section = route("r", "gone", "/", "one").replace("{name: gone}", "{name: gone, sectionName: s@}");
    let unused = with(&format!(
        "---\n{HEAD}kind: BackendTLSPolicy\nmetadata: {{name: p}}\nspec: {{targetRefs: [{{group: '', kind: Service, name: b}}], validation: {{hostname: x@.test, wellKnownCACertificates: System}}}}\n"
    ));
    for (text, flags, is_named) in [
        (endpoints, "", true),
        (of_nobody, "", false),
        (with(class), "", true),
        (with(class), ",parameters", true),
        (with(&authorised), "", true),
        (with(&known), "", true),
        (with(flux), "", true),
        (builder("argoproj.io/v1alpha1", "Application"), "", true),
        (builder("argoproj.io/v1alpha1", "Workflow"), "", false),
        (builder("helm.toolkit.fluxcd.io/v2", "HelmRelease"), "", true),
        (builder("source.toolkit.fluxcd.io/v1", "OCIRepository"), "", true),
        (plugins, "", true),
        (section.clone(), "", true),
        (section, ",gateways", true),
        (unused, "", true),
    ] {
        stage.write("old.yaml", &text.replace("@", "1"))?;
        stage.write("new.yaml", &text.replace("@", "2"))?;
        let output = stage.run(&format!("diff old.yaml new.yaml --assume services{flags} --exit-code"))?;
        // Whether what nothing names is about traffic is not known.
        let is_listed = output.stdout.contains("and gwctl does not read it");
        ensure(output.code == Some(if is_named { 2 } else { i32::from(is_listed) }), &output)?;
        let output = stage.run(&format!("diff new.yaml new.yaml --assume services{flags} --exit-code"))?;
        ensure(output.code == Some(0), &output)?;
    }
    Ok(())
}

fn diff_unseen(stage: &Stage) -> Result<(), Failed> {
    let side = |rule: &str| {
        gateway("edge", HTTP)
            + &route("r", "edge", "/x", "one").replace("    backendRefs", &format!("{rule}    backendRefs"))
    };
    let mirror = |to: &str| {
        format!("    filters: [{{type: RequestMirror, requestMirror: {{backendRef: {{name: {to}, port: 80}}}}}}]\n")
    };
    for (old, new, words) in [
        (mirror("two"), mirror("three"), "with other mirrors"),
        ("    timeouts: {request: 1s}\n".to_owned(), "    timeouts: {request: 2s}\n".to_owned(), "with other timeouts"),
    ] {
        let (output, found) = stage.diff(&side(&old), &side(&new))?;
        let is_told = found["changes"][0]["newAnswer"].as_str().is_some_and(|answer| answer.ends_with(words));
        ensure(output.code == Some(1) && kinds(&found) == ["mutated"] && is_told, &output)?;
    }
    // A comment mends nothing.
    let twice = gateway("edge", HTTP) + &route("r", "edge", "/", "one") + "  - backendRefs: [{name: two, port: 80}]\n";
    let allowed = twice.replace("kind: HTTPRoute\n", "# gwctl: allow GW4050 later\nkind: HTTPRoute\n");
    let (output, found) = stage.diff(&twice, &allowed)?;
    let silenced = &found["findings"]["silenced"][0];
    let is_told =
        silenced["code"] == "GW4050" && silenced["allowed"].as_str().is_some_and(|at| at.contains("new.yaml:"));
    ensure(output.code == Some(0) && twice != allowed && is_told, &output)?;
    let output = stage.run("diff old.yaml new.yaml --assume services")?;
    ensure(output.stdout.contains("silenced    warning[GW4050]") && output.stdout.contains("no difference"), &output)?;
    let output = stage.run("validate new.yaml --assume services -v --ignore GW8008")?;
    let is_counted = output.stderr.contains("1 finding allowed by comments")
        && output.stderr.contains("left out by a comment at new.yaml:")
        && output.stderr.contains("warning[GW4050]");
    ensure(is_counted, &output)?;
    let output = stage.run("validate old.yaml --assume services --ignore GW4050 -o json")?;
    let report: Value = serde_json::from_str(&output.stdout).map_err(|error| error.to_string())?;
    ensure(report["leftOut"][0]["by"] == "ignore" && report["leftOut"][0]["code"] == "GW4050", &output)?;
    ensure(output.stderr.contains("1 finding left out by --ignore"), &output)?;
    let once = gateway("edge", HTTP) + &route("r", "edge", "/", "one");
    let (output, found) = stage.diff(&once, &allowed)?;
    let introduced = &found["findings"]["introduced"][0];
    ensure(output.code == Some(1) && introduced["code"] == "GW4050" && introduced["allowed"].is_string(), &output)
}

fn service(spec: &str) -> String {
    format!("---\napiVersion: v1\nkind: Service\nmetadata: {{name: one}}\nspec: {spec}\n")
}

fn diff_pods(stage: &Stage) -> Result<(), Failed> {
    let side = |spec: &str| gateway("edge", HTTP) + &route("r", "edge", "/", "one") + &service(spec);
    let blue = "{selector: {app: x, slot: blue}, ports: [{port: 80, targetPort: 8080}]}";
    for (from, to, words) in [
        ("slot: blue", "slot: green", "(pods app=x,slot=green, port 8080)"),
        ("8080", "9090", "(pods app=x,slot=blue, port 9090)"),
        ("8080", "web", "(pods app=x,slot=blue, port web)"),
        ("selector: {app: x, slot: blue}, ", "", "(pods of no selector, port 8080)"),
        ("selector", "clusterIP: None, selector", ""),
    ] {
        let (output, found) = stage.diff(&side(blue), &side(&blue.replace(from, to)))?;
        let change = &found["changes"][0];
        let old = change["oldAnswer"].as_str().unwrap_or_default();
        let new = change["newAnswer"].as_str().unwrap_or_default();
        let is_told = change["subject"] == "default/one/80" && old != new && new.ends_with(words);
        ensure(output.code == Some(1) && kinds(&found) == ["backend"] && is_told, &output)?;
    }
    // The order of labels and comments are no difference, the Service's own port is the port of the pods, and nobody
    // knows what is behind an assumed Service.
    let plain = "{selector: {app: x}, ports: [{port: 80}]}";
    let without = side(plain).replace(&service(plain), "");
    for (old, new) in [
        (side(blue), side("{ports: [{targetPort: 8080, port: 80}], selector: {slot: blue, app: x}} # the same")),
        (side(plain), side("{selector: {app: x}, ports: [{port: 80, targetPort: 80}]}")),
        (
            side(blue),
            side(blue) + "---\napiVersion: v1\nkind: Service\nmetadata: {name: unused}\nspec: {ports: [{port: 1}]}\n",
        ),
        (without, side(plain)),
    ] {
        let (output, found) = stage.diff(&old, &new)?;
        ensure(kinds(&found).is_empty(), &output)?;
    }
    // The slices of the Service decide, where they are there, and `--resolve`.
    let slice = "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: one-1, labels: \
                 {kubernetes.io/service-name: one}}\naddressType: IPv4\nports: [{port: 8080}]\nendpoints: \
                 [{addresses: [10.0.0.1]}]\n";
    let green = blue.replace("blue", "green");
    let (output, _) = stage.diff(&(side(blue) + slice), &(side(&green) + slice))?;
    ensure(output.code == Some(0), &output)?;
    stage.diff(&side(blue), &side(&green))?;
    let output = stage.run("diff old.yaml new.yaml --exit-code --resolve default/one:80=127.0.0.1:1")?;
    ensure(output.code == Some(0), &output)
}

/// What a reference names stands for itself where it is missing, may not be used or is of a kind that nobody knows.
fn diff_missing(stage: &Stage) -> Result<(), Failed> {
    let rule = |rule: &str| {
        gateway("edge", HTTP)
            + &format!(
                "---\n{HEAD}kind: HTTPRoute\nmetadata: {{name: r}}\nspec:\n  parentRefs: [{{name: edge}}]\n  rules:\n  - \
                 {rule}\n"
            )
    };
    let one = "backendRefs: [{name: one, port: 80, weight: 1}, {name: two, port: 80, weight: 9}]";
    let foreign = "backendRefs: [{group: x.io, kind: Backend, name: one}]";
    let granted = "backendRefs: [{namespace: other, name: one, port: 80}]";
    let mirror = "{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: m, port: 80}, percent: 10}}], \
                  backendRefs: [{name: one, port: 80}]}";
    for (old, from, to, kind) in [
        (one, "port: 80, weight: 1", "port: 81, weight: 1", "retargeted"),
        (one, "weight: 9", "weight: 3", "reweighted"),
        (one, "backendRefs", "timeouts: {request: 1s}\n    backendRefs", "mutated"),
        (foreign, "one", "two", "retargeted"),
        (granted, "port: 80", "port: 81", "retargeted"),
        (mirror, "percent: 10", "percent: 90", "mutated"),
    ] {
        stage.write("old.yaml", &rule(old))?;
        stage.write("new.yaml", &rule(&old.replace(from, to)))?;
        let output = stage.run("diff old.yaml new.yaml --exit-code -o json")?;
        let found: Value = serde_json::from_str(&output.stdout)?;
        ensure(output.code == Some(1) && kinds(&found) == [kind], &output)?;
        let output = stage.run("diff old.yaml old.yaml --exit-code")?;
        ensure(output.code == Some(0), &output)?;
    }
    // So it is for the other kinds of routes, and where the TLS of a backend needs what is missing.
    let stream = |weight: u8| {
        gateway("edge", "{name: tcp, protocol: TCP, port: 9000}")
            + &format!(
                "---\napiVersion: gateway.networking.k8s.io/v1alpha2\nkind: TCPRoute\nmetadata: {{name: t}}\nspec: \
                 {{parentRefs: [{{name: edge}}], rules: [{{backendRefs: [{{name: one, port: 1, weight: {weight}}}, {{name: two, \
                 port: 1}}]}}]}}\n"
            )
    };
    let secured = |text: &str| {
        let policy = format!(
            "---\n{HEAD}kind: BackendTLSPolicy\nmetadata: {{name: p}}\nspec: {{targetRefs: [{{group: '', kind: Service, name: \
             one}}], validation: {{hostname: a.test, caCertificateRefs: [{{group: '', kind: ConfigMap, name: gone}}]}}}}\n"
        );
        rule(text) + &service("{ports: [{port: 80}]}") + &policy
    };
    let single = "backendRefs: [{name: one, port: 80}]";
    let slow = format!("timeouts: {{request: 1s}}\n    {single}");
    for (old, new, kind) in [(stream(1), stream(3), "reweighted"), (secured(single), secured(&slow), "mutated")] {
        stage.write("old.yaml", &old)?;
        stage.write("new.yaml", &new)?;
        let output = stage.run("diff old.yaml new.yaml --channel experimental --exit-code -o json")?;
        let found: Value = serde_json::from_str(&output.stdout)?;
        ensure(output.code == Some(1) && kinds(&found) == [kind], &output)?;
    }
    // What is there on one side and missing on the other is a difference.
    stage.write("new.yaml", &(rule(one) + &service("{ports: [{port: 80}]}")))?;
    stage.write("old.yaml", &rule(one))?;
    let output = stage.run("diff old.yaml new.yaml --exit-code")?;
    ensure(output.code == Some(1) && output.stdout.contains("10 % missing default/one:80"), &output)
}

/// A backend of the run is in place of endpoints: where a Service has none that can be used, requests get 500.
fn refused_services(stage: &Stage) -> Result<(), Failed> {
    let case = "requests: [{name: a, request: {url: 'http://a.test/'}, expect: {status: @}}]\n";
    for (spec, status) in [
        ("{ports: [{port: 80}]}", "200"),
        ("{type: ExternalName, externalName: e.test, ports: [{port: 80}]}", "500"),
        ("{ports: [{port: 80}, {port: 81}]}", "500"),
        ("{type: Nope, ports: [{port: 80}]}", "500"),
    ] {
        let service = format!("---\napiVersion: v1\nkind: Service\nmetadata: {{name: one}}\nspec: {spec}\n");
        stage.write("m.yaml", &(gateway("edge", HTTP) + &route("r", "edge", "/", "one") + &service))?;
        stage.write("cases.yaml", &case.replace('@', status))?;
        let output = stage.run("test cases.yaml -f m.yaml --partial")?;
        ensure(output.stdout.contains("1 passed, 0 failed"), &output)?;
    }
    Ok(())
}

/// What gwctl refuses to serve, or does not translate, is never equal to another one.
fn diff_refused(stage: &Stage) -> Result<(), Failed> {
    let extension = route("r", "edge", "/", "one").replace(
        "    backendRefs",
        "    filters: [{type: ExtensionRef, extensionRef: {group: x.io, kind: Filter, name: f}}]\n    backendRefs",
    );
    let base = gateway("edge", HTTP) + &extension;
    let policy = format!(
        "---\n{HEAD}kind: BackendTLSPolicy\nmetadata: {{name: p}}\nspec: {{targetRefs: [{{group: '', kind: Service, name: \
         one}}], validation: {{hostname: a.test, wellKnownCACertificates: System}}, options: {{x.io/a: b}}}}\n"
    );
    let base = base + &policy;
    for (from, to) in [
        ("name: one, port", "name: two, port"),
        ("gatewayClassName: any", "gatewayClassName: other"),
        ("x.io/a: b", "x.io/a: c"),
    ] {
        let (output, found) = stage.diff(&base, &base.replace(from, to))?;
        let is_named = found["uncompared"].as_array().is_some_and(|list| list.len() == 2);
        ensure(output.code == Some(2) && is_named, &output)?;
    }
    // What comes before it moves it, and changes nothing in it.
    let moved = base.replace(
        "  rules:\n",
        "  rules:\n  - matches: [{path: {value: /new}}]\n    backendRefs: [{name: one, port: 80}]\n",
    );
    let (output, found) = stage.diff(&base, &moved)?;
    ensure(output.code == Some(1) && kinds(&found) == ["added"], &output)
}

fn diff_unchanged(stage: &Stage) -> Result<(), Failed> {
    let (edge, one, two) = (gateway("edge", HTTP), route("r", "edge", "/a", "one"), route("s", "edge", "/b", "two"));
    stage.write("old/all.yaml", &[edge.clone(), one.clone(), two.clone()].concat())?;
    stage.write("new/z/1.yaml", &format!("# a comment\n{two}"))?;
    stage.write("new/a.yaml", &one)?;
    stage.write("new/b.yaml", &edge)?;
    let output = stage.run("diff old new --assume services --exit-code")?;
    ensure(output.code == Some(0) && output.stdout == "no difference for traffic\n", &output)
}

fn diff_context(stage: &Stage) -> Result<(), Failed> {
    stage.write("platform/gateway.yaml", &gateway("edge", HTTP))?;
    stage.write("old.yaml", &route("r", "edge", "/", "one"))?;
    stage.write("new.yaml", &route("r", "edge", "/", "two"))?;
    let output = stage.run("diff old.yaml new.yaml --context platform --assume services --exit-code -o json")?;
    let found: Value = serde_json::from_str(&output.stdout)?;
    let gateway = &found["changes"][0]["gateway"];
    ensure(output.code == Some(1) && kinds(&found) == ["retargeted"] && gateway == "default/edge", &output)
}

fn route_gateways(stage: &Stage) -> Result<(), Failed> {
    stage.write("m.yaml", &two_gateways("/b"))?;
    let output = stage.run("route http://shop.test/b -f m.yaml --assume services -o json")?;
    let found: Value = serde_json::from_str(&output.stdout)?;
    let answers = &found["answers"];
    let names = (&answers[0]["gateway"], &answers[1]["gateway"]);
    let statuses = (&answers[0]["status"], &answers[1]["backends"][0]["backend"]);
    let holds = names.0 == "default/a" && names.1 == "default/b" && statuses.0 == 404 && statuses.1 == "default/one:80";
    ensure(output.code == Some(0) && found["version"] == 2 && holds, &output)?;
    let output = stage.run("route http://shop.test/b -f m.yaml --assume services --gateway default/b -o json")?;
    let found: Value = serde_json::from_str(&output.stdout)?;
    ensure(found["version"] == 1 && found["gateway"] == "default/b", &output)?;
    let output = stage
        .run("route http://shop.test:8080/b -f m.yaml --assume services --gateway default/b --port-map 80=8080")?;
    ensure(output.stdout.contains("ask for port 80"), &output)
}

fn test_gateways(stage: &Stage) -> Result<(), Failed> {
    stage.write("m.yaml", &two_gateways("/b"))?;
    let case = |name: &str, gateway: &str, path: &str, backend: &str| {
        format!("- {{name: {name}, {gateway}request: {{url: 'http://shop.test{path}'}}, expect: {backend}}}\n")
    };
    let one = "{backend: 'default/one:80'}";
    let named = format!(
        "requests:\n{}{}",
        case("a", "gateway: default/a, ", "/a", one),
        case("b", "gateway: default/b, ", "/a", "{status: 404}")
    );
    stage.write("cases.yaml", &named)?;
    let output = stage.run("test cases.yaml -f m.yaml --assume services")?;
    let is_counted = output.stdout.contains("1 of 2 rules");
    ensure(output.code == Some(0) && output.stdout.contains("2 passed") && is_counted, &output)?;
    stage.write("cases.yaml", &format!("requests:\n{}", case("a", "", "/a", one)))?;
    let output = stage.run("test cases.yaml -f m.yaml --assume services")?;
    let lists = output.stderr.contains("`default/a`, `default/b`");
    ensure(output.code == Some(2) && output.stdout.is_empty() && lists, &output)?;
    stage.write("cases.yaml", &format!("requests:\n{}", case("a", "gateway: default/c, ", "/a", one)))?;
    let output = stage.run("test cases.yaml -f m.yaml --assume services")?;
    ensure(output.code == Some(2) && output.stderr.contains("Gateway `default/c`"), &output)
}

fn https(stage: &Stage) -> Result<(), Failed> {
    stage.write("m.yaml", &(gateway("edge", HTTPS) + &route("r", "edge", "/", "one")))?;
    let output = stage.run("route https://a.test/ -f m.yaml --assume services,secrets")?;
    ensure(output.code == Some(0) && output.stdout.contains("default/one:80"), &output)?;
    let cases = "requests: [{name: a, request: {url: 'https://a.test/'}, expect: {backend: 'default/one:80'}}]\n";
    stage.write("cases.yaml", cases)?;
    let output = stage.run("test cases.yaml -f m.yaml --assume services,secrets --deny warnings")?;
    ensure(output.code == Some(0) && output.stdout.contains("1 passed"), &output)
}

fn unselected(stage: &Stage) -> Result<(), Failed> {
    let other = gateway("other", HTTPS).replace("any", "foreign")
        + &format!(
            "---\n{HEAD}kind: ListenerSet\nmetadata: {{name: more}}\nspec: {{parentRef: {{name: other}}, listeners: [{}]}}\n",
            HTTPS.replace("443", "444")
        );
    let rest = |path: &str| {
        let both = route("both", "other", "/both", "one").replace("[{name: other}]", "[{name: other}, {name: edge}]");
        let of_set = route("of-set", "more", path, "one").replace("{name: more}]", "{name: more, kind: ListenerSet}]");
        route("r", "edge", "/", "one") + &route("gone", "other", path, "one") + &of_set + &both
    };
    let side = |path: &str, policy: &str| gateway("edge", HTTP) + &other + &rest(path) + policy;
    stage.write("old.yaml", &side("/a", &policy("kind: Gateway, name: other", "a: 1")))?;
    let all = stage.run("validate old.yaml --assume services,secrets -v")?;
    ensure(all.stderr.contains("7 Gateway API objects judged") && !all.stderr.contains("not selected"), &all)?;
    let names = [
        "Gateway `default/other`",
        "ListenerSet `default/more`",
        "HTTPRoute `default/gone`",
        "HTTPRoute `default/of-set`",
    ];
    stage.write("class.yaml", &format!("---\n{HEAD}kind: GatewayClass\nmetadata: {{name: any}}\nspec: {{controllerName: a.test/b}}\n---\n{HEAD}kind: GatewayClass\nmetadata: {{name: foreign}}\nspec: {{controllerName: c.test/d}}\n"))?;
    for (flags, judged) in [
        ("old.yaml --gateway default/edge", 3),
        ("old.yaml --gateway-class any", 3),
        ("old.yaml class.yaml --controller-name a.test/b", 5),
    ] {
        let output = stage.run(&format!("validate {flags} --assume services,secrets -v"))?;
        let is_listed = names.iter().all(|name| output.stderr.contains(&format!("not judged: {name}: not selected")));
        let is_counted = output.stderr.contains(&format!("{judged} Gateway API objects judged"));
        ensure(output.code == Some(0) && is_listed && is_counted, &output)?;
        let output = stage.run(&format!("validate {flags} --assume services,secrets -o json"))?;
        let report: Value = serde_json::from_str(&output.stdout)?;
        let wholes = report["unjudged"].as_array().into_iter().flatten();
        let wholes = wholes.filter(|one| one["reason"] == "not selected" && one["path"].is_null()).count();
        ensure(wholes == names.len(), &output)?;
    }
    // What differs there was not asked about.
    stage.write("new.yaml", &side("/b", &policy("kind: Gateway, name: other", "a: 2")))?;
    let output = stage.run("diff old.yaml new.yaml --assume services,secrets --gateway default/edge --exit-code")?;
    ensure(output.code == Some(0), &output)?;
    let output = stage.run("diff old.yaml new.yaml --assume services,secrets --exit-code")?;
    ensure(output.code == Some(2), &output)?;
    let output = stage.run("route http://shop.test/x -f old.yaml --assume services,secrets --gateway default/edge")?;
    ensure(output.code == Some(0), &output)?;
    let closed =
        stage.run("route http://shop.test:81/x -f old.yaml --assume services,secrets --gateway default/edge")?;
    ensure(closed.code != Some(2), &closed)?;
    let cases = "requests: [{name: a, request: {url: 'http://a.test/'}, expect: {backend: 'default/one:80'}}]\n";
    stage.write("cases.yaml", cases)?;
    let output = stage.run("test cases.yaml -f old.yaml --assume services,secrets --gateway default/edge")?;
    ensure(output.code == Some(0) && output.stdout.contains("1 passed"), &output)
}
