//! The ledger: every subject that an input asks to be judged, with what the
//! analyses say of it.
//!
//! It is made of their verdicts and of nothing else. What is neither judged nor
//! left out for a reason is [`Omission::Unaccounted`](crate::diagnostics::Omission::Unaccounted): a gap of gwctl's own,
//! which a test looks for in every case.

use std::collections::{HashMap, HashSet};

use crate::diagnostics::{Diagnostics, FieldPath, Ledger, ObjectRef, Severity, Subject as Named, Tally, Unjudged};

use super::subject::{
    CoveredName, DeclaredListener, HttpRule, Parent, StreamRule, Subject, Target, Verdict, Verdicts, Whole,
};

/// What the analyses say, of every kind of subject.
pub(super) struct Judgements<'s, 'r, 'm> {
    pub(super) wholes: Verdicts<'s, Whole<'r, 'm>>,
    pub(super) listeners: Verdicts<'s, DeclaredListener<'r, 'm>>,
    pub(super) parents: Verdicts<'s, Parent<'r>>,
    pub(super) http_rules: Verdicts<'s, HttpRule<'r, 'm>>,
    pub(super) stream_rules: Verdicts<'s, StreamRule<'r, 'm>>,
    pub(super) targets: Verdicts<'s, Target<'r>>,
    pub(super) names: Verdicts<'s, CoveredName>,
}

/// Counts what was judged, and names what was not.
pub(super) fn balance(judgements: Judgements<'_, '_, '_>, diagnostics: &mut Diagnostics) -> Ledger {
    let Judgements { wholes, listeners, parents, http_rules, stream_rules, targets, names } = judgements;
    let mut books = Books { left: left(diagnostics), missed: Vec::new() };
    books.enter(&wholes);
    let ledger = Ledger {
        listeners: books.enter(&listeners),
        parents: books.enter(&parents),
        rules: books.enter(&http_rules).and(books.enter(&stream_rules)),
        targets: books.enter(&targets),
        hostnames: books.enter(&names),
    };
    books.missed.into_iter().for_each(|one| diagnostics.leave(one));
    ledger
}

/// The subjects of an input, as they are gone through.
struct Books {
    /// What earlier stages have left out: parts that could not be decoded.
    left: HashSet<(ObjectRef, FieldPath)>,
    missed: Vec<Unjudged>,
}

impl Books {
    /// Enters all subjects of a kind.
    fn enter<T: Subject>(&mut self, verdicts: &Verdicts<'_, T>) -> Tally {
        let mut tally = Tally::default();
        for (subject, verdict) in verdicts.iter() {
            let location = subject.location();
            // Nobody asks about what stands in for something missing.
            if location.is_nowhere() {
                continue;
            }
            let is_left = !self.left.is_empty() && self.left.contains(&subject.part());
            tally.count(!is_left && *verdict == Verdict::Judged);
            if let Verdict::Unjudged(reason) = verdict
                && !is_left
            {
                let (object, path) = subject.part();
                let subject = if path == FieldPath::ROOT { Named::Object(object) } else { Named::Part(object, path) };
                self.missed.push(Unjudged { subject, location, reason: reason.clone() });
            }
        }
        tally
    }
}

/// The parts that are left out already.
fn left(diagnostics: &Diagnostics) -> HashSet<(ObjectRef, FieldPath)> {
    let parts = diagnostics.unjudged().iter().filter_map(|one| match &one.subject {
        Named::Part(object, path) => Some((object.clone(), path.clone())),
        Named::Object(_) | Named::Document | Named::File(_) => None,
    });
    parts.collect()
}

/// Where errors are, by the object.
pub(super) struct Errors(HashMap<ObjectRef, Vec<FieldPath>>);

impl Errors {
    pub(super) fn of(diagnostics: &Diagnostics) -> Self {
        let mut errors: HashMap<ObjectRef, Vec<FieldPath>> = HashMap::new();
        for finding in diagnostics.findings().iter().filter(|finding| finding.severity() == Severity::Error) {
            if let (Some(object), Some(path)) = (&finding.object, &finding.path) {
                errors.entry(object.clone()).or_default().push(path.clone());
            }
        }
        Self(errors)
    }

    /// Whether an error is at a part of an object, or below it.
    pub(super) fn is_below(&self, (object, path): &(ObjectRef, FieldPath)) -> bool {
        self.0.get(object).into_iter().flatten().any(|at| at.0.starts_with(&path.0))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Books;
    use crate::analysis::subject::{Subject, Subjects, Verdict};
    use crate::diagnostics::{FieldPath, Location, ObjectRef, Omission, Tally};
    use crate::path;

    /// A part of an object, with its place.
    struct Part(usize, Location);

    fn object() -> ObjectRef {
        ObjectRef { group: String::new(), kind: "Kind".to_owned(), namespace: "a".into(), name: "b".into() }
    }

    impl Subject for Part {
        fn part(&self) -> (ObjectRef, FieldPath) {
            (object(), path!["spec", "rules", self.0])
        }

        fn location(&self) -> Location {
            self.1.clone()
        }
    }

    #[test]
    fn each_subject_is_counted_and_what_is_not_judged_is_named_once() {
        let left = HashSet::from([(object(), path!["spec", "rules", 2])]);
        let mut books = Books { left, missed: Vec::new() };
        let subjects = Subjects::from((0..4).map(|part| Part(part, Location::Run)).collect::<Vec<_>>());
        let tally = books.enter(&subjects.judge(|part| match part.0 {
            0 => Verdict::Judged,
            1 => Verdict::Unjudged(Omission::Unaccounted),
            _ => Verdict::Unjudged(Omission::Wrong),
        }));
        assert_eq!(tally, Tally { asked: 4, judged: 1 });
        let named: Vec<_> = books.missed.iter().map(|one| (one.subject.to_string(), one.reason.clone())).collect();
        let name = |part| format!("Kind `a/b`, spec.rules[{part}]");
        assert_eq!(named, [(name(1), Omission::Unaccounted), (name(3), Omission::Wrong)]);
    }
}
