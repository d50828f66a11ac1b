//! Texts of logs, and where what is wrong with logs is told.

use crate::diagnostics::FieldPath;
use crate::options::EnvoyVersion;

use super::faults::Faults;
use super::log_format::first_fault;

/// What is wrong with logs is told here, for a release of Envoy.
pub(super) struct To<'f, 'o> {
    pub(super) faults: &'f mut Faults<'o>,
    pub(super) version: EnvoyVersion,
}

/// A text with operators, all of which Envoy knows.
pub(super) fn with_operators(at: &FieldPath, text: String, to: &mut To<'_, '_>) -> String {
    if let Some(fault) = first_fault(&text, to.version) {
        let message = format!("`{fault}` is no operator that Envoy is known to take");
        to.faults.add(
            at,
            message,
            "write an operator of Envoy's logs, such as `%RESPONSE_CODE%`, or `%%` for a percent sign",
        );
    }
    text
}
