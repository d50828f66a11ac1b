//! Which listeners a route attaches to
//! ([attaching routes](https://gateway-api.sigs.k8s.io/concepts/api-overview/#attaching-routes-to-gateways)).

mod finding;
mod kind;
mod parent;
mod view;

use std::collections::HashMap;

use crate::diagnostics::{Change, Diagnostics, Finding, ObjectPart, PartPath, Scalar, codes};
use crate::hostname::Hostname;
use crate::name::{Name, Namespace, NamespacedName};
use crate::options::Options;
use crate::parser::api::{
    DefaultScope, FromNamespaces, ListenerSetSpec, ParentGatewayReference, ParentReference, RouteNamespaces,
};
use crate::parser::manifests::{IS_REFUSED, Kind, Manifests, Object, ObjectKey};
use crate::parser::route::Route;
use crate::path;
use crate::whole;

use super::gateway::ResolvedGateway;
use super::listener::{ListenerId, Protocol, ResolvedListener, listener_path};
use super::listener_set::{Membership, ResolvedListenerSet};
use super::owner::ListenerOwner;
use super::route_id::RouteId;
use super::selector::Namespaces;
use super::stand_in;

pub use parent::{ParentRefusal, ParentSource, RouteParent};
pub(super) use view::RouteView;
use view::{Owner, Parent, Refusal};

use finding::{
    Judged, NO_TRAFFIC, foreign_parent, former_parent, no_default_gateway, no_matching_hostname, no_matching_parent,
    not_allowed, parent_not_accepted,
};
use kind::{ParentKind, no_parent_takes_routes, unknown_parent_kind};

/// The version of a ListenerSet that bears this name.
const CURRENT_SET: &str = "v1";

/// Attaches routes to the listeners of the resolved Gateways.
#[derive(Debug)]
pub(super) struct Attacher<'a, 'm> {
    manifests: &'m Manifests,
    options: &'a Options,
    gateways: &'a mut [ResolvedGateway<'m>],
    sets: &'a [ResolvedListenerSet<'m>],
    gateways_by_name: HashMap<NamespacedName<'m>, usize>,
    sets_by_name: HashMap<NamespacedName<'m>, usize>,
    /// What stands in for ListenerSets that are missing.
    missing_sets: HashMap<NamespacedName<'m>, usize>,
    namespaces: Namespaces<'m>,
    warned_namespaces: std::collections::BTreeSet<Namespace>,
}

impl<'a, 'm> Attacher<'a, 'm> {
    pub(super) fn new(
        manifests: &'m Manifests,
        options: &'a Options,
        gateways: &'a mut [ResolvedGateway<'m>],
        sets: &'a [ResolvedListenerSet<'m>],
    ) -> Self {
        Self {
            manifests,
            options,
            gateways_by_name: gateways
                .iter()
                .enumerate()
                .filter(|(_, gateway)| gateway.stand_in.is_none_or(|key| key.kind == Kind::Gateway))
                .map(|(i, gateway)| (gateway.object.metadata.sort_key(), i))
                .collect(),
            missing_sets: gateways
                .iter()
                .enumerate()
                .filter_map(|(i, gateway)| Some((gateway.stand_in.filter(|key| key.kind == Kind::ListenerSet)?, i)))
                .map(|(key, i)| ((&key.namespace, &key.name), i))
                .collect(),
            sets_by_name: sets.iter().enumerate().map(|(i, set)| (set.object.metadata.sort_key(), i)).collect(),
            gateways,
            sets,
            namespaces: Namespaces::new(manifests),
            warned_namespaces: std::collections::BTreeSet::new(),
        }
    }

    /// Attaches a route and reports every parentRef that fails.
    pub(super) fn attach(
        &mut self,
        id: RouteId,
        (declared, hostnames): (&Route<'_>, &[Hostname]),
        diagnostics: &mut Diagnostics,
    ) -> Vec<RouteParent> {
        let Route { object, kind, parent_refs, use_default_gateways, .. } = *declared;
        let route = RouteView { object, kind, parent_refs, use_default_gateways, hostnames };
        let by_default = route.use_default_gateways == Some(DefaultScope::All);
        let names_none = route.parent_refs.is_empty() && !by_default;
        if names_none {
            diagnostics.report(
                route
                    .object
                    .finding(codes::NO_PARENTS, whole!["spec"], format!("{} names no parent", route.kind.name()))
                    .label("no `parentRefs`")
                    .consequence("the route attaches to no Gateway and serves no traffic")
                    .help("name a Gateway under `spec.parentRefs`"),
            );
        }
        let takes_none = |reference| matches!(ParentKind::of(reference), ParentKind::Nothing(_));
        let is_of_mesh = declared.is_of_mesh();
        if !is_of_mesh && !by_default && !route.parent_refs.is_empty() && route.parent_refs.iter().all(takes_none) {
            diagnostics.report(no_parent_takes_routes(route));
        }
        let mut parents: Vec<_> =
            (0..route.parent_refs.len()).filter_map(|index| self.attach_ref(route, index, diagnostics)).collect();
        if by_default {
            parents.extend(self.attach_default(route, diagnostics));
        }
        if names_none {
            parents.extend(self.attach_unnamed(route));
        }
        // There are as many lists as routes, and each is kept.
        parents.shrink_to_fit();
        for listener in parents.iter().flat_map(|parent: &RouteParent| &parent.listeners) {
            let attached = &mut self.gateways[listener.gateway].listeners[listener.listener].attached;
            if let Err(place) = attached.binary_search(&id) {
                attached.insert(place, id);
            }
        }
        self.report_unserved_hostnames(route, &parents, diagnostics);
        parents
    }

    /// `None` when the parent is not ours to judge.
    fn attach_ref(&mut self, route: RouteView<'_>, index: usize, diagnostics: &mut Diagnostics) -> Option<RouteParent> {
        let reference = &route.parent_refs[index];
        let at = PartPath::from(ObjectPart::Parent(index));
        let source = ParentSource::Ref(index);
        let owner = match self.find_owner(route, reference, &at, diagnostics) {
            Found::Owner(owner) => owner,
            Found::StandIn(owner, None) => {
                let listeners = self.stand_in_listeners(route, reference, owner, &at);
                return Some(RouteParent::accepted(source, None, listeners));
            }
            Found::StandIn(owner, Some(missing)) => {
                let listeners = self.stand_in_listeners(route, reference, owner, &at);
                return Some(RouteParent { listeners, ..RouteParent::missing(source, missing) });
            }
            Found::Refused(finding, gateway, stand_in) => {
                let parent = RouteParent::refused(source, gateway, *finding, diagnostics);
                let listeners = stand_in.map(|owner| self.stand_in_listeners(route, reference, owner, &at));
                return Some(RouteParent { listeners: listeners.unwrap_or_default(), ..parent });
            }
            Found::NotOurs => return None,
        };
        let gateway = Some(owner.gateway);
        let parent = Parent::new(reference, owner, at);
        let result = self.select_listeners(route, &parent);
        self.warn_missing_namespace(route, &parent, diagnostics);
        let refused = self.report_refused_parent(route, &parent, diagnostics);
        Some(match (result, refused) {
            // In a cluster there is no such parent; what its errors leave of it is there to be judged.
            (Ok(listeners), Some(refused)) => RouteParent { listeners, ..RouteParent::missing(source, refused) },
            (Ok(listeners), None) => RouteParent::accepted(source, gateway, listeners),
            (Err(finding), _) => match self.unread_listener(&parent) {
                Some(message) => RouteParent::missing(source, message),
                None => RouteParent::refused(source, gateway, *finding, diagnostics),
            },
        })
    }

    /// That a listener which may be the one that a reference asks for could not be decoded, in words: whether it takes
    /// the route nobody knows.
    fn unread_listener(&self, parent: &Parent<'_, 'm>) -> Option<String> {
        let Parent { owner: Owner { gateway, listeners, object }, section_name, port: _, at: _ } = parent;
        let own = &self.gateways[*gateway].listeners[listeners.clone()];
        // One without a name may have any.
        let is_meant = |name: &str| name.is_empty() || section_name.is_none_or(|section| *section == *name);
        let mut unread = own.iter().filter(|listener| object.lacks_listener(listener.index));
        let listener = unread.find(|listener| is_meant(&listener.spec.name))?;
        let number = listener.index;
        Some(format!("`spec.listeners[{number}]` of {} cannot be decoded", object.describe()))
    }

    /// Says that the API server would refuse a parent; what was said.
    fn report_refused_parent(
        &self,
        route: RouteView<'_>,
        parent: &Parent<'_, 'm>,
        diagnostics: &mut Diagnostics,
    ) -> Option<String> {
        let owner = parent.owner.object;
        if !owner.is_refused() {
            return None;
        }
        let message = format!("{} is in the input and has errors of its own", owner.describe());
        if !self.options.assume.gateways {
            let at = parent.at.with("name");
            diagnostics.report(route.object.finding(codes::REFUSED_OBJECT, at, message.clone()));
        }
        Some(message)
    }

    /// The listeners of a stand-in that take a route. What it does not take is not judged further: a stand-in has
    /// whatever the routes ask for.
    fn stand_in_listeners(
        &self,
        route: RouteView<'_>,
        reference: &ParentReference,
        owner: Owner<'m>,
        at: &PartPath,
    ) -> Vec<ListenerId> {
        self.select_listeners(route, &Parent::new(reference, owner, at.clone())).unwrap_or_default()
    }

    /// Attaches a route to the default Gateways, as if it named each of them
    /// without a section. One that does not take the route is no parent of it,
    /// since nobody named that one; that none takes it is reported.
    fn attach_default(&mut self, route: RouteView<'_>, diagnostics: &mut Diagnostics) -> Vec<RouteParent> {
        let is_default = |index: &usize| self.gateways[*index].object.spec.default_scope == Some(DefaultScope::All);
        let defaults: Vec<_> = (0..self.gateways.len()).filter(is_default).collect();
        let stand_in = defaults.iter().copied().find(|gateway| self.gateways[*gateway].stand_in.is_some());
        if (defaults.is_empty() || stand_in.is_some()) && !self.options.assume.gateways {
            diagnostics.report(no_default_gateway(route));
        }
        if let Some(gateway) = stand_in {
            return vec![self.attach_default_stand_in(route, gateway)];
        }
        let mut parents = Vec::with_capacity(defaults.len());
        let mut refusals = Vec::new();
        for gateway in defaults {
            let at = whole!["spec", "useDefaultGateways"];
            let parent = Parent { owner: self.gateway_owner(gateway), section_name: None, port: None, at };
            let source = ParentSource::Default(gateway);
            self.warn_missing_namespace(route, &parent, diagnostics);
            match self.select_listeners(route, &parent) {
                Ok(listeners) => parents.push(RouteParent::accepted(source, Some(gateway), listeners)),
                Err(finding) => refusals.push((source, gateway, finding)),
            }
        }
        if parents.is_empty() {
            let refused = refusals
                .into_iter()
                .map(|(source, gateway, finding)| RouteParent::refused(source, Some(gateway), *finding, diagnostics));
            parents.extend(refused);
        }
        parents
    }

    /// Attaches a route to what stands in for the default Gateways of a cluster.
    fn attach_default_stand_in(&self, route: RouteView<'_>, gateway: usize) -> RouteParent {
        let at = whole!["spec", "useDefaultGateways"];
        let parent = Parent { owner: self.gateway_owner(gateway), section_name: None, port: None, at };
        let listeners = self.select_listeners(route, &parent).unwrap_or_default();
        let source = ParentSource::Default(gateway);
        match self.options.assume.gateways {
            true => RouteParent::accepted(source, None, listeners),
            false => {
                let missing = "no Gateway of the input is a default Gateway".to_owned();
                RouteParent { listeners, ..RouteParent::missing(source, missing) }
            }
        }
    }

    /// Attaches a route without parents to what stands in for the Gateway that it will have; `None` where others are
    /// selected.
    fn attach_unnamed(&self, route: RouteView<'_>) -> Option<RouteParent> {
        let key = stand_in::unnamed(route.object);
        let gateway = *self.gateways_by_name.get(&(&key.namespace, &key.name))?;
        let parent = Parent { owner: self.gateway_owner(gateway), section_name: None, port: None, at: whole!["spec"] };
        let listeners = self.select_listeners(route, &parent).unwrap_or_default();
        let missing = RouteParent::missing(ParentSource::Unnamed, "the route names no parent".to_owned());
        Some(RouteParent { listeners, ..missing })
    }

    /// A Gateway as the owner of the listeners that it declares itself.
    fn gateway_owner(&self, gateway: usize) -> Owner<'m> {
        let object = self.gateways[gateway].object;
        Owner { gateway, listeners: 0..object.spec.listeners.len(), object: ListenerOwner::of_gateway(object) }
    }

    /// The Gateway or ListenerSet that a parentRef names.
    fn find_owner(
        &self,
        route: RouteView<'_>,
        reference: &ParentReference,
        at: &PartPath,
        diagnostics: &mut Diagnostics,
    ) -> Found<'m> {
        let ParentReference { group, kind, namespace, name, section_name: _, port: _ } = reference;
        let namespace = namespace.as_ref().unwrap_or(&route.object.metadata.namespace);
        let is = |wanted: Kind| group == wanted.group() && kind == wanted.name();
        let key = (namespace, name);
        if is(Kind::Gateway) {
            return match self.gateways_by_name.get(&key) {
                Some(&gateway) if self.gateways[gateway].stand_in.is_none() => {
                    Found::Owner(self.gateway_owner(gateway))
                }
                stand_in => self.missing_parent(route, Kind::Gateway, (key, stand_in.copied()), at, diagnostics),
            };
        }
        if Kind::ListenerSet.is_named(group, kind) {
            let found = self.sets_by_name.get(&key);
            // A set that is still written in the old way has a warning of its own.
            if !is(Kind::ListenerSet) && found.is_none_or(|set| self.sets[*set].object.version == CURRENT_SET) {
                diagnostics.report(former_parent(route, reference, at));
            }
            let Some(&set) = found else {
                let stand_in = self.missing_sets.get(&key).copied();
                return self.missing_parent(route, Kind::ListenerSet, (key, stand_in), at, diagnostics);
            };
            let ResolvedListenerSet { object, membership, gateway, listeners } = &self.sets[set];
            let owner = gateway.map(|gateway| {
                let object = ListenerOwner::of_set(self.gateways[gateway].object, object);
                Owner { gateway, listeners: listeners.clone(), object }
            });
            return match (*membership, owner) {
                (Membership::Joined(_), Some(owner)) => Found::Owner(owner),
                (Membership::Refused(code), stand_in) => {
                    let (finding, parent) = (parent_not_accepted(route, object, code, at), self.gateway_of(object));
                    let finding = match parent.and_then(|index| self.gateways.get(index)) {
                        Some(gateway) => finding.related(gateway.object.at(&path!["spec"]), "the Gateway"),
                        None => finding,
                    };
                    Found::Refused(Box::new(finding), parent, stand_in)
                }
                (Membership::Joined(_) | Membership::Foreign, _) => Found::NotOurs,
            };
        }
        if reference.is_service() && self.options.mesh.is_some() {
            // It is what is served.
            return Found::NotOurs;
        }
        diagnostics.report(match ParentKind::of(reference) {
            ParentKind::Elsewhere => foreign_parent(route, reference, at),
            ParentKind::Nothing(meant) => unknown_parent_kind(route, reference, meant, at),
        });
        Found::NotOurs
    }

    /// A parent that the input lacks, with what stands in for it.
    fn missing_parent(
        &self,
        route: RouteView<'_>,
        kind: Kind,
        (key, stand_in): (NamespacedName<'_>, Option<usize>),
        at: &PartPath,
        diagnostics: &mut Diagnostics,
    ) -> Found<'m> {
        let reported = self.report_missing_parent(route, kind, key, at, diagnostics);
        match stand_in {
            Some(index) => Found::StandIn(self.gateway_owner(index), reported),
            None => Found::NotOurs,
        }
    }

    /// The Gateway that a ListenerSet asks to join, where it is in the input.
    fn gateway_of(&self, set: &Object<ListenerSetSpec>) -> Option<usize> {
        let ParentGatewayReference { group: _, kind: _, name, namespace } = &set.spec.parent_ref;
        let namespace = namespace.as_ref().unwrap_or(&set.metadata.namespace);
        let index = self.gateways_by_name.get(&(namespace, name)).copied();
        index.filter(|index| self.gateways[*index].stand_in.is_none())
    }

    /// The listeners of a parent that take the route, or the finding that says
    /// why none does (relevant listeners, then kind and namespace, then
    /// hostname). Only the listeners that the parent itself declares count: a
    /// reference to a Gateway never reaches those of its ListenerSets.
    fn select_listeners(&self, route: RouteView<'_>, parent: &Parent<'_, 'm>) -> Result<Vec<ListenerId>, Box<Finding>> {
        let Owner { gateway, listeners, object: _ } = &parent.owner;
        let own = &self.gateways[*gateway].listeners[listeners.clone()];
        let relevant: Vec<_> = own
            .iter()
            .enumerate()
            .filter(|(_, listener)| parent.section_name.is_none_or(|name| *name == listener.spec.name))
            .filter(|(_, listener)| parent.port.is_none_or(|port| port == listener.spec.port))
            .collect();
        if relevant.is_empty() {
            return Err(Box::new(no_matching_parent(route.object, parent, own)));
        }
        let is_asked = parent.section_name.is_some()
            || parent.port.is_some()
            || !own.iter().any(|listener| listener.protocol == Protocol::Tcp);
        let judged: Vec<Judged<'_, '_>> =
            relevant.iter().map(|(_, listener)| (*listener, self.refusal(route, listener, is_asked))).collect();
        let accepted: Vec<_> = relevant
            .iter()
            .zip(&judged)
            .filter(|(_, (_, refusal))| refusal.is_none())
            .map(|((index, _), _)| ListenerId { gateway: *gateway, listener: listeners.start + index })
            .collect();
        if !accepted.is_empty() {
            return Ok(accepted);
        }
        Err(Box::new(if judged.iter().any(|(_, refusal)| *refusal == Some(Refusal::Hostname)) {
            no_matching_hostname(route, parent, &judged)
        } else {
            let finding = not_allowed(route, parent, &judged);
            let is_selected = |(listener, refusal): &Judged<'_, '_>| {
                matches!(refusal, Some(Refusal::Namespace(_)))
                    && listener.spec.allowed_routes.namespaces.from == FromNamespaces::Selector
            };
            match judged.iter().any(is_selected) {
                true => self.namespaces.relate(finding, &route.object.metadata.namespace),
                false => finding,
            }
        }))
    }

    /// Why a listener does not take a route; see [`ResolvedListener::takes`] for `is_asked`.
    fn refusal(&self, route: RouteView<'_>, listener: &ResolvedListener<'_>, is_asked: bool) -> Option<Refusal> {
        if !listener.takes(route.kind, is_asked) {
            return Some(Refusal::Kind);
        }
        let namespace = &route.object.metadata.namespace;
        let namespaces = &listener.spec.allowed_routes.namespaces;
        let (allowed, why) = match namespaces.from {
            FromNamespaces::All => (true, ""),
            FromNamespaces::Same => (listener.owner.metadata().namespace == *namespace, "only its own namespace"),
            FromNamespaces::None => (false, "no namespace"),
            FromNamespaces::Selector => {
                let is_assumed = self.options.assume.namespaces;
                let meets = |selector| self.namespaces.may_match(namespace, selector, is_assumed);
                let selected = listener.bad_selector.is_none() && namespaces.selector.as_ref().is_some_and(meets);
                (selected, "only namespaces that its selector matches")
            }
        };
        if !allowed {
            return Some(Refusal::Namespace(why));
        }
        let meets = |hosts: &[Hostname]| hosts.iter().any(|host| host.intersection(&listener.hostname).is_some());
        match route.hostnames {
            hosts if !hosts.is_empty() && !meets(hosts) => Some(Refusal::Hostname),
            _ => None,
        }
    }

    fn warn_missing_namespace(&mut self, route: RouteView<'_>, parent: &Parent<'_, 'm>, diagnostics: &mut Diagnostics) {
        let namespace = &route.object.metadata.namespace;
        if self.namespaces.contains(namespace) || self.warned_namespaces.contains(namespace) {
            return;
        }
        let Owner { gateway, listeners, object: _ } = &parent.owner;
        let own = &self.gateways[*gateway].listeners[listeners.clone()];
        let asks = |listener: &ResolvedListener<'_>| {
            let RouteNamespaces { from, selector } = &listener.spec.allowed_routes.namespaces;
            let selector = selector.as_ref().filter(|_| *from == FromNamespaces::Selector);
            selector.is_some_and(|selector| super::selector::needs_labels(selector, namespace))
        };
        if let Some(listener) = own.iter().find(|listener| asks(listener)) {
            let at = listener.owner.at(&listener_path(listener.index).with("allowedRoutes"));
            self.warned_namespaces.insert(namespace.clone());
            let finding = match self.options.assume.namespaces {
                true => super::selector::assumed_namespace(route.object, namespace),
                false => super::selector::missing_namespace(route.object, namespace, self.manifests),
            };
            diagnostics.report(finding.related(at, "the selector"));
        }
    }

    /// Says that a parent is missing, unless it is assumed; what was said.
    fn report_missing_parent(
        &self,
        route: RouteView<'_>,
        kind: Kind,
        (namespace, name): NamespacedName<'_>,
        at: &PartPath,
        diagnostics: &mut Diagnostics,
    ) -> Option<String> {
        let known = self.manifests.namespaces_with(kind, name);
        let likely = || self.manifests.likely(kind, namespace, name);
        let key = ObjectKey { kind, namespace: namespace.clone(), name: name.clone() };
        let is_refused = self.manifests.refused.contains_key(&key);
        let kind = kind.name();
        if self.options.assume.gateways && is_refused {
            // Assumed is what is not there; this one is, and its errors are told where it stands.
            return Some(format!("{kind} `{namespace}/{name}` has errors of its own"));
        }
        if self.options.assume.gateways || known.contains(namespace) {
            return None;
        }
        if is_refused {
            let message = format!("{kind} `{namespace}/{name}` {IS_REFUSED}");
            diagnostics.report(route.object.finding(codes::REFUSED_OBJECT, at.with("name"), message.clone()));
            return Some(message);
        }
        let text = |text: &str| Scalar::Text(text.to_owned());
        let (help, fix) = if let Some(other) = known.first() {
            let help = format!("{kind} `{name}` is in namespace `{other}`: add `namespace: {other}`");
            let change = Change::Insert { key: "namespace".to_owned(), value: text(other) };
            // A reference that names a namespace names the wrong one: which of the two is meant is not certain.
            (help, (known.len() == 1).then(|| route.object.fix(at, change)))
        } else if let Some(likely) = likely() {
            let set = |meant: &Name| route.object.fix(&at.with("name"), Change::Set(text(meant.as_str())));
            (likely.help(kind, name), likely.certain().map(set))
        } else {
            let help =
                format!("add the {kind} to the input, pass its file with `--context`, or pass `--assume gateways`");
            (help, None)
        };
        let message = format!("{kind} `{namespace}/{name}` is not in the input");
        diagnostics.report(
            route
                .object
                .finding(codes::PARENT_NOT_FOUND, at.with("name"), message.clone())
                .label(format!("no such {kind}"))
                .consequence(NO_TRAFFIC)
                .help(help)
                .fix(fix),
        );
        Some(message)
    }

    /// Hostnames that no listener of any parent serves, beside others that are served.
    fn report_unserved_hostnames(&self, route: RouteView<'_>, parents: &[RouteParent], diagnostics: &mut Diagnostics) {
        let hosts = route.hostnames;
        let listeners: Vec<_> = parents
            .iter()
            .flat_map(|parent| &parent.listeners)
            .map(|id| &self.gateways[id.gateway].listeners[id.listener])
            .collect();
        if listeners.is_empty() {
            return;
        }
        for (index, host) in hosts.iter().enumerate() {
            if !listeners.iter().any(|listener| listener.hostname.intersection(host).is_some()) {
                let finding = route.object.finding(
                    codes::HOSTNAME_NOT_SERVED,
                    ObjectPart::Hostname(index),
                    format!("no listener of the route's parents serves `{host}`"),
                );
                let at = |listener: &ResolvedListener<'_>| {
                    listener.owner.at(&listener_path(listener.index).with("hostname"))
                };
                let places = listeners.iter().map(|listener| at(listener));
                diagnostics.report(
                    places
                        .fold(finding, |finding, place| finding.related(place, "what a listener serves"))
                        .consequence(format!("requests for `{host}` do not reach this route"))
                        .help("remove the hostname, or add a listener that covers it"),
                );
            }
        }
    }
}

/// What a parentRef names.
enum Found<'m> {
    /// This owner of listeners.
    Owner(Owner<'m>),
    /// What stands in for a parent that is missing. Without words it is assumed to exist, and takes every route.
    StandIn(Owner<'m>, Option<String>),
    /// An object that takes no routes, the Gateway that refused it, and what stands in for one that is missing.
    Refused(Box<Finding>, Option<usize>, Option<Owner<'m>>),
    /// Nothing that is ours to judge.
    NotOurs,
}
