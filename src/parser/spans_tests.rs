use super::{CharacterIndex, ScalarStyle, SpanTree};
use crate::diagnostics::{FieldPath, Part};
use crate::path;

fn find<'t>(text: &'t str, path: &FieldPath, part: Part) -> &'t str {
    let range = SpanTree::read(text).expect(text).find(path, part).expect("a place");
    &text[range]
}

#[test]
fn tabs_before_values_are_read_like_spaces() {
    let text = "kind:\tGateway # é\t\nspec: {a:\t1,\tb: 2}\nlist:\n-\tx\n-\ty\n";
    for (path, value) in
        [(path!["kind"], "Gateway"), (path!["spec", "a"], "1"), (path!["spec", "b"], "2"), (path!["list", 1], "y")]
    {
        assert_eq!(find(text, &path, Part::Value), value, "{path}");
    }
}

#[test]
fn keys_and_values_are_found() {
    let text = "# é 😀\nspec:\n  é: 😀x # ü\n  list:\n  - name: a\n    port: 80\n  - {name: 'b', port: [1, 2]}\n  text: |\n    one\n    two\n  empty:\n";
    let cases: &[(FieldPath, &str, &str)] = &[
        (path!["spec", "é"], "é", "😀x"),
        (path!["spec", "list", 0, "name"], "name", "a"),
        (path!["spec", "list", 0, "port"], "port", "80"),
        (path!["spec", "list", 0], "name: a\n    port: 80", "name: a\n    port: 80"),
        (path!["spec", "list", 1], "{name: 'b', port: [1, 2]}", "{name: 'b', port: [1, 2]}"),
        (path!["spec", "list", 1, "name"], "name", "'b'"),
        (path!["spec", "list", 1, "port"], "port", "[1, 2]"),
        (path!["spec", "list", 1, "port", 1], "2", "2"),
        (path!["spec", "empty"], "empty", "empty"),
    ];
    for (path, key, value) in cases {
        assert_eq!(find(text, path, Part::Key), *key, "{path}");
        assert_eq!(find(text, path, Part::Value), *value, "{path}");
    }
    assert!(find(text, &path!["spec", "text"], Part::Value).contains("two"));
}

#[test]
fn an_absent_field_is_at_its_deepest_parent() {
    let text = "kind: X\nspec:\n  rules:\n  - name: a\n    refs:\n      x: 1\n";
    let cases: &[(FieldPath, &str)] = &[
        (path!["metadata", "name"], "kind"),
        (path!["spec", "hostnames", 0], "spec"),
        (path!["spec", "rules", 0, "refs", "y", "z"], "refs"),
        (path!["spec", "rules", 0, "weight"], "name: a\n    refs:\n      x: 1"),
        (path!["spec", "rules", 7], "rules"),
        (path!["kind", "deeper"], "kind"),
    ];
    for (path, expected) in cases {
        assert_eq!(find(text, path, Part::Value), *expected, "{path}");
        assert_eq!(find(text, path, Part::Key), *expected, "{path}");
    }
}

#[test]
fn places_are_found_through_aliases_and_merge_keys() {
    let text = "base: &base {a: 1, b: 2}\nother: &other\n  b: 3\n  c: 4\nuse:\n  <<: [*base, *other]\n  a: 5\ncopy: *base\nnest:\n  <<: {d: 6}\n";
    let cases: &[(FieldPath, &str)] = &[
        (path!["use", "a"], "5"),
        (path!["use", "b"], "2"),
        (path!["use", "c"], "4"),
        (path!["base"], "&base {a: 1, b: 2}"),
        (path!["copy"], "*base"),
        (path!["copy", "b"], "2"),
        (path!["nest", "d"], "6"),
        (path!["use", "z"], "use"),
    ];
    for (path, expected) in cases {
        assert_eq!(find(text, path, Part::Value), *expected, "{path}");
    }
}

#[test]
fn names_are_the_ones_that_kubernetes_sees() {
    let text = "on: 1\n0777: 2\n'on': 3\n";
    assert_eq!(find(text, &path!["true"], Part::Key), "on");
    assert_eq!(find(text, &path!["511"], Part::Key), "0777");
    assert_eq!(find(text, &path!["on"], Part::Key), "'on'");
}

#[test]
fn a_repeated_key_has_several_places() {
    let text = "a:\n  b: 1\n  c: 2\n  b: 3\n";
    let tree = SpanTree::read(text).unwrap();
    let keys = tree.keys(&path!["a", "b"]);
    assert_eq!(keys.iter().map(|key| key.start).collect::<Vec<_>>(), [5, 19]);
    assert_eq!(find(text, &path!["a", "b"], Part::Value), "3");
}

#[test]
fn styles_are_kept() {
    let text = "a: yes\nb: 'yes'\nc: \"yes\"\nd: |\n  yes\ne: >\n  yes\nf: {}\n";
    let tree = SpanTree::read(text).unwrap();
    let styles = ["a", "b", "c", "d", "e", "f"].map(|name| tree.style(&FieldPath(vec![name.into()])));
    use ScalarStyle::{DoubleQuoted, Folded, Literal, Plain, SingleQuoted};
    assert_eq!(styles, [Some(Plain), Some(SingleQuoted), Some(DoubleQuoted), Some(Literal), Some(Folded), None]);
}

#[test]
fn json_and_crlf_have_exact_places() {
    let text = "{\n\t\"é\": \"ü\",\r\n\t\"b\": {\"c\": [true, null]}\r\n}";
    assert_eq!(find(text, &path!["b", "c", 0], Part::Value), "true");
    assert_eq!(find(text, &path!["é"], Part::Key), "\"é\"");
    let text = "a: é\r\nb:\r\n- x: 1\r\n  z: 2\r\n";
    assert_eq!(find(text, &path!["b", 0, "z"], Part::Value), "2");
    assert_eq!(find(text, &path!["b", 0], Part::Value), "x: 1\r\n  z: 2");
}

#[test]
fn characters_become_bytes() {
    let text = "aé😀".repeat(200);
    let index = CharacterIndex::new(&text);
    for (at, (byte, _)) in text.char_indices().enumerate() {
        assert_eq!(index.byte(at), byte);
    }
    assert_eq!(index.byte(600), text.len());
    assert_eq!(index.byte(10_000), text.len());
}

#[test]
fn what_cannot_be_read_has_no_tree() {
    assert!(SpanTree::read("a: [").is_none());
    assert!(SpanTree::read(&"- ".repeat(10_000)).is_none());
    assert!(SpanTree::read("").unwrap().find(&FieldPath::ROOT, Part::Value).is_none());
}

/// Says where keys and plain values are, which both readers agree about; of brackets, quotes and nothing they say
/// different ends.
fn places(nodes: &super::nodes::Nodes, at: usize, told: &mut Vec<(String, std::ops::Range<usize>)>) {
    use super::nodes::Shape;
    let node = &nodes.nodes[at];
    match &node.shape {
        Shape::Scalar(ScalarStyle::Plain) if !node.range.is_empty() => told.push(("plain".into(), node.range.clone())),
        Shape::Scalar(style) => told.push((format!("{style:?}"), 0..0)),
        Shape::List(items) => items.iter().for_each(|item| places(nodes, *item, told)),
        Shape::Map(entries) => {
            for entry in entries {
                told.push((entry.name.to_string(), entry.key.clone()));
                places(nodes, entry.value, told);
            }
        }
        Shape::Alias(target) => told.push((format!("alias of {target}"), node.range.clone())),
    }
}

#[test]
fn both_readers_know_the_same_places() {
    let testdata = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut compared = 0;
    for entry in walkdir::WalkDir::new(testdata) {
        let entry = entry.unwrap();
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        if entry.path().extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        for piece in crate::parser::split::split(&text) {
            let document = &text[piece.range];
            let Some(simple) = super::simple::read(document) else { continue };
            let Some(events) = super::events::read(document) else { continue };
            let (mut own, mut other) = (Vec::new(), Vec::new());
            places(&simple, 0, &mut own);
            places(&events, 0, &mut other);
            assert_eq!(own, other, "{}:{}", entry.path().display(), piece.line);
            compared += 1;
        }
    }
    assert!(compared > 1000, "{compared}");
}

#[test]
fn flows_end_with_their_bracket() {
    let text = "a: {b: [1, 2 ]  , c: {} }  # no\nd: |\n  x\n\ne: ''  # no\n";
    let cases =
        [(path!["a"], "{b: [1, 2 ]  , c: {} }"), (path!["a", "b"], "[1, 2 ]"), (path!["d"], "x"), (path!["e"], "''")];
    for (path, value) in cases {
        assert_eq!(find(text, &path, Part::Value), value, "{path}");
    }
}
