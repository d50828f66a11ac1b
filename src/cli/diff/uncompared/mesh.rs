//! What routes of Services lead to. No listener of the input has their rules, so that nothing which is compared shows what
//! their backends and policies do.

use std::collections::{BTreeMap, BTreeSet};

use super::applied::{add_services, names_in};
use super::values::{AllLeft, Content, Left, Values, said};
use crate::diagnostics::{FieldPath, Subject};
use crate::name::{Name, Namespace};
use crate::parser::manifests::{Manifests, ObjectHead};

/// Adds the backends that routes of Services name, with their endpoints, and the policies that apply to either.
pub(super) fn add(values: &mut Values<'_>, left: &mut AllLeft) {
    let manifests = &values.compilation.manifests;
    let mut named: BTreeMap<(Namespace, Name), String> = BTreeMap::new();
    let mut routes: BTreeSet<(Namespace, Name)> = BTreeSet::new();
    for route in manifests.routes().filter(|route| route.is_of_mesh()) {
        let (namespace, name) = route.object.metadata.sort_key();
        let by = Subject::Object(route.object.key().to_ref()).to_string();
        routes.insert((namespace.clone(), name.clone()));
        let location = route.object.at(&FieldPath::ROOT);
        let Ok(node) = values.object(&location) else { continue };
        if !route.object.position.context {
            // One that comes or goes is told here; what else differs in it the ledger tells as well.
            let content = Content::Text(by.clone());
            let reason = "its parents are Services, and what is sent to a Service is not compared".to_owned();
            left.entry(by.clone()).or_default().push(Left { content, location, reason, is_unknown: true });
        }
        let mut names = BTreeSet::new();
        node.get("spec").into_iter().for_each(|spec| names_in(spec, namespace, &mut names));
        for name in names {
            named.entry(name).or_insert_with(|| by.clone());
        }
    }
    if routes.is_empty() {
        return;
    }
    let lost = "and what is sent to a Service is not compared";
    add_services(values.compilation, &named, &|by| format!("{by} sends to it, {lost}"), left);
    for (head, targets) in policies(manifests).filter(|(head, _)| !head.position.context) {
        let namespace = &head.metadata.namespace;
        let key = |name: &Name| (namespace.clone(), name.clone());
        let own = named.get(&key(&head.metadata.name)).filter(|_| targets.is_none());
        let target = targets.iter().flatten().find_map(|target| {
            let key = key(target);
            named.get(&key).cloned().or_else(|| routes.contains(&key).then(|| format!("route `{namespace}/{target}`")))
        });
        let Some(by) = own.cloned().or(target) else { continue };
        let location = head.at(&FieldPath::ROOT);
        let content = values.object(&location).map_or_else(Content::Text, |object| Content::Value(said(object)));
        let reason = format!("it counts for {by}, {lost}");
        let subject = Subject::Object(head.key().to_ref()).to_string();
        left.entry(subject).or_default().push(Left { content, location, reason, is_unknown: true });
    }
}

/// Backends that are no Services, and policies with the names of their targets.
fn policies(manifests: &Manifests) -> impl Iterator<Item = (&ObjectHead, Option<Vec<&Name>>)> {
    let Manifests { backends, upstreams, backend_tls_policies, backend_traffic_policies, route_options, .. } =
        manifests;
    let backends = backends.iter().map(|one| (&one.head, None));
    let upstreams = upstreams.iter().map(|one| (&one.head, None));
    let tls = backend_tls_policies
        .iter()
        .map(|one| (&one.head, Some(one.spec.target_refs.iter().map(|target| &target.name).collect())));
    let traffic = backend_traffic_policies
        .iter()
        .map(|one| (&one.head, Some(one.spec.target_refs.iter().map(|target| &target.name).collect())));
    // Filters name such an object as routes name backends.
    let options = route_options.iter().map(|one| {
        let targets: Vec<&Name> = one.spec.target_refs.iter().map(|target| &target.name).collect();
        (&one.head, (!targets.is_empty()).then_some(targets))
    });
    backends.chain(upstreams).chain(tls).chain(traffic).chain(options)
}
