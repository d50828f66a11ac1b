//! Tests of the reading of whole objects: metadata and core kinds.

use std::collections::BTreeSet;

use crate::diagnostics::{FieldPath, Location, Part};
use crate::options::Channel;
use crate::parser::api::{AddressType, L4Protocol, ServiceType, TargetPort};
use crate::parser::manifests::{Kind, Position};
use crate::parser::schema::tests::{findings, read_in, yaml};
use crate::parser::source::DocumentId;

use super::{AnyObject, Outcome, ReadOptions, read};

fn outcome(text: &str) -> (Outcome, Vec<String>) {
    let (outcome, diagnostics) = read_in(yaml(text), Channel::Standard);
    let lines = findings(&diagnostics);
    (outcome, lines)
}

fn class(metadata: &str) -> (Outcome, Vec<String>) {
    outcome(&format!(
        "{{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {metadata}, spec: {{controllerName: a.b/c}}}}"
    ))
}

fn route(metadata: &str) -> (Outcome, Vec<String>) {
    outcome(&format!("{{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {metadata}, spec: {{}}}}"))
}

fn core(api_version: &str, kind: &str, content: &str) -> (Outcome, Vec<String>) {
    outcome(&format!("{{apiVersion: {api_version}, kind: {kind}, metadata: {{name: a}}{content}}}"))
}

/// The paths of the findings; all must be about a core object that cannot be used.
fn core_paths(api_version: &str, kind: &str, content: &str) -> Vec<String> {
    let lines = core(api_version, kind, content).1;
    lines.iter().map(|line| line.strip_prefix("GW8009 ").unwrap_or(line).to_owned()).collect()
}

#[test]
fn metadata_is_read() {
    let (Outcome::Read(AnyObject::HttpRoute(route)), lines) = route(
        "{name: a.b, namespace: shop, labels: {x.y/z: '1', e: null}, annotations: {A.b/c: ' any '}, generation: 3,
          creationTimestamp: '2026-01-31T12:00:00.5+01:00', uid: 1, managedFields: [], finalizers: [x]}",
    ) else {
        panic!()
    };
    assert_eq!(lines, Vec::<String>::new());
    let metadata = &route.metadata;
    assert_eq!((metadata.namespace.as_str(), metadata.name.as_str(), metadata.generation), ("shop", "a.b", 3));
    assert_eq!(metadata.labels.get("x.y/z"), Some("1"));
    assert_eq!(metadata.labels.get("e"), Some(""));
    assert_eq!(metadata.annotations.get("A.b/c"), Some(" any "));
    let timestamp = metadata.creation_timestamp.unwrap();
    assert_eq!((timestamp.seconds, timestamp.nanos), (1_769_857_200, 500_000_000));
}

#[test]
fn the_namespace_is_the_default_one_or_none_at_all() {
    let (Outcome::Read(object), _) = route("{name: a, creationTimestamp: null}") else { panic!() };
    assert_eq!(object.key().namespace, "default");
    let (Outcome::Read(object), _) = class("{name: a}") else { panic!() };
    assert_eq!(object.key().namespace, "");
    // The API server drops the namespace of a cluster-scoped object.
    let (Outcome::Read(object), lines) = class("{name: a, namespace: b}") else { panic!() };
    assert_eq!(object.key().namespace, "");
    assert_eq!(lines, ["GW2071 metadata.namespace"]);
    let (Outcome::Read(object), lines) = core("v1", "Namespace", ", spec: {}") else { panic!() };
    assert_eq!((object.key().namespace.as_str(), lines.len()), ("", 0));
}

#[test]
fn a_name_that_is_still_to_be_generated_is_none() {
    for metadata in ["{generateName: a-}", "{generateName: a-, name: \"\"}"] {
        let (outcome, lines) = route(metadata);
        assert!(matches!(outcome, Outcome::Refused { key: None, .. }), "{metadata}");
        assert_eq!(lines, ["GW1016 metadata.generateName"], "{metadata}");
    }
    for (metadata, is_good) in [
        ("{generateName: -a, name: b}", false),
        ("{generateName: a--, name: b}", true),
        ("{generateName: a., name: b}", false),
        ("{generateName: a_, name: b}", false),
        ("{generateName: a.-, name: b}", true),
        ("{generateName: A, name: b}", false),
    ] {
        let wanted: &[&str] = if is_good { &[] } else { &["GW1012 metadata.generateName"] };
        assert_eq!(route(metadata).1, wanted, "{metadata}");
    }
    let long = |count| format!("{{name: b, generateName: {}}}", "a".repeat(count));
    assert_eq!(route(&long(253)).1, Vec::<String>::new());
    assert_eq!(route(&long(254)).1, ["GW1012 metadata.generateName"]);
}

#[test]
fn finalizers_and_owners_are_those_that_the_api_server_takes() {
    let owner = "apiVersion: v1, kind: Pod, name: p, uid: u";
    for (fields, wanted) in [
        ("finalizers: [a, example.com/b]".to_owned(), &[][..]),
        ("finalizers: [a b]".to_owned(), &["GW1012 metadata.finalizers[0]"]),
        ("finalizers: [1]".to_owned(), &["GW1003 metadata.finalizers[0]"]),
        ("finalizers: a".to_owned(), &["GW1003 metadata.finalizers"]),
        ("finalizers: [orphan, foregroundDeletion]".to_owned(), &["GW1012 metadata.finalizers"]),
        (format!("ownerReferences: [{{{owner}}}, {{{owner}, controller: true}}]"), &[]),
        (
            format!("ownerReferences: [{{{owner}, controller: true}}, {{{owner}, controller: true}}]"),
            &["GW1012 metadata.ownerReferences"],
        ),
        (
            "ownerReferences: [{apiVersion: v1, kind: Pod, name: \"\"}, 1]".to_owned(),
            &[
                "GW1003 metadata.ownerReferences[1]",
                "GW1012 metadata.ownerReferences[0].name",
                "GW1012 metadata.ownerReferences[0].uid",
            ],
        ),
    ] {
        assert_eq!(route(&format!("{{name: a, {fields}}}")).1, wanted, "{fields}");
    }
    let (_, lines) = outcome("{apiVersion: v1, kind: Namespace, metadata: {name: a, finalizers: [a, kubernetes]}}");
    assert_eq!(lines, ["GW8009 metadata.finalizers[0]"]);
}

#[test]
fn unknown_fields_of_metadata_are_read_with_a_warning() {
    for (metadata, wanted) in [
        ("{name: a, lables: {a: b}}", &["GW2070 metadata.lables"][..]),
        ("{name: a, zzz: null}", &["GW2070 metadata.zzz"]),
        ("{name: a, uid: x, resourceVersion: '1', selfLink: y, ownerReferences: [], deletionTimestamp: null}", &[]),
    ] {
        let (outcome, lines) = route(metadata);
        assert!(matches!(outcome, Outcome::Read(_)), "{metadata}");
        assert_eq!(lines, wanted, "{metadata}");
    }
    let service = "{apiVersion: v1, kind: Service, metadata: {name: a, label: {}}, spec: {ports: [{port: 1}]}}";
    let (Outcome::Read(_), lines) = outcome(service) else { panic!() };
    assert_eq!(lines, ["GW2070 metadata.label"]);
}

#[test]
fn bad_metadata_is_refused() {
    for (metadata, wanted) in [
        ("{}", "GW1012 metadata.name"),
        ("null", "GW1012 metadata.name"),
        ("[]", "GW1003 metadata"),
        ("{name: ''}", "GW1012 metadata.name"),
        ("{name: A}", "GW1012 metadata.name"),
        ("{name: a_b}", "GW1012 metadata.name"),
        ("{name: 1}", "GW1003 metadata.name"),
        ("{name: true}", "GW1011 metadata.name"),
        ("{name: a, namespace: a.b}", "GW1012 metadata.namespace"),
        ("{name: a, labels: []}", "GW1003 metadata.labels"),
        ("{name: a, labels: {a: 1}}", "GW1003 metadata.labels.a"),
        ("{name: a, labels: {a: 'b c'}}", "GW1012 metadata.labels.a"),
        ("{name: a, labels: {'-a': b}}", "GW1012 metadata.labels.-a"),
        ("{name: a, annotations: {'a b': c}}", "GW1012 metadata.annotations[\"a b\"]"),
        ("{name: a, annotations: {a: true}}", "GW1011 metadata.annotations.a"),
        ("{name: a, generation: x}", "GW1003 metadata.generation"),
        ("{name: a, creationTimestamp: yesterday}", "GW1012 metadata.creationTimestamp"),
    ] {
        assert_eq!(route(metadata).1, [wanted], "{metadata}");
    }
    let long = "a".repeat(254);
    assert_eq!(route(&format!("{{name: {long}}}")).1, ["GW1012 metadata.name"]);
    assert_eq!(
        route(&format!("{{name: a, annotations: {{a: {}}}}}", "b".repeat(262_144))).1,
        ["GW1012 metadata.annotations"]
    );
}

#[test]
fn only_known_fields_stand_at_the_top() {
    let route = |more: &str| {
        outcome(&format!(
            "{{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {{name: a}}, spec: {{}}, {more}}}"
        ))
        .1
    };
    for status in ["{}", "null", "{parents: [{parentRef: {name: a}, conditions: [{type: A}], controllerName: 1}]}"] {
        assert_eq!(route(&format!("status: {status}")), Vec::<String>::new(), "{status}");
    }
    assert_eq!(route("status: {anything: [1]}"), ["GW1001 status.anything"]);
    let deep = "status: {parents: [{}, {conditions: [{tpye: A}], parentRef: {nmae: a}}]}";
    assert_eq!(route(deep), ["GW1001 status.parents[1].conditions[0].tpye", "GW1001 status.parents[1].parentRef.nmae"]);
    assert_eq!(route("data: null"), ["GW1001 data"]);
    assert_eq!(route("rules: []"), ["GW1001 rules"]);
    let grant = "{apiVersion: gateway.networking.k8s.io/v1, kind: ReferenceGrant, metadata: {name: a}, status: {},
        spec: {from: [{group: '', kind: A, namespace: a}], to: [{group: '', kind: B}]}}";
    assert_eq!(outcome(grant).1, ["GW1001 status"]);
}

#[test]
fn a_refused_object_keeps_its_identity() {
    let (Outcome::Refused { key: Some(key), .. }, _) = route("{name: a, namespace: b, labels: 1}") else { panic!() };
    assert_eq!((key.kind, key.namespace.as_str(), key.name.as_str()), (Kind::HTTPRoute, "b", "a"));
    assert!(matches!(route("{}").0, Outcome::Refused { key: None, .. }));
}

#[test]
fn findings_stand_at_the_object_of_a_list() {
    let mut diagnostics = crate::diagnostics::Diagnostics::new();
    let position = Position { document: DocumentId(7), base: crate::path!["items", 1], context: false };
    let options = ReadOptions { namespace: "default".into(), channel: Channel::Standard };
    let node = yaml(
        "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: {hosts: [], parentRefs: [{}]}}",
    );
    read(node, position, &options, &mut diagnostics);
    let [unknown, missing] = diagnostics.findings() else { panic!("{diagnostics:?}") };
    let field = |path: FieldPath, part| Location::Field { document: DocumentId(7), path, part };
    assert_eq!(unknown.location, field(crate::path!["items", 1, "spec", "hosts"], Part::Key));
    assert_eq!(missing.location, field(crate::path!["items", 1, "spec", "parentRefs", 0, "name"], Part::Value));
    assert_eq!(missing.path, Some(crate::path!["spec", "parentRefs", 0, "name"]));
    assert_eq!(missing.object.as_ref().map(|object| object.name.as_str()), Some("a"));
}

#[test]
fn a_namespace_has_the_label_of_its_name() {
    let (Outcome::Read(AnyObject::Namespace(namespace)), _) = core("v1", "Namespace", ", spec: 1") else { panic!() };
    assert_eq!(namespace.metadata.labels.get("kubernetes.io/metadata.name"), Some("a"));
    assert_eq!(outcome("{apiVersion: v1, kind: Namespace, metadata: {name: a.b}}").1, ["GW8009 metadata.name"]);
}

#[test]
fn what_gwctl_does_not_need_of_a_service_is_checked_as_the_api_server_does() {
    for (field, lines) in [
        ("selector: {app: true}", vec!["GW8009 spec.selector.app"]),
        ("selector: {app: 1, b: null}", vec!["GW8009 spec.selector.app"]),
        ("selector: [a]", vec!["GW8009 spec.selector"]),
        ("externalIPs: 5", vec!["GW8009 spec.externalIPs"]),
        ("externalIPs: [10.0.0.1, a]", vec!["GW8009 spec.externalIPs[1]"]),
        ("ipFamilies: [IPv4, IPv7]", vec!["GW8009 spec.ipFamilies[1]"]),
        ("ipFamilyPolicy: Dual", vec!["GW8009 spec.ipFamilyPolicy"]),
        ("publishNotReadyAddresses: maybe", vec!["GW8009 spec.publishNotReadyAddresses"]),
        ("internalTrafficPolicy: Foo", vec!["GW8009 spec.internalTrafficPolicy"]),
        ("externalTrafficPolicy: 5", vec!["GW8009 spec.externalTrafficPolicy"]),
        ("healthCheckNodePort: a", vec!["GW8009 spec.healthCheckNodePort"]),
        ("clusterIPs: [None, '']", vec!["GW8009 spec.clusterIPs[1]"]),
        ("externalTrafficPolicy: Local, internalTrafficPolicy: Cluster, externalIPs: ['::1']", Vec::new()),
    ] {
        let found = core("v1", "Service", &format!(", spec: {{{field}, ports: [{{port: 80}}]}}")).1;
        assert_eq!(found, lines, "{field}");
    }
    let found = core("v1", "Service", ", spec: {ports: [{port: 80, nodePort: x}]}").1;
    assert_eq!(found, ["GW8009 spec.ports[0].nodePort"]);
}

#[test]
fn a_service_is_read() {
    let content = ", spec: {selector: {a: '1'}, sessionAffinity: ClientIP, clusterIP: None, unknown: x, ports: [
        {name: http, port: 80, targetPort: web, appProtocol: kubernetes.io/h2c, nodePort: 30080},
        {name: dns, port: 80, protocol: UDP, targetPort: 53}, {name: same, port: 81, targetPort: null}]}";
    let (Outcome::Read(AnyObject::Service(service)), lines) = core("v1", "Service", content) else { panic!() };
    assert_eq!(lines, ["GW8055 spec.unknown"]);
    let service = service.spec;
    assert_eq!(
        (service.service_type, service.headless, service.client_ip_affinity),
        (ServiceType::ClusterIP, true, true)
    );
    assert_eq!(service.selector.iter().map(|(key, _)| key).collect::<Vec<_>>(), ["a"]);
    let targets: Vec<_> =
        service.ports.iter().map(|port| (port.port.number(), port.protocol, port.target_port.clone())).collect();
    assert_eq!(
        targets,
        [
            (80, L4Protocol::Tcp, TargetPort::Name("web".to_owned())),
            (80, L4Protocol::Udp, TargetPort::Number(53.into())),
            (81, L4Protocol::Tcp, TargetPort::Number(81.into())),
        ]
    );
    assert_eq!(service.ports[0].app_protocol.as_deref(), Some("kubernetes.io/h2c"));
    let external = ", spec: {type: ExternalName, externalName: a.b.}";
    let (Outcome::Read(AnyObject::Service(service)), _) = core("v1", "Service", external) else { panic!() };
    assert_eq!(service.spec.external_name.as_deref(), Some("a.b."));
}

#[test]
fn services_that_cannot_be_used_are_refused() {
    for (content, wanted) in [
        ("", &["spec"][..]),
        (", spec: []", &["spec"]),
        (", spec: {}", &["spec.ports"]),
        (", spec: {ports: 80}", &["spec.ports"]),
        (", spec: {ports: [80]}", &["spec.ports[0]"]),
        (", spec: {ports: [{}]}", &["spec.ports[0].port"]),
        (", spec: {ports: [{port: '80'}]}", &["spec.ports[0].port"]),
        (", spec: {ports: [{port: 0}]}", &["spec.ports[0].port"]),
        (", spec: {ports: [{port: 65536}]}", &["spec.ports[0].port"]),
        (", spec: {ports: [{port: 1, targetPort: 65536}]}", &["spec.ports[0].targetPort"]),
        (", spec: {ports: [{port: 1, targetPort: '8080'}]}", &["spec.ports[0].targetPort"]),
        (", spec: {ports: [{port: 1, targetPort: a--b}]}", &["spec.ports[0].targetPort"]),
        (", spec: {ports: [{port: 1, targetPort: abcdefghijklmnop}]}", &["spec.ports[0].targetPort"]),
        (", spec: {ports: [{port: 1, targetPort: [1]}]}", &["spec.ports[0].targetPort"]),
        (", spec: {ports: [{port: 1, protocol: tcp}]}", &["spec.ports[0].protocol"]),
        (", spec: {ports: [{port: 1, name: A}]}", &["spec.ports[0].name"]),
        (", spec: {ports: [{port: 1, appProtocol: 'a b'}]}", &["spec.ports[0].appProtocol"]),
        (", spec: {ports: [{port: 1}, {port: 2, name: a}]}", &["spec.ports[0].name"]),
        (", spec: {ports: [{port: 1, name: a}, {port: 2, name: a}]}", &["spec.ports[1].name"]),
        (", spec: {ports: [{port: 1, name: a}, {port: 1, name: b}]}", &["spec.ports[1].port"]),
        (", spec: {type: Other, ports: [{port: 1}]}", &["spec.type"]),
        (", spec: {clusterIP: none, ports: [{port: 1}]}", &["spec.clusterIP"]),
        (", spec: {type: ExternalName}", &["spec.externalName"]),
        (", spec: {type: ExternalName, externalName: A_b}", &["spec.externalName"]),
        (", spec: {sessionAffinity: X, clusterIP: 1, ports: [{port: 1}]}", &["spec.clusterIP", "spec.sessionAffinity"]),
    ] {
        assert_eq!(core_paths("v1", "Service", content), wanted, "{content}");
    }
    let digit = "{apiVersion: v1, kind: Service, metadata: {name: 1a}, spec: {ports: [{port: 1}]}}";
    assert_eq!(outcome(digit).1, ["GW8009 metadata.name"]);
}

#[test]
fn an_endpoint_slice_is_read() {
    let text = "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv6,
        metadata: {name: a, labels: {kubernetes.io/service-name: svc}},
        endpoints: [{addresses: ['::5']}, {addresses: ['::2'], conditions: {ready: false}},
          {addresses: ['::3'], conditions: {ready: null}}, {addresses: ['::4'], conditions: null, zone: 1}],
        ports: [{name: http, port: 8080}, {port: 53, protocol: UDP}]}";
    let (Outcome::Read(AnyObject::EndpointSlice(slice)), lines) = outcome(text) else { panic!() };
    assert_eq!(lines, Vec::<String>::new());
    let slice = slice.spec;
    assert_eq!((slice.service_name.as_deref(), slice.address_type), (Some("svc"), AddressType::IPv6));
    assert_eq!(slice.endpoints.iter().map(|endpoint| endpoint.ready).collect::<Vec<_>>(), [true, false, true, true]);
    let ports: Vec<_> =
        slice.ports.iter().map(|port| (port.name.as_str(), port.port.map(u16::from), port.protocol)).collect();
    assert_eq!(ports, [("http", Some(8080), L4Protocol::Tcp), ("", Some(53), L4Protocol::Udp)]);
}

#[test]
fn endpoint_slices_that_cannot_be_used_are_refused() {
    for (content, wanted) in [
        ("", "addressType"),
        (", addressType: IP", "addressType"),
        (", addressType: ''", "addressType"),
        (", addressType: IPv4, endpoints: [{}]", "endpoints[0].addresses"),
        (", addressType: IPv4, endpoints: [{addresses: []}]", "endpoints[0].addresses"),
        (", addressType: IPv4, endpoints: [{addresses: ['::1']}]", "endpoints[0].addresses[0]"),
        (", addressType: IPv6, endpoints: [{addresses: [1.1.1.1]}]", "endpoints[0].addresses[0]"),
        (", addressType: FQDN, endpoints: [{addresses: [A_b]}]", "endpoints[0].addresses[0]"),
        (", addressType: FQDN, endpoints: [{addresses: [localhost]}]", "endpoints[0].addresses[0]"),
        (", addressType: IPv4, endpoints: [{addresses: [1]}]", "endpoints[0].addresses[0]"),
        (
            ", addressType: IPv4, endpoints: [{addresses: [1.1.1.1], conditions: {ready: 'no'}}]",
            "endpoints[0].conditions.ready",
        ),
        (", addressType: IPv4, ports: [{port: 0}]", "ports[0].port"),
        (", addressType: IPv4, ports: [{name: a, port: 1}, {name: a, port: 2}]", "ports[1].name"),
        (", addressType: IPv4, ports: [{port: 1}, {port: 2}]", "ports[1].name"),
    ] {
        assert_eq!(core_paths("discovery.k8s.io/v1", "EndpointSlice", content), [wanted], "{content}");
    }
}

#[test]
fn secrets_and_config_maps_are_decoded() {
    let content = ", data: {a: YWI=, b: \"YW\\nI=\", c: null, d: YWI=}, stringData: {d: é}";
    let (Outcome::Read(AnyObject::Secret(secret)), lines) = core("v1", "Secret", content) else { panic!() };
    assert_eq!(lines, Vec::<String>::new());
    let values: Vec<&[u8]> = secret.spec.data.values().map(Vec::as_slice).collect();
    assert_eq!(values, [b"ab".as_slice(), b"ab", b"", "é".as_bytes()]);
    assert_eq!(secret.spec.secret_type, "Opaque");
    let content = ", data: {ca.crt: text}, binaryData: {b: YQ==}";
    let (Outcome::Read(AnyObject::ConfigMap(map)), _) = core("v1", "ConfigMap", content) else { panic!() };
    assert_eq!(
        map.spec.data.into_iter().collect::<Vec<_>>(),
        [("b".to_owned(), b"a".to_vec()), ("ca.crt".to_owned(), b"text".to_vec())]
    );
}

#[test]
fn secrets_and_config_maps_that_cannot_be_used_are_refused() {
    for (kind, content, wanted) in [
        ("Secret", ", data: {a: '!'}", &["data.a"][..]),
        ("Secret", ", data: {a: YWI}", &["data.a"]),
        ("Secret", ", data: {a: 1}", &["data.a"]),
        ("Secret", ", data: []", &["data"]),
        ("Secret", ", data: {'a/b': YQ==}", &["data[\"a/b\"]"]),
        ("Secret", ", stringData: {a: true}", &["stringData.a"]),
        ("Secret", ", type: kubernetes.io/tls, data: {}", &["data[\"tls.crt\"]", "data[\"tls.key\"]"]),
        ("ConfigMap", ", data: {a: b}, binaryData: {a: YQ==}", &["binaryData.a"]),
        ("ConfigMap", ", binaryData: {a: '%'}", &["binaryData.a"]),
        ("ConfigMap", ", data: {a: 1}", &["data.a"]),
    ] {
        assert_eq!(core_paths("v1", kind, content), wanted, "{kind} {content}");
    }
    let big = format!(", data: {{a: {}}}", "b".repeat(1024 * 1024 + 1));
    assert_eq!(core_paths("v1", "ConfigMap", &big), ["data"]);
    let pair = ", type: kubernetes.io/tls, stringData: {tls.crt: a, tls.key: b}";
    assert_eq!(core_paths("v1", "Secret", pair), Vec::<String>::new());
}

#[test]
fn a_secret_value_is_never_shown() {
    let text = "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {key: s3cr3t!}}";
    let (_, diagnostics) = read_in(yaml(text), Channel::Standard);
    assert!(!format!("{diagnostics:?}").contains("s3cr3t"));
}

#[test]
fn a_core_kind_in_another_version_is_refused() {
    assert_eq!(core("v2", "Service", "").1, ["GW8009 apiVersion"]);
    assert_eq!(core("discovery.k8s.io/v1beta1", "EndpointSlice", "").1, ["GW8009 apiVersion"]);
}

#[test]
fn ignored_objects_that_look_like_others_are_reported() {
    for (api_version, kind, wanted) in [
        ("gateway.networking.k8s.oi/v1", "HTTPRoute", Some(("apiVersion", "gateway.networking.k8s.io/v1"))),
        ("networking.x-k8s.io/v1alpha1", "Gateway", Some(("apiVersion", "gateway.networking.k8s.io/v1"))),
        ("networking.k8s.io/v1", "GRPCRoute", Some(("apiVersion", "gateway.networking.k8s.io/v1"))),
        ("v1", "HTTPRoute", Some(("apiVersion", "gateway.networking.k8s.io/v1"))),
        ("v1", "EndpointSlice", Some(("apiVersion", "discovery.k8s.io/v1"))),
        ("core/v1", "Service", Some(("apiVersion", "v1"))),
        ("v1", "Servcie", Some(("kind", "Service"))),
        ("v1", "secret", Some(("kind", "Secret"))),
        ("discovery.k8s.io/v1", "EndpointSlices", Some(("kind", "EndpointSlice"))),
        ("policy.linkerd.io/v1beta3", "HTTPRoute", None),
        ("networking.istio.io/v1", "Gateway", None),
        ("serving.knative.dev/v1", "Service", None),
        ("v1", "ServiceAccount", None),
        ("v1", "Endpoints", None),
        ("networking.k8s.io/v1", "Ingress", None),
    ] {
        let text = format!("{{apiVersion: {api_version}, kind: {kind}, metadata: {{name: a}}}}");
        let (outcome, diagnostics) = read_in(yaml(&text), Channel::Standard);
        assert!(matches!(outcome, Outcome::Foreign(_)), "{text}");
        let found: Vec<_> = diagnostics.findings().iter().map(|f| (f.code.id(), f.help.clone().unwrap())).collect();
        match wanted {
            None => assert_eq!(found, [], "{text}"),
            Some((path, help)) => {
                assert_eq!(findings(&diagnostics), [format!("GW2072 {path}")], "{text}");
                assert!(found[0].1.contains(&format!("`{path}: {help}`")), "{text}: {found:?}");
            }
        }
    }
}

/// An HTTPRoute whose rules are numbers.
fn rules_of_numbers(count: usize) -> (Outcome, Vec<String>) {
    let rules = "1, ".repeat(count);
    outcome(&format!(
        "{{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {{name: a}}, spec: {{rules: [{rules}]}}}}"
    ))
}

#[test]
fn of_the_many_faults_of_an_object_the_first_are_told_and_the_others_counted() {
    let (refused, lines) = rules_of_numbers(50_000);
    // One of each code behind the first hundred: the types, and that there are too many rules.
    let types = (0..=100).map(|at| format!("GW1003 spec.rules[{at}]"));
    let told: BTreeSet<String> = types.chain(["GW1006 spec.rules".to_owned()]).collect();
    assert_eq!(lines.into_iter().collect::<BTreeSet<_>>(), told);
    // Nobody knows what is left of it.
    assert!(matches!(refused, Outcome::Refused { key: Some(_), decoded: None, .. }), "{refused:?}");
    let (few, lines) = rules_of_numbers(99);
    assert_eq!(lines.len(), 100);
    assert!(matches!(few, Outcome::Refused { decoded: Some(_), .. }), "{few:?}");
}

#[test]
fn of_the_many_broken_ports_of_a_service_the_first_are_told_and_the_others_counted() {
    let (refused, lines) = core("v1", "Service", &format!(", spec: {{ports: [{}]}}", "{port: 0}, ".repeat(20_000)));
    assert_eq!(lines.len(), 101);
    assert!(matches!(refused, Outcome::Refused { decoded: None, .. }), "{refused:?}");
}
