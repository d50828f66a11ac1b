//! The tables of `gwctl status`: one for each group of kinds, with columns as
//! cluster tools align them.
//!
//! A cell of a condition is its status, and the reason where that says more
//! than the condition's own name.

use std::io::{self, Write};

use crate::cli::table::{Cell, NOTHING, PARTIALLY_INVALID, Table, cell, or_nothing};
use crate::diagnostics::ConditionKind;
use crate::diagnostics::style::Style;
use crate::parser::manifests::{Kind, ObjectKey};
use crate::status::{
    ConditionsStatus, GatewayClassStatus, GatewayStatus, GlooState, GlooStatus, ListenerSetStatus, ListenerStatus,
    MeshStatus, ObjectStatus, Status, StatusCondition, StatusReference,
};

/// The condition of a listener whose place another one has.
const CONFLICTED: ConditionKind = ConditionKind::Conflicted;

/// Writes all tables that have rows, with an empty line between two.
pub(super) fn write(statuses: &[ObjectStatus], is_colored: bool, out: &mut dyn Write) -> io::Result<()> {
    let tables = [
        classes(statuses),
        gateways(statuses),
        listeners(statuses),
        parents(statuses, Parents::Routes),
        ancestors(statuses),
        parents(statuses, Parents::Backends),
        own(statuses),
        states(statuses),
        meshes(statuses),
    ];
    for (position, table) in tables.iter().filter(|table| !table.is_empty()).enumerate() {
        if position > 0 {
            writeln!(out)?;
        }
        table.write(is_colored, out)?;
    }
    Ok(())
}

/// `kind/name`, in lower case as cluster tools name objects.
fn name_of(key: &ObjectKey) -> String {
    format!("{}/{}", key.kind.name().to_ascii_lowercase(), key.name)
}

/// The conditions that are there only when they are true, by name.
fn further(conditions: &[StatusCondition], shown: &[ConditionKind]) -> Cell {
    let others = conditions.iter().filter(|condition| !shown.contains(&condition.kind));
    let kinds: Vec<_> = others.map(|condition| condition.kind).collect();
    let style = kinds.contains(&CONFLICTED).then_some(Style::Red);
    let names: Vec<_> = kinds.into_iter().map(ConditionKind::as_str).collect();
    Cell { text: or_nothing(names.join(",")), style }
}

fn classes(statuses: &[ObjectStatus]) -> Table {
    let mut table = Table::new(&["NAME", "ACCEPTED", "SUPPORTED-VERSION", "FEATURES"]);
    for ObjectStatus { key, status, .. } in statuses {
        if let Status::GatewayClass(GatewayClassStatus { conditions, supported_features }) = status {
            table.push(vec![
                name_of(key).into(),
                cell(conditions, ConditionKind::Accepted),
                cell(conditions, ConditionKind::SupportedVersion),
                supported_features.len().to_string().into(),
            ]);
        }
    }
    table
}

/// The conditions of objects with listeners that have a column.
const MAIN: &[ConditionKind] = &[ConditionKind::Accepted, ConditionKind::Programmed, ConditionKind::ResolvedRefs];

fn gateways(statuses: &[ObjectStatus]) -> Table {
    let mut table = Table::new(&["NAMESPACE", "NAME", "ADDRESS", "ACCEPTED", "PROGRAMMED", "RESOLVED-REFS", "OTHER"]);
    for ObjectStatus { key, status, .. } in statuses {
        let (conditions, addresses) = match status {
            Status::Gateway(GatewayStatus { conditions, addresses, .. }) => {
                (conditions, addresses.iter().map(|address| address.value.as_str()).collect::<Vec<_>>().join(","))
            }
            Status::ListenerSet(ListenerSetStatus { conditions, .. }) => (conditions, String::new()),
            _ => continue,
        };
        let mut row: Vec<Cell> = vec![key.namespace.as_str().into(), name_of(key).into(), or_nothing(addresses).into()];
        row.extend(MAIN.iter().map(|kind| cell(conditions, *kind)));
        row.push(further(conditions, MAIN));
        table.push(row);
    }
    table
}

fn listeners(statuses: &[ObjectStatus]) -> Table {
    let mut table = Table::new(&[
        "NAMESPACE",
        "NAME",
        "LISTENER",
        "KINDS",
        "ROUTES",
        "ACCEPTED",
        "PROGRAMMED",
        "RESOLVED-REFS",
        "OTHER",
    ]);
    for ObjectStatus { key, status, .. } in statuses {
        let (Status::Gateway(GatewayStatus { listeners, .. })
        | Status::ListenerSet(ListenerSetStatus { listeners, .. })) = status
        else {
            continue;
        };
        for ListenerStatus { attached_routes, conditions, name, supported_kinds } in listeners {
            let kinds = supported_kinds.iter().map(|kind| kind.kind).collect::<Vec<_>>().join(",");
            let mut row: Vec<Cell> = vec![key.namespace.as_str().into(), name_of(key).into(), name.as_str().into()];
            row.extend([or_nothing(kinds).into(), attached_routes.to_string().into()]);
            row.extend(MAIN.iter().map(|kind| cell(conditions, *kind)));
            row.push(further(conditions, MAIN));
            table.push(row);
        }
    }
    table
}

/// Which of the objects that have parents.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parents {
    Routes,
    Backends,
}

fn parents(statuses: &[ObjectStatus], which: Parents) -> Table {
    let mut header = vec!["NAMESPACE", "NAME", "PARENT", "ACCEPTED", "RESOLVED-REFS"];
    if which == Parents::Routes {
        header.push("PARTIALLY-INVALID");
    }
    let mut table = Table::new(&header);
    for ObjectStatus { key, status, .. } in statuses {
        let Status::Parents(status) = status else { continue };
        if (key.kind == Kind::XBackend) != (which == Parents::Backends) {
            continue;
        }
        let entries = status.parents.iter().map(|entry| (&entry.parent_ref, entry.conditions.as_slice()));
        for (parent, conditions) in entries_or_none(key, entries.collect()) {
            let mut row: Vec<Cell> = vec![key.namespace.as_str().into(), name_of(key).into(), parent.into()];
            row.extend([ConditionKind::Accepted, ConditionKind::ResolvedRefs].map(|kind| cell(conditions, kind)));
            if which == Parents::Routes {
                row.push(cell(conditions, PARTIALLY_INVALID));
            }
            table.push(row);
        }
    }
    table
}

fn ancestors(statuses: &[ObjectStatus]) -> Table {
    let mut table = Table::new(&["NAMESPACE", "NAME", "ANCESTOR", "ACCEPTED", "RESOLVED-REFS"]);
    for ObjectStatus { key, status, .. } in statuses {
        let Status::Ancestors(status) = status else { continue };
        let entries = status.ancestors.iter().map(|entry| (&entry.ancestor_ref, entry.conditions.as_slice()));
        for (ancestor, conditions) in entries_or_none(key, entries.collect()) {
            let mut row: Vec<Cell> = vec![key.namespace.as_str().into(), name_of(key).into(), ancestor.into()];
            row.extend([ConditionKind::Accepted, ConditionKind::ResolvedRefs].map(|kind| cell(conditions, kind)));
            table.push(row);
        }
    }
    table
}

/// A row without a parent says that there is none.
fn entries_or_none<'s>(
    key: &ObjectKey,
    entries: Vec<(&StatusReference, &'s [StatusCondition])>,
) -> Vec<(String, &'s [StatusCondition])> {
    if entries.is_empty() {
        return vec![(NOTHING.to_owned(), &[])];
    }
    entries.into_iter().map(|(reference, conditions)| (describe(reference, &key.namespace), conditions)).collect()
}

/// A reference as `kind/namespace/name`, with the listener or port that it chooses.
fn describe(reference: &StatusReference, own_namespace: &str) -> String {
    let StatusReference { group: _, kind, name, namespace, port, section_name } = reference;
    let namespace = namespace.as_deref().unwrap_or(own_namespace);
    let mut text = format!("{}/{namespace}/{name}", kind.to_ascii_lowercase());
    if let Some(section) = section_name {
        text = format!("{text}#{section}");
    }
    if let Some(port) = port {
        text = format!("{text}:{port}");
    }
    text
}

/// Objects that are judged by themselves, whoever uses them.
fn own(statuses: &[ObjectStatus]) -> Table {
    let mut table = Table::new(&["NAMESPACE", "NAME", "ACCEPTED"]);
    for ObjectStatus { key, status, .. } in statuses {
        let Status::Conditions(ConditionsStatus { conditions }) = status else { continue };
        let accepted = cell(conditions, ConditionKind::Accepted);
        table.push(vec![key.namespace.as_str().into(), name_of(key).into(), accepted]);
    }
    table
}

/// Options and Upstreams of Gloo Gateway, one row for each that says something of an object.
fn states(statuses: &[ObjectStatus]) -> Table {
    let mut table = Table::new(&["NAMESPACE", "NAME", "STATE"]);
    for ObjectStatus { key, status, .. } in statuses {
        let Status::Gloo(GlooStatus { statuses }) = status else { continue };
        let cells = statuses.values().map(|one| {
            let style = match one.state {
                GlooState::Accepted => None,
                GlooState::Warning => Some(Style::Yellow),
                GlooState::Rejected => Some(Style::Red),
            };
            Cell { text: one.state.as_str().to_owned(), style }
        });
        let cells: Vec<Cell> = cells.collect();
        let cells = if cells.is_empty() { vec![NOTHING.into()] } else { cells };
        for cell in cells {
            table.push(vec![key.namespace.as_str().into(), name_of(key).into(), cell]);
        }
    }
    table
}

fn meshes(statuses: &[ObjectStatus]) -> Table {
    let mut table = Table::new(&["NAME", "ACCEPTED", "FEATURES"]);
    for ObjectStatus { key, status, .. } in statuses {
        if let Status::Mesh(MeshStatus { conditions, supported_features }) = status {
            table.push(vec![
                name_of(key).into(),
                cell(conditions, ConditionKind::Accepted),
                supported_features.len().to_string().into(),
            ]);
        }
    }
    table
}
