//! Which object a finding or an omission is about.

use std::fmt;

use crate::name::{Name, Namespace};

/// The object a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectRef {
    /// The API group; empty for core.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace; empty for cluster-scoped kinds.
    pub namespace: Namespace,
    /// The name.
    pub name: Name,
}

impl fmt::Display for ObjectRef {
    /// The kind and the name, as sentences name an object.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group: _, kind, namespace, name } = self;
        match namespace.is_empty() {
            true => write!(f, "{kind} `{name}`"),
            false => write!(f, "{kind} `{namespace}/{name}`"),
        }
    }
}
