//! Arguments with settings of their own, each in the place of a command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ArgMatches;

use super::file::{Added, CommandLine, EXCLUDE, Settings, refuse, settings_of};
use crate::cli::args::{Cli, CompileArgs, TreeArgs};
use crate::options::SettingsFile;
use crate::parser::load::Tree;

/// What one run has but once: how objects without a namespace are called, and what fails it.
const OF_THE_RUN: [&str; 3] = ["namespace", "deny", "partial"];

/// The arguments that one file holds for, or none.
struct Group<'t, 'a> {
    settings: Option<Settings<'t>>,
    paths: Vec<&'a Path>,
}

/// The command line with the arguments by their settings; nothing where the same hold for all, or the command has one answer for
/// all of them.
///
/// # Errors
/// What is wrong with a file, or what two of them cannot both have.
pub(super) fn by_settings(
    mut cli: Cli,
    (line, matches): (&[OsString], &ArgMatches),
    tree: &dyn Tree,
    arguments: &[PathBuf],
) -> Result<Result<Cli, Cli>, clap::Error> {
    if cli.input_of_trees().is_none() {
        return Ok(Err(cli));
    }
    let groups = groups(tree, arguments)?;
    if groups.len() < 2 {
        return Ok(Err(cli));
    }
    let given = CommandLine::new(line, matches);
    let mut trees = Vec::new();
    let mut of_run: Option<(Vec<OsString>, Cli)> = None;
    for group in &groups {
        let added = group.settings.as_ref().map(|settings| given.flags_of(settings)).transpose();
        let Added { flags, rules, in_effect } = added.map_err(|problems| refuse(&problems))?.unwrap_or_default();
        let mut own = Cli::parse_line(given.with(&flags))?;
        if let (Some(compile), Some(settings)) = (own.compile_mut(), &group.settings) {
            let has_patterns = in_effect.iter().any(|setting| setting.starts_with(EXCLUDE));
            compile.exclude_base = has_patterns.then(|| settings.real_directory()).flatten();
            compile.ignore_rules = rules;
            compile.read_settings = vec![SettingsFile { path: settings.file.display().to_string(), in_effect }];
        }
        let options = own.compile().map(|compile| compile.options());
        let Some(options) = options.transpose().map_err(|problem| Cli::usage_error(&problem))? else { continue };
        let context = own.input_of_trees().map(|input| std::mem::take(&mut input.context)).unwrap_or_default();
        let paths = group.paths.iter().map(|path| path.to_path_buf()).collect();
        trees.push(TreeArgs { paths, context, options });
        match &of_run {
            None => of_run = Some((flags.into_iter().filter(is_of_run).collect(), own)),
            Some((_, first)) => agree(first, &own, &groups, group)?,
        }
    }
    let flags = of_run.map(|(flags, _)| flags).unwrap_or_default();
    let mut cli = Cli::parse_line(given.with(&flags))?;
    if let Some(input) = cli.input_of_trees() {
        input.trees = trees;
    }
    Ok(Ok(cli))
}

/// What is not there is told by the command, whatever the settings are.
fn groups<'t, 'a>(tree: &'t dyn Tree, arguments: &'a [PathBuf]) -> Result<Vec<Group<'t, 'a>>, clap::Error> {
    let mut groups: Vec<Group<'t, 'a>> = Vec::new();
    let mut missing = Vec::new();
    for argument in arguments.iter().map(PathBuf::as_path) {
        let settings = settings_of(tree, argument).map_err(|problems| refuse(&problems))?;
        let settings = settings.filter(|settings| !settings.entries.is_empty());
        if settings.is_none() && argument.as_os_str() != "-" && tree.kind(argument).is_err() {
            missing.push(argument);
            continue;
        }
        let is_same = |group: &&mut Group<'t, 'a>| match (&group.settings, &settings) {
            (Some(one), Some(other)) => one.identity() == other.identity(),
            (None, None) => true,
            _ => false,
        };
        match groups.iter_mut().find(is_same) {
            Some(group) => group.paths.push(argument),
            None => groups.push(Group { settings, paths: vec![argument] }),
        }
    }
    if let Some(first) = groups.first_mut() {
        first.paths.extend(missing);
    }
    Ok(groups)
}

fn is_of_run(flag: &OsString) -> bool {
    let flag = flag.to_string_lossy();
    let name = flag.trim_start_matches("--").split('=').next().unwrap_or_default();
    OF_THE_RUN.contains(&name)
}

/// Refuses what two trees cannot both have.
fn agree(first: &Cli, own: &Cli, groups: &[Group<'_, '_>], group: &Group<'_, '_>) -> Result<(), clap::Error> {
    let both = [first, own].map(|cli| cli.compile());
    let [namespace, other_namespace] = both.map(|compile| compile.map(CompileArgs::namespace));
    let [deny, other_deny] = both.map(|compile| compile.map(CompileArgs::denied));
    let agreed = [
        ("namespace", namespace == other_namespace),
        ("deny", deny == other_deny),
        ("partial", first.is_partial() == own.is_partial()),
    ];
    let Some((name, _)) = agreed.into_iter().find(|(_, is_same)| !is_same) else { return Ok(()) };
    let mut saying = [Some(group), groups.first()].into_iter().flatten().flat_map(|group| &group.settings);
    let said = saying.find_map(|settings| settings.entries.iter().find(|entry| entry.name == name));
    let said = said.map_or("", |entry| &entry.place);
    let paths = |group: &Group<'_, '_>| {
        group.paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ")
    };
    Err(Cli::usage_error(&format!(
        "{said}: one run has one `{name}`, and the settings for {} and for {} say different things; say the same in both, say \
         `--{name}` on the command line, or run gwctl once for each",
        groups.first().map(paths).unwrap_or_default(),
        paths(group),
    )))
}
