//! The command line of `describe`.

use clap::{Args, ValueEnum};

use super::ShowArgs;

/// Flags of `describe`.
#[derive(Debug, Args)]
pub struct DescribeArgs {
    /// The objects, the input, and where all goes.
    #[command(flatten)]
    pub show: ShowArgs,
    /// The form; by default the extension of --output-file decides, and otherwise it is `text`.
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub output: Option<DescribeFormat>,
}

impl DescribeArgs {
    /// The form of the descriptions.
    pub fn format(&self) -> DescribeFormat {
        self.output.unwrap_or(match self.show.extension() {
            Some("json") => DescribeFormat::Json,
            Some("yaml" | "yml") => DescribeFormat::Yaml,
            _ => DescribeFormat::Text,
        })
    }
}

/// The form of descriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DescribeFormat {
    /// For people; the default.
    Text,
    /// One object with all descriptions (docs/describe.schema.json).
    Json,
    /// The same in YAML.
    Yaml,
}
