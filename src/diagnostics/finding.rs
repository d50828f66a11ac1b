//! A finding, and the list of them that a run collects.

use crate::name::{Name, Namespace};

use super::code::{Code, Series, Severity};
use super::condition::Condition;
use super::fix::Fix;
use super::location::{FieldPath, Location};
use super::object_part::{ObjectPart, PartPath};
use super::object_ref::ObjectRef;
use super::source_id::DocumentId;
use super::unjudged::Unjudged;
use super::witness::Witness;

/// A second place that a finding mentions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// What is there.
    pub message: String,
    /// Where.
    pub location: Location,
}

/// A reference without the port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LackingPort {
    /// The document.
    pub document: DocumentId,
    /// The reference, from the root of the document.
    pub reference: FieldPath,
    /// The namespace of the Service.
    pub namespace: Namespace,
    /// Its name.
    pub name: Name,
}

/// What the parser still has to look at before a finding of its own is complete. No finding leaves it with one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pending {
    /// Which port the Service has: known once all documents are read.
    Port(LackingPort),
    /// How the boolean is written that stands where a string is wanted.
    Boolean,
    /// How this whole number is written that stands where a string is wanted.
    Number(i64),
}

/// One problem: what, where, what traffic does because of it, what to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The registered code.
    pub code: Code,
    /// What is wrong, in lower case, without a final period; the user's words in backticks.
    pub message: String,
    /// The place.
    pub location: Location,
    /// What is wrong at this very place, in a few words.
    pub label: Option<String>,
    /// What the traffic will do.
    pub consequence: Option<String>,
    /// What to write instead.
    pub help: Option<String>,
    /// Other places to look at.
    pub related: Vec<Related>,
    /// The object.
    pub object: Option<ObjectRef>,
    /// The part of the object.
    pub part: ObjectPart,
    /// The field, from the root of the object.
    pub path: Option<FieldPath>,
    /// The status condition that the finding speaks for, the code's by default. What the object's status makes of it
    /// depends on everything else that is known of the object.
    pub claim: Option<Condition>,
    /// The condition that the object's status states because of the finding: what `gwctl status` shows. The code's own
    /// until the status is known; then `None` where it says nothing of the finding.
    pub condition: Option<Condition>,
    /// Whether the place would be the other object's, were it the younger one, and nobody knows the ages.
    pub is_by_age: bool,
    /// What it waits for inside the parser; `None` everywhere else.
    pub pending: Option<Pending>,
    /// What to change in the manifests, where a program can do it.
    pub fix: Option<Fix>,
    /// A request that shows the problem.
    pub witness: Option<Witness>,
}

impl Finding {
    /// A finding of `code` at `location`.
    pub fn new(code: Code, location: Location, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            location,
            label: None,
            consequence: None,
            help: None,
            related: Vec::new(),
            object: None,
            part: ObjectPart::Whole,
            path: None,
            claim: code.condition(),
            condition: code.condition(),
            is_by_age: false,
            pending: None,
            fix: None,
            witness: None,
        }
    }

    /// Sets the words printed at the place itself.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Sets what the traffic will do.
    #[must_use]
    pub fn consequence(mut self, consequence: impl Into<String>) -> Self {
        self.consequence = Some(consequence.into());
        self
    }

    /// Sets what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn related(mut self, location: Location, message: impl Into<String>) -> Self {
        self.related.push(Related { message: message.into(), location });
        self
    }

    /// Sets the object, and the field inside it with the part that it belongs to.
    #[must_use]
    pub fn object(mut self, object: ObjectRef, at: impl Into<PartPath>) -> Self {
        let (part, path) = at.into().split();
        (self.object, self.part, self.path) = (Some(object), part, Some(path));
        self
    }

    /// Says that the younger of two objects loses, and that the manifests do not say which one is.
    #[must_use]
    pub fn by_age(mut self, is_by_age: bool) -> Self {
        self.is_by_age = is_by_age;
        self
    }

    /// Sets the edits that remove the finding; `None` where a person has to decide.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<Option<Fix>>) -> Self {
        self.fix = fix.into();
        self
    }

    /// Sets the request that shows the problem; `None` where there is none.
    #[must_use]
    pub fn witness(mut self, witness: impl Into<Option<Witness>>) -> Self {
        self.witness = witness.into();
        self
    }

    /// Says what is registered of the code where the finding itself does not know better: what traffic does, unless the API
    /// server refuses the object and there is none, and what to do.
    #[must_use]
    pub fn completed(mut self) -> Self {
        if self.consequence.is_none() && self.code.series() != Series::Schema {
            self.consequence = Some(self.code.traffic().to_owned());
        }
        self.help.get_or_insert_with(|| self.code.remedy().to_owned());
        self
    }

    /// The severity of the code.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// Proof that an error was reported: an `Invalid` value cannot be built without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reported(());

/// A finding of a run. Findings are added behind the others, so that it stays the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FindingId(usize);

impl FindingId {
    /// The finding at a position of the list of a run.
    pub fn at(position: usize) -> Self {
        Self(position)
    }

    /// The position in the list of the run.
    pub fn position(self) -> usize {
        self.0
    }
}

/// The findings of a run, in the order in which they were found.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    findings: Vec<Finding>,
    unjudged: Vec<Unjudged>,
}

impl Diagnostics {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a warning, a note or an error whose proof is not needed. Nothing is said of an object that only stands in
    /// for a missing one.
    pub fn report(&mut self, mut finding: Finding) {
        finding.related.retain(|related| !related.location.is_nowhere());
        if !finding.location.is_nowhere() {
            self.findings.push(finding);
        }
    }

    /// Notes something declared that is not judged.
    pub fn leave(&mut self, unjudged: Unjudged) {
        if !unjudged.location.is_nowhere() {
            self.unjudged.push(unjudged);
        }
    }

    /// Adds a finding that others will speak of.
    pub fn record(&mut self, finding: Finding) -> FindingId {
        let id = FindingId(self.findings.len());
        self.findings.push(finding);
        id
    }

    /// Adds an error and returns the proof of it.
    pub fn error(&mut self, finding: Finding) -> Reported {
        debug_assert_eq!(finding.severity(), Severity::Error, "{} is not an error", finding.code.id());
        self.report(finding);
        Reported(())
    }

    /// The findings so far.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The findings so far, for a later stage that knows more about them.
    pub fn findings_mut(&mut self) -> &mut [Finding] {
        &mut self.findings
    }

    /// The same without the findings that are not kept.
    #[must_use]
    pub fn filtered(mut self, is_kept: impl FnMut(&Finding) -> bool) -> Self {
        self.findings.retain(is_kept);
        self
    }

    /// Whether an error was reported.
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|f| f.severity() == Severity::Error)
    }

    /// Appends the findings of another list.
    pub fn append(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.unjudged.extend(other.unjudged);
    }

    /// What is declared and was not judged, so far.
    pub fn unjudged(&self) -> &[Unjudged] {
        &self.unjudged
    }

    /// What is declared and was not judged, in the order of places; taken out of the list.
    pub fn take_unjudged(&mut self) -> Vec<Unjudged> {
        let mut unjudged = std::mem::take(&mut self.unjudged);
        unjudged.sort_by(|one, other| one.subject.cmp(&other.subject).then_with(|| one.reason.cmp(&other.reason)));
        unjudged.dedup();
        unjudged
    }

    /// The findings, owned.
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}
