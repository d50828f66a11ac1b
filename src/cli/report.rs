//! Where findings go: the stream of the command, and files.

use std::io::{self, Write};
use std::time::Instant;

use super::args::ScreenArgs;
use super::exit::Outcome;
use super::pipeline::{self, Compiled};
use super::streams::{Streams, Unwritten};
use super::value::{Destination, ReportFormat};
use crate::diagnostics::{Denied, Locate, Report, codes, github, gitlab, human, json, junit, rdjson, sarif};

/// A report, and what its renderings need to know beside it.
#[derive(Clone, Copy)]
pub(super) struct Rendering<'a> {
    /// The findings.
    pub(super) report: &'a Report<'a>,
    /// The texts that places are in.
    pub(super) locate: &'a dyn Locate,
    /// What fails the run beside errors.
    pub(super) denied: &'a Denied,
}

impl Rendering<'_> {
    /// Writes the report in one format.
    ///
    /// # Errors
    /// Those of `out`.
    pub(super) fn write(self, format: ReportFormat, color: bool, out: &mut dyn Write) -> io::Result<()> {
        let Self { report, locate, denied } = self;
        match format {
            ReportFormat::Human => human::write(report, locate, color, out),
            ReportFormat::Json => json::write(report, out),
            ReportFormat::Sarif => sarif::write(report, out),
            ReportFormat::Junit => junit::write(report, denied, out),
            ReportFormat::Github => github::write(report, out),
            ReportFormat::Gitlab => gitlab::write(report, out),
            ReportFormat::Rdjson => rdjson::write(report, locate, out),
        }
    }

    /// Writes the report to every destination that is a file.
    ///
    /// # Errors
    /// The first file that could not be written.
    pub(super) fn write_files(self, destinations: &[Destination]) -> Result<(), Unwritten> {
        for destination in destinations {
            if let Some(file) = &destination.file {
                pipeline::write_text_file(file, destination.format.commands(), |out| {
                    self.write(destination.format, false, out)
                })?;
            }
        }
        Ok(())
    }
}

/// The format for the stream of the command: the one destination without a file, `human` when there is none.
///
/// # Errors
/// A message for the user when two formats compete for the stream, or for one file.
pub(super) fn stream_format(destinations: &[Destination], flag: &str) -> Result<ReportFormat, String> {
    for (position, destination) in destinations.iter().enumerate() {
        if destinations[..position].iter().any(|earlier| earlier.file == destination.file) {
            return Err(match &destination.file {
                Some(file) => format!("{flag} writes twice to `{}`", file.display()),
                None => format!("{flag} is given twice without a file; give all but one a file: FORMAT=FILE"),
            });
        }
    }
    let format = destinations.iter().find(|destination| destination.file.is_none()).map(|found| found.format);
    Ok(format.unwrap_or(ReportFormat::Human))
}

/// When the line of counts is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    /// Always: the command judges, and a gate that looks at nothing shall not look like one that is open.
    Always,
    /// When a person reads standard error, or asked for it.
    ForPeople,
}

/// Writes the line with counts to standard error; for people with the time that the run took.
pub(super) fn tell_summary(
    report: &Report<'_>,
    counts: Counts,
    screen: ScreenArgs,
    started: Instant,
    streams: &mut Streams<'_>,
) {
    let is_for_people = screen.verbose || streams.is_stderr_terminal;
    if screen.quiet || !(is_for_people || counts == Counts::Always) {
        return;
    }
    let line = human::summary_line(report, streams.color_stderr);
    let time = if is_for_people { format!(" ({} ms)", started.elapsed().as_millis()) } else { String::new() };
    streams.tell(&format!("{line}{time}"));
    if screen.verbose {
        human::detail_lines(report).iter().for_each(|line| streams.tell(line));
    }
}

/// Says that there was nothing to judge.
pub(super) fn tell_nothing_found(compiled: &Compiled, outcome: &Outcome, streams: &mut Streams<'_>) {
    let is_said = compiled.findings().iter().any(|finding| finding.code == codes::SELECTION_NOT_FOUND);
    if let Some(why) = compiled.unselected.as_ref().filter(|_| !is_said) {
        streams.tell(&format!("error: {why}"));
    }
    if outcome.is_without_objects() && !outcome.is_input_unreadable {
        streams.tell(
            "error: there is no Kubernetes object in the input\n  help: name files or directories with manifests, or pipe \
             them in with `-`",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(specs: &[&str]) -> Result<ReportFormat, String> {
        let destinations: Vec<Destination> = specs.iter().map(|spec| spec.parse().unwrap()).collect();
        stream_format(&destinations, "--report")
    }

    #[test]
    fn the_stream_gets_text_unless_another_format_is_named_for_it() {
        assert_eq!(format(&[]), Ok(ReportFormat::Human));
        assert_eq!(format(&["json=a.json"]), Ok(ReportFormat::Human));
        assert_eq!(format(&["human=a.txt", "json"]), Ok(ReportFormat::Json));
    }

    #[test]
    fn two_reports_cannot_share_a_destination() {
        assert!(format(&["json", "human"]).unwrap_err().contains("twice without a file"));
        assert!(format(&["json=a", "human=a"]).unwrap_err().contains("twice to `a`"));
    }
}
