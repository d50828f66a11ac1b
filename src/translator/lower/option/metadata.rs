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

pub(super) fn lower(place: Place<'_>, said: &OptionMetadata) -> Result<Part, Box<Finding>> {
    for (reader, fields) in said {
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
            return Err(place.refuse(&path![reader.clone()].join(&at), message, help));
        }
    }
    let metadata = said.clone().into_iter().collect();
    Ok(if said.is_empty() { Part::Nothing } else { Part::Metadata(Arc::new(metadata)) })
}

/// What is said of a number that the proxy may not hold.
pub(super) fn inexact(number: &str) -> String {
    format!("the proxy does not hold every number as large as `{number}` exactly")
}

/// The first number that may be another one in the proxy, and where it is.
pub(super) fn find_inexact(value: &Value) -> Option<(FieldPath, String)> {
    let below =
        |at: FieldPath, found: Option<(FieldPath, String)>| found.map(|(tail, number)| (at.join(&tail), number));
    match value {
        Value::Number(number) => {
            let is_inexact = number.as_f64().is_none_or(|size| size.abs() >= LEAST_INEXACT);
            is_inexact.then(|| (path![], number.to_string()))
        }
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| below(path![index], find_inexact(item)))
        }
        Value::Object(fields) => {
            fields.iter().find_map(|(name, value)| below(path![name.clone()], find_inexact(value)))
        }
        Value::Null | Value::Bool(_) | Value::String(_) => None,
    }
}
