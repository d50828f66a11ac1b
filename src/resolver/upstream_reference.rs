//! References of options to Upstreams, which are looked up as those of routes are.

use crate::diagnostics::{Diagnostics, PartPath};
use crate::parser::api::GlooResourceRef;
use crate::parser::manifests::{Kind, ObjectHead};
use crate::parser::route::{BackendReference, RouteKind};

use super::backend::{BackendIndex, BackendRefOutcome, BackendReferrer};
use super::consequence::Consequence;
use super::reference_grant::Grants;

/// What became of the reference at a place of an option; `consequence` is what a wrong one means for traffic.
pub(super) fn resolve_upstream<'m>(
    GlooResourceRef { name, namespace }: &GlooResourceRef,
    (object, path): (&ObjectHead, PartPath),
    consequence: &'static str,
    (backends, grants): (&mut BackendIndex<'m>, &Grants<'m>),
    diagnostics: &mut Diagnostics,
) -> BackendRefOutcome {
    let reference = BackendReference {
        group: Kind::Upstream.group(),
        kind: Kind::Upstream.name(),
        name,
        namespace: Some(namespace),
        port: None,
    };
    let consequence = Consequence::Fixed(consequence);
    let from = BackendReferrer { through: None, object, kind: RouteKind::Http, path, consequence };
    backends.resolve(&from, reference, grants, diagnostics)
}
