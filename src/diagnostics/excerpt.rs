//! Excerpts: the few lines around a place, cut to a width that fits a screen.
//!
//! The cost of an excerpt is bounded whatever the size of the file and the
//! length of its lines. What is shown holds no control character but tabs, so
//! that a manifest cannot steer the terminal, and nothing that is secret.

use std::fmt;
use std::ops::Range;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use super::escape::{is_unsafe, lines_for_terminal};
use super::span::{Span, floor_boundary};

/// Lines shown before and after the one that is marked.
const CONTEXT_LINES: usize = 2;
/// Characters of a line that are shown.
const LINE_WIDTH: usize = 160;
/// What stands in the place of a secret.
const SECRET: &str = "<hidden>";
/// Characters shown before the mark when the line is too long to begin at its start.
const LEAD: usize = 60;

/// The lines around a place, and what to mark in them.
#[derive(Debug)]
struct Excerpt {
    text: String,
    /// The line of the file on which `text` begins, from 0.
    first_line: usize,
    mark: Range<usize>,
    label: Option<String>,
}

/// Draws the lines of `text` around `span` with `label` under the marked part.
///
/// Only the first line of a span is marked. Nothing of the ranges `hidden` is shown. The result ends in a newline.
pub(crate) fn draw(
    text: &str,
    hidden: &[Range<usize>],
    span: &Span,
    label: Option<&str>,
    color: bool,
) -> Result<String, fmt::Error> {
    let excerpt = Excerpt::cut(Shown { text, hidden }, span, label);
    let theme = GraphicalTheme {
        characters: ThemeCharacters { error: String::new(), ..ThemeCharacters::unicode() },
        styles: if color { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_wrap_lines(false)
        .without_primary_span_start()
        .without_syntax_highlighting()
        .with_links(false);
    let mut drawn = String::new();
    handler.render_report(&mut drawn, &excerpt)?;
    // The handler prints the (empty) message first.
    Ok(drawn.split_once('\n').map_or_else(String::new, |(_, lines)| lines.to_owned()))
}

/// A text, and what of it is secret.
#[derive(Clone, Copy)]
struct Shown<'t> {
    text: &'t str,
    hidden: &'t [Range<usize>],
}

impl Shown<'_> {
    fn is_hidden(self, offset: usize) -> bool {
        let first = self.hidden.partition_point(|part| part.end <= offset);
        self.hidden.get(first).is_some_and(|part| part.start <= offset)
    }

    /// Where a line of the text begins in it.
    fn offset_of(self, line: &str) -> usize {
        (line.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize)
    }
}

/// Adds one character after the other; a secret becomes one word, however long it is.
#[derive(Default)]
struct Line {
    is_in_secret: bool,
}

impl Line {
    fn push(&mut self, out: &mut String, character: char, is_hidden: bool) {
        // The indentation of a secret says where it stands.
        let is_secret = is_hidden && (self.is_in_secret || !character.is_whitespace());
        if is_secret && !self.is_in_secret {
            out.push_str(SECRET);
        } else if !is_secret {
            out.push(shown(character));
        }
        self.is_in_secret = is_secret;
    }
}

impl Excerpt {
    fn cut(source: Shown<'_>, span: &Span, label: Option<&str>) -> Self {
        let text = source.text;
        let start = floor_boundary(text, span.range.start);
        let end = floor_boundary(text, span.range.end).max(start);
        let (line_start, is_cut) = start_of_line(text, start);
        let mut excerpt = Self {
            text: String::new(),
            first_line: span.line.saturating_sub(1),
            mark: 0..0,
            label: label.map(|label| lines_for_terminal(label).into_owned()),
        };
        if !is_cut {
            for line in lines_before(text, line_start) {
                excerpt.first_line = excerpt.first_line.saturating_sub(1);
                excerpt.push_line(source, line);
            }
        }
        let line_end = excerpt.push_marked(source, line_start, is_cut, start..end);
        if let Some(line_end) = line_end {
            for line in lines_after(text, line_end) {
                excerpt.push_line(source, line);
            }
        }
        excerpt
    }

    fn push_line(&mut self, source: Shown<'_>, line: &str) {
        let base = source.offset_of(line);
        let mut rest = line.char_indices();
        let mut shown = Line::default();
        for (offset, character) in rest.by_ref().take(LINE_WIDTH) {
            shown.push(&mut self.text, character, source.is_hidden(base + offset));
        }
        if rest.next().is_some() {
            self.text.push('…');
        }
        self.text.push('\n');
    }

    /// Adds the line that holds the mark; returns where it ends in the file unless it was cut.
    fn push_marked(
        &mut self,
        source: Shown<'_>,
        line_start: usize,
        is_cut: bool,
        range: Range<usize>,
    ) -> Option<usize> {
        let text = source.text;
        let mut shown = Line::default();
        if is_cut {
            self.text.push('…');
        }
        let mut mark: Option<Range<usize>> = None;
        let mut line_end = Some(text.len());
        for (width, (offset, character)) in text[line_start..].char_indices().enumerate() {
            let offset = line_start + offset;
            if offset == range.start {
                mark = Some(self.text.len()..self.text.len());
            }
            if character == '\n' || text[offset..].starts_with("\r\n") {
                line_end = Some(offset);
                break;
            }
            if width == LINE_WIDTH {
                self.text.push('…');
                line_end = None;
                break;
            }
            shown.push(&mut self.text, character, source.is_hidden(offset));
            if let Some(mark) = mark.as_mut().filter(|_| offset < range.end) {
                mark.end = self.text.len();
            }
        }
        // A span that begins at the line break or at the end of the file is marked behind the line.
        self.mark = mark.unwrap_or(self.text.len()..self.text.len());
        self.text.push('\n');
        line_end
    }
}

/// Where the shown part of the line of `offset` begins, and whether that is behind its start.
fn start_of_line(text: &str, offset: usize) -> (usize, bool) {
    let mut start = offset;
    let mut earlier = text[..offset].char_indices().rev();
    // A line that fits with the mark in it is shown from its start.
    for _ in 0..LINE_WIDTH - LEAD {
        match earlier.next() {
            None => return (0, false),
            Some((_, '\n')) => return (start, false),
            Some((position, _)) => start = position,
        }
    }
    let start = text[..offset].char_indices().rev().nth(LEAD - 1).map_or(0, |(position, _)| position);
    (start, true)
}

/// Up to [`CONTEXT_LINES`] lines before the line that begins at `line_start`, in order.
fn lines_before(text: &str, line_start: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut end = line_start;
    while lines.len() < CONTEXT_LINES && end > 0 {
        let bytes = text.as_bytes();
        let line_end = end - 1;
        // Far enough for any line worth showing, near enough for one of a megabyte.
        let floor = line_end.saturating_sub(LINE_WIDTH * 8);
        let newline = bytes[floor..line_end].iter().rposition(|&byte| byte == b'\n');
        let start = match newline {
            Some(position) => floor + position + 1,
            None if floor == 0 => 0,
            None => break,
        };
        let line = text[start..line_end].trim_end_matches('\r');
        if line == "---" {
            break;
        }
        lines.push(line);
        end = start;
    }
    lines.reverse();
    lines
}

/// Up to [`CONTEXT_LINES`] lines after the line that ends at `line_end`.
fn lines_after(text: &str, line_end: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let rest = &text[line_end..];
    let mut rest = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')).unwrap_or(rest);
    while lines.len() < CONTEXT_LINES && !rest.is_empty() {
        let limit = floor_boundary(rest, LINE_WIDTH * 8);
        let (line, is_whole) = match rest[..limit].find('\n') {
            Some(newline) => (&rest[..newline], true),
            None => (&rest[..limit], limit == rest.len()),
        };
        if line.trim_end_matches('\r') == "---" {
            break;
        }
        lines.push(line.trim_end_matches('\r'));
        if !is_whole {
            break;
        }
        rest = rest.get(line.len() + 1..).unwrap_or("");
    }
    lines
}

/// The character as it is shown: control characters and those that reorder text are replaced.
fn shown(character: char) -> char {
    if character != '\t' && is_unsafe(character) { char::REPLACEMENT_CHARACTER } else { character }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Excerpt {}

impl Diagnostic for Excerpt {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = LabeledSpan::new(self.label.clone(), self.mark.start, self.mark.len());
        Some(Box::new(std::iter::once(span)))
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        _: &SourceSpan,
        _: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let whole = SourceSpan::from(0..self.text.len());
        let lines = self.text.lines().count();
        Ok(Box::new(MietteSpanContents::new(self.text.as_bytes(), whole, self.first_line, 0, lines)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str, word: &str, label: &str) -> String {
        let start = text.find(word).unwrap();
        draw(text, &[], &Span::of(text, start..start + word.len()), Some(label), false).unwrap()
    }

    /// The column under which a marking character stands, counted in characters.
    fn column_of(line: &str, marks: &[char]) -> usize {
        line.chars().position(|character| marks.contains(&character)).unwrap()
    }

    #[test]
    fn the_mark_stands_under_the_word() {
        let shown = drawn("a: 1\nb: wrong\nc: 3\n", "wrong", "here");
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[2], " 2 │ b: wrong");
        assert_eq!(column_of(lines[3], &['─', '┬']), 8);
        assert!(lines[4].contains("here"), "{shown}");
        assert!(lines[1].ends_with("a: 1") && lines[5].ends_with("c: 3"), "{shown}");
    }

    #[test]
    fn accents_do_not_move_the_mark_and_an_emoji_takes_two_cells() {
        let shown = drawn("né: wrong\n", "wrong", "here");
        assert_eq!(column_of(shown.lines().nth(2).unwrap(), &['─', '┬']), 9);
        let shown = drawn("😀: wrong\n", "wrong", "here");
        assert_eq!(column_of(shown.lines().nth(2).unwrap(), &['─', '┬']), 9);
    }

    #[test]
    fn tabs_are_expanded_in_the_line_and_under_it() {
        let shown = drawn("\tkey: wrong\n", "wrong", "here");
        let lines: Vec<&str> = shown.lines().collect();
        assert!(!shown.contains('\t'));
        let column = lines[1].find("wrong").map(|byte| lines[1][..byte].chars().count()).unwrap();
        assert_eq!(column_of(lines[2], &['─', '┬']), column);
    }

    #[test]
    fn a_line_of_a_megabyte_is_cut_around_the_mark() {
        let text = format!("a: 1\n{}wrong{}\nb: 2\n", "x".repeat(500_000), "é".repeat(500_000));
        let shown = drawn(&text, "wrong", "here");
        assert!(shown.len() < 2000, "{}", shown.len());
        assert!(shown.contains("…xxx") && shown.contains("xwrongé") && shown.contains("é…"), "{shown}");
        assert!(shown.starts_with("   ╭"), "{shown}");
        assert!(shown.contains(" 2 │ …"), "{shown}");
    }

    #[test]
    fn a_huge_neighbouring_line_is_left_out_or_cut() {
        let huge = "x".repeat(1_000_000);
        let shown = drawn(&format!("{huge}\nwrong\n{huge}\n"), "wrong", "here");
        assert!(shown.len() < 2000, "{}", shown.len());
        assert!(shown.contains(" 2 │ wrong"), "{shown}");
    }

    #[test]
    fn only_the_first_line_of_a_long_span_is_marked() {
        let text = "spec:\n  a: 1\n  b: 2\n";
        let shown = draw(text, &[], &Span::of(text, 0..text.len()), Some("here"), false).unwrap();
        let marked: Vec<&str> = shown.lines().filter(|line| line.contains('┬')).collect();
        assert_eq!(marked.len(), 1, "{shown}");
    }

    #[test]
    fn an_empty_span_can_stand_anywhere_even_in_an_empty_file() {
        for (text, offset) in [("", 0), ("a", 1), ("a\n", 2), ("a\nb", 2), ("a\r\nb\r\n", 1), ("é", 2)] {
            let shown = draw(text, &[], &Span::of(text, offset..offset), Some("here"), false).unwrap();
            assert!(shown.contains("here"), "{text:?} {offset}: {shown}");
        }
    }

    #[test]
    fn control_characters_are_not_printed() {
        let shown = drawn("a: \u{1b}[31m\u{202e} wrong\r\n", "wrong", "no\u{7}bell");
        assert!(!shown.contains(['\u{1b}', '\u{202e}', '\r', '\u{7}']), "{shown:?}");
    }

    #[test]
    fn secrets_are_one_word_in_the_marked_line_and_around_it() {
        let text = "a: 1\nb:\n  marked one\n  c: marked two # x\n\td: marked\n";
        let (first, second) = (text.find("  marked").unwrap(), text.find(" marked two").unwrap());
        let third = text.rfind(" marked").unwrap();
        let hidden = [first..first + 12, second..second + 11, third..text.len()];
        for word in ["marked one", "c: marked", "a: 1", "d: ", "two"] {
            let start = text.find(word).unwrap();
            let span = Span::of(text, start..start + word.len());
            let drawn = draw(text, &hidden, &span, Some("here"), false).unwrap();
            assert!(!drawn.contains("marked") && !drawn.contains("two"), "{word}: {drawn}");
            assert!(drawn.contains("here"), "{drawn}");
        }
        let start = text.find("marked two").unwrap();
        let drawn = draw(text, &hidden, &Span::of(text, start..start + 10), Some("here"), false).unwrap();
        assert!(drawn.contains(" 4 │   c: <hidden> # x\n") && drawn.contains(" 3 │   <hidden>\n"), "{drawn}");
    }

    #[test]
    fn colour_codes_appear_only_when_asked_for() {
        let text = "a: wrong\n";
        let span = Span::of(text, 3..8);
        assert!(draw(text, &[], &span, Some("here"), true).unwrap().contains("\u{1b}["));
        assert!(!draw(text, &[], &span, Some("here"), false).unwrap().contains('\u{1b}'));
    }

    #[test]
    fn context_stops_at_the_edge_of_the_document() {
        let shown = drawn("other: 1\n---\nwrong\n---\nnext: 1\n", "wrong", "here");
        assert!(!shown.contains("other") && !shown.contains("next"), "{shown}");
        assert!(shown.contains(" 3 │ wrong"), "{shown}");
    }
}
