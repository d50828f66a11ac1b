//! Fixes of whole inputs: what was wrong is right afterwards, and nothing else has changed.

use proptest::prelude::*;

use super::*;
use crate::compile;
use crate::diagnostics::Diagnostics;
use crate::parser::source::{Found, Source, SourceSet};

/// Mistakes and what they become.
const MISTAKES: &[(&str, &str)] = &[
    ("version: 1 #", "version: \"1\" #"),
    ("sectionName: wep", "sectionName: web"),
    ("name: 'edgy'", "name: 'edge'"),
    ("hostnamez:", "hostnames:"),
    ("type: exact", "type: Exact"),
    ("name: \"crt\"", "name: \"cart\""),
    ("port: 81 # the cart", "port: 80 # the cart"),
    ("weight: \"3\"", "weight: 3"),
];

const RIGHT: &str = "\
# é 😀 the platform
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: any
  listeners:
  - {name: web, port: 80, protocol: HTTP}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {ports: [{port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: web
  namespace: shop
  labels:
    version: \"1\" # of the shop
spec:
  parentRefs:
  - name: 'edge'
    sectionName: web
  hostnames:
  - shop.example
  rules:
  - matches:
    - path:
        type: Exact
        value: '/a'   # kept
    backendRefs:
    - name: \"cart\"
      port: 80 # the cart
      weight: 3
";

fn compiled(text: &str) -> Compiled {
    let source =
        Source { name: "a.yaml".into(), text: text.to_owned(), found: Found::Named, context: false, kept: Vec::new() };
    let sources = SourceSet { sources: vec![source].into() };
    let compilation = compile::compile(sources, &Options::default(), Diagnostics::new());
    Compiled { compilation, ..Compiled::default() }
}

fn fixed(text: &str) -> (String, Vec<Made>, Compiled) {
    let compiled = compiled(text);
    let (fixed, made) = fix_in_memory(&compiled, &Options::default());
    let compiled = fixed.unwrap_or(compiled);
    (compiled.sources()[SourceId(0)].text.clone(), made, compiled)
}

fn errors(compiled: &Compiled) -> Vec<String> {
    let errors = compiled.findings().iter().filter(|finding| finding.severity() == Severity::Error);
    errors.map(|finding| format!("{} {}", finding.code.id(), finding.message)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fixes_remove_their_findings_and_change_nothing_else(mask in 0_u16..256, crlf: bool, cut: bool) {
        let mut right = if crlf { RIGHT.replace('\n', "\r\n") } else { RIGHT.to_owned() };
        if cut {
            right.truncate(right.trim_end().len());
        }
        let mut wrong = right.clone();
        for (at, (mistake, correct)) in MISTAKES.iter().enumerate() {
            if mask & (1 << at) != 0 {
                prop_assert!(wrong.contains(correct), "{correct}");
                wrong = wrong.replacen(correct, mistake, 1);
            }
        }
        let (text, made, compiled) = fixed(&wrong);
        prop_assert_eq!(text, right);
        prop_assert_eq!(errors(&compiled), Vec::<String>::new());
        prop_assert_eq!(made.len(), mask.count_ones() as usize);
    }
}

const FOREIGN: &str = "\
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: stock}
spec: {ports: [{port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  rules:
  - backendRefs: [{name: cart, namespace: stock, port: 80}]
  - matches: [{path: {value: /b}}]
    backendRefs: [{name: cart, namespace: stock, port: 80}]
";

#[test]
fn a_missing_grant_is_written_once() {
    let gateway = RIGHT.split_inclusive("---\n").next().unwrap();
    let wrong = format!("{gateway}{FOREIGN}");
    let (text, made, compiled) = fixed(&wrong);
    assert_eq!(errors(&compiled), Vec::<String>::new());
    assert_eq!(made.len(), 1);
    let added = text.strip_prefix(&wrong).unwrap();
    let expected = "\
---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata:
  name: httproute-from-shop-to-cart
  namespace: \"stock\"
spec:
  from:
  - group: gateway.networking.k8s.io
    kind: HTTPRoute
    namespace: \"shop\"
  to:
  - group: \"\"
    kind: Service
    name: \"cart\"
";
    assert_eq!(added, expected);
    assert_eq!(fixed(&text).0, text);
}

#[test]
fn a_name_that_is_taken_is_not_taken_again() {
    let gateway = RIGHT.split_inclusive("---\n").next().unwrap();
    let other = "apiVersion: gateway.networking.k8s.io/v1\nkind: ReferenceGrant\n\
                 metadata: {name: httproute-from-shop-to-cart, namespace: stock}\n\
                 spec: {from: [{group: a.b, kind: C, namespace: d}], to: [{group: '', kind: Secret}]}\n---\n";
    let (text, _, compiled) = fixed(&format!("{gateway}{other}{FOREIGN}"));
    assert_eq!(errors(&compiled), Vec::<String>::new());
    assert!(text.contains("name: httproute-from-shop-to-cart-2\n"), "{text}");
}

#[test]
fn a_quoted_value_that_would_be_wrong_too_is_left_to_a_person() {
    let wrong = RIGHT.replace("- shop.example", "- 1_000");
    assert_eq!(fixed(&wrong).0, wrong);
}

#[test]
fn files_are_written_with_their_mark_unless_they_changed_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.yaml");
    let name = file.display().to_string();
    std::fs::write(&file, "\u{feff}old\r\n").unwrap();
    write(&[(&name, "old\r\n", "new\r\n")]).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "\u{feff}new\r\n");
    let Unwritten(message) = write(&[(&name, "old\r\n", "newer\r\n")]).unwrap_err();
    assert!(message.ends_with("has changed since it was read: nothing was written; run gwctl again"), "{message}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "\u{feff}new\r\n");
    assert!(write(&[("/nowhere/a.yaml", "old", "new")]).is_err());
}

#[test]
fn a_port_that_only_one_service_can_mean_is_set() {
    let reference = "    - name: \"cart\"\n      port: 80 # the cart\n      weight: 3\n";
    for (wrong, right) in [
        ("    - name: \"cart\"\n      weight: 3\n", "    - name: \"cart\"\n      weight: 3\n      port: 80\n"),
        ("    - {name: cart, weight: 3}\n", "    - {port: 80, name: cart, weight: 3}\n"),
        ("    - {name: cart, namespace: 'shop'}\n", "    - {port: 80, name: cart, namespace: 'shop'}\n"),
    ] {
        let (text, made, compiled) = fixed(&RIGHT.replacen(reference, wrong, 1));
        assert_eq!((text, made.len()), (RIGHT.replacen(reference, right, 1), 1));
        assert_eq!(errors(&compiled), Vec::<String>::new());
    }
    let two = RIGHT.replacen("[{port: 80}]", "[{name: a, port: 80}, {name: b, port: 81}]", 1);
    let two = two.replacen("      port: 80 # the cart\n", "", 1);
    assert_eq!(fixed(&two).0, two);
}
