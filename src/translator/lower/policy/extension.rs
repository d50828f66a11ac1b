//! EnvoyExtensionPolicy: scripts, servers and modules that requests are handed to.

mod script;

use std::sync::Arc;

use crate::ir::{Action, HttpFilters, Script};
use crate::parser::api::EnvoyExtensionPolicyField;
use crate::path;
use crate::resolver::{CertificateIndex, PolicyField};
use crate::translator::lower::option::faults::Faults;

use super::change::change_filters;

/// What an EnvoyExtensionPolicy says, as parts of rules.
#[derive(Clone, Debug, Default)]
pub(super) struct ExtensionPart {
    scripts: Vec<Arc<Script>>,
}

/// Adds what a field says.
pub(super) fn lower_field(
    PolicyField { value, servers: _, source, over: _, authorities: _ }: &PolicyField<'_, EnvoyExtensionPolicyField>,
    part: &mut ExtensionPart,
    objects: &CertificateIndex<'_>,
    faults: &mut Faults<'_>,
) {
    match &**value {
        EnvoyExtensionPolicyField::Lua(said) => {
            part.scripts = script::lower(said, (source, objects), faults);
        }
        // Without an entry it says nothing.
        EnvoyExtensionPolicyField::DynamicModule(said)
        | EnvoyExtensionPolicyField::ExtProc(said)
        | EnvoyExtensionPolicyField::Wasm(said)
            if said.is_empty() => {}
        // The resolver hands on none of the others.
        other => {
            let message = format!("`{}` is not translated", other.field());
            faults.add(&path![], message, "this is a fault of gwctl: please report it with the manifest");
        }
    }
}

impl ExtensionPart {
    /// Says who says it all.
    pub(super) fn called(&mut self, of: &str) {
        for script in &mut self.scripts {
            *script = Arc::new(Script { of: of.to_owned(), ..Script::clone(script) });
        }
    }

    /// What a rule does where the policy counts.
    pub(super) fn over(&self, action: Arc<Action>) -> Arc<Action> {
        let Self { scripts } = self;
        if scripts.is_empty() {
            return action;
        }
        let mut change = |filters: &mut HttpFilters| filters.guards.scripts.clone_from(scripts);
        Arc::new(change_filters(Arc::unwrap_or_clone(action), &mut change))
    }
}
