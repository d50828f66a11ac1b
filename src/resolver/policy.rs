//! Policies: what each one targets, which of several wins, and what became of it.
//!
//! Every policy kind goes through this module, so that age, conflicts and
//! status are decided in one way ([GEP-713](https://gateway-api.sigs.k8s.io/geps/gep-713/)).
//! Input: the policies of one kind, each with its targets and whether its own
//! content is usable. Output: [`Policies`], in which every target has at most
//! one policy, and every policy knows what became of each of its targetRefs.

use std::collections::{BTreeSet, HashMap};

use crate::diagnostics::{Diagnostics, Finding, ObjectPart, PartPath, Reported, codes};
use crate::name::{Name, Namespace, SectionName};
use crate::parser::manifests::{Kind, Manifests, Object, ObjectHead, ObjectKey};
use crate::path;

use super::age::Age;

/// What a policy applies to: an object, or one section of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PolicyTarget {
    /// The kind of the object.
    pub kind: Kind,
    /// Its namespace, which is the policy's own.
    pub namespace: Namespace,
    /// Its name.
    pub name: Name,
    /// The section, such as the name of a Service port; `None` is the whole object.
    pub section: Option<SectionName>,
}

/// What became of one targetRef.
pub type TargetOutcome = Result<PolicyTarget, Reported>;

/// A policy, resolved.
#[derive(Clone, Debug)]
pub struct ResolvedPolicy<'m, S, V> {
    /// The policy.
    pub object: &'m Object<S>,
    /// What became of each targetRef: the target where the policy counts, or
    /// the proof that it does not.
    pub targets: Vec<TargetOutcome>,
    /// What the policy sets, or the proof that it cannot be used. An invalid
    /// policy counts at its targets all the same, and makes them fail.
    pub value: Result<V, Reported>,
    /// The Gateways, by their position in the resolved list, through which a
    /// route uses a target: the ancestors of the policy's status, whether the
    /// policy counts there or another one does.
    pub ancestors: BTreeSet<usize>,
}

/// The policies of one kind.
#[derive(Clone, Debug)]
pub struct Policies<'m, S, V> {
    list: Vec<ResolvedPolicy<'m, S, V>>,
    by_target: HashMap<PolicyTarget, usize>,
}

impl<'m, S, V> Policies<'m, S, V> {
    /// Lets the policies compete for their targets and reports the losers.
    ///
    /// A policy whose content is usable wins over one whose content is not;
    /// otherwise the older one wins.
    pub(super) fn compete(
        mut list: Vec<ResolvedPolicy<'m, S, V>>,
        is_usable: impl Fn(&V) -> bool,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let is_invalid = |policy: &ResolvedPolicy<'m, S, V>| !policy.value.as_ref().is_ok_and(&is_usable);
        list.sort_by(|one, other| Age::order(&one.object.metadata).cmp(&Age::order(&other.object.metadata)));
        let mut order: Vec<usize> = (0..list.len()).collect();
        order.sort_by_key(|&index| is_invalid(&list[index]));
        let mut by_target: HashMap<PolicyTarget, usize> = HashMap::new();
        for index in order {
            for position in 0..list[index].targets.len() {
                let Ok(target) = list[index].targets[position].clone() else { continue };
                match by_target.get(&target).copied() {
                    None => {
                        by_target.insert(target, index);
                    }
                    // The schema refuses the same target twice in one policy.
                    Some(winner) if winner == index => {}
                    Some(winner) => {
                        let at = PartPath::from(ObjectPart::Target(position));
                        let is_even = is_invalid(&list[index]) == is_invalid(&list[winner]);
                        let finding = conflict(list[index].object, list[winner].object, at, is_even);
                        let proof = diagnostics.error(finding);
                        list[index].targets[position] = Err(proof);
                    }
                }
            }
        }
        Self { list, by_target }
    }

    /// The policy that counts at a section of an object: the one for the
    /// section, otherwise the one for the whole object.
    pub fn of(&self, kind: Kind, namespace: &Namespace, name: &Name, section: Option<&str>) -> Option<usize> {
        let target = |section: Option<&str>| PolicyTarget {
            kind,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            section: section.map(|name| name.to_owned().into()),
        };
        let own = section.and_then(|section| self.by_target.get(&target(Some(section))));
        own.or_else(|| self.by_target.get(&target(None))).copied()
    }

    /// Some policy that counts at a section of an object, whichever section that is.
    pub fn of_any_section(&self, kind: Kind, namespace: &Namespace, name: &Name) -> Option<usize> {
        let here = |target: &PolicyTarget| {
            target.kind == kind && target.namespace == namespace && target.name == name && target.section.is_some()
        };
        self.list.iter().position(|policy| policy.targets.iter().flatten().any(here))
    }

    /// A policy by its position.
    pub fn get(&self, index: usize) -> &ResolvedPolicy<'m, S, V> {
        &self.list[index]
    }

    /// All policies, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &ResolvedPolicy<'m, S, V>> {
        self.list.iter()
    }

    /// Notes, for every policy, the Gateways through which routes use its targets.
    pub(super) fn set_ancestors(&mut self, of: impl Fn(&Object<S>) -> BTreeSet<usize>) {
        for policy in &mut self.list {
            policy.ancestors = of(policy.object);
        }
    }
}

/// The error on a policy that loses; two that are even are told apart by their age.
pub(super) fn conflict(loser: &ObjectHead, winner: &ObjectHead, at: PartPath, is_even: bool) -> Finding {
    let kind = loser.kind.name();
    loser
        .finding(
            codes::POLICY_CONFLICT,
            at,
            format!("{kind} `{}` has the same target as `{}`", loser.full_name(), winner.full_name()),
        )
        .label("another policy counts here")
        .related(winner.at(&path!["spec", "targetRefs"]), "the policy that counts: it is older, or the only valid one")
        .by_age(is_even && Age::is_open(&loser.metadata, &winner.metadata))
        .consequence(format!("{kind} `{}` has no effect on this target", loser.full_name()))
        .help("remove one of them, or let them name different sections with `sectionName`")
}

/// The error about a target that cannot be looked up; of an object that is there and refused it says so.
pub(super) fn missing_target(
    object: &ObjectHead,
    at: PartPath,
    (kind, name): (Kind, &Name),
    manifests: &Manifests,
) -> Finding {
    let namespace = &object.metadata.namespace;
    let key = ObjectKey { kind, namespace: namespace.clone(), name: name.clone() };
    let noun = kind.name();
    let message = format!("{noun} `{namespace}/{name}` {}", manifests.absence(&key));
    let finding = object.finding(codes::POLICY_TARGET_NOT_FOUND, at, message);
    if manifests.refused.contains_key(&key) {
        return finding.label("cannot be used as it is").help(format!("mend the errors of the {noun} first"));
    }
    finding.label(format!("no such {noun}")).help(match manifests.likely(kind, namespace, name) {
        Some(likely) => likely.help(noun, name),
        None if kind == Kind::Service => "add the Service to the input, or pass `--assume services`".to_owned(),
        None => format!("add the {noun} to the input"),
    })
}
