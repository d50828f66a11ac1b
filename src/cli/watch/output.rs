//! `translate --watch`: an output that follows the manifests.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::super::args::{Cli, InputArgs, TranslateArgs};
use super::super::exit::ExitStatus;
use super::super::failure::Failure;
use super::super::pipeline::{self, Compiled, InputText};
use super::super::streams::{Streams, Unwritten};
use super::super::translate::{self, Told};
use super::super::xds;
use super::{Follower, Known, Next, known, tell_changes};
use crate::diagnostics::escape::{for_terminal, path_for_terminal};
use crate::emit::directory::Directory;
use crate::options::Options;
use crate::translator::envoy::NODE;

/// Keeps the output current until a signal ends the run.
///
/// # Errors
/// Wrong usage, or an output that nothing could ever be written to.
pub(in super::super) fn keep(
    args: &TranslateArgs,
    options: Options,
    told: Told<'_>,
    streams: &mut Streams<'_>,
) -> Result<ExitStatus, Failure> {
    refuse_unwatchable(args).map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    let mut follower = Follower::new(&args.input, &options);
    let mut kept = Kept {
        args,
        told,
        options,
        target: Target::open(args)?,
        known: BTreeSet::new(),
        written: None,
        waiting: None,
        complaint: None,
    };
    loop {
        match follower.next(streams) {
            Next::Ended => return Ok(ExitStatus::Success),
            Next::Idle => kept.look_after(streams),
            Next::Edited(text) => kept.take(text, streams)?,
        }
    }
}

/// What cannot be followed.
fn refuse_unwatchable(args: &TranslateArgs) -> Result<(), String> {
    let InputArgs { paths, context, .. } = &args.input;
    if paths.iter().chain(context).any(|path| path.as_os_str() == "-") {
        return Err("`--watch` cannot follow standard input: name files or directories".to_owned());
    }
    let output = match (&args.output_dir, translate::output_file(args)) {
        (Some(directory), _) => directory.clone(),
        (None, Some(file)) if translate::stream(args).is_none() => file.to_path_buf(),
        (None, _) => return Err("`--watch` needs `--layout xds --output-dir DIR`, or `--output-file FILE`".to_owned()),
    };
    match paths.iter().chain(context).find(|path| lies_below(&output, path)) {
        Some(path) => Err(format!(
            "the output `{}` lies in `{}`, where manifests are looked for: write it elsewhere",
            output.display(),
            path.display()
        )),
        None => Ok(()),
    }
}

/// Whether a path, which need not be there, is a directory or lies below it.
fn lies_below(path: &Path, directory: &Path) -> bool {
    let Ok(directory) = directory.canonicalize() else { return false };
    let Ok(absolute) = std::path::absolute(path) else { return false };
    let real = absolute.ancestors().find_map(|above| above.canonicalize().ok());
    real.is_some_and(|real| directory.is_dir() && real.starts_with(&directory))
}

/// Where the output goes.
#[derive(Debug)]
enum Target {
    File(PathBuf),
    Files { path: PathBuf, place: crate::translator::envoy::Place, open: Option<Directory> },
}

impl Target {
    fn open(args: &TranslateArgs) -> Result<Self, Unwritten> {
        let Some(path) = &args.output_dir else {
            return Ok(Self::File(args.output_file.clone().unwrap_or_default()));
        };
        let place = xds::place(path, args.mounted_at.as_deref())?;
        let open = Directory::open(path).map_err(|error| Unwritten(for_terminal(&error.to_string()).into_owned()))?;
        Ok(Self::Files { path: path.clone(), place, open: Some(open) })
    }

    /// Whether what was written there is gone.
    fn is_gone(&self) -> bool {
        match self {
            Self::File(path) => !path.exists(),
            Self::Files { open, .. } => !open.as_ref().is_some_and(Directory::is_there),
        }
    }

    /// Writes everything; says in words what was done.
    fn write(&mut self, args: &TranslateArgs, options: &Options, compiled: &Compiled) -> Result<String, String> {
        match self {
            Self::File(_) => {
                translate::write_file(args, options, compiled).map_err(|Unwritten(why)| why)?;
                Ok("written".to_owned())
            }
            Self::Files { path, place, open } => {
                let fail = |error: &dyn std::fmt::Display| for_terminal(&error.to_string()).into_owned();
                let settings = xds::Settings {
                    format: translate::format(args),
                    comments: !args.no_comments,
                    node: NODE,
                    place: place.clone(),
                };
                compiled.write_secrets().map_err(|Unwritten(why)| why)?;
                let opened = match open.take() {
                    Some(open) if open.is_there() => Ok(open),
                    Some(open) => open.reopen(),
                    None => Directory::open(path),
                };
                let directory = open.insert(opened.map_err(|error| fail(&error))?);
                let written = xds::write(directory, compiled, &settings).map_err(|error| fail(&error))?;
                let restart =
                    if written.is_bootstrap_changed { "; the bootstrap has changed: restart Envoy" } else { "" };
                Ok(format!("{written}{restart}"))
            }
        }
    }
}

/// The output and what is known about it.
struct Kept<'a> {
    args: &'a TranslateArgs,
    told: Told<'a>,
    options: Options,
    target: Target,
    /// The findings that were told.
    known: BTreeSet<Known>,
    /// What is written.
    written: Option<Compiled>,
    /// What should be, and could not be written.
    waiting: Option<Compiled>,
    /// Why not, as it was told.
    complaint: Option<String>,
}

impl Kept<'_> {
    /// Takes an edit, or says why it is not taken.
    fn take(&mut self, text: InputText, streams: &mut Streams<'_>) -> Result<(), Failure> {
        let started = Instant::now();
        self.options.now = self.options.now.map(|_| time::OffsetDateTime::now_utc().unix_timestamp());
        let mut compiled = pipeline::compile_read(text, &self.options);
        compiled.keep_key_private();
        let report =
            translate::report(&self.told, &compiled, compiled.has_output(), started, Some(&self.known), streams);
        let status = match report {
            Ok(status) => status,
            // A report that cannot be written must not end what serves.
            Err(Failure::Unwritten(Unwritten(why))) => {
                streams.tell(&format!("error: {why}"));
                ExitStatus::CouldNotRun
            }
            Err(failure) => return Err(failure),
        };
        self.known = known(&compiled);
        if status == ExitStatus::Success {
            self.waiting = Some(compiled);
            self.write(streams);
        } else {
            let stays = if self.written.is_some() { "the last good output stays" } else { "nothing is written yet" };
            streams.tell(&format!("error: the input is not taken: {stays}"));
        }
        Ok(())
    }

    /// Writes what waits, and says what that does to traffic.
    fn write(&mut self, streams: &mut Streams<'_>) {
        let Some(compiled) = self.waiting.take() else { return };
        match self.target.write(self.args, &self.options, &compiled) {
            Ok(words) => {
                self.complaint = None;
                if !self.told.screen.quiet {
                    streams.tell(&words);
                    self.tell_files(&compiled, streams);
                    if let Some(before) = &self.written {
                        tell_changes(before, &compiled, &self.options, streams);
                    }
                }
                self.written = Some(compiled);
            }
            Err(why) => {
                if self.complaint.as_ref() != Some(&why) {
                    streams.tell(&format!("error: {why}; this is tried again every second"));
                    self.complaint = Some(why);
                }
                self.waiting = Some(compiled);
            }
        }
    }

    /// Says what is new about certificates in files.
    fn tell_files(&self, compiled: &Compiled, streams: &mut Streams<'_>) {
        let words = |compiled: &Compiled| {
            translate::layout(self.args, compiled).map(|layout| compiled.words_on_files(&layout)).unwrap_or_default()
        };
        let before = self.written.as_ref().map(words).unwrap_or_default();
        words(compiled).iter().filter(|line| !before.contains(line)).for_each(|line| streams.tell(line));
    }

    /// Tries again what could not be written, and writes again what is gone.
    fn look_after(&mut self, streams: &mut Streams<'_>) {
        if self.waiting.is_none() && self.written.is_some() && self.target.is_gone() {
            let (what, then) = match &self.target {
                Target::File(path) => (path, ""),
                Target::Files { path, .. } => (path, "; an Envoy that follows it has to be restarted"),
            };
            streams.tell(&format!("warning: `{}` is gone, and written again{then}", path_for_terminal(what)));
            self.waiting = self.written.take();
        }
        self.write(streams);
    }
}
