//! Rows of GatewayClass, Gateway, ListenerSet and ReferenceGrant.

use super::pattern;
use super::rules::{address, listener};
use super::shared::{
    CONTROLLER_NAME, GATEWAY_GROUP, GROUP, HOSTNAME, KIND, LABEL_SELECTOR, LOCAL_REF, NAME, NAMESPACE, NO_MATTER_WHICH,
    OBJECT_REF, OPTIONS, SECRET_REF, SECTION_NAME,
};
use super::table::{Field, List, Map, PORT, Presence, Shape, Type, Value, field, formed, one_of, rule, text};

pub(super) static GATEWAY_CLASS: Shape = Shape {
    fields: &[
        field("controllerName", CONTROLLER_NAME).required(),
        field("description", text(0, 64)),
        field("parametersRef", Type::Object(&OBJECT_REF)),
    ],
    rules: &[],
};

pub(super) static GATEWAY: Shape = Shape {
    fields: &[
        field("addresses", Type::List(&ADDRESSES)),
        field("allowedListeners", Type::Object(&ALLOWED_LISTENERS)),
        field("defaultScope", NO_MATTER_WHICH).only(Presence::Experimental),
        field("gatewayClassName", NAME).required(),
        field("infrastructure", Type::Object(&INFRASTRUCTURE)),
        field("listeners", LISTENERS).required(),
        field("tls", Type::Object(&GATEWAY_TLS)),
    ],
    rules: &[],
};

static ADDRESSES: List = List::of(Type::Object(&ADDRESS)).len(0, 16).rules(&[
    rule("two addresses of type `IPAddress` have the same value", address::ip_addresses_are_unique),
    rule("two addresses of type `Hostname` have the same value", address::hostnames_are_unique),
]);

static ADDRESS: Shape = Shape {
    fields: &[
        field("type", formed(1, 253, &pattern::ADDRESS_TYPE)).default(Value::Text("IPAddress")),
        field("value", text(0, 253)),
    ],
    rules: &[
        rule("the value of an `IPAddress` must be an IPv4 or IPv6 address", address::ip_address_is_one).structural(),
        rule("the value of a `Hostname` must be a hostname", address::hostname_is_one),
    ],
};

static ALLOWED_LISTENERS: Shape = Shape {
    fields: &[field("namespaces", Type::Object(&LISTENER_NAMESPACES))
        .default(Value::Object(&[("from", Value::Text("None"))]))],
    rules: &[],
};

static LISTENER_NAMESPACES: Shape = Shape {
    fields: &[
        field("from", one_of(&["All", "Selector", "Same", "None"])).default(Value::Text("None")),
        field("selector", Type::Object(&LABEL_SELECTOR)),
    ],
    rules: &[],
};

static INFRASTRUCTURE: Shape = Shape {
    fields: &[
        field("annotations", OPTIONS),
        field("labels", Type::Map(&Map { values: formed(0, 63, &pattern::LABEL_VALUE), max: Some(8) })),
        field("parametersRef", Type::Object(&LOCAL_REF)),
    ],
    rules: &[
        rule("the keys of `annotations` must be qualified names", address::annotation_keys_are_qualified),
        rule("the keys of `labels` must be qualified names", address::label_keys_are_qualified),
    ],
};

const LISTENERS: Type = Type::List(&LISTENER_LIST);

/// The rule of unique names is the identity of the list.
static LISTENER_LIST: List = List::of(Type::Object(&LISTENER)).len(1, 64).keys(&["name"]).rules(&[
    rule("a listener of protocol HTTP, TCP or UDP cannot have `tls`", listener::plain_has_no_tls),
    rule("a listener of protocol HTTPS must terminate TLS", listener::https_terminates),
    rule("a listener of protocol TLS needs `tls`", listener::tls_has_mode),
    rule("a listener of protocol TCP or UDP cannot have a `hostname`", listener::l4_has_no_hostname),
    rule("two listeners have the same `port`, `protocol` and `hostname`", listener::listeners_are_distinct),
]);

static LISTENER: Shape = Shape {
    fields: &[
        field("allowedRoutes", Type::Object(&ALLOWED_ROUTES))
            .default(Value::Object(&[("namespaces", Value::Object(&[("from", Value::Text("Same"))]))])),
        field("hostname", HOSTNAME),
        field("name", SECTION_NAME).required(),
        field("port", PORT).required(),
        field("protocol", formed(1, 255, &pattern::PROTOCOL)).required(),
        field("tls", Type::Object(&LISTENER_TLS)),
    ],
    rules: &[],
};

static ALLOWED_ROUTES: Shape = Shape {
    fields: &[
        field("kinds", Type::List(&List::of(Type::Object(&ROUTE_GROUP_KIND)).len(0, 8))),
        field("namespaces", Type::Object(&ROUTE_NAMESPACES)).default(Value::Object(&[("from", Value::Text("Same"))])),
    ],
    rules: &[],
};

static ROUTE_NAMESPACES: Shape = Shape {
    fields: &[
        field("from", one_of(&["All", "Selector", "Same"])).default(Value::Text("Same")),
        field("selector", Type::Object(&LABEL_SELECTOR)),
    ],
    rules: &[],
};

static ROUTE_GROUP_KIND: Shape =
    Shape { fields: &[field("group", GROUP).default(GATEWAY_GROUP), field("kind", KIND).required()], rules: &[] };

static LISTENER_TLS: Shape = Shape {
    fields: &[
        field("certificateRefs", Type::List(&List::of(Type::Object(&SECRET_REF)).len(0, 64))),
        field("mode", one_of(&["Terminate", "Passthrough"])).default(Value::Text("Terminate")),
        field("options", OPTIONS),
    ],
    rules: &[rule(
        "`tls` with mode `Terminate` needs `certificateRefs` or `options`",
        listener::termination_has_certificate,
    )],
};

static GATEWAY_TLS: Shape = Shape {
    fields: &[field("backend", Type::Object(&GATEWAY_BACKEND_TLS)), field("frontend", Type::Object(&FRONTEND_TLS))],
    rules: &[],
};

static GATEWAY_BACKEND_TLS: Shape =
    Shape { fields: &[field("clientCertificateRef", Type::Object(&SECRET_REF))], rules: &[] };

/// The rule of unique ports is the identity of the list.
static FRONTEND_TLS: Shape = Shape {
    fields: &[
        field("default", Type::Object(&FRONTEND_TLS_CONFIG)).required(),
        field("perPort", Type::List(&List::of(Type::Object(&FRONTEND_TLS_PORT)).len(0, 64).keys(&["port"]))),
    ],
    rules: &[],
};

static FRONTEND_TLS_CONFIG: Shape =
    Shape { fields: &[field("validation", Type::Object(&FRONTEND_VALIDATION))], rules: &[] };

static FRONTEND_TLS_PORT: Shape = Shape {
    fields: &[field("port", PORT).required(), field("tls", Type::Object(&FRONTEND_TLS_CONFIG)).required()],
    rules: &[],
};

static FRONTEND_VALIDATION: Shape = Shape {
    fields: &[
        field("caCertificateRefs", Type::List(&List::of(Type::Object(&OBJECT_REF)).len(1, 16))).required(),
        field("mode", one_of(&["AllowValidOnly", "AllowInsecureFallback"])).default(Value::Text("AllowValidOnly")),
    ],
    rules: &[],
};

pub(super) static LISTENER_SET: Shape = Shape {
    fields: &[field("listeners", LISTENERS).required(), field("parentRef", Type::Object(&PARENT_GATEWAY)).required()],
    rules: &[],
};

static PARENT_GATEWAY: Shape = Shape {
    fields: &[
        field("group", GROUP).default(GATEWAY_GROUP),
        field("kind", KIND).default(Value::Text("Gateway")),
        field("name", NAME).required(),
        field("namespace", NAMESPACE),
    ],
    rules: &[],
};

pub(super) static REFERENCE_GRANT: Shape = Shape {
    fields: &[
        field("from", Type::List(&List::of(Type::Object(&GRANT_FROM)).len(1, 16))).required(),
        field("to", Type::List(&List::of(Type::Object(&GRANT_TO)).len(1, 16))).required(),
    ],
    rules: &[],
};

const REQUIRED_GROUP: Field = field("group", GROUP).required();
const REQUIRED_KIND: Field = field("kind", KIND).required();

static GRANT_FROM: Shape =
    Shape { fields: &[REQUIRED_GROUP, REQUIRED_KIND, field("namespace", NAMESPACE).required()], rules: &[] };

static GRANT_TO: Shape = Shape { fields: &[REQUIRED_GROUP, REQUIRED_KIND, field("name", NAME)], rules: &[] };
