//! What is declared and in no judgement, each with its reason. Every way in
//! which the resolver can leave something out is a variant that is matched here,
//! so that a new one stops the build.

use crate::diagnostics::{Diagnostics, FieldPath, Location, Omission, Subject, Unjudged};
use crate::parser::api::ParentReference;
use crate::parser::manifests::{Kind, ObjectHead, Position};
use crate::path;

use super::Resolved;
use super::attachment::{ParentSource, RouteParent};
use super::listener::{Protocol, ResolvedListener, listener_path};
use super::listener_set::{Membership, ResolvedListenerSet};

/// Notes what of the resolved input is not judged.
pub(super) fn note(resolved: &Resolved<'_>, diagnostics: &mut Diagnostics) {
    for listener in resolved.gateways.iter().flat_map(|gateway| &gateway.listeners) {
        if let Some(reason) = listener_omission(listener) {
            let path = listener_path(listener.index);
            let location = listener.owner.at(&path);
            let subject = Subject::Part(listener.owner.key().to_ref(), path);
            diagnostics.leave(Unjudged { subject, location, reason });
        }
    }
    for ResolvedListenerSet { object, membership, gateway, listeners: _ } in &resolved.listener_sets {
        match membership {
            Membership::Joined(_) | Membership::Foreign => {}
            Membership::Refused(_) if gateway.is_some() => {}
            Membership::Refused(code) => diagnostics.leave(whole(object, Omission::NotJoined(code.id()))),
        }
    }
    let Resolved { http_routes, grpc_routes, tls_routes, tcp_routes, udp_routes, .. } = resolved;
    macro_rules! note_parents {
        ($($routes:ident),+) => {$(
            for route in $routes {
                note_parents(route.object, &route.object.spec.parent_refs, &route.parents, diagnostics);
            }
        )+};
    }
    note_parents!(http_routes, grpc_routes, tls_routes, tcp_routes, udp_routes);
    for mesh in &resolved.manifests.meshes {
        diagnostics.leave(whole(mesh, Omission::KindNotServed));
    }
    note_undecoded(resolved, diagnostics);
}

fn whole(object: &ObjectHead, reason: Omission) -> Unjudged {
    let subject = Subject::Object(object.key().to_ref());
    Unjudged { subject, location: object.at(&FieldPath::ROOT), reason }
}

/// Why a listener is in no judgement.
fn listener_omission(listener: &ResolvedListener<'_>) -> Option<Omission> {
    match listener.protocol {
        Protocol::Unknown => Some(Omission::UnknownProtocol),
        Protocol::Http
        | Protocol::Https
        | Protocol::TlsTerminate
        | Protocol::TlsPassthrough
        | Protocol::Tcp
        | Protocol::Udp => listener.conflict.map(|_| Omission::Conflict),
    }
}

/// The parents that do not take a route.
fn note_parents(
    object: &ObjectHead,
    references: &[ParentReference],
    parents: &[RouteParent],
    diagnostics: &mut Diagnostics,
) {
    for RouteParent { source, gateway: _, listeners, refused } in parents {
        let Some(refusal) = refused.as_ref().filter(|_| listeners.is_empty()) else { continue };
        let path = match source {
            ParentSource::Ref(index) if *index < references.len() => path!["spec", "parentRefs", *index],
            ParentSource::Ref(_) => path!["spec", "parentRefs"],
            ParentSource::Default(_) => path!["spec", "useDefaultGateways"],
        };
        diagnostics.leave(Unjudged {
            location: object.at(&path),
            subject: Subject::Part(object.key().to_ref(), path),
            reason: Omission::NotAttached(refusal.message.clone()),
        });
    }
}

/// Objects of Gateway API that the API server would refuse, and what of them could not be decoded.
fn note_undecoded(resolved: &Resolved<'_>, diagnostics: &mut Diagnostics) {
    let is_api = |kind: Kind| kind.group() == Kind::Gateway.group() || kind.group() == Kind::XBackend.group();
    let manifests = resolved.manifests;
    for (key, Position { document, base, context: _ }) in manifests.refused.iter().filter(|(key, _)| is_api(key.kind)) {
        let (subject, location) = (Subject::Object(key.to_ref()), Location::field(*document, base.clone()));
        diagnostics.leave(Unjudged { subject, location, reason: Omission::Undecoded });
    }
    for (key, path, location) in manifests.missing_parts() {
        let subject = Subject::Part(key.to_ref(), path);
        diagnostics.leave(Unjudged { subject, location, reason: Omission::Undecoded });
    }
}
