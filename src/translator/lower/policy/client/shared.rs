//! Listeners that share connections or a socket, of which policies say different things.
//!
//! The plain listeners of a port share their connections, since only a request says whose it is: a policy that counts at
//! some of them is refused, as with Envoy Gateway. Of the socket that listeners share the first one's policy decides.

use typed_index_collections::TiVec;

use crate::diagnostics::{Diagnostics, Reported};
use crate::ir::ListenerSettings;
use crate::path;
use crate::resolver::{ClientValidation, EnvoyPolicyId, ListenerId, Protocol, Resolved};
use crate::translator::lower::option::part::Place;
use crate::translator::lower::socket::{Demultiplexing, Socket};

use super::ClientPart;

type ClientParts = TiVec<EnvoyPolicyId, Result<ClientPart, Reported>>;

/// Refuses the policies that cannot count where they should.
pub(in crate::translator::lower) fn check_shared(
    resolved: &Resolved<'_>,
    parts: &mut ClientParts,
    sockets: &[Socket],
    diagnostics: &mut Diagnostics,
) {
    let policy = |id: &ListenerId| resolved.envoy_policies.client.of_listener(resolved.listener(*id));
    for (_, ids) in sockets {
        for id in ids {
            let Some(own) = policy(id).filter(|own| parts[*own].is_ok()) else { continue };
            let other = ids.iter().find(|other| policy(other) != Some(own));
            let found = match other.map(|other| (other, policy(other))) {
                Some((other, its)) => meets_other(resolved, parts, (*id, own), (*other, its)),
                None => None,
            };
            let found = found.or_else(|| lacks_requests(resolved, parts, *id, own));
            let found = found.or_else(|| asks_twice(resolved, parts, *id, own));
            if let Some((field, message, help)) = found {
                let place = Place { source: resolved.envoy_policies.client.get(own).object, field };
                parts[own] = Err(diagnostics.error(*place.refuse(&path![], message, help)));
            }
        }
    }
}

/// What is wrong, of which field, and what would help.
type Wrong = (&'static str, String, &'static str);

fn meets_other(
    resolved: &Resolved<'_>,
    parts: &ClientParts,
    (id, own): (ListenerId, EnvoyPolicyId),
    (other, its): (ListenerId, Option<EnvoyPolicyId>),
) -> Option<Wrong> {
    let (listener, beside) = (resolved.listener(id), resolved.listener(other));
    let help = "let the policy be about the whole Gateway, or give the listener another port";
    let fields = &resolved.envoy_policies.client.get(own).fields;
    if Demultiplexing::of(listener.protocol) == Demultiplexing::Http {
        let message = format!(
            "the policy counts at listener `{}` and not at `{}`, whose connections are the same",
            listener.spec.name, beside.spec.name
        );
        return Some((fields.first()?.value.field(), message, help));
    }
    let socket = |id: Option<EnvoyPolicyId>| match id.map(|id| &parts[id]) {
        Some(Ok(part)) => part.socket.clone(),
        _ => ListenerSettings::default(),
    };
    let (asked, of_other) = (socket(Some(own)), socket(its));
    if asked == of_other || asked == ListenerSettings::default() {
        return None;
    }
    let name = ["proxyProtocol", "enableProxyProtocol", "tcpKeepalive", "connection", "timeout"];
    let field = name.into_iter().find(|name| fields.iter().any(|field| field.value.field() == *name))?;
    let message = format!(
        "`{field}` is said of the socket of listener `{}`, which is that of listener `{}` too, where it does not count",
        listener.spec.name, beside.spec.name
    );
    Some((field, message, help))
}

/// What is counted of connections that carry no requests.
fn lacks_requests(resolved: &Resolved<'_>, parts: &ClientParts, id: ListenerId, own: EnvoyPolicyId) -> Option<Wrong> {
    let listener = resolved.listener(id);
    let is_limited = parts[own].as_ref().is_ok_and(|part| part.http.guards.connections.is_some());
    let carries_requests = matches!(listener.protocol, Protocol::Http | Protocol::Https);
    (is_limited && !carries_requests).then(|| {
        let message =
            format!("connections of listener `{}` carry no requests, and are not counted", listener.spec.name);
        ("connection", message, "let the policy be about listeners of HTTP and HTTPS alone")
    })
}

/// What two say of the certificates of clients.
fn asks_twice(resolved: &Resolved<'_>, parts: &ClientParts, id: ListenerId, own: EnvoyPolicyId) -> Option<Wrong> {
    let listener = resolved.listener(id);
    let is_asked = parts[own].as_ref().is_ok_and(|part| part.certificates.is_some());
    let is_asked_before = match &listener.clients {
        Some(Ok(clients)) => *clients != ClientValidation::Unasked,
        Some(Err(_)) => true,
        None => false,
    };
    (is_asked && is_asked_before).then(|| {
        let message = format!(
            "`tls.frontend` of the Gateway says too what clients of listener `{}` have to show",
            listener.spec.name
        );
        ("tls", message, "remove `clientValidation` here, or `tls.frontend` of the Gateway")
    })
}
