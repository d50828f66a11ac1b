//! Why a field of an Upstream cannot be honoured.

use crate::diagnostics::FieldPath;

/// A field that cannot be honoured, and why.
pub(super) struct Refused {
    pub(super) path: FieldPath,
    pub(super) message: String,
    pub(super) help: &'static str,
}

/// A field that is not translated.
pub(super) fn untranslated(path: FieldPath) -> Refused {
    let message = format!("`{path}` is not translated");
    Refused { path, message, help: "remove the field, or refer to a Service or an XBackend in place of the Upstream" }
}

/// A value that means nothing.
pub(super) fn unusable(path: FieldPath, why: &str, help: &'static str) -> Refused {
    Refused { message: format!("`{path}` {why}"), path, help }
}
