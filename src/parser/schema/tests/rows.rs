//! Fields: types, nulls, defaults, requirement, enumerations, bounds, forms, lists.

use crate::options::Channel;
use crate::parser::any_object::AnyObject;
use crate::parser::api::{FromNamespaces, PathMatchType};
use crate::parser::object::Outcome;

use super::{accepts, findings, read_in, refuses, yaml};

/// An HTTPRoute with one rule of this content.
fn rule(content: &str) -> String {
    format!("{{rules: [{content}]}}")
}

fn listener(content: &str) -> String {
    format!("{{gatewayClassName: c, listeners: [{{name: a, port: 80, protocol: HTTP{content}}}]}}")
}

#[test]
fn defaults_cascade_through_an_http_route() {
    for spec in
        ["{}", "{rules: null}", "{rules: [{}]}", "{rules: [{matches: [{}]}]}", "{rules: [{matches: [{path: {}}]}]}"]
    {
        let object = yaml(&format!(
            "{{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {{name: a}}, spec: {spec}}}"
        ));
        let (Outcome::Read(AnyObject::HttpRoute(route)), _) = read_in(object, Channel::Standard) else {
            panic!("{spec} was not read")
        };
        let path = &route.spec.rules[0].matches[0].path;
        assert_eq!((path.match_type, path.value.as_str()), (PathMatchType::PathPrefix, "/"), "{spec}");
    }
}

#[test]
fn an_explicit_empty_list_is_not_defaulted() {
    refuses("HTTPRoute", "{rules: []}", &["GW1006 spec.rules"]);
    accepts("HTTPRoute", "{rules: [{matches: []}]}");
}

#[test]
fn defaults_of_a_listener_are_filled_in() {
    let spec = listener(", allowedRoutes: {kinds: [{kind: HTTPRoute}]}");
    let object = yaml(&format!(
        "{{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {{name: a}}, spec: {spec}}}"
    ));
    let (Outcome::Read(AnyObject::Gateway(gateway)), _) = read_in(object, Channel::Standard) else { panic!() };
    let routes = &gateway.spec.listeners[0].allowed_routes;
    assert_eq!(routes.namespaces.from, FromNamespaces::Same);
    assert_eq!(routes.kinds[0].group, "gateway.networking.k8s.io");
}

#[test]
fn null_is_dropped_unless_it_is_required_or_an_item() {
    accepts("HTTPRoute", "{hostnames: null, parentRefs: [{name: a, namespace: null, group: null}]}");
    accepts("Gateway", &listener(", tls: null, hostname: null, allowedRoutes: null"));
    accepts(
        "Gateway",
        "{gatewayClassName: c, infrastructure: {labels: {a: null}}, listeners: [{name: a, port: 80, protocol: HTTP}]}",
    );
    refuses("HTTPRoute", "{parentRefs: [{name: null}]}", &["GW1004 spec.parentRefs[0].name"]);
    refuses("HTTPRoute", "{hostnames: [null]}", &["GW1003 spec.hostnames[0]"]);
    refuses("HTTPRoute", "{rules: [null]}", &["GW1003 spec.rules[0]"]);
    refuses("HTTPRoute", "null", &["GW1004 spec"]);
}

#[test]
fn types_are_those_of_json() {
    for (spec, wanted) in [
        ("{hostnames: a.com}", "GW1003 spec.hostnames"),
        ("{hostnames: {a: b}}", "GW1003 spec.hostnames"),
        ("{hostnames: [1]}", "GW1003 spec.hostnames[0]"),
        ("{hostnames: [true]}", "GW1011 spec.hostnames[0]"),
        ("{parentRefs: [a]}", "GW1003 spec.parentRefs[0]"),
        ("{parentRefs: [{name: 1}]}", "GW1003 spec.parentRefs[0].name"),
        ("{parentRefs: [{name: a, port: '80'}]}", "GW1003 spec.parentRefs[0].port"),
        ("{parentRefs: [{name: a, port: 80.5}]}", "GW1003 spec.parentRefs[0].port"),
        (
            "{rules: [{filters: [{type: CORS, cors: {allowCredentials: 'true'}}]}]}",
            "GW1003 spec.rules[0].filters[0].cors.allowCredentials",
        ),
        ("[]", "GW1003 spec"),
    ] {
        refuses("HTTPRoute", spec, &[wanted]);
    }
    accepts(
        "HTTPRoute",
        "{hostnames: ['1.2.3.4'], rules: [{filters: [{type: CORS, cors: {allowCredentials: true}}]}]}",
    );
}

#[test]
fn unknown_fields_are_found_at_any_depth() {
    refuses(
        "HTTPRoute",
        "{rulez: [], rules: [{backendrefs: [], matches: [{path: {kind: Exact}}]}]}",
        &["GW1001 spec.rules[0].backendrefs", "GW1001 spec.rules[0].matches[0].path.kind", "GW1001 spec.rulez"],
    );
    refuses("TCPRoute", "{hostnames: [], rules: [{backendRefs: [{name: a, port: 1}]}]}", &["GW1001 spec.hostnames"]);
}

#[test]
fn required_fields_must_be_there() {
    for (kind, spec, wanted) in [
        ("Gateway", "{}", &["GW1004 spec.gatewayClassName", "GW1004 spec.listeners"][..]),
        ("GatewayClass", "{}", &["GW1004 spec.controllerName"]),
        ("ListenerSet", "{}", &["GW1004 spec.listeners", "GW1004 spec.parentRef"]),
        ("TLSRoute", "{}", &["GW1004 spec.hostnames", "GW1004 spec.rules"]),
        ("TCPRoute", "{rules: [{}]}", &["GW1004 spec.rules[0].backendRefs"]),
        ("ReferenceGrant", "{to: [{group: '', kind: Service}]}", &["GW1004 spec.from"]),
        ("ReferenceGrant", "{from: [{group: '', kind: X, namespace: a}]}", &["GW1004 spec.to"]),
        (
            "ReferenceGrant",
            "{from: [{group: '', kind: X}], to: [{group: '', kind: Service}]}",
            &["GW1004 spec.from[0].namespace"],
        ),
        ("BackendTLSPolicy", "{}", &["GW1004 spec.targetRefs", "GW1004 spec.validation"]),
        ("XBackend", "{}", &["GW1004 spec.port", "GW1004 spec.type"]),
        ("XBackendTrafficPolicy", "{}", &["GW1004 spec.targetRefs"]),
        ("XMesh", "{}", &["GW1004 spec.controllerName"]),
        ("HTTPRoute", "{rules: [{filters: [{}]}]}", &["GW1004 spec.rules[0].filters[0].type"]),
    ] {
        refuses(kind, spec, wanted);
    }
    accepts("HTTPRoute", "{}");
    accepts("GRPCRoute", "{}");
}

#[test]
fn enumerations_are_closed_and_know_letter_case() {
    for (content, path) in [
        ("matches: [{method: NOTREAL}]", "matches[0].method"),
        ("matches: [{method: get}]", "matches[0].method"),
        ("matches: [{path: {type: Prefix}}]", "matches[0].path.type"),
        ("matches: [{headers: [{name: a, value: b, type: Regex}]}]", "matches[0].headers[0].type"),
        ("filters: [{type: Redirect}]", "filters[0].type"),
        (
            "filters: [{type: RequestRedirect, requestRedirect: {statusCode: 200}}]",
            "filters[0].requestRedirect.statusCode",
        ),
        ("filters: [{type: RequestRedirect, requestRedirect: {scheme: ftp}}]", "filters[0].requestRedirect.scheme"),
        ("filters: [{type: CORS, cors: {allowMethods: [BAZINGA]}}]", "filters[0].cors.allowMethods[0]"),
    ] {
        refuses("HTTPRoute", &rule(&format!("{{{content}}}")), &[&format!("GW1005 spec.rules[0].{path}")]);
    }
    for code in [301, 302, 303, 307, 308] {
        let filter = format!("{{filters: [{{type: RequestRedirect, requestRedirect: {{statusCode: {code}}}}}]}}");
        accepts("HTTPRoute", &rule(&filter));
    }
    refuses(
        "XBackend",
        "{type: ExternalHostname, externalHostname: {hostname: a.b}, port: {port: 1}, protocol: GRPC}",
        &["GW1005 spec.protocol"],
    );
}

#[test]
fn numbers_keep_their_bounds() {
    for (port, is_good) in [
        ("1", true),
        ("65535", true),
        ("0", false),
        ("-1", false),
        ("65536", false),
        ("123456789", false),
        ("5000000000", false),
    ] {
        let spec = format!("{{parentRefs: [{{name: a, port: {port}}}]}}");
        if is_good {
            accepts("HTTPRoute", &spec);
        } else {
            refuses("HTTPRoute", &spec, &["GW1006 spec.parentRefs[0].port"]);
        }
    }
    for (weight, is_good) in [(0, true), (1_000_000, true), (1_000_001, false), (-1, false)] {
        let spec = format!("{{backendRefs: [{{name: a, port: 1, weight: {weight}}}]}}");
        if is_good {
            accepts("HTTPRoute", &rule(&spec));
        } else {
            refuses("HTTPRoute", &rule(&spec), &["GW1006 spec.rules[0].backendRefs[0].weight"]);
        }
    }
    refuses(
        "HTTPRoute",
        &rule("{retry: {attempts: 0, codes: [399, 600]}}"),
        &[
            "GW1006 spec.rules[0].retry.attempts",
            "GW1006 spec.rules[0].retry.codes[0]",
            "GW1006 spec.rules[0].retry.codes[1]",
        ],
    );
    accepts("HTTPRoute", &rule("{retry: {attempts: 5000000000, codes: [400, 599]}}"));
    refuses(
        "HTTPRoute",
        &rule("{filters: [{type: CORS, cors: {maxAge: 0}}]}"),
        &["GW1006 spec.rules[0].filters[0].cors.maxAge"],
    );
    refuses(
        "HTTPRoute",
        &rule("{filters: [{type: CORS, cors: {maxAge: 2147483648}}]}"),
        &["GW1006 spec.rules[0].filters[0].cors.maxAge"],
    );
    accepts("HTTPRoute", &rule("{filters: [{type: CORS, cors: {maxAge: 2147483647}}]}"));
}

#[test]
fn lengths_count_characters() {
    let description = |text: &str| format!("{{controllerName: a.b/c, description: {text}}}");
    accepts("GatewayClass", &description(&"é".repeat(64)));
    refuses("GatewayClass", &description(&"é".repeat(65)), &["GW1006 spec.description"]);
    refuses("HTTPRoute", "{parentRefs: [{name: ''}]}", &["GW1006 spec.parentRefs[0].name"]);
    accepts("HTTPRoute", &format!("{{parentRefs: [{{name: {}}}]}}", "a".repeat(253)));
    refuses(
        "HTTPRoute",
        &format!("{{parentRefs: [{{name: {}}}]}}", "a".repeat(254)),
        &["GW1006 spec.parentRefs[0].name"],
    );
}

#[test]
fn lists_and_maps_keep_their_bounds() {
    let many = |item: &str, count: usize| vec![item; count].join(", ");
    accepts("HTTPRoute", &format!("{{hostnames: [{}]}}", many("a.com", 16)));
    refuses("HTTPRoute", &format!("{{hostnames: [{}]}}", many("a.com", 17)), &["GW1006 spec.hostnames"]);
    refuses("HTTPRoute", &format!("{{rules: [{}]}}", many("{}", 17)), &["GW1006 spec.rules"]);
    refuses("HTTPRoute", &rule(&format!("{{matches: [{}]}}", many("{}", 65))), &["GW1006 spec.rules[0].matches"]);
    refuses("GRPCRoute", &format!("{{rules: [{}]}}", many("{}", 17)), &["GW1006 spec.rules"]);
    refuses("TLSRoute", "{hostnames: [], rules: [{backendRefs: [{name: a, port: 1}]}]}", &["GW1006 spec.hostnames"]);
    let tls =
        |count| format!("{{hostnames: [{}], rules: [{{backendRefs: [{{name: a, port: 1}}]}}]}}", many("a.com", count));
    accepts("TLSRoute", &tls(1024));
    refuses("TLSRoute", &tls(1025), &["GW1006 spec.hostnames"]);
    refuses("TCPRoute", "{rules: [{backendRefs: []}]}", &["GW1006 spec.rules[0].backendRefs"]);
    let l4 = "{backendRefs: [{name: a, port: 1}]}";
    refuses("TCPRoute", &format!("{{rules: [{l4}, {l4}]}}"), &["GW1006 spec.rules"]);
    let labels: Vec<String> = (0..9).map(|index| format!("k{index}: v")).collect();
    let gateway = format!(
        "{{gatewayClassName: c, infrastructure: {{labels: {{{}}}}}, listeners: [{{name: a, port: 80, protocol: HTTP}}]}}",
        labels.join(", ")
    );
    refuses("Gateway", &gateway, &["GW1006 spec.infrastructure.labels"]);
}

#[test]
fn forms_are_checked() {
    for (kind, spec, path) in [
        ("HTTPRoute", "{hostnames: ['http://a<']}", "spec.hostnames[0]"),
        ("HTTPRoute", "{hostnames: ['*.*.a']}", "spec.hostnames[0]"),
        ("HTTPRoute", "{hostnames: [A.com]}", "spec.hostnames[0]"),
        ("HTTPRoute", "{rules: [{name: A}]}", "spec.rules[0].name"),
        ("HTTPRoute", "{parentRefs: [{name: a, group: '*'}]}", "spec.parentRefs[0].group"),
        ("HTTPRoute", "{parentRefs: [{name: a, kind: '*'}]}", "spec.parentRefs[0].kind"),
        ("HTTPRoute", "{parentRefs: [{name: a, namespace: a.b}]}", "spec.parentRefs[0].namespace"),
        ("HTTPRoute", "{parentRefs: [{name: a, sectionName: 'bad>'}]}", "spec.parentRefs[0].sectionName"),
        (
            "HTTPRoute",
            "{rules: [{matches: [{headers: [{name: magic/, value: b}]}]}]}",
            "spec.rules[0].matches[0].headers[0].name",
        ),
        ("HTTPRoute", "{rules: [{timeouts: {request: 1d}}]}", "spec.rules[0].timeouts.request"),
        ("HTTPRoute", "{rules: [{timeouts: {request: 100us}}]}", "spec.rules[0].timeouts.request"),
        ("HTTPRoute", "{rules: [{timeouts: {backendRequest: 0.5s}}]}", "spec.rules[0].timeouts.backendRequest"),
        ("GatewayClass", "{controllerName: example}", "spec.controllerName"),
        (
            "HTTPRoute",
            "{rules: [{filters: [{type: RequestRedirect, requestRedirect: {hostname: '*.a.com'}}]}]}",
            "spec.rules[0].filters[0].requestRedirect.hostname",
        ),
        (
            "HTTPRoute",
            "{rules: [{filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: a, value: \"b\\nc\"}]}}]}]}",
            "spec.rules[0].filters[0].responseHeaderModifier.add[0].value",
        ),
    ] {
        refuses(kind, spec, &[&format!("GW1007 {path}")]);
    }
    // All-numeric names are hostnames by form, and header values of a GRPCRoute have none.
    accepts("HTTPRoute", "{hostnames: ['1.2.3.4', '*.a', a-b.c]}");
    accepts("GRPCRoute", "{rules: [{matches: [{headers: [{name: a, value: \"b\\nc\"}]}]}]}");
}

#[test]
fn origins_have_the_form_scheme_host_port() {
    let cors = |origin: &str| rule(&format!("{{filters: [{{type: CORS, cors: {{allowOrigins: ['{origin}']}}}}]}}"));
    for origin in ["*", "http://*.com", "https://a.com", "https://*", "http://a:8080", "http://a:99999"] {
        accepts("HTTPRoute", &cors(origin));
    }
    for origin in [
        "xpto.com",
        "https://xpto.com:notaport",
        "xpto/https://xpto.com",
        "http://www.example.com:111111",
        "http://www.example.com:",
        "http://www.example.com/cart",
        "spiffe://www.example.com",
        "http://*bar.com",
        "http://bar*.com",
        "http://bar.*.com",
        "http://*bar",
        "http://bar*",
        "http://*.bar.*.dev",
        "null",
    ] {
        refuses("HTTPRoute", &cors(origin), &["GW1007 spec.rules[0].filters[0].cors.allowOrigins[0]"]);
    }
}

#[test]
fn lists_with_identities_refuse_equal_items() {
    let headers = |list: &str| rule(&format!("{{matches: [{{headers: [{list}]}}]}}"));
    refuses(
        "HTTPRoute",
        &headers("{name: a, value: b}, {name: a, value: c}"),
        &["GW1008 spec.rules[0].matches[0].headers[1]"],
    );
    accepts("HTTPRoute", &headers("{name: foo, value: b}, {name: Foo, value: c}"));
    refuses(
        "HTTPRoute",
        &rule("{matches: [{queryParams: [{name: a, value: b}, {name: a, value: c}]}]}"),
        &["GW1008 spec.rules[0].matches[0].queryParams[1]"],
    );
    let remove = "{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [a, b, a]}}]}";
    refuses("HTTPRoute", &rule(remove), &["GW1008 spec.rules[0].filters[0].requestHeaderModifier.remove[2]"]);
    refuses("HTTPRoute", &rule("{retry: {codes: [500, 500]}}"), &["GW1008 spec.rules[0].retry.codes[1]"]);
    let codes: Vec<String> = (400..500).chain([450]).map(|code| code.to_string()).collect();
    let retry = format!("{{retry: {{codes: [{}]}}}}", codes.join(", "));
    refuses("HTTPRoute", &rule(&retry), &["GW1008 spec.rules[0].retry.codes[100]"]);
    let target = "{group: '', kind: Service, name: a}";
    refuses("XBackendTrafficPolicy", &format!("{{targetRefs: [{target}, {target}]}}"), &["GW1008 spec.targetRefs[1]"]);
    let ports = "{port: 1, tls: {}}, {port: 1, tls: {}}";
    refuses(
        "Gateway",
        &format!(
            "{{gatewayClassName: c, listeners: [{{name: a, port: 80, protocol: HTTP}}], tls: {{frontend: {{default: {{}}, perPort: [{ports}]}}}}}}"
        ),
        &["GW1008 spec.tls.frontend.perPort[1]"],
    );
}

#[test]
fn every_problem_of_an_object_is_reported() {
    refuses(
        "Gateway",
        "{gatewayClassName: 1, colour: red, listeners: [{name: 'bad>', port: 0, protocol: HTTP}, {port: 80, protocol: HTTP}]}",
        &[
            "GW1001 spec.colour",
            "GW1003 spec.gatewayClassName",
            "GW1004 spec.listeners[1].name",
            "GW1006 spec.listeners[0].port",
            "GW1007 spec.listeners[0].name",
        ],
    );
}

#[test]
fn findings_say_what_to_write() {
    let object = yaml(
        "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a},
          spec: {hostname: [a], rules: [{matches: [{path: {type: prefix}, method: on}], backendRefs: [{name: 1, port: '80'}]}]}}",
    );
    // A bare `on` is a boolean; serde_yaml reads YAML 1.2.
    let (_, diagnostics) = read_in(object, Channel::Experimental);
    let help = |path: &str| {
        let is_at = |path: &str, finding: &crate::diagnostics::Finding| {
            finding.path.as_ref().is_some_and(|other| other.to_string() == path)
        };
        diagnostics
            .findings()
            .iter()
            .find(|finding| is_at(path, finding))
            .and_then(|f| f.help.clone())
            .unwrap_or_default()
    };
    assert_eq!(help("spec.hostname"), "did you mean `hostnames`?");
    assert_eq!(help("spec.rules[0].backendRefs[0].name"), "quote it: `\"1\"`");
    assert_eq!(help("spec.rules[0].backendRefs[0].port"), "remove the quotes: `80`");
    assert!(help("spec.rules[0].matches[0].path.type").contains("`PathPrefix`"));
    assert_eq!(findings(&diagnostics).len(), 5);
}
