//! The text forms: what the walk over a message needs from YAML and JSON.
//!
//! Stage: emit. Input: events in the order of the output. Output: text in a
//! [`Sink`]. Invariant: the walk opens and closes in balance, writes a key before
//! each value of a map and an item before each value of a list.

use std::io::{self, Write};

/// How much text is collected before it is written.
const CHUNK: usize = 64 * 1024;

/// A map or a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    /// Keys and values.
    Map,
    /// Values.
    List,
}

/// A text form: receives the document as events.
pub(super) trait Form {
    /// A map or a list begins where a value is due.
    fn open(&mut self, container: Container);
    /// The innermost map or list ends.
    fn close(&mut self);
    /// A key of the innermost map; its value is due next. A comment belongs to the entry.
    fn key(&mut self, key: &str, comment: Option<&str>);
    /// An item of the innermost list; its value is due next.
    fn item(&mut self, comment: Option<&str>);
    /// A string value.
    fn text(&mut self, text: &str);
    /// A string value that is known to be one wherever it stands bare, such as `10s`.
    fn bare_text(&mut self, text: &str);
    /// A number, `true`, `false` or `null`.
    fn token(&mut self, token: &str);
    /// The document is complete.
    fn end(&mut self);
    /// The text since it was taken last.
    fn sink(&mut self) -> &mut Sink;
    /// A writer for further items of the innermost list, which has one: their
    /// text belongs behind what this one has.
    fn branch(&self) -> Self;
}

/// Collects text.
#[derive(Clone, Debug, Default)]
pub(super) struct Sink {
    text: String,
    started: bool,
}

impl Sink {
    /// An empty sink for what follows other text.
    pub(super) fn following() -> Self {
        Self { text: String::new(), started: true }
    }

    /// Adds text.
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.started = true;
    }

    /// Adds one character.
    pub(super) fn push_char(&mut self, character: char) {
        self.text.push(character);
        self.started = true;
    }

    /// Begins a line, indented by a number of spaces; the first line of all needs no break.
    pub(super) fn line(&mut self, indent: usize) {
        if self.started {
            self.text.push('\n');
        }
        self.started = true;
        self.text.extend(std::iter::repeat_n(' ', indent));
    }

    /// What was collected.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Writes what was collected when it is much.
    pub(super) fn relieve(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.text.len() >= CHUNK { self.flush(out) } else { Ok(()) }
    }

    /// Writes what was collected.
    pub(super) fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }
}
