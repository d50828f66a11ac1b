//! `docs/cases.md`: every case with its reason, made from `testdata` and held to it; and the one way in which cases are named.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};

use crate::case::{Case, Pins, discover};
use crate::harness::Harness;

/// The document that is made.
const INDEX: &str = "docs/cases.md";

/// What stands above the tables.
const HEAD: &str = "# Cases

Every folder of `testdata` with the reason that it gives for itself. `GWCTL_UPDATE=1 cargo test --test suite -- index` makes this
page, and a test holds it to them. What a case pins: *ir* is the intermediate representation of what is emitted, *bootstrap*
Envoy's configuration; findings are pinned always. *Requests* go through the simulator and the real Envoy.
";

/// The tests of this file.
pub(crate) fn trials(harness: &Harness, root: &Path) -> Vec<Trial> {
    let cases =
        || -> Result<Vec<Case>, String> { discover(&harness.testdata()).into_iter().map(|(_, found)| found).collect() };
    let found = cases();
    let path = root.join(INDEX);
    let names: Vec<String> = found.iter().flatten().map(|case| case.name.clone()).collect();
    vec![
        Trial::test("index::every_case_stands_in_it_with_its_reason", move || {
            let text = page(&found?);
            if std::env::var_os("INSTA_UPDATE").is_some() {
                return fs::write(&path, text).map_err(|error| format!("{INDEX}: {error}").into());
            }
            match fs::read_to_string(&path) {
                Ok(now) if now == text => Ok(()),
                _ => Err(Failed::from(format!("{INDEX} is stale; GWCTL_UPDATE=1 makes it anew"))),
            }
        }),
        Trial::test("index::cases_are_named_alike", move || {
            let wrong: Vec<_> = names.iter().filter(|name| !is_named_well(name)).collect();
            if wrong.is_empty() {
                return Ok(());
            }
            Err(Failed::from(format!("words in lower case with dashes, no number in front: {wrong:#?}")))
        }),
        Trial::test("index::other_names_are_seen", || {
            let good = ["a/b-c", "http/match-2-headers", "diagnostics/GW1001", "diagnostics/suppressed"];
            let bad = ["a/01-b", "a/B", "a/b_c", "a/b--c", "a/-b", "a/b-", "a/GW1001", "diagnostics/GW1"];
            match good.iter().all(|name| is_named_well(name)) && !bad.iter().any(|name| is_named_well(name)) {
                true => Ok(()),
                false => Err(Failed::from("a name is judged wrongly")),
            }
        }),
    ]
}

/// A case is called by what it shows, one of `diagnostics` by the code that it shows.
fn is_named_well(name: &str) -> bool {
    let Some((area, case)) = name.split_once('/') else { return false };
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let is_code =
        case.strip_prefix("GW").is_some_and(|code| code.len() == 4 && code.bytes().all(|b| b.is_ascii_digit()));
    let is_words = case.split('-').all(is_word) && case.starts_with(|first: char| first.is_ascii_lowercase());
    area.split('-').all(is_word) && (is_words || (area == "diagnostics" && is_code))
}

fn page(cases: &[Case]) -> String {
    let mut text = HEAD.to_owned();
    let parts = |case: &'_ Case| -> (String, String) {
        let (area, short) = case.name.split_once('/').unwrap_or_default();
        (area.to_owned(), short.to_owned())
    };
    for cases in cases.chunk_by(|left, right| parts(left).0 == parts(right).0) {
        let area = cases.first().map(|case| parts(case).0).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n## {area}\n\n| case | why it exists | pins |\n|---|---|---|");
        for case in cases {
            let short = parts(case).1;
            let reason = case.reason.replace('|', "\\|");
            let _ = writeln!(text, "| [{short}](../testdata/{}) | {reason} | {} |", case.name, pins(case));
        }
    }
    text
}

fn pins(case: &Case) -> String {
    let product = (case.exit.translate == 0).then_some(if case.pins == Pins::Bootstrap { "bootstrap" } else { "ir" });
    let status = case.status.then_some("status");
    let requests = case.requests.as_ref().map(|_| "requests");
    let all: Vec<_> = [product, status, requests].into_iter().flatten().collect();
    if all.is_empty() { "findings".to_owned() } else { all.join(", ") }
}
