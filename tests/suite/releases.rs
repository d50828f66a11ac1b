//! Every case on other releases of Envoy, where `GWCTL_ENVOYS` names a directory that has them: translated for the release,
//! loaded by it, and asked the requests of the case.

use std::path::{Path, PathBuf};

use gwctl::proving;
use libtest_mimic::Trial;
use walkdir::WalkDir;

use crate::behaviour;
use crate::case::{Case, discover};
use crate::harness::Harness;
use crate::process;

/// The directory with the releases, each somewhere below an entry of its own.
const VARIABLE: &str = "GWCTL_ENVOYS";

/// Two tests for each release and case; none where nobody asks for them.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let Some(directory) = std::env::var_os(VARIABLE) else { return Vec::new() };
    let releases = match releases(Path::new(&directory)) {
        Ok(releases) => releases,
        Err(why) => return vec![Trial::test("releases::are_there", move || Err(why.into()))],
    };
    let cases: Vec<Case> = discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok()).collect();
    let mut trials = Vec::new();
    for Release { exact, minor, binary } in &releases {
        let harness = harness.with_envoy(binary, exact);
        // A case about a release says which.
        let has_release = |case: &&Case| case.translate_args.iter().any(|arg| arg.contains("--envoy-version"));
        for case in cases.iter().filter(|case| case.exit.translate == 0 && !has_release(case)) {
            let mut case = case.clone();
            // What a release does otherwise is a warning.
            if let Some(place) = case.args.iter().position(|arg| arg == "--deny") {
                case.args.drain(place..(place + 2).min(case.args.len()));
            }
            case.translate_args.push(format!("--envoy-version={minor}"));
            let (own, loaded) = (harness.clone(), case.clone());
            trials.push(Trial::test(format!("releases::{exact}::loads::{}", case.name), move || {
                Ok(load(&own, &loaded)?)
            }));
            let Some(requests) = case.requests.clone() else { continue };
            for way in behaviour::ways(&requests) {
                let (own, case, requests) = (harness.clone(), case.clone(), requests.clone());
                let (folder, ending) = behaviour::named(way);
                trials.push(Trial::test(format!("releases::{exact}::answers::{}{ending}", case.name), move || {
                    let folder = format!("{folder}/{}", case.name);
                    Ok(behaviour::prove_by(way, &own, &case, &requests, &folder)?)
                }));
            }
        }
    }
    trials
}

/// The releases that are there: each as in `1.36`, with its program.
pub(crate) fn known() -> Result<Vec<(String, PathBuf)>, String> {
    let Some(directory) = std::env::var_os(VARIABLE) else { return Ok(Vec::new()) };
    let found = releases(Path::new(&directory))?.into_iter();
    Ok(found.map(|Release { exact: _, minor, binary }| (minor, binary)).collect())
}

/// A release.
struct Release {
    /// As in `1.36.4`.
    exact: String,
    /// As in `1.36`.
    minor: String,
    binary: PathBuf,
}

/// The releases below a directory.
fn releases(directory: &Path) -> Result<Vec<Release>, String> {
    let mut found = Vec::new();
    let files = WalkDir::new(directory).sort_by_file_name().into_iter().flatten();
    for entry in files.filter(|entry| entry.file_type().is_file() && entry.file_name() == "envoy") {
        let output = process::run(entry.path(), directory, &["--version".to_owned()], None)?;
        // `PATH  version: COMMIT/1.36.4/…`
        let version = output.stdout.split_once("version: ").and_then(|(_, version)| version.split('/').nth(1));
        let exact = version.unwrap_or_default().to_owned();
        let minor = exact.rsplit_once('.').map(|(minor, _)| minor.to_owned());
        let minor = minor.ok_or_else(|| format!("{} is no Envoy: {}", entry.path().display(), output.stdout))?;
        found.push(Release { exact, minor, binary: entry.into_path() });
    }
    if found.is_empty() { Err(format!("there is no `envoy` below {}", directory.display())) } else { Ok(found) }
}

fn load(harness: &Harness, case: &Case) -> Result<(), String> {
    let work = harness.work_directory(&format!("loads/{}", case.name))?;
    let output = harness.gwctl("translate", case, &case.translate_args, &work)?;
    if output.code != Some(0) {
        return Err(output.stderr);
    }
    let file = work.join("envoy.yaml");
    std::fs::write(&file, &output.stdout).map_err(|error| format!("{}: {error}", file.display()))?;
    proving::validate(harness.envoy()?, &file).map_err(|error| error.to_string())
}
