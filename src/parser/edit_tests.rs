//! What edits do to texts, byte by byte.

use typed_index_collections::TiVec;

use crate::diagnostics::{Change, FieldPath, Fix, Locate as _, Scalar};
use crate::parser::locate::Locator;
use crate::parser::source::{Document, DocumentId, Found, Source, SourceId, SourceSet};
use crate::parser::split::split;
use crate::path;

/// The text after a change at `path` of its last document; `None` when there is no edit.
fn changed(text: &str, path: FieldPath, change: Change) -> Option<String> {
    let source =
        Source { name: "a.yaml".into(), text: text.to_owned(), found: Found::Named, context: false, kept: Vec::new() };
    let sources = SourceSet { sources: vec![source].into() };
    let documents: TiVec<DocumentId, Document> = split(text)
        .into_iter()
        .map(|piece| Document { source: SourceId(0), range: piece.range, line: piece.line })
        .collect();
    let last = DocumentId(documents.len() - 1);
    let edits = Locator::of(&sources, &documents).edits(&Fix::one(last, path, change))?;
    let [edit] = edits.as_slice() else { panic!("{edits:?}") };
    let mut text = text.to_owned();
    text.replace_range(edit.span.range.clone(), &edit.new_text);
    Some(text)
}

fn text(value: &str) -> Scalar {
    Scalar::Text(value.to_owned())
}

#[test]
fn quotes_are_put_around_the_text_as_it_stands() {
    for (before, after) in [
        ("a: 1.10 # one\n", Some("a: \"1.10\" # one\n")),
        ("# é 😀\r\na:   yes\r\nb: 1\r\n", Some("# é 😀\r\na:   \"yes\"\r\nb: 1\r\n")),
        ("{\"a\": 1}", Some("{\"a\": \"1\"}")),
        ("{b: {}, a: -1.5}", Some("{b: {}, a: \"-1.5\"}")),
        ("a: 0x10\n", None),
        ("a: 1_000\n", None),
        ("x: 1\n---\na: true", Some("x: 1\n---\na: \"true\"")),
        ("a: \"1\"\n", None),
        ("a: !!int 1\n", None),
        ("a: &n 1\nb: *n\n", None),
        ("b: &n 1\na: *n\n", None),
        ("a:\n", None),
        ("b: 1\n", None),
    ] {
        assert_eq!(changed(before, path!["a"], Change::Quote).as_deref(), after, "{before:?}");
    }
}

#[test]
fn a_scalar_keeps_its_quotes() {
    let set = |before, value| changed(before, path!["l", 0, "a"], Change::Set(value));
    for (before, value, after) in [
        ("l:\n- a: x # why\n", text("z"), Some("l:\n- a: z # why\n")),
        ("l:\n- a: 'x'\n", text("it's"), Some("l:\n- a: 'it''s'\n")),
        ("l: [{a: \"x\"}]\n", text("z"), Some("l: [{a: \"z\"}]\n")),
        ("l:\n- a: x\n", text("no"), Some("l:\n- a: \"no\"\n")),
        ("l:\n- a: x\n", text("*"), Some("l:\n- a: \"*\"\n")),
        ("l:\n- a: \"80\"\n", Scalar::Number(80), Some("l:\n- a: 80\n")),
        ("l:\n- a: 'true'\n", Scalar::Boolean(true), Some("l:\n- a: true\n")),
        ("l:\n- a: |\n    x\n", text("z"), None),
        ("l:\n- &i\n  a: x\n- *i\n", text("z"), None),
        ("m: &m {a: x}\nl:\n- <<: *m\n", text("z"), None),
        ("l:\n- a: x\n  a: z\n", text("z"), None),
        ("l:\n- a: z\n", text("z"), None),
    ] {
        assert_eq!(set(before, value).as_deref(), after, "{before:?}");
    }
}

#[test]
fn a_key_is_renamed_unless_the_name_is_taken() {
    let rename = |before| changed(before, path!["m", "old"], Change::Rename("new".into()));
    assert_eq!(rename("m:\n  old: 1\n  b: 2\n").as_deref(), Some("m:\n  new: 1\n  b: 2\n"));
    assert_eq!(rename("{\"m\": {\"old\": [1]}}").as_deref(), Some("{\"m\": {\"new\": [1]}}"));
    assert_eq!(rename("m: {'old' : 1}").as_deref(), Some("m: {'new' : 1}"));
    assert_eq!(rename("m:\n  old: 1\n  new: 2\n"), None);
    assert_eq!(rename("m: &m\n  old: 1\n"), None);
}

#[test]
fn a_field_is_added_behind_the_last_or_before_the_first() {
    let add = |before| changed(before, path!["l", 0], Change::Insert { key: "k".into(), value: text("v") });
    for (before, after) in [
        ("l:\n- a: x # why\n- b: 1\n", Some("l:\n- a: x # why\n  k: v\n- b: 1\n")),
        ("l:\r\n  -   a: x\r\n", Some("l:\r\n  -   a: x\r\n      k: v\r\n")),
        ("l:\n- a: x", Some("l:\n- a: x\n  k: v")),
        ("l:\n- a:\n    b: 1\n", Some("l:\n- k: v\n  a:\n    b: 1\n")),
        ("l:\n- a: |\n    b\n", Some("l:\n- k: v\n  a: |\n    b\n")),
        ("l: [{a: x}]\n", Some("l: [{k: v, a: x}]\n")),
        ("{\"l\": [{\"a\": \"x\"}]}", Some("{\"l\": [{\"k\": \"v\", \"a\": \"x\"}]}")),
        ("l:\n- k: 1\n", None),
        ("l: [{}]\n", None),
        ("l:\n- &a {b: 1}\n", None),
    ] {
        assert_eq!(add(before).as_deref(), after, "{before:?}");
    }
}

#[test]
fn a_document_is_added_at_the_end() {
    let add = |before| changed(before, path![], Change::Append("a: 1\nb: 2\n".into()));
    assert_eq!(add("x: 1\n").as_deref(), Some("x: 1\n---\na: 1\nb: 2\n"));
    assert_eq!(add("x: 1\r\ny: 2").as_deref(), Some("x: 1\r\ny: 2\r\n---\r\na: 1\r\nb: 2\r\n"));
    assert_eq!(add("{\"x\": 1}\n"), None);
}
