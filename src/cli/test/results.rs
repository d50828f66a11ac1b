//! The results of a run, as data.

use serde::Serialize;

use super::super::exit::{ExitStatus, Outcome};
use super::super::trace::Trace;
use super::coverage::Coverage;
use crate::proving::Mismatch;

/// The version of the JSON form.
pub(super) const VERSION: u32 = 1;

/// Everything that a run showed.
#[derive(Debug, Serialize)]
pub(super) struct Results {
    pub(super) version: u32,
    /// The cases, in the order of the files.
    pub(super) cases: Vec<CaseOutcome>,
    pub(super) coverage: Coverage,
    /// The findings on the manifests, as in the JSON report.
    pub(super) findings: serde_json::Value,
    /// What of the manifests is not judged, in the same form.
    pub(super) unjudged: serde_json::Value,
    /// The same for people.
    #[serde(skip)]
    pub(super) findings_text: String,
    pub(super) summary: Summary,
    #[serde(skip)]
    pub(super) outcome: Outcome,
    #[serde(rename = "failUnder")]
    pub(super) fail_under: Option<f64>,
}

/// How many cases ended how.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Summary {
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) skipped: usize,
}

/// One case.
#[derive(Debug, Serialize)]
pub(super) struct CaseOutcome {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) status: CaseStatus,
    pub(super) seconds: f64,
    pub(super) mismatches: Vec<Mismatch>,
    /// What the case expects and was not looked at.
    pub(super) unchecked: Vec<String>,
    /// Why the case was skipped.
    pub(super) reason: Option<String>,
    /// The way of the request, for a case that failed.
    pub(super) trace: Option<Trace>,
}

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CaseStatus {
    Passed,
    Failed,
    Skipped,
}

impl Results {
    /// Counts the cases.
    pub(super) fn count(cases: &[CaseOutcome]) -> Summary {
        let count = |status| cases.iter().filter(|case| case.status == status).count();
        Summary {
            passed: count(CaseStatus::Passed),
            failed: count(CaseStatus::Failed),
            skipped: count(CaseStatus::Skipped),
        }
    }

    /// Whether too few matches were reached.
    pub(super) fn is_under(&self) -> bool {
        let percent = self.coverage.matches.percent();
        self.fail_under.zip(percent).is_some_and(|(least, percent)| percent < least)
    }

    /// Why the run is no answer to what was asked for; `None` where it is.
    pub(super) fn is_no_answer(&self) -> Option<&'static str> {
        let Summary { passed, failed, skipped: _ } = self.summary;
        if passed + failed == 0 {
            return Some("no case was checked: what they expect needs a run (--envoy)");
        }
        let is_compared = self.fail_under.is_some_and(|least| least > 0.0);
        (is_compared && self.coverage.matches.percent().is_none())
            .then_some("there is no rule that a case could reach, so that nothing can be compared with --fail-under")
    }

    /// How the run ends.
    pub(super) fn status(&self, is_partial: bool) -> ExitStatus {
        match self.outcome.judge() {
            ExitStatus::CouldNotRun => ExitStatus::CouldNotRun,
            _ if self.is_no_answer().is_some() => ExitStatus::CouldNotRun,
            _ if self.summary.failed > 0 || self.is_under() => ExitStatus::Findings,
            ExitStatus::Findings if !is_partial => ExitStatus::Findings,
            _ => ExitStatus::Success,
        }
    }
}
