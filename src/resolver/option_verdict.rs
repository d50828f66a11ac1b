//! What is said of the options of a kind, each of them once, however many rules and listeners they apply to.

use std::collections::{HashMap, HashSet};

use crate::diagnostics::{Diagnostics, Finding, Reported, codes};
use crate::name::{Name, Namespace, NamespacedName};
use crate::options::Options;
use crate::parser::manifests::{Kind, ObjectHead};
use crate::whole;

use super::age::Age;
use super::effective::{Effective, Hidden};
use super::missing::Missing;
use super::untranslated::{PolicyOption, untranslated};

/// A field of a policy: its namespace, its name, and the field.
type FieldKey<'m> = (&'m Namespace, &'m Name, &'static str);

/// What becomes of a field that gwctl can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Translation {
    /// It is translated.
    Done,
    /// It is not, and may be missing.
    LeftOut,
}

/// What was said of the options of one kind.
#[derive(Debug)]
pub(super) struct Verdicts<'m> {
    kind: Kind,
    /// Whether the configuration may be without what is not translated.
    is_allowed: bool,
    judged: HashMap<FieldKey<'m>, Result<Translation, Reported>>,
    hidden: HashSet<FieldKey<'m>>,
    /// The objects that do not count beside others: both names.
    outranked: HashSet<[NamespacedName<'m>; 2]>,
}

impl<'m> Verdicts<'m> {
    pub(super) fn new(kind: Kind, options: &Options) -> Self {
        let full = full_kind(kind);
        let is_allowed = options.allow_unsupported.contains(&full);
        Self { kind, is_allowed, judged: HashMap::new(), hidden: HashSet::new(), outranked: HashSet::new() }
    }

    /// Whether the configuration may be without what is not translated.
    pub(super) fn is_allowed(&self, is_security: bool) -> bool {
        self.is_allowed && !is_security
    }

    /// Whether a field is translated.
    pub(super) fn judge<T: PolicyOption>(
        &mut self,
        Effective { value, source }: Effective<'m, T>,
        diagnostics: &mut Diagnostics,
    ) -> Result<Translation, Reported> {
        let (namespace, name) = source.metadata.sort_key();
        let (is_allowed, kind) = (self.is_allowed, self.kind);
        let judged = self.judged.entry((namespace, name, value.field()));
        *judged.or_insert_with(|| report_missing(value, source, (kind, is_allowed), diagnostics))
    }

    /// The same of a field that nobody wrote as it is: one policy is laid over another.
    pub(super) fn judge_merged<T: PolicyOption>(
        &self,
        value: &T,
        source: &ObjectHead,
        diagnostics: &mut Diagnostics,
    ) -> Result<Translation, Reported> {
        report_missing(value, source, (self.kind, self.is_allowed), diagnostics)
    }

    /// Says which objects do not count beside the first, each once for each that hides it. They are ranked.
    pub(super) fn report_outranked(&mut self, ranked: &[(u8, &'m ObjectHead)], diagnostics: &mut Diagnostics) {
        let Some(((rank, winner), losers)) = ranked.split_first() else { return };
        for (own, object) in losers {
            if !self.outranked.insert([object.metadata.sort_key(), winner.metadata.sort_key()]) {
                continue;
            }
            let is_equal = own == rank;
            let why = if is_equal { "it is older" } else { "its target is nearer to the listener" };
            let (kind, other) = (self.kind.name(), winner.full_name());
            let message = format!("nothing of {kind} `{}` counts where `{other}` applies", object.full_name());
            let finding = outranked(object, winner, message, why.to_owned());
            let is_open = is_equal && Age::is_open(&object.metadata, &winner.metadata);
            diagnostics.report(finding.by_age(is_open));
        }
    }

    /// The finding about a field that another policy hides; `None` where it was made before, and for two forms of one
    /// policy. `why` says what makes the other one count, and `is_open` whether that is their age, which nobody knows.
    pub(super) fn hidden<T: PolicyOption>(
        &mut self,
        hidden: &Hidden<'m, T>,
        why: &'static str,
        is_open: bool,
    ) -> Option<Finding> {
        let Hidden { field: Effective { value, source }, by } = hidden;
        let (namespace, name) = source.metadata.sort_key();
        let is_own = std::ptr::eq(*source, by.source);
        if is_own || !self.hidden.insert((namespace, name, value.field())) {
            return None;
        }
        let (field, winner, kind) = (value.field(), by.source.full_name(), self.kind.name());
        let message = format!("`{field}` of {kind} `{namespace}/{name}` is hidden by `{winner}`");
        let finding = source.finding(codes::OPTION_HIDDEN, whole!["spec", "options", field], message);
        let place = by.source.at(&crate::path!["spec", "options", by.value.field()]);
        Some(
            finding
                .label(format!("another {kind} has the field"))
                .related(place, format!("the one that counts: {why}"))
                .by_age(is_open && Age::is_open(&source.metadata, &by.source.metadata))
                .consequence(format!("where both apply, `{field}` of `{winner}` counts, and all of it")),
        )
    }
}

/// Says what of a field is not translated.
fn report_missing<T: PolicyOption>(
    value: &T,
    source: &ObjectHead,
    (kind, is_allowed): (Kind, bool),
    diagnostics: &mut Diagnostics,
) -> Result<Translation, Reported> {
    let mut verdict = Ok(Translation::Done);
    for missing in untranslated(value) {
        let missing = Missing { is_security: missing.is_security || value.keeps_out(), ..missing };
        let is_left_out = is_allowed && !missing.is_security;
        let finding = missing.finding(source, &full_kind(kind), is_left_out);
        if is_left_out {
            diagnostics.report(finding);
            // Of a field that lacks a part nothing is known that can be relied on.
            verdict = verdict.map(|_| Translation::LeftOut);
        } else {
            verdict = Err(diagnostics.error(finding));
        }
    }
    verdict
}

/// The finding about an object of which nothing counts, since `winner` does.
pub(in crate::resolver) fn outranked(
    object: &ObjectHead,
    winner: &ObjectHead,
    message: String,
    why: String,
) -> Finding {
    let (kind, other) = (object.kind.name(), winner.full_name());
    let finding = object.finding(codes::OPTION_HIDDEN, whole!["spec", "options"], message);
    finding
        .label(format!("another {kind} counts"))
        .related(winner.at(&crate::path!["spec", "options"]), format!("the one that counts: {why}"))
        .consequence(format!("where both apply, `{other}` counts, and nothing of `{}`", object.full_name()))
        .help("put what both say into one of them, or let them apply to different listeners")
}

/// The kind as `--allow-unsupported` names it.
fn full_kind(kind: Kind) -> String {
    format!("{}.{}", kind.name(), kind.group())
}
