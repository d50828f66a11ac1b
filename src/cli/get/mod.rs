//! `gwctl get`: objects of the input as cluster tools list them (docs/get.md).

mod columns;
mod object;

use std::io::{self, Write};

use super::args::{GetArgs, ScreenArgs, ViewFormat};
use super::exit::ExitStatus;
use super::failure::Failure;
use super::streams::Streams;
use super::told;
use super::view::{Selection, View};
use crate::emit;

/// Compiles the input and lists what is asked for.
///
/// # Errors
/// Wrong usage, or an output that could not be written.
pub(super) fn run(args: &GetArgs, screen: ScreenArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    told::show(&args.show, screen, streams, |view, selection, is_colored, out| match args.format() {
        ViewFormat::Table => columns::write(view, selection, false, is_colored, out),
        ViewFormat::Wide => columns::write(view, selection, true, is_colored, out),
        ViewFormat::Yaml => write_documents(view, selection, out),
        ViewFormat::Json => write_json(view, selection, out),
        ViewFormat::Name => write_names(selection, out),
    })
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
