//! Fields of messages that rules name as bodies, as Envoy looks for them.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

/// The type of bodies that are no JSON.
const HTTP_BODY: &str = "google.api.HttpBody";

/// Whether requests can have a body for this field; `*` is the whole message.
pub(super) fn check_body(message: &MessageDescriptor, body: &str) -> Result<(), String> {
    match body {
        "" | "*" => Ok(()),
        path => find(message, path).map(|_| ()),
    }
}

/// Whether an answer can be this field alone.
pub(super) fn check_response(message: &MessageDescriptor, body: &str) -> Result<(), String> {
    if body.is_empty() {
        return Ok(());
    }
    let field = find(message, body)?;
    match field.kind() {
        Kind::Message(kind) if kind.full_name() == HTTP_BODY => Ok(()),
        _ => Err(format!("`response_body` can name a field of type `{HTTP_BODY}` alone, and `{body}` is none")),
    }
}

fn find(message: &MessageDescriptor, path: &str) -> Result<FieldDescriptor, String> {
    let mut message = message.clone();
    let mut steps = path.split('.').peekable();
    loop {
        let step = steps.next().unwrap_or_default();
        let field = message.get_field_by_name(step).or_else(|| message.get_field_by_json_name(step));
        let none = || format!("message `{}` has no field `{}`", message.full_name(), step.escape_debug());
        let field = field.ok_or_else(none)?;
        if steps.peek().is_none() {
            return Ok(field);
        }
        message = match field.kind() {
            Kind::Message(inner) => inner,
            _ => return Err(format!("field `{step}` is no message that could have fields")),
        };
    }
}
