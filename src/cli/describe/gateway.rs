//! Gateways, ListenerSets, and the classes and meshes above them.

use std::collections::BTreeMap;

use super::order::{hosts, is_of};
use super::tables::{attached_policies, conditions};
use super::text::Section;
use crate::cli::kinds::singular;
use crate::cli::table::{Table, cell, or_nothing};
use crate::cli::trace::describe_match;
use crate::cli::view::{Role, View, uses_of};
use crate::diagnostics::ConditionKind;
use crate::parser::api::FromNamespaces;
use crate::parser::manifests::{Kind, ObjectHead};
use crate::resolver::{ListenerId, Membership, OptionsOfListeners, PolicyOption, ResolvedListener};
use crate::status::{ListenerStatus, Status, StatusCondition};

/// A GatewayClass or an XMesh.
pub(super) fn describe_class(view: &View<'_, '_>, head: &ObjectHead, section: &mut Section) {
    let manifests = view.resolved.manifests;
    let class = manifests.gateway_classes.iter().find(|class| class.head.position == head.position);
    let mesh = manifests.meshes.iter().find(|mesh| mesh.head.position == head.position);
    let spec = class.map(|class| (&class.spec.controller_name, &class.spec.description));
    if let Some((controller, description)) =
        spec.or(mesh.map(|mesh| (&mesh.spec.controller_name, &mesh.spec.description)))
    {
        section.line("Controller", controller.as_str());
        section.line("Description", description.as_deref().unwrap_or_default());
    }
    let features = match view.status(&head.key()).map(|status| &status.status) {
        Some(Status::GatewayClass(status)) => status.supported_features.len(),
        Some(Status::Mesh(status)) => status.supported_features.len(),
        _ => 0,
    };
    section.number("Supported Features", features);
    if head.kind == Kind::GatewayClass {
        let of_class = manifests.gateways.iter().filter(|one| one.spec.gateway_class_name == head.metadata.name);
        let mut gateways: Vec<String> = of_class.map(|gateway| gateway.full_name()).collect();
        gateways.sort();
        section.lines("Gateways", gateways);
    }
    section.table("Conditions", conditions(view.conditions(&head.key())));
}

/// A Gateway or a ListenerSet.
pub(super) fn describe(view: &View<'_, '_>, head: &ObjectHead, section: &mut Section) {
    let key = head.key();
    let resolved = view.resolved;
    if let Some(gateway) = resolved.manifests.gateways.iter().find(|one| one.head.position == head.position) {
        section.line("Gateway Class", gateway.spec.gateway_class_name.as_str());
        let own = resolved.gateways.iter().find(|one| one.object.head.position == head.position);
        match own {
            Some(own) => section.line("Controller", own.controller.as_deref().unwrap_or_default()),
            None => section.line("Selected", "no: it is of another controller, or not selected"),
        }
        let sets = resolved.listener_sets.iter().filter(|set| {
            matches!(set.membership, Membership::Joined(at) if resolved.gateways[at].object.head.position == head.position)
        });
        section.lines("Listener Sets", sets.map(|set| set.object.full_name()).collect());
    }
    if let Some(set) = resolved.listener_sets.iter().find(|set| set.object.head.position == head.position) {
        let parent = &set.object.spec.parent_ref;
        let namespace = parent.namespace.as_ref().unwrap_or(&head.metadata.namespace);
        section.line("Parent", format!("{}/{namespace}/{}", parent.kind.to_ascii_lowercase(), parent.name));
    }
    if let Some(Status::Gateway(status)) = view.status(&key).map(|status| &status.status) {
        section.lines("Addresses", status.addresses.iter().map(|address| address.value.clone()).collect());
    }
    let listeners = listeners_of(view, head);
    section.table("Listeners", listener_table(view, head, &listeners));
    section.table("Conditions", conditions(view.conditions(&key)));
    section.table("Listener Conditions", listener_conditions(listener_statuses(view, head)));
    section.table("Attached Routes", routes(view, &listeners));
    section.table("Rules In Order Of Precedence", rules(view, head));
    section.table("Backends", backends(view, &listeners));
    section.table("Directly Attached Policies", attached_policies(view, head));
    section.table("Effective Policies", effective(view, &listeners));
}

/// The listeners that an object declares, and those of ListenerSets that joined it.
fn listeners_of<'r, 'm>(view: &'r View<'_, 'm>, head: &ObjectHead) -> Vec<(ListenerId, &'r ResolvedListener<'m>)> {
    let mut found = Vec::new();
    for (at, gateway) in view.resolved.gateways.iter().enumerate() {
        for (index, listener) in gateway.listeners.iter().enumerate() {
            let owner = listener.owner;
            let is_set = owner.set.is_some_and(|set| set.head.position == head.position);
            if is_set || (gateway.stand_in.is_none() && owner.gateway.head.position == head.position) {
                found.push((ListenerId { gateway: at, listener: index }, listener));
            }
        }
    }
    found
}

fn listener_statuses<'v>(view: &View<'v, '_>, head: &ObjectHead) -> &'v [ListenerStatus] {
    match view.status(&head.key()).map(|status| &status.status) {
        Some(Status::Gateway(status)) => &status.listeners,
        Some(Status::ListenerSet(status)) => &status.listeners,
        _ => &[],
    }
}

fn listener_table(view: &View<'_, '_>, head: &ObjectHead, listeners: &[(ListenerId, &ResolvedListener<'_>)]) -> Table {
    let mut table = Table::new(&["NAME", "OF", "PROTOCOL", "PORT", "HOSTNAME", "ROUTES FROM", "ROUTES", "PROGRAMMED"]);
    let statuses = listener_statuses(view, head);
    for (_, listener) in listeners {
        let spec = listener.spec;
        let owner = listener.owner.key();
        let is_own = owner == head.key();
        let status = statuses.iter().find(|status| is_own && status.name == spec.name.as_str());
        let conditions: &[StatusCondition] = status.map_or(&[], |status| &status.conditions);
        let from = match spec.allowed_routes.namespaces.from {
            FromNamespaces::All => "All",
            FromNamespaces::Selector => "Selector",
            FromNamespaces::Same => "Same",
            FromNamespaces::None => "None",
        };
        table.push(vec![
            spec.name.as_str().into(),
            if is_own { "<self>".into() } else { format!("{}/{}", singular(owner.kind), owner.name).into() },
            spec.protocol.as_str().into(),
            spec.port.to_string().into(),
            or_nothing(spec.hostname.as_deref().unwrap_or_default()).into(),
            from.into(),
            listener.attached.len().to_string().into(),
            cell(conditions, ConditionKind::Programmed),
        ]);
    }
    table
}

/// The conditions of listeners that are not as they should be.
fn listener_conditions(statuses: &[ListenerStatus]) -> Table {
    let mut table = Table::new(&["LISTENER", "TYPE", "STATUS", "REASON", "MESSAGE"]);
    for status in statuses {
        // That there is a conflict is what is wrong.
        let is_bad =
            |condition: &&StatusCondition| condition.is_true() == (condition.kind == ConditionKind::Conflicted);
        for condition in status.conditions.iter().filter(is_bad) {
            table.push(vec![
                status.name.as_str().into(),
                condition.kind.as_str().into(),
                condition.status.to_string().into(),
                condition.reason.as_str().into(),
                condition.message.as_str().into(),
            ]);
        }
    }
    table
}

fn routes(view: &View<'_, '_>, listeners: &[(ListenerId, &ResolvedListener<'_>)]) -> Table {
    let mut table = Table::new(&["KIND", "NAME", "LISTENERS"]);
    let mut attached: BTreeMap<crate::resolver::RouteId, Vec<&str>> = BTreeMap::new();
    for (_, listener) in listeners {
        for route in &listener.attached {
            attached.entry(*route).or_default().push(listener.spec.name.as_str());
        }
    }
    for (id, names) in attached {
        let route = view.resolved.routes.get(id);
        table.push(vec![route.kind().name().into(), route.object().full_name().into(), names.join(",").into()]);
    }
    table
}

fn rules(view: &View<'_, '_>, head: &ObjectHead) -> Table {
    let mut table = Table::new(&["HOST", "LISTENER", "#", "ROUTE", "RULE", "CONDITIONS"]);
    let key = head.key();
    for host in hosts(view).iter().filter(|host| is_of(host, &key)) {
        let listener = view.resolved.gateways.iter().flat_map(|gateway| &gateway.listeners);
        let mut listener = listener.filter(|one| one.owner.key() == *host.owner && one.index == host.listener);
        let name = listener.next().map_or_else(String::new, |listener| listener.spec.name.to_string());
        for (position, route) in host.host.routes.iter().enumerate() {
            let own = &route.name;
            table.push(vec![
                host.host.hostname.to_string().into(),
                name.as_str().into(),
                (position + 1).to_string().into(),
                own.route.to_string().into(),
                own.rule.to_string().into(),
                describe_match(&route.matches).into(),
            ]);
        }
    }
    table
}

/// What the rules of attached routes send to.
fn backends(view: &View<'_, '_>, listeners: &[(ListenerId, &ResolvedListener<'_>)]) -> Table {
    let mut table = Table::new(&["KIND", "NAME", "PORT", "BECAME"]);
    let attached: std::collections::BTreeSet<_> =
        listeners.iter().flat_map(|(_, listener)| listener.attached.iter().copied()).collect();
    let mut rows: std::collections::BTreeSet<(String, String, String, &'static str)> = Default::default();
    for id in attached {
        let route = view.resolved.routes.get(id);
        for one in uses_of(route).iter().filter(|one| matches!(one.role, Role::Weight(_))) {
            let namespace = one.reference.namespace.unwrap_or(&route.object().metadata.namespace);
            let port = one.reference.port.map_or_else(String::new, |port| port.to_string());
            let name = format!("{namespace}/{}", one.reference.name);
            rows.insert((one.reference.kind.to_owned(), name, or_nothing(port), view.became(one.outcome)));
        }
    }
    for (kind, name, port, became) in rows {
        table.push(vec![kind.into(), name.into(), port.into(), became.into()]);
    }
    table
}

/// The options that count at each listener, with the object that each comes from.
fn effective(view: &View<'_, '_>, listeners: &[(ListenerId, &ResolvedListener<'_>)]) -> Table {
    let mut table = Table::new(&["LISTENER", "FIELD", "FROM"]);
    for (id, listener) in listeners {
        let name = listener.spec.name.as_str();
        add_options(&mut table, name, *id, &view.resolved.listener_options);
        add_options(&mut table, name, *id, &view.resolved.http_listener_options);
        add_options(&mut table, name, *id, &view.resolved.virtual_host_options);
    }
    table
}

fn add_options<T: PolicyOption>(
    table: &mut Table,
    listener: &str,
    id: ListenerId,
    options: &OptionsOfListeners<'_, T>,
) {
    let Some(own) = options.of(id).map(|id| options.get(id)) else { return };
    let from = |head: &ObjectHead| format!("{} {}", head.kind.name(), head.full_name());
    for field in &own.fields {
        table.push(vec![listener.into(), field.value.field().into(), from(field.source).into()]);
    }
    if own.failed.is_some() {
        table.push(vec![listener.into(), "cannot be honoured: rules fail".into(), from(own.first).into()]);
    }
}
