//! The command line of `translate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{CompileArgs, InputArgs, MeshArgs, ReportArgs};

/// Flags of `translate`.
#[derive(Debug, Args)]
pub struct TranslateArgs {
    /// The input.
    #[command(flatten)]
    pub input: InputArgs,
    /// The settings of the compilation.
    #[command(flatten)]
    pub compile: CompileArgs,
    /// Whom the output serves.
    #[command(flatten)]
    pub mesh: MeshArgs,
    /// The format of the output. By default the extension of --output-file decides, and otherwise it is `yaml`.
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub output: Option<OutputFormat>,
    /// Write to this file instead of standard output. The file is replaced as a whole, or left as it was.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output_file: Option<PathBuf>,
    /// How the configuration is laid out: `static` is one bootstrap; `xds` is a directory of files, which a running Envoy
    /// follows without a restart (`envoy -c DIR/envoy.yaml`).
    #[arg(long, value_name = "LAYOUT", default_value = "static", help_heading = "Output")]
    pub layout: LayoutName,
    /// The directory for `--layout xds`. It is made, or is one that gwctl made before; any other one is refused. Files are
    /// replaced one by one in the order that loses no request, and only where they change.
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub output_dir: Option<PathBuf>,
    /// Write a directory as of `--layout xds` for each Gateway, `DIR/NAMESPACE/NAME`, each for an Envoy of its own with the
    /// node id `gwctl/NAMESPACE/NAME`.
    #[arg(long, value_name = "BY", help_heading = "Output", requires = "output_dir")]
    pub split: Option<SplitBy>,
    /// Where Envoy finds that directory, if not at its own absolute path: in a container, for example.
    #[arg(long, value_name = "DIR", help_heading = "Output", requires = "output_dir")]
    pub mounted_at: Option<PathBuf>,
    /// Write only one section of the configuration, as Envoy's own resources, which need nothing beside them.
    #[arg(long, value_name = "SECTION", help_heading = "Output")]
    pub section: Option<Section>,
    /// Leave out the comments that name the file and line behind each part of YAML output.
    #[arg(long, help_heading = "Output")]
    pub no_comments: bool,
    /// Write the output also when there are errors: what a Gateway controller would program. Objects that the API server
    /// would refuse are left out, and what cannot be served answers with an error. The exit code is 0 whenever an output
    /// was written, whatever --deny says.
    #[arg(long, help_heading = "Output")]
    pub partial: bool,
    /// Write nothing, and compare this bootstrap (YAML, JSON or protobuf) with what the manifests give, or what a running
    /// Envoy of this machine has (`http://127.0.0.1:19000`, or a file with its `/config_dump`). The exit code is 1 when it is
    /// stale, and standard output says what differs.
    #[arg(long, value_name = "FILE|URL", help_heading = "Output")]
    #[arg(conflicts_with_all = ["output", "output_file", "section", "no_comments"])]
    pub check: Option<PathBuf>,
    /// Stay, and keep the output current while the manifests are edited, until Ctrl-C. An edit with an error is not taken:
    /// its findings are printed and the last good output stays. Needs --output-dir or --output-file.
    #[arg(long, conflicts_with = "check", help_heading = "Output")]
    pub watch: bool,
    /// Where findings go.
    #[command(flatten)]
    pub findings: ReportArgs,
    /// The flags of the command line that say what the output holds.
    #[arg(skip)]
    pub(in crate::cli) flags: Vec<String>,
}

/// The layout of the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LayoutName {
    /// One bootstrap.
    #[default]
    Static,
    /// Files that Envoy watches.
    Xds,
}

/// By what the output is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SplitBy {
    /// A directory for each Gateway.
    Gateway,
}

/// The format of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// YAML.
    Yaml,
    /// JSON.
    Json,
    /// Binary protobuf.
    Pb,
}

/// A section of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Section {
    /// The listeners.
    Listeners,
    /// The route configurations of the listeners.
    Routes,
    /// The clusters.
    Clusters,
    /// The endpoints of the clusters.
    Endpoints,
    /// The secrets.
    Secrets,
    /// A file of hosts with the addresses of Services (`--mesh-capture address`).
    Hosts,
    /// Rules of nftables that lead connections to Services to Envoy (`--mesh-capture redirect`).
    Redirect,
}
