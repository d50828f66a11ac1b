//! The reading of a document that keeps the place of everything.
//!
//! Input: the text of one document. Output: a tree in which a field path is
//! found again, with byte ranges of keys and values. It is made only when a
//! place is to be printed.

mod events;
mod nodes;
mod simple;

use std::ops::Range;

use crate::diagnostics::{FieldPath, Part, Segment};
use nodes::{Entry, Node, Nodes, Shape};

pub use super::locate::{Locator, Resolved};
pub(super) use events::{CharacterIndex, readable};
pub use saphyr_parser::ScalarStyle;

/// How deeply merge keys may refer to mappings with merge keys.
const MAX_MERGES: usize = 20;

/// The places of one document. All ranges are in bytes from its beginning.
#[derive(Clone, Debug, Default)]
pub struct SpanTree(Nodes);

/// A value that stands where its path says, and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Own {
    pub(super) value: Range<usize>,
    /// How it is written, when it is a scalar.
    pub(super) style: Option<ScalarStyle>,
}

/// An entry of a mapping of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OwnEntry {
    pub(super) name: Box<str>,
    pub(super) key: Range<usize>,
    /// The bytes of the value; `None` for an alias.
    pub(super) value: Option<Range<usize>>,
}

/// A value of the tree, for readers that look at all of it.
pub(super) enum View<'t> {
    Scalar(Range<usize>),
    List(&'t [usize]),
    Map(Vec<EntryView<'t>>),
    /// The value of the anchor.
    Alias(usize),
}

/// An entry of a mapping.
pub(super) struct EntryView<'t> {
    pub(super) name: &'t str,
    pub(super) key: Range<usize>,
    pub(super) value: usize,
}

/// How far a path leads.
struct Walk {
    /// The value at the end.
    node: usize,
    /// The key of that value, when it is in a mapping.
    key: Option<Range<usize>>,
    complete: bool,
}

impl SpanTree {
    /// Reads a document; `None` when it cannot be read.
    pub fn read(text: &str) -> Option<Self> {
        simple::read(text).or_else(|| events::read(text)).map(Self)
    }

    /// The bytes of the key or the value at `path`.
    ///
    /// An item of a list has no key, and an empty value has no bytes: then
    /// the other one is meant. For an absent field it is the key of the
    /// deepest parent that exists (for an item of a list, the item), and for
    /// one at the root the document's first key. `None` when the document is empty.
    pub fn find(&self, path: &FieldPath, part: Part) -> Option<Range<usize>> {
        let walk = self.walk(path)?;
        let value = self.0.nodes.get(walk.node)?.range.clone();
        if walk.complete && part == Part::Value && !value.is_empty() {
            return Some(value);
        }
        match walk.key {
            Some(key) => Some(key),
            None if walk.node == 0 => Some(self.first_key().unwrap_or(value)),
            None => Some(value),
        }
    }

    /// Whether the document has a value at `path`.
    pub fn contains(&self, path: &FieldPath) -> bool {
        self.walk(path).is_some_and(|walk| walk.complete)
    }

    /// How the scalar at `path` is written; `None` when there is none.
    pub fn style(&self, path: &FieldPath) -> Option<ScalarStyle> {
        let walk = self.walk(path).filter(|walk| walk.complete)?;
        match self.0.nodes.get(self.dereference(walk.node))?.shape {
            Shape::Scalar(style) => Some(style),
            _ => None,
        }
    }

    /// The bytes of every key that leads to `path`: more than one when the key is repeated.
    pub fn keys(&self, path: &FieldPath) -> Vec<Range<usize>> {
        let Some((Segment::Field(name), parent)) = path.0.split_last() else { return Vec::new() };
        let Some(walk) = self.walk(&FieldPath(parent.to_vec())).filter(|walk| walk.complete) else { return Vec::new() };
        self.entries_named(self.dereference(walk.node), name).map(|entry| entry.key.clone()).collect()
    }

    /// The entries of a mapping with this name, in the order of the text; none for what is no mapping.
    fn entries_named(&self, map: usize, name: &str) -> impl DoubleEndedIterator<Item = &Entry> {
        let entries = match self.0.nodes.get(map).map(|node| &node.shape) {
            Some(Shape::Map(entries)) => entries.as_slice(),
            _ => &[],
        };
        let index = self.0.indexes.get(&map);
        let indexed = index.and_then(|index| index.get(name)).map_or(&[][..], Vec::as_slice);
        let scanned = if index.is_some() { &[][..] } else { entries };
        let found = indexed.iter().filter_map(|at| entries.get(*at));
        found.chain(scanned.iter().filter(move |entry| !entry.merge && *entry.name == *name))
    }

    /// The value at `path`, when an edit of its text changes this value and no other: the way to it leads through no
    /// alias, merge or anchor.
    pub(super) fn own(&self, path: &FieldPath) -> Option<Own> {
        let node = self.0.nodes.get(self.own_node(path)?)?;
        let style = match node.shape {
            Shape::Scalar(style) => Some(style),
            _ => None,
        };
        Some(Own { value: node.range.clone(), style })
    }

    /// The entries of the mapping at `path`, under the same conditions, and when it has no merge key.
    pub(super) fn fields(&self, path: &FieldPath) -> Option<Vec<OwnEntry>> {
        let Shape::Map(entries) = &self.0.nodes.get(self.own_node(path)?)?.shape else { return None };
        if entries.iter().any(|entry| entry.merge) {
            return None;
        }
        let own = |entry: &Entry| {
            let value = self.0.nodes.get(entry.value).filter(|node| !matches!(node.shape, Shape::Alias(_)));
            let Entry { name, key, value: _, merge: _ } = entry;
            OwnEntry { name: name.clone(), key: key.clone(), value: value.map(|node| node.range.clone()) }
        };
        Some(entries.iter().map(own).collect())
    }

    /// The value of a node; node 0 is the document's.
    pub(super) fn view(&self, node: usize) -> View<'_> {
        match self.0.nodes.get(node) {
            Some(Node { range, shape: Shape::Scalar(_), .. }) => View::Scalar(range.clone()),
            Some(Node { shape: Shape::List(items), .. }) => View::List(items),
            Some(Node { shape: Shape::Map(entries), .. }) => View::Map(
                entries
                    .iter()
                    .map(|Entry { name, key, value, merge: _ }| EntryView { name, key: key.clone(), value: *value })
                    .collect(),
            ),
            Some(Node { shape: Shape::Alias(target), .. }) => View::Alias(*target),
            None => View::List(&[]),
        }
    }

    /// The bytes of a node.
    pub(super) fn range(&self, node: usize) -> Range<usize> {
        self.0.nodes.get(node).map_or(0..0, |node| node.range.clone())
    }

    /// The bytes of all values that are scalars, in order: `#` in one of them begins no comment.
    pub(crate) fn scalars(&self) -> Vec<Range<usize>> {
        let is_scalar = |node: &&Node| matches!(node.shape, Shape::Scalar(_)) && !node.range.is_empty();
        let mut scalars: Vec<_> = self.0.nodes.iter().filter(is_scalar).map(|node| node.range.clone()).collect();
        scalars.sort_unstable_by_key(|range| range.start);
        scalars
    }

    fn own_node(&self, path: &FieldPath) -> Option<usize> {
        let mut node = 0;
        for segment in &path.0 {
            let Node { shape, anchored: false, .. } = self.0.nodes.get(node)? else { return None };
            node = match (segment, shape) {
                (Segment::Field(name), Shape::Map(_)) => {
                    let mut same = self.entries_named(node, name);
                    let only = same.next()?;
                    if same.next().is_some() {
                        return None;
                    }
                    only.value
                }
                (Segment::Index(index), Shape::List(items)) => *items.get(*index)?,
                _ => return None,
            };
        }
        let own = self.0.nodes.get(node)?;
        (!own.anchored && !matches!(own.shape, Shape::Alias(_))).then_some(node)
    }

    fn first_key(&self) -> Option<Range<usize>> {
        match &self.0.nodes.first()?.shape {
            Shape::Map(entries) => entries.first().map(|entry| entry.key.clone()),
            _ => None,
        }
    }

    fn walk(&self, path: &FieldPath) -> Option<Walk> {
        self.0.nodes.first()?;
        let mut walk = Walk { node: 0, key: None, complete: true };
        for segment in &path.0 {
            let parent = self.dereference(walk.node);
            let step = match segment {
                Segment::Field(name) => self.entry(parent, name, 0).map(|entry| (entry.value, Some(entry.key.clone()))),
                Segment::Index(index) => match self.0.nodes.get(parent).map(|node| &node.shape) {
                    Some(Shape::List(items)) => items.get(*index).map(|item| (*item, None)),
                    _ => None,
                },
            };
            match step {
                Some((node, key)) => (walk.node, walk.key) = (node, key),
                None => {
                    walk.complete = false;
                    break;
                }
            }
        }
        Some(walk)
    }

    pub(super) fn dereference(&self, node: usize) -> usize {
        match self.0.nodes.get(node).map(|node| &node.shape) {
            Some(Shape::Alias(target)) => *target,
            _ => node,
        }
    }

    /// The entry that counts: the last of the mapping's own, else the first that a merge brings.
    fn entry(&self, map: usize, name: &str, merges: usize) -> Option<&Entry> {
        let map = self.dereference(map);
        let Shape::Map(entries) = &self.0.nodes.get(map)?.shape else { return None };
        if let Some(own) = self.entries_named(map, name).next_back() {
            return Some(own);
        }
        if merges >= MAX_MERGES {
            return None;
        }
        entries.iter().filter(|entry| entry.merge).find_map(|entry| {
            match self.0.nodes.get(self.dereference(entry.value)).map(|node| &node.shape) {
                Some(Shape::List(items)) => items.iter().find_map(|item| self.entry(*item, name, merges + 1)),
                _ => self.entry(entry.value, name, merges + 1),
            }
        })
    }
}

#[cfg(test)]
#[path = "spans_tests.rs"]
mod tests;
