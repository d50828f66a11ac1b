//! The backendRefs of the rules of a route, of whatever kind.

use crate::diagnostics::Diagnostics;
use crate::parser::api::BackendObjectReference;
use crate::parser::manifests::ObjectHead;
use crate::path;

use super::backend::{BackendIndex, BackendRefOutcome, BackendReferrer};
use super::listener::RouteKind;
use super::reference_grant::Grants;
use super::share::Lost;

/// Resolves the backendRefs of one route.
pub(super) struct BackendRefResolver<'r, 'm> {
    pub(super) object: &'r ObjectHead,
    pub(super) kind: RouteKind,
    pub(super) grants: &'r Grants<'m>,
    pub(super) backends: &'r mut BackendIndex<'m>,
}

impl BackendRefResolver<'_, '_> {
    /// Resolves the backendRefs of all rules: for each rule its references, each with its weight.
    pub(super) fn resolve<R>(
        &mut self,
        rules: impl Iterator<Item = R>,
        diagnostics: &mut Diagnostics,
    ) -> Vec<Vec<BackendRefOutcome>>
    where
        R: Iterator<Item = (u32, BackendObjectReference)>,
    {
        let (carried, answer) = lost_share(self.kind);
        let rules = rules.enumerate().map(|(rule, refs)| {
            let (weights, references): (Vec<u32>, Vec<_>) = refs.unzip();
            let references = references.iter().enumerate();
            let outcomes = references.map(|(index, reference)| {
                let from = BackendReferrer {
                    object: self.object,
                    kind: self.kind,
                    path: path!["spec", "rules", rule, "backendRefs", index],
                    lost: Lost::Share { weights: &weights, index, carried, answer },
                };
                self.backends.resolve(&from, reference, self.grants, diagnostics)
            });
            outcomes.collect()
        });
        rules.collect()
    }
}

/// What a route of a kind carries, and what becomes of the share of a backend that cannot be used.
fn lost_share(kind: RouteKind) -> (&'static str, &'static str) {
    match kind {
        RouteKind::Http => ("requests", "get 500"),
        RouteKind::Grpc => ("calls", "get UNAVAILABLE"),
        RouteKind::Tls | RouteKind::Tcp => ("connections", "are closed"),
        RouteKind::Udp => ("datagrams", "are dropped"),
    }
}
