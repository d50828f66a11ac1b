//! Findings of the commands whose product is something else: they go to
//! standard error, in the format of `--report`.

use std::time::Instant;

use super::args::{Cli, ScreenArgs};
use super::exit::{ExitStatus, Outcome};
use super::pipeline::Compiled;
use super::report::{Rendering, stream_format, tell_summary};
use super::streams::Streams;
use super::value::{Destination, ReportFormat};
use super::{Failure, tell_nothing_found};
use crate::diagnostics::{Code, Report, codes};

/// What keeps Gateways from sharing one configuration, which is a finding of `translate` alone.
pub(super) const SHARED_OUTPUT: &[Code] = &[codes::ADDRESS_IN_USE];
/// What only `translate` cannot do: Gateways are judged each on its own where nothing is written.
pub(super) const TRANSLATE_ONLY: &[Code] =
    &[codes::NO_LISTENER, codes::ADDRESS_IN_USE, codes::ASSUMED_WITHOUT_DIRECTORY, codes::KEY_ON_STDOUT];

/// Writes the findings, those of the codes `left_out` excepted, and says how the run would end because of them.
///
/// # Errors
/// Two reports for one destination, or a report that could not be written.
pub(super) fn tell_findings(
    compiled: &Compiled,
    left_out: &[Code],
    (destinations, denies_warnings): (&[Destination], bool),
    screen: ScreenArgs,
    started: Instant,
    streams: &mut Streams<'_>,
) -> Result<ExitStatus, Failure> {
    let locator = compiled.locator();
    let findings = compiled.findings().iter().filter(|finding| !left_out.contains(&finding.code));
    let mut report = Report::new(findings, compiled.file_count(), compiled.object_count(), &locator);
    let outcome =
        Outcome { is_input_unreadable: compiled.is_input_unreadable(), summary: report.summary, denies_warnings };
    let format =
        stream_format(destinations, "--report").map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    Rendering { report: &report, locate: &locator, denies_warnings }.write_files(destinations)?;
    if screen.quiet && format == ReportFormat::Human {
        report = report.errors_only();
    }
    let color = streams.color_stderr;
    let rendering = Rendering { report: &report, locate: &locator, denies_warnings };
    streams.findings(|out| rendering.write(format, color, out))?;
    tell_nothing_found(&outcome, streams);
    tell_summary(&report.summary, screen, started, streams);
    Ok(outcome.judge())
}
