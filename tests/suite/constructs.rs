//! What a configuration is made of: its fields, by their places from the root, with the types of messages and the words
//! and truth values that stand in them. Names, numbers and texts of the input are not part of it.

use std::collections::BTreeSet;

use serde_yaml::Value;

/// The constructs of a bootstrap.
pub(crate) fn of(bootstrap: &str) -> Result<BTreeSet<String>, String> {
    let value = serde_yaml::from_str(bootstrap).map_err(|error| format!("the bootstrap is not YAML: {error}"))?;
    let mut found = BTreeSet::new();
    collect(&value, String::new(), &mut found);
    Ok(found)
}

fn collect(value: &Value, place: String, found: &mut BTreeSet<String>) {
    match value {
        Value::Mapping(entries) => {
            let message = value.get("@type").and_then(Value::as_str).and_then(|url| url.rsplit('.').next());
            let place = message.map_or_else(|| place.clone(), |message| format!("{place}<{message}>"));
            for (key, value) in entries.iter().filter_map(|(key, value)| Some((key.as_str()?, value))) {
                let is_field =
                    key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
                // The keys of some maps are names of the input.
                collect(value, format!("{place}.{}", if is_field { key } else { "*" }), found);
            }
            found.insert(place);
        }
        Value::Sequence(items) => items.iter().for_each(|item| collect(item, place.clone(), found)),
        Value::Bool(value) => {
            found.insert(format!("{place} = {value}"));
        }
        Value::String(text) if is_word(text) => {
            found.insert(format!("{place} = {text}"));
        }
        _ => {
            found.insert(place);
        }
    }
}

/// Whether a text is a word of an enumeration.
fn is_word(text: &str) -> bool {
    text.len() > 1
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Fields, messages and words count, texts and numbers do not.
pub(crate) fn own_test() -> Result<(), String> {
    let text = "a:\n- {b: 1, \"x/y\": x}\n- {b: 2, c: true, d: AUTO}\n- '@type': type.googleapis.com/q.v3.M\n  b: t\n";
    let found = of(text)?;
    let expected = ["", ".a", ".a.*", ".a.b", ".a.c = true", ".a.d = AUTO", ".a<M>", ".a<M>.*", ".a<M>.b"];
    if found.iter().eq(expected.iter()) { Ok(()) } else { Err(format!("{found:?}")) }
}
