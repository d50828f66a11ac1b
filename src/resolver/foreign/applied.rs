//! Kustomizations of Flux that change objects of the input: in a cluster these stand otherwise than they are judged.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use crate::diagnostics::{Diagnostics, Finding, Location, ObjectPart, Segment, codes};
use crate::parser::flux::{Applied, Effect, FluxChange, Patched};
use crate::parser::foreign::ForeignObject;
use crate::parser::kustomize::Tree;
use crate::parser::manifests::{Kind, Manifests, ObjectHead};
use crate::parser::source::{DocumentId, SourceId};

use super::shown::shown;

/// What is to be said of a Kustomization.
pub(super) enum Told {
    /// It changes objects of the input.
    Now(Box<Finding>),
    /// It puts values into files whose variables have been told.
    Before,
    /// It changes nothing of the input.
    Nothing,
}

/// The directory of the input that a Kustomization applies.
struct Directory<'m> {
    /// As the input names it.
    name: String,
    files: BTreeSet<SourceId>,
    /// The objects that are built of it.
    heads: Vec<&'m ObjectHead>,
}

/// What Kustomizations of Flux can apply of an input.
pub(super) struct Applicable<'m> {
    tree: Tree<'m>,
    /// The directories by each path that leads to them from some place of the input: of several the one that is nearest
    /// to where that begins.
    directories: HashMap<PathBuf, PathBuf>,
    heads: HashMap<SourceId, Vec<&'m ObjectHead>>,
    /// The files that have been told to have variables.
    with_variables: HashSet<SourceId>,
}

impl<'m> Applicable<'m> {
    pub(super) fn new(manifests: &'m Manifests, diagnostics: &Diagnostics) -> Self {
        let source_of = |document: DocumentId| manifests.documents.get(document).map(|one| one.source);
        let mut heads: HashMap<SourceId, Vec<&ObjectHead>> = HashMap::new();
        for head in manifests.heads() {
            if let Some(source) = source_of(head.position.document) {
                heads.entry(source).or_default().push(head);
            }
        }
        let told = diagnostics.findings().iter();
        let told = told.filter(|finding| [codes::UNSUBSTITUTED, codes::VARIABLE_AS_TEXT].contains(&finding.code));
        let with_variables = told.filter_map(|finding| match &finding.location {
            Location::Bytes(source, _) | Location::Source(source) => Some(*source),
            Location::Field { document, .. } => source_of(*document),
            Location::Run | Location::Path(_) => None,
        });
        Self {
            tree: Tree::new(&manifests.sources),
            directories: directories(manifests),
            heads,
            with_variables: with_variables.collect(),
        }
    }

    /// What is to be said of a Kustomization.
    pub(super) fn told(&self, object: &ForeignObject) -> Told {
        let Some(applied) = object.applied.as_ref().filter(|applied| !applied.changes.is_empty()) else {
            return Told::Nothing;
        };
        let Some(directory) = self.directory(applied) else { return Told::Nothing };
        let changes: Vec<&FluxChange> =
            applied.changes.iter().filter(|change| directory.is_changed(&change.effect)).collect();
        if let Some(first) = changes.first() {
            return Told::Now(Box::new(finding(object, applied, &directory, first, &changes)));
        }
        let has_values = applied.changes.iter().any(|change| change.effect == Effect::Variables);
        let is_told = has_values && directory.files.iter().any(|file| self.with_variables.contains(file));
        if is_told { Told::Before } else { Told::Nothing }
    }

    /// The files at the path, wherever the input begins; `None` where they hold nothing that gwctl reads.
    fn directory(&self, applied: &Applied) -> Option<Directory<'m>> {
        let place = self.directories.get(&applied.directory.iter().collect::<PathBuf>())?;
        let files = self.tree.resources(place);
        let heads: Vec<_> = files.iter().filter_map(|file| self.heads.get(file)).flatten().copied().collect();
        (!heads.is_empty()).then(|| Directory { name: place.to_string_lossy().into_owned(), files, heads })
    }
}

/// The directories of an input, and those above them, by each path to them.
fn directories(manifests: &Manifests) -> HashMap<PathBuf, PathBuf> {
    let sources = manifests.sources.sources.iter();
    let all: BTreeSet<&Path> = sources.flat_map(|source| Path::new(&source.name).ancestors().skip(1)).collect();
    let mut found: HashMap<PathBuf, PathBuf> = HashMap::new();
    for directory in all {
        let parts: Vec<Component<'_>> = directory.components().collect();
        let depth = parts.len();
        for start in 0..depth {
            let path: PathBuf = parts[start..].iter().collect();
            match found.entry(path) {
                Entry::Occupied(mut known) if known.get().components().count() > depth => {
                    known.insert(directory.to_owned());
                }
                Entry::Occupied(_) => {}
                Entry::Vacant(free) => {
                    free.insert(directory.to_owned());
                }
            }
        }
    }
    found
}

impl Directory<'_> {
    /// Whether something of the directory is another than it stands there. Variables are told where they stand.
    fn is_changed(&self, effect: &Effect) -> bool {
        let any = |is_other: &dyn Fn(&ObjectHead) -> bool| self.heads.iter().any(|head| is_other(head));
        match effect {
            Effect::Namespace(namespace) => any(&|head| match head.kind {
                Kind::Namespace => head.metadata.name != *namespace.as_str(),
                kind => kind.is_namespaced() && head.metadata.namespace != *namespace.as_str(),
            }),
            // Namespaces keep their names.
            Effect::Name => any(&|head| head.kind != Kind::Namespace),
            Effect::Metadata { labels, annotations } => {
                let is_given = !labels.is_empty() || !annotations.is_empty();
                is_given
                    && any(&|head| {
                        let metadata = &head.metadata;
                        labels.iter().any(|(key, value)| metadata.labels.get(key) != Some(value.as_str()))
                            || annotations
                                .iter()
                                .any(|(key, value)| metadata.annotations.get(key) != Some(value.as_str()))
                    })
            }
            Effect::Content(Patched { kind, name }) => any(&|head| {
                let is = |wanted: &Option<String>, own: &str| wanted.as_ref().is_none_or(|wanted| wanted == own);
                is(kind, head.kind.name()) && is(name, &head.metadata.name)
            }),
            Effect::Variables => false,
        }
    }
}

fn finding(
    object: &ForeignObject,
    applied: &Applied,
    directory: &Directory<'_>,
    first: &FluxChange,
    changes: &[&FluxChange],
) -> Finding {
    let identity = &object.identity;
    let mut fields: Vec<String> = Vec::new();
    for change in changes {
        // Without the number of the item.
        let names = change.path.0.iter().filter_map(|segment| match segment {
            Segment::Field(name) => Some(name.as_ref()),
            Segment::Index(_) => None,
        });
        let field = format!("`{}`", names.collect::<Vec<&str>>().join("."));
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    let fields = match fields.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => fields.concat(),
    };
    let (name, path) = (shown(&identity.name), shown(&applied.directory.join("/")));
    let message = format!(
        "Kustomization `{}/{name}` is skipped: it changes what it applies of `{path}`, by {fields}",
        shown(&identity.namespace)
    );
    let at = ObjectPart::Whole.at(&first.path);
    Finding::new(codes::SKIPPED, object.at(&first.path), message)
        .object(identity.clone(), at)
        .label("changes objects")
        .consequence("a cluster serves the objects as they are changed; here they count as they stand in the files")
        .help(format!(
            "pipe in what it builds: `flux build kustomization {name} --path {} | gwctl … -`",
            shown(&directory.name)
        ))
}
