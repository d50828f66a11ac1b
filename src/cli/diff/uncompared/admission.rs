//! Who may attach: what listeners and Gateways admit, where no route or ListenerSet of the input shows it.

use std::collections::BTreeMap;

use super::values::{AllLeft, Content, Left, Values};
use crate::compile::Compilation;
use crate::diagnostics::{FieldPath, Location, Subject};
use crate::name::Namespace;
use crate::parser::api::{AllowedRoutes, DefaultScope, FromNamespaces, Listener, ParentReference, RouteNamespaces};
use crate::parser::manifests::{Kind, Manifests, ObjectHead, ObjectKey};
use crate::path;
use crate::resolver::needs_labels;

const NOBODY: &str = "who may attach has changed, and no route of the input shows it";
const UNNAMED: &str = "routes may name it, and none of the input does";
const RENAMED: &str = "its name has changed, and routes that the input has not may be attached by it";

/// Adds what differs between the sides in whom they admit, where nothing of the input is admitted or refused by it.
pub(super) fn add(values: &[Values<'_>; 2], lists: &mut [&mut AllLeft; 2]) {
    let sides = values.each_ref().map(|values| values.compilation);
    let [old, new] = values.each_ref().map(owners);
    for (key, before) in &old {
        if let Some(after) = new.get(key) {
            compare(sides, [before, after], lists);
        }
    }
}

/// A Gateway or ListenerSet with what it admits.
struct Owner<'m> {
    head: &'m ObjectHead,
    listeners: &'m [Listener],
    allowed: Option<&'m RouteNamespaces>,
    is_default: bool,
}

/// All that is judged.
fn owners<'c>(values: &Values<'c>) -> BTreeMap<String, Owner<'c>> {
    let Manifests { gateways, listener_sets, .. } = &values.compilation.manifests;
    let gateways = gateways.iter().map(|gateway| Owner {
        head: &gateway.head,
        listeners: &gateway.spec.listeners,
        allowed: gateway.spec.allowed_listeners.as_ref().map(|allowed| &allowed.namespaces),
        is_default: gateway.spec.default_scope == Some(DefaultScope::All),
    });
    let sets = listener_sets.iter().map(|set| Owner {
        head: &set.head,
        listeners: &set.spec.listeners,
        allowed: None,
        is_default: false,
    });
    let unselected = values.unselected();
    let all = gateways.chain(sets).filter(|owner| !owner.head.position.context);
    let all = all.map(|owner| (Subject::Object(owner.head.key().to_ref()).to_string(), owner));
    all.filter(|(name, _)| !unselected.contains(name)).collect()
}

fn compare(sides: [&Compilation; 2], owners: [&Owner<'_>; 2], lists: &mut [&mut AllLeft; 2]) {
    let [before, after] = owners;
    let mut say = |part: Option<usize>, side: usize, reason: String| {
        let head = owners[side].head;
        let at = part.map_or(FieldPath::ROOT, |index| path!["spec", "listeners", index]);
        let subject = match part {
            Some(_) => Subject::part(&head.key().to_ref(), &at),
            None => head.key().to_ref().to_string(),
        };
        push(lists[side], side, subject, head.at(&at), reason);
    };
    let both =
        |old: Option<usize>, new: Option<usize>, reason: &str, say: &mut dyn FnMut(Option<usize>, usize, String)| {
            say(old, 0, reason.to_owned());
            say(new, 1, reason.to_owned());
        };
    if before.allowed != after.allowed {
        let members: Vec<[Option<&Namespace>; 2]> = members(sides, before.head);
        let reason = if members.is_empty() {
            Some("who may add listeners has changed, and no ListenerSet of the input does".to_owned())
        } else {
            unseen(sides, [before.allowed, after.allowed], &members)
        };
        if let Some(reason) = reason {
            both(None, None, &reason, &mut say);
        }
    }
    if before.is_default != after.is_default && !sides.iter().any(|side| has_default_users(side)) {
        both(
            None,
            None,
            "whether routes find it by default has changed, and no route of the input asks for it",
            &mut say,
        );
    }
    for (at, listener) in before.listeners.iter().enumerate() {
        match after.listeners.iter().enumerate().find(|(_, other)| other.name == listener.name) {
            Some((place, other)) => {
                let pair = [listener, other];
                if let Some(reason) = admission(sides, owners, pair) {
                    both(Some(at), Some(place), &reason, &mut say);
                }
            }
            None if is_silent(sides, before, listener, after.listeners) => say(Some(at), 0, UNNAMED.to_owned()),
            None if is_renamed(sides, before, listener, after.listeners) => say(Some(at), 0, RENAMED.to_owned()),
            None => {}
        }
    }
    for (at, listener) in after.listeners.iter().enumerate() {
        let is_known = before.listeners.iter().any(|other| other.name == listener.name);
        if !is_known && is_silent(sides, after, listener, before.listeners) {
            say(Some(at), 1, UNNAMED.to_owned());
        } else if !is_known && is_renamed(sides, after, listener, before.listeners) {
            say(Some(at), 1, RENAMED.to_owned());
        }
    }
}

/// Whether a listener has another name on the other side, and no route of the input asks for it by name: others may.
fn is_renamed(sides: [&Compilation; 2], owner: &Owner<'_>, listener: &Listener, others: &[Listener]) -> bool {
    let is_same = |other: &&Listener| {
        (other.port, &other.protocol, &other.hostname) == (listener.port, &listener.protocol, &listener.hostname)
    };
    let Some(other) = others.iter().find(is_same) else { return false };
    let key = owner.head.key();
    let asks = |reference: &ParentReference, own: &str| {
        reference.section_name.is_some() && [listener, other].iter().any(|one| names(reference, own, &key, one))
    };
    let mut routes = sides.iter().flat_map(|side| side.manifests.routes());
    !routes.any(|route| {
        let own = &route.object.metadata.namespace;
        route.parent_refs.iter().any(|reference| asks(reference, own))
    })
}

/// Whether a listener comes or goes without anything that shows it: its port is there on the other side, and nothing of the
/// input asks for the listener.
fn is_silent(sides: [&Compilation; 2], owner: &Owner<'_>, listener: &Listener, others: &[Listener]) -> bool {
    let is_alone = !others.iter().any(|other| other.port == listener.port && other.protocol == listener.protocol);
    !is_alone && !is_told(listener) && users(sides, [owner, owner], [listener, listener]).is_empty()
}

/// Whether the hostname of a listener is told by the certificates and server names that go with it.
fn is_told(listener: &Listener) -> bool {
    listener.protocol == "HTTPS"
}

/// Why the admission of a listener that both sides have cannot be compared.
fn admission(sides: [&Compilation; 2], owners: [&Owner<'_>; 2], [before, after]: [&Listener; 2]) -> Option<String> {
    let other_hosts = before.hostname != after.hostname && !is_told(before);
    if same(&before.allowed_routes, &after.allowed_routes) && !other_hosts {
        return None;
    }
    let users = users(sides, owners, [before, after]);
    if users.is_empty() {
        return Some(NOBODY.to_owned());
    }
    let allowed = [before, after].map(|listener| Some(&listener.allowed_routes.namespaces));
    if before.allowed_routes.namespaces == after.allowed_routes.namespaces {
        return None;
    }
    unseen(sides, allowed, &users)
}

/// The order of kinds is none.
fn same(one: &AllowedRoutes, other: &AllowedRoutes) -> bool {
    let holds = |list: &AllowedRoutes, of: &AllowedRoutes| of.kinds.iter().all(|kind| list.kinds.contains(kind));
    one.namespaces == other.namespaces && holds(one, other) && holds(other, one)
}

/// That a selector which differs looks at labels of a Namespace that is not in the input. Each user is told by its namespace
/// on the sides that have it.
fn unseen(
    sides: [&Compilation; 2],
    allowed: [Option<&RouteNamespaces>; 2],
    users: &[[Option<&Namespace>; 2]],
) -> Option<String> {
    for namespaces in users {
        for ((side, allowed), namespace) in sides.iter().zip(allowed).zip(namespaces) {
            let (Some(RouteNamespaces { from, selector: Some(selector) }), Some(namespace)) = (allowed, namespace)
            else {
                continue;
            };
            let is_known = side.manifests.namespaces.iter().any(|known| known.metadata.name == *namespace.as_str());
            if *from == FromNamespaces::Selector && !is_known && needs_labels(selector, namespace) {
                return Some(format!(
                    "who may attach has changed, and its selector looks at labels of Namespace `{namespace}`, which is not in \
                     the input"
                ));
            }
        }
    }
    None
}

/// The namespaces of the routes that ask for a listener, each on its side. Where other namespaces may be admitted, those of
/// the owner's own are no sign of who else is.
fn users<'m>(
    sides: [&'m Compilation; 2],
    owners: [&Owner<'_>; 2],
    listeners: [&Listener; 2],
) -> Vec<[Option<&'m Namespace>; 2]> {
    let mut users = Vec::new();
    let is_of_own = listeners.iter().all(|listener| listener.allowed_routes.namespaces.from == FromNamespaces::Same);
    for (at, side) in sides.iter().enumerate() {
        let (Some(owner), Some(listener)) = (owners.get(at), listeners.get(at)) else { continue };
        let key = owner.head.key();
        let is_sign = |namespace: &Namespace| is_of_own || *namespace != key.namespace;
        for route in side.manifests.routes() {
            let namespace = &route.object.metadata.namespace;
            let by_default = owner.is_default && route.use_default_gateways == Some(DefaultScope::All);
            if is_sign(namespace)
                && (by_default || route.parent_refs.iter().any(|reference| names(reference, namespace, &key, listener)))
            {
                let mut user = [None, None];
                user[at] = Some(namespace);
                users.push(user);
            }
        }
    }
    users
}

pub(super) fn names(reference: &ParentReference, own: &str, key: &ObjectKey, listener: &Listener) -> bool {
    let ParentReference { group, kind, namespace, name, section_name, port } = reference;
    key.kind.is_named(group, kind)
        && namespace.as_deref().unwrap_or(own) == key.namespace
        && *name == key.name
        && section_name.as_ref().is_none_or(|section| *section == listener.name)
        && port.is_none_or(|port| port == listener.port)
}

/// The namespaces of the ListenerSets that ask for a Gateway.
fn members<'m>(sides: [&'m Compilation; 2], gateway: &ObjectHead) -> Vec<[Option<&'m Namespace>; 2]> {
    let mut members = Vec::new();
    for (at, side) in sides.iter().enumerate() {
        for set in &side.manifests.listener_sets {
            let (own, parent) = (&set.metadata.namespace, &set.spec.parent_ref);
            let namespace = parent.namespace.as_ref().unwrap_or(own);
            if gateway.kind == Kind::Gateway && (namespace, &parent.name) == gateway.metadata.sort_key() {
                let mut member = [None, None];
                member[at] = Some(own);
                members.push(member);
            }
        }
    }
    members
}

fn has_default_users(side: &Compilation) -> bool {
    side.manifests.routes().any(|route| route.use_default_gateways == Some(DefaultScope::All))
}

/// Adds something that one side alone tells.
pub(super) fn push(left: &mut AllLeft, side: usize, subject: String, location: Location, reason: String) {
    // What differs is no content of the other side.
    let content = Content::Text(format!("{side} {reason}"));
    left.entry(subject).or_default().push(Left { content, location, reason, is_unknown: true });
}
