//! The part of an object that a field of a document belongs to: documents have
//! fields, and everything that is said of them later has parts.

use crate::diagnostics::{FieldPath, FrontendPart, ObjectPart, PartPath, Segment};

/// A field of an object, with the part that it belongs to.
pub(crate) fn within(path: FieldPath) -> PartPath {
    let part = part_of(&path);
    PartPath::of(part, path)
}

fn part_of(FieldPath(segments): &FieldPath) -> ObjectPart {
    let Some((Segment::Field(top), below)) = segments.split_first() else { return ObjectPart::Whole };
    match below {
        [Segment::Field(list), below @ ..] if top == "spec" => part_of_spec(list, below),
        _ => ObjectPart::Whole,
    }
}

fn part_of_spec(field: &str, below: &[Segment]) -> ObjectPart {
    match (field, below) {
        ("listeners", [Segment::Index(index), below @ ..]) => match positions(below) {
            [("tls", None), ("certificateRefs", Some(certificate))] => {
                ObjectPart::Certificate { listener: *index, index: certificate }
            }
            _ => ObjectPart::Listener(*index),
        },
        ("tls", [Segment::Field(side), below @ ..]) => part_of_tls(side, below),
        ("parentRefs", [Segment::Index(index), ..]) => ObjectPart::Parent(*index),
        ("hostnames", [Segment::Index(index), ..]) => ObjectPart::Hostname(*index),
        ("rules", [Segment::Index(rule), below @ ..]) => part_of_rule(*rule, below),
        ("targetRefs", [Segment::Index(index), ..]) => ObjectPart::Target(*index),
        ("targetRefs", _) => ObjectPart::Targets,
        _ => ObjectPart::Whole,
    }
}

fn part_of_tls(side: &str, below: &[Segment]) -> ObjectPart {
    match (side, below) {
        ("backend", [Segment::Field(field), ..]) if field == "clientCertificateRef" => ObjectPart::ClientCertificate,
        ("frontend", [Segment::Field(field), ..]) if field == "default" => ObjectPart::Frontend(FrontendPart::Default),
        ("frontend", [Segment::Field(field), Segment::Index(index), ..]) if field == "perPort" => {
            ObjectPart::Frontend(FrontendPart::Port(*index))
        }
        ("frontend", _) => ObjectPart::Frontend(FrontendPart::Whole),
        _ => ObjectPart::Whole,
    }
}

fn part_of_rule(rule: usize, below: &[Segment]) -> ObjectPart {
    match positions(below) {
        [("matches", Some(index)), _] => ObjectPart::Match { rule, index },
        [("filters", Some(index)), _] => ObjectPart::Filter { rule, backend: None, index },
        [("backendRefs", Some(backend)), ("filters", Some(index))] => {
            ObjectPart::Filter { rule, backend: Some(backend), index }
        }
        [("backendRefs", Some(index)), _] => ObjectPart::Backend { rule, index },
        _ => ObjectPart::Rule(rule),
    }
}

/// The next two fields, each with the position in it; an empty name where there is none.
fn positions(mut segments: &[Segment]) -> [(&str, Option<usize>); 2] {
    std::array::from_fn(|_| match segments {
        [Segment::Field(name), Segment::Index(index), rest @ ..] => {
            segments = rest;
            (&**name, Some(*index))
        }
        [Segment::Field(name), rest @ ..] => {
            segments = rest;
            (&**name, None)
        }
        [Segment::Index(_), ..] | [] => ("", None),
    })
}

#[cfg(test)]
mod tests {
    use super::within;
    use crate::diagnostics::{FrontendPart, ObjectPart};
    use crate::path;

    #[test]
    fn every_part_is_that_of_its_own_path() {
        let parts = [
            ObjectPart::Whole,
            ObjectPart::Listener(1),
            ObjectPart::Certificate { listener: 1, index: 2 },
            ObjectPart::ClientCertificate,
            ObjectPart::Frontend(FrontendPart::Whole),
            ObjectPart::Frontend(FrontendPart::Default),
            ObjectPart::Frontend(FrontendPart::Port(3)),
            ObjectPart::Parent(1),
            ObjectPart::Hostname(1),
            ObjectPart::Rule(4),
            ObjectPart::Match { rule: 4, index: 1 },
            ObjectPart::Filter { rule: 4, backend: None, index: 1 },
            ObjectPart::Filter { rule: 4, backend: Some(2), index: 1 },
            ObjectPart::Backend { rule: 4, index: 2 },
            ObjectPart::Targets,
            ObjectPart::Target(2),
        ];
        for part in parts {
            assert_eq!(within(part.path()).part(), part);
            assert_eq!(within(part.path().with("name")).part(), part);
        }
    }

    #[test]
    fn what_is_of_no_part_is_of_the_object() {
        for path in [path!["metadata", "name"], path!["spec", "gatewayClassName"], path!["spec", "rules"], path![]] {
            assert_eq!(within(path).part(), ObjectPart::Whole);
        }
    }
}
