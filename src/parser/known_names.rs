//! The names of the objects of an input, for whoever looks for one that is not there.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::head::ObjectHead;
use super::kind::Kind;
use crate::name::{Name, Namespace};
use crate::spelling::Index;

/// Names by kind, each kind from the time on when the first one of it is missing.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownNames([OnceLock<OfKind>; Kind::ALL.len()]);

impl KnownNames {
    /// Those of a kind, of all objects of the input.
    pub(super) fn of<'m>(&self, kind: Kind, heads: impl FnOnce() -> Vec<&'m ObjectHead>) -> Option<&OfKind> {
        let names = Kind::ALL.into_iter().zip(&self.0).find(|(of, _)| *of == kind)?.1;
        Some(names.get_or_init(|| OfKind::new(heads().into_iter().filter(|head| head.kind == kind))))
    }
}

/// The names of one kind.
#[derive(Clone, Debug, Default)]
pub(super) struct OfKind {
    by_namespace: HashMap<Namespace, Index<Name>>,
    /// In the order of the input.
    by_name: HashMap<Name, Vec<Namespace>>,
}

impl OfKind {
    fn new<'m>(heads: impl Iterator<Item = &'m ObjectHead>) -> Self {
        let mut names = Self::default();
        for head in heads {
            let (namespace, name) = (&head.metadata.namespace, &head.metadata.name);
            names.by_namespace.entry(namespace.clone()).or_default().add(name.clone());
            names.by_name.entry(name.clone()).or_default().push(namespace.clone());
        }
        names
    }

    /// The nearest in a namespace.
    pub(super) fn nearest(&self, namespace: &Namespace, name: &Name) -> Option<&Name> {
        self.by_namespace.get(namespace)?.nearest(name)
    }

    /// The namespaces that have a name.
    pub(super) fn namespaces_with(&self, name: &Name) -> &[Namespace] {
        self.by_name.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}
