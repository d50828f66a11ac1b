//! What an input asks to be judged, and what the analyses say of it.
//!
//! Input: what the resolver made of the manifests, whatever `lower` makes of it.
//!
//! Invariant: [`Verdicts`] can be made in one way only, by asking for a
//! [`Verdict`] on each subject of a list. An analysis may be wrong about a
//! subject, but it cannot forget one; and the ledger is made of verdicts alone.

use std::collections::{BTreeMap, HashSet};

use crate::diagnostics::{FieldPath, Location, ObjectRef, Omission};
use crate::hostname::Hostname;
use crate::name::{Name, NamespacedName, SectionName};
use crate::parser::api::ParentReference;
use crate::parser::manifests::{Kind, ObjectHead, ObjectKey};
use crate::parser::route::{Filter, RouteKind};
use crate::path;
use crate::resolver::{
    ListenerId, ListenerScope, MeshParent, ParentRefusal, ParentSource, Protocol, Resolved, ResolvedEnvoyPolicy,
    ResolvedListener, ResolvedListenerOptions, ResolvedListenerSet, ResolvedPolicy, ResolvedRoute, ResolvedRouteOption,
    ResolvedRule, RouteId, RouteParent,
};

use super::reach::RuleKey;

/// What an analysis says of a subject.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It has looked at it.
    Judged,
    /// It could not look at it, or had nothing to look at.
    Unjudged(Omission),
}

impl Verdict {
    /// Judged where it `is_judged`, and else left out for a reason.
    pub(super) fn or(is_judged: bool, reason: Omission) -> Self {
        if is_judged { Self::Judged } else { Self::Unjudged(reason) }
    }
}

/// What the ledger names a subject by.
pub(super) trait Subject {
    /// The object, and the part of it; [`FieldPath::ROOT`] is the whole.
    fn part(&self) -> (ObjectRef, FieldPath);
    /// Where it stands.
    fn location(&self) -> Location;
}

/// All subjects of a kind.
#[derive(Debug)]
pub(super) struct Subjects<T>(Vec<T>);

impl<T> Subjects<T> {
    /// Asks for a verdict on each subject.
    pub(super) fn judge<'s>(&'s self, verdict: impl FnMut(&'s T) -> Verdict) -> Verdicts<'s, T> {
        Verdicts { subjects: &self.0, verdicts: self.0.iter().map(verdict).collect() }
    }
}

/// The verdicts on all subjects of a kind: one for each.
#[derive(Debug)]
pub(super) struct Verdicts<'s, T> {
    subjects: &'s [T],
    verdicts: Vec<Verdict>,
}

impl<'s, T> Verdicts<'s, T> {
    /// Each subject with its verdict.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'s T, &Verdict)> {
        self.subjects.iter().zip(&self.verdicts)
    }

    /// Asks another analysis about what is judged so far; what it cannot judge either is not judged.
    pub(super) fn and(self, mut other: impl FnMut(&'s T) -> Verdict) -> Self {
        let Self { subjects, verdicts } = self;
        let both = subjects.iter().zip(verdicts).map(|(subject, verdict)| match verdict {
            Verdict::Judged => other(subject),
            left @ Verdict::Unjudged(_) => left,
        });
        let verdicts = both.collect();
        Self { subjects, verdicts }
    }
}

fn part_of(owner: &ObjectHead, path: FieldPath) -> (ObjectRef, FieldPath) {
    (owner.key().to_ref(), path)
}

/// A Gateway of the input, or a ListenerSet or a route as a whole: whether it is asked about at all.
#[derive(Debug)]
pub(super) struct Whole<'r, 'm> {
    pub(super) owner: &'r ObjectHead,
    pub(super) of: WholeOf<'r, 'm>,
}

/// What a whole is.
#[derive(Debug)]
pub(super) enum WholeOf<'r, 'm> {
    Gateway,
    ListenerSet(&'r ResolvedListenerSet<'m>),
    Route { references: &'r [ParentReference], parents: &'r [RouteParent] },
}

/// A listener of a Gateway that is ours, that of a stand-in too.
#[derive(Debug)]
pub(super) struct DeclaredListener<'r, 'm> {
    pub(super) id: ListenerId,
    pub(super) listener: &'r ResolvedListener<'m>,
}

/// A parent that a route names.
#[derive(Debug)]
pub(super) struct Parent<'r> {
    pub(super) owner: &'r ObjectHead,
    pub(super) source: ParentSource,
    /// The entry of `parentRefs`; `None` for a default Gateway.
    pub(super) reference: Option<&'r ParentReference>,
    /// What the resolver says of it; `None` where it is not ours.
    pub(super) outcome: Option<&'r RouteParent>,
    /// What it says of a Service.
    pub(super) service: Option<ServiceParent<'r>>,
}

/// A Service as the parent of a route.
#[derive(Debug)]
pub(super) enum ServiceParent<'r> {
    /// The route has some of its ports.
    Held,
    /// The Service does not take the route.
    Refused(&'r ParentRefusal),
    /// The Service is not in the input, and nobody knows which of its ports are meant.
    Unknown,
}

/// A rule, that some listener or some port of a Service takes, of a route that speaks HTTP.
#[derive(Debug)]
pub(super) struct HttpRule<'r, 'm> {
    pub(super) route: &'r ResolvedRoute<'m>,
    pub(super) number: usize,
}

/// A rule, that some listener or some port of a Service takes, of a route that hands on connections or datagrams.
#[derive(Debug)]
pub(super) struct StreamRule<'r, 'm> {
    pub(super) route: &'r ResolvedRoute<'m>,
    pub(super) rule: &'r ResolvedRule<'m>,
}

/// An entry of `targetRefs` of a policy.
#[derive(Debug)]
pub(super) struct Target<'r> {
    owner: &'r ObjectHead,
    number: usize,
    /// Whether it names something that the policy can be about.
    pub(super) is_valid: bool,
    /// Whether some route leads to a target of the policy.
    pub(super) is_used: bool,
}

/// A hostname that certificates have to cover, of a listener that ends TLS or of a route behind such ones.
#[derive(Debug)]
pub(super) struct CoveredName {
    part: (ObjectRef, FieldPath),
    location: Location,
    /// The name itself; of a listener, or of a route.
    pub(super) hostname: Hostname,
    /// The listeners whose certificates have to.
    pub(super) listeners: Vec<ListenerId>,
}

impl Subject for Whole<'_, '_> {
    fn part(&self) -> (ObjectRef, FieldPath) {
        part_of(self.owner, FieldPath::ROOT)
    }

    fn location(&self) -> Location {
        self.owner.at(&FieldPath::ROOT)
    }
}

impl Subject for DeclaredListener<'_, '_> {
    fn part(&self) -> (ObjectRef, FieldPath) {
        (self.listener.owner.key().to_ref(), path!["spec", "listeners", self.listener.index])
    }

    fn location(&self) -> Location {
        self.listener.owner.at(&path!["spec", "listeners", self.listener.index])
    }
}

impl Parent<'_> {
    fn path(&self) -> FieldPath {
        match (self.source, self.reference) {
            // A list that is too long for the API server, or none.
            (ParentSource::Ref(_), None) => path!["spec", "parentRefs"],
            (source, _) => source.path().into_path(),
        }
    }
}

impl Subject for Parent<'_> {
    fn part(&self) -> (ObjectRef, FieldPath) {
        part_of(self.owner, self.path())
    }

    fn location(&self) -> Location {
        self.owner.at(&self.path())
    }
}

impl<'r> HttpRule<'r, '_> {
    /// The rule as routes of the IR name it.
    pub(super) fn key(&self) -> RuleKey<'r> {
        let object = self.route.object();
        let (namespace, name) = object.metadata.sort_key();
        (self.route.kind().in_names(), namespace, name, self.number)
    }
}

impl HttpRule<'_, '_> {
    /// Whether the rule declares a redirect.
    pub(super) fn is_redirect(&self) -> bool {
        let rule = self.route.rules.iter().find(|rule| rule.index == self.number);
        rule.is_some_and(|rule| rule.filters.iter().any(|own| matches!(own.filter, Filter::RequestRedirect(_))))
    }
}

impl Subject for HttpRule<'_, '_> {
    fn part(&self) -> (ObjectRef, FieldPath) {
        part_of(self.route.object(), path!["spec", "rules", self.number])
    }

    fn location(&self) -> Location {
        self.route.object().at(&path!["spec", "rules", self.number])
    }
}

impl Subject for StreamRule<'_, '_> {
    fn part(&self) -> (ObjectRef, FieldPath) {
        part_of(self.route.object(), path!["spec", "rules", self.rule.index])
    }

    fn location(&self) -> Location {
        self.route.object().at(&path!["spec", "rules", self.rule.index])
    }
}

impl Subject for Target<'_> {
    fn part(&self) -> (ObjectRef, FieldPath) {
        part_of(self.owner, path!["spec", "targetRefs", self.number])
    }

    fn location(&self) -> Location {
        self.owner.at(&path!["spec", "targetRefs", self.number])
    }
}

impl Subject for CoveredName {
    fn part(&self) -> (ObjectRef, FieldPath) {
        self.part.clone()
    }

    fn location(&self) -> Location {
        self.location.clone()
    }
}

/// Everything that an input asks to be judged.
#[derive(Debug)]
pub(super) struct Asked<'r, 'm> {
    pub(super) wholes: Subjects<Whole<'r, 'm>>,
    pub(super) listeners: Subjects<DeclaredListener<'r, 'm>>,
    pub(super) parents: Subjects<Parent<'r>>,
    pub(super) http_rules: Subjects<HttpRule<'r, 'm>>,
    pub(super) stream_rules: Subjects<StreamRule<'r, 'm>>,
    pub(super) targets: Subjects<Target<'r>>,
    pub(super) names: Subjects<CoveredName>,
}

impl<'r, 'm> Asked<'r, 'm> {
    pub(super) fn of(resolved: &'r Resolved<'m>) -> Self {
        let Resolved {
            manifests,
            audience: _,
            // What is wrong with a class is told on it, and its Gateways are subjects.
            gateway_classes: _,
            // They change nothing about routes.
            meshes: _,
            gateways,
            listener_sets,
            routes,
            mesh_parents,
            backends,
            traffic_policies,
            route_options,
            // They are among the RouteOptions.
            idle_options: _,
            virtual_host_options,
            listener_options,
            http_listener_options,
            // Certificates are judged for the hostnames that they have to cover.
            certificates: _,
            // Whoever is asked is a backend like others.
            auth_servers: _,
            key_servers: _,
            processor_servers: _,
            envoy_policies,
            usage: _,
        } = resolved;
        let (mut parents, mut http_rules, mut stream_rules) = (Vec::new(), Vec::new(), Vec::new());
        let mut wholes: Vec<Whole<'_, '_>> = Vec::new();
        wholes.extend(manifests.gateways.iter().map(|one| Whole { owner: &one.head, of: WholeOf::Gateway }));
        let sets = listener_sets.iter();
        wholes.extend(sets.map(|set| Whole { owner: &set.object.head, of: WholeOf::ListenerSet(set) }));
        let held: HashSet<(RouteId, usize)> = mesh_parents.held.holders().map(|one| (one.route, one.parent)).collect();
        for (id, route) in routes.with_ids() {
            let (owner, references, own) = (route.object(), route.declared.parent_refs, &*route.parents);
            wholes.push(Whole { owner, of: WholeOf::Route { references, parents: own } });
            let services = mesh_parents.of(id);
            add_parents(owner, references, (own, services), |index| held.contains(&(id, index)), &mut parents);
            // Where nothing takes the rules of a route, its parents are left out.
            let is_held = || services.iter().any(|parent| held.contains(&(id, parent.index)));
            if route.listeners().next().is_none() && !is_held() {
                continue;
            }
            match route.kind() {
                RouteKind::Http | RouteKind::Grpc => {
                    http_rules.extend(route.rules.iter().map(|rule| HttpRule { route, number: rule.index }));
                }
                RouteKind::Tls | RouteKind::Tcp | RouteKind::Udp => {
                    stream_rules.extend(route.rules.iter().map(|rule| StreamRule { route, rule }));
                }
            }
        }
        let mut targets: Vec<Target<'_>> = backends.policies().iter().flat_map(targets_of).collect();
        targets.extend(traffic_policies.iter().flat_map(targets_of));
        targets.extend(route_options.iter().flat_map(|options| targets_of_options(options, resolved)));
        let listener_options = [&virtual_host_options.list, &listener_options.list, &http_listener_options.list];
        let is_there = listener_options.iter().any(|list| !list.is_empty());
        let routed = if is_there { routed_listeners(resolved) } else { HashSet::new() };
        let listener_options = listener_options.into_iter().flatten();
        targets.extend(listener_options.flat_map(|one| targets_of_listener_options(one, &routed)));
        targets.extend(envoy_policies.list().flat_map(targets_of_envoy_policy));
        let listeners = gateways.iter().enumerate().flat_map(|(gateway, own)| {
            let ids = own.listeners.iter().enumerate();
            ids.map(move |(listener, own)| DeclaredListener { id: ListenerId { gateway, listener }, listener: own })
        });
        Self {
            wholes: Subjects(wholes),
            listeners: Subjects(listeners.collect()),
            parents: Subjects(parents),
            http_rules: Subjects(http_rules),
            stream_rules: Subjects(stream_rules),
            targets: Subjects(targets),
            names: names(resolved),
        }
    }
}

/// The parents of a route: each entry of its list, and what the resolver found beside them. Of Services it `holds` ports.
fn add_parents<'r>(
    owner: &'r ObjectHead,
    references: &'r [ParentReference],
    (found, services): (&'r [RouteParent], &'r [MeshParent]),
    holds: impl Fn(usize) -> bool,
    parents: &mut Vec<Parent<'r>>,
) {
    for (index, reference) in references.iter().enumerate() {
        let source = ParentSource::Ref(index);
        let outcome = found.iter().find(|parent| parent.source == source);
        let service = services.iter().find(|parent| parent.index == index).map(|parent| match &parent.refused {
            Some(refusal) => ServiceParent::Refused(refusal),
            None if holds(index) => ServiceParent::Held,
            None => ServiceParent::Unknown,
        });
        parents.push(Parent { owner, source, reference: Some(reference), outcome, service });
    }
    let is_listed = |source: ParentSource| matches!(source, ParentSource::Ref(index) if index < references.len());
    // A parent that nobody names is none that anybody asks about.
    let is_other = |parent: &&RouteParent| !is_listed(parent.source) && parent.source != ParentSource::Unnamed;
    let others = found.iter().filter(is_other);
    parents.extend(others.map(|parent| Parent {
        owner,
        source: parent.source,
        reference: None,
        outcome: Some(parent),
        service: None,
    }));
}

fn targets_of<'r, S, V>(policy: &'r ResolvedPolicy<'_, S, V>) -> impl Iterator<Item = Target<'r>> {
    let ResolvedPolicy { object, targets, value: _, ancestors } = policy;
    let (owner, is_used) = (&object.head, !ancestors.is_empty());
    targets.iter().enumerate().map(move |(number, target)| Target { owner, number, is_valid: target.is_ok(), is_used })
}

/// The same of options: a route uses them where a listener takes its rules.
fn targets_of_options<'r>(
    options: &'r ResolvedRouteOption<'_>,
    resolved: &'r Resolved<'_>,
) -> impl Iterator<Item = Target<'r>> {
    let ResolvedRouteOption { object, targets } = options;
    let owner = &object.head;
    targets.iter().enumerate().map(move |(number, target)| {
        let key = |name: &Name| ObjectKey {
            kind: Kind::HTTPRoute,
            namespace: owner.metadata.namespace.clone(),
            name: name.clone(),
        };
        let route = target.and_then(|name| resolved.routes.find(&key(name).to_ref()));
        let is_used = route.is_some_and(|route| route.listeners().next().is_some());
        Target { owner, number, is_valid: target.is_some(), is_used }
    })
}

/// The same of options of listeners: a listener uses them where routes are attached to it.
fn targets_of_listener_options<'r>(
    options: &'r ResolvedListenerOptions<'_>,
    routed: &HashSet<ListenersOf<'_>>,
) -> Vec<Target<'r>> {
    let ResolvedListenerOptions { object: owner, targets } = options;
    let judged = targets.iter().enumerate().map(|(number, target)| {
        let is_used = target.is_some_and(|ListenerScope { kind, name, section }| {
            routed.contains(&(kind, (&owner.metadata.namespace, name), section))
        });
        Target { owner, number, is_valid: target.is_some(), is_used }
    });
    judged.collect()
}

/// The same of a policy of Envoy Gateway: what it is about may have rules, or no rule that it counts at.
fn targets_of_envoy_policy<'r>(policy: &'r ResolvedEnvoyPolicy<'_>) -> impl Iterator<Item = Target<'r>> {
    let ResolvedEnvoyPolicy { object: owner, scopes, ancestors, overridden: _, is_merged: _ } = policy;
    let is_used = !ancestors.is_empty();
    let judged = scopes.iter().enumerate();
    judged.map(move |(number, (_, outcome))| Target { owner, number, is_valid: outcome.is_ok(), is_used })
}

/// One listener of an object, or all of them.
type ListenersOf<'m> = (Kind, NamespacedName<'m>, Option<&'m SectionName>);

/// What options can name that leads to a listener with routes.
fn routed_listeners<'r>(resolved: &'r Resolved<'_>) -> HashSet<ListenersOf<'r>> {
    let listeners = resolved.gateways.iter().flat_map(|gateway| &gateway.listeners);
    let routed = listeners.filter(|listener| !listener.attached.is_empty());
    let named = routed.flat_map(|listener| {
        let set = listener.owner.set.map(|set| (Kind::ListenerSet, set.metadata.sort_key()));
        let owners = set.into_iter().chain([(Kind::Gateway, listener.owner.gateway.metadata.sort_key())]);
        owners.flat_map(|(kind, name)| [None, Some(&listener.spec.name)].map(|section| (kind, name, section)))
    });
    named.collect()
}

/// The hostnames that certificates have to cover, each once, with all listeners that serve it.
fn names(resolved: &Resolved<'_>) -> Subjects<CoveredName> {
    let mut names: BTreeMap<(ObjectRef, FieldPath), CoveredName> = BTreeMap::new();
    let mut add = |part: (ObjectRef, FieldPath), location: Location, hostname: &Hostname, id: ListenerId| {
        let hostname = hostname.clone();
        let name = CoveredName { part: part.clone(), location, hostname, listeners: Vec::new() };
        names.entry(part).or_insert(name).listeners.push(id);
    };
    for (gateway, own) in resolved.gateways.iter().enumerate() {
        for (listener, own) in own.listeners.iter().enumerate() {
            let (id, owner) = (ListenerId { gateway, listener }, own.owner);
            let path = path!["spec", "listeners", own.index, "hostname"];
            let location = owner.at(&path);
            let ends_tls = matches!(own.protocol, Protocol::Https | Protocol::TlsTerminate);
            // Of a missing Gateway nobody knows what its certificates are.
            if !ends_tls || !own.is_declared() || location.is_nowhere() {
                continue;
            }
            if own.spec.hostname.is_some() && !owner.lacks_listener(own.index) {
                add((owner.key().to_ref(), path), location, &own.hostname, id);
            }
            for route in own.attached.iter().map(|route| resolved.routes.get(*route)) {
                let owner = route.object();
                for (index, hostname) in route.hostnames.iter().enumerate() {
                    let is_written = *hostname != Hostname::Any;
                    if is_written && own.hostname.intersection(hostname).is_some() {
                        let path = path!["spec", "hostnames", index];
                        let location = owner.at(&path);
                        add(part_of(owner, path), location, hostname, id);
                    }
                }
            }
        }
    }
    Subjects(names.into_values().collect())
}

#[cfg(test)]
impl<T> From<Vec<T>> for Subjects<T> {
    fn from(subjects: Vec<T>) -> Self {
        Self(subjects)
    }
}

#[cfg(test)]
mod tests {
    use super::{Subjects, Verdict};
    use crate::diagnostics::Omission;

    #[test]
    fn what_one_analysis_cannot_judge_no_other_one_makes_judged() {
        let subjects = Subjects::from(vec![1, 2, 3]);
        let mut asked = Vec::new();
        let first = subjects.judge(|subject| Verdict::or(*subject != 1, Omission::Unheard));
        let both = first.and(|subject| {
            asked.push(*subject);
            Verdict::or(*subject != 2, Omission::NotFollowed)
        });
        let verdicts: Vec<_> = both.iter().map(|(subject, verdict)| (*subject, verdict.clone())).collect();
        let left = Verdict::Unjudged;
        assert_eq!(verdicts, [(1, left(Omission::Unheard)), (2, left(Omission::NotFollowed)), (3, Verdict::Judged)]);
        assert_eq!(asked, [2, 3]);
    }
}
