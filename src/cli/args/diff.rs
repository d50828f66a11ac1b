//! The command line of `diff`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::super::value::Destination;
use super::CompileArgs;

/// Flags of `diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The manifests before the change: a path, or `git:REV[:PATH]`.
    #[arg(value_name = "OLD")]
    pub old: String,
    /// The manifests after the change, in the same form.
    #[arg(value_name = "NEW")]
    pub new: String,
    /// Files or directories with objects that both sides know and that are not judged. Repeatable.
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub context: Vec<PathBuf>,
    /// The settings of the compilation.
    #[command(flatten)]
    pub compile: CompileArgs,
    /// The format of the differences.
    #[arg(short, long, value_name = "FORMAT", default_value = "human", help_heading = "Output")]
    pub output: DiffFormat,
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output_file: Option<PathBuf>,
    /// Taken as by the other commands. Both sides are always compared as `translate --partial` writes them, and errors
    /// fail no comparison.
    #[arg(long, help_heading = "Output")]
    pub partial: bool,
    /// Exit with 1 when there is a difference.
    #[arg(long, help_heading = "Output")]
    pub exit_code: bool,
    /// Write the findings on the new side in this format, `human`, `json`, `sarif`, `junit`, `github`, `gitlab` or `rdjson`: to standard
    /// error, or to a file with `=FILE`. Repeatable. Without it only what is introduced or fixed is said.
    #[arg(long, value_name = "FORMAT[=FILE]", help_heading = "Findings")]
    pub report: Vec<Destination>,
}

impl DiffArgs {
    /// The side whose `gwctl.yaml` holds for both: the new one, or the old one when that is standard input.
    pub(super) fn settled_path(&self) -> &Path {
        Path::new(if self.new == "-" { &self.old } else { &self.new })
    }
}

/// The format of differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// Text for people.
    Human,
    /// JSON.
    Json,
    /// Markdown, for a pull request.
    Markdown,
}
