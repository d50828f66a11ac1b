//! What both sides hold beside what is compared, by its content.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::compile::Compilation;
use crate::diagnostics::{FieldPath, Location, Omission, Segment, Subject};
use crate::parser::decode::decode;
use crate::parser::manifests::{Manifests, ObjectHead, ObjectKey};
use crate::parser::node::Node;
use crate::parser::source::DocumentId;
use crate::parser::split::split;

/// Fields of `metadata` that a server writes. The age of an object is no such field: it decides between policies.
const SERVER_FIELDS: [&str; 5] = ["generation", "managedFields", "resourceVersion", "selfLink", "uid"];

/// What could be compared of nothing but its content.
pub(super) struct Left {
    pub(super) content: Content,
    pub(super) location: Location,
    pub(super) reason: String,
    /// Whether nobody knows what the subject would do. What is left out for other reasons takes no part in traffic.
    pub(super) is_unknown: bool,
}

/// What is left, by what it is.
pub(super) type AllLeft = BTreeMap<String, Vec<Left>>;

/// The content of an object or a document.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    /// The value, whatever its text looks like.
    Value(Node),
    /// The text of what is no value.
    Text(String),
    /// An object that is not translated, with what it applies to.
    Untranslated(Node, BTreeSet<String>),
}

/// The documents of one side as values, each decoded once: a list may hold thousands of objects.
pub(in super::super) struct Values<'c> {
    pub(in super::super) compilation: &'c Compilation,
    pub(super) decoded: HashMap<DocumentId, Option<Node>>,
}

impl<'c> Values<'c> {
    pub(in super::super) fn new(compilation: &'c Compilation) -> Self {
        Self { compilation, decoded: HashMap::new() }
    }

    /// The names of the objects that were not selected.
    pub(super) fn unselected(&self) -> BTreeSet<String> {
        let unselected = self.compilation.unjudged.iter().filter(|one| one.reason == Omission::NotSelected);
        unselected.filter(|one| matches!(one.subject, Subject::Object(_))).map(|one| one.subject.to_string()).collect()
    }

    /// The text of the document that a place is in.
    pub(in super::super) fn text(&self, location: &Location) -> &'c str {
        let Manifests { documents, sources, .. } = &self.compilation.manifests;
        let Location::Field { document: id, .. } = location else { return "" };
        let Some(document) = documents.get(*id) else { return "" };
        sources.get(document.source).text.get(document.range.clone()).unwrap_or_default()
    }

    /// The object that a place is in; the text of its document where that is no value.
    pub(in super::super) fn object(&mut self, location: &Location) -> Result<Node, String> {
        let Location::Field { document: id, path, .. } = location else { return Err(String::new()) };
        let text = self.text(location);
        let value = self.decoded.entry(*id).or_insert_with(|| {
            let syntax = split(text).first().map(|piece| piece.syntax)?;
            decode(text, syntax).ok().map(|decoded| decoded.node)
        });
        value.as_ref().map(|value| object(value, path).clone()).ok_or_else(|| text.to_owned())
    }
}

/// An object without what a server adds to it, which says nothing of what it asks for.
pub(in super::super) fn without_server_fields(object: Node) -> Node {
    let mut fields = match sorted(object) {
        Node::Map(fields) => fields,
        other => return other,
    };
    fields.retain(|(field, _)| field != "status");
    for (field, value) in &mut fields {
        if let ("metadata", Node::Map(metadata)) = (field.as_str(), value) {
            metadata.retain(|(field, _)| !SERVER_FIELDS.contains(&field.as_str()));
        }
    }
    Node::Map(fields)
}

/// The order of the keys of a mapping is no content.
pub(in super::super) fn sorted(node: Node) -> Node {
    match node {
        Node::Map(entries) => {
            let mut entries: Vec<_> = entries.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            entries.sort_by(|(one, _), (other, _)| one.cmp(other));
            Node::Map(entries)
        }
        Node::List(items) => Node::List(items.into_iter().map(sorted).collect()),
        scalar @ (Node::Null | Node::Bool(_) | Node::Int(_) | Node::Float(_) | Node::String(_)) => scalar,
    }
}

/// The place of a judged Secret or ConfigMap, with what it holds.
pub(super) fn held_by(values: &mut Values<'_>, key: &ObjectKey) -> Option<(Location, Content)> {
    let Manifests { secrets, config_maps, .. } = &values.compilation.manifests;
    let mut heads = secrets.iter().map(|one| &one.head).chain(config_maps.iter().map(|one| &one.head));
    let is_named = |one: &&ObjectHead| one.kind == key.kind && one.metadata.sort_key() == (&*key.namespace, &*key.name);
    let head = heads.find(is_named).filter(|one| !one.position.context)?;
    let location = head.at(&FieldPath::ROOT);
    let content = values.object(&location).map_or_else(Content::Text, |one| Content::Value(held(one)));
    Some((location, content))
}

/// What a Secret or a ConfigMap holds, whatever is said about it.
pub(super) fn held(object: Node) -> Node {
    let mut object = without_server_fields(object);
    if let Node::Map(fields) = &mut object {
        fields.retain(|(field, value)| field != "metadata" && *value != Node::Null);
    }
    object
}

/// The item of a list that a path leads into, or the object as a whole.
pub(super) fn object<'n>(node: &'n Node, path: &FieldPath) -> &'n Node {
    let mut object = node;
    let mut segments = path.0.iter();
    while let (Some(Segment::Field(name)), Some(Segment::Index(at))) = (segments.next(), segments.next()) {
        if name != "items" {
            break;
        }
        let Some(item) = object.get("items").and_then(Node::as_list).and_then(|items| items.get(*at)) else { break };
        object = item;
    }
    object
}
