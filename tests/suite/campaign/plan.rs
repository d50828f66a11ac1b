//! A generated configuration as a list of objects, and smaller versions of it.

use serde_json::{Value, json};

use super::gateway::{self, Socket};
use super::overlap;
use super::random::Random;
use super::route;

/// The namespace of the Gateways and of most other objects.
pub(crate) const HOME: &str = "default";
/// A namespace that references need a grant for.
pub(crate) const ABROAD: &str = "abroad";

/// The hosts of listeners and routes; the empty one is every host.
pub(crate) const HOSTS: &[&str] =
    &["", "*.example.com", "a.example.com", "*.b.example.com", "other.test", "grpc.example.com"];

/// A configuration.
#[derive(Clone)]
pub(crate) struct Plan {
    documents: Vec<Value>,
    /// What the listeners declare; requests go to these.
    pub(crate) sockets: Vec<Socket>,
}

impl Plan {
    pub(crate) fn generate(random: &mut Random) -> Self {
        let mut documents = gateway::surroundings();
        let (gateways, sockets) = gateway::generate(random);
        documents.extend(gateways);
        let parents: Vec<Value> = documents.iter().filter_map(parent).collect();
        documents.extend((0..3 + random.below(8)).map(|number| route::generate(number, &parents, &sockets, random)));
        Self { documents, sockets }
    }

    /// A configuration of these objects.
    pub(super) fn of(documents: Vec<Value>, sockets: Vec<Socket>) -> Self {
        Self { documents, sockets }
    }

    /// More objects.
    pub(super) fn extend(&mut self, documents: Vec<Value>) {
        self.documents.extend(documents);
    }

    /// The names of the objects of a kind.
    pub(super) fn names(&self, kind: &str) -> Vec<String> {
        let documents = self.documents.iter().filter(|document| document["kind"] == kind);
        documents.filter_map(|document| document["metadata"]["name"].as_str().map(str::to_owned)).collect()
    }

    /// Changes every rule of the routes of a kind.
    pub(super) fn edit_rules(&mut self, kind: &str, mut edit: impl FnMut(&mut Value)) {
        let routes = self.documents.iter_mut().filter(|document| document["kind"] == kind);
        routes.filter_map(|route| route["spec"]["rules"].as_array_mut()).flatten().for_each(&mut edit);
    }

    /// The manifests.
    pub(crate) fn manifests(&self) -> String {
        self.documents.iter().map(|document| format!("---\n{document}\n")).collect()
    }

    /// The plan with a label that the pods of a Service have.
    pub(crate) fn selecting(&self, service: &str, label: &str) -> Self {
        let mut plan = self.clone();
        let services = plan.documents.iter_mut().filter(|document| document["kind"] == "Service");
        for document in services.filter(|document| document["metadata"]["name"] == service) {
            document["spec"]["selector"] = json!({"app": service, "slot": label});
        }
        plan
    }

    /// The plan with two rules that take some requests together.
    pub(crate) fn overlapping(&self, random: &mut Random) -> Self {
        let mut plan = self.clone();
        overlap::add(&mut plan.documents, random);
        plan
    }

    /// The plan with another order of rules, by whatever decides on it.
    pub(crate) fn exchanged(&self, random: &mut Random) -> Self {
        let mut plan = self.clone();
        overlap::exchange(&mut plan.documents, random);
        plan
    }

    /// The manifests for people, without certificates.
    pub(crate) fn yaml(&self) -> String {
        let shown = self.documents.iter().filter(|document| document["kind"] != "Secret");
        shown.map(|document| format!("---\n{}", serde_yaml::to_string(document).unwrap_or_default())).collect()
    }

    /// The plan with one random edit: a part less, another value, two items that change places, or other order of documents.
    pub(crate) fn edited(&self, random: &mut Random) -> Self {
        let mut edited = self.clone();
        match random.below(5) {
            0 | 1 => {
                let removed = (0..8).find_map(|_| self.without(random.below(400)));
                return removed.unwrap_or(edited);
            }
            2 => edited.documents.reverse(),
            3 => {
                let place = random.below(edited.documents.len());
                if let Some(rules) = edited.documents[place]["spec"]["rules"].as_array_mut() {
                    rules.reverse();
                }
            }
            _ => {
                let from = self.documents[random.below(self.documents.len())].clone();
                let place = random.below(edited.documents.len());
                exchange(&mut edited.documents[place]["spec"], &from["spec"], random);
            }
        }
        edited
    }

    /// Whether its Services are those that every plan begins with, or some of them.
    pub(crate) fn keeps_services(&self) -> bool {
        let known = gateway::surroundings();
        self.documents.iter().filter(|document| document["kind"] == "Service").all(|one| known.contains(one))
    }

    /// The plan without its part number `place`, the largest parts first; `None` when it has no more.
    pub(crate) fn without(&self, place: usize) -> Option<Self> {
        let mut left = place;
        for depth in 0..MAX_DEPTH {
            let mut smaller = self.clone();
            if depth == 0 {
                if left < smaller.documents.len() {
                    smaller.documents.remove(left);
                    return Some(smaller);
                }
                left -= smaller.documents.len();
                continue;
            }
            let mut specs = smaller.documents.iter_mut().filter_map(|document| document.get_mut("spec"));
            if specs.any(|spec| remove(spec, depth, &mut left)) {
                return Some(smaller);
            }
        }
        None
    }
}

/// Gives some fields the values that the same fields have elsewhere.
fn exchange(value: &mut Value, from: &Value, random: &mut Random) {
    match (value, from) {
        (Value::Object(fields), Value::Object(others)) => {
            for (name, field) in fields.iter_mut().filter(|(name, _)| *name != "parentRefs") {
                let Some(other) = others.get(name) else { continue };
                if random.once_in(6) {
                    *field = other.clone();
                } else {
                    exchange(field, other, random);
                }
            }
        }
        (Value::Array(items), Value::Array(others)) => {
            items.iter_mut().zip(others).for_each(|(item, other)| exchange(item, other, random));
        }
        _ => {}
    }
}

/// How deep parts are taken out: a value of a match of a rule is no deeper.
const MAX_DEPTH: usize = 9;

/// Removes the part of `value` that `left` counts down to, `depth` levels below it.
fn remove(value: &mut Value, depth: usize, left: &mut usize) -> bool {
    match value {
        Value::Object(fields) if depth == 1 => {
            let name = fields.keys().nth(*left).cloned();
            *left = left.saturating_sub(fields.len());
            name.is_some_and(|name| fields.remove(&name).is_some())
        }
        Value::Array(items) if depth == 1 => {
            if *left < items.len() {
                items.remove(*left);
                return true;
            }
            *left -= items.len();
            false
        }
        Value::Object(fields) => fields.values_mut().any(|value| remove(value, depth - 1, left)),
        Value::Array(items) => items.iter_mut().any(|value| remove(value, depth - 1, left)),
        _ => false,
    }
}

/// The reference to an object that routes attach to.
fn parent(document: &Value) -> Option<Value> {
    let kind = document["kind"].as_str().filter(|kind| ["Gateway", "ListenerSet"].contains(kind))?;
    let (name, namespace) = (&document["metadata"]["name"], &document["metadata"]["namespace"]);
    Some(json!({"group": "gateway.networking.k8s.io", "kind": kind, "name": name, "namespace": namespace}))
}

/// The head of a Gateway API object.
pub(crate) fn object(kind: &str, namespace: &str, name: &str, spec: Value) -> Value {
    json!({
        "apiVersion": if kind == "ReferenceGrant" { "gateway.networking.k8s.io/v1beta1" } else { "gateway.networking.k8s.io/v1" },
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    })
}
