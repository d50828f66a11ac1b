//! The simulator: the requests of each case, offline, through `gwctl test`.
//! The same expectations hold for the real proxy (`behaviour.rs`), so all three agree.

use std::fs;
use std::path::Path;

use libtest_mimic::Trial;
use serde_json::Value;

use crate::case::{Case, discover};
use crate::harness::Harness;
use crate::process;

/// Flags of `translate` that `test` has no use for, and whether a value follows.
const OUTPUT_FLAGS: &[(&str, bool)] = &[
    ("-o", true),
    ("--output", true),
    ("--output-file", true),
    ("--section", true),
    ("--report", true),
    ("--no-comments", false),
    ("--partial", false),
];

/// One test for each case with requests.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let cases = discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok());
    cases
        .filter(|case| case.requests.is_some())
        .map(|case| {
            let harness = harness.clone();
            let requests = case.requests.clone().unwrap_or_default();
            let folder = format!("simulated/{}", case.name);
            Trial::test(folder.replacen('/', "::", 1), move || Ok(simulate(&harness, &case, &requests, &folder)?))
        })
        .collect()
}

/// Runs the requests of a file through the simulator. The message lists every mismatch.
pub(crate) fn simulate(harness: &Harness, case: &Case, requests: &Path, folder: &str) -> Result<(), String> {
    let work = harness.work_directory(folder)?;
    let requests = requests.display().to_string();
    let mut args = vec!["test".to_owned(), requests, "--partial".to_owned(), "-o".to_owned(), "json".to_owned()];
    args.extend(case.paths.iter().flat_map(|path| ["-f".to_owned(), path.clone()]));
    let work_text = work.to_string_lossy().into_owned();
    args.extend(compile_flags(&case.translate_args).into_iter().map(|arg| arg.replace("{tmp}", &work_text)));
    let output = process::run(harness.binary(), &case.folder, &args, case.stdin.as_ref())?;
    let results: Value = serde_json::from_str(&output.stdout)
        .map_err(|error| format!("{error}\n{}\n{}", output.stdout, output.stderr))?;
    // Kept beside other scratch files for whoever looks into a failure.
    let _ = fs::write(work.join("results.json"), &output.stdout);
    let mut wrong = String::new();
    for one in results["cases"].as_array().into_iter().flatten().filter(|one| one["status"] == "failed") {
        wrong.push_str(&format!("{}: {}\n", one["name"], one["mismatches"]));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// The flags that decide how manifests are compiled.
fn compile_flags(args: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let name = arg.split_once('=').map_or(arg.as_str(), |(name, _)| name);
        match OUTPUT_FLAGS.iter().find(|(flag, _)| *flag == name) {
            Some((_, true)) if !arg.contains('=') => {
                args.next();
            }
            Some(_) => {}
            None => kept.push(arg.clone()),
        }
    }
    kept
}
