//! Stage 1a: from paths and standard input to text. The one place that reads
//! the file system for manifests; a [`Tree`] may stand in for it.
//!
//! Input: what the user named. Output: every file once, in the order in which
//! their objects count, as UTF-8 text without a byte order mark. What cannot
//! be read or is not text is a finding and never stops the others.

mod exclude;
mod submodule;
mod tree;

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::diagnostics::{Diagnostics, Finding, Location, Omission, Subject, Unjudged, codes};

use super::parse::MAX_DOCUMENT;
use super::source::{Found, Source, SourceSet};

pub use exclude::Exclude;
pub use tree::{Disk, EntryKind, Tree};

/// How much of a file is read before what was read is checked.
const CHUNK: usize = 256 * 1024;
/// The room for bytes that a reader keeps free beyond a chunk.
const SPARE: usize = 64;
/// How much of one document is read at all: what has no end is not read to it.
const MAX_READ: usize = 8 * MAX_DOCUMENT;
/// The name of standard input in findings.
const STDIN_NAME: &str = "-";

/// Something that the user named as input.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file or a directory.
    Path(PathBuf),
}

impl From<&str> for Input {
    fn from(argument: &str) -> Self {
        Self::from(PathBuf::from(argument))
    }
}

impl From<PathBuf> for Input {
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == STDIN_NAME { Self::Stdin } else { Self::Path(path) }
    }
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The files that are text.
    pub sources: SourceSet,
    /// Whether something that was named or found could not be read at all; the run then exits with 2.
    pub unreadable: bool,
}

/// Reads all of `paths`, then all of `context`, from the file system.
pub fn load(paths: &[Input], context: &[Input], stdin: &mut dyn Read, diagnostics: &mut Diagnostics) -> Loaded {
    load_from(&Disk, (paths, context), Exclude::default(), stdin, diagnostics)
}

/// Reads all of `paths`, then all of `context`, from a tree, without what is excluded.
///
/// Directories are read recursively in the order of their entries' names;
/// hidden entries are skipped; symbolic links are followed only to places
/// below a named directory. A file that is reached twice is read once, and
/// counts where it was reached first.
pub fn load_from(
    tree: &dyn Tree,
    (paths, context): (&[Input], &[Input]),
    exclude: Exclude<'_>,
    stdin: &mut dyn Read,
    diagnostics: &mut Diagnostics,
) -> Loaded {
    let is_directory = |path: &PathBuf| matches!(tree.kind(path), Ok(EntryKind::Directory));
    let roots = paths.iter().chain(context).filter_map(|input| match input {
        Input::Path(path) => tree.canonicalize(path).ok().filter(is_directory),
        Input::Stdin => None,
    });
    let mut survey = Survey::new(tree, roots.collect(), exclude);
    for (inputs, is_context) in [(paths, false), (context, true)] {
        for input in inputs {
            survey.add(input, is_context);
        }
    }
    let stdin_text = survey.files.iter().any(|file| file.path.is_none()).then(|| read_text(stdin, 0));
    let mut texts: Vec<Option<Result<String, ReadError>>> =
        survey.files.par_iter().map(|file| file.path.as_deref().map(|path| read_file(tree, path))).collect();
    if let Some(slot) = survey.files.iter().position(|file| file.path.is_none()).and_then(|at| texts.get_mut(at)) {
        *slot = stdin_text;
    }
    let mut loaded = Loaded { sources: SourceSet::default(), unreadable: survey.unreadable };
    for finding in survey.findings {
        diagnostics.report(finding);
    }
    survey.outside.into_iter().for_each(|name| diagnostics.leave(unread(name, Omission::Outside)));
    survey.submodules.into_iter().for_each(|name| diagnostics.leave(unread(name, Omission::Submodule)));
    survey.excluded.into_iter().for_each(|name| diagnostics.leave(unread(name, Omission::Excluded)));
    if let Some(first) = survey.ignored.first() {
        diagnostics.report(ignored(first, survey.ignored.len()));
    }
    survey.ignored.into_iter().for_each(|name| diagnostics.leave(unread(name, Omission::Ignored)));
    let unused = exclude.globs.iter().enumerate().filter(|(at, _)| !survey.used.contains(at));
    unused.for_each(|(_, glob)| diagnostics.report(excludes_nothing(glob)));
    for (file, text) in survey.files.into_iter().zip(texts) {
        match text {
            Some(Ok(text)) => {
                if text.trim().is_empty() && file.found == Found::Named {
                    let message = format!("`{}` is empty", file.name);
                    diagnostics.report(Finding::new(codes::SKIPPED, Location::Path(file.name.clone()), message));
                }
                let Planned { name, found, context, .. } = file;
                loaded.sources.sources.push(Source { name, text, found, context, kept: Vec::new() });
            }
            Some(Err(ReadError::NoManifest(_))) if file.found == Found::InDirectory => {
                let message = format!("`{}` is not text: skipped", file.name);
                diagnostics.report(Finding::new(codes::SKIPPED, Location::Path(file.name.clone()), message));
                if !file.context {
                    diagnostics.leave(unread(file.name, Omission::Unreadable));
                }
            }
            Some(Err(error)) => {
                loaded.unreadable |= matches!(error, ReadError::Io(_));
                diagnostics.report(error.finding(&file.name));
                if !file.context {
                    diagnostics.leave(unread(file.name, Omission::Unreadable));
                }
            }
            None => {}
        }
    }
    loaded
}

fn excludes_nothing(glob: &str) -> Finding {
    Finding::new(codes::UNUSED_SUPPRESSION, Location::Run, format!("`--exclude {glob}` leaves nothing out"))
        .consequence("none: no file or directory of the input is called like that")
        .help(
            "a pattern with a `/` is a path from the directory that was named (from `gwctl.yaml`: from its directory); mend it, \
             or remove the flag, or its entry in `gwctl.yaml`",
        )
}

/// What git ignores, told once.
fn ignored(first: &str, count: usize) -> Finding {
    let message = match count {
        1 => format!("`{first}` is not read: git ignores it"),
        _ => format!("{count} files and directories are not read, `{first}` first: git ignores them"),
    };
    Finding::new(codes::SKIPPED, Location::Path(first.to_owned()), message)
        .consequence("none: nothing in it is served")
        .help("nothing, when that is meant; `--no-gitignore` reads it, and so does naming the file")
}

/// A file whose manifests nobody knows.
fn unread(name: String, reason: Omission) -> Unjudged {
    Unjudged { subject: Subject::File(name.clone()), location: Location::Path(name), reason }
}

/// A file that is going to be read; no path means standard input.
#[derive(Debug)]
struct Planned {
    name: String,
    path: Option<PathBuf>,
    found: Found,
    context: bool,
}

/// The files to read, in order, and what was met on the way.
struct Survey<'t> {
    tree: &'t dyn Tree,
    roots: Vec<PathBuf>,
    files: Vec<Planned>,
    seen: HashSet<PathBuf>,
    directories: HashSet<PathBuf>,
    stdin: bool,
    findings: Vec<Finding>,
    /// The links of judged directories that lead out of them.
    outside: Vec<String>,
    /// The submodules of judged directories that are not checked out.
    submodules: Vec<String>,
    exclude: Exclude<'t>,
    /// What git ignores.
    ignored: Vec<String>,
    /// What was excluded, and the positions of the patterns that were of use.
    excluded: Vec<String>,
    used: HashSet<usize>,
    /// The directory that what is looked at was named by.
    named: PathBuf,
    unreadable: bool,
}

impl<'t> Survey<'t> {
    fn new(tree: &'t dyn Tree, roots: Vec<PathBuf>, exclude: Exclude<'t>) -> Self {
        Self {
            tree,
            roots,
            files: Vec::new(),
            seen: HashSet::new(),
            directories: HashSet::new(),
            stdin: false,
            findings: Vec::new(),
            outside: Vec::new(),
            submodules: Vec::new(),
            exclude,
            ignored: Vec::new(),
            excluded: Vec::new(),
            used: HashSet::new(),
            named: PathBuf::new(),
            unreadable: false,
        }
    }

    fn add(&mut self, input: &Input, context: bool) {
        let path = match input {
            Input::Stdin if self.stdin => return,
            Input::Stdin => {
                self.stdin = true;
                self.files.push(Planned { name: STDIN_NAME.to_owned(), path: None, found: Found::Named, context });
                return;
            }
            Input::Path(path) => path,
        };
        match self.tree.kind(path) {
            Err(error) => self.refuse(path, &error),
            Ok(EntryKind::Directory) => {
                self.named.clone_from(path);
                self.add_directory(path, context);
            }
            Ok(kind) => {
                self.named = path.parent().unwrap_or(Path::new("")).to_owned();
                let real = self.tree.canonicalize(&self.named).ok().zip(path.file_name());
                if real.is_some_and(|(directory, name)| self.is_excluded(path, &directory.join(name))) {
                    return;
                }
                // A pipe has no canonical path: what it is called by is its identity.
                let identity = if kind == EntryKind::File { self.tree.canonicalize(path).ok() } else { None };
                self.plan(path, identity.unwrap_or_else(|| path.clone()), Found::Named, context);
            }
        }
    }

    /// Whether the user leaves a file or directory out; `real` is its path without symbolic links on the way. It is then
    /// counted.
    fn is_excluded(&mut self, path: &Path, real: &Path) -> bool {
        let inside = match self.exclude.base {
            _ if self.exclude.globs.is_empty() => return false,
            Some(base) => real.strip_prefix(base),
            None => path.strip_prefix(&self.named),
        };
        let matching = inside.map(|inside| self.exclude.matching(inside)).unwrap_or_default();
        let is_excluded = !matching.is_empty();
        if is_excluded {
            self.excluded.push(path.to_string_lossy().into_owned());
        }
        self.used.extend(matching);
        is_excluded
    }

    fn plan(&mut self, path: &Path, identity: PathBuf, found: Found, context: bool) {
        if context && self.exclude.of_context.contains(&identity) {
            return;
        }
        if self.seen.insert(identity) {
            let name = path.to_string_lossy().into_owned();
            self.files.push(Planned { name, path: Some(path.to_owned()), found, context });
        }
    }

    fn add_directory(&mut self, directory: &Path, context: bool) {
        let counts = |survey: &Self| {
            let left_out = survey.excluded.len() + survey.ignored.len();
            (survey.files.len(), survey.findings.len(), survey.seen.len(), left_out)
        };
        let before = counts(self);
        match self.tree.canonicalize(directory) {
            Ok(canonical) => {
                let fresh = !self.directories.contains(&canonical);
                self.walk(directory, &canonical, context);
                if fresh && before == counts(self) && !self.covers(&canonical) {
                    self.note(directory, "holds no `.yaml`, `.yml` or `.json` file that is not read already");
                }
            }
            Err(error) => self.refuse(directory, &error),
        }
    }

    /// Whether a directory that was walked before lies below `canonical`.
    fn covers(&self, canonical: &Path) -> bool {
        self.directories.iter().any(|walked| walked != canonical && walked.starts_with(canonical))
            || self.seen.iter().any(|file| file.starts_with(canonical))
    }

    /// Walks one real directory tree; `canonical` is the directory without symbolic links.
    fn walk(&mut self, directory: &Path, canonical: &Path, context: bool) {
        let is_left_out = context && self.exclude.of_context.iter().any(|path| path == canonical);
        if is_left_out || !self.directories.insert(canonical.to_owned()) {
            return;
        }
        let mut entries = match self.tree.entries(directory) {
            Ok(entries) => entries,
            Err(error) => return self.refuse(directory, &error),
        };
        if entries.is_empty() && submodule::is_submodule(self.tree, canonical) {
            self.note_submodule(directory, context);
        }
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (name, kind) in entries.into_iter().filter(|(name, _)| !is_hidden(name)) {
            let (path, real) = (directory.join(&name), canonical.join(&name));
            let may_be_read = kind != EntryKind::File || has_manifest_extension(&path);
            if may_be_read && self.is_excluded(&path, &real) {
                continue;
            }
            if may_be_read && self.exclude.ignored.binary_search(&real).is_ok() {
                self.ignored.push(path.to_string_lossy().into_owned());
                continue;
            }
            match kind {
                EntryKind::Directory => self.walk(&path, &real, context),
                EntryKind::Link => self.follow(&path, context),
                EntryKind::File | EntryKind::Other => self.add_found(&path, real, kind, context),
            }
        }
    }

    /// Takes a file of a directory when its name says that it is a manifest.
    fn add_found(&mut self, path: &Path, real: PathBuf, kind: EntryKind, context: bool) {
        if !has_manifest_extension(path) {
            return;
        }
        if kind == EntryKind::File {
            self.plan(path, real, Found::InDirectory, context);
        } else {
            self.note(path, "is not a regular file");
        }
    }

    fn follow(&mut self, link: &Path, context: bool) {
        let target = match self.tree.canonicalize(link) {
            Ok(target) => target,
            Err(_) if !has_manifest_extension(link) => return,
            Err(error) => return self.refuse(link, &error),
        };
        let kind = match self.tree.kind(&target) {
            Ok(kind) => kind,
            Err(error) => return self.refuse(link, &error),
        };
        if !self.roots.iter().any(|root| target.starts_with(root)) {
            if kind == EntryKind::Directory || has_manifest_extension(link) {
                self.note(link, "is a symbolic link to a place outside the given directories");
                if !context {
                    self.outside.push(link.to_string_lossy().into_owned());
                }
            }
        } else if kind == EntryKind::Directory {
            self.walk(link, &target, context);
        } else {
            self.add_found(link, target, kind, context);
        }
    }

    fn note_submodule(&mut self, directory: &Path, context: bool) {
        let name = directory.to_string_lossy().into_owned();
        let message = format!("`{name}` is a submodule that is not checked out: what it holds is not known");
        self.findings.push(
            Finding::new(codes::EMPTY_SUBMODULE, Location::Path(name.clone()), message)
                .consequence("what it declares is served by whoever checks it out, and is missing here")
                .help("check it out with `git submodule update --init`, or leave it out with `--exclude`"),
        );
        if !context {
            self.submodules.push(name);
        }
    }

    fn note(&mut self, path: &Path, why: &str) {
        let name = path.to_string_lossy().into_owned();
        let message = format!("`{name}` {why}: skipped");
        self.findings.push(Finding::new(codes::SKIPPED, Location::Path(name), message));
    }

    fn refuse(&mut self, path: &Path, error: &io::Error) {
        self.unreadable = true;
        self.findings.push(unreadable(&path.to_string_lossy(), error));
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

fn has_manifest_extension(path: &Path) -> bool {
    // kustomize takes this name as well.
    if path.file_name().is_some_and(|name| name == "Kustomization") {
        return true;
    }
    path.extension().is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
}

/// Why a file gave no text.
#[derive(Debug)]
enum ReadError {
    Io(io::Error),
    /// A NUL byte at this offset, on this line.
    Binary(usize, usize),
    /// A byte that is not UTF-8 at this offset, on this line.
    NotUtf8(usize, usize),
    /// A byte order mark of this encoding.
    OtherEncoding(&'static str),
    /// A document of over [`MAX_READ`] bytes.
    Endless,
    /// One of the above, in a file without any word of a manifest.
    NoManifest(Box<Self>),
}

impl ReadError {
    fn finding(&self, name: &str) -> Finding {
        let (message, help) = match self {
            Self::Io(error) => return unreadable(name, error),
            Self::NoManifest(error) => return error.finding(name),
            Self::Binary(offset, line) => (
                format!("`{name}` is not text: byte {offset}, on line {line}, is NUL"),
                "give YAML or JSON manifests; other files do not belong in the list",
            ),
            Self::NotUtf8(offset, line) => (
                format!("`{name}` is not UTF-8: byte {offset}, on line {line}, does not belong to a character"),
                "save the file as UTF-8",
            ),
            Self::OtherEncoding(encoding) => {
                (format!("`{name}` is {encoding}, and manifests are UTF-8"), "save the file as UTF-8")
            }
            Self::Endless => {
                let message = format!(
                    "a document of `{name}` goes on for over {MAX_READ} bytes, and at most {MAX_DOCUMENT} are read"
                );
                return Finding::new(codes::LIMIT, Location::Path(name.to_owned()), message)
                    .help("split it into several documents with `---`");
            }
        };
        Finding::new(codes::NOT_TEXT, Location::Path(name.to_owned()), message).help(help)
    }
}

fn unreadable(name: &str, error: &io::Error) -> Finding {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::NotADirectory => "a part of the path is a file, not a directory".to_owned(),
        _ => error.to_string(),
    };
    let shown = if name == STDIN_NAME { "standard input" } else { name };
    Finding::new(codes::UNREADABLE, Location::Path(name.to_owned()), format!("cannot read `{shown}`: {why}"))
}

fn read_file(tree: &dyn Tree, path: &Path) -> Result<String, ReadError> {
    let (mut file, size) = tree.open(path).map_err(ReadError::Io)?;
    read_text(&mut file, size)
}

/// Reads to the end, and stops at the first byte that cannot be in a manifest.
fn read_text(reader: &mut dyn Read, size: u64) -> Result<String, ReadError> {
    let mut bytes = Vec::new();
    match read_bytes(reader, size, &mut bytes) {
        Ok(()) => {}
        Err(error @ ReadError::Io(_)) => return Err(error),
        Err(error) if names_version(&bytes) => return Err(error),
        Err(error) => return Err(ReadError::NoManifest(Box::new(error))),
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        ReadError::NotUtf8(offset, line_of(error.as_bytes(), offset))
    })?;
    match text.strip_prefix('\u{feff}') {
        Some(rest) => Ok(rest.to_owned()),
        None => Ok(text),
    }
}

/// Whether bytes hold the word that every manifest has, in whatever encoding.
fn names_version(bytes: &[u8]) -> bool {
    let bytes: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    bytes.windows(10).any(|window| window == b"apiVersion")
}

fn read_bytes(reader: &mut dyn Read, size: u64, bytes: &mut Vec<u8>) -> Result<(), ReadError> {
    // Not more than 64 MiB on the word of the file system: it may name a size that is not there.
    let expected = usize::try_from(size).unwrap_or(0).min(64 << 20);
    bytes.try_reserve(expected + SPARE).map_err(|error| ReadError::Io(error.into()))?;
    let (mut valid, mut document) = (0, 0);
    loop {
        let before = bytes.len();
        let due = if expected > 0 && before <= expected { expected - before } else { CHUNK };
        // Reserved here, where a lack of memory is an error like any other.
        bytes.try_reserve(due.min(CHUNK) + SPARE).map_err(|error| ReadError::Io(error.into()))?;
        let read = reader.take(CHUNK as u64).read_to_end(bytes).map_err(ReadError::Io)?;
        if valid == 0 {
            refuse_other_encodings(bytes)?;
        }
        valid = check(bytes, valid, read == 0)?;
        if read == 0 {
            break;
        }
        document = last_marker(bytes, before).unwrap_or(document);
        if bytes.len() - document > MAX_READ && !bytes.trim_ascii_start().starts_with(b"{") {
            return Err(ReadError::Endless);
        }
    }
    Ok(())
}

fn refuse_other_encodings(bytes: &[u8]) -> Result<(), ReadError> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Err(ReadError::OtherEncoding("UTF-32")),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Err(ReadError::OtherEncoding("UTF-16")),
        _ => Ok(()),
    }
}

/// Checks what follows the first `valid` bytes; returns how many bytes are checked now.
fn check(bytes: &[u8], valid: usize, at_end: bool) -> Result<usize, ReadError> {
    let fresh = bytes.get(valid..).unwrap_or_default();
    if let Some(at) = fresh.iter().position(|byte| *byte == 0) {
        return Err(ReadError::Binary(valid + at, line_of(bytes, valid + at)));
    }
    match std::str::from_utf8(fresh) {
        Ok(_) => Ok(bytes.len()),
        Err(error) if error.error_len().is_none() && !at_end => Ok(valid + error.valid_up_to()),
        Err(error) => {
            let offset = valid + error.valid_up_to();
            Err(ReadError::NotUtf8(offset, line_of(bytes, offset)))
        }
    }
}

/// Where the last line that ends a YAML document begins, when that is after `from`.
fn last_marker(bytes: &[u8], from: usize) -> Option<usize> {
    let from = from.saturating_sub(3);
    let found = bytes.get(from..)?.windows(4).rposition(|window| matches!(window, b"\n---" | b"\n..."))?;
    Some(from + found)
}

fn line_of(bytes: &[u8], offset: usize) -> usize {
    1 + bytes.iter().take(offset).filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
