//! Trees of values for people who compare them: YAML with whatever is short on one line.
//!
//! Stage: emit. Input: a [`Tree`]. Output: one document. Invariants: keys stand in the order of the tree, readers of
//! YAML load the tree from it, and no character of a string could steer a terminal.

use std::io::{self, Write};

use super::form::Sink;
use super::style::{self, Style};

/// How long a line may be that holds a whole map or list.
const WIDTH: usize = 120;
/// How many maps and lists may be in one another on a line.
const DEPTH: usize = 3;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    /// A number, `true`, `false` or `null`.
    Token(String),
    /// A string.
    Text(String),
    /// Values.
    List(Vec<Tree>),
    /// Keys and values.
    Map(Vec<(String, Tree)>),
}

impl Tree {
    fn depth(&self) -> usize {
        match self {
            Self::Token(_) | Self::Text(_) => 0,
            Self::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Map(entries) => 1 + entries.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Token(_) | Self::Text(_) => false,
            Self::List(items) => items.is_empty(),
            Self::Map(entries) => entries.is_empty(),
        }
    }
}

/// Writes a tree as one YAML document.
///
/// # Errors
/// Those of `out`.
pub fn write_compact_yaml(tree: &Tree, out: &mut dyn Write) -> io::Result<()> {
    let mut sink = Sink::default();
    match line_of(tree, 0) {
        Some(line) => sink.push(&line),
        None => push_block(tree, 0, false, &mut sink),
    }
    sink.push_char('\n');
    sink.flush(out)
}

/// The tree on one line that begins in `column`, if it has a place there.
fn line_of(tree: &Tree, column: usize) -> Option<String> {
    let is_scalar = matches!(tree, Tree::Token(_) | Tree::Text(_));
    if tree.depth() > DEPTH && !tree.is_empty() {
        return None;
    }
    let mut sink = Sink::default();
    push_flow(tree, !is_scalar, &mut sink);
    let line = sink.text();
    (is_scalar || column + line.chars().count() <= WIDTH).then(|| line.to_owned())
}

/// Writes the entries of a tree, each on lines of its own; `is_begun` is whether the first has its line already.
fn push_block(tree: &Tree, indent: usize, is_begun: bool, sink: &mut Sink) {
    let mut is_begun = is_begun;
    let mut begin = |sink: &mut Sink| {
        if !std::mem::take(&mut is_begun) {
            sink.line(indent);
        }
    };
    match tree {
        Tree::Token(_) | Tree::Text(_) => push_flow(tree, false, sink),
        Tree::List(items) => {
            for item in items {
                begin(sink);
                sink.push("- ");
                match line_of(item, indent + 2) {
                    Some(line) => sink.push(&line),
                    None => push_block(item, indent + 2, true, sink),
                }
            }
        }
        Tree::Map(entries) => {
            for (key, value) in entries {
                begin(sink);
                let mut head = Sink::default();
                push_text(key, false, &mut head);
                sink.push(head.text());
                sink.push_char(':');
                let is_list = matches!(value, Tree::List(_));
                match line_of(value, indent + head.text().chars().count() + 2) {
                    Some(line) => {
                        sink.push_char(' ');
                        sink.push(&line);
                    }
                    None => push_block(value, indent + if is_list { 0 } else { 2 }, false, sink),
                }
            }
        }
    }
}

fn push_flow(tree: &Tree, is_inside: bool, sink: &mut Sink) {
    match tree {
        Tree::Token(token) => sink.push(token),
        Tree::Text(text) => push_text(text, is_inside, sink),
        Tree::List(items) => {
            sink.push_char('[');
            for (position, item) in items.iter().enumerate() {
                separate(position, sink);
                push_flow(item, true, sink);
            }
            sink.push_char(']');
        }
        Tree::Map(entries) => {
            sink.push_char('{');
            for (position, (key, value)) in entries.iter().enumerate() {
                separate(position, sink);
                push_text(key, true, sink);
                sink.push(": ");
                push_flow(value, true, sink);
            }
            sink.push_char('}');
        }
    }
}

fn separate(position: usize, sink: &mut Sink) {
    if position > 0 {
        sink.push(", ");
    }
}

/// Writes a string; inside of brackets a comma ends what stands bare.
fn push_text(text: &str, is_inside: bool, sink: &mut Sink) {
    let style = match style::key_style(text) {
        Style::Plain if is_inside && text.contains([',', '?']) => Style::Double,
        style => style,
    };
    style::push_inline(sink, text, style);
}

#[cfg(test)]
mod tests {
    use super::{Tree, write_compact_yaml};

    fn text(text: &str) -> Tree {
        Tree::Text(text.to_owned())
    }

    fn map(entries: &[(&str, Tree)]) -> Tree {
        Tree::Map(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }

    fn written(tree: &Tree) -> String {
        let mut out = Vec::new();
        write_compact_yaml(tree, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn value(tree: &Tree) -> serde_yaml::Value {
        match tree {
            Tree::Token(token) => serde_yaml::from_str(token).unwrap(),
            Tree::Text(text) => text.as_str().into(),
            Tree::List(items) => serde_yaml::Value::Sequence(items.iter().map(value).collect()),
            Tree::Map(entries) => {
                serde_yaml::Value::Mapping(entries.iter().map(|(k, v)| (k.as_str().into(), value(v))).collect())
            }
        }
    }

    #[test]
    fn short_values_share_a_line_and_long_ones_do_not() {
        let port = map(&[("port", Tree::Token("80".to_owned()))]);
        let deep = map(&[("a", map(&[("b", map(&[("c", port.clone())]))]))]);
        let tree = map(&[("ports", Tree::List(vec![port.clone(), deep])), ("long", Tree::List(vec![port; 12]))]);
        let lines = "- {port: 80}\n".repeat(12);
        assert_eq!(written(&tree), format!("ports:\n- {{port: 80}}\n- a: {{b: {{c: {{port: 80}}}}}}\nlong:\n{lines}"));
    }

    #[test]
    fn readers_load_the_tree() {
        let words = [
            "",
            "a,b",
            "a, b",
            "y",
            "1",
            "~",
            "a: b",
            "{x}",
            "[x]",
            "#",
            "a #b",
            "- a",
            "é\u{202e}\n\0",
            "a?b",
            "'\"\\",
            "?",
            "*",
            "&a",
        ];
        let list = Tree::List(words.iter().map(|word| text(word)).collect());
        let entries = words.iter().map(|word| ((*word).to_owned(), text(word))).collect();
        for tree in [
            list.clone(),
            Tree::Map(entries),
            map(&[("a", list.clone()), ("b", Tree::List(vec![])), ("c", map(&[])), ("d", Tree::Token("null".into()))]),
            Tree::List(vec![map(&[("a", map(&[("b", list.clone())]))]), Tree::List(vec![list])]),
            text("a, b"),
        ] {
            let text = written(&tree);
            assert_eq!(serde_yaml::from_str::<serde_yaml::Value>(&text).unwrap(), value(&tree), "{text}");
            assert!(!text.contains('\u{202e}'), "{text}");
        }
    }
}
