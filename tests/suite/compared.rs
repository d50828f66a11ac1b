//! What `diff` tells and names where both sides look alike at first: addresses, keys that nobody can read, headers that
//! Envoy writes, and hosts behind other server names.

use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::harness::Harness;
use crate::judged::{HTTP, HTTPS, Stage, ensure, gateway, kinds, route};

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, run| Stage::trial(harness, &format!("compared::{name}"), run);
    vec![
        test("diff_tells_other_addresses_of_a_gateway", addresses),
        test("diff_names_secrets_that_nobody_can_read", unreadable),
        test("diff_names_what_makes_a_secret", makers),
        test("diff_reads_certificates_whatever_the_directory", directory),
        test("diff_knows_the_headers_that_envoy_writes", written),
        test("diff_asks_for_another_server_name", server_name),
        test("diff_tells_connections_that_another_listener_takes", connections),
        test("diff_names_what_only_the_missing_decide", missing),
        test("diff_names_what_others_serve", others),
        test("diff_lists_what_it_does_not_name", unnamed),
        test("diff_knows_what_kustomizations_select", selected),
        test("diff_follows_what_policies_name", followed),
        test("diff_tells_unread_objects_and_what_they_name", unread),
        test("diff_passes_over_what_tools_write", tools),
        test("diff_takes_no_side_for_context", context),
        test("diff_names_what_routes_of_services_lead_to", mesh),
        test("diff_names_options_and_upstreams_of_nobody", unled),
        test("diff_passes_over_settings_of_upstreams_without_effect", idle_settings),
        test("diff_names_other_names_of_listeners", renamed),
        test("diff_tells_settings_that_are_on_with_nothing_more", bare),
    ]
}

/// Addresses are what clients connect to where they are bound, and nothing where they are not.
fn addresses(stage: &Stage) -> Result<(), Failed> {
    let side = |addresses: &str| {
        let edge = gateway("edge", HTTP).replace("spec: {", &format!("spec: {{{addresses}"));
        edge + &route("r", "edge", "/", "one")
    };
    let at = |list: &str| format!("addresses: [{list}], ");
    let (one, two) = ("{value: 10.0.0.1}", "{value: 10.0.0.2}");
    let both = [one, two].join(", ");
    for (old, new, words) in [
        (at(one), at(two), ("connections to 10.0.0.1", "connections to 10.0.0.2")),
        (String::new(), at(two), ("connections to 0.0.0.0", "connections to 10.0.0.2")),
        (at(&both), at(one), ("connections to 10.0.0.1, 10.0.0.2", "connections to 10.0.0.1")),
        (at(one), String::new(), ("connections to 10.0.0.1", "connections to 0.0.0.0")),
    ] {
        stage.diff(&side(&old), &side(&new))?;
        let line = "diff old.yaml new.yaml --assume services --exit-code -o json";
        let output = stage.run(&format!("{line} --listener-address gateway"))?;
        let found: Value = serde_json::from_str(&output.stdout)?;
        let change = &found["changes"][0];
        let is_told = change["oldAnswer"] == words.0 && change["newAnswer"] == words.1;
        ensure(output.code == Some(1) && kinds(&found) == ["listener"] && is_told, &output)?;
        let output = stage.run(&format!("{line} --listener-address 192.0.2.1"))?;
        ensure(kinds(&serde_json::from_str(&output.stdout)?).is_empty(), &output)?;
    }
    // The same addresses in another order are the same.
    stage.diff(&side(&at(&both)), &side(&at(&[two, one].join(", "))))?;
    let output = stage.run("diff old.yaml new.yaml --assume services --exit-code --listener-address gateway")?;
    ensure(output.code == Some(0), &output)
}

fn https() -> String {
    gateway("edge", HTTPS) + &route("r", "edge", "/", "one")
}

fn secret(name: &str, rest: &str) -> String {
    format!("---\napiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, annotations: {{at: now}}}}\n{rest}\n")
}

/// Of a Secret that is there and of no use nothing is known but that it is the same or not.
fn unreadable(stage: &Stage) -> Result<(), Failed> {
    let tls = "type: kubernetes.io/tls\n";
    let of = |field: &str, value: &str| format!("{tls}{field}: {{tls.crt: \"{value}\", tls.key: eA==}}");
    let pairs = [
        // As SOPS leaves them, with broken base64, and with nothing in them.
        (of("stringData", "ENC[AES256_GCM,data:a]"), of("stringData", "ENC[AES256_GCM,data:b]")),
        (of("data", "ENC[AES256_GCM,data:a]"), of("data", "ENC[AES256_GCM,data:b]")),
        (of("data", "YQ"), of("data", "Yg")),
        (of("data", "YQ=="), of("data", "Yg==")),
        ("data: {}".to_owned(), "data: {a: YQ==}".to_owned()),
        ("type: Opaque".to_owned(), "type: example.com/mine".to_owned()),
    ];
    for (old, new) in &pairs {
        let (old, new) = (https() + &secret("t", old), https() + &secret("t", new));
        let (output, found) = stage.diff(&old, &new)?;
        let uncompared = found["uncompared"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_named = uncompared.iter().all(|one| one["subject"] == "Secret `default/t`") && uncompared.len() == 2;
        ensure(output.code == Some(2) && is_named, &output)?;
        // What is said about it is no content, and what is the same is the same.
        let (output, found) = stage.diff(&old, &old.replace("at: now", "at: noon"))?;
        ensure(output.code == Some(0) && found["uncompared"] == Value::Array(Vec::new()), &output)?;
        // What nothing names is nobody's key.
        if !old.contains("ENC[") && !old.contains("YQ\"") {
            let unused = |side: &str| side.replace("Secret\nmetadata: {name: t", "Secret\nmetadata: {name: unused");
            let (output, _) = stage.diff(&unused(&old), &unused(&new))?;
            ensure(output.code == Some(0), &output)?;
        }
    }
    let authorities = |text: &str| {
        let policy = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: p}\nspec:\n  \
                      targetRefs: [{group: '', kind: Service, name: one}]\n  validation: {hostname: a.test, \
                      caCertificateRefs: [{group: '', kind: ConfigMap, name: ca}]}\n";
        let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: one}\nspec: {ports: [{port: 80}]}\n";
        let map = format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: ca}}\ndata: {{{text}}}\n");
        https() + policy + service + &map
    };
    for (old, new) in [("ca.crt: a", "ca.crt: b"), ("", "other: b")] {
        let (output, found) = stage.diff(&authorities(old), &authorities(new))?;
        let subject = &found["uncompared"][0]["subject"];
        ensure(output.code == Some(2) && *subject == "ConfigMap `default/ca`", &output)?;
        let (output, _) = stage.diff(&authorities(old), &authorities(old))?;
        ensure(output.code == Some(0), &output)?;
    }
    Ok(())
}

/// What a controller makes a Secret of decides what is in it.
fn makers(stage: &Stage) -> Result<(), Failed> {
    let object = |version: &str, kind: &str, spec: &str| {
        format!("---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: t}}\nspec: {spec}\n")
    };
    let certificate = |names: &str| {
        object("cert-manager.io/v1", "Certificate", &format!("{{secretName: t, dnsNames: [{names}]}}"))
            .replace("metadata: {name: t}", "metadata: {name: of-t}")
    };
    let sealed =
        |value: &str| object("bitnami.com/v1alpha1", "SealedSecret", &format!("{{encryptedData: {{a: {value}}}}}"));
    let external = |key: &str| {
        let spec = format!("{{target: {{name: t}}, dataFrom: [{{extract: {{key: {key}}}}}]}}");
        object("external-secrets.io/v1", "ExternalSecret", &spec)
    };
    for (old, new) in [
        (certificate("a.test"), certificate("b.test")),
        (sealed("AgA"), sealed("AgB")),
        (external("a"), external("b")),
        (certificate("a.test"), String::new()),
    ] {
        let (output, found) = stage.diff(&(https() + &old), &(https() + &new))?;
        let reason = found["uncompared"][0]["reason"].as_str().unwrap_or_default();
        ensure(output.code == Some(2) && reason.contains("applies to Secret `default/t`"), &output)?;
        let (output, _) = stage.diff(&(https() + &old), &(https() + &old))?;
        ensure(output.code == Some(0), &output)?;
        // It makes a Secret that nobody names.
        let unnamed = |side: &str| {
            https()
                + &side
                    .replace("{name: t}", "{name: u}")
                    .replace("secretName: t", "secretName: u")
                    .replace("target: {name: t}", "target: {name: u}")
        };
        let (output, found) = stage.diff(&unnamed(&old), &unnamed(&new))?;
        ensure(output.code != Some(2) && found["uncompared"] == Value::Array(Vec::new()), &output)?;
    }
    Ok(())
}

/// With `--secrets-dir` the configuration names files, and the keys are what they are.
fn directory(stage: &Stage) -> Result<(), Failed> {
    let side = |name: &str| -> Result<String, Failed> {
        let pki = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pki");
        let read = |extension: &str| -> Result<String, Failed> {
            let text = fs::read_to_string(pki.join(format!("{name}.{extension}")))?;
            Ok(text.trim_end().replace('\n', "\n    "))
        };
        let (chain, key) = (read("crt")?, read("key")?);
        let data = format!("type: kubernetes.io/tls\nstringData:\n  tls.crt: |\n    {chain}\n  tls.key: |\n    {key}");
        Ok(https() + &secret("t", &data))
    };
    stage.diff(&side("web")?, &side("web-rsa")?)?;
    for flags in ["", " --secrets-dir keys", " --secrets-dir keys --assume secrets"] {
        let output = stage.run(&format!("diff old.yaml new.yaml --assume services --exit-code -o json{flags}"))?;
        let found: Value = serde_json::from_str(&output.stdout)?;
        let old = found["changes"][0]["oldAnswer"].as_str().unwrap_or_default();
        ensure(output.code == Some(1) && kinds(&found) == ["listener"] && old.contains("sha256:"), &output)?;
        let output = stage.run(&format!("diff old.yaml old.yaml --assume services --exit-code{flags}"))?;
        ensure(output.code == Some(0), &output)?;
    }
    Ok(())
}

/// A rule that asks for one header besides.
fn asking(name: &str, header: &str, backend: &str) -> String {
    let with = format!("{{path: {{value: /}}, headers: [{header}]}}");
    route(name, "edge", "/", backend).replace("{path: {value: /}}", &with)
}

/// What no request meets shows nowhere, and what every request meets leaves nothing to the rules behind it.
fn written(stage: &Stage) -> Result<(), Failed> {
    let never = [
        "{name: x-forwarded-proto, value: https}",
        "{name: x-request-id, value: own}",
        "{name: x-forwarded-for, value: nobody}",
        "{name: x-envoy-external-address, value: nobody}",
        "{name: expect, value: 100-continue}",
        "{name: te, value: gzip}",
        "{name: keep-alive, value: '5'}",
    ];
    for header in never {
        let side =
            |backend: &str| gateway("edge", HTTP) + &route("r", "edge", "/", "one") + &asking("s", header, backend);
        let (_, found) = stage.diff(&side("one"), &side("two"))?;
        let output = stage.run("diff old.yaml new.yaml --assume services,secrets")?;
        ensure(kinds(&found).is_empty(), &output)?;
    }
    let open = [
        "{name: x-forwarded-proto, value: http}",
        "{name: x-request-id, type: RegularExpression, value: '[a-c].*'}",
        "{name: x-forwarded-for, value: 10.0.0.1}",
        "{name: x-envoy-external-address, value: 192.0.2.7}",
        "{name: te, value: trailers}",
        "{name: upgrade, value: websocket}",
        "{name: own, value: a}",
    ];
    for header in open {
        let side =
            |backend: &str| gateway("edge", HTTP) + &route("r", "edge", "/", "one") + &asking("s", header, backend);
        let (output, found) = stage.diff(&side("one"), &side("two"))?;
        ensure(kinds(&found) == ["retargeted"], &output)?;
    }
    // Every request meets the first rule, so nobody gets to the second one.
    for header in [open[0], "{name: x-request-id, type: RegularExpression, value: .+}"] {
        let side =
            |backend: &str| gateway("edge", HTTP) + &route("r", "edge", "/", backend) + &asking("s", header, "one");
        let (output, found) = stage.diff(&side("one"), &side("two"))?;
        ensure(kinds(&found).is_empty(), &output)?;
    }
    Ok(())
}

/// The connections for a host are another listener's, and whoever connects under another name gets to the rules.
fn server_name(stage: &Stage) -> Result<(), Failed> {
    let listeners = format!(
        "{}, {{name: passed, protocol: TLS, port: 443, hostname: '*.test', tls: {{mode: Passthrough}}}}",
        HTTPS.replace("hostname: a.test, ", "")
    );
    let side = |backend: &str| {
        let route = route("r", "edge", "/", backend).replace("  rules:", "  hostnames: [a.test]\n  rules:");
        gateway("edge", &listeners) + &route
    };
    let (output, found) = stage.diff(&side("one"), &side("two"))?;
    let change = &found["changes"][0];
    let is_shown = change["witness"]["sni"] == "gwctl-witness.invalid"
        && change["oldAnswer"] == "default/one:80"
        && change["newAnswer"] == "default/two:80";
    ensure(output.code == Some(1) && kinds(&found) == ["retargeted"] && is_shown, &output)?;
    let output = stage.run("diff old.yaml new.yaml --assume services,secrets")?;
    ensure(output.stdout.contains("https://a.test/ --sni gwctl-witness.invalid"), &output)?;
    let output =
        stage.run("route https://a.test/ --sni gwctl-witness.invalid -f new.yaml --assume services,secrets")?;
    ensure(output.stdout.contains("default/two:80"), &output)
}

/// A listener without routes comes or goes, and its connections are those of another one whose rules stay.
fn connections(stage: &Stage) -> Result<(), Failed> {
    let wide = HTTPS.replace("hostname: a.test", "hostname: '*.test'").replace("name: tls", "name: wide");
    let passed = "{name: passed, protocol: TLS, port: 443, hostname: a.test, tls: {mode: Passthrough}}";
    for (narrow, nobody) in [(passed, "closed: no route is attached to the listener"), (HTTPS, "404")] {
        let side = |listeners: &str| {
            let route = route("r", "edge", "/", "one").replace("{name: edge}", "{name: edge, sectionName: wide}");
            gateway("edge", listeners) + &route.replace("  rules:", "  hostnames: ['*.test']\n  rules:")
        };
        let (with, without) = (side(&format!("{wide}, {narrow}")), side(&wide));
        for (old, new) in [(&with, &without), (&without, &with)] {
            let (output, found) = stage.diff(old, new)?;
            let change = &found["changes"][0];
            let answers = [&change["oldAnswer"], &change["newAnswer"]];
            let is_told = answers.iter().any(|answer| **answer == nobody)
                && answers.iter().any(|answer| **answer == "default/one:80");
            ensure(output.code == Some(1) && is_told, &output)?;
        }
    }
    Ok(())
}

/// A Gateway that is in another repository may select labels, and a policy may be about a route there.
fn missing(stage: &Stage) -> Result<(), Failed> {
    let side = |label: &str, action: &str| {
        let policy = "---\napiVersion: kuadrant.io/v1\nkind: AuthPolicy\nmetadata: {name: p}\nspec: \
                      {targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: elsewhere}], authorization: \
                      {defaultAction: ";
        let space = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {team: ";
        format!("{}{space}{label}}}}}\n{policy}{action}}}}}\n", route("r", "edge", "/", "one"))
    };
    let old = side("one", "Deny");
    let (output, _) = stage.diff(&old, &old)?;
    ensure(output.code == Some(0), &output)?;
    for (new, subject) in
        [(side("two", "Deny"), "the labels of Namespace `default`"), (side("one", "Allow"), "AuthPolicy `default/p`")]
    {
        let (output, found) = stage.diff(&old, &new)?;
        let subjects: Vec<&Value> =
            found["uncompared"].as_array().into_iter().flatten().map(|one| &one["subject"]).collect();
        ensure(output.code == Some(2) && subjects == [subject, subject], &output)?;
    }
    // Whoever is there is asked.
    let whole = |label: &str| gateway("edge", HTTP) + &side(label, "Deny");
    let (output, _) = stage.diff(&whole("one"), &whole("two"))?;
    ensure(output.code == Some(0), &output)
}

fn policy(target: &str) -> String {
    format!(
        "---\napiVersion: kuadrant.io/v1\nkind: AuthPolicy\nmetadata: {{name: p}}\nspec: {{targetRefs: \
         [{target}]}}\n"
    )
}

/// What differs for routes, policies and backends of others is no difference for the requests of this input, and named.
fn others(stage: &Stage) -> Result<(), Failed> {
    let api = "---\napiVersion: gateway.networking.k8s.io/v1\nkind:";
    let base = gateway("edge", HTTP) + &route("r", "edge", "/", "one");
    let rules = "  - name: a\n    matches: [{path: {value: /x}}]\n    backendRefs: [{name: two, port: 80}]\n";
    let target = "group: gateway.networking.k8s.io, kind: HTTPRoute, name: r";
    let whole = base.clone() + rules + &policy(&format!("{{{target}}}"));
    let section = base.clone() + rules + &policy(&format!("{{{target}, sectionName: a}}"));
    let moved = |rest: &str| {
        let other = route("s", "edge", "/x", "two");
        whole.replace(rules, "") + rest + &other.replace("rules:\n  -", "rules:\n  - name: a\n   ")
    };
    let annotated = base.replace("{name: r}", "{name: r, annotations: {konghq.com/strip-path: 'true'}}") + rules;
    let apart = annotated.replace(rules, "") + &route("s", "edge", "/x", "two");
    let tls = "{name: t, protocol: TLS, port: 9443, hostname: a.test, tls: {mode: Passthrough}}";
    let idle = gateway("edge", &format!("{HTTP}, {tls}")) + &route("r", "edge", "/", "one");
    let idle = idle.replace("parentRefs: [{name: edge}]", "parentRefs: [{name: edge, sectionName: http}]");
    let terminated = idle.replace("{mode: Passthrough}", "{certificateRefs: [{name: t}]}");
    let backend = base.replace("listeners:", "tls: {backend: {clientCertificateRef: {name: t}}}, listeners:");
    let class = format!("{base}{api} GatewayClass\nmetadata: {{name: any}}\nspec: {{controllerName: x.io/y}}\n");
    let unknown = base.replace("rules:", "new: one\n  rules:");
    let local = base.replace("{name: r}", "{name: r, annotations: {config.kubernetes.io/local-config: 'true'}}");
    let sides: [(&str, String, String); 12] = [
        ("a rule that leaves a policy", whole.clone(), moved("")),
        ("a rule that leaves annotations", annotated, apart),
        ("a rule of another name", section.clone(), section.replace("- name: a", "- name: b")),
        ("a mode", idle.clone(), terminated.clone()),
        (
            "a certificate",
            terminated.clone(),
            terminated.replace("certificateRefs: [{name: t}]", "certificateRefs: [{name: u}]"),
        ),
        (
            "a client certificate",
            backend.clone(),
            backend.replace("clientCertificateRef: {name: t}", "clientCertificateRef: {name: u}"),
        ),
        ("no client certificate", backend, base.clone()),
        ("no class", class.clone(), base.clone()),
        ("a class", base.clone(), class),
        ("a field", unknown.clone(), unknown.replace("new: one", "new: two")),
        ("an annotation", base.clone(), local),
        (
            "who may attach",
            base.clone(),
            base.replace("port: 80}]}", "port: 80, allowedRoutes: {namespaces: {from: All}}}]}"),
        ),
    ];
    for (what, old, new) in sides {
        if old == new {
            return Err(format!("{what}: both sides are the same").into());
        }
        let (output, found) = stage.diff(&old, &new)?;
        let is_named = found["uncompared"].as_array().is_some_and(|all| !all.is_empty());
        ensure(output.code == Some(2) && is_named, &output).map_err(|why| format!("{what}: {why:?}"))?;
        let (output, _) = stage.diff(&old, &old)?;
        ensure(output.code == Some(0), &output).map_err(|why| format!("{what}, unchanged: {why:?}"))?;
    }
    // A finding that is left out tells nobody that its policy is gone.
    stage.diff(&whole, &whole.replace(&policy(&format!("{{{target}}}")), ""))?;
    for flag in ["--ignore GW5112", "--select GW4054"] {
        let output = stage.run(&format!("diff old.yaml new.yaml --assume services --exit-code {flag}"))?;
        ensure(output.code == Some(2) && output.stdout.contains("uncompared"), &output)?;
    }
    Ok(())
}

/// What a Kustomization that stays does depends on the names, labels and values of the objects that it finds.
fn selected(stage: &Stage) -> Result<(), Failed> {
    let objects = |name: &str, label: &str, value: &str| {
        let map = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {h: @}\n".replace('@', value);
        let metadata = format!("metadata: {{name: {name}, labels: {{auth: {label}}}");
        gateway("edge", HTTP)
            + &route(name, "edge", "/", "one").replace(&format!("metadata: {{name: {name}"), &metadata)
            + &map
    };
    let patch = "patch: '- {op: remove, path: /spec/rules/0}'";
    let of_kind = |rest: &str| format!("patches: [{{target: {{kind: HTTPRoute{rest}}}, {patch}}}]");
    let strategic =
        "patches: [{patch: '{kind: HTTPRoute, metadata: {name: r}, spec: {hostnames: [a.test]}}'}]".to_owned();
    let replaced = "replacements: [{source: {kind: ConfigMap, name: c, fieldPath: data.h}, targets: [{select: {kind: \
                    HTTPRoute}, fieldPaths: [spec.hostnames.0]}]}]";
    let base = objects("r", "duty", "a");
    for (kustomization, other, is_told) in [
        (of_kind(", name: r"), objects("rr", "duty", "a"), true),
        (of_kind(", name: 'r+'"), objects("q", "duty", "a"), true),
        (of_kind(", labelSelector: auth=duty"), objects("r", "free", "a"), true),
        (strategic.clone(), objects("rr", "duty", "a"), true),
        (replaced.to_owned(), objects("r", "duty", "b"), true),
        (of_kind(", name: r"), objects("r", "free", "b"), false),
        (strategic, objects("r", "free", "b"), false),
        (replaced.to_owned(), base.clone(), false),
        ("namePrefix: x-".to_owned(), objects("r", "free", "b"), false),
    ] {
        for (side, text) in [("old", &base), ("new", &other)] {
            stage.write(&format!("{side}/kustomization.yaml"), &format!("resources: [m.yaml]\n{kustomization}\n"))?;
            stage.write(&format!("{side}/m.yaml"), text)?;
        }
        let output = stage.run("diff old new --assume services --exit-code")?;
        let is_named = output.stdout.contains("what is selected by");
        ensure(is_named == is_told && output.code == Some(if is_told { 2 } else { 0 }), &output)?;
    }
    Ok(())
}

/// What a policy names counts, through whatever names it, and by its labels.
fn followed(stage: &Stage) -> Result<(), Failed> {
    let foreign = |kind: &str, name: &str, spec: &str| {
        format!("---\napiVersion: policies.example/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n")
    };
    let secret = |name: &str, value: &str| {
        format!(
            "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, labels: {{for: keys}}}}\nstringData: {{k: {value}}}\n"
        )
    };
    let target = "targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}]";
    let chain = foreign("Auth", "p", &format!("{{{target}, provider: first}}"))
        + &foreign("Provider", "first", "{next: {name: second}}")
        + &foreign("Provider", "second", "{secret: users}");
    let labelled = foreign("Auth", "p", &format!("{{{target}, keys: {{selector: {{matchLabels: {{for: keys}}}}}}}}"));
    let unlike = labelled.replace("for: keys", "for: nothing");
    for (policies, name, is_told) in
        [(&chain, "users", true), (&chain, "others", false), (&labelled, "any", true), (&unlike, "any", false)]
    {
        let side =
            |value: &str| gateway("edge", HTTP) + &route("r", "edge", "/", "one") + policies + &secret(name, value);
        let (output, found) = stage.diff(&side("a"), &side("b"))?;
        let subject = found["uncompared"][0]["subject"].as_str().unwrap_or_default();
        let is_named = subject == format!("Secret `default/{name}`");
        ensure(is_named == is_told && output.code == Some(if is_told { 2 } else { 0 }), &output)?;
    }
    Ok(())
}

/// What other controllers read may be about traffic, whatever its target is called, and so is what it names.
fn unread(stage: &Stage) -> Result<(), Failed> {
    let base = gateway("edge", HTTP) + &route("r", "edge", "/", "one");
    let foreign = |version: &str, kind: &str, spec: &str| {
        base.clone() + &format!("---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: d}}\nspec: {spec}\n")
    };
    let targets = "targetRefs: [{group: policies.example, kind: Backend, name: one}]";
    let policies = [
        foreign("policies.example/v1", "Policy", &format!("{{{targets}, verify: '@'}}")),
        foreign("security.istio.io/v1", "AuthorizationPolicy", "{action: '@'}"),
    ];
    for text in &policies {
        let (output, found) = stage.diff(&text.replace('@', "1"), &text.replace('@', "2"))?;
        let is_told = output.code == Some(2) || found["unnamed"][0]["isUnread"] == true && output.code == Some(1);
        ensure(is_told, &output)?;
    }
    let secret =
        |name: &str| format!("---\napiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\nstringData: {{k: '@'}}\n");
    let consumer = foreign("consumers.example/v1", "Consumer", "{credentials: [key]}");
    for (name, code) in [("key", 1), ("other", 0)] {
        let text = consumer.clone() + &secret(name);
        let (output, _) = stage.diff(&text.replace('@', "1"), &text.replace('@', "2"))?;
        ensure(output.code == Some(code), &output)?;
    }
    Ok(())
}

/// What tools write for themselves into objects of other groups, and what these name in another form, is no difference.
fn tools(stage: &Stage) -> Result<(), Failed> {
    let target = "targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}]";
    let side = |metadata: &str, secret: &str, service: &str| {
        let policy = format!(
            "---\napiVersion: kuadrant.io/v1\nkind: AuthPolicy\nmetadata: {{name: d{metadata}}}\nspec: \
             {{{target}, basicAuth: {{users: {{name: s}}}}, extAuth: {{http: {{backendRef: {{name: auth}}}}}}}}\n"
        );
        let secret = format!("---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n{secret}\n");
        let service = format!("---\napiVersion: v1\nkind: Service\nmetadata: {{name: auth}}\nspec: {service}\n");
        gateway("edge", HTTP) + &route("r", "edge", "/", "one") + &policy + &secret + &service
    };
    let (secret, service) = ("data: {a: dXNlcg==}", "{ports: [{port: 80}]}");
    let old = side("", secret, service);
    for (new, code) in [
        (side(", annotations: {argocd.argoproj.io/sync-wave: '1', last: x}", secret, service), 0),
        (side(", labels: {helm.sh/chart: c-1}", secret, service), 0),
        (side(", creationTimestamp: null", secret, service), 0),
        (side("", "stringData: {a: user}\ntype: Opaque", service), 0),
        (
            side(
                "",
                secret,
                "{type: ClusterIP, clusterIP: 10.0.0.1, ports: [{port: 80, protocol: TCP, targetPort: 80}]}",
            ),
            0,
        ),
        (side(", annotations: {gateway.envoyproxy.io/x: '1'}", secret, service), 2),
        (side(", labels: {own: c-1}", secret, service), 2),
        (side("", "data: {a: dXNlcgo=}", service), 2),
        (side("", secret, "{ports: [{port: 80, targetPort: 81}]}"), 2),
    ] {
        let (output, _) = stage.diff(&old, &new)?;
        ensure(output.code == Some(code), &output)?;
    }
    Ok(())
}

/// Objects that differ without anything to show it are listed. Of those that gwctl reads it knows that nothing else changes.
fn unnamed(stage: &Stage) -> Result<(), Failed> {
    let rule = "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: d}\nspec: {host: one, \
                trafficPolicy: {tls: {mode: @}}}\n";
    let workload = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: one}\nspec: {replicas: @}\n";
    let side = |value: &str| {
        gateway("edge", HTTP) + &route("r", "edge", "/", "one") + &[rule, workload].concat().replace('@', value)
    };
    let (output, found) = stage.diff(&side("1"), &side("2"))?;
    let listed: Vec<&Value> = found["unnamed"].as_array().into_iter().flatten().map(|one| &one["subject"]).collect();
    ensure(output.code == Some(1) && listed == ["DestinationRule `default/d`"], &output)?;
    let output = stage.run("diff old.yaml new.yaml --assume services")?;
    let words = "differs     DestinationRule `default/d` differs, and gwctl does not read it";
    let headline = "no difference for traffic in what gwctl reads\n";
    ensure(output.code == Some(0) && output.stdout.starts_with(headline) && output.stdout.contains(words), &output)
}

/// A context that holds what is judged does not hide what a side adds.
fn context(stage: &Stage) -> Result<(), Failed> {
    stage.write("old/r.yaml", &route("r", "edge", "/", "one"))?;
    stage.write("new/r.yaml", &route("r", "edge", "/", "one"))?;
    stage.write("new/s.yaml", &route("s", "edge", "/s", "two"))?;
    stage.write("platform/g.yaml", &gateway("edge", HTTP))?;
    let output = stage.run("diff old new --context . --assume services --exit-code")?;
    ensure(output.code == Some(1) && output.stdout.contains("added"), &output)
}

/// What a route of a Service leads to, by what clients of the Service get.
fn mesh(stage: &Stage) -> Result<(), Failed> {
    let service = |name: &str, port: u16| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n\
             spec: {{selector: {{app: {name}}}, ports: [{{port: 80, targetPort: {port}}}]}}\n"
        )
    };
    let slice = |address: &str| {
        format!(
            "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: b-1, labels: \
             {{kubernetes.io/service-name: b}}}}\naddressType: IPv4\nports: [{{port: 80}}]\nendpoints: [{{addresses: [{address}]}}]\n"
        )
    };
    let base = gateway("edge", HTTP)
        + &route("r", "edge", "/", "one")
        + &service("web", 80)
        + &service("b", 80)
        + &service("other", 80)
        + "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: east}\nspec:\n  \
           parentRefs: [{group: '', kind: Service, name: web, port: 80}]\n  rules:\n  - backendRefs: [{name: b, port: 80}, \
           {group: gloo.solo.io, kind: Upstream, name: up}]\n";
    let upstream = |address: &str| {
        format!(
            "---\napiVersion: gloo.solo.io/v1\nkind: Upstream\nmetadata: {{name: up}}\n\
             spec: {{static: {{hosts: [{{addr: {address}, port: 80}}]}}}}\n"
        )
    };
    let option = "---\napiVersion: gateway.solo.io/v1\nkind: RouteOption\nmetadata: {name: o}\nspec: {targetRefs: [{group: \
                  gateway.networking.k8s.io, kind: HTTPRoute, name: east}], options: {timeout: 3s}}\n";
    let session = |name: &str| {
        format!(
            "---\napiVersion: gateway.networking.x-k8s.io/v1alpha1\nkind: XBackendTrafficPolicy\nmetadata: {{name: p}}\nspec: \
             {{targetRefs: [{{group: '', kind: Service, name: b}}], sessionPersistence: {{sessionName: {name}}}}}\n"
        )
    };
    let line = "diff old.yaml new.yaml --assume services --exit-code -o json";
    for (old, new, kind) in [
        (slice("10.0.0.1"), slice("10.0.0.2"), "backend"),
        (upstream("10.0.0.1"), upstream("10.0.0.2"), "backend"),
        (session("one"), session("two"), "mutated"),
        (option.to_owned(), String::new(), "mutated"),
        (option.to_owned(), option.replace("3s", "4s"), "mutated"),
    ] {
        stage.diff(&format!("{base}{old}"), &format!("{base}{new}"))?;
        let output = stage.run(line)?;
        let found: Value = serde_json::from_str(&output.stdout)?;
        let is_for_clients = found["changes"][0]["clients"]["from"] == "default";
        ensure(output.code == Some(1) && kinds(&found) == [kind] && is_for_clients, &output)?;
        stage.diff(&format!("{base}{old}"), &format!("{old}{base}"))?;
        let output = stage.run(line)?;
        ensure(output.code == Some(0), &output)?;
    }
    // A mesh may do what such a policy says.
    let tls = |host: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {{name: t}}\nspec: {{targetRefs: \
             [{{group: '', kind: Service, name: b}}], validation: {{hostname: {host}, wellKnownCACertificates: System}}}}\n"
        )
    };
    for (old, new) in [(tls("a.test"), tls("b.test")), (tls("a.test"), String::new())] {
        stage.diff(&format!("{base}{old}"), &format!("{base}{new}"))?;
        let output = stage.run("diff old.yaml new.yaml --assume services")?;
        let is_told = output.stdout.contains("uncompared  BackendTLSPolicy `default/t` (old)");
        ensure(output.code == Some(2) && is_told && !output.stdout.contains("no route of the input"), &output)?;
    }
    // The pods of the parent get nothing, since its route sends elsewhere.
    for (name, code) in [("b", 1), ("web", 0), ("other", 0)] {
        stage.diff(&base, &base.replace(&service(name, 80), &service(name, 81)))?;
        let output = stage.run(line)?;
        ensure(output.code == Some(code), &output)?;
    }
    Ok(())
}

/// A listener's name is what routes elsewhere may attach by; the order of origins is nothing.
fn renamed(stage: &Stage) -> Result<(), Failed> {
    let line = "diff old.yaml new.yaml --assume services --exit-code";
    let old = gateway("edge", HTTP) + &route("r", "edge", "/", "one");
    let new = old.replacen("name: http", "name: web", 1);
    stage.diff(&old, &new)?;
    let output = stage.run(line)?;
    ensure(new != old && output.code == Some(2) && output.stdout.contains("its name has changed"), &output)?;
    let cors = |origins: &str| {
        let filter = format!("    filters: [{{type: CORS, cors: {{allowOrigins: [{origins}]}}}}]\n    backendRefs:");
        old.replacen("    backendRefs:", &filter, 1)
    };
    let (one, two) = ("'https://a.test'", "'https://b.test'");
    for (other, code) in [(format!("{two}, {one}"), 0), (two.to_owned(), 1)] {
        stage.diff(&cors(&format!("{one}, {two}")), &cors(&other))?;
        let output = stage.run(line)?;
        ensure(cors("").contains("CORS") && output.code == Some(code), &output)?;
    }
    Ok(())
}

/// Options and Upstreams that only others may name.
fn unled(stage: &Stage) -> Result<(), Failed> {
    let base = gateway("edge", HTTP) + &route("r", "edge", "/", "one");
    let upstream = "---\napiVersion: gloo.solo.io/v1\nkind: Upstream\nmetadata: {name: up}\nspec: {static: {hosts: [{addr: 10.0.0.1, \
                    port: 80}]}}\n";
    let option =
        "---\napiVersion: gateway.solo.io/v1\nkind: RouteOption\nmetadata: {name: o}\nspec: {options: {timeout: 3s}}\n";
    for (old, new) in [
        (upstream.to_owned(), upstream.replace("10.0.0.1", "10.0.0.2")),
        (option.to_owned(), option.replace("3s", "4s")),
        (option.to_owned(), String::new()),
    ] {
        stage.diff(&format!("{base}{old}"), &format!("{base}{new}"))?;
        let output = stage.run("diff old.yaml new.yaml --assume services --exit-code")?;
        ensure(output.code == Some(2), &output)?;
        stage.diff(&format!("{base}{old}"), &format!("{old}{base}"))?;
        let output = stage.run("diff old.yaml new.yaml --assume services --exit-code")?;
        ensure(output.code == Some(0), &output)?;
    }
    Ok(())
}

/// What says something of a protocol that is not spoken, or of names where there are addresses, changes nothing; where it
/// is spoken, and where there are names, the same is a difference.
fn idle_settings(stage: &Stage) -> Result<(), Failed> {
    let of_upstream = |host: &str, settings: &str| {
        let to = "backendRefs: [{group: gloo.solo.io, kind: Upstream, name: up}]";
        let route = route("r", "edge", "/", "one").replace("backendRefs: [{name: one, port: 80}]", to);
        let upstream = format!(
            "---\napiVersion: gloo.solo.io/v1\nkind: Upstream\nmetadata: {{name: up}}\nspec: {{static: {{hosts: [{host}, \
             {{addr: 10.0.0.2, port: 80}}]}}{settings}}}\n"
        );
        gateway("edge", HTTP) + &route + &upstream
    };
    let (plain, named) = ("{addr: 10.0.0.1, port: 80}", "{addr: one.example, port: 80}");
    let weighted = "{addr: 10.0.0.1, port: 80, loadBalancingWeight: 3}";
    let http1 = ", connectionConfig: {http1ProtocolOptions: {enableTrailers: true}}";
    let http2 = ", useHttp2: true";
    let window = ", initialStreamWindowSize: 65535";
    let ring = ", loadBalancerConfig: {ringHash: {}}";
    let ring_of_names = ", loadBalancerConfig: {ringHash: {}, useHostnameForHashing: true}";
    let random = ", loadBalancerConfig: {random: {}}";
    let with = |one: &str, other: &str| format!("{one}{other}");
    for (old, new, differs) in [
        ((plain, String::new()), (plain, http1.to_owned()), true),
        ((plain, http2.to_owned()), (plain, with(http2, http1)), false),
        ((plain, http2.to_owned()), (plain, with(http2, window)), true),
        ((plain, String::new()), (plain, window.to_owned()), false),
        ((plain, String::new()), (plain, ", respectDnsTtl: true, dnsRefreshRate: 5s".to_owned()), false),
        ((named, String::new()), (named, ", respectDnsTtl: true".to_owned()), true),
        ((plain, ring.to_owned()), (plain, ring_of_names.to_owned()), false),
        ((named, ring.to_owned()), (named, ring_of_names.to_owned()), true),
        ((plain, random.to_owned()), (weighted, random.to_owned()), false),
        ((plain, String::new()), (weighted, String::new()), true),
    ] {
        let (output, _) = stage.diff(&of_upstream(old.0, &old.1), &of_upstream(new.0, &new.1))?;
        ensure(output.code == Some(i32::from(differs)), &output)?;
    }
    Ok(())
}

/// An empty object turns on what it stands for.
fn bare(stage: &Stage) -> Result<(), Failed> {
    let of_upstream = |settings: &str| {
        let to = "backendRefs: [{group: gloo.solo.io, kind: Upstream, name: up}]";
        let route = route("r", "edge", "/", "one").replace("backendRefs: [{name: one, port: 80}]", to);
        let upstream = format!(
            "---\napiVersion: gloo.solo.io/v1\nkind: Upstream\nmetadata: {{name: up}}\nspec: {{static: {{hosts: [{{addr: \
             10.0.0.1, port: 80}}]}}{settings}}}\n"
        );
        gateway("edge", HTTP) + &route + &upstream
    };
    for (settings, words) in [
        ("outlierDetection: {}", "outliers"),
        ("connectionConfig: {tcpKeepalive: {}}", "connections keepalive"),
        ("loadBalancerConfig: {ringHash: {}}", "balancing choice RingHash"),
        ("loadBalancerConfig: {leastRequest: {}}", "balancing choice LeastRequest"),
    ] {
        let on = of_upstream(&format!(", {settings}"));
        let (output, found) = stage.diff(&of_upstream(""), &on)?;
        let is_told = found["changes"][0]["newAnswer"].as_str().is_some_and(|answer| answer.ends_with(words));
        ensure(output.code == Some(1) && is_told, &output)?;
        let (output, _) = stage.diff(&on, &on)?;
        ensure(output.code == Some(0), &output)?;
    }
    Ok(())
}
