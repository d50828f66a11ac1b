//! `blame`: whatever name an output, a statistic or an access log has leads back to a manifest.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use gwctl::proving::ask_admin;
use libtest_mimic::{Failed, Trial};
use serde_yaml::Value;

use crate::case::{Case, Pins, discover};
use crate::commands::{GATEWAY, ROUTE, Stage, ensure, json};
use crate::harness::Harness;
use crate::mesh::MESH;
use crate::{process, proxy};

const AT_ONCE: Duration = Duration::from_secs(5);

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let test = |name: &'static str, run: fn(&Stage) -> Result<(), Failed>| {
        let harness = harness.clone();
        Trial::test(format!("blame::{name}"), move || run(&Stage::new(&harness, name)?))
    };
    let [names, live] = [harness.clone(), harness.clone()];
    vec![
        test("names_lead_to_objects_files_and_lines", names_lead_back),
        test("what_is_not_ours_or_has_several_meanings_is_said", unclear_names),
        test("names_of_gloo_gateway_lead_back_whatever_the_output_has", names_of_gloo),
        test("lines_that_ask_the_same_are_answered_once", lines_together),
        test("names_of_what_serves_clients_of_services_lead_back", names_of_mesh),
        Trial::test("blame::every_name_of_an_output_leads_back", move || Ok(every_name(&names)?)),
        Trial::test("blame::statistics_and_access_logs_of_a_running_envoy_lead_back", move || Ok(running(&live)?)),
    ]
}

fn names_lead_back(stage: &Stage) -> Result<(), Failed> {
    for (name, expected) in [
        ("httproute/shop/web/rule/0/match/0", "m/route.yaml:8"),
        ("httproute/shop/web/rule/1/match/0", "m/route.yaml:12"),
        ("shop/a/80", "m/gateway.yaml:8"),
        ("shop.test", "m/gateway.yaml:6"),
        ("0.0.0.0:80", "m/gateway.yaml:6"),
        ("http-80", "m/gateway.yaml:6"),
        ("cluster.shop/b/80.upstream_rq_5xx: 3", "m/route.yaml:8"),
        ("listener.0.0.0.0_80.http.http-80.downstream_rq_2xx", "m/gateway.yaml:6"),
        ("http.http-80.downstream_rq_active", "m/gateway.yaml:6"),
        (
            "envoy_cluster_upstream_rq_xx{envoy_response_code_class=\"5\",envoy_cluster_name=\"shop/a/80\"} 3",
            "m/route.yaml:8",
        ),
    ] {
        let output = stage.run(&["blame", name, "m"])?;
        ensure(output.code == Some(0) && output.stdout.contains(expected), &output)?;
        let output = stage.run(&["blame", name, "-f", "m", "-o", "json"])?;
        let answers = json(&output)?;
        let one = &answers["answers"][0]["matches"][0];
        let places = one["places"].as_array().into_iter().chain(one["senders"].as_array()).flatten();
        let is_there = places
            .into_iter()
            .any(|spot| format!("{}:{}", spot["file"].as_str().unwrap_or_default(), spot["line"]) == expected);
        ensure(answers["version"] == 1 && is_there, &output)?;
    }
    Ok(())
}

/// An output with one naming and what is asked with the other: both are known, and no name is that of two things.
fn names_of_gloo(stage: &Stage) -> Result<(), Failed> {
    for (name, expected) in [
        ("cluster.kube-svc_shop-b-80_shop.upstream_rq_2xx: 3", "m/route.yaml:8"),
        ("kube-svc:shop-a-80_shop", "m/gateway.yaml:8"),
        ("listener~80", "m/gateway.yaml:6"),
        ("listener~80-routes", "m/gateway.yaml:6"),
        ("listener~80~shop_test", "m/gateway.yaml:6"),
        ("http.http.downstream_rq_active", "m/gateway.yaml:6"),
        ("envoy_cluster_upstream_rq_xx{envoy_cluster_name=\"kube-svc_shop-a-80_shop\"} 3", "m/route.yaml:8"),
        (
            "[2026-01-01T00:00:00Z] \"GET / HTTP/1.1\" 200 - 0 0 1 0 \"-\" \"curl\" \"id\" \"shop.test\" \"1.2.3.4:5\" \
             \"listener~80~shop_test-route-0-httproute-web-shop-0-0-matcher-0\" \"kube-svc:shop-a-80_shop\"",
            "m/route.yaml:8",
        ),
        ("shop/a/80", "m/gateway.yaml:8"),
    ] {
        for flags in [&["m"][..], &["m", "--naming", "gloo"]] {
            let output = stage.run(&[&["blame", name], flags].concat())?;
            ensure(output.code == Some(0) && output.stdout.contains(expected), &output)?;
        }
    }
    // A setting of the tree counts as the flag does, and a difference of names is none of traffic.
    stage.write("n/all.yaml", &[GATEWAY, ROUTE].join("---\n"))?;
    stage.write("n/gwctl.yaml", "naming: gloo\n")?;
    stage.write("o/all.yaml", &[GATEWAY, ROUTE].join("---\n"))?;
    let output = stage.run(&["translate", "n"])?;
    let names = ["kube-svc:shop-a-80_shop", "listener~80", "listener~80~shop_test"];
    ensure(output.code == Some(0) && names.iter().all(|name| output.stdout.contains(name)), &output)?;
    let output = stage.run(&["diff", "o", "n"])?;
    ensure(output.code == Some(0) && output.stdout.contains("no difference for traffic"), &output)
}

fn unclear_names(stage: &Stage) -> Result<(), Failed> {
    for (name, words) in [
        ("shop/c/80", "nothing that these manifests are translated to has this name"),
        ("cluster.shop/c/80.upstream_rq_5xx", "a statistic about a cluster that these manifests do not have"),
        // No part of a name is a name.
        ("cluster.shop/a/8", "a statistic about a cluster that these manifests do not have"),
        ("server.live", "a statistic of Envoy itself"),
        (
            "[2026-01-01T00:00:00Z] \"GET / HTTP/1.1\" 200 - 0 0 1 0 \"-\" \"curl\" \"id\" \"a\" \"1.2.3.4:5\"",
            "of another format",
        ),
    ] {
        let output = stage.run(&["blame", name, "m"])?;
        ensure(output.code == Some(1) && output.stdout.contains(words), &output)?;
    }
    // A host that is called like the route configuration.
    stage.write(
        "m/more.yaml",
        &super::commands::ROUTE.replace("shop.test", "http-80").replace("name: web", "name: odd"),
    )?;
    let output = stage.run(&["blame", "http-80", "m"])?;
    ensure(output.code == Some(1) && output.stdout.contains("(route configuration, virtual host)"), &output)?;
    let output = stage.run(&["blame", "http-80", "m", "--kind", "virtual-host"])?;
    ensure(output.code == Some(0) && !output.stdout.contains("several"), &output)?;
    for line in [&["blame", "-", "-"][..], &["blame", "", "m"], &["blame", "a"], &["blame", "a", "nowhere"]] {
        let output = stage.run(line)?;
        ensure(output.code == Some(2) && output.stdout.is_empty(), &output)?;
    }
    Ok(())
}

fn names_of_mesh(stage: &Stage) -> Result<(), Failed> {
    stage.write("mesh.yaml", MESH)?;
    for (client, name, expected) in [
        ("other", "mesh/web/cart/80", &["listener mesh/web/cart/80 for clients in namespace other", "mesh.yaml:4"][..]),
        (
            "other",
            "http.mesh/web/cart/80.downstream_rq_2xx: 3",
            &["for clients in namespace other", "Service web/cart"],
        ),
        ("other", "httproute/web/cart/rule/0/match/0", &["HTTPRoute web/cart spec.rules[0]"]),
        ("team", "httproute/team/cart/rule/0/match/0", &["in namespace team", "HTTPRoute team/cart spec.rules[0]"]),
        ("team", "cluster.web/cart-v2/80.upstream_rq_5xx", &["sent to by", "HTTPRoute team/cart"]),
    ] {
        let clients = format!("--mesh-for={client}");
        let output =
            stage.run(&["blame", name, "mesh.yaml", "--mesh-capture=address", "--kind=listener", &clients][..4])?;
        ensure(output.code == Some(2) && output.stderr.contains("belongs to `--mesh-for"), &output)?;
        let kind = if name.starts_with("mesh/") { "--kind=listener" } else { "--color=never" };
        let output = stage.run(&["blame", name, "mesh.yaml", "--mesh-capture=address", &clients, kind])?;
        ensure(output.code == Some(0) && expected.iter().all(|words| output.stdout.contains(words)), &output)?;
    }
    // What others have is not these clients'.
    let line = ["blame", "httproute/team/cart/rule/0/match/0", "mesh.yaml", "--mesh-for=other", "--mesh-capture=proxy"];
    let output = stage.run(&line)?;
    ensure(output.code == Some(1) && output.stdout.contains("nothing that these manifests"), &output)?;
    let entry = "{\"route_name\":\"httproute/web/cart/rule/0/match/0\",\"upstream_cluster\":\"web/cart-v2/80\"}\n";
    let clients = ["blame", "-", "mesh.yaml", "--mesh-for=other", "--mesh-capture=proxy", "-ojson"];
    let output = run_with(stage, &clients, entry)?;
    let answers = json(&output)?;
    let is_both = answers["answers"][0]["matches"].as_array().map(Vec::len) == Some(2);
    ensure(output.code == Some(0) && is_both && answers["answers"][0]["from"] == "other", &output)?;
    let output = stage.run(&["blame", "cluster.mesh/web/cart/80.upstream_cx_total", "mesh.yaml"])?;
    ensure(output.code == Some(1) && output.stdout.contains("add the `--mesh-for` and `--mesh-capture`"), &output)
}

/// Runs gwctl with lines on standard input.
fn run_with(stage: &Stage, args: &[&str], lines: &str) -> Result<process::Output, String> {
    stage.write("lines", lines)?;
    stage.run_on(args, "lines")
}

fn lines_together(stage: &Stage) -> Result<(), Failed> {
    let line = |route: &str, cluster: &str| {
        format!(
            "[2026-01-01T00:00:00Z] \"GET / HTTP/1.1\" 200 - 0 0 1 0 \"-\" \"curl\" \"id\" \"a\" \"-\" \"{route}\" \"{cluster}\"\n"
        )
    };
    let object = "{\"route_name\":\"httproute/shop/web/rule/0/match/0\",\"upstream_cluster\":\"shop/a/80\"}\n";
    let known = line("httproute/shop/web/rule/0/match/0", "shop/a/80");
    let lines = [known.as_str(), object, &known, &line("-", "-")].concat();
    let output = run_with(stage, &["blame", "-", "m", "-o", "json"], &lines)?;
    let answers = json(&output)?;
    ensure(output.code == Some(0) && answers["answers"].as_array().map(Vec::len) == Some(2), &output)?;
    ensure(answers["answers"][0]["lines"] == 3, &output)?;
    let output = run_with(stage, &["blame", "-", "m"], &line("httproute/shop/old/rule/0/match/0", "shop/a/80"))?;
    let words = "not of these manifests: route `httproute/shop/old/rule/0/match/0`";
    ensure(output.code == Some(1) && output.stdout.contains(words), &output)?;
    let output = run_with(stage, &["blame", "-", "m"], "\n")?;
    ensure(output.code == Some(2) && output.stderr.contains("there is no line"), &output)
}

/// Lists of the output, and what their items are.
const LISTS: [(&str, &str); 6] = [
    ("listeners", "listener"),
    ("filter_chains", "filter-chain"),
    ("virtual_hosts", "virtual-host"),
    ("routes", "route"),
    ("clusters", "cluster"),
    ("secrets", "secret"),
];

/// Every name of the cases that pin what is emitted.
fn every_name(harness: &Harness) -> Result<(), String> {
    let cases = discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok());
    let is_of_mesh = |case: &Case| case.translate_args.iter().any(|flag| flag == "--mesh-for");
    let is_asked = |case: &Case| case.exit.translate == 0 && (case.pins == Pins::Bootstrap || is_of_mesh(case));
    let cases: Vec<Case> = cases.filter(is_asked).collect();
    let mut wrong = Vec::new();
    let mut asked = 0;
    for case in &cases {
        let work = harness.work_directory(&format!("blame/{}", case.name))?;
        let output = harness.gwctl("translate", case, &case.translate_args, &work)?;
        let bootstrap = serde_yaml::from_str(&output.stdout).map_err(|error| format!("{}: {error}", case.name))?;
        for (list, kind) in LISTS {
            let mut names = BTreeSet::new();
            collect(&bootstrap, list, &mut names);
            asked += names.len();
            let lines: String = names.iter().map(|name| format!("{name}\n")).collect();
            let own = ["-", "--partial", "-ojson", "--kind", kind].map(str::to_owned);
            let clients = case.translate_args.iter().filter(|flag| is_of_mesh(case) && *flag != "--partial");
            let line: Vec<String> = own.into_iter().chain(case.args.iter().chain(clients).cloned()).collect();
            if names.is_empty() || case.stdin.is_some() {
                continue;
            }
            process::write_below(&work, "names", &lines)?;
            let asking = Case { stdin: Some(work.join("names")), ..case.clone() };
            let output = harness.gwctl("blame", &asking, &line, &work)?;
            if output.code != Some(0) {
                wrong.push(format!("{} {kind} {names:?}: {output:?}", case.name));
            }
        }
    }
    if asked < 400 {
        wrong.push(format!("only {asked} names were asked for"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// The names of the items of every list of that name.
fn collect(value: &Value, list: &str, names: &mut BTreeSet<String>) {
    match value {
        Value::Mapping(entries) => entries.iter().for_each(|(key, value)| {
            if key.as_str() == Some(list) {
                let items = value.as_sequence().into_iter().flatten();
                names.extend(items.filter_map(|item| Some(item.get("name")?.as_str()?.to_owned())));
            }
            collect(value, list, names);
        }),
        Value::Sequence(items) => items.iter().for_each(|item| collect(item, list, names)),
        _ => {}
    }
}

/// What a running Envoy counts and logs.
fn running(harness: &Harness) -> Result<(), String> {
    let work = harness.work_directory("blame/running")?;
    let (backend, _heads) = proxy::backend(Duration::ZERO)?;
    for format in ["text", "json"] {
        let log = work.join(format!("{format}.log"));
        let flags = [
            format!("--access-log={}", log.display()),
            format!("--access-log-format={format}"),
            format!("--resolve=shop/a:80={backend}"),
        ];
        let proxy = proxy::start(harness, "http/proxy-defaults", &flags.each_ref().map(String::as_str), str::to_owned)?;
        let answer = proxy::get_with(proxy.address, "/", "", "user-agent: a\" \"httproute/x/y\" \"b\r\n", AT_ONCE)?;
        proxy::expect("status", &answer, "200")?;
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while fs::read_to_string(&log).unwrap_or_default().is_empty() && std::time::Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(100));
        }
        let lines = fs::read_to_string(&log).map_err(|error| error.to_string())?;
        let case = proxy::find(harness, "http/proxy-defaults")?;
        let address = proxy.address;
        let blame = |lines: &str| {
            let flags = [
                "-".to_owned(),
                "--listener-address=127.0.0.1".to_owned(),
                format!("--port-map=80={}", address.port()),
            ];
            process::write_below(&work, "lines", lines)?;
            let asking = Case { stdin: Some(work.join("lines")), ..case.clone() };
            harness.gwctl("blame", &asking, &flags, &work)
        };
        let output = blame(&lines)?;
        let is_found = output.stdout.contains("HTTPRoute shop/all") && output.stdout.contains("Service shop/a");
        if output.code != Some(0) || !is_found {
            return Err(format!("{lines}\n{output:?}"));
        }
        for page in ["/stats", "/stats/prometheus"] {
            let all = ask_admin(proxy.admin, page).map_err(|error| error.to_string())?;
            let is_about = |line: &&str| {
                ["cluster.", "listener.", "http.", "tcp."].iter().any(|word| line.starts_with(word))
                    || (line.starts_with("envoy_")
                        && ["_name=", "_prefix=", "_address="].iter().any(|label| line.contains(label)))
            };
            let about: Vec<&str> = all.lines().filter(is_about).collect();
            let output = blame(&about.join("\n"))?;
            if output.code != Some(0) || about.len() < 100 {
                let unanswered: Vec<&str> = output.stdout.lines().filter(|line| line.contains("do not have")).collect();
                return Err(format!("{page}: {} lines, {unanswered:?}\n{}", about.len(), output.stdout));
            }
        }
    }
    Ok(())
}
