//! Keys that a mapping of a Gateway API object has more than once.
//!
//! The API server refuses them; for core kinds and those of other groups the
//! last one counts and nothing is said.

use std::ops::Range;

use crate::diagnostics::{Diagnostics, FieldPath, Finding, Location, ObjectRef, Reported, codes};

use super::manifests::Position;
use super::node::Node;
use super::source::Document;
use super::spans::SpanTree;

/// The paths inside the object at `base`, from its root, when its group is a strict one.
pub(super) fn of_object(repeated: &[FieldPath], base: &FieldPath, group: &str) -> Vec<FieldPath> {
    if !matches!(group, "gateway.networking.k8s.io" | "gateway.networking.x-k8s.io") {
        return Vec::new();
    }
    repeated
        .iter()
        .filter_map(|path| path.0.strip_prefix(base.0.as_slice()))
        .map(|tail| FieldPath(tail.to_vec()))
        .collect()
}

/// The object as findings name it, before it was read.
pub(super) fn subject(node: &Node, group: &str, kind: String, default_namespace: &str) -> ObjectRef {
    let metadata = |name: &str| node.get("metadata").and_then(|metadata| metadata.get(name)).and_then(Node::as_str);
    let namespace = match kind.as_str() {
        "GatewayClass" | "XMesh" => "",
        _ => metadata("namespace").unwrap_or(default_namespace),
    };
    ObjectRef {
        group: group.to_owned(),
        namespace: namespace.to_owned(),
        name: metadata("name").unwrap_or_default().to_owned(),
        kind,
    }
}

/// Reports each repetition at its key, with the place of the first key.
pub(super) fn report(
    repeated: &[FieldPath],
    position: &Position,
    subject: &ObjectRef,
    document: &Document,
    text: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Reported> {
    let tree = SpanTree::read(text);
    let at = |key: &Range<usize>| {
        let start = document.range.start;
        Location::Bytes(document.source, start + key.start..start + key.end)
    };
    let mut proof = None;
    for path in repeated {
        let full = position.base.join(path);
        let finding = |location: Location| {
            Finding::new(codes::DUPLICATE_KEY, location, format!("the key `{path}` is given more than once"))
                .label("the key is here again")
                .help("keep one of them")
                .object(subject.clone(), path.clone())
        };
        let keys = tree.as_ref().map(|tree| tree.keys(&full)).unwrap_or_default();
        match keys.split_first() {
            Some((first, others)) if !others.is_empty() => {
                for key in others {
                    proof = Some(diagnostics.error(finding(at(key)).related(at(first), "the key is here first")));
                }
            }
            _ => proof = Some(diagnostics.error(finding(Location::key(position.document, full)))),
        }
    }
    proof
}
