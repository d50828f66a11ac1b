//! The registry of diagnostics: ids, names, pages.

use std::collections::BTreeSet;
use std::path::Path;

use gwctl::diagnostics::{Code, REGISTRY, Severity};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use walkdir::WalkDir;

use crate::case::{entries, file_name};

/// The tests of this file.
pub(crate) fn trials(root: &Path) -> Vec<Trial> {
    let pages = root.join("docs/diagnostics");
    let snapshots = root.join("snapshots");
    vec![
        Trial::test("registry::ids_are_sorted_and_unique", ids_are_sorted),
        Trial::test("registry::names_are_unique_and_in_kebab_case", names_are_kebab_case),
        Trial::test("registry::a_code_of_the_first_series_is_an_error", first_series_are_errors),
        Trial::test("registry::every_page_has_a_code", move || every_page_has_a_code(&pages)),
        Trial::test("registry::every_page_has_the_title_of_its_code", pages_have_titles),
        Trial::test("registry::every_code_has_a_snapshot_as_text_and_as_json", move || every_code_is_shown(&snapshots)),
    ]
}

/// Codes without a case, each with the reason.
const WITHOUT_CASE: &[(&str, &str)] = &[
    ("GW4005", "it takes more than 20,000 routes"),
    ("GW5009", "what Envoy refuses has been found before, as far as we know; `src/cli/envoy_tests.rs` provokes it"),
    ("GW8010", "a mistake of gwctl itself"),
    ("GW8091", "an empty directory cannot be committed; `revisions::submodules_are_those_of_the_commit` makes one"),
];

/// What only `translate` reports, which is in no report of `validate`.
const TRANSLATE_ONLY: &[&str] = &["GW3012", "GW3013", "GW3049", "GW3050", "GW3051", "GW5113", "GW6013", "GW6014"];

/// What only `migrate` reports: the snapshots of its reports have it as text.
const MIGRATE_ONLY: &[&str] = &["GW5121", "GW5122"];

/// Codes that speak of a condition that no status states, with the reason.
const WITHOUT_STATUS: &[(&str, &str)] = &[];

/// What a reader of a finding misses: help, and what traffic does (unless the API server refuses the object). What it
/// says of conditions is compared with the status.
pub(crate) fn missing_words(finding: &Value) -> Option<String> {
    let id = finding["code"].as_str().unwrap_or_default();
    if Code::find(id).is_none() {
        return Some(format!("`{id}` is no code"));
    }
    let is_said = |key: &str| finding[key].as_str().is_some_and(|text| !text.trim().is_empty());
    let what = if !is_said("help") {
        "no help"
    } else if !is_said("consequence") && !id.starts_with("GW1") {
        "no consequence for traffic"
    } else {
        return None;
    };
    Some(format!("{id} has {what}: {}", finding["message"]))
}

fn every_code_is_shown(snapshots: &Path) -> Result<(), Failed> {
    let (mut text, mut json) = (String::new(), String::new());
    for entry in WalkDir::new(snapshots).into_iter().flatten().filter(|entry| entry.file_type().is_file()) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let content = std::fs::read_to_string(entry.path())?;
        match name.as_str() {
            "diagnostics.json.snap" => json.push_str(&content),
            name if name.ends_with("-report.snap") => text.push_str(&content),
            "diagnostics.txt.snap" | "translate.txt.snap" => text.push_str(&content),
            _ => {}
        }
    }
    let mut wrong = Vec::new();
    for code in REGISTRY {
        let (id, severity) = (code.id(), code.severity().as_str());
        let is_exempt = WITHOUT_CASE.iter().any(|(exempt, _)| *exempt == id);
        let is_text = text.contains(&format!("{severity}[{id}]"));
        let is_untold = TRANSLATE_ONLY.contains(&id) || MIGRATE_ONLY.contains(&id);
        let is_json = json.contains(&format!("\"code\": \"{id}\"")) || is_untold;
        match (is_exempt, is_text && is_json) {
            (false, false) => wrong.push(format!(
                "{id} has no case: add testdata/diagnostics/{id}, or `json: true` to the case.yaml of one"
            )),
            (true, true) => wrong.push(format!("{id} has a case, and is listed as without one")),
            _ => {}
        }
        let is_silent = WITHOUT_STATUS.iter().any(|(silent, _)| *silent == id);
        if code.condition().is_some() && !is_exempt && states_a_condition(&text, id) == is_silent {
            let has = if is_silent { "a case that states" } else { "no case that states" };
            wrong.push(format!("{id} has {has} a condition"));
        }
    }
    fail_for(wrong)
}

/// Whether some report on the code names a condition of the status.
fn states_a_condition(reports: &str, id: &str) -> bool {
    let blocks = reports.split("\n\n").filter(|block| block.contains(&format!("[{id}]")));
    blocks.into_iter().any(|block| block.contains("\n  status: "))
}

fn fail_for(wrong: Vec<String>) -> Result<(), Failed> {
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

fn ids_are_sorted() -> Result<(), Failed> {
    let pairs = REGISTRY.windows(2).filter(|pair| pair[0].id() >= pair[1].id());
    let mut wrong: Vec<_> = pairs.map(|pair| format!("{} stands before {}", pair[0].id(), pair[1].id())).collect();
    let well_formed =
        |id: &str| id.len() == 6 && id.starts_with("GW") && id.bytes().skip(2).all(|byte| byte.is_ascii_digit());
    wrong.extend(REGISTRY.iter().filter(|code| !well_formed(code.id())).map(|code| format!("{} is no id", code.id())));
    fail_for(wrong)
}

fn names_are_kebab_case() -> Result<(), Failed> {
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for code in REGISTRY {
        let name = code.name();
        let words = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !name.split('-').all(words) {
            wrong.push(format!("{}: `{name}` is not in kebab case", code.id()));
        }
        if !seen.insert(name) {
            wrong.push(format!("{}: `{name}` is the name of another code as well", code.id()));
        }
    }
    fail_for(wrong)
}

fn first_series_are_errors() -> Result<(), Failed> {
    let codes = REGISTRY.iter().filter(|code| code.id().starts_with("GW1") && code.severity() != Severity::Error);
    fail_for(codes.map(|code| format!("{} is not an error", code.id())).collect())
}

fn every_page_has_a_code(pages: &Path) -> Result<(), Failed> {
    let names = entries(pages).into_iter().map(|path| file_name(&path));
    let stray = names.filter(|name| !REGISTRY.iter().any(|code| format!("{}.md", code.id()) == *name));
    fail_for(stray.map(|name| format!("docs/diagnostics/{name} belongs to no code")).collect())
}

fn pages_have_titles() -> Result<(), Failed> {
    let title = |code: &gwctl::diagnostics::Code| {
        let first = code.page().lines().next().unwrap_or_default();
        let long = format!("# {}: {}", code.id(), code.name());
        (first != long && first != format!("# {}", code.id())).then(|| format!("`{first}` should be `{long}`"))
    };
    fail_for(REGISTRY.iter().filter_map(title).collect())
}
