//! The tables of docs/mesh.md: each case and trial that a row names is there, and each finding on Services as parents has a row
//! that says truly whether `--fix` mends it and whether a request shows it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use gwctl::diagnostics::REGISTRY;
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

/// The tests of this file.
pub(crate) fn trials(root: &Path) -> Vec<Trial> {
    let test = |name: &str, check: fn(&Path) -> Result<(), Failed>| {
        let root: PathBuf = root.to_owned();
        Trial::test(format!("mesh::{name}"), move || check(&root))
    };
    vec![
        test("what_shows_a_statement_is_there", statements_are_shown),
        test("the_table_of_findings_is_that_of_the_cases", findings_are_shown),
    ]
}

/// The cells of the rows of the table below a heading, without its head.
fn table(root: &Path, heading: &str) -> Result<Vec<Vec<String>>, Failed> {
    let text = fs::read_to_string(root.join("docs/mesh.md"))?;
    let (_, below) = text.split_once(&format!("\n## {heading}\n")).ok_or_else(|| format!("no `{heading}`"))?;
    let below = below.split("\n## ").next().unwrap_or_default();
    let rows = below.lines().filter(|line| line.starts_with("| ")).skip(1);
    let cells = |row: &str| row.trim_matches(['|', ' ']).split(" | ").map(|cell| cell.trim().to_owned()).collect();
    let rows: Vec<Vec<String>> = rows.map(cells).collect();
    if rows.len() < 10 { Err(format!("{} rows below `{heading}`", rows.len()).into()) } else { Ok(rows) }
}

/// What stands in backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn statements_are_shown(root: &Path) -> Result<(), Failed> {
    let sources = fs::read_dir(root.join("tests/suite"))?.flatten().map(|entry| entry.path());
    let sources = sources.filter(|path| path.extension().is_some_and(|ending| ending == "rs"));
    let sources: String = sources.filter_map(|path| fs::read_to_string(path).ok()).collect();
    let mut wrong = Vec::new();
    for row in table(root, "Where each statement is shown")? {
        let shown = row.last().cloned().unwrap_or_default();
        let mut names = quoted(&shown).filter(|name| name.contains('/') || name.contains("::")).peekable();
        if names.peek().is_none() && !shown.contains("the trial of `redirect`") {
            wrong.push(format!("nothing shows: {row:?}"));
        }
        for name in names {
            let is_there = match name.split_once("::") {
                Some((_, trial)) => sources.contains(&format!("{trial}\"")),
                None => root.join("testdata").join(name).is_dir(),
            };
            if !is_there {
                wrong.push(format!("there is no {name}"));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// Whether a finding of a code in some case has a member.
fn some_has(root: &Path, id: &str, member: &str) -> Result<bool, Failed> {
    let text = fs::read_to_string(root.join("snapshots/diagnostics").join(id).join("diagnostics.json.snap"))?;
    let body = text.splitn(3, "---\n").nth(2).unwrap_or_default();
    let report: Value = serde_json::from_str(body)?;
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    Ok(findings.iter().any(|finding| finding["code"] == id && !finding[member].is_null()))
}

fn findings_are_shown(root: &Path) -> Result<(), Failed> {
    let mut told = BTreeSet::new();
    let mut wrong = Vec::new();
    for row in table(root, "Findings")? {
        let [code, .., fix, witness] = row.as_slice() else { return Err(format!("{row:?}").into()) };
        let id = code.trim_start_matches('[').split(']').next().unwrap_or_default().to_owned();
        for (cell, member) in [(fix, "fix"), (witness, "witness")] {
            if cell.starts_with("yes") != some_has(root, &id, member)? {
                wrong.push(format!("{id}: {member}: {cell}"));
            }
        }
        if !root.join(format!("docs/diagnostics/{id}.md")).is_file() {
            wrong.push(format!("{id} has no page"));
        }
        told.insert(id);
    }
    let of_mesh = REGISTRY.iter().filter(|code| code.name().starts_with("mesh-") && code.id() != "GW3010");
    wrong.extend(of_mesh.filter(|code| !told.contains(code.id())).map(|code| format!("{} has no row", code.id())));
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}
