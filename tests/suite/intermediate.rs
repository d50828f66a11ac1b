//! The intermediate representation of a case, as text.
//!
//! Names of files in it are those of the command line, so it is made where the case is: by this binary, as a process in
//! the folder of the case.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use gwctl::cli::args::Command;
use gwctl::cli::{settings, write_ir};

use crate::case::Case;
use crate::process;

/// The first argument of a run that prints.
pub(crate) const PRINT: &str = "--print-ir";

/// Prints what the command line that follows emits.
pub(crate) fn print() -> ExitCode {
    let line = std::iter::once("gwctl".into()).chain(std::env::args_os().skip(2));
    let written = settings::parse_line(line).map_err(|error| error.to_string()).and_then(|cli| match cli.command {
        Command::Translate(args) => {
            write_ir(&args, &mut io::stdin().lock(), &mut io::stdout().lock()).map_err(|error| format!("{error:?}"))
        }
        _ => Err("only `translate` emits".to_owned()),
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// The representation of what `translate` emits for a case.
pub(crate) fn of(case: &Case, work: &Path) -> Result<String, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let work = work.to_string_lossy();
    let flags = case.translate_args.iter().map(|flag| flag.replace("{tmp}", &work));
    let line = [PRINT.to_owned(), "translate".to_owned()].into_iter().chain(flags).chain(case.paths.iter().cloned());
    let output = process::run(&program, &case.folder, &line.collect::<Vec<_>>(), case.stdin.as_ref())?;
    match output.code {
        Some(0) => Ok(output.stdout),
        code => Err(format!("the representation cannot be printed ({code:?}): {}", output.stderr)),
    }
}
