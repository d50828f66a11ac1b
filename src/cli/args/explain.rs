//! The command line of `explain`.

use clap::Args;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A code (`GW2001`), the name of one (`backend-not-found`), or `defaults` for what is emitted without being asked.
    #[arg(value_name = "CODE", required_unless_present = "list")]
    pub topic: Option<String>,
    /// List every code with its name, severity and meaning.
    #[arg(long, conflicts_with = "topic")]
    pub list: bool,
}
