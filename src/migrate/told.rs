//! What is told of the policies of an input: what of each field cannot be said in other terms, and what counts nowhere.

use std::collections::{BTreeMap, HashMap};

use crate::diagnostics::{Finding, ObjectPart, PartPath, codes};
use crate::parser::manifests::{Manifests, ObjectHead, ObjectKey};
use crate::path;
use crate::resolver::{ListenerId, Resolved, ResolvedRoute, ResolvedRule};

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
    /// Whether something of it is said anew.
    is_said: bool,
    /// What of it is not, and why, with the rules.
    unsaid: BTreeMap<(Topic, String), Vec<String>>,
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
        let others = policies.kept.iter().map(|(head, why)| staying(head, *why, terms)).collect();
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
        let place = place_of(route, rule);
        let kind = route.object().kind.name();
        for (head, name) in said(self.resolved, route, rule) {
            let Some(field) = self.field(head, name) else { continue };
            field.places += 1;
            if is_lost {
                let why = format!("gwctl writes no {kind} anew");
                field.unsaid.entry((Topic::Backends, why)).or_default().push(place.clone());
            }
        }
    }

    /// Notes whether a topic of a rule is said.
    pub(super) fn note(
        &mut self,
        (route, rule): (&ResolvedRoute<'m>, &ResolvedRule<'m>),
        topic: Topic,
        why: Option<&str>,
    ) {
        let place = place_of(route, rule);
        let fields = said(self.resolved, route, rule);
        let about = fields.iter().filter(|(head, name)| topic.is_of(head.kind, name));
        let mut known = false;
        for (head, name) in about {
            let Some(field) = self.field(head, name) else { continue };
            known = true;
            match why {
                None => field.is_said = true,
                Some(why) => field.unsaid.entry((topic, why.to_owned())).or_default().push(place.clone()),
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
            field.unsaid.entry((Topic::Answer, why)).or_default().push(place);
        }
    }

    /// The findings, and how many fields are said as a whole.
    pub(super) fn finish(self) -> (Vec<Finding>, usize) {
        let Self { resolved: _, terms, fields, places: _, others } = self;
        let mut findings = Vec::new();
        let mut said = 0;
        for (head, name, Field { places, is_said, unsaid }) in fields {
            let kind = head.kind.name();
            let full_name = head.full_name();
            let at = || -> PartPath { ObjectPart::Whole.at(&head.kind.fields_of_policy().with(name)) };
            said += usize::from(is_said && unsaid.is_empty());
            if !is_said && unsaid.is_empty() {
                let why = if places == 0 { "counts nowhere" } else { "changes nothing where it counts" };
                let message = format!("`{name}` of {kind} `{full_name}` {why}, and is not written anew");
                let finding = head.finding(codes::IDLE_IN_TERMS, at(), message);
                findings.push(finding.label(format!("it {why}")));
            }
            for ((topic, why), places) in unsaid {
                let owner = terms.owner();
                let words = topic.words();
                let message =
                    format!("`{name}` of {kind} `{full_name}` ({words}) cannot be said in the terms of {owner}: {why}");
                let finding = head.finding(codes::UNSAID_IN_TERMS, at(), message).label(label(&places));
                findings.push(finding.consequence(consequence(topic)).help(HELP));
            }
        }
        findings.extend(others);
        (findings, said)
    }
}

const HELP: &str = "say it in another way, or do without it, before the policy is removed";

/// What is told of a policy that stays as it is.
fn staying(head: &ObjectHead, why: Kept, terms: Terms) -> Finding {
    let (kind, name, owner) = (head.kind.name(), head.full_name(), terms.owner());
    let at = || ObjectPart::Whole.at(&path!["spec"]);
    match why {
        Kept::Aimless => {
            let message = format!("{kind} `{name}` stays as it is: nothing of the input is what it is about");
            head.finding(codes::IDLE_IN_TERMS, at(), message).label("it counts nowhere")
        }
        Kept::OfClients => {
            let message =
                format!("{kind} `{name}` is not said in the terms of {owner}: a route for clients of a Service has it");
            let finding = head.finding(codes::UNSAID_IN_TERMS, at(), message).label("it stays as it is");
            finding
                .consequence("none here, as it stays with its routes; who does not know it serves without it")
                .help(HELP)
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
