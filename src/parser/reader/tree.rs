//! What is made of a document while it is read.

use std::borrow::Cow;
use std::ops::Range;
use std::vec::Drain;

use saphyr_parser::ScalarStyle;

use super::cursor::Unsure;

/// A key of a mapping.
#[derive(Clone, Debug)]
pub(in super::super) struct Key<'t> {
    /// The name as Kubernetes sees it.
    pub(in super::super) name: Cow<'t, str>,
    /// Its bytes, with quotes.
    pub(in super::super) range: Range<usize>,
}

/// Makes values of what the reader finds, from the inside out. Ranges are in bytes of the text, with quotes and brackets; that of a
/// block scalar begins with its first line.
pub(in super::super) trait Tree<'t> {
    /// A value.
    type Node;

    /// The value of a key or a dash that nothing follows.
    fn empty(&mut self, at: usize) -> Self::Node;
    /// A plain scalar on one line.
    fn plain(&mut self, text: &'t str, range: Range<usize>) -> Result<Self::Node, Unsure>;
    /// A scalar that is a string however it reads.
    fn text(&mut self, text: Cow<'t, str>, style: ScalarStyle, range: Range<usize>) -> Self::Node;
    /// A list.
    fn list(&mut self, items: Drain<'_, Self::Node>, range: Range<usize>) -> Self::Node;
    /// A mapping; no two of its keys are the same.
    fn map(&mut self, entries: Drain<'_, (Key<'t>, Self::Node)>, range: Range<usize>) -> Self::Node;

    /// The value of a key comes next; `depth` collections hold its mapping.
    fn enter_value(&mut self, _depth: usize, _key: &Key<'t>) {}
    /// The value of a key is complete.
    fn leave_value(&mut self, _depth: usize, _key: &Key<'t>) {}
    /// A list comes next. Whether to say where its items begin and end.
    fn enter_list(&mut self) -> bool {
        false
    }
    /// An item comes next.
    fn enter_item(&mut self) {}
    /// An item is complete.
    fn leave_item(&mut self) {}
}
