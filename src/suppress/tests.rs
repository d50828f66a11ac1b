//! Permissions and flags against findings of a small input.

use crate::compile::compile;
use crate::diagnostics::{Code, Diagnostics, Finding};
use crate::options::{IgnoreRule, Options, PathPattern};
use crate::parser::source::{Found, Source, SourceSet};

/// A route without parents (GW3009), whose one rule has weights of zero only (GW4002).
fn route(name: &str, comment: &str) -> String {
    format!(
        "{comment}apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {name}}}\nspec: {{}}\n"
    )
}

fn findings(text: &str, options: &Options) -> Vec<Finding> {
    let source =
        Source { name: "a.yaml".into(), text: text.to_owned(), found: Found::Named, context: false, kept: Vec::new() };
    let compilation = compile(SourceSet { sources: vec![source].into() }, options, Diagnostics::new());
    // Nothing is served here, and a rule that is not written answers nothing.
    let is_about_more = |finding: &Finding| !["GW3012", "GW4001", "GW8025"].contains(&finding.code.id());
    compilation.findings.into_iter().filter(is_about_more).collect()
}

fn ids(text: &str) -> Vec<&'static str> {
    found(text, &[], &[])
}

fn found(text: &str, ignore: &[&str], select: &[&str]) -> Vec<&'static str> {
    let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    let options = Options { ignore: owned(ignore), select: owned(select), ..Options::default() };
    let mut ids: Vec<_> = findings(text, &options).iter().map(|finding| finding.code.id()).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn a_comment_above_or_inside_the_object_allows_a_warning_of_it() {
    assert_eq!(ids(&route("a", "")), ["GW3009"]);
    assert!(ids(&route("a", "# gwctl: allow GW3009 attached elsewhere\n")).is_empty());
    assert!(ids(&route("a", "#gwctl: allow route-without-parents attached elsewhere\n")).is_empty());
    let inside = route("a", "").replace("kind: HTTPRoute\n", "kind: HTTPRoute # gwctl: allow GW3009 because\n");
    assert!(ids(&inside).is_empty());
}

#[test]
fn a_comment_is_about_its_own_document_only() {
    let text = format!("{}---\n{}", route("a", "# gwctl: allow GW3009 because\n"), route("b", ""));
    assert_eq!(ids(&text), ["GW3009"]);
}

#[test]
fn a_comment_in_a_list_is_about_its_item() {
    let item = |name: &str, comment: &str| {
        let lines: Vec<String> = route(name, "").lines().map(|line| format!("  {line}\n")).collect();
        format!("{comment}{}", lines.concat().replacen("  apiVersion", "- apiVersion", 1))
    };
    let comment = "# gwctl: allow GW3009 because\n";
    let text = format!("apiVersion: v1\nkind: List\nitems:\n{}{comment}{}", item("a", ""), item("b", ""));
    let found = findings(&text, &Options::default());
    let names: Vec<_> = found.iter().filter_map(|finding| finding.object.as_ref()).map(|object| &object.name).collect();
    assert_eq!(names, ["a"]);
}

#[test]
fn what_looks_like_a_comment_in_a_string_is_none() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: |\n    # gwctl: allow GW4002 no\n";
    assert!(ids(text).is_empty());
}

#[test]
fn an_unused_comment_is_a_warning() {
    assert_eq!(ids(&route("a", "# gwctl: allow GW4002,GW3009 because\n")), ["GW8012"]);
}

#[test]
fn a_comment_without_effect_is_a_warning() {
    for comment in ["allow GW3009", "allow GW30099 because", "allow GW2001 because", "allow", "ignore GW3009 because"] {
        let text = route("a", &format!("# gwctl: {comment}\n"));
        assert_eq!(ids(&text), ["GW3009", "GW8011"], "{comment}");
    }
    let unknown = findings(&route("a", "# gwctl: allow route-without-parent because\n"), &Options::default());
    assert!(unknown.iter().any(|finding| finding.help.as_deref() == Some("did you mean `route-without-parents`?")));
}

#[test]
fn flags_leave_out_warnings_and_never_errors() {
    let text = route("a", "");
    assert!(found(&text, &["GW3009"], &[]).is_empty());
    assert_eq!(found(&text, &["GW3009", "GW4002"], &[]), ["GW8012"]);
    assert!(found(&text, &["GW3009", "GW4002", "GW8012"], &[]).is_empty());
    assert!(found(&text, &[], &["GW4002"]).is_empty());
    assert_eq!(found(&text, &[], &["GW3009"]), ["GW3009"]);
    let wrong = text.replace("spec: {}", "spec: {rulez: []}");
    assert_eq!(found(&wrong, &["GW1001"], &["GW4002"]), ["GW1001"]);
}

/// The route with an annotation.
fn annotated(name: &str, annotation: &str) -> String {
    let metadata = format!("metadata: {{name: {name}, annotations: {{gwctl.dev/allow: {annotation}}}}}");
    route(name, "").replace(&format!("metadata: {{name: {name}}}"), &metadata)
}

#[test]
fn an_annotation_allows_warnings_of_its_object_and_no_other() {
    assert!(ids(&annotated("a", "GW3009 attached elsewhere")).is_empty());
    assert!(ids(&annotated("a", "route-without-parents attached elsewhere")).is_empty());
    assert_eq!(ids(&annotated("a", "\"GW3009 attached elsewhere\\nGW4002 not yet\"")), ["GW8012"]);
    assert_eq!(ids(&format!("{}---\n{}", annotated("a", "GW3009 because"), route("b", ""))), ["GW3009"]);
    let json = |name: &str, annotations: &str| {
        format!(
            "{{\"apiVersion\": \"gateway.networking.k8s.io/v1\", \"kind\": \"HTTPRoute\", \"metadata\": {{\"name\": \"{name}\"{annotations}}}, \"spec\": {{}}}}"
        )
    };
    let allowed = json("a", ", \"annotations\": {\"gwctl.dev/allow\": \"GW3009 because\"}");
    let list = format!("{{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{allowed}, {}]}}", json("b", ""));
    let found = findings(&list, &Options::default());
    let names: Vec<_> = found.iter().filter_map(|finding| finding.object.as_ref()).map(|object| &object.name).collect();
    assert_eq!(names, ["b"]);
}

#[test]
fn an_annotation_without_effect_is_a_warning() {
    for annotation in ["GW3009", "GW30099 because", "GW2001 because", "\" \\n, because\""] {
        let found = ids(&annotated("a", annotation));
        assert!(
            found.contains(&"GW3009") && found.contains(&"GW8011") || annotation.contains(','),
            "{annotation} {found:?}"
        );
    }
    // In a template of pods it is about pods.
    let text =
        route("a", "").replace("spec: {}", "spec: {template: {metadata: {annotations: {gwctl.dev/allow: GW3009 x}}}}");
    assert!(ids(&text).contains(&"GW3009"));
}

fn with_rule(text: &str, code: &str, files: Option<&str>, object: Option<&str>) -> Vec<&'static str> {
    let rule = IgnoreRule {
        codes: vec![Code::find(code).unwrap()],
        path: files.map(|_| PathPattern { glob: "*".to_owned(), base: "/".into() }),
        files: files.map(str::to_owned).into_iter().collect(),
        object: object.map(|object| object.parse().unwrap()),
        reason: "because".to_owned(),
        place: "gwctl.yaml:1:1".to_owned(),
    };
    let options = Options { ignore_rules: vec![rule], ..Options::default() };
    let mut ids: Vec<_> = findings(text, &options).iter().map(|finding| finding.code.id()).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn a_rule_is_about_some_files_and_objects() {
    let text = route("a", "");
    for object in ["HTTPRoute/default/a", "HTTPRoute/a", "*/*/*", "HTTPRoute/def*/?"] {
        assert!(with_rule(&text, "GW3009", Some("a.yaml"), Some(object)).is_empty(), "{object}");
    }
    assert!(with_rule(&text, "GW3009", None, None).is_empty());
    assert_eq!(with_rule(&text, "GW3009", Some("a.yaml"), Some("HTTPRoute/other/a")), ["GW3009"]);
    // Nothing says that a rule about another file is of no use.
    assert_eq!(with_rule(&text, "GW3009", Some("b.yaml"), None), ["GW3009"]);
    assert_eq!(with_rule(&text, "GW4002", Some("a.yaml"), Some("HTTPRoute/a")), ["GW3009", "GW8012"]);
    let wrong = text.replace("spec: {}", "spec: {rulez: []}");
    assert!(with_rule(&wrong, "GW3009", None, None).contains(&"GW1001"));
}
