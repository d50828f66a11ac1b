//! Policies that stay as they are: those that nothing of the input leads to, and those that count for clients of Services.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::diagnostics::{Finding, ObjectPart, codes};
use crate::parser::manifests::{Kind, ObjectHead, ObjectKey};
use crate::path;

use super::terms::Terms;
use super::written::WrittenObjects;

/// Why a policy stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// Nothing of the input is what it is about.
    Aimless,
    /// A route with a Service as its parent has it.
    OfClients,
    /// A route has it that is not written anew.
    OfOthers,
}

/// The policies in other terms: those that are replaced, and those that stay.
pub(super) struct Policies<'m> {
    pub(super) replaced: Vec<&'m ObjectHead>,
    keys: HashSet<ObjectKey>,
    pub(super) kept: Vec<(&'m ObjectHead, Kept)>,
    /// Whether one that is replaced is about a Gateway or a ListenerSet.
    pub(super) is_of_gateways: bool,
    /// What those that are replaced are about as well, and the input lacks.
    missed: Vec<(&'m ObjectHead, ObjectKey)>,
}

impl<'m> Policies<'m> {
    pub(super) fn new(written: &WrittenObjects<'m>, terms: Terms) -> Self {
        let manifests = written.manifests;
        let heads = manifests.heads();
        let known: HashMap<ObjectKey, &ObjectHead> = heads.iter().map(|head| (head.key(), *head)).collect();
        let referrers = referrers(written);
        let mut policies = Self {
            replaced: Vec::new(),
            keys: HashSet::new(),
            kept: Vec::new(),
            is_of_gateways: false,
            missed: Vec::new(),
        };
        // What an API server refuses stays, with what it is told for.
        let is_policy =
            |head: &&&ObjectHead| terms.replaces(head.kind) && head.refusal.is_none() && !head.position.context;
        for head in heads.iter().filter(is_policy).copied() {
            let targets = targets(written, head);
            let key = head.key();
            let named = targets.named.iter().filter_map(|key| known.get(key).copied());
            let about: Vec<&ObjectHead> = named.chain(referrers.get(&key).into_iter().flatten().copied()).collect();
            let is_of_clients = about.iter().any(|object| has_service_parent(written, object));
            match () {
                () if is_of_clients => policies.kept.push((head, Kept::OfClients)),
                () if about.is_empty() && !targets.selects => policies.kept.push((head, Kept::Aimless)),
                () => {
                    let lacks = |key: &ObjectKey| !known.contains_key(key);
                    policies.missed.extend(targets.named.into_iter().filter(lacks).map(|key| (head, key)));
                    policies.keys.insert(key);
                    policies.is_of_gateways |=
                        about.iter().any(|object| matches!(object.kind, Kind::Gateway | Kind::ListenerSet));
                    policies.replaced.push(head);
                }
            }
        }
        policies
    }

    /// What is told of objects that policies are about and the input lacks.
    pub(super) fn missed(&self, terms: Terms) -> impl Iterator<Item = Finding> {
        self.missed.iter().map(move |(head, key)| {
            let (kind, name, other) = (head.kind.name(), head.full_name(), key.to_ref());
            let owner = terms.owner();
            let message =
                format!("what {kind} `{name}` says of {other} is not said in the terms of {owner}: the input lacks it");
            let finding = head.finding(codes::UNSAID_IN_TERMS, ObjectPart::Whole.at(&path!["spec"]), message);
            let finding =
                finding.label("it is about several objects").consequence("none here; there it serves without it");
            finding.help("give the object to the same run, or keep the policy where it is declared")
        })
    }

    /// Lets some of those that are replaced stay.
    pub(super) fn keep(&mut self, staying: Vec<(&'m ObjectHead, Kept)>) {
        for (head, why) in staying {
            if self.keys.remove(&head.key()) {
                self.replaced.retain(|own| own.position != head.position);
                self.missed.retain(|(own, _)| own.position != head.position);
                self.kept.push((head, why));
            }
        }
    }

    /// Whether an object is one of those that are replaced.
    pub(super) fn replaces(&self, head: &ObjectHead) -> bool {
        self.keys.contains(&head.key())
    }

    /// Whether a filter of a route names a policy that is replaced: whatever else it names stays.
    pub(super) fn are_named(&self, filter: &Value, route: &ObjectHead) -> bool {
        let reference = &filter["extensionRef"];
        named_by(reference, route).is_some_and(|key| self.keys.contains(&key))
    }
}

/// What a policy is about.
#[derive(Default)]
struct Targets {
    named: Vec<ObjectKey>,
    /// Whether it selects objects by their labels.
    selects: bool,
}

fn targets(written: &WrittenObjects<'_>, head: &ObjectHead) -> Targets {
    let Some(object) = written.object(head) else { return Targets::default() };
    let spec = &object["spec"];
    let listed = spec["targetRefs"].as_array().into_iter().flatten();
    let named = listed.chain(spec.get("targetRef")).filter_map(|target| {
        let key = named_by(target, head)?;
        let namespace = target["namespace"].as_str().map_or(key.namespace.clone(), Into::into);
        Some(ObjectKey { namespace, ..key })
    });
    Targets { named: named.collect(), selects: spec["targetSelectors"].is_array() }
}

/// The object of a reference without a namespace.
fn named_by(reference: &Value, from: &ObjectHead) -> Option<ObjectKey> {
    let text = |field: &str| reference[field].as_str().unwrap_or_default();
    let kind = Kind::ALL.into_iter().find(|kind| kind.is_named(text("group"), text("kind")))?;
    Some(ObjectKey { kind, namespace: from.metadata.namespace.clone(), name: text("name").into() })
}

/// The routes that name objects in filters, by the object.
fn referrers<'m>(written: &WrittenObjects<'m>) -> HashMap<ObjectKey, Vec<&'m ObjectHead>> {
    let mut referrers: HashMap<ObjectKey, Vec<&'m ObjectHead>> = HashMap::new();
    for route in written.manifests.routes().map(|route| route.object) {
        let Some(object) = written.object(route) else { continue };
        let rules = object["spec"]["rules"].as_array().into_iter().flatten();
        for filter in rules.flat_map(|rule| rule["filters"].as_array().into_iter().flatten()) {
            if let Some(key) = named_by(&filter["extensionRef"], route) {
                referrers.entry(key).or_default().push(route);
            }
        }
    }
    referrers
}

/// Whether a route is for clients of a Service.
pub(super) fn has_service_parent(written: &WrittenObjects<'_>, route: &ObjectHead) -> bool {
    if !route.kind.is_route() {
        return false;
    }
    let object = written.object(route).unwrap_or_default();
    let mut parents = object["spec"]["parentRefs"].as_array().into_iter().flatten();
    parents.any(|parent| parent["kind"] == "Service")
}

/// Whether an object is one of the input that an API server takes.
pub(super) fn is_readable(head: &ObjectHead) -> bool {
    head.refusal.is_none() && !head.position.context
}

/// Whether the rules of a route are written anew.
pub(super) fn is_rewritten(written: &WrittenObjects<'_>, head: &ObjectHead) -> bool {
    let is_of_requests = matches!(head.kind, Kind::HTTPRoute | Kind::GRPCRoute);
    is_of_requests && is_readable(head) && !has_service_parent(written, head)
}
