//! `translate --watch`: an output, or one for each Gateway, that follows the manifests.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::super::args::{Cli, InputPaths, TranslateArgs};
use super::super::exit::ExitStatus;
use super::super::failure::Failure;
use super::super::given;
use super::super::pipeline::{self, Compiled, InputText};
use super::super::split::{self, Part, Split};
use super::super::streams::{Streams, Unwritten};
use super::super::translate::{self, Told};
use super::super::xds::{self, Removal};
use super::refused::Refused;
use super::{Follower, Known, Next, known, tell_changes};
use crate::diagnostics::escape::{for_terminal, path_for_terminal};
use crate::emit::directory::Directory;
use crate::options::Options;
use crate::translator::envoy::{Layout, NODE, Place};

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
    let mut follower = Follower::new(args.input.paths(), &options);
    let outputs = match args.split {
        Some(_) => BTreeMap::new(),
        None => BTreeMap::from([(PathBuf::new(), Output::new(Target::open(args)?))]),
    };
    let mut kept =
        Kept { args, told, options, outputs, left: BTreeSet::new(), known: BTreeSet::new(), complaint: None };
    loop {
        match follower.next(streams) {
            Next::Ended => {
                kept.finish(Removal::Waiting, streams);
                return Ok(ExitStatus::Success);
            }
            Next::Idle => kept.look_after(streams),
            Next::Edited(text) => kept.take(text, streams)?,
        }
    }
}

/// What cannot be followed.
fn refuse_unwatchable(args: &TranslateArgs) -> Result<(), String> {
    let InputPaths { paths, context } = args.input.paths();
    if paths.iter().chain(context).any(|path| path.as_os_str() == "-") {
        return Err("`--watch` cannot follow standard input: name files or directories".to_owned());
    }
    let output = match (&args.output_dir, translate::output_file(args)) {
        (Some(directory), _) => directory.as_path(),
        (None, Some(file)) if translate::stream(args).is_none() => file,
        (None, _) => return Err("`--watch` needs `--layout xds --output-dir DIR`, or `--output-file FILE`".to_owned()),
    };
    match paths.iter().chain(context).find(|path| lies_below(output, path)) {
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
    Files { path: PathBuf, place: Place, node: String, open: Option<Directory> },
}

/// A directory that is there, or can be.
fn open_directory(path: &Path) -> Result<Directory, Unwritten> {
    Directory::open(path).map_err(|error| Unwritten(for_terminal(&error.to_string()).into_owned()))
}

impl Target {
    fn open(args: &TranslateArgs) -> Result<Self, Unwritten> {
        let Some(path) = &args.output_dir else {
            return Ok(Self::File(args.output_file.clone().unwrap_or_default()));
        };
        let place = xds::place(path, args.mounted_at.as_deref())?;
        let open = Some(open_directory(path)?);
        Ok(Self::Files { path: path.to_path_buf(), place, node: NODE.to_owned(), open })
    }

    /// Whether what was written there is gone.
    fn is_gone(&self) -> bool {
        match self {
            Self::File(path) => !path.exists(),
            Self::Files { open, .. } => !open.as_ref().is_some_and(Directory::is_there),
        }
    }

    /// A file that is gone from a directory that is there.
    fn missing(&self) -> Option<PathBuf> {
        match self {
            Self::Files { open: Some(open), .. } if open.is_there() => open.missing(),
            _ => None,
        }
    }

    /// Writes everything; says in words what was done, and whether something is left to remove.
    fn write(
        &mut self,
        args: &TranslateArgs,
        options: &Options,
        compiled: &Compiled,
        removal: Removal,
    ) -> Result<(String, bool), String> {
        match self {
            Self::File(_) => {
                translate::write_file(args, options, compiled).map_err(|Unwritten(why)| why)?;
                Ok(("written".to_owned(), false))
            }
            Self::Files { path, place, node, open } => {
                let fail = |error: &dyn std::fmt::Display| for_terminal(&error.to_string()).into_owned();
                let settings = xds::Settings {
                    format: translate::format(args),
                    comments: !args.no_comments,
                    node,
                    place,
                    removal,
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
                Ok((format!("{written}{restart}"), written.is_unfinished))
            }
        }
    }
}

/// One output, and what it holds.
struct Output {
    target: Target,
    /// What is written.
    written: Option<Compiled>,
    /// What should be, and could not be written.
    waiting: Option<Compiled>,
    /// Why not, as it was told.
    complaint: Option<String>,
    /// Whether something of before is still there.
    is_unfinished: bool,
    /// What the proxy that follows it did not take.
    refused: Refused,
}

impl Output {
    fn new(target: Target) -> Self {
        Self {
            target,
            written: None,
            waiting: None,
            complaint: None,
            is_unfinished: false,
            refused: Refused::default(),
        }
    }

    /// Writes what waits, and says what that does to traffic. `of` begins each line where there are several outputs.
    fn write(
        &mut self,
        of: &str,
        (args, options, told): (&TranslateArgs, &Options, &Told<'_>),
        streams: &mut Streams<'_>,
    ) {
        let Some(compiled) = self.waiting.take() else { return };
        match self.target.write(args, options, &compiled, Removal::Later) {
            Ok((words, is_unfinished)) => {
                self.complaint = None;
                self.is_unfinished = is_unfinished;
                if !told.screen.quiet {
                    streams.tell(&format!("{of}{words}"));
                    self.tell_files(args, &compiled, streams);
                    if let Some(before) = &self.written {
                        tell_changes(before, &compiled, options, streams);
                    }
                }
                self.written = Some(compiled);
            }
            Err(why) => {
                if self.complaint.as_ref() != Some(&why) {
                    streams.tell(&format!("error: {of}{why}; this is tried again every second"));
                    self.complaint = Some(why);
                }
                self.waiting = Some(compiled);
            }
        }
    }

    /// Says what is new about certificates in files.
    fn tell_files(&self, args: &TranslateArgs, compiled: &Compiled, streams: &mut Streams<'_>) {
        let words = |compiled: &Compiled| match &self.target {
            Target::File(_) => compiled.words_on_files(&Layout::bootstrap(&compiled.compilation.emitted().config)),
            Target::Files { place, .. } => {
                let config = &compiled.compilation.emitted().config;
                compiled.words_on_files(&xds::layout(config, place, translate::format(args)))
            }
        };
        let before = self.written.as_ref().map(words).unwrap_or_default();
        words(compiled).iter().filter(|line| !before.contains(line)).for_each(|line| streams.tell(line));
    }

    /// Removes what nobody refers to any more, when there has been time to take what is written.
    fn finish(&mut self, (args, options): (&TranslateArgs, &Options), removal: Removal, streams: &mut Streams<'_>) {
        let Some(written) = self.written.as_ref().filter(|_| self.is_unfinished && self.waiting.is_none()) else {
            return;
        };
        self.is_unfinished = false;
        if let Err(why) = self.target.write(args, options, written, removal) {
            // What is stale does no harm: the next edit tries again.
            streams.tell(&format!("warning: what is stale stays: {why}"));
        }
    }

    /// Says what the proxy that follows a directory did not take of it.
    fn tell_refused(&mut self, streams: &mut Streams<'_>) {
        let Target::Files { place, .. } = &self.target else { return };
        let admin = self.written.as_ref().and_then(|written| written.compilation.emitted().config.proxy.admin);
        if let Some(words) = admin.and_then(|admin| self.refused.look(admin, &place.directory)) {
            streams.tell(&format!("warning: {}", for_terminal(&words)));
        }
    }

    /// What was written waits again where it is gone.
    fn look_after(&mut self, streams: &mut Streams<'_>) {
        if self.waiting.is_none()
            && self.written.is_some()
            && let Some(path) = self.target.missing()
        {
            streams.tell(&format!("warning: `{}` is gone, and written again", path_for_terminal(&path)));
            self.waiting = self.written.take();
        } else if self.waiting.is_none() && self.written.is_some() && self.target.is_gone() {
            let (what, then) = match &self.target {
                Target::File(path) => (path, ""),
                Target::Files { path, .. } => (path, "; an Envoy that follows it has to be restarted"),
            };
            streams.tell(&format!("warning: `{}` is gone, and written again{then}", path_for_terminal(what)));
            self.waiting = self.written.take();
        }
    }
}

/// The outputs and what is known about them.
struct Kept<'a> {
    args: &'a TranslateArgs,
    told: Told<'a>,
    options: Options,
    /// Each by its path where the output is split; else one.
    outputs: BTreeMap<PathBuf, Output>,
    /// The directories of Gateways that are gone, as they were told.
    left: BTreeSet<PathBuf>,
    /// The findings that were told.
    known: BTreeSet<Known>,
    /// What is told of Gateways without an output of their own, as it was.
    complaint: Option<String>,
}

impl Kept<'_> {
    /// Takes an edit, or says why it is not taken.
    fn take(&mut self, text: InputText, streams: &mut Streams<'_>) -> Result<(), Failure> {
        let started = Instant::now();
        for why in given::renew(&mut self.options) {
            streams.tell(&format!("warning: {why}"));
        }
        self.options.now = self.options.now.map(|_| time::OffsetDateTime::now_utc().unix_timestamp());
        if self.args.split.is_some() {
            let split = Split::compile(text, &self.options);
            if self.report(&split.whole, split.has_output(), started, streams)? {
                self.part(split.parts, streams)?;
            }
        } else {
            let mut compiled = pipeline::compile_read(text, &self.options);
            compiled.keep_key_private();
            if self.report(&compiled, compiled.has_output(), started, streams)?
                && let Some(output) = self.outputs.values_mut().next()
            {
                output.waiting = Some(compiled);
            }
        }
        self.write(streams);
        Ok(())
    }

    /// Reports what was found; whether the edit is taken.
    fn report(
        &mut self,
        compiled: &Compiled,
        has_output: bool,
        started: Instant,
        streams: &mut Streams<'_>,
    ) -> Result<bool, Failure> {
        let report = translate::report(&self.told, compiled, has_output, started, Some(&self.known), streams);
        let status = match report {
            Ok(status) => status,
            // A report that cannot be written must not end what serves.
            Err(Failure::Unwritten(Unwritten(why))) => {
                streams.tell(&format!("error: {why}"));
                ExitStatus::CouldNotRun
            }
            Err(failure) => return Err(failure),
        };
        self.known = known(compiled);
        if status == ExitStatus::Success {
            return Ok(true);
        }
        let is_written = self.outputs.values().any(|output| output.written.is_some());
        let stays = if is_written { "the last good output stays" } else { "nothing is written yet" };
        streams.tell(&format!("error: the input is not taken: {stays}"));
        Ok(false)
    }

    /// Gives each Gateway its directory, and lets go of those whose Gateway is gone.
    fn part(&mut self, parts: Vec<Part>, streams: &mut Streams<'_>) -> Result<(), Failure> {
        let Some(root) = &self.args.output_dir else { return Ok(()) };
        let is_first = self.outputs.is_empty();
        let paths: BTreeSet<PathBuf> = parts.iter().map(|part| part.below(root)).collect();
        self.outputs.retain(|path, _| paths.contains(path));
        let mut complaints = Vec::new();
        for part in parts {
            let path = part.below(root);
            if !part.compiled.has_output() {
                complaints.push(part.without_configuration());
                continue;
            }
            let output = match self.outputs.entry(path) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    let place = part.place(self.args, root)?;
                    let open = match open_directory(new.key()) {
                        // What cannot be written from the beginning is a mistake; later on it is tried again.
                        Err(why) if is_first => return Err(why.into()),
                        open => open.ok(),
                    };
                    let path = new.key().to_path_buf();
                    new.insert(Output::new(Target::Files { path, place, node: part.node(), open }))
                }
            };
            output.waiting = Some(part.compiled);
        }
        let complaint = (!complaints.is_empty()).then(|| complaints.join("\n"));
        if self.complaint != complaint {
            complaint.iter().flat_map(|text| text.lines()).for_each(|line| streams.tell(line));
            self.complaint = complaint;
        }
        let left: BTreeSet<PathBuf> = split::known(root).difference(&paths).cloned().collect();
        left.difference(&self.left).for_each(|path| streams.tell(&split::left_over(path)));
        self.left = left;
        Ok(())
    }

    /// Writes what waits.
    fn write(&mut self, streams: &mut Streams<'_>) {
        for (path, output) in &mut self.outputs {
            let of = match self.args.split {
                Some(_) => format!("{}: ", path_for_terminal(path)),
                None => String::new(),
            };
            output.write(&of, (self.args, &self.options, &self.told), streams);
        }
    }

    /// Tries again what could not be written, and writes again what is gone.
    fn look_after(&mut self, streams: &mut Streams<'_>) {
        for output in self.outputs.values_mut() {
            output.look_after(streams);
            output.tell_refused(streams);
        }
        self.finish(Removal::AtOnce, streams);
        self.write(streams);
    }

    fn finish(&mut self, removal: Removal, streams: &mut Streams<'_>) {
        let (args, options) = (self.args, &self.options);
        self.outputs.values_mut().for_each(|output| output.finish((args, options), removal, streams));
    }
}
