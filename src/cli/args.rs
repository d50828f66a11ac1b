//! The command line: every command, flag and help text. Each command has a file; so do the flags that several share.

mod asked;
mod blame;
mod compile;
mod describe;
mod diff;
mod explain;
mod findings;
mod flags;
mod get;
mod graph;
mod input;
mod man;
mod mesh;
mod migrate;
mod route;
mod run;
mod show;
mod status;
mod test;
mod translate;
mod ui;
mod validate;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

pub use asked::AskedArgs;
pub use blame::BlameArgs;
pub use compile::CompileArgs;
pub use describe::{DescribeArgs, DescribeFormat};
pub use diff::{DiffArgs, DiffFormat};
pub use explain::ExplainArgs;
pub use findings::ReportArgs;
pub use get::{GetArgs, ViewFormat};
pub use graph::{GraphArgs, LevelName, PictureFormat};
pub use input::{FileArgs, InputArgs, InputPaths, TreeArgs};
pub use man::ManArgs;
pub use mesh::{MeshArgs, ServedServices, UnknownHosts};
pub use migrate::{MigrateArgs, TermsName};
pub use route::{DecisionFormat, RouteArgs};
pub use run::RunArgs;
pub use show::ShowArgs;
pub use status::{StatusArgs, StatusFormat};
pub use test::{EmittedCases, TestArgs, TestFormat};
pub use translate::{LayoutName, OutputFormat, Section, SplitBy, TranslateArgs};
pub use ui::UiArgs;
pub use validate::ValidateArgs;

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
    /// List objects of the manifests as cluster tools do, with what a controller would say of them.
    ///
    /// The objects go to standard output, findings go to standard error. The exit code is 1 when no object has the name.
    Get(Box<GetArgs>),
    /// Say all that is known of an object: conditions, what it refers to and what becomes of that, who refers to it, the
    /// policies that count and where each comes from, rules in order of precedence, findings.
    ///
    /// The description goes to standard output, findings go to standard error. The exit code is 1 when no object has the
    /// name.
    Describe(Box<DescribeArgs>),
    /// Draw what leads from Gateways to endpoints: listeners, routes, rules, backends, policies and grants, what is broken
    /// with its code.
    ///
    /// The picture goes to standard output, also when there are errors, and findings go to standard error. The exit code is
    /// 1 when the object of --for is not in it.
    Graph(Box<GraphArgs>),
    /// Serve the page of `graph` on this machine, and follow the manifests: it has what there is now, asks the simulator about
    /// any request, and says what has changed since a revision.
    ///
    /// The address goes to standard output. Ctrl-C ends it.
    Ui(Box<UiArgs>),
    /// Say what the gateway would do with one request: which listener and rule take it, which backends get it, and what
    /// they see of it.
    Route(Box<RouteArgs>),
    /// Say which object, file and line is behind a name of the output, a statistic of Envoy or a line of its access log.
    ///
    /// The answer goes to standard output. The exit code is 1 when nothing that the manifests are translated to has the name,
    /// or several things have it.
    Blame(Box<BlameArgs>),
    /// Run request cases against the manifests, without a proxy or through a real Envoy.
    ///
    /// The results go to standard output, complete. A case that does not hold gives exit code 1.
    Test(Box<TestArgs>),
    /// Say what a change of the manifests does to traffic, rule by rule, each with a request and both answers.
    Diff(Box<DiffArgs>),
    /// Write the manifests in other terms: what policies of one vendor say, as Gateway API's own fields say it, or policies of
    /// another vendor.
    ///
    /// The manifests go to standard output, with all that needs no other terms as it is. What cannot be said is reported on
    /// standard error, and gives exit code 1, as does a result that decides otherwise than the input.
    Migrate(Box<MigrateArgs>),
    /// Run an Envoy on this machine that follows the manifests, with local processes behind their Services.
    ///
    /// What can be called goes to standard output. Everything listens on 127.0.0.1, ports below 1024 move up by 10000, and
    /// Ctrl-C ends Envoy too.
    Run(Box<RunArgs>),
    /// Explain a diagnostic code, list all of them, or list the defaults of the output.
    Explain(ExplainArgs),
    /// Write a completion script for a shell to standard output.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write manual pages: one to standard output, or all of them into a directory.
    Man(ManArgs),
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
                Command::Translate(args) => {
                    args.input.order_paths(matches);
                    let command = Self::command();
                    let own = command.find_subcommand("translate");
                    args.flags = own.map(|own| flags::flags_of(own, matches)).unwrap_or_default();
                }
                Command::Validate(args) => args.complete(matches),
                Command::Status(args) => args.input.order_paths(matches),
                Command::Get(args) => {
                    let asked = args.show.asked.complete(matches, args.show.compile.namespace());
                    asked.map_err(|message| Self::usage_error(&message))?;
                }
                Command::Describe(args) => {
                    let asked = args.show.asked.complete(matches, args.show.compile.namespace());
                    asked.map_err(|message| Self::usage_error(&message))?;
                }
                Command::Blame(args) => args.input.order_paths(matches),
                Command::Graph(args) => args.input.order_paths(matches),
                Command::Ui(args) => args.input.order_paths(matches),
                Command::Migrate(args) => args.input.order_paths(matches),
                Command::Run(args) => args.complete(matches),
                Command::Route(_)
                | Command::Test(_)
                | Command::Diff(_)
                | Command::Explain(_)
                | Command::Completions { .. }
                | Command::Man(_) => {}
            }
        }
        Ok(cli)
    }

    /// The paths of the manifests that the command reads, without those of `--context`.
    pub fn paths(&self) -> Vec<&Path> {
        let paths = match &self.command {
            Command::Translate(args) => &args.input.paths,
            Command::Validate(args) => &args.input.paths,
            Command::Status(args) => &args.input.paths,
            Command::Get(args) => &args.show.asked.paths,
            Command::Describe(args) => &args.show.asked.paths,
            Command::Blame(args) => &args.input.paths,
            Command::Graph(args) => &args.input.paths,
            Command::Ui(args) => &args.input.paths,
            Command::Migrate(args) => &args.input.paths,
            Command::Run(args) => &args.input.paths,
            Command::Route(args) => &args.files.filename,
            Command::Test(args) => &args.files.filename,
            Command::Diff(args) => return vec![args.settled_path()],
            Command::Explain(_) | Command::Completions { .. } | Command::Man(_) => return Vec::new(),
        };
        paths.iter().map(PathBuf::as_path).collect()
    }

    /// The settings of the compilation, when the command has some.
    pub(super) fn compile(&self) -> Option<&CompileArgs> {
        match &self.command {
            Command::Translate(args) => Some(&args.compile),
            Command::Validate(args) => Some(&args.compile),
            Command::Status(args) => Some(&args.compile),
            Command::Get(args) => Some(&args.show.compile),
            Command::Describe(args) => Some(&args.show.compile),
            Command::Blame(args) => Some(&args.compile),
            Command::Graph(args) => Some(&args.compile),
            Command::Ui(args) => Some(&args.compile),
            Command::Route(args) => Some(&args.compile),
            Command::Test(args) => Some(&args.compile),
            Command::Diff(args) => Some(&args.compile),
            Command::Migrate(args) => Some(&args.compile),
            Command::Run(args) => Some(&args.compile),
            Command::Explain(_) | Command::Completions { .. } | Command::Man(_) => None,
        }
    }

    /// The input of the commands that judge each argument by the settings of its own.
    pub(super) fn input_of_trees(&mut self) -> Option<&mut InputArgs> {
        match &mut self.command {
            Command::Validate(args) => Some(&mut args.input),
            Command::Status(args) => Some(&mut args.input),
            _ => None,
        }
    }

    /// Whether errors do not fail the run, of these commands.
    pub(super) fn is_partial(&self) -> bool {
        match &self.command {
            Command::Validate(args) => args.partial,
            Command::Status(args) => args.partial,
            _ => false,
        }
    }

    /// The objects that are asked for, of the commands that show some.
    fn asked_mut(&mut self) -> Option<&mut AskedArgs> {
        match &mut self.command {
            Command::Get(args) => Some(&mut args.show.asked),
            Command::Describe(args) => Some(&mut args.show.asked),
            _ => None,
        }
    }

    /// Takes out of a selection what a settings file has added to the command line: `namespace` says there what objects
    /// without one are in, and selects none.
    pub(super) fn restore_selection(&mut self, mut given: Self) {
        if let (Some(asked), Some(given)) = (self.asked_mut(), given.asked_mut()) {
            asked.namespace = given.namespace.take();
        }
    }

    /// The flags that say what the output holds, as they were written.
    pub(super) fn flags(&self) -> &[String] {
        match &self.command {
            Command::Translate(args) => &args.flags,
            _ => &[],
        }
    }

    /// Takes what a settings file has added out of them.
    pub(super) fn set_flags(&mut self, flags: Vec<String>) {
        if let Command::Translate(args) = &mut self.command {
            args.flags = flags;
        }
    }

    /// The same, to be completed.
    pub(super) fn compile_mut(&mut self) -> Option<&mut CompileArgs> {
        match &mut self.command {
            Command::Translate(args) => Some(&mut args.compile),
            Command::Validate(args) => Some(&mut args.compile),
            Command::Status(args) => Some(&mut args.compile),
            Command::Get(args) => Some(&mut args.show.compile),
            Command::Describe(args) => Some(&mut args.show.compile),
            Command::Blame(args) => Some(&mut args.compile),
            Command::Graph(args) => Some(&mut args.compile),
            Command::Ui(args) => Some(&mut args.compile),
            Command::Route(args) => Some(&mut args.compile),
            Command::Test(args) => Some(&mut args.compile),
            Command::Diff(args) => Some(&mut args.compile),
            Command::Migrate(args) => Some(&mut args.compile),
            Command::Run(args) => Some(&mut args.compile),
            Command::Explain(_) | Command::Completions { .. } | Command::Man(_) => None,
        }
    }

    /// A usage error in clap's form, for what only becomes clear after parsing.
    pub fn usage_error(message: &str) -> clap::Error {
        Self::command().error(ErrorKind::ValueValidation, message)
    }
}

#[cfg(test)]
mod tests;
