//! Names of origins, and the places that they lead to.

use super::*;

#[test]
fn tools_name_what_a_document_was_made_of() {
    assert_eq!(of_helm("# Source: web/templates/route.yaml\nkind: HTTPRoute\n"), Some("web/templates/route.yaml"));
    assert_eq!(of_helm("kind: ConfigMap\ndata:\n  a: |\n    # Source: b\n# Source: c\n"), None);
    let kustomize = |origin: &str| {
        of_kustomize(&format!("kind: HTTPRoute\nmetadata:\n  annotations:\n    {KUSTOMIZE}: |\n      {origin}\n"))
    };
    assert_eq!(kustomize("path: ../../base/route.yaml"), Some(("../../base/route.yaml".to_owned(), true)));
    assert_eq!(kustomize("configuredIn: kustomization.yaml"), Some(("kustomization.yaml".to_owned(), true)));
    let remote = kustomize("path: base/route.yaml\n      repo: https://example.com/x\n      ref: v1");
    assert_eq!(remote, Some(("https://example.com/x//base/route.yaml?ref=v1".to_owned(), false)));
    assert_eq!(kustomize("[]"), None);
}

#[test]
fn a_path_leads_nowhere_above_and_to_no_root() {
    assert_eq!(names_only("../../base/./a.yaml"), Path::new("base/a.yaml"));
    assert_eq!(names_only("/etc/passwd"), Path::new("etc/passwd"));
}

#[test]
fn the_same_field_has_the_same_value_and_one_object() {
    let written = "kind: Service\nmetadata: {name: a}\n---\nkind: HTTPRoute\nmetadata: {name: web}\nspec:\n  hostnames: [a.example]\n";
    let piped = |host: &str| format!("kind: HTTPRoute\nmetadata:\n  name: prod-web\nspec:\n  hostnames:\n  - {host}\n");
    let path = crate::path!["spec", "hostnames", 0];
    let found = same_field(written, &piped("a.example"), &path, Part::Value).unwrap();
    assert_eq!(&written[found], "a.example");
    // A patch has changed it: it is not written there.
    assert_eq!(same_field(written, &piped("b.example"), &path, Part::Value), None);
    let two = format!("{written}---\nkind: HTTPRoute\nmetadata: {{name: other}}\nspec:\n  hostnames: [a.example]\n");
    assert_eq!(same_field(&two, &piped("a.example"), &path, Part::Value), None);
}

#[test]
fn a_line_counts_where_it_is_the_only_one() {
    let text = "{{- if .Values.on }}\nspec:\n  port: 80\n  other: 80\n{{- end }}\n";
    assert_eq!(only_line(text, "port: 80").map(|range| &text[range]), Some("port: 80"));
    assert_eq!(only_line("a: 1\nb:\n  a: 1\n", "a: 1"), None);
    assert_eq!(only_line(text, ""), None);
}
