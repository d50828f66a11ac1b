//! The command line: every command, flag and help text, and the way from flags
//! to [`Options`].

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use super::value::{self, Destination};
use crate::diagnostics::Code;
use crate::options::{
    AccessLog, AccessLogFormat, Assume, Channel, EnvoyVersion, ListenerAddress, Options, PortMap, Resolve,
};
use crate::proving::Target;

/// Compile Kubernetes Gateway API manifests to an Envoy configuration, offline.
///
/// Manifests go in, an Envoy configuration comes out, and every mistake on the way is reported with its file, line and
/// column. No cluster and no network is needed.
#[derive(Debug, Parser)]
#[command(name = "gwctl", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 = no error, 1 = findings that fail, 2 = could not run.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Flags of all commands.
    #[command(flatten)]
    pub screen: ScreenArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write the Envoy configuration for the manifests.
    ///
    /// The configuration goes to standard output, findings go to standard error. Any error means that nothing is
    /// written, unless --partial is given.
    Translate(Box<TranslateArgs>),
    /// Report everything that is wrong with the manifests.
    ///
    /// The report goes to standard output, complete, also when it is empty.
    #[command(visible_alias = "check")]
    Validate(Box<ValidateArgs>),
    /// Say what a controller would write into the status of every object: conditions, listeners, parents, ancestors.
    ///
    /// The status goes to standard output, also when there are errors, and findings go to standard error.
    Status(Box<StatusArgs>),
    /// Say what the gateway would do with one request: which listener and rule take it, which backends get it, and what
    /// they see of it.
    Route(Box<RouteArgs>),
    /// Run request cases against the manifests, without a proxy or through a real Envoy.
    ///
    /// The results go to standard output, complete. A case that does not hold gives exit code 1.
    Test(Box<TestArgs>),
    /// Say what a change of the manifests does to traffic, rule by rule, each with a request and both answers.
    Diff(Box<DiffArgs>),
    /// Explain a diagnostic code, list all of them, or list the defaults of the output.
    Explain(ExplainArgs),
    /// Write a completion script for a shell to standard output.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// How gwctl talks to the user.
#[derive(Clone, Copy, Debug, Args)]
pub struct ScreenArgs {
    /// When to use colours; `auto` means on a terminal, unless NO_COLOR is set.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Screen")]
    pub color: ColorChoice,
    /// Show only errors on standard error: no warnings, no notes, no summary. A report on standard output, in a file or
    /// in another format than `human` stays complete.
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Screen")]
    pub quiet: bool,
    /// Show the summary line with counts and time also when standard error is not a terminal.
    #[arg(short, long, global = true, help_heading = "Screen")]
    pub verbose: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Flags of `translate`.
#[derive(Debug, Args)]
pub struct TranslateArgs {
    /// The input.
    #[command(flatten)]
    pub input: InputArgs,
    /// The settings of the compilation.
    #[command(flatten)]
    pub compile: CompileArgs,
    /// The format of the output. By default the extension of --output-file decides, and otherwise it is `yaml`.
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub output: Option<OutputFormat>,
    /// Write to this file instead of standard output. The file is replaced as a whole, or left as it was.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output_file: Option<PathBuf>,
    /// Write only one section of the configuration, as Envoy's own resources.
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
    /// Write nothing, and compare this bootstrap (YAML, JSON or protobuf) with what the manifests give. The exit code is 1
    /// when it is stale, and standard output says what differs.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    #[arg(conflicts_with_all = ["output", "output_file", "section", "no_comments"])]
    pub check: Option<PathBuf>,
    /// Write the findings in this format, `human`, `json`, `sarif`, `junit` or `github`: to standard error, or to a file
    /// with `=FILE`. Repeatable. Standard error gets `human` unless another format is named for it.
    #[arg(long, value_name = "FORMAT[=FILE]", help_heading = "Findings")]
    pub report: Vec<Destination>,
}

/// Flags of `validate`.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// The input.
    #[command(flatten)]
    pub input: InputArgs,
    /// The settings of the compilation.
    #[command(flatten)]
    pub compile: CompileArgs,
    /// The format of the report, `human`, `json`, `sarif`, `junit` or `github`: to standard output, or to a file with
    /// `=FILE`. Repeatable. Standard output gets `human` unless another format is named for it.
    #[arg(short, long, value_name = "FORMAT[=FILE]", help_heading = "Output")]
    pub output: Vec<Destination>,
    /// Write the report to this file instead of standard output. The file is replaced as a whole, or left as it was.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output_file: Option<PathBuf>,
    /// Make the fixes of all findings in the files, say which on standard error, and report what is left. Nothing else in
    /// the files changes.
    #[arg(long, help_heading = "Findings")]
    pub fix: bool,
    /// Let a real Envoy validate the result too, and report what it refuses. Without a path it is the binary that
    /// GWCTL_ENVOY names, or `envoy` on the PATH.
    #[arg(long, value_name = "PATH", num_args = 0..=1, require_equals = true, help_heading = "Findings")]
    pub envoy: Option<Option<PathBuf>>,
}

/// Flags of `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The input.
    #[command(flatten)]
    pub input: InputArgs,
    /// The settings of the compilation.
    #[command(flatten)]
    pub compile: CompileArgs,
    /// The format of the status.
    #[arg(short, long, value_name = "FORMAT", default_value = "table", help_heading = "Output")]
    pub output: StatusFormat,
    /// Write to this file instead of standard output. The file is replaced as a whole, or left as it was.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output_file: Option<PathBuf>,
    /// Exit with 0 also when there are errors.
    #[arg(long, help_heading = "Output")]
    pub partial: bool,
    /// Write the findings in this format, `human`, `json`, `sarif`, `junit` or `github`: to standard error, or to a file
    /// with `=FILE`. Repeatable. Standard error gets `human` unless another format is named for it.
    #[arg(long, value_name = "FORMAT[=FILE]", help_heading = "Findings")]
    pub report: Vec<Destination>,
}

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
    /// Exit with 0 also when there are errors.
    #[arg(long, help_heading = "Output")]
    pub partial: bool,
    /// Write the findings in this format, `human` or `json`: to standard error, or to a file with `=FILE`. Repeatable.
    #[arg(long, value_name = "FORMAT[=FILE]", help_heading = "Findings")]
    pub report: Vec<Destination>,
}

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
}

/// Flags of `diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The manifests before the change: a path, or `git:REV[:PATH]`.
    #[arg(value_name = "OLD")]
    pub old: String,
    /// The manifests after the change, in the same form.
    #[arg(value_name = "NEW")]
    pub new: String,
    /// The settings of the compilation.
    #[command(flatten)]
    pub compile: CompileArgs,
    /// The format of the differences.
    #[arg(short, long, value_name = "FORMAT", default_value = "human", help_heading = "Output")]
    pub output: DiffFormat,
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output_file: Option<PathBuf>,
    /// Exit with 1 when there is a difference.
    #[arg(long, help_heading = "Output")]
    pub exit_code: bool,
}

/// The format of the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatusFormat {
    /// Tables for people, one for each kind.
    Table,
    /// One YAML document for each object.
    Yaml,
    /// One `List` in JSON.
    Json,
}

/// The format of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DecisionFormat {
    /// Text for people.
    Human,
    /// JSON.
    Json,
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

/// The format of differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// Text for people.
    Human,
    /// JSON.
    Json,
    /// Markdown, for a pull request.
    Markdown,
}

/// Another form of request cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EmittedCases {
    /// Tests of Envoy's router_check_tool.
    RouterCheck,
}

/// The manifests, where the positional arguments are something else.
#[derive(Debug, Args)]
pub struct FileArgs {
    /// Files or directories with manifests, `-` for standard input. Repeatable.
    #[arg(short, long, value_name = "PATH", required = true, help_heading = "Input")]
    filename: Vec<PathBuf>,
    /// Files or directories with objects that are known but not judged. Repeatable.
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    context: Vec<PathBuf>,
}

impl FileArgs {
    /// The same as positional paths.
    pub fn input(&self) -> InputArgs {
        InputArgs { paths: self.filename.clone(), filename: Vec::new(), context: self.context.clone() }
    }
}

impl InputArgs {
    /// One path and nothing else.
    pub fn of(path: PathBuf) -> Self {
        Self { paths: vec![path], filename: Vec::new(), context: Vec::new() }
    }
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A code (`GW2001`), the name of one (`backend-not-found`), or `defaults` for what is emitted without being asked.
    #[arg(value_name = "CODE", required_unless_present = "list")]
    pub topic: Option<String>,
    /// List every code with its name, severity and meaning.
    #[arg(long, conflicts_with = "topic")]
    pub list: bool,
}

/// The manifests.
#[derive(Debug, Args)]
pub struct InputArgs {
    /// Files or directories with manifests, `-` for standard input. Directories are searched for .yaml, .yml and .json
    /// files, hidden ones left out.
    #[arg(value_name = "PATHS", required_unless_present = "filename")]
    pub paths: Vec<PathBuf>,
    /// The same as a path without the flag. Repeatable.
    #[arg(short, long, value_name = "PATH", help_heading = "Input")]
    filename: Vec<PathBuf>,
    /// Files or directories with objects that are known but not judged: they are compiled like the others, and findings
    /// on them are left out. Repeatable.
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub context: Vec<PathBuf>,
}

/// Settings of the compilation, common to the commands that compile.
#[derive(Debug, Args)]
pub struct CompileArgs {
    /// The namespace of objects that name none.
    #[arg(short, long, value_name = "NAMESPACE", default_value = "default", value_parser = value::namespace)]
    #[arg(help_heading = "Input")]
    namespace: String,
    /// Only this Gateway. Repeatable; all Gateways by default.
    #[arg(long, value_name = "NS/NAME", value_parser = value::namespaced_name, help_heading = "Selection")]
    gateway: Vec<(String, String)>,
    /// Only Gateways of this class. Repeatable; all classes by default.
    #[arg(long, value_name = "NAME", help_heading = "Selection")]
    gateway_class: Vec<String>,
    /// The controller name that a GatewayClass must have for its Gateways to be compiled.
    #[arg(long, value_name = "NAME", default_value = "gwctl.dev/offline", help_heading = "Selection")]
    controller_name: String,
    /// What the input may lack, separated by commas. Repeatable.
    #[arg(long, value_name = "KIND,…", value_delimiter = ',', help_heading = "Selection")]
    assume: Vec<Assumption>,
    /// Short for --assume services.
    #[arg(long, help_heading = "Selection")]
    assume_services: bool,
    /// The endpoints of a Service port: IP addresses (IPv6 in brackets) or DNS names, separated by commas. Repeatable.
    #[arg(long, value_name = "NS/SVC:PORT=HOST:PORT[,…]", value_parser = value::resolve, help_heading = "Backends")]
    resolve: Vec<Resolve>,
    /// The DNS domain of the cluster.
    #[arg(long, value_name = "DOMAIN", default_value = "cluster.local", value_parser = value::domain)]
    #[arg(help_heading = "Backends")]
    cluster_domain: String,
    /// Accept Services of type ExternalName as backends. Whoever may write such a Service can then reach any host that
    /// Envoy reaches (CVE-2021-25740).
    #[arg(long, help_heading = "Backends")]
    allow_external_name: bool,
    /// The address that listeners bind; `gateway` binds the addresses of each Gateway's `spec.addresses`.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0", value_parser = value::listener_address)]
    #[arg(help_heading = "Envoy")]
    listener_address: ListenerAddress,
    /// Bind another port than the listener's, for all Gateways or for one: `80=10080`, `infra/edge:80=10080`.
    /// Repeatable.
    #[arg(long, value_name = "[NS/NAME:]FROM=TO", value_parser = value::port_map, help_heading = "Envoy")]
    port_map: Vec<PortMap>,
    /// The address and port of Envoy's admin interface.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:19000", value_parser = value::admin_address)]
    #[arg(help_heading = "Envoy")]
    admin_address: SocketAddr,
    /// Switch the admin interface off.
    #[arg(long, conflicts_with = "admin_address", help_heading = "Envoy")]
    no_admin: bool,
    /// Where requests are logged: `none`, `stdout` or a file.
    #[arg(long, value_name = "TARGET", default_value = "none", value_parser = value::access_log)]
    #[arg(help_heading = "Envoy")]
    access_log: AccessLog,
    /// The form of a log entry: Envoy's line of text, or a JSON object.
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Envoy")]
    access_log_format: LogFormat,
    /// How many trusted proxies in front of Envoy append to x-forwarded-for.
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Envoy")]
    trusted_hops: u32,
    /// Expect connections to begin with a PROXY protocol header.
    #[arg(long, help_heading = "Envoy")]
    proxy_protocol: bool,
    /// Write certificates and keys below this directory and refer to them by path, instead of writing them into the
    /// configuration.
    #[arg(long, value_name = "DIR", help_heading = "Envoy")]
    secrets_dir: Option<PathBuf>,
    /// The file with the system's certificate authorities on the machine that runs Envoy.
    #[arg(long, value_name = "FILE", default_value = "/etc/ssl/certs/ca-certificates.crt", help_heading = "Envoy")]
    system_ca: String,
    /// The oldest Envoy release that must load the output, from 1.36 to 1.40.
    #[arg(long, value_name = "VERSION", default_value = "1.40", value_parser = value::envoy_version)]
    #[arg(help_heading = "Envoy")]
    envoy_version: EnvoyVersion,
    /// The release channel of Gateway API whose schema counts; `standard` refuses what only the other one has.
    #[arg(long, value_name = "CHANNEL", default_value = "experimental", help_heading = "Findings")]
    channel: ChannelName,
    /// Fail on warnings as on errors.
    #[arg(long, value_name = "WHAT", help_heading = "Findings")]
    deny: Option<Denied>,
    /// Leave out the warnings or notes of this code or name. An error cannot be left out. Repeatable, or separated by
    /// commas.
    #[arg(long, value_name = "CODE,…", value_delimiter = ',', value_parser = value::ignored_code)]
    #[arg(help_heading = "Findings")]
    ignore: Vec<Code>,
    /// Report only the warnings and notes of this code or name. Errors are always reported. Repeatable, or separated by
    /// commas.
    #[arg(long, value_name = "CODE,…", value_delimiter = ',', value_parser = value::code, help_heading = "Findings")]
    select: Vec<Code>,
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
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Assumption {
    /// Gateways that routes name; they accept every route and emit nothing.
    Gateways,
    /// Services; they become DNS clusters on the reference's port.
    Services,
    /// Secrets.
    Secrets,
    /// ConfigMaps.
    Configmaps,
    /// Namespaces that a selector looks at.
    Namespaces,
    /// ReferenceGrants; every reference into another namespace is allowed.
    Grants,
    /// Objects that a `parametersRef` names; they have no effect.
    Parameters,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ChannelName {
    Standard,
    Experimental,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Denied {
    Warnings,
}

impl Cli {
    /// Parses a command line whose first item is the name of the program.
    ///
    /// # Errors
    /// A usage error, or the text of `--help` and `--version`; clap prints either and knows the exit code.
    pub fn parse_line(line: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        Self::from_matches(&Self::command().try_get_matches_from(line)?)
    }

    /// The same for a line that clap has taken apart.
    ///
    /// # Errors
    /// As [`Cli::parse_line`].
    pub(super) fn from_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut cli = Self::from_arg_matches(matches)?;
        if let Some((_, matches)) = matches.subcommand() {
            match &mut cli.command {
                Command::Translate(args) => args.input.order_paths(matches),
                Command::Validate(args) => args.input.order_paths(matches),
                Command::Status(args) => args.input.order_paths(matches),
                Command::Route(_)
                | Command::Test(_)
                | Command::Diff(_)
                | Command::Explain(_)
                | Command::Completions { .. } => {}
            }
        }
        Ok(cli)
    }

    /// The paths of the manifests that the command reads, without those of `--context`.
    pub fn paths(&self) -> &[PathBuf] {
        match &self.command {
            Command::Translate(args) => &args.input.paths,
            Command::Validate(args) => &args.input.paths,
            Command::Status(args) => &args.input.paths,
            Command::Route(args) => &args.files.filename,
            Command::Test(args) => &args.files.filename,
            // Two revisions may have different settings: the command line decides alone.
            Command::Diff(_) | Command::Explain(_) | Command::Completions { .. } => &[],
        }
    }

    /// A usage error in clap's form, for what only becomes clear after parsing.
    pub fn usage_error(message: &str) -> clap::Error {
        Self::command().error(ErrorKind::ValueValidation, message)
    }
}

impl InputArgs {
    /// Merges the paths and the values of `--filename` in the order of the command line.
    fn order_paths(&mut self, matches: &ArgMatches) {
        let indices = |name: &str| matches.indices_of(name).into_iter().flatten();
        let positional = indices("paths").zip(std::mem::take(&mut self.paths));
        let flagged = indices("filename").zip(std::mem::take(&mut self.filename));
        let mut all: Vec<(usize, PathBuf)> = positional.chain(flagged).collect();
        all.sort_by_key(|(index, _)| *index);
        self.paths = all.into_iter().map(|(_, path)| path).collect();
    }
}

impl CompileArgs {
    /// Whether warnings fail the run.
    pub fn denies_warnings(&self) -> bool {
        matches!(self.deny, Some(Denied::Warnings))
    }

    /// The settings of the compilation.
    ///
    /// # Errors
    /// A message for the user when two flags contradict each other.
    pub fn options(&self) -> Result<Options, String> {
        self.check_resolve()?;
        self.check_port_map()?;
        Ok(Options {
            namespace: self.namespace.clone(),
            gateways: self.gateway.clone(),
            gateway_classes: self.gateway_class.clone(),
            controller_name: self.controller_name.clone(),
            assume: self.assumed(),
            resolve: self.resolve.clone(),
            cluster_domain: self.cluster_domain.clone(),
            allow_external_name: self.allow_external_name,
            listener_address: self.listener_address,
            port_map: self.port_map.clone(),
            admin_address: (!self.no_admin).then_some(self.admin_address),
            access_log: self.access_log.clone(),
            access_log_format: match self.access_log_format {
                LogFormat::Text => AccessLogFormat::Text,
                LogFormat::Json => AccessLogFormat::Json,
            },
            trusted_hops: self.trusted_hops,
            proxy_protocol: self.proxy_protocol,
            secrets_dir: self.secrets_dir.clone(),
            system_ca: self.system_ca.clone(),
            channel: match self.channel {
                ChannelName::Standard => Channel::Standard,
                ChannelName::Experimental => Channel::Experimental,
            },
            envoy_version: self.envoy_version,
            now: Some(time::OffsetDateTime::now_utc().unix_timestamp()),
            ignore: ids(&self.ignore),
            select: ids(&self.select),
        })
    }

    fn assumed(&self) -> Assume {
        let mut assume = Assume { services: self.assume_services, ..Assume::default() };
        for assumption in &self.assume {
            match assumption {
                Assumption::Gateways => assume.gateways = true,
                Assumption::Services => assume.services = true,
                Assumption::Secrets => assume.secrets = true,
                Assumption::Configmaps => assume.config_maps = true,
                Assumption::Namespaces => assume.namespaces = true,
                Assumption::Grants => assume.grants = true,
                Assumption::Parameters => assume.parameters = true,
            }
        }
        assume
    }

    fn check_resolve(&self) -> Result<(), String> {
        for (position, one) in self.resolve.iter().enumerate() {
            let Resolve { namespace, name, port, endpoints: _ } = one;
            let is_same = |other: &Resolve| (&other.namespace, &other.name, other.port) == (namespace, name, *port);
            if self.resolve[..position].iter().any(is_same) {
                return Err(format!(
                    "--resolve names {namespace}/{name}:{port} twice; separate its endpoints by commas"
                ));
            }
        }
        Ok(())
    }

    fn check_port_map(&self) -> Result<(), String> {
        for (position, one) in self.port_map.iter().enumerate() {
            let is_same = |other: &PortMap| other.from == one.from && other.gateway == one.gateway;
            if self.port_map[..position].iter().any(is_same) {
                return Err(format!("--port-map says twice what port {} becomes", one.from));
            }
        }
        Ok(())
    }
}

fn ids(codes: &[Code]) -> Vec<String> {
    codes.iter().map(|code| code.id().to_owned()).collect()
}

#[cfg(test)]
mod tests;
