//! EnvoyExtensionPolicy: scripts, servers and modules that requests are handed to.

use crate::parser::api::EnvoyExtensionPolicyField;
use crate::path;
use crate::resolver::PolicyField;
use crate::translator::lower::option::faults::Faults;

/// What an EnvoyExtensionPolicy says, as parts of rules.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ExtensionPart;

/// Adds what a field says.
pub(super) fn lower_field(
    PolicyField { value, servers: _, source: _, over: _, authorities: _ }: &PolicyField<'_, EnvoyExtensionPolicyField>,
    faults: &mut Faults<'_>,
) {
    match &**value {
        // Without an entry it says nothing.
        EnvoyExtensionPolicyField::DynamicModule(said)
        | EnvoyExtensionPolicyField::ExtProc(said)
        | EnvoyExtensionPolicyField::Lua(said)
        | EnvoyExtensionPolicyField::Wasm(said)
            if said.is_empty() => {}
        // The resolver hands on none of the others.
        other => {
            let message = format!("`{}` is not translated", other.field());
            faults.add(&path![], message, "this is a fault of gwctl: please report it with the manifest");
        }
    }
}
