//! Conditions: what an object's status says about one aspect of it
//! ([metav1.Condition](https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/#condition-v1-meta)).

use serde::Serialize;

use crate::diagnostics::{Condition, ConditionKind, ConditionStatus, FindingId, Reason};

use super::catalogue::{self, Subject};
use super::evidence::{Claim, describe};

/// The time of every transition: the one that the API server gives to conditions that nobody has written yet. A tool
/// that runs once has no other, and the same input gives the same output.
const TRANSITION_TIME: &str = "1970-01-01T00:00:00Z";
/// The greatest length of a message, in characters.
const LONGEST_MESSAGE: usize = 32_768;
/// What the API server says until a controller has looked at an object.
const WAITING: &str = "Waiting for controller";

/// A condition, with its fields in the order in which cluster tools print them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusCondition {
    /// When the status changed: always the beginning of Unix time.
    pub last_transition_time: &'static str,
    /// What is the matter, for people.
    pub message: String,
    /// The generation of the object that was judged.
    pub observed_generation: i64,
    /// Why, in one word.
    pub reason: Reason,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// What the condition is about.
    #[serde(rename = "type")]
    pub kind: ConditionKind,
    /// The findings that it says this because of; empty where all is as it should be, and where it follows from other
    /// conditions.
    #[serde(skip)]
    pub because: Vec<FindingId>,
}

impl StatusCondition {
    /// Whether the status is `True`.
    pub fn is_true(&self) -> bool {
        self.status == ConditionStatus::True
    }
}

/// The conditions of one subject, as they are collected.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    subject: Subject,
    generation: i64,
    list: Vec<StatusCondition>,
}

impl Conditions {
    /// No conditions of a subject in an object of this generation.
    pub(super) fn new(subject: Subject, generation: i64) -> Self {
        Self { subject, generation: generation.max(0), list: Vec::new() }
    }

    /// What the API server writes before any controller has seen the object.
    pub(super) fn pending(subject: Subject, kinds: &[ConditionKind]) -> Vec<StatusCondition> {
        let mut conditions = Self::new(subject, 0);
        for kind in kinds {
            let waits = Condition { kind: *kind, status: ConditionStatus::Unknown, reason: Reason::Pending };
            conditions.push(waits, WAITING);
        }
        conditions.list
    }

    /// Adds a condition.
    pub(super) fn push(&mut self, condition: Condition, message: impl Into<String>) {
        debug_assert!(catalogue::lists(self.subject, condition), "{:?} {condition:?}", self.subject);
        let Condition { kind, status, reason } = condition;
        self.list.push(StatusCondition {
            last_transition_time: TRANSITION_TIME,
            message: shorten(message.into()),
            observed_generation: self.generation,
            reason,
            status,
            kind,
            because: Vec::new(),
        });
    }

    /// Names the findings that the condition added last says this because of.
    pub(super) fn because(&mut self, findings: &[Claim<'_>]) {
        if let Some(condition) = self.list.last_mut() {
            condition.because.extend(findings.iter().map(|finding| finding.id));
        }
    }

    /// Adds the condition that is true.
    pub(super) fn hold(&mut self, kind: ConditionKind, reason: Reason, message: impl Into<String>) {
        self.push(Condition { kind, status: ConditionStatus::True, reason }, message);
    }

    /// Adds the condition that is false.
    pub(super) fn fail(&mut self, kind: ConditionKind, reason: Reason, message: impl Into<String>) {
        self.push(Condition::fails(kind, reason), message);
    }

    /// Adds the condition that findings speak of: the reason of the first one, the messages of all. Without any the
    /// condition is true, for the reason and with the message given. Says whether it is true.
    pub(super) fn judge(&mut self, kind: ConditionKind, against: &[Claim<'_>], reason: Reason, message: &str) -> bool {
        let first = against.iter().find_map(|finding| finding.claim);
        match first {
            Some(condition) => {
                self.fail(kind, condition.reason, describe(against));
                self.because(against);
            }
            None => self.hold(kind, reason, message),
        }
        first.is_none()
    }

    /// The conditions.
    pub(super) fn into_list(self) -> Vec<StatusCondition> {
        self.list
    }
}

fn shorten(message: String) -> String {
    match message.char_indices().nth(LONGEST_MESSAGE) {
        None => message,
        Some(_) => message.chars().take(LONGEST_MESSAGE - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Conditions, Subject};
    use crate::diagnostics::{ConditionKind, Reason};

    #[test]
    fn a_message_never_exceeds_what_the_api_server_takes() {
        let mut conditions = Conditions::new(Subject::Route, 3);
        conditions.hold(ConditionKind::Accepted, Reason::Accepted, "é".repeat(40_000));
        let list = conditions.into_list();
        assert_eq!((list[0].message.chars().count(), list[0].observed_generation), (32_768, 3));
    }

    #[test]
    fn a_negative_generation_is_none() {
        assert_eq!(Conditions::new(Subject::Route, -1).generation, 0);
    }
}
