//! Input with very many documents, or with very much in it that is no object: what is told and kept of each is bounded by
//! the size of the input.

use std::collections::BTreeMap;

use crate::diagnostics::{Diagnostics, Finding, Location, Omission, Subject, Unjudged, codes};

use super::skip;
use super::skipped::{Skipped, Sort};
use super::source::{Found, Source, SourceId};

/// How many documents are read at a time, on all cores.
pub(super) const TOGETHER: usize = 4096;

/// How many documents a file may have whatever its size, and the fewest bytes that there are for each further one: the
/// shortest manifest is longer.
const ANY: usize = 10_000;
const SHORTEST: usize = 32;

/// How many things that are no objects are told one by one, of a document and of a file.
pub(super) const MOST_STRANGE: usize = 100;

/// Whether a file has more documents than manifests could fill.
pub(super) fn is_crowded(source: &Source, documents: usize) -> bool {
    documents > ANY + source.text.len() / SHORTEST
}

/// What is said of such a file, none of whose documents is read: an error where it may be meant to have manifests.
pub(super) fn skip_crowded(
    id: SourceId,
    source: &Source,
    documents: usize,
    found: &mut Diagnostics,
) -> Option<Skipped> {
    let (location, size) = (Location::Source(id), source.text.len());
    let what = format!("`{}` has {documents} documents in {size} bytes, which is too many for manifests", source.name);
    if source.found == Found::InDirectory && !skip::may_be_manifest(&source.text) {
        let finding = Finding::new(codes::SKIPPED, location.clone(), format!("{what}: skipped"));
        return Some(Skipped { location, said: Some(Box::new((Sort::Other, finding))) });
    }
    let help = "name files of manifests; those of a large cluster stand in several files";
    found.report(Finding::new(codes::LIMIT, location.clone(), what).help(help));
    found.leave(Unjudged { subject: Subject::Document, location, reason: Omission::Unreadable });
    None
}

/// How many things that are no objects each file has, and how many of them are not told.
#[derive(Debug, Default)]
pub(super) struct Strange(BTreeMap<SourceId, Counts>);

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    untold: usize,
}

impl Strange {
    /// What was found in a document with so many of them, without what is too much in its file.
    pub(super) fn count(&mut self, source: SourceId, strange: usize, found: Diagnostics) -> Diagnostics {
        if strange == 0 {
            return found;
        }
        let counts = self.0.entry(source).or_default();
        counts.untold += strange.saturating_sub(MOST_STRANGE);
        found.filtered(|finding| {
            let is_strange = finding.code == codes::NOT_KUBERNETES;
            counts.all += usize::from(is_strange);
            let is_told = !is_strange || counts.all <= MOST_STRANGE;
            counts.untold += usize::from(!is_told);
            is_told
        })
    }

    /// Reports what was not told, once for each file.
    pub(super) fn report(self, found: &mut Diagnostics) {
        for (source, Counts { all: _, untold }) in self.0.into_iter().filter(|(_, counts)| counts.untold > 0) {
            let message = format!("{untold} more documents and items of the file are not Kubernetes objects");
            let finding = Finding::new(codes::NOT_KUBERNETES, Location::Source(source), message);
            found.report(finding.help("a manifest begins with `apiVersion` and `kind`"));
        }
    }
}
