//! Every case on other releases of Envoy, where `GWCTL_ENVOYS` names a directory that has them: translated for the release,
//! loaded by it, and asked the requests of the case. What one answers otherwise is in `case.yaml`, with the finding that says it.

use std::path::{Path, PathBuf};

use gwctl::proving::{self, CaseFile};
use libtest_mimic::Trial;
use walkdir::WalkDir;

use crate::behaviour;
use crate::case::{Case, Otherwise, discover};
use crate::harness::Harness;
use crate::process;

/// The directory with the releases, each somewhere below an entry of its own.
const VARIABLE: &str = "GWCTL_ENVOYS";

/// Two tests for each release and case, where somebody asks for them; and one that what cases say of releases is said by gwctl.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let cases: Vec<Case> = discover(&harness.testdata()).into_iter().filter_map(|(_, found)| found.ok()).collect();
    let (own, told) = (harness.clone(), cases.clone());
    let mut trials = vec![Trial::test("releases::what_they_answer_otherwise_is_said", move || {
        let wrong: Vec<String> = told.iter().flat_map(|case| unsaid(&own, case)).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
    })];
    let Some(directory) = std::env::var_os(VARIABLE) else { return trials };
    let releases = match releases(Path::new(&directory)) {
        Ok(releases) => releases,
        Err(why) => return vec![Trial::test("releases::are_there", move || Err(why.into()))],
    };
    for release in &releases {
        let harness = harness.with_envoy(&release.binary, &release.exact);
        // A case about a release says which.
        let has_release = |case: &&Case| case.translate_args.iter().any(|arg| arg.contains("--envoy-version"));
        for case in cases.iter().filter(|case| case.exit.translate == 0 && !has_release(case)) {
            trials.extend(of_case(&harness, release, for_release(case, &release.minor)));
        }
    }
    trials
}

/// A case with the flags for a release.
fn for_release(case: &Case, minor: &str) -> Case {
    let mut case = case.clone();
    // What a release does otherwise is a warning.
    for arguments in [&mut case.args, &mut case.translate_args] {
        if let Some(place) = arguments.iter().position(|argument| argument == "--deny") {
            arguments.drain(place..(place + 2).min(arguments.len()));
        }
    }
    case.translate_args.push(format!("--envoy-version={minor}"));
    case
}

fn of_case(harness: &Harness, Release { exact, minor, .. }: &Release, case: Case) -> Vec<Trial> {
    let (own, loaded) = (harness.clone(), case.clone());
    let loads = Trial::test(format!("releases::{exact}::loads::{}", case.name), move || Ok(load(&own, &loaded)?));
    let Some(requests) = case.requests.clone() else { return vec![loads] };
    let of_way = |way| {
        let (own, case, requests, minor) = (harness.clone(), case.clone(), requests.clone(), minor.clone());
        let (folder, ending) = behaviour::named(way);
        Trial::test(format!("releases::{exact}::answers::{}{ending}", case.name), move || {
            let mut cases = behaviour::parse(&requests)?;
            expect_otherwise(&case, &minor, &mut cases)?;
            Ok(behaviour::prove_cases(way, &own, &case, cases, &format!("{folder}/{}", case.name))?)
        })
    };
    std::iter::once(loads).chain(behaviour::ways(&requests).into_iter().map(of_way)).collect()
}

/// Puts what a release answers in the place of what the newest one does.
fn expect_otherwise(case: &Case, minor: &str, cases: &mut CaseFile) -> Result<(), String> {
    let of_release = case.otherwise.iter().filter(|one| one.releases.iter().any(|release| release == minor));
    for (name, expect) in of_release.flat_map(|one| &one.expect) {
        let request = cases.requests.iter_mut().find(|request| request.name == *name);
        let request = request.ok_or_else(|| format!("{}: no request is called `{name}`", case.name))?;
        if request.expect == *expect {
            return Err(format!("{}: `{name}` is expected whatever the release is", case.name));
        }
        request.expect = expect.clone();
    }
    Ok(())
}

/// What a case says of releases and gwctl does not.
fn unsaid(harness: &Harness, case: &Case) -> Vec<String> {
    let mut wrong = Vec::new();
    for Otherwise { releases, code, reason, expect } in &case.otherwise {
        if code.is_some() == reason.is_some() || releases.is_empty() || expect.is_empty() {
            wrong.push(format!("{}: `otherwise` needs releases, requests, and a code or a reason", case.name));
        }
        for minor in releases {
            let said = match code {
                Some(code) => says(harness, &for_release(case, minor), code),
                None => Ok(()),
            };
            let requests = case.requests.as_deref().ok_or_else(|| "there are no requests".to_owned());
            let known =
                requests.and_then(behaviour::parse).and_then(|mut cases| expect_otherwise(case, minor, &mut cases));
            wrong.extend(
                [said, known].into_iter().filter_map(Result::err).map(|why| format!("{} on {minor}: {why}", case.name)),
            );
        }
    }
    wrong
}

/// Whether a code is among the findings of a case.
fn says(harness: &Harness, case: &Case, code: &str) -> Result<(), String> {
    let work = harness.work_directory(&format!("otherwise/{}", case.name))?;
    // Who serves clients of Services is told of what these have.
    let client = case.requests.as_deref().map(behaviour::parse).transpose()?;
    let client = client.and_then(|cases| cases.requests.into_iter().find_map(|request| request.from));
    let mut arguments = case.translate_args.clone();
    let serves = arguments.iter().any(|argument| argument == "--mesh-for");
    arguments.extend(client.filter(|_| !serves).map(|client| format!("--mesh-for={client}")));
    let output = harness.gwctl("translate", case, &arguments, &work)?;
    match output.stderr.contains(&format!("[{code}]")) {
        true => Ok(()),
        false => Err(format!("{code} is not said: {}", output.stderr)),
    }
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
