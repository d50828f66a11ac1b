//! `gwctl status`: what a controller would write into every object.

mod table;

use std::io::{self, Write};

use super::args::{ScreenArgs, StatusArgs, StatusFormat};
use super::exit::ExitStatus;
use super::failure::Failure;
use super::pipeline;
use super::streams::Streams;
use super::told;
use crate::diagnostics::escape::Commands;
use crate::emit;
use crate::status::ObjectStatus;

/// Compiles the input and prints the status of every object.
///
/// # Errors
/// Wrong usage, or an output that could not be written.
pub(super) fn run(args: &StatusArgs, screen: ScreenArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    let Some(told) = told::tell_trees(&args.input, &args.compile, &args.findings, screen, streams)? else {
        return Ok(ExitStatus::CouldNotRun);
    };
    let statuses = &told.compiled.compilation.status;
    let file = args.output_file.as_deref();
    let is_colored = streams.is_product_colored(file);
    pipeline::write_product(file, streams, Commands::Refused, |out| match args.output {
        StatusFormat::Table => table::write(statuses, is_colored, out),
        StatusFormat::Yaml => write_documents(statuses, out),
        StatusFormat::Json => write_list(statuses, out),
    })?;
    Ok(told.end(args.partial))
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
