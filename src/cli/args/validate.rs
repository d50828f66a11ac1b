//! The command line of `validate`.

use std::path::PathBuf;

use clap::builder::Resettable;
use clap::{ArgMatches, Args};

use super::super::value::Destination;
use super::{CompileArgs, InputArgs};

/// Flags of `validate`.
#[derive(Debug, Args)]
#[command(mut_arg("paths", |paths| paths.required_unless_present(Resettable::<clap::Id>::Reset)))]
pub struct ValidateArgs {
    /// The input; the working directory where nothing is named.
    #[command(flatten)]
    pub input: InputArgs,
    /// Whether nothing is named.
    #[arg(skip)]
    pub is_by_default: bool,
    /// The settings of the compilation.
    #[command(flatten)]
    pub compile: CompileArgs,
    /// The format of the report, `human`, `json`, `sarif`, `junit`, `github`, `gitlab` or `rdjson`: to standard output, or to a file with
    /// `=FILE`. Repeatable. Standard output gets `human` unless another format is named for it.
    #[arg(short, long, value_name = "FORMAT[=FILE]", help_heading = "Output")]
    pub output: Vec<Destination>,
    /// Write the report to this file instead of standard output. The file is replaced as a whole, or left as it was.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output_file: Option<PathBuf>,
    /// Make the fixes of all findings in the files, say which on standard error, and report what is left. Nothing else in
    /// the files changes.
    #[arg(long, conflicts_with = "substitute", help_heading = "Findings")]
    pub fix: bool,
    /// Errors and warnings that this file has are known: they are counted, and others fail the run. Moved lines and renamed
    /// files make no difference.
    #[arg(long, value_name = "FILE", help_heading = "Findings")]
    pub baseline: Option<PathBuf>,
    /// Write the file of --baseline with what is found now.
    #[arg(long, requires = "baseline", conflicts_with = "fix", help_heading = "Findings")]
    pub write_baseline: bool,
    /// Exit with 0 also when there are errors, whatever --deny says, as `translate --partial` does.
    #[arg(long, help_heading = "Output")]
    pub partial: bool,
    /// Let a real Envoy validate the result too, and report what it refuses. Without a path it is the binary that
    /// GWCTL_ENVOY names, or `envoy` on the PATH.
    #[arg(long, value_name = "PATH", num_args = 0..=1, require_equals = true, help_heading = "Findings")]
    pub envoy: Option<Option<PathBuf>>,
}

impl ValidateArgs {
    /// Completes the input: its order is that of the command line, and without one the working directory is read.
    pub(super) fn complete(&mut self, matches: &ArgMatches) {
        self.input.order_paths(matches);
        self.is_by_default = self.input.paths.is_empty();
        if self.is_by_default {
            self.input.paths.push(PathBuf::from("."));
        }
    }
}
