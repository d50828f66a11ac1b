//! Rules that the API's documents state and its schema does not enforce, where
//! no other stage comes across them.

use std::collections::HashSet;

use crate::diagnostics::{Diagnostics, ObjectPart, codes};
use crate::options::Options;
use crate::parser::api::{ExternalHostname, ParentReference};
use crate::parser::manifests::{Manifests, ObjectHead};
use crate::whole;

/// The longest label of a DNS name ([RFC 1035](https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4)).
const LONGEST_LABEL: usize = 63;

/// The address type that has been replaced by implementations' own
/// ([AddressType](https://gateway-api.sigs.k8s.io/reference/spec/#addresstype)).
const NAMED_ADDRESS: &str = "NamedAddress";

/// Reports every such rule that is broken.
pub(super) fn report(manifests: &Manifests, options: &Options, diagnostics: &mut Diagnostics) {
    manifests.routes().for_each(|route| report_repeated_parents(route.object, route.parent_refs, diagnostics));
    for gateway in &manifests.gateways {
        report_name(gateway, diagnostics);
        for (index, address) in gateway.spec.addresses.iter().enumerate() {
            if address.address_type == NAMED_ADDRESS {
                report_named_address(gateway, index, diagnostics);
            }
        }
    }
    manifests.gateway_classes.iter().for_each(|class| report_name(class, diagnostics));
    for backend in &manifests.backends {
        if let Some(ExternalHostname { hostname }) = &backend.spec.external_hostname {
            report_cluster_host(backend, hostname, &options.cluster_domain, diagnostics);
        }
    }
}

/// Two references to one parent that differ only in how they are written: the
/// schema compares an omitted namespace with a written one as text.
fn report_repeated_parents(object: &ObjectHead, references: &[ParentReference], diagnostics: &mut Diagnostics) {
    let mut seen = HashSet::new();
    for (index, reference) in references.iter().enumerate() {
        let ParentReference { group, kind, namespace, name, section_name, port } = reference;
        let namespace = namespace.as_ref().unwrap_or(&object.metadata.namespace);
        if seen.insert((group, kind, namespace, name, section_name, port)) {
            continue;
        }
        let message = format!("{kind} `{namespace}/{name}` is named twice, with and without its namespace");
        diagnostics.report(
            object
                .finding(codes::REPEATED_PARENT, ObjectPart::Parent(index), message)
                .label("the same parent again")
                .consequence("the route is attached once; its status has two entries for one parent")
                .help("remove one of the two"),
        );
    }
}

fn report_named_address(gateway: &ObjectHead, index: usize, diagnostics: &mut Diagnostics) {
    diagnostics.report(
        gateway
            .finding(
                codes::DEPRECATED_VALUE,
                whole!["spec", "addresses", index, "type"],
                format!("the address type `{NAMED_ADDRESS}` is deprecated"),
            )
            .label("will not be served by later releases of the API")
            .consequence("none here: gwctl does not bind addresses of this type")
            .help("use `IPAddress` or `Hostname`, or the prefixed type of the implementation that knows the name"),
    );
}

/// Names from which implementations derive labels, Services and Deployments.
fn report_name(object: &ObjectHead, diagnostics: &mut Diagnostics) {
    let name = &object.metadata.name;
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_label = name.bytes().all(|byte| is_letter(byte) || byte == b'-')
        && name.bytes().next().is_some_and(|first| first.is_ascii_lowercase())
        && name.bytes().last().is_some_and(is_letter);
    let message = if name.len() > LONGEST_LABEL {
        format!("the name has {} characters; {LONGEST_LABEL} are the most that a DNS label can have", name.len())
    } else if is_label {
        return;
    } else {
        format!("the name `{name}` is not a DNS label")
    };
    diagnostics.report(
        object
            .finding(codes::UNPORTABLE_NAME, whole!["metadata", "name"], message)
            .label("not every implementation takes this name")
            .consequence("none here; controllers that name objects after it may refuse it")
            .help("use lower-case letters, digits and `-`, with a letter in front, and at most 63 of them"),
    );
}

/// A host of this very cluster behind a backend that is meant for others: no
/// grant is asked for it. The schema knows the usual domain only.
fn report_cluster_host(backend: &ObjectHead, hostname: &str, domain: &str, diagnostics: &mut Diagnostics) {
    if !hostname.to_ascii_lowercase().ends_with(&format!(".svc.{}", domain.to_ascii_lowercase())) {
        return;
    }
    diagnostics.report(
        backend
            .finding(
                codes::CLUSTER_HOST,
                whole!["spec", "externalHostname", "hostname"],
                format!("`{hostname}` is a Service of this cluster"),
            )
            .label(format!("below the cluster's own domain `{domain}`"))
            .consequence("requests reach the Service without a ReferenceGrant of its namespace")
            .help("refer to the Service itself in `backendRefs`"),
    );
}
