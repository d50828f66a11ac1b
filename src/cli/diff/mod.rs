//! `gwctl diff`: what a change of the manifests does to traffic.

mod change;
mod compare;
mod findings;
mod git;
mod listeners;
mod pods;
mod render;
mod rules;
mod side;
mod uncompared;
mod words;

use std::path::PathBuf;

use super::Failure;
use super::args::{Cli, DiffArgs, InputArgs};
use super::exit::ExitStatus;
use super::findings::tell_asked;
use super::pipeline::{self, Compiled};
use super::report::stream_format;
use super::streams::Streams;
use crate::diagnostics::codes;
use crate::diagnostics::escape::{Commands, for_terminal};
use crate::options::{Options, SettingsFile};

use git::Revisions;

/// Compiles both sides and prints what differs.
///
/// # Errors
/// Wrong usage, or an output that could not be written.
pub(super) fn run(args: &DiffArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    let options = args.compile.options().map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    if args.old == "-" && args.new == "-" {
        return Err(Failure::Usage(Cli::usage_error("only one side can be read from standard input")));
    }
    stream_format(&args.report, "--report").map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    for SettingsFile { path, in_effect } in &options.settings {
        let id = codes::SETTINGS_READ.id();
        let settings =
            for_terminal(&format!("the settings in `{path}` are read: {}", in_effect.join(", "))).into_owned();
        streams.tell(&format!("note[{id}]: {settings}"));
    }
    let mut sides = Vec::new();
    for text in [&args.old, &args.new] {
        match read(text, &args.context, &options, streams) {
            Ok(compiled) => sides.push(compiled),
            Err(message) => {
                streams.tell(&format!("error: {message}"));
                return Ok(ExitStatus::CouldNotRun);
            }
        }
    }
    let [old, new] = sides.as_slice() else { return Ok(ExitStatus::CouldNotRun) };
    tell_asked(new, &args.report, &args.compile.denied(), streams)?;
    let difference = compare::compare(&old.compilation, &new.compilation, &options).map_err(Failure::Missing)?;
    let color = streams.color_stdout && args.output_file.is_none();
    pipeline::write_product(args.output_file.as_deref(), streams, Commands::Refused, |out| {
        render::write(&difference, args.output, color, out)
    })?;
    if !difference.uncompared.is_empty() {
        streams.tell("error: not everything could be compared");
        return Ok(ExitStatus::CouldNotRun);
    }
    let is_different = args.exit_code && !difference.is_empty();
    Ok(if is_different { ExitStatus::Findings } else { ExitStatus::Success })
}

/// Compiles one side: a path, or a revision of the repository in the working directory.
fn read(text: &str, context: &[PathBuf], options: &Options, streams: &mut Streams<'_>) -> Result<Compiled, String> {
    let mut tree = Revisions::default();
    let path = match text.strip_prefix("git:") {
        Some(revision) => tree.open(revision)?,
        None => PathBuf::from(text),
    };
    let input = InputArgs::of(path, context.to_vec());
    let compiled = pipeline::compile_from(&tree, &input, options, streams.stdin);
    if compiled.is_input_unreadable() {
        let findings = compiled.findings().iter().filter(|finding| finding.code == codes::UNREADABLE);
        let why: Vec<&str> = findings.map(|finding| finding.message.as_str()).collect();
        return Err(format!("`{text}` cannot be read: {}", why.join("; ")));
    }
    match &compiled.unselected {
        Some(why) => Err(format!("`{text}`: {why}")),
        None => Ok(compiled),
    }
}
