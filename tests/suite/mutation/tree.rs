//! Documents as trees that can be changed anywhere and written out again, with
//! the lines on which each value then stands.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

use serde_yaml::Value;

/// A step from a value to one below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Step {
    Key(String),
    Item(usize),
}

/// A place in a document.
pub(super) type Path = Vec<Step>;

/// A value; a mapping may have a key twice.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Map(Vec<(String, Tree)>),
    List(Vec<Tree>),
    Text(String),
    /// A number, a boolean or nothing, as it is written.
    Bare(String),
}

impl Tree {
    /// The value of a document, `None` when it has keys that are no strings.
    pub(super) fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => Self::Bare("null".to_owned()),
            Value::Bool(value) => Self::Bare(value.to_string()),
            Value::Number(number) => Self::Bare(number.to_string()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Sequence(items) => Self::List(items.iter().map(Self::of).collect::<Option<_>>()?),
            Value::Mapping(entries) => {
                let entry = |(key, value): (&Value, &Value)| Some((key.as_str()?.to_owned(), Self::of(value)?));
                Self::Map(entries.iter().map(entry).collect::<Option<_>>()?)
            }
            Value::Tagged(_) => return None,
        })
    }

    /// The first value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }

    /// The value at a path.
    pub(super) fn at(&self, path: &[Step]) -> Option<&Self> {
        path.iter().try_fold(self, |tree, step| match (tree, step) {
            (Self::Map(_), Step::Key(key)) => tree.get(key),
            (Self::List(items), Step::Item(index)) => items.get(*index),
            _ => None,
        })
    }

    pub(super) fn at_mut(&mut self, path: &[Step]) -> Option<&mut Self> {
        path.iter().try_fold(self, |tree, step| match (tree, step) {
            (Self::Map(entries), Step::Key(key)) => {
                entries.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            (Self::List(items), Step::Item(index)) => items.get_mut(*index),
            _ => None,
        })
    }

    /// The path of every value below this one, in the order of the document.
    pub(super) fn paths(&self) -> Vec<Path> {
        let mut found = Vec::new();
        self.collect(&mut Vec::new(), &mut found);
        found
    }

    fn collect(&self, here: &mut Path, found: &mut Vec<Path>) {
        let mut visit = |step: Step, value: &Self| {
            here.push(step);
            found.push(here.clone());
            value.collect(here, found);
            here.pop();
        };
        match self {
            Self::Map(entries) => entries.iter().for_each(|(key, value)| visit(Step::Key(key.clone()), value)),
            Self::List(items) => items.iter().enumerate().for_each(|(index, item)| visit(Step::Item(index), item)),
            Self::Text(_) | Self::Bare(_) => {}
        }
    }
}

/// Paths as gwctl writes them, nearly.
pub(super) fn shown(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        let _ = match step {
            Step::Key(key) if text.is_empty() => write!(text, "{key}"),
            Step::Key(key) => write!(text, ".{key}"),
            Step::Item(index) => write!(text, "[{index}]"),
        };
    }
    text
}

/// The text of some documents, and the lines of every value of each.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) lines: Vec<BTreeMap<Path, RangeInclusive<usize>>>,
    line: usize,
}

impl Written {
    /// Writes documents in block style, one scalar on a line.
    pub(super) fn of<'t>(documents: impl IntoIterator<Item = &'t Tree>) -> Self {
        let mut written = Self { line: 1, ..Self::default() };
        for (index, document) in documents.into_iter().enumerate() {
            if index > 0 {
                written.end_line("---");
            }
            written.lines.push(BTreeMap::new());
            let start = written.line;
            written.value(document, 0, &mut Vec::new(), true);
            let end = written.line.saturating_sub(1).max(start);
            written.note(&[], start..=end);
        }
        written
    }

    fn note(&mut self, path: &[Step], lines: RangeInclusive<usize>) {
        if let Some(known) = self.lines.last_mut() {
            // Of a key that is there twice both places count.
            let entry = known.entry(path.to_vec()).or_insert_with(|| lines.clone());
            *entry = *entry.start()..=*lines.end();
        }
    }

    fn end_line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
        self.line += 1;
    }

    /// Writes a value; `fresh` when nothing stands on the line yet.
    fn value(&mut self, tree: &Tree, indent: usize, path: &mut Path, fresh: bool) {
        match tree {
            Tree::Map(entries) if !entries.is_empty() => {
                if !fresh {
                    self.end_line("");
                }
                for (key, value) in entries {
                    let start = self.line;
                    self.text.push_str(&format!("{}{}:", "  ".repeat(indent), quoted(key)));
                    path.push(Step::Key(key.clone()));
                    self.value(value, indent + 1, path, false);
                    self.note(path, start..=self.line - 1);
                    path.pop();
                }
            }
            Tree::List(items) if !items.is_empty() => {
                if !fresh {
                    self.end_line("");
                }
                for (index, item) in items.iter().enumerate() {
                    let start = self.line;
                    self.text.push_str(&format!("{}-", "  ".repeat(indent)));
                    path.push(Step::Item(index));
                    self.value(item, indent + 1, path, false);
                    self.note(path, start..=self.line - 1);
                    path.pop();
                }
            }
            Tree::Map(_) => self.end_line(" {}"),
            Tree::List(_) => self.end_line(" []"),
            Tree::Text(text) => self.end_line(&format!(" {}", quoted(text))),
            Tree::Bare(text) => self.end_line(&format!(" {text}")),
        }
    }
}

/// A string as YAML, plain where nothing can be misread.
fn quoted(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
        && !["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(&text.to_lowercase().as_str());
    if is_plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}
