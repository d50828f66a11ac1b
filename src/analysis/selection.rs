//! What is asked about at all: Gateways that are ours and selected, what belongs
//! to them, and the parents that take a route.

use std::collections::HashSet;

use crate::diagnostics::{ObjectRef, Omission};
use crate::name::{Name, Namespace, NamespacedName};
use crate::parser::api::{ParentGatewayReference, ParentReference};
use crate::parser::manifests::{Kind, ObjectHead, ObjectKey};
use crate::resolver::{Membership, Resolved, ResolvedListenerSet};

use super::subject::{Parent, ServiceParent, Subjects, Verdict, Verdicts, Whole, WholeOf};

/// The Gateways that are of another class, or not selected, and the ListenerSets of them.
pub(super) struct Selection(HashSet<ObjectRef>);

impl Selection {
    pub(super) fn of(resolved: &Resolved<'_>) -> Self {
        let known: HashSet<NamespacedName<'_>> =
            resolved.gateways.iter().map(|gateway| gateway.object.metadata.sort_key()).collect();
        let others = resolved.manifests.gateways.iter().filter(|one| !known.contains(&one.metadata.sort_key()));
        let mut unselected = Self(others.map(|gateway| gateway.key().to_ref()).collect());
        let sets = resolved.listener_sets.iter().filter(|set| unselected.has_parent_of(set));
        let sets: Vec<ObjectRef> = sets.map(|set| set.object.key().to_ref()).collect();
        unselected.0.extend(sets);
        unselected
    }

    /// Whether the Gateway of a ListenerSet is not selected.
    fn has_parent_of(&self, set: &ResolvedListenerSet<'_>) -> bool {
        let ParentGatewayReference { group: _, kind: _, name, namespace } = &set.object.spec.parent_ref;
        let namespace = namespace.as_ref().unwrap_or(&set.object.metadata.namespace);
        set.membership == Membership::Foreign && self.0.contains(&named(Kind::Gateway, namespace, name))
    }

    /// Whether a route names a parent that is not selected.
    fn has_parent(&self, route: &ObjectHead, reference: &ParentReference) -> bool {
        let ParentReference { group, kind, namespace, name, section_name: _, port: _ } = reference;
        let namespace = namespace.as_ref().unwrap_or(&route.metadata.namespace);
        let kinds = [Kind::Gateway, Kind::ListenerSet].into_iter().filter(|own| own.is_named(group, kind));
        kinds.into_iter().any(|own| self.0.contains(&named(own, namespace, name)))
    }
}

/// Which objects are asked about.
pub(super) fn judge<'s, 'r, 'm>(
    wholes: &'s Subjects<Whole<'r, 'm>>,
    selection: &Selection,
) -> Verdicts<'s, Whole<'r, 'm>> {
    wholes.judge(|Whole { owner, of }| match of {
        WholeOf::Gateway => Verdict::or(!selection.0.contains(&owner.key().to_ref()), Omission::NotSelected),
        WholeOf::ListenerSet(set) => match set.membership {
            Membership::Joined(_) => Verdict::Judged,
            Membership::Refused(code) => Verdict::or(set.gateway.is_some(), Omission::NotJoined(code.id())),
            Membership::Foreign if selection.has_parent_of(set) => Verdict::Unjudged(Omission::NotSelected),
            Membership::Foreign => Verdict::or(set.gateway.is_some(), Omission::NotOurs),
        },
        WholeOf::Route { references, parents } => {
            // One without references has a stand-in for its parent, unless others were selected.
            let is_left =
                parents.is_empty() && references.iter().all(|reference| selection.has_parent(owner, reference));
            Verdict::or(!is_left, Omission::NotSelected)
        }
    })
}

/// Which parents take their route, and why the others do not.
pub(super) fn judge_parents<'s, 'r>(
    parents: &'s Subjects<Parent<'r>>,
    selection: &Selection,
) -> Verdicts<'s, Parent<'r>> {
    parents.judge(|Parent { owner, source: _, reference, outcome, service }| match (outcome, service) {
        (_, Some(ServiceParent::Held)) => Verdict::Judged,
        (_, Some(ServiceParent::Refused(refusal))) => Verdict::Unjudged(Omission::NotAttached(refusal.message.clone())),
        (_, Some(ServiceParent::Unknown)) => Verdict::Unjudged(Omission::UnknownPorts),
        (Some(outcome), None) if !outcome.listeners.is_empty() => Verdict::Judged,
        (Some(outcome), None) => Verdict::Unjudged(match &outcome.refused {
            Some(refusal) => Omission::NotAttached(refusal.message.clone()),
            // What stands in for the Gateway has the listeners that routes name, and this one names none.
            None if outcome.gateway.is_none() => Omission::Unheard,
            None => Omission::Unaccounted,
        }),
        (None, None) if reference.is_some_and(|reference| selection.has_parent(owner, reference)) => {
            Verdict::Unjudged(Omission::NotSelected)
        }
        (None, None) => Verdict::Unjudged(Omission::NotOurs),
    })
}

fn named(kind: Kind, namespace: &Namespace, name: &Name) -> ObjectRef {
    ObjectKey { kind, namespace: namespace.clone(), name: name.clone() }.to_ref()
}
