//! The tables of `gwctl status`: one for each group of kinds, with columns as
//! cluster tools align them.
//!
//! A cell of a condition is its status, and the reason where that says more
//! than the condition's own name.

use std::io::{self, Write};

use crate::parser::manifests::{Kind, ObjectKey};
use crate::status::{
    GatewayClassStatus, GatewayStatus, ListenerSetStatus, ListenerStatus, ObjectStatus, Status, StatusCondition,
    StatusReference,
};

/// The spaces between two columns.
const GAP: usize = 3;
/// What stands in a cell with nothing to say.
const NOTHING: &str = "<none>";

/// A table under a header.
struct Table {
    rows: Vec<Vec<String>>,
    columns: usize,
}

impl Table {
    fn new(header: &[&str]) -> Self {
        Self { rows: vec![header.iter().map(|&cell| cell.to_owned()).collect()], columns: header.len() }
    }

    fn push(&mut self, row: Vec<String>) {
        debug_assert_eq!(row.len(), self.columns);
        self.rows.push(row);
    }

    fn is_empty(&self) -> bool {
        self.rows.len() < 2
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let width = |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
        let widths: Vec<usize> = (0..self.columns).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + GAP));
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Writes all tables that have rows, with an empty line between two.
pub(super) fn write(statuses: &[ObjectStatus], out: &mut dyn Write) -> io::Result<()> {
    let tables = [
        classes(statuses),
        gateways(statuses),
        listeners(statuses),
        parents(statuses, Parents::Routes),
        ancestors(statuses),
        parents(statuses, Parents::Backends),
        meshes(statuses),
    ];
    for (position, table) in tables.iter().filter(|table| !table.is_empty()).enumerate() {
        if position > 0 {
            writeln!(out)?;
        }
        table.write(out)?;
    }
    Ok(())
}

/// `kind/name`, in lower case as cluster tools name objects.
fn name_of(key: &ObjectKey) -> String {
    format!("{}/{}", key.kind.name().to_ascii_lowercase(), key.name)
}

/// The cell of a condition.
fn cell(conditions: &[StatusCondition], kind: &str) -> String {
    let Some(condition) = conditions.iter().find(|condition| condition.kind == kind) else {
        return NOTHING.to_owned();
    };
    if condition.is_true() && condition.reason == condition.kind {
        return condition.status.to_owned();
    }
    format!("{} ({})", condition.status, condition.reason)
}

/// The conditions that are there only when they are true, by name.
fn further(conditions: &[StatusCondition], shown: &[&str]) -> String {
    let others = conditions.iter().filter(|condition| !shown.contains(&condition.kind));
    let names: Vec<_> = others.map(|condition| condition.kind).collect();
    if names.is_empty() { NOTHING.to_owned() } else { names.join(",") }
}

fn or_nothing(text: String) -> String {
    if text.is_empty() { NOTHING.to_owned() } else { text }
}

fn classes(statuses: &[ObjectStatus]) -> Table {
    let mut table = Table::new(&["NAME", "ACCEPTED", "SUPPORTED-VERSION", "FEATURES"]);
    for ObjectStatus { key, status, .. } in statuses {
        if let Status::GatewayClass(GatewayClassStatus { conditions, supported_features }) = status {
            table.push(vec![
                name_of(key),
                cell(conditions, "Accepted"),
                cell(conditions, "SupportedVersion"),
                supported_features.len().to_string(),
            ]);
        }
    }
    table
}

/// The conditions of objects with listeners that have a column.
const MAIN: &[&str] = &["Accepted", "Programmed", "ResolvedRefs"];

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
        let mut row = vec![key.namespace.clone(), name_of(key), or_nothing(addresses)];
        row.extend(MAIN.iter().map(|kind| cell(conditions, kind)));
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
            let mut row = vec![key.namespace.clone(), name_of(key), name.clone(), or_nothing(kinds)];
            row.push(attached_routes.to_string());
            row.extend(MAIN.iter().map(|kind| cell(conditions, kind)));
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
            let mut row = vec![key.namespace.clone(), name_of(key), parent];
            row.extend(["Accepted", "ResolvedRefs"].map(|kind| cell(conditions, kind)));
            if which == Parents::Routes {
                row.push(cell(conditions, "PartiallyInvalid"));
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
            let mut row = vec![key.namespace.clone(), name_of(key), ancestor];
            row.extend(["Accepted", "ResolvedRefs"].map(|kind| cell(conditions, kind)));
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

fn meshes(statuses: &[ObjectStatus]) -> Table {
    let mut table = Table::new(&["NAME", "ACCEPTED", "PROGRAMMED"]);
    for ObjectStatus { key, status, .. } in statuses {
        if let Status::Conditions(status) = status {
            let conditions = &status.conditions;
            table.push(vec![name_of(key), cell(conditions, "Accepted"), cell(conditions, "Programmed")]);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_lines_have_no_end() {
        let mut table = Table::new(&["NAME", "B"]);
        table.push(vec!["é".to_owned(), "x".to_owned()]);
        table.push(vec!["longer".to_owned(), String::new()]);
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "NAME     B\né        x\nlonger\n");
    }
}
