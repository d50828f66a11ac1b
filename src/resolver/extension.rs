//! ExtensionRef filters that name what is not there.

use crate::diagnostics::{Finding, PartPath, codes};
use crate::name::Name;
use crate::parser::manifests::{Kind, Manifests, ObjectHead, ObjectKey};

/// The finding on a filter that names an object of its route's namespace which cannot be looked up; `at` is the name.
pub(super) fn missing_extension(
    route: &ObjectHead,
    at: PartPath,
    (kind, name): (Kind, &Name),
    manifests: &Manifests,
) -> Finding {
    let namespace = &route.metadata.namespace;
    let key = ObjectKey { kind, namespace: namespace.clone(), name: name.clone() };
    let noun = kind.name();
    let message = format!("{noun} `{namespace}/{name}` {}", manifests.absence(&key));
    let finding = route.finding(codes::EXTENSION_NOT_FOUND, at, message);
    if manifests.refused.contains_key(&key) {
        return finding.label("cannot be used as it is").help(format!("mend the errors of the {noun} first"));
    }
    finding.label(format!("no such {noun}")).help(match manifests.likely(kind, namespace, name) {
        Some(likely) => likely.help(noun, name),
        None => format!("add the {noun} to the input"),
    })
}
