//! An object as a cluster would show it: as it is written, with the status that is computed.

use std::io;

use serde_json::Value;

use crate::cli::view::View;
use crate::parser::manifests::ObjectHead;
use crate::parser::shown::shown;

/// The object.
///
/// # Errors
/// None that an object of the input can cause; the serializer's are handed on.
pub(super) fn of(view: &View<'_, '_>, head: &ObjectHead) -> io::Result<Value> {
    let manifests = &view.compilation.manifests;
    let status = view.status(&head.key()).map(|status| status.to_json()).transpose()?;
    let Some(mut value) = shown(manifests, &view.locator, head) else {
        return Err(io::Error::other(format!("{} cannot be read again", head.key().to_ref())));
    };
    if let (Some(fields), Some(Value::Object(mut own))) = (value.as_object_mut(), status) {
        fields.extend(own.remove("status").map(|status| ("status".to_owned(), status)));
    }
    Ok(value)
}
