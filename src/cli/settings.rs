//! `gwctl.yaml` beside or above the manifests: the settings of the command line in a
//! file. Flags win.
//!
//! Such a file belongs to the tree that is judged, and so does whoever wrote it.
//! A run that reads one says so, its paths stay in the repository that holds it,
//! it names no program, and it neither names files of the machine that runs Envoy
//! nor opens Envoy's administration to others. A file that the user names is trusted.
//!
//! The entries become flags of the same command line, so that a value means
//! the same in both places and is checked by the same parser. Everything that
//! is wrong with the file is reported with its place, and nothing runs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;

use super::args::{Cli, Command};
use super::git::Revisions;
use crate::options::SettingsFile;
use crate::parser::load::{Disk, Tree};

mod file;
mod rule;
mod search;
mod trees;

use file::{Added, CommandLine, EXCLUDE, Settings, Trust, refuse, settings_of};

pub(super) use search::{NAMES, candidates};

/// Parses a command line, with what `gwctl.yaml` beside its manifests, or the file of `--settings`, adds to it.
///
/// # Errors
/// A usage error, or the text of `--help` and `--version`; clap prints either and knows the exit code.
pub fn parse_line(line: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let line: Vec<OsString> = line.into_iter().collect();
    let matches = Cli::command().try_get_matches_from(&line)?;
    let cli = Cli::from_matches(&matches)?;
    let Some(compile) = cli.compile().filter(|compile| !compile.no_settings) else { return Ok(cli) };
    let mut tree = Revisions::default();
    let arguments = arguments(&cli, &mut tree);
    let named = compile.settings.clone();
    let cli = match named {
        Some(_) => cli,
        None => match trees::by_settings(cli, (&line, &matches), &tree, &arguments)? {
            Ok(cli) => return Ok(cli),
            Err(cli) => cli,
        },
    };
    let settings = match named {
        Some(named) => Settings::read(&Disk, named, Trust::Full).map_err(|problems| refuse(&problems))?,
        None => find(&tree, &arguments)?,
    };
    let Some(settings) = settings.filter(|settings| !settings.entries.is_empty()) else { return Ok(cli) };
    let path = settings.file.display().to_string();
    let given = CommandLine::new(&line, &matches);
    let Added { flags: added, rules, in_effect } = given.flags_of(&settings).map_err(|problems| refuse(&problems))?;
    let written = cli;
    let mut cli = Cli::parse_line(given.with(&added))?;
    cli.set_flags(written.flags().to_vec());
    cli.restore_selection(written);
    if let Some(compile) = cli.compile_mut() {
        let has_patterns = in_effect.iter().any(|setting| setting.starts_with(EXCLUDE));
        compile.exclude_base = has_patterns.then(|| settings.real_directory()).flatten();
        compile.ignore_rules = rules;
        compile.read_settings = vec![SettingsFile { path, in_effect }];
    }
    Ok(cli)
}

/// What the command reads manifests from; a revision is opened, and one that cannot be is told by the command.
fn arguments(cli: &Cli, tree: &mut Revisions) -> Vec<PathBuf> {
    let is_diff = matches!(cli.command, Command::Diff(_));
    let opened = |path: &Path| match path.to_str().and_then(|text| text.strip_prefix("git:")) {
        Some(revision) if is_diff => tree.open(revision).ok(),
        _ => Some(path.to_owned()),
    };
    cli.paths().into_iter().filter_map(opened).collect()
}

/// The one settings file of all arguments.
fn find<'t>(tree: &'t dyn Tree, arguments: &[PathBuf]) -> Result<Option<Settings<'t>>, clap::Error> {
    let mut found: Option<(Settings<'t>, &PathBuf)> = None;
    let mut without: Option<&PathBuf> = None;
    for argument in arguments {
        let settings = settings_of(tree, argument).map_err(|problems| refuse(&problems))?;
        match (settings, &found) {
            // What is not there is told by the command.
            (None, _) if argument.as_os_str() != "-" && tree.kind(argument).is_err() => {}
            (None, _) => without = Some(argument),
            (Some(settings), None) => found = Some((settings, argument)),
            (Some(settings), Some((first, _))) if first.identity() == settings.identity() => {}
            (Some(settings), Some((first, one))) => {
                return Err(Cli::usage_error(&format!(
                    "`{}` holds for `{}` and `{}` for `{}`; run gwctl once for each, or name one of them with --settings",
                    first.file.display(),
                    one.display(),
                    settings.file.display(),
                    argument.display()
                )));
            }
        }
    }
    let found = found.filter(|(settings, _)| !settings.entries.is_empty());
    match (found, without) {
        (Some((settings, argument)), Some(other)) => Err(Cli::usage_error(&format!(
            "`{}` holds for `{}` alone, and `{}` has no settings; name what is not to be judged with --context, run gwctl \
             once for each, or name the file with --settings",
            settings.file.display(),
            argument.display(),
            if other.as_os_str() == "-" { "standard input".into() } else { other.to_string_lossy() },
        ))),
        (found, _) => Ok(found.map(|(settings, _)| settings)),
    }
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
