//! SecurityPolicy: who may send requests.

use std::sync::Arc;

use crate::ir::Action;
use crate::parser::api::SecurityPolicyField;
use crate::path;
use crate::translator::lower::option::faults::Faults;
use crate::translator::lower::option::part::RuleSays;

/// What a SecurityPolicy says, as parts of rules.
#[derive(Clone, Debug, Default)]
pub(super) struct SecurityPart {}

/// Adds what a field says.
pub(super) fn lower_field(field: &SecurityPolicyField, _part: &mut SecurityPart, faults: &mut Faults<'_>) {
    // The resolver hands on none of the others.
    let message = format!("`{}` is not translated", field.field());
    faults.add(&path![], message, "this is a fault of gwctl: please report it with the manifest");
}

impl SecurityPart {
    /// What a rule does where the policy counts.
    pub(super) fn over(&self, _says: RuleSays, action: Arc<Action>) -> Arc<Action> {
        let Self {} = self;
        action
    }
}
