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

/// Whether a text is the line of counts that `validate` ends with, and nothing else.
fn is_counts(text: &str) -> bool {
    let line = text.strip_suffix('\n').unwrap_or_default();
    !line.contains('\n') && line.contains(" judged in ")
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
fn a_folder_without_gateway_api_passes_and_says_that_nothing_was_judged() {
    let object = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n";
    let folder = folder(&[("a.yaml", object)]);
    let (code, stdout, stderr) = run(folder.path(), &["validate", "."]);
    assert_eq!((code, stdout.starts_with("note[GW8025] nothing-judged")), (Some(0), true), "{stdout}");
    assert_eq!(stderr, "0 errors, 0 warnings, 1 note: 0 Gateway API objects judged in 1 file\n");
    for denied in ["GW8025", "nothing-judged"] {
        let (code, ..) = run(folder.path(), &["validate", ".", "--deny", denied]);
        assert_eq!(code, Some(1), "{denied}");
    }
    let (code, _, stderr) = run(folder.path(), &["validate", ".", "--deny", "warnings", "-q"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
}

const TWO_CONTROLLERS: &[u8] = b"
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: any}
spec: {controllerName: x.example/y}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec: {gatewayClassName: any, listeners: [{name: http, protocol: HTTP, port: 80}]}
";

#[test]
fn a_selection_that_selects_nothing_could_not_run_in_any_command() {
    let cases = b"requests: [{name: a, request: {url: 'http://a.test/'}, expect: {status: 404}}]\n";
    let folder = folder(&[("a.yaml", TWO_CONTROLLERS), ("cases.yaml", cases)]);
    let selections = [["--gateway", "default/typo"], ["--gateway-class", "typo"], ["--controller-name", "other/x"]];
    for command in [
        ["translate", "a.yaml"].as_slice(),
        &["validate", "a.yaml"],
        &["status", "a.yaml"],
        &["route", "http://a.test/", "-f", "a.yaml"],
        &["test", "cases.yaml", "-f", "a.yaml"],
        &["diff", "a.yaml", "a.yaml"],
    ] {
        for selection in &selections {
            let (code, stdout, stderr) = run(folder.path(), &[command, selection].concat());
            assert_eq!(code, Some(2), "{command:?} {selection:?}: {stdout}{stderr}");
            assert!(format!("{stdout}{stderr}").contains("selects nothing"), "{command:?} {selection:?}: {stderr}");
        }
        let kept = [command, &["--controller-name", "x.example/y", "--gateway", "default/edge"]].concat();
        let (code, stdout, stderr) = run(folder.path(), &kept);
        assert_ne!(code, Some(2), "{command:?}: {stdout}{stderr}");
    }
}

#[test]
fn what_is_empty_or_malformed_could_not_run() {
    let folder = folder(&[("a.yaml", TWO_CONTROLLERS), ("none.yaml", b"requests: []\n"), ("empty.yaml", b"")]);
    for arguments in [
        ["test", "none.yaml", "-f", "a.yaml"].as_slice(),
        &["test", "empty.yaml", "-f", "a.yaml"],
        &["translate", "-"],
        &["route", "http://[::1", "-f", "a.yaml"],
    ] {
        let (code, stdout, stderr) = run(folder.path(), arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains("error: "), "{arguments:?}: {stderr}");
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
    assert_eq!((code, is_counts(&stderr)), (Some(1), true), "{stderr}");
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
        let said = String::from_utf8(stderr).unwrap();
        assert_eq!(
            (status.code(), said.is_empty() || is_counts(&said)),
            (Some(expected), true),
            "{arguments:?} {said}"
        );
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

/// A route with what it needs, as text.
const SERVED: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: any
  listeners: [{name: http, protocol: HTTP, port: 8080}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: edge}]
  rules:
  - backendRefs: [{name: shop, port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {ports: [{port: 80}]}
";

/// Runs git in a folder.
fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn what_git_ignores_is_counted_and_what_it_tracks_is_read() {
    let wrong = |name: &str| {
        let name = name.trim_end_matches(".yaml");
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {name}}}\nspec: {{rulez: []}}\n"
        )
    };
    let tracked = wrong("tracked");
    let folder = folder(&[
        ("served.yaml", SERVED.as_bytes()),
        ("tracked.tmp.yaml", tracked.as_bytes()),
        (".gitignore", b"*.tmp.yaml\nbuilt/\n"),
    ]);
    std::fs::create_dir_all(folder.path().join("built/deep")).unwrap();
    for ignored in ["own.tmp.yaml", "built/a.yaml", "built/deep/b.yaml"] {
        std::fs::write(folder.path().join(ignored), wrong(&ignored.replace('/', "-"))).unwrap();
    }
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "-f", "tracked.tmp.yaml", "served.yaml"]);
    let run = |arguments: &[&str]| {
        let path = std::env::var_os("PATH").unwrap();
        let Output { status, stdout, stderr } = gwctl(folder.path(), arguments).env("PATH", path).output().unwrap();
        (status.code(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
    };
    let errors = |text: &str| text.matches("unknown field `rulez`").count();
    let (code, text) = run(&["validate", "-v"]);
    assert_eq!((code, errors(&text)), (Some(1), 1), "{text}");
    assert!(text.contains("tracked.tmp.yaml:") && text.contains(", 2 ignored by git"), "{text}");
    assert!(text.contains("own.tmp.yaml`: git ignores it") && text.contains("built`: git ignores it"), "{text}");
    assert_eq!(errors(&run(&["validate", ".", "--no-gitignore"]).1), 4);
    // Other commands tell it too, whoever listens, and a hook of another repository changes nothing.
    let told = run(&["status", "."]).1;
    assert!(told.contains("2 files and directories are not read, `./built` first: git ignores them"), "{told}");
    let told = run(&["diff", ".", "."]).1;
    assert!(told.contains("note: not compared: the file `./own.tmp.yaml`: git ignores it"), "{told}");
    let other = tempfile::tempdir().unwrap();
    git(other.path(), &["init", "-q"]);
    let hook = gwctl(folder.path(), &["validate", "."])
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("GIT_DIR", other.path().join(".git"))
        .output()
        .unwrap();
    assert_eq!(errors(&String::from_utf8(hook.stdout).unwrap()), 1);
    // What an exclusion leaves out as well is no exclusion of nothing.
    assert!(!run(&["validate", ".", "--exclude", "built"]).1.contains("GW8012"));
    // What is named is read, and so is a directory of which git tracks nothing.
    std::fs::write(folder.path().join(".gitignore"), "*.tmp.yaml\nbuilt/*\n").unwrap();
    assert_eq!(errors(&run(&["validate", "built"]).1), 2);
    assert_eq!(errors(&run(&["validate", "built/deep"]).1), 1);
    assert_eq!(errors(&run(&["validate", "own.tmp.yaml"]).1), 1);
    std::fs::remove_file(folder.path().join("tracked.tmp.yaml")).unwrap();
    assert_eq!(run(&["validate", "served.yaml", "--context", "."]).0, Some(0));
    // Without git all is read.
    let Output { stdout, .. } = gwctl(folder.path(), &["validate"]).env("PATH", "/nowhere").output().unwrap();
    assert_eq!(errors(&String::from_utf8(stdout).unwrap()), 3);
}

#[test]
fn a_repository_runs_no_program_by_being_read() {
    let folder = folder(&[("served.yaml", SERVED.as_bytes())]);
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["config", "core.fsmonitor", "touch ran; false"]);
    let path = std::env::var_os("PATH").unwrap();
    let output = gwctl(folder.path(), &["validate", "."]).env("PATH", path).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(!folder.path().join("ran").exists());
}

#[test]
fn what_is_piped_in_and_not_named_is_told() {
    let folder = folder(&[("served.yaml", SERVED.as_bytes())]);
    let mut child = gwctl(folder.path(), &["validate"]).stdin(Stdio::piped()).spawn().unwrap();
    drop(child.stdin.take());
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(String::from_utf8(stderr).unwrap().contains("warning: standard input is not read"));
}

/// Runs `validate - FLAGS` on a text.
fn piped(folder: &Path, text: &str, flags: &[&str]) -> String {
    let arguments = [&["validate", "-"], flags].concat();
    let mut child = gwctl(folder, &arguments).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn pipes_know_where_their_documents_were_written() {
    let folder = folder(&[]);
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("deploy/shop/Chart.yaml", "name: web\n");
    write("deploy/shop/templates/route.yaml", "kind: HTTPRoute\n{{ if true }}\nspec:\n  rulez: []\n{{ end }}\n");
    // A chart of another name has a template of the same one.
    write("deploy/other/Chart.yaml", "name: other\n");
    write("deploy/other/templates/route.yaml", "spec:\n  rulez: []\n");
    let object = |origin: &str| {
        format!(
            "---\n{origin}apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: a}}\nspec:\n  rulez: []\n"
        )
    };
    let helm = object("# Source: web/templates/route.yaml\n");
    assert!(piped(folder.path(), &helm, &[]).contains("  from: deploy/shop/templates/route.yaml:4\n"));
    let lines = piped(folder.path(), &helm, &["-o", "github"]);
    assert!(lines.contains("file=deploy/shop/templates/route.yaml,line=4,"), "{lines}");
    let json: serde_json::Value = serde_json::from_str(&piped(folder.path(), &helm, &["-o", "json"])).unwrap();
    let of_code = |list: &serde_json::Value, key: &str| {
        let is_meant = |one: &&serde_json::Value| one[key].as_str().is_some_and(|code| code.starts_with("GW1001"));
        list.as_array().unwrap().iter().find(is_meant).unwrap().clone()
    };
    let origin = &of_code(&json["findings"], "code")["origin"];
    assert_eq!((&origin["name"], &origin["line"]), (&"web/templates/route.yaml".into(), &4.into()));
    let sarif: serde_json::Value = serde_json::from_str(&piped(folder.path(), &helm, &["-o", "sarif"])).unwrap();
    let result = of_code(&sarif["runs"][0]["results"], "ruleId");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "deploy/shop/templates/route.yaml");
    assert_eq!(place["region"]["startLine"], 4);
    // A chart that is not here has its name, and no line.
    let foreign = piped(folder.path(), &object("# Source: nginx/templates/route.yaml\n"), &["-o", "github"]);
    assert!(foreign.contains("file=nginx/templates/route.yaml,title=") && !foreign.contains(",line="), "{foreign}");

    write(
        "base/route.yaml",
        "kind: HTTPRoute\napiVersion: gateway.networking.k8s.io/v1\nmetadata: {name: a}\nspec: {rulez: []}\n",
    );
    let kustomize = object("").replace(
        "{name: a}",
        "{name: a, annotations: {config.kubernetes.io/origin: \"path: ../../base/route.yaml\\n\"}}",
    );
    let lines = piped(folder.path(), &kustomize, &["-o", "gitlab"]);
    let issues: serde_json::Value = serde_json::from_str(&lines).unwrap();
    let location = &of_code(&issues, "check_name")["location"];
    assert_eq!((&location["path"], &location["lines"]["begin"]), (&"base/route.yaml".into(), &4.into()));
    let remote = kustomize.replace("route.yaml\\n", "route.yaml\\nrepo: https://example.com/x\\n");
    assert!(piped(folder.path(), &remote, &[]).contains("  from: https://example.com/x//../../base/route.yaml\n"));
    // Of several files that a path may mean the one with the object is meant, and none where that is not certain.
    write(
        "team/base/route.yaml",
        "kind: HTTPRoute\napiVersion: gateway.networking.k8s.io/v1\nmetadata: {name: b}\nspec: {rulez: []}\n",
    );
    assert!(piped(folder.path(), &kustomize, &[]).contains("  from: base/route.yaml:4\n"));
    write("team/base/route.yaml", &std::fs::read_to_string(folder.path().join("base/route.yaml")).unwrap());
    assert!(piped(folder.path(), &kustomize, &[]).contains("  from: ../../base/route.yaml\n"));
    // Nothing outside the working directory is meant, and nothing of a name is a command.
    let hostile = object("# Source: ../../etc/passwd%0A::error::x\u{1b}[31m\n");
    assert!(!piped(folder.path(), &hostile, &["-o", "github"]).contains("\n::error::x"));
    assert!(!piped(folder.path(), &hostile, &[]).contains('\u{1b}'));
}

/// Runs `validate FILE` on each content, and checks exit code, code of the finding and place.
fn refused(cases: &[(&str, &[u8], i32, &str)]) {
    for (name, content, expected, place) in cases {
        let folder = folder(&[(name, content)]);
        let (code, stdout, stderr) = run(folder.path(), &["validate", name]);
        assert_eq!((code, is_counts(&stderr)), (Some(*expected), true), "{name}: {stdout}{stderr}");
        assert!(stdout.contains(place), "{name}: no {place} in\n{stdout}");
        assert_eq!(stdout.matches("error[").count(), 1, "{name}: more than one error\n{stdout}");
    }
}

#[test]
fn what_is_not_text_is_one_error_with_a_place() {
    let binary: Vec<u8> = (0..=255).cycle().skip(1).take(4096).collect();
    let utf16: Vec<u8> = "\u{feff}kind: x".encode_utf16().flat_map(u16::to_le_bytes).collect();
    refused(&[
        ("binary.yaml", &binary, 1, "error[GW8003]"),
        ("nul.yaml", b"kind: a\nname: b\0\n", 1, "on line 2, is NUL"),
        ("latin1.yaml", b"kind: a\n# caf\xe9\n", 1, "on line 2, does not belong to a character"),
        ("cut.yaml", b"kind: \xc3", 1, "on line 1, does not belong to a character"),
        ("utf16.yaml", &utf16, 1, "is UTF-16"),
    ]);
}

#[test]
fn what_is_cut_off_or_malformed_names_its_line() {
    let cut = &SERVED[..SERVED.find("parentRefs").unwrap() + 4];
    refused(&[
        ("cut.yaml", cut.as_bytes(), 1, "  --> cut.yaml:12:3"),
        ("cut.json", br#"{"apiVersion": "v1", "kind": "Serv"#, 1, "  --> cut.json:1:"),
        ("quote.yaml", b"kind: a\nname: \"b\n", 1, "  --> quote.yaml:2:7"),
        ("tab.yaml", b"kind: a\nmetadata:\n\tname: b\n", 1, "  --> tab.yaml:3:1"),
    ]);
}

#[test]
fn line_ends_and_a_byte_order_mark_of_windows_change_nothing() {
    let windows = format!("\u{feff}{}", SERVED.replace('\n', "\r\n"));
    let folder = folder(&[("unix.yaml", SERVED.as_bytes()), ("windows.yaml", windows.as_bytes())]);
    let [unix, windows] =
        ["unix.yaml", "windows.yaml"].map(|name| run(folder.path(), &["translate", "--no-comments", name]));
    assert_eq!((unix.0, unix.2.as_str()), (Some(0), ""));
    assert_eq!(unix, windows);
}

#[test]
fn deep_nesting_and_alias_bombs_are_one_error_at_their_place() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let staircase: String = (0..3_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    refused(&[
        ("bomb.yaml", bomb.as_bytes(), 1, "error[GW8004]"),
        ("self.yaml", b"a: &a [*a]\n", 1, "error[GW8004]"),
        ("merge.yaml", b"a: &a\n  <<: *a\n", 1, "error[GW8004]"),
        ("deep.yaml", staircase.as_bytes(), 1, "error[GW8004]"),
        ("deep.json", "{\"a\":".repeat(5_000).as_bytes(), 1, "error[GW8004]"),
    ]);
}

#[test]
fn a_megabyte_of_one_token_is_one_error() {
    let tokens = ["[", "{", "- ", "? ", "&a *a ", "!", "|", "\"", "'", "%", "a: ", "[{\"a\":", "<<: {", "`", ","];
    for token in tokens {
        let text = token.repeat((1 << 20) / token.len());
        refused(&[("token.yaml", text.as_bytes(), 1, "  --> token.yaml:1:")]);
    }
}

#[test]
fn a_document_of_over_8_mib_is_refused_and_its_neighbours_are_read() {
    let huge = format!("a: {}\n", "x".repeat(9 << 20));
    let folder = folder(&[("all.yaml", format!("{huge}---\n{SERVED}---\nkind: [\n").as_bytes())]);
    let (code, stdout, _) = run(folder.path(), &["validate", "all.yaml"]);
    assert_eq!(code, Some(1));
    assert_eq!(stdout.matches("error[").count(), 2, "{stdout}");
    assert!(stdout.contains("error[GW8004]") && stdout.contains("  --> all.yaml:1:1\n"), "{stdout}");
    assert!(stdout.contains("error[GW8002]") && stdout.contains("  --> all.yaml:23:8\n"), "{stdout}");
}

/// Such a request would take more than minutes; a short one has its answer.
#[test]
fn a_request_that_expressions_take_long_for_is_not_answered() {
    let part = "(?:.?[a-z]?){500}".repeat(39);
    let manifests = format!(
        "{{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {{name: edge}}, spec: {{gatewayClassName: a, \
         listeners: [{{name: http, port: 80, protocol: HTTP}}]}}}}\n---\n\
         {{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {{name: slow}}, spec: {{parentRefs: [{{name: edge}}], \
         rules: [{{matches: [{{path: {{type: RegularExpression, value: \"/{part}\"}}}}], backendRefs: [{{name: web, port: 80}}]}}]}}}}\n---\n\
         {{apiVersion: v1, kind: Service, metadata: {{name: web}}, spec: {{ports: [{{port: 80}}]}}}}\n"
    );
    let long = format!("http://a.example.com/{}", "a9".repeat(4_000));
    let cases = format!(
        "requests:\n- {{name: long, request: {{url: \"{long}\"}}, expect: {{status: 200}}}}\n\
         - {{name: short, request: {{url: \"http://a.example.com/ab\"}}, expect: {{status: 200}}}}\n"
    );
    // Nor where the expression is one of an option.
    let option = format!(
        "---\napiVersion: gateway.solo.io/v1\nkind: RouteOption\nmetadata: {{name: o}}\nspec:\n  \
         targetRefs: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, name: slow}}]\n  \
         options: {{regexRewrite: {{pattern: {{regex: \"{part}\"}}, substitution: /x}}}}\n"
    );
    let rewritten = manifests.replace(&format!("/{part}"), "/a.*") + &option;
    let folder = folder(&[
        ("m.yaml", manifests.as_bytes()),
        ("rewritten.yaml", rewritten.as_bytes()),
        ("cases.yaml", cases.as_bytes()),
    ]);
    let (code, stdout, stderr) = run(folder.path(), &["route", "-f", "rewritten.yaml", &long]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("instructions, and a value of the request has 8001 bytes"), "{stderr}");
    let (code, stdout, stderr) = run(folder.path(), &["route", "-f", "m.yaml", &long]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("instructions, and a value of the request has 8001 bytes"), "{stderr}");
    let (code, stdout, stderr) = run(folder.path(), &["route", "-f", "m.yaml", "http://a.example.com/ab"]);
    assert!(code == Some(0) && stdout.contains("web"), "{code:?} {stdout} {stderr}");
    let (_, stdout, stderr) = run(folder.path(), &["test", "-f", "m.yaml", "cases.yaml"]);
    assert!(stdout.contains("1 passed, 0 failed, 1 skipped"), "{stdout} {stderr}");
    assert!(stdout.contains("longer than a second"), "{stdout}");
}

#[test]
fn thousands_of_documents_are_each_judged() {
    let mut text = "---\nkind: X\napiVersion: example.com/v1\n".repeat(5_000);
    text.push_str(&"{}".repeat(1_000));
    let folder = folder(&[("all.yaml", text.as_bytes())]);
    let (code, stdout, _) = run(folder.path(), &["validate", "all.yaml"]);
    assert_eq!(code, Some(1));
    assert!(stdout.contains("error[GW8"), "{stdout}");
}

#[test]
fn of_thousands_of_problems_in_one_object_a_hundred_are_told_and_the_others_counted() {
    let head = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a}\nspec:\n";
    let fields: String = (0..5_000).map(|field| format!("  f{field}: 1\n")).collect();
    let repeated = "  rules: []\n  hostnames: []\n".repeat(2_500);
    for (body, code, more) in [(fields, "error[GW1001]", "4899 more"), (repeated, "error[GW1002]", "4897 more")] {
        let folder = folder(&[("a.yaml", format!("{head}{body}").as_bytes())]);
        let (exit, stdout, _) = run(folder.path(), &["validate", "a.yaml"]);
        assert_eq!(exit, Some(1));
        assert_eq!(stdout.matches(code).count(), 101, "{code}");
        assert!(stdout.contains(more), "{code}");
    }
}

#[cfg(unix)]
#[test]
fn links_that_go_around_in_circles_are_followed_once() {
    use std::os::unix::fs::symlink;
    let folder = folder(&[("served.yaml", SERVED.as_bytes())]);
    symlink(".", folder.path().join("again")).unwrap();
    symlink("..", folder.path().join("up")).unwrap();
    symlink("served.yaml", folder.path().join("other-name.yaml")).unwrap();
    let (code, stdout, stderr) = run(folder.path(), &["translate", "."]);
    assert_eq!((code, stdout.matches("- name: default/shop/80").count()), (Some(0), 1), "{stderr}");
    symlink("itself.yaml", folder.path().join("itself.yaml")).unwrap();
    let (code, stdout, stderr) = run(folder.path(), &["translate", "."]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.starts_with("error[GW8001]") && stderr.contains("itself.yaml"), "{stderr}");
}

#[cfg(target_os = "linux")]
#[test]
fn devices_end_and_what_cannot_be_read_exits_with_2() {
    let folder = folder(&[("a.yaml", SERVED.as_bytes())]);
    std::fs::create_dir(folder.path().join("directory.yaml")).unwrap();
    for (path, expected, text) in [
        ("/dev/zero", Some(1), "error[GW8003]"),
        ("/dev/null", Some(2), "is empty"),
        ("/proc/self/mem", Some(2), "error[GW8001]"),
        ("a.yaml/b.yaml", Some(2), "a part of the path is a file"),
        ("directory.yaml", Some(2), "holds no `.yaml`"),
    ] {
        let (code, stdout, stderr) = run(folder.path(), &["validate", path]);
        assert_eq!(code, expected, "{path}: {stdout}{stderr}");
        assert!(stdout.contains(text), "{path}: {stdout}{stderr}");
    }
}

#[test]
fn a_stream_without_an_end_is_refused() {
    let folder = folder(&[]);
    let mut child = gwctl(folder.path(), &["validate", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let line = "- 0123456789\n".repeat(10_000);
    // The end of the pipe is what stops this.
    while stdin.write_all(line.as_bytes()).is_ok() {}
    drop(stdin);
    let Output { status, stdout, .. } = child.wait_with_output().unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(String::from_utf8(stdout).unwrap().starts_with("error[GW8004]"));
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_written_leaves_nothing_behind() {
    let folder = folder(&[("a.yaml", SERVED.as_bytes())]);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let Output { status, stderr, .. } = gwctl(folder.path(), &["translate", "a.yaml"]).stdout(full).output().unwrap();
    assert_eq!(status.code(), Some(2), "{}", String::from_utf8_lossy(&stderr));
    let (code, stdout, stderr) = run(folder.path(), &["translate", "a.yaml", "--output-file", "no/such/envoy.yaml"]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.starts_with("error: cannot write"), "{stderr}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_reader_that_goes_away_leaves_translate_quiet() {
    let folder = folder(&[("a.yaml", SERVED.as_bytes())]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let Output { status, stderr, .. } = gwctl(folder.path(), &["translate", "a.yaml"]).stdout(writer).output().unwrap();
    assert_eq!((status.code(), stderr.as_slice()), (Some(0), b"".as_slice()));
}

/// A Gateway, a Service, and a route whose backend is misspelt.
const MISSPELT: &[u8] = b"\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec: {gatewayClassName: any, listeners: [{name: web, port: 80, protocol: HTTP}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart}
spec: {ports: [{port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  parentRefs: [{name: edge}]
  rules:
  - backendRefs: [{name: crt, port: 80}] # the cart
";

#[test]
fn every_format_has_the_same_exit_code() {
    let folder = folder(&[("a.yaml", MISSPELT), ("b.yaml", b"kind: [\n")]);
    for format in ["human", "json", "sarif", "junit", "github", "gitlab", "rdjson"] {
        let (code, stdout, stderr) = run(folder.path(), &["validate", "a.yaml", "b.yaml", "-o", format]);
        assert_eq!((code, is_counts(&stderr)), (Some(1), true), "{format}: {stderr}");
        assert!(stdout.contains("GW2001") && stdout.contains("GW8002"), "{format}: {stdout}");
        let (_, _, stderr) = run(folder.path(), &["translate", "a.yaml", "--report", format]);
        assert!(stderr.contains("GW2001"), "{format}: {stderr}");
    }
}

#[test]
fn fixes_are_made_in_the_file_and_reported_on_standard_error() {
    let folder = folder(&[("a.yaml", MISSPELT)]);
    let (code, stdout, stderr) = run(folder.path(), &["validate", "a.yaml", "--fix"]);
    assert_eq!((code, stdout.as_str()), (Some(0), ""), "{stderr}");
    let fixed = "fixed a.yaml:17:26: GW2001 backend-not-found: write `cart`\nmade 1 fix in 1 file\n";
    assert!(stderr.strip_prefix(fixed).is_some_and(is_counts), "{stderr}");
    let text = String::from_utf8(MISSPELT.to_vec()).unwrap().replace("name: crt", "name: cart");
    assert_eq!(std::fs::read_to_string(folder.path().join("a.yaml")).unwrap(), text);
    let (code, _, stderr) = run(folder.path(), &["validate", "a.yaml", "--fix"]);
    assert!(code == Some(0) && stderr.strip_prefix("nothing to fix\n").is_some_and(is_counts), "{stderr}");
    let (code, stdout, stderr) = run(folder.path(), &["validate", "-", "--fix"]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("--fix changes files"), "{stderr}");
}

#[test]
fn only_what_is_certain_is_fixed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/upstream/leads-nowhere/manifests.yaml");
    let before = std::fs::read_to_string(path).unwrap();
    let folder = folder(&[("a.yaml", before.as_bytes())]);
    let (code, stdout, stderr) = run(folder.path(), &["validate", "a.yaml", "--fix"]);
    assert_eq!(code, Some(1), "{stderr}");
    let after = std::fs::read_to_string(folder.path().join("a.yaml")).unwrap();
    assert_eq!(after, before.replace("name: cartss", "name: carts"), "{stderr}");
    for help in ["Service `cart` is in the namespaces `a`, `b`", "did you mean `serviceName: carts`?"] {
        assert!(stdout.contains(help), "{help}: {stdout}");
    }
}

#[test]
fn a_stale_configuration_is_told_from_a_current_one() {
    let right = String::from_utf8(MISSPELT.to_vec()).unwrap().replace("name: crt", "name: cart");
    let folder = folder(&[("a.yaml", right.as_bytes()), ("other.yaml", b"kind: Service\n")]);
    for file in ["envoy.yaml", "envoy.json", "envoy.pb"] {
        let (code, ..) = run(folder.path(), &["translate", "a.yaml", "--output-file", file]);
        assert_eq!(code, Some(0));
        let checked = run(folder.path(), &["translate", "a.yaml", "--check", file]);
        assert_eq!(checked, (Some(0), String::new(), String::new()), "{file}");
        let before = std::fs::read(folder.path().join(file)).unwrap();
        let moved = ["translate", "a.yaml", "--cluster-domain", "other.local", "--check", file];
        let (code, stdout, _) = run(folder.path(), &moved);
        assert_eq!(code, Some(1), "{file}");
        assert!(stdout.contains("cluster `default/cart/80`") && stdout.contains("other.local"), "{stdout}");
        assert_eq!(std::fs::read(folder.path().join(file)).unwrap(), before);
    }
    for file in ["gone.yaml", "other.yaml"] {
        let (code, stdout, stderr) = run(folder.path(), &["translate", "a.yaml", "--check", file]);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{file}");
        assert!(stderr.starts_with("error: ") && stderr.contains(file), "{stderr}");
    }
}

#[test]
fn settings_beside_the_manifests_count_and_their_mistakes_are_located() {
    let folder = folder(&[("a.yaml", MISSPELT), ("gwctl.yaml", b"assume: services\n")]);
    for path in [".", "a.yaml"] {
        assert_eq!(run(folder.path(), &["validate", path]).0, Some(0), "{path}");
    }
    std::fs::write(folder.path().join("gwctl.yaml"), "assume: services\nport-mp: 80=81\n").unwrap();
    let (code, stdout, stderr) = run(folder.path(), &["validate", "a.yaml"]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("gwctl.yaml:2:1: there is no setting `port-mp`; did you mean `port-map`?"), "{stderr}");
}

#[test]
fn an_unknown_or_a_needed_code_cannot_be_ignored() {
    let folder = folder(&[("a.yaml", MISSPELT)]);
    for (code, expected) in [("GW20001", "did you mean `GW2001`?"), ("GW2001", "an error cannot be ignored")] {
        let (exit, stdout, stderr) = run(folder.path(), &["validate", "a.yaml", "--ignore", code]);
        assert_eq!((exit, stdout.as_str()), (Some(2), ""));
        assert!(stderr.contains(expected), "{stderr}");
    }
}
