//! References that lack the port of a Service: what to write is known once all
//! documents are read, and only then their findings leave the parser.

use std::collections::HashMap;

use crate::diagnostics::{Change, Diagnostics, Finding, Fix, LackingPort, Pending, Scalar};

use super::any_object::AnyObject;
use super::api::{Service, ServicePort};
use super::manifests::{Manifests, Object};

/// The findings, those about an absent port with the one that the Service has, where it has one only.
pub(super) fn complete(manifests: &Manifests, mut found: Diagnostics) -> Diagnostics {
    if found.findings().iter().all(|finding| finding.pending.is_none()) {
        return found;
    }
    let decoded = manifests.decoded.iter().filter_map(|object| match object {
        AnyObject::Service(service) => Some(&**service),
        _ => None,
    });
    let name = |service: &Object<Service>| (service.metadata.namespace.clone(), service.metadata.name.clone());
    let services: HashMap<_, _> =
        manifests.services.iter().chain(decoded).map(|service| (name(service), service)).collect();
    let mut completed = Diagnostics::new();
    found.take_unjudged().into_iter().for_each(|one| completed.leave(one));
    for mut finding in found.into_findings() {
        // What only the text could add has been added.
        if let Some(Pending::Port(lacking)) = finding.pending.take() {
            let LackingPort { namespace, name, .. } = &lacking;
            let service = services.get(&(namespace.clone(), name.clone()));
            finding = with_port(finding, lacking, service.copied());
        }
        completed.report(finding);
    }
    completed
}

fn with_port(finding: Finding, lacking: LackingPort, service: Option<&Object<Service>>) -> Finding {
    let Some((service, [ServicePort { port, .. }])) = service.map(|service| (service, service.spec.ports.as_slice()))
    else {
        return finding;
    };
    let LackingPort { document, reference, namespace: _, name: _ } = lacking;
    let change = Change::Insert { key: "port".to_owned(), value: Scalar::Number(i64::from(*port)) };
    finding
        .help(format!("add `port: {port}`, the port of Service `{}`", service.full_name().escape_debug()))
        .fix(Fix::one(document, reference, change))
}
