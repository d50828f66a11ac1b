//! The objects of an input as they are written. A document is read once, however many objects it has.

use std::cell::RefCell;
use std::collections::HashMap;

use serde_json::Value;

use crate::diagnostics::FieldPath;
use crate::parser::manifests::{Manifests, ObjectHead};
use crate::parser::shown::written;
use crate::parser::source::DocumentId;

/// Reads objects as they are written.
pub(super) struct WrittenObjects<'m> {
    pub(super) manifests: &'m Manifests,
    documents: RefCell<HashMap<DocumentId, HashMap<FieldPath, Value>>>,
}

impl<'m> WrittenObjects<'m> {
    pub(super) fn new(manifests: &'m Manifests) -> Self {
        Self { manifests, documents: RefCell::default() }
    }

    /// An object, without what a cluster says of it.
    pub(super) fn object(&self, head: &ObjectHead) -> Option<Value> {
        let mut documents = self.documents.borrow_mut();
        let id = head.position.document;
        let parts = documents
            .entry(id)
            .or_insert_with(|| written(self.manifests, id).unwrap_or_default().into_iter().collect());
        let mut value = parts.get(&head.position.base)?.to_owned();
        value.as_object_mut()?.remove("status");
        Some(value)
    }
}
