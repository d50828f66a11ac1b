//! Findings that are not reported because somebody allows them, and who.

use std::fmt;

use super::finding::Finding;
use super::location::Location;

/// A finding that is left out of the report.
#[derive(Clone, Debug)]
pub struct LeftOut {
    /// The finding.
    pub finding: Finding,
    /// Who leaves it out.
    pub by: Allowance,
}

/// Who leaves a finding out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowance {
    /// A comment on the object, and where it stands.
    Comment(Location),
    /// An annotation of the object, and where it stands.
    Annotation(Location),
    /// A rule of the settings, and why.
    Rule(String),
    /// `--ignore`.
    Ignore,
    /// `--select`, of another code.
    Select,
    /// A file of findings that are known (`--baseline`).
    Baseline,
    /// A note that counts it with others.
    Counted,
}

impl Allowance {
    /// The place of the comment or annotation.
    pub fn place(&self) -> Option<&Location> {
        match self {
            Self::Comment(location) | Self::Annotation(location) => Some(location),
            Self::Rule(_) | Self::Ignore | Self::Select | Self::Baseline | Self::Counted => None,
        }
    }
}

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Comment(_) => "a comment",
            Self::Annotation(_) => "an annotation",
            Self::Rule(reason) => return write!(f, "a rule ({reason})"),
            Self::Ignore => "--ignore",
            Self::Select => "--select",
            Self::Baseline => "--baseline",
            Self::Counted => "a note that counts it",
        })
    }
}
