//! What a description is, and how it is written as text: keys with values, tables below keys.

use std::io::{self, Write};

use crate::cli::table::{NOTHING, Table};
use crate::diagnostics::escape::for_terminal;

/// What stands behind a key.
pub(super) enum Value {
    /// One line.
    Line(String),
    /// A number.
    Number(usize),
    /// Lines below the key.
    Lines(Vec<String>),
    /// Names with what each is, `NAME=VALUE` below the key.
    Pairs(Vec<(String, String)>),
    /// A table below the key.
    Table(Table),
    /// Keys of their own below the key.
    Section(Section),
}

/// What stands before a value.
pub(super) enum Key {
    /// A key of its own.
    Own(&'static str),
    /// One of several of a kind, by what tells it from the others.
    OneOf(&'static Several, String),
}

/// Several values of a kind, such as the rules of a route.
pub(super) struct Several {
    /// What stands before each in text, and what it is by behind that.
    pub(super) words: &'static str,
    /// What all of them are called together.
    pub(super) list: &'static str,
    /// What the name of one is called there.
    pub(super) name: &'static str,
    /// What the value of one is called there, where it is no section.
    pub(super) value: &'static str,
}

/// The conditions that a parent, or an ancestor, gives.
pub(super) const CONDITIONS_BY: Several =
    Several { words: "Conditions By", list: "conditionsBy", name: "by", value: "conditions" };
/// The rules of a route.
pub(super) const RULES: Several = Several { words: "Rule", list: "rules", name: "rule", value: "" };

/// Keys with values, in order; and of what there may be several, and is none.
#[derive(Default)]
pub(super) struct Section {
    pub(super) entries: Vec<(Key, Value)>,
    pub(super) lists: Vec<&'static Several>,
}

impl Section {
    pub(super) fn line(&mut self, key: &'static str, value: impl Into<String>) {
        self.push(key, Value::Line(value.into()));
    }

    pub(super) fn number(&mut self, key: &'static str, number: usize) {
        self.push(key, Value::Number(number));
    }

    pub(super) fn lines(&mut self, key: &'static str, lines: Vec<String>) {
        self.push(key, Value::Lines(lines));
    }

    pub(super) fn pairs<'a>(&mut self, key: &'static str, pairs: impl Iterator<Item = (&'a str, &'a str)>) {
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.push(key, Value::Pairs(pairs.collect()));
    }

    pub(super) fn table(&mut self, key: &'static str, table: Table) {
        self.push(key, Value::Table(table));
    }

    fn push(&mut self, key: &'static str, value: Value) {
        self.entries.push((Key::Own(key), value));
    }

    /// Several of a kind, each with its name.
    pub(super) fn several(&mut self, kind: &'static Several, values: impl IntoIterator<Item = (String, Value)>) {
        self.lists.push(kind);
        self.entries.extend(values.into_iter().map(|(name, value)| (Key::OneOf(kind, name), value)));
    }

    /// Writes the section behind an indentation. What stands in one line is aligned.
    pub(super) fn write(&self, indent: usize, is_colored: bool, out: &mut dyn Write) -> io::Result<()> {
        let is_short = |value: &Value| match value {
            Value::Line(_) | Value::Number(_) => true,
            Value::Lines(lines) => lines.len() <= 1,
            Value::Pairs(pairs) => pairs.len() <= 1,
            Value::Table(table) => table.is_empty(),
            Value::Section(section) => section.entries.is_empty(),
        };
        let pair = |(name, value): &(String, String)| format!("{name}={value}");
        let key_of = |key: &Key| match key {
            Key::Own(key) => (*key).to_owned(),
            Key::OneOf(kind, name) => format!("{} {name}", kind.words),
        };
        let short = self.entries.iter().filter(|(_, value)| is_short(value));
        let width = short.map(|(key, _)| key_of(key).chars().count()).max().unwrap_or_default();
        let space = " ".repeat(indent);
        for (key, value) in &self.entries {
            let key = key_of(key);
            let key = for_terminal(&key);
            if is_short(value) {
                let text = match value {
                    Value::Line(text) => text.to_owned(),
                    Value::Number(number) => number.to_string(),
                    Value::Lines(lines) => lines.first().map(String::to_owned).unwrap_or_default(),
                    Value::Pairs(pairs) => pairs.first().map(pair).unwrap_or_default(),
                    Value::Table(_) | Value::Section(_) => String::new(),
                };
                let gap = " ".repeat(width.saturating_sub(key.chars().count()) + 2);
                let text = if text.is_empty() { NOTHING } else { &text };
                writeln!(out, "{space}{key}:{gap}{}", for_terminal(text))?;
                continue;
            }
            writeln!(out, "{space}{key}:")?;
            let line = |line: &str, out: &mut dyn Write| writeln!(out, "{space}  {}", for_terminal(line));
            match value {
                Value::Line(_) | Value::Number(_) => {}
                Value::Lines(lines) => lines.iter().try_for_each(|own| line(own, out))?,
                Value::Pairs(pairs) => pairs.iter().try_for_each(|own| line(&pair(own), out))?,
                Value::Table(table) => table.write_lines(indent + 2, is_colored, out)?,
                Value::Section(section) => section.write(indent + 2, is_colored, out)?,
            }
        }
        Ok(())
    }
}
