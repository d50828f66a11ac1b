use std::time::Instant;

use super::{MAX_DOCUMENT, parse_with};
use crate::diagnostics::{Diagnostics, Finding, Location, Omission, Pending, codes};
use crate::name::{Name, Namespace};
use crate::options::Options;
use crate::parser::any_object::AnyObject;
use crate::parser::api::ConfigMap;
use crate::parser::locate::Locator;
use crate::parser::manifests::{Kind, Manifests, Metadata, Object, ObjectHead, ObjectKey, Position};
use crate::parser::node::Node;
use crate::parser::object::{Outcome, ReadOptions};
use crate::parser::source::{Found, Source, SourceSet};
use crate::path;

/// A schema of two kinds: a ConfigMap is refused when it has `bad`, and `spec.name` of a Gateway must be a string.
fn schema(node: Node, position: Position, options: &ReadOptions, diagnostics: &mut Diagnostics) -> Outcome {
    let text = |path: [&str; 2]| node.get(path[0]).and_then(|node| node.get(path[1])).and_then(Node::as_str);
    let namespace = text(["metadata", "namespace"]).unwrap_or(&options.namespace).to_owned();
    let name = text(["metadata", "name"]).unwrap_or_default().to_owned();
    let kind = match node.get("kind").and_then(Node::as_str) {
        Some("ConfigMap") => Kind::ConfigMap,
        Some("Gateway") => Kind::Gateway,
        _ => return Outcome::Ignored,
    };
    let (namespace, name) = (Namespace::from(namespace), Name::from(name));
    let key = ObjectKey { kind, namespace: namespace.clone(), name: name.clone() };
    let location = |path| position.at(&path);
    if node.get("bad").is_some() {
        let finding = Finding::new(codes::UNKNOWN_FIELD, location(path!["bad"]), "unknown field `bad`");
        return Outcome::Refused { key: Some(key), proof: diagnostics.error(finding), decoded: None, service: None };
    }
    if matches!(node.get("spec").and_then(|spec| spec.get("name")), Some(Node::Bool(_))) {
        let mut finding = Finding::new(codes::WRONG_TYPE, location(path!["spec", "name"]), "must be a string");
        finding.pending = Some(Pending::Boolean);
        return Outcome::Refused { key: Some(key), proof: diagnostics.error(finding), decoded: None, service: None };
    }
    let data = node.get("data").and_then(Node::as_map).unwrap_or_default();
    let data = data.iter().map(|(key, value)| (key.clone(), format!("{value:?}").into_bytes())).collect();
    let metadata = Metadata {
        namespace,
        name,
        labels: Default::default(),
        annotations: Default::default(),
        creation_timestamp: None,
        generation: 0,
    };
    let object = Object {
        head: ObjectHead { kind, version: "v1", metadata, position, refusal: None },
        spec: ConfigMap { data },
    };
    Outcome::Read(AnyObject::ConfigMap(Box::new(object)))
}

fn source(name: &str, text: &str, found: Found, context: bool) -> Source {
    Source { name: name.into(), text: text.into(), found, context, kept: Vec::new() }
}

fn parse(sources: Vec<Source>) -> (Manifests, Vec<Finding>) {
    let mut diagnostics = Diagnostics::new();
    let manifests = parse_with(SourceSet { sources: sources.into() }, &Options::default(), &mut diagnostics, schema);
    (manifests, diagnostics.into_findings())
}

fn named(text: &str) -> (Manifests, Vec<Finding>) {
    parse(vec![source("a.yaml", text, Found::Named, false)])
}

/// `file:line:column code` of each finding.
fn places(manifests: &Manifests, findings: &[Finding]) -> Vec<String> {
    let locator = Locator::new(manifests);
    findings
        .iter()
        .map(|finding| match locator.resolve(&finding.location) {
            Some(place) => format!("{}:{}:{} {}", place.file, place.line, place.column, finding.code.id()),
            None => finding.code.id().to_owned(),
        })
        .collect()
}

fn map_names(manifests: &Manifests) -> Vec<&str> {
    manifests.config_maps.iter().map(|map| map.metadata.name.as_str()).collect()
}

fn config_map(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata: {{value: {value}}}\n")
}

fn value(manifests: &Manifests, name: &str) -> String {
    let map = manifests.config_maps.iter().find(|map| map.metadata.name == name).expect(name);
    String::from_utf8(map.spec.data["value"].clone()).unwrap()
}

#[test]
fn a_malformed_document_hides_no_other() {
    let text =
        format!("{}---\na: [\n---\n# nothing\n---\n{}---\nb: \"cut", config_map("one", "1"), config_map("two", "2"));
    let (manifests, findings) = named(&text);
    assert_eq!(map_names(&manifests), ["one", "two"]);
    assert_eq!(places(&manifests, &findings), ["a.yaml:7:5 GW8002", "a.yaml:17:4 GW8002"]);
    assert_eq!(manifests.object_count, 2);
}

#[test]
fn lists_are_expanded_with_their_paths() {
    let item = |name: &str| format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}}}");
    let text = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {}\n- {{apiVersion: v1, kind: List, items: [{}]}}\n- {{apiVersion: v1, kind: ConfigMapList, items: [{{metadata: {{name: c}}}}]}}\n- {{a: 1}}\n- {{kind: X}}\n",
        item("a"),
        item("b")
    );
    let (manifests, findings) = named(&text);
    assert_eq!(map_names(&manifests), ["a", "b", "c"]);
    let bases: Vec<String> = manifests.config_maps.iter().map(|map| map.position.base.to_string()).collect();
    assert_eq!(bases, ["items[0]", "items[1].items[0]", "items[2].items[0]"]);
    assert_eq!(places(&manifests, &findings), ["a.yaml:7:3 GW8005", "a.yaml:8:10 GW8005"]);
    for empty in ["apiVersion: v1\nkind: List\nitems: []\n", "apiVersion: v1\nkind: List\nitems:\n"] {
        let (manifests, findings) = named(empty);
        assert_eq!((manifests.object_count, findings.len()), (0, 0), "{empty}");
    }
}

#[test]
fn a_list_without_readable_items_is_an_error() {
    let cases = [
        ("List", "", "GW1004"),
        ("List", "Items: []\n", "GW1001"),
        ("List", "items: {}\n", "GW1003"),
        ("ConfigMapList", "spec: {}\n", "GW1001"),
        ("list", "", "GW1010"),
        ("Lists", "items: [{kind: ConfigMap}]\n", "GW1010"),
    ];
    for (kind, rest, code) in cases {
        let (manifests, findings) = named(&format!("apiVersion: v1\nkind: {kind}\n{rest}"));
        assert_eq!(findings.iter().map(|finding| finding.code.id()).collect::<Vec<_>>(), [code], "{kind} {rest}");
        assert_eq!(manifests.object_count, 0);
    }
    // A kind of another group may have such a name, and any field.
    let (manifests, findings) = named("apiVersion: a.example/v1\nkind: AllowList\nentries: []\n");
    assert_eq!((manifests.object_count, findings.len()), (1, 0));
}

#[test]
fn json_and_yaml_are_read_alike() {
    let json = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"j"},"data":{"value":1.0}}
{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"k"},"data":{"value":"yes"}}"#;
    let (manifests, findings) = parse(vec![source("a.json", json, Found::Named, false)]);
    assert_eq!(findings, []);
    assert_eq!((value(&manifests, "j"), value(&manifests, "k")), ("Int(1)".into(), "String(\"yes\")".into()));
    let (manifests, findings) = named("{apiVersion: v1, kind: ConfigMap, metadata: {name: f}}\n");
    assert_eq!((map_names(&manifests), findings.len()), (vec!["f"], 0));
}

#[test]
fn what_is_not_an_object_is_an_error_when_named_and_a_note_when_found() {
    let cases = [
        ("a: 1\n", Some("GW8005"), Some("GW8006")),
        ("- 1\n", Some("GW8005"), Some("GW8006")),
        ("text\n", Some("GW8005"), Some("GW8006")),
        ("kind: Gateway\n", Some("GW8005"), Some("GW8005")),
        ("apiVersion: v1\n", Some("GW8005"), Some("GW8006")),
        ("apiVersion: v1\nkind: ''\n", Some("GW8005"), Some("GW8006")),
        ("apiVersion: v1\nmetadata: {name: a}\n", Some("GW8005"), Some("GW8005")),
        ("apiVersion: gateway.networking.k8s.io/v1\n", Some("GW8005"), Some("GW8005")),
        ("kind: Pipeline\nsteps: []\n", Some("GW8005"), Some("GW8006")),
        ("kind: Pipeline\nmetadata: {name: a}\n", Some("GW8005"), Some("GW8005")),
        ("a: !Sub b\n", Some("GW8002"), Some("GW8006")),
        ("apiVersion: v1\na: !Sub b\n", Some("GW8002"), Some("GW8002")),
        ("kind: HTTPRoute\na: [\n", Some("GW8002"), Some("GW8002")),
        ("apiVersion: 1\nkind: Gateway\n", Some("GW8005"), Some("GW8005")),
        ("# nothing\n", None, None),
        ("~\n", None, None),
        ("requests: []\n", None, None),
        ("namespace: x\n", Some("GW8006"), Some("GW8006")),
        ("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", Some("GW8006"), Some("GW8006")),
        ("apiVersion: v2\nname: a\nversion: 1.0.0\n", Some("GW8006"), Some("GW8006")),
        ("a: {{ .Values.a }}\nb: {{- if x }}\n", Some("GW8002"), Some("GW8006")),
    ];
    for (text, when_named, when_found) in cases {
        for (found, expected) in [(Found::Named, when_named), (Found::InDirectory, when_found)] {
            let (manifests, findings) = parse(vec![source("dir/a.yaml", text, found, false)]);
            let ids: Vec<_> = findings.iter().map(|finding| finding.code.id()).collect();
            assert_eq!(ids, expected.into_iter().collect::<Vec<_>>(), "{text:?} {found:?}");
            assert_eq!(manifests.object_count, 0);
        }
    }
}

#[test]
fn a_chart_is_one_note() {
    let files = [
        ("in/chart/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n".to_owned()),
        ("in/chart/charts/b/Chart.yaml", "apiVersion: v2\nname: b\nversion: 1.0.0\n".to_owned()),
        ("in/chart/templates/a.yaml", "{{ if x }}\n".to_owned()),
        ("in/chart/values.yaml", "a: 1\n".to_owned()),
        ("in/z.yaml", config_map("z", "1")),
    ];
    let sources = files.iter().map(|(name, text)| source(name, text, Found::InDirectory, false)).collect();
    let (manifests, findings) = parse(sources);
    assert_eq!(places(&manifests, &findings), ["in/chart/Chart.yaml:1:1 GW8006"]);
    assert!(findings[0].help.as_ref().is_some_and(|help| help.contains("helm template in/chart")));
    assert_eq!(map_names(&manifests), ["z"]);
}

#[test]
fn the_later_definition_counts_unless_it_is_refused() {
    let (one, two) = (config_map("x", "1"), config_map("x", "2"));
    let bad = format!("{two}bad: 1\n");
    let (manifests, findings) = named(&format!("{one}---\n{two}"));
    assert_eq!((value(&manifests, "x"), manifests.config_maps.len()), ("Int(2)".into(), 1));
    assert_eq!(places(&manifests, &findings), ["a.yaml:10:9 GW8007"]);
    let first = Locator::new(&manifests).resolve(&findings[0].related[0].location).unwrap();
    assert_eq!((first.line, first.column, first.end_column), (4, 9, 10));

    let (manifests, findings) = named(&format!("{one}---\n{bad}"));
    assert_eq!(value(&manifests, "x"), "Int(1)");
    assert_eq!(findings.iter().map(|finding| finding.code.id()).collect::<Vec<_>>(), ["GW1001", "GW8007"]);
    assert!(findings[1].message.contains("the earlier one counts"));
    assert!(manifests.refused.is_empty());

    let (manifests, findings) = named(&format!("{bad}---\n{one}"));
    assert_eq!(value(&manifests, "x"), "Int(1)");
    assert!(findings[1].message.contains("the later definition counts"));
    assert!(manifests.refused.is_empty());

    let (manifests, _) = named(&bad);
    assert!(manifests.config_maps.is_empty() && manifests.refused.len() == 1);
}

#[test]
fn a_judged_object_wins_over_the_context_without_a_word() {
    let judged = source("a.yaml", &config_map("x", "1"), Found::Named, false);
    let context = format!(
        "{}---\n{}bad: 1\n---\na: [\n---\n{}",
        config_map("x", "2"),
        config_map("y", "3"),
        config_map("z", "4")
    );
    let context = source("c.yaml", &context, Found::Named, true);
    for sources in [vec![judged.clone(), context.clone()], vec![context, judged]] {
        let (manifests, findings) = parse(sources);
        assert_eq!(value(&manifests, "x"), "Int(1)");
        assert!(manifests.config_maps.iter().any(|map| map.metadata.name == "z" && map.position.context));
        // What is wrong with the context itself is known all the same, to be counted.
        let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [codes::UNKNOWN_FIELD, codes::SYNTAX]);
        assert_eq!(manifests.object_count, 1);
    }
}

#[test]
fn other_kinds_are_counted() {
    let text = "apiVersion: apps/v1\nkind: Deployment\n---\napiVersion: apps/v1\nkind: Deployment\n---\napiVersion: v1\nkind: Pod\n";
    let (manifests, findings) = named(text);
    assert_eq!(manifests.object_count, 3);
    assert_eq!(findings, []);
}

#[test]
fn repeated_keys_are_errors_of_kinds_that_are_read() {
    let gateway =
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata:\n  name: g\nspec:\n  é: {a: 1, a: 2}\n";
    let (manifests, findings) = named(gateway);
    assert_eq!(places(&manifests, &findings), ["a.yaml:6:13 GW1002"]);
    let first = Locator::new(&manifests).resolve(&findings[0].related[0].location).unwrap();
    assert_eq!((first.line, first.column), (6, 7));
    assert_eq!(findings[0].object.as_ref().map(|object| object.name.as_str()), Some("g"));
    assert_eq!(findings[0].path.as_ref().map(ToString::to_string).as_deref(), Some("spec[\"é\"].a"));
    assert!(manifests.refused.keys().any(|key| key.name == "g") && manifests.config_maps.is_empty());
    let twice = |text: String| named(&format!("{text}bar: 1\nbar: 2\n"));
    let (manifests, findings) = twice(config_map("x", "1"));
    assert_eq!(places(&manifests, &findings), ["a.yaml:7:1 GW1002"]);
    assert!(manifests.config_maps.is_empty());
    assert_eq!(twice("apiVersion: apps/v1\nkind: Deployment\n".to_owned()).1, []);
    let (manifests, findings) = twice("apiVersion: v1\nkind: List\nitems: []\n".to_owned());
    assert_eq!(places(&manifests, &findings), ["a.yaml:5:1 GW1001", "a.yaml:5:1 GW1002"]);
    let listed = format!("apiVersion: v1\nkind: List\nitems:\n- {}", gateway.trim_end().replace('\n', "\n  "));
    let (manifests, findings) = named(&listed);
    assert_eq!(places(&manifests, &findings), ["a.yaml:9:15 GW1002"]);
    assert_eq!(findings[0].path.as_ref().map(ToString::to_string).as_deref(), Some("spec[\"é\"].a"));
}

#[test]
fn the_last_value_of_a_repeated_key_is_judged_and_the_key_is_named() {
    let twice = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: first}\ndata: {a: last}\n";
    let (mut manifests, findings) = named(twice);
    assert!(findings.iter().any(|finding| finding.code == codes::DUPLICATE_KEY), "{findings:?}");
    assert!(manifests.config_maps.is_empty() && manifests.refused.keys().any(|key| key.name == "x"));
    manifests.admit_decoded();
    let [map] = manifests.config_maps.as_slice() else { panic!("{:?}", manifests.config_maps) };
    assert_eq!(map.spec.data.get("a").map(Vec::as_slice), Some(b"String(\"last\")".as_slice()));
    let parts = manifests.repeated_parts();
    assert_eq!(parts.iter().map(|(_, path, _)| path.clone()).collect::<Vec<_>>(), [path!["data"]]);
}

/// What a text leaves out because equal keys stand in one mapping.
fn overwritten(text: &str) -> usize {
    let sources = SourceSet { sources: vec![source("a.yaml", text, Found::Named, false)].into() };
    let mut diagnostics = Diagnostics::new();
    parse_with(sources, &Options::default(), &mut diagnostics, schema);
    diagnostics.unjudged().iter().filter(|one| one.reason == Omission::Overwritten).count()
}

#[test]
fn two_objects_in_one_mapping_and_two_lists_in_one_list_are_named() {
    let object = |kind: &str| format!("apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: x}}\n");
    let texts = [
        object("A"),
        object("A") + "metadata: {name: y}\n",
        object("A") + &object("B"),
        config_map("x", "1") + &config_map("y", "1"),
        "apiVersion: v1\nkind: List\nitems: []\nmetadata: {}\nmetadata: {}\n".to_owned(),
        "apiVersion: v1\nkind: List\nitems: []\nitems: []\n".to_owned(),
    ];
    assert_eq!(texts.map(|text| overwritten(&text)), [0, 0, 1, 1, 0, 1]);
}

#[test]
fn a_bare_word_in_place_of_a_string_is_to_be_quoted() {
    let gateway = |name: &str| format!("apiVersion: v1\nkind: Gateway\nmetadata: {{name: g}}\nspec:\n  name: {name}\n");
    let (manifests, findings) = named(&gateway("no"));
    assert_eq!(places(&manifests, &findings), ["a.yaml:5:9 GW1011"]);
    assert_eq!(findings[0].help.as_deref(), Some("quote it: `\"no\"`"));
    assert_eq!(named(&gateway("false")).1[0].code, codes::WRONG_TYPE);
    assert_eq!(named(&gateway("'no'")).1, []);
}

#[test]
fn a_document_over_the_limit_is_refused_and_the_next_is_read() {
    let start = Instant::now();
    let text = format!("a: {}\n---\n{}", "x".repeat(MAX_DOCUMENT), config_map("x", "1"));
    let (manifests, findings) = named(&text);
    assert_eq!(places(&manifests, &findings), ["a.yaml:1:1 GW8004"]);
    assert_eq!(map_names(&manifests), ["x"]);
    assert!(start.elapsed().as_secs() < 10);
}

#[test]
fn more_documents_than_manifests_could_fill_are_one_error() {
    let tiny = "{\"a\":1}\n".repeat(20_000);
    let (manifests, findings) = named(&tiny);
    assert_eq!(places(&manifests, &findings), ["a.yaml:1:1 GW8004"]);
    let (manifests, findings) = parse(vec![source("a.json", &tiny, Found::InDirectory, false)]);
    assert_eq!(places(&manifests, &findings), ["a.json:1:1 GW8006"]);
    let small: String = (0..6000).map(|at| format!("---\n{}", config_map(&format!("x{at}"), "1"))).collect();
    let (manifests, findings) = named(&small);
    assert_eq!((manifests.config_maps.len(), findings), (6000, Vec::new()));
    assert!(manifests.config_maps.iter().enumerate().all(|(at, map)| map.metadata.name == *format!("x{at}")));
}

#[test]
fn of_many_keys_that_are_given_twice_the_rest_is_counted() {
    let keys: String = (0..2_000).map(|at| format!("  k{at}: a\n  k{at}: b\n")).collect();
    let (manifests, findings) =
        named(&format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n{keys}"));
    assert_eq!(findings.len(), 101);
    assert!(findings.iter().all(|finding| finding.code.id() == "GW1002"));
    assert!(findings[100].message.ends_with(", and 1899 more repetitions in the object"), "{}", findings[100].message);
    assert_eq!(manifests.repeated_parts().len() + manifests.decoded.len(), 1);
}

#[test]
fn of_many_things_that_are_no_objects_the_rest_is_counted() {
    let (_, findings) = named(&format!("kind: List\napiVersion: v1\nitems:\n{}", "- {}\n".repeat(250)));
    let rest = |findings: &[Finding]| {
        findings.iter().find(|finding| matches!(finding.location, Location::Source(_))).map(|one| one.message.clone())
    };
    assert_eq!(findings.len(), 101);
    assert_eq!(rest(&findings).as_deref(), Some("150 more documents and items of the file are not Kubernetes objects"));
    let (_, findings) = named(&"---\na: 1\n".repeat(130));
    assert_eq!(findings.len(), 101);
    assert_eq!(rest(&findings).as_deref(), Some("30 more documents and items of the file are not Kubernetes objects"));
}

#[test]
fn lines_are_found_for_many_places_at_once() {
    let text = format!("# é\n{}---\n{}", config_map("a", "1"), config_map("b", "2"));
    let (manifests, _) = named(&text);
    let mut places: Vec<Location> =
        manifests.config_maps.iter().map(|map| map.at(&path!["metadata", "name"])).collect();
    places.extend(manifests.config_maps.iter().map(|map| map.at(&path!["data"])));
    places.push(Location::Run);
    assert_eq!(Locator::new(&manifests).lines_of(&places), [Some(5), Some(11), Some(6), Some(12), None]);
}

#[test]
fn columns_count_characters() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {x: 'é😀', name: x}\n";
    let (manifests, _) = named(text);
    let locator = Locator::new(&manifests);
    let place = locator.resolve(&manifests.config_maps[0].at(&path!["metadata", "name"])).unwrap();
    assert_eq!((place.line, place.column, place.end_line, place.end_column), (3, 27, 3, 28));
    assert_eq!(&text[place.range], "x");
}

#[test]
fn the_result_does_not_depend_on_timing() {
    let sources = || {
        (0..200)
            .map(|at| {
                let text = format!(
                    "{}---\na: [\n---\n{}",
                    config_map(&format!("m{}", at % 150), "1"),
                    config_map("same", &at.to_string())
                );
                source(&format!("{at}.yaml"), &text, Found::Named, false)
            })
            .collect::<Vec<_>>()
    };
    let (first, findings) = parse(sources());
    assert_eq!(value(&first, "same"), "Int(199)");
    for _ in 0..3 {
        let (again, same) = parse(sources());
        assert_eq!((map_names(&first), &findings), (map_names(&again), &same));
    }
}

#[test]
fn two_objects_in_one_document_are_an_error_whatever_they_are() {
    let text = "apiVersion: v1\nkind: Gateway\nmetadata: {name: a}\nspec: {}\n\
                apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: b}\nspec: {}\n";
    let (manifests, findings) = parse(vec![source("a.yaml", text, Found::Named, false)]);
    let expected = ["a.yaml:5:1 GW1002", "a.yaml:6:1 GW1002", "a.yaml:7:1 GW1002", "a.yaml:8:1 GW1002"];
    assert_eq!(places(&manifests, &findings), expected);
    let (_, findings) =
        parse(vec![source("a.yaml", "apiVersion: apps/v1\nkind: A\nstatus: 1\nstatus: 2\n", Found::Named, false)]);
    assert!(findings.is_empty(), "{findings:?}");
}
