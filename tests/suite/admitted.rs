//! What `gwctl diff` names although no route of the input shows it: who may attach, what grants grant, policies of others,
//! and what controllers read.

use libtest_mimic::{Failed, Trial};

use crate::harness::Harness;
use crate::judged::{HTTP, Stage, ensure, gateway, route};

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, run| Stage::trial(harness, &format!("admitted::{name}"), run);
    vec![
        test("diff_names_what_nothing_of_the_input_shows", unshown),
        test("diff_names_what_comes_or_goes_unused", one_sided),
        test("diff_names_selectors_over_missing_namespaces", selectors),
        test("diff_names_what_policies_of_others_name", named),
        test("diff_names_what_controllers_read", controllers),
        test("assumed_namespaces_are_admitted_with_a_note", assumed),
    ]
}

const HEAD: &str = "---\napiVersion: gateway.networking.k8s.io/v1\n";

/// A Gateway and its route, beside what is compared.
fn base() -> String {
    gateway("edge", HTTP) + &route("r", "edge", "/", "one")
}

/// A second Gateway, for the routes of others.
fn other(spec: &str, listener: &str) -> String {
    let listener = format!("{{name: h, protocol: HTTP, port: 81{listener}}}");
    format!(
        "{HEAD}kind: Gateway\nmetadata: {{name: t}}\nspec: {{gatewayClassName: any{spec}, listeners: [{listener}]}}\n"
    )
}

fn object(version: &str, kind: &str, name: &str, spec: &str) -> String {
    format!("---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

/// How a comparison of both values of `@` ends, and of the text with itself.
fn ends(stage: &Stage, text: &str, (old, new): (&str, &str), flags: &str, code: i32) -> Result<(), Failed> {
    let (old, new) = (base() + &text.replace('@', old), base() + &text.replace('@', new));
    for (one, two, code) in [(&old, &new, code), (&new, &old, code), (&new, &new, 0)] {
        stage.write("old.yaml", one)?;
        stage.write("new.yaml", two)?;
        let line =
            format!("diff old.yaml new.yaml --assume services,secrets --channel experimental --exit-code {flags}");
        let output = stage.run(&line)?;
        ensure(output.code == Some(code), &output)?;
    }
    Ok(())
}

fn unshown(stage: &Stage) -> Result<(), Failed> {
    let allowed = |namespaces: &str| other("", &format!(", allowedRoutes: {{namespaces: {namespaces}}}"));
    let grant = |from: &str, to: &str| {
        let from = format!("{{group: gateway.networking.k8s.io, {from}}}");
        let spec = format!("{{from: [{from}], to: [{{group: '', {to}}}]}}");
        object("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", "g", &spec)
    };
    let selecting = allowed("{from: Selector, selector: {matchLabels: {gw: 'yes'}}}");
    let team = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: team9, labels: {gw: '@', more: '@'}}\n";
    let outside = object(
        "gateway.networking.x-k8s.io/v1alpha1",
        "XBackend",
        "x",
        "{type: ExternalHostname, port: {port: 443}, externalHostname: {hostname: '@.test'}}",
    );
    let far = route("s", "t", "/", "one").replace("{name: s}", "{name: s, namespace: far}");
    let far = far.replace("[{name: t}]", "[{name: t, namespace: default}]");
    for (text, values, code) in [
        (allowed("{from: @}"), ("All", "Same"), 2),
        (allowed("{from: Selector, selector: {matchLabels: {team: @}}}"), ("a", "b"), 2),
        (other("", ", allowedRoutes: {kinds: [{kind: HTTPRoute}@]}"), ("", ", {kind: GRPCRoute}"), 2),
        (
            other("", ", allowedRoutes: {kinds: [@]}"),
            ("{kind: HTTPRoute}, {kind: GRPCRoute}", "{kind: GRPCRoute}, {kind: HTTPRoute}"),
            0,
        ),
        (other(", allowedListeners: {namespaces: {from: @}}", ""), ("All", "None"), 2),
        (other(", defaultScope: @", ""), ("All", "None"), 2),
        (other("", ", hostname: @"), ("a.test", "b.test"), 2),
        (
            other("", "}, {name: more, protocol: HTTP, port: 81, hostname: a.test@"),
            ("", ", allowedRoutes: {namespaces: {from: All}}"),
            2,
        ),
        // A route of another namespace shows what it does; one of its own says nothing of others.
        (allowed("{from: @}") + &far, ("All", "Same"), 1),
        (allowed("{from: @}") + &route("s", "t", "/", "one"), ("All", "Same"), 2),
        (grant("kind: HTTPRoute, namespace: @", "kind: Service"), ("a", "b"), 2),
        (grant("kind: HTTPRoute, namespace: a", "kind: Service, name: @"), ("a", "b"), 2),
        (grant("kind: Gateway, namespace: @", "kind: Secret"), ("a", "b"), 2),
        // The same grants in other objects.
        (grant("kind: HTTPRoute, namespace: a", "kind: Service").replace("name: g}", "name: @}"), ("g", "h"), 0),
        (selecting.clone() + team, ("yes", "no"), 2),
        (team.to_owned(), ("yes", "no"), 0),
        (selecting + &team.replace("gw: '@', ", ""), ("yes", "no"), 0),
        (outside, ("a", "b"), 2),
    ] {
        ends(stage, &text, values, "", code).map_err(|failed| told(&text, failed))?;
    }
    Ok(())
}

fn told(text: &str, failed: Failed) -> Failed {
    Failed::from(format!("{text}\n{}", failed.message().unwrap_or_default()))
}

fn one_sided(stage: &Stage) -> Result<(), Failed> {
    let policy = |targets: &str| {
        let spec =
            format!("{{targetRefs: [{targets}], validation: {{hostname: x.test, wellKnownCACertificates: System}}}}");
        object("gateway.networking.k8s.io/v1", "BackendTLSPolicy", "p", &spec)
    };
    let target = "{group: '', kind: Service, name: two}";
    let session = object(
        "gateway.networking.x-k8s.io/v1alpha1",
        "XBackendTrafficPolicy",
        "xp",
        &format!("{{targetRefs: [{target}], sessionPersistence: {{sessionName: s}}}}"),
    );
    let foreign = object(
        "kuadrant.io/v1",
        "AuthPolicy",
        "s",
        "{targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}], basicAuth: {users: {name: users}}}",
    );
    let users = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: users, namespace: default}\ndata: {a: MTIz}\n";
    let grant = object(
        "gateway.networking.k8s.io/v1beta1",
        "ReferenceGrant",
        "g",
        "{from: [{group: kuadrant.io, kind: AuthPolicy, namespace: shop}], to: [{group: '', kind: Service}]}",
    );
    for (text, part) in [
        (format!("@{foreign}"), users.to_owned()),
        ("@".to_owned(), policy(target)),
        (policy("{group: '', kind: Service, name: three}@"), format!(", {target}")),
        ("@".to_owned(), session),
        ("@".to_owned(), grant),
    ] {
        ends(stage, &text, ("", &part), "", 2).map_err(|failed| told(&part, failed))?;
    }
    Ok(())
}

/// What a policy that applies to something sends to, or reads, decides about traffic as much as the policy itself.
fn named(stage: &Stage) -> Result<(), Failed> {
    let policy = |what: &str| {
        let target = "{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}";
        object(
            "kuadrant.io/v1",
            "AuthPolicy",
            "s",
            &format!("{{targetRefs: [{target}], extAuth: {{http: {{backendRefs: [{what}]}}}}}}"),
        )
    };
    let service = object("v1", "Service", "auth", "{selector: {app: '@'}, ports: [{port: 80}]}");
    let slice = "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: auth-1, namespace: default, \
                 labels: {kubernetes.io/service-name: auth}}\naddressType: IPv4\nports: [{port: 80}]\nendpoints: \
                 [{addresses: [10.0.0.@]}]\n";
    let builder = "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: k, namespace: \
                   default}\nspec: {path: ./a, postBuild: {substituteFrom: [{kind: ConfigMap, name: vars}]}}\n";
    let variables =
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: vars, namespace: default}\ndata: {a: '@'}\n";
    let elsewhere = service.replacen("name: auth", "name: auth, namespace: other", 1);
    for (text, code) in [
        (policy("{name: auth, port: 80}") + &service, 2),
        (policy("{name: auth, port: 80}") + slice, 2),
        (policy("{name: auth, namespace: other, port: 80}") + &elsewhere, 2),
        (builder.to_owned() + variables, 2),
        // Nothing that applies to traffic names it.
        (service.clone(), 0),
        (policy("{name: auth, port: 80}") + &elsewhere, 0),
        (variables.to_owned(), 0),
    ] {
        ends(stage, &text, ("1", "2"), "", code).map_err(|failed| told(&text, failed))?;
    }
    Ok(())
}

/// Labels of Namespaces that are not in the input decide who is admitted.
fn selectors(stage: &Stage) -> Result<(), Failed> {
    let of = |selector: &str| {
        let listener = format!(", allowedRoutes: {{namespaces: {{from: Selector, selector: {selector}}}}}");
        other("", &listener)
            + &route("s", "t", "/", "one")
                .replace("{name: s}", "{name: s, namespace: shop}")
                .replace("{name: t}", "{name: t, namespace: default}")
    };
    let shop = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: a, tier: x}}\n";
    let by_label = of("{matchLabels: {team: @}}");
    let by_term = of("{matchExpressions: [{key: team, operator: NotIn, values: [@]}]}");
    for text in [&by_label, &by_term] {
        for flags in ["", "--assume namespaces"] {
            ends(stage, text, ("a", "b"), flags, 2).map_err(|failed| told(text, failed))?;
        }
    }
    let by_name = of("{matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [@]}]}");
    ends(stage, &by_name, ("a", "b"), "", 0)?;
    // With the Namespace in the input the route shows it.
    ends(stage, &(of("{matchLabels: {@}}") + shop), ("team: a", "tier: x"), "", 0)?;
    ends(stage, &(by_label + shop), ("a", "b"), "", 1)
}

fn controllers(stage: &Stage) -> Result<(), Failed> {
    let annotated = |text: &str| text.replacen("metadata: {", "metadata: {annotations: {@}, ", 1);
    let load_balancer = (
        "service.beta.kubernetes.io/aws-load-balancer-internal: 'true'",
        "service.beta.kubernetes.io/aws-load-balancer-internal: 'false'",
    );
    let class = object("gateway.networking.k8s.io/v1", "GatewayClass", "any", "{controllerName: example.com/c}");
    let service =
        "---\napiVersion: v1\nkind: Service\nmetadata: {name: one, namespace: default}\nspec: {ports: [{port: 80}]}\n";
    let routed = route("nn", "edge", "/nn", "one");
    for text in [annotated(&other("", "")), annotated(&class), annotated(service), annotated(&routed)] {
        ends(stage, &text, load_balancer, "", 2).map_err(|failed| told(&text, failed))?;
        ends(stage, &text, ("", load_balancer.0), "", 2)?;
        for harmless in [
            (
                "kubectl.kubernetes.io/last-applied-configuration: a",
                "kubectl.kubernetes.io/last-applied-configuration: b",
            ),
            ("argocd.argoproj.io/sync-wave: '1'", "argocd.argoproj.io/sync-wave: '2'"),
            ("meta.helm.sh/release-name: a", "helm.sh/resource-policy: keep"),
            ("owner: a", "owner: b"),
        ] {
            ends(stage, &text, harmless, "", 0).map_err(|failed| told(&text, failed))?;
        }
    }
    let kong = (("konghq.com/strip-path: 'true'"), ("konghq.com/strip-path: 'false'"));
    ends(stage, &annotated(&routed), kong, "", 2)?;
    ends(stage, &other(", infrastructure: {annotations: {@}}", ""), load_balancer, "", 2)?;
    ends(stage, &other(", infrastructure: {labels: {a: @}}", ""), ("b", "c"), "", 2)?;
    ends(stage, &other(", addresses: [{value: 10.0.0.@}]", ""), ("1", "2"), "", 2)?;
    ends(stage, &other(", addresses: [{type: Hostname, value: '@.test'}]", ""), ("a", "b"), "", 2)
}

/// What is assumed is judged as if it were there, and the judgement that truly needs it is named.
fn assumed(stage: &Stage) -> Result<(), Failed> {
    for selector in ["{matchLabels: {team: a}}", "{matchExpressions: [{key: team, operator: NotIn, values: [a]}]}"] {
        let listener = format!(
            "{}, allowedRoutes: {{namespaces: {{from: Selector, selector: {selector}}}}}}}",
            HTTP.trim_end_matches('}')
        );
        stage.write("all.yaml", &(gateway("edge", &listener) + &route("r", "edge", "/", "one")))?;
        let output = stage.run("validate all.yaml --assume services,namespaces --deny warnings")?;
        let is_noted = output.stdout.contains("GW2015") && !output.stdout.contains("GW3003");
        ensure(output.code == Some(0) && is_noted, &output)?;
        let output = stage.run("route http://a.test/ -f all.yaml --assume services,namespaces")?;
        ensure(output.code == Some(0) && output.stdout.contains("default/one:80"), &output)?;
    }
    Ok(())
}
