//! The command line of `get`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::asked::AskedArgs;
use super::{CompileArgs, ReportArgs};

/// Flags of `get`.
#[derive(Debug, Args)]
pub struct GetArgs {
    /// The objects, and the input.
    #[command(flatten)]
    pub asked: AskedArgs,
    /// The settings of the compilation.
    #[command(flatten)]
    pub compile: CompileArgs,
    /// The format.
    #[arg(short, long, value_name = "FORMAT", default_value = "table", help_heading = "Output")]
    pub output: ViewFormat,
    /// Write to this file instead of standard output. The file is replaced as a whole, or left as it was.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output_file: Option<PathBuf>,
    /// Exit with 0 also when there are errors.
    #[arg(long, help_heading = "Output")]
    pub partial: bool,
    /// Where findings go.
    #[command(flatten)]
    pub findings: ReportArgs,
}

/// The format of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ViewFormat {
    /// Tables for people, one for each kind.
    Table,
    /// The same with more columns.
    Wide,
    /// The objects as they are written, with the status that is computed, one YAML document each.
    Yaml,
    /// The same in JSON: one object where one is named, else a `List`.
    Json,
    /// `KIND.GROUP/NAME`, a line each.
    Name,
}
