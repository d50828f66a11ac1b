//! Places: what a symbolic [`Location`] becomes when a finding is printed.
//!
//! Renderers know files only through [`Locate`], so that they can be used
//! without a file system. Lines and columns count from 1; a column is a number
//! of Unicode characters, a range is a range of bytes.

use std::ops::Range;

use super::fix::{Fix, TextEdit};
use super::location::Location;
use super::source_id::SourceId;
use super::span::Span;

/// A file, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The path as it was given; `-` for standard input.
    pub file: String,
    /// The part of the file; `None` for the file as a whole.
    pub span: Option<Span>,
    /// What the text was made of, where a tool that was piped in says so.
    pub origin: Option<Origin>,
}

/// What a piped document was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// What the tool calls it.
    pub name: String,
    /// The file of that name, and the same part of it where that is certain.
    pub place: Option<Box<Place>>,
    /// The name as that of a file which is not here; `None` where it can be none.
    pub named: Option<Box<Place>>,
}

impl Origin {
    /// `NAME`, or `FILE:LINE` where the file is known.
    pub fn words(&self) -> String {
        self.place.as_ref().map_or_else(|| self.name.clone(), |place| Place::clone(place).line())
    }
}

impl Place {
    /// The place to look at in a repository: where the text was written, as far as that is known. A file that is not here has
    /// the name that the tool gives it.
    pub fn in_repository(&self) -> &Self {
        let origin = self.origin.as_ref();
        origin.and_then(|origin| origin.place.as_deref().or(origin.named.as_deref())).unwrap_or(self)
    }

    /// `FILE:LINE`, or the file alone.
    pub fn line(self) -> String {
        let Self { file, span, origin: _ } = self;
        match span {
            Some(span) => format!("{file}:{}", span.line),
            None => file,
        }
    }
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
    use crate::diagnostics::SourceId;
    use crate::diagnostics::{Change, Location};

    /// Files by name; locations are ranges of bytes.
    pub(crate) struct Files(pub(crate) Vec<(String, String)>);

    impl Files {
        /// One file.
        pub(crate) fn one(name: &str, text: &str) -> Self {
            Self(vec![(name.to_owned(), text.to_owned())])
        }

        /// The first occurrence of `word` in the file at `index`.
        pub(crate) fn find(&self, index: usize, word: &str) -> Location {
            let start = self.0[index].1.find(word).unwrap();
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
            let (file, text) = &self.0[self.source(location)?.0];
            let span = match location {
                Location::Bytes(_, range) => Some(Span::of(text, range.clone())),
                _ => None,
            };
            Some(Place { file: file.clone(), span, origin: None })
        }

        fn text(&self, location: &Location) -> Option<&str> {
            Some(&self.0[self.source(location)?.0].1)
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
