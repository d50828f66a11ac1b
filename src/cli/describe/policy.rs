//! Policies: what they name, what became of that, and what of them counts.

use std::collections::BTreeSet;

use super::tables::{conditions, states};
use super::text::{CONDITIONS_BY, Section, Value};
use crate::cli::table::{Table, or_nothing};
use crate::cli::view::View;
use crate::ir::Site;
use crate::parser::manifests::{Kind, ObjectHead, ObjectKey};
use crate::resolver::{ListenerId, OptionsOfListeners, PolicyOption, SaidField};
use crate::status::Status;

/// A policy of any kind.
pub(super) fn describe(view: &View<'_, '_>, head: &ObjectHead, section: &mut Section) {
    let key = head.key();
    let mut targets = Table::new(&["KIND", "NAME", "SECTION", "COUNTS"]);
    for target in view.targets_of(&key) {
        let object = Kind::ALL.into_iter().find(|kind| kind.name() == target.kind).map(|kind| ObjectKey {
            kind,
            namespace: head.metadata.namespace.clone(),
            name: target.name.as_str().into(),
        });
        let is_there = |object: &ObjectKey| view.resolved.manifests.heads().iter().any(|head| head.key() == *object);
        let counts = match object {
            Some(object) if is_there(&object) => {
                let uses = view.policies_of(&object);
                let mut own = uses.iter().filter(|one| one.policy.key() == key && one.section == target.section);
                if own.any(|one| one.counts) { "yes" } else { "no" }
            }
            _ => "no: it is not in the input",
        };
        let name = format!("{}/{}", head.metadata.namespace, target.name);
        targets.push(vec![
            target.kind.into(),
            name.into(),
            or_nothing(target.section.unwrap_or_default()).into(),
            counts.into(),
        ]);
    }
    section.table("Targets", targets);
    if let Some(Status::Ancestors(status)) = view.status(&key).map(|status| &status.status) {
        let by_ancestor = status.ancestors.iter().map(|ancestor| {
            let own = &ancestor.ancestor_ref;
            let namespace = own.namespace.as_ref().unwrap_or(&head.metadata.namespace);
            let name = format!("{}/{namespace}/{}", own.kind.to_ascii_lowercase(), own.name);
            (name, Value::Table(conditions(&ancestor.conditions)))
        });
        section.several(&CONDITIONS_BY, by_ancestor);
    }
    if head.kind.is_option() {
        section.table("States", states(view, head));
    }
    section.table("Counts At", places(view, head));
}

/// Where which field of the policy counts.
fn places(view: &View<'_, '_>, head: &ObjectHead) -> Table {
    let mut rows: BTreeSet<(String, &'static str)> = BTreeSet::new();
    let resolved = view.resolved;
    let is_own = |source: &ObjectHead| source.position == head.position;
    for route in resolved.routes.iter() {
        for rule in &route.rules {
            let place = || format!("{} {} rule {}", route.kind().name(), route.object().full_name(), rule.index);
            for id in route.listeners() {
                let said = resolved.envoy_policies.said(route, rule.index, resolved.listener(id));
                let counts = |field: &&SaidField<'_>| is_own(field.source) || field.over.is_some_and(is_own);
                rows.extend(said.iter().filter(counts).map(|field| (place(), field.name)));
            }
            for field in rule.options.fields.iter().filter(|field| is_own(field.source)) {
                rows.insert((place(), field.value.field()));
            }
            if let Some(crate::resolver::RuleSession::OfPolicy(policy, _)) = rule.session
                && is_own(policy)
            {
                rows.insert((place(), "sessionPersistence"));
            }
            for backend in rule.backends.iter().filter_map(|backend| backend.outcome.ok()) {
                let backend = resolved.backends.get(backend);
                let name = &backend.name;
                let kind = if name.site == Site::Backend { "Backend" } else { "Service" };
                let port = || format!("{kind} {}/{} port {}", name.namespace, name.name, name.port);
                if backend.policy.is_some_and(|at| is_own(resolved.backends.policies().get(at).object)) {
                    rows.insert((port(), "validation"));
                }
                let traffic = resolved.traffic_policies.of_backend(backend);
                if traffic.is_some_and(|policy| is_own(policy) && policy.spec.retry_constraint.is_some()) {
                    rows.insert((port(), "retryConstraint"));
                }
            }
        }
    }
    for (at, gateway) in resolved.gateways.iter().enumerate().filter(|(_, gateway)| gateway.stand_in.is_none()) {
        for (index, listener) in gateway.listeners.iter().enumerate() {
            let id = ListenerId { gateway: at, listener: index };
            let owner = listener.owner.key();
            let place =
                || format!("{} {}/{} listener {}", owner.kind.name(), owner.namespace, owner.name, listener.spec.name);
            let of_host = own_fields(&resolved.virtual_host_options, id, head);
            let of_socket = own_fields(&resolved.listener_options, id, head);
            let of_http = own_fields(&resolved.http_listener_options, id, head);
            rows.extend(of_host.into_iter().chain(of_socket).chain(of_http).map(|field| (place(), field)));
        }
    }
    let mut table = Table::new(&["PLACE", "FIELD"]);
    for (place, field) in rows {
        table.push(vec![place.into(), field.into()]);
    }
    table
}

/// The fields of one object that count at a listener.
fn own_fields<T: PolicyOption>(
    options: &OptionsOfListeners<'_, T>,
    id: ListenerId,
    head: &ObjectHead,
) -> Vec<&'static str> {
    let fields = options.of(id).map(|id| options.get(id)).into_iter().flat_map(|own| &own.fields);
    fields.filter(|field| field.source.position == head.position).map(|field| field.value.field()).collect()
}
