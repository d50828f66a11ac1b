//! The command line of `run`.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

use super::super::value::{self, Local};
use super::{CompileArgs, InputArgs, MeshArgs, ReportArgs};

/// Flags of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The input.
    #[command(flatten)]
    pub input: InputArgs,
    /// The settings of the compilation.
    #[command(flatten)]
    pub compile: CompileArgs,
    /// Whom Envoy serves.
    #[command(flatten)]
    pub mesh: MeshArgs,
    /// The Envoy to run. By default the one of GWCTL_ENVOY or of the PATH.
    #[arg(long, value_name = "PATH", help_heading = "Envoy")]
    pub envoy: Option<PathBuf>,
    /// A process that stands behind a Service, or behind one of its ports: `shop/cart=9000`, `shop/cart:80=localhost:9000`.
    /// Repeatable. Services without one answer 503.
    #[arg(long, value_name = "NS/SVC[:PORT]=[HOST:]PORT", value_parser = value::local, help_heading = "Backends")]
    pub local: Vec<Local>,
    /// Put echo backends behind every Service without a process of --local: they answer with what reached them.
    #[arg(long, help_heading = "Backends")]
    pub echo: bool,
    /// Serve also when there are errors: what a Gateway controller would program.
    #[arg(long, help_heading = "Output")]
    pub partial: bool,
    /// Where findings go.
    #[command(flatten)]
    pub findings: ReportArgs,
    /// Whether the command line, or a file of settings, says where listeners bind.
    #[arg(skip)]
    pub(in crate::cli) has_address: bool,
}

impl RunArgs {
    /// Takes from the command line what its values do not tell.
    pub(super) fn complete(&mut self, matches: &ArgMatches) {
        self.input.order_paths(matches);
        self.has_address = matches.value_source("listener_address") == Some(ValueSource::CommandLine);
    }
}
