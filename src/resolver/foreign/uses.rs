//! All that objects which gwctl does not translate apply to: whoever compares two inputs has to know of each.

use std::collections::BTreeSet;

use crate::options::Options;
use crate::parser::api::Listener;
use crate::parser::foreign::{ForeignObject, ForeignTarget, Selection};
use crate::parser::manifests::{Kind, Manifests, Metadata, ObjectKey};

use super::super::reference::References;
use super::{Concern, Known, kind_of};

/// An object that gwctl does not translate, with all that it applies to.
#[derive(Clone, Debug)]
pub struct ForeignUse<'m> {
    /// The object.
    pub object: &'m ForeignObject,
    /// The objects that it applies to, also where they are not in the input, and those that refer to it, as sentences name
    /// them.
    pub objects: BTreeSet<String>,
    /// The parts of objects that it applies to, each by its name and by what it is.
    pub sections: BTreeSet<String>,
}

/// The objects that gwctl does not translate, each with what it applies to; `missing` is judged by stand-ins.
pub fn foreign_uses<'m>(manifests: &'m Manifests, options: &Options, missing: &[ObjectKey]) -> Vec<ForeignUse<'m>> {
    if manifests.foreign.is_empty() {
        return Vec::new();
    }
    let known = Known::new(manifests, options, missing);
    let references = References::new(manifests, options);
    let of_object = |object: &'m ForeignObject| {
        let referrers = references.of(&object.identity).iter().map(|(by, _)| by.clone());
        let mut objects: BTreeSet<String> = referrers.collect();
        match Concern::of(object, &known, &references, usize::MAX) {
            Concern::Applies(found, _) => objects.extend(found.into_iter().map(|about| about.name)),
            // Whoever has that object has the policy too.
            Concern::Missed { name, .. } => drop(objects.insert(format!("{name}, which is not in the input"))),
            Concern::Named { .. } | Concern::Nothing => {}
        }
        let sections = object.targets.iter().filter_map(|target| section(manifests, target)).collect();
        ForeignUse { object, objects, sections }
    };
    manifests.foreign.iter().map(of_object).collect()
}

/// The part of an object that a target names: it may be called otherwise, and another one may be called so.
fn section(manifests: &Manifests, target: &ForeignTarget) -> Option<String> {
    let ForeignTarget { path: _, group: _, kind: _, namespace, selection, section } = target;
    let (section, Selection::Name(name)) = (section.as_deref()?, selection) else { return None };
    let is_target = |metadata: &Metadata| metadata.name == *name && metadata.namespace == *namespace;
    let listener = |listeners: &[Listener]| {
        let found = listeners.iter().find(|listener| listener.name == section)?;
        Some(format!("{} {} {:?}", found.protocol, found.port, found.hostname))
    };
    let what = match kind_of(target)? {
        Kind::Gateway => {
            let gateway = manifests.gateways.iter().find(|one| is_target(&one.metadata));
            gateway.and_then(|gateway| listener(&gateway.spec.listeners))
        }
        Kind::ListenerSet => {
            let set = manifests.listener_sets.iter().find(|one| is_target(&one.metadata));
            set.and_then(|set| listener(&set.spec.listeners))
        }
        Kind::HTTPRoute => {
            let route = manifests.http_routes.iter().find(|one| is_target(&one.metadata));
            let rule =
                route.and_then(|route| route.spec.rules.iter().find(|rule| rule.name.as_deref() == Some(section)));
            rule.map(|rule| format!("{:?}", rule.matches))
        }
        Kind::GRPCRoute => {
            let route = manifests.grpc_routes.iter().find(|one| is_target(&one.metadata));
            let rule =
                route.and_then(|route| route.spec.rules.iter().find(|rule| rule.name.as_deref() == Some(section)));
            rule.map(|rule| format!("{:?}", rule.matches))
        }
        Kind::Service => {
            let service = manifests.services.iter().find(|one| is_target(&one.metadata));
            let port = service.and_then(|service| service.spec.ports.iter().find(|port| port.name == section));
            port.map(|port| port.port.to_string())
        }
        _ => None,
    };
    Some(format!("{namespace}/{name} {section}: {}", what.as_deref().unwrap_or("nothing")))
}
