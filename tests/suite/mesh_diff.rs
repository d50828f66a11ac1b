//! Routes of Services in `diff`: what changes for the clients of which namespace, and what is said where nobody can tell.

use libtest_mimic::{Failed, Trial};

use crate::commands::{Stage, ensure, json};
use crate::harness::Harness;
use crate::mesh::MESH;
use crate::process::Output;

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &str, run: fn(&Stage) -> Result<(), Failed>| {
        let (harness, folder) = (harness.clone(), format!("mesh-diff-{name}"));
        Trial::test(format!("mesh::diff_{name}"), move || run(&Stage::new(&harness, &folder)?))
    };
    vec![
        test("tells_whom_a_change_of_a_rule_is_for", rules),
        test("believes_what_neighbours_say", believed),
        test("knows_which_routes_count_when_others_go", sets),
        test("compares_connections_to_services", streams),
        test("compares_services_beside_gateways", beside_gateways),
        test("finds_no_difference_where_there_is_none", nothing),
        test("names_parents_that_it_could_not_look_at", unlooked),
        test("compares_every_port_of_a_missing_service", missing),
        test("tells_what_the_first_route_of_a_service_takes_away", first_route),
    ]
}

fn diff(stage: &Stage, old: &str, new: &str, more: &[&str]) -> Result<Output, String> {
    stage.write("old.yaml", old)?;
    stage.write("new.yaml", new)?;
    stage.run(&[&["diff", "old.yaml", "new.yaml", "--exit-code"], more].concat())
}

/// The manifests without the routes of a namespace.
fn without_routes(namespace: &str) -> String {
    let is_gone =
        |text: &&str| text.contains("HTTPRoute") && text.contains(&format!("namespace: {namespace}}}\nspec:\n"));
    MESH.split("---\n").filter(|text| !is_gone(text)).collect::<Vec<_>>().join("---\n")
}

fn rules(stage: &Stage) -> Result<(), Failed> {
    let output = diff(stage, MESH, &MESH.replace("weight: 3", "weight: 1"), &[])?;
    let holds = output.stdout.contains("reweighted")
        && output.stdout.contains("at    Service web/cart, for all clients that have no routes of their own")
        && output.stdout.contains("try   GET http://cart.web/cart --from web");
    ensure(output.code == Some(1) && holds && output.stdout.matches("try ").count() == 1, &output)?;
    // What is told as a request is answered so.
    let asked = stage.run(&["route", "http://cart.web/cart", "--from", "web", "-f", "new.yaml"])?;
    ensure(asked.stdout.contains("50 %  web/cart:80"), &asked)?;
    let new = MESH.replace("value: /team", "value: /crew");
    let output = diff(stage, MESH, &new, &[])?;
    let holds = output.stdout.contains("for clients in namespace team") && output.stdout.contains("--from team");
    ensure(output.code == Some(1) && holds && !output.stdout.contains("--from web"), &output)?;
    let output = diff(stage, MESH, &new, &["-o", "json"])?;
    let change = &json(&output)?["changes"][0];
    let clients = &change["clients"];
    let holds = clients["from"] == "team" && clients["isOnly"] == true && change["witness"]["from"] == "team";
    ensure(holds && change["gateway"] == "web/cart", &output)?;
    let output = diff(stage, MESH, &new, &["-o", "markdown"])?;
    ensure(output.stdout.contains("<br>Service `web/cart`, for clients in namespace `team`<br>"), &output)
}

/// What a Gateway writes itself neighbours say: no condition on it is settled beforehand.
fn believed(stage: &Stage) -> Result<(), Failed> {
    let said = |header: &str| {
        let rule = format!("  - matches: [{{headers: [{header}]}}]\n    backendRefs: [{{name: cart, port: 8080}}]\n");
        MESH.replacen("  rules:\n", &format!("  rules:\n{rule}"), 1)
    };
    for (header, shown) in [
        ("{name: x-forwarded-proto, value: https}", "x-forwarded-proto: https"),
        ("{name: x-envoy-original-path, value: /former}", "x-envoy-original-path: /former"),
        ("{name: host, value: asked.test}", "host: asked.test"),
    ] {
        let old = said(header);
        let output = diff(stage, &old, &old.replacen("port: 8080}]", "port: 80}]", 1), &[])?;
        let answer = |side: &str| output.stdout.lines().find_map(|line| line.trim_start().strip_prefix(side));
        let is_answered = answer("old ").is_some() && answer("old ") != answer("new ");
        let holds = output.stdout.contains("retargeted") && output.stdout.contains(shown) && is_answered;
        ensure(output.code == Some(1) && holds, &output)?;
    }
    Ok(())
}

fn sets(stage: &Stage) -> Result<(), Failed> {
    // Clients of the namespace get the producer's rules.
    let output = diff(stage, MESH, &without_routes("team"), &[])?;
    let holds = output.stdout.contains("removed") && output.stdout.contains("GET http://cart.web/v2 --from team");
    ensure(output.code == Some(1) && holds && !output.stdout.contains("--from web"), &output)?;
    // All others get to the Service as it is.
    let output = diff(stage, MESH, &without_routes("web"), &[])?;
    let holds = output.stdout.contains("removed") && output.stdout.contains("--from web");
    ensure(output.code == Some(1) && holds && !output.stdout.contains("--from team"), &output)
}

fn streams(stage: &Stage) -> Result<(), Failed> {
    let service =
        "---\napiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: web}\nspec: {ports: [{port: 9000}]}\n";
    let route = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: TCPRoute\nmetadata: {name: db, namespace: web}\nspec:\n  \
                 parentRefs: [{group: '', kind: Service, name: db}]\n  rules: [{backendRefs: [{name: cart, port: 8080}]}]\n";
    let plain = format!("{MESH}{service}");
    let routed = format!("{plain}{route}");
    for (old, new, answers) in [
        (&routed, &routed.replace("8080}]}]", "80}]}]"), ["web/cart:8080", "web/cart:80"]),
        (&routed, &plain, ["web/cart:8080", "web/db:9000"]),
        (&plain, &routed, ["web/db:9000", "web/cart:8080"]),
    ] {
        let output = diff(stage, old, new, &[])?;
        let [before, after] = answers.map(|answer| output.stdout.contains(&format!("   {answer}\n")));
        let holds = before && after && output.stdout.contains("try   tcp://db.web:9000 --from web");
        ensure(output.code == Some(1) && holds, &output)?;
    }
    Ok(())
}

fn beside_gateways(stage: &Stage) -> Result<(), Failed> {
    let gateway = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: web}\n\
                   spec: {gatewayClassName: any, listeners: [{name: http, protocol: HTTP, port: 80}]}\n";
    let old = format!("{MESH}{gateway}");
    let output = diff(stage, &old, &old.replace("value: /v2", "value: /v3"), &[])?;
    ensure(output.code == Some(1) && output.stdout.contains("http://cart.web/v3 --from web"), &output)?;
    // A route of both worlds changes in both.
    let old = old.replacen("parentRefs: [", "parentRefs: [{name: edge}, ", 1).replace("nobody.looks.here", "shop.test");
    let output = diff(stage, &old, &old.replace("value: /v2", "value: /v3"), &[])?;
    let [mesh, edge] =
        ["http://cart.web/v3 --from web\n", "http://shop.test/v3\n"].map(|one| output.stdout.contains(one));
    ensure(output.code == Some(1) && mesh && edge, &output)
}

fn nothing(stage: &Stage) -> Result<(), Failed> {
    let output = diff(stage, MESH, &MESH.replace("nobody.looks.here", "nobody.looks.there"), &[])?;
    // The objects differ, and no traffic does.
    ensure(output.code == Some(0) && output.stdout.contains("no difference for traffic"), &output)?;
    let output = diff(stage, MESH, MESH, &[])?;
    ensure(output.code == Some(0) && output.stdout.trim() == "no difference for traffic", &output)
}

fn unlooked(stage: &Stage) -> Result<(), Failed> {
    let headless = MESH.replacen("Service, name: cart, port: 80", "Service, name: pods", 1);
    let output = diff(stage, &headless, &headless.replace("value: /v2", "value: /v3"), &[])?;
    let words = "uncompared  HTTPRoute `web/cart`, spec.parentRefs[0] (new): its Service does not take it";
    ensure(headless != MESH && output.code == Some(2) && output.stdout.contains(words), &output)?;
    // Of a Service that is elsewhere nobody knows which port has the name.
    let named = MESH.split("---\n").filter(|text| text.contains("HTTPRoute")).collect::<Vec<_>>().join("---\n");
    let named = named.replacen("name: cart, port: 80", "name: cart, sectionName: http", 1);
    let words = "(new): which ports of its Service it has is not known";
    for old in [&named.replace("value: /v2", "value: /v3"), &named.replacen("sectionName: http", "sectionName: web", 1)]
    {
        let output = diff(stage, old, &named, &["--assume", "services"])?;
        ensure(output.code == Some(2) && output.stdout.contains(words), &output)?;
    }
    let (first, _) = named.split_at(named.find("---").unwrap_or_default());
    let rest = named.replacen(first, "", 1);
    let output = diff(stage, &rest, &named, &["--assume", "services"])?;
    ensure(output.code == Some(2) && output.stdout.contains(words), &output)
}

fn missing(stage: &Stage) -> Result<(), Failed> {
    let routes = MESH.split("---\n").filter(|text| text.contains("HTTPRoute")).collect::<Vec<_>>().join("---\n");
    let all_ports = routes.replacen("name: cart, port: 80}]\n  hostnames", "name: cart}]\n  hostnames", 1);
    for (old, new, kind) in [(&routes, &all_ports, "added"), (&all_ports, &routes, "removed")] {
        let output = diff(stage, old, new, &["--assume", "services"])?;
        let holds = output.stdout.contains(kind) && output.stdout.contains("GET http://cart.web:81/v2 --from web");
        ensure(routes != all_ports && output.code == Some(1) && holds, &output)?;
    }
    let output = diff(stage, &all_ports, &all_ports.replace("value: /v2", "value: /v3"), &["--assume", "services"])?;
    ensure(output.code == Some(1) && output.stdout.contains("http://cart.web/v3 --from web"), &output)
}

/// The first route of a Service refuses whatever its rules do not take.
fn first_route(stage: &Stage) -> Result<(), Failed> {
    let services = "apiVersion: v1\nkind: Service\nmetadata: {name: shop, namespace: web}\nspec:\n  \
                    ports: [{name: http, port: 80}, {name: tcp, port: 9090}]\n";
    let route = |parent: &str| {
        format!(
            "{services}---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n\
             metadata: {{name: shop, namespace: web}}\nspec:\n  parentRefs: [{{group: '', kind: Service, {parent}}}]\n  \
             rules: [{{matches: [{{path: {{value: /a}}}}], backendRefs: [{{name: shop, port: 80}}]}}]\n"
        )
    };
    for (parent, url) in [("name: shop, port: 80", "http://shop.web/"), ("name: shop", "http://shop.web:9090/")] {
        let routed = route(parent);
        for (old, new, answers) in
            [(services, routed.as_str(), ["web/shop", "404"]), (&routed, services, ["404", "web/shop"])]
        {
            let output = diff(stage, old, new, &[])?;
            let (_, told) = output.stdout.split_once(&format!("try   GET {url} --from web\n")).unwrap_or_default();
            let mut lines = told.lines().map(str::trim);
            let holds = ["old", "new"]
                .iter()
                .zip(answers)
                .all(|(side, answer)| lines.next().is_some_and(|line| line.starts_with(side) && line.contains(answer)));
            ensure(output.code == Some(1) && holds, &output)?;
        }
    }
    // Without the Service nobody knows what its clients got.
    let output = diff(stage, "apiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n", &route("name: shop"), &[])?;
    ensure(output.code == Some(2) && output.stderr.contains("nothing to compare on the old side"), &output)
}
