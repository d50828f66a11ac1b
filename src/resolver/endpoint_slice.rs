//! Reports EndpointSlices that no Service of the input uses, and Endpoints in their place.

use std::collections::HashSet;

use crate::diagnostics::{Change, Diagnostics, Finding, Fix, Scalar, codes};
use crate::name::{Name, NamespacedName};
use crate::options::Options;
use crate::parser::api::{EndpointSlice, SERVICE_NAME_LABEL};
use crate::parser::foreign::ForeignObject;
use crate::parser::manifests::{Kind, Likely, Manifests, Object, ObjectKey};
use crate::whole;

/// Reports each slice whose label names no Service, or a Service that is not in the input.
pub(super) fn report_orphans(manifests: &Manifests, options: &Options, diagnostics: &mut Diagnostics) {
    if options.assume.services {
        return;
    }
    let services: HashSet<NamespacedName<'_>> =
        manifests.services.iter().map(|service| service.metadata.sort_key()).collect();
    for slice in &manifests.endpoint_slices {
        let namespace = &slice.metadata.namespace;
        match slice.spec.service_name.as_ref() {
            None => report_unlabelled(slice, diagnostics),
            Some(name) if services.contains(&(namespace, name)) => {}
            Some(name) => {
                let key = ObjectKey { kind: Kind::Service, namespace: namespace.clone(), name: name.clone() };
                // Of a refused Service its own errors are enough.
                if !manifests.refused.contains_key(&key) {
                    report_orphan(slice, name, manifests.likely(Kind::Service, namespace, name), diagnostics);
                }
            }
        }
    }
}

fn report_unlabelled(slice: &Object<EndpointSlice>, diagnostics: &mut Diagnostics) {
    let message = format!("this EndpointSlice has no label `{SERVICE_NAME_LABEL}`, and belongs to no Service");
    diagnostics.report(
        slice
            .finding(codes::SLICE_WITHOUT_SERVICE, whole!["metadata", "labels", SERVICE_NAME_LABEL], message)
            .label("the label is missing here")
            .help("add the label with the name of the Service"),
    );
}

fn report_orphan(slice: &Object<EndpointSlice>, name: &Name, likely: Option<Likely>, diagnostics: &mut Diagnostics) {
    let at = whole!["metadata", "labels", SERVICE_NAME_LABEL];
    let full = format!("{}/{name}", slice.metadata.namespace);
    let fix = likely.as_ref().and_then(Likely::certain).map(|meant| {
        let place = slice.position.base.join(&at);
        Fix::one(slice.position.document, place, Change::Set(Scalar::Text(meant.to_string())))
    });
    let help = match likely {
        Some(likely) => likely.help(Kind::Service.name(), name),
        None => "correct the label, or add the Service to the input".to_owned(),
    };
    diagnostics.report(
        slice
            .finding(
                codes::SLICE_WITHOUT_SERVICE,
                at,
                format!("Service `{full}` of this EndpointSlice is not in the input"),
            )
            .label("no such Service")
            .help(help)
            .fix(fix),
    );
}

/// Warns of each Endpoints object of a Service of the input that has no EndpointSlice. A cluster makes slices of the
/// endpoints of a Service without a selector
/// ([mirroring](https://kubernetes.io/docs/concepts/services-networking/service/#endpointslice-mirroring)).
pub(super) fn report_unread_endpoints(manifests: &Manifests, diagnostics: &mut Diagnostics) {
    let is_endpoints =
        |object: &&ForeignObject| object.identity.group.is_empty() && object.identity.kind == "Endpoints";
    for object in manifests.foreign.iter().filter(is_endpoints) {
        let key = (&object.identity.namespace, &object.identity.name);
        let is_service = |service: &Object<_>| service.metadata.sort_key() == key;
        let is_slice = |slice: &Object<EndpointSlice>| {
            (&slice.metadata.namespace, slice.spec.service_name.as_ref()) == (key.0, Some(key.1))
        };
        if manifests.services.iter().any(is_service) && !manifests.endpoint_slices.iter().any(is_slice) {
            diagnostics.report(unread_endpoints(object));
        }
    }
}

fn unread_endpoints(object: &ForeignObject) -> Finding {
    let (at, full) = (whole!["kind"], format!("{}/{}", object.identity.namespace, object.identity.name));
    Finding::new(codes::UNREAD_ENDPOINTS, object.at(&at), format!("the endpoints of Service `{full}` are not read"))
        .label("gwctl reads EndpointSlices alone")
        .object(object.identity.clone(), at)
        .consequence("the Service is reached as without it: by its DNS name")
        .help(format!("write an EndpointSlice with the label `{SERVICE_NAME_LABEL}`, or pass `--resolve`"))
}
