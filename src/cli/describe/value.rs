//! A description for programs: the same keys and columns, in one form of letters. Texts of several lines are written as
//! such, where the guard of outputs, which sees lines, knows no key; so they are without keys before.

use serde_json::{Map, Value, json};

use super::text::{self, Key, Section};
use crate::cli::table::{NOTHING, Table};
use crate::private_key::without_keys;

/// The version of the form. What is there keeps its name and its meaning while this stays.
const VERSION: u32 = 1;

/// Columns that hold numbers, unless what is there has none.
const NUMBERS: [&str; 8] = ["#", "RULE", "MATCH", "PORT", "TARGET PORT", "WEIGHT", "ROUTES", "OBJECTS"];
/// Columns that hold several, with commas between them.
const LISTS: [&str; 4] = ["LISTENERS", "HOSTS", "ENDPOINTS", "ADDRESSES"];

/// All descriptions that were asked for.
pub(super) fn of_all(sections: &[Section]) -> Value {
    json!({ "version": VERSION, "objects": sections.iter().map(of).collect::<Vec<_>>() })
}

fn of(section: &Section) -> Value {
    let mut fields = Map::new();
    for kind in &section.lists {
        fields.insert(kind.list.to_owned(), Value::Array(Vec::new()));
    }
    for (key, value) in &section.entries {
        match key {
            Key::Own(key) => {
                let before = fields.insert(name(key), of_value(value));
                debug_assert!(before.is_none(), "{key} is there twice");
            }
            Key::OneOf(kind, own) => {
                let mut one = match of_value(value) {
                    Value::Object(fields) => fields,
                    value => Map::from_iter([(kind.value.to_owned(), value)]),
                };
                one.insert(kind.name.to_owned(), own.parse::<u64>().map_or_else(|_| text_of(own), Value::from));
                if let Some(Value::Array(list)) = fields.get_mut(kind.list) {
                    list.push(Value::Object(one));
                }
            }
        }
    }
    Value::Object(fields)
}

fn of_value(value: &text::Value) -> Value {
    match value {
        text::Value::Line(text) if text.is_empty() => Value::Null,
        text::Value::Line(text) => text_of(text),
        text::Value::Number(number) => (*number).into(),
        text::Value::Lines(lines) => lines.iter().map(|line| text_of(line)).collect(),
        text::Value::Pairs(pairs) => {
            let pairs = pairs.iter().map(|(name, value)| (without_keys(name).into_owned(), text_of(value)));
            Value::Object(pairs.collect())
        }
        text::Value::Table(table) => of_table(table),
        text::Value::Section(section) => of(section),
    }
}

/// An object for each row.
fn of_table(table: &Table) -> Value {
    let row = |cells: &Vec<crate::cli::table::Cell>| -> Value {
        table.header().iter().zip(cells).map(|(title, cell)| (name(title), of_cell(title, &cell.text))).collect()
    };
    table.rows().iter().map(row).collect()
}

fn of_cell(title: &str, text: &str) -> Value {
    let is_nothing = text == NOTHING || text.is_empty();
    if LISTS.contains(&title) {
        let items = text.split(',').filter(|_| !is_nothing);
        return items.map(text_of).collect();
    }
    match text.parse::<u64>() {
        _ if is_nothing => Value::Null,
        Ok(number) if NUMBERS.contains(&title) => number.into(),
        _ => text_of(text),
    }
}

fn text_of(text: &str) -> Value {
    without_keys(text).into()
}

/// A key or the title of a column as the name of a field: `RESOLVED-REFS` is `resolvedRefs`.
fn name(key: &str) -> String {
    if key == "#" {
        return "order".to_owned();
    }
    let mut name = String::new();
    for word in key.split([' ', '-']) {
        let lower = word.to_ascii_lowercase();
        match (name.is_empty(), lower.split_at_checked(1)) {
            (false, Some((first, rest))) => {
                name.push_str(&first.to_ascii_uppercase());
                name.push_str(rest);
            }
            _ => name.push_str(&lower),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::{name, of_cell};
    use serde_json::json;

    #[test]
    fn a_title_is_a_name_and_a_cell_a_value() {
        for (key, expected) in [("API Version", "apiVersion"), ("RESOLVED-REFS", "resolvedRefs"), ("#", "order")] {
            assert_eq!(name(key), expected);
        }
        assert_eq!(of_cell("PORT", "80"), json!(80));
        assert_eq!(of_cell("NAME", "80"), json!("80"));
        assert_eq!(of_cell("PORT", "<none>"), json!(null));
        assert_eq!(of_cell("HOSTS", "a.test,*.test"), json!(["a.test", "*.test"]));
        assert_eq!(of_cell("HOSTS", "<none>"), json!([]));
    }
}
