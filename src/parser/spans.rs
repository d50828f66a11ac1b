//! The second reading of a document, which keeps the place of everything.
//!
//! Input: the text of one document. Output: a tree in which a field path is
//! found again, with byte ranges of keys and values. It is made only when a
//! place is to be printed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, Span};
use serde::de::IgnoredAny;

use crate::diagnostics::{FieldPath, Part, Segment};

use super::scalar;

pub use super::locate::{Locator, Resolved};
pub use saphyr_parser::ScalarStyle;

/// Deeper than any document that `decode` accepts.
const MAX_DEPTH: usize = 200;
/// How deeply merge keys may refer to mappings with merge keys.
const MAX_MERGES: usize = 20;

/// The places of one document. All ranges are in bytes from its beginning.
#[derive(Clone, Debug, Default)]
pub struct SpanTree {
    nodes: Vec<Node>,
    indexes: HashMap<usize, Index>,
}

/// The entries of each name of a large mapping, merges left out.
type Index = HashMap<Box<str>, Vec<usize>>;

/// From so many entries on, a mapping has an [`Index`].
const INDEXED: usize = 64;

#[derive(Clone, Debug)]
struct Node {
    range: Range<usize>,
    shape: Shape,
    /// An alias may repeat it.
    anchored: bool,
}

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

#[derive(Clone, Debug)]
enum Shape {
    Scalar(ScalarStyle),
    List(Vec<usize>),
    Map(Vec<Entry>),
    /// The value of an anchor.
    Alias(usize),
}

#[derive(Clone, Debug)]
struct Entry {
    /// The name as Kubernetes sees it.
    name: Box<str>,
    key: Range<usize>,
    value: usize,
    /// An unquoted `<<`.
    merge: bool,
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
    /// Reads a document; `None` when this reader refuses the text.
    ///
    /// It wants spaces before values, where the decoding reader takes tabs.
    pub fn read(text: &str) -> Option<Self> {
        let with_spaces = || Self::read_as(text, &readable(&text.replace('\t', " ")));
        Self::read_as(text, &readable(text)).or_else(|| if text.contains('\t') { with_spaces() } else { None })
    }

    /// Reads `shown` in the place of `text`: it has the same characters at the same places, but for white space.
    fn read_as(text: &str, shown: &str) -> Option<Self> {
        let mut builder = Builder { text, index: CharacterIndex::new(text), ..Builder::default() };
        for event in Parser::new_from_str(shown) {
            let (event, span) = event.ok()?;
            if matches!(event, Event::DocumentEnd) {
                break;
            }
            builder.take(event, span)?;
        }
        builder.open.is_empty().then_some(Self { nodes: builder.nodes, indexes: builder.indexes })
    }

    /// The bytes of the key or the value at `path`.
    ///
    /// An item of a list has no key, and an empty value has no bytes: then
    /// the other one is meant. For an absent field it is the key of the
    /// deepest parent that exists (for an item of a list, the item), and for
    /// one at the root the document's first key. `None` when the document is empty.
    pub fn find(&self, path: &FieldPath, part: Part) -> Option<Range<usize>> {
        let walk = self.walk(path)?;
        let value = self.nodes.get(walk.node)?.range.clone();
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
        match self.nodes.get(self.dereference(walk.node))?.shape {
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
        let entries = match self.nodes.get(map).map(|node| &node.shape) {
            Some(Shape::Map(entries)) => entries.as_slice(),
            _ => &[],
        };
        let index = self.indexes.get(&map);
        let indexed = index.and_then(|index| index.get(name)).map_or(&[][..], Vec::as_slice);
        let scanned = if index.is_some() { &[][..] } else { entries };
        let found = indexed.iter().filter_map(|at| entries.get(*at));
        found.chain(scanned.iter().filter(move |entry| !entry.merge && *entry.name == *name))
    }

    /// The value at `path`, when an edit of its text changes this value and no other: the way to it leads through no
    /// alias, merge or anchor.
    pub(super) fn own(&self, path: &FieldPath) -> Option<Own> {
        let node = self.nodes.get(self.own_node(path)?)?;
        let style = match node.shape {
            Shape::Scalar(style) => Some(style),
            _ => None,
        };
        Some(Own { value: node.range.clone(), style })
    }

    /// The entries of the mapping at `path`, under the same conditions, and when it has no merge key.
    pub(super) fn fields(&self, path: &FieldPath) -> Option<Vec<OwnEntry>> {
        let Shape::Map(entries) = &self.nodes.get(self.own_node(path)?)?.shape else { return None };
        if entries.iter().any(|entry| entry.merge) {
            return None;
        }
        let own = |entry: &Entry| {
            let value = self.nodes.get(entry.value).filter(|node| !matches!(node.shape, Shape::Alias(_)));
            let Entry { name, key, value: _, merge: _ } = entry;
            OwnEntry { name: name.clone(), key: key.clone(), value: value.map(|node| node.range.clone()) }
        };
        Some(entries.iter().map(own).collect())
    }

    /// The value of a node; node 0 is the document's.
    pub(super) fn view(&self, node: usize) -> View<'_> {
        match self.nodes.get(node) {
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
        self.nodes.get(node).map_or(0..0, |node| node.range.clone())
    }

    /// The bytes of all values that are scalars, in order: `#` in one of them begins no comment.
    pub(crate) fn scalars(&self) -> Vec<Range<usize>> {
        let is_scalar = |node: &&Node| matches!(node.shape, Shape::Scalar(_)) && !node.range.is_empty();
        let mut scalars: Vec<_> = self.nodes.iter().filter(is_scalar).map(|node| node.range.clone()).collect();
        scalars.sort_unstable_by_key(|range| range.start);
        scalars
    }

    fn own_node(&self, path: &FieldPath) -> Option<usize> {
        let mut node = 0;
        for segment in &path.0 {
            let Node { shape, anchored: false, .. } = self.nodes.get(node)? else { return None };
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
        let own = self.nodes.get(node)?;
        (!own.anchored && !matches!(own.shape, Shape::Alias(_))).then_some(node)
    }

    fn first_key(&self) -> Option<Range<usize>> {
        match &self.nodes.first()?.shape {
            Shape::Map(entries) => entries.first().map(|entry| entry.key.clone()),
            _ => None,
        }
    }

    fn walk(&self, path: &FieldPath) -> Option<Walk> {
        self.nodes.first()?;
        let mut walk = Walk { node: 0, key: None, complete: true };
        for segment in &path.0 {
            let parent = self.dereference(walk.node);
            let step = match segment {
                Segment::Field(name) => self.entry(parent, name, 0).map(|entry| (entry.value, Some(entry.key.clone()))),
                Segment::Index(index) => match self.nodes.get(parent).map(|node| &node.shape) {
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
        match self.nodes.get(node).map(|node| &node.shape) {
            Some(Shape::Alias(target)) => *target,
            _ => node,
        }
    }

    /// The entry that counts: the last of the mapping's own, else the first that a merge brings.
    fn entry(&self, map: usize, name: &str, merges: usize) -> Option<&Entry> {
        let map = self.dereference(map);
        let Shape::Map(entries) = &self.nodes.get(map)?.shape else { return None };
        if let Some(own) = self.entries_named(map, name).next_back() {
            return Some(own);
        }
        if merges >= MAX_MERGES {
            return None;
        }
        entries.iter().filter(|entry| entry.merge).find_map(|entry| {
            match self.nodes.get(self.dereference(entry.value)).map(|node| &node.shape) {
                Some(Shape::List(items)) => items.iter().find_map(|item| self.entry(*item, name, merges + 1)),
                _ => self.entry(entry.value, name, merges + 1),
            }
        })
    }
}

/// A list or mapping whose end has not been met.
struct Open {
    node: usize,
    /// The key whose value comes next.
    key: Option<(Box<str>, Range<usize>, bool)>,
}

#[derive(Default)]
struct Builder<'t> {
    text: &'t str,
    index: CharacterIndex<'t>,
    nodes: Vec<Node>,
    indexes: HashMap<usize, Index>,
    open: Vec<Open>,
    /// The node of each anchor, and its name when it is used as a key.
    anchors: HashMap<usize, (usize, Box<str>)>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Option<()> {
        let range = self.index.byte(span.start.index())..self.index.byte(span.end.index());
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let name = || key_name(&restored(&value, self.text), plain);
                let range = trimmed(self.text, range);
                if self.awaits_key() {
                    let node = (anchor > 0).then(|| self.push(range.clone(), Shape::Scalar(style)));
                    self.anchors.extend(node.map(|node| (anchor, (node, name()))));
                    self.set_key(name(), range, plain && value == "<<");
                } else {
                    let node = self.add(range, Shape::Scalar(style));
                    if anchor > 0 {
                        self.mark_anchored(node);
                        self.anchors.insert(anchor, (node, name()));
                    }
                }
            }
            Event::Alias(anchor) => {
                let (target, name) = self.anchors.get(&anchor)?.clone();
                if self.awaits_key() {
                    self.set_key(name, range, false);
                } else {
                    self.add(range, Shape::Alias(target));
                }
            }
            Event::SequenceStart(anchor, _) => self.start(anchor, range, Shape::List(Vec::new()))?,
            Event::MappingStart(anchor, _) => self.start(anchor, range, Shape::Map(Vec::new()))?,
            Event::SequenceEnd | Event::MappingEnd => self.end(&range)?,
            _ => {}
        }
        Some(())
    }

    fn awaits_key(&self) -> bool {
        self.open.last().is_some_and(|open| {
            open.key.is_none() && self.nodes.get(open.node).is_some_and(|node| matches!(node.shape, Shape::Map(_)))
        })
    }

    fn set_key(&mut self, name: Box<str>, range: Range<usize>, merge: bool) {
        if let Some(open) = self.open.last_mut() {
            open.key = Some((name, range, merge));
        }
    }

    fn push(&mut self, range: Range<usize>, shape: Shape) -> usize {
        self.nodes.push(Node { range, shape, anchored: false });
        self.nodes.len() - 1
    }

    fn mark_anchored(&mut self, node: usize) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.anchored = true;
        }
    }

    /// Adds a value to the list or mapping that is open.
    fn add(&mut self, range: Range<usize>, shape: Shape) -> usize {
        let added = self.push(range, shape);
        if let Some(open) = self.open.last_mut() {
            match self.nodes.get_mut(open.node).map(|node| &mut node.shape) {
                Some(Shape::List(items)) => items.push(added),
                Some(Shape::Map(entries)) => {
                    if let Some((name, key, merge)) = open.key.take() {
                        entries.push(Entry { name, key, value: added, merge });
                    }
                }
                _ => {}
            }
        }
        added
    }

    fn start(&mut self, anchor: usize, range: Range<usize>, shape: Shape) -> Option<()> {
        // A collection as a key has no name, and `decode` refuses it.
        if self.awaits_key() || self.open.len() >= MAX_DEPTH {
            return None;
        }
        let node = self.add(range, shape);
        if anchor > 0 {
            self.mark_anchored(node);
            self.anchors.insert(anchor, (node, Box::default()));
        }
        self.open.push(Open { node, key: None });
        Some(())
    }

    fn end(&mut self, range: &Range<usize>) -> Option<()> {
        let open = self.open.pop()?;
        let node = self.nodes.get(open.node)?;
        let start = node.range.start;
        let last = match &node.shape {
            Shape::List(items) => items.last().copied(),
            Shape::Map(entries) => entries.last().map(|entry| entry.value),
            Shape::Scalar(_) | Shape::Alias(_) => None,
        };
        // Only a closing bracket has an extent.
        let end = if range.end > range.start {
            range.end
        } else {
            let key = match &node.shape {
                Shape::Map(entries) => entries.last().map_or(start, |entry| entry.key.end),
                _ => start,
            };
            last.and_then(|last| self.nodes.get(last)).map_or(key, |last| last.range.end.max(key))
        };
        let index = match &node.shape {
            Shape::Map(entries) if entries.len() >= INDEXED => Some(index(entries)),
            _ => None,
        };
        self.indexes.extend(index.map(|index| (open.node, index)));
        self.nodes.get_mut(open.node)?.range.end = end.max(start);
        Some(())
    }
}

/// A byte order mark, which this reader refuses inside a document.
const MARK: char = '\u{feff}';
/// What stands in for it: a word joiner is as invisible.
const STAND_IN: &str = "\u{2060}";

/// The scalar with its own byte order marks.
fn restored<'v>(value: &'v str, text: &str) -> Cow<'v, str> {
    if value.contains(STAND_IN) && text.contains(MARK) {
        return Cow::Owned(value.replace(STAND_IN, "\u{feff}"));
    }
    Cow::Borrowed(value)
}

fn index(entries: &[Entry]) -> Index {
    let mut index = Index::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate().filter(|(_, entry)| !entry.merge) {
        index.entry(entry.name.clone()).or_default().push(at);
    }
    index
}

fn key_name(value: &str, plain: bool) -> Box<str> {
    let name = if plain { scalar::key_text(scalar::read_plain(value)) } else { None };
    name.map_or_else(|| Box::from(value), String::into_boxed_str)
}

/// The text as this reader must see it: with a line feed for each character that ends a line in YAML 1.1 alone.
///
/// The number of characters stays the same, so that places stay what they are.
/// In JSON these are characters like all others.
pub(super) fn readable(text: &str) -> Cow<'_, str> {
    const BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];
    if text.is_ascii() || !text.contains([BREAKS[0], BREAKS[1], BREAKS[2], MARK]) {
        return Cow::Borrowed(text);
    }
    let text = text.replace(MARK, STAND_IN);
    let is_json = text.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(&text).is_ok();
    Cow::Owned(if is_json { text } else { text.replace(BREAKS, "\n") })
}

/// The range without white space at its end.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let length = text.get(range.clone()).map_or(0, |text| text.trim_end().len());
    range.start..range.start + length
}

/// Turns positions that count characters into positions that count bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct CharacterIndex<'t> {
    text: &'t str,
    /// The byte of every [`STEP`]th character; empty when all characters are single bytes.
    steps: Vec<usize>,
}

/// The distance between two characters whose bytes are remembered.
const STEP: usize = 64;

impl<'t> CharacterIndex<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let steps = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().step_by(STEP).map(|(byte, _)| byte).collect()
        };
        Self { text, steps }
    }

    /// The byte at which the character begins.
    pub(super) fn byte(&self, character: usize) -> usize {
        if self.steps.is_empty() {
            return character.min(self.text.len());
        }
        let Some(step) = self.steps.get(character / STEP) else { return self.text.len() };
        let rest = self.text.get(*step..).unwrap_or_default();
        rest.char_indices().nth(character % STEP).map_or(self.text.len(), |(byte, _)| step + byte)
    }
}

#[cfg(test)]
#[path = "spans_tests.rs"]
mod tests;
