//! Codes: what is registered of each kind of finding.

use std::fmt;

use super::condition::Condition;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The API server would refuse it, or declared traffic will not be served as declared.
    Error,
    /// Served as declared, but probably not meant.
    Warning,
    /// Information.
    Note,
}

impl Severity {
    /// The word used in every report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// What codes are about; the first digit of their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Series {
    /// An object that the API server would refuse.
    Schema,
    /// References between objects.
    Reference,
    /// Gateways, their listeners, and what attaches to them.
    Attachment,
    /// Rules and their matches.
    Rule,
    /// Fields, filters and kinds, and what Envoy can do.
    Feature,
    /// Certificates and TLS.
    Certificate,
    /// Policies.
    Policy,
    /// Files and documents, and the run as a whole.
    Input,
}

/// What is registered of a code.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) series: Series,
    pub(super) severity: Severity,
    pub(super) condition: Option<Condition>,
    pub(super) meaning: &'static str,
    pub(super) traffic: &'static str,
    pub(super) remedy: &'static str,
    pub(super) page: &'static str,
}

/// A registered code.
#[derive(Clone, Copy)]
pub struct Code(pub(super) &'static Row);

impl Code {
    /// `GW` and four digits.
    pub fn id(self) -> &'static str {
        self.0.id
    }

    /// The name in kebab case.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// What the code is about.
    pub fn series(self) -> Series {
        self.0.series
    }

    /// The severity; a code has one.
    pub fn severity(self) -> Severity {
        self.0.severity
    }

    /// The status condition that goes with the code.
    pub fn condition(self) -> Option<Condition> {
        self.0.condition
    }

    /// What the code means, in one line.
    pub fn meaning(self) -> &'static str {
        self.0.meaning.trim_start()
    }

    /// What traffic does because of such a finding.
    pub fn traffic(self) -> &'static str {
        self.0.traffic
    }

    /// What to do about such a finding.
    pub fn remedy(self) -> &'static str {
        self.0.remedy
    }

    /// The documentation page, as Markdown.
    pub fn page(self) -> &'static str {
        self.0.page
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.id)
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Code {}
