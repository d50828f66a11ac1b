//! Channels, versions and fields that are not released yet.

use crate::options::Channel::{Experimental, Standard};
use crate::parser::manifests::Kind;
use crate::parser::object::Outcome;
use crate::parser::schema::schemas;

use super::{check, findings, read_in, refuses, yaml};

fn object(api_version: &str, kind: &str, spec: &str) -> crate::parser::node::Node {
    yaml(&format!("{{apiVersion: {api_version}, kind: {kind}, metadata: {{name: a}}, spec: {spec}}}"))
}

#[test]
fn experimental_fields_are_unknown_in_the_standard_channel() {
    let listeners = "gatewayClassName: c, listeners: [{name: a, port: 80, protocol: HTTP}]";
    for (kind, spec, path) in [
        ("HTTPRoute", "{rules: [{retry: {attempts: 1}}]}".to_owned(), "spec.rules[0].retry"),
        ("HTTPRoute", "{rules: [{sessionPersistence: {}}]}".to_owned(), "spec.rules[0].sessionPersistence"),
        ("GRPCRoute", "{rules: [{sessionPersistence: {}}]}".to_owned(), "spec.rules[0].sessionPersistence"),
        ("HTTPRoute", "{useDefaultGateways: All}".to_owned(), "spec.useDefaultGateways"),
        ("Gateway", format!("{{defaultScope: All, {listeners}}}"), "spec.defaultScope"),
    ] {
        assert_eq!(check(kind, &spec, Experimental), Vec::<String>::new(), "{spec}");
        assert_eq!(check(kind, &spec, Standard), [format!("GW1001 {path}")], "{spec}");
        let node = object("gateway.networking.k8s.io/v1", kind, &spec);
        let help = read_in(node, Standard).1.findings()[0].help.clone().unwrap();
        assert!(help.contains("--channel experimental"), "{help}");
    }
}

#[test]
fn the_external_auth_filter_is_experimental() {
    let spec = "{rules: [{filters: [{type: ExternalAuth,
        externalAuth: {protocol: HTTP, http: {}, backendRef: {name: a, port: 1}}}]}]}";
    assert_eq!(check("HTTPRoute", spec, Experimental), Vec::<String>::new());
    let wanted = ["GW1001 spec.rules[0].filters[0].externalAuth", "GW1005 spec.rules[0].filters[0].type"];
    assert_eq!(check("HTTPRoute", spec, Standard), wanted);
}

#[test]
fn header_values_have_a_form_in_the_experimental_channel_only() {
    let spec = "{rules: [{matches: [{headers: [{name: a, value: 'b  c'}]}]}]}";
    assert_eq!(check("HTTPRoute", spec, Standard), Vec::<String>::new());
    assert_eq!(check("HTTPRoute", spec, Experimental), ["GW1007 spec.rules[0].matches[0].headers[0].value"]);
}

#[test]
fn parents_that_differ_by_port_only_are_one_in_the_standard_channel() {
    let spec = "{parentRefs: [{name: a, port: 80}, {name: a, port: 81}]}";
    assert_eq!(check("HTTPRoute", spec, Experimental), Vec::<String>::new());
    assert_eq!(check("HTTPRoute", spec, Standard), ["GW1009 spec.parentRefs[1]"]);
}

#[test]
fn unreleased_fields_are_read_with_a_warning() {
    let route = |session: &str| format!("{{rules: [{{sessionPersistence: {session}}}]}}");
    let at = "spec.rules[0].sessionPersistence";
    let warns = |session: &str, wanted: &[String]| {
        let node = object("gateway.networking.k8s.io/v1", "HTTPRoute", &route(session));
        let (outcome, diagnostics) = read_in(node, Experimental);
        assert!(matches!(outcome, Outcome::Read(_)), "{session}: {diagnostics:?}");
        assert_eq!(findings(&diagnostics), wanted);
    };
    warns("{cookie: {name: id}}", &[format!("GW5011 {at}.cookie")]);
    warns("{type: Header, header: {name: id}}", &[format!("GW5011 {at}.header")]);
    // What v1.6.1 accepts is accepted.
    warns("{}", &[]);
    warns("{type: Header, sessionName: x}", &[]);
    refuses(
        "HTTPRoute",
        &route("{type: Header, cookie: {lifetimeType: Permanent}}"),
        &[&format!("GW1009 {at}.absoluteTimeout"), &format!("GW1009 {at}.cookie"), &format!("GW5011 {at}.cookie")],
    );
    refuses(
        "HTTPRoute",
        &route("{header: {name: a}}"),
        &[&format!("GW1009 {at}.header"), &format!("GW5011 {at}.header")],
    );
}

#[test]
fn every_version_is_read_in_the_channels_that_serve_it() {
    for schema in schemas() {
        for channel in [Standard, Experimental] {
            let version = format!("{}/{}", schema.kind.group(), schema.version);
            let (_, diagnostics) = read_in(object(&version, schema.kind.name(), "{}"), channel);
            let lines = findings(&diagnostics);
            let is_refused = lines.iter().any(|line| line.starts_with("GW1010"));
            let is_deprecated = lines.iter().any(|line| line == "GW5010 apiVersion");
            assert_eq!(is_refused, !schema.served.is_in(channel), "{version} {channel:?} {lines:?}");
            assert_eq!(is_deprecated, schema.deprecated && !is_refused, "{version} {channel:?} {lines:?}");
        }
    }
}

#[test]
fn unknown_kinds_and_versions_name_the_ones_to_use() {
    let v1 = "gateway.networking.k8s.io/v1";
    for (api_version, kind, channel, path, wanted) in [
        (v1, "HttpRoute", Standard, "kind", "did you mean `kind: HTTPRoute`"),
        (v1, "XListenerSet", Standard, "kind", "`kind: ListenerSet` with `apiVersion: gateway.networking.k8s.io/v1`"),
        (v1, "ReferencePolicy", Standard, "kind", "write `kind: ReferenceGrant`"),
        (v1, "BackendLBPolicy", Experimental, "kind", "write `kind: XBackendTrafficPolicy`"),
        (v1, "XBackend", Experimental, "kind", "`apiVersion: gateway.networking.x-k8s.io/v1alpha1`"),
        ("gateway.networking.x-k8s.io/v1", "HTTPRoute", Standard, "kind", "gateway.networking.k8s.io/v1"),
        ("gateway.networking.x-k8s.io/v1alpha1", "XBackend", Standard, "kind", "--channel experimental"),
        (v1, "Zebra", Standard, "kind", "`GatewayClass`"),
        ("gateway.networking.k8s.io/v2", "HTTPRoute", Standard, "apiVersion", "gateway.networking.k8s.io/v1"),
        ("gateway.networking.k8s.io/v1alpha2", "BackendTLSPolicy", Experimental, "apiVersion", "the list `targetRefs`"),
        (
            "gateway.networking.k8s.io/v1alpha2",
            "XBackend",
            Experimental,
            "kind",
            "gateway.networking.x-k8s.io/v1alpha1",
        ),
        ("gateway.networking.k8s.io/v1alpha2", "TCPRoute", Standard, "apiVersion", "--channel experimental"),
        ("gateway.networking.k8s.io", "Gateway", Standard, "apiVersion", "gateway.networking.k8s.io/v1"),
    ] {
        let (outcome, diagnostics) = read_in(object(api_version, kind, "{}"), channel);
        assert!(matches!(outcome, Outcome::Refused { .. }));
        assert_eq!(findings(&diagnostics), [format!("GW1010 {path}")], "{api_version} {kind}");
        let help = diagnostics.findings()[0].help.clone().unwrap();
        assert!(help.contains(wanted), "{api_version} {kind}: {help}");
    }
}

#[test]
fn what_a_release_dropped_is_read_as_what_it_became() {
    let stable = "gateway.networking.k8s.io/v1alpha2";
    for (api_version, kind, became, spec) in [
        (stable, "GRPCRoute", Kind::GRPCRoute, "{hostnames: [a.example]}"),
        (
            stable,
            "ReferencePolicy",
            Kind::ReferenceGrant,
            "{from: [{group: a, kind: B, namespace: c}], to: [{group: a, kind: B}]}",
        ),
        (
            "gateway.networking.x-k8s.io/v1alpha1",
            "XListenerSet",
            Kind::ListenerSet,
            "{parentRef: {name: a}, listeners: [{name: a, port: 1, protocol: HTTP}]}",
        ),
        (
            stable,
            "BackendLBPolicy",
            Kind::XBackendTrafficPolicy,
            "{targetRefs: [{group: '', kind: Service, name: a}], sessionPersistence: {}}",
        ),
    ] {
        let (outcome, diagnostics) = read_in(object(api_version, kind, spec), Experimental);
        let Outcome::Read(read) = outcome else { panic!("{kind}: {:?}", diagnostics.findings()) };
        assert_eq!(read.key().kind, became);
        let found: Vec<_> = diagnostics.findings().iter().map(|finding| finding.code.id()).collect();
        assert_eq!(found, ["GW5110"], "{kind}");
    }
}

#[test]
fn a_kind_of_another_group_is_ignored() {
    for (api_version, kind) in
        [("example.com/v1", "HTTPRoute"), ("v1", "Pod"), ("apps/v1", "Deployment"), ("v1", "Route")]
    {
        let (outcome, diagnostics) = read_in(object(api_version, kind, "{}"), Standard);
        assert!(matches!(outcome, Outcome::Foreign(_)));
        assert_eq!(findings(&diagnostics), Vec::<String>::new());
    }
}

#[test]
fn older_versions_of_l4_and_tls_routes_are_looser() {
    let two = "{rules: [{name: a, backendRefs: [{name: a, port: 1}]}, {name: b, backendRefs: [{name: a, port: 1}]}]}";
    let same = two.replace("name: b,", "name: a,");
    for kind in ["TLSRoute", "TCPRoute", "UDPRoute"] {
        let at =
            |spec: &str| findings(&read_in(object("gateway.networking.k8s.io/v1alpha2", kind, spec), Experimental).1);
        assert_eq!(at(two), ["GW5010 apiVersion"]);
        assert_eq!(at(&same), ["GW1009 spec.rules[1].name", "GW5010 apiVersion"]);
    }
}
