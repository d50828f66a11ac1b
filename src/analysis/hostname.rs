//! Hostnames of routes that belong to another listener, and requests for
//! hostnames that no listener serves.

use std::collections::HashMap;

use crate::diagnostics::{Diagnostics, FieldPath, Finding, Segment, codes};
use crate::hostname::Hostname;
use crate::ir::Listener;
use crate::parser::api::ParentReference;
use crate::parser::manifests::{Kind, Metadata, Object};
use crate::path;
use crate::resolver::{ListenerId, ParentSource, Resolved, ResolvedListener, RouteParent};

use super::listener::Sockets;
use super::witness::Witnesses;

/// Reports hostnames of routes that another listener of the same port takes from the listeners that the route is
/// attached to.
pub(super) fn report_taken(
    resolved: &Resolved<'_>,
    sockets: &Sockets<'_>,
    witnesses: &Witnesses<'_>,
    diagnostics: &mut Diagnostics,
) {
    for route in &resolved.http_routes {
        let view = (&*route.object.spec.hostnames, &*route.hostnames, &*route.parents);
        report_taken_of(resolved, route.object, view, (sockets, witnesses), diagnostics);
    }
    for route in &resolved.grpc_routes {
        let view = (&*route.object.spec.hostnames, &*route.hostnames, &*route.parents);
        report_taken_of(resolved, route.object, view, (sockets, witnesses), diagnostics);
    }
}

fn report_taken_of<S>(
    resolved: &Resolved<'_>,
    object: &Object<S>,
    (written, hostnames, parents): (&[String], &[Hostname], &[RouteParent]),
    (sockets, witnesses): (&Sockets<'_>, &Witnesses<'_>),
    diagnostics: &mut Diagnostics,
) {
    let own: Vec<ListenerId> = parents.iter().flat_map(|parent| parent.listeners.iter().copied()).collect();
    for (index, (text, hostname)) in written.iter().zip(hostnames).enumerate() {
        let mut owners = own.iter().filter_map(|id| Some((*id, owner(resolved, *id, hostname)?)));
        let Some((first, taken_by)) = owners.next() else { continue };
        if taken_by == first || owners.any(|(id, owner)| id == owner) || own.contains(&taken_by) {
            continue;
        }
        let (listener, other) = (resolved.listener(first), resolved.listener(taken_by));
        let (name, other_name) = (&listener.spec.name, &other.spec.name);
        let message = format!("requests for `{text}` belong to listener `{other_name}`, not to `{name}`");
        let socket = sockets.of(other);
        diagnostics.report(
            object
                .finding(codes::HOSTNAME_TAKEN, path!["spec", "hostnames", index], message)
                .label(format!("the route is attached to `{name}`"))
                .related(
                    other.owner.at(&path!["spec", "listeners", other.index]),
                    format!("listener `{other_name}` is more specific"),
                )
                .consequence(format!("requests for `{text}` do not reach this route"))
                .help(format!("attach the route to listener `{other_name}` as well"))
                .witness(socket.and_then(|socket| witnesses.of_host(socket, other.protocol.is_tls(), hostname))),
        );
    }
}

/// The listener that requests for a hostname belong to, of those that share the port of `id` in its Gateway.
pub(super) fn owner(resolved: &Resolved<'_>, id: ListenerId, hostname: &Hostname) -> Option<ListenerId> {
    let own = resolved.listener(id);
    let domain = own.hostname.intersection(hostname)?;
    let listeners = resolved.gateways.get(id.gateway)?.listeners.iter().enumerate();
    let sharing = listeners.filter(|(_, listener)| {
        let is_alike = listener.protocol == own.protocol || (listener.protocol.is_tls() && own.protocol.is_tls());
        // A TLS listener that is refused still keeps its hosts.
        let is_there = listener.refused.is_none() || listener.is_closed();
        listener.spec.port == own.spec.port && is_alike && is_there && listener.hostname.covers(&domain)
    });
    let most_specific = sharing.min_by(|(_, one), (_, other)| one.hostname.cmp(&other.hostname));
    most_specific.map(|(listener, _)| ListenerId { gateway: id.gateway, listener })
}

/// The parents that a route names, its hostnames, and what became of the parents.
type Wanted<'r> = (&'r [ParentReference], &'r [Hostname], &'r [RouteParent]);

/// Gives witnesses to what was found about hostnames that no listener serves.
pub(super) fn attach(
    resolved: &Resolved<'_>,
    sockets: &Sockets<'_>,
    witnesses: &Witnesses<'_>,
    findings: &mut [Finding],
) {
    let about = [codes::NO_MATCHING_HOSTNAME, codes::HOSTNAME_NOT_SERVED];
    let mut open = findings.iter_mut().filter(|finding| about.contains(&finding.code)).peekable();
    if open.peek().is_none() {
        return;
    }
    let mut routes: HashMap<(Kind, &str, &str), Wanted<'_>> = HashMap::new();
    for route in &resolved.http_routes {
        let Metadata { namespace, name, .. } = &route.object.metadata;
        let wanted = (&*route.object.spec.parent_refs, &*route.hostnames, &*route.parents);
        routes.insert((route.object.kind, namespace, name), wanted);
    }
    for route in &resolved.grpc_routes {
        let Metadata { namespace, name, .. } = &route.object.metadata;
        let wanted = (&*route.object.spec.parent_refs, &*route.hostnames, &*route.parents);
        routes.insert((route.object.kind, namespace, name), wanted);
    }
    for finding in open {
        let Some(object) = &finding.object else { continue };
        let kinds = [Kind::HTTPRoute, Kind::GRPCRoute];
        let Some(kind) = kinds.into_iter().find(|kind| kind.name() == object.kind) else { continue };
        let Some((references, hostnames, parents)) = routes.get(&(kind, &*object.namespace, &*object.name)).copied()
        else {
            continue;
        };
        let position = match finding.path.as_ref() {
            Some(FieldPath(segments)) => match segments.last() {
                Some(Segment::Index(index)) => *index,
                Some(Segment::Field(_)) | None => 0,
            },
            None => 0,
        };
        let Some(hostname) = hostnames.get(position) else { continue };
        let wanted = parents.iter().flat_map(|parent| wanted(resolved, &object.namespace, references, parent));
        let mut found = wanted.filter_map(|listener| Some((listener, sockets.of(listener)?)));
        let witness = |(listener, socket): (&ResolvedListener<'_>, &Listener)| {
            witnesses.of_host(socket, listener.protocol.is_tls(), hostname)
        };
        finding.witness = found.next().and_then(witness);
    }
}

/// The listeners that a route is attached to through a parent, or asked to be.
fn wanted<'r, 'm>(
    resolved: &'r Resolved<'m>,
    namespace: &str,
    references: &[ParentReference],
    parent: &RouteParent,
) -> Vec<&'r ResolvedListener<'m>> {
    if !parent.listeners.is_empty() {
        return parent.listeners.iter().map(|id| resolved.listener(*id)).collect();
    }
    let ParentSource::Ref(index) = parent.source else { return Vec::new() };
    let Some(ParentReference { group: _, kind, namespace: other, name, section_name, port }) = references.get(index)
    else {
        return Vec::new();
    };
    let namespace = other.as_deref().unwrap_or(namespace);
    let is_named = |listener: &&ResolvedListener<'_>| {
        let owner = listener.owner.metadata();
        listener.owner.kind().name() == kind
            && owner.namespace == namespace
            && owner.name == *name
            && section_name.as_ref().is_none_or(|section| *section == listener.spec.name)
            && port.is_none_or(|port| port == listener.spec.port)
    };
    resolved.gateways.iter().flat_map(|gateway| &gateway.listeners).filter(is_named).collect()
}
