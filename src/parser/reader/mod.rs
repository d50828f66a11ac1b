//! Stage 1c, the fast way: manifests as they are mostly written, in one pass.
//!
//! Input: the text of one YAML document. Output: what a [`Tree`] makes of its
//! values, or [`Unsure`]: then the full reader takes the document, so that
//! what a text means never differs. Read are block and flow collections, plain
//! and quoted scalars, block scalars and comments; not read are anchors, tags,
//! directives, keys that are more than a scalar on one line, repeated keys, and
//! whatever readers of YAML disagree about.
//!
//! [`cursor`] moves over the text; [`plain`], [`quoted`] and [`block_scalar`]
//! read scalars, [`collections`] what holds them, and [`nodes`] makes values.

mod block_scalar;
mod collections;
mod cursor;
mod nodes;
mod plain;
mod quoted;
mod tree;

use collections::Reader;
use cursor::Cursor;
use nodes::Nodes;

use super::node::Node;

pub(super) use cursor::Unsure;
pub(super) use tree::{Key, Tree};

/// The value of a document, and the byte at which each item of `spec.rules` begins; `None` where the full reader must
/// be asked.
pub(super) fn read(text: &str) -> Option<(Node, Vec<Option<usize>>)> {
    let mut nodes = Nodes::default();
    let node = read_as(text, &mut nodes).ok()?;
    Some((node, nodes.into_rules()))
}

/// What a tree makes of a document.
pub(super) fn read_as<'t, T: Tree<'t>>(text: &'t str, tree: &mut T) -> Result<T::Node, Unsure> {
    Reader::new(Cursor::new(text)?, tree).document()
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
