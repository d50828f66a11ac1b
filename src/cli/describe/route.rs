//! Routes: parents, rules in order of precedence, backends, and the policies that count.

use super::order::{hosts, hosts_of_services};
use super::tables::{attached_policies, conditions};
use super::text::{CONDITIONS_BY, RULES, Section, Value};
use crate::cli::effective::{PolicyPart, effective};
use crate::cli::table::{Table, cell, or_nothing};
use crate::cli::trace::describe_match;
use crate::cli::view::{Role, View, uses_of};
use crate::diagnostics::ConditionKind;
use crate::ir::{ObjectName, RouteMatch};
use crate::parser::api::ParentReference;
use crate::parser::manifests::ObjectHead;
use crate::parser::route::Filter;
use crate::resolver::{ResolvedRoute, ResolvedRule};
use crate::status::StatusReference;

/// A match of a rule, with the hosts that have it.
struct Place<'c> {
    rule: usize,
    index: usize,
    conditions: &'c RouteMatch,
    hosts: Vec<String>,
}

/// A route of any kind.
pub(super) fn describe(view: &View<'_, '_>, head: &ObjectHead, section: &mut Section) {
    let key = head.key();
    let Some(route) = view.resolved.routes.find(&key.to_ref()) else { return };
    if route.kind().has_hostnames() {
        section.lines("Hostnames", route.declared.hostnames.to_vec());
    }
    section.table("Parents", parents(view, head, route));
    let by_parent = view
        .parents(&key)
        .iter()
        .map(|parent| (reference(head, &parent.parent_ref), Value::Table(conditions(&parent.conditions))));
    section.several(&CONDITIONS_BY, by_parent);
    let order = if route.kind().has_requests() { order(view, route) } else { Vec::new() };
    if route.kind().has_requests() {
        section.table("Rules In Order Of Precedence", order_table(&order));
        let served = |rule: usize| order.iter().any(|place| place.rule == rule);
        let unserved = route.rules.iter().filter(|rule| !served(rule.index));
        section.lines("Rules That Get No Request", unserved.map(|rule| format!("rule {}", rule.index)).collect());
    }
    let rules = by_precedence(route, &order).into_iter();
    let rules = rules.map(|rule| (rule.index.to_string(), Value::Section(describe_rule(view, route, rule))));
    section.several(&RULES, rules);
    section.table("Directly Attached Policies", attached_policies(view, head));
    section.table("Inherited Policies", inherited(view, route));
}

/// The rules of a route, those first that are tried first.
fn by_precedence<'r, 'm>(route: &'r ResolvedRoute<'m>, order: &[Place<'_>]) -> Vec<&'r ResolvedRule<'m>> {
    let rank = |rule: &&ResolvedRule<'_>| order.iter().position(|place| place.rule == rule.index).unwrap_or(usize::MAX);
    let mut rules: Vec<&ResolvedRule<'m>> = route.rules.iter().collect();
    rules.sort_by_key(rank);
    rules
}

fn parents(view: &View<'_, '_>, head: &ObjectHead, route: &ResolvedRoute<'_>) -> Table {
    let mut table = Table::new(&["PARENT", "LISTENERS", "ACCEPTED", "RESOLVED-REFS"]);
    let statuses = view.parents(&head.key());
    for (index, declared) in route.declared.parent_refs.iter().enumerate() {
        let attached = route.parents.iter().filter(|parent| parent.source == crate::resolver::ParentSource::Ref(index));
        let names = attached.flat_map(|parent| &parent.listeners);
        let names: Vec<String> = names.map(|id| view.resolved.listener(*id).spec.name.to_string()).collect();
        let namespace = declared.namespace.as_ref().unwrap_or(&head.metadata.namespace);
        let mut name = format!("{}/{namespace}/{}", declared.kind.to_ascii_lowercase(), declared.name);
        if let Some(section) = &declared.section_name {
            name.push_str(&format!("#{section}"));
        }
        if let Some(port) = declared.port {
            name.push_str(&format!(":{port}"));
        }
        let status = statuses.iter().find(|status| reference(head, &status.parent_ref) == name);
        let conditions = status.map_or(&[][..], |status| &status.conditions);
        table.push(vec![
            name.into(),
            or_nothing(names.join(",")).into(),
            cell(conditions, ConditionKind::Accepted),
            cell(conditions, ConditionKind::ResolvedRefs),
        ]);
    }
    table
}

/// A parent as `kind/namespace/name`, with its section and its port.
fn reference(head: &ObjectHead, parent: &StatusReference) -> String {
    let namespace = parent.namespace.as_ref().unwrap_or(&head.metadata.namespace);
    let section = parent.section_name.as_ref().map(|name| format!("#{name}")).unwrap_or_default();
    let port = parent.port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}/{namespace}/{}{section}{port}", parent.kind.to_ascii_lowercase(), parent.name)
}

/// The matches of a route in the order in which requests try them, each once: those to Gateways, then those to Services.
fn order<'s>(view: &'s View<'_, '_>, route: &ResolvedRoute<'_>) -> Vec<Place<'s>> {
    let mut order: Vec<Place<'s>> = Vec::new();
    let object = ObjectName::new(route.kind().in_names(), route.object().metadata.sort_key());
    let of_gateways = hosts(view).into_iter().map(|host| (host.host, host.host.hostname.to_string()));
    let is_of_services = route.declared.parent_refs.iter().any(ParentReference::is_service);
    let of_services = is_of_services.then(|| hosts_of_services(view.services())).into_iter().flatten();
    for (host, hostname) in of_gateways.chain(of_services) {
        let hostname = hostname.as_str();
        for entry in &host.routes {
            let own = &entry.name;
            if *own.route != object {
                continue;
            }
            match order.iter_mut().find(|place| (place.rule, place.index) == (own.rule, own.index)) {
                Some(place) if place.hosts.iter().any(|own| own == hostname) => {}
                Some(place) => place.hosts.push(hostname.to_owned()),
                None => {
                    let (rule, index, conditions) = (own.rule, own.index, &entry.matches);
                    order.push(Place { rule, index, conditions, hosts: vec![hostname.to_owned()] });
                }
            }
        }
    }
    order
}

fn order_table(order: &[Place<'_>]) -> Table {
    let mut table = Table::new(&["#", "RULE", "MATCH", "CONDITIONS", "HOSTS"]);
    for (position, place) in order.iter().enumerate() {
        table.push(vec![
            (position + 1).to_string().into(),
            place.rule.to_string().into(),
            place.index.to_string().into(),
            describe_match(place.conditions).into(),
            place.hosts.join(",").into(),
        ]);
    }
    table
}

fn describe_rule(view: &View<'_, '_>, route: &ResolvedRoute<'_>, rule: &ResolvedRule<'_>) -> Section {
    let mut section = Section::default();
    if !rule.is_decoded {
        section.line("Judged", "no: it cannot be read");
    }
    section.lines("Filters", rule.filters.iter().map(|filter| filter_words(filter.filter)).collect());
    let (mut backends, mut asked) = (
        Table::new(&["KIND", "NAME", "PORT", "WEIGHT", "SHARE", "BECAME"]),
        Table::new(&["FILTER", "KIND", "NAME", "PORT", "BECAME"]),
    );
    let total: u64 = rule.backends.iter().map(|backend| u64::from(backend.weight)).sum();
    for one in uses_of(route).iter().filter(|one| one.rule.index == rule.index) {
        let namespace = one.reference.namespace.unwrap_or(&route.object().metadata.namespace);
        let port = one.reference.port.map_or_else(String::new, |port| port.to_string());
        let name = format!("{namespace}/{}", one.reference.name);
        let became = view.became(one.outcome);
        match one.role {
            Role::Weight(weight) => backends.push(vec![
                one.reference.kind.into(),
                name.into(),
                or_nothing(port).into(),
                weight.to_string().into(),
                share(weight, total).into(),
                became.into(),
            ]),
            Role::Filter(member) => asked.push(vec![
                member.into(),
                one.reference.kind.into(),
                name.into(),
                or_nothing(port).into(),
                became.into(),
            ]),
        }
    }
    section.table("Backends", backends);
    if !asked.is_empty() {
        section.table("Backends Of Filters", asked);
    }
    section.table("Effective Policies", effective_table(view, route, rule));
    section
}

fn share(weight: u32, total: u64) -> String {
    match total {
        0 => "0%".to_owned(),
        total => {
            // Two digits behind the point, without those that say nothing.
            let hundredths = u64::from(weight) * 10_000 / total;
            match (hundredths / 100, hundredths % 100) {
                (whole, 0) => format!("{whole}%"),
                (whole, rest) => format!("{whole}.{rest:02}%"),
            }
        }
    }
}

fn filter_words(filter: Filter<'_>) -> String {
    match filter {
        Filter::ExtensionRef(reference) => format!("{} {} {}", filter.member(), reference.kind, reference.name),
        _ => filter.member().to_owned(),
    }
}

/// What counts at a rule, with the object that each part comes from.
fn effective_table(view: &View<'_, '_>, route: &ResolvedRoute<'_>, rule: &ResolvedRule<'_>) -> Table {
    let mut table = Table::new(&["FIELD", "FROM", "WHERE"]);
    for PolicyPart { field, from, at } in effective(view.resolved, (route, rule), |_| true) {
        table.push(vec![field.into(), from.into(), at.into()]);
    }
    table
}

/// The policies of the listeners that the route is attached to, and of what it sends to.
fn inherited(view: &View<'_, '_>, route: &ResolvedRoute<'_>) -> Table {
    let mut table = Table::new(&["KIND", "NAME", "BY"]);
    let mut seen = std::collections::BTreeSet::new();
    let owners = route.listeners().flat_map(|id| {
        let owner = view.resolved.listener(id).owner;
        [Some(owner.key()), owner.set.is_some().then(|| owner.gateway.key())]
    });
    let backends = uses_of(route);
    let backends = backends.iter().filter_map(|one| View::referent(route, one.reference));
    for key in owners.flatten().chain(backends).collect::<Vec<_>>() {
        for policy in view.policies_of(&key) {
            let by = format!("{} {}/{}", key.kind.name(), key.namespace, key.name);
            seen.insert((by, policy.policy.kind.name(), policy.policy.full_name()));
        }
    }
    for (by, kind, name) in seen {
        table.push(vec![kind.into(), name.into(), by.into()]);
    }
    table
}
