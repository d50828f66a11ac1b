//! EnvoyExtensionPolicy: scripts, servers and modules that requests are handed to.

mod processor;
mod script;

use std::sync::Arc;

use crate::ir::{Action, HttpFilters, Script};
use crate::parser::api::EnvoyExtensionPolicyField;
use crate::path;
use crate::resolver::{CertificateIndex, PolicyField};
use crate::translator::lower::cluster::Clusters;
use crate::translator::lower::option::faults::Faults;

use super::change::change_filters;
use processor::ProcessorPart;

/// What an EnvoyExtensionPolicy says, as parts of rules.
#[derive(Clone, Debug, Default)]
pub(super) struct ExtensionPart {
    scripts: Vec<Arc<Script>>,
    processors: Vec<ProcessorPart>,
}

/// Adds what a field says.
pub(super) fn lower_field(
    PolicyField { value, servers, source, over: _, authorities: _ }: &PolicyField<'_, EnvoyExtensionPolicyField>,
    part: &mut ExtensionPart,
    objects: &CertificateIndex<'_>,
    faults: &mut Faults<'_>,
) {
    match &**value {
        EnvoyExtensionPolicyField::Lua(said) => {
            part.scripts = script::lower(said, (source, objects), faults);
        }
        EnvoyExtensionPolicyField::ExtProc(said) => part.processors = processor::lower(said, servers, faults),
        // Without an entry it says nothing.
        EnvoyExtensionPolicyField::DynamicModule(said) | EnvoyExtensionPolicyField::Wasm(said) if said.is_empty() => {}
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
        for processor in &mut self.processors {
            processor.part.of = of.to_owned();
        }
    }

    /// What a rule does where the policy counts.
    pub(super) fn over(&self, failure: u16, action: Arc<Action>, clusters: &mut Clusters<'_>) -> Arc<Action> {
        let Self { scripts, processors } = self;
        if scripts.is_empty() && processors.is_empty() {
            return action;
        }
        let asked: Option<Vec<_>> = processors.iter().map(|processor| processor.asked(clusters)).collect();
        let Some(asked) = asked else { return Arc::new(Action::Respond(failure)) };
        let mut change = |filters: &mut HttpFilters| {
            filters.guards.scripts.clone_from(scripts);
            filters.guards.processors.extend_from_slice(&asked);
        };
        Arc::new(change_filters(Arc::unwrap_or_clone(action), &mut change))
    }
}
