//! The servers that policies name: Services and Backends, of other namespaces with a ReferenceGrant.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostics::{Diagnostics, ObjectPart};
use crate::parser::route::RouteKind;
use crate::path;
use crate::resolver::backend::{BackendIndex, BackendRefOutcome, BackendReferrer};
use crate::resolver::consequence::Consequence;
use crate::resolver::reference_grant::Grants;

use super::kind::EnvoyPolicyKind;
use super::table::PoliciesOfKind;

/// What happens where a server cannot be used.
const FAILS: &str = "all requests of the rules that it applies to get 500";

impl<'m, T: EnvoyPolicyKind> PoliciesOfKind<'m, T> {
    /// Looks up the servers that policies name. One with a server that cannot be used makes its rules fail.
    pub(super) fn resolve_servers(
        mut self,
        (backends, grants): (&mut BackendIndex<'m>, &Grants<'m>),
        diagnostics: &mut Diagnostics,
    ) -> Self {
        // A field that counts alone and in what is merged is looked at once.
        let mut known: HashMap<*const T, Vec<BackendRefOutcome>> = HashMap::new();
        for applied in self.applied_mut() {
            for field in &mut applied.fields {
                let source = field.source;
                let value = Arc::clone(&field.value);
                let found = known.entry(Arc::as_ptr(&field.value)).or_insert_with(|| {
                    let look_up = |(at, reference)| {
                        let from = BackendReferrer {
                            through: None,
                            object: source,
                            kind: RouteKind::Http,
                            path: ObjectPart::Whole.at(&path!["spec", value.field()].join(&at)),
                            consequence: Consequence::Fixed(FAILS),
                        };
                        backends.resolve(&from, reference, grants, diagnostics)
                    };
                    value.servers().into_iter().map(look_up).collect()
                });
                applied.failed = applied.failed.or(found.iter().find_map(|outcome| outcome.err()));
                field.servers = found.to_vec();
            }
        }
        self
    }
}
