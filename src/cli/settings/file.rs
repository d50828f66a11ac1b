//! A settings file, read, and what it adds to a command line.

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::Read as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, CommandFactory as _};

use super::rule::{self, own_code_is_ignored, scalar};
use super::search::candidates;
use crate::cli::args::Cli;
use crate::cli::{confine, value};
use crate::diagnostics::escape::{for_terminal, path_for_terminal};
use crate::diagnostics::{FieldPath, Part, Span};
use crate::options::{Capture, IgnoreRule};
use crate::parser::decode::decode;
use crate::parser::load::Tree;
use crate::parser::node::Node;
use crate::parser::skip::{MESH, SETTINGS, kebab};
use crate::parser::spans::SpanTree;
use crate::parser::split::{Piece, split};
use crate::path;
use crate::spelling::nearest;

/// The settings whose values are paths on this machine, relative to the directory of the file.
const PATHS: [&str; 2] = ["context", "secrets-dir"];
/// The settings whose values are an object and, behind `=`, paths on this machine, separated by commas where that is more
/// than one.
const FILES: [&str; 2] = ["ca", "certificate"];
/// The setting whose patterns are about paths from the directory of the file.
pub(super) const EXCLUDE: &str = "exclude:";
/// The setting whose values may be rules.
const IGNORE: &str = "ignore";
/// How many bytes the file may have.
const LARGEST: u64 = 1 << 20;
/// Settings of which the first gives way when the second is on the command line.
const OPPOSITES: [(&str, &str); 9] = [
    ("no-admin", "admin-address"),
    ("admin-address", "no-admin"),
    (MESH_FOR, "gateway"),
    (MESH_FOR, "gateway-class"),
    (MESH_FOR, "proxy-protocol"),
    ("gateway", MESH_FOR),
    ("gateway-class", MESH_FOR),
    ("port-map", MESH_FOR),
    ("proxy-protocol", MESH_FOR),
];
/// The setting without which no other one says anything that is about clients of Services.
const MESH_FOR: &str = "mesh-for";
/// How the names of those begin.
const OF_MESH: &str = "mesh-";

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Of whoever runs gwctl.
    Full,
    /// Of the tree that is judged.
    Repository,
}

/// A usage error of these lines.
pub(super) fn refuse(problems: &[String]) -> clap::Error {
    Cli::usage_error(&problems.join("\n"))
}

/// The settings of an argument: the nearest file of the name that is no manifest.
///
/// # Errors
/// What is wrong with the file, in lines.
pub(super) fn settings_of<'t>(tree: &'t dyn Tree, argument: &Path) -> Result<Option<Settings<'t>>, Vec<String>> {
    for files in candidates(tree, argument) {
        let read = files.into_iter().map(|file| Settings::read(tree, file, Trust::Repository));
        let found: Vec<Settings<'t>> = read.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        if let [one, other, ..] = found.as_slice() {
            return Err(vec![format!(
                "`{}` and `{}` are both in one directory; keep one",
                one.file.display(),
                other.file.display()
            )]);
        }
        if let Some(nearest) = found.into_iter().next() {
            return Ok(Some(nearest));
        }
    }
    Ok(None)
}

/// One entry of the file.
pub(super) struct Setting {
    /// The flag, without its dashes.
    pub(super) name: String,
    /// The place of the key, as `FILE:LINE:COLUMN`.
    pub(super) place: String,
    /// The places of the items of a list, or of the keys of a mapping.
    items: Vec<String>,
    value: Node,
}

/// A settings file.
pub(super) struct Settings<'t> {
    tree: &'t dyn Tree,
    pub(super) file: PathBuf,
    directory: PathBuf,
    /// What its paths may not leave; `None` when they may lead anywhere.
    confines: Option<PathBuf>,
    pub(super) entries: Vec<Setting>,
}

impl<'t> Settings<'t> {
    /// `None` when the file holds a manifest. Errors are messages with places.
    pub(super) fn read(tree: &'t dyn Tree, file: PathBuf, trust: Trust) -> Result<Option<Self>, Vec<String>> {
        let name = path_for_terminal(&file);
        let directory = file.parent().unwrap_or(Path::new("")).to_owned();
        let confines = match trust {
            Trust::Full => None,
            Trust::Repository => {
                let root = confine::root_of(tree, &directory)
                    .map_err(|error| vec![format!("cannot read `{name}`: {error}")])?;
                if !confine::is_within(tree, &file, &root) {
                    return Err(vec![format!("`{name}` is a link that leads out of the repository; nothing is read")]);
                }
                Some(root)
            }
        };
        let text = read_bounded(tree, &file).map_err(|problem| vec![format!("cannot read `{name}`: {problem}")])?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let entries = SettingsText { name: &name, text }.entries()?;
        if entries.is_none() && trust == Trust::Full {
            return Err(vec![format!("`{name}` holds no settings")]);
        }
        Ok(entries.map(|entries| Self { tree, file, directory, confines, entries }))
    }

    /// The path by which two ways to one file are told to be the same.
    pub(super) fn identity(&self) -> Cow<'_, Path> {
        self.tree.canonicalize(&self.file).map_or(Cow::Borrowed(&*self.file), Cow::Owned)
    }

    /// The directory of the file without symbolic links.
    pub(super) fn real_directory(&self) -> Option<PathBuf> {
        let directory = if self.directory.as_os_str().is_empty() { Path::new(".") } else { &self.directory };
        self.tree.canonicalize(directory).ok()
    }
}

/// The text of a file that is not too large to be one of settings.
fn read_bounded(tree: &dyn Tree, file: &Path) -> Result<String, String> {
    let mut text = String::new();
    let (opened, _) = tree.open(file).map_err(|error| error.to_string())?;
    opened.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if u64::try_from(text.len()).is_ok_and(|length| length <= LARGEST) {
        Ok(text)
    } else {
        Err(format!("a settings file has at most {LARGEST} bytes"))
    }
}

/// The text of a settings file.
struct SettingsText<'t> {
    name: &'t str,
    text: &'t str,
}

impl SettingsText<'_> {
    /// `None` for a manifest.
    fn entries(&self) -> Result<Option<Vec<Setting>>, Vec<String>> {
        let pieces = split(self.text);
        let Some((piece, others)) = pieces.split_first() else { return Ok(Some(Vec::new())) };
        let decoded = decode(self.document(piece), piece.syntax).map_err(|error| {
            vec![format!("{}: {}", self.place(piece.range.start + error.range.start), error.message)]
        })?;
        let entries = match decoded.node {
            Node::Null => return Ok(Some(Vec::new())),
            Node::Map(entries) => entries,
            other => {
                let (name, kind) = (self.name, other.type_name());
                return Err(vec![format!("{name}:1:1: settings are a mapping, not of type {kind}")]);
            }
        };
        if entries.iter().any(|(key, _)| key == "kind" || key == "apiVersion") {
            return Ok(None);
        }
        let tree = SpanTree::read(self.document(piece)).unwrap_or_default();
        let place = |path: &FieldPath, part: Part| {
            self.place(piece.range.start + tree.find(path, part).map_or(0, |range| range.start))
        };
        let at = |path: &FieldPath| place(path, Part::Key);
        let mut problems: Vec<String> =
            decoded.repeated.iter().map(|path| format!("{}: `{path}` is given more than once", at(path))).collect();
        if let Some(other) = others.iter().find(|piece| !self.document(piece).trim().is_empty()) {
            problems.push(format!("{}: a settings file holds one document", self.place(other.range.start)));
        }
        let placed = entries.into_iter().map(|(key, value)| {
            let setting = path![key.clone()];
            let items: Vec<String> = match &value {
                Node::List(items) => (0..items.len()).map(|item| place(&setting.with(item), Part::Value)).collect(),
                Node::Map(below) => below.iter().map(|(own, _)| at(&setting.with(own.clone()))).collect(),
                _ => Vec::new(),
            };
            Setting { place: at(&setting), items, name: key, value }
        });
        let found = known(placed.flat_map(Setting::each), &mut problems);
        if problems.is_empty() { Ok(Some(found)) } else { Err(problems) }
    }

    fn document(&self, piece: &Piece) -> &str {
        self.text.get(piece.range.clone()).unwrap_or_default()
    }

    /// `FILE:LINE:COLUMN` of a byte.
    fn place(&self, start: usize) -> String {
        let Span { line, column, .. } = Span::of(self.text, start..start);
        format!("{}:{line}:{column}", self.name)
    }
}

/// The entries that are settings, each once, under the names of their flags; the others are problems.
fn known(entries: impl Iterator<Item = Setting>, problems: &mut Vec<String>) -> Vec<Setting> {
    let mut found: Vec<Setting> = Vec::new();
    for entry in entries {
        let flag = kebab(&entry.name);
        if !SETTINGS.contains(&flag.as_str()) {
            problems.push(unknown(&entry.name, &flag, &entry.place));
        } else if found.iter().any(|setting| setting.name == flag) {
            problems.push(format!("{}: `{flag}` is given more than once", entry.place));
        } else {
            found.push(Setting { name: flag, ..entry });
        }
    }
    found
}

fn unknown(key: &str, flag: &str, place: &str) -> String {
    let hint = match nearest(flag, SETTINGS.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the settings are {}", SETTINGS.join(", ")),
    };
    format!("{place}: there is no setting `{}`; {hint}", key.escape_debug())
}

impl Setting {
    /// The setting, or those that stand together below `mesh`, under their own names.
    fn each(self) -> Vec<Self> {
        let Self { name, place, items, value } = self;
        match value {
            Node::Map(below) if name == MESH => {
                let own =
                    |((key, value), place)| Self { name: format!("{OF_MESH}{key}"), place, items: Vec::new(), value };
                below.into_iter().zip(items).map(own).collect()
            }
            value => vec![Self { name, place, items, value }],
        }
    }

    /// The setting in one line, as a report names it.
    fn words(&self) -> String {
        let Self { name, place: _, items: _, value } = self;
        let item = |node: &Node| match node {
            Node::Map(entries) => rule::words(entries),
            other => scalar(other).unwrap_or_default(),
        };
        let items = match value {
            Node::List(items) => items.iter().map(item).collect::<Vec<_>>().join(", "),
            Node::Bool(value) => value.to_string(),
            Node::Map(entries) => rule::words(entries),
            other => scalar(other).unwrap_or_default(),
        };
        for_terminal(&format!("{name}: {items}")).into_owned()
    }

    /// The values that are rules: no flag says the same. Errors are places and messages.
    fn rules<'s>(&'s self, settings: &Settings<'_>) -> Result<Vec<IgnoreRule>, (&'s str, String)> {
        let values = match &self.value {
            Node::List(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        let rules = values.iter().enumerate().filter_map(|(at, value)| match value {
            Node::Map(entries) if self.name == IGNORE => Some((self.items.get(at).unwrap_or(&self.place), entries)),
            _ => None,
        });
        let directory = settings.real_directory().unwrap_or_default();
        let read = |(place, entries): (&'s String, &Vec<(String, Node)>)| {
            rule::read(entries, place, &directory).map_err(|problem| (place.as_str(), problem))
        };
        rules.map(read).collect()
    }

    /// The flags that say the same on a command line. Errors are messages without a place.
    fn flags(&self, arg: &Arg, settings: &Settings<'_>) -> Result<Vec<OsString>, String> {
        let Self { name, place: _, items: _, value } = self;
        let Settings { tree, file: _, directory, confines, entries: _ } = settings;
        if matches!(arg.get_action(), ArgAction::SetTrue) {
            return match value {
                Node::Bool(true) => Ok(vec![format!("--{name}").into()]),
                Node::Bool(false) => Ok(Vec::new()),
                _ => Err(format!("`{name}` is `true` or `false`")),
            };
        }
        let is_list = matches!(arg.get_action(), ArgAction::Append);
        let is_rule = |node: &&Node| name == IGNORE && matches!(node, Node::Map(_));
        let values = match value {
            Node::List(items) if is_list => {
                items.iter().filter(|item| !is_rule(item)).map(scalar).collect::<Option<Vec<_>>>()
            }
            single if is_rule(&single) => Some(Vec::new()),
            single => scalar(single).map(|value| vec![value]),
        };
        let forms = if is_list { "a value or a list of values" } else { "one value" };
        let values = values.ok_or_else(|| format!("`{name}` is {forms}"))?;
        let is_own = |code: &str| ["GW8030", "settings-read"].iter().any(|own| code.trim().eq_ignore_ascii_case(own));
        let hides_itself = confines.is_some() && values.iter().any(|value| value.split(',').any(is_own));
        if name == IGNORE && hides_itself {
            return Err(own_code_is_ignored());
        }
        if let Some(root) = confines {
            let leaves = |value: &&String| {
                let (_, paths) = paths_of(name, value);
                paths.iter().any(|path| !confine::is_within(*tree, &directory.join(path), root))
            };
            if let Some(value) = values.iter().find(leaves) {
                return Err(format!(
                    "`{name}` leads out of the repository (`{}`); a file that you name with --settings may do that",
                    value.escape_debug()
                ));
            }
        }
        if let (true, Some((value, why))) = (confines.is_some(), values.iter().find_map(|value| reach_of(name, value)))
        {
            return Err(format!(
                "`{name}` {why} (`{}`); a file that you name with --settings may do that",
                value.escape_debug()
            ));
        }
        let flag = |value: String| {
            let mut flag = OsString::from(format!("--{name}="));
            match paths_of(name, &value) {
                (_, paths) if paths.is_empty() => flag.push(&value),
                (object, paths) => {
                    flag.push(object);
                    for (position, path) in paths.iter().enumerate() {
                        flag.push(if position == 0 { "" } else { "," });
                        flag.push(directory.join(path));
                    }
                }
            }
            flag
        };
        Ok(values.into_iter().map(flag).collect())
    }
}

/// What stands before the paths of a value, and the paths.
fn paths_of<'v>(name: &str, value: &'v str) -> (&'v str, Vec<&'v str>) {
    if PATHS.contains(&name) {
        return ("", vec![value]);
    }
    match value.find('=').map(|at| value.split_at(at + 1)) {
        Some((object, paths)) if name == "certificate" => (object, paths.split(',').collect()),
        Some((object, path)) if FILES.contains(&name) => (object, vec![path]),
        // What is no such value is reported by the parser of the flag.
        _ => ("", Vec::new()),
    }
}

/// What a setting would reach on the machine that runs Envoy, which no manifest can name, with the value.
fn reach_of<'v>(name: &str, value: &'v str) -> Option<(&'v str, &'static str)> {
    let why = match name {
        "access-log" | "tracing" if value.starts_with("otlp=") => {
            // What is no collector is reported by the parser of the flag.
            let host = value::collector_host(value).filter(|host| !is_loopback(host));
            return host.map(|_| (value, "sends what requests say to another machine"));
        }
        "access-log" if !matches!(value, "none" | "stdout") => "names a file of the machine that runs Envoy",
        "system-ca" => "names a file of the machine that runs Envoy",
        // What is no process is reported by the parser of the flag.
        "local" if value::local(value).is_ok_and(|local| !is_loopback(&local.host)) => "leads to another machine",
        // What is no address is reported by the parser of the flag.
        "admin-address" if value.parse::<SocketAddr>().is_ok_and(|address| !address.ip().is_loopback()) => {
            "opens Envoy's administration to other machines"
        }
        "mesh-capture" if value::capture(value).is_ok_and(opens_proxy) => {
            "opens a proxy to whatever the Services lead to, for other machines"
        }
        _ => return None,
    };
    Some((value, why))
}

fn opens_proxy(capture: Capture) -> bool {
    matches!(capture, Capture::Proxy(address) if !address.ip().is_loopback())
}

fn is_loopback(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// What a settings file adds to a command line.
#[derive(Default)]
pub(super) struct Added {
    pub(super) flags: Vec<OsString>,
    /// What has no flag.
    pub(super) rules: Vec<IgnoreRule>,
    /// The settings that count, in words.
    pub(super) in_effect: Vec<String>,
}

/// The command line that the user wrote.
pub(super) struct CommandLine<'a> {
    line: &'a [OsString],
    /// The position behind the name of the command.
    position: usize,
    command: clap::Command,
    matches: Option<&'a ArgMatches>,
}

impl<'a> CommandLine<'a> {
    pub(super) fn new(line: &'a [OsString], matches: &'a ArgMatches) -> Self {
        let name = matches.subcommand_name().unwrap_or_default();
        let all = Cli::command();
        let command = all.find_subcommand(name).cloned().unwrap_or_default();
        let names: Vec<&str> = std::iter::once(name).chain(command.get_all_aliases()).collect();
        let is_name = |word: &OsString| word.to_str().is_some_and(|word| names.contains(&word));
        let position = line.iter().skip(1).position(is_name).map_or(line.len(), |at| at + 2);
        Self { line, position, matches: matches.subcommand().map(|(_, matches)| matches), command }
    }

    /// The line with more flags.
    pub(super) fn with(&self, flags: &[OsString]) -> Vec<OsString> {
        let (before, after) = self.line.split_at(self.position);
        [before, flags, after].concat()
    }

    fn has(&self, arg: &Arg) -> bool {
        self.matches
            .is_some_and(|matches| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine))
    }

    fn arg(&self, name: &str) -> Option<&Arg> {
        self.command.get_arguments().find(|arg| arg.get_long() == Some(name))
    }

    /// The flags of all settings that the command has and the line does not say. Errors are messages with places.
    pub(super) fn flags_of(&self, settings: &Settings<'_>) -> Result<Added, Vec<String>> {
        let (mut added, mut problems) = (Added::default(), Vec::new());
        let is_said = |name: &str| self.arg(name).is_some_and(|arg| self.has(arg));
        let is_overruled = |setting: &str| OPPOSITES.iter().any(|(name, other)| *name == setting && is_said(other));
        let is_set = |name: &str| settings.entries.iter().any(|setting| setting.name == name) && !is_overruled(name);
        let has_clients = is_said(MESH_FOR) || is_set(MESH_FOR);
        for setting in &settings.entries {
            let Some(arg) = self.arg(&setting.name) else { continue };
            let says_nothing = setting.name.starts_with(OF_MESH) && !has_clients;
            let gives_way = says_nothing || is_overruled(&setting.name);
            let rules = setting.rules(settings);
            let flags = setting.flags(arg, settings);
            // A value is checked also where a flag takes its place.
            let alone = flags.and_then(|flags| match Cli::parse_line(self.trial(gives_way || self.has(arg), &flags)) {
                Ok(_) => Ok(flags),
                Err(error) => Err(first_line(&error)),
            });
            let alone = alone.map_err(|problem| (setting.place.as_str(), problem));
            match alone.and_then(|flags| Ok((flags, rules?))) {
                Ok(_) if gives_way || self.has(arg) => {}
                Ok((flags, rules)) => {
                    added.in_effect.push(setting.words());
                    added.flags.extend(flags);
                    added.rules.extend(rules);
                }
                Err((place, problem)) => problems.push(format!("{place}: {problem}")),
            }
        }
        if problems.is_empty() { Ok(added) } else { Err(problems) }
    }

    /// The line with these flags; or, when it says something else in their place, a line that has nothing but them.
    fn trial(&self, is_overruled: bool, flags: &[OsString]) -> Vec<OsString> {
        if !is_overruled {
            return self.with(flags);
        }
        let name = self.command.get_name().to_owned();
        let operands: &[&str] = match name.as_str() {
            "blame" => &["a", "-"],
            "route" => &["http://localhost", "-f", "-"],
            "test" => &["-", "-f", "-"],
            "diff" => &["-", "."],
            _ => &["-"],
        };
        let before: Vec<OsString> =
            ["gwctl", name.as_str()].iter().chain(operands).map(|word| OsString::from(*word)).collect();
        [&before[..], flags].concat()
    }
}

/// What clap says, without its usage.
fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    first.strip_prefix("error: ").unwrap_or(first).to_owned()
}
