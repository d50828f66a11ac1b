//! The changes: one thing at a time, anywhere in a document.

use gwctl::options::Channel;
use gwctl::parser::schema::{Field, Integer, Text, Type, schemas};

use super::tree::{Path, Step, Tree};

/// What is done to the value at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Edit {
    /// The key or the item goes.
    Remove,
    /// The key gets another letter.
    Rename,
    /// The key comes twice.
    RepeatKey,
    /// The item comes twice.
    RepeatItem,
    /// The item changes places with the next one.
    SwapItems,
    /// The value becomes null.
    Empty,
    /// The value becomes one of another type.
    Retype(&'static str),
    /// The number becomes this one.
    Number(i64),
    /// The string becomes this one.
    Text(&'static str),
    /// The string becomes very long.
    TooLong,
    /// The string goes on with `x`, the number grows by 1, the boolean turns round.
    Other,
    /// The string becomes another value of its enumeration.
    OtherChoice,
    /// The object goes.
    RemoveObject,
    /// The object comes twice.
    RepeatObject,
}

/// Values of every type, as they are written.
const RETYPED: &[&str] = &["7", "1.5", "true", "word", "[]", "{}"];
const NUMBERS: &[i64] = &[-1, 0, 65_536, 2_147_483_648, 99_999_999_999];
/// A name that nothing has, a value that no form and no enumeration has, and none at all.
pub(super) const NOBODY: &str = "nobody-here";
pub(super) const BOGUS: &str = "Bogus Value!";
const TEXTS: &[&str] = &[NOBODY, BOGUS, ""];
const TOO_LONG: usize = 5000;

/// An object of a document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'t> {
    pub(super) tree: &'t Tree,
}

impl Subject<'_> {
    pub(super) fn kind(&self) -> &str {
        self.tree.get("kind").map_or("", Tree::text)
    }

    pub(super) fn name(&self) -> &str {
        self.tree.get("metadata").and_then(|metadata| metadata.get("name")).map_or("", Tree::text)
    }

    pub(super) fn namespace(&self) -> &str {
        self.tree.get("metadata").and_then(|metadata| metadata.get("namespace")).map_or("default", Tree::text)
    }

    /// Whether the object is one whose every field is known.
    pub(super) fn is_strict(&self) -> bool {
        let version = self.tree.get("apiVersion").map_or("", Tree::text);
        ["gateway.networking.k8s.io/", "gateway.networking.x-k8s.io/"].iter().any(|group| version.starts_with(group))
    }

    /// The row of the schema for a path below `spec`.
    pub(super) fn row(&self, path: &[Step]) -> Option<Row> {
        let version = self.tree.get("apiVersion").map_or("", Tree::text);
        let schema = schemas().iter().find(|schema| {
            schema.kind.name() == self.kind() && version == format!("{}/{}", schema.kind.group(), schema.version)
        })?;
        let [Step::Key(first), rest @ ..] = path else { return None };
        if first != "spec" {
            return None;
        }
        let mut row = Row { ty: Type::Object(schema.spec), field: None };
        for step in rest {
            row = match (row.ty, step) {
                (Type::Object(shape), Step::Key(name)) => {
                    let (_, field) = shape.field(name, Channel::Experimental)?;
                    Row { ty: field.ty, field: Some(field) }
                }
                (Type::List(list), Step::Item(_)) => Row { ty: list.items, field: None },
                (Type::Map(map), Step::Key(_)) => Row { ty: map.values, field: None },
                _ => return None,
            };
        }
        Some(row)
    }
}

/// What the schema says about a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) ty: Type,
    /// The field, unless the value is an item or has a free key.
    pub(super) field: Option<&'static Field>,
}

impl Row {
    /// Whether the API server refuses a string here.
    pub(super) fn refuses_text(&self, text: &str) -> bool {
        let Type::Text(Text { min, max, pattern, values }) = self.ty else { return false };
        let length = text.chars().count();
        length < min
            || max.is_some_and(|max| length > max)
            || pattern.is_some_and(|pattern| !(pattern.matches)(text))
            || !(values.is_empty() || values.contains(&text))
    }

    /// Whether the API server refuses a number here.
    pub(super) fn refuses_number(&self, number: i64) -> bool {
        let Type::Integer(Integer { min, max, is_32_bit, values }) = self.ty else { return false };
        !(min..=max).contains(&number)
            || (is_32_bit && i32::try_from(number).is_err())
            || !(values.is_empty() || values.contains(&number))
    }

    /// Whether the API server refuses a value written like this because of its type.
    pub(super) fn refuses_type(&self, written: &str) -> bool {
        let fits = match self.ty {
            Type::Text(_) => written == "word",
            Type::Integer(_) => written == "7",
            Type::Boolean => written == "true",
            Type::Number | Type::Quantity => written == "7",
            Type::IntOrText => matches!(written, "7" | "word"),
            Type::Any => true,
            Type::List(_) => written == "[]",
            Type::Map(_) | Type::Object(_) => written == "{}",
        };
        !fits
    }
}

/// Every edit that can be made at a path.
pub(super) fn edits(subject: Subject<'_>, path: &[Step]) -> Vec<Edit> {
    let Some(value) = subject.tree.at(path) else { return Vec::new() };
    let mut edits = vec![Edit::Remove, Edit::Empty];
    match path.last() {
        Some(Step::Key(_)) => edits.extend([Edit::Rename, Edit::RepeatKey]),
        Some(Step::Item(_)) => edits.extend([Edit::RepeatItem, Edit::SwapItems]),
        None => {}
    }
    edits.extend(RETYPED.iter().copied().filter(|written| *written != type_of(value)).map(Edit::Retype));
    match value {
        Tree::Text(text) => {
            edits.extend(TEXTS.iter().filter(|other| *other != text).map(|text| Edit::Text(text)));
            edits.extend([Edit::TooLong, Edit::Other]);
            let row = subject.row(path);
            if matches!(row, Some(Row { ty: Type::Text(Text { values: [_, _, ..], .. }), .. })) {
                edits.push(Edit::OtherChoice);
            }
        }
        Tree::Bare(text) if text.parse::<i64>().is_ok() => {
            edits.extend(
                NUMBERS.iter().filter(|number| number.to_string() != *text).map(|number| Edit::Number(*number)),
            );
            edits.push(Edit::Other);
        }
        Tree::Bare(text) if matches!(text.as_str(), "true" | "false") => edits.push(Edit::Other),
        _ => {}
    }
    if path == [Step::Key("kind".to_owned())] {
        edits.extend([Edit::RemoveObject, Edit::RepeatObject]);
    }
    edits
}

/// The value of [`RETYPED`] that has the type of `value`.
fn type_of(value: &Tree) -> &'static str {
    match value {
        Tree::Map(_) => "{}",
        Tree::List(_) => "[]",
        Tree::Text(_) => "word",
        Tree::Bare(text) if matches!(text.as_str(), "true" | "false") => "true",
        Tree::Bare(text) if text.parse::<i64>().is_ok() => "7",
        Tree::Bare(_) => "1.5",
    }
}

/// Makes an edit in one of `documents`; `None` when there is nothing to do.
pub(super) fn apply(documents: &mut Vec<Tree>, document: usize, path: &Path, edit: Edit) -> Option<()> {
    match edit {
        Edit::RemoveObject => {
            documents.remove(document);
            return Some(());
        }
        Edit::RepeatObject => {
            let copy = documents.get(document)?.clone();
            documents.insert(document, copy);
            return Some(());
        }
        _ => {}
    }
    let tree = documents.get_mut(document)?;
    let choice = Subject { tree }.row(path);
    let (last, parents) = path.split_last()?;
    let parent = tree.at_mut(parents)?;
    match (edit, parent, last) {
        (Edit::Remove, Tree::Map(entries), Step::Key(key)) => entries.retain(|(name, _)| name != key),
        (Edit::Remove, Tree::List(items), Step::Item(index)) => drop(items.remove(*index)),
        (Edit::Rename, Tree::Map(entries), Step::Key(key)) => {
            entries.iter_mut().find(|(name, _)| name == key)?.0.push('X');
        }
        (Edit::RepeatKey, Tree::Map(entries), Step::Key(key)) => {
            let copy = entries.iter().find(|(name, _)| name == key)?.clone();
            entries.push(copy);
        }
        (Edit::RepeatItem, Tree::List(items), Step::Item(index)) => {
            let copy = items.get(*index)?.clone();
            items.insert(*index, copy);
        }
        (Edit::SwapItems, Tree::List(items), Step::Item(index)) => {
            items.get(index + 1).filter(|next| items.get(*index) != Some(*next))?;
            items.swap(*index, index + 1);
        }
        (_, parent, last) => {
            let value = parent.at_mut(std::slice::from_ref(last))?;
            *value = replacement(value, edit, choice)?;
        }
    }
    Some(())
}

fn replacement(value: &Tree, edit: Edit, row: Option<Row>) -> Option<Tree> {
    Some(match (edit, value) {
        (Edit::Empty, _) => Tree::Bare("null".to_owned()),
        (Edit::Retype("word"), _) => Tree::Text("word".to_owned()),
        (Edit::Retype(written), _) => Tree::Bare(written.to_owned()),
        (Edit::Number(number), _) => Tree::Bare(number.to_string()),
        (Edit::Text(text), _) => Tree::Text(text.to_owned()),
        (Edit::TooLong, _) => Tree::Text("a".repeat(TOO_LONG)),
        (Edit::Other, Tree::Text(text)) => Tree::Text(format!("{text}x")),
        (Edit::Other, Tree::Bare(text)) => Tree::Bare(match text.as_str() {
            "true" => "false".to_owned(),
            "false" => "true".to_owned(),
            number => (number.parse::<i64>().ok()? + 1).to_string(),
        }),
        (Edit::OtherChoice, Tree::Text(text)) => {
            let Type::Text(Text { values, .. }) = row?.ty else { return None };
            let place = values.iter().position(|value| value == text)?;
            Tree::Text((*values.get((place + 1) % values.len())?).to_owned())
        }
        _ => return None,
    })
}
