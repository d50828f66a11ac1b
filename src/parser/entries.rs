//! A mapping while it is decoded: keys once, in the order of the file.

use std::collections::HashMap;

use super::node::Node;

/// From so many keys on, a mapping is searched through an index.
const INDEXED: usize = 16;

/// The entries of a mapping in the order of the file.
#[derive(Default)]
pub(super) struct Entries {
    entries: Vec<(String, Node)>,
    index: HashMap<String, usize>,
}

impl Entries {
    fn find(&mut self, name: &str) -> Option<usize> {
        if self.entries.len() < INDEXED {
            return self.entries.iter().position(|(key, _)| key == name);
        }
        let unindexed = self.entries.iter().enumerate().skip(self.index.len());
        self.index.extend(unindexed.map(|(at, (key, _))| (key.clone(), at)));
        self.index.get(name).copied()
    }

    /// Adds an entry, or replaces the value of the one that is there; then the name is returned.
    pub(super) fn insert(&mut self, name: String, value: Node) -> Option<String> {
        match self.find(&name).and_then(|at| self.entries.get_mut(at)) {
            Some(entry) => {
                entry.1 = value;
                Some(name)
            }
            None => {
                self.entries.push((name, value));
                None
            }
        }
    }

    /// Adds what a `<<` brings and the mapping does not have; an earlier item of a list wins.
    pub(super) fn merge(&mut self, value: Node) {
        match value {
            Node::Map(entries) => {
                for (name, value) in entries {
                    if self.find(&name).is_none() {
                        self.entries.push((name, value));
                    }
                }
            }
            Node::List(items) => items.into_iter().for_each(|item| self.merge(item)),
            _ => {}
        }
    }

    /// The mapping.
    pub(super) fn into_node(self) -> Node {
        Node::Map(self.entries)
    }
}
