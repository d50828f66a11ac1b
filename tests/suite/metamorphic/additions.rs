//! Harmless additions: what any repository may hold beside a mistake, and what
//! must not hide it.

use gwctl::parser::source::{Found, Source};
use serde_yaml::Value;

use super::input::{GROUP, Input, is_kind, is_route, list, text_of, yaml};

/// An addition.
#[derive(Clone, Copy)]
pub(super) struct Addition {
    /// What it is called in `case.yaml`.
    pub(super) name: &'static str,
    /// Whether it needs the documents as values, so that it is compared with the case written anew.
    pub(super) rewrites: bool,
    /// Makes it; `None` where there is nothing to add to.
    pub(super) apply: fn(&mut Input) -> Option<()>,
    /// Codes that it ends wherever they occur, with the reason.
    pub(super) ends: &'static [(&'static str, &'static str)],
}

const fn text(name: &'static str, apply: fn(&mut Input) -> Option<()>) -> Addition {
    Addition { name, rewrites: false, apply, ends: &[] }
}

const fn tree(name: &'static str, apply: fn(&mut Input) -> Option<()>) -> Addition {
    Addition { name, rewrites: true, apply, ends: &[] }
}

impl Addition {
    const fn ends(self, ends: &'static [(&'static str, &'static str)]) -> Self {
        Self { ends, ..self }
    }
}

const NOT_MISSING: &str = "what is missing is assumed";
const ONE_SELECTED: &str = "the selection is another one";
const OF_THE_SERVICE: &str = "it is about a field of the Service";
const OF_THE_SECRET: &str = "it is about what the Secret holds";
const OF_THE_AUTHORITIES: &str = "it is about what the ConfigMap holds";
const OF_THE_CLASS: &str = "it is about what the GatewayClass says";
const OF_THE_GATEWAY: &str = "it is about a field of the Gateway";
const SOMETHING_JUDGED: &str = "something of Gateway API is judged now";
const LATER_COUNTS: &str = "the later one counts, which is the other one now";
const MAY_BE_UNREAD: &str = "what is missed may be in what cannot be read";
const YAML_ALONE: &str = "no value of JSON can be taken for another one";

/// All of them.
pub(super) const ADDITIONS: &[Addition] = &[
    // Other Gateways.
    tree("gateway-on-the-same-port-first", |input| neighbour(input, "a-neighbour", true, "")),
    tree("gateway-on-the-same-port-last", |input| neighbour(input, "z-neighbour", false, "")),
    tree("gateway-of-another-class", |input| neighbour(input, "z-neighbour", false, "another-class")),
    tree("gateway-of-another-controller", |input| {
        neighbour(input, "z-neighbour", false, "foreign")?;
        input.add(class("foreign", "foreign.example/controller"), false);
        Some(())
    }),
    text("gateway-of-another-namespace", |input| own_gateway(input, "", "{name: http, port: 80, protocol: HTTP}")),
    text("gateway-on-another-port", |input| own_gateway(input, "", "{name: http, port: 18099, protocol: HTTP}")),
    text("gateway-of-all-protocols", |input| {
        own_gateway(
            input,
            "",
            "{name: a, port: 18080, protocol: HTTP}, {name: b, port: 18443, protocol: TLS, tls: {mode: Passthrough}}, \
             {name: c, port: 18090, protocol: TCP}, {name: d, port: 18053, protocol: UDP}",
        )
    }),
    text("gateway-with-parameters", |input| {
        let parameters = "infrastructure: {parametersRef: {group: example.com, kind: Tuning, name: large}}";
        own_gateway(input, parameters, "{name: http, port: 18080, protocol: HTTP}")
    }),
    text("gateway-with-an-unknown-field", |input| {
        own_gateway(input, "unknownField: 1", "{name: http, port: 80, protocol: HTTP}")
    }),
    text("gateway-without-listeners", |input| own_gateway(input, "", "")),
    // Further listeners.
    tree("listener-http", |input| listener(input, "{name: added, port: 18081, protocol: HTTP}", false)),
    tree("listener-http-first", |input| listener(input, "{name: added, port: 18081, protocol: HTTP}", true)),
    tree("listener-with-a-hostname", beside_http),
    tree("listener-https-without-its-certificate", |input| {
        let tls = "tls: {certificateRefs: [{name: nowhere-in-git}]}";
        listener(input, &format!("{{name: added, port: 18443, protocol: HTTPS, {tls}}}"), false)
    }),
    tree("listener-tls", |input| {
        listener(input, "{name: added, port: 18444, protocol: TLS, tls: {mode: Passthrough}}", false)
    }),
    tree("listener-tcp", |input| listener(input, "{name: added, port: 18445, protocol: TCP}", false)),
    tree("listener-udp", |input| listener(input, "{name: added, port: 18446, protocol: UDP}", false)),
    tree("listener-of-an-unknown-protocol", |input| {
        listener(input, "{name: added, port: 18447, protocol: example.com/odd}", false)
    }),
    tree("listeners-that-conflict", |input| {
        listener(input, "{name: added, port: 18448, protocol: HTTP}", false)?;
        listener(input, "{name: added-too, port: 18448, protocol: TCP}", false)
    }),
    // Further parents.
    tree("parent-that-serves", |input| {
        parent(input, "{name: added, namespace: added}", false)?;
        own_gateway(input, "", "{name: a, port: 18080, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}")
    }),
    tree("parent-that-serves-first", |input| {
        parent(input, "{name: added, namespace: added}", true)?;
        own_gateway(input, "", "{name: a, port: 18080, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}")
    }),
    tree("parent-that-refuses", |input| {
        parent(input, "{name: added, namespace: added}", false)?;
        own_gateway(input, "", "{name: a, port: 18080, protocol: HTTP, allowedRoutes: {namespaces: {from: Same}}}")
    }),
    tree("parent-that-is-missing", |input| parent(input, "{name: missing, namespace: added}", false)),
    tree("parent-without-such-a-section", |input| {
        parent(input, "{name: added, namespace: added, sectionName: missing}", false)?;
        own_gateway(input, "", "{name: a, port: 18080, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}")
    }),
    tree("parent-of-a-foreign-kind", |input| parent(input, "{group: example.com, kind: Door, name: front}", false)),
    tree("parent-of-the-mesh", |input| {
        parent(input, "{group: '', kind: Service, name: added, namespace: added}", false)
    }),
    // ListenerSets.
    tree("listener-set-that-joins", |input| {
        input.edit(|document| {
            if is_kind(document, "Gateway") && document["spec"]["allowedListeners"].is_null() {
                document["spec"]["allowedListeners"] = yaml("{namespaces: {from: All}}");
            }
        })?;
        listener_sets(input)
    })
    .ends(&[("GW3021", "the Gateway allows ListenerSets now")]),
    tree("listener-set-that-may-not-join", listener_sets),
    text("listener-set-of-no-gateway", |input| {
        input.add(listener_set("lost", "nowhere", "lost"), false);
        Some(())
    })
    .ends(&[("GW8025", SOMETHING_JUDGED)]),
    // The same objects elsewhere.
    tree("services-as-context", |input| context(input, &["Service", "EndpointSlice"])),
    tree("gateways-as-context", |input| context(input, &["Gateway", "GatewayClass", "ListenerSet"])),
    tree("routes-as-context", |input| context(input, &["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"])),
    tree("secrets-as-context", |input| context(input, &["Secret", "ConfigMap"])),
    tree("grants-as-context", |input| context(input, &["ReferenceGrant"])),
    tree("namespaces-as-context", |input| context(input, &["Namespace"])),
    tree("policies-as-context", |input| context(input, &["BackendTLSPolicy", "XBackendTrafficPolicy"])),
    tree("a-file-for-each-object", |input| {
        let documents = input.documents()?;
        input.replace(&documents)
    }),
    tree("the-other-way-round", |input| {
        let mut documents = input.documents()?;
        documents.reverse();
        input.replace(&documents)
    })
    .ends(&[("GW8005", LATER_COUNTS), ("GW1011", LATER_COUNTS)]),
    tree("one-list", |input| {
        let documents = input.documents()?;
        if documents.iter().any(|(context, _)| *context) {
            return None;
        }
        let items: Vec<Value> = documents.into_iter().map(|(_, document)| document).collect();
        let mut whole = yaml("{apiVersion: v1, kind: List, items: []}");
        whole["items"] = Value::Sequence(items);
        input.replace(&[(false, whole)])
    }),
    tree("as-json", |input| {
        for (place, (context, document)) in std::mem::take(&mut input.documents()?).into_iter().enumerate() {
            if place == 0 {
                input.sources.clear();
            }
            let text = serde_json::to_string_pretty(&document).ok()?;
            input.sources.push(Source {
                name: format!("{place:04}.json"),
                text,
                found: Found::InDirectory,
                context,
                kept: Vec::new(),
            });
        }
        Some(())
    })
    .ends(&[("GW1011", YAML_ALONE), ("GW8009", YAML_ALONE)]),
    tree("a-list-for-each-kind", |input| {
        let mut lists: Vec<(bool, Value)> = Vec::new();
        for (context, document) in input.documents()? {
            let version = document["apiVersion"].clone();
            let kind = Value::from(format!("{}List", document["kind"].as_str()?));
            let is_same = |(other, list): &&mut (bool, Value)| {
                *other == context && list["kind"] == kind && list["apiVersion"] == version
            };
            let place = lists.iter_mut().find(is_same);
            match place {
                Some((_, whole)) => list(whole, &["items"])?.push(document),
                None => {
                    let mut whole = yaml("{apiVersion: '', kind: '', items: []}");
                    whole["apiVersion"] = version;
                    whole["kind"] = kind;
                    list(&mut whole, &["items"])?.push(document);
                    lists.push((context, whole));
                }
            }
        }
        input.replace(&lists)
    }),
    text("several-paths", |input| {
        for source in &mut input.sources {
            source.name = format!("elsewhere/{}", source.name);
            source.found = Found::Named;
        }
        Some(())
    })
    .ends(&[("GW8006", "what is named is meant")]),
    text("in-one-file", |input| joined(input, "all.yaml", Found::InDirectory)),
    text("on-standard-input", |input| joined(input, "-", Found::Named)).ends(&[("GW8006", "what is named is meant")]),
    text("with-crlf", |input| texts(input, &|text| text.replace("\r\n", "\n").replace('\n', "\r\n"))),
    text("with-comments", |input| {
        texts(input, &|text| format!("# a comment\n# another one: {{[\n{text}\n# the end\n"))
    }),
    text("with-empty-documents", |input| texts(input, &|text| format!("---\n---\n# nothing\n---\n{text}\n---\n---\n"))),
    // What is not in git.
    tree("without-services", |input| without(input, &["Service", "EndpointSlice"], |assume| assume.services = true))
        .ends(&[
            ("GW2001", NOT_MISSING),
            ("GW2003", OF_THE_SERVICE),
            ("GW2004", OF_THE_SERVICE),
            ("GW2005", OF_THE_SERVICE),
            ("GW2006", OF_THE_SERVICE),
            ("GW2007", OF_THE_SERVICE),
            ("GW2008", OF_THE_SERVICE),
            ("GW3040", NOT_MISSING),
            ("GW3041", OF_THE_SERVICE),
            ("GW3042", OF_THE_SERVICE),
            ("GW3046", OF_THE_SERVICE),
            ("GW5080", OF_THE_SERVICE),
            ("GW5081", OF_THE_SERVICE),
            ("GW7001", NOT_MISSING),
            ("GW7003", OF_THE_SERVICE),
            ("GW7004", OF_THE_SERVICE),
            ("GW8056", OF_THE_SERVICE),
            ("GW8102", OF_THE_SERVICE),
        ]),
    tree("without-secrets", |input| without(input, &["Secret"], |assume| assume.secrets = true)).ends(&[
        ("GW4058", OF_THE_SECRET),
        ("GW6001", NOT_MISSING),
        ("GW6003", OF_THE_SECRET),
        ("GW6007", OF_THE_SECRET),
    ]),
    tree("without-config-maps", |input| without(input, &["ConfigMap"], |assume| assume.config_maps = true)).ends(&[
        ("GW6008", OF_THE_AUTHORITIES),
        ("GW6010", OF_THE_AUTHORITIES),
        ("GW7006", OF_THE_AUTHORITIES),
        ("GW7008", OF_THE_AUTHORITIES),
    ]),
    tree("without-grants", |input| without(input, &["ReferenceGrant"], |assume| assume.grants = true))
        .ends(&[("GW2002", NOT_MISSING)]),
    tree("without-namespaces", |input| without(input, &["Namespace"], |assume| assume.namespaces = true))
        .ends(&[("GW2010", NOT_MISSING)]),
    tree("without-classes", |input| without(input, &["GatewayClass"], |assume| assume.parameters = true)).ends(&[
        ("GW2009", OF_THE_CLASS),
        ("GW2021", NOT_MISSING),
        ("GW3011", OF_THE_CLASS),
    ]),
    tree("without-gateways", |input| without(input, &["Gateway", "GatewayClass"], |assume| assume.gateways = true))
        .ends(&[
            ("GW2010", OF_THE_GATEWAY),
            ("GW2012", NOT_MISSING),
            ("GW3001", NOT_MISSING),
            ("GW3002", OF_THE_GATEWAY),
            ("GW3003", OF_THE_GATEWAY),
            ("GW3004", OF_THE_GATEWAY),
            ("GW3014", OF_THE_GATEWAY),
            ("GW3021", OF_THE_GATEWAY),
            ("GW3022", NOT_MISSING),
            ("GW4055", OF_THE_GATEWAY),
            ("GW6020", OF_THE_GATEWAY),
            ("GW6007", "the certificate is the Gateway's"),
        ]),
    text("assumed-services", |input| assume(input, |assume| assume.services = true)).ends(&[
        ("GW2001", NOT_MISSING),
        ("GW2073", NOT_MISSING),
        ("GW3040", NOT_MISSING),
        ("GW7001", NOT_MISSING),
    ]),
    text("assumed-gateways", |input| assume(input, |assume| assume.gateways = true)).ends(&[
        ("GW2012", "what is refused is assumed too"),
        ("GW3001", NOT_MISSING),
        ("GW3022", NOT_MISSING),
    ]),
    text("assumed-secrets", |input| assume(input, |assume| assume.secrets = true)).ends(&[("GW6001", NOT_MISSING)]),
    text("assumed-config-maps", |input| assume(input, |assume| assume.config_maps = true)).ends(&[
        ("GW6008", NOT_MISSING),
        ("GW6010", NOT_MISSING),
        ("GW7006", NOT_MISSING),
        ("GW7008", NOT_MISSING),
    ]),
    text("assumed-namespaces", |input| assume(input, |assume| assume.namespaces = true))
        .ends(&[("GW2010", NOT_MISSING)]),
    text("assumed-grants", |input| assume(input, |assume| assume.grants = true)).ends(&[("GW2002", NOT_MISSING)]),
    text("assumed-parameters", |input| assume(input, |assume| assume.parameters = true))
        .ends(&[("GW2021", NOT_MISSING)]),
    // Mistakes elsewhere.
    text("error-in-another-namespace", |input| {
        let spec = "{parentRefs: [{name: gone}], rules: [{backendRefs: [{name: gone, port: 80}]}]}";
        input.add(object("HTTPRoute", "added", "broken", spec), false);
        Some(())
    })
    .ends(&[("GW8025", SOMETHING_JUDGED)]),
    text("unknown-field-in-another-route", |input| {
        let spec = "{parentRefs: [{name: gone}], unknownField: 1, rules: []}";
        input.add(object("HTTPRoute", "added", "broken", spec), true);
        Some(())
    })
    .ends(&[("GW8025", SOMETHING_JUDGED)]),
    text("text-that-is-no-yaml", |input| {
        input.add("a: [unclosed\nb: }\n", false);
        Some(())
    })
    .ends(&[("GW2011", MAY_BE_UNREAD), ("GW2014", MAY_BE_UNREAD)]),
    tree("broken-sibling-rule", |input| {
        rule(input, "{matches: [{path: {value: /added-by-a-test}}], backendRefs: [{name: gone-for-ever, port: 80}]}")
    }),
    tree("unknown-field-in-a-sibling-rule", |input| {
        rule(input, "{matches: [{path: {value: /added-by-a-test}}], unknownField: true}")
    }),
    tree("unknown-field-in-every-gateway", |input| field(input, "Gateway", "unknownField", "true")),
    tree("unknown-field-in-every-service", |input| field(input, "Service", "unknownField", "true")),
    tree("parameters-of-every-gateway", |input| {
        field(input, "Gateway", "infrastructure", "{parametersRef: {group: example.com, kind: Tuning, name: large}}")
    }),
    // What other tools keep beside it.
    text("a-route-for-another-host", |input| {
        let rules = "[{backendRefs: [{name: added, port: 80}]}]";
        let gateways: Vec<_> = input.named("Gateway");
        let parents: Vec<_> =
            gateways.iter().take(8).map(|(ns, name)| format!("{{namespace: {ns}, name: {name}}}")).collect();
        if parents.is_empty() {
            return None;
        }
        let namespace = gateways.first().map(|(namespace, _)| namespace.clone())?;
        let spec = format!("{{parentRefs: [{}], hostnames: [unrelated.example], rules: {rules}}}", parents.join(", "));
        input.add(object("HTTPRoute", &namespace, "z-unrelated", &spec), false);
        Some(())
    })
    .ends(&[("GW4054", "the listener has a route now")]),
    text("workloads", |input| {
        input.add(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 2}\n---\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata: {name: added}\ndata: {a: b}\n",
            false,
        );
        Some(())
    }),
    text("a-policy-of-another-vendor", |input| {
        input.add(
            "apiVersion: policies.example.com/v1\nkind: Policy\nmetadata: {name: p, namespace: added}\n\
             spec: {targetRefs: [{group: apps, kind: Deployment, name: a}]}\n",
            false,
        );
        Some(())
    }),
    text("a-class-of-our-own", |input| {
        if !input.named("GatewayClass").is_empty() {
            return None;
        }
        let documents = input.documents()?;
        let mut classes: Vec<_> =
            documents.iter().filter_map(|(_, document)| document["spec"]["gatewayClassName"].as_str()).collect();
        classes.sort_unstable();
        classes.dedup();
        let texts: Vec<_> = classes.iter().map(|name| class(name, input.options.controller_name())).collect();
        input.add(texts.join("---\n"), false);
        Some(())
    }),
    // The same said in other words.
    tree("labels-everywhere", |input| {
        input.edit(|document| {
            if document["metadata"].is_mapping() {
                for map in ["labels", "annotations"] {
                    let entries = &mut document["metadata"][map];
                    if entries.is_null() {
                        *entries = yaml("{}");
                    }
                    if entries.is_mapping() {
                        entries["added.example/by"] = Value::from("a-test");
                    }
                }
            }
        })
    }),
    tree("namespaces-written-out", |input| {
        let namespace = input.options.namespace.clone();
        input.edit(|document| {
            let is_cluster_scoped = is_kind(document, "GatewayClass") || is_kind(document, "Namespace");
            if !is_cluster_scoped && document["metadata"].is_mapping() && document["metadata"]["namespace"].is_null() {
                document["metadata"]["namespace"] = Value::from(namespace.to_string());
            }
        })
    }),
    tree("defaults-written-out", |input| input.edit(write_defaults)),
    tree("older-versions", |input| {
        older(
            input,
            &[
                ("HTTPRoute", "v1beta1"),
                ("Gateway", "v1beta1"),
                ("GatewayClass", "v1beta1"),
                ("ReferenceGrant", "v1beta1"),
            ],
        )
    }),
    tree("experimental-versions", |input| {
        older(
            input,
            &[("TCPRoute", "v1alpha2"), ("UDPRoute", "v1alpha2"), ("TLSRoute", "v1alpha3"), ("GRPCRoute", "v1alpha2")],
        )
    }),
    tree("older-policies", |input| older(input, &[("BackendTLSPolicy", "v1alpha3")])),
    tree("older-listener-sets", |input| {
        let mut changed = 0;
        input.edit(|document| {
            if is_kind(document, "ListenerSet")
                && document["apiVersion"].as_str() == Some("gateway.networking.k8s.io/v1")
            {
                document["apiVersion"] = Value::from("gateway.networking.x-k8s.io/v1alpha1");
                document["kind"] = Value::from("XListenerSet");
                changed += 1;
            }
        })?;
        (changed > 0).then_some(())
    })
    .ends(&[("GW5110", "references and objects are of one version now")]),
    // Settings.
    text("port-map", |input| {
        input.options.port_map.push(gwctl::options::PortMap { gateway: None, from: 80.into(), to: 10080.into() });
        Some(())
    }),
    text("an-older-envoy", |input| {
        input.options.envoy_version = gwctl::options::EnvoyVersion(36);
        Some(())
    }),
    text("trusted-hops", |input| {
        input.options.trusted_hops = 1;
        Some(())
    })
    .ends(&[("GW4070", "the proxy in front is believed")]),
    text("proxy-protocol", |input| {
        input.options.proxy_protocol = true;
        Some(())
    }),
    text("another-cluster-domain", |input| {
        input.options.cluster_domain = "added.example".to_owned();
        Some(())
    }),
    text("a-settings-file", |input| {
        let in_effect = vec!["exclude: added".to_owned()];
        input.options.settings.push(gwctl::options::SettingsFile { path: "gwctl.yaml".to_owned(), in_effect });
        Some(())
    }),
    text("secrets-in-files", |input| {
        input.options.secrets_dir = Some("/etc/envoy/secrets".into());
        Some(())
    }),
    text("access-log", |input| {
        input.options.access_log = gwctl::options::AccessLog::Stdout;
        Some(())
    }),
    text("every-gateway-selected", |input| {
        if !input.options.gateways.is_empty() {
            return None;
        }
        input.options.gateways = input.named("Gateway");
        (!input.options.gateways.is_empty()).then_some(())
    })
    .ends(&[("GW3015", ONE_SELECTED), ("GW3011", ONE_SELECTED)]),
];

fn object(kind: &str, namespace: &str, name: &str, spec: &str) -> String {
    format!("apiVersion: {GROUP}/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n")
}

fn class(name: &str, controller: &str) -> String {
    format!(
        "apiVersion: {GROUP}/v1\nkind: GatewayClass\nmetadata: {{name: {name}}}\nspec: {{controllerName: {controller}}}\n"
    )
}

fn listener_set(namespace: &str, parent_namespace: &str, parent: &str) -> String {
    let spec = format!(
        "{{parentRef: {{name: {parent}, namespace: {parent_namespace}}}, \
         listeners: [{{name: added, port: 18085, protocol: HTTP}}]}}"
    );
    object("ListenerSet", namespace, &format!("added-to-{parent}"), &spec)
}

fn listener_sets(input: &mut Input) -> Option<()> {
    let gateways = input.named("Gateway");
    let sets: Vec<_> = gateways.iter().map(|(namespace, name)| listener_set("added", namespace, name)).collect();
    input.add(sets.join("---\n"), false);
    (!sets.is_empty()).then_some(())
}

/// A class that the input takes: one that its Gateways name already.
fn known_class(input: &Input) -> Option<String> {
    let documents = input.documents()?;
    let mut gateways = documents.iter().filter(|(_, document)| is_kind(document, "Gateway"));
    gateways.find_map(|(_, document)| document["spec"]["gatewayClassName"].as_str().map(str::to_owned))
}

/// A Gateway of another team.
fn own_gateway(input: &mut Input, fields: &str, listeners: &str) -> Option<()> {
    let class = known_class(input)?;
    let fields = if fields.is_empty() { String::new() } else { format!("{fields}, ") };
    let spec = format!("{{gatewayClassName: {class}, {fields}listeners: [{listeners}]}}");
    input.add(object("Gateway", "added", "added", &spec), false);
    Some(())
}

/// A Gateway beside each one, with the same ports.
fn neighbour(input: &mut Input, prefix: &str, first: bool, class: &str) -> Option<()> {
    let documents = input.documents()?;
    let mut texts = Vec::new();
    for (_, document) in documents.iter().filter(|(_, document)| is_kind(document, "Gateway")) {
        let (namespace, name) = input.key(document);
        let mut copy = document.clone();
        let listeners = copy["spec"]["listeners"].as_sequence()?.clone();
        copy["metadata"] = yaml(&format!("{{name: {prefix}-{name}, namespace: {namespace}}}"));
        copy["spec"] = yaml("{}");
        let name = match class {
            "" => document["spec"]["gatewayClassName"].clone(),
            other => Value::from(other),
        };
        copy["spec"]["gatewayClassName"] = name;
        let port = |listener: &Value| listener["port"].as_u64();
        let mut ports: Vec<_> = listeners.iter().filter_map(port).collect();
        ports.dedup();
        let plain = ports.iter().enumerate();
        let plain = plain.map(|(place, port)| yaml(&format!("{{name: l{place}, port: {port}, protocol: HTTP}}")));
        copy["spec"]["listeners"] = Value::Sequence(plain.collect());
        texts.push(text_of(&[copy])?);
    }
    if texts.is_empty() {
        return None;
    }
    input.add(texts.join("---\n"), first);
    Some(())
}

fn listener(input: &mut Input, listener: &str, first: bool) -> Option<()> {
    let mut added = 0;
    input.edit(|document| {
        if let Some(listeners) = listeners(document) {
            listeners.insert(if first { 0 } else { listeners.len() }, yaml(listener));
            added += 1;
        }
    })?;
    (added > 0).then_some(())
}

/// The listeners of a Gateway that has some.
fn listeners(document: &mut Value) -> Option<&mut Vec<Value>> {
    let has_some =
        is_kind(document, "Gateway") && get(document, &["spec", "listeners"]).is_some_and(Value::is_sequence);
    has_some.then(|| list(document, &["spec", "listeners"])).flatten()
}

/// A listener for another host on the port of each Gateway's first HTTP listener.
fn beside_http(input: &mut Input) -> Option<()> {
    let mut added = 0;
    input.edit(|document| {
        let Some(listeners) = listeners(document) else { return };
        let port = listeners.iter().find(|listener| listener["protocol"] == "HTTP").map(|first| first["port"].clone());
        if let Some(port) = port {
            let mut listener = yaml("{name: added, protocol: HTTP, hostname: added.example}");
            listener["port"] = port;
            listeners.push(listener);
            added += 1;
        }
    })?;
    (added > 0).then_some(())
}

fn parent(input: &mut Input, parent: &str, first: bool) -> Option<()> {
    let mut added = 0;
    input.edit(|document| {
        let has_parents = get(document, &["spec", "parentRefs"])
            .and_then(Value::as_sequence)
            .is_some_and(|parents| !parents.is_empty());
        let parents = (is_route(document) && has_parents).then(|| list(document, &["spec", "parentRefs"])).flatten();
        if let Some(parents) = parents {
            parents.insert(if first { 0 } else { parents.len() }, yaml(parent));
            added += 1;
        }
    })?;
    (added > 0).then_some(())
}

fn rule(input: &mut Input, rule: &str) -> Option<()> {
    let mut added = 0;
    input.edit(|document| {
        // A route without rules has one by default, which another rule would replace; more than 16 are refused.
        let may_have_more = get(document, &["spec", "rules"])
            .and_then(Value::as_sequence)
            .is_some_and(|rules| (1..16).contains(&rules.len()));
        let rules = (is_kind(document, "HTTPRoute") && may_have_more).then(|| list(document, &["spec", "rules"]));
        if let Some(rules) = rules.flatten() {
            rules.push(yaml(rule));
            added += 1;
        }
    })?;
    (added > 0).then_some(())
}

fn field(input: &mut Input, kind: &str, name: &str, value: &str) -> Option<()> {
    let mut added = 0;
    input.edit(|document| {
        if is_kind(document, kind) && document["spec"].is_mapping() && document["spec"][name].is_null() {
            document["spec"][name] = yaml(value);
            added += 1;
        }
    })?;
    (added > 0).then_some(())
}

fn context(input: &mut Input, kinds: &[&str]) -> Option<()> {
    let mut documents = input.documents()?;
    let mut moved = 0;
    for (context, document) in &mut documents {
        if !*context && kinds.iter().any(|kind| is_kind(document, kind)) {
            *context = true;
            moved += 1;
        }
    }
    let is_judged = documents.iter().any(|(context, _)| !context);
    input.replace(&documents)?;
    (moved > 0 && is_judged).then_some(())
}

fn without(input: &mut Input, kinds: &[&str], assume: impl FnOnce(&mut gwctl::options::Assume)) -> Option<()> {
    let mut documents = input.documents()?;
    let before = documents.len();
    documents.retain(|(_, document)| !kinds.iter().any(|kind| is_kind(document, kind)));
    let removed = before - documents.len();
    input.replace(&documents)?;
    assume(&mut input.options.assume);
    (removed > 0 && !documents.is_empty()).then_some(())
}

fn assume(input: &mut Input, assume: impl FnOnce(&mut gwctl::options::Assume)) -> Option<()> {
    let before = input.options.assume;
    assume(&mut input.options.assume);
    (input.options.assume != before).then_some(())
}

fn texts(input: &mut Input, change: &dyn Fn(&str) -> String) -> Option<()> {
    for source in &mut input.sources {
        if source.name.ends_with(".json") {
            return None;
        }
        source.text = change(&source.text);
    }
    Some(())
}

/// A field, without making it.
fn get<'v>(document: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(document, |at, key| at.get(key))
}

/// Sets a field of a mapping that it lacks.
fn default(value: &mut Value, field: &str, text: &str) {
    if value.is_mapping() && value.get(field).is_none() {
        value[field] = yaml(text);
    }
}

/// The values of a list that may not be there.
fn each<'v>(value: &'v mut Value, field: &str) -> impl Iterator<Item = &'v mut Value> {
    value.get_mut(field).and_then(Value::as_sequence_mut).into_iter().flatten()
}

/// Writes what the API server would write.
fn write_defaults(document: &mut Value) {
    let is_gateway = is_kind(document, "Gateway");
    let is_http = is_kind(document, "HTTPRoute");
    let is_route = is_route(document);
    let Some(spec) = document.get_mut("spec") else { return };
    if is_gateway {
        for listener in each(spec, "listeners") {
            default(listener, "allowedRoutes", "{namespaces: {from: Same}}");
        }
    }
    if !is_route {
        return;
    }
    for reference in each(spec, "parentRefs").filter(|reference| reference.get("kind").is_none()) {
        default(reference, "group", GROUP);
        default(reference, "kind", "Gateway");
    }
    for rule in each(spec, "rules") {
        for backend in each(rule, "backendRefs").filter(|backend| backend.get("kind").is_none()) {
            default(backend, "group", "''");
            default(backend, "kind", "Service");
            default(backend, "weight", "1");
        }
        for one in each(rule, "matches").filter(|_| is_http) {
            default(one, "path", "{type: PathPrefix, value: /}");
            if let Some(path) = one.get_mut("path") {
                default(path, "type", "PathPrefix");
                default(path, "value", "/");
            }
            for field in ["headers", "queryParams"] {
                each(one, field).for_each(|entry| default(entry, "type", "Exact"));
            }
        }
    }
}

/// Objects of version v1 as objects of another version.
fn older(input: &mut Input, versions: &[(&str, &str)]) -> Option<()> {
    let mut changed = 0;
    input.edit(|document| {
        let is_of_v1 = document.get("apiVersion").and_then(Value::as_str) == Some("gateway.networking.k8s.io/v1");
        let version = versions.iter().find(|(kind, _)| is_of_v1 && is_kind(document, kind));
        if let Some((_, version)) = version {
            document["apiVersion"] = Value::from(format!("{GROUP}/{version}"));
            changed += 1;
        }
    })?;
    (changed > 0).then_some(())
}

/// All that is judged in one source.
fn joined(input: &mut Input, name: &str, found: Found) -> Option<()> {
    let is_text = |source: &Source| !source.name.ends_with(".json");
    if input.sources.iter().any(|source| source.context) || !input.sources.iter().all(is_text) {
        return None;
    }
    let texts: Vec<&str> = input.sources.iter().map(|source| source.text.as_str()).collect();
    let text = texts.join("\n---\n");
    input.sources = vec![Source { name: name.to_owned(), text, found, context: false, kept: Vec::new() }];
    Some(())
}
