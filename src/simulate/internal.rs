//! Clients of the house: what they say of their requests stays, and backends are told so
//! ([x-envoy-internal](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-envoy-internal)).
//! Measured with Envoy 1.40.

use std::net::IpAddr;

use crate::ir::{HttpProfile, HttpSettings, INTERNAL};

use super::header::{CLIENT, Lines, UUID, admit_neighbour, append, line, set};
use super::rewritten::Message;

/// Whether a request is one of the house: its client has such an address, and speaks for nobody else. Where clients are
/// believed it is the client that they speak for.
pub(super) fn is_internal(profile: HttpProfile, settings: &HttpSettings, received: &Lines) -> bool {
    let Some(addresses) = settings.internal.as_ref().filter(|_| profile == HttpProfile::Edge) else { return false };
    let told = line(received, "x-forwarded-for").filter(|told| !told.is_empty());
    let client = match (settings.clients.are_believed, told) {
        (true, told) => told,
        (false, None) => Some(CLIENT),
        (false, Some(_)) => None,
    };
    client.and_then(|client| client.trim().parse::<IpAddr>().ok()).is_some_and(|client| addresses.hold(client))
}

/// The headers of such a request as the routes see them. `scheme` is what its line about that becomes.
pub(super) fn admit_internal(received: &Lines, scheme: &str) -> Lines {
    let mut lines = admit_neighbour(received, scheme);
    append(&mut lines, "x-forwarded-for", CLIENT, Message::Request);
    set(&mut lines, "x-forwarded-proto", scheme);
    if line(&lines, "x-request-id").is_none_or(str::is_empty) {
        set(&mut lines, "x-request-id", UUID);
    }
    lines
}

/// Tells backends of it.
pub(super) fn tell(lines: &mut Lines) {
    set(lines, INTERNAL, "true");
}
