//! The ledger of `docs/conformance.md`: every row has an id of its own, a
//! statement, and cases or tests that exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};

use crate::case::discover;
use crate::harness::Harness;

/// The tests of this file.
pub(crate) fn trials(harness: &Harness, root: &Path) -> Vec<Trial> {
    let (harness, root) = (harness.clone(), root.to_owned());
    vec![
        Trial::test("ledger::every_statement_has_a_case", move || {
            let text = fs::read_to_string(root.join("docs/conformance.md"))?;
            match check(&text, &known(&harness, &root)).as_slice() {
                [] => Ok(()),
                wrong => Err(Failed::from(wrong.join("\n"))),
            }
        }),
        Trial::test("ledger::rows_without_a_case_are_seen", bad_rows_are_seen),
    ]
}

/// The names of all cases that have requests or a recorded output, and of the tests that a row may name.
fn known(harness: &Harness, root: &Path) -> BTreeSet<String> {
    let cases = discover(&harness.testdata()).into_iter().filter_map(|(name, found)| found.ok().map(|_| name));
    let mut names: BTreeSet<String> = cases.collect();
    for file in ["property", "proxy"] {
        let text = fs::read_to_string(root.join(format!("tests/suite/{file}.rs"))).unwrap_or_default();
        let quoted = text.split('"').filter(|name| name.starts_with(&format!("{file}::")));
        names.extend(quoted.map(str::to_owned));
    }
    names
}

/// The rows `| id | statement | cases |` of all tables whose first column is `id`.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let rows = text.lines().filter_map(cells);
    rows.filter(|row| row.first() != Some(&"id") && !row.iter().all(|cell| cell.chars().all(|c| "-|".contains(c))))
}

fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split(" | ").map(str::trim).collect())
}

fn check(text: &str, known: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows(text) {
        let [id, statement, cases] = row.as_slice() else {
            wrong.push(format!("a row has {} cells: {}", row.len(), row.join(" | ")));
            continue;
        };
        *ids.entry(id).or_default() += 1;
        let named: Vec<_> = cases.split('`').skip(1).step_by(2).collect();
        if statement.is_empty() || named.is_empty() {
            wrong.push(format!("{id} has no statement or no case"));
        }
        let missing = named.iter().filter(|name| !known.contains(**name));
        wrong.extend(missing.map(|name| format!("{id}: there is no case `{name}`")));
    }
    if ids.is_empty() {
        wrong.push("the ledger has no rows".to_owned());
    }
    wrong.extend(ids.iter().filter(|(_, count)| **count > 1).map(|(id, _)| format!("{id} stands there twice")));
    wrong
}

fn bad_rows_are_seen() -> Result<(), Failed> {
    let known = BTreeSet::from(["http/a".to_owned()]);
    let table = "| id | statement | shown by |\n|---|---|---|\n| A-1 | x | `http/a` |\n";
    let bad = "| A-1 | x | `http/a` |\n| A-2 | x |  |\n| A-3 | x | `http/b` |\n| A-4 |\n";
    let counts = (check(table, &known).len(), check(&format!("{table}{bad}"), &known).len());
    if counts == (0, 4) { Ok(()) } else { Err(format!("{counts:?}").into()) }
}
