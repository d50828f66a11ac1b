//! What belongs to a side and is read by nobody: files behind symbolic links that
//! lead out of it, files that are no text, Kustomizations, Helm charts and
//! whatever else is no object, and the settings of the side.
//!
//! Each may decide on traffic. What both sides hold alike is equal, whatever it
//! is; what differs could not be compared.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use super::super::git::Revisions;
use super::super::settings;
use super::built;
use super::bundles::{self, decoded, documents_of, is_head};
use super::change::UncomparedView;
use super::folders::{self, Listing};
use super::patched::Selected;
use super::uncompared::{Values, document, sorted};
use crate::compile::Compilation;
use crate::diagnostics::{FieldPath, Location, Omission, Subject};
use crate::parser::decode::decode;
use crate::parser::load::{EntryKind, Tree};
use crate::parser::manifests::Manifests;
use crate::parser::node::Node;
use crate::parser::skip::kebab;
use crate::parser::skipped::Skipped;
use crate::parser::split::split;

/// How many bytes of a file that is not judged are looked at.
const MOST_BYTES: u64 = 64 << 20;
/// How many files and directories behind one link are looked at, and how deep.
const MOST_ENTRIES: usize = 10_000;
const DEEPEST: usize = 64;
/// Settings that say nothing of traffic.
const ASIDE: [&str; 11] = [
    "access-log",
    "access-log-format",
    "admin-address",
    "deny",
    "envoy-version",
    "ignore",
    "naming",
    "no-admin",
    "partial",
    "secrets-dir",
    "tracing",
];
const SETTINGS_REASON: &str =
    "the settings of both sides are not the same, and both are compiled with those of one of them";
const BUNDLED_REASON: &str =
    "a Kustomization or a chart may read it and is not rendered: what that does to the objects is not known";
const CONTEXT_REASON: &str =
    "the settings of each side name it, and both sides are compiled with what those of one of them name";
const SUBMODULE_REASON: &str = "the submodule is not checked out with this commit: what it holds is not known";
const SELECTED_REASON: &str = "it patches other objects than before, or puts other values into them, and is not rendered: what comes out is not known";
/// The group of Flux's Kustomizations.
const FLUX: &str = "kustomize.toolkit.fluxcd.io";
const SKIPPED_REASON: &str = "it is no Kubernetes object and is skipped: what it does to the objects is not known";

/// What nobody has read of a side, by what it is and its path within the side.
#[derive(Default)]
pub(super) struct Unread {
    parts: BTreeMap<&'static str, BTreeMap<String, Vec<Part>>>,
    /// The files that were read, by their paths within the side.
    files: BTreeSet<String>,
}

/// One thing that nobody has read.
struct Part {
    content: Content,
    reason: String,
    place: String,
}

/// What is known of it.
#[derive(Clone, Debug, PartialEq)]
enum Content {
    Value(Node),
    Text(String),
    /// The digest of files.
    Bytes(Vec<u8>),
    /// It leads to this place, of which nothing is known.
    Place(PathBuf),
}

impl Unread {
    /// Goes through a side that was compiled. `has_own_settings` says that its settings count.
    pub(super) fn of(tree: &Revisions, root: &Path, compilation: &Compilation, has_own_settings: bool) -> Self {
        let mut unread = Self::default();
        let Manifests { sources, documents, skipped, .. } = &compilation.manifests;
        unread.files = sources.sources.iter().map(|source| within(root, &source.name)).collect();
        let values = Values::new(compilation);
        let mut selected = Selected::new(&values);
        for unjudged in &compilation.unjudged {
            if let Subject::File(name) = &unjudged.subject
                // What is left out is not compared, and a submodule by its commit.
                && !matches!(unjudged.reason, Omission::Excluded | Omission::Ignored | Omission::Submodule)
            {
                let content = content_of(tree, Path::new(name));
                let what = if unjudged.reason == Omission::Outside { "the link" } else { "the file" };
                unread.add((what, root, name), content, unjudged.reason.to_string());
            }
        }
        for Skipped { location, .. } in skipped {
            let source = match location {
                Location::Source(source) | Location::Bytes(source, _) => *source,
                Location::Field { document, .. } => match documents.get(*document) {
                    Some(document) => document.source,
                    None => continue,
                },
                Location::Run | Location::Path(_) => continue,
            };
            let source = sources.get(source);
            if source.context {
                continue;
            }
            let content = match location {
                Location::Source(_) => match said(Path::new(&source.name), source.text.as_bytes()) {
                    Some(said) => Content::Bytes(said),
                    None => Content::Text(source.text.clone()),
                },
                _ => document(compilation, location).map_or_else(Content::Text, Content::Value),
            };
            if let Content::Value(document) = &content {
                let directory = Path::new(&source.name).parent().unwrap_or(Path::new(""));
                let found = selected.by(document, &|name| documents_of(tree, &directory.join(name)));
                let found = Content::Value(Node::List(found.into_iter().map(Node::String).collect()));
                unread.add(("what is selected by", root, &source.name), found, SELECTED_REASON.to_owned());
            }
            unread.add(("a document of", root, &source.name), content, SKIPPED_REASON.to_owned());
        }
        unread.add_flux(&mut selected, compilation);
        unread.add_bundles(tree, root, compilation);
        for (path, commit) in tree.submodules(root) {
            let (content, reason) = (Content::Text(commit), SUBMODULE_REASON.to_owned());
            let place = root.join(&path).to_string_lossy().into_owned();
            unread.add_at("the submodule", path, Part { content, reason, place });
        }
        if has_own_settings && let Some((name, settings)) = settings_of(tree, root) {
            for (named, path) in context(&name, &settings) {
                let (content, reason) = (content_of(tree, &path), CONTEXT_REASON.to_owned());
                let place = path.to_string_lossy().into_owned();
                unread.add_at("the context", named, Part { content, reason, place });
            }
            if let Some(settings) = telling(settings) {
                // A side has one, wherever above it that is.
                let (key, place) = (settings::NAMES[0].to_owned(), name.to_string_lossy().into_owned());
                let part = Part { content: settings, reason: SETTINGS_REASON.to_owned(), place };
                unread.add_at("the settings in", key, part);
            }
        }
        unread
    }

    /// Adds what the Kustomizations of Flux select, which patch as those of files do
    /// ([patches](https://fluxcd.io/flux/components/kustomize/kustomizations/#patches)).
    fn add_flux(&mut self, selected: &mut Selected<'_, '_>, compilation: &Compilation) {
        let foreign = compilation.manifests.foreign.iter().filter(|object| !object.position.context);
        for object in foreign.filter(|object| object.identity.group == FLUX && object.identity.kind == "Kustomization")
        {
            let location = object.at(&FieldPath::ROOT);
            let Ok(node) = document(compilation, &location) else { continue };
            let Some(spec) = node.get("spec") else { continue };
            let found = selected.by(spec, &|_| Vec::new());
            let content = Content::Value(Node::List(found.into_iter().map(Node::String).collect()));
            let subject = object.identity.to_string();
            let part = Part { content, reason: SELECTED_REASON.to_owned(), place: subject.clone() };
            self.add_at("what is selected by", subject, part);
        }
    }

    /// Adds what Kustomizations and charts read beside the files of the side that were read, and what Flux and Argo CD
    /// build beside the side.
    fn add_bundles(&mut self, tree: &dyn Tree, root: &Path, compilation: &Compilation) {
        let sources = &compilation.manifests.sources.sources;
        let mut known: HashSet<PathBuf> =
            sources.iter().filter_map(|source| tree.canonicalize(Path::new(&source.name)).ok()).collect();
        // What is told already, and where a link leads.
        for unjudged in &compilation.unjudged {
            if let Subject::File(name) = &unjudged.subject {
                known.extend(tree.canonicalize(Path::new(name)).ok());
            }
        }
        let side = tree.canonicalize(root).ok();
        for (key, path) in bundles::files(tree, root, &known, &built::paths(compilation)) {
            let (content, reason) = (content_beside(tree, &path, side.as_deref()), BUNDLED_REASON.to_owned());
            let place = path.to_string_lossy().into_owned();
            self.add_at("what is read from", key, Part { content, reason, place });
        }
    }

    fn add_at(&mut self, what: &'static str, key: String, part: Part) {
        self.parts.entry(what).or_default().entry(key).or_default().push(part);
    }

    fn add(&mut self, (what, root, name): (&'static str, &Path, &str), content: Content, reason: String) {
        let part = Part { content, reason, place: name.to_owned() };
        self.add_at(what, within(root, name), part);
    }

    fn parts(&self) -> impl Iterator<Item = (&'static str, &str, &[Part])> {
        let parts = self.parts.iter();
        parts.flat_map(|(what, parts)| parts.iter().map(|(path, parts)| (*what, path.as_str(), parts.as_slice())))
    }

    fn listing(&self) -> Listing<'_> {
        let parts = self.parts().flat_map(|(what, path, parts)| parts.iter().map(move |part| (what, path, part)));
        let said = parts.map(|(what, path, part)| (path, format!("{what} {:?}", part.content)));
        Listing { files: &self.files, said: said.collect() }
    }

    /// Whether a path leads to a file that was read, or to a directory of some.
    fn holds(&self, path: &str) -> bool {
        let below = format!("{path}/");
        self.files.contains(path) || self.files.iter().any(|file| file.starts_with(&below))
    }
}

/// What differs between the sides, and could not be compared.
pub(super) fn compare(old: &Unread, new: &Unread) -> Vec<UncomparedView> {
    let mut found = Vec::new();
    for (side, own, other) in [("old", old, new), ("new", new, old)] {
        for (what, path, parts) in own.parts() {
            let others = other.parts.get(what).and_then(|parts| parts.get(path)).map_or(&[][..], Vec::as_slice);
            let mut left: Vec<Cow<'_, Content>> =
                others.iter().map(|part| without_new_files(&part.content, path, other, own)).collect();
            for part in parts {
                let content = without_new_files(&part.content, path, own, other);
                if let Some(equal) = left.iter().position(|one| *one == content) {
                    left.remove(equal);
                    continue;
                }
                let (subject, reason) = (format!("{what} `{}`", part.place), part.reason.clone());
                let view = UncomparedView { side, subject, reason, place: Some(part.place.clone()) };
                found.push((path, view));
            }
        }
    }
    if found.is_empty() {
        return Vec::new();
    }
    let moved = folders::moved(&old.listing(), &new.listing());
    let is_moved = |path: &str, side: &str| {
        moved.iter().any(|(from, to)| folders::is_below(path, if side == "old" { from } else { to }))
    };
    found.into_iter().filter(|(path, view)| !is_moved(path, view.side)).map(|(_, view)| view).collect()
}

/// A Kustomization without the files that it names, that its side has and the other one has not: they are compared
/// themselves.
fn without_new_files<'c>(content: &'c Content, path: &str, own: &Unread, other: &Unread) -> Cow<'c, Content> {
    let Content::Value(value) = content else { return Cow::Borrowed(content) };
    let directory = Path::new(path).parent().unwrap_or(Path::new(""));
    let is_new = |item: &Node| {
        let named = item.as_str().map(|name| normal(&directory.join(name)));
        named.is_some_and(|file| own.holds(&file) && !other.holds(&file))
    };
    let mut value = value.clone();
    if let Node::Map(entries) = &mut value {
        for (key, items) in entries {
            if let ("resources", Node::List(items)) = (key.as_str(), items) {
                items.retain(|item| !is_new(item));
            }
        }
    }
    Cow::Owned(Content::Value(value))
}

/// A path without `.` and `..`.
fn normal(path: &Path) -> String {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal.to_string_lossy().into_owned()
}

/// The path of a file within its side; the name of a side that is one file is none.
fn within(root: &Path, name: &str) -> String {
    let path = Path::new(name);
    let inside = path.strip_prefix(root).ok();
    let inside = inside.or_else(|| path.strip_prefix(root.parent().unwrap_or(Path::new(""))).ok());
    normal(inside.unwrap_or(path))
}

/// The settings of a side, their text where they are none, and their file: the nearest one that is no manifest.
fn settings_of(tree: &dyn Tree, root: &Path) -> Option<(PathBuf, Result<Node, String>)> {
    settings::candidates(tree, root).into_iter().flatten().find_map(|file| {
        let mut text = String::new();
        let (reader, _) = tree.open(&file).ok()?;
        reader.take(MOST_BYTES).read_to_string(&mut text).ok()?;
        let Some(syntax) = split(&text).first().map(|piece| piece.syntax) else { return Some((file, Ok(Node::Null))) };
        match decode(&text, syntax).map(|decoded| sorted(decoded.node)) {
            Ok(Node::Map(entries)) if entries.iter().any(|(key, _)| key == "kind" || key == "apiVersion") => None,
            Ok(node) => Some((file, Ok(node))),
            Err(_) => Some((file, Err(text))),
        }
    })
}

/// The settings that decide on traffic.
fn telling(settings: Result<Node, String>) -> Option<Content> {
    match settings {
        Ok(Node::Null) => None,
        Ok(Node::Map(entries)) => {
            let telling = entries.into_iter().map(|(key, value)| (kebab(&key), value));
            let telling: Vec<_> = telling.filter(|(key, _)| !ASIDE.contains(&key.as_str())).collect();
            (!telling.is_empty()).then_some(Content::Value(Node::Map(telling)))
        }
        Ok(other) => Some(Content::Value(other)),
        Err(text) => Some(Content::Text(text)),
    }
}

/// The places of the context that settings name, with the names.
fn context(file: &Path, settings: &Result<Node, String>) -> Vec<(String, PathBuf)> {
    let named = settings.as_ref().ok().and_then(|settings| settings.get("context"));
    let names: Vec<&str> = match named {
        Some(Node::List(items)) => items.iter().filter_map(Node::as_str).collect(),
        Some(one) => one.as_str().into_iter().collect(),
        None => Vec::new(),
    };
    let directory = file.parent().unwrap_or(Path::new(""));
    names.into_iter().map(|name| (name.to_owned(), directory.join(name))).collect()
}

/// What a file holds, or all files behind a link; else the place that it leads to.
fn content_of(tree: &dyn Tree, path: &Path) -> Content {
    content_beside(tree, path, None)
}

/// The same without the files of a side, which are compared themselves.
fn content_beside(tree: &dyn Tree, path: &Path, side: Option<&Path>) -> Content {
    let place = tree.canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    let mut left = MOST_ENTRIES;
    match digest_files((tree, side), &place, (&mut left, DEEPEST), &mut digest) {
        Some(()) => Content::Bytes(digest.finish().as_ref().to_vec()),
        None => Content::Place(place),
    }
}

/// What a file of objects, of values of a chart or of a Kustomization says, without its comments and whatever the order of
/// its documents is.
fn said(path: &Path, bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let pieces = split(text);
    let decoded = decoded(text);
    let name = path.file_name()?.to_str()?;
    let is_read_as_such = is_head(name) || is_values(name);
    let is_object = |node: &Node| node.get("apiVersion").is_some() && node.get("kind").is_some();
    let is_told =
        !decoded.is_empty() && decoded.len() == pieces.len() && (is_read_as_such || decoded.iter().all(is_object));
    let mut documents: Vec<String> =
        decoded.into_iter().filter(|_| is_told).map(|node| format!("{:?}", sorted(node))).collect();
    documents.sort();
    is_told.then(|| documents.join("\n").into_bytes())
}

/// Whether a file has the name of a chart's values.
fn is_values(name: &str) -> bool {
    name.starts_with("values") && (name.ends_with(".yaml") || name.ends_with(".yml"))
}

/// Adds a file, or all that a directory holds but hidden files; `None` where that cannot be looked at.
fn digest_files(
    (tree, side): (&dyn Tree, Option<&Path>),
    path: &Path,
    (left, depth): (&mut usize, usize),
    digest: &mut ring::digest::Context,
) -> Option<()> {
    if side == Some(path) {
        return Some(());
    }
    *left = left.checked_sub(1)?;
    let depth = depth.checked_sub(1)?;
    match tree.kind(path).ok()? {
        EntryKind::File => {
            let mut bytes = Vec::new();
            let (reader, _) = tree.open(path).ok()?;
            reader.take(MOST_BYTES + 1).read_to_end(&mut bytes).ok()?;
            u64::try_from(bytes.len()).ok().filter(|length| *length <= MOST_BYTES)?;
            let bytes = said(path, &bytes).unwrap_or(bytes);
            let length = bytes.len() as u64;
            digest.update(&length.to_le_bytes());
            digest.update(&bytes);
        }
        EntryKind::Directory => {
            let mut entries = tree.entries(path).ok()?;
            entries.sort_by(|(one, _), (other, _)| one.cmp(other));
            entries.retain(|(name, _)| !name.as_encoded_bytes().starts_with(b"."));
            digest.update(&(entries.len() as u64).to_le_bytes());
            for (name, _) in entries {
                digest.update(name.as_encoded_bytes());
                digest.update(&[0]);
                let path = tree.canonicalize(&path.join(&name)).ok()?;
                digest_files((tree, side), &path, (&mut *left, depth), digest)?;
            }
        }
        EntryKind::Link | EntryKind::Other => return None,
    }
    Some(())
}
