//! What a kind of policy touches: its own files, and the places that docs/architecture.md lists, of which each has it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use walkdir::WalkDir;

/// The kinds.
const KINDS: [&str; 4] = ["BackendTrafficPolicy", "ClientTrafficPolicy", "EnvoyExtensionPolicy", "SecurityPolicy"];

/// What is made of a kind's name for its types.
const ENDINGS: [&str; 3] = ["", "Field", "Spec"];

/// Where the own files of kinds are, and what writes some of them in the place of others.
const OWN: [&str; 5] = [
    "src/migrate/",
    "src/parser/api/envoy_gateway/",
    "src/parser/schema/envoy_gateway/",
    "src/resolver/envoy_policy/",
    "src/translator/lower/policy/",
];

/// How many lines of a place may name a kind.
const MOST_LINES: usize = 4;

/// The trials.
pub(crate) fn trials(root: &Path) -> Vec<Trial> {
    let root = root.to_owned();
    vec![Trial::test("kinds::a_kind_is_named_where_the_architecture_says", move || named_where_it_says(&root))]
}

fn named_where_it_says(root: &Path) -> Result<(), Failed> {
    let text = fs::read_to_string(root.join("docs/architecture.md"))?;
    let listed = listed(&text);
    if listed.is_empty() {
        return Err("docs/architecture.md lists no place below `## A new kind of policy`".into());
    }
    let mut wrong = String::new();
    for kind in KINDS {
        let places = places(root, kind)?;
        let found: BTreeSet<String> = places.keys().cloned().collect();
        for place in found.symmetric_difference(&listed) {
            wrong.push_str(&format!("{kind}: {place} names it and is not listed, or is listed and does not\n"));
        }
        for (place, lines) in places.iter().filter(|(_, lines)| **lines > MOST_LINES) {
            wrong.push_str(&format!("{kind}: {lines} lines of {place} name it\n"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
}

/// The files of the table below the heading.
fn listed(text: &str) -> BTreeSet<String> {
    let below = text.split("\n## A new kind of policy\n").nth(1).unwrap_or_default();
    let section = below.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next()).map(str::to_owned).collect()
}

/// The files beside its own that name a kind in code, with how many lines do.
fn places(root: &Path, kind: &str) -> Result<BTreeMap<String, usize>, Failed> {
    let mut places = BTreeMap::new();
    for entry in WalkDir::new(root.join("src")) {
        let entry = entry?;
        let path = entry.path().strip_prefix(root)?.to_string_lossy().into_owned();
        let is_test = path.contains("/tests/") || path.ends_with("tests.rs");
        if !path.ends_with(".rs") || is_test || OWN.iter().any(|own| path.starts_with(own)) {
            continue;
        }
        let text = fs::read_to_string(entry.path())?;
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = code.lines().filter(|line| names(&bare(line), kind)).count();
        if lines > 0 {
            places.insert(path, lines);
        }
    }
    Ok(places)
}

/// A line without its comment and its texts.
fn bare(line: &str) -> String {
    let code = line.split("//").next().unwrap_or_default();
    code.split('"').step_by(2).collect::<Vec<_>>().join("\"")
}

/// Whether a line has a kind's name, or that of one of its types, as a word.
fn names(line: &str, kind: &str) -> bool {
    let mut words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.any(|word| word.strip_prefix(kind).is_some_and(|ending| ENDINGS.contains(&ending)))
}
