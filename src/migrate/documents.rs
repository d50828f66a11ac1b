//! The input with some objects left out, some written anew and some added; all else stays as it is, to the letter.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::diagnostics::{FieldPath, Location};
use crate::emit;
use crate::parser::manifests::{Manifests, ObjectHead, ObjectKey, Position};
use crate::parser::shown::written;
use crate::parser::source::{Document, DocumentId, Source, SourceId, SourceSet};

/// What becomes of the objects of an input.
#[derive(Debug, Default)]
pub struct Documents {
    /// By object: what stands in its place; nothing where it is left out.
    changed: HashMap<ObjectKey, Option<Value>>,
    /// What is added, by the document behind which it stands.
    added: HashMap<DocumentId, Vec<Value>>,
}

impl Documents {
    /// Leaves an object out.
    pub(super) fn leave_out(&mut self, head: &ObjectHead) {
        self.changed.insert(head.key(), None);
    }

    /// Writes an object anew.
    pub(super) fn change(&mut self, head: &ObjectHead, value: Value) {
        self.changed.insert(head.key(), Some(value));
    }

    /// Adds an object behind another one.
    pub(super) fn add(&mut self, behind: &ObjectHead, value: Value) {
        self.added.entry(behind.position.document).or_default().push(value);
    }

    /// The texts of documents with something else than objects that are written anew, left out, or among `others`.
    pub(super) fn untouched<'m>(&self, manifests: &'m Manifests, others: &HashSet<ObjectKey>) -> Vec<&'m str> {
        let mut touched: HashSet<DocumentId> = HashSet::new();
        for head in manifests.heads() {
            let is_alone = head.position.base.0.is_empty();
            if is_alone && (self.changed.contains_key(&head.key()) || others.contains(&head.key())) {
                touched.insert(head.position.document);
            }
        }
        let documents = manifests.documents.iter_enumerated().filter(|(id, _)| !touched.contains(id));
        documents.map(|(_, document)| document.text(manifests.sources.get(document.source))).collect()
    }

    /// The files, with all of this.
    pub fn sources(&self, manifests: &Manifests) -> SourceSet {
        let mut objects: HashMap<DocumentId, Vec<(ObjectKey, &Position)>> = HashMap::new();
        let heads = manifests.heads().into_iter().map(|head| (head.key(), &head.position));
        let overridden = manifests.overridden.iter().map(|(key, position)| (key.clone(), position));
        for (key, position) in heads.chain(overridden) {
            objects.entry(position.document).or_default().push((key, position));
        }
        // What is no object of a cluster is no part of the input that comes out.
        let places: Vec<&Location> = manifests.skipped.iter().map(|one| &one.location).collect();
        let is_skipped = |id: DocumentId, document: &Document| {
            let root = Location::field(id, FieldPath::default());
            let bytes = Location::Bytes(document.source, document.range.clone());
            [root, bytes, Location::Source(document.source)].iter().any(|place| places.contains(&place))
        };
        let mut texts: HashMap<SourceId, String> = HashMap::new();
        for (id, document) in manifests.documents.iter_enumerated().filter(|(id, own)| !is_skipped(*id, own)) {
            let text = texts.entry(document.source).or_default();
            let own = objects.get(&id).map(Vec::as_slice).unwrap_or_default();
            let as_is = document.text(manifests.sources.get(document.source));
            // One more line end at the end of a block scalar would be one more in its value.
            let is_open = !as_is.ends_with('\n') && as_is.contains(['|', '>']);
            let is_changed = own.iter().any(|(key, _)| self.changed.contains_key(key));
            match (is_changed || is_open).then(|| written(manifests, id)).flatten() {
                Some(parts) => self.left(own, parts).iter().for_each(|value| push(text, &yaml(value))),
                None => push(text, as_is),
            }
            for value in self.added.get(&id).into_iter().flatten() {
                push(text, &yaml(value));
            }
        }
        let sources = manifests.sources.sources.iter_enumerated().map(|(id, source)| Source {
            text: if source.context { source.text.clone() } else { texts.remove(&id).unwrap_or_default() },
            ..source.clone()
        });
        SourceSet { sources: sources.collect() }
    }

    /// What is left of a document: itself, or the items of a list.
    fn left(&self, own: &[(ObjectKey, &Position)], parts: Vec<(FieldPath, Value)>) -> Vec<Value> {
        let at = |base: &FieldPath| own.iter().find(|(_, position)| position.base == *base);
        let pieces = parts.into_iter().filter_map(|(base, value)| match at(&base) {
            Some((key, _)) => match self.changed.get(key) {
                Some(changed) => changed.clone(),
                None => Some(value),
            },
            None => Some(value),
        });
        pieces.collect()
    }
}

/// Adds a document to a text.
fn push(text: &mut String, document: &str) {
    let document = document.trim_start_matches(['\n', '\r']);
    if document.starts_with('%') && !text.is_empty() {
        text.push_str("...\n");
    } else if !document.starts_with("---") && !document.starts_with('%') {
        text.push_str("---\n");
    }
    text.push_str(document);
    if !document.ends_with('\n') {
        text.push('\n');
    }
}

fn yaml(value: &Value) -> String {
    let mut out = Vec::new();
    // A vector takes whatever is written to it.
    let written = emit::write_yaml_value(value, &mut out);
    debug_assert!(written.is_ok());
    String::from_utf8_lossy(&out).into_owned()
}

/// One text of all files that are judged.
pub fn joined(sources: &SourceSet) -> String {
    let judged = sources.sources.iter().filter(|source| !source.context && !source.text.is_empty());
    judged.map(|source| source.text.as_str()).collect()
}
