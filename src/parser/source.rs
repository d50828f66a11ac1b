//! The input as text: files, and where the documents in them begin.

use std::ops::Range;
use typed_index_collections::TiVec;

pub use crate::diagnostics::{DocumentId, SourceId};

/// Where a file came from, which decides how strictly it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Found {
    /// Named by the user, or standard input.
    Named,
    /// Met while walking a directory.
    InDirectory,
}

/// A file of the input.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as the user gave it (or as found below a given directory); `-` for standard input.
    pub name: String,
    /// The text, without a byte order mark.
    pub text: String,
    /// Named or found.
    pub found: Found,
    /// Given by `--context`: compiled like the others, findings on it are left out.
    pub context: bool,
    /// What `$$` kept from being variables of Flux where values were put in, as it begins, in order. It stands there as text.
    pub kept: Vec<String>,
}

/// All files, in the order in which their objects count.
#[derive(Clone, Debug, Default)]
pub struct SourceSet {
    /// The files.
    pub sources: TiVec<SourceId, Source>,
}

impl SourceSet {
    /// The file of an id.
    pub fn get(&self, id: SourceId) -> &Source {
        &self.sources[id]
    }
}

/// One document of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The file.
    pub source: SourceId,
    /// The bytes of the document in the file, without the `---` line.
    pub range: Range<usize>,
    /// The line in the file on which the range begins, counted from 1.
    pub line: usize,
}

impl Document {
    /// Its text in its file.
    pub fn text<'t>(&self, source: &'t Source) -> &'t str {
        source.text.get(self.range.start..self.range.end).unwrap_or_default()
    }
}
