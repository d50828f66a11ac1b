//! `gwctl diff`: what a change of the manifests does to traffic.

mod change;
mod compare;
mod git;
mod render;

use std::path::PathBuf;

use super::Failure;
use super::args::{Cli, DiffArgs, InputArgs};
use super::exit::ExitStatus;
use super::pipeline::{self, Compiled};
use super::streams::Streams;
use crate::compile;
use crate::diagnostics::escape::for_terminal;
use crate::diagnostics::{Diagnostics, codes};
use crate::options::{Options, SettingsFile};

/// Compiles both sides and prints what differs.
///
/// # Errors
/// Wrong usage, or an output that could not be written.
pub(super) fn run(args: &DiffArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    let options = args.compile.options().map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    if args.old == "-" && args.new == "-" {
        return Err(Failure::Usage(Cli::usage_error("only one side can be read from standard input")));
    }
    for SettingsFile { path, in_effect } in &options.settings {
        let id = codes::SETTINGS_READ.id();
        let settings =
            for_terminal(&format!("the settings in `{path}` are read: {}", in_effect.join(", "))).into_owned();
        streams.tell(&format!("note[{id}]: {settings}"));
    }
    let mut sides = Vec::new();
    for text in [&args.old, &args.new] {
        match read(text, &options, streams) {
            Ok(compiled) => sides.push(compiled),
            Err(message) => {
                streams.tell(&format!("error: {message}"));
                return Ok(ExitStatus::CouldNotRun);
            }
        }
    }
    let [old, new] = sides.as_slice() else { return Ok(ExitStatus::CouldNotRun) };
    let difference = compare::compare(&old.compilation, &new.compilation);
    pipeline::write_product(args.output_file.as_deref(), streams, |out| render::write(&difference, args.output, out))?;
    let is_different = args.exit_code && !difference.is_empty();
    Ok(if is_different { ExitStatus::Findings } else { ExitStatus::Success })
}

/// Compiles one side: a path, or a revision of the repository in the working directory.
fn read(text: &str, options: &Options, streams: &mut Streams<'_>) -> Result<Compiled, String> {
    let compiled = match text.strip_prefix("git:") {
        Some(revision) => Compiled {
            compilation: compile::compile(git::read(revision)?, options, Diagnostics::new()),
            is_input_unreadable: false,
            load_findings: Diagnostics::new(),
        },
        None => pipeline::compile(&InputArgs::of(PathBuf::from(text)), options, streams.stdin),
    };
    if compiled.is_input_unreadable() {
        return Err(format!("`{text}` cannot be read"));
    }
    Ok(compiled)
}
