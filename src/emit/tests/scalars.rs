//! Every string is a string again under every reading of YAML.

use std::sync::LazyLock;

use proptest::prelude::*;
use prost::Message as _;
use regex::Regex;

use super::super::form::Sink;
use super::super::style::{self, Style};
use super::{json, yaml};
use envoy_types::pb::google::protobuf::{Struct, Value, value};

/// What the resolvers of YAML 1.1 and of YAML 1.2's core schema, and Envoy's
/// own reader, take for something other than a string.
static NOT_STRINGS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"^(?i:y|n|yes|no|true|false|on|off)$",
        r"^(?i:~|null)?$",
        r"^[-+]?0b[0-1_]+$",
        r"^[-+]?0o?[0-7_]+$",
        r"^[-+]?(0|[1-9][0-9_]*)$",
        r"^[-+]?0x[0-9a-fA-F_]+$",
        r"^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$",
        r"^[-+]?([0-9][0-9_]*)?\.[0-9._]*([eE][-+]?[0-9]+)?$",
        r"^[-+]?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?$",
        r"^[-+]?[0-9]+$",
        r"^[-+]?\.?(?i:inf|nan)$",
        r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t].*)?$",
        r"^(<<|=)$",
    ]
    .iter()
    .map(|pattern| Regex::new(pattern).unwrap())
    .collect()
});

/// Bare text that is not a plain scalar at all in block context.
static NOT_PLAIN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"^[-?:,\[\]{}#&*!|>'"%@`\s]|\s$|:(\s|$)|\s#|[^ -~]|^(---|\.\.\.)"#).unwrap());

const TRICKY: &[&str] = &[
    "",
    " ",
    "~",
    "null",
    "Null",
    "NULL",
    "nUll",
    "y",
    "Y",
    "n",
    "N",
    "yes",
    "Yes",
    "YES",
    "no",
    "No",
    "on",
    "On",
    "ON",
    "off",
    "OFF",
    "true",
    "True",
    "tRUE",
    "false",
    "FALSE",
    "1",
    "0",
    "-1",
    "+1",
    "012",
    "0o14",
    "0x10",
    "0b1",
    "1_000",
    "1.5",
    "1e3",
    "1.",
    ".5",
    "1.0e+3",
    "-.inf",
    ".NaN",
    "nan",
    "Infinity",
    "190:20:30",
    "2001-12-14",
    "2001-12-14t21:59:43.10-05:00",
    "<<",
    "=",
    "-",
    "--",
    "---",
    "...",
    "- a",
    "-a",
    "?",
    "? a",
    ":",
    ": a",
    "a:",
    "a: b",
    "a:b",
    "a :b",
    "#",
    "# a",
    "a #b",
    "a#b",
    "##vso[a]b ##[c]",
    "a\n##[b]\nc",
    "&a",
    "*a",
    "*",
    "!a",
    "!!str a",
    "|",
    "|-",
    ">",
    "'",
    "\"",
    "a'b",
    "a\"b",
    "%a",
    "@a",
    "`a",
    "[",
    "]",
    "{",
    "}",
    "[]",
    "{}",
    "{a: b}",
    "a, b",
    ",",
    "\\",
    "\\n",
    "C:\\x",
    "^/foo\\.bar/*$",
    " lead",
    "trail ",
    "\tlead",
    "trail\t",
    "two\nlines",
    "two\nlines\n",
    "two\nlines\n\n",
    "\nlines\nx",
    " a\nb",
    "a\n b\n",
    "a\n \nb",
    "a\n\nb\n",
    "a\r\nb\r\n",
    "a\rb",
    "a\tb\nc",
    "\n",
    "\n\n",
    "\u{0}",
    "\u{7f}",
    "\u{85}",
    "a\u{85}b",
    "\u{a0}",
    "\u{ad}",
    "\u{2028}",
    "a\nb\u{2029}c\n",
    "\u{feff}",
    "\u{feff}a",
    "\u{fffe}",
    "\u{ffff}",
    "\u{1fffe}",
    "\u{202e}abc",
    "é",
    "日本",
    "🦀",
    "a\n🦀\n",
    "---\na\n",
    "a\n---\nb\n",
    "a\n# b\n",
    "# a\nb\n",
    "10.0.0.1",
    "::1",
    "[::1]:80",
    "10s",
    "*.example.com",
    "%REQ(X)%",
    "a/b:c",
    "key: |",
    "a\n\tb\n",
    "0.0.0.0_8443",
    "null\n",
    "none",
    "type.googleapis.com/a.B",
    "x\u{e000}y",
    "\u{10ffff}",
    "a  b",
];

/// A structure with the text as key, as value and in a list.
fn structure(text: &str) -> Vec<u8> {
    let string = || Value { kind: Some(value::Kind::StringValue(text.to_owned())) };
    let list = envoy_types::pb::google::protobuf::ListValue { values: vec![string(), string()] };
    let inner = Struct { fields: [(text.to_owned(), string())].into() };
    let fields = [
        ("value".to_owned(), string()),
        ("list".to_owned(), Value { kind: Some(value::Kind::ListValue(list)) }),
        ("map".to_owned(), Value { kind: Some(value::Kind::StructValue(inner)) }),
    ];
    Struct { fields: fields.into() }.encode_to_vec()
}

/// Checks that a text comes back from YAML and JSON, and would under any resolver.
fn check(text: &str) {
    let wire = structure(text);
    let expected = serde_json::json!({"value": text, "list": [text, text], "map": {text: text}});
    let yaml = yaml("google.protobuf.Struct", &wire);
    let loaded: serde_json::Value = serde_yaml::from_str(&yaml).unwrap_or_else(|e| panic!("{text:?}: {e}\n{yaml}"));
    assert_eq!(loaded, expected, "{yaml}");
    let json = json("google.protobuf.Struct", &wire);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), expected, "{json}");
    for style in [style::key_style(text), style::value_style(text)] {
        if style == Style::Plain {
            assert!(!NOT_PLAIN.is_match(text), "{text:?} is no plain scalar");
            let taken = NOT_STRINGS.iter().find(|resolver| resolver.is_match(text));
            assert!(taken.is_none(), "{text:?} is taken for {taken:?}");
        }
    }
}

#[test]
fn tricky_strings_stay_strings() {
    TRICKY.iter().for_each(|text| check(text));
}

#[test]
fn a_key_of_any_length_is_a_key() {
    for length in [1, 119, 120, 121, 200, 1_023, 1_024, 1_025, 5_000] {
        check(&"k".repeat(length));
        check(&"\u{1}".repeat(length));
        check(&"🦀".repeat(length));
    }
}

#[test]
fn ordinary_names_are_written_plain() {
    for text in [
        "shop/a/80",
        "httproute/shop/a/rule/0/match/0",
        "www.example.com",
        "type.googleapis.com/envoy.config.route.v3.Route",
        "envoy.filters.http.router",
        "/a/b",
        "LEAST_REQUEST",
        "hello world",
    ] {
        assert_eq!(style::value_style(text), Style::Plain, "{text}");
    }
}

#[test]
fn expressions_are_written_without_doubled_backslashes() {
    let mut sink = Sink::default();
    let text = r#"^/a\.b/(?:'"c"')$"#;
    style::push_inline(&mut sink, text, style::key_style(text));
    assert_eq!(sink.text(), r#"'^/a\.b/(?:''"c"'')$'"#);
}

fn config() -> ProptestConfig {
    let mut config = ProptestConfig::with_cases(512);
    config.failure_persistence = None;
    config.rng_seed = proptest::test_runner::RngSeed::Fixed(7);
    config
}

/// Pieces of text that mean something to a reader, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(TRICKY).prop_map(str::to_owned),
        proptest::sample::select(&[" ", "\n", "\t", ":", "#", "-", ".", "0", "e", "_", "x", "'", "\"", "\\"][..])
            .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_string_stays_that_string(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_mix_of_tricky_pieces_stays_that_string(text in pieces()) {
        check(&text);
    }

    #[test]
    fn any_lines_stay_those_lines(lines in proptest::collection::vec("[ -~é🦀\t]{0,12}", 1..6), end in any::<bool>()) {
        let mut text = lines.join("\n");
        if end {
            text.push('\n');
        }
        check(&text);
    }

    #[test]
    fn any_number_like_text_stays_text(text in "[-+]?[0-9._:xobeE]{1,8}") {
        check(&text);
    }
}
