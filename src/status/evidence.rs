//! The findings of a compilation, by the object whose status they speak of: the
//! only source of every condition that is not as it should be, so that status
//! and report cannot disagree.

use std::collections::HashMap;
use std::ops::Deref;

use crate::diagnostics::{ConditionKind, ConditionStatus, Finding, FindingId, ObjectPart, ObjectRef};
use crate::parser::manifests::ObjectKey;

use super::catalogue::{self, Subject};

/// A finding that speaks for a condition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim<'f> {
    /// Which of the findings it is.
    pub(super) id: FindingId,
    finding: &'f Finding,
}

impl Deref for Claim<'_> {
    type Target = Finding;

    fn deref(&self) -> &Finding {
        self.finding
    }
}

/// The findings that speak for a condition, by object.
#[derive(Debug, Default)]
pub(super) struct Evidence<'f> {
    findings: &'f [Finding],
    by_object: HashMap<&'f ObjectRef, Vec<Claim<'f>>>,
}

impl<'f> Evidence<'f> {
    /// Sorts the findings that speak for a condition by object, each list in the order of the findings.
    pub(super) fn new(findings: &'f [Finding]) -> Self {
        let mut by_object: HashMap<_, Vec<_>> = HashMap::new();
        for (position, finding) in findings.iter().enumerate().filter(|(_, finding)| finding.claim.is_some()) {
            if let Some(object) = &finding.object {
                by_object.entry(object).or_default().push(Claim { id: FindingId::at(position), finding });
            }
        }
        Self { findings, by_object }
    }

    /// Whether there are findings on an object.
    pub(super) fn has(&self, key: &ObjectKey) -> bool {
        !self.by_object.is_empty() && self.by_object.contains_key(&key.to_ref())
    }

    /// A finding that another stage speaks of.
    pub(super) fn claim(&self, id: FindingId) -> Option<Claim<'f>> {
        Some(Claim { id, finding: self.findings.get(id.position())? })
    }

    /// What is known of an object.
    pub(super) fn of(&self, key: &ObjectKey) -> Case<'_> {
        if self.by_object.is_empty() {
            return Case(&[]);
        }
        Case(self.by_object.get(&key.to_ref()).map(Vec::as_slice).unwrap_or_default())
    }
}

/// The findings on one object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case<'e>(&'e [Claim<'e>]);

impl<'e> Case<'e> {
    /// The findings about some parts that make a condition of a subject `False`.
    pub(super) fn against(
        self,
        subject: Subject,
        kind: ConditionKind,
        about: impl Fn(ObjectPart) -> bool,
    ) -> Vec<Claim<'e>> {
        self.with(subject, (kind, ConditionStatus::False), about)
    }

    /// The findings about some parts that make a condition of a subject `True`.
    pub(super) fn asserting(
        self,
        subject: Subject,
        kind: ConditionKind,
        about: impl Fn(ObjectPart) -> bool,
    ) -> Vec<Claim<'e>> {
        self.with(subject, (kind, ConditionStatus::True), about)
    }

    fn with(
        self,
        subject: Subject,
        (kind, status): (ConditionKind, ConditionStatus),
        about: impl Fn(ObjectPart) -> bool,
    ) -> Vec<Claim<'e>> {
        let speaks = |finding: &&Claim<'_>| {
            let says = finding.claim.is_some_and(|condition| {
                condition.kind == kind && condition.status == status && catalogue::lists(subject, condition)
            });
            says && about(finding.part)
        };
        self.0.iter().filter(speaks).copied().collect()
    }
}

/// Whatever part a finding is about.
pub(super) fn anywhere(_: ObjectPart) -> bool {
    true
}

/// Whether a finding is about no part of its object.
pub(super) fn whole(part: ObjectPart) -> bool {
    part == ObjectPart::Whole
}

/// The messages of findings, each with its place.
pub(super) fn describe(findings: &[Claim<'_>]) -> String {
    let one = |finding: &Claim<'_>| match &finding.path {
        Some(path) if !path.0.is_empty() => format!("{path}: {}", finding.message),
        _ => finding.message.clone(),
    };
    findings.iter().map(one).collect::<Vec<_>>().join("; ")
}
