//! What both sides hold beside what is compared, by its content.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use typed_index_collections::TiVec;

use super::tools::{is_of_tool, may_be_read};
use crate::compile::Compilation;
use crate::diagnostics::{FieldPath, Location, Omission, Segment, Subject};
use crate::name::NamespacedName;
use crate::parser::api::Secret;
use crate::parser::decode::decode;
use crate::parser::manifests::{Kind, Manifests, ObjectHead};
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

/// What is sent to, by namespace and name.
pub(super) type Used<'m> = BTreeSet<NamespacedName<'m>>;

/// What is left, by what it is.
pub(super) type AllLeft = BTreeMap<String, Vec<Left>>;

/// The content of an object or a document.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Content {
    /// The value, whatever its text looks like.
    Value(Node),
    /// The text of what is no value.
    Text(String),
    /// An object that is not translated, with what it applies to.
    Untranslated(Node, BTreeSet<String>),
}

/// The documents of one side as values with their keys in order, each decoded once: a list may hold thousands of objects.
pub(in super::super) struct Values<'c> {
    pub(in super::super) compilation: &'c Compilation,
    decoded: TiVec<DocumentId, OnceCell<Option<Node>>>,
}

impl<'c> Values<'c> {
    pub(in super::super) fn new(compilation: &'c Compilation) -> Self {
        let decoded = compilation.manifests.documents.iter().map(|_| OnceCell::new()).collect();
        Self { compilation, decoded }
    }

    /// The names of the objects that were not selected.
    pub(in super::super) fn unselected(&self) -> BTreeSet<String> {
        let unselected = self.compilation.unjudged.iter().filter(|one| one.reason == Omission::NotSelected);
        unselected.filter(|one| matches!(one.subject, Subject::Object(_))).map(|one| one.subject.to_string()).collect()
    }

    /// The text of the document that a place is in.
    pub(in super::super) fn text(&self, location: &Location) -> &'c str {
        let Manifests { documents, sources, .. } = &self.compilation.manifests;
        let Location::Field { document: id, .. } = location else { return "" };
        let Some(document) = documents.get(*id) else { return "" };
        document.text(sources.get(document.source))
    }

    /// The object that a place is in; the text of its document where that is no value.
    pub(in super::super) fn object(&self, location: &Location) -> Result<&Node, &'c str> {
        let Location::Field { document: id, path, .. } = location else { return Err("") };
        let text = self.text(location);
        let decode = || {
            let syntax = split(text).first().map(|piece| piece.syntax)?;
            decode(text, syntax).ok().map(|decoded| sorted(decoded.node))
        };
        let value = self.decoded.get(*id).and_then(|value| value.get_or_init(decode).as_ref());
        value.map(|value| object(value, path)).ok_or(text)
    }

    /// What counts of the object that a place is in.
    pub(super) fn content(&self, location: &Location, value: impl FnOnce(&Node) -> Content) -> Content {
        self.object(location).map_or_else(|text| Content::Text(text.to_owned()), value)
    }

    /// What an object says; of a Secret or a ConfigMap what it holds.
    pub(super) fn content_of(&self, kind: Kind, location: &Location) -> Content {
        let value = if matches!(kind, Kind::Secret | Kind::ConfigMap) { held } else { without_server_fields };
        self.content(location, |object| Content::Value(value(object)))
    }
}

/// An object without what a server adds to it, which says nothing of what it asks for.
pub(in super::super) fn without_server_fields(object: &Node) -> Node {
    let mut object = object.clone();
    let Node::Map(fields) = &mut object else { return object };
    fields.retain(|(field, _)| field != "status");
    for (field, value) in fields {
        if let ("metadata", Node::Map(metadata)) = (field.as_str(), value) {
            // Generators write an age that they do not know.
            metadata.retain(|(field, value)| !SERVER_FIELDS.contains(&field.as_str()) && *value != Node::Null);
        }
    }
    object
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

/// What an object says, without what tools write down in it for themselves.
pub(in super::super) fn said(object: &Node) -> Node {
    let Node::Map(mut fields) = without_server_fields(object) else { return Node::Null };
    for (_, metadata) in fields.iter_mut().filter(|(field, _)| field == "metadata") {
        let Node::Map(parts) = metadata else { continue };
        for (part, entries) in parts.iter_mut() {
            match (part.as_str(), entries) {
                ("annotations", Node::Map(entries)) => entries.retain(|(key, _)| may_be_read(key)),
                ("labels", Node::Map(entries)) => entries.retain(|(key, _)| !is_of_tool(key)),
                _ => {}
            }
        }
        parts.retain(|(_, value)| !matches!(value, Node::Map(entries) if entries.is_empty()));
    }
    Node::Map(fields)
}

/// The judged Secret or ConfigMap of a name.
pub(super) fn holder<'c>(values: &Values<'c>, kind: Kind, (namespace, name): (&str, &str)) -> Option<Holder<'c>> {
    let is_named =
        |head: &ObjectHead| head.kind == kind && head.metadata.namespace == namespace && head.metadata.name == name;
    holders(values.compilation).find(|holder| is_named(holder.head))
}

/// A judged Secret or ConfigMap.
pub(in super::super) struct Holder<'c> {
    pub(in super::super) head: &'c ObjectHead,
    secret_type: &'c str,
    data: &'c BTreeMap<String, Vec<u8>>,
}

/// The judged Secrets and ConfigMaps of a side.
pub(in super::super) fn holders(compilation: &Compilation) -> impl Iterator<Item = Holder<'_>> {
    let Manifests { secrets, config_maps, .. } = &compilation.manifests;
    let secrets = secrets.iter().map(|one| {
        let Secret { secret_type, data, encrypted: _ } = &one.spec;
        Holder { head: &one.head, secret_type, data }
    });
    let maps = config_maps.iter().map(|one| Holder { head: &one.head, secret_type: "", data: &one.spec.data });
    secrets.chain(maps).filter(|one| !one.head.position.context)
}

impl Holder<'_> {
    /// Its place, with what it holds.
    pub(in super::super) fn held(&self, values: &Values<'_>) -> (Location, Content) {
        let location = self.head.at(&FieldPath::ROOT);
        let decoded = (self.secret_type, self.data);
        let content = values.content(&location, |object| decoded_or_written(object, decoded));
        (location, content)
    }
}

/// What is held, in whichever of the ways to write it; as it is written where some of it cannot be read.
fn decoded_or_written(object: &Node, (secret_type, data): (&str, &BTreeMap<String, Vec<u8>>)) -> Content {
    let fields = ["data", "stringData", "binaryData"].into_iter().filter_map(|field| object.get(field)?.as_map());
    let written: BTreeSet<&str> = fields.flatten().map(|(key, _)| key.as_str()).collect();
    let is_decoded = !data.is_empty() && written.len() == data.len();
    if is_decoded { Content::Text(format!("{secret_type} {data:?}")) } else { Content::Value(held(object)) }
}

/// What a Secret or a ConfigMap holds, whatever is said about it.
pub(super) fn held(object: &Node) -> Node {
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
