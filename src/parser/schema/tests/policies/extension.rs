//! Rules of EnvoyExtensionPolicy.

use super::cases;

const KIND: &str = "EnvoyExtensionPolicy";

#[test]
fn a_script_stands_in_one_place() {
    let at = |path: &str| format!("GW1009 spec.lua[0]{path}");
    let config_map = "valueRef: {group: v1, kind: ConfigMap, name: a}";
    let both = format!("type: Inline, inline: a, {config_map}");
    cases(
        KIND,
        "lua: [{%}]",
        &[
            "inline: a",
            "type: ValueRef, valueRef: {group: \"\", kind: ConfigMap, name: a}",
            &format!("type: ValueRef, {config_map}"),
        ],
        &[
            ("", &[&at(".inline")]),
            ("type: ValueRef", &[&at(".valueRef")]),
            (&both, &[&at(".valueRef")]),
            ("type: ValueRef, valueRef: {group: v1, kind: Secret, name: a}", &[&at(".valueRef.kind")]),
            ("type: ValueRef, valueRef: {group: apps, kind: ConfigMap, name: a}", &[&at(".valueRef.group")]),
        ],
    );
}

#[test]
fn a_server_is_in_the_list_and_gets_bodies_in_a_way_that_fits() {
    let at = |path: &str| format!("GW1009 spec.extProc[0]{path}");
    cases(
        KIND,
        "extProc: [{%}]",
        &[
            "",
            "backendRefs: [{name: a, port: 80}]",
            "failOpen: true, processingMode: {request: {body: Buffered}, response: {}}",
            "failOpen: false, processingMode: {request: {body: FullDuplexStreamed}}",
            "shadowMode: true, processingMode: {request: {body: Streamed}, response: {attributes: [request.path]}}",
            "shadowMode: false, processingMode: {request: {body: Buffered}}",
            "metadata: {writableNamespaces: [a, envoy.other], accessibleNamespaces: [envoy.filters.http.jwt_authn]}",
        ],
        &[
            ("backendRef: {name: a, port: 80}", &[&at(".backendRef")]),
            ("backendRefs: [{name: a, kind: Pod}]", &[&at(".backendRefs[0].kind")]),
            ("backendRefs: [{name: a, group: apps}]", &[&at(".backendRefs[0].group")]),
            (
                "failOpen: true, processingMode: {response: {body: FullDuplexStreamed}}",
                &[&at(".processingMode.response.body")],
            ),
            ("shadowMode: true, processingMode: {request: {body: Buffered}}", &[&at(".processingMode.request.body")]),
            ("metadata: {writableNamespaces: [a, envoy.filters.http.lua]}", &[&at(".metadata.writableNamespaces[1]")]),
        ],
    );
}

#[test]
fn code_is_where_its_type_says() {
    let at = |path: &str| format!("GW1009 spec.wasm[0].code{path}");
    cases(
        KIND,
        "wasm: [{code: {%}}]",
        &[
            "type: HTTP, http: {url: \"https://a.example/b.wasm\"}",
            "type: Image, image: {url: a, pullSecretRef: {name: b}}",
        ],
        &[
            ("type: HTTP", &[&at(".http")]),
            ("type: HTTP, http: {url: a}, image: {url: b}", &[&at(".image")]),
            (
                "type: Image, image: {url: a, pullSecretRef: {kind: ConfigMap, name: b}}",
                &[&at(".image.pullSecretRef.kind")],
            ),
        ],
    );
}
