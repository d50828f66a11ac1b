//! Which findings fail a run.

use super::code::{Code, Severity};
use super::finding::Finding;

/// What fails a run beside errors, which always do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Denied {
    /// Every warning.
    pub warnings: bool,
    /// The warnings and notes of these codes.
    pub codes: Vec<Code>,
}

impl Denied {
    /// Whether a finding fails the run.
    pub fn fails(&self, finding: &Finding) -> bool {
        let Self { warnings, codes } = self;
        match finding.severity() {
            Severity::Error => true,
            Severity::Warning if *warnings => true,
            Severity::Warning | Severity::Note => codes.contains(&finding.code),
        }
    }
}
