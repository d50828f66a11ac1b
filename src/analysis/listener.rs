//! The sockets of listeners, and listeners that nothing attaches to.

use std::collections::{HashMap, HashSet};

use crate::diagnostics::{Diagnostics, FieldPath, ObjectPart, Omission, codes};
use crate::ir::{Config, Listener};
use crate::name::Namespace;
use crate::parser::api::{FromNamespaces, ParentReference};
use crate::parser::manifests::{Kind, ObjectKey};
use crate::path;
use crate::resolver::{ListenerId, OriginTable, ParentSource, Protocol, Resolved, ResolvedListener, RouteParent};

use super::subject::{DeclaredListener, Subjects, Verdict, Verdicts};
use super::witness::{Reply, Witnesses};

/// The sockets of the declared listeners: the object, and the listener's position in it.
pub(crate) struct Sockets<'c>(HashMap<(&'c ObjectKey, usize), &'c Listener>);

impl<'c> Sockets<'c> {
    pub(crate) fn new(config: &'c Config, origins: &'c OriginTable) -> Self {
        let mut sockets = HashMap::new();
        for listener in &config.listeners {
            let connections = listener.http_connections().flat_map(|connection| &connection.virtual_hosts);
            let chains = listener.chains().iter().map(|chain| chain.origin);
            for origin in chains.chain(connections.map(|host| host.origin)).chain([listener.origin]) {
                if let Some((key, _, ObjectPart::Listener(index))) = origins.get(origin) {
                    sockets.entry((key, index)).or_insert(listener);
                }
            }
        }
        Self(sockets)
    }

    /// The socket of a declared listener; `None` when it serves nothing.
    pub(crate) fn of(&self, listener: &ResolvedListener<'_>) -> Option<&'c Listener> {
        self.0.get(&(&listener.owner.key(), listener.index)).copied()
    }
}

/// Reports listeners without routes, and says of which listeners it is known what they do.
pub(super) fn report_idle<'s, 'r, 'm>(
    resolved: &Resolved<'_>,
    listeners: &'s Subjects<DeclaredListener<'r, 'm>>,
    (sockets, witnesses): (&Sockets<'_>, &Witnesses<'_>),
    diagnostics: &mut Diagnostics,
) -> Verdicts<'s, DeclaredListener<'r, 'm>> {
    let turned_away = TurnedAway::new(resolved);
    listeners.judge(|DeclaredListener { id: _, listener }| {
        report_one(listener, &turned_away, (sockets, witnesses), diagnostics);
        match listener.protocol {
            Protocol::Unknown => Verdict::Unjudged(Omission::UnknownProtocol),
            _ if listener.conflict.is_some() => Verdict::Unjudged(Omission::Conflict),
            _ if is_idle(listener) && turned_away.may_be_wanted(listener) => Verdict::Unjudged(Omission::UnreadRoute),
            Protocol::Http
            | Protocol::Https
            | Protocol::TlsTerminate
            | Protocol::TlsPassthrough
            | Protocol::Tcp
            | Protocol::Udp => {
                // One that nothing attaches to is judged by that.
                Verdict::or(sockets.of(listener).is_some() || listener.attached.is_empty(), Omission::Unaccounted)
            }
        }
    })
}

/// Whether nothing is attached to a listener. Without a kind that may attach, the mistake is in the kinds.
fn is_idle(listener: &ResolvedListener<'_>) -> bool {
    listener.is_declared() && listener.attached.is_empty() && !listener.kinds.is_empty()
}

/// Reports a listener without routes.
fn report_one(
    listener: &ResolvedListener<'_>,
    turned_away: &TurnedAway<'_>,
    (sockets, witnesses): (&Sockets<'_>, &Witnesses<'_>),
    diagnostics: &mut Diagnostics,
) {
    if !is_idle(listener) || turned_away.wanted(listener) {
        return;
    }
    let reply = || witnesses.reply_to(sockets.of(listener)?, listener.protocol.is_tls(), &listener.hostname);
    let consequence = match listener.protocol {
        Protocol::Http | Protocol::Https => match reply() {
            Some(reply @ Reply::Status(_)) => reply.to("requests to this listener"),
            Some(Reply::Closed) | None => "no request to this listener is served".to_owned(),
        },
        Protocol::TlsTerminate | Protocol::TlsPassthrough | Protocol::Tcp => {
            Reply::Closed.to("connections to this listener")
        }
        Protocol::Udp => "datagrams to this listener are dropped".to_owned(),
        Protocol::Unknown => return,
    };
    let message = format!("no route is attached to listener `{}`", listener.spec.name);
    let witness = match listener.protocol {
        Protocol::Udp => None,
        protocol => {
            sockets.of(listener).and_then(|socket| witnesses.of_host(socket, protocol.is_tls(), &listener.hostname))
        }
    };
    diagnostics.report(
        listener
            .owner
            .finding(codes::IDLE_LISTENER, ObjectPart::Listener(listener.index), message)
            .label("serves nothing")
            .consequence(consequence)
            .help("attach a route, pass the routes as further paths, or remove the listener")
            .witness(witness),
    );
}

/// The listeners of which it is known what they do.
pub(super) struct Heard(HashSet<ListenerId>);

impl Heard {
    pub(super) fn of(verdicts: &Verdicts<'_, DeclaredListener<'_, '_>>) -> Self {
        let judged = verdicts.iter().filter(|(_, verdict)| **verdict == Verdict::Judged);
        Self(judged.map(|(subject, _)| subject.id).collect())
    }

    /// Whether one of them takes a route.
    pub(super) fn hears(&self, parents: &[RouteParent]) -> bool {
        parents.iter().flat_map(|parent| &parent.listeners).any(|id| self.0.contains(id))
    }
}

/// The parents that routes name and are not attached to, which has been reported on the routes.
struct TurnedAway<'m> {
    /// The namespace of the parent, with the reference.
    parents: Vec<(&'m str, &'m ParentReference)>,
    /// The kind and the namespace of each route whose parents cannot even be read.
    unread: Vec<(Kind, &'m Namespace)>,
    /// Whether there may be others in what could not be read.
    has_more: bool,
}

impl<'m> TurnedAway<'m> {
    fn new(resolved: &Resolved<'m>) -> Self {
        let mut parents = Vec::new();
        for route in resolved.routes.iter() {
            let namespace = &route.object().metadata.namespace;
            for parent in route.parents.iter().filter(|parent| parent.refused.is_some() && parent.listeners.is_empty())
            {
                if let ParentSource::Ref(index) = parent.source
                    && let Some(reference) = route.declared.parent_refs.get(index)
                {
                    parents.push((reference.namespace.as_deref().unwrap_or(namespace), reference));
                }
            }
        }
        let is_route = |key: &ObjectKey| key.kind.name().ends_with("Route");
        let is_parent = |part: &FieldPath| part.0.starts_with(&path!["spec", "parentRefs"].0);
        let refused = resolved.manifests.refused.keys().filter(|key| is_route(key));
        let mut unread: Vec<_> = refused.map(|key| (key.kind, &key.namespace)).collect();
        for route in resolved.manifests.routes() {
            let refusal = route.object.refusal.as_ref();
            if refusal.is_some_and(|refusal| refusal.without.iter().any(is_parent)) {
                unread.push((route.object.kind, &route.object.metadata.namespace));
            }
        }
        Self { parents, unread, has_more: resolved.manifests.has_unread }
    }

    /// Whether a route whose parents cannot be read may name a listener that would take it.
    fn may_be_wanted(&self, listener: &ResolvedListener<'_>) -> bool {
        let own = &listener.owner.metadata().namespace;
        let admits = |namespace: &Namespace| match listener.spec.allowed_routes.namespaces.from {
            FromNamespaces::All | FromNamespaces::Selector => true,
            FromNamespaces::Same => namespace == own,
            FromNamespaces::None => false,
        };
        let takes = |kind: &Kind| listener.kinds.iter().any(|own| own.name() == kind.name());
        let is_read = |(kind, namespace): &(Kind, &Namespace)| takes(kind) && admits(namespace);
        self.has_more || self.unread.iter().any(is_read)
    }

    /// Whether a route would be attached to a listener, were it not for its mistakes.
    fn wanted(&self, listener: &ResolvedListener<'_>) -> bool {
        let owner = listener.owner.metadata();
        self.may_be_wanted(listener)
            || self.parents.iter().any(|(namespace, reference)| {
                reference.kind == listener.owner.kind().name()
                    && *namespace == owner.namespace
                    && reference.name == owner.name
                    && reference.section_name.as_ref().is_none_or(|section| *section == listener.spec.name)
                    && reference.port.is_none_or(|port| port == listener.spec.port)
            })
    }
}
