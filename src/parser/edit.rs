//! From symbolic fixes to edits of the text.
//!
//! Input: a [`Fix`] and the places of its documents. Output: the bytes to
//! replace and what to put there, so that nothing else in the file changes:
//! comments, quotes, line ends and anchors stay as they are. Where that cannot
//! be promised (the value comes from an alias, or an alias repeats it), there
//! is no edit.

use std::ops::Range;

use crate::diagnostics::{Change, Edit, FieldPath, Fix, Scalar, Segment, Span, TextEdit};

use super::locate::Locator;
use super::node::Node;
use super::scalar;
use super::source::Source;
use super::spans::{OwnEntry, ScalarStyle, SpanTree};

/// The edits of a fix; `None` when one of them cannot be made.
pub(super) fn text_edits(locator: &Locator<'_>, fix: &Fix) -> Option<Vec<TextEdit>> {
    let mut edits = fix.edits.iter().map(|edit| text_edit(locator, edit)).collect::<Option<Vec<_>>>()?;
    edits.sort_by_key(|edit| (edit.source, edit.span.range.start));
    Some(edits)
}

fn text_edit(locator: &Locator<'_>, edit: &Edit) -> Option<TextEdit> {
    let Edit { document, path, change } = edit;
    let (id, document_range, source) = locator.document(*document)?;
    let (range, new_text) = match change {
        Change::Append(added) => append(source, added)?,
        change => {
            let text = source.text.get(document_range.clone())?;
            let tree = locator.tree(*document)?;
            let (range, new_text) = Target { text, tree: &tree }.change(change, path)?;
            (document_range.start + range.start..document_range.start + range.end, new_text)
        }
    };
    if source.text.get(range.clone())? == new_text {
        return None;
    }
    let (line, column) = locator.line_and_column(id, range.start)?;
    let (end_line, end_column) = locator.line_and_column(id, range.end)?;
    let span = Span { range, line, column, end_line, end_column };
    Some(TextEdit { source: id, file: source.name.clone(), span, new_text })
}

/// A document behind the last one of a file. A JSON file has no room for one.
fn append(source: &Source, document: &str) -> Option<(Range<usize>, String)> {
    let text = &source.text;
    if text.trim_start().starts_with('{') {
        return None;
    }
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let first = if text.is_empty() || text.ends_with('\n') { "" } else { end };
    let lines = document.trim_end().replace('\n', end);
    Some((text.len()..text.len(), format!("{first}---{end}{lines}{end}")))
}

/// A document that is edited.
struct Target<'t> {
    text: &'t str,
    tree: &'t SpanTree,
}

impl Target<'_> {
    fn change(&self, change: &Change, path: &FieldPath) -> Option<(Range<usize>, String)> {
        match change {
            Change::Quote => {
                let own = self.tree.own(path).filter(|own| own.style == Some(ScalarStyle::Plain))?;
                let text = self.word(&own.value)?;
                // Of other forms, such as `0x10` and `1_000`, the text is not what was read.
                let is_word = text.bytes().all(|byte| byte.is_ascii_alphabetic());
                let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
                (is_word || is_decimal).then(|| (own.value.clone(), format!("\"{text}\"")))
            }
            Change::Set(value) => {
                let own = self.tree.own(path)?;
                self.word(&own.value)?;
                Some((own.value.clone(), written(value, own.style?)?))
            }
            Change::Rename(name) => {
                let (segment, parent) = path.0.split_last()?;
                let Segment::Field(old) = segment else { return None };
                let parent = FieldPath(parent.to_vec());
                let entries = self.tree.fields(&parent)?;
                if entries.iter().any(|entry| *entry.name == **name) {
                    return None;
                }
                let entry = entries.iter().find(|entry| *entry.name == **old)?;
                let key = self.text.get(entry.key.clone())?;
                let style = match key.chars().next()? {
                    '"' => ScalarStyle::DoubleQuoted,
                    '\'' => ScalarStyle::SingleQuoted,
                    _ if key == &**old => ScalarStyle::Plain,
                    _ => return None,
                };
                Some((entry.key.clone(), written(&Scalar::Text(name.clone()), style)?))
            }
            Change::Insert { key, value } => self.insert(key, value, path),
            Change::Append(_) => None,
        }
    }

    /// The text of a scalar on one line that is nothing but its value.
    fn word(&self, range: &Range<usize>) -> Option<&str> {
        let text = self.text.get(range.clone())?;
        let is_plain = !text.is_empty() && !text.contains(['\n', '\r']) && !text.starts_with(['&', '*', '!', '|', '>']);
        is_plain.then_some(text)
    }

    fn insert(&self, key: &str, value: &Scalar, path: &FieldPath) -> Option<(Range<usize>, String)> {
        let entries = self.tree.fields(path)?;
        if entries.iter().any(|entry| &*entry.name == key) {
            return None;
        }
        let first = entries.first()?;
        let own = self.tree.own(path)?;
        if self.text.get(own.value.clone())?.starts_with('{') {
            let is_json = self.text.get(first.key.clone())?.starts_with('"');
            let key = if is_json { format!("\"{key}\"") } else { key.to_owned() };
            let style = if is_json { ScalarStyle::DoubleQuoted } else { ScalarStyle::Plain };
            let text = format!("{key}: {}, ", written(value, style)?);
            return Some((first.key.start..first.key.start, text));
        }
        let line = format!("{key}: {}", written(value, ScalarStyle::Plain)?);
        let end = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let line_start = self.text.get(..first.key.start)?.rfind('\n').map_or(0, |newline| newline + 1);
        // A sequence's dash counts as a column of indentation.
        let column = self.text.get(line_start..first.key.start)?.chars().count();
        let indent = " ".repeat(column);
        match entries.last().and_then(|last| self.end_of_line(last)) {
            Some(at) => Some((at..at, format!("{end}{indent}{line}"))),
            None => Some((first.key.start..first.key.start, format!("{line}{end}{indent}"))),
        }
    }

    /// Where the line of an entry ends, when its value ends on it too.
    fn end_of_line(&self, entry: &OwnEntry) -> Option<usize> {
        let range = entry.value.clone().filter(|range| !range.is_empty() && range.start > entry.key.end)?;
        let text = self.text.get(entry.key.start..range.end)?;
        if text.contains('\n') || text.contains(": |") || text.contains(": >") {
            return None;
        }
        let rest = self.text.get(range.end..)?;
        let line = rest.split('\n').next().unwrap_or_default().trim_end_matches('\r');
        let is_comment = line.trim().is_empty() || line.starts_with([' ', '\t']) && line.trim_start().starts_with('#');
        is_comment.then_some(range.end + line.len())
    }
}

/// A value as it stands in the text, in the given quotes; `None` for a style that is not written on one line.
fn written(value: &Scalar, style: ScalarStyle) -> Option<String> {
    let text = match value {
        Scalar::Number(number) => return Some(number.to_string()),
        Scalar::Boolean(value) => return Some(value.to_string()),
        Scalar::Text(text) => text,
    };
    let is_printable = text.chars().all(|character| !character.is_control());
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/'))
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && scalar::read_plain(text) == Node::String(text.clone());
    match style {
        _ if !is_printable => None,
        ScalarStyle::Plain if plain => Some(text.clone()),
        ScalarStyle::Plain | ScalarStyle::DoubleQuoted => {
            Some(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
        }
        ScalarStyle::SingleQuoted => Some(format!("'{}'", text.replace('\'', "''"))),
        ScalarStyle::Literal | ScalarStyle::Folded => None,
    }
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;
