//! `gwctl translate`: the Envoy configuration on standard output or in a file,
//! findings on standard error.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Instant;

use super::args::{Cli, LayoutName, OutputFormat, ScreenArgs, Section, TranslateArgs};
use super::check::Checked;
use super::exit::ExitStatus;
use super::failure::Failure;
use super::made::Made;
use super::pipeline::{self, Compiled, Emission};
use super::report::{Counts, Rendering, stream_format, tell_nothing_found, tell_summary};
use super::streams::{Streams, Unwritten};
use super::value::{Destination, ReportFormat};
use super::watch::{self, Known};
use super::xds::{self, Removal};
use crate::diagnostics::escape::for_terminal;
use crate::diagnostics::{Denied, Severity};
use crate::emit::directory::{Directory, DirectoryError};
use crate::emit::file::standard_stream;
use crate::ir_text;
use crate::options::{Capture, Options};
use crate::translator::envoy::{Layout, NODE, Place};

/// Whom the command talks to and what it was told, when its flags go together.
///
/// # Errors
/// Wrong usage.
pub(super) fn prepare(args: &TranslateArgs, screen: ScreenArgs) -> Result<(Told<'_>, Options), Failure> {
    let told = Told::of(args, screen);
    told.check().map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    let options = options(args)?;
    refuse_misplaced(args).map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    Ok((told, options))
}

/// Compiles the input, reports what was found, and writes the configuration unless findings forbid it.
///
/// # Errors
/// Wrong usage, or a report or an output that could not be written.
pub(super) fn run(args: &TranslateArgs, screen: ScreenArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    let started = Instant::now();
    let (told, options) = prepare(args, screen)?;
    if args.watch {
        return watch::keep(args, options, told, streams);
    }
    let checked = args.check.as_deref().map(Checked::read).transpose().map_err(Failure::Missing)?;
    let mut compiled = pipeline::compile(args.input.paths(), &options, streams.stdin);
    let is_written = compiled.has_output() && (args.partial || !compiled.has_errors());
    match stream(args) {
        Some(stream) if is_written && compiled.shows_private_key(args.section) => compiled.name_stream_of_key(stream),
        _ => compiled.keep_key_private(),
    }
    let status = report(&told, &compiled, compiled.has_output(), started, None, streams)?;
    if let (ExitStatus::Success, Some(checked)) = (status, checked) {
        return Ok(checked.compare(&compiled, &made(args, &options, &compiled), streams)?);
    }
    if status == ExitStatus::Success {
        match &args.output_dir {
            Some(directory) => {
                let place = xds::place(directory, args.mounted_at.as_deref())?;
                write_directory(args, (directory, &place, NODE), screen, &compiled, streams)?;
            }
            None => write(args, &options, &compiled, streams)?,
        }
        tell_files(&told, &compiled, &layout(args, &compiled)?, streams)?;
    }
    compiled.leave();
    Ok(status)
}

/// Writes the intermediate representation of what a command line emits, whatever was found ([`ir_text`]).
///
/// # Errors
/// Wrong usage, or what `out` says.
pub fn write_ir(args: &TranslateArgs, stdin: &mut dyn Read, out: &mut dyn Write) -> Result<(), Failure> {
    let compiled = pipeline::compile(args.input.paths(), &options(args)?, stdin);
    let unwritten = |error: io::Error| Failure::Unwritten(Unwritten(error.to_string()));
    ir_text::write(&compiled.compilation, out).map_err(unwritten)
}

/// What the command line says of a compilation whose product is a configuration.
fn options(args: &TranslateArgs) -> Result<Options, Failure> {
    let wrong = |message: String| Failure::Usage(Cli::usage_error(&message));
    let mut options = args.compile.options().map_err(wrong)?;
    args.mesh.complete(&mut options).map_err(wrong)?;
    if let Some(mesh) = &mut options.mesh {
        mesh.follows_files = args.layout == LayoutName::Xds;
    }
    Ok(Options { writes_configuration: true, ..options })
}

/// How findings are told.
#[derive(Debug)]
pub(super) struct Told<'a> {
    /// Where reports go.
    pub(super) destinations: &'a [Destination],
    /// What fails the run beside errors.
    pub(super) denied: Denied,
    /// Whether there is an output also when there are errors.
    pub(super) is_partial: bool,
    /// How gwctl talks to the user.
    pub(super) screen: ScreenArgs,
}

impl<'a> Told<'a> {
    fn of(args: &'a TranslateArgs, screen: ScreenArgs) -> Self {
        Self { destinations: &args.findings.report, denied: args.compile.denied(), is_partial: args.partial, screen }
    }

    /// The format of standard error.
    ///
    /// # Errors
    /// A message for the user when two formats compete for a place.
    pub(super) fn check(&self) -> Result<ReportFormat, String> {
        stream_format(self.destinations, "--report")
    }
}

/// Writes the findings; the status says whether there may be an output. Warnings and notes that are known are not told to
/// people again.
///
/// # Errors
/// Two reports for one destination, or a report that could not be written.
pub(super) fn report(
    told: &Told<'_>,
    compiled: &Compiled,
    has_output: bool,
    started: Instant,
    known: Option<&BTreeSet<Known>>,
    streams: &mut Streams<'_>,
) -> Result<ExitStatus, Failure> {
    let Told { destinations, denied, is_partial, screen } = told;
    let locator = compiled.locator();
    let mut report = compiled.report(compiled.findings(), &locator);
    let outcome = compiled.outcome(&report, denied);
    let format = told.check().map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    Rendering { report: &report, locate: &locator, denied }.write_files(destinations)?;
    if format == ReportFormat::Human {
        if screen.quiet {
            report = report.errors_only();
        }
        if let Some(known) = known {
            report.leave_out(|finding| {
                finding.severity() != Severity::Error && known.contains(&watch::known_as(finding))
            });
        }
    }
    let color = streams.color_stderr;
    let rendering = Rendering { report: &report, locate: &locator, denied };
    streams.findings(format.commands(), |out| rendering.write(format, color, out))?;
    tell_nothing_found(compiled, &outcome, streams);
    tell_summary(&report, Counts::ForPeople, *screen, started, streams);
    Ok(outcome.judge_output(has_output, *is_partial))
}

/// Where the parts of the output stand.
///
/// # Errors
/// When the path of the directory cannot stand in a configuration.
pub(super) fn layout(args: &TranslateArgs, compiled: &Compiled) -> Result<Layout, Unwritten> {
    let config = &compiled.compilation.emitted().config;
    let Some(directory) = &args.output_dir else { return Ok(Layout::bootstrap(config)) };
    Ok(xds::layout(config, &xds::place(directory, args.mounted_at.as_deref())?, format(args)))
}

/// Says to people what is to be known about certificates in files.
///
/// # Errors
/// Two reports for one destination.
pub(super) fn tell_files(
    told: &Told<'_>,
    compiled: &Compiled,
    layout: &Layout,
    streams: &mut Streams<'_>,
) -> Result<(), Failure> {
    let format = told.check().map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    if format == ReportFormat::Human && !told.screen.quiet {
        compiled.words_on_files(layout).iter().for_each(|line| streams.tell(line));
    }
    Ok(())
}

/// Writes the output file, and the files that it refers to.
///
/// # Errors
/// What could not be written.
pub(super) fn write_file(args: &TranslateArgs, options: &Options, compiled: &Compiled) -> Result<(), Unwritten> {
    let Some(file) = output_file(args) else { return Ok(()) };
    let emission = emission(args, options, compiled);
    compiled.write_secrets()?;
    compiled.write_followed()?;
    pipeline::write_file(file, compiled.shows_private_key(args.section), |out| compiled.emit(&emission, out))
}

/// What is written, and how.
fn emission(args: &TranslateArgs, options: &Options, compiled: &Compiled) -> Emission {
    let made = made(args, options, compiled);
    Emission { format: format(args), section: args.section, comments: !args.no_comments, made }
}

/// What the output is made of.
fn made(args: &TranslateArgs, options: &Options, compiled: &Compiled) -> Made {
    Made::of(&compiled.sources().raw, &args.flags, options)
}

fn write(
    args: &TranslateArgs,
    options: &Options,
    compiled: &Compiled,
    streams: &mut Streams<'_>,
) -> Result<(), Unwritten> {
    if output_file(args).is_some() {
        return write_file(args, options, compiled);
    }
    let emission = emission(args, options, compiled);
    compiled.write_secrets()?;
    compiled.write_followed()?;
    streams.raw_product(|out| compiled.emit(&emission, out))
}

/// What of the flags of the output does not fit together.
fn refuse_misplaced(args: &TranslateArgs) -> Result<(), String> {
    let beside = [
        ("--output-file", args.output_file.is_some()),
        ("--section", args.section.is_some()),
        ("--check", args.check.is_some()),
    ];
    if args.split.is_some() {
        let beside = beside.into_iter().chain([("--mesh-for", args.mesh.mesh_for.is_some())]);
        return match beside.into_iter().find(|(_, is_given)| *is_given) {
            Some((flag, _)) => Err(format!("`{flag}` does not go with `--split`; name one Gateway by `--gateway`")),
            None => Ok(()),
        };
    }
    if args.section == Some(Section::Hosts) {
        if !matches!(args.mesh.capture(), Some(Capture::Address(_))) {
            return Err("`--section hosts` has the addresses of `--mesh-capture address`".to_owned());
        }
        if args.output.is_some() {
            return Err("`--section hosts` is a file of hosts, and takes no `--output`".to_owned());
        }
    }
    if args.section == Some(Section::Redirect) {
        if !matches!(args.mesh.capture(), Some(Capture::Redirect(_))) {
            return Err("`--section redirect` has the rules for `--mesh-capture redirect`".to_owned());
        }
        if args.output.is_some() {
            return Err("`--section redirect` is a script for nftables, and takes no `--output`".to_owned());
        }
    }
    match (args.layout, &args.output_dir) {
        (LayoutName::Xds, None) => Err("`--layout xds` needs `--output-dir DIR`".to_owned()),
        (LayoutName::Static, Some(_)) => Err("`--output-dir` belongs to `--layout xds`".to_owned()),
        (LayoutName::Static, None) => Ok(()),
        (LayoutName::Xds, Some(_)) => match beside.into_iter().find(|(_, is_given)| *is_given) {
            Some((flag, _)) => Err(format!("`{flag}` does not go with `--layout xds`")),
            None => Ok(()),
        },
    }
}

/// Writes the directory of one proxy, which finds it at `place`.
///
/// # Errors
/// What could not be written.
pub(super) fn write_directory(
    args: &TranslateArgs,
    (path, place, node): (&Path, &Place, &str),
    screen: ScreenArgs,
    compiled: &Compiled,
    streams: &mut Streams<'_>,
) -> Result<(), Unwritten> {
    let failed = |error: DirectoryError| Unwritten(for_terminal(&error.to_string()).into_owned());
    let settings =
        xds::Settings { format: format(args), comments: !args.no_comments, node, place, removal: Removal::Waiting };
    let mut directory = Directory::open(path).map_err(failed)?;
    compiled.write_secrets()?;
    let written = xds::write(&mut directory, compiled, &settings).map_err(failed)?;
    let of = match args.split {
        Some(_) => format!("{}: ", for_terminal(&path.display().to_string())),
        None => String::new(),
    };
    if written.is_bootstrap_changed && !screen.quiet {
        streams.tell(&format!("{of}the bootstrap has changed: a running Envoy needs a restart for it"));
    }
    if screen.verbose || (streams.is_stderr_terminal && !screen.quiet) {
        streams.tell(&format!("{of}{written}"));
    }
    Ok(())
}

/// The file that the output goes to; `None` is standard output.
pub(super) fn output_file(args: &TranslateArgs) -> Option<&std::path::Path> {
    args.output_file.as_deref().filter(|file| file.as_os_str() != "-")
}

/// The standard stream that the output goes to; `None` where it goes into files.
pub(super) fn stream(args: &TranslateArgs) -> Option<&'static str> {
    if args.output_dir.is_some() {
        return None;
    }
    output_file(args).map_or(Some("standard output"), standard_stream)
}

/// The format that was asked for, else the one of the output file's extension, else YAML.
pub(super) fn format(args: &TranslateArgs) -> OutputFormat {
    let by_extension = || {
        let extension = args.output_file.as_ref()?.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "json" => Some(OutputFormat::Json),
            "pb" => Some(OutputFormat::Pb),
            _ => None,
        }
    };
    args.output.or_else(by_extension).unwrap_or(OutputFormat::Yaml)
}

#[cfg(test)]
mod tests {
    use super::super::args::Command;
    use super::super::testing::{Captured, in_memory, parsed};
    use super::*;
    use crate::diagnostics::{Finding, Location, codes};
    use crate::parser::source::{Found, Source, SourceId};

    fn arguments(line: &str) -> (Box<TranslateArgs>, ScreenArgs) {
        let cli = parsed(&format!("gwctl translate a.yaml {line}"));
        match cli.command {
            Command::Translate(args) => (args, cli.screen),
            other => panic!("{other:?}"),
        }
    }

    /// A compilation with an output, one object, an error and a warning.
    fn compiled() -> Compiled {
        let mut compiled = Compiled::default();
        let text = "name: crt\nweight: 0\n".to_owned();
        let source = Source { name: "a.yaml".into(), text, found: Found::Named, context: false, kept: Vec::new() };
        let compilation = &mut compiled.compilation;
        compilation.manifests.sources.sources.push(source);
        compilation.manifests.object_count = 1;
        compilation.bootstrap = Some(Vec::new());
        let at = |range| Location::Bytes(SourceId(0), range);
        compilation.findings = vec![
            Finding::new(codes::ZERO_WEIGHTS, at(18..19), "all weights are zero"),
            Finding::new(codes::BACKEND_NOT_FOUND, at(6..9), "there is no Service `default/crt`"),
        ];
        compiled
    }

    fn reported(line: &str, compiled: &Compiled) -> Captured {
        let (args, screen) = arguments(line);
        in_memory("", |streams| {
            report(&Told::of(&args, screen), compiled, compiled.has_output(), Instant::now(), None, streams)
        })
    }

    #[test]
    fn the_format_is_the_flag_then_the_extension_then_yaml() {
        for (line, expected) in [
            ("", OutputFormat::Yaml),
            ("-o json", OutputFormat::Json),
            ("--output-file envoy.json", OutputFormat::Json),
            ("--output-file envoy.PB", OutputFormat::Pb),
            ("--output-file envoy.yml", OutputFormat::Yaml),
            ("--output-file envoy.conf", OutputFormat::Yaml),
            ("--output-file json", OutputFormat::Yaml),
            ("--output-file envoy.json -o yaml", OutputFormat::Yaml),
        ] {
            assert_eq!(format(&arguments(line).0), expected, "{line}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn what_leads_to_standard_output_is_no_file() {
        for (line, expected) in [
            ("", Some("standard output")),
            ("--output-file -", Some("standard output")),
            ("--output-file /dev/stdout", Some("standard output")),
            ("--output-file /dev/fd/1", Some("standard output")),
            ("--output-file /dev/stderr", Some("standard error")),
            ("--output-file envoy.yaml", None),
            ("--output-file /dev/null", None),
        ] {
            assert_eq!(stream(&arguments(line).0), expected, "{line}");
        }
    }

    #[test]
    fn findings_go_to_standard_error_in_the_order_of_the_file() {
        let captured = reported("", &compiled());
        assert_eq!(captured.status, ExitStatus::Findings);
        assert_eq!(captured.stdout, "");
        assert!(captured.stderr.starts_with("error[GW2001] backend-not-found: "), "{}", captured.stderr);
        assert!(captured.stderr.contains("\n  --> a.yaml:1:7\n"), "{}", captured.stderr);
        assert!(captured.stderr.contains("\nwarning[GW4002] all-weights-zero: "), "{}", captured.stderr);
    }

    #[test]
    fn quiet_leaves_only_errors_but_a_json_report_is_complete() {
        let quiet = reported("-q", &compiled());
        assert!(quiet.stderr.contains("GW2001") && !quiet.stderr.contains("GW4002"));
        let json = reported("-q --report json", &compiled());
        assert!(json.stderr.starts_with('{') && json.stderr.contains("GW4002"), "{}", json.stderr);
    }

    #[test]
    fn verbose_adds_the_summary_without_a_terminal() {
        let line = "1 error, 1 warning, 0 notes: 0 Gateway API objects judged in 1 file (";
        assert!(reported("-v", &compiled()).stderr.contains(line));
        assert!(!reported("", &compiled()).stderr.contains(line));
    }

    #[test]
    fn an_error_withholds_the_output_unless_it_may_be_partial() {
        assert_eq!(reported("", &compiled()).status, ExitStatus::Findings);
        assert_eq!(reported("--partial", &compiled()).status, ExitStatus::Success);
        let mut without_output = compiled();
        without_output.compilation.bootstrap = None;
        assert_eq!(reported("--partial", &without_output).status, ExitStatus::Findings);
    }

    #[test]
    fn a_warning_fails_only_when_it_is_denied() {
        let mut warned = compiled();
        warned.compilation.findings.truncate(1);
        assert_eq!(reported("", &warned).status, ExitStatus::Success);
        assert_eq!(reported("--deny warnings", &warned).status, ExitStatus::Findings);
        warned.compilation.findings.clear();
        assert_eq!(reported("--deny warnings", &warned).status, ExitStatus::Success);
    }

    #[test]
    fn input_that_cannot_be_read_or_holds_nothing_could_not_run() {
        let mut unreadable = compiled();
        unreadable.is_input_unreadable = true;
        assert_eq!(reported("--partial", &unreadable).status, ExitStatus::CouldNotRun);
        let nothing = reported("", &Compiled::default());
        assert_eq!(nothing.status, ExitStatus::CouldNotRun);
        assert!(nothing.stderr.contains("no Kubernetes object"), "{}", nothing.stderr);
    }

    #[test]
    fn reports_in_files_are_complete_beside_the_one_on_standard_error() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("report.json");
        let captured = reported(&format!("--report json={}", file.display()), &compiled());
        assert!(captured.stderr.starts_with("error[GW2001]"), "{}", captured.stderr);
        let written: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        assert_eq!(written["summary"]["warnings"], 1);
    }
}
