//! Rows of the TLS settings of a ClientTrafficPolicy.

use super::super::shared::{EMPTY, SECRET_REF};
use super::super::table::{ANY_TEXT, List, Shape, Type, Value, field, one_of, rule, text};
use super::rules::client;
use super::shared::STRING_MATCH;

/// The versions, ciphers and certificates of connections from clients.
pub(super) static CLIENT_TLS: Shape = Shape {
    fields: &[
        field("alpnProtocols", Type::List(&List::of(ANY_TEXT))),
        field("ciphers", Type::List(&List::of(ANY_TEXT))),
        field("clientValidation", Type::Object(&CLIENT_VALIDATION)),
        field("ecdhCurves", Type::List(&List::of(ANY_TEXT))),
        field("fingerprints", Type::List(&List::of(one_of(&["JA3", "JA4"])))),
        field("maxVersion", one_of(&["Auto", "1.0", "1.1", "1.2", "1.3"])),
        field("minVersion", one_of(&["Auto", "1.0", "1.1", "1.2", "1.3"])),
        field("session", Type::Object(&SESSION)),
        field("signatureAlgorithms", Type::List(&List::of(ANY_TEXT))),
    ],
    rules: &[
        rule("ciphers are of TLS 1.2 and before", client::ciphers_have_effect),
        rule("`minVersion` is not above `maxVersion`", client::versions_are_in_order),
    ],
};

static CLIENT_VALIDATION: Shape = Shape {
    fields: &[
        field("allowExpiredCertificate", Type::Boolean),
        field("caCertificateRefs", Type::List(&List::of(Type::Object(&SECRET_REF)).len(0, 8))),
        field("certificateHashes", Type::List(&List::of(ANY_TEXT))),
        field("crl", Type::Object(&REVOCATION_LIST)),
        field("mode", one_of(&["Request", "RequireAny", "VerifyIfGiven", "RequireAndVerify"])),
        field("optional", Type::Boolean),
        field("spkiHashes", Type::List(&List::of(ANY_TEXT))),
        field("subjectAltNames", Type::Object(&SUBJECT_ALT_NAMES)),
    ],
    rules: &[rule(
        "expired certificates are allowed only where certificates are verified",
        client::expiry_is_looked_at,
    )],
};

static REVOCATION_LIST: Shape = Shape {
    fields: &[
        field("onlyVerifyLeafCertificate", Type::Boolean),
        field("refs", Type::List(&List::of(Type::Object(&SECRET_REF)).len(1, 8))).required(),
    ],
    rules: &[],
};

static SUBJECT_ALT_NAMES: Shape = Shape {
    fields: &[
        field("dnsNames", Type::List(&List::of(Type::Object(&STRING_MATCH)))),
        field("emailAddresses", Type::List(&List::of(Type::Object(&STRING_MATCH)))),
        field("ipAddresses", Type::List(&List::of(Type::Object(&STRING_MATCH)))),
        field("otherNames", Type::List(&List::of(Type::Object(&OTHER_NAME)))),
        field("uris", Type::List(&List::of(Type::Object(&STRING_MATCH)))),
    ],
    rules: &[],
};

static OTHER_NAME: Shape = Shape {
    fields: &[
        field("oid", ANY_TEXT).required(),
        field("type", one_of(&["Exact", "Prefix", "Suffix", "RegularExpression"])).default(Value::Text("Exact")),
        field("value", text(1, 1024)).required(),
    ],
    rules: &[],
};

static SESSION: Shape = Shape { fields: &[field("resumption", Type::Object(&SESSION_RESUMPTION))], rules: &[] };

static SESSION_RESUMPTION: Shape =
    Shape { fields: &[field("stateful", Type::Object(&EMPTY)), field("stateless", Type::Object(&EMPTY))], rules: &[] };
