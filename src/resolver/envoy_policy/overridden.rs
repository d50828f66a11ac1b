//! Policies in whose place another one counts.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::diagnostics::{Diagnostics, codes};
use crate::parser::api::EnvoyPolicySpec;
use crate::parser::manifests::Object;
use crate::whole;

use super::kind::EnvoyPolicyKind;

/// How many routes a finding names.
const MOST_TOLD: usize = 3;

/// Which policies are hidden by which, and at which routes.
#[derive(Debug, Default)]
pub(super) struct Overridden {
    found: BTreeMap<(usize, usize), BTreeSet<String>>,
}

impl Overridden {
    pub(super) fn add(&mut self, hidden: usize, winner: usize, place: String) {
        self.found.entry((hidden, winner)).or_default().insert(place);
    }

    /// Hidden, winner, routes.
    pub(super) fn into_list(self) -> impl Iterator<Item = (usize, usize, BTreeSet<String>)> {
        self.found.into_iter().map(|((hidden, winner), routes)| (hidden, winner, routes))
    }
}

/// Says what a policy hides. Where it keeps fewer requests out than what it hides, that is a warning.
pub(super) fn report_hidden<T: EnvoyPolicyKind>(
    (hidden, winner): (&Object<EnvoyPolicySpec<T>>, &Object<EnvoyPolicySpec<T>>),
    routes: &BTreeSet<String>,
    diagnostics: &mut Diagnostics,
) {
    fn said<T: EnvoyPolicyKind>(policy: &Object<EnvoyPolicySpec<T>>) -> impl Iterator<Item = &'static str> {
        policy.spec.fields.iter().filter(|field| !field.says_nothing()).map(|field| field.field())
    }
    let own: HashSet<&str> = said(winner).collect();
    let lost = said(hidden).filter(|field| !own.contains(field));
    let lost: Vec<String> = lost.map(|field| format!("`{field}`")).collect();
    let told: Vec<&str> = routes.iter().take(MOST_TOLD).map(String::as_str).collect();
    let more = match routes.len().saturating_sub(MOST_TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let at = format!("{}{more}", told.join(", "));
    let (kind, name, other) = (T::KIND.name(), hidden.full_name(), winner.full_name());
    let is_loss = T::IS_SECURITY && !lost.is_empty();
    let message = if is_loss {
        format!("{} of {kind} `{name}` does not count at {at}, because of `{other}`", lost.join(", "))
    } else {
        format!("nothing of {kind} `{name}` counts at {at}, because of `{other}`")
    };
    let (code, consequence) = if is_loss {
        (codes::SECURITY_HIDDEN, format!("requests to {at} pass without it"))
    } else {
        (codes::OPTION_HIDDEN, format!("where both apply, `{other}` counts, and nothing of `{name}`"))
    };
    let finding = hidden.finding(code, whole!["spec"], message).label(format!("another {kind} counts"));
    let why = "the one that counts: its target is nearer to the rules";
    let help = if is_loss {
        format!("write what `{name}` says into `{other}` too, or let that one have a `mergeType`, which keeps it")
    } else {
        format!(
            "nothing, where `{other}` is meant to count; a `mergeType` keeps what it does not say, and replaces lists"
        )
    };
    diagnostics.report(finding.related(winner.at(&crate::path!["spec"]), why).consequence(consequence).help(help));
}
