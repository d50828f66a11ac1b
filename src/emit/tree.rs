//! Trees of values that are no Envoy messages, in the same text forms.
//!
//! Stage: emit. Input: a JSON value. Output: one document. Invariant: keys
//! stand in the order of the value, and strings are as safe as those of
//! messages.

use std::io::{self, Write};

use serde_json::Value;

use super::form::{Container, Form};
use super::json::Json;
use super::yaml::Yaml;

/// Writes a value as one YAML document.
///
/// # Errors
/// Those of `out`.
pub fn write_yaml_value(value: &Value, out: &mut dyn Write) -> io::Result<()> {
    write_document(value, Yaml::new(), out)
}

/// Writes a value as indented JSON.
///
/// # Errors
/// Those of `out`.
pub fn write_json_value(value: &Value, out: &mut dyn Write) -> io::Result<()> {
    write_document(value, Json::default(), out)
}

fn write_document(value: &Value, mut form: impl Form, out: &mut dyn Write) -> io::Result<()> {
    write_value(value, &mut form, out)?;
    form.end();
    form.sink().flush(out)
}

fn write_value<F: Form>(value: &Value, form: &mut F, out: &mut dyn Write) -> io::Result<()> {
    match value {
        Value::Null => form.token("null"),
        Value::Bool(value) => form.token(if *value { "true" } else { "false" }),
        Value::Number(number) => form.token(&number.to_string()),
        Value::String(text) => form.text(text),
        Value::Array(items) => {
            form.open(Container::List);
            for item in items {
                form.item(None);
                write_value(item, form, out)?;
            }
            form.close();
        }
        Value::Object(entries) => {
            form.open(Container::Map);
            for (key, value) in entries {
                form.key(key, None);
                write_value(value, form, out)?;
            }
            form.close();
        }
    }
    form.sink().relieve(out)
}

#[cfg(test)]
mod tests {
    use super::{write_json_value, write_yaml_value};

    #[test]
    fn strings_that_readers_take_for_something_else_are_quoted() {
        let value = serde_json::json!({"a": "y", "b": ["True", 3, true, {}], "c": {"d": []}});
        let mut yaml = Vec::new();
        write_yaml_value(&value, &mut yaml).unwrap();
        let text = String::from_utf8(yaml).unwrap();
        assert_eq!(text, "a: \"y\"\nb:\n- \"True\"\n- 3\n- true\n- {}\nc:\n  d: []\n");
        assert_eq!(serde_yaml::from_str::<serde_json::Value>(&text).unwrap(), value);
        let mut json = Vec::new();
        write_json_value(&value, &mut json).unwrap();
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&json).unwrap(), value);
    }
}
