//! What nobody could look at, where somebody asks about one request.

use crate::compile::Compilation;
use crate::context::is_on_context;
use crate::diagnostics::{FieldPath, ObjectRef, Omission, Subject, Unjudged};
use crate::hostname::Hostname;
use crate::ir::GatewayName;
use crate::parser::api::{GatewaySpec, ParentReference};
use crate::parser::kind::{EXPERIMENTAL_GROUP, GATEWAY_GROUP};
use crate::parser::manifests::{Kind, Manifests, Object, ObjectHead};
use crate::parser::route::{Route, RouteKind};
use crate::path;
use crate::port::Port;
use crate::simulate::{Request, Security};

/// The kinds of Gateway API that a request never meets itself: whoever names one of them hears of its errors.
const ASIDE: [Kind; 17] = [
    Kind::GatewayClass,
    Kind::ReferenceGrant,
    Kind::BackendTLSPolicy,
    Kind::XBackend,
    Kind::XBackendTrafficPolicy,
    Kind::XMesh,
    Kind::RouteOption,
    Kind::VirtualHostOption,
    Kind::ListenerOption,
    Kind::HttpListenerOption,
    Kind::Upstream,
    Kind::Backend,
    Kind::ClientTrafficPolicy,
    Kind::BackendTrafficPolicy,
    Kind::SecurityPolicy,
    Kind::EnvoyExtensionPolicy,
    Kind::HTTPRouteFilter,
];

/// What may listen on a port and was not looked at, in words; `None` when everything was that was asked for.
pub(super) fn unlooked(compilation: &Compilation, port: Port) -> Option<String> {
    let Manifests { gateways, listener_sets, .. } = &compilation.manifests;
    if gateways.is_empty() && listener_sets.is_empty() && compilation.missing_gateways.is_empty() {
        return Some(": the input declares no Gateway".to_owned());
    }
    let declares = |object: &ObjectRef| {
        let listens = |one: &Object<GatewaySpec>| one.spec.listeners.iter().any(|listener| listener.port == port);
        let own = gateways
            .iter()
            .filter(|one| (&one.metadata.namespace, &one.metadata.name) == (&object.namespace, &object.name));
        object.kind == "Gateway" && own.into_iter().any(listens)
    };
    let is_owner = |object: &ObjectRef| matches!(object.kind.as_str(), "Gateway" | "ListenerSet" | "XListenerSet");
    let may_listen = |unjudged: &&Unjudged| match (&unjudged.subject, unjudged.reason.is_about_traffic()) {
        (Subject::Object(object) | Subject::Part(object, _), true) => is_owner(object),
        (Subject::Document | Subject::File(_), is_about_traffic) => is_about_traffic,
        // What a flag left out listens where it says so.
        (Subject::Object(object), false) => unjudged.reason == Omission::NotSelected && declares(object),
        (Subject::Part(..), false) => false,
    };
    let lines: Vec<String> = compilation
        .unjudged
        .iter()
        .filter(may_listen)
        .map(|unjudged| format!("\n  not judged: {}: {}", unjudged.subject, unjudged.reason))
        .collect();
    (!lines.is_empty()).then(|| lines.concat())
}

/// What of the context could not be read and may take a request that these Gateways get, in words. Nothing else says
/// so: what of the judged input cannot be read is an error of it.
pub(super) fn unread(compilation: &Compilation, gateways: &[&GatewayName], request: &Request) -> Option<String> {
    let reader = Reader { compilation, gateways, request };
    let unread = compilation.unjudged.iter().filter(|one| {
        matches!(one.reason, Omission::Unreadable | Omission::Undecoded | Omission::Overwritten)
            && is_on_context(&compilation.manifests, &one.location)
    });
    in_words(unread.filter(|one| reader.may_meet(one)))
}

/// What of the context could not be read and may be about the clients of Services, in words.
pub(super) fn unread_of_mesh(compilation: &Compilation) -> Option<String> {
    let may_be = |one: &&Unjudged| {
        let (object, part) = match &one.subject {
            Subject::Document | Subject::File(_) => return true,
            Subject::Object(object) => (object, None),
            Subject::Part(object, part) => (object, Some(part)),
        };
        if RouteKind::named(&object.kind).is_none() || object.group != GATEWAY_GROUP {
            return false;
        }
        let names_services = || {
            let mut routes = compilation.manifests.routes();
            let route = routes.find(|route| route.object.key().to_ref() == *object);
            route.is_none_or(|route| route.parent_refs.iter().any(ParentReference::is_service))
        };
        part.is_none_or(|part| part.0.starts_with(&path!["spec", "parentRefs"].0)) || names_services()
    };
    let unread = compilation.unjudged.iter().filter(|one| {
        matches!(one.reason, Omission::Unreadable | Omission::Undecoded | Omission::Overwritten)
            && is_on_context(&compilation.manifests, &one.location)
    });
    in_words(unread.filter(may_be))
}

fn in_words<'u>(unjudged: impl Iterator<Item = &'u Unjudged>) -> Option<String> {
    let line = |one: &Unjudged| format!("\n  not judged: {}: {}", one.subject, one.reason);
    let lines: Vec<String> = unjudged.map(line).collect();
    (!lines.is_empty()).then(|| lines.concat())
}

/// One request, and who gets it.
struct Reader<'a> {
    compilation: &'a Compilation,
    gateways: &'a [&'a GatewayName],
    request: &'a Request,
}

impl Reader<'_> {
    fn may_meet(&self, unread: &Unjudged) -> bool {
        let (object, part) = match &unread.subject {
            Subject::Document | Subject::File(_) => return !self.gateways.is_empty(),
            Subject::Object(object) => (object, None),
            Subject::Part(object, part) => (object, Some(part)),
        };
        if !matches!(object.group.as_str(), GATEWAY_GROUP | EXPERIMENTAL_GROUP) || self.gateways.is_empty() {
            return false;
        }
        if Kind::Gateway.is_named(&object.group, &object.kind) {
            return self.serves(&object.namespace, &object.name);
        }
        let route = part.and_then(|part| Some((self.route(object)?, part)));
        match route {
            Some((route, part)) => self.may_take(route, part),
            None => !ASIDE.iter().any(|kind| kind.is_named(&object.group, &object.kind)),
        }
    }

    fn serves(&self, namespace: &str, name: &str) -> bool {
        self.gateways.iter().any(|gateway| gateway.namespace == namespace && gateway.name == name)
    }

    /// The route of a name, as far as it could be decoded.
    fn route(&self, object: &ObjectRef) -> Option<Route<'_>> {
        self.compilation.manifests.routes().find(|route| route.object.key().to_ref() == *object)
    }

    /// Whether a route may take the request by a part that could not be decoded.
    fn may_take(&self, route: Route<'_>, part: &FieldPath) -> bool {
        let is_part = |list: &str| part.0.starts_with(&path!["spec", list.to_owned()].0);
        let is_udp = self.request.connection.security == Security::Udp;
        (route.kind == RouteKind::Udp) == is_udp
            && (is_part("parentRefs") || self.is_attached(route))
            && (is_part("hostnames") || self.is_for_host(route.hostnames))
    }

    /// Whether a route names a parent of which the request may come.
    fn is_attached(&self, route: Route<'_>) -> bool {
        let names = |owner: &ObjectHead, parent: &ParentReference| {
            let ParentReference { group, kind, namespace, name, section_name: _, port: _ } = parent;
            let namespace = namespace.as_ref().unwrap_or(&owner.metadata.namespace);
            // Whose Gateway a set adds to is no matter here.
            Kind::ListenerSet.is_named(group, kind)
                || Kind::Gateway.is_named(group, kind) && self.serves(namespace, name)
        };
        route.use_default_gateways.is_some() || route.parent_refs.iter().any(|parent| names(route.object, parent))
    }

    fn is_for_host(&self, hostnames: &[String]) -> bool {
        let Some(authority) = self.request.authority.as_deref() else { return true };
        let host =
            authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(authority, |(host, _)| host);
        let host = Hostname::from_field(Some(host));
        hostnames.is_empty()
            || hostnames.iter().any(|own| Hostname::from_field(Some(own)).intersection(&host).is_some())
    }
}
