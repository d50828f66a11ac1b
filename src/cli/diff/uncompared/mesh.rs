//! Policies about routes whose parents are Services, and about what these send to.

use std::collections::{BTreeMap, BTreeSet};

use super::super::clients::MeshSide;
use super::applied::names_in;
use super::values::{AllLeft, Content, Left, Used, Values, said};
use crate::compile::Compilation;
use crate::diagnostics::{FieldPath, Subject};
use crate::name::Name;
use crate::parser::api::ParentReference;
use crate::parser::manifests::{Manifests, ObjectHead};
use crate::path;

/// The targets of policies that no Gateway leads to and that clients of Services meet, as the ledger calls them.
pub(super) fn led(compilation: &Compilation, mesh: &MeshSide<'_>, met: &Used<'_>) -> BTreeSet<String> {
    let Manifests { backend_tls_policies, x_backend_traffic_policies, route_options, .. } = &compilation.manifests;
    let is_met = |policy: &ObjectHead, name: &Name| met.contains(&(&policy.metadata.namespace, name));
    let mut led = BTreeSet::new();
    let mut add = |policy: &ObjectHead, is_led: Vec<bool>| {
        let targets = is_led.iter().enumerate().filter(|(_, is_led)| **is_led);
        let part = |index| Subject::Part(policy.key().to_ref(), path!["spec", "targetRefs", index]).to_string();
        led.extend(targets.map(|(index, _)| part(index)));
    };
    for policy in backend_tls_policies {
        add(&policy.head, policy.spec.target_refs.iter().map(|target| is_met(&policy.head, &target.name)).collect());
    }
    for policy in x_backend_traffic_policies {
        add(&policy.head, policy.spec.target_refs.iter().map(|target| is_met(&policy.head, &target.name)).collect());
    }
    for option in route_options {
        let has = |name: &Name| mesh.has_route(&option.head.metadata.namespace, name);
        add(&option.head, option.spec.target_refs.iter().map(|target| has(&target.name)).collect());
    }
    led
}

/// Adds the BackendTLSPolicies about what routes of Services name: they say what Gateways do, and a mesh may apply them.
pub(super) fn add(values: &Values<'_>, left: &mut AllLeft) {
    let manifests = &values.compilation.manifests;
    let Manifests { backend_tls_policies, .. } = manifests;
    if backend_tls_policies.is_empty() {
        return;
    }
    let mut named: BTreeMap<(&str, &str), &ObjectHead> = BTreeMap::new();
    for route in manifests.routes().filter(|route| route.parent_refs.iter().any(ParentReference::is_service)) {
        let Ok(node) = values.object(&route.object.at(&FieldPath::ROOT)) else { continue };
        let mut names = BTreeSet::new();
        let rules = node.get("spec").and_then(|spec| spec.get("rules"));
        rules.into_iter().for_each(|rules| names_in(rules, &route.object.metadata.namespace, &mut names));
        for name in names {
            named.entry(name).or_insert(route.object);
        }
    }
    for policy in backend_tls_policies.iter().filter(|policy| !policy.position.context) {
        let namespace = policy.metadata.namespace.as_str();
        let by = policy.spec.target_refs.iter().find_map(|target| named.get(&(namespace, target.name.as_str())));
        let Some(by) = by else { continue };
        let location = policy.head.at(&FieldPath::ROOT);
        let content = values.content(&location, |object| Content::Value(said(object)));
        let reason = format!("{} sends to its target, and whether a mesh applies it is not known", by.key().to_ref());
        let subject = Subject::Object(policy.head.key().to_ref()).to_string();
        left.entry(subject).or_default().push(Left { content, location, reason, is_unknown: true });
    }
}
