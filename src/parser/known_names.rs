//! The names of the objects of an input, for whoever looks for one that is not there.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use super::head::ObjectHead;
use super::kind::Kind;
use crate::name::{Name, Namespace};
use crate::spelling::{Index, Near};

/// What may be meant by a name that no object of a kind and namespace has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Likely {
    /// Objects that have the name, in other namespaces.
    Elsewhere(Vec<Namespace>),
    /// An object of the namespace that has a name like it.
    Near(Near<Name>),
}

impl Likely {
    /// The name that was meant, where nothing else can be.
    pub(crate) fn certain(&self) -> Option<&Name> {
        match self {
            Self::Near(Near { name, is_certain: true }) => Some(name),
            Self::Near(_) | Self::Elsewhere(_) => None,
        }
    }

    /// The advice for whoever looks for an object by the name.
    pub(crate) fn help(&self, kind: &str, name: &Name) -> String {
        match self {
            Self::Near(Near { name, is_certain: _ }) => format!("did you mean `{name}`?"),
            Self::Elsewhere(namespaces) => match namespaces.as_slice() {
                [only] => format!("{kind} `{name}` is in namespace `{only}`"),
                many => {
                    let many: Vec<_> = many.iter().map(|namespace| format!("`{namespace}`")).collect();
                    format!("{kind} `{name}` is in the namespaces {}", many.join(", "))
                }
            },
        }
    }
}

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
    /// Those of them that the API server would refuse.
    refused: HashSet<(Namespace, Name)>,
}

impl OfKind {
    fn new<'m>(heads: impl Iterator<Item = &'m ObjectHead>) -> Self {
        let mut names = Self::default();
        for head in heads {
            let (namespace, name) = (&head.metadata.namespace, &head.metadata.name);
            names.by_namespace.entry(namespace.clone()).or_default().add(name.clone());
            if head.refusal.is_some() {
                names.refused.insert((namespace.clone(), name.clone()));
            }
            names.by_name.entry(name.clone()).or_default().push(namespace.clone());
        }
        names
    }

    /// What may be meant by a name that no object of the namespace has.
    pub(super) fn likely(&self, namespace: &Namespace, name: &Name) -> Option<Likely> {
        let mut elsewhere = Vec::new();
        for other in self.namespaces_with(name).iter().filter(|other| *other != namespace) {
            if !elsewhere.contains(other) {
                elsewhere.push(other.clone());
            }
        }
        if !elsewhere.is_empty() {
            return Some(Likely::Elsewhere(elsewhere));
        }
        let Near { name, is_certain } = self.by_namespace.get(namespace)?.near(name)?;
        // Nothing refers to what the API server refuses.
        let is_certain = is_certain && !self.refused.contains(&(namespace.clone(), name.clone()));
        Some(Likely::Near(Near { name: name.clone(), is_certain }))
    }

    /// The namespaces that have a name.
    pub(super) fn namespaces_with(&self, name: &Name) -> &[Namespace] {
        self.by_name.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}
