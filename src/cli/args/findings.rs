//! Where findings go, where the product of a command is something else.

use clap::Args;

use super::super::value::Destination;

/// Flags for the findings.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Write the findings in this format, `human`, `json`, `sarif`, `junit`, `github`, `gitlab` or `rdjson`: to standard error, or to a file
    /// with `=FILE`. Repeatable. Standard error gets `human` unless another format is named for it.
    #[arg(long, value_name = "FORMAT[=FILE]", help_heading = "Findings")]
    pub report: Vec<Destination>,
}
