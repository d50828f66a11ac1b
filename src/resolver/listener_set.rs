//! ListenerSets: which of them join a Gateway, and in which order
//! ([ListenerSet](https://gateway-api.sigs.k8s.io/reference/spec/#listenerset)).
//!
//! The listeners of a set stand behind those of its Gateway and of every older
//! set. Unlike inside one object, a conflict between objects has a winner: the
//! listener that stands first keeps serving. What loses to another object is
//! gone before the listeners of one set are compared with each other
//! ([GEP-1713](https://gateway-api.sigs.k8s.io/geps/gep-1713/#listener-precedence)).

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use crate::diagnostics::{Code, Diagnostics, Finding, codes};
use crate::hostname::Hostname;
use crate::name::{Name, Namespace, NamespacedName};
use crate::options::Options;
use crate::parser::api::{
    AllowedListeners, FromNamespaces, GatewaySpec, ListenerSetSpec, ParentGatewayReference, RouteNamespaces,
};
use crate::parser::manifests::{IS_REFUSED, Kind, Manifests, Object, ObjectKey};
use crate::path;
use crate::port::Port;
use crate::whole;

use super::age::Age;
use super::gateway::ResolvedGateway;
use super::listener::{
    Clash, Protocol, ResolvedListener, Selection, check_selection, listener_path, report_conflicts, resolve_listeners,
};
use super::owner::ListenerOwner;
use super::selector::Namespaces;

/// A ListenerSet with what became of it.
#[derive(Debug)]
pub struct ResolvedListenerSet<'m> {
    /// The ListenerSet.
    pub object: &'m Object<ListenerSetSpec>,
    /// What became of it.
    pub membership: Membership,
    /// The Gateway whose list its listeners are in: the one that it joined, or what stands in for a missing one.
    pub gateway: Option<usize>,
    /// Where its listeners stand in that list.
    pub listeners: Range<usize>,
}

/// What became of a ListenerSet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// Its listeners are among those of this Gateway, in [`super::Resolved::gateways`].
    Joined(usize),
    /// Its parent does not take it; the code was reported on the set.
    Refused(Code),
    /// Its Gateway is not ours to judge, or is assumed to exist.
    Foreign,
}

/// Lets every ListenerSet join its Gateway, the oldest first.
pub(super) fn join_listener_sets<'m>(
    manifests: &'m Manifests,
    options: &Options,
    gateways: &mut [ResolvedGateway<'m>],
    diagnostics: &mut Diagnostics,
) -> Vec<ResolvedListenerSet<'m>> {
    let mut sets: Vec<_> = manifests.listener_sets.iter().collect();
    sets.sort_by(|a, b| Age::order(&a.metadata).cmp(&Age::order(&b.metadata)));
    let mut admission = Admission::new(manifests, options, gateways, diagnostics);
    let mut occupied: HashMap<usize, Occupied> = HashMap::new();
    let mut resolved = Vec::with_capacity(sets.len());
    for object in sets {
        let membership = admission.decide(object, gateways, diagnostics);
        let mut listeners = 0..0;
        let gateway = match membership {
            Membership::Joined(index) => Some(index),
            // It is judged on what stands in for its Gateway, and goes on being refused.
            Membership::Refused(_) | Membership::Foreign => admission.stand_in(object, gateways),
        };
        if let Some(index) = gateway {
            let gateway = &mut gateways[index];
            // What stands in for a Gateway has listeners that nobody declares: they conflict with nothing.
            let declared = if gateway.stand_in.is_some() { &[][..] } else { &gateway.listeners };
            let occupied = occupied.entry(index).or_insert_with(|| Occupied::by(declared));
            let owner = ListenerOwner::of_set(gateway.object, object);
            listeners.start = gateway.listeners.len();
            let mut own = resolve_listeners(owner, diagnostics);
            own.iter_mut().for_each(|listener| occupied.admit(&gateway.listeners, listener, diagnostics));
            report_conflicts(owner, &mut own, diagnostics);
            for listener in own {
                occupied.add(gateway.listeners.len(), &listener);
                gateway.listeners.push(listener);
            }
            listeners.end = gateway.listeners.len();
        }
        resolved.push(ResolvedListenerSet { object, membership, gateway, listeners });
    }
    resolved
}

/// Decides which ListenerSets may join which Gateways.
struct Admission<'a, 'm> {
    manifests: &'m Manifests,
    options: &'a Options,
    by_name: HashMap<NamespacedName<'m>, usize>,
    namespaces: Namespaces<'m>,
    warned_namespaces: BTreeSet<Namespace>,
}

impl<'a, 'm> Admission<'a, 'm> {
    /// Reports `allowedListeners` that cannot be evaluated, once for each Gateway.
    fn new(
        manifests: &'m Manifests,
        options: &'a Options,
        gateways: &[ResolvedGateway<'m>],
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut by_name = HashMap::new();
        for (index, gateway) in gateways.iter().enumerate() {
            if gateway.stand_in.is_some_and(|key| key.kind != Kind::Gateway) {
                continue;
            }
            let meta = &gateway.object.metadata;
            by_name.insert((&meta.namespace, &meta.name), index);
            if let Some(AllowedListeners { namespaces }) = &gateway.object.spec.allowed_listeners {
                let at = whole!["spec", "allowedListeners", "namespaces"];
                let owner = ListenerOwner::of_gateway(gateway.object);
                check_selection(owner, at, namespaces, Selection::ListenerSets, diagnostics);
            }
        }
        let namespaces = Namespaces::new(manifests);
        Self { manifests, options, by_name, namespaces, warned_namespaces: BTreeSet::new() }
    }

    fn decide(
        &mut self,
        set: &Object<ListenerSetSpec>,
        gateways: &[ResolvedGateway<'m>],
        diagnostics: &mut Diagnostics,
    ) -> Membership {
        let ListenerSetSpec { parent_ref, listeners: _ } = &set.spec;
        let ParentGatewayReference { group, kind, name, namespace } = parent_ref;
        if group != Kind::Gateway.group() || kind != Kind::Gateway.name() {
            diagnostics.report(foreign_parent_kind(set, group, kind));
            return Membership::Refused(codes::PARENT_NOT_FOUND);
        }
        let namespace = namespace.as_ref().unwrap_or(&set.metadata.namespace);
        let index = match self.by_name.get(&(namespace, name)) {
            Some(index) if gateways[*index].stand_in.is_none() => *index,
            Some(index) if self.options.assume.gateways => return Membership::Joined(*index),
            Some(_) | None => return self.missing_gateway(set, namespace, name, diagnostics),
        };
        let gateway = gateways[index].object;
        let allowed = gateway.spec.allowed_listeners.as_ref().map(|allowed| &allowed.namespaces);
        self.warn_missing_namespace(set, (gateway, allowed), diagnostics);
        match self.refusal(&set.metadata.namespace, &gateway.metadata.namespace, allowed) {
            None => Membership::Joined(index),
            Some(why) => {
                let owner = ListenerOwner::of_gateway(gateway);
                let finding = not_allowed(set, owner, why);
                let selects = allowed.is_some_and(|allowed| allowed.from == FromNamespaces::Selector);
                diagnostics.report(match selects {
                    true => self.namespaces.relate(finding, &set.metadata.namespace),
                    false => finding,
                });
                Membership::Refused(codes::LISTENER_SET_NOT_ALLOWED)
            }
        }
    }

    /// What stands in for the missing Gateway of a set.
    fn stand_in(&self, set: &Object<ListenerSetSpec>, gateways: &[ResolvedGateway<'m>]) -> Option<usize> {
        let ParentGatewayReference { group, kind, name, namespace } = &set.spec.parent_ref;
        let is_gateway = group == Kind::Gateway.group() && kind == Kind::Gateway.name();
        let namespace = namespace.as_ref().unwrap_or(&set.metadata.namespace);
        let index = *self.by_name.get(&(namespace, name)).filter(|_| is_gateway)?;
        gateways[index].stand_in.map(|_| index)
    }

    /// Why the namespace of a set may not add listeners. By default none may
    /// ([AllowedListeners](https://gateway-api.sigs.k8s.io/reference/spec/#allowedlisteners)).
    fn refusal(&self, set: &Namespace, gateway: &Namespace, allowed: Option<&RouteNamespaces>) -> Option<&'static str> {
        let Some(RouteNamespaces { from, selector }) = allowed else {
            return Some("it has no `allowedListeners`, which admits none");
        };
        match from {
            FromNamespaces::All => None,
            FromNamespaces::None => Some("its `allowedListeners` admits none"),
            FromNamespaces::Same => (set != gateway).then_some("its `allowedListeners` admits only its own namespace"),
            FromNamespaces::Selector => match selector {
                None => Some("its `allowedListeners` has no selector"),
                Some(selector) if super::selector::check(selector).is_err() => {
                    Some("the selector of its `allowedListeners` cannot be evaluated")
                }
                Some(selector) => (!self.namespaces.may_match(set, selector, self.options.assume.namespaces))
                    .then_some("the selector of its `allowedListeners` does not match the namespace"),
            },
        }
    }

    /// Warns once for each Namespace that a selector asks for in vain.
    fn warn_missing_namespace(
        &mut self,
        set: &Object<ListenerSetSpec>,
        (gateway, allowed): (&Object<GatewaySpec>, Option<&RouteNamespaces>),
        diagnostics: &mut Diagnostics,
    ) {
        let namespace = &set.metadata.namespace;
        let selects = allowed.is_some_and(|RouteNamespaces { from, selector }| {
            let valid = selector.as_ref().is_some_and(|selector| super::selector::check(selector).is_ok());
            let asks = selector.as_ref().is_some_and(|selector| super::selector::needs_labels(selector, namespace));
            *from == FromNamespaces::Selector && valid && asks
        });
        let known = self.namespaces.contains(namespace);
        if selects && !known && self.warned_namespaces.insert(namespace.clone()) {
            let finding = match self.options.assume.namespaces {
                true => super::selector::assumed_namespace(set, namespace),
                false => super::selector::missing_namespace(set, namespace, self.manifests),
            };
            diagnostics.report(finding.related(gateway.at(&path!["spec", "allowedListeners"]), "the selector"));
        }
    }

    fn missing_gateway(
        &self,
        set: &Object<ListenerSetSpec>,
        namespace: &Namespace,
        name: &Name,
        diagnostics: &mut Diagnostics,
    ) -> Membership {
        let known = self.manifests.namespaces_with(Kind::Gateway, name);
        if self.options.assume.gateways || known.contains(namespace) {
            return Membership::Foreign;
        }
        let at = whole!["spec", "parentRef", "name"];
        let key = ObjectKey { kind: Kind::Gateway, namespace: namespace.clone(), name: name.clone() };
        if self.manifests.refused.contains_key(&key) {
            let message = format!("Gateway `{namespace}/{name}` {IS_REFUSED}");
            diagnostics.report(set.finding(codes::REFUSED_OBJECT, at, message));
            return Membership::Refused(codes::REFUSED_OBJECT);
        }
        let likely = || self.manifests.likely(Kind::Gateway, namespace, name);
        let help = match known.first() {
            Some(other) => format!("Gateway `{name}` is in namespace `{other}`: add `namespace: {other}`"),
            None => likely().map_or_else(
                || "add the Gateway to the input, or pass its file with `--context`".to_owned(),
                |likely| likely.help(Kind::Gateway.name(), name),
            ),
        };
        let message = format!("Gateway `{namespace}/{name}` is not in the input");
        let finding = set.finding(codes::PARENT_NOT_FOUND, at, message).label("no such Gateway").help(help);
        diagnostics.report(finding.consequence(NOT_SERVED));
        Membership::Refused(codes::PARENT_NOT_FOUND)
    }
}

/// What becomes of the traffic for a set that joins no Gateway.
const NOT_SERVED: &str = "its listeners accept no connections, and routes that name the set serve no traffic";

fn foreign_parent_kind(set: &Object<ListenerSetSpec>, group: &str, kind: &str) -> Finding {
    let full = if group.is_empty() { kind.to_owned() } else { format!("{group}/{kind}") };
    set.finding(
        codes::PARENT_NOT_FOUND,
        whole!["spec", "parentRef", "kind"],
        format!("`{full}` cannot be the parent of a ListenerSet"),
    )
    .label("not a Gateway")
    .consequence(NOT_SERVED)
    .help("refer to a `Gateway` of group `gateway.networking.k8s.io`")
}

fn not_allowed(set: &Object<ListenerSetSpec>, gateway: ListenerOwner<'_>, why: &str) -> Finding {
    let namespace = &set.metadata.namespace;
    let field = if gateway.gateway.spec.allowed_listeners.is_some() {
        path!["spec", "allowedListeners"]
    } else {
        path!["spec"]
    };
    set.finding(
        codes::LISTENER_SET_NOT_ALLOWED,
        whole!["spec", "parentRef"],
        format!("{} does not admit ListenerSets of namespace `{namespace}`", gateway.describe()),
    )
    .label(why)
    .related(gateway.at(&field), "the Gateway")
    .consequence(NOT_SERVED)
    .help(format!("let the Gateway admit namespace `{namespace}` with `allowedListeners.namespaces`"))
}

/// The ports and hostnames that the listeners of one Gateway have taken so far.
#[derive(Debug, Default)]
struct Occupied {
    /// The first listener of each protocol on a port.
    by_protocol: HashMap<Port, Vec<(Protocol, usize)>>,
    /// The first listener of a hostname on a port.
    by_hostname: HashMap<(Port, Hostname), Vec<usize>>,
}

impl Occupied {
    fn by(listeners: &[ResolvedListener<'_>]) -> Self {
        let mut occupied = Self::default();
        listeners.iter().enumerate().for_each(|(index, listener)| occupied.add(index, listener));
        occupied
    }

    /// Notes a listener that later ones must not conflict with. One that lost
    /// a conflict itself takes nothing.
    fn add(&mut self, index: usize, listener: &ResolvedListener<'_>) {
        if listener.protocol == Protocol::Unknown || listener.conflict.is_some() {
            return;
        }
        let port = listener.spec.port;
        let protocols = self.by_protocol.entry(port).or_default();
        if !protocols.iter().any(|(protocol, _)| *protocol == listener.protocol) {
            protocols.push((listener.protocol, index));
        }
        self.by_hostname.entry((port, listener.hostname.clone())).or_default().push(index);
    }

    /// Refuses a listener that conflicts with one that stands before it.
    fn admit(
        &self,
        before: &[ResolvedListener<'_>],
        listener: &mut ResolvedListener<'_>,
        diagnostics: &mut Diagnostics,
    ) {
        if listener.protocol == Protocol::Unknown || listener.conflict.is_some() {
            return;
        }
        let port = listener.spec.port;
        let protocols = self.by_protocol.get(&port).into_iter().flatten().map(|(_, index)| *index);
        let same_host = self.by_hostname.get(&(port, listener.hostname.clone())).into_iter().flatten().copied();
        let clashes = protocols.chain(same_host).filter_map(|index| {
            let other = &before[index];
            Some((other, Clash::between(listener, other)?))
        });
        if let Some((other, clash)) = clashes.min_by_key(|(_, clash)| *clash) {
            let finding = lost_conflict(listener, other, clash);
            listener.refused = Some(diagnostics.error(finding));
            listener.conflict = Some(clash.code());
        }
    }
}

fn lost_conflict(listener: &ResolvedListener<'_>, other: &ResolvedListener<'_>, clash: Clash) -> Finding {
    let mine = listener.spec;
    let message = format!("listener `{}` conflicts with {} on port {}", mine.name, other.describe(), mine.port);
    let remedy = clash.remedy();
    let are_sets = [listener, other].iter().all(|listener| listener.owner.kind() == Kind::ListenerSet);
    listener
        .owner
        .finding(clash.code(), listener_path(listener.index), message)
        .label(clash.describe())
        .related(other.owner.at(&listener_path(other.index)), "this listener stands first and keeps serving")
        .by_age(are_sets && Age::is_open(listener.owner.metadata(), other.owner.metadata()))
        .consequence(format!("listener `{}` accepts no connections", mine.name))
        .help(format!("give the listener {remedy}; the Gateway stands first, then the oldest ListenerSet"))
}
