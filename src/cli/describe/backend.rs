//! Backends: ports, endpoints, who refers to them, and their policies.

use super::tables::{attached_policies, conditions, states};
use super::text::{CONDITIONS_BY, Section, Value};
use crate::cli::table::{Table, or_nothing};
use crate::cli::view::{Role, View};
use crate::ir::places;
use crate::parser::api::{L4Protocol, TargetPort};
use crate::parser::manifests::{Kind, ObjectHead};
use crate::resolver::{BackendObject, BackendTls};

/// A Service, an XBackend, an Upstream or a Backend.
pub(super) fn describe(view: &View<'_, '_>, head: &ObjectHead, section: &mut Section) {
    let manifests = view.resolved.manifests;
    if let Some(service) = manifests.services.iter().find(|one| one.head.position == head.position) {
        section.pairs("Selector", service.spec.selector.iter());
        section.table("Ports", ports(&service.spec.ports));
    }
    let by_parent = view.parents(&head.key()).iter().map(|parent| {
        let name = format!("{}/{}", parent.parent_ref.kind.to_ascii_lowercase(), parent.parent_ref.name);
        (name, Value::Table(conditions(&parent.conditions)))
    });
    section.several(&CONDITIONS_BY, by_parent);
    if head.kind == Kind::Backend {
        section.table("Conditions", conditions(view.conditions(&head.key())));
    }
    if head.kind == Kind::Upstream {
        section.table("States", states(view, head));
    }
    section.table("Used As", used(view, head));
    section.table("Referenced By", referring(view, head));
    if head.kind == Kind::Service {
        let own = head.key();
        let parents = view.resolved.routes.with_ids().filter(|(id, route)| {
            let refs = route.declared.parent_refs.iter();
            let mut refs = refs.filter(|parent| parent.is_service()).filter(|parent| {
                let namespace = parent.namespace.as_ref().unwrap_or(&route.object().metadata.namespace);
                *namespace == own.namespace && parent.name == own.name
            });
            refs.next().is_some() && !view.resolved.mesh_parents.of(*id).is_empty()
        });
        let parents = parents.map(|(_, route)| format!("{} {}", route.kind().name(), route.object().full_name()));
        section.lines("Routes Of Its Clients", parents.collect());
    }
    section.table("Directly Attached Policies", attached_policies(view, head));
}

fn ports(ports: &[crate::parser::api::ServicePort]) -> Table {
    let mut table = Table::new(&["NAME", "PORT", "PROTOCOL", "TARGET PORT", "APP PROTOCOL"]);
    for port in ports {
        let target = match &port.target_port {
            TargetPort::Number(number) => number.to_string(),
            TargetPort::Name(name) => name.clone(),
        };
        let protocol = match port.protocol {
            L4Protocol::Tcp => "TCP",
            L4Protocol::Udp => "UDP",
            L4Protocol::Sctp => "SCTP",
        };
        table.push(vec![
            or_nothing(port.name.to_string()).into(),
            port.port.to_string().into(),
            protocol.into(),
            target.into(),
            or_nothing(port.app_protocol.as_deref().unwrap_or_default()).into(),
        ]);
    }
    table
}

/// What rules make of it: where it is, and how its connections are encrypted.
fn used(view: &View<'_, '_>, head: &ObjectHead) -> Table {
    let mut table = Table::new(&["PORT", "ENDPOINTS", "TLS", "POLICY"]);
    let mut seen = std::collections::BTreeSet::new();
    for one in view.backend_uses() {
        let Ok(id) = one.outcome else { continue };
        let backend = view.resolved.backends.get(id);
        let declared = match backend.object {
            BackendObject::Service(object) => &object.head,
            BackendObject::External(object) => &object.head,
            BackendObject::Upstream(object) => &object.head,
            BackendObject::Envoy(object) => &object.head,
            BackendObject::Url(_) | BackendObject::Assumed => continue,
        };
        if declared.position != head.position || !seen.insert(id) {
            continue;
        }
        let endpoints = places(&backend.endpoints, &backend.settings);
        let tls = match &backend.tls {
            BackendTls::Plain => "no",
            BackendTls::Tls(_) => "yes",
            BackendTls::Invalid(_) => "yes, and it cannot be used: nobody connects",
        };
        let policy = backend.policy.map(|at| view.resolved.backends.policies().get(at).object.full_name());
        table.push(vec![
            backend.name.port.to_string().into(),
            or_nothing(endpoints.join(",")).into(),
            tls.into(),
            or_nothing(policy.unwrap_or_default()).into(),
        ]);
    }
    table
}

fn referring(view: &View<'_, '_>, head: &ObjectHead) -> Table {
    let mut table = Table::new(&["KIND", "NAME", "RULE", "AS", "PORT", "BECAME"]);
    for one in view.backend_uses() {
        if View::referent(one.route, one.reference) != Some(head.key()) {
            continue;
        }
        let role = match one.role {
            Role::Weight(weight) => format!("backend of weight {weight}"),
            Role::Filter(member) => member.to_owned(),
        };
        table.push(vec![
            one.route.kind().name().into(),
            one.route.object().full_name().into(),
            one.rule.index.to_string().into(),
            role.into(),
            or_nothing(one.reference.port.map_or_else(String::new, |port| port.to_string())).into(),
            view.became(one.outcome).into(),
        ]);
    }
    table
}
