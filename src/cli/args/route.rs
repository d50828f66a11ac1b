//! The command line of `route`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::super::value;
use super::{CompileArgs, FileArgs, ReportArgs};
use crate::name::Namespace;
use crate::proving::Target;

/// Flags of `route`.
#[derive(Debug, Args)]
pub struct RouteArgs {
    /// The URL. Scheme and port pick the listener, and the host is the Host header.
    #[arg(value_name = "URL")]
    pub url: Target,
    /// The input.
    #[command(flatten)]
    pub files: FileArgs,
    /// The settings of the compilation.
    #[command(flatten)]
    pub compile: CompileArgs,
    /// Ask as a client in this namespace that connects to a Service: `http://shop/`, `http://shop.web:8080/` or
    /// `http://shop.web.svc.cluster.local/`.
    #[arg(
        long,
        value_name = "NAMESPACE",
        value_parser = value::namespace,
        conflicts_with_all = ["partial", "address"],
        help_heading = "Request"
    )]
    pub from: Option<Namespace>,
    /// The method.
    #[arg(short = 'X', long, value_name = "METHOD", default_value = "GET", help_heading = "Request")]
    pub method: String,
    /// A header line; `host` replaces the URL's host. Repeatable.
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = value::header, help_heading = "Request")]
    pub header: Vec<(String, String)>,
    /// The server name of the TLS handshake; the URL's host by default.
    #[arg(long, value_name = "NAME", help_heading = "Request")]
    pub sni: Option<String>,
    /// The address that the client connects to, where listeners bind several.
    #[arg(long, value_name = "ADDRESS", help_heading = "Request")]
    pub address: Option<std::net::IpAddr>,
    /// Speak HTTP/2.
    #[arg(long, help_heading = "Request")]
    pub http2: bool,
    /// Show the other candidates and why each does not take the request.
    #[arg(long, help_heading = "Output")]
    pub explain: bool,
    /// The format of the decision.
    #[arg(short, long, value_name = "FORMAT", default_value = "human", help_heading = "Output")]
    pub output: DecisionFormat,
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output_file: Option<PathBuf>,
    /// Decide as what `translate --partial` writes does, and exit with 0 also when there are errors.
    #[arg(long, help_heading = "Output")]
    pub partial: bool,
    /// Where findings go.
    #[command(flatten)]
    pub findings: ReportArgs,
}

/// The format of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DecisionFormat {
    /// Text for people.
    Human,
    /// JSON.
    Json,
}
