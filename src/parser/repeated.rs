//! Keys that a mapping has more than once, in objects that gwctl reads and in
//! lists of them.
//!
//! The API server refuses them, with `kubectl`'s strict validation for core
//! kinds too. The object is judged with the last value of each, which is the one
//! that counts where nobody validates, and the ledger names the key. In objects that gwctl does not read the last one counts and
//! nothing is said, but for the keys that make an object, because two of them
//! are two objects whose `---` was forgotten, and the first would be gone; and
//! for those that say what the object applies to.

use std::ops::Range;

use crate::diagnostics::{Diagnostics, FieldPath, Finding, Location, ObjectRef, Reported, codes};
use crate::name::{Name, Namespace};

use super::foreign;
use super::kind::{EXPERIMENTAL_GROUP, GATEWAY_GROUP};
use super::list;
use super::manifests::Position;
use super::node::Node;
use super::object::is_core_kind;
use super::part;
use super::schema::MOST_TOLD;
use super::source::Document;
use super::spans::SpanTree;
use crate::path;

/// The keys that every object has.
const OF_EVERY_OBJECT: [&str; 4] = ["apiVersion", "kind", "metadata", "spec"];

/// The paths inside the object at `base`, from its root: all when it is one that gwctl reads.
pub(super) fn of_object(repeated: &[FieldPath], base: &FieldPath, group: &str, kind: &str) -> Vec<FieldPath> {
    let is_read = matches!(group, GATEWAY_GROUP | EXPERIMENTAL_GROUP) || is_core_kind(group, kind);
    let makes_objects = |tail: &FieldPath| OF_EVERY_OBJECT.iter().any(|key| *tail == path![*key]);
    let is_told = |tail: &FieldPath| is_read || makes_objects(tail) || foreign::decides_on_targets(group, tail);
    inside(repeated, base).filter(is_told).collect()
}

/// Whether two objects are in one mapping: its keys say twice what it is.
pub(super) fn holds_two_objects(repeated: &[FieldPath]) -> bool {
    ["kind", "metadata"].iter().all(|key| repeated.contains(&path![*key]))
}

/// The paths of the list at `base` itself, from its root: not those inside its items.
pub(super) fn of_list(repeated: &[FieldPath], base: &FieldPath) -> Vec<FieldPath> {
    inside(repeated, base).filter(|path| !list::is_of_item(path)).collect()
}

fn inside(repeated: &[FieldPath], base: &FieldPath) -> impl Iterator<Item = FieldPath> {
    let tails = repeated.iter().filter_map(|path| path.0.strip_prefix(base.0.as_slice()));
    tails.map(|tail| FieldPath(tail.to_vec()))
}

/// The object as findings name it, before it was read.
pub(super) fn subject(node: &Node, group: &str, kind: String, default_namespace: &Namespace) -> ObjectRef {
    let metadata = |name: &str| node.get("metadata").and_then(|metadata| metadata.get(name)).and_then(Node::as_str);
    let namespace = match kind.as_str() {
        "GatewayClass" | "XMesh" | "Namespace" => Namespace::default(),
        _ => metadata("namespace").map_or_else(|| default_namespace.clone(), Namespace::from),
    };
    ObjectRef { group: group.to_owned(), namespace, name: metadata("name").map(Name::from).unwrap_or_default(), kind }
}

/// Reports each repetition at its key, with the place of the first key.
pub(super) fn report(
    repeated: &[FieldPath],
    position: &Position,
    subject: Option<&ObjectRef>,
    document: &Document,
    text: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Reported> {
    let tree = SpanTree::read(text);
    let at = |key: &Range<usize>| {
        let start = document.range.start;
        Location::Bytes(document.source, start + key.start..start + key.end)
    };
    let mut told = Told::default();
    for path in repeated {
        let full = position.base.join(path);
        let finding = |location: Location| {
            let message = format!("the key `{path}` is given more than once");
            let finding = Finding::new(codes::DUPLICATE_KEY, location, message)
                .label("the key is here again")
                .help("keep one of them");
            match subject {
                Some(subject) => finding.object(subject.clone(), part::within(path.clone())),
                None => finding,
            }
        };
        let keys = tree.as_ref().map(|tree| tree.keys(&full)).unwrap_or_default();
        match keys.split_first() {
            Some((first, others)) if !others.is_empty() => {
                for key in others {
                    told.add(diagnostics, || finding(at(key)).related(at(first), "the key is here first"));
                }
            }
            _ => told.add(diagnostics, || finding(Location::key(position.document, full))),
        }
    }
    told.finish(diagnostics)
}

/// The first repetitions of an object, and how many there are behind them.
#[derive(Default)]
struct Told {
    proof: Option<Reported>,
    count: usize,
    further: Option<Finding>,
}

impl Told {
    fn add(&mut self, diagnostics: &mut Diagnostics, finding: impl FnOnce() -> Finding) {
        self.count += 1;
        if self.count <= MOST_TOLD {
            self.proof = Some(diagnostics.error(finding()));
        } else if self.further.is_none() {
            self.further = Some(finding());
        }
    }

    fn finish(self, diagnostics: &mut Diagnostics) -> Option<Reported> {
        let Some(mut further) = self.further else { return self.proof };
        let more = self.count - MOST_TOLD - 1;
        if more > 0 {
            let plural = if more == 1 { "" } else { "s" };
            further.message.push_str(&format!(", and {more} more repetition{plural} in the object"));
        }
        Some(diagnostics.error(further))
    }
}
