//! The command line of `get`.

use clap::{Args, ValueEnum};

use super::ShowArgs;

/// Flags of `get`.
#[derive(Debug, Args)]
pub struct GetArgs {
    /// The objects, the input, and where all goes.
    #[command(flatten)]
    pub show: ShowArgs,
    /// The format; by default the extension of --output-file decides, and otherwise it is `table`.
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub output: Option<ViewFormat>,
}

impl GetArgs {
    /// The format of the objects.
    pub fn format(&self) -> ViewFormat {
        self.output.unwrap_or(match self.show.extension() {
            Some("json") => ViewFormat::Json,
            Some("yaml" | "yml") => ViewFormat::Yaml,
            _ => ViewFormat::Table,
        })
    }
}

/// The format of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ViewFormat {
    /// Tables for people, one for each kind.
    Table,
    /// The same with more columns.
    Wide,
    /// The objects as they are written, with the status that is computed, one YAML document each.
    Yaml,
    /// The same in JSON: one object where one is named, else a `List`.
    Json,
    /// `KIND.GROUP/NAME`, a line each.
    Name,
}
