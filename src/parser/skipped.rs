//! What is skipped because it is no Kubernetes object, as findings: one note for a file by itself, and one with a count
//! for many of a sort. A repository holds hundreds of them beside its manifests.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::diagnostics::{Diagnostics, Finding, Location, codes};

use super::skip::Foreign;
use super::source::{Document, DocumentId, SourceId, SourceSet};
use typed_index_collections::TiVec;

/// Something that is no Kubernetes object and is not meant to be one.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// The document, or the whole file of a Helm chart.
    pub location: Location,
    /// What is said of it; nothing of gwctl's own files, and of what belongs to a chart.
    pub(super) said: Option<Box<(Sort, Finding)>>,
}

/// What skipped things are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    /// Helm charts, and what looks like a part of one.
    Helm,
    /// Kustomizations, and what they read as no object.
    Kustomize,
    /// Files of whatever else.
    Other,
}

impl Sort {
    /// The note about many of them, and what to do.
    fn words(self, count: usize) -> (String, &'static str) {
        match self {
            Self::Helm => (
                format!("{count} Helm charts and parts of charts are skipped"),
                "pipe in what each renders: `helm template CHART | gwctl … -`; `-v` lists them",
            ),
            Self::Kustomize => (
                format!("{count} Kustomizations and parts of them are skipped"),
                "pipe in what each builds: `kustomize build DIR | gwctl … -`; `-v` lists them",
            ),
            Self::Other => (
                format!("{count} files that hold no Kubernetes object are skipped"),
                "nothing, when that is meant; `-v` lists them",
            ),
        }
    }
}

impl Foreign {
    /// What a document of it is counted by; `None` where each is told by itself.
    pub(super) fn sort(self) -> Option<Sort> {
        match self {
            Self::Own | Self::Settings => None,
            Self::Kustomization | Self::Patch => Some(Sort::Kustomize),
            Self::Helm => Some(Sort::Helm),
            Self::Other => Some(Sort::Other),
        }
    }
}

/// Reports what is skipped. Returned are the notes in whose place one with a count stands.
pub(super) fn report(
    skipped: &[Skipped],
    sources: &SourceSet,
    documents: &TiVec<DocumentId, Document>,
    found: &mut Diagnostics,
) -> Vec<Finding> {
    let by_name: HashMap<&str, SourceId> =
        sources.sources.iter_enumerated().map(|(id, source)| (source.name.as_str(), id)).collect();
    let source_of = |location: &Location| match location {
        Location::Source(source) | Location::Bytes(source, _) => Some(*source),
        Location::Field { document, .. } => documents.get(*document).map(|document| document.source),
        Location::Path(name) => by_name.get(name.as_str()).copied(),
        Location::Run => None,
    };
    let mut sorts: BTreeMap<Sort, (BTreeSet<SourceId>, Vec<&Finding>)> = BTreeMap::new();
    for Skipped { location, said } in skipped {
        let Some((sort, finding)) = said.as_deref() else { continue };
        match source_of(location) {
            Some(source) if !sources.get(source).context => {
                let (files, notes) = sorts.entry(*sort).or_default();
                files.insert(source);
                notes.push(finding);
            }
            _ => found.report(finding.clone()),
        }
    }
    let mut counted = Vec::new();
    for (sort, (files, notes)) in sorts {
        if files.len() == 1 {
            notes.into_iter().for_each(|note| found.report(note.clone()));
            continue;
        }
        let (message, help) = sort.words(files.len());
        found.report(Finding::new(codes::SKIPPED, Location::Run, message).help(help));
        counted.extend(notes.into_iter().cloned());
    }
    counted
}
