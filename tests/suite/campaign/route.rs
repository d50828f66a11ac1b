//! Generated routes: HTTP, gRPC, TLS, TCP and UDP.

use serde_json::{Value, json};

use super::filter;
use super::gateway::{DATAGRAM_SERVICES, SERVICES, Socket, TLS_SERVICES};
use super::plan::{HOME, HOSTS, object};
use super::random::Random;

pub(crate) const EXACT: &[&str] = &["/", "/a", "/a/", "/a/b", "/a.b", "/b%20c", "/A", "/a;p=1"];
pub(crate) const PREFIX: &[&str] = &["/", "/a", "/a/", "/a/b", "/b", "/a.b"];
const PATTERN: &[&str] = &["/a/[0-9]+", "/(a|b)/.*", "/a.b", "/[^/]+/b", "/a|/b", "(?i)/A/B", "/[[:alpha:]]{1,2}"];
const VALUES: &[&str] = &["1", "2", "a,b", "x y"];
const VALUE_PATTERNS: &[&str] = &["[0-9]+", "a.*", "[^1]", "1|2", "(?i)ABC", ".+"];

/// Conditions on headers that Envoy writes, joins or takes out before it matches routes.
const REWRITTEN: &[(&str, &str, &str)] = &[
    ("x-forwarded-proto", "Exact", "http"),
    ("X-Forwarded-Proto", "Exact", "https"),
    ("x-forwarded-for", "Exact", "10.0.0.1"),
    ("x-forwarded-for", "RegularExpression", "10.0.0.1,.*"),
    ("x-request-id", "RegularExpression", ".+"),
    ("x-request-id", "Exact", "own"),
    ("x-envoy-external-address", "Exact", "192.0.2.7"),
    ("expect", "RegularExpression", ".+"),
    ("te", "Exact", "trailers"),
    ("upgrade", "RegularExpression", "(?i)websocket"),
    ("connection", "RegularExpression", ".+"),
    ("accept", "Exact", "a,b"),
    ("cookie", "RegularExpression", "a=1.*"),
];

/// The services and methods of gRPC calls.
pub(crate) const CALLS: &[(&str, &str)] =
    &[("shop.Cart", "Get"), ("shop.Cart", "Put"), ("shop.Order", "Get"), ("a", "b"), ("Shop.Cart", "get")];

/// A route of a kind that some listener takes.
pub(crate) fn generate(number: usize, parents: &[Value], sockets: &[Socket], random: &mut Random) -> Value {
    let socket = random.pick(sockets);
    let mut parent = parents[socket.parent].clone();
    if random.once_in(3) {
        parent["port"] = json!(socket.port);
    }
    if random.once_in(12) {
        parent["sectionName"] = json!(random.pick(&["l0", "l1", "l2"]));
    }
    let mut parent_refs = vec![parent];
    let other = random.pick(parents);
    if random.once_in(4) && parent_refs[0]["name"] != other["name"] {
        parent_refs.push(other);
    }
    let name = format!("r{number}");
    let mut spec = json!({"parentRefs": parent_refs});
    let kind = match socket.protocol {
        "TCP" => "TCPRoute",
        "UDP" => "UDPRoute",
        "TLS" => "TLSRoute",
        _ if random.once_in(5) => "GRPCRoute",
        _ => "HTTPRoute",
    };
    let hosts: &[&str] = if kind == "GRPCRoute" { &["grpc.example.com", "*.b.example.com"] } else { &HOSTS[1..5] };
    let mut hostnames = random.some(hosts, 2);
    // Most routes shall meet the listener.
    if !hostnames.is_empty() && !socket.hostname.is_empty() && !random.once_in(4) {
        hostnames.push(socket.hostname);
    }
    hostnames.sort_unstable();
    hostnames.dedup();
    match kind {
        "HTTPRoute" => {
            spec["rules"] = (0..=random.below(3)).map(|_| http_rule(random)).collect();
        }
        "GRPCRoute" => {
            spec["rules"] = (0..=random.below(2)).map(|_| grpc_rule(random)).collect();
        }
        "TLSRoute" => {
            let services = if socket.terminates { SERVICES } else { TLS_SERVICES };
            let port = if socket.terminates { 80 } else { 443 };
            spec["rules"] = json!([{"backendRefs": stream_backends(services, port, random)}]);
            if hostnames.is_empty() {
                hostnames.push(random.pick(&HOSTS[1..]));
            }
        }
        "TCPRoute" => spec["rules"] = json!([{"backendRefs": stream_backends(SERVICES, 80, random)}]),
        _ => spec["rules"] = json!([{"backendRefs": stream_backends(DATAGRAM_SERVICES, 53, random)}]),
    }
    if !hostnames.is_empty() && !["TCPRoute", "UDPRoute"].contains(&kind) {
        spec["hostnames"] = json!(hostnames);
    }
    object(kind, HOME, &name, spec)
}

fn stream_backends(services: &[&str], port: u16, random: &mut Random) -> Vec<Value> {
    let count = 1 + random.below(3);
    let weights: &[u32] = if count == 1 { &[1] } else { &[1, 1, 2, 3, 0] };
    let backend = |random: &mut Random| {
        let name = if random.once_in(6) { "gone" } else { random.pick(services) };
        json!({"name": name, "port": port, "weight": random.pick(weights)})
    };
    (0..count).map(|_| backend(random)).collect()
}

/// A rule that takes tunnels.
fn tunnel_rule(random: &mut Random) -> Value {
    let mut matches = json!({"method": "CONNECT"});
    if random.once_in(2) {
        matches["headers"] = json!([value_match(random, "x-v")]);
    }
    let names = &["x-set", "x-add"];
    let filters =
        if random.once_in(2) { vec![filter::headers(random, "RequestHeaderModifier", names)] } else { vec![] };
    let backend = json!({"name": random.pick(SERVICES), "port": 80});
    json!({"matches": [matches], "filters": filters, "backendRefs": [backend]})
}

fn http_rule(random: &mut Random) -> Value {
    if random.once_in(8) {
        return tunnel_rule(random);
    }
    let mut rule = json!({});
    let mut prefixes = 0;
    let count = if random.once_in(8) { 0 } else { 1 + random.below(2) };
    let matches: Vec<Value> = (0..count)
        .map(|_| {
            let (value, is_prefix) = http_match(random);
            prefixes += usize::from(is_prefix);
            value
        })
        .collect();
    // Only a rule with nothing but one prefix has a prefix to replace.
    let may_replace_prefix = matches.len() == 1 && prefixes == 1;
    if !matches.is_empty() {
        rule["matches"] = json!(matches);
    }
    let mut filters = Vec::new();
    if random.once_in(5) {
        filters.push(filter::redirect(random, may_replace_prefix));
    } else {
        if random.once_in(3) {
            filters.push(filter::rewrite(random, may_replace_prefix));
        }
        if random.once_in(3) {
            filters.push(filter::headers(random, "RequestHeaderModifier", &["x-set", "x-add", "x-v", "accept", "via"]));
        }
        if random.once_in(5) {
            filters.push(filter::mirror(random));
        }
        rule["backendRefs"] = {
            let count = if random.once_in(2) { 1 } else { 2 + random.below(2) };
            (0..count).map(|_| http_backend(random, count == 1)).collect()
        };
    }
    if random.once_in(4) {
        filters.push(filter::headers(random, "ResponseHeaderModifier", &["x-r1", "x-r2", "vary", "etag"]));
    }
    if random.once_in(4) {
        filters.push(filter::cors(random));
    }
    if random.once_in(8) {
        filters.push(filter::authorization(random));
    }
    if !filters.is_empty() {
        rule["filters"] = json!(filters);
    }
    rule
}

/// A match, and whether it is one on a prefix.
fn http_match(random: &mut Random) -> (Value, bool) {
    let (kind, value) = match random.below(4) {
        0 => ("Exact", random.pick(EXACT)),
        1 => ("RegularExpression", random.pick(PATTERN)),
        _ => ("PathPrefix", random.pick(PREFIX)),
    };
    let mut matches = json!({"path": {"type": kind, "value": value}});
    if random.once_in(5) {
        matches["method"] = json!(random.pick(&["GET", "POST", "PUT"]));
    }
    for (list, names) in [("headers", ["x-v", "X-W"]), ("queryParams", ["q", "r"])] {
        if random.once_in(3) {
            let used = if random.once_in(3) { 2 } else { 1 };
            matches[list] = names.iter().take(used).map(|name| value_match(random, name)).collect();
        }
    }
    if random.once_in(8) {
        let (name, kind, value) = random.pick(REWRITTEN);
        let list = matches["headers"].as_array().cloned().unwrap_or_default();
        let more = json!({"name": name, "type": kind, "value": value});
        matches["headers"] = list.into_iter().chain([more]).collect();
    }
    (matches, kind == "PathPrefix")
}

fn value_match(random: &mut Random, name: &str) -> Value {
    if random.once_in(3) {
        json!({"type": "RegularExpression", "name": name, "value": random.pick(VALUE_PATTERNS)})
    } else {
        json!({"name": name, "value": random.pick(VALUES)})
    }
}

fn http_backend(random: &mut Random, is_alone: bool) -> Value {
    let mut backend = match random.below(14) {
        0 | 1 => json!({"name": "gone", "port": 80}),
        2 => json!({"name": "granted", "namespace": "abroad", "port": 80}),
        3 => json!({"name": "kept", "namespace": "abroad", "port": 80}),
        4 => json!({"name": "h2c", "port": 80}),
        5 => json!({"name": random.pick(SERVICES), "port": 81}),
        _ => json!({"name": random.pick(SERVICES), "port": 80}),
    };
    backend["weight"] = json!(if is_alone { 1 } else { random.pick(&[1, 1, 2, 3, 0, 10]) });
    let mut filters = Vec::new();
    if random.once_in(4) {
        filters.push(filter::headers(random, "RequestHeaderModifier", &["x-set", "x-add"]));
    }
    if random.once_in(4) {
        filters.push(filter::headers(random, "ResponseHeaderModifier", &["x-r1", "x-r2", "vary", "etag"]));
    }
    match random.below(16) {
        0 => filters.push(filter::rewrite(random, false)),
        1 => filters.push(filter::mirror(random)),
        2 => filters.push(filter::redirect(random, false)),
        _ => {}
    }
    if !filters.is_empty() {
        backend["filters"] = json!(filters);
    }
    backend
}

fn grpc_rule(random: &mut Random) -> Value {
    let matches: Vec<Value> = (0..=random.below(2)).map(|_| grpc_match(random)).collect();
    let mut rule = json!({"matches": matches});
    rule["backendRefs"] = (0..=random.below(2))
        .map(|_| {
            let name = if random.once_in(5) { "gone" } else { random.pick(SERVICES) };
            let mut backend = json!({"name": name, "port": 80, "weight": random.pick(&[1, 1, 3, 0])});
            if random.once_in(5) {
                backend["filters"] = json!([filter::headers(random, "RequestHeaderModifier", &["x-set", "x-add"])]);
            }
            backend
        })
        .collect();
    let mut filters = Vec::new();
    if random.once_in(3) {
        filters.push(filter::headers(random, "RequestHeaderModifier", &["x-set", "x-add", "x-v"]));
    }
    if random.once_in(3) {
        filters.push(filter::headers(random, "ResponseHeaderModifier", &["x-r1", "x-r2", "vary", "etag"]));
    }
    if random.once_in(5) {
        filters.push(filter::mirror(random));
    }
    if !filters.is_empty() {
        rule["filters"] = json!(filters);
    }
    rule
}

fn grpc_match(random: &mut Random) -> Value {
    let mut matches = json!({});
    let (service, method) = random.pick(CALLS);
    match random.below(5) {
        0 => matches["method"] = json!({"service": service}),
        1 => matches["method"] = json!({"method": method}),
        2 => {
            matches["method"] = json!({"type": "RegularExpression", "service": "shop\\.[A-Z].*"});
            if random.once_in(2) {
                matches["method"]["method"] = json!("[GP].t");
            }
        }
        3 => matches["method"] = json!({"service": service, "method": method}),
        _ => {}
    }
    if random.once_in(3) {
        matches["headers"] = json!([value_match(random, "x-v")]);
    }
    matches
}
