//! What passes the check decodes, whatever the object looks like: every value
//! of a rich object of each kind is replaced and removed in turn.

use crate::options::Channel;
use crate::parser::node::Node;

use super::{findings, read_in, yaml};

const OBJECTS: &[&str] = &[
    "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: a, labels: {a: b}}, spec: {
      gatewayClassName: c, defaultScope: All, addresses: [{value: 1.1.1.1}],
      allowedListeners: {namespaces: {from: Selector, selector: {matchLabels: {a: b},
        matchExpressions: [{key: a, operator: In, values: [b]}]}}},
      infrastructure: {labels: {a: b}, annotations: {a: b}, parametersRef: {group: '', kind: A, name: a}},
      tls: {backend: {clientCertificateRef: {name: a}}, frontend: {default: {validation: {
        caCertificateRefs: [{group: '', kind: A, name: a}]}}, perPort: [{port: 1, tls: {}}]}},
      listeners: [{name: a, port: 443, protocol: HTTPS, hostname: a.b, allowedRoutes: {kinds: [{kind: A}]},
        tls: {certificateRefs: [{name: a}], options: {a: b}}}]}}",
    "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: {hostnames: [a.b],
      useDefaultGateways: All, parentRefs: [{name: a, namespace: b, port: 1, sectionName: c}], rules: [{name: a,
      matches: [{path: {type: Exact, value: /a}, method: GET, headers: [{name: a, value: b}],
        queryParams: [{name: a, value: b, type: RegularExpression}]}],
      filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}], remove: [c]}},
        {type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1}, fraction: {numerator: 1}}},
        {type: URLRewrite, urlRewrite: {hostname: a, path: {type: ReplaceFullPath, replaceFullPath: /}}},
        {type: CORS, cors: {allowOrigins: ['*'], allowCredentials: true, allowMethods: [GET], maxAge: 1}},
        {type: ExtensionRef, extensionRef: {group: '', kind: A, name: a}},
        {type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {name: a, port: 1},
          http: {path: /a, allowedHeaders: [a]}, forwardBody: {maxSize: 1}}}],
      backendRefs: [{name: a, port: 1, weight: 2, filters: [{type: RequestRedirect, requestRedirect: {port: 1}}]}],
      timeouts: {request: 2s, backendRequest: 1s}, retry: {codes: [500], attempts: 1, backoff: 1s},
      sessionPersistence: {sessionName: a, absoluteTimeout: 1h, cookieConfig: {lifetimeType: Permanent}}}]}}",
    "{apiVersion: gateway.networking.k8s.io/v1, kind: GRPCRoute, metadata: {name: a}, spec: {hostnames: [a.b],
      rules: [{name: a, matches: [{method: {service: a, method: b}, headers: [{name: a, value: b}]}],
      filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: a, value: b}]}}],
      backendRefs: [{name: a, port: 1, filters: [{type: RequestMirror, requestMirror: {
        backendRef: {name: a, port: 1}, percent: 1}}]}],
      sessionPersistence: {type: Header, header: {name: a}}}]}}",
    "{apiVersion: gateway.networking.k8s.io/v1, kind: TLSRoute, metadata: {name: a}, spec: {hostnames: [a.b],
      parentRefs: [{name: a}], rules: [{name: a, backendRefs: [{name: a, port: 1, weight: 1}]}]}}",
    "{apiVersion: gateway.networking.k8s.io/v1, kind: ReferenceGrant, metadata: {name: a}, spec: {
      from: [{group: '', kind: A, namespace: a}], to: [{group: '', kind: A, name: a}]}}",
    "{apiVersion: gateway.networking.k8s.io/v1, kind: BackendTLSPolicy, metadata: {name: a}, spec: {
      targetRefs: [{group: '', kind: Service, name: a, sectionName: b}], options: {a: b}, validation: {hostname: a,
        caCertificateRefs: [{group: '', kind: ConfigMap, name: a}], subjectAltNames: [{type: URI, uri: 'a://b'}]}}}",
    "{apiVersion: gateway.networking.x-k8s.io/v1alpha1, kind: XBackend, metadata: {name: a}, spec: {
      type: ExternalHostname, externalHostname: {hostname: a.b}, port: {port: 1, name: a}, protocol: H2C,
      tls: {mode: ClientAndServer, clientCertificateRef: {name: a}, validation: {hostname: a,
        wellKnownCACertificates: System}}}}",
    "{apiVersion: gateway.networking.x-k8s.io/v1alpha1, kind: XBackendTrafficPolicy, metadata: {name: a}, spec: {
      targetRefs: [{group: '', kind: Service, name: a}], sessionPersistence: {cookie: {name: a}},
      retryConstraint: {budget: {percent: 1, interval: 2s}, minRetryRate: {count: 1, interval: 1s}}}}",
    "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: ClusterIP, clusterIP: 1.1.1.1,
      sessionAffinity: None, ports: [{name: a, port: 1, targetPort: b, protocol: TCP, appProtocol: http}]}}",
    "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, addressType: IPv4,
      endpoints: [{addresses: [1.1.1.1], conditions: {ready: true}}], ports: [{name: a, port: 1, protocol: TCP}]}",
    "{apiVersion: v1, kind: Secret, metadata: {name: a}, type: Opaque, data: {a: YQ==}, stringData: {b: c}}",
    "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: b}, binaryData: {c: YQ==}}",
];

/// How many values there are below `node`, itself included.
fn size(node: &Node) -> usize {
    1 + match node {
        Node::List(items) => items.iter().map(size).sum(),
        Node::Map(entries) => entries.iter().map(|(_, value)| size(value)).sum(),
        _ => 0,
    }
}

/// Replaces the value at `position` in the order of the walk, or removes it.
fn mutate(node: &mut Node, position: &mut usize, replacement: Option<&Node>) {
    let mut visit = |value: &mut Node| {
        let is_it = *position == 0;
        match (is_it, replacement) {
            (true, Some(new)) => value.clone_from(new),
            (true, None) => {}
            (false, _) => {
                *position -= 1;
                mutate(value, position, replacement);
                return true;
            }
        }
        *position = usize::MAX;
        replacement.is_some()
    };
    match node {
        Node::List(items) => items.retain_mut(|item| visit(item)),
        Node::Map(entries) => entries.retain_mut(|(_, value)| visit(value)),
        _ => {}
    }
}

#[test]
fn what_passes_the_check_decodes() {
    let replacements: Vec<Node> =
        ["null", "''", "a", "1", "-1", "0.5", "5000000000", "true", "[]", "[null]", "{}", "{a: b}", "\"\\n\""]
            .into_iter()
            .map(yaml)
            .collect();
    let mut read = 0;
    for text in OBJECTS {
        let whole = yaml(text);
        for position in 0..size(&whole) - 1 {
            for replacement in replacements.iter().map(Some).chain([None]) {
                for channel in [Channel::Standard, Channel::Experimental] {
                    let mut node = whole.clone();
                    mutate(&mut node, &mut position.clone(), replacement);
                    let shown = format!("{node:?}");
                    let lines = findings(&read_in(node, channel).1);
                    assert!(!lines.iter().any(|line| line.starts_with("GW8010")), "{lines:?} for {shown}");
                    read += usize::from(lines.is_empty());
                }
            }
        }
    }
    assert!(read > 1000, "only {read} mutations are valid");
}

#[test]
fn the_objects_are_valid() {
    for text in OBJECTS {
        let lines = findings(&read_in(yaml(text), Channel::Experimental).1);
        assert!(lines.iter().all(|line| line.starts_with("GW5011")), "{lines:?} for {text}");
    }
}
