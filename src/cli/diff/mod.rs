//! `gwctl diff`: what a change of the manifests does to traffic.

mod addresses;
mod built;
mod bundles;
mod change;
mod checks;
mod clients;
mod compare;
mod describe;
mod findings;
mod folders;
mod listeners;
mod meet;
mod patched;
mod picture;
mod pods;
mod render;
mod rules;
mod servers;
mod settings;
mod side;
mod sockets;
mod traffic;
mod uncompared;
mod unnamed;
mod unread;

use std::path::{Path, PathBuf};
use std::slice;

use super::args::{Cli, DiffArgs, DiffFormat, InputPaths};
use super::exit::ExitStatus;
use super::failure::Failure;
use super::findings::{TRANSLATE_ONLY, tell_asked};
use super::git::{Revisions, name_and_path};
use super::pipeline::{self, Compiled};
use super::report::stream_format;
use super::streams::Streams;
use crate::compile::Compilation;
use crate::diagnostics::escape::{Commands, for_terminal};
use crate::diagnostics::{Omission, Unjudged, codes};
use crate::options::{Options, SettingsFile};
use crate::parser::load::{self, EntryKind};

use unread::Unread;

/// Compiles both sides and prints what differs.
///
/// # Errors
/// Wrong usage, or an output that could not be written.
pub(super) fn run(args: &DiffArgs, streams: &mut Streams<'_>) -> Result<ExitStatus, Failure> {
    let options = args.compile.options().map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    // Nothing is written here, and a path would stand for what two Secrets of one name hold.
    let mut options = Options { secrets_dir: None, inlines_files: true, is_compared: true, ..options };
    if args.old == "-" && args.new == "-" {
        return Err(Failure::Usage(Cli::usage_error("only one side can be read from standard input")));
    }
    stream_format(&args.report, "--report").map_err(|message| Failure::Usage(Cli::usage_error(&message)))?;
    for SettingsFile { path, in_effect } in &options.settings {
        let id = codes::SETTINGS_READ.id();
        let settings =
            for_terminal(&format!("the settings in `{path}` are read: {}", in_effect.join(", "))).into_owned();
        streams.tell(&format!("note[{id}]: {settings}"));
    }
    // What one side judges is no context of either.
    let judged = [&args.old, &args.new].into_iter().filter_map(|text| {
        let path = text.strip_prefix("git:").map_or(text.as_str(), |revision| name_and_path(revision).1);
        std::fs::canonicalize(path).ok()
    });
    options.exclude.of_context = judged.collect();
    let (base, rules) = (options.exclude.base.take(), std::mem::take(&mut options.ignore_rules));
    let has_own_settings = args.compile.settings.is_none() && !args.compile.no_settings;
    let mut tree = Revisions::default();
    let mut paths = Vec::new();
    for text in [&args.old, &args.new] {
        match text.strip_prefix("git:").map(|revision| tree.open(revision)).transpose() {
            Ok(path) => paths.push(path.unwrap_or_else(|| PathBuf::from(text))),
            Err(message) => {
                streams.tell(&format!("error: {message}"));
                return Ok(ExitStatus::CouldNotRun);
            }
        }
    }
    // The side whose settings hold for both.
    let [old, new] = paths.as_slice() else { return Ok(ExitStatus::CouldNotRun) };
    let settled = if args.new == "-" { old } else { new };
    let mut sides = Vec::new();
    for (text, path) in [&args.old, &args.new].into_iter().zip(&paths) {
        let of_side = |base: &Path| base_of_side(&tree, base, settled, path);
        options.exclude.base = base.as_deref().map(of_side);
        options.ignore_rules = rules.iter().map(|rule| rule.with_base(of_side)).collect();
        match read((text, path), (&tree, &args.context), (&options, has_own_settings), streams) {
            Ok(side) => sides.push(side),
            Err(message) => {
                streams.tell(&format!("error: {message}"));
                return Ok(ExitStatus::CouldNotRun);
            }
        }
    }
    let [(old, old_unread), (new, new_unread)] = sides.as_slice() else { return Ok(ExitStatus::CouldNotRun) };
    tell_asked(new, TRANSLATE_ONLY, &args.report, &args.compile.denied(), streams)?;
    let mut difference = compare::compare(&old.compilation, &new.compilation, &options).map_err(Failure::Missing)?;
    difference.uncompared.extend(unread::compare(old_unread, new_unread));
    difference.unnamed = unnamed::compare(&old.compilation, &new.compilation, &difference);
    if args.output == DiffFormat::Markdown && !difference.changes.is_empty() {
        difference.picture = picture::draw(&old.compilation, &new.compilation, &difference.changes, &options);
    }
    let color = streams.color_stdout && args.output_file.is_none();
    pipeline::write_product(args.output_file.as_deref(), streams, Commands::Refused, |out| {
        render::write(&difference, args.output, color, out)
    })?;
    if !difference.uncompared.is_empty() {
        streams.tell("error: not everything could be compared");
        return Ok(ExitStatus::CouldNotRun);
    }
    let is_different = args.exit_code && !difference.is_empty();
    Ok(if is_different { ExitStatus::Findings } else { ExitStatus::Success })
}

/// What differs between two compilations, as `-o json` writes it.
///
/// # Errors
/// Why a side has nothing that could be compared, or the form could not be written.
pub fn difference(old: &Compilation, new: &Compilation, options: &Options) -> Result<serde_json::Value, String> {
    let mut difference = compare::compare(old, new, options)?;
    difference.unnamed = unnamed::compare(old, new, &difference);
    serde_json::to_value(difference).map_err(|error| error.to_string())
}

/// Where the paths in settings are taken from, which leave something out of a side: as many directories above each side as
/// they stand above the side whose settings hold.
fn base_of_side(tree: &dyn load::Tree, base: &Path, settled: &Path, side: &Path) -> PathBuf {
    let directory = |path: &Path| {
        let is_directory = matches!(tree.kind(path), Ok(EntryKind::Directory));
        let directory = if is_directory { path } else { path.parent().unwrap_or(Path::new("")) };
        tree.canonicalize(if directory.as_os_str().is_empty() { Path::new(".") } else { directory }).ok()
    };
    let above = directory(settled).and_then(|own| Some(own.strip_prefix(base).ok()?.iter().count()));
    let of_side = above.zip(directory(side)).and_then(|(steps, own)| own.ancestors().nth(steps).map(Path::to_owned));
    of_side.unwrap_or_else(|| base.to_owned())
}

/// What differs between two compilations, a line for each change of traffic and for each part that could not be compared;
/// none where nothing does. `is_meant` says of what could not be compared that it is known to stand on one side alone.
///
/// # Errors
/// Why a side has nothing that could be compared.
pub(super) fn lines(
    old: &Compilation,
    new: &Compilation,
    options: &Options,
    (color, is_meant): (bool, &dyn Fn(&str) -> bool),
) -> Result<Vec<String>, String> {
    let mut difference = compare::compare(old, new, options)?;
    difference.uncompared.retain(|one| !is_meant(&one.subject));
    Ok(render::lines(&difference, color))
}

/// Compiles one side: a path, or a revision of the repository in the working directory. With it comes what of the side
/// has been read by nobody.
fn read(
    (text, path): (&str, &PathBuf),
    (tree, context): (&Revisions, &[PathBuf]),
    (options, has_own_settings): (&Options, bool),
    streams: &mut Streams<'_>,
) -> Result<(Compiled, Unread), String> {
    let input = InputPaths { paths: slice::from_ref(path), context };
    let compiled = pipeline::compile_from(tree, input, options, streams.stdin);
    if compiled.is_input_unreadable() {
        let findings = compiled.findings().iter().filter(|finding| finding.code == codes::UNREADABLE);
        let why: Vec<&str> = findings.map(|finding| finding.message.as_str()).collect();
        return Err(format!("`{text}` cannot be read: {}", why.join("; ")));
    }
    match &compiled.unselected {
        Some(why) => Err(format!("`{text}`: {why}")),
        None => {
            let ignored = compiled.compilation.unjudged.iter().filter(|one| one.reason == Omission::Ignored);
            for Unjudged { subject, reason, .. } in ignored {
                streams.tell(&for_terminal(&format!("note: not compared: {subject}: {reason}")));
            }
            let unread = Unread::of(tree, path, &compiled.compilation, has_own_settings);
            Ok((compiled, unread))
        }
    }
}
