//! What is asked for of a cluster or of connections, in words that are equal where it is: the settings as they are printed elsewhere, those
//! that are left out left out.

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::masked::header_value;

/// The settings as the end of a sentence; nothing where none is asked for.
pub(super) fn in_words(settings: &impl Serialize) -> String {
    sentence(settings, &header_value)
}

/// The same of settings in which nothing says who somebody is.
pub(super) fn in_words_of_masked(settings: &impl Serialize) -> String {
    sentence(settings, &|_, value| Cow::Borrowed(value))
}

fn sentence(settings: &impl Serialize, show: &Show) -> String {
    let mut words = Vec::new();
    match serde_json::to_value(settings) {
        Ok(value) => flatten(&value, String::new(), (None, show), &mut words),
        // They are plain values, all of which can be printed.
        Err(error) => words.push(error.to_string()),
    }
    words.iter().map(|word| format!(", {word}")).collect()
}

/// What is shown of the value of a header of this name.
type Show = dyn for<'v> Fn(&str, &'v str) -> Cow<'v, str>;

/// Adds a value; one of a header, whose name is given, as reports may show it.
fn flatten(value: &Value, name: String, (header, show): (Option<&str>, &Show), words: &mut Vec<String>) {
    let below = |step: &str| if name.is_empty() { step.to_owned() } else { format!("{name} {step}") };
    match value {
        Value::Null => {}
        Value::Object(fields) => match duration(value) {
            Some(length) => words.push(format!("{name} {length:?}")),
            None => {
                let known = words.len();
                let header = fields.get("name").and_then(Value::as_str).or(header);
                fields.iter().for_each(|(field, value)| {
                    let header = header.filter(|_| field != "name");
                    flatten(value, below(&field.replace('_', " ")), (header, show), words);
                });
                // What asks for nothing more is asked for all the same: what is not asked for is not printed.
                if words.len() == known && !name.is_empty() {
                    words.push(name);
                }
            }
        },
        Value::Array(items) => {
            // A name and its value.
            let named = match items.as_slice() {
                [Value::String(named), Value::String(_)] => Some(named.as_str()),
                _ => None,
            };
            items.iter().enumerate().for_each(|(index, value)| {
                let header = named.filter(|_| index == 1).or(header);
                flatten(value, below(&index.to_string()), (header, show), words);
            });
        }
        Value::String(text) => {
            let shown = header.map_or(Cow::Borrowed(text.as_str()), |header| show(header, text));
            words.push(format!("{name} {shown}"));
        }
        other => words.push(format!("{name} {other}")),
    }
}

/// A length of time, as it is serialised.
fn duration(value: &Value) -> Option<Duration> {
    let fields = value.as_object().filter(|fields| fields.len() == 2)?;
    let nanos = fields.get("nanos")?.as_u64()?.try_into().ok()?;
    Some(Duration::new(fields.get("secs")?.as_u64()?, nanos))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::in_words;
    use crate::ir::{Balancing, Choice, ClusterSettings, Connections, Keepalive, Limits, Outliers};

    #[test]
    fn settings_that_are_asked_for_are_told() {
        assert_eq!(in_words(&ClusterSettings::default()), "");
        let settings = ClusterSettings {
            weights: vec![1, 3],
            limits: Limits { connections: Some(5), ..Limits::default() },
            connections: Connections { timeout: Some(Duration::from_millis(1500)), ..Connections::default() },
            ..ClusterSettings::default()
        };
        assert_eq!(in_words(&settings), ", connections timeout 1.5s, limits connections 5, weights 0 1, weights 1 3");
    }

    #[test]
    fn credentials_are_digests() {
        let headers = serde_json::json!({
            "early": [{"name": "authorization", "existing": {"Replaced": "Basic abc"}}, {"name": "x-a", "added": ["b"]}],
            "collector": [["x-api-key", "abc"], ["x-b", "c"]],
        });
        let words = in_words(&headers);
        assert!(!words.contains("abc") && words.contains("name authorization"), "{words}");
        assert!(words.contains("added 0 b") && words.contains("collector 1 1 c"), "{words}");
    }

    #[test]
    fn settings_that_are_on_with_nothing_more_are_told() {
        let settings = ClusterSettings {
            balancing: Balancing { choice: Some(Choice::RingHash { least: None, most: None }), ..Balancing::default() },
            outliers: Some(Outliers::default()),
            connections: Connections { keepalive: Some(Keepalive::default()), ..Connections::default() },
            ..ClusterSettings::default()
        };
        assert_eq!(in_words(&settings), ", balancing choice RingHash, connections keepalive, outliers");
    }
}
