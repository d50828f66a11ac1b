//! The command line of `status`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{CompileArgs, InputArgs, ReportArgs};

/// Flags of `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The input.
    #[command(flatten)]
    pub input: InputArgs,
    /// The settings of the compilation.
    #[command(flatten)]
    pub compile: CompileArgs,
    /// The format of the status.
    #[arg(short, long, value_name = "FORMAT", default_value = "table", help_heading = "Output")]
    pub output: StatusFormat,
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

/// The format of the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatusFormat {
    /// Tables for people, one for each kind.
    Table,
    /// One YAML document for each object.
    Yaml,
    /// One `List` in JSON.
    Json,
}
