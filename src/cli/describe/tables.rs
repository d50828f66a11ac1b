//! Tables that descriptions of several kinds have.

use crate::cli::table::{Cell, Table, cell, or_nothing};
use crate::cli::view::View;
use crate::parser::manifests::ObjectHead;
use crate::status::StatusCondition;

/// Conditions as a table.
pub(super) fn conditions(list: &[StatusCondition]) -> Table {
    let mut table = Table::new(&["TYPE", "STATUS", "REASON", "MESSAGE"]);
    for condition in list {
        let status = cell(std::slice::from_ref(condition), condition.kind);
        let status = Cell { text: condition.status.to_string(), style: status.style };
        table.push(vec![
            condition.kind.as_str().into(),
            status,
            condition.reason.as_str().into(),
            condition.message.as_str().into(),
        ]);
    }
    table
}

/// The policies that name an object.
pub(super) fn attached_policies(view: &View<'_, '_>, head: &ObjectHead) -> Table {
    let mut table = Table::new(&["KIND", "NAME", "SECTION", "COUNTS"]);
    for policy in view.policies_of(&head.key()) {
        let counts = if policy.counts { "yes" } else { "no" };
        table.push(vec![
            policy.policy.kind.name().into(),
            policy.policy.full_name().into(),
            or_nothing(policy.section.unwrap_or_default()).into(),
            counts.into(),
        ]);
    }
    table
}

/// What is said of an object of Gloo Gateway, by whoever says it.
pub(super) fn states(view: &View<'_, '_>, head: &ObjectHead) -> Table {
    let mut table = Table::new(&["REPORTED BY", "STATE", "REASON"]);
    for state in view.states(&head.key()) {
        let reason = or_nothing(state.reason.as_deref().unwrap_or_default());
        table.push(vec![state.reported_by.into(), state.state.as_str().into(), reason.into()]);
    }
    table
}
