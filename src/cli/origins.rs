//! Where piped documents were written: Helm names the template in a comment, Kustomize the file in an annotation. What
//! such a name leads to below the working directory is looked at, to tell the line; nothing of it is shown.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

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
    written: OnceLock<HashMap<DocumentId, Written>>,
}

/// What a document was made of.
struct Written {
    name: String,
    /// The object as it was piped in.
    own: Node,
    found: Option<Found>,
}

/// The file that is meant, and the object in it; `None` in a template, which is no YAML.
struct Found {
    file: Arc<WrittenFile>,
    object: Option<usize>,
}

/// A file below the working directory, by its path from there.
struct WrittenFile {
    path: PathBuf,
    text: String,
    objects: Vec<WrittenObject>,
}

struct WrittenObject {
    start: usize,
    node: Node,
    tree: Option<SpanTree>,
}

impl<'m> Locations<'m> {
    pub(super) fn new(manifests: &'m Manifests) -> Self {
        Self { locator: Locator::new(manifests), manifests, written: OnceLock::new() }
    }

    fn origin(&self, location: &Location) -> Option<Origin> {
        let document = self.document(location)?;
        let written = self.written.get_or_init(|| self.find_written()).get(&document)?;
        let place = written.found.as_ref().map(|found| {
            let range = match (found.object, location) {
                (Some(object), Location::Field { path, part, .. }) => {
                    found.file.objects.get(object).and_then(|object| object.find(path, *part, &written.own))
                }
                (Some(_), _) => None,
                (None, _) => self.line(location).and_then(|line| found.file.only_line(line, &written.own)),
            };
            let span = range.map(|range| Span::of(&found.file.text, range));
            Box::new(Place { file: found.file.path.to_string_lossy().into_owned(), span, origin: None })
        });
        let named =
            is_of_file(&written.name).then(|| Box::new(Place { file: written.name.clone(), span: None, origin: None }));
        Some(Origin { name: written.name.clone(), place, named })
    }

    /// The line of a place in standard input, where no other line of its document says the same.
    fn line(&self, location: &Location) -> Option<&str> {
        let document = self.manifests.documents.get(self.document(location)?)?;
        let source = self.manifests.sources.get(document.source);
        let start = Locate::place(&self.locator, location)?.span?.range.start;
        let before = source.text.get(..start)?.rfind('\n').map_or(0, |end| end + 1);
        let line = source.text.get(before..)?.lines().next()?.trim();
        let alike = document.text(source).lines().filter(|other| other.trim() == line);
        (alike.count() == 1).then_some(line)
    }

    /// The document of standard input that a location is in.
    fn document(&self, location: &Location) -> Option<DocumentId> {
        let id = self.locator.document_of(location)?;
        let source = self.manifests.documents.get(id)?.source;
        (self.manifests.sources.get(source).name == STDIN).then_some(id)
    }

    /// The origins of all documents of standard input.
    fn find_written(&self) -> HashMap<DocumentId, Written> {
        let mut files = Files::default();
        let mut found = HashMap::new();
        for (id, document) in self.manifests.documents.iter_enumerated() {
            let source = self.manifests.sources.get(document.source);
            let text = document.text(source);
            if source.name != STDIN || of_helm(text).is_none() && !text.contains(KUSTOMIZE) {
                continue;
            }
            let Ok(own) = decode(text, Syntax::Yaml).or_else(|_| decode(text, Syntax::Json)) else { continue };
            let own = own.node;
            let written = match of_helm(text) {
                Some(name) => Some((name.to_owned(), files.template(name, &own))),
                None => of_kustomize(&own).map(|(name, is_here)| {
                    let file = if is_here { files.manifest(&name, &own) } else { None };
                    (name, file)
                }),
            };
            if let Some((name, file)) = written {
                found.insert(id, Written { name, own, found: file });
            }
        }
        found
    }
}

/// Whether a name may be the path of a file in a repository, and not in another one or above it.
fn is_of_file(name: &str) -> bool {
    !name.is_empty()
        && !name.contains([':', ' '])
        && Path::new(name).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// The files below the working directory, looked at as names ask for them.
#[derive(Default)]
struct Files {
    all: Option<Vec<PathBuf>>,
    by_name: HashMap<String, Vec<Arc<WrittenFile>>>,
    charts: HashMap<PathBuf, Option<String>>,
}

impl Files {
    /// The manifest that Kustomize names by a path from a directory that nobody knows: the only one whose path ends so and
    /// that has the object.
    fn manifest(&mut self, name: &str, own: &Node) -> Option<Found> {
        let end = names_only(name);
        let files = self.named(name, |_, file| !end.as_os_str().is_empty() && file.ends_with(&end));
        let mut fitting = files.iter().filter_map(|file| Some((file, file.object_of(own)?)));
        let (file, object) = fitting.next().filter(|_| fitting.next().is_none())?;
        Some(Found { file: Arc::clone(file), object: Some(object) })
    }

    /// The template of a name, which begins with that of the chart: the directory of the chart may have another one.
    fn template(&mut self, name: &str, own: &Node) -> Option<Found> {
        let path = names_only(name);
        let mut parts = path.components();
        let chart = Some(parts.next()?.as_os_str().to_str()?.to_owned());
        let inside = parts.as_path().to_owned();
        let depth = inside.components().count();
        let files = self.named(name, |charts, file| {
            let directory = file.ancestors().nth(depth).unwrap_or(Path::new(""));
            file.ends_with(&inside)
                && *charts.entry(directory.to_owned()).or_insert_with(|| chart_name(directory)) == chart
        });
        let [file] = files else { return None };
        let object = file.object_of(own);
        let is_template = file.objects.is_empty() && file.kinds().any(|kind| Some(kind) == kind_of(own));
        (object.is_some() || is_template).then(|| Found { file: Arc::clone(file), object })
    }

    /// The files that a name may mean, read.
    fn named(
        &mut self,
        name: &str,
        mut is_meant: impl FnMut(&mut HashMap<PathBuf, Option<String>>, &Path) -> bool,
    ) -> &[Arc<WrittenFile>] {
        self.by_name.entry(name.to_owned()).or_insert_with(|| {
            let all = self.all.get_or_insert_with(files_below);
            let meant = all.iter().filter(|file| is_meant(&mut self.charts, file));
            meant.filter_map(|path| WrittenFile::read(path)).map(Arc::new).collect()
        })
    }
}

impl WrittenFile {
    fn read(path: &Path) -> Option<Self> {
        let text = read(path)?;
        let pieces = split(&text).into_iter().map(|Piece { range, syntax, .. }| {
            let (start, piece) = (range.start, text.get(range)?);
            Some(WrittenObject { start, node: decode(piece, syntax).ok()?.node, tree: SpanTree::read(piece) })
        });
        // Nobody knows what else is in a file of which a part is no YAML.
        let objects = pieces.collect::<Option<Vec<_>>>().unwrap_or_default();
        Some(Self { path: path.to_owned(), text, objects })
    }

    /// The object that a piped one was made of: of its kind and name, else the only one of whose name it has a part, since
    /// a prefix or a suffix may have been added.
    fn object_of(&self, own: &Node) -> Option<usize> {
        let name = name_of(own)?;
        let alike = || self.objects.iter().enumerate().filter(|(_, one)| kind_of(&one.node) == kind_of(own));
        let exact = alike().find(|(_, one)| name_of(&one.node) == Some(name));
        let is_part = |other: Option<&str>| other.is_some_and(|other| !other.is_empty() && name.contains(other));
        let mut parts = alike().filter(|(_, one)| is_part(name_of(&one.node)));
        let part = || parts.next().filter(|_| parts.next().is_none());
        exact.or_else(part).map(|(at, _)| at)
    }

    /// The kinds that lines of the text name.
    fn kinds(&self) -> impl Iterator<Item = &str> {
        self.text.lines().filter_map(|line| line.strip_prefix("kind:")).map(str::trim)
    }

    /// The one line of a template of one object that says the same.
    fn only_line(&self, wanted: &str, own: &Node) -> Option<Range<usize>> {
        if wanted.is_empty() || !self.kinds().eq(kind_of(own)) {
            return None;
        }
        let mut start = 0;
        let mut found = Vec::new();
        for line in self.text.split_inclusive('\n') {
            if line.trim() == wanted {
                let at = start + line.len() - line.trim_start().len();
                found.push(at..at + wanted.len());
            }
            start += line.len();
        }
        let one = found.pop()?;
        found.is_empty().then_some(one)
    }
}

impl WrittenObject {
    /// The same field, where it has the same value.
    fn find(&self, path: &FieldPath, part: Part, own: &Node) -> Option<Range<usize>> {
        self.node.at(&path.0).filter(|value| Some(*value) == own.at(&path.0))?;
        let found = self.tree.as_ref()?.find(path, part)?;
        Some(self.start + found.start..self.start + found.end)
    }
}

fn kind_of(object: &Node) -> Option<&str> {
    object.get("kind")?.as_str()
}

fn name_of(object: &Node) -> Option<&str> {
    object.get("metadata")?.get("name")?.as_str()
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
fn of_kustomize(object: &Node) -> Option<(String, bool)> {
    let origin = ["metadata", "annotations", KUSTOMIZE].into_iter().try_fold(object, Node::get)?.as_str()?;
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

#[cfg(test)]
#[path = "origins_tests.rs"]
mod tests;
