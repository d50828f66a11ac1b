//! What the commands begin with that show something of an input: it is compiled, its findings are told, and the objects that are
//! asked for are found.

use std::io::{self, Write};
use std::time::Instant;

use super::args::{Cli, CompileArgs, InputArgs, InputPaths, ReportArgs, ScreenArgs, ShowArgs};
use super::exit::ExitStatus;
use super::failure::Failure;
use super::findings::{TRANSLATE_ONLY, tell_findings};
use super::pipeline::{self, Compiled};
use super::streams::Streams;
use super::trees;
use super::view::{Selection, View, select};
use crate::compile;
use crate::diagnostics::escape::Commands;
use crate::options::Options;
use crate::parser::manifests::Manifests;

/// An input whose findings have been told.
pub(super) struct Told {
    pub(super) options: Options,
    pub(super) compiled: Compiled,
    /// How the run ends because of the findings.
    status: ExitStatus,
}

impl Told {
    /// How the run ends when the product is written.
    pub(super) fn end(&self, partial: bool) -> ExitStatus {
        if partial { ExitStatus::Success } else { self.status }
    }
}

/// Compiles the input with the status of its objects and tells the findings; nothing where it could not be read.
///
/// # Errors
/// Wrong usage, or a report that could not be written.
pub(super) fn tell(
    input: InputPaths<'_>,
    compile: &CompileArgs,
    findings: &ReportArgs,
    screen: ScreenArgs,
    streams: &mut Streams<'_>,
) -> Result<Option<Told>, Failure> {
    let started = Instant::now();
    let options = compile.options().map_err(usage)?;
    let compiled = pipeline::compile_with_status(input, &options, streams.stdin);
    tell_compiled((options, compiled), (compile, findings), screen, started, streams)
}

/// The same for several trees, each of which has settings of its own.
///
/// # Errors
/// As [`tell`].
pub(super) fn tell_trees(
    input: &InputArgs,
    compile: &CompileArgs,
    findings: &ReportArgs,
    screen: ScreenArgs,
    streams: &mut Streams<'_>,
) -> Result<Option<Told>, Failure> {
    let started = Instant::now();
    let options = compile.options().map_err(usage)?;
    let compiled = trees::compile(pipeline::compile_read_with_status, input, &options, streams.stdin);
    tell_compiled((options, compiled), (compile, findings), screen, started, streams)
}

fn tell_compiled(
    (options, compiled): (Options, Compiled),
    (compile, findings): (&CompileArgs, &ReportArgs),
    screen: ScreenArgs,
    started: Instant,
    streams: &mut Streams<'_>,
) -> Result<Option<Told>, Failure> {
    let denied = compile.denied();
    let wanted = (findings.report.as_slice(), &denied);
    let status = tell_findings(&compiled, TRANSLATE_ONLY, wanted, screen, started, streams)?;
    Ok((status != ExitStatus::CouldNotRun).then_some(Told { options, compiled, status }))
}

/// Writes what is to be said of the objects that are asked for; `write` gets them, and whether there are colours.
///
/// # Errors
/// Wrong usage, or an output that could not be written.
pub(super) fn show(
    args: &ShowArgs,
    screen: ScreenArgs,
    streams: &mut Streams<'_>,
    write: impl FnOnce(&View<'_, '_>, &Selection<'_>, bool, &mut dyn Write) -> io::Result<()>,
) -> Result<ExitStatus, Failure> {
    args.asked.check().map_err(usage)?;
    // A word that means nothing is told before anything is read.
    select(&args.asked, &Manifests::default()).map_err(usage)?;
    let Some(told) = tell(args.asked.paths(), &args.compile, &args.findings, screen, streams)? else {
        return Ok(ExitStatus::CouldNotRun);
    };
    let Told { options, compiled, .. } = &told;
    let selection = select(&args.asked, &compiled.compilation.manifests).map_err(usage)?;
    tell_missing(&selection, streams);
    let locator = compiled.locator();
    let file = args.output_file.as_deref();
    let is_colored = streams.is_product_colored(file);
    compile::look(&compiled.compilation, options, |resolved| {
        let view = View::new(&compiled.compilation, resolved, &locator, options);
        pipeline::write_product(file, streams, Commands::Refused, |out| write(&view, &selection, is_colored, out))
    })?;
    Ok(if selection.missing.is_empty() { told.end(args.partial) } else { ExitStatus::Findings })
}

/// Says what is not shown.
fn tell_missing(selection: &Selection<'_>, streams: &mut Streams<'_>) {
    let Selection { kinds, heads, unread, is_named, missing } = selection;
    for missing in missing {
        streams.tell(&format!("error: {missing}"));
    }
    for key in unread {
        let key = key.to_ref();
        streams.tell(&format!("note: {key} cannot be read and is not shown; its errors say why"));
    }
    if heads.is_empty() && !is_named {
        let what = match kinds.as_slice() {
            [kind] => kind.name(),
            _ => "object of these kinds",
        };
        streams.tell(&format!("note: there is no {what} to show"));
    }
}

fn usage(message: String) -> Failure {
    Failure::Usage(Cli::usage_error(&message))
}
