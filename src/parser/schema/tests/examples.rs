//! For every rule across fields a value that it accepts and one that it
//! refuses, and a test that no rule lacks either.

use std::collections::BTreeMap;

use crate::options::Channel::{self, Experimental, Standard};
use crate::parser::schema::{Rule, Shape, Type, schemas};

use super::check;

/// A rule by the kind and the end of its statement; `%` in the template stands for what it accepts and refuses. The last
/// part is the place of the finding.
type Example = (Channel, &'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const RULE: &str = "{rules: [{%}]}";
const FILTERS: &str = "{rules: [{filters: [%]}]}";
const PATH: &str = "{rules: [{matches: [{path: {%}}]}]}";
const VALUE: &str = "spec.rules[0].matches[0].path.value";
const LISTENERS: &str = "{gatewayClassName: c, listeners: [%]}";
const GATEWAY: &str = "{gatewayClassName: c, listeners: [{name: a, port: 1, protocol: HTTP}], %}";
const MIRROR: &str =
    "{rules: [{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1}, %}}]}]}";
const SESSION: &str = "{rules: [{sessionPersistence: {%}}]}";
const METHOD: &str = "{rules: [{matches: [{method: {%}}]}]}";
const TARGETS: &str = "{targetRefs: [%], validation: {hostname: a, wellKnownCACertificates: System}}";
const VALIDATION: &str = "{targetRefs: [{group: '', kind: Service, name: a}], validation: {hostname: a, %}}";
const BACKEND: &str = "{type: ExternalHostname, %}";
const RETRIES: &str = "{targetRefs: [{group: '', kind: Service, name: a}], retryConstraint: {%}}";
const LISTENER_A: &str = "{name: a, port: 1, protocol: HTTP}";

const REDIRECT_PREFIX: &str =
    "filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}]";
const REWRITE_PREFIX: &str =
    "filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}]";

#[rustfmt::skip]
const EXAMPLES: &[Example] = &[
    (Experimental, "Gateway", "addresses of type `IPAddress` have the same value", GATEWAY,
        "addresses: [{value: 1.1.1.1}, {value: 1.1.1.2}]", "addresses: [{value: 1.1.1.1}, {value: 1.1.1.1}]", "spec.addresses[1].value"),
    (Experimental, "Gateway", "addresses of type `Hostname` have the same value", GATEWAY,
        "addresses: [{type: Hostname, value: a}, {type: Hostname, value: b}]", "addresses: [{type: Hostname, value: a}, {type: Hostname, value: a}]", "spec.addresses[1].value"),
    (Experimental, "Gateway", "must be an IPv4 or IPv6 address", GATEWAY,
        "addresses: [{value: '2001:db8::1'}]", "addresses: [{value: '1.2.3.4:80'}]", "spec.addresses[0].value"),
    (Experimental, "Gateway", "of a `Hostname` must be a hostname", GATEWAY,
        "addresses: [{type: Hostname, value: '*.a.b'}]", "addresses: [{type: Hostname, value: a_b}]", "spec.addresses[0].value"),
    (Experimental, "Gateway", "keys of `annotations` must", GATEWAY,
        "infrastructure: {annotations: {a.b/c: d}}", "infrastructure: {annotations: {'a b': c}}", "spec.infrastructure.annotations[\"a b\"]"),
    (Experimental, "Gateway", "keys of `labels` must", GATEWAY,
        "infrastructure: {labels: {a.b/c: d}}", "infrastructure: {labels: {a/b/c: d}}", "spec.infrastructure.labels[\"a/b/c\"]"),
    (Experimental, "Gateway", "cannot have `tls`", LISTENERS,
        LISTENER_A, "{name: a, port: 1, protocol: TCP, tls: {mode: Passthrough}}", "spec.listeners[0].tls"),
    (Experimental, "Gateway", "HTTPS must terminate", LISTENERS,
        "{name: a, port: 1, protocol: HTTPS}", "{name: a, port: 1, protocol: HTTPS, tls: {mode: Passthrough}}", "spec.listeners[0].tls.mode"),
    (Experimental, "Gateway", "protocol TLS needs `tls`", LISTENERS,
        "{name: a, port: 1, protocol: TLS, tls: {mode: Passthrough}}", "{name: a, port: 1, protocol: TLS}", "spec.listeners[0].tls"),
    (Experimental, "Gateway", "cannot have a `hostname`", LISTENERS,
        "{name: a, port: 1, protocol: UDP}", "{name: a, port: 1, protocol: UDP, hostname: a.b}", "spec.listeners[0].hostname"),
    (Experimental, "ListenerSet", "same `port`, `protocol` and `hostname`", "{parentRef: {name: a}, listeners: [{name: a, port: 1, protocol: HTTP}, %]}",
        "{name: b, port: 1, protocol: HTTP, hostname: a}", "{name: b, port: 1, protocol: HTTP}", "spec.listeners[1]"),
    (Experimental, "Gateway", "needs `certificateRefs` or `options`", LISTENERS,
        "{name: a, port: 1, protocol: TLS, tls: {options: {a: b}}}", "{name: a, port: 1, protocol: TLS, tls: {options: {}}}", "spec.listeners[0].tls"),
    (Experimental, "HTTPRoute", "at most 128 matches", "{rules: [{matches: [%]}, {matches: [%]}, {matches: [{}]}]}",
        "{}, {}", "{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}", "spec.rules"),
    (Experimental, "GRPCRoute", "two rules have the same `name`", "{rules: [{name: a}, %]}",
        "{name: b}", "{name: a}", "spec.rules[1].name"),
    (Experimental, "HTTPRoute", "filter cannot have `backendRefs`", "{rules: [{filters: [%], backendRefs: [{name: a, port: 1}]}]}",
        "", "{type: RequestRedirect, requestRedirect: {}}", "spec.rules[0].backendRefs"),
    (Experimental, "HTTPRoute", "a redirect with `replacePrefixMatch` needs", "{rules: [{%}]}",
        REDIRECT_PREFIX, concat!("matches: [], ", "filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}]"), "spec.rules[0].matches"),
    (Experimental, "HTTPRoute", "a rewrite with `replacePrefixMatch` needs", RULE,
        REWRITE_PREFIX, concat!("matches: [{path: {type: Exact}}], ", "filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}]"), "spec.rules[0].matches"),
    (Experimental, "HTTPRoute", "a backend's redirect with `replacePrefixMatch`", "{rules: [{matches: [%], backendRefs: [{name: a, port: 1, filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}]}]}]}",
        "{}", "{}, {}", "spec.rules[0].matches"),
    (Experimental, "HTTPRoute", "a backend's rewrite with `replacePrefixMatch`", "{rules: [{matches: [%], backendRefs: [{name: a, port: 1, filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}]}]}]}",
        "{path: {value: /a}}", "{path: {type: Exact, value: /a}}", "spec.rules[0].matches"),
    (Experimental, "HTTPRoute", "must begin with `/`", PATH, "value: /a", "value: a", VALUE),
    (Experimental, "HTTPRoute", "must be in normal form", PATH, "value: /a/b", "value: /a/../b", VALUE),
    (Experimental, "HTTPRoute", "a character that paths cannot have", PATH, "value: /a%20b", "value: '/a b'", VALUE),
    (Experimental, "HTTPRoute", "`backendRequest` must not be longer", RULE,
        "timeouts: {request: 2s, backendRequest: 1s}", "timeouts: {request: 1s, backendRequest: 2s}", "spec.rules[0].timeouts.backendRequest"),
    (Experimental, "HTTPRoute", "`RequestRedirect` and `URLRewrite` cannot", FILTERS,
        "{type: URLRewrite, urlRewrite: {}}", "{type: URLRewrite, urlRewrite: {}}, {type: RequestRedirect, requestRedirect: {}}", "spec.rules[0].filters[1]"),
    (Experimental, "HTTPRoute", "a filter that can be used once", FILTERS,
        "{type: CORS, cors: {}}", "{type: CORS, cors: {}}, {type: CORS, cors: {}}", "spec.rules[0].filters[1]"),
    (Experimental, "GRPCRoute", "a filter that can be used once", FILTERS,
        "{type: RequestHeaderModifier, requestHeaderModifier: {}}, {type: ResponseHeaderModifier, responseHeaderModifier: {}}",
        "{type: RequestHeaderModifier, requestHeaderModifier: {}}, {type: RequestHeaderModifier, requestHeaderModifier: {}}", "spec.rules[0].filters[1]"),
    (Experimental, "HTTPRoute", "a filter needs the field of its type", FILTERS,
        "{type: CORS, cors: {}}", "{type: CORS, cors: {}, urlRewrite: {}}", "spec.rules[0].filters[0].urlRewrite"),
    (Experimental, "GRPCRoute", "a filter needs the field of its type", FILTERS,
        "{type: RequestHeaderModifier, requestHeaderModifier: {}}", "{type: RequestHeaderModifier}", "spec.rules[0].filters[0].requestHeaderModifier"),
    (Experimental, "HTTPRoute", "a path modifier needs", "{rules: [{filters: [{type: URLRewrite, urlRewrite: {path: {%}}}]}]}",
        "type: ReplaceFullPath, replaceFullPath: ''", "type: ReplaceFullPath", "spec.rules[0].filters[0].urlRewrite.path.replaceFullPath"),
    (Experimental, "HTTPRoute", "`*` must be the only item", "{rules: [{filters: [{type: CORS, cors: {%}}]}]}",
        "allowMethods: ['*']", "allowMethods: ['*', GET]", "spec.rules[0].filters[0].cors.allowMethods[0]"),
    (Experimental, "HTTPRoute", "`externalAuth` needs the field", "{rules: [{filters: [{type: ExternalAuth, externalAuth: {backendRef: {name: a, port: 1}, %}}]}]}",
        "protocol: GRPC, grpc: {}", "protocol: GRPC", "spec.rules[0].filters[0].externalAuth.grpc"),
    (Experimental, "GRPCRoute", "a method match needs", METHOD, "service: a", "type: Exact", "spec.rules[0].matches[0].method"),
    (Experimental, "GRPCRoute", "an exact `service` must", METHOD, "service: .A.b_1", "service: a.1", "spec.rules[0].matches[0].method.service"),
    (Experimental, "GRPCRoute", "an exact `method` must", METHOD, "method: Get_1", "method: a.b", "spec.rules[0].matches[0].method.method"),
    (Experimental, "TLSRoute", "cannot be an IP address", "{hostnames: [%], rules: [{backendRefs: [{name: a, port: 1}]}]}",
        "1.2.3.a", "1.2.3.4", "spec.hostnames[0]"),
    (Experimental, "HTTPRoute", "and likewise `port`", "{parentRefs: [{name: a, port: 1}, %]}", "{name: a, port: 2}", "{name: a}", "spec.parentRefs[1]"),
    (Experimental, "TCPRoute", "must differ in `sectionName` or `port`", "{rules: [{backendRefs: [{name: a, port: 1}]}], parentRefs: [{name: a, port: 1}, %]}",
        "{name: a, port: 1, namespace: b}", "{name: a, port: 1}", "spec.parentRefs[1]"),
    (Standard, "HTTPRoute", "references to one parent, either all or none must set `sectionName`", "{parentRefs: [{name: a, sectionName: x}, %]}",
        "{name: a, sectionName: y}", "{name: a}", "spec.parentRefs[1]"),
    (Standard, "UDPRoute", "one parent must differ in `sectionName`", "{rules: [{backendRefs: [{name: a, port: 1}]}], parentRefs: [{name: a, port: 1}, %]}",
        "{name: b, port: 2}", "{name: a, port: 2}", "spec.parentRefs[1]"),
    (Experimental, "UDPRoute", "a reference to a Service needs a `port`", "{rules: [{backendRefs: [{name: a%}]}]}",
        ", kind: Other", ", kind: Service", "spec.rules[0].backendRefs[0].port"),
    (Experimental, "HTTPRoute", "`percent` and `fraction`", MIRROR, "percent: 1", "percent: 1, fraction: {numerator: 1}", "spec.rules[0].filters[0].requestMirror.fraction"),
    (Experimental, "HTTPRoute", "`numerator` must not be greater", MIRROR, "fraction: {numerator: 100}", "fraction: {numerator: 3, denominator: 2}", "spec.rules[0].filters[0].requestMirror.fraction.numerator"),
    (Experimental, "HTTPRoute", "a permanent cookie needs", SESSION,
        "cookieConfig: {lifetimeType: Permanent}, absoluteTimeout: 1h", "cookieConfig: {lifetimeType: Permanent}", "spec.rules[0].sessionPersistence.absoluteTimeout"),
    (Experimental, "HTTPRoute", "`cookieConfig` needs the type", SESSION, "cookieConfig: {}", "type: Header, cookieConfig: {}", "spec.rules[0].sessionPersistence.cookieConfig"),
    (Experimental, "HTTPRoute", "`cookie` needs the type", SESSION, "cookie: {}", "type: Header, cookie: {}", "spec.rules[0].sessionPersistence.cookie"),
    (Experimental, "HTTPRoute", "`header` needs the type", SESSION, "type: Header, header: {name: a}", "header: {name: a}", "spec.rules[0].sessionPersistence.header"),
    (Experimental, "BackendTLSPolicy", "several references to one target", TARGETS,
        "{group: '', kind: Service, name: a, sectionName: b}, {group: '', kind: Service, name: a, sectionName: c}",
        "{group: '', kind: Service, name: a, sectionName: b}, {group: '', kind: Service, name: a}", "spec.targetRefs[1]"),
    (Experimental, "BackendTLSPolicy", "references to one target must differ", TARGETS,
        "{group: '', kind: Service, name: a}, {group: '', kind: Service, name: b}",
        "{group: '', kind: Service, name: a}, {group: '', kind: Service, name: a}", "spec.targetRefs[1]"),
    (Experimental, "BackendTLSPolicy", "`wellKnownCACertificates` cannot be used together", VALIDATION,
        "caCertificateRefs: [{group: '', kind: A, name: a}]", "caCertificateRefs: [{group: '', kind: A, name: a}], wellKnownCACertificates: System", "spec.validation.wellKnownCACertificates"),
    (Experimental, "BackendTLSPolicy", "`wellKnownCACertificates` is required", VALIDATION,
        "wellKnownCACertificates: System", "caCertificateRefs: []", "spec.validation.caCertificateRefs"),
    (Experimental, "BackendTLSPolicy", "a subject alternative name needs", VALIDATION,
        "wellKnownCACertificates: System, subjectAltNames: [{type: URI, uri: 'a://b'}]",
        "wellKnownCACertificates: System, subjectAltNames: [{type: URI, uri: 'a://b', hostname: a}]", "spec.validation.subjectAltNames[0].hostname"),
    (Experimental, "XBackend", "the type `ExternalHostname` needs", BACKEND, "port: {port: 1}, externalHostname: {hostname: a.b}", "port: {port: 1}", "spec.externalHostname"),
    (Experimental, "XBackend", "an external hostname cannot end", BACKEND,
        "port: {port: 1}, externalHostname: {hostname: cluster.local}", "port: {port: 1}, externalHostname: {hostname: a.cluster.local}", "spec.externalHostname.hostname"),
    (Experimental, "XBackend", "the name of a port must be", BACKEND,
        "externalHostname: {hostname: a}, port: {port: 1, name: ''}", "externalHostname: {hostname: a}, port: {port: 1, name: a.b}", "spec.port.name"),
    (Experimental, "XBackend", "belongs to the mode `ClientAndServer`", BACKEND,
        "externalHostname: {hostname: a}, port: {port: 1}, tls: {mode: None}", "externalHostname: {hostname: a}, port: {port: 1}, tls: {mode: ClientAndServer}", "spec.tls.clientCertificateRef"),
    (Experimental, "XBackendTrafficPolicy", "from one second to one hour", RETRIES, "budget: {interval: 1h}", "budget: {interval: 3601s}", "spec.retryConstraint.budget.interval"),
    (Experimental, "XBackendTrafficPolicy", "longer than zero and at most one hour", RETRIES,
        "minRetryRate: {interval: 1ms}", "minRetryRate: {interval: 0s}", "spec.retryConstraint.minRetryRate.interval"),
];

/// Every rule of a kind, wherever it stands.
fn rules_of(kind: &str) -> Vec<&'static Rule> {
    fn of_type(ty: &'static Type, found: &mut Vec<&'static Rule>) {
        match ty {
            Type::List(list) => {
                found.extend(list.rules);
                of_type(&list.items, found);
            }
            Type::Object(shape) => of_shape(shape, found),
            Type::Map(map) => of_type(&map.values, found),
            Type::Text(_)
            | Type::Integer(_)
            | Type::Boolean
            | Type::Number
            | Type::IntOrText
            | Type::Quantity
            | Type::Any => {}
        }
    }
    fn of_shape(shape: &'static Shape, found: &mut Vec<&'static Rule>) {
        found.extend(shape.rules);
        shape.fields.iter().for_each(|field| of_type(&field.ty, found));
    }
    let mut found = Vec::new();
    schemas().iter().filter(|schema| schema.kind.name() == kind).for_each(|schema| of_shape(schema.spec, &mut found));
    found
}

#[test]
fn every_rule_accepts_and_refuses_what_its_example_says() {
    for (channel, kind, statement, template, accepted, refused, path) in EXAMPLES {
        let errors = |part: &str| -> Vec<String> {
            let found = check(kind, &template.replace('%', part), *channel);
            found.into_iter().filter(|line| !line.starts_with("GW5011")).collect()
        };
        assert_eq!(errors(accepted), Vec::<String>::new(), "{statement}: {accepted}");
        let is_broken = |line: &String| [format!("GW1009 {path}"), format!("GW1007 {path}")].contains(line);
        let found = errors(refused);
        assert!(matches!(found.as_slice(), [only] if is_broken(only)), "{statement}: {refused}: {found:?}");
    }
}

#[test]
fn no_rule_lacks_an_example() {
    // A rule is its function: two kinds may share one, and two rules may have one statement.
    let mut shown: BTreeMap<usize, bool> = BTreeMap::new();
    for schema in schemas() {
        for rule in rules_of(schema.kind.name()) {
            shown.entry(rule.check as usize).or_insert(false);
        }
    }
    for (channel, kind, statement, ..) in EXAMPLES {
        let rules = rules_of(kind);
        let mut fitting =
            rules.iter().filter(|rule| rule.statement.contains(statement) && rule.presence.is_in(*channel));
        let rule = fitting.next().unwrap_or_else(|| panic!("{kind} has no rule with `{statement}`"));
        assert!(fitting.all(|other| other.check as usize == rule.check as usize), "two rules with `{statement}`");
        shown.insert(rule.check as usize, true);
    }
    let lacking: Vec<&str> = schemas()
        .iter()
        .flat_map(|schema| rules_of(schema.kind.name()))
        .filter(|rule| !shown[&(rule.check as usize)])
        .map(|rule| rule.statement)
        .collect();
    assert_eq!(lacking, Vec::<&str>::new(), "no example in EXAMPLES");
}
