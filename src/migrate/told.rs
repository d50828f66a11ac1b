//! What is told of the policies of an input: what of each field cannot be said in other terms, and what counts nowhere.

use std::collections::{BTreeMap, HashMap};

use crate::diagnostics::{Finding, ObjectPart, PartPath, codes};
use crate::parser::manifests::{Kind, Manifests, ObjectHead, ObjectKey};
use crate::path;
use crate::resolver::{ListenerId, Resolved, ResolvedEnvoyPolicy, ResolvedRoute, ResolvedRule};

use super::kept::{Kept, Policies, is_rewritten};
use super::said::{fields_of_filter, said};
use super::terms::Terms;
use super::topic::Topic;
use super::written::WrittenObjects;

/// What is known of a field.
#[derive(Default)]
struct Field {
    /// At how many rules or listeners it counts.
    places: usize,
    /// Whether one of them is a rule that is not written anew.
    is_lost: bool,
    /// Whether something of it is said anew.
    is_said: bool,
    /// What of it is not, and why, with the rules.
    unsaid: BTreeMap<(Option<Topic>, String), Vec<String>>,
}

/// What is told of policies.
pub(super) struct Told<'r, 'm> {
    resolved: &'r Resolved<'m>,
    terms: Terms,
    /// Every field of every policy that is replaced, in the order of the input.
    fields: Vec<(&'m ObjectHead, &'static str, Field)>,
    /// Where each stands in the list.
    places: HashMap<(ObjectKey, &'static str), usize>,
    /// What is unsaid of rules, and of no field that is known.
    others: Vec<Finding>,
}

impl<'r, 'm> Told<'r, 'm> {
    pub(super) fn new(
        resolved: &'r Resolved<'m>,
        written: &WrittenObjects<'m>,
        policies: &Policies<'m>,
        terms: Terms,
    ) -> Self {
        let fields = fields_of(resolved.manifests, policies);
        let places = fields.iter().enumerate().map(|(at, (head, name))| ((head.key(), *name), at)).collect();
        let fields = fields.into_iter().map(|(head, name)| (head, name, Field::default())).collect();
        let others = Vec::new();
        let mut told = Self { resolved, terms, fields, places, others };
        for route in resolved.routes.iter() {
            let is_lost = !is_rewritten(written, route.object());
            for rule in &route.rules {
                told.count(route, rule, is_lost);
            }
        }
        told
    }

    fn field(&mut self, head: &ObjectHead, name: &'static str) -> Option<&mut Field> {
        let at = *self.places.get(&(head.key(), name))?;
        self.fields.get_mut(at).map(|(_, _, field)| field)
    }

    /// Notes which fields count at a rule. What nobody writes anew for its route is unsaid.
    fn count(&mut self, route: &ResolvedRoute<'m>, rule: &ResolvedRule<'m>, is_lost: bool) {
        for (head, name) in said(self.resolved, route, rule) {
            let Some(field) = self.field(head, name) else { continue };
            field.places += 1;
            field.is_lost |= is_lost;
        }
    }

    /// Notes whether a topic of a rule is said, at which `fields` count.
    pub(super) fn note(
        &mut self,
        (route, rule): (&ResolvedRoute<'m>, &ResolvedRule<'m>),
        fields: &[(&'m ObjectHead, &'static str)],
        topic: Topic,
        why: Option<&str>,
    ) {
        let place = place_of(route, rule);
        let about = fields.iter().filter(|(_, name)| topic.is_of(name));
        let mut known = false;
        for (head, name) in about {
            let Some(field) = self.field(head, name) else { continue };
            known = true;
            match why {
                None => field.is_said = true,
                Some(why) => field.unsaid.entry((Some(topic), why.to_owned())).or_default().push(place.clone()),
            }
        }
        if let Some(why) = why.filter(|_| !known) {
            let (words, owner) = (topic.words(), self.terms.owner());
            let message = format!("{words} cannot be said in the terms of {owner}: {why}");
            let at = ObjectPart::Rule(rule.index);
            let finding = route.object().finding(codes::UNSAID_IN_TERMS, at.at(&path![]), message);
            self.others.push(finding.label("policies say it").consequence(consequence(topic)).help(HELP));
        }
    }

    /// Notes what policies say of listeners, which nobody writes anew.
    pub(super) fn judge_listeners(&mut self) {
        let resolved = self.resolved;
        let mut counting: Vec<(&ObjectHead, &'static str, String)> = Vec::new();
        for (gateway, own) in resolved.gateways.iter().enumerate() {
            for (listener, spec) in own.listeners.iter().enumerate() {
                let id = ListenerId { gateway, listener };
                let place = || spec.describe();
                let sockets = &resolved.listener_options;
                let of_sockets = sockets.of(id).map(|id| &sockets.get(id).fields).into_iter().flatten();
                counting.extend(of_sockets.map(|field| (field.source, field.value.field(), place())));
                let connections = &resolved.http_listener_options;
                let of_connections = connections.of(id).map(|id| &connections.get(id).fields).into_iter().flatten();
                counting.extend(of_connections.map(|field| (field.source, field.value.field(), place())));
                let clients = &resolved.envoy_policies.client;
                let of_clients = clients.of_listener(spec).map(|id| &clients.get(id).fields).into_iter().flatten();
                counting.extend(of_clients.map(|field| (field.source, field.value.field(), place())));
            }
        }
        for (head, name, place) in counting {
            let Some(field) = self.field(head, name) else { continue };
            field.places += 1;
            let why = "gwctl writes nothing anew of what is said of connections of clients".to_owned();
            field.unsaid.entry((None, why)).or_default().push(place);
        }
    }

    /// The policies that have to stay: those that count where nothing is written anew, and those that count nowhere and for
    /// whatever the input lacks.
    pub(super) fn staying(&self) -> Vec<(&'m ObjectHead, Kept)> {
        let mut of_policy: BTreeMap<&ObjectKey, (&'m ObjectHead, usize, bool)> = BTreeMap::new();
        let keys: Vec<ObjectKey> = self.fields.iter().map(|(head, _, _)| head.key()).collect();
        for (key, (head, _, field)) in keys.iter().zip(&self.fields) {
            let entry = of_policy.entry(key).or_insert((*head, 0, false));
            entry.1 += field.places;
            entry.2 |= field.is_lost;
        }
        let staying = of_policy.into_values().filter_map(|(head, places, is_lost)| {
            let is_idle = places == 0 && !self.is_hidden(head);
            let why = if is_lost { Some(Kept::OfOthers) } else { None };
            Some((head, why.or(is_idle.then_some(Kept::Aimless))?))
        });
        staying.collect()
    }

    /// Whether another policy counts in the place of one.
    fn is_hidden(&self, head: &ObjectHead) -> bool {
        let policies = &self.resolved.envoy_policies;
        let is_own = |own: &&ResolvedEnvoyPolicy<'_>| own.object.position == head.position;
        let mut lists = policies.client.list.iter().chain(&policies.traffic.list);
        let own =
            lists.find(is_own).or_else(|| policies.security.list.iter().chain(&policies.extension.list).find(is_own));
        match own {
            Some(own) => !own.overridden.is_empty() || own.scopes.iter().any(|(_, outcome)| outcome.is_err()),
            None => head.kind != Kind::VirtualHostOption || !self.is_of_hosts(head),
        }
    }

    /// Whether a listener has something of a VirtualHostOption.
    fn is_of_hosts(&self, head: &ObjectHead) -> bool {
        let hosts = &self.resolved.virtual_host_options;
        let listeners =
            self.resolved.gateways.iter().enumerate().flat_map(|(gateway, own)| {
                (0..own.listeners.len()).map(move |listener| ListenerId { gateway, listener })
            });
        let mut fields = listeners.filter_map(|id| hosts.of(id)).flat_map(|id| &hosts.get(id).fields);
        fields.any(|field| field.source.position == head.position)
    }

    /// Takes the policies out that stay, and tells of them.
    pub(super) fn leave(&mut self, policies: &Policies<'m>) {
        self.fields.retain(|(head, _, _)| policies.replaces(head));
        let places = self.fields.iter().enumerate().map(|(at, (head, name, _))| ((head.key(), *name), at));
        self.places = places.collect();
        self.others.extend(policies.kept.iter().map(|(head, why)| staying(head, *why, self.terms)));
    }

    /// The findings, and how many fields are said as a whole.
    pub(super) fn finish(self) -> (Vec<Finding>, usize) {
        let Self { resolved: _, terms, fields, places: _, others } = self;
        let mut findings = Vec::new();
        let mut said = 0;
        for (head, name, Field { places, is_lost: _, is_said, unsaid }) in fields {
            let kind = head.kind.name();
            let full_name = head.full_name();
            let at = || -> PartPath { ObjectPart::Whole.at(&head.kind.fields_of_policy().with(name)) };
            said += usize::from(is_said && unsaid.is_empty());
            if !is_said && unsaid.is_empty() {
                let why = if places == 0 { "is in effect nowhere" } else { "changes nothing where it counts" };
                let message = format!("`{name}` of {kind} `{full_name}` {why}, and is not written anew");
                let finding = head.finding(codes::IDLE_IN_TERMS, at(), message).label(format!("it {why}"));
                findings.push(match places {
                    0 => finding.consequence("none beside what the errors of the input say of it"),
                    _ => finding,
                });
            }
            for ((topic, why), places) in unsaid {
                let owner = terms.owner();
                let words = topic.map(|topic| format!(" ({})", topic.words())).unwrap_or_default();
                let message =
                    format!("`{name}` of {kind} `{full_name}`{words} cannot be said in the terms of {owner}: {why}");
                let finding = head.finding(codes::UNSAID_IN_TERMS, at(), message).label(label(&places));
                findings.push(finding.consequence(topic.map_or(OF_LISTENERS, consequence)).help(HELP));
            }
        }
        findings.extend(others);
        (findings, said)
    }
}

/// What the result does without what is said of listeners.
const OF_LISTENERS: &str =
    "the result serves without it; rules whose clients have to show certificates by it answer 500";

const HELP: &str = "say it in another way, or do without it, before the policy is removed";

/// What is told of a policy that stays as it is.
fn staying(head: &ObjectHead, why: Kept, terms: Terms) -> Finding {
    let (kind, name, owner) = (head.kind.name(), head.full_name(), terms.owner());
    let at = || ObjectPart::Whole.at(&path!["spec"]);
    match why {
        Kept::Aimless => {
            let message = format!("{kind} `{name}` stays as it is: nothing of the input is served as it says");
            head.finding(codes::IDLE_IN_TERMS, at(), message).label("it counts nowhere")
        }
        Kept::OfClients | Kept::OfOthers => {
            let which = match why {
                Kept::OfClients => "a route for clients of a Service has it",
                _ => "a route has it that is not written anew",
            };
            let message = format!("{kind} `{name}` is not said in the terms of {owner}: {which}");
            let finding = head.finding(codes::UNSAID_IN_TERMS, at(), message).label("it stays as it is");
            finding.consequence("none here, as it stays; who does not know it serves without it").help(HELP)
        }
    }
}

/// Where a field counts, shortly.
fn label(places: &[String]) -> String {
    match places {
        [] => "it counts".to_owned(),
        [only] => format!("it counts at {only}"),
        [first, others @ ..] => format!("it counts at {first}, and at {} more", others.len()),
    }
}

/// What the result does without a topic.
fn consequence(topic: Topic) -> &'static str {
    if topic.keeps_out() {
        "requests of the rules that it counts at get 500 in the result: nobody gets in who was kept out"
    } else {
        "the result serves without it"
    }
}

fn place_of(route: &ResolvedRoute<'_>, rule: &ResolvedRule<'_>) -> String {
    format!("rule {} of {} `{}`", rule.index, route.object().kind.name(), route.object().full_name())
}

/// Every field of every policy that is replaced.
fn fields_of<'m>(manifests: &'m Manifests, policies: &Policies<'m>) -> Vec<(&'m ObjectHead, &'static str)> {
    let mut fields: Vec<(&ObjectHead, &'static str)> = Vec::new();
    for object in &manifests.route_options {
        fields.extend(object.spec.options.0.iter().map(|field| (&object.head, field.field())));
    }
    for object in &manifests.virtual_host_options {
        fields.extend(object.spec.options.0.iter().map(|field| (&object.head, field.field())));
    }
    for object in &manifests.listener_options {
        fields.extend(object.spec.options.0.iter().map(|field| (&object.head, field.field())));
    }
    for object in &manifests.http_listener_options {
        fields.extend(object.spec.options.0.iter().map(|field| (&object.head, field.field())));
    }
    for object in &manifests.client_traffic_policies {
        fields.extend(object.spec.fields.iter().map(|field| (&object.head, field.field())));
    }
    for object in &manifests.backend_traffic_policies {
        fields.extend(object.spec.fields.iter().map(|field| (&object.head, field.field())));
    }
    for object in &manifests.security_policies {
        fields.extend(object.spec.fields.iter().map(|field| (&object.head, field.field())));
    }
    for object in &manifests.envoy_extension_policies {
        fields.extend(object.spec.fields.iter().map(|field| (&object.head, field.field())));
    }
    for object in &manifests.http_route_filters {
        fields.extend(fields_of_filter(&object.spec).map(|field| (&object.head, field)));
    }
    fields.retain(|(head, _)| policies.replaces(head));
    fields
}
