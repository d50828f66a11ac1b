//! The command line of `graph`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::super::value;
use super::{CompileArgs, InputArgs, ReportArgs};
use crate::parser::manifests::ObjectKey;

/// Flags of `graph`.
#[derive(Debug, Args)]
pub struct GraphArgs {
    /// The input.
    #[command(flatten)]
    pub input: InputArgs,
    /// The settings of the compilation.
    #[command(flatten)]
    pub compile: CompileArgs,
    /// Show what leads to this object and what it leads to, such as `httproute/shop/web`.
    #[arg(long = "for", value_name = "KIND/NS/NAME", value_parser = value::object, help_heading = "Picture")]
    pub about: Option<ObjectKey>,
    /// How deep the picture goes; the deepest that is not too large by default.
    #[arg(long, value_name = "LEVEL", help_heading = "Picture")]
    pub level: Option<LevelName>,
    /// The form of the picture.
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub output: Option<PictureFormat>,
    /// Write to this file instead of standard output; without --output its extension decides. The file is replaced as a
    /// whole, or left as it was.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output_file: Option<PathBuf>,
    /// Exit with 0 also when there are errors.
    #[arg(long, help_heading = "Output")]
    pub partial: bool,
    /// Where findings go.
    #[command(flatten)]
    pub findings: ReportArgs,
}

impl GraphArgs {
    /// The form of the picture.
    pub fn format(&self) -> PictureFormat {
        let extension = self.output_file.as_deref().and_then(|file| file.extension()).and_then(|name| name.to_str());
        let of_file = || match extension {
            Some("svg") => PictureFormat::Svg,
            Some("html" | "htm") => PictureFormat::Html,
            Some("mmd" | "mermaid") => PictureFormat::Mermaid,
            _ => PictureFormat::Dot,
        };
        self.output.unwrap_or_else(of_file)
    }
}

/// The form of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PictureFormat {
    /// For Graphviz; the default.
    Dot,
    /// A flow chart of Mermaid, which pages of Markdown show.
    Mermaid,
    /// A picture.
    Svg,
    /// A page with search, details and requests, which needs no network.
    Html,
}

/// How deep a picture goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LevelName {
    /// Gateways with their listeners.
    Gateways,
    /// And routes.
    Routes,
    /// And what these send to, policies and grants.
    Services,
    /// And each rule by itself.
    Rules,
    /// And where backends are.
    Endpoints,
}
