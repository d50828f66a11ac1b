//! The exit codes, and how a run earns one.
//!
//! 0 = no error (nor a warning, where those are denied); 1 = findings that
//! fail; 2 = could not run. They are the same in every format.

use std::process::ExitCode;

use crate::diagnostics::Summary;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// No finding fails the run.
    Success,
    /// There are findings that fail the run.
    Findings,
    /// Wrong usage, unreadable or empty input, or output that could not be written.
    CouldNotRun,
}

impl ExitStatus {
    /// The number that scripts see.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Findings => 1,
            Self::CouldNotRun => 2,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}

/// What is known at the end of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// A path could not be read.
    pub is_input_unreadable: bool,
    /// The selections of the command line leave nothing to look at.
    pub is_unselected: bool,
    /// No error is about the input itself: those that there are say that it yields no output.
    pub is_faultless: bool,
    /// The counts of the report.
    pub summary: Summary,
    /// How many findings fail the run: errors, and what is denied.
    pub failing: usize,
}

impl Outcome {
    /// Whether there was nothing to judge, and no finding says why.
    pub fn is_without_objects(&self) -> bool {
        self.summary.objects == 0 && (self.summary.errors == 0 || self.is_faultless)
    }

    /// The status of a run that only reports.
    pub fn judge(&self) -> ExitStatus {
        if self.is_input_unreadable || self.is_unselected || self.is_without_objects() {
            ExitStatus::CouldNotRun
        } else if self.failing > 0 {
            ExitStatus::Findings
        } else {
            ExitStatus::Success
        }
    }

    /// The status of a run that also makes an output, and so whether that output may be written: only on success.
    /// `has_output` says whether there is one, `is_partial` that findings do not withhold it.
    pub fn judge_output(&self, has_output: bool, is_partial: bool) -> ExitStatus {
        match self.judge() {
            ExitStatus::CouldNotRun => ExitStatus::CouldNotRun,
            _ if !has_output => ExitStatus::Findings,
            _ if is_partial => ExitStatus::Success,
            status => status,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ExitStatus::{CouldNotRun, Findings, Success};
    use super::*;

    fn outcome(objects: usize, errors: usize, warnings: usize) -> Outcome {
        let summary = Summary { files: 1, objects, errors, warnings, notes: 7 };
        let is_faultless = errors == 0;
        Outcome { is_input_unreadable: false, is_unselected: false, is_faultless, summary, failing: errors }
    }

    #[test]
    fn exit_codes_are_as_documented() {
        assert_eq!([Success, Findings, CouldNotRun].map(ExitStatus::code), [0, 1, 2]);
        let denied = |outcome: Outcome| Outcome { failing: outcome.failing + outcome.summary.warnings, ..outcome };
        let unreadable = |outcome: Outcome| Outcome { is_input_unreadable: true, ..outcome };
        let faultless = |outcome: Outcome| Outcome { is_faultless: true, ..outcome };
        let unselected = |outcome: Outcome| Outcome { is_unselected: true, ..outcome };
        // The run; validate; translate; translate --partial; both translates when there is nothing to write.
        let table = [
            (outcome(3, 0, 0), Success, Success, Success, Findings),
            (outcome(3, 0, 1), Success, Success, Success, Findings),
            (outcome(3, 1, 0), Findings, Findings, Success, Findings),
            (denied(outcome(3, 0, 0)), Success, Success, Success, Findings),
            (denied(outcome(3, 0, 1)), Findings, Findings, Success, Findings),
            (denied(outcome(3, 1, 1)), Findings, Findings, Success, Findings),
            (outcome(0, 0, 0), CouldNotRun, CouldNotRun, CouldNotRun, CouldNotRun),
            (outcome(0, 1, 0), Findings, Findings, Success, Findings),
            (faultless(outcome(0, 1, 0)), CouldNotRun, CouldNotRun, CouldNotRun, CouldNotRun),
            (unselected(outcome(3, 1, 0)), CouldNotRun, CouldNotRun, CouldNotRun, CouldNotRun),
            (unreadable(outcome(3, 1, 0)), CouldNotRun, CouldNotRun, CouldNotRun, CouldNotRun),
            (unreadable(denied(outcome(0, 1, 1))), CouldNotRun, CouldNotRun, CouldNotRun, CouldNotRun),
        ];
        for (outcome, validate, strict, partial, without_output) in table {
            assert_eq!(outcome.judge(), validate, "{outcome:?}");
            assert_eq!(outcome.judge_output(true, false), strict, "strict {outcome:?}");
            assert_eq!(outcome.judge_output(true, true), partial, "partial {outcome:?}");
            assert_eq!(outcome.judge_output(false, false), without_output, "no output {outcome:?}");
            assert_eq!(outcome.judge_output(false, true), without_output, "partial, no output {outcome:?}");
        }
    }
}
