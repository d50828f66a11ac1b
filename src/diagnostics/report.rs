//! The list of findings as it is printed: located, in order, and counted.
//!
//! Every output format renders the same [`Report`], so they cannot disagree
//! about what was found.

use std::cmp::Ordering;

use super::code::Severity;
use super::denied::Denied;
use super::finding::{Finding, Related};
use super::fix::TextEdit;
use super::left_out::{Allowance, LeftOut};
use super::location::Location;
use super::object_ref::ObjectRef;
use super::place::{Locate, Place};
use super::source_id::SourceId;
use super::unjudged::{Ledger, Unjudged};

/// How much was read and found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files read.
    pub files: usize,
    /// Objects read, those of other groups included.
    pub objects: usize,
    /// Findings that are errors.
    pub errors: usize,
    /// Findings that are warnings.
    pub warnings: usize,
    /// Findings that are notes.
    pub notes: usize,
}

/// A finding with its places.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// Where it is; `None` when it is about the run as a whole.
    pub place: Option<Place>,
    /// The finding's related places, each with its place.
    pub related: Vec<(&'a Related, Option<Place>)>,
    /// The edits that remove the finding, each with its place; `None` where a person has to decide.
    pub fix: Option<Vec<TextEdit>>,
}

/// All findings of a run, ready to be rendered.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// The findings: paths that could not be read first, then by file, position and code, those of the run last.
    pub entries: Vec<Entry<'a>>,
    /// The counts.
    pub summary: Summary,
    /// How many objects of Gateway API's groups were judged.
    pub judged: usize,
    /// How much of what is declared was judged.
    pub ledger: Ledger,
    /// What is declared and no judgement is about, with its place.
    pub unjudged: Vec<(&'a Unjudged, Option<Place>)>,
    /// The findings on objects of the context that nothing judged has caused, with their places.
    pub on_context: Vec<(&'a Finding, Option<Place>)>,
    /// The findings that somebody allows.
    pub left_out: Vec<LeftOutEntry<'a>>,
    /// The files that the configuration names and whoever runs Envoy provides, each with the object that would hold it.
    pub expected: Vec<(&'a str, ObjectRef)>,
}

/// A finding that is left out, with its place and that of the comment or annotation that allows it.
#[derive(Clone, Debug)]
pub struct LeftOutEntry<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// Where it is.
    pub place: Option<Place>,
    /// Who leaves it out.
    pub by: &'a Allowance,
    /// Where the comment or annotation stands.
    pub comment: Option<Place>,
}

impl<'a> Report<'a> {
    /// Locates, sorts and counts `findings` of an input of `files` files and `objects` objects.
    pub fn new(
        findings: impl IntoIterator<Item = &'a Finding>,
        files: usize,
        objects: usize,
        locate: &dyn Locate,
    ) -> Self {
        let mut summary = Summary { files, objects, ..Summary::default() };
        let mut keyed: Vec<(Key, Entry<'a>)> = findings
            .into_iter()
            .map(|finding| {
                match finding.severity() {
                    Severity::Error => summary.errors += 1,
                    Severity::Warning => summary.warnings += 1,
                    Severity::Note => summary.notes += 1,
                }
                let place = place_of(&finding.location, locate);
                let key = Key::new(&finding.location, place.as_ref(), locate);
                let related =
                    finding.related.iter().map(|related| (related, place_of(&related.location, locate))).collect();
                let fix = finding.fix.as_ref().and_then(|fix| locate.edits(fix));
                // An edit would show what is secret: `--fix` makes it, no report repeats it.
                let fix = fix.filter(|edits| !edits.iter().any(|edit| is_hidden(edit, locate)));
                (key, Entry { finding, place, related, fix })
            })
            .collect();
        keyed.sort_by(|(left_key, left), (right_key, right)| {
            left_key.cmp(right_key).then_with(|| compare_findings(left.finding, right.finding))
        });
        Self {
            entries: keyed.into_iter().map(|(_, entry)| entry).collect(),
            summary,
            judged: 0,
            ledger: Ledger::default(),
            unjudged: Vec::new(),
            on_context: Vec::new(),
            left_out: Vec::new(),
            expected: Vec::new(),
        }
    }

    /// The report with what was judged and what was not: the number of objects of Gateway API's groups, what is left of
    /// them, and the findings that are only counted because their objects are context.
    #[must_use]
    pub fn with_ledger(
        self,
        (judged, ledger): (usize, Ledger),
        unjudged: &'a [Unjudged],
        on_context: &'a [Finding],
        locate: &dyn Locate,
    ) -> Self {
        let unjudged = unjudged.iter().map(|one| (one, place_of(&one.location, locate))).collect();
        let on_context = on_context.iter().map(|finding| (finding, place_of(&finding.location, locate))).collect();
        Self { judged, ledger, unjudged, on_context, ..self }
    }

    /// The report with the findings that comments and flags leave out.
    #[must_use]
    pub fn with_left_out(self, left_out: &'a [LeftOut], locate: &dyn Locate) -> Self {
        let entry = |LeftOut { finding, by }: &'a LeftOut| LeftOutEntry {
            finding,
            place: place_of(&finding.location, locate),
            by,
            comment: by.place().and_then(|comment| place_of(comment, locate)),
        };
        Self { left_out: left_out.iter().map(entry).collect(), ..self }
    }

    /// The report with the files that whoever runs Envoy provides.
    #[must_use]
    pub fn with_expected(self, expected: impl Iterator<Item = (&'a str, ObjectRef)>) -> Self {
        Self { expected: expected.collect(), ..self }
    }

    /// How many findings fail the run.
    pub fn failing(&self, denied: &Denied) -> usize {
        self.entries.iter().filter(|entry| denied.fails(entry.finding)).count()
    }

    /// Leaves findings out; the counts stay.
    pub fn leave_out(&mut self, is_left_out: impl Fn(&Finding) -> bool) {
        self.entries.retain(|entry| !is_left_out(entry.finding));
    }

    /// The same report with the errors only; the counts stay.
    #[must_use]
    pub fn errors_only(mut self) -> Self {
        self.entries.retain(|entry| entry.finding.severity() == Severity::Error);
        self
    }
}

fn place_of(location: &Location, locate: &dyn Locate) -> Option<Place> {
    match location {
        Location::Run => None,
        Location::Path(path) => Some(Place { file: path.clone(), span: None, origin: None }),
        _ => locate.place(location),
    }
}

/// Whether an edit replaces something that is not shown.
fn is_hidden(edit: &TextEdit, locate: &dyn Locate) -> bool {
    let range = &edit.span.range;
    let hidden = locate.hidden(&Location::Source(edit.source));
    let first = hidden.partition_point(|part| part.end <= range.start);
    hidden.get(first).is_some_and(|part| part.start < range.end)
}

fn compare_findings(left: &Finding, right: &Finding) -> Ordering {
    left.code.id().cmp(right.code.id()).then_with(|| left.message.cmp(&right.message))
}

/// What findings are sorted by before their code: the kind of place, the file, the position in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Path,
    File(SourceId, usize, usize),
    Run,
}

impl Key {
    fn new(location: &Location, place: Option<&Place>, locate: &dyn Locate) -> Self {
        if matches!(location, Location::Path(_)) {
            return Self::Path;
        }
        let Some(source) = locate.source(location) else { return Self::Run };
        let (start, end) =
            place.and_then(|place| place.span.as_ref()).map_or((0, 0), |span| (span.range.start, span.range.end));
        Self::File(source, start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::super::codes;
    use super::super::place::memory::Files;
    use super::*;
    use crate::diagnostics::SourceId;

    #[test]
    fn findings_are_sorted_by_file_then_position_then_code_then_message() {
        let files = Files(vec![("b.yaml".into(), "one\ntwo\n".into()), ("a.yaml".into(), "three\n".into())]);
        let findings = [
            Finding::new(codes::NO_LISTENER, Location::Run, "run"),
            Finding::new(codes::WRONG_TYPE, files.find(1, "three"), "other file"),
            Finding::new(codes::WRONG_TYPE, files.find(0, "two"), "z"),
            Finding::new(codes::WRONG_TYPE, files.find(0, "two"), "y"),
            Finding::new(codes::UNKNOWN_FIELD, files.find(0, "two"), "x"),
            Finding::new(codes::SYNTAX, Location::Source(SourceId(0)), "whole file"),
            Finding::new(codes::UNREADABLE, Location::Path("gone.yaml".into()), "path"),
        ];
        let report = Report::new(&findings, 2, 3, &files);
        let order: Vec<&str> = report.entries.iter().map(|entry| entry.finding.message.as_str()).collect();
        assert_eq!(order, ["path", "whole file", "x", "y", "z", "other file", "run"]);
    }

    #[test]
    fn the_summary_counts_each_severity() {
        let files = Files::one("a.yaml", "x\n");
        let findings = [
            Finding::new(codes::BACKEND_NOT_FOUND, files.find(0, "x"), "error"),
            Finding::new(codes::ZERO_WEIGHTS, files.find(0, "x"), "warning"),
            Finding::new(codes::NO_EFFECT, files.find(0, "x"), "note"),
            Finding::new(codes::NO_EFFECT, files.find(0, "x"), "note"),
        ];
        let report = Report::new(&findings, 1, 9, &files);
        assert_eq!(report.summary, Summary { files: 1, objects: 9, errors: 1, warnings: 1, notes: 2 });
        let errors = report.errors_only();
        assert_eq!((errors.entries.len(), errors.summary.notes), (1, 2));
    }
}
