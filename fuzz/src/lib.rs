//! What hostile input must not break: each function takes any bytes, and panics where a promise is broken.
//!
//! The programs of `fuzz_targets` hand them what libFuzzer makes up; `tests/suite/fuzzed.rs` replays what `corpus` has.

use std::path::{Path, PathBuf};

use gwctl::cli::streams::Streams;
use gwctl::cli::{self, exit::ExitStatus, settings};
use gwctl::parser::decode::{decode, decode_fully};
use gwctl::parser::split::{Syntax, split};
use gwctl::simulate::{Common, Language, Pattern, Place, common};

/// A target: its name, which is that of its folder of `corpus`, and what it tries.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 5] =
    [("reader", reader), ("compile", compile), ("expressions", expressions), ("cases", cases), ("settings", settings)];

/// What requests of cases are sent to.
const MANIFESTS: &str = include_str!("../manifests.yaml");

/// The reader of manifests: what it takes, it reads as the full one does.
pub fn reader(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for piece in split(text).into_iter().filter(|piece| piece.syntax == Syntax::Yaml) {
        let document = &text[piece.range];
        match (decode(document, Syntax::Yaml), decode_fully(document)) {
            (Ok(own), Ok(full)) => {
                assert_eq!(own.node, full.node, "{document:?}");
                assert_eq!((own.repeated, own.words), (full.repeated, full.words), "{document:?}");
            }
            (own, full) => assert_eq!(own.is_ok(), full.is_ok(), "{document:?}"),
        }
    }
}

/// Manifests: every command that compiles them ends as it says, and says the same twice.
pub fn compile(data: &[u8]) {
    let validated = run(&["validate", "-", "-o", "json"], data);
    let is_valid = validated.is(ExitStatus::Success);
    if validated.is(ExitStatus::CouldNotRun) {
        assert!(!validated.stderr.is_empty(), "{validated:?}");
        return;
    }
    assert!(is_valid || validated.is(ExitStatus::Findings), "{validated:?}");
    let report: serde_json::Value = serde_json::from_str(&validated.stdout).expect("a report is JSON");
    assert!(!validated.stdout.contains("GW8010"), "{validated:?}");
    assert_eq!(is_valid, report["summary"]["errors"] == 0, "{validated:?}");

    let translated = run(&["translate", "-", "-o", "yaml"], data);
    assert_eq!(translated, run(&["translate", "-", "-o", "yaml"], data));
    match translated.is(ExitStatus::Success) {
        true => drop(serde_yaml::from_str::<serde_yaml::Value>(&translated.stdout).expect("a configuration is YAML")),
        false => assert_eq!(translated.stdout, "", "{translated:?}"),
    }
    assert!(is_valid || !translated.is(ExitStatus::Success), "{validated:?} {translated:?}");

    let partial = run(&["translate", "-", "--partial", "--route-table", "tree", "-o", "json"], data);
    if !partial.stdout.is_empty() {
        drop(serde_json::from_str::<serde_json::Value>(&partial.stdout).expect("a configuration is JSON"));
    }
    let status = run(&["status", "-", "-o", "json"], data);
    assert!(
        status.stdout.is_empty() || serde_json::from_str::<serde_json::Value>(&status.stdout).is_ok(),
        "{status:?}"
    );
    let clients = run(&["translate", "-", "--mesh-for", "default", "--mesh-capture", "proxy", "--partial"], data);
    if !clients.stdout.is_empty() {
        drop(serde_yaml::from_str::<serde_yaml::Value>(&clients.stdout).expect("a configuration is YAML"));
    }
}

/// Expressions: what is known of the texts that they match holds for each text. Two expressions and a text, a line each.
pub fn expressions(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.splitn(3, '\n');
    let (Some(one), Some(other), Some(text)) = (lines.next(), lines.next(), lines.next()) else { return };
    if text.contains(['\n', '\r']) || [one, other].iter().any(|pattern| pattern.len() > 100) || !is_regex(one, other) {
        return;
    }
    let (first, second) = (Pattern::new(one), Pattern::new(other));
    let is_matched = first.matches(text);
    match Language::of(one) {
        Language::Texts(texts) => {
            assert_eq!(is_matched, texts.iter().any(|known| known == text), "{one:?} {text:?} {texts:?}");
        }
        Language::Beginning { text: beginning, goes_on } => {
            let rest = text.strip_prefix(beginning.as_str());
            let is_of = rest.is_some_and(|rest| !goes_on || !rest.is_empty());
            assert_eq!(is_matched, is_of, "{one:?} {text:?} {beginning:?} {goes_on}");
        }
        Language::Within(beginning) => {
            assert!(!is_matched || text.starts_with(&beginning), "{one:?} {text:?} {beginning:?}");
        }
    }
    match common(&[one, other], None, Place::Header) {
        Common::Texts(texts) => {
            for common in texts {
                assert!(first.matches(&common) && second.matches(&common), "{one:?} {other:?} {common:?}");
            }
        }
        Common::Nothing => assert!(!is_matched || !second.matches(text), "{one:?} {other:?} {text:?}"),
        Common::Unknown => {}
    }
}

/// Whether gwctl takes both expressions for such of RE2.
fn is_regex(one: &str, other: &str) -> bool {
    let matches = [one, other].map(|pattern| {
        let value = serde_json::Value::from(pattern);
        format!("{{headers: [{{name: x, type: RegularExpression, value: {value}}}]}}")
    });
    let rules = format!("  rules: [{{matches: [{}], backendRefs: [{{name: web, port: 80}}]}}]\n", matches.join(", "));
    let route = format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: a}}\nspec:\n  parentRefs: [{{name: edge}}]\n{rules}"
    );
    !run(&["validate", "-", "--assume", "gateways,services"], route.as_bytes()).stdout.contains("error[")
}

/// Files of request cases.
pub fn cases(data: &[u8]) {
    let file = written("cases.yaml", data);
    let tested = run(&["test", &file.to_string_lossy(), "-f", "-", "-o", "json"], MANIFESTS.as_bytes());
    assert!(
        tested.stdout.is_empty() || serde_json::from_str::<serde_json::Value>(&tested.stdout).is_ok(),
        "{tested:?}"
    );
}

/// Settings: either they count, or the run ends with what is wrong with them.
pub fn settings(data: &[u8]) {
    let file = written("gwctl.yaml", data);
    let ended = run(&["validate", "-", "--settings", &file.to_string_lossy()], MANIFESTS.as_bytes());
    assert!(!ended.stdout.is_empty() || !ended.stderr.is_empty(), "{ended:?}");
}

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
struct Ended {
    /// `None` where the command line is refused.
    status: Option<ExitStatus>,
    stdout: String,
    stderr: String,
}

impl Ended {
    fn is(&self, status: ExitStatus) -> bool {
        self.status == Some(status)
    }
}

fn run(line: &[&str], mut stdin: &[u8]) -> Ended {
    let line = std::iter::once("gwctl").chain(line.iter().copied()).map(Into::into);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let status = match settings::parse_line(line) {
        Err(error) => {
            stderr = error.render().to_string().into_bytes();
            None
        }
        Ok(cli) => {
            let mut streams = Streams {
                stdin: &mut stdin,
                stdout: &mut stdout,
                stderr: &mut stderr,
                color_stdout: false,
                color_stderr: false,
                is_stderr_terminal: false,
            };
            Some(cli::run(&cli, &mut streams))
        }
    };
    let text = |bytes| String::from_utf8(bytes).expect("what is written is text");
    Ended { status, stdout: text(stdout), stderr: text(stderr) }
}

/// A file of this process with these bytes.
fn written(name: &str, data: &[u8]) -> PathBuf {
    let directory: &Path = &std::env::temp_dir().join(format!("gwctl-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(directory).expect("there is room for files");
    let file = directory.join(name);
    std::fs::write(&file, data).expect("there is room for files");
    file
}
