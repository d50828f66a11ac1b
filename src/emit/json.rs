//! JSON, indented by two spaces.
//!
//! Stage: emit. Input: events of the walk. Output: text that every JSON reader,
//! Envoy's included, takes for the same document. Invariant: no comments, and
//! every string is escaped as RFC 8259 asks.

use std::fmt::Write as _;

use super::form::{Container, Form, Sink};
use super::style;

/// The writer.
#[derive(Debug, Default)]
pub(super) struct Json {
    sink: Sink,
    open: Vec<(Container, bool)>,
}

impl Json {
    /// Begins an entry of the innermost container.
    fn entry(&mut self) {
        if let Some((_, filled)) = self.open.last_mut() {
            if *filled {
                self.sink.push_char(',');
            }
            *filled = true;
        }
        self.sink.line(2 * self.open.len());
    }
}

impl Form for Json {
    fn open(&mut self, container: Container) {
        self.open.push((container, false));
        self.sink.push_char(if container == Container::Map { '{' } else { '[' });
    }

    fn close(&mut self) {
        let Some((container, filled)) = self.open.pop() else { return };
        if filled {
            self.sink.line(2 * self.open.len());
        }
        self.sink.push_char(if container == Container::Map { '}' } else { ']' });
    }

    fn key(&mut self, key: &str, _comment: Option<&str>) {
        self.entry();
        self.text(key);
        self.sink.push(": ");
    }

    fn item(&mut self, _comment: Option<&str>) {
        self.entry();
    }

    fn text(&mut self, text: &str) {
        self.sink.push_char('"');
        push_escaped(&mut self.sink, text);
        self.sink.push_char('"');
    }

    fn bare_text(&mut self, text: &str) {
        self.text(text);
    }

    fn token(&mut self, token: &str) {
        self.sink.push(token);
    }

    fn end(&mut self) {
        self.sink.push_char('\n');
    }

    fn sink(&mut self) -> &mut Sink {
        &mut self.sink
    }

    fn branch(&self) -> Self {
        Self { sink: Sink::following(), open: self.open.clone() }
    }
}

/// Adds a string without its quotes. Text that needs no escape is copied whole.
fn push_escaped(sink: &mut Sink, text: &str) {
    let mut rest = text;
    let has_command = style::may_command(text);
    let is_special = |c: char| matches!(c, '"' | '\\') || (has_command && c == '#') || !style::is_printable(c);
    while let Some(at) = rest.find(is_special) {
        sink.push(&rest[..at]);
        let Some(special) = rest[at..].chars().next() else { return };
        match special {
            '"' => sink.push("\\\""),
            '\\' => sink.push("\\\\"),
            '\n' => sink.push("\\n"),
            '\r' => sink.push("\\r"),
            '\t' => sink.push("\\t"),
            other => {
                let mut escape = String::with_capacity(12);
                for unit in other.encode_utf16(&mut [0; 2]) {
                    let _ = write!(escape, "\\u{unit:04x}");
                }
                sink.push(&escape);
            }
        }
        rest = &rest[at + special.len_utf8()..];
    }
    sink.push(rest);
}
