//! An object of the input, by its name.

use std::fmt;

use serde::Serialize;

use crate::name::{Name, Namespace, NamespacedName, owned};

/// An object, by its name. The names of rules and routes share that of their object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ObjectName {
    /// The kind, in lower case.
    pub kind: &'static str,
    /// The namespace.
    pub namespace: Namespace,
    /// The name.
    pub name: Name,
}

impl ObjectName {
    /// The object of a kind with this name.
    pub fn new(kind: &'static str, name: NamespacedName<'_>) -> Self {
        let (namespace, name) = owned(name);
        Self { kind, namespace, name }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, namespace, name } = self;
        write!(f, "{kind}/{namespace}/{name}")
    }
}
