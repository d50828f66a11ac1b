//! The command line of `describe`.

use clap::Args;

use super::ShowArgs;

/// Flags of `describe`.
#[derive(Debug, Args)]
pub struct DescribeArgs {
    /// The objects, the input, and where all goes.
    #[command(flatten)]
    pub show: ShowArgs,
}
