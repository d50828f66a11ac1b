//! The ledger: what the input asks to be judged, and whether it was.
//!
//! Input: everything that is declared, what of it the judged configuration
//! holds, and what was left out with a reason. Output: the counts, and an entry
//! for each subject that is in neither, so that nobody takes it for judged.
//! Subjects are listeners, the parents of routes, the rules of routes that
//! a listener serves, the targets of policies, and the hostnames that
//! certificates have to cover. An analysis that can be unable to look returns a
//! [`Verdict`] for each subject that it is given; what the resolver holds is
//! destructured without a rest, so that a new kind of subject stops the build.

use std::collections::{HashMap, HashSet};

use crate::diagnostics::{Diagnostics, FieldPath, Ledger, Location, ObjectRef, Omission, Severity, Subject, Unjudged};
use crate::ir::{FilterChain, Handler, Listener, Transport};
use crate::parser::api::{L4RouteRule, ParentGatewayReference, ParentReference};
use crate::parser::manifests::{Kind, ObjectHead, ObjectKey};
use crate::path;
use crate::resolver::{ListenerId, Membership, ParentSource, Place, Resolved, ResolvedPolicy, RouteParent};
use crate::translator::lower::Lowered;

use super::listener::Sockets;
use super::reach::{RuleKey, hosts, rule_key};

/// What an analysis says of a subject that it was given: that it was judged, or why not.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    /// The object, and the part of it.
    pub(super) subject: (ObjectRef, FieldPath),
    /// Where it stands.
    pub(super) location: Location,
    /// Why it was not judged; `None` where it was.
    pub(super) omission: Option<Omission>,
}

/// Counts what was judged, and names what nobody has judged.
pub(super) fn balance(
    resolved: &Resolved<'_>,
    lowered: &Lowered,
    sockets: &Sockets<'_>,
    hostnames: Vec<Verdict>,
    diagnostics: &mut Diagnostics,
) -> Ledger {
    let mut books = Books::new(resolved, lowered, diagnostics);
    let Resolved {
        manifests: _,
        // What is wrong with a class is told on it, and its Gateways are subjects.
        gateway_classes: _,
        gateways: _,
        listener_sets: _,
        http_routes,
        grpc_routes,
        tls_routes,
        tcp_routes,
        udp_routes,
        backends,
        traffic_policies,
        certificates: _,
        usage: _,
    } = resolved;
    books.gateways(resolved);
    books.listeners(resolved, sockets);
    macro_rules! parents {
        ($($routes:ident),+) => {$(
            for route in $routes {
                books.parents(route.object, &route.object.spec.parent_refs, &route.parents);
            }
        )+};
    }
    parents!(http_routes, grpc_routes, tls_routes, tcp_routes, udp_routes);
    for route in http_routes {
        books.rules(route.object, "httproute", route.object.spec.rules.len(), &route.parents);
    }
    for route in grpc_routes {
        books.rules(route.object, "grpcroute", route.object.spec.rules.len(), &route.parents);
    }
    for route in tls_routes {
        books.streams(route.object, &route.object.spec.rules, &route.parents, Omission::HostsTaken);
    }
    for route in tcp_routes.iter().chain(udp_routes) {
        books.streams(route.object, &route.object.spec.rules, &route.parents, Omission::ConnectionsTaken);
    }
    backends.policies().iter().for_each(|policy| books.policy(policy));
    traffic_policies.iter().for_each(|policy| books.policy(policy));
    for Verdict { subject, location, omission } in hostnames {
        let is_judged = omission.is_none();
        let is_judged = books.enter(is_judged, omission.unwrap_or(Omission::Unaccounted), subject, location);
        books.ledger.hostnames.count(is_judged);
    }
    let Books { ledger, missed, .. } = books;
    missed.into_iter().for_each(|one| diagnostics.leave(one));
    ledger
}

/// The subjects of an input, as they are gone through.
struct Books<'c> {
    ledger: Ledger,
    /// The rules that the judged configuration has, or leaves out because others take all their requests.
    rules: HashSet<RuleKey<'c>>,
    /// The same of the rules that hand on connections or datagrams: the object, and the number of the rule.
    streams: HashSet<(&'c ObjectKey, u16)>,
    /// The listeners that the judged configuration has.
    listeners: HashSet<ListenerId>,
    /// What has a reason not to be judged.
    left: HashSet<(ObjectRef, FieldPath)>,
    /// Where errors are, by the object.
    errors: HashMap<ObjectRef, Vec<FieldPath>>,
    missed: Vec<Unjudged>,
    /// The Gateways that are not selected, and the ListenerSets of them.
    unselected: HashSet<ObjectRef>,
}

impl<'c> Books<'c> {
    fn new(resolved: &Resolved<'_>, lowered: &'c Lowered, diagnostics: &Diagnostics) -> Self {
        let served = hosts(lowered.judged()).flat_map(|at| &at.host.routes).map(|route| rule_key(route));
        let unserved = lowered.unserved.iter().map(|one| rule_key(&one.route));
        let left = diagnostics.unjudged().iter().filter_map(|one| match &one.subject {
            Subject::Part(object, path) => Some((object.clone(), path.clone())),
            Subject::Object(_) | Subject::Document | Subject::File(_) => None,
        });
        let mut errors: HashMap<ObjectRef, Vec<FieldPath>> = HashMap::new();
        for finding in diagnostics.findings().iter().filter(|finding| finding.severity() == Severity::Error) {
            if let (Some(object), Some(path)) = (&finding.object, &finding.path) {
                errors.entry(object.clone()).or_default().push(path.clone());
            }
        }
        let has_routes = !(resolved.http_routes.is_empty() && resolved.grpc_routes.is_empty());
        Self {
            ledger: Ledger::default(),
            rules: served.chain(unserved).filter(|_| has_routes).collect(),
            streams: streams(lowered),
            listeners: HashSet::new(),
            left: left.collect(),
            errors,
            missed: Vec::new(),
            unselected: HashSet::new(),
        }
    }

    /// The Gateways that are of another class, or not selected, and their ListenerSets: nobody looks at their listeners.
    fn gateways(&mut self, resolved: &Resolved<'_>) {
        let known: HashSet<(&str, &str)> =
            resolved.gateways.iter().map(|gateway| gateway.object.metadata.sort_key()).collect();
        for gateway in &resolved.manifests.gateways {
            if !known.contains(&gateway.metadata.sort_key()) {
                self.unselected.insert(gateway.key().to_ref());
                self.leave_unselected(gateway);
            }
        }
        for set in resolved.listener_sets.iter().filter(|set| set.membership == Membership::Foreign) {
            let ParentGatewayReference { group: _, kind: _, name, namespace } = &set.object.spec.parent_ref;
            let namespace = namespace.as_ref().unwrap_or(&set.object.metadata.namespace);
            if self.unselected.contains(&named(Kind::Gateway, namespace, name)) {
                self.unselected.insert(set.object.key().to_ref());
                self.leave_unselected(set.object);
            }
        }
    }

    /// Enters an object as one that nobody has asked for.
    fn leave_unselected(&mut self, object: &ObjectHead) {
        let (subject, location) = (Subject::Object(object.key().to_ref()), object.at(&FieldPath::ROOT));
        self.missed.push(Unjudged { subject, location, reason: Omission::NotSelected });
    }

    /// Whether a route names a parent that is not selected.
    fn is_unselected(&self, route: &ObjectHead, reference: &ParentReference) -> bool {
        let ParentReference { group, kind, namespace, name, section_name: _, port: _ } = reference;
        let namespace = namespace.as_ref().unwrap_or(&route.metadata.namespace);
        let kinds = [Kind::Gateway, Kind::ListenerSet].into_iter().filter(|own| own.is_named(group, kind));
        kinds.into_iter().any(|own| self.unselected.contains(&named(own, namespace, name)))
    }

    fn listeners(&mut self, resolved: &Resolved<'_>, sockets: &Sockets<'_>) {
        let ids =
            resolved.gateways.iter().enumerate().flat_map(|(gateway, own)| {
                (0..own.listeners.len()).map(move |listener| ListenerId { gateway, listener })
            });
        for id in ids {
            let listener = resolved.listener(id);
            // One that nothing attaches to is judged by that.
            let is_idle = listener.attached.is_empty() && listener.conflict.is_none();
            let is_judged = sockets.of(listener).is_some() || is_idle;
            if is_judged {
                self.listeners.insert(id);
            }
            let owner = listener.owner;
            let path = path!["spec", "listeners", listener.index];
            let location = owner.at(&path);
            // Nobody asks about what stands in for something missing.
            if location.is_nowhere() {
                continue;
            }
            let is_judged = self.enter(is_judged, Omission::Unaccounted, (owner.key().to_ref(), path), location);
            self.ledger.listeners.count(is_judged);
        }
    }

    fn parents(&mut self, object: &ObjectHead, references: &[ParentReference], parents: &[RouteParent]) {
        let mut unselected = 0;
        for (index, reference) in references.iter().enumerate() {
            let own = parents.iter().find(|parent| parent.source == ParentSource::Ref(index));
            let is_judged = own.is_some_and(|parent| !parent.listeners.is_empty());
            let reason = match own {
                Some(_) => Omission::Unaccounted,
                None if self.is_unselected(object, reference) => Omission::NotSelected,
                None => Omission::NotOurs,
            };
            unselected += usize::from(reason == Omission::NotSelected);
            let path = path!["spec", "parentRefs", index];
            let location = object.at(&path);
            let is_judged = self.enter(is_judged, reason, (object.key().to_ref(), path), location);
            self.ledger.parents.count(is_judged);
        }
        if unselected > 0 && unselected == references.len() && parents.is_empty() {
            self.leave_unselected(object);
        }
    }

    /// The rules of a route that some listener takes.
    fn rules(&mut self, object: &ObjectHead, kind: &'static str, rules: usize, parents: &[RouteParent]) {
        let metadata = &object.metadata;
        if parents.iter().all(|parent| parent.listeners.is_empty()) {
            return;
        }
        let is_heard = parents.iter().flat_map(|parent| &parent.listeners).any(|id| self.listeners.contains(id));
        let has_rule = |rule: usize| {
            let number = u16::try_from(rule).unwrap_or(u16::MAX);
            self.rules.contains(&(kind, &*metadata.namespace, &*metadata.name, number))
        };
        let served: Vec<bool> = (0..rules).map(has_rule).collect();
        let is_homeless = !served.contains(&true);
        for (rule, is_judged) in served.into_iter().enumerate() {
            let path = path!["spec", "rules", rule];
            let location = object.at(&path);
            let is_wrong = !is_judged && self.has_error(object, &path);
            let reason = match (is_wrong, is_heard) {
                (true, _) => Omission::Wrong,
                (false, false) => Omission::Unheard,
                (false, true) if is_homeless => Omission::HostsTaken,
                (false, true) => Omission::Unaccounted,
            };
            let is_judged = self.enter(is_judged, reason, (object.key().to_ref(), path), location);
            self.ledger.rules.count(is_judged);
        }
    }

    /// The rules of a route that hands on connections or datagrams, where some listener takes it. `taken` says why one is
    /// not served although a listener is judged.
    fn streams(&mut self, object: &ObjectHead, rules: &[L4RouteRule], parents: &[RouteParent], taken: Omission) {
        let mut listeners = parents.iter().flat_map(|parent| &parent.listeners).peekable();
        if listeners.peek().is_none() {
            return;
        }
        let is_heard = listeners.any(|id| self.listeners.contains(id));
        let key = object.key();
        for (position, rule) in rules.iter().enumerate() {
            let L4RouteRule { name: _, backend_refs } = rule;
            // Without a weight it closes what it takes, which is judged.
            let is_idle = is_heard && backend_refs.iter().all(|backend| backend.weight == 0);
            let number = u16::try_from(position).unwrap_or(u16::MAX);
            let is_judged = position == 0 && (is_idle || self.streams.contains(&(&key, number)));
            let path = path!["spec", "rules", position];
            let location = object.at(&path);
            let reason = match (position, is_heard) {
                (1.., _) => Omission::BehindFirst,
                _ if !is_judged && self.has_error(object, &path) => Omission::Wrong,
                (0, false) => Omission::Unheard,
                (0, true) => taken.clone(),
            };
            let is_judged = self.enter(is_judged, reason, (object.key().to_ref(), path), location);
            self.ledger.rules.count(is_judged);
        }
    }

    /// What a policy is about.
    fn policy<S, V>(&mut self, policy: &ResolvedPolicy<'_, S, V>) {
        let ResolvedPolicy { object, targets, value: _, ancestors } = policy;
        for (index, target) in targets.iter().enumerate() {
            let (is_judged, reason) = match target {
                Err(_) => (false, Omission::Wrong),
                Ok(_) => (!ancestors.is_empty(), Omission::NoRoute),
            };
            let path = path!["spec", "targetRefs", index];
            let location = object.at(&path);
            let is_judged = self.enter(is_judged, reason, (object.key().to_ref(), path), location);
            self.ledger.targets.count(is_judged);
        }
    }

    fn has_error(&self, object: &ObjectHead, path: &FieldPath) -> bool {
        let errors = self.errors.get(&object.key().to_ref());
        errors.into_iter().flatten().any(|at| at.0.starts_with(&path.0))
    }

    /// Whether a subject was judged; where it was not and nobody says why, it is entered as left out.
    fn enter(
        &mut self,
        is_judged: bool,
        reason: Omission,
        (object, path): (ObjectRef, FieldPath),
        location: Location,
    ) -> bool {
        let part = (object, path);
        if self.left.contains(&part) {
            return false;
        }
        if !is_judged {
            let (object, path) = part;
            self.missed.push(Unjudged { subject: Subject::Part(object, path), location, reason });
        }
        is_judged
    }
}

/// The rules of routes that hand on what the judged configuration takes.
fn streams(lowered: &Lowered) -> HashSet<(&ObjectKey, u16)> {
    let of_chain = |chain: &'_ FilterChain| match &chain.handler {
        Handler::Tcp(proxy) => proxy.backends.iter().map(|backend| backend.origin).collect(),
        Handler::Http(_) | Handler::Close => Vec::new(),
    };
    let of_listener = |listener: &'_ Listener| match &listener.transport {
        Transport::Tcp(chains) => chains.iter().flat_map(of_chain).collect(),
        Transport::Udp(proxy) => proxy.backends.iter().map(|backend| backend.origin).collect::<Vec<_>>(),
    };
    let origins = lowered.judged().listeners.iter().flat_map(of_listener);
    let rules = origins.filter_map(|origin| match lowered.origins.get(origin)? {
        (key, _, Place::Rule(rule) | Place::BackendRef { rule, .. }) => Some((key, rule)),
        (_, _, Place::Object | Place::Listener(_) | Place::Match { .. }) => None,
    });
    rules.collect()
}

fn named(kind: Kind, namespace: &str, name: &str) -> ObjectRef {
    ObjectKey { kind, namespace: namespace.to_owned(), name: name.to_owned() }.to_ref()
}
