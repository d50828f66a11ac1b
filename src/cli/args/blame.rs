//! The command line of `blame`.

use std::path::PathBuf;

use clap::Args;

use super::super::name_kind::NameKind;
use super::{CompileArgs, DecisionFormat, InputArgs, MeshArgs, ReportArgs};

/// Flags of `blame`.
#[derive(Debug, Args)]
pub struct BlameArgs {
    /// The name of a listener, filter chain, route configuration, virtual host, route, cluster or secret of the output; a
    /// statistic of Envoy, in its own form or in that of Prometheus; or a line of an access log. `-` reads such lines from
    /// standard input.
    #[arg(value_name = "NAME", allow_hyphen_values = true)]
    pub name: String,
    /// The input.
    #[command(flatten)]
    pub input: InputArgs,
    /// The settings of the compilation; those that the output was made with.
    #[command(flatten)]
    pub compile: CompileArgs,
    /// Whom the output serves.
    #[command(flatten)]
    pub mesh: MeshArgs,
    /// What the name is the name of, where it may be several things.
    #[arg(long, value_name = "KIND", help_heading = "Output")]
    pub kind: Option<NameKind>,
    /// The format.
    #[arg(short, long, value_name = "FORMAT", default_value = "human", help_heading = "Output")]
    pub output: DecisionFormat,
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output_file: Option<PathBuf>,
    /// Look in what `translate --partial` writes, and let errors of the manifests not count for the exit code.
    #[arg(long, help_heading = "Output")]
    pub partial: bool,
    /// Where findings go.
    #[command(flatten)]
    pub findings: ReportArgs,
}
