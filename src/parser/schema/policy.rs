//! Rows of BackendTLSPolicy, XBackend, XBackendTrafficPolicy and XMesh.

use super::pattern;
use super::rules::policy;
use super::shared::{
    CONTROLLER_NAME, DURATION, GROUP, HOSTNAME, KIND, LOCAL_REF, NAME, OBJECT_REF, OPTIONS, PRECISE_HOSTNAME,
    SECRET_REF, SECTION_NAME, SESSION_PERSISTENCE,
};
use super::table::{List, PORT, Shape, Type, Value, field, formed, integer, one_of, rule, text};

pub(super) static BACKEND_TLS_POLICY: Shape = Shape {
    fields: &[
        field("options", OPTIONS),
        field("targetRefs", Type::List(&TLS_TARGETS)).required(),
        field("validation", Type::Object(&BACKEND_TLS_VALIDATION)).required(),
    ],
    rules: &[],
};

static TLS_TARGETS: List = List::of(Type::Object(&TLS_TARGET)).len(1, 16).rules(&[
    rule(
        "of several references to one target, either all or none must set `sectionName`",
        policy::targets_are_told_apart,
    ),
    rule("references to one target must differ in `sectionName`", policy::targets_differ),
]);

static TLS_TARGET: Shape = Shape {
    fields: &[
        field("group", GROUP).required(),
        field("kind", KIND).required(),
        field("name", NAME).required(),
        field("sectionName", SECTION_NAME),
    ],
    rules: &[],
};

static BACKEND_TLS_VALIDATION: Shape = Shape {
    fields: &[
        field("caCertificateRefs", Type::List(&List::of(Type::Object(&LOCAL_REF)).len(0, 8))),
        field("hostname", PRECISE_HOSTNAME).required(),
        field("subjectAltNames", Type::List(&List::of(Type::Object(&SUBJECT_ALT_NAME)).len(0, 5))),
        field("wellKnownCACertificates", formed(1, 253, &pattern::WELL_KNOWN_CA)),
    ],
    rules: &[
        rule(
            "`caCertificateRefs` and `wellKnownCACertificates` cannot be used together",
            policy::validation_has_one_source,
        ),
        rule("`caCertificateRefs` or `wellKnownCACertificates` is required", policy::validation_has_a_source),
    ],
};

static SUBJECT_ALT_NAME: Shape = Shape {
    fields: &[
        field("hostname", HOSTNAME),
        field("type", one_of(&["Hostname", "URI"])).required(),
        field("uri", formed(1, 253, &pattern::ABSOLUTE_URI)),
    ],
    rules: &[rule("a subject alternative name needs the field of its type and no other", policy::san_has_its_field)],
};

pub(super) static BACKEND: Shape = Shape {
    fields: &[
        field("externalHostname", Type::Object(&EXTERNAL_HOSTNAME)),
        field("port", Type::Object(&BACKEND_PORT)).required(),
        field("protocol", one_of(&["TCP", "HTTP", "HTTP2", "HTTP11", "H2C", "MCP"])),
        field("tls", Type::Object(&BACKEND_TLS)),
        field("type", one_of(&["ExternalHostname"])).required(),
    ],
    rules: &[rule("the type `ExternalHostname` needs `externalHostname`", policy::backend_has_its_field)],
};

static EXTERNAL_HOSTNAME: Shape = Shape {
    fields: &[field("hostname", PRECISE_HOSTNAME).required()],
    rules: &[rule("an external hostname cannot end with `.cluster.local`", policy::hostname_is_external)],
};

static BACKEND_PORT: Shape = Shape {
    fields: &[field("name", text(0, 63)), field("port", PORT).required()],
    rules: &[rule("the name of a port must be a DNS label", policy::port_name_is_a_label)],
};

static BACKEND_TLS: Shape = Shape {
    fields: &[
        field("clientCertificateRef", Type::Object(&SECRET_REF)),
        field("mode", one_of(&["None", "ServerOnly", "ClientAndServer"])).required(),
        field("validation", Type::Object(&BACKEND_TLS_VALIDATION)),
    ],
    rules: &[rule(
        "`clientCertificateRef` belongs to the mode `ClientAndServer`, and only to it",
        policy::client_certificate_fits_mode,
    )],
};

const DEFAULT_BUDGET: Value = Value::Object(&[("interval", Value::Text("10s")), ("percent", Value::Integer(20))]);
const DEFAULT_RATE: Value = Value::Object(&[("count", Value::Integer(10)), ("interval", Value::Text("1s"))]);

pub(super) static BACKEND_TRAFFIC_POLICY: Shape = Shape {
    fields: &[
        field("retryConstraint", Type::Object(&RETRY_CONSTRAINT)),
        field("sessionPersistence", Type::Object(&SESSION_PERSISTENCE)),
        field(
            "targetRefs",
            Type::List(&List::of(Type::Object(&LOCAL_REF)).len(1, 16).keys(&["group", "kind", "name"])),
        )
        .required(),
    ],
    rules: &[],
};

static RETRY_CONSTRAINT: Shape = Shape {
    fields: &[
        field("budget", Type::Object(&RETRY_BUDGET)).default(DEFAULT_BUDGET),
        field("minRetryRate", Type::Object(&MIN_RETRY_RATE)).default(DEFAULT_RATE),
    ],
    rules: &[],
};

static RETRY_BUDGET: Shape = Shape {
    fields: &[
        field("interval", DURATION).default(Value::Text("10s")),
        field("percent", integer(0, 100)).default(Value::Integer(20)),
    ],
    rules: &[rule("`interval` must be from one second to one hour", policy::budget_interval_is_in_bounds)],
};

static MIN_RETRY_RATE: Shape = Shape {
    fields: &[field("count", integer(1, 1_000_000)), field("interval", DURATION)],
    rules: &[rule("`interval` must be longer than zero and at most one hour", policy::rate_interval_is_in_bounds)],
};

pub(super) static MESH: Shape = Shape {
    fields: &[
        field("controllerName", CONTROLLER_NAME).required(),
        field("description", text(0, 64)),
        field("parametersRef", Type::Object(&OBJECT_REF)),
    ],
    rules: &[],
};
