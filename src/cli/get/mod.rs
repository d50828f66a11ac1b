//! `gwctl get`: objects of the input as cluster tools list them (docs/get.md).

mod columns;
mod object;

use std::io::{self, Write};
use std::time::Instant;

use super::args::{Cli, GetArgs, ScreenArgs, ViewFormat};
use super::exit::ExitStatus;
use super::failure::Failure;
use super::findings::{TRANSLATE_ONLY, tell_findings};
use super::pipeline;
use super::streams::Streams;
use super::view::{Selection, View, select};
use crate::compile;
use crate::diagnostics::escape::Commands;
use crate::emit;

/// Compiles the input and lists what is asked for.
///
/// # Errors
/// Wrong usage, or an output that could not be written.
pub(super) fn run(args: &GetArgs, screen: ScreenArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    let started = Instant::now();
    let usage = |message: String| Failure::Usage(Cli::usage_error(&message));
    let options = args.compile.options().map_err(usage)?;
    args.asked.check().map_err(usage)?;
    // A word that means nothing is told before anything is read.
    select(&args.asked, &crate::parser::manifests::Manifests::default()).map_err(usage)?;
    let compiled = pipeline::compile_with_status(args.asked.paths(), &options, streams.stdin);
    let denied = args.compile.denied();
    let wanted = (args.findings.report.as_slice(), &denied);
    let status = tell_findings(&compiled, TRANSLATE_ONLY, wanted, screen, started, streams)?;
    if status == ExitStatus::CouldNotRun {
        return Ok(status);
    }
    let selection = select(&args.asked, &compiled.compilation.manifests).map_err(usage)?;
    tell_missing(&selection, streams);
    let locator = compiled.locator();
    let is_file = args.output_file.as_deref().is_some_and(|file| file.as_os_str() != "-");
    let is_colored = streams.color_stdout && !is_file;
    let written = compile::look(&compiled.compilation, &options, |resolved| {
        let view = View::new(&compiled.compilation, resolved, &locator, options.now);
        pipeline::write_product(args.output_file.as_deref(), streams, Commands::Refused, |out| match args.output {
            ViewFormat::Table => columns::write(&view, &selection, false, is_colored, out),
            ViewFormat::Wide => columns::write(&view, &selection, true, is_colored, out),
            ViewFormat::Yaml => write_documents(&view, &selection, out),
            ViewFormat::Json => write_json(&view, &selection, out),
            ViewFormat::Name => write_names(&selection, out),
        })
    });
    written?;
    Ok(if !selection.missing.is_empty() {
        ExitStatus::Findings
    } else if args.partial {
        ExitStatus::Success
    } else {
        status
    })
}

/// Says what is not shown.
pub(super) fn tell_missing(selection: &Selection<'_>, streams: &mut Streams<'_>) {
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

fn write_names(selection: &Selection<'_>, out: &mut dyn Write) -> io::Result<()> {
    for head in &selection.heads {
        let kind = super::kinds::singular(head.kind);
        match head.kind.group() {
            "" => writeln!(out, "{kind}/{}", head.metadata.name)?,
            group => writeln!(out, "{kind}.{group}/{}", head.metadata.name)?,
        }
    }
    Ok(())
}

/// One YAML document for each object.
fn write_documents(view: &View<'_, '_>, selection: &Selection<'_>, out: &mut dyn Write) -> io::Result<()> {
    for (position, head) in selection.heads.iter().enumerate() {
        if position > 0 {
            writeln!(out, "---")?;
        }
        emit::write_yaml_value(&object::of(view, head)?, out)?;
    }
    Ok(())
}

/// The object that is named, or a `List` of all.
fn write_json(view: &View<'_, '_>, selection: &Selection<'_>, out: &mut dyn Write) -> io::Result<()> {
    match selection.heads.as_slice() {
        [one] if selection.is_named => emit::write_json_value(&object::of(view, one)?, out),
        heads => {
            let items = heads.iter().map(|head| object::of(view, head)).collect::<io::Result<Vec<_>>>()?;
            let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "metadata": {}, "items": items });
            emit::write_json_value(&list, out)
        }
    }
}
