//! Rows of EnvoyExtensionPolicy.

use super::super::pattern;
use super::super::rules::union;
use super::super::shared::{BACKEND_OBJECT_REF, DURATION, LOCAL_REF, SECRET_REF};
use super::super::table::{ANY_TEXT, List, Shape, Type, Value, field, form, formed, one_of, rule, text};
use super::cluster_settings::{BACKEND_GROUPS, BACKEND_KINDS, CLUSTER_SETTINGS, NO_BACKEND_REF, POLICY_BACKEND_REF};
use super::rules::{extension, target};
use super::shared::{ERROR_STATUS, TARGET_REF, TARGET_SELECTOR};

/// The spec of an EnvoyExtensionPolicy.
pub(in crate::parser::schema) static ENVOY_EXTENSION_POLICY: Shape = Shape {
    fields: &[
        field("dynamicModule", Type::List(&List::of(Type::Object(&DYNAMIC_MODULE)).len(0, 16))),
        field("extProc", Type::List(&List::of(Type::Object(&EXT_PROC)).len(0, 16))),
        field("lua", Type::List(&List::of(Type::Object(&LUA)).len(0, 16))),
        field("mergeType", ANY_TEXT),
        field("targetRef", Type::Object(&TARGET_REF)),
        field("targetRefs", Type::List(&List::of(Type::Object(&TARGET_REF)))),
        field("targetSelectors", Type::List(&List::of(Type::Object(&TARGET_SELECTOR)))),
        field("wasm", Type::List(&List::of(Type::Object(&WASM)).len(0, 16))),
    ],
    rules: &[
        rule("a policy names its targets in one way", target::has_one_form),
        rule("targets are of the group `gateway.networking.k8s.io`", target::is_of_gateway_api),
        rule("an EnvoyExtensionPolicy is for Gateways, ListenerSets and routes", |spec, breaks| {
            let kinds = ["Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute", "UDPRoute", "TCPRoute", "TLSRoute"];
            target::is_of_kinds(spec, &kinds, breaks)
        }),
        rule("`mergeType` is for policies of routes", |spec, breaks| {
            let kinds = ["HTTPRoute", "GRPCRoute", "UDPRoute", "TCPRoute", "TLSRoute"];
            target::merges_into_routes(spec, &kinds, breaks)
        }),
        rule("`mergeType` cannot be `Replace`", target::does_not_replace),
    ],
};

static DYNAMIC_MODULE: Shape = Shape {
    fields: &[
        field("config", Type::Any),
        field("filterName", text(0, 253)),
        field("name", formed(1, 253, &pattern::MODULE_NAME)).required(),
        field("terminalFilter", Type::Boolean).default(Value::Boolean(false)),
    ],
    rules: &[],
};

static EXT_PROC: Shape = Shape {
    fields: &[
        field("backendRef", Type::Object(&BACKEND_OBJECT_REF)),
        field("backendRefs", Type::List(&List::of(Type::Object(&POLICY_BACKEND_REF)).len(0, 16))),
        field("backendSettings", Type::Object(&CLUSTER_SETTINGS)),
        field("failOpen", Type::Boolean).default(Value::Boolean(false)),
        field("messageTimeout", DURATION),
        field("metadata", Type::Object(&EXT_PROC_METADATA)),
        field("processingMode", Type::Object(&PROCESSING_MODE)),
        field("shadowMode", Type::Boolean),
        field("statusOnError", ERROR_STATUS),
    ],
    rules: &[
        NO_BACKEND_REF,
        BACKEND_KINDS,
        BACKEND_GROUPS,
        rule("nobody fails open whose body is `FullDuplexStreamed`", extension::full_duplex_fails_closed),
        rule("a shadow sees bodies as `Streamed`", extension::shadow_is_streamed),
    ],
};

static EXT_PROC_METADATA: Shape = Shape {
    fields: &[
        field("accessibleNamespaces", Type::List(&List::of(ANY_TEXT))),
        field("writableNamespaces", Type::List(&List::of(ANY_TEXT).len(0, 8))),
    ],
    rules: &[rule("what filters of Envoy write is theirs", extension::namespaces_are_free)],
};

static PROCESSING_MODE: Shape = Shape {
    fields: &[
        field("allowModeOverride", Type::Boolean),
        field("request", Type::Object(&PROCESSED)),
        field("response", Type::Object(&PROCESSED)),
    ],
    rules: &[],
};

static PROCESSED: Shape = Shape {
    fields: &[
        field("attributes", Type::List(&List::of(form(&pattern::ATTRIBUTE)))),
        field("body", one_of(&["Streamed", "Buffered", "BufferedPartial", "FullDuplexStreamed"])),
    ],
    rules: &[],
};

static LUA: Shape = Shape {
    fields: &[
        field("filterContext", Type::Any),
        field("inline", ANY_TEXT),
        field("type", one_of(&["Inline", "ValueRef"])).default(Value::Text("Inline")).required(),
        field("valueRef", Type::Object(&SCRIPT_REF)),
    ],
    rules: &[
        rule("`inline` is of the type `Inline`", |script, breaks| {
            union::member_fits(script, ("type", "Inline"), "inline", breaks)
        }),
        rule("`valueRef` is of the type `ValueRef`", |script, breaks| {
            union::member_fits(script, ("type", "ValueRef"), "valueRef", breaks)
        }),
    ],
};

static SCRIPT_REF: Shape = Shape {
    fields: LOCAL_REF.fields,
    rules: &[rule("a script is in a ConfigMap", extension::script_is_in_a_config_map)],
};

static WASM: Shape = Shape {
    fields: &[
        field("code", Type::Object(&WASM_CODE)).required(),
        field("config", Type::Any),
        field("env", Type::Object(&WASM_ENV)),
        field("failOpen", Type::Boolean).default(Value::Boolean(false)),
        field("name", ANY_TEXT),
        field("rootID", ANY_TEXT),
    ],
    rules: &[],
};

static WASM_CODE: Shape = Shape {
    fields: &[
        field("http", Type::Object(&WASM_HTTP)),
        field("image", Type::Object(&WASM_IMAGE)),
        field("pullPolicy", one_of(&["IfNotPresent", "Always"])),
        field("type", one_of(&["HTTP", "Image"])).required(),
    ],
    rules: &[
        rule("`http` is of the type `HTTP`", |code, breaks| union::member_fits(code, ("type", "HTTP"), "http", breaks)),
        rule("`image` is of the type `Image`", |code, breaks| {
            union::member_fits(code, ("type", "Image"), "image", breaks)
        }),
    ],
};

static WASM_ENV: Shape = Shape { fields: &[field("hostKeys", Type::List(&List::of(ANY_TEXT)))], rules: &[] };

// The expression of the definition for `url` finds something in every text.
static WASM_HTTP: Shape = Shape {
    fields: &[field("sha256", ANY_TEXT), field("tls", Type::Object(&WASM_TLS)), field("url", ANY_TEXT).required()],
    rules: &[],
};

static WASM_IMAGE: Shape = Shape {
    fields: &[
        field("pullSecretRef", Type::Object(&PULL_SECRET_REF)),
        field("sha256", ANY_TEXT),
        field("tls", Type::Object(&WASM_TLS)),
        field("url", ANY_TEXT).required(),
    ],
    rules: &[],
};

static PULL_SECRET_REF: Shape = Shape {
    fields: SECRET_REF.fields,
    rules: &[rule("what an image is fetched with is in a Secret", extension::is_a_secret)],
};

static WASM_TLS: Shape =
    Shape { fields: &[field("caCertificateRef", Type::Object(&SECRET_REF)).required()], rules: &[] };
