//! Policies about routes whose parents are Services, and about what these send to.

use std::collections::{BTreeMap, BTreeSet};

use super::super::clients::{MeshSide, Met};
use super::applied::names_in;
use super::values::{AllLeft, Content, Left, Values, said};
use crate::compile::Compilation;
use crate::diagnostics::{FieldPath, Subject};
use crate::name::{Name, Namespace};
use crate::parser::api::ParentReference;
use crate::parser::manifests::{Manifests, ObjectHead};
use crate::path;

/// The targets of policies that no Gateway leads to and that clients of Services meet, as the ledger calls them.
pub(super) fn led(compilation: &Compilation, mesh: &MeshSide<'_>, met: &Met) -> BTreeSet<String> {
    let Manifests { backend_tls_policies, backend_traffic_policies, route_options, .. } = &compilation.manifests;
    let is_met = |policy: &ObjectHead, name: &Name| {
        let key = (policy.metadata.namespace.clone(), name.clone());
        met.backends.contains(&key)
    };
    let mut led = BTreeSet::new();
    let mut add = |policy: &ObjectHead, is_led: Vec<bool>| {
        let targets = is_led.iter().enumerate().filter(|(_, is_led)| **is_led);
        let part = |index| Subject::Part(policy.key().to_ref(), path!["spec", "targetRefs", index]).to_string();
        led.extend(targets.map(|(index, _)| part(index)));
    };
    for policy in backend_tls_policies {
        add(&policy.head, policy.spec.target_refs.iter().map(|target| is_met(&policy.head, &target.name)).collect());
    }
    for policy in backend_traffic_policies {
        add(&policy.head, policy.spec.target_refs.iter().map(|target| is_met(&policy.head, &target.name)).collect());
    }
    for option in route_options {
        let has = |name: &Name| mesh.has_route(&option.head.metadata.namespace, name);
        add(&option.head, option.spec.target_refs.iter().map(|target| has(&target.name)).collect());
    }
    led
}

/// Adds the BackendTLSPolicies about what routes of Services name: they say what Gateways do, and a mesh may apply them.
pub(super) fn add(values: &mut Values<'_>, left: &mut AllLeft) {
    let manifests = &values.compilation.manifests;
    let Manifests { backend_tls_policies, .. } = manifests;
    if backend_tls_policies.is_empty() {
        return;
    }
    let mut named: BTreeMap<(Namespace, Name), String> = BTreeMap::new();
    for route in manifests.routes().filter(|route| route.parent_refs.iter().any(ParentReference::is_service)) {
        let Ok(node) = values.object(&route.object.at(&FieldPath::ROOT)) else { continue };
        let by = Subject::Object(route.object.key().to_ref()).to_string();
        let mut names = BTreeSet::new();
        let rules = node.get("spec").and_then(|spec| spec.get("rules"));
        rules.into_iter().for_each(|rules| names_in(rules, &route.object.metadata.namespace, &mut names));
        for name in names {
            named.entry(name).or_insert_with(|| by.clone());
        }
    }
    for policy in backend_tls_policies.iter().filter(|policy| !policy.position.context) {
        let namespace = &policy.metadata.namespace;
        let by = policy.spec.target_refs.iter().find_map(|target| named.get(&(namespace.clone(), target.name.clone())));
        let Some(by) = by else { continue };
        let location = policy.head.at(&FieldPath::ROOT);
        let content = values.object(&location).map_or_else(Content::Text, |object| Content::Value(said(object)));
        let reason = format!("{by} sends to its target, and whether a mesh applies it is not known");
        let subject = Subject::Object(policy.head.key().to_ref()).to_string();
        left.entry(subject).or_default().push(Left { content, location, reason, is_unknown: true });
    }
}
