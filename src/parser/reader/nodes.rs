//! The values that a document is decoded to.

use std::borrow::Cow;
use std::ops::Range;
use std::vec::Drain;

use saphyr_parser::ScalarStyle;

use super::super::marks::Marks;
use super::super::node::Node;
use super::super::scalar;
use super::cursor::Unsure;
use super::tree::{Key, Tree};

/// Makes [`Node`]s, and notes where rules begin.
#[derive(Default)]
pub(super) struct Nodes {
    marks: Marks,
}

impl Nodes {
    /// The byte at which each item of `spec.rules` begins.
    pub(super) fn into_rules(self) -> Vec<Option<usize>> {
        self.marks.into_rules()
    }
}

impl<'t> Tree<'t> for Nodes {
    type Node = Node;

    fn empty(&mut self, _at: usize) -> Node {
        Node::Null
    }

    #[inline]
    fn plain(&mut self, text: &'t str, _range: Range<usize>) -> Result<Node, Unsure> {
        if scalar::is_text(text) {
            return Ok(Node::String(text.to_owned()));
        }
        match scalar::read_plain(text) {
            // Errors, and what to say of `yes` and `off`, are the full reader's.
            Node::Float(number) if !number.is_finite() => Err(Unsure),
            Node::Bool(_) if scalar::boolean_word(text).is_some() => Err(Unsure),
            Node::String(_) if scalar::may_be_long(text) => Err(Unsure),
            node => Ok(node),
        }
    }

    fn text(&mut self, text: Cow<'t, str>, _style: ScalarStyle, _range: Range<usize>) -> Node {
        Node::String(text.into_owned())
    }

    fn list(&mut self, items: Drain<'_, Node>, _range: Range<usize>) -> Node {
        Node::List(items.collect())
    }

    fn map(&mut self, entries: Drain<'_, (Key<'t>, Node)>, _range: Range<usize>) -> Node {
        Node::Map(entries.map(|(key, node)| (key.name.into_owned(), node)).collect())
    }

    #[inline]
    fn enter_value(&mut self, depth: usize, key: &Key<'t>) {
        self.marks.key_at(key.range.start);
        self.marks.enter_value(depth, &key.name);
    }

    #[inline]
    fn leave_value(&mut self, depth: usize, key: &Key<'t>) {
        self.marks.leave_value(depth, &key.name);
    }

    #[inline]
    fn enter_list(&mut self) -> bool {
        self.marks.enter_list()
    }

    fn enter_item(&mut self) {
        self.marks.enter_rule();
    }

    fn leave_item(&mut self) {
        self.marks.leave_rule();
    }
}
