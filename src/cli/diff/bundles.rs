//! What Kustomizations and charts read beside manifests: every file below their
//! directories, whatever it is called, and what they name outside of the side,
//! with what that names in turn. So too what is built elsewhere in the repository.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsStr;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use super::super::confine::REPOSITORY;
use crate::parser::decode::decode;
use crate::parser::load::{EntryKind, Tree};
use crate::parser::node::Node;
use crate::parser::skip::KUSTOMIZATIONS;
use crate::parser::split::split;

/// How a template takes the files of its chart whatever they are called.
const ALL_FILES: &str = ".Files.Glob";
const CHART: &str = "Chart.yaml";
/// How a chart names another one of the file system.
const FILE_URL: &str = "file://";
/// How much of a Kustomization is looked at.
const MOST_BYTES: u64 = 8 << 20;
/// How many directories outside of a side are searched for more that is named, and how deep.
const MOST_OUTSIDE: usize = 10_000;
const DEEPEST: usize = 64;

/// What Kustomizations and charts of a side read and gwctl does not: its path from the directory of the side, and the path
/// that opens it. `read` are the files that were read, `built` are paths from the root of the repository.
pub(super) fn files(
    tree: &dyn Tree,
    root: &Path,
    read: &HashSet<PathBuf>,
    built: &BTreeSet<PathBuf>,
) -> BTreeMap<String, PathBuf> {
    let Ok(canonical) = tree.canonicalize(root) else { return BTreeMap::new() };
    let is_directory = matches!(tree.kind(&canonical), Ok(EntryKind::Directory));
    // The slash keeps the root of a revision what it is.
    let parent = canonical.parent().unwrap_or(Path::new("")).join("");
    let root = if is_directory { root } else { &parent };
    let mut search = Search {
        tree,
        root,
        canonical,
        read,
        found: BTreeMap::new(),
        telling: Vec::new(),
        walked: HashSet::new(),
        left: MOST_OUTSIDE,
    };
    if is_directory {
        search.walk(root, false);
        search.leave_documentation();
    }
    if !built.is_empty() {
        let repositories = search.repositories();
        built.iter().for_each(|path| search.find_built(path, &repositories));
    }
    search.found
}

struct Search<'t> {
    tree: &'t dyn Tree,
    root: &'t Path,
    /// The root without symbolic links.
    canonical: PathBuf,
    read: &'t HashSet<PathBuf>,
    found: BTreeMap<String, PathBuf>,
    /// All files of Kustomizations and charts, those that were read among them, but for documentation.
    telling: Vec<PathBuf>,
    /// The directories that were walked, and whether something above them reads all of their files.
    walked: HashSet<(PathBuf, bool)>,
    left: usize,
}

impl Search<'_> {
    /// Walks a directory of the side.
    fn walk(&mut self, directory: &Path, is_of_bundle: bool) {
        let Ok(canonical) = self.tree.canonicalize(directory) else { return };
        // What is told, or left out, as a whole.
        if self.read.contains(&canonical) {
            return;
        }
        let entries = self.entries(directory);
        let heads: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).filter(|name| is_head(name)).collect();
        let is_of_bundle = is_of_bundle || !heads.is_empty();
        if !self.walked.insert((canonical, is_of_bundle)) {
            return;
        }
        for head in heads {
            self.follow(directory, head);
        }
        for (name, kind) in entries.iter().filter(|(name, _)| !name.starts_with('.')) {
            let path = directory.join(name);
            let kind = match kind {
                EntryKind::Link => match self.tree.canonicalize(&path) {
                    // What leads out of the side is told by itself where it would be read.
                    Ok(target) if target.starts_with(&self.canonical) || is_of_bundle => {
                        self.tree.kind(&target).unwrap_or(EntryKind::Other)
                    }
                    Ok(_) | Err(_) => continue,
                },
                EntryKind::File | EntryKind::Directory | EntryKind::Other => *kind,
            };
            match kind {
                EntryKind::Directory if self.is_inside(&path) => self.walk(&path, is_of_bundle),
                EntryKind::Directory => {}
                EntryKind::File | EntryKind::Link | EntryKind::Other if is_of_bundle => self.add_file(path),
                EntryKind::File | EntryKind::Link | EntryKind::Other => {}
            }
        }
    }

    /// The entries of a directory, by name.
    fn entries(&self, directory: &Path) -> Vec<(String, EntryKind)> {
        let entries = self.tree.entries(directory).unwrap_or_default().into_iter();
        let mut entries: Vec<_> = entries.map(|(name, kind)| (name.to_string_lossy().into_owned(), kind)).collect();
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        entries
    }

    fn is_inside(&self, path: &Path) -> bool {
        self.tree.canonicalize(path).is_ok_and(|path| path.starts_with(&self.canonical))
    }

    /// Leaves out the files that are written for people and that no other file names.
    fn leave_documentation(&mut self) {
        let is_documentation = |path: &Path| path.file_name().and_then(OsStr::to_str).is_some_and(is_for_people);
        if !self.found.values().any(|path| is_documentation(path)) {
            return;
        }
        let texts = self.telling.iter().filter_map(|path| self.bytes(path));
        let texts: Vec<String> = texts.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect();
        // A template that takes whatever there is names every file.
        let takes_all = texts.iter().any(|text| text.contains(ALL_FILES));
        let is_named = |path: &Path| {
            let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
            takes_all || texts.iter().any(|text| text.contains(name))
        };
        self.found.retain(|_, path| !is_documentation(path) || is_named(path));
    }

    fn bytes(&self, path: &Path) -> Option<Vec<u8>> {
        let path = self.tree.canonicalize(path).ok()?;
        let mut bytes = Vec::new();
        let (reader, _) = self.tree.open(&path).ok()?;
        reader.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    fn add_file(&mut self, path: PathBuf) {
        if !path.file_name().and_then(OsStr::to_str).is_some_and(is_for_people) {
            self.telling.push(path.clone());
        }
        let is_read = self.tree.canonicalize(&path).is_ok_and(|path| self.read.contains(&path));
        if !is_read {
            self.found.insert(relative(self.root, &path), path);
        }
    }

    /// Takes what a Kustomization or a chart names and its own directory does not hold.
    fn follow(&mut self, directory: &Path, head: &str) {
        let Some(document) = self.document(&directory.join(head)) else { return };
        let mut named = BTreeSet::new();
        names(&document, head == CHART, &mut named);
        for name in named {
            self.refer(&directory.join(name), Path::new(name));
        }
    }

    fn document(&self, path: &Path) -> Option<Node> {
        documents_of(self.tree, path).into_iter().next()
    }

    fn refer(&mut self, path: &Path, name: &Path) {
        let key = relative(self.root, path);
        let is_outside = Path::new(&key).is_absolute() || key.split('/').next() == Some("..");
        if is_outside || is_hidden(&key) {
            self.take(key, path, name);
        }
    }

    /// Takes what is not read as a part of the side.
    fn take(&mut self, key: String, path: &Path, name: &Path) {
        let is_covered = |(known, _): (&String, &PathBuf)| {
            let rest = key.strip_prefix(known.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') && !is_hidden(rest))
        };
        if self.found.iter().any(is_covered) {
            return;
        }
        let kind = self.tree.canonicalize(path).and_then(|path| self.tree.kind(&path)).ok();
        // A word that is no path leads nowhere; what leads out of the side and is not there cannot be looked at.
        let is_path = name.components().any(|part| part == Component::ParentDir);
        if kind.is_none() && !is_path {
            return;
        }
        self.found.insert(key, path.to_owned());
        if kind == Some(EntryKind::Directory) {
            self.search(path, DEEPEST);
        }
    }

    /// Takes what is built elsewhere in the repository. What is not in it is in another one, and there alike for both sides.
    fn find_built(&mut self, path: &Path, repositories: &[PathBuf]) {
        for above in repositories {
            let place = above.join(path);
            if let Ok(found) = self.tree.canonicalize(&place) {
                if !found.starts_with(&self.canonical) {
                    self.take(relative(self.root, &place), &place, path);
                }
                return;
            }
        }
    }

    /// The root of the repository, and what may be one of a copy: every directory from the side upward, nearest first.
    fn repositories(&self) -> Vec<PathBuf> {
        let mut above = self.root.to_owned();
        let mut all = Vec::new();
        let mut real = self.tree.canonicalize(&above).ok();
        let is_revision = !self.canonical.is_absolute();
        let mut has_root = is_revision;
        while let Some(directory) = real {
            all.push(above.clone());
            if self.tree.kind(&directory.join(REPOSITORY)).is_ok() {
                has_root = true;
                break;
            }
            above.push("..");
            // Above the root of a file system is the root, and above a revision are no files of it.
            real = self.tree.canonicalize(&above).ok().filter(|next| directory.starts_with(next) && *next != directory);
        }
        if has_root {
            all.rotate_right(1);
        }
        all
    }

    /// Looks for what is named below a directory that is compared as a whole.
    fn search(&mut self, directory: &Path, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let Ok(canonical) = self.tree.canonicalize(directory) else { return };
        if !self.walked.insert((canonical.clone(), true)) {
            return;
        }
        for (name, kind) in self.entries(&canonical) {
            let Some(left) = self.left.checked_sub(1) else { return };
            self.left = left;
            match kind {
                EntryKind::Directory if !name.starts_with('.') => self.search(&directory.join(&name), depth),
                EntryKind::File | EntryKind::Link if is_head(&name) => self.follow(directory, &name),
                EntryKind::Directory | EntryKind::File | EntryKind::Link | EntryKind::Other => {}
            }
        }
    }
}

/// The documents of a text that are YAML or JSON.
pub(super) fn decoded(text: &str) -> Vec<Node> {
    let pieces = split(text);
    let documents = pieces.iter().filter_map(|piece| {
        let document = text.get(piece.range.start..piece.range.end)?;
        decode(document, piece.syntax).ok().map(|decoded| decoded.node)
    });
    documents.collect()
}

/// The documents of a file, as far as they are any.
pub(super) fn documents_of(tree: &dyn Tree, path: &Path) -> Vec<Node> {
    let mut text = String::new();
    let opened = tree.canonicalize(path).and_then(|path| tree.open(&path));
    let is_read = opened.is_ok_and(|(reader, _)| reader.take(MOST_BYTES).read_to_string(&mut text).is_ok());
    if is_read { decoded(&text) } else { Vec::new() }
}

/// Whether a file is one that people read, by its name.
fn is_for_people(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_document =
        |stem: &str| name == stem || name.strip_prefix(stem).is_some_and(|rest| matches!(rest, ".txt" | ".rst"));
    name.ends_with(".md") || ["readme", "license", "licence", "notice", "changelog"].into_iter().any(is_document)
}

/// Whether a path leads through a hidden file or directory.
fn is_hidden(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('.') && part != "..")
}

/// Whether a file is what a directory is a Kustomization or a chart by.
pub(super) fn is_head(name: &str) -> bool {
    name == CHART || KUSTOMIZATIONS.contains(&name)
}

/// All that may be a path in a Kustomization, or leads to another chart.
fn names<'n>(node: &'n Node, is_chart: bool, named: &mut BTreeSet<&'n str>) {
    match node {
        Node::String(text) if is_chart => {
            named.extend(text.strip_prefix(FILE_URL));
        }
        Node::String(text) if !text.contains('\n') && !text.is_empty() => {
            named.insert(text.as_str());
            // A generator may give a file another key.
            named.extend(text.split_once('=').map(|(_, path)| path));
        }
        Node::Map(entries) => entries.iter().for_each(|(_, value)| names(value, is_chart, named)),
        Node::List(items) => items.iter().for_each(|item| names(item, is_chart, named)),
        Node::String(_) | Node::Null | Node::Bool(_) | Node::Int(_) | Node::Float(_) => {}
    }
}

/// A path as it leads from the directory of its side.
pub(super) fn relative(root: &Path, path: &Path) -> String {
    let mut parts: Vec<String> = Vec::new();
    let inside = path.strip_prefix(root).unwrap_or(path);
    for part in inside.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if parts.last().is_some_and(|last| last != "..") => {
                parts.pop();
            }
            other => parts.push(other.as_os_str().to_string_lossy().into_owned()),
        }
    }
    parts.join("/").replacen("//", "/", 1)
}
