//! References whose kind is right and whose group is not: the group is to blame.
//!
//! The core group has no name; people write `core` or `v1` for it.

use crate::diagnostics::{Change, FieldPath, Finding, Fix, Location, Scalar, Segment};
use crate::parser::manifests::Kind;

/// What people write for the core group.
const CORE: [&str; 3] = ["core", "v1", "core/v1"];
/// Groups that hold kinds of Gateway API, or have no name: a kind of another one is a kind of its own.
const OURS: [&str; 3] = ["", "gateway.networking.k8s.io", "gateway.networking.x-k8s.io"];

/// The kind of `candidates` that a reference means when nothing but its group is wrong.
pub(super) fn meant(group: &str, kind: &str, candidates: &[Kind]) -> Option<Kind> {
    let is_slip = CORE.contains(&group) || OURS.contains(&group);
    candidates.iter().copied().find(|candidate| is_slip && candidate.name() == kind && candidate.group() != group)
}

/// A finding on the `kind` of a reference, moved to its `group` when nothing else is wrong.
pub(super) fn blame(mut finding: Finding, (group, kind): (&str, &str), candidates: &[Kind]) -> Finding {
    let Some(meant) = meant(group, kind, candidates) else { return finding };
    finding.path = finding.path.map(group_beside);
    if let Location::Field { document, path, part: _ } = finding.location {
        let path = group_beside(path);
        let change = Change::Set(Scalar::Text(meant.group().to_owned()));
        // Another one than the core group's may be a default, which stands nowhere in the text.
        finding.fix = CORE.contains(&group).then(|| Fix::one(document, path.clone(), change));
        finding.location = Location::field(document, path);
    }
    finding.label(label(meant)).help(help(meant))
}

/// The `group` of the reference whose `kind` a path names.
fn group_beside(FieldPath(mut segments): FieldPath) -> FieldPath {
    if let Some(last) = segments.last_mut() {
        *last = Segment::from("group");
    }
    FieldPath(segments)
}

fn label(meant: Kind) -> String {
    format!("not the group of `{}`", meant.name())
}

/// What to write instead.
fn help(meant: Kind) -> String {
    match meant.group() {
        "" => format!("`group: \"\"` is meant: the group of `{}` has no name", meant.name()),
        group => format!("`group: {group}` is meant"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, meant};

    #[test]
    fn a_group_that_stands_for_core_is_a_slip_and_another_one_is_not() {
        assert_eq!(meant("core", "Service", &[Kind::Service]), Some(Kind::Service));
        assert_eq!(meant("v1", "Secret", &[Kind::ConfigMap, Kind::Secret]), Some(Kind::Secret));
        assert_eq!(meant("serving.knative.dev", "Service", &[Kind::Service]), None);
        assert_eq!(meant("core", "Pod", &[Kind::Service]), None);
        assert_eq!(meant("", "Service", &[Kind::Service]), None);
        assert_eq!(meant("", "XBackend", &[Kind::Service, Kind::XBackend]), Some(Kind::XBackend));
    }
}
