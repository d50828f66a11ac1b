//! How a description is written: keys with values, tables below keys.

use std::io::{self, Write};

use crate::cli::table::{NOTHING, Table};
use crate::diagnostics::escape::for_terminal;

/// What stands behind a key.
pub(super) enum Value {
    /// One line.
    Line(String),
    /// Lines below the key.
    Lines(Vec<String>),
    /// A table below the key.
    Table(Table),
    /// Keys of their own below the key.
    Section(Section),
}

/// Keys with values, in order.
#[derive(Default)]
pub(super) struct Section(Vec<(String, Value)>);

impl Section {
    pub(super) fn line(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.0.push((key.into(), Value::Line(value.into())));
    }

    pub(super) fn lines(&mut self, key: impl Into<String>, lines: Vec<String>) {
        self.0.push((key.into(), Value::Lines(lines)));
    }

    pub(super) fn table(&mut self, key: impl Into<String>, table: Table) {
        self.0.push((key.into(), Value::Table(table)));
    }

    pub(super) fn section(&mut self, key: impl Into<String>, section: Self) {
        self.0.push((key.into(), Value::Section(section)));
    }

    /// Writes the section behind an indentation. What stands in one line is aligned.
    pub(super) fn write(&self, indent: usize, is_colored: bool, out: &mut dyn Write) -> io::Result<()> {
        let is_short = |value: &Value| match value {
            Value::Line(_) => true,
            Value::Lines(lines) => lines.len() <= 1,
            Value::Table(table) => table.is_empty(),
            Value::Section(section) => section.0.is_empty(),
        };
        let short = self.0.iter().filter(|(_, value)| is_short(value));
        let width = short.map(|(key, _)| key.chars().count()).max().unwrap_or_default();
        let space = " ".repeat(indent);
        for (key, value) in &self.0 {
            let key = for_terminal(key);
            if is_short(value) {
                let text = match value {
                    Value::Line(text) => text,
                    Value::Lines(lines) => lines.first().map_or(NOTHING, String::as_str),
                    Value::Table(_) | Value::Section(_) => NOTHING,
                };
                let gap = " ".repeat(width.saturating_sub(key.chars().count()) + 2);
                let text = if text.is_empty() { NOTHING } else { text };
                writeln!(out, "{space}{key}:{gap}{}", for_terminal(text))?;
                continue;
            }
            writeln!(out, "{space}{key}:")?;
            match value {
                Value::Line(_) => {}
                Value::Lines(lines) => {
                    lines.iter().try_for_each(|line| writeln!(out, "{space}  {}", for_terminal(line)))?;
                }
                Value::Table(table) => table.write_lines(indent + 2, is_colored, out)?,
                Value::Section(section) => section.write(indent + 2, is_colored, out)?,
            }
        }
        Ok(())
    }
}
