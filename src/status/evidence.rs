//! The findings of a compilation, by the object whose status they speak of: the
//! only source of every condition that is not as it should be, so that status
//! and report cannot disagree.

use std::collections::HashMap;
use std::ops::Deref;

use crate::diagnostics::{ConditionKind, ConditionStatus, FieldPath, Finding, FindingId, ObjectRef, Segment};
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
    /// The findings below any of the paths that make a condition of a subject `False`.
    pub(super) fn against(self, subject: Subject, kind: ConditionKind, below: &[&FieldPath]) -> Vec<Claim<'e>> {
        self.with(subject, kind, ConditionStatus::False, below)
    }

    /// The findings below any of the paths that make a condition of a subject `True`.
    pub(super) fn asserting(self, subject: Subject, kind: ConditionKind, below: &[&FieldPath]) -> Vec<Claim<'e>> {
        self.with(subject, kind, ConditionStatus::True, below)
    }

    fn with(
        self,
        subject: Subject,
        kind: ConditionKind,
        status: ConditionStatus,
        below: &[&FieldPath],
    ) -> Vec<Claim<'e>> {
        let speaks = |finding: &&Claim<'_>| {
            let says = finding.claim.is_some_and(|condition| {
                condition.kind == kind && condition.status == status && catalogue::lists(subject, condition)
            });
            says && finding.path.as_ref().is_some_and(|path| below.iter().any(|prefix| is_below(path, prefix)))
        };
        self.0.iter().filter(speaks).copied().collect()
    }
}

/// Whether a path is another one or lies below it.
fn is_below(path: &FieldPath, prefix: &FieldPath) -> bool {
    path.0.starts_with(&prefix.0)
}

/// The messages of findings, each with its place.
pub(super) fn describe(findings: &[Claim<'_>]) -> String {
    let one = |finding: &Claim<'_>| match &finding.path {
        Some(path) if !path.0.is_empty() => format!("{path}: {}", finding.message),
        _ => finding.message.clone(),
    };
    findings.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// The position in the list `name` that a path leads through, wherever it stands.
pub(super) fn position_in(path: &FieldPath, name: &str) -> Option<usize> {
    path.0.windows(2).find_map(|pair| match pair {
        [Segment::Field(field), Segment::Index(index)] if field == name => Some(*index),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::{is_below, position_in};
    use crate::path;

    #[test]
    fn a_path_is_below_its_beginnings_and_no_other() {
        let path = path!["spec", "listeners", 1, "tls"];
        assert!(is_below(&path, &path!["spec", "listeners", 1]) && is_below(&path, &path));
        assert!(!is_below(&path, &path!["spec", "listeners", 11]) && !is_below(&path!["spec"], &path));
    }

    #[test]
    fn the_position_is_that_of_the_named_list() {
        let path = path!["spec", "rules", 2, "backendRefs", 3, "filters", 0];
        assert_eq!((position_in(&path, "rules"), position_in(&path, "backendRefs")), (Some(2), Some(3)));
        assert_eq!(position_in(&path, "matches"), None);
    }
}
