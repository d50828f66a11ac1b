//! Two repositories as teams keep them (`testdata/repositories`), each with mistakes planted one at a time: every command
//! that is about a mistake tells it, and none tells it of the repository as it is.
//!
//! `planted.txt` of a repository says how each command is run (`{old}` is the repository as it is, `{new}` the one with
//! the mistake) and for each mistake which text of a file is replaced, and what each command has to say then. A command
//! that is not about a mistake is named with the reason (`aside`), and answers with it as it does without it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use serde::Deserialize;
use walkdir::WalkDir;

use crate::case::{entries, file_name};
use crate::harness::Harness;
use crate::process::{self, Output};

/// The commands that the mistakes of each repository are tried on.
const COMMANDS: [&str; 5] = ["validate", "diff", "route", "test", "status"];
/// The mistakes that are planted in each repository.
const MISTAKES: usize = 9;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    commands: BTreeMap<String, String>,
    planted: Vec<Mistake>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mistake {
    name: String,
    file: String,
    from: String,
    to: String,
    /// What `gwctl route` is asked.
    url: String,
    /// What each command that is about the mistake has to say.
    found: BTreeMap<String, String>,
    /// Why the other commands are not about it: they say what they say without it.
    #[serde(default)]
    aside: BTreeMap<String, String>,
}

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let mut trials = Vec::new();
    for tree in entries(&harness.testdata().join("repositories")) {
        let name = file_name(&tree);
        let plan = fs::read_to_string(tree.join("planted.txt")).map_err(|error| error.to_string());
        let plan = plan.and_then(|text| serde_yaml::from_str::<Plan>(&text).map_err(|error| error.to_string()));
        let plan = match plan {
            Ok(plan) => plan,
            Err(error) => {
                trials.push(Trial::test(format!("repositories::{name}"), move || Err(error.into())));
                continue;
            }
        };
        let count = plan.planted.len();
        trials.push(Trial::test(format!("repositories::{name}::has_nine_mistakes"), move || {
            if count == MISTAKES { Ok(()) } else { Err(format!("{count} mistakes").into()) }
        }));
        let planted = plan.planted.clone();
        trials.push(Trial::test(format!("repositories::{name}::each_command_is_about_a_mistake_or_not"), move || {
            let wrong: Vec<String> = planted.iter().flat_map(undecided).collect();
            if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
        }));
        for mistake in plan.planted {
            for command in mistake.aside.keys() {
                let (harness, tree, command) = (harness.clone(), tree.clone(), command.clone());
                let (mistake, line) = (mistake.clone(), plan.commands.get(&command).cloned());
                let test = format!("repositories::{name}::{command}_is_not_about_{}", words(&mistake.name));
                trials.push(Trial::test(test.clone(), move || {
                    let line = line.ok_or_else(|| format!("nothing says how `{command}` is run"))?;
                    pass_over(&harness, &tree, &test, &mistake, &line)
                }));
            }
            for (command, says) in mistake.found.clone() {
                let (harness, tree, mistake) = (harness.clone(), tree.clone(), mistake.clone());
                let line = plan.commands.get(&command).cloned();
                let test = format!("repositories::{name}::{command}_finds_{}", words(&mistake.name));
                trials.push(Trial::test(test.clone(), move || {
                    let line = line.ok_or_else(|| format!("nothing says how `{command}` is run"))?;
                    find(&harness, &tree, &test, &mistake, (&line, &says))
                }));
            }
        }
    }
    trials
}

fn words(name: &str) -> String {
    name.replace([' ', '-'], "_")
}

/// The commands of which a mistake does not say whether they are about it, or says both.
fn undecided(mistake: &Mistake) -> Vec<String> {
    let Mistake { name, found, aside, .. } = mistake;
    let is_decided = |command: &&str| {
        let reason = aside.get(*command);
        found.contains_key(*command) != reason.is_some() && reason.is_none_or(|reason| !reason.trim().is_empty())
    };
    let open = COMMANDS.iter().filter(|command| !is_decided(command));
    let unknown = found.keys().chain(aside.keys()).filter(|command| !COMMANDS.contains(&command.as_str()));
    let words = open.map(ToString::to_string).chain(unknown.cloned());
    words.map(|command| format!("{name}: is `{command}` about it?")).collect()
}

/// What a command says without a mistake, and with it.
fn both_ways(
    harness: &Harness,
    tree: &Path,
    test: &str,
    mistake: &Mistake,
    line: &str,
) -> Result<(Output, Output), String> {
    let folder = harness.work_directory(&test.replace("::", "/"))?;
    for side in ["old", "new"] {
        copy(tree, &folder.join(side))?;
    }
    let clean = run(harness, &folder, &line.replace("{new}", "{old}"), mistake)?;
    let path = folder.join("new").join(&mistake.file);
    let before = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    if before.matches(&mistake.from).count() != 1 {
        return Err(format!("`{}` is not once in {}", mistake.from, mistake.file));
    }
    fs::write(&path, before.replace(&mistake.from, &mistake.to)).map_err(|error| error.to_string())?;
    Ok((clean, run(harness, &folder, line, mistake)?))
}

fn find(
    harness: &Harness,
    tree: &Path,
    test: &str,
    mistake: &Mistake,
    (line, says): (&str, &str),
) -> Result<(), Failed> {
    let (clean, found) = both_ways(harness, tree, test, mistake, line)?;
    if text(&clean).contains(says) {
        return Err(format!("without the mistake: {clean:#?}").into());
    }
    if text(&found).contains(says) { Ok(()) } else { Err(format!("`{says}` is not in {found:#?}").into()) }
}

/// A command that is not about a mistake answers as without it: what it has to say would be something to find.
fn pass_over(harness: &Harness, tree: &Path, test: &str, mistake: &Mistake, line: &str) -> Result<(), Failed> {
    let (clean, found) = both_ways(harness, tree, test, mistake, line)?;
    let is_same = clean.code == found.code && text(&clean).replace("old/", "new/") == text(&found);
    if is_same { Ok(()) } else { Err(format!("it says {found:#?}\nand without the mistake {clean:#?}").into()) }
}

fn text(output: &Output) -> String {
    format!("{}{}", output.stdout, output.stderr)
}

fn run(harness: &Harness, folder: &Path, line: &str, mistake: &Mistake) -> Result<Output, String> {
    let line = line.replace("{old}", "old").replace("{new}", "new").replace("{url}", &mistake.url);
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    process::run(harness.binary(), folder, &words, None)
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    for entry in WalkDir::new(from) {
        let entry = entry.map_err(|error| error.to_string())?;
        let target: PathBuf = to.join(entry.path().strip_prefix(from).map_err(|error| error.to_string())?);
        let done = match entry.file_type().is_dir() {
            true => fs::create_dir_all(&target),
            false => fs::copy(entry.path(), &target).map(|_| ()),
        };
        done.map_err(|error| format!("{}: {error}", target.display()))?;
    }
    Ok(())
}
