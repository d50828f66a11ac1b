//! The port that a reference to a Service lacks: the schema refuses such an
//! object without knowing the Services of the input, and here they are known.

use std::collections::HashMap;

use crate::diagnostics::{Change, FieldPath, Finding, Fix, Locate, Location, Scalar, Segment, codes};
use crate::parser::api::{Service, ServicePort};
use crate::parser::locate::Locator;
use crate::parser::manifests::{Manifests, Object};

/// Adds to findings about an absent port which one the Service has, when it has one only.
pub(super) fn complete(manifests: &Manifests, findings: &mut [Finding]) {
    let is_open = |finding: &&mut Finding| finding.code == codes::BROKEN_RULE && finding.fix.is_none();
    let mut open = findings.iter_mut().filter(is_open).peekable();
    if open.peek().is_none() {
        return;
    }
    let name = |service: &Object<Service>| (service.metadata.namespace.clone(), service.metadata.name.clone());
    let services: HashMap<_, _> = manifests.services.iter().map(|service| (name(service), service)).collect();
    let locator = Locator::new(manifests);
    for finding in open {
        let Some((reference, namespace, name)) = portless(finding, &locator) else { continue };
        let Location::Field { document, .. } = finding.location else { continue };
        let Some(service) = services.get(&(namespace, name)) else { continue };
        let [ServicePort { port, .. }] = service.spec.ports.as_slice() else { continue };
        let change = Change::Insert { key: "port".to_owned(), value: Scalar::Number(i64::from(*port)) };
        finding.help = Some(format!("add `port: {port}`, the port of Service `{}`", service.full_name()));
        finding.fix = Some(Fix::one(document, reference, change));
    }
}

/// The place of a reference to a backend without a port, with the namespace and the name that it refers to.
fn portless(finding: &Finding, locator: &Locator<'_>) -> Option<(FieldPath, String, String)> {
    let object = finding.object.as_ref().filter(|object| object.kind.ends_with("Route"))?;
    let Location::Field { document, path: FieldPath(segments), .. } = &finding.location else { return None };
    let (Segment::Field(last), above) = segments.split_last()? else { return None };
    let is_reference = match above {
        [.., Segment::Field(list), Segment::Index(_)] => list == "backendRefs",
        [.., Segment::Field(field)] => field == "backendRef",
        _ => false,
    };
    if last != "port" || !is_reference {
        return None;
    }
    let reference = FieldPath(above.to_vec());
    let tree = locator.tree(*document)?;
    let text = |field: &'static str| {
        let path = reference.with(field);
        tree.contains(&path).then_some(())?;
        let location = Location::field(*document, path);
        let span = Locate::place(locator, &location)?.span?;
        let text = locator.text_of(&location)?.get(span.range)?;
        Some(text.trim_matches(['"', '\'']).to_owned())
    };
    let namespace = text("namespace").unwrap_or_else(|| object.namespace.clone());
    Some((reference.clone(), namespace, text("name")?))
}
