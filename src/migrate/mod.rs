//! The same decisions in other terms: what policies of one vendor say, said by Gateway API's own fields, or by policies of
//! another one.
//!
//! Input: a compilation, and another one of the same objects without policies of other terms ([`bare`]). What policies do
//! to requests is what the two differ in, rule by rule and topic by topic; each topic is said anew ([`migrate`]), and what
//! cannot be is a finding. Nothing here says that the result decides like the input: whoever asks for it compiles the
//! result and compares.

mod backends;
mod documents;
mod envoy_gateway;
mod gateway_api;
mod gloo;
mod kept;
mod objects;
mod rule;
mod said;
mod terms;
mod told;
mod topic;
mod uses;
mod written;

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use crate::diagnostics::Finding;
use crate::ir::{BackendName, Config};
use crate::parser::manifests::{Kind, Manifests, ObjectHead};
use crate::resolver::{Resolved, ResolvedRoute, ResolvedRule};

use backends::Backends;
use kept::{Policies, has_service_parent, is_readable, is_rewritten};
use objects::Objects;
use rule::{OwnObject, Rule};
use said::said;
use told::Told;
use topic::Topic;
use uses::Uses;
use written::WrittenObjects;

pub use documents::{Documents, joined};
pub use terms::Terms;

/// An input in other terms.
#[derive(Debug)]
pub struct Migration {
    /// What becomes of its objects.
    pub documents: Documents,
    /// What cannot be said, and what counts nowhere.
    pub findings: Vec<Finding>,
    /// How many fields of policies are said in the new terms.
    pub said: usize,
    /// Whether what a policy of a Gateway or a ListenerSet says is said at routes.
    pub is_of_gateways: bool,
    /// The objects that are left out, as sentences name them.
    pub left_out: Vec<String>,
    /// The names that backends had, and those of what is in their places.
    pub renamed: BTreeMap<BackendName, BackendName>,
}

/// An input without its policies in other terms, and with backends in the terms that are asked for.
pub fn bare(manifests: &Manifests, terms: Terms) -> Documents {
    let written = WrittenObjects::new(manifests);
    without(&written, &Policies::new(&written, terms))
}

fn without(written: &WrittenObjects<'_>, policies: &Policies<'_>) -> Documents {
    let mut documents = Documents::default();
    for head in &policies.replaced {
        documents.leave_out(head);
    }
    for head in written.manifests.routes().map(|route| route.object).filter(|head| is_rewritten(written, head)) {
        let Some(mut value) = written.object(head) else { continue };
        let rules = value.pointer_mut("/spec/rules").and_then(Value::as_array_mut);
        let mut is_changed = false;
        for rule in rules.into_iter().flatten() {
            is_changed |= remove_references(rule, policies, head);
        }
        if is_changed {
            documents.change(head, value);
        }
    }
    documents
}

/// Takes filters away that name policies which are replaced; whether there was one.
fn remove_references(rule: &mut Value, policies: &Policies<'_>, route: &ObjectHead) -> bool {
    let Some(filters) = rule.get_mut("filters").and_then(Value::as_array_mut) else { return false };
    let before = filters.len();
    filters.retain(|filter| !policies.are_named(filter, route));
    let is_changed = filters.len() < before;
    if filters.is_empty() && is_changed {
        rule.as_object_mut().map(|rule| rule.remove("filters"));
    }
    is_changed
}

/// Says what policies of an input say in other terms. `bare` is what is declared without them.
pub fn migrate<'c>(resolved: &'c Resolved<'_>, (config, bare): (&'c Config, &'c Config), terms: Terms) -> Migration {
    let manifests = resolved.manifests;
    let objects = WrittenObjects::new(manifests);
    let mut policies = Policies::new(&objects, terms);
    let mut told = Told::new(resolved, &objects, &policies, terms);
    told.judge_listeners();
    policies.keep(told.staying());
    told.leave(&policies);
    let mut writer = Writer {
        resolved,
        written: &objects,
        terms,
        uses: Uses::new(config, bare),
        told,
        objects: Objects::new(manifests),
        backends: Backends::new(&objects, terms),
        documents: without(&objects, &policies),
        policies,
    };
    for route in resolved.routes.iter().filter(|route| is_readable(route.object())) {
        writer.write(route);
    }
    let Writer { told, mut backends, mut documents, policies, .. } = writer;
    let of_backends =
        |text: &&str| ["Upstream", "upstream", "Backend", "backend"].iter().any(|word| text.contains(word));
    let untouched = documents.untouched(manifests, &backends.used);
    let rest: HashSet<&str> = untouched.into_iter().filter(of_backends).flat_map(words_of).collect();
    backends.finish(&mut documents, &rest);
    let (mut findings, said) = told.finish();
    findings.extend(policies.missed(terms));
    findings.append(&mut backends.findings);
    let left_out = policies.replaced.iter().map(|head| head.key()).chain(backends.used.iter().cloned());
    let left_out = left_out.map(|key| key.to_ref().to_string()).collect();
    Migration {
        documents,
        findings,
        said,
        renamed: backends.renamed,
        left_out,
        is_of_gateways: policies.is_of_gateways,
    }
}

/// The words of a text that may be names.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-' || letter == '.'))
}

/// What writes routes anew.
struct Writer<'c, 'm> {
    resolved: &'c Resolved<'m>,
    written: &'c WrittenObjects<'m>,
    terms: Terms,
    policies: Policies<'m>,
    uses: Uses<'c>,
    told: Told<'c, 'm>,
    objects: Objects<'m>,
    backends: Backends<'m>,
    documents: Documents,
}

impl<'m> Writer<'_, 'm> {
    /// Writes the rules of a route anew.
    fn write(&mut self, route: &ResolvedRoute<'m>) {
        let head = route.object();
        let Some(mut value) = self.written.object(head) else { return };
        let rules = value.pointer("/spec/rules").and_then(Value::as_array);
        let mut written: Vec<Value> = rules.cloned().unwrap_or_default();
        // A route without rules has one for all requests.
        written.resize(written.len().max(route.rules.len()), Value::Object(serde_json::Map::new()));
        let is_of_clients = has_service_parent(self.written, head);
        let mut is_changed = false;
        let mut policies = Vec::new();
        for rule in &route.rules {
            let Some(slot) = written.get_mut(rule.index) else { continue };
            is_changed |= remove_references(slot, &self.policies, head);
            is_changed |= self.backends.replace(slot, (self.resolved, rule), (head, is_of_clients));
            if !is_of_clients && let Some(of_rule) = self.write_rule(route, rule, slot) {
                is_changed = true;
                policies.push((rule.index, of_rule));
            }
        }
        if !is_changed {
            return;
        }
        for object in self.objects.of_route(head, policies, &mut written) {
            self.documents.add(head, object);
        }
        value["spec"]["rules"] = written.into();
        self.documents.change(head, value);
    }

    /// Writes a rule anew; what policies of its own have to say, where there was something to be said.
    fn write_rule(
        &mut self,
        route: &ResolvedRoute<'m>,
        rule: &ResolvedRule<'m>,
        written: &mut Value,
    ) -> Option<BTreeMap<OwnObject, Value>> {
        let head = route.object();
        let using = self.uses.of_rule(head, rule.index)?;
        if using.fails() {
            fail(written);
            return Some(BTreeMap::new());
        }
        let topics: Vec<Topic> = using.topics().collect();
        let place = using.place().filter(|_| !topics.is_empty())?;
        let mut anew = Rule::new(place, using.paths(), &head.metadata.namespace, written);
        let fields = said(self.resolved, route, rule);
        let staying = fields.iter().filter(|(policy, _)| !self.policies.replaces(policy));
        anew.occupied = staying.map(|(policy, _)| policy.kind).collect();
        for topic in topics {
            let outcome = say(topic, self.terms, head.kind, &mut anew).and_then(|()| using.agreed(topic));
            self.told.note((route, rule), &fields, topic, outcome.as_ref().err().map(String::as_str));
            if outcome.is_err() && topic.keeps_out() {
                fail(written);
                return Some(BTreeMap::new());
            }
        }
        let policies = std::mem::take(&mut anew.policies);
        *written = anew.into_value();
        Some(policies)
    }
}

/// Takes what serves requests away: all of them get 500.
fn fail(rule: &mut Value) {
    if let Some(fields) = rule.as_object_mut() {
        fields.remove("backendRefs");
        fields.remove("filters");
    }
}

/// Says a topic: in Gateway API's own fields first, where the route has some.
fn say(topic: Topic, terms: Terms, kind: Kind, rule: &mut Rule<'_>) -> Result<(), String> {
    let own = match kind {
        Kind::HTTPRoute => gateway_api::say(topic, rule),
        _ if matches!(topic, Topic::RequestHeaders | Topic::ResponseHeaders | Topic::Mirrors) => {
            gateway_api::say(topic, rule)
        }
        _ => Err("a GRPCRoute has no field for that".to_owned()),
    };
    let Err(why) = own else { return Ok(()) };
    let other = match terms {
        Terms::GatewayApi => return Err(why),
        Terms::Gloo if kind != Kind::HTTPRoute => Err("options are about HTTPRoutes".to_owned()),
        Terms::Gloo => gloo::say(topic, rule),
        Terms::EnvoyGateway => envoy_gateway::say(topic, rule),
    };
    other.map_err(|other| format!("of Gateway API, {why}; of {}, {other}", terms.owner()))
}
