//! The values of a document with their places.

use std::collections::HashMap;
use std::ops::Range;

use saphyr_parser::ScalarStyle;

/// The values of a document; the first is the document's own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) struct Nodes {
    pub(super) nodes: Vec<Node>,
    /// Those of large mappings.
    pub(super) indexes: HashMap<usize, Index>,
}

impl Nodes {
    /// Adds a value; where it is.
    pub(super) fn push(&mut self, range: Range<usize>, shape: Shape) -> usize {
        self.nodes.push(Node { range, shape, anchored: false });
        self.nodes.len() - 1
    }

    /// Makes an index of a mapping that is complete, if it is a large one.
    pub(super) fn index(&mut self, map: usize) {
        if let Some(Node { shape: Shape::Map(entries), .. }) = self.nodes.get(map)
            && entries.len() >= INDEXED
        {
            self.indexes.insert(map, index(entries));
        }
    }
}

/// The entries of each name of a large mapping, merges left out.
pub(super) type Index = HashMap<Box<str>, Vec<usize>>;

/// From so many entries on, a mapping has an [`Index`].
const INDEXED: usize = 64;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) range: Range<usize>,
    pub(super) shape: Shape,
    /// An alias may repeat it.
    pub(super) anchored: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Scalar(ScalarStyle),
    List(Vec<usize>),
    Map(Vec<Entry>),
    /// The value of an anchor.
    Alias(usize),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// The name as Kubernetes sees it.
    pub(super) name: Box<str>,
    pub(super) key: Range<usize>,
    pub(super) value: usize,
    /// An unquoted `<<`.
    pub(super) merge: bool,
}

fn index(entries: &[Entry]) -> Index {
    let mut index = Index::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate().filter(|(_, entry)| !entry.merge) {
        index.entry(entry.name.clone()).or_default().push(at);
    }
    index
}
