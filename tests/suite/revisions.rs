//! `diff git:REV:PATH`: what is read of a revision is what its checkout holds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use walkdir::WalkDir;

use crate::case::discover;
use crate::harness::Harness;
use crate::process;

/// In how many parts the trees of `testdata` are compared, side by side.
const PARTS: usize = 4;

/// The tests of this file.
pub(crate) fn trials(harness: &Harness) -> Vec<Trial> {
    let mut trials: Vec<Trial> = (0..PARTS)
        .map(|part| {
            let harness = harness.clone();
            let name = format!("revisions::an_unchanged_tree_has_no_difference_part_{part}");
            Trial::test(name, move || unchanged_trees(&harness, part))
        })
        .collect();
    let of_submodules = harness.clone();
    trials.push(Trial::test("revisions::submodules_are_those_of_the_commit", move || submodules(&of_submodules)));
    let of_settings = harness.clone();
    trials.push(Trial::test("revisions::settings_are_those_of_the_tree", move || settings(&of_settings)));
    trials.push(harness.trial("revisions::what_a_side_adds_is_no_context_of_the_revision", context));
    let harness = harness.clone();
    trials.push(Trial::test("revisions::links_and_hidden_files_are_those_of_a_checkout", move || checkout(&harness)));
    trials
}

/// A repository that holds all of `testdata`, committed once for all parts.
fn repository(harness: &Harness) -> Result<&'static Path, String> {
    static REPOSITORY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let made = REPOSITORY.get_or_init(|| {
        let folder = harness.work_directory("revisions/testdata")?;
        copy(&harness.testdata(), &folder)?;
        commit(&folder)?;
        Ok(folder)
    });
    made.as_deref().map_err(Clone::clone)
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    for entry in WalkDir::new(from) {
        let entry = entry.map_err(|error| error.to_string())?;
        let inside = entry.path().strip_prefix(from).map_err(|error| error.to_string())?;
        let target = to.join(inside);
        let done = if entry.file_type().is_dir() {
            fs::create_dir_all(&target)
        } else {
            fs::copy(entry.path(), &target).map(|_| ())
        };
        done.map_err(|error| format!("{}: {error}", target.display()))?;
    }
    Ok(())
}

fn git(folder: &Path, args: &[&str]) -> Result<(), String> {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@t.test", "-c", "core.autocrlf=false"];
    let output = Command::new("git").args(identity).args(args).current_dir(folder).output();
    let output = output.map_err(|error| format!("cannot run git: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn commit(folder: &Path) -> Result<(), String> {
    git(folder, &["init", "-q"])?;
    // What this machine ignores elsewhere is not ignored here.
    git(folder, &["-c", "core.excludesFile=", "add", "--all", "--force"])?;
    git(folder, &["commit", "-q", "-m", "all"])
}

/// The difference between a revision and the file system, and the exit code.
fn difference(harness: &Harness, folder: &Path, old: &str, new: &str) -> Result<(Value, Option<i32>), String> {
    difference_beside(harness, folder, (old, new), &[])
}

/// The same with further flags.
fn difference_beside(
    harness: &Harness,
    folder: &Path,
    (old, new): (&str, &str),
    flags: &[&str],
) -> Result<(Value, Option<i32>), String> {
    let mut command = Command::new(harness.binary());
    command.args(["diff", old, new, "--exit-code", "-o", "json"]).args(flags);
    command.current_dir(folder).stdin(Stdio::null());
    let output = command.output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() == Some(2) && text.is_empty() {
        return Ok((Value::String(said), Some(2)));
    }
    let value = serde_json::from_str(&text).map_err(|error| format!("{old}: {error}: {text}{said}"))?;
    Ok((value, output.status.code()))
}

fn is_empty(difference: &Value) -> bool {
    let list = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
    let findings = &difference["findings"];
    let is_silent = list(&findings["introduced"]) && list(&findings["fixed"]);
    list(&difference["changes"]) && is_silent && list(&difference["unnamed"])
}

fn unchanged_trees(harness: &Harness, part: usize) -> Result<(), Failed> {
    let folder = repository(harness)?;
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for (name, _) in discover(&harness.testdata()).into_iter().skip(part).step_by(PARTS) {
        match difference(harness, folder, &format!("git:HEAD:{name}"), &name)? {
            // A tree without listeners and routes cannot be compared, and says so of both sides alike.
            (Value::String(said), _) if said.contains("nothing") || said.contains("cannot be read") => {}
            (found, Some(0)) if is_empty(&found) => compared += 1,
            (found, code) => wrong.push(format!("{name}: {code:?} {found:#}")),
        }
    }
    if wrong.is_empty() && compared > 20 { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

/// A context that holds the directory which is judged does not hold what it has more than the revision.
fn context(harness: &Harness) -> Result<(), String> {
    let folder = harness.work_directory("revisions/context")?;
    process::write_below(&folder, "platform/base.yaml", &[GATEWAY, &service("a")].join("---\n"))?;
    process::write_below(&folder, "team/r.yaml", &route("r", "a"))?;
    commit(&folder)?;
    process::write_below(&folder, "team/new.yaml", &route("new", "a"))?;
    for (below, sides, beside) in [("", ("git:HEAD:team", "team"), "."), ("team", ("git:HEAD:", "."), "..")] {
        let (found, code) = difference_beside(harness, &folder.join(below), sides, &["--context", beside])?;
        let hosts: Vec<&Value> =
            found["changes"].as_array().into_iter().flatten().map(|change| &change["host"]).collect();
        if code != Some(1) || hosts != ["new.test"] {
            return Err(format!("{sides:?}: {code:?} {found:#}"));
        }
    }
    Ok(())
}

const GATEWAY: &str = "apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {gatewayClassName: any, listeners: [{name: http, protocol: HTTP, port: 80}]}
";

fn service(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{ports: [{{port: 80}}]}}\n"
    )
}

fn route(name: &str, service: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {name}, namespace: shop}}\n\
         spec: {{parentRefs: [{{name: edge}}], hostnames: [{name}.test], rules: [{{backendRefs: [{{name: {service}, port: 80}}]}}]}}\n"
    )
}

fn checkout(harness: &Harness) -> Result<(), Failed> {
    let folder = harness.work_directory("revisions/checkout")?;
    let write = |name: &str, text: &str| -> Result<(), String> {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&path)).map_err(|error| error.to_string())?;
        fs::write(&path, text).map_err(|error| error.to_string())
    };
    write("m/gateway.yaml", GATEWAY)?;
    write("m/services.yaml", &[service("a"), service("b")].join("---\n"))?;
    write("m/.hidden.yaml", &route("hidden", "gone"))?;
    write("m/.git-like/route.yaml", &route("deep", "gone"))?;
    write("m/notes.txt", "kind: {{\n")?;
    write("m/kustomization.yaml", "resources: [gateway.yaml]\n")?;
    write("m/chart/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.2.3\n")?;
    write("m/chart/templates/route.yaml", &route("chart", "gone"))?;
    // Of one object twice the later one counts: the order of files is a part of what is read.
    write("m/twice/1.yaml", &route("twice", "gone"))?;
    write("m/twice/2.yaml", &route("twice", "b"))?;
    write("elsewhere/outside.yaml", &route("outside", "gone"))?;
    write("m/shared/linked.yaml", &route("linked", "a"))?;
    write("m/other-name.txt", &route("named", "a"))?;
    #[cfg(unix)]
    for (target, link) in [
        ("../shared", "m/team/all"),
        ("other-name.txt", "m/named.yaml"),
        ("../elsewhere/outside.yaml", "m/outside.yaml"),
        ("loop-b", "m/loop-a"),
        ("loop-a", "m/loop-b"),
        (".", "m/self"),
    ] {
        let path = folder.join(link);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        std::os::unix::fs::symlink(target, &path)?;
    }
    commit(&folder)?;
    let (found, code) = difference(harness, &folder, "git:HEAD:m", "m")?;
    if code != Some(0) || !is_empty(&found) {
        return Err(Failed::from(format!("{code:?} {found:#}")));
    }
    // The working directory may be below the root of the repository.
    let (found, code) = difference(harness, &folder.join("m"), "git:HEAD", ".")?;
    if code != Some(0) || !is_empty(&found) {
        return Err(Failed::from(format!("from below: {code:?} {found:#}")));
    }
    // What a link leads to is compared, and what is not read is not.
    write("m/other-name.txt", &route("named", "b"))?;
    write("m/.hidden.yaml", &route("hidden", "b"))?;
    let (found, code) = difference(harness, &folder, "git:HEAD:m", "m")?;
    let changes: Vec<&Value> = found["changes"].as_array().into_iter().flatten().collect();
    let is_one = matches!(changes.as_slice(), [one] if one["kind"] == "retargeted" && one["host"] == "named.test");
    if cfg!(unix) && (code != Some(1) || !is_one) {
        return Err(Failed::from(format!("{code:?} {found:#}")));
    }
    for (old, words) in [
        ("git:HEAD:gone", "`gone` is not in `HEAD`"),
        ("git:nothing:m", "is no revision"),
        ("git::m", "a revision is missing"),
    ] {
        let (said, code) = difference(harness, &folder, old, "m")?;
        if code != Some(2) || !said.as_str().is_some_and(|said| said.contains(words)) {
            return Err(Failed::from(format!("{old}: {code:?} {said}")));
        }
    }
    Ok(())
}

fn submodules(harness: &Harness) -> Result<(), Failed> {
    let folder = harness.work_directory("revisions/submodules")?;
    let write = |name: &str, text: &str| -> Result<(), String> {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&path)).map_err(|error| error.to_string())?;
        fs::write(&path, text).map_err(|error| error.to_string())
    };
    let (library, whole, clone) = (folder.join("library"), folder.join("whole"), folder.join("clone"));
    write("library/r.yaml", &route("r", "a"))?;
    commit(&library)?;
    write("whole/m/gateway.yaml", GATEWAY)?;
    write("whole/m/services.yaml", &[service("a"), service("b")].join("---\n"))?;
    git(&whole, &["init", "-q"])?;
    let allowed = ["-c", "protocol.file.allow=always"];
    git(&whole, &[&allowed[..], &["submodule", "--quiet", "add", "../library", "m/routes"]].concat())?;
    commit(&whole)?;
    write("library/r.yaml", &route("r", "b"))?;
    commit(&library)?;
    git(&whole.join("m/routes"), &["pull", "-q"])?;
    // What is checked out is compared, and so is the commit before it, which is at hand.
    commit(&whole)?;
    let check = |place: &Path, old: &str, new: &str, expected: i32| -> Result<(), Failed> {
        let (found, code) = difference(harness, place, old, new)?;
        if code == Some(expected) { Ok(()) } else { Err(Failed::from(format!("{old} {new}: {code:?} {found:#}"))) }
    };
    check(&whole, "git:HEAD:m", "m", 0)?;
    check(&whole, "git:HEAD~1:m", "git:HEAD:m", 1)?;
    // Where it is not checked out the commits are known, and not what they hold.
    git(&folder, &["clone", "-q", "whole", "clone"])?;
    check(&clone, "git:HEAD:m", "git:HEAD:m", 0)?;
    check(&clone, "git:HEAD:m", "m", 0)?;
    check(&clone, "git:HEAD~1:m", "git:HEAD:m", 2)?;
    check(&clone, "git:HEAD~1:m", "m", 2)?;
    // `validate` says that something is missing there.
    let mut command = Command::new(harness.binary());
    command.args(["validate", "m", "--assume", "services", "-v"]).current_dir(&clone).stdin(Stdio::null());
    let output = command.output().map_err(|error| error.to_string())?;
    let (report, counts) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let is_told = report.contains("warning[GW8091]") && report.contains("`m/routes` is a submodule");
    let is_listed = counts.contains("not judged: the file `m/routes`: the submodule is not checked out");
    if is_told && is_listed { Ok(()) } else { Err(Failed::from(format!("{report}{counts}"))) }
}

/// The settings of a side are those of its tree, from its path upward.
fn settings(harness: &Harness) -> Result<(), Failed> {
    let folder = harness.work_directory("revisions/settings")?;
    let write = |name: &str, text: &str| -> Result<(), String> {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&path)).map_err(|error| error.to_string())?;
        fs::write(&path, text).map_err(|error| error.to_string())
    };
    write("team/m/gateway.yaml", GATEWAY)?;
    write("team/m/route.yaml", &route("r", "a"))?;
    write("platform/services.yaml", &service("a"))?;
    write("gwctl.yaml", "context: [platform]\nexclude: [team/m/broken.yaml]\n")?;
    write("team/m/broken.yaml", "a: [\n")?;
    commit(&folder)?;
    let check = |old: &str, new: &str, expected: i32| -> Result<(), Failed> {
        let (found, code) = difference(harness, &folder, old, new)?;
        if code == Some(expected) { Ok(()) } else { Err(Failed::from(format!("{old} {new}: {code:?} {found:#}"))) }
    };
    check("git:HEAD:team/m", "team/m", 0)?;
    check("team/m", "git:HEAD:team/m", 0)?;
    check("git:HEAD:team/m", "git:HEAD:team/m", 0)?;
    // What is left out is not compared, and other settings are no longer the same.
    write("team/m/broken.yaml", "b: [\n")?;
    check("git:HEAD:team/m", "team/m", 0)?;
    write("gwctl.yaml", "context: [platform]\ntrusted-hops: 1\nexclude: [team/m/broken.yaml]\n")?;
    check("git:HEAD:team/m", "team/m", 2)
}
