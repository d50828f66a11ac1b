use std::time::{Duration, Instant};

use super::{DecodeError, decode};
use crate::parser::node::Node;
use crate::parser::spans::SpanTree;
use crate::parser::split::{Syntax, split};

fn yaml(text: &str) -> Node {
    decode(text, Syntax::Yaml).unwrap_or_else(|error| panic!("{text:?}: {error:?}")).node
}

fn refused(text: &str) -> DecodeError {
    decode(text, Syntax::Yaml).map(|decoded| decoded.node).expect_err(text)
}

fn json(node: &Node) -> String {
    match node {
        Node::Null => "null".into(),
        Node::Bool(value) => value.to_string(),
        Node::Int(value) => value.to_string(),
        Node::Float(value) => format!("{value:?}f"),
        Node::String(value) => format!("{value:?}"),
        Node::List(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(",")),
        Node::Map(entries) => {
            let entries: Vec<_> = entries.iter().map(|(key, value)| format!("{key}:{}", json(value))).collect();
            format!("{{{}}}", entries.join(","))
        }
    }
}

#[test]
fn values_are_what_kubernetes_reads() {
    let cases = [
        ("a: 1", "{a:1}"),
        ("a: 1.0", "{a:1}"),
        ("a: 1.5", "{a:1.5f}"),
        ("a: 1e3", "{a:1000}"),
        ("a: 18446744073709551615", "{a:1.8446744073709552e19f}"),
        ("a: 99999999999999999999999", "{a:1e23f}"),
        ("a:", "{a:null}"),
        ("a: ~\nb: ''", "{a:null,b:\"\"}"),
        ("a: yes\nb: 'yes'\nc: \"no\"\nd: off", "{a:true,b:\"yes\",c:\"no\",d:false}"),
        ("a: [y, 'n', N]", "{a:[true,\"n\",false]}"),
        ("a: 0777\nb: '0777'\nc: 08\nd: 1_000", "{a:511,b:\"0777\",c:8,d:1000}"),
        ("a: 0b11\nb: 0x1F\nc: 0o7", "{a:3,b:31,c:7}"),
        ("é: 'é'\na: yes\nb: \"on\"", "{é:\"é\",a:true,b:\"on\"}"),
        ("a: !!str yes\nb: !!str 0777\nc: !!str &x on\nd: &y !!str off", "{a:\"yes\",b:\"0777\",c:\"on\",d:\"off\"}"),
        ("a: !!str 1\nb: !!int \"5\"", "{a:\"1\",b:5}"),
        ("a: &x yes\nb: *x", "{a:true,b:true}"),
        ("a: &x 1\nb: &x 2\nc: &y 3\nd: *x", "{a:1,b:2,c:3,d:2}"),
        ("a: |\n  yes\nb: |-\n  0777\nc: >-\n  on", "{a:\"yes\\n\",b:\"0777\",c:\"on\"}"),
        ("a: \"\\x79es\"", "{a:\"yes\"}"),
        ("a: 2001-12-14\nb: 12:30", "{a:\"2001-12-14\",b:\"12:30\"}"),
        ("on: 1\n1: 2\n1.5: 3\ntrue: 4\n0777: 5\n'y': 6", "{true:4,1:2,1.5:3,511:5,y:6}"),
        ("a: {b: [1, {c: d}]}", "{a:{b:[1,{c:\"d\"}]}}"),
        ("", "null"),
        ("# nothing\n", "null"),
        ("--- \n", "null"),
        ("%YAML 1.1\n---\na: 1\n", "{a:1}"),
        ("a: 1\r\nb: x\r\n", "{a:1,b:\"x\"}"),
    ];
    for (text, expected) in cases {
        assert_eq!(json(&yaml(text)), expected, "{text:?}");
    }
}

#[test]
fn merge_keys_add_what_the_mapping_lacks() {
    let base = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\n";
    let cases = [
        ("z: {<<: *x, b: 5}", "{b:5,a:1}"),
        ("z: {b: 5, <<: *x}", "{b:5,a:1}"),
        ("z: {<<: [*x, *y]}", "{a:1,b:2,c:4}"),
        ("z: {<<: [*y, *x]}", "{b:3,c:4,a:1}"),
        ("z: {'<<': 1}", "{<<:1}"),
        ("z:\n  <<: {q: 1}\n  r: 2", "{r:2,q:1}"),
        ("z: {<<: []}", "{}"),
    ];
    for (text, expected) in cases {
        let node = yaml(&format!("{base}{text}"));
        assert_eq!(json(node.get("z").unwrap()), expected, "{text}");
    }
    for text in ["z: {<<: 1}", "z: {<<: [1]}", "z: {<<: [[]]}"] {
        assert!(refused(&format!("{base}{text}")).message.contains("merges a mapping"), "{text}");
    }
    let json_text = decode("{\"<<\": {\"a\": 1}, \"b\": \"yes\"}", Syntax::Json).unwrap();
    assert_eq!(json(&json_text.node), "{<<:{a:1},b:\"yes\"}");
}

#[test]
fn repeated_keys_and_bare_words_are_noted_with_their_paths() {
    let show = |paths: &[crate::diagnostics::FieldPath]| paths.iter().map(ToString::to_string).collect::<Vec<_>>();
    let decoded = decode("a: {b: 1, b: 2, c: [x, {d: 1, d: 2, d: 3}]}\ne: 1\ne: [no, {f: Yes}]", Syntax::Yaml).unwrap();
    assert_eq!(show(&decoded.repeated), ["a.b", "a.c[1].d", "e"]);
    assert_eq!(show(&decoded.words), ["e[0]", "e[1].f"]);
    assert_eq!(json(&decoded.node), "{a:{b:2,c:[\"x\",{d:3}]},e:[false,{f:true}]}");
    let many: String = (0..40).map(|at| format!("k{at}: 1\n")).collect::<String>() + "k7: 2\nk39: 3\n";
    assert_eq!(show(&decode(&many, Syntax::Yaml).unwrap().repeated), ["k7", "k39"]);
    let decoded = decode("{\"a\": 1, \"a\": 2}", Syntax::Json).unwrap();
    assert_eq!(show(&decoded.repeated), ["a"]);
}

#[test]
fn syntax_errors_say_where_and_what() {
    let cases: &[(&str, (usize, usize), &str)] = &[
        ("a: 1\n\tb: 2\n", (2, 1), "tab"),
        ("a:\n\t- b\n", (2, 1), "tab"),
        ("a: \"open\nb: 1\n", (1, 4), "not closed"),
        ("é: 'open\nb: 1\n", (1, 4), "not closed"),
        ("a: b: c\n", (1, 5), "a mapping cannot begin here"),
        ("a:\n  b: 1\n c: 2\n", (3, 2), "does not continue the mapping"),
        ("a:\n  - 1\n - 2\n", (3, 2), "does not continue the"),
        ("a: [1, 2\nb: 3\n", (2, 2), "`[` is not closed"),
        ("a: {b: 1\n", (1, 9), "`{` is not closed"),
        ("a: @x\n", (1, 4), "cannot begin with `@`"),
        ("a: `x`\n", (1, 4), "cannot begin with `` ` ``"),
        ("a: *x\n", (1, 4), "no anchor of this name"),
        ("a: 1\nb\n", (2, 2), "`:` is missing"),
        ("a: \"\\q\"\n", (1, 5), "escape"),
        ("é: 1\na: \u{1}\n", (2, 4), "U+0001"),
        ("a: - b\n", (1, 4), "list item"),
        ("{a: 1} {b: 2}\n", (1, 8), "a second value"),
        ("{\"a\": 1,\n \"b\" 2}\n", (2, 6), "invalid JSON: expected `:`"),
        ("{\"a\": 1,\n \"b\": ", (2, 6), "ends in the middle"),
        ("a: .inf\n", (1, 4), "cannot be expressed in JSON"),
        ("a: !custom x\n", (1, 4), "`!custom`"),
        ("a: !!binary aGk=\n", (1, 4), "`!!binary`"),
        ("? [a]\n: 1\n", (1, 3), "a key cannot be a list"),
        ("~: 1\n", (1, 1), "a key cannot be null"),
    ];
    for (text, (line, column), words) in cases {
        let error = refused(text);
        let before = &text[..error.range.start];
        let found = (before.matches('\n').count() + 1, before.rsplit('\n').next().unwrap().chars().count() + 1);
        let words = words.replace("`` ` ``", "```");
        assert!(error.message.contains(&words), "{text:?}: {}", error.message);
        assert_eq!(found, (*line, *column), "{text:?}: {}", error.message);
        assert_eq!(error.code.id(), "GW8002", "{text:?}");
        assert!(error.range.end <= text.len(), "{text:?}");
    }
}

#[test]
fn nesting_has_a_limit() {
    let nested = |levels: usize| format!("a: {}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(decode(&nested(99), Syntax::Yaml).is_ok());
    for levels in [100, 127, 200, 1_000, 100_000] {
        assert_eq!(refused(&nested(levels)).code.id(), "GW8004", "{levels}");
    }
    assert_eq!(refused(&"- ".repeat(100_000)).code.id(), "GW8004");
    let json = format!("{}1{}", "{\"a\":".repeat(101), "}".repeat(101));
    assert_eq!(decode(&json, Syntax::Json).unwrap_err().code.id(), "GW8004");
    assert_eq!(refused("&a [*a]").code.id(), "GW8004");
}

#[test]
fn hostile_texts_cost_little() {
    let start = Instant::now();
    let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        laughs += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    let error = refused(&laughs);
    assert_eq!(error.code.id(), "GW8004");
    assert!(error.message.contains("aliases"));
    let open = "[".repeat(1 << 20);
    assert!(refused(&open).message.contains("nested"));
    let many = "[".repeat(19_000);
    assert_eq!(refused(&many).code.id(), "GW8004");
    let hidden = "[\"]\", ".repeat(1 << 17);
    assert!(refused(&hidden).message.contains("nested"));
    let directives: String = (0..100_000).map(|at| format!("%TAG !a{at}! x\n")).collect();
    assert_eq!(refused(&(directives + "---\na: 1\n")).code.id(), "GW8004");
    let keys: String = (0..50_000).map(|at| format!("k{at}: 1\n")).collect();
    assert!(decode(&keys, Syntax::Yaml).is_ok());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn ordinary_aliases_are_within_the_limit() {
    let text = "base: &base {retries: 3, timeout: 10s}\nitems: [*base, *base, *base, *base]\n";
    assert!(decode(text, Syntax::Yaml).is_ok());
}

/// A small generator, so that every run makes the same mutations.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

const SAMPLES: &[&str] = &[
    "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: a\nspec:\n  rules:\n  - matches:\n    - path: {type: PathPrefix, value: /x}\n    backendRefs:\n    - name: b\n      port: 80\n",
    "base: &base\n  a: yes\n  é: \"ü 😀\"\nuse:\n  <<: *base\n  b: 0777\nlist: [*base, 'x', \"y\\n\", !!str on]\n",
    "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{\"a\": 1.0}, null, [true]]}\n",
    "---\na: |\n  text\n   more\nb: >-\n  folded\n  text\n...\n--- # next\nc: ''\n",
];
const SPECIALS: &[&str] = &[
    "\t", "\n", "\r\n", "---\n", "...\n", ": ", "- ", "? ", "<<: ", "&a ", "*a", "!x ", "!!str ", "[", "]", "{", "}",
    ",", "\"", "'", "|\n", ">", "%", "#", "@", "`", "\\", "yes", "~", "\u{feff}", "é", "😀", "\u{85}", "\u{2028}",
    "\0", "\r",
];

fn mutate(random: &mut Random) -> String {
    let mut text = SAMPLES[random.below(SAMPLES.len())].to_owned();
    for _ in 0..=random.below(4) {
        let boundaries: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        let at = boundaries[random.below(boundaries.len())];
        match random.below(4) {
            0 => text.truncate(at),
            1 => text.insert_str(at, SPECIALS[random.below(SPECIALS.len())]),
            2 if at < text.len() => {
                text.remove(at);
            }
            _ => {
                let from = boundaries[random.below(boundaries.len())];
                let part = text[from.min(at)..from.max(at)].to_owned();
                text.insert_str(at, &part);
            }
        }
    }
    text
}

/// Asserts that every value of the node is found in the tree.
fn assert_found(node: &Node, path: &crate::diagnostics::FieldPath, tree: &SpanTree, text: &str) {
    assert!(tree.contains(path), "`{path}` is not in {text:?}");
    let range = tree.find(path, crate::diagnostics::Part::Value).unwrap();
    assert!(text.get(range.clone()).is_some(), "`{path}`: {range:?} of {text:?}");
    match node {
        Node::List(items) => {
            for (at, item) in items.iter().enumerate() {
                assert_found(item, &path.with(at), tree, text);
            }
        }
        Node::Map(entries) => {
            for (key, value) in entries {
                assert_found(value, &path.with(key.clone()), tree, text);
            }
        }
        _ => {}
    }
}

#[test]
fn mutated_documents_neither_panic_nor_disagree() {
    let mut random = Random(20_260_101);
    let (mut accepted, mut agreed) = (0, 0);
    for _ in 0..6_000 {
        let text = mutate(&mut random);
        let start = Instant::now();
        for piece in split(&text) {
            let part = &text[piece.range];
            let Ok(decoded) = decode(part, piece.syntax) else { continue };
            accepted += 1;
            if decoded.node == Node::Null {
                continue;
            }
            if let Some(tree) = SpanTree::read(part) {
                agreed += 1;
                assert_found(&decoded.node, &crate::diagnostics::FieldPath::ROOT, &tree, part);
            }
        }
        assert!(start.elapsed() < Duration::from_secs(5), "{text:?}");
    }
    assert!(accepted > 1_000, "{accepted}");
    assert!(agreed * 10 > accepted * 8, "{agreed} of {accepted}");
}
