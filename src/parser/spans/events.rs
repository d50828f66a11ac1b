//! The places that a reader of all of YAML tells of.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use serde::de::IgnoredAny;

use super::super::scalar;
use super::nodes::{Entry, Nodes, Shape};

/// Deeper than any document that `decode` accepts.
const MAX_DEPTH: usize = 200;

/// Reads a document; `None` when this reader refuses the text.
///
/// It wants spaces before values, where the decoding reader takes tabs.
pub(super) fn read(text: &str) -> Option<Nodes> {
    let with_spaces = || read_as(text, &readable(&text.replace('\t', " ")));
    read_as(text, &readable(text)).or_else(|| if text.contains('\t') { with_spaces() } else { None })
}

/// Reads `shown` in the place of `text`: it has the same characters at the same places, but for white space.
fn read_as(text: &str, shown: &str) -> Option<Nodes> {
    let mut builder = Builder { text, index: CharacterIndex::new(text), ..Builder::default() };
    for event in Parser::new_from_str(shown) {
        let (event, span) = event.ok()?;
        if matches!(event, Event::DocumentEnd) {
            break;
        }
        builder.take(event, span)?;
    }
    builder.open.is_empty().then_some(builder.nodes)
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
    nodes: Nodes,
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
                    let node = (anchor > 0).then(|| self.nodes.push(range.clone(), Shape::Scalar(style)));
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
            open.key.is_none()
                && self.nodes.nodes.get(open.node).is_some_and(|node| matches!(node.shape, Shape::Map(_)))
        })
    }

    fn set_key(&mut self, name: Box<str>, range: Range<usize>, merge: bool) {
        if let Some(open) = self.open.last_mut() {
            open.key = Some((name, range, merge));
        }
    }

    fn mark_anchored(&mut self, node: usize) {
        if let Some(node) = self.nodes.nodes.get_mut(node) {
            node.anchored = true;
        }
    }

    /// Adds a value to the list or mapping that is open.
    fn add(&mut self, range: Range<usize>, shape: Shape) -> usize {
        let added = self.nodes.push(range, shape);
        if let Some(open) = self.open.last_mut() {
            match self.nodes.nodes.get_mut(open.node).map(|node| &mut node.shape) {
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
        let node = self.nodes.nodes.get(open.node)?;
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
            last.and_then(|last| self.nodes.nodes.get(last)).map_or(key, |last| last.range.end.max(key))
        };
        self.nodes.nodes.get_mut(open.node)?.range.end = end.max(start);
        self.nodes.index(open.node);
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

fn key_name(value: &str, plain: bool) -> Box<str> {
    let name = if plain { scalar::key_text(scalar::read_plain(value)) } else { None };
    name.map_or_else(|| Box::from(value), String::into_boxed_str)
}

/// The text as this reader must see it: with a line feed for each character that ends a line in YAML 1.1 alone.
///
/// The number of characters stays the same, so that places stay what they are.
/// In JSON these are characters like all others.
pub(in super::super) fn readable(text: &str) -> Cow<'_, str> {
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
pub(in super::super) struct CharacterIndex<'t> {
    text: &'t str,
    /// The byte of every [`STEP`]th character; empty when all characters are single bytes.
    steps: Vec<usize>,
}

/// The distance between two characters whose bytes are remembered.
const STEP: usize = 64;

impl<'t> CharacterIndex<'t> {
    pub(in super::super) fn new(text: &'t str) -> Self {
        let steps = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().step_by(STEP).map(|(byte, _)| byte).collect()
        };
        Self { text, steps }
    }

    /// The byte at which the character begins.
    pub(in super::super) fn byte(&self, character: usize) -> usize {
        if self.steps.is_empty() {
            return character.min(self.text.len());
        }
        let Some(step) = self.steps.get(character / STEP) else { return self.text.len() };
        let rest = self.text.get(*step..).unwrap_or_default();
        rest.char_indices().nth(character % STEP).map_or(self.text.len(), |(byte, _)| step + byte)
    }
}
