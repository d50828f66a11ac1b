//! `gwctl status`: what a controller would write into every object.

mod table;

use std::io::{self, Write};
use std::time::Instant;

use super::args::{Cli, ScreenArgs, StatusArgs, StatusFormat};
use super::exit::ExitStatus;
use super::failure::Failure;
use super::findings::{TRANSLATE_ONLY, tell_findings};
use super::pipeline;
use super::streams::Streams;
use crate::diagnostics::escape::Commands;
use crate::emit;
use crate::status::ObjectStatus;

/// Compiles the input and prints the status of every object.
///
/// # Errors
/// Wrong usage, or an output that could not be written.
pub(super) fn run(args: &StatusArgs, screen: ScreenArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    let started = Instant::now();
    let options = args.compile.options().map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    let compiled = pipeline::compile_with_status(args.input.paths(), &options, streams.stdin);
    let denied = args.compile.denied();
    let wanted = (args.findings.report.as_slice(), &denied);
    let status = tell_findings(&compiled, TRANSLATE_ONLY, wanted, screen, started, streams)?;
    if status == ExitStatus::CouldNotRun {
        return Ok(status);
    }
    let statuses = &compiled.compilation.status;
    let is_file = args.output_file.as_deref().is_some_and(|file| file.as_os_str() != "-");
    let is_colored = streams.color_stdout && !is_file;
    pipeline::write_product(args.output_file.as_deref(), streams, Commands::Refused, |out| match args.output {
        StatusFormat::Table => table::write(statuses, is_colored, out),
        StatusFormat::Yaml => write_documents(statuses, out),
        StatusFormat::Json => write_list(statuses, out),
    })?;
    Ok(if args.partial { ExitStatus::Success } else { status })
}

/// One YAML document for each object.
fn write_documents(statuses: &[ObjectStatus], out: &mut dyn Write) -> io::Result<()> {
    for (position, status) in statuses.iter().enumerate() {
        if position > 0 {
            writeln!(out, "---")?;
        }
        emit::write_yaml_value(&status.to_json()?, out)?;
    }
    Ok(())
}

/// All objects as one `List`.
fn write_list(statuses: &[ObjectStatus], out: &mut dyn Write) -> io::Result<()> {
    let items = statuses.iter().map(ObjectStatus::to_json).collect::<Result<Vec<_>, _>>()?;
    let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "metadata": {}, "items": items });
    emit::write_json_value(&list, out)
}
