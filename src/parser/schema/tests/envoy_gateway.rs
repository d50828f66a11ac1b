//! The rows of Envoy Gateway's kinds: what the definitions take, and what their rules refuse.

use super::{accepts, refuses};

const IP: &str = "{ip: {address: 192.0.2.1, port: 80}}";
const NAME: &str = "{fqdn: {hostname: a.example, port: 80}}";

#[test]
fn a_backend_with_every_field_is_taken() {
    accepts("Backend", "{}");
    accepts("Backend", "{type: DynamicResolver, tls: {wellKnownCACertificates: System}}");
    accepts(
        "Backend",
        "{type: Endpoints, fallback: true, appProtocols: [gateway.envoyproxy.io/h2c, gateway.envoyproxy.io/ws, \
         gateway.envoyproxy.io/wss], endpoints: [{ip: {address: 192.0.2.1, port: 0}, hostname: a, zone: b}, \
         {unix: {path: /a}, hostname: b}], tls: {autoSNIFromEndpointHostname: true, caCertificateRefs: [{group: '', \
         kind: Secret, name: a}], clientCertificateRef: {name: a, namespace: b}, minVersion: Auto, maxVersion: '1.2', \
         ciphers: [a], ecdhCurves: [b], signatureAlgorithms: [c], alpnProtocols: [], fingerprints: [JA3, JA4]}}",
    );
    accepts("Backend", &format!("{{endpoints: [{NAME}, {NAME}], tls: {{insecureSkipVerify: true, sni: a.b}}}}"));
}

#[test]
fn the_rules_of_a_backend_are_held() {
    let long = format!("{{endpoints: [{{unix: {{path: /{}}}}}]}}", "a".repeat(108));
    for (spec, wanted) in [
        (format!("{{type: DynamicResolver, endpoints: [{IP}]}}"), "GW1009 spec.endpoints"),
        (
            "{type: DynamicResolver, tls: {autoSNIFromEndpointHostname: true}}".to_owned(),
            "GW1009 spec.tls.autoSNIFromEndpointHostname",
        ),
        (format!("{{endpoints: [{IP}], tls: {{autoSNIFromEndpointHostname: true}}}}"), "GW1009 spec.endpoints[0]"),
        (format!("{{endpoints: [{IP}, {NAME}]}}"), "GW1009 spec.endpoints[1]"),
        ("{endpoints: [{hostname: a.b}]}".to_owned(), "GW1009 spec.endpoints[0]"),
        (
            "{endpoints: [{ip: {address: 192.0.2.1, port: 80}, unix: {path: /a}}]}".to_owned(),
            "GW1009 spec.endpoints[0].unix",
        ),
        (long, "GW1009 spec.endpoints[0].unix.path"),
        (
            "{tls: {caCertificateRefs: [{group: '', kind: Secret, name: a}], wellKnownCACertificates: System}}"
                .to_owned(),
            "GW1009 spec.tls.wellKnownCACertificates",
        ),
        (
            "{tls: {insecureSkipVerify: true, wellKnownCACertificates: System}}".to_owned(),
            "GW1009 spec.tls.insecureSkipVerify",
        ),
        (
            "{tls: {sni: a.b, autoSNIFromEndpointHostname: true}}".to_owned(),
            "GW1009 spec.tls.autoSNIFromEndpointHostname",
        ),
        ("{tls: {minVersion: '1.3', ciphers: [a]}}".to_owned(), "GW1009 spec.tls.ciphers"),
        ("{tls: {maxVersion: '1.1'}}".to_owned(), "GW1009 spec.tls.maxVersion"),
        ("{tls: {minVersion: '1.3', maxVersion: '1.2'}}".to_owned(), "GW1009 spec.tls.maxVersion"),
    ] {
        refuses("Backend", &spec, &[wanted]);
    }
    accepts("Backend", "{tls: {minVersion: Auto, maxVersion: '1.0'}}");
    accepts("Backend", "{tls: {minVersion: '1.3', maxVersion: Auto}}");
}

#[test]
fn the_limits_of_a_backend_are_held() {
    for (spec, wanted) in [
        ("{endpoints: []}", "GW1006 spec.endpoints"),
        ("{endpoints: [{ip: {address: 192.0.2.256, port: 80}}]}", "GW1007 spec.endpoints[0].ip.address"),
        ("{endpoints: [{ip: {address: 192.0.2.1, port: 65536}}]}", "GW1006 spec.endpoints[0].ip.port"),
        ("{endpoints: [{fqdn: {hostname: A.b, port: 80}}]}", "GW1007 spec.endpoints[0].fqdn.hostname"),
        ("{endpoints: [{fqdn: {hostname: a.b}}]}", "GW1004 spec.endpoints[0].fqdn.port"),
        ("{appProtocols: [kubernetes.io/h2c]}", "GW1005 spec.appProtocols[0]"),
        ("{tls: {minVersion: TLSv1}}", "GW1005 spec.tls.minVersion"),
        ("{tls: {cas: []}}", "GW1001 spec.tls.cas"),
    ] {
        refuses("Backend", spec, &[wanted]);
    }
}

#[test]
fn a_route_filter_with_every_field_is_taken() {
    accepts("HTTPRouteFilter", "{}");
    accepts(
        "HTTPRouteFilter",
        "{urlRewrite: {appendXForwardedHost: false, hostname: {type: PathRegex, pathRegex: {pattern: a, substitution: b}}, \
         path: {type: ReplaceRegexMatch, replaceRegexMatch: {pattern: a, substitution: ''}}}, \
         directResponse: {statusCode: 503, contentType: a, body: {type: ValueRef, valueRef: {group: '', kind: ConfigMap, \
         name: a}}, header: {set: [{name: a, value: b}], add: [{name: a, value: b}], remove: []}}, \
         credentialInjection: {header: a, overwrite: true, credential: {valueRef: {name: a, namespace: b}}}, \
         matches: [{cookies: [{name: a, value: b}, {name: a, type: RegularExpression, value: b}]}]}",
    );
    accepts("HTTPRouteFilter", "{directResponse: {body: {inline: a}}, urlRewrite: {hostname: {type: Backend}}}");
}

#[test]
fn the_rules_of_a_route_filter_are_held() {
    for (spec, wanted) in [
        ("{directResponse: {body: {}}}", "GW1009 spec.directResponse.body.inline"),
        ("{directResponse: {body: {type: ValueRef}}}", "GW1009 spec.directResponse.body.valueRef"),
        (
            "{directResponse: {body: {type: ValueRef, valueRef: {group: '', kind: Secret, name: a}}}}",
            "GW1009 spec.directResponse.body.valueRef.kind",
        ),
        ("{directResponse: {header: {remove: [a]}}}", "GW1009 spec.directResponse.header.remove"),
        ("{matches: [{}]}", "GW1009 spec.matches[0]"),
        ("{urlRewrite: {hostname: {type: Header}}}", "GW1009 spec.urlRewrite.hostname.header"),
        ("{urlRewrite: {hostname: {type: Backend, header: a}}}", "GW1009 spec.urlRewrite.hostname.header"),
        ("{urlRewrite: {hostname: {type: PathRegex}}}", "GW1009 spec.urlRewrite.hostname.pathRegex"),
        (
            "{urlRewrite: {hostname: {type: Backend, pathRegex: {pattern: a, substitution: b}}}}",
            "GW1009 spec.urlRewrite.hostname.pathRegex",
        ),
        ("{urlRewrite: {path: {type: ReplaceRegexMatch}}}", "GW1009 spec.urlRewrite.path.replaceRegexMatch"),
        (
            "{urlRewrite: {hostname: {type: PathRegex, pathRegex: {pattern: a, substitution: \"a\\nb\"}}}}",
            "GW1007 spec.urlRewrite.hostname.pathRegex.substitution",
        ),
        ("{credentialInjection: {}}", "GW1004 spec.credentialInjection.credential"),
        ("{matches: [{cookies: []}]}", "GW1006 spec.matches[0].cookies"),
        ("{urlRewrite: {path: {type: ReplaceFullPath}}}", "GW1005 spec.urlRewrite.path.type"),
    ] {
        refuses("HTTPRouteFilter", spec, &[wanted]);
    }
}
