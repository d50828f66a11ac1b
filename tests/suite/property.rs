//! Properties: configurations and requests are generated, and what the real
//! Envoy does with gwctl's output is compared with the few lines that say what
//! the specification wants. The seed is fixed; `GWCTL_SEED=N` tries another.

use std::fs;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::behaviour;
use crate::case::Case;
use crate::harness::Harness;

/// How many path rules, and how many requests for each.
const PATH_RULES: usize = 60;
const REQUESTS_PER_RULE: usize = 6;

/// How many hostname requests, and of how many routes.
const HOST_REQUESTS: usize = 240;
const HOST_ROUTES: usize = 24;

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let (paths, hosts) = (harness.clone(), harness.clone());
    vec![
        Trial::test("property::prefixes_are_replaced_by_one_rule", move || Ok(path_algebra(&paths)?)),
        Trial::test("property::hosts_go_to_the_most_specific_listener_and_route", move || Ok(host_algebra(&hosts)?)),
    ]
}

/// SplitMix64: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn new() -> Self {
        Self(std::env::var("GWCTL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_240_917))
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap_or_default()
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

/// Writes the generated case and runs its requests.
fn prove(harness: &Harness, name: &str, objects: &[Value], requests: &[Value]) -> Result<(), String> {
    let folder = harness.work_directory(&format!("property/{name}"))?;
    let write = |file: &str, value: Value| {
        fs::write(folder.join(file), value.to_string()).map_err(|error| format!("{file}: {error}"))
    };
    write("manifests.json", json!({"apiVersion": "v1", "kind": "List", "items": objects}))?;
    write("requests.yaml", json!({"requests": requests}))?;
    let requests = folder.join("requests.yaml");
    let case = Case {
        name: format!("property/{name}"),
        folder,
        reason: "generated".to_owned(),
        args: Vec::new(),
        // A generated route may meet no listener.
        translate_args: vec!["--partial".to_owned()],
        paths: vec!["manifests.json".to_owned()],
        stdin: None,
        json: false,
        status: false,
        pins: crate::case::Pins::default(),
        exit: crate::case::Exit::default(),
        requests: Some(requests.clone()),
        goes: Vec::new(),
        otherwise: Vec::new(),
    };
    behaviour::prove(harness, &case, &requests, &format!("requests/{}", case.name))
}

fn gateway(listeners: &[Value]) -> Value {
    object(
        "gateway.networking.k8s.io/v1",
        "Gateway",
        "edge",
        json!({"gatewayClassName": "any", "listeners": listeners}),
    )
}

fn object(version: &str, kind: &str, name: &str, spec: Value) -> Value {
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, "spec": spec})
}

fn service(name: &str) -> Value {
    object("v1", "Service", name, json!({"ports": [{"port": 80}]}))
}

fn route(name: &str, hostnames: &[&str], parent: Value, rule: Value) -> Value {
    let spec = json!({"parentRefs": [parent], "hostnames": hostnames, "rules": [rule]});
    object("gateway.networking.k8s.io/v1", "HTTPRoute", name, spec)
}

/// A path of up to three elements, some of which expressions and substitutions would read.
fn random_path(random: &mut Random) -> String {
    const ELEMENTS: &[&str] = &["a", "b", "foo", "v1", "x.y", "a+b", "(c)", "%20", "$1", "it's", "*", "a-b_c~d"];
    let mut path = String::new();
    for _ in 0..random.below(4) {
        path.push('/');
        path.push_str(random.pick(ELEMENTS));
    }
    if path.is_empty() || random.below(3) == 0 {
        path.push('/');
    }
    path
}

/// A request below the prefix becomes the replacement and what followed the prefix.
fn path_algebra(harness: &Harness) -> Result<(), String> {
    let mut random = Random::new();
    let mut objects = vec![gateway(&[json!({"name": "http", "protocol": "HTTP", "port": 80})]), service("a")];
    let mut requests = Vec::new();
    for rule in 0..PATH_RULES {
        let (prefix, mut replacement) = (random_path(&mut random), random_path(&mut random));
        if random.below(8) == 0 {
            replacement.clear();
        }
        let host = format!("r{rule}.example.com");
        let redirects = random.below(2) == 0;
        let path = json!({"type": "ReplacePrefixMatch", "replacePrefixMatch": &replacement});
        let mut spec = json!({"matches": [{"path": {"type": "PathPrefix", "value": &prefix}}]});
        if redirects {
            spec["filters"] = json!([{"type": "RequestRedirect", "requestRedirect": {"path": path}}]);
        } else {
            spec["filters"] = json!([{"type": "URLRewrite", "urlRewrite": {"path": path}}]);
            spec["backendRefs"] = json!([{"name": "a", "port": 80}]);
        }
        objects.push(route(&format!("r{rule}"), &[&host], json!({"name": "edge"}), spec));
        let (from, to) = (prefix.trim_end_matches('/'), replacement.trim_end_matches('/'));
        for number in 0..REQUESTS_PER_RULE {
            let rest = match random.below(6) {
                0 if !from.is_empty() => String::new(),
                1 => "/".to_owned(),
                2 => format!("{from}/"),
                _ => random_path(&mut random),
            };
            let query = random.pick(&["", "?q=1", "?q=/a//b&r=%2F", "?x"]);
            let rewritten = format!("{to}{rest}");
            let expected = if rewritten.is_empty() { "/" } else { rewritten.as_str() };
            let expect = if redirects {
                json!({"status": 302, "redirect": format!("http://{host}{expected}{query}")})
            } else {
                json!({"status": 200, "upstream": {"path": format!("{expected}{query}")}})
            };
            // Two slashes in a row are merged before anything is matched.
            if !(rest.starts_with("//") || from.is_empty() && rest.is_empty()) {
                requests.push(json!({
                    "name": format!("{rule}.{number}: `{prefix}` to `{replacement}`: {from}{rest}{query}"),
                    "request": {"url": format!("http://{host}{from}{rest}{query}")},
                    "expect": expect,
                }));
            }
        }
        if !from.is_empty() {
            requests.push(json!({
                "name": format!("{rule}: not below `{prefix}`"),
                "request": {"url": format!("http://{host}{from}z")},
                "expect": {"status": 404},
            }));
        }
    }
    prove(harness, "paths", &objects, &requests)
}

const HOSTNAMES: &[&str] =
    &["", "*.test", "*.x.test", "*.y.test", "*.a.x.test", "a.x.test", "b.x.test", "c.a.x.test", "x.test", "a.y.test"];
const HOSTS: &[&str] =
    &["a.x.test", "b.x.test", "d.x.test", "c.a.x.test", "d.a.x.test", "x.test", "a.y.test", "y.test", "test", "a.org"];
const PORTS: &[usize] = &[8001, 8002, 8003];
const PATHS: &[&str] = &["/", "/p", "/p/q"];

struct HostListener {
    name: String,
    port: usize,
    hostname: &'static str,
}

struct HostRoute {
    name: String,
    hostnames: Vec<&'static str>,
    section: Option<String>,
    path: &'static str,
}

/// Whether a hostname, empty for all hosts, covers a host.
fn covers(hostname: &str, host: &str) -> bool {
    match hostname.strip_prefix('*') {
        Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
        None => hostname.is_empty() || hostname == host,
    }
}

/// What makes one hostname come before another.
fn specificity(hostname: &str) -> (usize, usize) {
    if hostname.starts_with('*') { (0, hostname.len()) } else { (hostname.len(), hostname.len()) }
}

/// The route that takes a request, if any.
fn expected_route<'r>(
    listeners: &[HostListener],
    routes: &'r [HostRoute],
    (port, host, path): (usize, &str, &str),
) -> Option<&'r HostRoute> {
    let on_port = listeners.iter().filter(|listener| listener.port == port && covers(listener.hostname, host));
    let listener = on_port.max_by_key(|listener| specificity(listener.hostname))?;
    let below = |prefix: &str| prefix == "/" || path == prefix || path.starts_with(&format!("{prefix}/"));
    let attached = routes.iter().filter(|route| route.section.as_ref().is_none_or(|name| *name == listener.name));
    let matching = attached.filter(|route| below(route.path)).filter_map(|route| {
        let any = [""];
        let own = if route.hostnames.is_empty() { &any[..] } else { &route.hostnames[..] };
        let best = own.iter().filter(|own| covers(own, host)).map(|own| specificity(own)).max()?;
        Some((best, route.path.len(), std::cmp::Reverse(route.name.clone()), route))
    });
    matching.max_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2))).map(|(.., route)| route)
}

fn random_listeners(random: &mut Random) -> Vec<HostListener> {
    let mut listeners: Vec<HostListener> = Vec::new();
    for &port in PORTS {
        for _ in 0..=random.below(5) {
            let hostname = random.pick(HOSTNAMES);
            if listeners.iter().all(|other| (other.port, other.hostname) != (port, hostname)) {
                listeners.push(HostListener { name: format!("l{}", listeners.len()), port, hostname });
            }
        }
    }
    listeners
}

fn random_routes(random: &mut Random, listeners: &[HostListener]) -> Vec<HostRoute> {
    let one = |number: usize, random: &mut Random| {
        let mut hostnames: Vec<_> = (0..random.below(3)).map(|_| random.pick(&HOSTNAMES[1..])).collect();
        hostnames.sort_unstable();
        hostnames.dedup();
        let section = (random.below(2) == 0).then(|| listeners[random.below(listeners.len())].name.clone());
        HostRoute { name: format!("r{number:02}"), hostnames, section, path: random.pick(PATHS) }
    };
    (0..HOST_ROUTES).map(|number| one(number, random)).collect()
}

fn host_algebra(harness: &Harness) -> Result<(), String> {
    let mut random = Random::new();
    let listeners = random_listeners(&mut random);
    let routes = random_routes(&mut random, &listeners);
    let declared: Vec<_> = listeners
        .iter()
        .map(|HostListener { name, port, hostname }| {
            let mut listener = json!({"name": name, "protocol": "HTTP", "port": port});
            if !hostname.is_empty() {
                listener["hostname"] = json!(hostname);
            }
            listener
        })
        .collect();
    let mut objects = vec![gateway(&declared)];
    for HostRoute { name, hostnames, section, path } in &routes {
        let mut parent = json!({"name": "edge"});
        if let Some(section) = section {
            parent["sectionName"] = json!(section);
        }
        let rule = json!({
            "matches": [{"path": {"type": "PathPrefix", "value": path}}],
            "backendRefs": [{"name": name, "port": 80}],
        });
        objects.push(route(name, hostnames, parent, rule));
        objects.push(service(name));
    }
    let requests: Vec<_> = (0..HOST_REQUESTS)
        .map(|number| {
            let (port, host, path) = (random.pick(PORTS), random.pick(HOSTS), random.pick(&["/", "/p", "/p/q/r"]));
            let expect = match expected_route(&listeners, &routes, (port, host, path)) {
                Some(route) => json!({"backend": format!("shop/{}:80", route.name)}),
                None => json!({"status": 404}),
            };
            json!({
                "name": format!("{number}: {host} on {port}, {path}"),
                "request": {"url": format!("http://{host}:{port}{path}")},
                "expect": expect,
            })
        })
        .collect();
    prove(harness, "hosts", &objects, &requests)
}
