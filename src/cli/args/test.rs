//! The command line of `test`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::super::value::{self, Destination};
use super::{CompileArgs, FileArgs};
use crate::diagnostics::escape::Commands;
use crate::options::Capture;
use crate::proving::WayToServices;

/// Flags of `test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Files with request cases, or with tests of Envoy's router_check_tool.
    #[arg(value_name = "CASES", required = true)]
    pub cases: Vec<PathBuf>,
    /// The input.
    #[command(flatten)]
    pub files: FileArgs,
    /// The settings of the compilation.
    #[command(flatten)]
    pub compile: CompileArgs,
    /// Send the requests through a real Envoy on loopback, with echo backends: the one at PATH, or the one of
    /// GWCTL_ENVOY or of the PATH.
    #[arg(long, value_name = "PATH", num_args = 0..=1, require_equals = true, help_heading = "Envoy")]
    pub envoy: Option<Option<PathBuf>>,
    /// How cases with `from` get to Envoy with --envoy: `proxy` through tunnels, `address` by an address of this machine for
    /// each Service, to which datagrams can be sent as well.
    #[arg(long, value_name = "address|proxy", value_parser = value::capture, help_heading = "Envoy")]
    pub mesh_capture: Option<Capture>,
    /// Fail when the cases reach less than this percentage of the matches.
    #[arg(long, value_name = "PERCENT", value_parser = value::percent, help_heading = "Output")]
    pub fail_under: Option<f64>,
    /// The format of the results.
    #[arg(short, long, value_name = "FORMAT", default_value = "human", help_heading = "Output")]
    pub output: TestFormat,
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output_file: Option<PathBuf>,
    /// Write the cases in another form instead of running them.
    #[arg(long, value_name = "FORM", conflicts_with = "envoy", help_heading = "Output")]
    pub emit: Option<EmittedCases>,
    /// Do not fail because of errors in the manifests: the cases say what must hold.
    #[arg(long, help_heading = "Output")]
    pub partial: bool,
    /// Write the findings on the manifests in this format, `human`, `json`, `sarif`, `junit`, `github`, `gitlab` or `rdjson`: to standard
    /// error, or to a file with `=FILE`. Repeatable. Without it they are a part of the results.
    #[arg(long, value_name = "FORMAT[=FILE]", help_heading = "Findings")]
    pub report: Vec<Destination>,
}

impl TestArgs {
    /// How cases with `from` get to the Services that they name.
    ///
    /// # Errors
    /// A message for the user about a way that a run does not have.
    pub fn way(&self) -> Result<WayToServices, String> {
        match self.mesh_capture {
            Some(Capture::Redirect(_)) => {
                Err("`test` changes no rules of this machine: `--mesh-capture` is `address` or `proxy` here".to_owned())
            }
            Some(Capture::Address(_)) => Ok(WayToServices::Addresses),
            Some(Capture::Proxy(_)) | None => Ok(WayToServices::Proxy),
        }
    }
}

/// The format of test results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TestFormat {
    /// Text for people.
    Human,
    /// JSON.
    Json,
    /// JUnit's XML.
    Junit,
    /// Annotations of GitHub Actions.
    Github,
}

impl TestFormat {
    /// Whether the format consists of commands.
    pub fn commands(self) -> Commands {
        match self {
            Self::Github => Commands::Own,
            Self::Human | Self::Json | Self::Junit => Commands::Refused,
        }
    }
}

/// Another form of request cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EmittedCases {
    /// Tests of Envoy's router_check_tool.
    RouterCheck,
}
