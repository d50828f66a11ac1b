use crate::compile::{Compilation, compile};
use crate::diagnostics::Diagnostics;
use crate::options::Options;
use crate::parser::source::{Found, Source, SourceSet};

const GATEWAY: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: any
  listeners:
  - {name: http, protocol: HTTP, port: 80}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: edge}]
  rules:
  - timeouts: {request: 1500ms}
    backendRefs:
    - {name: cart, port: 80}
---
apiVersion: v1
kind: Service
metadata: {name: cart}
spec: {ports: [{port: 80}]}
";

fn compiled(text: &str) -> Compilation {
    let source =
        Source { name: "shop.yaml".into(), text: text.into(), found: Found::Named, context: false, kept: Vec::new() };
    compile(SourceSet { sources: vec![source].into() }, &Options::default(), Diagnostics::new())
}

fn written(compilation: &Compilation) -> String {
    let mut out = Vec::new();
    super::write(compilation, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn ids_are_names_and_what_goes_without_saying_is_left_out() {
    let text = written(&compiled(GATEWAY));
    let value: serde_json::Value = serde_yaml::from_str(&text).unwrap();
    let listener = &value["listeners"][0];
    assert_eq!(listener["origin"], "shop.yaml:7 Gateway default/edge", "{text}");
    let chain = &listener["transport"]["tcp"][0];
    let route = &chain["handler"]["http"]["virtual_hosts"][0]["routes"][0];
    let forward = &route["action"]["forward"];
    let expected = serde_json::json!({
        "weight": 1, "target": {"cluster": "default/cart/80"}, "origin": "shop.yaml:17 HTTPRoute default/shop",
    });
    assert_eq!(forward["backends"], serde_json::json!([expected]), "{text}");
    assert_eq!(forward["timeouts"], serde_json::json!({"request": "1.5s"}), "{text}");
    assert_eq!(forward.as_object().unwrap().keys().collect::<Vec<_>>(), ["backends", "timeouts"], "{text}");
    assert_eq!(value["clusters"]["default/cart/80"]["protocol"], "http1", "{text}");
    assert!(value.get("certificates").is_none(), "{text}");
}

#[test]
fn what_stands_in_a_variant_is_there_also_when_it_is_empty() {
    let text = written(&compiled(GATEWAY));
    assert!(text.contains("path: {prefix: \"\"}"), "{text}");
}

#[test]
fn key_material_is_a_digest() {
    use crate::ir::{KeyPair, Material};

    let mut compilation = compiled(GATEWAY);
    let pair = |key: &str| KeyPair {
        namespace: "default".into(),
        name: key.into(),
        chain: Material::File("/chain.pem".into()),
        key: Material::Inline(key.into()),
        origin: None,
    };
    compilation.lowered.config.certificates = vec![pair("marked-a"), pair("marked-b")].into();
    let value: serde_json::Value = serde_yaml::from_str(&written(&compilation)).unwrap();
    let [a, b] = ["marked-a", "marked-b"].map(|name| value["certificates"][format!("default/{name}")].clone());
    assert_eq!(a["chain"]["file"], "/chain.pem");
    for pair in [&a, &b] {
        let key = pair["key"]["inline"].as_str().unwrap();
        assert!(key.starts_with("sha256:") && key.len() == 19, "{key}");
    }
    assert_ne!(a["key"], b["key"]);
    assert!(!a["key"].to_string().contains("marked"));
}
