//! From symbolic places to lines and columns.
//!
//! Input: the sources, the documents and a [`Location`]. Output: a file, a
//! byte range, and lines and columns that count from 1, columns in Unicode
//! characters. Documents are read again only when a place in them is asked for.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::prelude::*;

use crate::diagnostics::{FieldPath, Location, Part, Segment};
use typed_index_collections::{TiSlice, TiVec};

use super::hidden::hidden_ranges;
use super::manifests::Manifests;
use super::source::{Document, DocumentId, Source, SourceId, SourceSet};
use super::spans::SpanTree;

/// How many documents' trees are kept.
const MAX_TREES: usize = 512;

/// A place as it is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The file's name as the user gave it; `-` for standard input.
    pub file: String,
    /// The file, unless it could not be read.
    pub source: Option<SourceId>,
    /// The bytes of the file's text. A place of several lines ends with its first.
    pub range: Range<usize>,
    /// The line of the first character, from 1.
    pub line: usize,
    /// The column of the first character, from 1, in Unicode characters.
    pub column: usize,
    /// The line of the end.
    pub end_line: usize,
    /// The column after the last character.
    pub end_column: usize,
}

/// Resolves locations against one input.
#[derive(Debug)]
pub struct Locator<'m> {
    sources: &'m SourceSet,
    documents: &'m TiSlice<DocumentId, Document>,
    rule_starts: &'m TiSlice<DocumentId, Vec<Option<usize>>>,
    lines: TiVec<SourceId, OnceLock<Lines>>,
    /// What is not shown of each file, found when the first place in it is printed.
    hidden: TiVec<SourceId, OnceLock<Vec<Range<usize>>>>,
    trees: Mutex<HashMap<DocumentId, Option<Arc<SpanTree>>>>,
}

/// Where the lines of a file begin.
#[derive(Debug)]
struct Lines {
    starts: Vec<usize>,
    /// Every character is one byte.
    is_ascii: bool,
}

impl Lines {
    fn of(text: &str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { starts, is_ascii: text.is_ascii() }
    }
}

impl<'m> Locator<'m> {
    /// A locator for what was parsed.
    pub fn new(manifests: &'m Manifests) -> Self {
        Self { rule_starts: &manifests.rule_starts, ..Self::of(&manifests.sources, &manifests.documents) }
    }

    /// A locator for files and the documents in them.
    pub fn of(sources: &'m SourceSet, documents: &'m TiSlice<DocumentId, Document>) -> Self {
        let lines = sources.sources.iter().map(|_| OnceLock::new()).collect();
        let hidden = sources.sources.iter().map(|_| OnceLock::new()).collect();
        Self { sources, documents, rule_starts: TiSlice::from_ref(&[]), lines, hidden, trees: Mutex::default() }
    }

    /// The file, lines and columns of a location; `None` for the run as a whole.
    pub fn resolve(&self, location: &Location) -> Option<Resolved> {
        match location {
            Location::Run => None,
            Location::Path(name) => Some(Resolved {
                file: name.clone(),
                source: None,
                range: 0..0,
                line: 1,
                column: 1,
                end_line: 1,
                end_column: 1,
            }),
            Location::Source(source) => self.place(*source, 0..0),
            Location::Bytes(source, range) => self.place(*source, range.clone()),
            Location::Field { document, path, part } => {
                let source = self.documents.get(*document)?.source;
                self.place(source, self.field(*document, path, *part)?)
            }
        }
    }

    /// The line on which each location begins, `None` where there is none.
    ///
    /// Made for many locations: a document is read again only for places that
    /// reading it once did not tell, in parallel, and nothing is kept.
    pub fn lines_of(&self, locations: &[Location]) -> Vec<Option<usize>> {
        let mut order: Vec<usize> = (0..locations.len()).collect();
        order.sort_by_key(|at| locations.get(*at).and_then(document_of));
        let groups: Vec<&[usize]> = order
            .chunk_by(|a, b| locations.get(*a).and_then(document_of) == locations.get(*b).and_then(document_of))
            .collect();
        let found: Vec<Vec<(usize, Option<usize>)>> = groups
            .par_iter()
            .map(|group| {
                let tree = OnceLock::new();
                let line = |location: &Location| self.line(location, &tree);
                group.iter().map(|at| (*at, locations.get(*at).and_then(line))).collect()
            })
            .collect();
        let mut lines = vec![None; locations.len()];
        for (at, line) in found.into_iter().flatten() {
            if let Some(slot) = lines.get_mut(at) {
                *slot = line;
            }
        }
        lines
    }

    /// The line on which a location begins; `tree` is that of its document, read when it is needed.
    fn line(&self, location: &Location, tree: &OnceLock<Option<SpanTree>>) -> Option<usize> {
        let Location::Field { document: id, path, part } = location else {
            return self.resolve(location).map(|place| place.line);
        };
        let document = self.documents.get(*id)?;
        let start = self.known_start(*id, path).unwrap_or_else(|| {
            let range = tree.get_or_init(|| self.read(*id)).as_ref().and_then(|tree| tree.find(path, *part));
            document.range.start + range.map_or(0, |range| range.start)
        });
        Some(self.line_and_column(document.source, start)?.0)
    }

    /// Where an object or one of its rules begins, when it is known without reading the document again.
    fn known_start(&self, id: DocumentId, path: &FieldPath) -> Option<usize> {
        let document = self.documents.get(id)?;
        match path.0.as_slice() {
            [] => Some(first_content(&self.source(document.source)?.text, &document.range).start),
            [Segment::Field(spec), Segment::Field(rules), Segment::Index(rule)]
                if spec == "spec" && rules == "rules" =>
            {
                let start = self.rule_starts.get(id)?.get(*rule)?.as_ref()?;
                Some(document.range.start + start)
            }
            _ => None,
        }
    }

    /// The places of a document, read once; `None` when the document cannot be read so.
    pub fn tree(&self, document: DocumentId) -> Option<Arc<SpanTree>> {
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tree) = trees.get(&document) {
            return tree.clone();
        }
        if trees.len() >= MAX_TREES {
            trees.clear();
        }
        let tree = self.read(document).map(Arc::new);
        trees.insert(document, tree.clone());
        tree
    }

    /// The file that a location is in; `None` for the run as a whole and for paths that were not read.
    pub fn source_of(&self, location: &Location) -> Option<SourceId> {
        match location {
            Location::Run | Location::Path(_) => None,
            Location::Source(source) | Location::Bytes(source, _) => Some(*source),
            Location::Field { document, .. } => self.documents.get(*document).map(|document| document.source),
        }
    }

    /// The document that a location is in.
    pub fn document_of(&self, location: &Location) -> Option<DocumentId> {
        match location {
            Location::Run | Location::Path(_) | Location::Source(_) => None,
            Location::Field { document, .. } => Some(*document),
            Location::Bytes(source, range) => {
                let is_here = |one: &Document| one.source == *source && one.range.contains(&range.start);
                self.documents.iter_enumerated().find(|(_, one)| is_here(one)).map(|(id, _)| id)
            }
        }
    }

    /// The parts of a file that are secret.
    pub fn hidden_of(&self, source: SourceId) -> &[Range<usize>] {
        let Some(cell) = self.hidden.get(source) else { return &[] };
        cell.get_or_init(|| self.source(source).map_or_else(Vec::new, |source| hidden_ranges(&source.text)))
    }

    /// The text of the file that a location is in.
    pub fn text_of(&self, location: &Location) -> Option<&'m str> {
        Some(&self.source(self.source_of(location)?)?.text)
    }

    /// The file of a document, and where the document is in it.
    pub(super) fn document(&self, id: DocumentId) -> Option<(SourceId, Range<usize>, &'m Source)> {
        let document = self.documents.get(id)?;
        Some((document.source, document.range.clone(), self.source(document.source)?))
    }

    fn read(&self, document: DocumentId) -> Option<SpanTree> {
        let document = self.documents.get(document)?;
        SpanTree::read(self.source(document.source)?.text.get(document.range.clone())?)
    }

    fn source(&self, id: SourceId) -> Option<&'m Source> {
        self.sources.sources.get(id)
    }

    /// The bytes of a field in the file: the document's first line when the document cannot be read again.
    fn field(&self, id: DocumentId, path: &FieldPath, part: Part) -> Option<Range<usize>> {
        let document = self.documents.get(id)?;
        let base = document.range.start;
        let found = self.tree(id).and_then(|tree| tree.find(path, part));
        Some(found.map_or_else(
            || first_content(self.source(document.source).map_or("", |source| &source.text), &document.range),
            |range| base + range.start..base + range.end,
        ))
    }

    fn place(&self, source: SourceId, range: Range<usize>) -> Option<Resolved> {
        let file = self.source(source)?;
        let range = first_line(&file.text, range);
        let (line, column) = self.line_and_column(source, range.start)?;
        let (end_line, end_column) = self.line_and_column(source, range.end)?;
        Some(Resolved { file: file.name.clone(), source: Some(source), range, line, column, end_line, end_column })
    }

    pub(super) fn line_and_column(&self, source: SourceId, offset: usize) -> Option<(usize, usize)> {
        let text = &self.source(source)?.text;
        let lines = self.lines.get(source)?.get_or_init(|| Lines::of(text));
        let line = lines.starts.partition_point(|start| *start <= offset);
        let before = text.get(*lines.starts.get(line.checked_sub(1)?)?..offset)?;
        // A line may hold millions of places: its characters are not counted for each.
        Some((line, 1 + if lines.is_ascii { before.len() } else { before.chars().count() }))
    }
}

fn document_of(location: &Location) -> Option<DocumentId> {
    match location {
        Location::Field { document, .. } => Some(*document),
        _ => None,
    }
}

/// A range within the text, on character boundaries, that ends with the line it begins on.
fn first_line(text: &str, range: Range<usize>) -> Range<usize> {
    let floor = |offset: usize| (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let start = floor(range.start);
    let end = floor(range.end).max(start);
    let line = text.get(start..end).and_then(|text| text.lines().next()).unwrap_or_default();
    start..start + line.trim_end().len()
}

/// The first line of a document that is not a comment or a marker.
fn first_content(text: &str, range: &Range<usize>) -> Range<usize> {
    let mut start = range.start;
    for line in text.get(range.clone()).unwrap_or_default().split_inclusive('\n') {
        let trimmed = line.trim();
        if !trimmed.is_empty() && !trimmed.starts_with(['#', '%']) && trimmed != "---" {
            let indent = line.len() - line.trim_start().len();
            return start + indent..start + indent + trimmed.len();
        }
        start += line.len();
    }
    range.start..range.start
}
