//! Who gets the copies that `shadowing` of a RouteOption asks for.

use std::collections::HashMap;

use crate::diagnostics::{Diagnostics, FieldPath, ObjectPart, codes};
use crate::name::NamespacedName;
use crate::parser::api::{GlooResourceRef, OptionShadowing, RouteOption};
use crate::parser::manifests::ObjectHead;
use crate::path;

use super::backend::{BackendIndex, BackendRefOutcome};
use super::effective::Effective;
use super::reference_grant::Grants;
use super::upstream_reference::resolve_upstream;

/// What may be referred to, and the same as if all were granted.
#[derive(Clone, Copy)]
pub(super) struct ShadowGrants<'r, 'm> {
    pub(super) real: &'r Grants<'m>,
    pub(super) all: &'r Grants<'m>,
}

/// What became of the reference of each RouteOption, which many rules may have.
#[derive(Debug, Default)]
pub(super) struct Shadows<'m>(HashMap<NamespacedName<'m>, BackendRefOutcome>);

impl<'m> Shadows<'m> {
    /// Who gets copies by the options that count at a rule; `None` where none asks for any.
    pub(super) fn resolve(
        &mut self,
        options: &[Effective<'m, RouteOption>],
        (backends, grants): (&mut BackendIndex<'m>, ShadowGrants<'_, 'm>),
        diagnostics: &mut Diagnostics,
    ) -> Option<BackendRefOutcome> {
        let shadowing = options.iter().find_map(|option| match option.value {
            RouteOption::Shadowing(said) => Some((option.source, said)),
            _ => None,
        });
        let (source, said) = shadowing?;
        let key = source.metadata.sort_key();
        if let Some(known) = self.0.get(&key) {
            return Some(*known);
        }
        let outcome = look_up(source, said, (backends, grants), diagnostics);
        self.0.insert(key, outcome);
        Some(outcome)
    }
}

fn look_up<'m>(
    source: &ObjectHead,
    said: &OptionShadowing,
    (backends, grants): (&mut BackendIndex<'m>, ShadowGrants<'_, 'm>),
    diagnostics: &mut Diagnostics,
) -> BackendRefOutcome {
    const NO_COPIES: &str = "no copies are sent; the requests themselves are served";
    let at = |below: &FieldPath| ObjectPart::Whole.at(&path!["spec", "options", "shadowing"].join(below));
    let missing = |below: FieldPath, what: &str| {
        let finding = source.finding(codes::UNUSABLE_OPTION, at(&below), format!("`shadowing` names no {what}"));
        finding.label("is missing").consequence(NO_COPIES).help("write the name and the namespace of an Upstream")
    };
    let Some(reference) = &said.upstream else {
        return Err(diagnostics.error(missing(path![], "Upstream")));
    };
    let GlooResourceRef { name, namespace } = reference;
    if namespace.is_empty() {
        return Err(diagnostics.error(missing(path!["upstream", "namespace"], "namespace")));
    }
    // No grant helps to find what is not there.
    let grants = if backends.has_upstream((namespace, name)) { grants.real } else { grants.all };
    let place = (source, at(&path!["upstream"]));
    let outcome = resolve_upstream(reference, place, NO_COPIES, (backends, grants), diagnostics);
    if let Some(place) = backends.refused_upstream((namespace, name)).filter(|_| outcome.is_err()) {
        let message = format!("nothing can be sent to Upstream `{namespace}/{name}`");
        let finding = source.finding(codes::UNUSABLE_OPTION, at(&path!["upstream"]), message).label("it is refused");
        let finding = finding.related(place, "the Upstream").consequence(NO_COPIES);
        diagnostics.error(finding.help("mend the errors of the Upstream first"));
    }
    outcome
}
