//! Findings of the commands whose product is something else: they go to
//! standard error, in the format of `--report`.

use std::time::Instant;

use super::args::{Cli, ScreenArgs};
use super::exit::ExitStatus;
use super::failure::Failure;
use super::pipeline::Compiled;
use super::report::{Counts, Rendering, stream_format, tell_nothing_found, tell_summary};
use super::streams::Streams;
use super::value::{Destination, ReportFormat};
use crate::diagnostics::{Code, Denied, Finding, codes};
use crate::translator::lower::ADMIN_LABEL;

/// What only `translate` cannot do: Gateways are judged each on its own where nothing is written.
pub const TRANSLATE_ONLY: &[Code] =
    &[codes::NO_LISTENER, codes::ADDRESS_IN_USE, codes::ASSUMED_WITHOUT_DIRECTORY, codes::KEY_ON_STDOUT];

/// Whether `validate` leaves a finding to `translate`. A listener on the address of the admin interface is the proxy's
/// whole end, which no other Gateway is to blame for.
pub(super) fn is_left_to_translate(finding: &Finding) -> bool {
    TRANSLATE_ONLY.contains(&finding.code) && finding.label.as_deref() != Some(ADMIN_LABEL)
}

/// Writes the findings, those of the codes `left_out` excepted, and says how the run would end because of them.
///
/// # Errors
/// Two reports for one destination, or a report that could not be written.
pub(super) fn tell_findings(
    compiled: &Compiled,
    left_out: &[Code],
    (destinations, denied): (&[Destination], &Denied),
    screen: ScreenArgs,
    started: Instant,
    streams: &mut Streams<'_>,
) -> Result<ExitStatus, Failure> {
    let locator = compiled.locator();
    let findings = compiled.findings().iter().filter(|finding| !left_out.contains(&finding.code));
    let mut report = compiled.report(findings, &locator);
    let outcome = compiled.outcome(&report, denied);
    let format =
        stream_format(destinations, "--report").map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    Rendering { report: &report, locate: &locator, denied }.write_files(destinations)?;
    if screen.quiet && format == ReportFormat::Human {
        report = report.errors_only();
    }
    let color = streams.color_stderr;
    let rendering = Rendering { report: &report, locate: &locator, denied };
    streams.findings(format.commands(), |out| rendering.write(format, color, out))?;
    tell_nothing_found(compiled, &outcome, streams);
    tell_summary(&report, Counts::ForPeople, screen, started, streams);
    Ok(outcome.judge())
}

/// Writes the findings, those of the codes `left_out` excepted, to the destinations that are named, for commands whose product
/// tells what matters of them.
///
/// # Errors
/// A report that could not be written.
pub(super) fn tell_asked(
    compiled: &Compiled,
    left_out: &[Code],
    destinations: &[Destination],
    denied: &Denied,
    streams: &mut Streams<'_>,
) -> Result<(), Failure> {
    let locator = compiled.locator();
    let findings = compiled.findings().iter().filter(|finding| !left_out.contains(&finding.code));
    let report = compiled.report(findings, &locator);
    let rendering = Rendering { report: &report, locate: &locator, denied };
    rendering.write_files(destinations)?;
    if let Some(destination) = destinations.iter().find(|destination| destination.file.is_none()) {
        let color = streams.color_stderr;
        streams.findings(destination.format.commands(), |out| rendering.write(destination.format, color, out))?;
    }
    Ok(())
}
