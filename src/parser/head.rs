//! An object: its head, which is the same for all kinds, and its spec.

use std::ops::Deref;

use crate::diagnostics::{Change, Code, FieldPath, Finding, Fix, Location, PartPath, Reported};
use crate::name::{Name, Namespace, NamespacedName};
use crate::path;

use super::kind::{Kind, ObjectKey};
use super::labels::Labels;
use super::source::DocumentId;

/// An instant in Unix time. Missing timestamps are `None` and sort after all others (see the resolver).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Nanoseconds within the second.
    pub nanos: u32,
}

/// The part of `metadata` that gwctl uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The namespace; empty for cluster-scoped kinds.
    pub namespace: Namespace,
    /// The name; for an object with only `generateName`, that prefix.
    pub name: Name,
    /// Labels.
    pub labels: Labels,
    /// Annotations.
    pub annotations: Labels,
    /// When the object was created, if the manifest says so.
    pub creation_timestamp: Option<Timestamp>,
    /// `metadata.generation`, or 0.
    pub generation: i64,
}

/// Where an object stands in the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The document.
    pub document: DocumentId,
    /// The path of the object inside the document: empty, or `items[n]` of a `List`.
    pub base: FieldPath,
    /// The object came from `--context`: known, not judged.
    pub context: bool,
}

impl Position {
    /// The place of a field of the object.
    pub fn at(&self, path: &FieldPath) -> Location {
        Location::field(self.document, self.base.join(path))
    }
}

impl Metadata {
    /// Namespace and name: the order in which objects are taken.
    pub fn sort_key(&self) -> NamespacedName<'_> {
        (&self.namespace, &self.name)
    }
}

/// What is known of an object that the API server would refuse.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The proof of an error.
    pub proof: Reported,
    /// The parts that could not be decoded, from the root of the object: whatever stands there says nothing.
    pub without: Vec<FieldPath>,
    /// The keys that are given more than once, from the root of the object: it has the last value of each.
    pub repeated: Vec<FieldPath>,
}

/// Everything of an object but its spec.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectHead {
    /// The kind.
    pub kind: Kind,
    /// `apiVersion` without the group.
    pub version: &'static str,
    /// The metadata.
    pub metadata: Metadata,
    /// Where it stands.
    pub position: Position,
    /// Why the API server would refuse the object, and what of it is missing here.
    pub refusal: Option<Refusal>,
}

impl ObjectHead {
    /// The object's identity.
    pub fn key(&self) -> ObjectKey {
        ObjectKey { kind: self.kind, namespace: self.metadata.namespace.clone(), name: self.metadata.name.clone() }
    }

    /// The place of the field at `path`, given from the root of the object.
    pub fn at(&self, path: &FieldPath) -> Location {
        self.position.at(path)
    }

    /// A finding on the field at `path`, given from the root of the object.
    pub fn finding(&self, code: Code, at: impl Into<PartPath>, message: impl Into<String>) -> Finding {
        let at = at.into();
        Finding::new(code, self.at(&at), message).object(self.key().to_ref(), at)
    }

    /// A fix that makes one change at `path`, given from the root of the object.
    pub fn fix(&self, path: &FieldPath, change: Change) -> Fix {
        Fix::one(self.position.document, self.position.base.join(path), change)
    }

    /// Whether a rule of the object could be decoded.
    pub fn has_rule(&self, rule: usize) -> bool {
        self.missing(&path!["spec", "rules", rule]).is_none()
    }

    /// The proof of an error, where a part of the object could not be decoded.
    pub fn missing(&self, part: &FieldPath) -> Option<Reported> {
        let refusal = self.refusal.as_ref().filter(|refusal| refusal.without.contains(part));
        refusal.map(|refusal| refusal.proof)
    }

    /// `namespace/name`, as messages name an object.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.metadata.namespace, self.metadata.name)
    }

    pub(super) fn add_missing(&self, parts: &mut Vec<(ObjectKey, FieldPath, Location)>) {
        let missing = self.refusal.iter().flat_map(|refusal| &refusal.without);
        parts.extend(missing.map(|path| (self.key(), path.clone(), self.at(path))));
    }

    pub(super) fn add_repeated(&self, parts: &mut Vec<(ObjectKey, FieldPath, Location)>) {
        let repeated = self.refusal.iter().flat_map(|refusal| &refusal.repeated);
        parts.extend(repeated.map(|path| (self.key(), path.clone(), self.at(path))));
    }
}

/// An object: its head, and its spec (for core kinds, its whole content).
#[derive(Clone, Debug, PartialEq)]
pub struct Object<S> {
    /// Everything but the spec; an object is used as its head wherever that is asked for.
    pub head: ObjectHead,
    /// The spec.
    pub spec: S,
}

impl<S> Deref for Object<S> {
    type Target = ObjectHead;

    fn deref(&self) -> &ObjectHead {
        &self.head
    }
}
