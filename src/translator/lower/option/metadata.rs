//! `envoyMetadata`: what filters and logs are told of a rule.

use std::sync::Arc;

use serde_json::Value;

use crate::diagnostics::{FieldPath, Finding};
use crate::parser::api::OptionMetadata;
use crate::path;

use super::part::{Part, Place};

/// From here on the proxy does not hold every integer: its numbers are those of JavaScript. This one may be what is left of
/// the next, and all numbers of this size are whole.
const LEAST_INEXACT: f64 = 9_007_199_254_740_992.0;

pub(super) fn lower(place: Place<'_>, said: OptionMetadata) -> Result<Part, Box<Finding>> {
    for (reader, fields) in &said {
        let wrong = if reader.is_empty() {
            let message = "what is told has no name".to_owned();
            Some((path![], message, "write the name of who reads it in place of `\"\"`"))
        } else if fields.is_object() {
            find_inexact(fields).map(|(at, number)| (at, inexact(&number), "write the number as a text"))
        } else {
            let message = format!("what `{reader}` is told is no list of fields");
            Some((path![], message, "write fields with their values"))
        };
        if let Some((at, message, help)) = wrong {
            return Err(place.refuse(&path![reader.to_owned()].join(&at), message, help));
        }
    }
    Ok(if said.is_empty() { Part::Nothing } else { Part::Metadata(Arc::new(said.into_iter().collect())) })
}

/// What is said of a number that the proxy may not hold.
pub(in crate::translator::lower) fn inexact(number: &str) -> String {
    format!("the proxy does not hold every number as large as `{number}` exactly")
}

/// The first number that may be another one in the proxy, and where it is.
pub(in crate::translator::lower) fn find_inexact(value: &Value) -> Option<(FieldPath, String)> {
    match value {
        Value::Number(number) => {
            let is_inexact = number.as_f64().is_none_or(|size| size.abs() >= LEAST_INEXACT);
            is_inexact.then(|| (path![], number.to_string()))
        }
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| find_inexact(item).map(|(tail, number)| (path![index].join(&tail), number)))
        }
        Value::Object(fields) => {
            let mut found = fields.iter().filter_map(|(name, value)| Some((name, find_inexact(value)?)));
            found.next().map(|(name, (tail, number))| (path![name.to_owned()].join(&tail), number))
        }
        Value::Null | Value::Bool(_) | Value::String(_) => None,
    }
}
