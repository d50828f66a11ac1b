//! `gwctl run`: an Envoy on this machine that follows the manifests, with local processes behind their Services.
//!
//! The manifests are compiled as `translate` does it. Then the configuration is brought to the laptop: low ports move up
//! ([`ports`]), Services lead to local processes or stand-ins ([`backends`]), missing certificates are made
//! ([`certificates`]). It lies in a private directory as files that Envoy follows, and goes with the run.

mod backends;
mod certificates;
mod listing;
mod platform;
mod ports;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::args::{Cli, OutputFormat, RunArgs, ScreenArgs};
use super::exit::ExitStatus;
use super::failure::Failure;
use super::pipeline::{self, Compiled, InputText};
use super::streams::{Streams, Unwritten};
use super::trace::Tracer;
use super::translate::{self, Told};
use super::value::Local;
use super::watch::{Follower, Known, Next, known, tell_changes};
use super::xds::{self, Removal};
use super::{envoy, given};
use crate::diagnostics::escape::{Commands, for_terminal};
use crate::emit::directory::Directory;
use crate::leftovers::PrivateDirectory;
use crate::options::{AccessLog, Capture, ListenerAddress, Options};
use crate::proving::{Envoy, Manner, StandIns};
use crate::translator::envoy::NODE;

use backends::Behind;
use certificates::Certificates;
use listing::Listing;
use platform::Guard;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// An Envoy that ends sooner than this is not started again.
const SHORT_LIFE: Duration = Duration::from_secs(10);

/// Serves the manifests until a signal ends the run.
///
/// # Errors
/// Wrong usage, no Envoy, or nothing that could be served.
pub(super) fn run(args: &RunArgs, screen: ScreenArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    let usage = |message: String| Failure::Usage(Cli::usage_error(&message));
    if args.input.paths.iter().chain(&args.input.context).any(|path| path.as_os_str() == "-") {
        return Err(usage("`run` cannot follow standard input: name files or directories".to_owned()));
    }
    refuse_twice(&args.local).map_err(usage)?;
    let told =
        Told { destinations: &args.findings.report, denied: args.compile.denied(), is_partial: args.partial, screen };
    told.check().map_err(usage)?;
    let failed = |error: crate::proving::Error| Failure::Missing(error.to_string());
    let stand_ins = StandIns::new().map_err(failed)?;
    let options = local_options(args, &stand_ins).map_err(usage)?;
    let binary = envoy::find_to_run(args.envoy.as_deref()).map_err(Failure::Missing)?;
    let directory = PrivateDirectory::new();
    let directory =
        directory.map_err(|error| Failure::Missing(format!("cannot make a directory for Envoy: {error}")))?;
    // Without a guard only SIGKILL leaves something behind.
    let guard = Guard::over(directory.path()).ok();
    let mut follower = Follower::new(args.input.paths(), &options);
    let mut gateway = Gateway {
        args,
        told,
        options,
        binary,
        stand_ins,
        files: None,
        certificates: Certificates::default(),
        known: BTreeSet::new(),
        serving: None,
        is_unfinished: false,
        running: None,
        refused: 0,
        list: String::new(),
        guard,
        directory,
    };
    loop {
        match follower.next(streams) {
            Next::Ended => return Ok(ExitStatus::Success),
            Next::Idle => gateway.look_after(streams)?,
            Next::Edited(text) => gateway.take(text, streams)?,
        }
    }
}

/// One flag for a Service, or for a port of it.
fn refuse_twice(local: &[Local]) -> Result<(), String> {
    for (position, one) in local.iter().enumerate() {
        let is_same =
            |other: &Local| (&other.namespace, &other.name, other.port) == (&one.namespace, &one.name, one.port);
        if local[..position].iter().any(is_same) {
            return Err(format!("--local says twice what is behind {}", one.service()));
        }
    }
    Ok(())
}

/// The options of the compilation. Listeners bind loopback unless whoever runs gwctl says otherwise.
fn local_options(args: &RunArgs, stand_ins: &StandIns) -> Result<Options, String> {
    let mut options = args.compile.options()?;
    args.mesh.complete(&mut options)?;
    if options.mesh.as_ref().is_some_and(|mesh| matches!(mesh.capture, Capture::Redirect(_))) {
        let why = "`run` changes no rules of this machine: it serves `--mesh-capture address` and `proxy`, and `translate` writes \
                   `redirect`";
        return Err(why.to_owned());
    }
    if let Some(mesh) = &mut options.mesh {
        mesh.follows_files = true;
    }
    let is_of_tree = args.compile.settings.is_none()
        && options.settings.iter().flat_map(|file| &file.in_effect).any(|words| words.starts_with("listener-address:"));
    if !args.has_address || is_of_tree {
        options.listener_address = ListenerAddress::Ip(LOOPBACK);
    }
    options.writes_configuration = true;
    // Keys lie in the private directory.
    options.secrets_dir = None;
    // Without it nobody could tell whether Envoy is there. The default port may be another Envoy's.
    let default = Options::default().admin_address;
    options.admin_address = options.admin_address.filter(|named| Some(*named) != default).or(Some(stand_ins.admin()));
    Ok(options)
}

/// Who stands behind Services.
fn behind_services<'a>(args: &'a RunArgs, options: &'a Options) -> Behind<'a> {
    Behind { local: &args.local, echo: args.echo, resolve: &options.resolve }
}

/// A running Envoy.
#[derive(Debug)]
struct Running {
    envoy: Envoy,
    started: Instant,
}

/// Everything that a run holds. The fields are dropped in their order: Envoy first, its directory last.
struct Gateway<'a> {
    running: Option<Running>,
    args: &'a RunArgs,
    told: Told<'a>,
    options: Options,
    binary: PathBuf,
    stand_ins: StandIns,
    files: Option<Directory>,
    certificates: Certificates,
    /// The findings that were told.
    known: BTreeSet<Known>,
    /// What is served.
    serving: Option<Compiled>,
    /// Whether something of before is still in the files.
    is_unfinished: bool,
    /// How many updates Envoy has refused so far.
    refused: u64,
    /// What can be called, as it was printed.
    list: String,
    guard: Option<Guard>,
    directory: PrivateDirectory,
}

impl Gateway<'_> {
    /// Serves an edit, or says why not.
    fn take(&mut self, text: InputText, streams: &mut Streams<'_>) -> Result<(), Failure> {
        let started = Instant::now();
        for why in given::renew(&mut self.options) {
            streams.tell(&format!("warning: {why}"));
        }
        self.options.now = self.options.now.map(|_| time::OffsetDateTime::now_utc().unix_timestamp());
        let is_first = self.known.is_empty() && self.serving.is_none();
        let is_unreadable = text.is_unreadable;
        let mut compiled = self.compile(text, streams);
        compiled.keep_key_private();
        let status = match translate::report(
            &self.told,
            &compiled,
            compiled.has_output(),
            started,
            Some(&self.known),
            streams,
        ) {
            // A report that cannot be written must not end what serves.
            Err(Failure::Unwritten(Unwritten(why))) if self.serving.is_some() => {
                streams.tell(&format!("error: {why}"));
                ExitStatus::CouldNotRun
            }
            other => other?,
        };
        self.known = known(&compiled);
        if status == ExitStatus::Success {
            return self.serve(compiled, streams);
        }
        if is_first && is_unreadable {
            return Err(Failure::Missing("there is nothing to serve".to_owned()));
        }
        let stays =
            if self.serving.is_some() { "what was served before is served on" } else { "nothing is served yet" };
        streams.tell(&format!("error: the input is not taken: {stays}"));
        Ok(())
    }

    /// Compiles the input, with certificates for what it lacks. Where one cannot be made its Secret stays missing.
    fn compile(&mut self, text: InputText, streams: &mut Streams<'_>) -> Compiled {
        let compiled = pipeline::compile_read(text.clone(), &self.options);
        let (manifests, files) = (&compiled.compilation.manifests, &self.options.certificates);
        let made = self.certificates.make_missing(manifests, files, &self.directory);
        let made = made.unwrap_or_else(|why| {
            streams.tell(&format!("error: {why}"));
            None
        });
        let Some((source, new)) = made else { return compiled };
        certificates::words(&new).for_each(|line| streams.tell(&format!("note: {line}")));
        let mut text = text;
        text.sources.sources.push(source);
        pipeline::compile_read(text, &self.options)
    }

    fn serve(&mut self, mut compiled: Compiled, streams: &mut Streams<'_>) -> Result<(), Failure> {
        let behind = behind_services(self.args, &self.options);
        compiled.compilation.narrow();
        let config = &mut compiled.compilation.lowered.config;
        ports::move_up(config, &self.options.port_map, self.admin().port().into());
        ports::lead_redirects(config);
        let ours = self.serving.as_ref().map(|before| ports::sockets(&before.compilation.lowered.config));
        if let Some(why) = ports::refusal(config, &ours.unwrap_or_default()) {
            return self.refuse(why, streams);
        }
        if let Err(error) = behind.put(config, &mut self.stand_ins) {
            return self.refuse(error.to_string(), streams);
        }
        let idle = behind.idle(config);
        let written = match self.write(&compiled, Removal::Later) {
            Ok(written) => written,
            Err(why) => return self.refuse(why, streams),
        };
        self.is_unfinished = written.is_unfinished;
        let is_quiet = self.told.screen.quiet;
        if self.running.is_none() || written.is_bootstrap_changed {
            self.running = None;
            self.start()?;
        }
        if self.serving.is_none() {
            idle.iter()
                .for_each(|flag| streams.tell(&format!("warning: no route uses the Service of `--local {flag}`")));
        }
        let behind = behind_services(self.args, &self.options);
        let listing = Listing {
            compilation: &compiled.compilation,
            tracer: Tracer::new(&compiled.compilation),
            behind: &behind,
            certificates: &self.certificates,
        };
        let list = listing.text();
        match &self.serving {
            Some(before) if !is_quiet => {
                streams.tell("served anew");
                tell_changes(before, &compiled, &self.options, streams);
            }
            _ => {}
        }
        let links = |text: &str| -> Vec<String> {
            text.lines().filter(|line| !line.starts_with("    ")).map(str::to_owned).collect()
        };
        if links(&self.list) != links(&list) {
            streams.product(Commands::Refused, |out| out.write_all(list.as_bytes()))?;
        }
        self.list = list;
        if self.serving.is_none() && !is_quiet {
            streams.tell(&format!(
                "Envoy serves this, and its administration is on {}; edits are followed; Ctrl-C ends it",
                self.admin()
            ));
        }
        self.serving = Some(compiled);
        Ok(())
    }

    fn admin(&self) -> SocketAddr {
        self.options.admin_address.unwrap_or_else(|| self.stand_ins.admin())
    }

    /// Says why something cannot be served; the run ends where nothing else is served.
    fn refuse(&self, why: String, streams: &mut Streams<'_>) -> Result<(), Failure> {
        if self.serving.is_none() {
            return Err(Failure::Missing(why));
        }
        streams.tell(&format!("error: {why}: what was served before is served on"));
        Ok(())
    }

    fn write(&mut self, compiled: &Compiled, removal: Removal) -> Result<xds::Written, String> {
        let path = self.directory.path().join("envoy");
        let fail = |error: &dyn std::fmt::Display| for_terminal(&error.to_string()).into_owned();
        let place = xds::place(&path, None).map_err(|Unwritten(why)| why)?;
        let settings =
            xds::Settings { format: OutputFormat::Yaml, comments: false, node: NODE, place: &place, removal };
        let opened = match self.files.take() {
            Some(files) if files.is_there() => Ok(files),
            Some(files) => files.reopen(),
            None => Directory::open(&path),
        };
        let files = self.files.insert(opened.map_err(|error| fail(&error))?);
        xds::write(files, compiled, &settings).map_err(|error| fail(&error))
    }

    fn start(&mut self) -> Result<(), Failure> {
        let config = self.directory.path().join("envoy/envoy.yaml");
        let log = self.directory.path().join("envoy.log");
        let failed = |error: crate::proving::Error| Failure::Missing(error.to_string());
        let shows_output = self.options.access_log == AccessLog::Stdout;
        let manner = Manner { shows_output, ..Manner::default() };
        let admin = self.admin();
        let guard = &mut self.guard;
        let is_there = |process: u32| guard.iter_mut().for_each(|guard| guard.watch(process));
        let envoy = Envoy::start_told(&self.binary, &config, admin, &log, manner, is_there).map_err(failed)?;
        self.refused = 0;
        self.running = Some(Running { envoy, started: Instant::now() });
        Ok(())
    }

    /// Removes what nobody refers to any more, when Envoy has had the time to take what is served.
    fn finish(&mut self, streams: &mut Streams<'_>) {
        let Some(serving) = self.serving.take() else { return };
        if self.is_unfinished {
            self.is_unfinished = false;
            if let Err(why) = self.write(&serving, Removal::AtOnce) {
                streams.tell(&format!("warning: what is stale stays: {why}"));
            }
        }
        self.serving = Some(serving);
    }

    /// Starts an Envoy again that has ended, and says what it refuses.
    fn look_after(&mut self, streams: &mut Streams<'_>) -> Result<(), Failure> {
        self.finish(streams);
        let Some(Running { envoy, started, .. }) = &mut self.running else { return Ok(()) };
        if let Some(why) = envoy.ended() {
            if started.elapsed() < SHORT_LIFE {
                return Err(Failure::Missing(why));
            }
            streams.tell(&format!("warning: {why}\nEnvoy is started again"));
            self.running = None;
            return self.start();
        }
        // An Envoy that does not answer is looked at again.
        let refused = envoy.count("update_rejected").unwrap_or(self.refused);
        if refused > self.refused {
            streams.tell(&format!("error: Envoy refuses a part of the configuration\n{}", envoy.log_tail()));
        }
        self.refused = refused;
        Ok(())
    }
}
