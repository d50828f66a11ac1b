//! The policies that are written for the rules of a route.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Value, json};

use crate::parser::manifests::{Kind, Manifests, ObjectHead};

use super::rule::OwnObject;

/// What policies say for rules, by the number of the rule.
pub(super) type OfRules = Vec<(usize, BTreeMap<OwnObject, Value>)>;

/// Gives names to what is written.
pub(super) struct Objects<'m> {
    /// The names that objects of the input have, and those that were given.
    taken: HashSet<(Kind, &'m str, String)>,
}

impl<'m> Objects<'m> {
    pub(super) fn new(manifests: &'m Manifests) -> Self {
        let heads = manifests.heads().into_iter();
        Self {
            taken: heads.map(|head| (head.kind, &*head.metadata.namespace, head.metadata.name.to_string())).collect(),
        }
    }

    fn name(&mut self, kind: Kind, route: &'m ObjectHead) -> String {
        let namespace: &str = &route.metadata.namespace;
        let base = &route.metadata.name;
        let mut name = base.to_string();
        // A name has 253 bytes at most.
        let stem = base.get(..base.len().min(240)).unwrap_or(base);
        let mut count = 1;
        while !self.taken.insert((kind, namespace, name.clone())) {
            count += 1;
            name = format!("{stem}-{count}");
        }
        name
    }

    /// The policies of a route's rules, each for all rules of which it says the same. `written` are the rules, which get what
    /// leads from them to the policies.
    pub(super) fn of_route(&mut self, route: &'m ObjectHead, of_rules: OfRules, written: &mut [Value]) -> Vec<Value> {
        let mut objects = Vec::new();
        let kinds = [OwnObject::Options, OwnObject::Filter, OwnObject::Traffic, OwnObject::Security];
        for policy in kinds {
            let mut groups: Vec<(&Value, Vec<usize>)> = Vec::new();
            for (index, policies) in &of_rules {
                let Some(said) = policies.get(&policy) else { continue };
                match groups.iter_mut().find(|(known, _)| *known == said) {
                    Some((_, rules)) => rules.push(*index),
                    None => groups.push((said, vec![*index])),
                }
            }
            for (said, rules) in groups {
                let name = self.name(policy.kind(), route);
                let spec = match policy {
                    OwnObject::Options => json!({ "options": said }),
                    OwnObject::Filter => said.to_owned(),
                    OwnObject::Traffic | OwnObject::Security => {
                        let mut spec = json!({ "targetRefs": targets(route, &rules, written) });
                        for (field, value) in said.as_object().into_iter().flatten() {
                            spec[field] = value.to_owned();
                        }
                        spec
                    }
                };
                if policy.is_named_by_rules() {
                    rules.iter().for_each(|rule| refer(&mut written[*rule], policy.kind(), &name));
                }
                objects.push(object(policy.kind(), route, &name, &spec));
            }
        }
        objects
    }
}

fn object(kind: Kind, route: &ObjectHead, name: &str, spec: &Value) -> Value {
    let version = if kind.is_option() { "v1" } else { "v1alpha1" };
    json!({
        "apiVersion": format!("{}/{version}", kind.group()),
        "kind": kind.name(),
        "metadata": { "name": name, "namespace": &*route.metadata.namespace },
        "spec": spec,
    })
}

/// Lets a rule name an object.
fn refer(rule: &mut Value, kind: Kind, name: &str) {
    let filter =
        json!({ "type": "ExtensionRef", "extensionRef": { "group": kind.group(), "kind": kind.name(), "name": name } });
    match rule.get_mut("filters").and_then(Value::as_array_mut) {
        Some(filters) => filters.push(filter),
        None => rule["filters"] = json!([filter]),
    }
}

/// The targets of a policy: the route, or some of its rules, which have names from then on.
fn targets(route: &ObjectHead, rules: &[usize], written: &mut [Value]) -> Vec<Value> {
    let target = json!({ "group": route.kind.group(), "kind": route.kind.name(), "name": &*route.metadata.name });
    if rules.len() == written.len() {
        return vec![target];
    }
    let names: HashSet<String> = written.iter().filter_map(|rule| rule["name"].as_str().map(str::to_owned)).collect();
    let sections = rules.iter().map(|index| {
        let rule = &mut written[*index];
        let mut name = rule["name"].as_str().map(str::to_owned);
        if name.is_none() {
            let mut given = format!("rule-{index}");
            while names.contains(&given) {
                given.push_str("-x");
            }
            rule["name"] = given.as_str().into();
            name = Some(given);
        }
        let mut target = target.clone();
        target["sectionName"] = name.into();
        target
    });
    sections.collect()
}
