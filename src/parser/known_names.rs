//! The names of the objects of an input, for whoever looks for one that is not there.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use super::head::ObjectHead;
use super::kind::Kind;
use crate::name::{Name, Namespace};
use crate::spelling::{Index, Near};

/// So many namespaces with a name are told: with all of them a report would grow with their number for each reference.
const MOST_TOLD: usize = 3;

/// What may be meant by a name that no object of a kind and namespace has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Likely {
    /// Objects that have the name, in other namespaces.
    Elsewhere(Elsewhere),
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
            Self::Elsewhere(Elsewhere { first, further }) => {
                let told: Vec<_> = first.iter().map(|namespace| format!("`{namespace}`")).collect();
                let told = told.join(", ");
                match (first.len(), further) {
                    (1, 0) => format!("{kind} `{name}` is in namespace {told}"),
                    (_, 0) => format!("{kind} `{name}` is in the namespaces {told}"),
                    (_, further) => format!("{kind} `{name}` is in the namespaces {told} and {further} more"),
                }
            }
        }
    }
}

/// The other namespaces that have a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Elsewhere {
    /// The first ones, in the order of the input.
    first: Vec<Namespace>,
    /// How many there are besides.
    further: usize,
}

impl Elsewhere {
    /// The namespace, where it is one.
    pub(crate) fn only(&self) -> Option<&Namespace> {
        match self.first.as_slice() {
            [only] if self.further == 0 => Some(only),
            _ => None,
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
    /// Each namespace once, in the order of the input.
    by_name: HashMap<Name, Vec<Namespace>>,
    /// Those of them that the API server would refuse.
    refused: HashSet<(Namespace, Name)>,
}

impl OfKind {
    fn new<'m>(heads: impl Iterator<Item = &'m ObjectHead>) -> Self {
        let mut names = Self::default();
        let mut known: HashSet<(&Namespace, &Name)> = HashSet::new();
        for head in heads {
            let (namespace, name) = (&head.metadata.namespace, &head.metadata.name);
            names.by_namespace.entry(namespace.clone()).or_default().add(name.clone());
            if head.refusal.is_some() {
                names.refused.insert((namespace.clone(), name.clone()));
            }
            if known.insert((namespace, name)) {
                names.by_name.entry(name.clone()).or_default().push(namespace.clone());
            }
        }
        names
    }

    /// What may be meant by a name that no object of the namespace has.
    pub(super) fn likely(&self, namespace: &Namespace, name: &Name) -> Option<Likely> {
        let mut others = self.namespaces_with(name).iter().filter(|other| *other != namespace);
        let first: Vec<Namespace> = others.by_ref().take(MOST_TOLD).cloned().collect();
        if !first.is_empty() {
            return Some(Likely::Elsewhere(Elsewhere { first, further: others.count() }));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_namespaces_the_first_are_told_and_the_others_counted() {
        let name = Name::from("cart");
        let help = |namespaces: &[&str]| {
            let mut names = OfKind::default();
            let namespaces = namespaces.iter().map(|namespace| Namespace::from(*namespace)).collect();
            names.by_name.insert(name.clone(), namespaces);
            let likely = names.likely(&Namespace::from("shop"), &name);
            likely.map(|likely| likely.help("Service", &name)).unwrap_or_default()
        };
        assert_eq!(help(&["shop"]), "");
        assert_eq!(help(&["shop", "a"]), "Service `cart` is in namespace `a`");
        assert_eq!(help(&["c", "b", "shop", "a"]), "Service `cart` is in the namespaces `c`, `b`, `a`");
        assert_eq!(help(&["c", "b", "a", "d", "e"]), "Service `cart` is in the namespaces `c`, `b`, `a` and 2 more");
    }
}
