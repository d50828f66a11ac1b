//! Repositories in the shapes that teams give them (`tests/suite/shapes`): manifests beside what other tools keep. Each ends in
//! 0, or in the findings that its owner would want, and a few notes say what nobody looked at.
//!
//! A file is a repository: what is expected of `gwctl validate .` in it, then each file behind a line `-- NAME --`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use libtest_mimic::Trial;
use serde::Deserialize;
use serde_json::Value;

use crate::case::{entries, file_name};
use crate::harness::Harness;
use crate::process::{self, fail, write_below};

/// Notes that count what is no manifest, in any repository.
const COUNTS: [&str; 2] = ["GW8006", "GW8008"];
/// So many notes are read by somebody.
const MOST: usize = 4;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// What such a repository is.
    reason: String,
    #[serde(default)]
    args: Vec<String>,
    exit: i32,
    /// Errors and warnings, each `CODE FILE`.
    found: BTreeSet<String>,
    /// Notes besides those that count.
    #[serde(default)]
    notes: BTreeSet<String>,
}

/// The tests of this file.
pub(crate) fn trials(harness: &Harness, root: &Path) -> Vec<Trial> {
    let mut trials = Vec::new();
    for path in entries(&root.join("tests/suite/shapes")) {
        let name = file_name(&path).trim_end_matches(".txt").to_owned();
        let harness = harness.clone();
        trials.push(Trial::test(format!("shapes::{name}"), move || Ok(check(&harness, &path, &name)?)));
    }
    trials
}

fn check(harness: &Harness, path: &Path, name: &str) -> Result<(), String> {
    let work = harness.work_directory(&format!("shapes/{name}"))?;
    let text = fs::read_to_string(path).map_err(fail)?;
    let (mut head, mut files) = (String::new(), Vec::<(&str, String)>::new());
    for line in text.split_inclusive('\n') {
        let named = line.trim_end().strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --"));
        match (named, files.last_mut()) {
            (Some(name), _) => files.push((name, String::new())),
            (None, Some((_, text))) => text.push_str(line),
            (None, None) => head.push_str(line),
        }
    }
    let expected: Expected = serde_yaml::from_str(&head).map_err(fail)?;
    for (name, text) in &files {
        write_below(&work, name, text)?;
    }
    let args = ["validate", ".", "-o", "json"].map(str::to_owned);
    let args: Vec<String> = args.into_iter().chain(expected.args.iter().cloned()).collect();
    let output = process::run(harness.binary(), &work, &args, None)?;
    let report: Value = serde_json::from_str(&output.stdout).map_err(|error| format!("{error}: {output:#?}"))?;
    let (mut found, mut notes) = (BTreeSet::new(), Vec::new());
    for finding in report["findings"].as_array().into_iter().flatten() {
        let code = finding["code"].as_str().unwrap_or_default();
        let file = finding["file"].as_str().unwrap_or_default().trim_start_matches("./");
        if finding["severity"] == "note" {
            notes.push(code);
        } else {
            found.insert(format!("{code} {file}"));
        }
    }
    let own: BTreeSet<String> =
        notes.iter().filter(|code| !COUNTS.contains(code)).map(|code| (*code).to_owned()).collect();
    let holds = output.code == Some(expected.exit) && found == expected.found && own == expected.notes;
    if holds && notes.len() <= MOST && !expected.reason.is_empty() {
        return Ok(());
    }
    Err(format!("expected {expected:#?}, and not {found:?} with {notes:?} and {:?}: {}", output.code, output.stderr))
}
