//! Where piped documents were written: Helm names the template in a comment, Kustomize the file in an annotation. What
//! such a name leads to below the working directory is looked at, to tell the line; nothing of it is shown.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

use crate::diagnostics::{FieldPath, Fix, Locate, Location, Origin, Part, Place, SourceId, Span, TextEdit};
use crate::parser::decode::decode;
use crate::parser::load::{Disk, EntryKind, Tree as _};
use crate::parser::locate::Locator;
use crate::parser::manifests::Manifests;
use crate::parser::node::Node;
use crate::parser::source::DocumentId;
use crate::parser::spans::SpanTree;
use crate::parser::split::{Piece, Syntax, split};

/// The name of standard input.
const STDIN: &str = "-";
/// What Helm writes before the name of a template
/// ([helm template](https://helm.sh/docs/helm/helm_template/)).
const HELM: &str = "# Source: ";
/// The annotation of Kustomize
/// ([originAnnotations](https://github.com/kubernetes-sigs/kustomize/blob/master/examples/originAnnotations.md)).
const KUSTOMIZE: &str = "config.kubernetes.io/origin";
/// How many files are looked at for a name.
const MOST_FILES: usize = 20_000;
/// How many bytes a file may have to be read.
const LARGEST: u64 = 1 << 20;

/// Places in what was read; those of standard input know where the documents were written.
pub(super) struct Locations<'m> {
    locator: Locator<'m>,
    manifests: &'m Manifests,
    files: OnceLock<Vec<PathBuf>>,
    written: OnceLock<HashMap<DocumentId, Written>>,
}

/// What a document was made of.
struct Written {
    name: String,
    /// The file, as its path from the working directory, and its text.
    file: Option<(PathBuf, String)>,
}

impl<'m> Locations<'m> {
    pub(super) fn new(manifests: &'m Manifests) -> Self {
        Self { locator: Locator::new(manifests), manifests, files: OnceLock::new(), written: OnceLock::new() }
    }

    fn origin(&self, location: &Location) -> Option<Origin> {
        let document = self.document(location)?;
        let Written { name, file } = self.written.get_or_init(|| self.find_written()).get(&document)?;
        let place = file.as_ref().map(|(path, text)| {
            let span = self.span_in(text, location, document);
            Box::new(Place { file: path.to_string_lossy().into_owned(), span, origin: None })
        });
        Some(Origin { name: name.clone(), place })
    }

    /// The document of standard input that a location is in.
    fn document(&self, location: &Location) -> Option<DocumentId> {
        let documents = &self.manifests.documents;
        let id = match location {
            Location::Run | Location::Path(_) | Location::Source(_) => return None,
            Location::Field { document, .. } => *document,
            Location::Bytes(source, range) => {
                let is_here = |document: &crate::parser::source::Document| {
                    document.source == *source && document.range.contains(&range.start)
                };
                documents.iter_enumerated().find(|(_, document)| is_here(document)).map(|(id, _)| id)?
            }
        };
        let source = documents.get(id)?.source;
        (self.manifests.sources.get(source).name == STDIN).then_some(id)
    }

    /// The origins of all documents of standard input.
    fn find_written(&self) -> HashMap<DocumentId, Written> {
        let documents = self.manifests.documents.iter_enumerated();
        let piped = documents.filter(|(_, one)| self.manifests.sources.get(one.source).name == STDIN);
        let written = piped.filter_map(|(id, document)| {
            let text = document.text(self.manifests.sources.get(document.source));
            let (name, file) = match of_helm(text) {
                Some(name) => (name.to_owned(), self.template(name)),
                None => {
                    let (name, is_here) = of_kustomize(text)?;
                    let file = if is_here { self.only(&names_only(&name)) } else { None };
                    (name, file)
                }
            };
            let text = |path: PathBuf| Some((path.clone(), read(&path)?));
            Some((id, Written { name, file: file.and_then(text) }))
        });
        written.collect()
    }

    /// The files below the working directory, by their paths from there.
    fn files(&self) -> &[PathBuf] {
        self.files.get_or_init(files_below)
    }

    /// The one file whose path ends so.
    fn only(&self, end: &Path) -> Option<PathBuf> {
        if end.as_os_str().is_empty() {
            return None;
        }
        let mut found = self.files().iter().filter(|file| file.ends_with(end));
        let first = found.next()?;
        let is_only = found.next().is_none();
        // Of several the one that has no more in its path.
        let exact = || self.files().iter().find(|file| *file == end);
        if is_only { Some(first.clone()) } else { exact().cloned() }
    }

    /// The template of a name, which begins with that of the chart.
    fn template(&self, name: &str) -> Option<PathBuf> {
        let name = names_only(name);
        let mut parts = name.components();
        let chart = parts.next()?.as_os_str().to_str()?;
        let inside = parts.as_path();
        // A chart may be in a directory of another name.
        let is_of_chart = |file: &&PathBuf| {
            let depth = inside.components().count();
            let directory = file.ancestors().nth(depth).unwrap_or(Path::new(""));
            file.ends_with(inside) && chart_name(directory).is_some_and(|own| own == chart)
        };
        let mut found = self.files().iter().filter(is_of_chart);
        let first = found.next()?;
        found.next().is_none().then(|| first.clone())
    }

    /// The part of the text that a location is about; `None` where that is not certain.
    fn span_in(&self, text: &str, location: &Location, document: DocumentId) -> Option<Span> {
        let own = self.manifests.documents.get(document)?.text(self.source_of(document));
        let by_path = match location {
            Location::Field { path, part, .. } => same_field(text, own, path, *part),
            _ => None,
        };
        let range = by_path.or_else(|| {
            let span = self.locator.place(location)?.span?;
            let line = self.source_of(document).text.lines().nth(span.line - 1)?;
            only_line(text, line.trim())
        })?;
        Some(Span::of(text, range))
    }

    fn source_of(&self, document: DocumentId) -> &crate::parser::source::Source {
        self.manifests.sources.get(self.manifests.documents[document].source)
    }
}

impl Locate for Locations<'_> {
    fn source(&self, location: &Location) -> Option<SourceId> {
        Locate::source(&self.locator, location)
    }

    fn place(&self, location: &Location) -> Option<Place> {
        let place = Locate::place(&self.locator, location)?;
        Some(Place { origin: self.origin(location), ..place })
    }

    fn text(&self, location: &Location) -> Option<&str> {
        Locate::text(&self.locator, location)
    }

    fn hidden(&self, location: &Location) -> &[Range<usize>] {
        self.locator.hidden(location)
    }

    fn edits(&self, fix: &Fix) -> Option<Vec<TextEdit>> {
        self.locator.edits(fix)
    }
}

/// The files below the working directory, without hidden ones and links; none where there are too many for a short look,
/// since a name could then mean another one.
fn files_below() -> Vec<PathBuf> {
    let (mut files, mut directories) = (Vec::new(), VecDeque::from([PathBuf::new()]));
    while let Some(directory) = directories.pop_front() {
        if files.len() > MOST_FILES {
            return Vec::new();
        }
        let read = if directory.as_os_str().is_empty() { Path::new(".") } else { &directory };
        let Ok(entries) = Disk.entries(read) else { continue };
        for (name, kind) in entries.into_iter().filter(|(name, _)| !name.as_encoded_bytes().starts_with(b".")) {
            match kind {
                EntryKind::Directory => directories.push_back(directory.join(name)),
                EntryKind::File => files.push(directory.join(name)),
                EntryKind::Link | EntryKind::Other => {}
            }
        }
    }
    files
}

/// The template that Helm names before the first line of a document.
fn of_helm(text: &str) -> Option<&str> {
    let comments = text.lines().take_while(|line| line.trim().is_empty() || line.starts_with('#'));
    comments.filter_map(|line| line.strip_prefix(HELM)).map(str::trim).find(|name| !name.is_empty())
}

/// The file that Kustomize names, and whether it is one of this repository.
fn of_kustomize(text: &str) -> Option<(String, bool)> {
    if !text.contains(KUSTOMIZE) {
        return None;
    }
    let node = decode(text, Syntax::Yaml).or_else(|_| decode(text, Syntax::Json)).ok()?.node;
    let origin = ["metadata", "annotations", KUSTOMIZE].into_iter().try_fold(&node, Node::get)?.as_str()?;
    let origin = decode(origin, Syntax::Yaml).ok()?.node;
    let field = |name: &str| origin.get(name).and_then(Node::as_str);
    let path = field("path").or_else(|| field("configuredIn"))?;
    Some(match (field("repo"), field("ref")) {
        (Some(repo), Some(revision)) => (format!("{repo}//{path}?ref={revision}"), false),
        (Some(repo), None) => (format!("{repo}//{path}"), false),
        (None, _) => (path.to_owned(), true),
    })
}

/// A path without what leads upwards or to itself, and without a root.
fn names_only(path: &str) -> PathBuf {
    Path::new(path).components().filter(|part| matches!(part, Component::Normal(_))).collect()
}

/// The name that the chart in a directory gives itself.
fn chart_name(directory: &Path) -> Option<String> {
    let text = read(&directory.join("Chart.yaml"))?;
    decode(&text, Syntax::Yaml).ok()?.node.get("name")?.as_str().map(str::to_owned)
}

fn read(path: &Path) -> Option<String> {
    let is_small = fs::symlink_metadata(path).is_ok_and(|found| found.is_file() && found.len() <= LARGEST);
    is_small.then(|| fs::read_to_string(path).ok()).flatten()
}

/// The same field, with the same value, of the one object of the kind and, where there are several, of the name.
fn same_field(text: &str, own: &str, path: &FieldPath, part: Part) -> Option<Range<usize>> {
    let own = decode(own, Syntax::Yaml).ok()?.node;
    let kind = |node: &Node| node.get("kind").cloned();
    let name = |node: &Node| node.get("metadata").and_then(|metadata| metadata.get("name")).cloned();
    let pieces = split(text).into_iter().filter_map(|Piece { range, syntax, .. }| {
        let node = decode(text.get(range.clone())?, syntax).ok()?.node;
        (kind(&node) == kind(&own)).then_some((range, node))
    });
    let mut pieces: Vec<_> = pieces.collect();
    if pieces.len() > 1 {
        pieces.retain(|(_, node)| name(node) == name(&own));
    }
    let [(range, node)] = pieces.as_slice() else { return None };
    node.at(&path.0).filter(|value| Some(*value) == own.at(&path.0))?;
    let found = SpanTree::read(text.get(range.clone())?)?.find(path, part)?;
    Some(range.start + found.start..range.start + found.end)
}

/// The one line that says the same.
fn only_line(text: &str, wanted: &str) -> Option<Range<usize>> {
    let mut start = 0;
    let mut found = Vec::new();
    for line in text.split_inclusive('\n') {
        if !wanted.is_empty() && line.trim() == wanted {
            let at = start + line.len() - line.trim_start().len();
            found.push(at..at + wanted.len());
        }
        start += line.len();
    }
    let [one] = found.as_slice() else { return None };
    Some(one.clone())
}

#[cfg(test)]
#[path = "origins_tests.rs"]
mod tests;
