//! Judged routes that attach to listeners of the context which the
//! configuration does not serve.
//!
//! What is wrong with such a listener, its Gateway or its class stands on an
//! object of the context, where nobody who is judged would hear of it.

use std::collections::HashSet;

use crate::analysis::Sockets;
use crate::diagnostics::{Finding, Location, ObjectPart, ObjectRef, Related, Series, Severity};
use crate::name::{Name, Namespace};
use crate::parser::manifests::{Kind, Manifests, ObjectHead, ObjectKey};
use crate::resolver::{Resolved, ResolvedListener, ResolvedRoute, RouteParent};
use crate::translator::lower::Lowered;

use super::objects::Objects;

/// A judged route, and a listener of the context that would take it and serves nothing.
#[derive(Debug)]
pub(crate) struct Unserved {
    route: ObjectRef,
    /// Where the route names the parent.
    location: Location,
    /// The listener in words.
    listener: String,
    /// Who declares the listener, and its position there.
    owner: ObjectRef,
    index: usize,
    gateway: ObjectRef,
    class: ObjectRef,
}

/// Every judged route with each listener of the context that is not in what is emitted.
pub(crate) fn find(manifests: &Manifests, resolved: &Resolved<'_>, emitted: &Lowered) -> Vec<Unserved> {
    let mut found = Vec::new();
    if !manifests.sources.sources.iter().any(|source| source.context) {
        return found;
    }
    let sockets = Sockets::new(&emitted.config, &emitted.origins);
    for route in resolved.routes.iter() {
        find_of_route(resolved, &sockets, route, &mut found);
    }
    found
}

fn find_of_route(resolved: &Resolved<'_>, sockets: &Sockets<'_>, route: &ResolvedRoute<'_>, found: &mut Vec<Unserved>) {
    if route.object().position.context {
        return;
    }
    for parent in &route.parents {
        let gateways = |gateway: usize| resolved.gateways.get(gateway);
        for id in &parent.listeners {
            let (Some(gateway), listener) = (gateways(id.gateway), resolved.listener(*id)) else { continue };
            let class = &gateway.object.spec.gateway_class_name;
            let is_served = gateway.refused.is_none()
                && listener.refused.is_none()
                && sockets.of(listener).is_some()
                && !is_refused(resolved.manifests, class);
            if !is_served && listener.owner.is_in_context() {
                found.push(Unserved::new(route.object(), parent, listener, class));
            }
        }
    }
}

/// Whether the API server would refuse the class of a Gateway.
fn is_refused(manifests: &Manifests, class: &Name) -> bool {
    let key = ObjectKey { kind: Kind::GatewayClass, namespace: Namespace::default(), name: class.clone() };
    let has_errors = |known: &ObjectHead| known.metadata.name == *class && known.refusal.is_some();
    manifests.refused.contains_key(&key) || manifests.gateway_classes.iter().any(|known| has_errors(known))
}

impl Unserved {
    fn new(route: &ObjectHead, parent: &RouteParent, listener: &ResolvedListener<'_>, class: &Name) -> Self {
        let class = ObjectKey { kind: Kind::GatewayClass, namespace: Namespace::default(), name: class.clone() };
        Self {
            route: route.key().to_ref(),
            location: route.at(&parent.source.path()),
            listener: listener.describe(),
            owner: listener.owner.key().to_ref(),
            index: listener.index,
            gateway: listener.owner.gateway.key().to_ref(),
            class: class.to_ref(),
        }
    }

    /// Whether a part is one of the listener, or of what the listener depends on as a whole. What the API server
    /// refuses is refused as a whole.
    fn depends_on(&self, object: &ObjectRef, part: ObjectPart, is_refusal: bool) -> bool {
        let is_whole = is_refusal || part.listener().is_none();
        match object {
            object if *object == self.owner => is_whole || part.listener() == Some(self.index),
            object if *object == self.gateway => is_whole,
            object => *object == self.class,
        }
    }
}

/// Where the judged routes name the listeners that an error of the context keeps from being served, each route once.
pub(super) fn suffering(unserved: &[Unserved], finding: &Finding, objects: &Objects) -> Vec<Related> {
    if unserved.is_empty() || finding.severity() != Severity::Error {
        return Vec::new();
    }
    let own = finding.object.clone().map(|object| (object, finding.part));
    // The error of a certificate stands on the certificate and names the listener.
    let related = finding.related.iter().filter_map(|related| objects.at(&related.location));
    let related = related.map(|(object, at)| (object, at.part()));
    let places: Vec<(ObjectRef, ObjectPart)> = own.into_iter().chain(related).collect();
    let mut told = HashSet::new();
    let is_refusal = finding.code.series() == Series::Schema;
    let is_cause = |one: &&Unserved| places.iter().any(|(object, part)| one.depends_on(object, *part, is_refusal));
    let new = unserved.iter().filter(is_cause).filter(|one| told.insert(&one.route));
    new.map(|one| {
        let message = format!("depends on {}, which is not served", one.listener);
        Related { message, location: one.location.clone() }
    })
    .collect()
}
