//! What the commands that show objects have in common on their command lines.

use std::path::PathBuf;

use clap::Args;

use super::asked::AskedArgs;
use super::{CompileArgs, ReportArgs};

/// Flags of `get` and `describe`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The objects, and the input.
    #[command(flatten)]
    pub asked: AskedArgs,
    /// The settings of the compilation.
    #[command(flatten)]
    pub compile: CompileArgs,
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

impl ShowArgs {
    /// What the name of the file ends with that all goes to.
    pub fn extension(&self) -> Option<&str> {
        self.output_file.as_deref()?.extension()?.to_str()
    }
}
