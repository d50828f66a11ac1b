//! Places: what a symbolic [`Location`] becomes when a finding is printed.
//!
//! Renderers know files only through [`Locate`], so that they can be used
//! without a file system. Lines and columns count from 1; a column is a number
//! of Unicode characters, a range is a range of bytes.

use std::ops::Range;

use super::fix::{Fix, TextEdit};
use super::location::Location;
use crate::parser::source::SourceId;

/// A file, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The path as it was given; `-` for standard input.
    pub file: String,
    /// The part of the file; `None` for the file as a whole.
    pub span: Option<Span>,
}

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

/// Turns symbolic locations into places, and knows the texts they are in.
pub trait Locate {
    /// The file that a location is in, as its position in the input.
    fn source(&self, location: &Location) -> Option<SourceId>;

    /// The place of a location; `None` when it is in no file.
    fn place(&self, location: &Location) -> Option<Place>;

    /// The text of the file that a location is in.
    fn text(&self, location: &Location) -> Option<&str>;

    /// The parts of that text which are secret, in order: nothing of them is shown.
    fn hidden(&self, location: &Location) -> &[Range<usize>];

    /// The edits of text that make a fix; `None` where it cannot be made without changing anything else.
    fn edits(&self, fix: &Fix) -> Option<Vec<TextEdit>>;
}

#[cfg(test)]
pub(crate) mod memory {
    //! Files in memory, for the tests of the renderers.

    use super::{Fix, Locate, Place, Span, TextEdit};
    use crate::diagnostics::{Change, Location};
    use crate::parser::source::SourceId;

    /// Files by name; locations are ranges of bytes.
    pub(crate) struct Files(pub(crate) Vec<(String, String)>);

    impl Files {
        /// One file.
        pub(crate) fn one(name: &str, text: &str) -> Self {
            Self(vec![(name.to_owned(), text.to_owned())])
        }

        /// The first occurrence of `word` in the file at `index`.
        pub(crate) fn find(&self, index: u32, word: &str) -> Location {
            let start = self.0[index as usize].1.find(word).unwrap();
            Location::Bytes(SourceId(index), start..start + word.len())
        }
    }

    impl Locate for Files {
        fn source(&self, location: &Location) -> Option<SourceId> {
            match location {
                Location::Source(id) | Location::Bytes(id, _) => Some(*id),
                _ => None,
            }
        }

        fn place(&self, location: &Location) -> Option<Place> {
            let (file, text) = &self.0[self.source(location)?.0 as usize];
            let span = match location {
                Location::Bytes(_, range) => Some(Span::of(text, range.clone())),
                _ => None,
            };
            Some(Place { file: file.clone(), span })
        }

        fn text(&self, location: &Location) -> Option<&str> {
            Some(&self.0[self.source(location)?.0 as usize].1)
        }

        fn hidden(&self, _: &Location) -> &[std::ops::Range<usize>] {
            &[]
        }

        /// Every fix appends its documents to the first file, and does nothing else.
        fn edits(&self, fix: &Fix) -> Option<Vec<TextEdit>> {
            let (file, text) = self.0.first()?;
            let edit = |new_text: &String| TextEdit {
                source: SourceId(0),
                file: file.clone(),
                span: Span::of(text, text.len()..text.len()),
                new_text: new_text.clone(),
            };
            let appended = fix.edits.iter().map(|made| match &made.change {
                Change::Append(document) => Some(edit(document)),
                _ => None,
            });
            appended.collect()
        }
    }
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
