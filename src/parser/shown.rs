//! Objects as they are written, for whoever is shown them: without what is secret.
//!
//! Input: the text of an object's document. Output: a value. Of a Secret only what it is stays; of any other object
//! what [`super::hidden`] finds in its text is replaced.

use serde_json::{Map, Value};

use crate::diagnostics::{FieldPath, Part};

use super::decode::decode;
use super::hidden::{HEAD, HIDDEN};
use super::kind::Kind;
use super::locate::Locator;
use super::manifests::{Manifests, ObjectHead};
use super::node::Node;
use super::source::DocumentId;
use super::split::split;

/// An object as it is written; `None` where its text cannot be read again.
pub fn shown(manifests: &Manifests, locator: &Locator<'_>, head: &ObjectHead) -> Option<Value> {
    let id = head.position.document;
    let document = manifests.documents.get(id)?;
    let text = document.text(manifests.sources.get(document.source));
    let piece = split(text).into_iter().next()?;
    let decoded = decode(text.get(piece.range.clone())?, piece.syntax).ok()?;
    let node = decoded.node.at(&head.position.base.0)?;
    let hidden: Vec<_> = locator.hidden_of(document.source).to_vec();
    let is_here = |range: &std::ops::Range<usize>| range.start < document.range.end && range.end > document.range.start;
    let tree = hidden.iter().any(is_here).then(|| locator.tree(id));
    let is_hidden = |path: &FieldPath, part: Part| match &tree {
        None => false,
        // What cannot be looked up is hidden.
        Some(tree) => tree.as_ref().and_then(|tree| tree.find(path, part)).is_none_or(|range| {
            let (start, end) = (document.range.start + range.start, document.range.start + range.end);
            hidden.iter().any(|one| one.start < end.max(start + 1) && one.end > start)
        }),
    };
    let mut value = to_value(node, &head.position.base, &is_hidden);
    if let Value::Object(fields) = &mut value {
        if head.kind == Kind::Secret {
            fields.retain(|name, _| HEAD.contains(&name.as_str()));
        }
        if let Some(Value::Object(metadata)) = fields.get_mut("metadata")
            && head.kind.is_namespaced()
        {
            let namespace = metadata.entry("namespace").or_insert(Value::Null);
            *namespace = head.metadata.namespace.as_str().into();
        }
        // What a cluster said of the object is not what the manifests say.
        fields.remove("status");
    }
    Some(value)
}

/// The objects of a document with all that stands there, what is secret as well, each with its path in it: a list has
/// several. `None` where the document cannot be read again.
pub fn written(manifests: &Manifests, id: DocumentId) -> Option<Vec<(FieldPath, Value)>> {
    let document = manifests.documents.get(id)?;
    let text = document.text(manifests.sources.get(document.source));
    let piece = split(text).into_iter().next()?;
    let decoded = decode(text.get(piece.range.clone())?, piece.syntax).ok()?;
    let whole = |node: &Node, path: &FieldPath| to_value(node, path, &|_, _| false);
    let kind = decoded.node.get("kind").and_then(Node::as_str).unwrap_or_default();
    let items = decoded.node.get("items").and_then(Node::as_list).filter(|_| kind.ends_with("List"));
    let root = FieldPath::default();
    Some(match items {
        None => vec![(root.clone(), whole(&decoded.node, &root))],
        Some(items) => {
            let at = |index: usize| root.with("items").with(index);
            items.iter().enumerate().map(|(index, item)| (at(index), whole(item, &at(index)))).collect()
        }
    })
}

fn to_value(node: &Node, path: &FieldPath, is_hidden: &dyn Fn(&FieldPath, Part) -> bool) -> Value {
    match node {
        Node::Null => Value::Null,
        Node::Bool(value) => (*value).into(),
        Node::Int(value) => guarded(*value, path, is_hidden),
        Node::Float(value) => guarded(*value, path, is_hidden),
        Node::String(text) => guarded(text.as_str(), path, is_hidden),
        Node::List(items) => {
            let items = items.iter().enumerate();
            items.map(|(index, item)| to_value(item, &path.with(index), is_hidden)).collect()
        }
        Node::Map(entries) => {
            let mut map = Map::new();
            for (name, value) in entries {
                let path = path.with(name.clone());
                let name = if is_hidden(&path, Part::Key) { HIDDEN } else { name };
                map.insert(name.to_owned(), to_value(value, &path, is_hidden));
            }
            Value::Object(map)
        }
    }
}

fn guarded(value: impl Into<Value>, path: &FieldPath, is_hidden: &dyn Fn(&FieldPath, Part) -> bool) -> Value {
    if is_hidden(path, Part::Value) { HIDDEN.into() } else { value.into() }
}
