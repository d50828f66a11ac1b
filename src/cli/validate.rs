//! `gwctl validate`: everything that is wrong with the manifests, on standard
//! output.

use std::path::Path;
use std::time::Instant;

use super::args::{Cli, ScreenArgs, ValidateArgs};
use super::baseline::Baseline;
use super::envoy;
use super::exit::ExitStatus;
use super::failure::Failure;
use super::findings::is_left_to_translate;
use super::fix;
use super::pipeline::{self, Compiled};
use super::report::{Counts, Rendering, stream_format, tell_nothing_found, tell_summary};
use super::streams::Streams;
use super::trees;
use crate::diagnostics::escape::path_for_terminal;

/// Compiles the input and reports what was found.
///
/// # Errors
/// Wrong usage, or a report that could not be written.
pub(super) fn run(args: &ValidateArgs, screen: ScreenArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    let started = Instant::now();
    stream_format(&args.output, "--output").map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    let options = args.compile.options().map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    if args.fix && args.input.paths.iter().any(|path| path.as_os_str() == "-") {
        let message = "--fix changes files, and standard input is none: name the files";
        return Err(Failure::Usage(Cli::usage_error(message)));
    }
    let alone = [("--fix", args.fix), ("--envoy", args.envoy.is_some())];
    if let Some((flag, _)) = alone.into_iter().find(|(_, is_given)| *is_given && !args.input.trees.is_empty()) {
        let message =
            format!("{flag} is for one tree, and the paths have settings of their own: run gwctl once for each");
        return Err(Failure::Usage(Cli::usage_error(&message)));
    }
    if args.is_by_default && is_piped() {
        streams.tell(
            "warning: standard input is not read, and the working directory is: name `-` to read what is piped in",
        );
    }
    let binary = args.envoy.as_ref().map(|path| envoy::find(path.as_deref())).transpose().map_err(Failure::Missing)?;
    let mut compiled = trees::compile(pipeline::compile_read, &args.input, &options, streams.stdin);
    if args.fix {
        let fixed = fix::fix(compiled, &options)?;
        streams.tell(&fixed.report);
        compiled = fixed.compiled;
    }
    if let Some(binary) = binary {
        let refused = envoy::refusals(&binary, &compiled.compilation).map_err(Failure::Missing)?;
        compiled.compilation.findings.extend(refused);
    }
    if let Some(file) = &args.baseline {
        know(file, args.write_baseline, &mut compiled, streams)?;
    }
    let status = report(args, screen, &compiled, started, streams)?;
    compiled.leave();
    Ok(status)
}

/// Whether standard input is a pipe or a file, which may hold manifests.
#[cfg(unix)]
fn is_piped() -> bool {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::FileTypeExt as _;
    let copy = std::io::stdin().as_fd().try_clone_to_owned().map(std::fs::File::from);
    let kind = copy.and_then(|file| file.metadata()).map(|metadata| metadata.file_type());
    kind.is_ok_and(|kind| kind.is_fifo() || kind.is_file())
}

/// Whether standard input is a pipe or a file, which is not known here.
#[cfg(not(unix))]
fn is_piped() -> bool {
    false
}

/// Leaves out the findings that a file knows; `writes` makes it the file of what is found.
fn know(file: &Path, writes: bool, compiled: &mut Compiled, streams: &mut Streams<'_>) -> Result<(), Failure> {
    // The findings of what cannot be read today would be missing from the file.
    if writes && compiled.is_input_unreadable {
        return Ok(());
    }
    let baseline = if writes { Baseline::of(compiled) } else { Baseline::read(file).map_err(Failure::Missing)? };
    if writes {
        baseline.write(file)?;
        let known = match baseline.count() {
            1 => "1 finding is".to_owned(),
            count => format!("{count} findings are"),
        };
        streams.tell(&format!("{known} known to {} now", path_for_terminal(file)));
    }
    baseline.apply(file, compiled);
    Ok(())
}

fn report(
    args: &ValidateArgs,
    screen: ScreenArgs,
    compiled: &Compiled,
    started: Instant,
    streams: &mut Streams<'_>,
) -> Result<ExitStatus, Failure> {
    let locator = compiled.locator();
    let findings = compiled.findings().iter().filter(|finding| !is_left_to_translate(finding));
    let report = compiled.report(findings, &locator);
    let denied = args.compile.denied();
    let outcome = compiled.outcome(&report, &denied);
    let format =
        stream_format(&args.output, "--output").map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    let rendering = Rendering { report: &report, locate: &locator, denied: &denied };
    rendering.write_files(&args.output)?;
    match &args.output_file {
        Some(file) if file.as_os_str() != "-" => {
            pipeline::write_text_file(file, format.commands(), |out| rendering.write(format, false, out))?;
        }
        _ => {
            let color = streams.color_stdout;
            streams.product(format.commands(), |out| rendering.write(format, color, out))?;
        }
    }
    tell_nothing_found(compiled, &outcome, streams);
    tell_summary(&report, Counts::Always, screen, started, streams);
    Ok(match outcome.judge() {
        ExitStatus::Findings if args.partial => ExitStatus::Success,
        status => status,
    })
}

#[cfg(test)]
mod tests {
    use super::super::args::Command;
    use super::super::testing::{Captured, in_memory, parsed};
    use super::*;
    use crate::diagnostics::{Code, Finding, Location, codes};

    fn arguments(line: &str) -> (Box<ValidateArgs>, ScreenArgs) {
        let cli = parsed(&format!("gwctl validate a.yaml {line}"));
        match cli.command {
            Command::Validate(args) => (args, cli.screen),
            other => panic!("{other:?}"),
        }
    }

    fn compiled(found: &[Code]) -> Compiled {
        let mut compiled = Compiled::default();
        compiled.compilation.manifests.object_count = 1;
        compiled.compilation.findings = found.iter().map(|code| Finding::new(*code, Location::Run, "found")).collect();
        compiled
    }

    fn reported(line: &str, found: &[Code]) -> Captured {
        let (args, screen) = arguments(line);
        in_memory("", |streams| report(&args, screen, &compiled(found), Instant::now(), streams))
    }

    #[test]
    fn the_report_is_on_standard_output_and_a_line_of_counts_beside_it() {
        let captured = reported("", &[codes::ZERO_WEIGHTS, codes::BACKEND_NOT_FOUND]);
        assert_eq!(captured.status, ExitStatus::Findings);
        assert!(captured.stdout.contains("error[GW2001]") && captured.stdout.contains("warning[GW4002]"));
        assert_eq!(captured.stderr, "1 error, 1 warning, 0 notes: 0 Gateway API objects judged in 0 files\n");
        assert_eq!(reported("-q", &[]).stderr, "");
        assert_eq!(reported("-q", &[codes::ZERO_WEIGHTS]).stdout, reported("", &[codes::ZERO_WEIGHTS]).stdout);
    }

    #[test]
    fn an_empty_report_is_nothing_as_text_and_complete_as_json() {
        let text = reported("", &[]);
        assert_eq!((text.status, text.stdout.as_str()), (ExitStatus::Success, ""));
        let json: serde_json::Value = serde_json::from_str(&reported("-o json", &[]).stdout).unwrap();
        assert_eq!((&json["version"], json["findings"].as_array().map(Vec::len)), (&1.into(), Some(0)));
    }

    #[test]
    fn what_only_translate_cannot_do_is_not_judged() {
        let captured = reported("", &[codes::NO_LISTENER, codes::ADDRESS_IN_USE]);
        assert_eq!((captured.status, captured.stdout.as_str()), (ExitStatus::Success, ""));
    }

    #[test]
    fn several_formats_can_be_written_in_one_run() {
        let directory = tempfile::tempdir().unwrap();
        let (json, text) = (directory.path().join("a.json"), directory.path().join("a.txt"));
        let line = format!("-o json={} -o json --output-file {}", json.display(), text.display());
        let captured = reported(&line, &[codes::ZERO_WEIGHTS]);
        assert_eq!(captured.stdout, "");
        assert_eq!(std::fs::read(&json).unwrap(), std::fs::read(&text).unwrap());
    }

    #[test]
    fn a_report_that_cannot_be_written_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let (args, screen) = arguments(&format!("-o json={}/gone/a.json", directory.path().display()));
        let run = |streams: &mut Streams<'_>| match report(&args, screen, &compiled(&[]), Instant::now(), streams) {
            Err(Failure::Unwritten(_)) => Ok::<_, ()>(ExitStatus::CouldNotRun),
            other => panic!("{other:?}"),
        };
        assert_eq!(in_memory("", run).stdout, "");
    }
}
