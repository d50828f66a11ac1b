//! What stands beside Gateways and routes: grants, namespaces, endpoints, what certificates are in.

use super::text::Section;
use crate::cli::kinds::plural;
use crate::cli::table::{Table, or_nothing};
use crate::cli::view::View;
use crate::parser::manifests::{Kind, ObjectHead};

/// The keys of certificates, which say nothing of what they hold.
const WELL_KNOWN: [&str; 3] = ["ca.crt", "tls.crt", "tls.key"];

/// An object of a kind that no controller has a status for.
pub(super) fn describe(view: &View<'_, '_>, head: &ObjectHead, section: &mut Section) {
    let manifests = view.resolved.manifests;
    let is_own = |other: &ObjectHead| other.position == head.position;
    match head.kind {
        Kind::ReferenceGrant => {
            let Some(grant) = manifests.reference_grants.iter().find(|one| is_own(one)) else { return };
            let mut from = Table::new(&["GROUP", "KIND", "NAMESPACE"]);
            for one in &grant.spec.from {
                from.push(vec![
                    or_nothing(one.group.as_str()).into(),
                    one.kind.as_str().into(),
                    one.namespace.as_str().into(),
                ]);
            }
            section.table("From", from);
            let mut to = Table::new(&["GROUP", "KIND", "NAME"]);
            for one in &grant.spec.to {
                let name = one.name.as_ref().map_or_else(|| "<all>".to_owned(), ToString::to_string);
                to.push(vec![or_nothing(one.group.as_str()).into(), one.kind.as_str().into(), name.into()]);
            }
            section.table("To", to);
            section.table("Allows", allowed(view, head, &grant.spec));
        }
        Kind::Namespace => {
            let mut table = Table::new(&["KIND", "OBJECTS"]);
            for kind in Kind::ALL {
                let heads = manifests.heads();
                let own =
                    heads.iter().filter(|other| other.kind == kind && other.metadata.namespace == *head.metadata.name);
                match own.count() {
                    0 => {}
                    count => table.push(vec![plural(kind).into(), count.to_string().into()]),
                }
            }
            section.table("Objects", table);
        }
        Kind::EndpointSlice => {
            let Some(slice) = manifests.endpoint_slices.iter().find(|one| is_own(one)) else { return };
            let service = slice.spec.service_name.as_ref().map(ToString::to_string);
            section.line("Service", service.unwrap_or_default());
            let mut ports = Table::new(&["NAME", "PORT"]);
            for port in &slice.spec.ports {
                let number = port.port.map_or_else(|| "<all>".to_owned(), |port| port.to_string());
                ports.push(vec![or_nothing(port.name.to_string()).into(), number.into()]);
            }
            section.table("Ports", ports);
            let mut table = Table::new(&["ADDRESSES", "READY"]);
            for endpoint in &slice.spec.endpoints {
                let ready = if endpoint.ready { "yes" } else { "no" };
                table.push(vec![endpoint.addresses.join(",").into(), ready.into()]);
            }
            section.table("Endpoints", table);
        }
        Kind::Secret => {
            let Some(secret) = manifests.secrets.iter().find(|one| is_own(one)) else { return };
            section.line("Type", secret.spec.secret_type.as_str());
            section.lines("Data", data(secret.spec.data.iter(), true));
        }
        Kind::ConfigMap => {
            let Some(map) = manifests.config_maps.iter().find(|one| is_own(one)) else { return };
            section.lines("Data", data(map.spec.data.iter(), false));
        }
        _ => {}
    }
}

/// The keys of values with their sizes. Of a Secret other keys than those of certificates are counted: a key may be what
/// was meant as a value.
fn data<'m>(values: impl Iterator<Item = (&'m String, &'m Vec<u8>)>, is_secret: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut others = 0;
    for (name, value) in values {
        if is_secret && !WELL_KNOWN.contains(&name.as_str()) {
            others += 1;
        } else {
            lines.push(format!("{name}: {} bytes", value.len()));
        }
    }
    match (others, lines.is_empty()) {
        (0, _) => {}
        (others, true) => lines.push(format!("{others} values")),
        (others, false) => lines.push(format!("{others} more")),
    }
    lines
}

/// The references of rules that the grant allows.
fn allowed(view: &View<'_, '_>, head: &ObjectHead, grant: &crate::parser::api::ReferenceGrantSpec) -> Table {
    let mut table = Table::new(&["KIND", "NAME", "RULE", "TO"]);
    for one in view.backend_uses() {
        let Some(to) = View::referent(one.route, one.reference) else { continue };
        let from = one.route.object();
        let is_across = to.namespace == head.metadata.namespace && from.metadata.namespace != to.namespace;
        let is_from = grant
            .from
            .iter()
            .any(|own| own.namespace == from.metadata.namespace && from.kind.is_named(&own.group, &own.kind));
        let is_to = grant.to.iter().any(|own| {
            to.kind.is_named(&own.group, &own.kind) && own.name.as_ref().is_none_or(|name| *name == to.name)
        });
        if is_across && is_from && is_to {
            table.push(vec![
                from.kind.name().into(),
                from.full_name().into(),
                one.rule.index.to_string().into(),
                format!("{} {}/{}", to.kind.name(), to.namespace, to.name).into(),
            ]);
        }
    }
    table
}
