//! Who gets the copies that `shadowing` of a RouteOption asks for.

use std::collections::HashMap;

use crate::diagnostics::{Diagnostics, FieldPath, ObjectPart, codes};
use crate::name::NamespacedName;
use crate::parser::api::{GlooResourceRef, OptionShadowing, RouteOption};
use crate::parser::manifests::{Kind, ObjectHead};
use crate::parser::route::{BackendReference, RouteKind};
use crate::path;

use super::backend::{BackendIndex, BackendRefOutcome, BackendReferrer};
use super::consequence::Consequence;
use super::effective::Effective;
use super::reference_grant::Grants;

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
    let Some(GlooResourceRef { name, namespace }) = &said.upstream else {
        return Err(diagnostics.error(missing(path![], "Upstream")));
    };
    if namespace.is_empty() {
        return Err(diagnostics.error(missing(path!["upstream", "namespace"], "namespace")));
    }
    let reference = BackendReference {
        group: Kind::Upstream.group(),
        kind: Kind::Upstream.name(),
        name,
        namespace: Some(namespace),
        port: None,
    };
    let from = BackendReferrer {
        through: None,
        object: source,
        kind: RouteKind::Http,
        path: at(&path!["upstream"]),
        consequence: Consequence::Fixed(NO_COPIES),
    };
    // No grant helps to find what is not there.
    let grants = if backends.has_upstream((namespace, name)) { grants.real } else { grants.all };
    let outcome = backends.resolve(&from, reference, grants, diagnostics);
    if let Some(place) = backends.refused_upstream((namespace, name)).filter(|_| outcome.is_err()) {
        let message = format!("nothing can be sent to Upstream `{namespace}/{name}`");
        let finding = source.finding(codes::UNUSABLE_OPTION, at(&path!["upstream"]), message).label("it is refused");
        let finding = finding.related(place, "the Upstream").consequence(NO_COPIES);
        diagnostics.error(finding.help("mend the errors of the Upstream first"));
    }
    outcome
}
