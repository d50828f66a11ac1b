//! The rules across fields, each with what it accepts and what it refuses.

use crate::options::Channel;

use super::{accepts, check, refuses};

/// `%` in a template stands for the part under test.
fn cases(kind: &str, template: &str, good: &[&str], bad: &[(&str, &[&str])]) {
    for part in good {
        accepts(kind, &template.replace('%', part));
    }
    for (part, wanted) in bad {
        refuses(kind, &template.replace('%', part), wanted);
    }
}

const LISTENERS: &str = "{gatewayClassName: c, listeners: [%]}";

#[test]
fn tls_fits_the_protocol_of_a_listener() {
    let good = [
        "{name: a, port: 1, protocol: HTTP}",
        "{name: a, port: 1, protocol: HTTPS}",
        "{name: a, port: 1, protocol: HTTPS, tls: {certificateRefs: [{name: a}]}}",
        "{name: a, port: 1, protocol: HTTPS, tls: {options: {a: b}}}",
        "{name: a, port: 1, protocol: TLS, tls: {mode: Passthrough}}",
        "{name: a, port: 1, protocol: TLS, tls: {certificateRefs: [{name: a}]}}",
        "{name: a, port: 1, protocol: TCP}",
        "{name: a, port: 1, protocol: example.com/x, tls: {mode: Passthrough}}",
    ];
    let bad: [(&str, &[&str]); 8] = [
        ("{name: a, port: 1, protocol: HTTP, tls: {mode: Passthrough}}", &["GW1009 spec.listeners[0].tls"]),
        ("{name: a, port: 1, protocol: TCP, tls: {mode: Passthrough}}", &["GW1009 spec.listeners[0].tls"]),
        ("{name: a, port: 1, protocol: UDP, tls: {options: {a: b}}}", &["GW1009 spec.listeners[0].tls"]),
        ("{name: a, port: 1, protocol: HTTPS, tls: {mode: Passthrough}}", &["GW1009 spec.listeners[0].tls.mode"]),
        ("{name: a, port: 1, protocol: TLS}", &["GW1009 spec.listeners[0].tls"]),
        ("{name: a, port: 1, protocol: HTTPS, tls: {}}", &["GW1009 spec.listeners[0].tls"]),
        ("{name: a, port: 1, protocol: TLS, tls: {mode: Terminate}}", &["GW1009 spec.listeners[0].tls"]),
        (
            "{name: a, port: 1, protocol: HTTP, tls: {}}",
            &["GW1009 spec.listeners[0].tls", "GW1009 spec.listeners[0].tls"],
        ),
    ];
    cases("Gateway", LISTENERS, &good, &bad);
    cases("ListenerSet", "{parentRef: {name: g}, listeners: [%]}", &good, &bad);
}

#[test]
fn listeners_are_distinct() {
    let bad: [(&str, &[&str]); 4] = [
        ("{name: a, port: 1, protocol: HTTP}, {name: a, port: 2, protocol: HTTP}", &["GW1008 spec.listeners[1]"]),
        ("{name: a, port: 1, protocol: HTTP}, {name: b, port: 1, protocol: HTTP}", &["GW1009 spec.listeners[1]"]),
        (
            "{name: a, port: 1, protocol: HTTP, hostname: a.b}, {name: b, port: 1, protocol: HTTP, hostname: a.b}",
            &["GW1009 spec.listeners[1]"],
        ),
        ("{name: a, port: 1, protocol: TCP, hostname: a.b}", &["GW1009 spec.listeners[0].hostname"]),
    ];
    let good = [
        "{name: a, port: 1, protocol: HTTP}, {name: b, port: 2, protocol: HTTP}",
        "{name: a, port: 1, protocol: HTTP, hostname: a.b}, {name: b, port: 1, protocol: HTTP, hostname: a.c}",
        "{name: a, port: 1, protocol: HTTP, hostname: a.b}, {name: b, port: 1, protocol: HTTP}",
        "{name: a, port: 1, protocol: HTTP}, {name: b, port: 1, protocol: HTTPS}",
    ];
    cases("Gateway", LISTENERS, &good, &bad);
}

#[test]
fn addresses_have_the_form_of_their_type() {
    let template = "{gatewayClassName: c, listeners: [{name: a, port: 1, protocol: HTTP}], addresses: [%]}";
    let good = [
        "{value: 1.2.3.4}",
        "{type: IPAddress, value: '::1'}",
        "{type: Hostname, value: '*.a.b'}",
        "{type: example.com/custom, value: foo}",
        "{type: IPAddress}, {type: IPAddress}, {value: 1.1.1.1}",
        "{type: Hostname}, {type: Hostname}",
        "{type: NamedAddress, value: 'a b'}",
        "{value: 1.1.1.1}, {type: Hostname, value: 1.1.1.1}",
    ];
    let bad: [(&str, &[&str]); 7] = [
        ("{value: '1.2.3.4:8080'}", &["GW1007 spec.addresses[0].value"]),
        ("{value: ''}", &["GW1007 spec.addresses[0].value"]),
        ("{value: foo}, {value: '::g'}", &["GW1007 spec.addresses[0].value", "GW1007 spec.addresses[1].value"]),
        ("{type: Hostname, value: A.b}", &["GW1009 spec.addresses[0].value"]),
        ("{type: Hostname, value: ''}", &["GW1009 spec.addresses[0].value"]),
        ("{value: 1.1.1.1}, {type: IPAddress, value: 1.1.1.1}", &["GW1009 spec.addresses[1].value"]),
        ("{type: Hostname, value: a}, {type: Hostname, value: a}", &["GW1009 spec.addresses[1].value"]),
    ];
    cases("Gateway", template, &good, &bad);
}

#[test]
fn keys_of_infrastructure_labels_are_qualified_names() {
    let template =
        "{gatewayClassName: c, listeners: [{name: a, port: 1, protocol: HTTP}], infrastructure: {labels: {%}}}";
    let long = format!("{}a/b: c", "a.".repeat(126));
    let fitting = format!("{}a/b: c", "a.".repeat(125));
    let path = format!("GW1009 spec.infrastructure.labels[\"{}a/b\"]", "a.".repeat(126));
    let name = format!("{}: c", "a".repeat(64));
    let name_path = format!("GW1009 spec.infrastructure.labels.{}", "a".repeat(64));
    let value = format!("a: {}", "b".repeat(64));
    cases(
        "Gateway",
        template,
        &["a.b/c_d: e", "a: ''", &fitting],
        &[
            ("'*.a/b': c", &["GW1009 spec.infrastructure.labels[\"*.a/b\"]"]),
            ("'a/@': c", &["GW1009 spec.infrastructure.labels[\"a/@\"]"]),
            (&long, &[&path]),
            (&name, &[&name_path]),
            (&value, &["GW1006 spec.infrastructure.labels.a"]),
            ("a: '/b'", &["GW1007 spec.infrastructure.labels.a"]),
        ],
    );
}

#[test]
fn parents_are_told_apart() {
    let template = "{parentRefs: [%]}";
    cases(
        "HTTPRoute",
        template,
        &[
            "{name: a}",
            "{name: a, sectionName: x, port: 1}",
            "{name: a, port: 1}, {name: a, port: 2}",
            "{name: a, port: 1, sectionName: x}, {name: a, port: 1, sectionName: y}",
            "{name: a, namespace: x}, {name: a}",
            "{name: a}, {name: a, namespace: x}",
            "{name: a}, {name: b}",
        ],
        &[
            ("{name: a}, {name: a}", &["GW1009 spec.parentRefs[1]"]),
            ("{name: a}, {name: a, port: 1}", &["GW1009 spec.parentRefs[1]"]),
            ("{name: a}, {name: a, port: 1, sectionName: x}", &["GW1009 spec.parentRefs[1]"]),
            ("{name: a, port: 1}, {name: a, port: 1}", &["GW1009 spec.parentRefs[1]"]),
            ("{name: a, sectionName: x}, {name: a, sectionName: y, port: 1}", &["GW1009 spec.parentRefs[1]"]),
        ],
    );
    for (refs, is_good) in [
        ("{name: a, sectionName: x}, {name: a, sectionName: y}", true),
        ("{name: a}, {name: a}", false),
        ("{name: a}, {name: a, sectionName: x}", false),
        ("{name: a, sectionName: x}, {name: a, sectionName: x}", false),
    ] {
        let found = check("HTTPRoute", &template.replace('%', refs), Channel::Standard);
        assert_eq!(found.is_empty(), is_good, "{refs}: {found:?}");
    }
}

#[test]
fn a_service_reference_needs_a_port() {
    let bad = "GW1009 spec.rules[0].backendRefs[0].port";
    for kind in ["HTTPRoute", "GRPCRoute", "TCPRoute", "UDPRoute"] {
        cases(
            kind,
            "{rules: [{backendRefs: [{name: a%}]}]}",
            &[", port: 1", ", group: '', kind: Service, port: 1", ", group: a.b, kind: X", ", kind: X"],
            &[("", &[bad]), (", group: '', kind: Service", &[bad])],
        );
    }
    refuses(
        "HTTPRoute",
        "{rules: [{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: a}}}]}]}",
        &["GW1009 spec.rules[0].filters[0].requestMirror.backendRef.port"],
    );
}

#[test]
fn a_filter_has_the_field_of_its_type_and_no_other() {
    let at = |field: &str| format!("GW1009 spec.rules[0].filters[0].{field}");
    let members = [
        ("RequestHeaderModifier", "requestHeaderModifier", "{set: [{name: a, value: b}]}"),
        ("ResponseHeaderModifier", "responseHeaderModifier", "{}"),
        ("RequestMirror", "requestMirror", "{backendRef: {name: a, port: 1}}"),
        ("RequestRedirect", "requestRedirect", "{}"),
        ("URLRewrite", "urlRewrite", "{}"),
        ("ExtensionRef", "extensionRef", "{group: '', kind: A, name: a}"),
        ("CORS", "cors", "{}"),
        ("ExternalAuth", "externalAuth", "{protocol: GRPC, grpc: {}, backendRef: {name: a, port: 1}}"),
    ];
    let extra = |field: &str| match field {
        "requestMirror" => ("requestHeaderModifier", "{}"),
        _ => ("requestMirror", "{backendRef: {name: a, port: 1}}"),
    };
    for (kind, field, value) in members {
        let routes: &[&str] = match kind {
            "RequestRedirect" | "URLRewrite" | "CORS" | "ExternalAuth" => &["HTTPRoute"],
            _ => &["HTTPRoute", "GRPCRoute"],
        };
        for route in routes {
            let (other, other_value) = extra(field);
            let filter = |content: &str| format!("{{rules: [{{filters: [{{type: {kind}{content}}}]}}]}}");
            accepts(route, &filter(&format!(", {field}: {value}")));
            refuses(route, &filter(""), &[&at(field)]);
            let mut wanted = [at(field), at(other)];
            wanted.sort();
            refuses(route, &filter(&format!(", {other}: {other_value}")), &wanted.each_ref().map(String::as_str));
        }
    }
}

#[test]
fn filters_that_can_be_used_once_are() {
    let template = "{rules: [{filters: [%]}]}";
    let set = "{type: RequestHeaderModifier, requestHeaderModifier: {}}";
    let answer = "{type: ResponseHeaderModifier, responseHeaderModifier: {}}";
    let extension = "{type: ExtensionRef, extensionRef: {group: '', kind: A, name: a}}";
    let rewrite = "{type: URLRewrite, urlRewrite: {}}";
    let redirect = "{type: RequestRedirect, requestRedirect: {}}";
    let cors = "{type: CORS, cors: {}}";
    for kind in ["HTTPRoute", "GRPCRoute"] {
        accepts(kind, &template.replace('%', &format!("{set}, {answer}, {extension}, {extension}")));
        refuses(kind, &template.replace('%', &format!("{set}, {answer}, {set}")), &["GW1009 spec.rules[0].filters[2]"]);
    }
    let list = format!("{cors}, {cors}, {answer}, {answer}, {redirect}, {redirect}");
    let wanted =
        ["GW1009 spec.rules[0].filters[1]", "GW1009 spec.rules[0].filters[3]", "GW1009 spec.rules[0].filters[5]"];
    refuses("HTTPRoute", &template.replace('%', &list), &wanted);
    refuses(
        "HTTPRoute",
        &template.replace('%', &format!("{rewrite}, {redirect}")),
        &["GW1009 spec.rules[0].filters[1]"],
    );
    refuses(
        "HTTPRoute",
        &template.replace('%', &format!("{rewrite}, {rewrite}")),
        &["GW1009 spec.rules[0].filters[1]"],
    );
    let backend = format!("{{rules: [{{backendRefs: [{{name: a, port: 1, filters: [{cors}, {cors}]}}]}}]}}");
    refuses("HTTPRoute", &backend, &["GW1009 spec.rules[0].backendRefs[0].filters[1]"]);
}

#[test]
fn path_modifiers_have_the_field_of_their_type() {
    let at = |field: &str| format!("GW1009 spec.rules[0].filters[0].urlRewrite.path.{field}");
    let (full, prefix) = (at("replaceFullPath"), at("replacePrefixMatch"));
    cases(
        "HTTPRoute",
        "{rules: [{filters: [{type: URLRewrite, urlRewrite: {path: {%}}}]}]}",
        &["type: ReplaceFullPath, replaceFullPath: /a", "type: ReplacePrefixMatch, replacePrefixMatch: ''"],
        &[
            ("type: ReplaceFullPath", &[&full]),
            ("type: ReplacePrefixMatch", &[&prefix]),
            ("type: ReplacePrefixMatch, replaceFullPath: /a", &[&full, &prefix]),
            ("type: ReplaceFullPath, replacePrefixMatch: /a", &[&full, &prefix]),
        ],
    );
}

#[test]
fn mirrors_take_one_share() {
    let at = "spec.rules[0].filters[0].requestMirror";
    let fraction = format!("GW1009 {at}.fraction");
    for kind in ["HTTPRoute", "GRPCRoute"] {
        cases(
            kind,
            "{rules: [{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1}, %}}]}]}",
            &["percent: 0", "percent: 100", "fraction: {numerator: 100}", "fraction: {numerator: 5, denominator: 5}"],
            &[
                ("percent: 1, fraction: {numerator: 1}", &[&fraction]),
                ("percent: 101", &[&format!("GW1006 {at}.percent")]),
                ("fraction: {numerator: 101}", &[&format!("{fraction}.numerator")]),
                ("fraction: {numerator: -1}", &[&format!("GW1006 {at}.fraction.numerator")]),
                ("fraction: {numerator: 0, denominator: 0}", &[&format!("GW1006 {at}.fraction.denominator")]),
                ("fraction: {}", &[&format!("GW1004 {at}.fraction.numerator")]),
            ],
        );
    }
}

#[test]
fn cors_wildcards_stand_alone() {
    let at = "GW1009 spec.rules[0].filters[0].cors";
    cases(
        "HTTPRoute",
        "{rules: [{filters: [{type: CORS, cors: {%}}]}]}",
        &[
            "allowMethods: ['*'], allowHeaders: ['*'], allowOrigins: ['*']",
            "exposeHeaders: ['*', a]",
            "allowMethods: [GET, PUT]",
        ],
        &[
            ("allowMethods: ['*', GET]", &[&format!("{at}.allowMethods[0]")]),
            ("allowHeaders: [a, '*']", &[&format!("{at}.allowHeaders[1]")]),
            ("allowOrigins: ['http://a', '*']", &[&format!("{at}.allowOrigins[1]")]),
        ],
    );
}

#[test]
fn external_auth_has_the_field_of_its_protocol() {
    let at = "GW1009 spec.rules[0].filters[0].externalAuth";
    cases(
        "HTTPRoute",
        "{rules: [{filters: [{type: ExternalAuth, externalAuth: {backendRef: {name: a, port: 1}, %}}]}]}",
        &[
            "protocol: HTTP, http: {path: /a, allowedHeaders: [a b]}",
            "protocol: GRPC, grpc: {}",
            "protocol: GRPC, grpc: {}, forwardBody: {maxSize: -1}",
        ],
        &[
            ("protocol: HTTP", &[&format!("{at}.http")]),
            ("protocol: GRPC", &[&format!("{at}.grpc")]),
            ("protocol: GRPC, grpc: {}, http: {}", &[&format!("{at}.http")]),
            ("protocol: HTTP, http: {}, grpc: {}", &[&format!("{at}.grpc")]),
            ("protocol: HTTP, http: {path: '/[]'}", &["GW1007 spec.rules[0].filters[0].externalAuth.http.path"]),
        ],
    );
    refuses(
        "HTTPRoute",
        "{rules: [{filters: [{type: ExternalAuth, externalAuth: {http: {path: '/[]'}}}]}]}",
        &[
            "GW1004 spec.rules[0].filters[0].externalAuth.backendRef",
            "GW1004 spec.rules[0].filters[0].externalAuth.protocol",
            "GW1007 spec.rules[0].filters[0].externalAuth.http.path",
        ],
    );
}

#[test]
fn literal_paths_are_absolute_normal_and_clean() {
    let at = "GW1009 spec.rules[0].matches[0].path.value";
    let template = "{rules: [{matches: [{path: {type: Exact, value: '%'}}]}]}";
    cases(
        "HTTPRoute",
        template,
        &["/", "/a.b/..c/~!$&()*+,;=:@", "/a/", "/a%20b", "/...", "/a%2e"],
        &[
            ("", &[at]),
            ("a", &[at]),
            ("/a//b", &[at]),
            ("/./", &[at]),
            ("/a/../b", &[at]),
            ("/a%2fb", &[at]),
            ("/a%2Fb", &[at]),
            ("/a#b", &[at]),
            ("/a/..", &[at]),
            ("/a/.", &[at]),
            ("/[]", &[at]),
            ("/^", &[at]),
            ("/é", &[at]),
            ("//./", &[at, at]),
        ],
    );
    cases("HTTPRoute", &template.replace("Exact", "RegularExpression"), &["", "^/a[]#", "//"], &[]);
    cases("HTTPRoute", "{rules: [{matches: [{path: {value: %}}]}]}", &["/a"], &[("a", &[at])]);
}

#[test]
fn matches_of_a_route_are_at_most_128() {
    for kind in ["HTTPRoute", "GRPCRoute"] {
        let rule =
            |count: usize| format!("{{matches: [{}]}}", vec!["{headers: [{name: a, value: b}]}"; count].join(", "));
        accepts(kind, &format!("{{rules: [{}, {}]}}", rule(64), rule(64)));
        refuses(kind, &format!("{{rules: [{}, {}, {}]}}", rule(64), rule(64), rule(1)), &["GW1009 spec.rules"]);
    }
}

#[test]
fn rule_names_are_unique_in_the_experimental_channel() {
    for kind in ["HTTPRoute", "GRPCRoute"] {
        accepts(kind, "{rules: [{name: a}, {name: b}, {}, {}]}");
        refuses(kind, "{rules: [{name: a}, {name: b}, {name: a}]}", &["GW1009 spec.rules[2].name"]);
        assert_eq!(check(kind, "{rules: [{name: a}, {name: a}]}", Channel::Standard), Vec::<String>::new());
    }
}

#[test]
fn a_redirecting_rule_has_no_backends() {
    let redirect = "filters: [{type: RequestRedirect, requestRedirect: {}}]";
    accepts("HTTPRoute", &format!("{{rules: [{{{redirect}}}]}}"));
    accepts("HTTPRoute", &format!("{{rules: [{{{redirect}, backendRefs: []}}]}}"));
    refuses(
        "HTTPRoute",
        &format!("{{rules: [{{{redirect}, backendRefs: [{{name: a, port: 1}}]}}]}}"),
        &["GW1009 spec.rules[0].backendRefs"],
    );
}

#[test]
fn replacing_a_prefix_needs_one_prefix_match() {
    let at: &[&str] = &["GW1009 spec.rules[0].matches"];
    for (kind, member) in [("RequestRedirect", "requestRedirect"), ("URLRewrite", "urlRewrite")] {
        let filter = format!(
            "filters: [{{type: {kind}, {member}: {{path: {{type: ReplacePrefixMatch, replacePrefixMatch: /b}}}}}}]"
        );
        let good = ["matches: [{path: {value: /a}}]", "matches: [{}]"];
        let bad: [(&str, &[&str]); 3] = [
            ("matches: [{path: {value: /a}}, {path: {value: /b}}]", at),
            ("matches: [{path: {type: RegularExpression, value: /a}}]", at),
            ("matches: []", at),
        ];
        cases("HTTPRoute", &format!("{{rules: [{{{filter}, %}}]}}"), &good, &bad);
        let backend = format!("{{name: a, port: 1, {filter}}}");
        cases("HTTPRoute", &format!("{{rules: [{{backendRefs: [{backend}], %}}]}}"), &good, &bad);
        // The API does not look where several backends replace a prefix.
        accepts("HTTPRoute", &format!("{{rules: [{{backendRefs: [{backend}, {backend}], matches: []}}]}}"));
        let full = filter.replace("ReplacePrefixMatch, replacePrefixMatch", "ReplaceFullPath, replaceFullPath");
        accepts("HTTPRoute", &format!("{{rules: [{{{full}, matches: [{{}}, {{}}]}}]}}"));
    }
}

#[test]
fn the_backend_timeout_is_within_the_request_timeout() {
    cases(
        "HTTPRoute",
        "{rules: [{timeouts: {%}}]}",
        &[
            "request: 1s, backendRequest: 200ms",
            "request: 10s, backendRequest: 10s",
            "request: 1h, backendRequest: 60m",
            "request: 0s, backendRequest: 1h",
            "request: 0h0m, backendRequest: 1ms",
            "backendRequest: 1h",
            "request: 1h30m10s20ms",
        ],
        &[("request: 200ms, backendRequest: 1s", &["GW1009 spec.rules[0].timeouts.backendRequest"])],
    );
}

#[test]
fn grpc_matches_name_a_service_or_a_method() {
    let at = "GW1009 spec.rules[0].matches[0].method";
    let (service, method) = (format!("{at}.service"), format!("{at}.method"));
    cases(
        "GRPCRoute",
        "{rules: [{matches: [{method: {%}}]}]}",
        &[
            "service: foo.Bar_1",
            "service: .foo.bar",
            "method: login",
            "type: RegularExpression, service: '.*', method: ''",
            "type: Exact, service: a, method: b",
        ],
        &[
            ("", &[at]),
            ("type: Exact", &[at]),
            ("service: 'a.*', method: '.*'", &[&method, &service]),
            ("service: ''", &[&service]),
            ("method: 1a", &[&method]),
            ("type: Exact, service: 'a/b'", &[&service]),
        ],
    );
}

#[test]
fn hostnames_of_tls_routes_are_dns_names() {
    cases(
        "TLSRoute",
        "{hostnames: ['%'], rules: [{backendRefs: [{name: a, port: 1}]}]}",
        &["a.b", "*.a.b", "1.2.3"],
        &[("1.2.3.4", &["GW1009 spec.hostnames[0]"]), ("http://a<", &["GW1007 spec.hostnames[0]"])],
    );
}

#[test]
fn sessions_are_consistent() {
    let at = "spec.rules[0].sessionPersistence";
    let (timeout, config) = (format!("GW1009 {at}.absoluteTimeout"), format!("GW1009 {at}.cookieConfig"));
    for kind in ["HTTPRoute", "GRPCRoute"] {
        cases(
            kind,
            "{rules: [{sessionPersistence: {%}}]}",
            &[
                "",
                "cookieConfig: {}",
                "cookieConfig: {lifetimeType: Permanent}, absoluteTimeout: 1h",
                "type: Header, sessionName: a",
                "type: Cookie, cookieConfig: {lifetimeType: Session}",
            ],
            &[
                ("cookieConfig: {lifetimeType: Permanent}", &[&timeout]),
                ("type: Header, cookieConfig: {}", &[&config]),
                ("idleTimeout: 1h", &[&format!("GW1001 {at}.idleTimeout")]),
            ],
        );
    }
}

#[test]
fn targets_of_a_backend_tls_policy_are_told_apart() {
    let template = "{validation: {hostname: a.b, wellKnownCACertificates: System}, targetRefs: [%]}";
    let target = |name: &str, more: &str| format!("{{group: '', kind: Service, name: {name}{more}}}");
    let accepted = [
        target("a", ""),
        target("a", ", sectionName: x"),
        format!("{}, {}", target("a", ", sectionName: x"), target("a", ", sectionName: y")),
        format!("{}, {}", target("a", ""), target("b", "")),
        format!("{}, {{group: '', kind: Other, name: a}}", target("a", "")),
        format!("{}, {{group: x.y, kind: Service, name: a}}", target("a", "")),
    ];
    cases(
        "BackendTLSPolicy",
        template,
        &accepted.each_ref().map(String::as_str),
        &[
            (&format!("{}, {}", target("a", ""), target("a", "")), &["GW1009 spec.targetRefs[1]"]),
            (&format!("{}, {}", target("a", ""), target("a", ", sectionName: x")), &["GW1009 spec.targetRefs[1]"]),
            (
                &format!("{}, {}", target("a", ", sectionName: x"), target("a", ", sectionName: x")),
                &["GW1009 spec.targetRefs[1]"],
            ),
        ],
    );
}

#[test]
fn a_backend_tls_policy_validates_against_one_source() {
    let template = "{targetRefs: [{group: '', kind: Service, name: a}], validation: {%}}";
    let refs = "caCertificateRefs: [{group: '', kind: ConfigMap, name: a}]";
    let system = "hostname: a.b, wellKnownCACertificates: System";
    let san = |san: &str| format!("{system}, subjectAltNames: [{{{san}}}]");
    let accepted = [
        system.to_owned(),
        format!("hostname: a.b, {refs}"),
        "hostname: a.b, wellKnownCACertificates: a.b/c".to_owned(),
        san("type: Hostname, hostname: '*.a'"),
        san("type: URI, uri: 'spiffe://a/b'"),
        format!("hostname: a.b, {refs}, wellKnownCACertificates: null"),
    ];
    let at = "spec.validation";
    let (hostname, uri) =
        (format!("GW1009 {at}.subjectAltNames[0].hostname"), format!("GW1009 {at}.subjectAltNames[0].uri"));
    let none = format!("GW1009 {at}.caCertificateRefs");
    let both = format!("GW1009 {at}.wellKnownCACertificates");
    let form = format!("GW1007 {at}.wellKnownCACertificates");
    let empty = format!("GW1006 {at}.hostname");
    let bad_uri = format!("GW1007 {at}.subjectAltNames[0].uri");
    cases(
        "BackendTLSPolicy",
        template,
        &accepted.each_ref().map(String::as_str),
        &[
            ("hostname: a.b", &[&none]),
            ("hostname: a.b, caCertificateRefs: []", &[&none]),
            ("hostname: ''", &[&empty, &none]),
            (&format!("{system}, {refs}"), &[&both]),
            ("hostname: a.b, wellKnownCACertificates: Foo", &[&form]),
            ("hostname: a.b, wellKnownCACertificates: /foo", &[&form]),
            ("hostname: a.b, wellKnownCACertificates: -a/foo", &[&form]),
            (&san("type: Hostname"), &[&hostname]),
            (&san("type: URI, hostname: a, uri: 'a://b'"), &[&hostname]),
            (&san("type: URI"), &[&uri]),
            (&san("type: Hostname, hostname: a, uri: 'a://b'"), &[&uri]),
            (&san("type: URI, uri: foo"), &[&bad_uri]),
        ],
    );
}

#[test]
fn an_external_backend_has_a_hostname() {
    cases(
        "XBackend",
        "{type: ExternalHostname, port: {port: 1%",
        &[
            "}, externalHostname: {hostname: a.b}}",
            ", name: a-b}, externalHostname: {hostname: 1.2.3.4}}",
            ", name: ''}, externalHostname: {hostname: a.b}, tls: {mode: ClientAndServer, clientCertificateRef: {name: a}}}",
            "}, externalHostname: {hostname: a.b}, tls: {mode: None}}",
        ],
        &[
            ("}}", &["GW1009 spec.externalHostname"]),
            ("}, externalHostname: {hostname: a.cluster.local}}", &["GW1009 spec.externalHostname.hostname"]),
            (", name: A}, externalHostname: {hostname: a.b}}", &["GW1009 spec.port.name"]),
            (
                "}, externalHostname: {hostname: a.b}, tls: {mode: ClientAndServer}}",
                &["GW1009 spec.tls.clientCertificateRef"],
            ),
            (
                "}, externalHostname: {hostname: a.b}, tls: {mode: None, clientCertificateRef: {name: a}}}",
                &["GW1009 spec.tls.clientCertificateRef"],
            ),
        ],
    );
}

#[test]
fn intervals_of_retry_budgets_are_bounded() {
    let budget: &[&str] = &["GW1009 spec.retryConstraint.budget.interval"];
    let rate: &[&str] = &["GW1009 spec.retryConstraint.minRetryRate.interval"];
    cases(
        "XBackendTrafficPolicy",
        "{targetRefs: [{group: '', kind: Service, name: a}], retryConstraint: {%}}",
        &[
            "",
            "budget: {interval: 1s}",
            "budget: {interval: 60m, percent: 0}",
            "minRetryRate: {interval: 1ms}",
            "minRetryRate: {}",
        ],
        &[
            ("budget: {interval: 1h1s}", budget),
            ("budget: {interval: 999ms}", budget),
            ("minRetryRate: {interval: 2h}", rate),
            ("minRetryRate: {interval: 0s}", rate),
            ("minRetryRate: {count: 0}", &["GW1006 spec.retryConstraint.minRetryRate.count"]),
            ("budget: {percent: 101}", &["GW1006 spec.retryConstraint.budget.percent"]),
        ],
    );
}

#[test]
fn a_broken_rule_is_found_beside_errors_elsewhere_in_the_object() {
    // A backend without a port, which is a broken rule, beside other errors.
    let rule = "GW1009 spec.rules[0].backendRefs[0].port";
    for other in [
        "hostnames: [1]",
        "parentRefs: [{}]",
        "useDefaultGateways: Some",
        "parentRefs: [{name: a, port: 5000000000}]",
        "hostnames: ['http://a<']",
        "parentRefs: [{name: a, port: 0}]",
        "colour: red",
    ] {
        let spec = format!("{{rules: [{{backendRefs: [{{name: a}}]}}], {other}}}");
        let found = check("HTTPRoute", &spec, Channel::Experimental);
        assert!(found.contains(&rule.to_owned()), "{other}: {found:?}");
        assert_eq!(found.len(), 2, "{other}: {found:?}");
    }
}

#[test]
fn errors_of_shape_keep_rules_about_the_same_value_from_being_checked() {
    for (spec, wanted) in [
        (
            "{rules: [{backendRefs: [{port: '80'}]}]}",
            &["spec.rules[0].backendRefs[0].port", "spec.rules[0].backendRefs[0].name"][..],
        ),
        ("{rules: [{filters: [{type: Cors, cors: {}}]}]}", &["spec.rules[0].filters[0].type"]),
        ("{rules: [{filters: [{cors: {}}]}]}", &["spec.rules[0].filters[0].type"]),
        ("{parentRefs: [{name: a}, {name: a, port: x}]}", &["spec.parentRefs[1].port"]),
        ("{rules: [{matches: [{path: {type: prefix, value: a}}]}]}", &["spec.rules[0].matches[0].path.type"]),
    ] {
        let found = check("HTTPRoute", spec, Channel::Experimental);
        let paths: Vec<&str> = found.iter().filter_map(|line| line.split(' ').nth(1)).collect();
        assert_eq!(paths, wanted, "{spec}: {found:?}");
    }
}
