//! `gwctl man`: manual pages, made of the definition of the command line.

use std::io;
use std::path::Path;

use clap::CommandFactory as _;
use clap_mangen::Man;

use super::args::{Cli, ManArgs};
use super::exit::ExitStatus;
use super::failure::Failure;
use super::streams::{Streams, Unwritten};

/// Writes one page to standard output, or all of them into a directory.
///
/// # Errors
/// An unknown command, or an output that could not be written.
pub(super) fn run(args: &ManArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    // What only the help of a run says: the pages are found by their names.
    let mut line = Cli::command().disable_help_subcommand(true);
    line.build();
    if let Some(directory) = &args.output_dir {
        write_all(line, directory)
            .map_err(|error| Unwritten(format!("cannot write to {}: {error}", directory.display())))?;
        return Ok(ExitStatus::Success);
    }
    let command = match &args.command {
        Some(name) => line.find_subcommand(name).cloned().ok_or_else(|| {
            Failure::Usage(Cli::usage_error(&format!("there is no command `{}`", name.escape_debug())))
        })?,
        None => line,
    };
    let mut page = Vec::new();
    Man::new(command).render(&mut page).map_err(|error| Unwritten(error.to_string()))?;
    streams.raw_product(|out| out.write_all(&page))?;
    Ok(ExitStatus::Success)
}

fn write_all(line: clap::Command, directory: &Path) -> io::Result<()> {
    std::fs::create_dir_all(directory)?;
    clap_mangen::generate_to(line, directory)
}
