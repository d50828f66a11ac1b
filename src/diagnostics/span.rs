//! A part of a text: lines and columns count from 1; a column is a number of
//! Unicode characters, a range is a range of bytes.

use std::ops::Range;

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The bytes of the part.
    pub range: Range<usize>,
    /// The line of the first byte.
    pub line: usize,
    /// The column of the first byte.
    pub column: usize,
    /// The line on which the part ends.
    pub end_line: usize,
    /// The column behind the last character.
    pub end_column: usize,
}

impl Span {
    /// The span of a range of bytes of `text`. Offsets inside a character move
    /// to its start; offsets beyond the text move to its end.
    ///
    /// This reads the text up to the end of the range, so it is meant for few
    /// places; a locator with an index of lines builds the value itself.
    pub fn of(text: &str, range: Range<usize>) -> Self {
        let start = floor_boundary(text, range.start);
        let end = floor_boundary(text, range.end).max(start);
        let (line, column) = line_and_column(text, start);
        let (end_line, end_column) = line_and_column(text, end);
        Self { range: start..end, line, column, end_line, end_column }
    }
}

/// The largest character boundary of `text` that is not beyond `offset`.
pub(crate) fn floor_boundary(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    (0..=offset).rev().find(|&candidate| text.is_char_boundary(candidate)).unwrap_or(0)
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::Span;

    #[test]
    fn columns_count_characters_not_bytes() {
        let text = "a: 1\nné 😀 x: bad\n";
        let start = text.find("bad").unwrap();
        let span = Span::of(text, start..start + 3);
        assert_eq!((span.line, span.column), (2, 9));
        assert_eq!((span.end_line, span.end_column), (2, 12));
    }

    #[test]
    fn offsets_inside_a_character_or_beyond_the_text_are_moved() {
        let span = Span::of("é", 1..99);
        assert_eq!(span.range, 0..2);
        assert_eq!((span.line, span.column, span.end_column), (1, 1, 2));
    }
}
