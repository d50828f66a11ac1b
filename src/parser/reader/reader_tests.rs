use std::path::Path;

use proptest::prelude::*;
use proptest::sample::select;

use super::super::decode::{Decoded, decode_fully};
use super::super::split::{Syntax, split};
use super::read;

/// Whether the text is taken; if it is, it must be what the full reader makes of it.
fn is_taken(text: &str) -> bool {
    let Some((node, rules)) = read(text) else { return false };
    let full = decode_fully(text).unwrap_or_else(|error| panic!("{text:?} is taken as {node:?}, and is {error:?}"));
    let Decoded { node: expected, repeated, words, rules: places } = full;
    assert_eq!(node, expected, "{text:?}");
    assert_eq!((repeated, words), (Vec::new(), Vec::new()), "{text:?}");
    // The full reader does not know where a rule begins whose first key is no string.
    assert_eq!(rules.len(), places.len(), "{text:?}");
    for (own, place) in rules.iter().zip(places) {
        assert!(own.is_some() || place.is_none(), "{text:?}");
    }
    true
}

#[test]
fn what_manifests_are_written_in_is_taken() {
    let texts = [
        "a: 1\nb:\n  c: x y\n  d: [1, 'two', \"three\", {e: ~}]\n",
        "- a: 1\n  b: 2\n-\n  c: 3\n- - d\n  - e\n- ~\n-\n",
        "a:\n- b\n- c:\n  - d\n  e: f\ng: h\n",
        "# first\n\na: 1 # one\n# between\nb:   # two\n    c: 2\n  # last\n",
        "a: |\n  one\n   two\n\n  three\n\nb: >-\n  one\n  two\n\n  three\n   four\nc: |2+\n   x\n\n",
        "a: one\n  two\n\n  three # four\nb: 'one\n  two'\nc: \"one \\\n  two\\n\n\n  \\u00e9\"\n",
        "a: {b: 1,\n c: [\n  2,\n],\n}\nd: {\"e\":1, 'f': g:h}\n",
        "é: ü # 🦀\n\"a b\": 'it''s'\n0777: on the way\non: 1\n",
        "a: http://x:80/?y#z\nb: a#b\nc: :d\ng: -h\ni: 1.2.3.4\n",
        "a: 1\r\nb: |\r\n  x\r\n  y\r\nc: 'z\r\n  z'\r\n",
        "a: \"x\ty\" # a\ttab\nb: |\n  x\n  \ty\n",
        "  a: 1\n  b: 2",
        "a: |\n  last line",
        "[1, 2]\n",
    ];
    for text in texts {
        assert!(is_taken(text), "{text:?}");
    }
}

#[test]
fn what_is_not_certain_is_left_to_the_full_reader() {
    let texts = [
        "",
        "# nothing\n",
        "text\n",
        "a: &x 1\nb: *x\n",
        "a: !!str 1\n",
        "<<: {a: b}\n",
        "a: 1\na: 2\n",
        "{a: 1, a: 2}\n",
        "? a\n: b\n",
        // One reader of the two takes it.
        "\n - z:\n   - {}\n   - ?a\n",
        "a: ?b\n",
        "a: yes\n",
        "a: .inf\n",
        "a: 0x199922222222222222222222\n",
        "1.5: a\n",
        "~: a\n",
        "a:\tb\n",
        "a: b\tc\n",
        "a: |\n\tx\n",
        "a: |\n  \tx\n",
        "a: \"b\"# c\n",
        "a: b: c\n",
        "a: - b\n",
        "a: b\n c: d\n",
        "- a\nb: c\n",
        "a:\n  b: 1\n c: 2\n",
        "a: [b\n",
        "a: 'b\n",
        "a: [b: c]\n",
        "a: {b}\n",
        "a: [b\n  c]\n",
        "a: \"\\q\"\n",
        "a: \"\\/\"\n",
        "a: [b?c]\n",
        "a: \"\\ud800\"\n",
        "a: b\u{2028}c: d\n",
        "a: \u{7}\n",
        "a: b\rc: d\n",
        "\u{feff}a: b\n",
        "--- {a: b}\n",
        "a: 'b\n--- c'\n",
        "%YAML 1.1\n",
        "a: @b\n",
        "a: |\n    \n  b\n",
    ];
    for text in texts {
        assert_eq!(read(text), None, "{text:?}");
    }
    assert_eq!(read(&format!("a: {}{}\n", "[".repeat(200), "]".repeat(200))), None);
    assert_eq!(read(&format!("{}: b\n", "a".repeat(1100))), None);
}

#[test]
fn many_keys_are_looked_through_for_repeated_ones() {
    let many: String = (0..1000).map(|at| format!("k{at}: {at}\n")).collect();
    assert!(is_taken(&many));
    assert_eq!(read(&format!("{many}k500: again\n")), None);
}

#[test]
fn the_manifests_of_all_cases_read_the_same() {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let (mut documents, mut taken) = (0_usize, 0_usize);
    for entry in walkdir::WalkDir::new(testdata) {
        let entry = entry.unwrap();
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        if entry.path().extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        for piece in split(&text).into_iter().filter(|piece| piece.syntax == Syntax::Yaml) {
            documents += 1;
            taken += usize::from(is_taken(&text[piece.range]));
        }
    }
    assert!(documents > 1000 && taken * 100 > documents * 95, "{taken} of {documents} documents are taken");
}

/// A value as it may be written.
#[derive(Clone, Debug)]
enum Written {
    Inline(String),
    Block(&'static str, Vec<(usize, &'static str)>),
    List(Vec<Written>, usize),
    Map(Vec<(&'static str, Written)>, usize),
}

impl Written {
    /// Writes it behind a key or a dash whose line is indented by `indent`.
    fn write(&self, indent: usize, text: &mut String) {
        match self {
            Self::Inline(value) => {
                text.push(' ');
                text.push_str(value);
                text.push('\n');
            }
            Self::Block(header, lines) => {
                text.push_str(&format!(" {header}\n"));
                for (deeper, line) in lines {
                    text.push_str(&format!("{}{line}\n", " ".repeat(indent + deeper)));
                }
            }
            Self::List(items, deeper) => {
                text.push('\n');
                for item in items {
                    text.push_str(&format!("{}-", " ".repeat(indent + deeper)));
                    item.write(indent + deeper, text);
                }
            }
            Self::Map(entries, deeper) => {
                text.push('\n');
                for (key, value) in entries {
                    text.push_str(&format!("{}{key}:", " ".repeat(indent + deeper)));
                    value.write(indent + deeper, text);
                }
            }
        }
    }
}

const KEYS: &[&str] = &["a", "b", "c d", "'q'", "\"w\"", "1", "on", "é", "spec", "rules", "name", "x:y", "- z"];
const SCALARS: &[&str] = &[
    "",
    "a",
    "1",
    "0777",
    "1.5",
    "-",
    "-1",
    "true",
    "yes",
    "~",
    "a b",
    "a #b",
    "a#b",
    "#b",
    "a:b",
    "a: b",
    "é 🦀",
    "a\n   b",
    "a\n\n b",
    "a\n#b\n  c",
    "'a'",
    "'a''b'",
    "'a\n  b'",
    "'a\n\nb '",
    "\"a\"",
    "\"\\n\"",
    "\"a\\\n  b\"",
    "\"a \n\n b\"",
    "\"\\u00e9\\x41\\\\\"",
    "\"a\tb\"",
    "a\tb",
    "&a b",
    "*a",
    "!t a",
    "!!str 1",
    "?",
    "?a",
    "|a",
    "[]",
    "{}",
    "'a' b",
    ".inf",
    "1e3",
    "0x1F",
    "1_000",
    "null",
    "=",
    "<<",
    "@a",
    "%a",
    "a\r\n  b",
    "a \r",
];
const FLOWS: &[&str] = &[
    "a", "1", "'b'", "\"c\"", "[", "[", "]", "]", "{", "}", ", ", ",", ": ", ":", "\n", "\n  ", " # c\n", "é", "-",
    "?", "a b",
];
const LINES: &[&str] = &["text", "", "- x", "a: b", "# no", "\ttab", "\"", "é", " deeper"];
const HEADERS: &[&str] = &["|", ">", "|-", ">-", "|+", ">+", "|2", ">1-", "| # c", "|x"];
const PIECES: &[&str] = &[
    "\n", " ", "  ", "\t", "#", " # c", ":", ": ", "- ", "-", "'", "\"", "\\", "[", "]", "{", "}", ",", "|", ">",
    "&a ", "*a", "!t ", "---", "...", "\n---\n", "%", "\r\n", "\r", "\u{85}", "\u{2028}", "\u{feff}", "\u{7f}", "é",
    "yes", "1", "? ", "<<: ", "a: b",
];

fn written() -> impl Strategy<Value = Written> {
    let lines = proptest::collection::vec((select(&[0_usize, 1, 2, 2, 2, 3, 4][..]), select(LINES)), 0..4);
    let flow = proptest::collection::vec(select(FLOWS), 0..10).prop_map(|parts| parts.concat());
    let leaf = prop_oneof![
        4 => select(SCALARS).prop_map(|text| Written::Inline(text.to_owned())),
        1 => (select(&["[", "{"][..]), flow, select(&["]", "}"][..])).prop_map(|(open, flow, close)| Written::Inline(format!("{open}{flow}{close}"))),
        1 => (select(HEADERS), lines).prop_map(|(header, lines)| Written::Block(header, lines)),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let deeper = select(&[0_usize, 1, 2, 2, 4][..]);
        prop_oneof![
            (proptest::collection::vec(inner.clone(), 1..4), deeper.clone())
                .prop_map(|(items, deeper)| Written::List(items, deeper)),
            (proptest::collection::vec((select(KEYS), inner), 1..4), deeper)
                .prop_map(|(entries, deeper)| Written::Map(entries, deeper)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(4096), ..ProptestConfig::default() })]

    /// `PROPTEST_CASES` says how many documents are tried.
    #[test]
    fn documents_read_the_same(
        written in written(),
        pieces in proptest::collection::vec((any::<prop::sample::Index>(), select(PIECES), any::<bool>()), 0..3),
    ) {
        let mut text = String::new();
        written.write(0, &mut text);
        is_taken(&text);
        for (at, piece, is_removed) in pieces {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let from = *at.get(&places);
            if is_removed {
                let to = text[from..].chars().next().map_or(from, |character| from + character.len_utf8());
                text.replace_range(from..to, "");
            } else {
                text.insert_str(from, piece);
            }
            is_taken(&text);
        }
    }
}
