//! What a policy is about, and the chain of what a rule of a listener belongs to.

use crate::name::{Name, Namespace, SectionName};
use crate::parser::manifests::Kind;
use crate::parser::route::RouteKind;
use crate::resolver::listener::ResolvedListener;
use crate::resolver::route::ResolvedRoute;

/// An object, or a section of it: a listener, or a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PolicyScope<'m> {
    /// The kind of the object.
    pub kind: Kind,
    /// Its namespace.
    pub namespace: &'m Namespace,
    /// Its name.
    pub name: &'m Name,
    /// The section; `None` for the whole object.
    pub section: Option<&'m SectionName>,
}

impl<'m> PolicyScope<'m> {
    /// The object as a whole.
    pub fn whole(self) -> Self {
        Self { section: None, ..self }
    }

    /// Whether it is a route, or a rule of one.
    pub fn is_route(self) -> bool {
        RouteKind::ALL.iter().any(|kind| kind.kind() == self.kind)
    }

    /// What a listener belongs to, the nearest first. What is said of listeners of a Gateway is not said of those that
    /// ListenerSets add to it.
    pub(super) fn of_listener(listener: &ResolvedListener<'m>) -> impl Iterator<Item = Self> + use<'m> {
        let (owner, section) = (listener.owner, &listener.spec.name);
        let (namespace, name) = owner.gateway.metadata.sort_key();
        let gateway = Self { kind: Kind::Gateway, namespace, name, section: None };
        let nearest = match owner.set {
            Some(set) => {
                let (namespace, name) = set.metadata.sort_key();
                let set = Self { kind: Kind::ListenerSet, namespace, name, section: None };
                [Some(Self { section: Some(section), ..set }), Some(set)]
            }
            None => [Some(Self { section: Some(section), ..gateway }), None],
        };
        nearest.into_iter().flatten().chain([gateway])
    }

    /// What a rule belongs to beside its listener, the nearest first.
    pub(super) fn of_rule(route: &ResolvedRoute<'m>, rule: usize) -> impl Iterator<Item = Self> + use<'m> {
        let (namespace, name) = route.object().metadata.sort_key();
        let whole = Self { kind: route.kind().kind(), namespace, name, section: None };
        let own = route.declared.rule_name(rule).map(|section| Self { section: Some(section), ..whole });
        own.into_iter().chain([whole])
    }

    /// The scope in words, such as ``listener `web` of Gateway `infra/edge` ``.
    pub fn describe(self) -> String {
        let Self { kind, namespace, name, section } = self;
        let object = format!("{} `{namespace}/{name}`", kind.name());
        match section {
            None => object,
            Some(section) if self.is_route() => format!("rule `{section}` of {object}"),
            Some(section) => format!("listener `{section}` of {object}"),
        }
    }
}
