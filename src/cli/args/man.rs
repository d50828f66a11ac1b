//! The command line of `man`.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The command that the page is about; without it the page is about gwctl.
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
    /// Write a page for gwctl and one for each command into this directory: `gwctl.1`, `gwctl-translate.1` and so on.
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub output_dir: Option<PathBuf>,
}
