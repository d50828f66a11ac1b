//! The places of what the reader of plain manifests takes.

use std::borrow::Cow;
use std::ops::Range;
use std::vec::Drain;

use saphyr_parser::ScalarStyle;

use super::super::reader::{self, Key, Tree, Unsure};
use super::nodes::{Entry, Nodes, Shape};

/// Reads a document; `None` where the reader of all of YAML must be asked.
pub(super) fn read(text: &str) -> Option<Nodes> {
    let mut places = Places(Nodes::default());
    // The first place is the document's, which is complete as the last.
    places.0.push(0..0, Shape::List(Vec::new()));
    reader::read_as(text, &mut places).ok()?;
    let Nodes { mut nodes, mut indexes } = places.0;
    let root = nodes.pop()?;
    indexes.remove(&nodes.len()).and_then(|index| indexes.insert(0, index));
    *nodes.first_mut()? = root;
    Some(Nodes { nodes, indexes })
}

struct Places(Nodes);

impl<'t> Tree<'t> for Places {
    type Node = usize;

    fn empty(&mut self, at: usize) -> usize {
        self.0.push(at..at, Shape::Scalar(ScalarStyle::Plain))
    }

    fn plain(&mut self, _text: &'t str, range: Range<usize>) -> Result<usize, Unsure> {
        Ok(self.0.push(range, Shape::Scalar(ScalarStyle::Plain)))
    }

    fn text(&mut self, _text: Cow<'t, str>, style: ScalarStyle, range: Range<usize>) -> usize {
        self.0.push(range, Shape::Scalar(style))
    }

    fn list(&mut self, items: Drain<'_, usize>, range: Range<usize>) -> usize {
        self.0.push(range, Shape::List(items.collect()))
    }

    fn map(&mut self, entries: Drain<'_, (Key<'t>, usize)>, range: Range<usize>) -> usize {
        let entry =
            |(key, value): (Key<'t>, usize)| Entry { name: Box::from(key.name), key: key.range, value, merge: false };
        let map = self.0.push(range, Shape::Map(entries.map(entry).collect()));
        self.0.index(map);
        map
    }
}
