//! Manifests that grow in one direction each: the ways in which real input gets large.

use std::fmt::Write as _;

/// How many listeners a ListenerSet has at most.
const LISTENERS_IN_A_SET: usize = 64;

/// A direction of growth.
pub(crate) struct Family {
    pub(crate) name: &'static str,
    /// The manifests of a size.
    pub(crate) text: fn(usize) -> String,
    /// The least size.
    pub(crate) size: usize,
}

/// All directions.
pub(crate) const FAMILIES: &[Family] = &[
    Family {
        name: "routes of one host",
        text: |size| {
            routes(size, |at| format!("{{matches: [{{path: {{value: /p{at}}}}}], {TO_B}}}"), |_| ONE_HOST.to_owned())
        },
        size: 2_000,
    },
    Family {
        name: "routes that are all alike",
        text: |size| routes(size, |_| format!("{{{TO_B}}}"), |_| ONE_HOST.to_owned()),
        size: 1_000,
    },
    Family {
        name: "values of one header",
        text: |size| {
            routes(
                size,
                |at| format!("{{matches: [{{headers: [{{name: x-v, value: v{at}}}]}}], {TO_B}}}"),
                |_| ONE_HOST.to_owned(),
            )
        },
        size: 2_000,
    },
    Family {
        name: "patterns",
        text: |size| {
            routes(
                size,
                |at| format!("{{matches: [{{path: {{type: RegularExpression, value: \"/a{at}/.*\"}}}}], {TO_B}}}"),
                |_| ONE_HOST.to_owned(),
            )
        },
        size: 1_000,
    },
    Family { name: "nested wildcards", text: wildcards, size: 500 },
    Family { name: "hostnames of an HTTPS port", text: hostnames, size: 2_000 },
    Family { name: "ports", text: ports, size: 2_000 },
    Family { name: "parents of one route", text: parents, size: 64 },
    Family { name: "misspelt backends", text: misspelt, size: 1_000 },
    Family { name: "endpoints of one Service", text: endpoints, size: 10_000 },
    Family { name: "grants", text: grants, size: 1_000 },
    Family { name: "Gateways", text: gateways, size: 1_000 },
    Family { name: "BackendTLSPolicies", text: policies, size: 1_000 },
    Family { name: "RouteOptions and Upstreams", text: options, size: 1_000 },
    Family { name: "routes of Services", text: services, size: 1_000 },
    Family { name: "comments that allow", text: comments, size: 2_000 },
];

const ONE_HOST: &str = "a.example.com";
const TO_B: &str = "backendRefs: [{name: b, port: 80}]";

/// An object; `spec` is a flow mapping.
fn object(text: &mut String, version: &str, kind: &str, (name, namespace): (&str, &str), spec: &str) {
    let _ = write!(
        text,
        "---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    );
}

const GATEWAY_API: &str = "gateway.networking.k8s.io/v1";
const HTTP: &str = "{name: http, protocol: HTTP, port: 8080, allowedRoutes: {namespaces: {from: All}}}";

fn gateway(listeners: &str) -> String {
    let mut text = String::new();
    let spec = format!(
        "{{gatewayClassName: bench, allowedListeners: {{namespaces: {{from: All}}}}, listeners: [{listeners}]}}"
    );
    object(&mut text, GATEWAY_API, "Gateway", ("edge", "default"), &spec);
    text
}

fn service(text: &mut String, name: &str) {
    object(text, "v1", "Service", (name, "default"), "{ports: [{port: 80}]}");
}

fn route(text: &mut String, name: &str, parents: &str, (hosts, rules): (&str, &str)) {
    let spec = format!("{{parentRefs: [{parents}], hostnames: [{hosts}], rules: [{rules}]}}");
    object(text, GATEWAY_API, "HTTPRoute", (name, "default"), &spec);
}

fn routes(size: usize, rule: impl Fn(usize) -> String, hosts: impl Fn(usize) -> String) -> String {
    let mut text = gateway(HTTP);
    service(&mut text, "b");
    for at in 0..size {
        route(&mut text, &format!("r{at}"), "{name: edge}", (&hosts(at), &rule(at)));
    }
    text
}

fn wildcards(size: usize) -> String {
    let hosts = |at: usize| {
        let hosts = (0..16).map(|depth| format!("\"*.{}r{at}.com\"", "a.".repeat(depth * 5)));
        hosts.collect::<Vec<_>>().join(", ")
    };
    routes(size, |_| format!("{{{TO_B}}}"), hosts)
}

/// Listeners in ListenerSets; what comes back are the names of these.
fn sets(text: &mut String, listeners: &[String]) -> Vec<String> {
    let sets = listeners.chunks(LISTENERS_IN_A_SET).enumerate().map(|(at, listeners)| {
        let name = format!("set-{at}");
        let spec = format!("{{parentRef: {{name: edge}}, listeners: [{}]}}", listeners.join(", "));
        object(text, GATEWAY_API, "ListenerSet", (&name, "default"), &spec);
        name
    });
    sets.collect()
}

fn hostnames(size: usize) -> String {
    let mut text = gateway(HTTP);
    service(&mut text, "b");
    let indented = |text: &str| text.lines().map(|line| format!("    {line}\n")).collect::<String>();
    let [certificate, key] =
        [include_str!("../../tests/pki/web.crt"), include_str!("../../tests/pki/web.key")].map(indented);
    let _ = write!(
        text,
        "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: web}}\ntype: kubernetes.io/tls\nstringData:\n  tls.crt: \
         |\n{certificate}  tls.key: |\n{key}"
    );
    let listener = |at: usize| {
        format!(
            "{{name: l{at}, protocol: HTTPS, port: 8443, hostname: h{at}.wildcard.org, tls: {{certificateRefs: [{{name: web}}]}}}}"
        )
    };
    let listeners: Vec<String> = (0..size).map(listener).collect();
    sets(&mut text, &listeners);
    for at in 0..size {
        let parent = format!("{{kind: ListenerSet, name: set-{}, sectionName: l{at}}}", at / LISTENERS_IN_A_SET);
        route(&mut text, &format!("r{at}"), &parent, (&format!("h{at}.wildcard.org"), &format!("{{{TO_B}}}")));
    }
    text
}

fn ports(size: usize) -> String {
    let mut text = gateway(HTTP);
    let listeners: Vec<String> =
        (0..size).map(|at| format!("{{name: l{at}, protocol: HTTP, port: {}}}", 10_000 + at)).collect();
    sets(&mut text, &listeners);
    text
}

/// One route with 16 hosts and 128 matches, and the listeners that all take it.
fn parents(size: usize) -> String {
    let mut text = gateway(HTTP);
    service(&mut text, "b");
    let listeners: Vec<String> =
        (0..size).map(|at| format!("{{name: l{at}, protocol: HTTP, port: {}}}", 10_000 + at)).collect();
    let parents = sets(&mut text, &listeners);
    let parents: Vec<String> =
        parents.iter().take(32).map(|name| format!("{{kind: ListenerSet, name: {name}}}")).collect();
    let hosts: Vec<String> = (0..16).map(|at| format!("h{at}.example.com")).collect();
    let rule = |rule: usize| {
        let matches: Vec<String> = (0..64).map(|at| format!("{{path: {{value: /{rule}/{at}}}}}")).collect();
        format!("{{matches: [{}], {TO_B}}}", matches.join(", "))
    };
    let rules: Vec<String> = (0..2).map(rule).collect();
    route(&mut text, "r", &parents.join(", "), (&hosts.join(", "), &rules.join(", ")));
    text
}

/// Each backend is one letter off.
fn misspelt(size: usize) -> String {
    let mut text = gateway(HTTP);
    for at in 0..size {
        service(&mut text, &format!("service-number-{at}"));
        let rule = format!("{{backendRefs: [{{name: servise-number-{at}, port: 80}}]}}");
        route(&mut text, &format!("r{at}"), "{name: edge}", (&format!("h{at}.example.com"), &rule));
    }
    text
}

fn endpoints(size: usize) -> String {
    let mut text = routes(64, |_| format!("{{{TO_B}}}"), |_| ONE_HOST.to_owned());
    text.push_str(
        "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: s, labels: {kubernetes.io/service-name: \
         b}}\naddressType: IPv4\nports: [{port: 80}]\nendpoints:\n",
    );
    for at in 0..size {
        let _ = writeln!(text, "- addresses: [\"10.{}.{}.{}\"]", at >> 16, at >> 8 & 255, at & 255);
    }
    text
}

/// Namespaces that refer to one another.
fn grants(size: usize) -> String {
    let mut text = gateway(HTTP);
    for at in 0..size {
        let own = format!("n{at}");
        object(&mut text, "v1", "Service", ("b", &own), "{ports: [{port: 80}]}");
        let spec = format!(
            "{{from: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: n{}}}], to: [{{group: \"\", kind: Service}}]}}",
            (at + 1) % size
        );
        object(&mut text, "gateway.networking.k8s.io/v1beta1", "ReferenceGrant", ("g", &own), &spec);
        let spec = format!(
            "{{parentRefs: [{{name: edge, namespace: default}}], hostnames: [h{at}.example.com], rules: [{{backendRefs: [{{name: b, \
             namespace: n{}, port: 80}}]}}]}}",
            (at + size - 1) % size
        );
        object(&mut text, GATEWAY_API, "HTTPRoute", ("r", &own), &spec);
    }
    text
}

fn gateways(size: usize) -> String {
    let mut text = String::new();
    service(&mut text, "b");
    for at in 0..size {
        let name = format!("g{at}");
        let spec =
            format!("{{gatewayClassName: bench, listeners: [{{name: http, protocol: HTTP, port: {}}}]}}", 10_000 + at);
        object(&mut text, GATEWAY_API, "Gateway", (&name, "default"), &spec);
        route(&mut text, &format!("r{at}"), &format!("{{name: {name}}}"), (ONE_HOST, &format!("{{{TO_B}}}")));
    }
    text
}

fn policies(size: usize) -> String {
    let mut text = gateway(HTTP);
    for at in 0..size {
        let name = format!("s{at}");
        service(&mut text, &name);
        let spec = format!(
            "{{targetRefs: [{{group: \"\", kind: Service, name: {name}}}], validation: {{hostname: a.example, \
             wellKnownCACertificates: System}}}}"
        );
        object(&mut text, GATEWAY_API, "BackendTLSPolicy", (&name, "default"), &spec);
        let rule = format!("{{backendRefs: [{{name: {name}, port: 80}}]}}");
        route(&mut text, &name, "{name: edge}", (&format!("h{at}.example.com"), &rule));
    }
    text
}

fn options(size: usize) -> String {
    let mut text = gateway(HTTP);
    for at in 0..size {
        let name = format!("n{at}");
        object(
            &mut text,
            "gloo.solo.io/v1",
            "Upstream",
            (&name, "default"),
            "{static: {hosts: [{addr: 10.0.0.1, port: 80}]}}",
        );
        let spec = format!(
            "{{targetRefs: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, name: {name}}}], options: {{timeout: 5s}}}}"
        );
        object(&mut text, "gateway.solo.io/v1", "RouteOption", (&name, "default"), &spec);
        let rule = format!("{{backendRefs: [{{group: gloo.solo.io, kind: Upstream, name: {name}}}]}}");
        route(&mut text, &name, "{name: edge}", (&format!("h{at}.example.com"), &rule));
    }
    text
}

fn services(size: usize) -> String {
    let mut text = String::new();
    for at in 0..size {
        let name = format!("s{at}");
        service(&mut text, &name);
        let spec = format!(
            "{{parentRefs: [{{group: \"\", kind: Service, name: {name}}}], rules: [{{backendRefs: [{{name: {name}, port: 80}}]}}]}}"
        );
        object(&mut text, GATEWAY_API, "HTTPRoute", (&name, "default"), &spec);
    }
    text
}

/// A List whose items have comments that allow a warning.
fn comments(size: usize) -> String {
    let mut text = "apiVersion: v1\nkind: List\nitems:\n".to_owned();
    for at in 0..size {
        let _ = writeln!(
            text,
            "# gwctl: allow GW4002 x\n- {{apiVersion: v1, kind: Service, metadata: {{name: s{at}}}, spec: {{ports: [{{port: 80}}]}}}}"
        );
    }
    text
}
