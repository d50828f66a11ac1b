//! The binary as a shell sees it: exit codes, streams, colours, pipes.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has failed")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder with the given files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

/// The binary in `folder`, with an empty environment.
fn gwctl(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gwctl"));
    command.args(arguments).current_dir(folder).env_clear();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = gwctl(folder, arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn help_and_version_are_products_and_usage_errors_are_not() {
    let folder = folder(&[]);
    for arguments in [["--help"].as_slice(), &["--version"], &["validate", "--help"]] {
        let (code, stdout, stderr) = run(folder.path(), arguments);
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(!stdout.is_empty(), "{arguments:?}");
    }
    for arguments in [[].as_slice(), &["translate"], &["validate", "a", "--bogus"], &["explain", "GW99999"]] {
        let (code, stdout, stderr) = run(folder.path(), arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(!stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn input_that_is_missing_or_empty_exits_with_2() {
    let folder = folder(&[("empty.yaml", b""), ("comment.yaml", b"# nothing\n---\n")]);
    for (path, on_stdout) in [("gone.yaml", true), ("empty.yaml", false), ("comment.yaml", false), (".", false)] {
        let (code, stdout, stderr) = run(folder.path(), &["validate", path]);
        assert_eq!(code, Some(2), "{path}: {stdout}{stderr}");
        assert_eq!(stdout.contains("error[GW8001]"), on_stdout, "{path}: {stdout}");
        assert_eq!(stderr.contains("no Kubernetes object"), !on_stdout, "{path}: {stderr}");
    }
}

#[test]
fn a_syntax_error_names_its_line_on_standard_error_of_translate() {
    let folder = folder(&[("a.yaml", b"kind: [\nmetadata: x\n")]);
    let (code, stdout, stderr) = run(folder.path(), &["translate", "a.yaml"]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    assert!(stderr.starts_with("error[GW8002] syntax-error: "), "{stderr}");
    assert!(stderr.lines().nth(1).is_some_and(|line| line.starts_with("  --> a.yaml:")), "{stderr}");
}

#[test]
fn a_failed_translation_leaves_the_old_file_alone() {
    let folder = folder(&[("a.yaml", b"kind: [\n"), ("envoy.yaml", b"old")]);
    let (code, ..) = run(folder.path(), &["translate", "a.yaml", "--output-file", "envoy.yaml"]);
    assert_eq!(code, Some(1));
    assert_eq!(std::fs::read(folder.path().join("envoy.yaml")).unwrap(), b"old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_json_report_is_complete_on_standard_output_and_in_a_file() {
    let folder = folder(&[("a.yaml", b"kind: [\n")]);
    let (code, stdout, stderr) = run(folder.path(), &["validate", "a.yaml", "-o", "json", "-o", "json=report.json"]);
    assert_eq!((code, stderr.as_str()), (Some(1), ""));
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["findings"][0]["file"], "a.yaml");
    assert_eq!(std::fs::read_to_string(folder.path().join("report.json")).unwrap(), stdout);
}

#[test]
fn colours_are_for_terminals_unless_they_are_asked_for() {
    let folder = folder(&[("a.yaml", b"kind: [\n")]);
    let colored = |arguments: &[&str], no_color: bool| {
        let mut command = gwctl(folder.path(), arguments);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        command.output().unwrap().stdout.contains(&0x1b)
    };
    assert!(!colored(&["validate", "a.yaml"], false));
    assert!(colored(&["validate", "a.yaml", "--color", "always"], true));
    assert!(!colored(&["validate", "a.yaml", "--color", "never"], false));
}

#[test]
fn a_closed_pipe_is_quiet_and_keeps_the_verdict() {
    let folder = folder(&[("a.yaml", b"kind: [\n")]);
    for (arguments, expected) in [(["explain", "--list"], 0), (["validate", "a.yaml"], 1)] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let Output { status, stderr, .. } = gwctl(folder.path(), &arguments).stdout(writer).output().unwrap();
        assert_eq!((status.code(), stderr.as_slice()), (Some(expected), b"".as_slice()), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_exits_with_2() {
    let folder = folder(&[]);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let Output { status, stderr, .. } = gwctl(folder.path(), &["explain", "--list"]).stdout(full).output().unwrap();
    assert_eq!(status.code(), Some(2));
    assert!(String::from_utf8(stderr).unwrap().starts_with("error: cannot write to standard output: "));
}

#[test]
fn a_path_of_any_length_stays_on_its_line() {
    let parent = folder(&[]);
    let long = "directory-name/".repeat(24);
    std::fs::create_dir_all(parent.path().join(&long)).unwrap();
    let name = format!("{long}a b.yaml");
    std::fs::write(parent.path().join(&name), "kind: [\n").unwrap();
    let (_, stdout, _) = run(parent.path(), &["validate", &name]);
    assert!(name.len() > 300 && stdout.lines().any(|line| line.starts_with(&format!("  --> {name}:"))), "{stdout}");
}

#[test]
fn manifests_are_read_from_standard_input() {
    let folder = folder(&[]);
    let mut child = gwctl(folder.path(), &["validate", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"kind: [\n").unwrap();
    let Output { status, stdout, .. } = child.wait_with_output().unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(String::from_utf8(stdout).unwrap().contains("  --> -:"));
}
