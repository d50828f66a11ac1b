//! Finds the cases below `testdata/` and reads what each says about itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gwctl::cli::args::{Cli, Command, ValidateArgs};
use gwctl::proving::Expectation;
use serde::Deserialize;

/// The file with a case's settings, and the one with its requests.
const SETTINGS: &str = "case.yaml";
const REQUESTS: &str = "requests.yaml";
/// The area with a case for each code.
const CODES: &str = "diagnostics/";
/// The area of cases about the status of objects.
const STATUS: &str = "status/";

/// The content of a `case.yaml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Why the case exists, in one line.
    reason: Option<String>,
    /// Flags for every run of gwctl. `{tmp}` is an empty directory of the case.
    #[serde(default)]
    args: Vec<String>,
    /// Flags for `translate` alone, such as `--partial`.
    #[serde(default, rename = "translateArgs")]
    translate_args: Vec<String>,
    /// The manifest paths, when they are not all entries of the folder in order.
    paths: Option<Vec<String>>,
    /// The file that is fed to standard input.
    stdin: Option<String>,
    /// Whether the report for programs is a snapshot too; always so in the area `diagnostics`.
    #[serde(default)]
    json: bool,
    /// Whether the status of every object is a snapshot too; always so in the area `status`.
    #[serde(default)]
    status: bool,
    /// What of the output is a snapshot.
    #[serde(default)]
    pins: Pins,
    /// The exit codes; 0 by default. One number is meant for both commands.
    #[serde(default)]
    exit: Exit,
    /// The findings that a harmless addition rightly ends.
    #[serde(default)]
    goes: Vec<Gone>,
    /// What older releases of Envoy answer.
    #[serde(default)]
    otherwise: Vec<Otherwise>,
}

/// What releases of Envoy answer otherwise than the newest one, and who says so.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Otherwise {
    /// As in `1.36`.
    pub(crate) releases: Vec<String>,
    /// The finding of `translate --envoy-version` that says it.
    pub(crate) code: Option<String>,
    /// Why none has to.
    pub(crate) reason: Option<String>,
    /// What is expected of requests in the place of what `requests.yaml` says, by their names.
    pub(crate) expect: BTreeMap<String, Expectation>,
}

/// What of the output of a case is a snapshot.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Pins {
    /// The intermediate representation.
    #[default]
    Ir,
    /// Envoy's configuration, as it is printed.
    Bootstrap,
}

/// Findings of a case that go with additions of `tests/suite/metamorphic`, and why that is right.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gone {
    /// The names of the additions.
    pub(crate) with: OneOrMore,
    /// The codes of the findings.
    pub(crate) code: OneOrMore,
    /// Why they go.
    pub(crate) reason: String,
}

/// A word, or a list of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMore {
    /// One word.
    One(String),
    /// Several.
    More(Vec<String>),
}

impl OneOrMore {
    /// All of them.
    pub(crate) fn all(&self) -> &[String] {
        match self {
            Self::One(word) => std::slice::from_ref(word),
            Self::More(words) => words,
        }
    }
}

/// The exit codes that a case expects.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(from = "ExitForm")]
pub(crate) struct Exit {
    /// Of `gwctl translate`.
    pub(crate) translate: i32,
    /// Of `gwctl validate`.
    pub(crate) validate: i32,
    /// Of `gwctl status`: that of `validate`, unless what is wrong is the configuration's alone.
    pub(crate) status: i32,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ExitForm {
    Both(i32),
    #[serde(rename_all = "camelCase")]
    Each {
        #[serde(default)]
        translate: i32,
        #[serde(default)]
        validate: i32,
        status: Option<i32>,
    },
}

impl From<ExitForm> for Exit {
    fn from(form: ExitForm) -> Self {
        match form {
            ExitForm::Both(code) => Self { translate: code, validate: code, status: code },
            ExitForm::Each { translate, validate, status } => {
                Self { translate, validate, status: status.unwrap_or(validate) }
            }
        }
    }
}

/// A case.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// `<area>/<case>`.
    pub(crate) name: String,
    /// The folder.
    pub(crate) folder: PathBuf,
    /// Why it exists.
    pub(crate) reason: String,
    /// Flags for every run.
    pub(crate) args: Vec<String>,
    /// Flags for `translate`: those of every run and its own.
    pub(crate) translate_args: Vec<String>,
    /// Manifest paths, relative to the folder.
    pub(crate) paths: Vec<String>,
    /// The file that is fed to standard input.
    pub(crate) stdin: Option<PathBuf>,
    /// Whether the report for programs is a snapshot too.
    pub(crate) json: bool,
    /// Whether the status of every object is a snapshot too.
    pub(crate) status: bool,
    /// What of the output is a snapshot.
    pub(crate) pins: Pins,
    /// The expected exit codes.
    pub(crate) exit: Exit,
    /// The file with requests, when there is one.
    pub(crate) requests: Option<PathBuf>,
    /// The findings that a harmless addition rightly ends.
    pub(crate) goes: Vec<Gone>,
    /// What older releases of Envoy answer.
    pub(crate) otherwise: Vec<Otherwise>,
}

impl Case {
    /// What `gwctl validate` makes of the flags for every run; `None` where they are those of another command.
    pub(crate) fn validate_arguments(&self) -> Option<Box<ValidateArgs>> {
        let line = ["gwctl", "validate"].into_iter().chain(self.args.iter().map(String::as_str));
        match Cli::parse_line(line.chain(["x"]).map(Into::into)).ok()?.command {
            Command::Validate(arguments) => Some(arguments),
            _ => None,
        }
    }
}

/// A case that was found, or why a folder is none.
pub(crate) type Found = (String, Result<Case, String>);

/// Every case below `testdata`, in the order of the names.
pub(crate) fn discover(testdata: &Path) -> Vec<Found> {
    let mut found = Vec::new();
    for area in entries(testdata).into_iter().filter(|path| path.is_dir()) {
        for folder in entries(&area).into_iter().filter(|path| path.is_dir()) {
            let name = format!("{}/{}", file_name(&area), file_name(&folder));
            found.push((name.clone(), read(name, folder)));
        }
    }
    found
}

/// The entries of a directory that are not hidden, sorted.
pub(crate) fn entries(directory: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut paths: Vec<_> = read.map(|entry| entry.path()).filter(|path| !file_name(path).starts_with('.')).collect();
    paths.sort();
    paths
}

/// The last part of a path.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn read(name: String, folder: PathBuf) -> Result<Case, String> {
    let settings = settings(&folder.join(SETTINGS))?;
    let all = entries(&folder).into_iter().map(|path| file_name(&path));
    let all = all.filter(|entry| entry != SETTINGS && entry != REQUESTS);
    let paths = settings.paths.clone().unwrap_or_else(|| all.collect());
    let stated = settings.reason.clone().or_else(|| first_comment(&folder.join(paths.first()?)));
    let reason = stated.map(|reason| reason.trim().to_owned()).unwrap_or_default();
    if reason.is_empty() || reason.contains('\n') {
        return Err(format!("say in one line why the case exists: `reason:` in {SETTINGS}, or a first comment line"));
    }
    let requests = Some(folder.join(REQUESTS)).filter(|path| path.is_file());
    let stdin = settings.stdin.as_ref().map(|file| folder.join(file));
    let translate_args = settings.args.iter().chain(&settings.translate_args).cloned().collect();
    let json = settings.json || name.starts_with(CODES);
    let status = settings.status || name.starts_with(STATUS);
    let Settings { args, exit, goes, otherwise, pins, .. } = settings;
    let case = Case {
        name,
        reason,
        args,
        translate_args,
        paths,
        stdin,
        json,
        status,
        pins,
        exit,
        requests,
        folder,
        goes,
        otherwise,
    };
    Ok(case)
}

fn settings(path: &Path) -> Result<Settings, String> {
    if !path.is_file() {
        return Ok(Settings::default());
    }
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_yaml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn first_comment(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().next()?.strip_prefix('#').map(|line| line.trim().to_owned())
}
