//! The command line of `migrate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{CompileArgs, InputArgs, ReportArgs};

/// Flags of `migrate`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// The input.
    #[command(flatten)]
    pub input: InputArgs,
    /// The settings of the compilation.
    #[command(flatten)]
    pub compile: CompileArgs,
    /// In whose terms the result says what policies say. Gateway API's own fields come first in all of them.
    #[arg(long, value_name = "TERMS", help_heading = "Output")]
    pub to: TermsName,
    /// Write to this file instead of standard output. The file is replaced as a whole, or left as it was.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output_file: Option<PathBuf>,
    /// Exit with 0 also when something cannot be said, or is decided otherwise.
    #[arg(long, help_heading = "Output")]
    pub partial: bool,
    /// Where findings go.
    #[command(flatten)]
    pub findings: ReportArgs,
}

/// In whose terms manifests are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TermsName {
    /// Gateway API's own, and no policies of vendors.
    GatewayApi,
    /// Gloo Gateway's.
    Gloo,
    /// Envoy Gateway's.
    EnvoyGateway,
}
