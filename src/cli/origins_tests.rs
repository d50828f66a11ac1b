//! Names of origins, and the places that they lead to.

use super::*;

fn node(text: &str) -> Node {
    decode(text, Syntax::Yaml).unwrap().node
}

fn file(text: &str) -> WrittenFile {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.yaml");
    fs::write(&path, text).unwrap();
    WrittenFile::read(&path).unwrap()
}

#[test]
fn tools_name_what_a_document_was_made_of() {
    assert_eq!(of_helm("# Source: web/templates/route.yaml\nkind: HTTPRoute\n"), Some("web/templates/route.yaml"));
    assert_eq!(of_helm("kind: ConfigMap\ndata:\n  a: |\n    # Source: b\n# Source: c\n"), None);
    let kustomize =
        |origin: &str| of_kustomize(&node(&format!("metadata:\n  annotations:\n    {KUSTOMIZE}: |\n      {origin}\n")));
    assert_eq!(kustomize("path: ../../base/route.yaml"), Some(("../../base/route.yaml".to_owned(), true)));
    assert_eq!(kustomize("configuredIn: kustomization.yaml"), Some(("kustomization.yaml".to_owned(), true)));
    let remote = kustomize("path: base/route.yaml\n      repo: https://example.com/x\n      ref: v1");
    assert_eq!(remote, Some(("https://example.com/x//base/route.yaml?ref=v1".to_owned(), false)));
    assert_eq!(kustomize("[]"), None);
}

#[test]
fn a_name_of_no_file_here_is_a_path_only_where_it_can_be_one() {
    assert!(["web/templates/route.yaml", "./a.yaml"].into_iter().all(is_of_file));
    assert!(!["", "../a.yaml", "/a.yaml", "https://a.example/b.yaml", "base/a.yaml of b"].into_iter().any(is_of_file));
}

#[test]
fn a_path_leads_nowhere_above_and_to_no_root() {
    assert_eq!(names_only("../../base/./a.yaml"), Path::new("base/a.yaml"));
    assert_eq!(names_only("/etc/passwd"), Path::new("etc/passwd"));
}

#[test]
fn the_same_field_has_the_same_value_in_the_object_of_the_name() {
    let written = file(
        "kind: Service\nmetadata: {name: a}\n---\nkind: HTTPRoute\nmetadata: {name: web}\nspec:\n  hostnames: [a.example]\n---\n\
         kind: HTTPRoute\nmetadata: {name: blog}\nspec:\n  hostnames: [b.example]\n",
    );
    let piped = |name: &str, host: &str| {
        node(&format!("kind: HTTPRoute\nmetadata:\n  name: {name}\nspec:\n  hostnames:\n  - {host}\n"))
    };
    let path = crate::path!["spec", "hostnames", 0];
    let found = |own: &Node| {
        let object = &written.objects[written.object_of(own)?];
        object.find(&path, Part::Value, own).map(|range| &written.text[range])
    };
    assert_eq!(found(&piped("web", "a.example")), Some("a.example"));
    assert_eq!(found(&piped("prod-web-1", "a.example")), Some("a.example"));
    // A patch has changed it to what another object says.
    assert_eq!(found(&piped("web", "b.example")), None);
    assert_eq!(written.object_of(&piped("shop", "a.example")), None);
    assert_eq!(written.object_of(&piped("web-blog", "a.example")), None);
}

#[test]
fn a_line_of_a_template_counts_where_it_is_the_only_one() {
    let text = "kind: HTTPRoute\n{{- if .Values.on }}\nspec:\n  port: 80\n  other: 80\n{{- end }}\n";
    let own = node("kind: HTTPRoute");
    let found = |text: &str, line: &str| file(text).only_line(line, &own).map(|range| text[range].to_owned());
    assert_eq!(found(text, "port: 80").as_deref(), Some("port: 80"));
    assert_eq!(found(&text.replace("other", "port"), "port: 80"), None);
    assert_eq!(found(&format!("{text}---\nkind: Service\n"), "port: 80"), None);
    assert_eq!(found(text, ""), None);
}
