//! Rows of Backend
//! ([Backend](https://gateway.envoyproxy.io/docs/api/extension_types/#backend)).

use super::super::pattern;
use super::super::shared::{LOCAL_REF, PRECISE_HOSTNAME, SECRET_REF};
use super::super::table::{ANY_TEXT, List, Shape, Type, Value, field, formed, int32, one_of, rule};
use super::backend_rules as rules;

/// The spec of a Backend.
pub(super) static BACKEND: Shape = Shape {
    fields: &[
        field("appProtocols", Type::List(&List::of(APP_PROTOCOL))),
        field("endpoints", Type::List(&ENDPOINTS)),
        field("fallback", Type::Boolean),
        field("tls", Type::Object(&BACKEND_TLS)),
        field("type", one_of(&["Endpoints", "DynamicResolver"])).default(Value::Text("Endpoints")),
    ],
    rules: &[
        rule("the type `DynamicResolver` has no `endpoints`", rules::resolver_has_no_endpoints),
        rule("the type `DynamicResolver` has no `autoSNIFromEndpointHostname`", rules::resolver_has_no_names),
        rule("`autoSNIFromEndpointHostname` needs a `hostname` at each address and file", rules::names_are_there),
    ],
};

const APP_PROTOCOL: Type =
    one_of(&["gateway.envoyproxy.io/h2c", "gateway.envoyproxy.io/ws", "gateway.envoyproxy.io/wss"]);

/// A port as this kind has it: 0 is none, and is taken.
const ANY_PORT: Type = int32(0, 65535);

static ENDPOINTS: List = List::of(Type::Object(&ENDPOINT))
    .len(1, 256)
    .rules(&[rule("endpoints with `fqdn` and others cannot be mixed", rules::names_are_apart)]);

static ENDPOINT: Shape = Shape {
    fields: &[
        field("fqdn", Type::Object(&FQDN)),
        field("hostname", PRECISE_HOSTNAME),
        field("ip", Type::Object(&IP)),
        field("unix", Type::Object(&UNIX)),
        field("zone", ANY_TEXT),
    ],
    rules: &[
        rule("an endpoint has one of `fqdn`, `ip` and `unix`", rules::endpoint_has_a_place),
        rule("an endpoint has one place only", rules::endpoint_has_one_place),
    ],
};

static FQDN: Shape = Shape {
    fields: &[field("hostname", formed(1, 253, &pattern::FULL_NAME)).required(), field("port", ANY_PORT).required()],
    rules: &[],
};

static IP: Shape = Shape {
    fields: &[field("address", formed(3, 45, &pattern::ADDRESS)).required(), field("port", ANY_PORT).required()],
    rules: &[],
};

static UNIX: Shape = Shape {
    fields: &[field("path", ANY_TEXT).required()],
    rules: &[rule("the path of a socket has at most 108 characters", rules::socket_path_is_short)],
};

/// The versions that TLS settings name.
const VERSION: Type = one_of(&["Auto", "1.0", "1.1", "1.2", "1.3"]);

const TEXTS: Type = Type::List(&List::of(ANY_TEXT));

static BACKEND_TLS: Shape = Shape {
    fields: &[
        field("alpnProtocols", TEXTS),
        field("autoSNIFromEndpointHostname", Type::Boolean),
        field("caCertificateRefs", Type::List(&List::of(Type::Object(&LOCAL_REF)).len(0, 8))),
        field("ciphers", TEXTS),
        field("clientCertificateRef", Type::Object(&SECRET_REF)),
        field("ecdhCurves", TEXTS),
        field("fingerprints", Type::List(&List::of(one_of(&["JA3", "JA4"])))),
        field("insecureSkipVerify", Type::Boolean),
        field("maxVersion", VERSION),
        field("minVersion", VERSION),
        field("signatureAlgorithms", TEXTS),
        field("sni", PRECISE_HOSTNAME),
        field("wellKnownCACertificates", formed(1, 253, &pattern::WELL_KNOWN_CA)),
    ],
    rules: &[
        rule("`caCertificateRefs` and `wellKnownCACertificates` cannot be used together", rules::one_source),
        rule("`insecureSkipVerify` goes with no authorities", rules::skipping_has_no_source),
        rule("`sni` and `autoSNIFromEndpointHostname` cannot be used together", rules::one_server_name),
        rule("`ciphers` have no effect where `minVersion` is 1.3", rules::ciphers_have_an_effect),
        rule("`minVersion` must not be after `maxVersion`", rules::versions_are_in_order),
    ],
};
