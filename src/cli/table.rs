//! Tables for people: columns as cluster tools align them, and the cells of conditions.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::diagnostics::escape::for_terminal;
use crate::diagnostics::style::Style;
use crate::diagnostics::{ConditionKind, ConditionStatus};
use crate::status::StatusCondition;

/// The spaces between two columns.
const GAP: usize = 3;
/// The condition that is no good news when it is true.
pub(super) const PARTIALLY_INVALID: ConditionKind = ConditionKind::PartiallyInvalid;
/// What stands in a cell with nothing to say.
pub(super) const NOTHING: &str = "<none>";

/// The columns of a terminal that nobody has widened.
const WIDTH: usize = 80;
/// What stands before the lines of a row that is too wide for one.
const INDENT: usize = 3;
/// How many columns name the object of a row.
const NAMES: usize = 2;

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    /// How it stands out from the others.
    pub(super) style: Option<Style>,
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
pub(super) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(super) fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new() }
    }

    pub(super) fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.header.len());
        self.rows.push(row);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The titles of the columns.
    pub(super) fn header(&self) -> &[&'static str] {
        &self.header
    }

    pub(super) fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }

    /// Writes the columns side by side where they fit, and else the rows below each other: nothing is left out.
    pub(super) fn write(&self, is_colored: bool, out: &mut dyn Write) -> io::Result<()> {
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

    /// Writes each row in one line behind an indentation, however long that is, whatever its cells hold.
    pub(super) fn write_lines(&self, indent: usize, is_colored: bool, out: &mut dyn Write) -> io::Result<()> {
        let header: Vec<Cell> = self.header.iter().map(|&title| title.into()).collect();
        let shown = |cell: &Cell| Cell { text: for_terminal(&cell.text).into_owned(), style: cell.style };
        let lines: Vec<Vec<Cell>> =
            std::iter::once(&header).chain(&self.rows).map(|row| row.iter().map(shown).collect()).collect();
        let width = |column: usize| lines.iter().map(|row| row[column].width()).max().unwrap_or_default();
        let widths: Vec<usize> = (0..header.len()).map(width).collect();
        lines.iter().try_for_each(|row| {
            write!(out, "{}", " ".repeat(indent))?;
            write_side_by_side(row, &widths, is_colored, out)
        })
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

/// The cell of a condition.
pub(super) fn cell(conditions: &[StatusCondition], kind: ConditionKind) -> Cell {
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

/// What stands in a cell, also where there is nothing to say.
pub(super) fn or_nothing(text: impl Into<String>) -> String {
    let text = text.into();
    if text.is_empty() { NOTHING.to_owned() } else { text }
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
