//! The tables of `gwctl status`: one for each group of kinds, with columns as
//! cluster tools align them.
//!
//! A cell of a condition is its status, and the reason where that says more
//! than the condition's own name.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::diagnostics::style::Style;
use crate::diagnostics::{ConditionKind, ConditionStatus};
use crate::parser::manifests::{Kind, ObjectKey};
use crate::status::{
    GatewayClassStatus, GatewayStatus, GlooState, GlooStatus, ListenerSetStatus, ListenerStatus, MeshStatus,
    ObjectStatus, Status, StatusCondition, StatusReference,
};

/// The spaces between two columns.
const GAP: usize = 3;
/// The condition that is no good news when it is true.
const PARTIALLY_INVALID: ConditionKind = ConditionKind::PartiallyInvalid;
/// The condition of a listener whose place another one has.
const CONFLICTED: ConditionKind = ConditionKind::Conflicted;
/// What stands in a cell with nothing to say.
const NOTHING: &str = "<none>";

/// The columns of a terminal that nobody has widened.
const WIDTH: usize = 80;
/// What stands before the lines of a row that is too wide for one.
const INDENT: usize = 3;
/// How many columns name the object of a row.
const NAMES: usize = 2;

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cell {
    text: String,
    /// How it stands out from the others.
    style: Option<Style>,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), style: None }
    }
}

impl Cell {
    fn width(&self) -> usize {
        self.text.chars().count()
    }

    fn painted(&self, is_colored: bool) -> Cow<'_, str> {
        self.style.map_or(Cow::Borrowed(&*self.text), |style| Cow::Owned(style.paint(&self.text, is_colored)))
    }
}

/// A table under a header.
struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new() }
    }

    fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.header.len());
        self.rows.push(row);
    }

    fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes the columns side by side where they fit, and else the rows below each other: nothing is left out.
    fn write(&self, is_colored: bool, out: &mut dyn Write) -> io::Result<()> {
        let header: Vec<Cell> = self.header.iter().map(|&title| title.into()).collect();
        let lines = || std::iter::once(&header).chain(&self.rows);
        let widths = |columns: usize| -> Vec<usize> {
            let width = |column: usize| lines().map(|row| row[column].width()).max().unwrap_or_default();
            (0..columns).map(width).collect()
        };
        let all = widths(self.header.len());
        let gaps = GAP * all.len().saturating_sub(1);
        if all.iter().sum::<usize>() + gaps <= WIDTH {
            return lines().try_for_each(|row| write_side_by_side(row, &all, is_colored, out));
        }
        let names = widths(NAMES.min(self.header.len()));
        write_side_by_side(&header[..names.len()], &names, is_colored, out)?;
        self.rows.iter().try_for_each(|row| self.write_below(row, &names, is_colored, out))
    }

    /// The names of the object, and below them each further cell behind its title.
    fn write_below(&self, row: &[Cell], names: &[usize], is_colored: bool, out: &mut dyn Write) -> io::Result<()> {
        let (own, further) = row.split_at(names.len());
        if names.iter().sum::<usize>() + GAP * names.len().saturating_sub(1) <= WIDTH {
            write_side_by_side(own, names, is_colored, out)?;
        } else {
            own.iter().try_for_each(|cell| write_broken(&cell.text, 0, out))?;
        }
        let mut line = Line::default();
        for (title, cell) in self.header[names.len()..].iter().zip(further) {
            if cell.text == NOTHING {
                continue;
            }
            let width = title.chars().count() + 2 + cell.width();
            if INDENT + width > WIDTH {
                line.end(out)?;
                write_broken(&format!("{title}: {}", cell.text), INDENT, out)?;
                continue;
            }
            if line.width + width > WIDTH {
                line.end(out)?;
            }
            line.add(&format!("{title}: {}", cell.painted(is_colored)), width);
        }
        line.end(out)
    }
}

/// Items side by side, as many as fit.
#[derive(Default)]
struct Line {
    text: String,
    /// The columns that the text and the gap behind it take.
    width: usize,
}

impl Line {
    fn add(&mut self, item: &str, width: usize) {
        let gap = if self.text.is_empty() { INDENT } else { GAP };
        self.text.extend(std::iter::repeat_n(' ', gap));
        self.text.push_str(item);
        self.width = if self.width == 0 { INDENT } else { self.width } + width + GAP;
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let Self { text, .. } = std::mem::take(self);
        if text.is_empty() { Ok(()) } else { writeln!(out, "{text}") }
    }
}

fn write_side_by_side(row: &[Cell], widths: &[usize], is_colored: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut line = String::new();
    let mut gap = 0;
    for (cell, width) in row.iter().zip(widths).filter(|(cell, _)| !cell.text.is_empty()) {
        line.extend(std::iter::repeat_n(' ', gap));
        line.push_str(&cell.painted(is_colored));
        gap = width - cell.width() + GAP;
    }
    writeln!(out, "{line}")
}

/// A text that is longer than a line, in several.
fn write_broken(text: &str, indent: usize, out: &mut dyn Write) -> io::Result<()> {
    let characters: Vec<char> = text.chars().collect();
    for part in characters.chunks(WIDTH - indent) {
        writeln!(out, "{}{}", " ".repeat(indent), part.iter().collect::<String>())?;
    }
    Ok(())
}

/// Writes all tables that have rows, with an empty line between two.
pub(super) fn write(statuses: &[ObjectStatus], is_colored: bool, out: &mut dyn Write) -> io::Result<()> {
    let tables = [
        classes(statuses),
        gateways(statuses),
        listeners(statuses),
        parents(statuses, Parents::Routes),
        ancestors(statuses),
        parents(statuses, Parents::Backends),
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

/// The cell of a condition.
fn cell(conditions: &[StatusCondition], kind: ConditionKind) -> Cell {
    let Some(condition) = conditions.iter().find(|condition| condition.kind == kind) else {
        return NOTHING.into();
    };
    let style = match condition.status {
        ConditionStatus::True if kind != PARTIALLY_INVALID => None,
        ConditionStatus::False => Some(Style::Red),
        _ => Some(Style::Yellow),
    };
    let text = match condition.is_true() && condition.reason.as_str() == condition.kind.as_str() {
        true => condition.status.to_string(),
        false => format!("{} ({})", condition.status, condition.reason),
    };
    Cell { text, style }
}

/// The conditions that are there only when they are true, by name.
fn further(conditions: &[StatusCondition], shown: &[ConditionKind]) -> Cell {
    let others = conditions.iter().filter(|condition| !shown.contains(&condition.kind));
    let kinds: Vec<_> = others.map(|condition| condition.kind).collect();
    let style = kinds.contains(&CONFLICTED).then_some(Style::Red);
    let names: Vec<_> = kinds.into_iter().map(ConditionKind::as_str).collect();
    Cell { text: or_nothing(names.join(",")), style }
}

fn or_nothing(text: String) -> String {
    if text.is_empty() { NOTHING.to_owned() } else { text }
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

/// Options and Upstreams of Gloo Gateway, one row for each that says something of an object.
fn states(statuses: &[ObjectStatus]) -> Table {
    let mut table = Table::new(&["NAMESPACE", "NAME", "STATE"]);
    for ObjectStatus { key, status, .. } in statuses {
        let Status::Gloo(GlooStatus { statuses }) = status else { continue };
        let cells = statuses.values().map(|one| {
            let style = match one.state {
                GlooState::Accepted | GlooState::Pending => None,
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

#[cfg(test)]
mod tests {
    use super::{Cell, Style, Table, WIDTH};

    fn written(table: &Table, is_colored: bool) -> String {
        let mut out = Vec::new();
        table.write(is_colored, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_lines_have_no_end() {
        let mut table = Table::new(&["NAME", "B"]);
        table.push(vec!["é".into(), "x".into()]);
        table.push(vec!["longer".into(), "".into()]);
        assert_eq!(written(&table, false), "NAME     B\né        x\nlonger\n");
    }

    #[test]
    fn what_does_not_fit_stands_below_and_nothing_is_lost() {
        let mut table = Table::new(&["NAMESPACE", "NAME", "PARENT", "ACCEPTED", "OTHER"]);
        let (name, parent) = ("n".repeat(60), "p".repeat(200));
        let accepted = Cell { text: "False (NoMatchingListenerHostname)".to_owned(), style: Some(Style::Red) };
        table.push(vec!["a".into(), name.as_str().into(), parent.as_str().into(), accepted, "<none>".into()]);
        let text = written(&table, false);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        let joined: String = text.split_whitespace().collect();
        for part in [name.as_str(), &format!("PARENT:{parent}"), "ACCEPTED:False(NoMatchingListenerHostname)"] {
            assert!(joined.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("OTHER"), "{text}");
        // Colours take no room.
        let colored = written(&table, true);
        assert!(colored.contains("\u{1b}[1;31mFalse (NoMatchingListenerHostname)\u{1b}[0m"), "{colored}");
        assert_eq!(colored.replace("\u{1b}[1;31m", "").replace("\u{1b}[0m", ""), text);
    }

    #[test]
    fn what_is_false_is_red_beside_other_columns_too() {
        let mut table = Table::new(&["NAME", "ACCEPTED"]);
        table.push(vec!["a".into(), Cell { text: "False (Invalid)".to_owned(), style: Some(Style::Red) }]);
        assert_eq!(written(&table, true), "NAME   ACCEPTED\na      \u{1b}[1;31mFalse (Invalid)\u{1b}[0m\n");
    }
}
