//! What is declared and not even resolved. What the resolver has is judged or
//! left out by the analyses.

use crate::diagnostics::{Diagnostics, Location, Omission, Subject, Unjudged};
use crate::parser::manifests::Position;

use super::Resolved;

/// Notes what of the input is not resolved.
pub(super) fn note(resolved: &Resolved<'_>, diagnostics: &mut Diagnostics) {
    // Objects that the API server would refuse, and what of them could not be decoded.
    let manifests = resolved.manifests;
    let mut refused: Vec<_> = manifests.refused.iter().collect();
    refused.sort_by_key(|(key, _)| *key);
    for (key, Position { document, base, context: _ }) in refused {
        let (subject, location) = (Subject::Object(key.to_ref()), Location::field(*document, base.clone()));
        diagnostics.leave(Unjudged { subject, location, reason: Omission::Undecoded });
    }
    for (key, path, location) in manifests.missing_parts() {
        let subject = Subject::Part(key.to_ref(), path);
        diagnostics.leave(Unjudged { subject, location, reason: Omission::Undecoded });
    }
    for (key, path, location) in manifests.repeated_parts() {
        let subject = Subject::Part(key.to_ref(), path);
        diagnostics.leave(Unjudged { subject, location, reason: Omission::Repeated });
    }
}
