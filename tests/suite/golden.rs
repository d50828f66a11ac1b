//! Golden outputs: what gwctl makes of each case is compared with its snapshots, and every bootstrap is loaded by the
//! real Envoy.
//!
//! Of what is emitted most cases pin the intermediate representation, so that a change of what is emitted by default
//! changes few snapshots. Some pin whole bootstraps: each construct that any case emits has to stand in one of them.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use gwctl::proving;
use libtest_mimic::{Failed, Trial};
use walkdir::WalkDir;

use crate::case::{Case, Pins, discover};
use crate::constructs;
use crate::harness::Harness;
use crate::intermediate;
use crate::process::Output;
use crate::registry;

const BOOTSTRAP: &str = "bootstrap.yaml";
const IR: &str = "ir.yaml";
const DIAGNOSTICS: &str = "diagnostics.txt";
/// What `translate` alone reports, where that is not what `validate` reports.
const TRANSLATE_DIAGNOSTICS: &str = "translate.txt";
/// The report of `validate` for programs, for the cases that ask for it.
const REPORT: &str = "diagnostics.json";
/// The status of every object, and the tables of it, for the cases that ask for them.
const STATUS: &str = "status.yaml";
const STATUS_TABLE: &str = "status.txt";
/// The same cases in the tables of `get`, and as `describe` has them.
const LISTED: &str = "get.txt";
const DESCRIBED: &str = "describe.txt";

/// The constructs of all pinned bootstraps, read when they are first needed.
pub(crate) type Pinned = Arc<OnceLock<Result<BTreeSet<String>, String>>>;

/// One test for each case, and one for snapshots without a case.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let cases = discover(&harness.testdata());
    let pinned = Pinned::default();
    let mut trials: Vec<_> = cases
        .into_iter()
        .map(|(name, found)| {
            let (harness, pinned) = (harness.clone(), pinned.clone());
            Trial::test(format!("golden::{name}"), move || Ok(compare(&harness, &found?, &pinned)?))
        })
        .collect();
    trials.extend([
        Trial::test("golden::constructs_are_fields_and_words", || Ok(constructs::own_test()?)),
        Trial::test("golden::a_construct_that_no_snapshot_has_fails", new_construct_fails),
    ]);
    let harness = harness.clone();
    trials.push(Trial::test("golden::no_snapshot_is_an_orphan", move || match orphans(&harness).as_slice() {
        [] => Ok(()),
        paths => Err(Failed::from(format!("no case makes these snapshots, delete them: {paths:#?}"))),
    }));
    trials
}

/// Compares everything that gwctl prints for a case. One message lists all that is wrong.
pub(crate) fn compare(harness: &Harness, case: &Case, pinned: &Pinned) -> Result<(), String> {
    let work = harness.work_directory(&format!("golden/{}", case.name))?;
    let mut wrong = Vec::new();
    let translated = harness.gwctl("translate", case, &case.translate_args, &work)?;
    check_code(case.exit.translate, &translated, "translate", &mut wrong);
    if translated.code == Some(0) {
        // The version and the digest of the input are others with every release and every edit.
        let (made, bootstrap) = head_and_body(&translated.stdout);
        if !case.name.starts_with("self/") {
            wrong.extend(wrong_head(made));
        }
        wrong.extend(emitted(harness, case, bootstrap, (&work, pinned)).err());
        wrong.extend(load(harness, &translated.stdout, &work).err());
    } else if !translated.stdout.is_empty() {
        wrong.push("`translate` failed, and yet it printed a product".to_owned());
    }
    let validated = harness.gwctl("validate", case, &case.args, &work)?;
    check_code(case.exit.validate, &validated, "validate", &mut wrong);
    if !is_counts(&validated.stderr) && !case.name.starts_with("self/") {
        wrong.push(format!("`validate` prints to stderr, and not one line of counts:\n{}", validated.stderr));
    }
    wrong.extend(snapshot(harness, case, DIAGNOSTICS, &validated.stdout, &work).err());
    wrong.extend(report(harness, case, validated.code, &work).err());
    if case.status {
        for (format, product) in [("yaml", STATUS), ("table", STATUS_TABLE)] {
            let args: Vec<String> = case.args.iter().cloned().chain(["-o".to_owned(), format.to_owned()]).collect();
            let output = harness.gwctl("status", case, &args, &work)?;
            check_code(case.exit.validate, &output, "status", &mut wrong);
            wrong.extend(snapshot(harness, case, product, &output.stdout, &work).err());
        }
        for (command, product, format) in [("get", LISTED, &["-o", "wide"][..]), ("describe", DESCRIBED, &[])] {
            let asked = ["all"].iter().chain(format).map(|word| (*word).to_owned());
            let args: Vec<String> = asked.chain(case.args.iter().cloned()).collect();
            let output = harness.gwctl(command, case, &args, &work)?;
            check_code(case.exit.validate, &output, command, &mut wrong);
            if command == "describe" || !has_ages(case) {
                wrong.extend(snapshot(harness, case, product, &output.stdout, &work).err());
            }
        }
    }
    if !translated.stderr.is_empty() && translated.stderr != validated.stdout {
        wrong.extend(snapshot(harness, case, TRANSLATE_DIAGNOSTICS, &translated.stderr, &work).err());
    } else if path(harness, case, TRANSLATE_DIAGNOSTICS).exists() {
        wrong.push(format!("{TRANSLATE_DIAGNOSTICS}.snap is not made any more: `validate` says the same, delete it"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n\n")) }
}

/// Whether objects of a case are as old as their manifests say: what is printed of them changes with the clock.
fn has_ages(case: &Case) -> bool {
    let files = WalkDir::new(&case.folder).into_iter().flatten().filter(|entry| entry.file_type().is_file());
    files.into_iter().any(|file| fs::read_to_string(file.path()).is_ok_and(|text| text.contains("creationTimestamp")))
}

/// Compares what is emitted: the bootstrap, or what it is made of.
fn emitted(harness: &Harness, case: &Case, bootstrap: &str, (work, pinned): (&Path, &Pinned)) -> Result<(), String> {
    match case.pins {
        Pins::Bootstrap => snapshot(harness, case, BOOTSTRAP, bootstrap, work),
        Pins::Ir => {
            let same = snapshot(harness, case, IR, &intermediate::of(case, work)?, work);
            let pinned = pinned.get_or_init(|| pinned_constructs(harness)).as_ref().map_err(Clone::clone)?;
            // While snapshots are updated those of other cases are still to come.
            let known = if is_updating() { Ok(()) } else { all_pinned(bootstrap, pinned) };
            let wrong: Vec<_> = [same, known].into_iter().filter_map(Result::err).collect();
            if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n\n")) }
        }
    }
}

fn is_updating() -> bool {
    std::env::var_os("INSTA_UPDATE").is_some()
}

/// Demands that some pinned bootstrap has each construct of this one.
fn all_pinned(bootstrap: &str, pinned: &BTreeSet<String>) -> Result<(), String> {
    let own = constructs::of(bootstrap)?;
    let new: Vec<_> = own.difference(pinned).map(String::as_str).collect();
    if new.is_empty() {
        return Ok(());
    }
    let what = "no pinned bootstrap has what this case emits; say `pins: bootstrap` in its case.yaml";
    Err(format!("{what}:\n{}", new.join("\n")))
}

/// What no pinned bootstrap has is told.
fn new_construct_fails() -> Result<(), Failed> {
    let pinned = constructs::of("a: {b: 1, c: AUTO}\n")?;
    all_pinned("a: {b: 2, c: AUTO}\n", &pinned)?;
    for (bootstrap, told) in [("a: {d: 1}\n", ".a.d"), ("a: {c: OFF}\n", ".a.c = OFF")] {
        match all_pinned(bootstrap, &pinned) {
            Err(message) if message.ends_with(told) => {}
            other => return Err(Failed::from(format!("{told}: {other:?}"))),
        }
    }
    Ok(())
}

/// The constructs of the bootstraps that are snapshots.
fn pinned_constructs(harness: &Harness) -> Result<BTreeSet<String>, String> {
    let cases = discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok());
    let mut all = BTreeSet::new();
    for case in cases.filter(|case| case.pins == Pins::Bootstrap && case.exit.translate == 0) {
        let path = path(harness, &case, BOOTSTRAP);
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        // Bare, the placeholder of the work directory would be a mapping.
        let bootstrap = text.splitn(3, "---\n").nth(2).unwrap_or_default().replace("{tmp}", "/tmp");
        all.extend(constructs::of(&bootstrap).map_err(|error| format!("{}: {error}", path.display()))?);
    }
    Ok(all)
}

/// The comment at the beginning of an output, and the rest.
pub(crate) fn head_and_body(output: &str) -> (&str, &str) {
    let head: usize = output.split_inclusive('\n').take_while(|line| line.starts_with("# ")).map(str::len).sum();
    output.split_at(head)
}

/// What the first comment lacks: it names gwctl, the versions, the flags and the input.
fn wrong_head(head: &str) -> Option<String> {
    let version = concat!("# gwctl ", env!("CARGO_PKG_VERSION"), ", Gateway API v");
    let lines: Vec<&str> = head.lines().collect();
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return Some("no first comment".to_owned()) };
    let digest = last.strip_prefix("# input: ").and_then(|rest| rest.split_once(", sha256:"));
    let is_digest =
        digest.is_some_and(|(_, digest)| digest.len() == 16 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let inner = lines.get(1..lines.len().saturating_sub(1)).unwrap_or_default();
    let is_known = inner.iter().all(|line| line.starts_with("# flags: --") || line.starts_with("# settings: "));
    let is_right = first.starts_with(version) && first.contains(", Envoy 1.") && is_digest && is_known;
    (!is_right).then(|| format!("the first comment is not right:\n{head}"))
}

/// Compares the report for programs, and demands of every finding what a reader needs.
fn report(harness: &Harness, case: &Case, code: Option<i32>, work: &Path) -> Result<(), String> {
    let args: Vec<String> = case.args.iter().cloned().chain(["-o".to_owned(), "json".to_owned()]).collect();
    let output = harness.gwctl("validate", case, &args, work)?;
    let mut wrong = Vec::new();
    if output.code != code {
        wrong.push(format!("`validate -o json` ends with {:?}, and without the flag with {code:?}", output.code));
    }
    match serde_json::from_str::<serde_json::Value>(&output.stdout) {
        Ok(report) => {
            for finding in report["findings"].as_array().into_iter().flatten() {
                wrong.extend(registry::missing_words(finding));
            }
        }
        // The stand-in for gwctl in the tests of the harness prints no reports.
        Err(_) if case.name.starts_with("self/") => {}
        Err(error) => wrong.push(format!("`validate -o json` is not JSON: {error}")),
    }
    if case.json {
        // Most cases leave nothing unjudged, and their snapshots need not say so.
        let text = output.stdout.replace("  \"unjudged\": [],\n", "");
        wrong.extend(snapshot(harness, case, REPORT, &text, work).err());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// Whether a text is the line of counts and nothing else.
fn is_counts(text: &str) -> bool {
    let line = text.strip_suffix('\n').unwrap_or_default();
    !line.contains('\n') && (line.contains(" notes: ") || line.contains(" note: ")) && line.contains(" judged in ")
}

fn check_code(expected: i32, output: &Output, command: &str, wrong: &mut Vec<String>) {
    if output.code != Some(expected) {
        let code = output.code.map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        wrong.push(format!("`{command}` ended with {code}, not with {expected}:\n{}", output.stderr));
    }
}

/// Lets the real Envoy judge a bootstrap.
fn load(harness: &Harness, bootstrap: &str, work: &Path) -> Result<(), String> {
    let file = work.join("envoy.yaml");
    fs::write(&file, bootstrap).map_err(|error| format!("{}: {error}", file.display()))?;
    proving::validate(harness.envoy()?, &file).map_err(|error| error.to_string())
}

/// Compares a text with the snapshot of a product of a case.
pub(crate) fn snapshot(harness: &Harness, case: &Case, product: &str, text: &str, work: &Path) -> Result<(), String> {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(harness.snapshots().join(&case.name));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    // The place of the work directory differs from machine to machine.
    let text = text.replace(&*work.to_string_lossy(), "{tmp}");
    let compare = || settings.bind(|| insta::assert_snapshot!(product, text));
    catch_unwind(AssertUnwindSafe(compare)).map_err(|_| {
        format!(
            "{} has changed, see the difference above; GWCTL_UPDATE=1 accepts it",
            path(harness, case, product).display()
        )
    })
}

fn path(harness: &Harness, case: &Case, product: &str) -> PathBuf {
    harness.snapshots().join(&case.name).join(format!("{product}.snap"))
}

/// The snapshots that no case makes.
pub(crate) fn orphans(harness: &Harness) -> Vec<PathBuf> {
    let mut made = Vec::new();
    for (_, found) in discover(&harness.testdata()) {
        let Ok(case) = found else { continue };
        made.push(path(harness, &case, DIAGNOSTICS));
        made.push(path(harness, &case, TRANSLATE_DIAGNOSTICS));
        if case.json {
            made.push(path(harness, &case, REPORT));
        }
        if case.status {
            made.push(path(harness, &case, STATUS));
            made.push(path(harness, &case, STATUS_TABLE));
            made.push(path(harness, &case, DESCRIBED));
            if !has_ages(&case) {
                made.push(path(harness, &case, LISTED));
            }
        }
        made.extend(crate::migrate::snapshots(&case).map(|product| path(harness, &case, &product)));
        if case.exit.translate == 0 {
            made.push(path(harness, &case, if case.pins == Pins::Bootstrap { BOOTSTRAP } else { IR }));
        }
    }
    let files = WalkDir::new(harness.snapshots()).sort_by_file_name().into_iter().flatten();
    let files = files.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path);
    // A pending snapshot belongs to a case that has just failed.
    files.filter(|path| !path.to_string_lossy().ends_with(".snap.new") && !made.contains(path)).collect()
}
