//! Kustomizations of Flux that change objects of the input: in a cluster these stand otherwise than they are judged.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::diagnostics::{Diagnostics, Finding, Location, ObjectPart, Segment, codes};
use crate::parser::flux::{Applied, Effect, FluxChange};
use crate::parser::foreign::ForeignObject;
use crate::parser::kustomize;
use crate::parser::manifests::{Kind, Manifests, ObjectHead};
use crate::parser::source::{Source, SourceId};

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

impl Told {
    pub(super) fn of(object: &ForeignObject, manifests: &Manifests, diagnostics: &Diagnostics) -> Self {
        let Some(applied) = object.applied.as_ref().filter(|applied| !applied.changes.is_empty()) else {
            return Self::Nothing;
        };
        let Some(directory) = Directory::of(applied, manifests) else { return Self::Nothing };
        let changes: Vec<&FluxChange> =
            applied.changes.iter().filter(|change| directory.is_changed(&change.effect)).collect();
        if let Some(first) = changes.first() {
            return Self::Now(Box::new(finding(object, applied, &directory, first, &changes)));
        }
        let has_values = applied.changes.iter().any(|change| change.effect == Effect::Variables);
        if has_values && directory.has_told_variables(manifests, diagnostics) { Self::Before } else { Self::Nothing }
    }
}

impl<'m> Directory<'m> {
    /// The files at the path, wherever the input begins; `None` where they hold nothing that gwctl reads.
    fn of(applied: &Applied, manifests: &'m Manifests) -> Option<Self> {
        let sources = manifests.sources.sources.iter();
        let places: BTreeSet<PathBuf> = sources.filter_map(|source| named(&applied.directory, source)).collect();
        // The nearest to where the input begins.
        let place = places.iter().min_by_key(|place| place.components().count())?;
        let files = kustomize::resources(&manifests.sources, place);
        let name = place.to_string_lossy().into_owned();
        let source_of = |head: &ObjectHead| manifests.documents.get(head.position.document).map(|one| one.source);
        let mut heads = manifests.heads();
        heads.retain(|head| source_of(head).is_some_and(|id| files.contains(&id)));
        (!heads.is_empty()).then_some(Self { name, files, heads })
    }

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
                        labels.iter().any(|(key, value)| metadata.labels.get(key) != Some(value))
                            || annotations.iter().any(|(key, value)| metadata.annotations.get(key) != Some(value))
                    })
            }
            Effect::Content(None) => true,
            Effect::Content(Some(kind)) => any(&|head| head.kind.name() == kind),
            Effect::Variables => false,
        }
    }

    /// Whether a file of the directory has been told to have variables.
    fn has_told_variables(&self, manifests: &Manifests, diagnostics: &Diagnostics) -> bool {
        diagnostics.findings().iter().any(|finding| {
            let source = match &finding.location {
                Location::Bytes(source, _) | Location::Source(source) => Some(*source),
                Location::Field { document, .. } => manifests.documents.get(*document).map(|one| one.source),
                Location::Run | Location::Path(_) => None,
            };
            [codes::UNSUBSTITUTED, codes::VARIABLE_AS_TEXT].contains(&finding.code)
                && source.is_some_and(|source| self.files.contains(&source))
        })
    }
}

/// The directory of a file up to the parts of a path, if it has them.
fn named(path: &[String], source: &Source) -> Option<PathBuf> {
    let directory = Path::new(&source.name).parent()?;
    let parts: Vec<_> = directory.components().collect();
    let is_path =
        |window: &[Component<'_>]| window.iter().zip(path).all(|(part, wanted)| part.as_os_str() == wanted.as_str());
    let at = parts.windows(path.len()).position(is_path)?;
    Some(parts.iter().take(at + path.len()).collect())
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
