//! Stage 1b: from the text of a file to its documents.
//!
//! Input: text. Output: the byte range of every document that holds more than
//! comments. A cut is made at `---` and `...` in column 0, where YAML ends a
//! document whatever the state it is in, so that one malformed document hides
//! no other. JSON text is cut between its values.

use std::ops::Range;

use serde::de::IgnoredAny;

/// The language of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// YAML, which is also what JSON that is not quite JSON is taken for.
    Yaml,
    /// One JSON value.
    Json,
}

/// One document of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its bytes. A `---` line is part of it only when it carries content, or follows directives.
    pub range: Range<usize>,
    /// The line on which the range begins, counted from 1.
    pub line: usize,
    /// Its language.
    pub syntax: Syntax,
}

/// Cuts `text` into documents.
pub fn split(text: &str) -> Vec<Piece> {
    let mut cutter = Cutter { text, pieces: Vec::new(), start: 0, line: 1, content: false, directives: false };
    let mut position = 0;
    let mut line = 1;
    while let Some(rest) = text.get(position..).filter(|rest| !rest.is_empty()) {
        let next = rest.find('\n').map_or(text.len(), |at| position + at + 1);
        cutter.take(position, next, line);
        position = next;
        line += 1;
    }
    cutter.finish(text.len());
    cutter.pieces
}

/// Whether a line holds more than comments. YAML 1.1 ends a comment at more characters than a line of the text.
fn is_content(line: &str) -> bool {
    let mut parts = line.split(['\r', '\u{85}', '\u{2028}', '\u{2029}']).map(str::trim);
    parts.any(|part| !part.is_empty() && !part.starts_with('#'))
}

struct Cutter<'t> {
    text: &'t str,
    pieces: Vec<Piece>,
    /// Where the present document begins.
    start: usize,
    line: usize,
    /// Whether it has more than comments and directives.
    content: bool,
    /// Whether it has directives.
    directives: bool,
}

impl Cutter<'_> {
    /// Takes the line of the bytes `from..to`.
    fn take(&mut self, from: usize, to: usize, line: usize) {
        let mut text = self.text.get(from..to).unwrap_or_default();
        let mut from = from;
        if !self.content && text.starts_with('\u{feff}') {
            // Files were joined, and each kept its byte order mark.
            text = text.trim_start_matches('\u{feff}');
            from = to - text.len();
            if self.text.get(self.start..from).is_some_and(|before| before.trim_matches('\u{feff}').is_empty()) {
                self.start = from;
            }
        }
        if let Some(rest) = marker(text, "---") {
            let inline = is_content(rest);
            if self.directives && !self.content {
                self.content = true;
                return;
            }
            self.finish(from);
            if inline { self.begin(from, line, true) } else { self.begin(to, line + 1, false) }
        } else if marker(text, "...").is_some() {
            self.finish(from);
            self.begin(to, line + 1, false);
        } else if !self.content {
            if text.starts_with('%') {
                self.directives = true;
            } else if is_content(text) {
                self.content = true;
            }
        }
    }

    fn begin(&mut self, start: usize, line: usize, content: bool) {
        self.start = start;
        self.line = line;
        self.content = content;
        self.directives = false;
    }

    /// Ends the present document before `end`.
    fn finish(&mut self, end: usize) {
        if !self.content && !self.directives {
            return;
        }
        let range = self.start..end;
        let text = self.text.get(range.clone()).unwrap_or_default();
        if text.trim_start().starts_with('{') {
            self.push_json(range);
        } else {
            self.pieces.push(Piece { range, line: self.line, syntax: Syntax::Yaml });
        }
    }

    /// Adds each of the JSON values in `range`; what is left from the first that is not JSON on is YAML.
    fn push_json(&mut self, range: Range<usize>) {
        let text = self.text.get(range.clone()).unwrap_or_default();
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
        let mut done = 0;
        let mut line = self.line;
        loop {
            let rest = text.get(done..).unwrap_or_default();
            let blank = rest.len() - rest.trim_start().len();
            line += count_lines(rest.get(..blank).unwrap_or_default());
            let start = done + blank;
            let rest = rest.trim_start();
            // A line may hold millions of values: the rest of it is not looked at for each.
            if !rest.starts_with('{') && !rest.lines().any(is_content) {
                return;
            }
            let syntax = match values.next() {
                Some(Ok(_)) if rest.starts_with('{') => Syntax::Json,
                _ => Syntax::Yaml,
            };
            let end = if syntax == Syntax::Json { values.byte_offset() } else { text.len() };
            self.pieces.push(Piece { range: range.start + start..range.start + end, line, syntax });
            if syntax == Syntax::Yaml {
                return;
            }
            line += count_lines(text.get(start..end).unwrap_or_default());
            done = end;
        }
    }
}

/// What follows a document marker on its line, when the line begins with one.
fn marker<'t>(line: &'t str, marker: &str) -> Option<&'t str> {
    let rest = line.strip_prefix(marker)?;
    (rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n'])).then(|| rest.trim())
}

fn count_lines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::{Syntax, split};

    fn texts(text: &str) -> Vec<(&str, usize)> {
        split(text).into_iter().map(|piece| (&text[piece.range], piece.line)).collect()
    }

    #[test]
    fn documents_are_cut_at_markers_in_column_zero() {
        let cases: &[(&str, &[(&str, usize)])] = &[
            ("", &[]),
            ("\n# only a comment\n", &[]),
            ("---\n---\n---\n", &[]),
            ("a: 1\n", &[("a: 1\n", 1)]),
            ("a: 1", &[("a: 1", 1)]),
            ("a: 1\n---\nb: 2\n", &[("a: 1\n", 1), ("b: 2\n", 3)]),
            ("a: 1\r\n---\r\nb: 2\r\n", &[("a: 1\r\n", 1), ("b: 2\r\n", 3)]),
            ("--- # first\na: 1\n---\t\nb: 2", &[("a: 1\n", 2), ("b: 2", 4)]),
            ("---\na: 1\n...\n---\nb: 2\n...\n", &[("a: 1\n", 2), ("b: 2\n", 5)]),
            ("a: 1\n...\nb: 2\n", &[("a: 1\n", 1), ("b: 2\n", 3)]),
            ("--- {a: 1}\n--- b\n", &[("--- {a: 1}\n", 1), ("--- b\n", 2)]),
            ("--- |\n text\n---\nb: 2\n", &[("--- |\n text\n", 1), ("b: 2\n", 4)]),
            ("a: |\n  x\n---\n  y\n", &[("a: |\n  x\n", 1), ("  y\n", 4)]),
            ("a: |\n  ---\n  ...\n", &[("a: |\n  ---\n  ...\n", 1)]),
            ("---x: 1\n....: 2\n", &[("---x: 1\n....: 2\n", 1)]),
            ("----\n", &[("----\n", 1)]),
            ("# x\u{2028}a: 1\n", &[("# x\u{2028}a: 1\n", 1)]),
            ("# x\u{85}# y\r\n", &[]),
            ("a: 1\n---\n# x\rb: 2\n", &[("a: 1\n", 1), ("# x\rb: 2\n", 3)]),
            ("--- # x\u{2029}b: 2\n", &[("--- # x\u{2029}b: 2\n", 1)]),
            ("%YAML 1.1\n---\na: 1\n---\nb: 2\n", &[("%YAML 1.1\n---\na: 1\n", 1), ("b: 2\n", 5)]),
            ("a: 1\n...\n# x\n%YAML 1.1\n--- b\n", &[("a: 1\n", 1), ("# x\n%YAML 1.1\n--- b\n", 3)]),
            ("---\n\u{feff}a: 1\n", &[("a: 1\n", 2)]),
            ("a: 1\n---\n\u{feff}---\nb: 2\n", &[("a: 1\n", 1), ("b: 2\n", 4)]),
        ];
        for (text, expected) in cases {
            assert_eq!(texts(text), *expected, "{text:?}");
        }
    }

    #[test]
    fn a_line_of_many_json_values_is_cut_in_linear_time() {
        assert_eq!(split(&"{}".repeat(100_000)).len(), 100_000);
    }

    #[test]
    fn json_values_are_documents_of_their_own() {
        type Case = (&'static str, &'static [(&'static str, usize, Syntax)]);
        let cases: &[Case] = &[
            ("{\"a\": 1}\n", &[("{\"a\": 1}", 1, Syntax::Json)]),
            ("{\"a\": 1}{\"b\": 2}", &[("{\"a\": 1}", 1, Syntax::Json), ("{\"b\": 2}", 1, Syntax::Json)]),
            ("\n{\n\"a\": 1\n}\n\n{\"b\": 2}", &[("{\n\"a\": 1\n}", 2, Syntax::Json), ("{\"b\": 2}", 6, Syntax::Json)]),
            ("{a: 1}\n", &[("{a: 1}\n", 1, Syntax::Yaml)]),
            ("{\"a\": 1}\n# done\n", &[("{\"a\": 1}", 1, Syntax::Json)]),
            ("{\"a\": 1}\n{b: 2}\n", &[("{\"a\": 1}", 1, Syntax::Json), ("{b: 2}\n", 2, Syntax::Yaml)]),
            ("{\"a\": 1}\n{\"b\": \n", &[("{\"a\": 1}", 1, Syntax::Json), ("{\"b\": \n", 2, Syntax::Yaml)]),
            ("{\"a\": 1}\n---\n{\"b\": 2}", &[("{\"a\": 1}", 1, Syntax::Json), ("{\"b\": 2}", 3, Syntax::Json)]),
        ];
        for (text, expected) in cases {
            let found: Vec<_> =
                split(text).into_iter().map(|piece| (&text[piece.range], piece.line, piece.syntax)).collect();
            assert_eq!(found, *expected, "{text:?}");
        }
    }
}
