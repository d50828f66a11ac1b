//! The command line of `status`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::super::value::Destination;
use super::{CompileArgs, InputArgs};

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
    /// Write the findings in this format, `human`, `json`, `sarif`, `junit` or `github`: to standard error, or to a file
    /// with `=FILE`. Repeatable. Standard error gets `human` unless another format is named for it.
    #[arg(long, value_name = "FORMAT[=FILE]", help_heading = "Findings")]
    pub report: Vec<Destination>,
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
