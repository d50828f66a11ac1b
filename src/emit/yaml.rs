//! YAML in block style.
//!
//! Stage: emit. Input: events of the walk. Output: one document. Invariant:
//! YAML 1.1, YAML 1.2 and Envoy's reader load the same values from it; comments
//! stand on lines of their own above what they describe.

use super::form::{Container, Form, Sink};
use super::style::{self, Chomp, Style};

/// The writer.
#[derive(Debug)]
pub(super) struct Yaml {
    sink: Sink,
    open: Vec<Frame>,
    /// What stands before the value that is due.
    before: Before,
}

/// A container that is being written.
#[derive(Clone, Copy, Debug)]
struct Frame {
    container: Container,
    /// The column of its entries.
    indent: usize,
    /// What stood before it, while it is empty; afterwards `None`.
    empty: Option<Before>,
}

/// What stands before a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// Nothing: the document begins.
    Start,
    /// `key:`
    Key,
    /// `-`
    Dash,
}

impl Yaml {
    /// Starts a document.
    pub(super) fn new() -> Self {
        Self { sink: Sink::default(), open: Vec::new(), before: Before::Start }
    }

    /// The column in which the lines of a value stand.
    fn value_indent(&self) -> usize {
        self.open.last().map_or(2, |frame| frame.indent + 2)
    }

    /// Begins an entry of the innermost container: after the dash of the list
    /// around it when it is the first, else on a line of its own.
    fn entry(&mut self, comment: Option<&str>) {
        let Some(frame) = self.open.last_mut() else { return };
        let (indent, empty) = (frame.indent, frame.empty.take());
        if empty == Some(Before::Dash) && comment.is_none() {
            self.sink.push_char(' ');
            return;
        }
        for line in comment.unwrap_or_default().lines() {
            if empty == Some(Before::Dash) {
                self.sink.push_char(' ');
            } else {
                self.sink.line(indent);
            }
            self.push_comment(line);
        }
        self.sink.line(indent);
    }

    /// Writes one line of a comment.
    fn push_comment(&mut self, line: &str) {
        self.sink.push("# ");
        let has_command = style::may_command(line);
        for character in line.chars() {
            match character {
                '#' if has_command => self.sink.push("\\x23"),
                other if style::is_printable(other) => self.sink.push_char(other),
                _ => self.sink.push_char('\u{fffd}'),
            }
        }
    }

    /// The space between a key or dash and a value on the same line.
    fn gap(&mut self) {
        if self.before != Before::Start {
            self.sink.push_char(' ');
        }
    }
}

impl Form for Yaml {
    fn open(&mut self, container: Container) {
        let around = self.open.last().map_or(0, |frame| frame.indent);
        let indent = match (self.before, container) {
            (Before::Start, _) | (Before::Key, Container::List) => around,
            (Before::Key, Container::Map) | (Before::Dash, _) => around + 2,
        };
        self.open.push(Frame { container, indent, empty: Some(self.before) });
    }

    fn close(&mut self) {
        let Some(Frame { container, empty: Some(before), .. }) = self.open.pop() else { return };
        self.before = before;
        self.gap();
        self.sink.push(if container == Container::Map { "{}" } else { "[]" });
    }

    fn key(&mut self, key: &str, comment: Option<&str>) {
        self.entry(comment);
        let style = style::key_style(key);
        if style::is_long_key(key) {
            self.sink.push("? ");
            style::push_inline(&mut self.sink, key, style);
            self.sink.line(self.open.last().map_or(0, |frame| frame.indent));
        } else {
            style::push_inline(&mut self.sink, key, style);
        }
        self.sink.push_char(':');
        self.before = Before::Key;
    }

    fn item(&mut self, comment: Option<&str>) {
        self.entry(comment);
        self.sink.push_char('-');
        self.before = Before::Dash;
    }

    fn text(&mut self, text: &str) {
        self.gap();
        match style::value_style(text) {
            Style::Literal(chomp) => {
                self.sink.push(if chomp == Chomp::Clip { "|" } else { "|-" });
                let indent = self.value_indent();
                for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
                    self.sink.line(if line.is_empty() { 0 } else { indent });
                    self.sink.push(line);
                }
            }
            style => style::push_inline(&mut self.sink, text, style),
        }
    }

    fn bare_text(&mut self, text: &str) {
        self.token(text);
    }

    fn token(&mut self, token: &str) {
        self.gap();
        self.sink.push(token);
    }

    fn end(&mut self) {
        self.sink.push_char('\n');
    }

    fn sink(&mut self) -> &mut Sink {
        &mut self.sink
    }

    fn branch(&self) -> Self {
        Self { sink: Sink::following(), open: self.open.clone(), before: self.before }
    }
}
