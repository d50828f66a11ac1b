//! Definitions of objects in whose place others count: which one a cluster has is not known from the order of files.

use std::collections::{BTreeMap, BTreeSet};

use super::values::{AllLeft, Left, Values};
use crate::diagnostics::{FieldPath, Subject};
use crate::parser::manifests::{ObjectHead, ObjectKey};

const REASON: &str = "another definition of it counts (GW8007): what this one declares is not compared";

const REFUSED: &str = "its errors keep it from being a backend, whatever else it says";

/// Adds the definitions that do not count and say something else than the one that does.
pub(super) fn add(values: &Values<'_>, left: &mut AllLeft) {
    let manifests = &values.compilation.manifests;
    if manifests.overridden.is_empty() {
        return;
    }
    let keys: BTreeSet<&ObjectKey> = manifests.overridden.iter().map(|(key, _)| key).collect();
    let counting = manifests.heads().into_iter().map(|head| (head.key(), head));
    let counting: BTreeMap<ObjectKey, &ObjectHead> = counting.filter(|(key, _)| keys.contains(key)).collect();
    for (key, position) in &manifests.overridden {
        let location = position.at(&FieldPath::ROOT);
        let content = values.content_of(key.kind, &location);
        let winner = counting.get(key).map(|head| head.at(&FieldPath::ROOT));
        if winner.is_some_and(|winner| values.content_of(key.kind, &winner) == content) {
            continue;
        }
        let one = Left { content, location, reason: REASON.to_owned(), is_unknown: true };
        left.entry(Subject::Object(key.to_ref()).to_string()).or_default().push(one);
    }
}

/// Adds the Services that the API server refuses: what they say as far as they can be read is judged, and no backend stands
/// for it.
pub(super) fn add_refused_services(values: &Values<'_>, left: &mut AllLeft) {
    let services = &values.compilation.manifests.services;
    for service in services.iter().filter(|service| service.refusal.is_some() && !service.position.context) {
        let (key, location) = (service.key(), service.at(&FieldPath::ROOT));
        let subject = Subject::Object(key.to_ref()).to_string();
        let content = values.content_of(key.kind, &location);
        let known = left.entry(subject).or_default();
        if !known.iter().any(|one| one.content == content) {
            known.push(Left { content, location, reason: REFUSED.to_owned(), is_unknown: true });
        }
    }
}
