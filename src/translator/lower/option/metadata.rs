//! `envoyMetadata`: what filters and logs are told of a rule.

use std::sync::Arc;

use serde_json::Value;

use crate::diagnostics::{FieldPath, Finding};
use crate::parser::api::OptionMetadata;
use crate::path;

use super::part::{Part, Place};

/// The largest integer up to which the proxy holds every one: its numbers are those of JavaScript.
const MOST_EXACT: u64 = 1 << 53;

pub(super) fn lower(place: Place<'_>, said: &OptionMetadata) -> Result<Part, Box<Finding>> {
    for (reader, fields) in said {
        let wrong = if fields.is_object() {
            let inexact = find_inexact(fields);
            inexact.map(|(at, number)| {
                (at, format!("the proxy cannot hold `{number}` exactly"), "write the number as a text")
            })
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

/// The first integer that the proxy cannot hold, and where it is.
pub(super) fn find_inexact(value: &Value) -> Option<(FieldPath, String)> {
    let below =
        |at: FieldPath, found: Option<(FieldPath, String)>| found.map(|(tail, number)| (at.join(&tail), number));
    match value {
        Value::Number(number) => {
            let size = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs))?;
            (size > MOST_EXACT).then(|| (path![], number.to_string()))
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
