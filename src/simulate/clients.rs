//! What backends are told of clients, where a listener says so.

use crate::ir::{ClientDetails, HttpProfile};

use super::header::{GENERATED, Lines, line};

const PORT: &str = "x-forwarded-port";
const REQUEST_ID: &str = "x-request-id";
const ADDRESSES: &str = "x-forwarded-for";

/// The headers that the proxy adds to a request, with values that only a run shows.
pub(super) fn generated(
    profile: HttpProfile,
    clients: ClientDetails,
    trusted_hops: u32,
    received: &Lines,
) -> Vec<&'static str> {
    // Nothing is made up between neighbours.
    if profile == HttpProfile::Mesh {
        return Vec::new();
    }
    let is_made = |name: &&str| match *name {
        ADDRESSES => !clients.keeps_addresses,
        REQUEST_ID => !keeps_id(clients, received),
        _ => true,
    };
    // A proxy in front that is believed may have told it.
    let tells_port = clients.tells_port && (trusted_hops == 0 || line(received, PORT).is_none());
    GENERATED.iter().copied().filter(is_made).chain(tells_port.then_some(PORT)).collect()
}

/// Whether a request goes on with the identifier that it came with, or with none.
fn keeps_id(clients: ClientDetails, received: &Lines) -> bool {
    clients.request_id.unmade || (clients.request_id.kept && line(received, REQUEST_ID).is_some())
}

/// The headers of a request as routes see them, with those that a listener keeps as clients send them.
pub(super) fn as_kept(clients: ClientDetails, received: &Lines, mut lines: Lines) -> Lines {
    let kept = [
        (ADDRESSES, clients.keeps_addresses),
        (REQUEST_ID, keeps_id(clients, received)),
        ("expect", clients.passes_expectations),
    ];
    for (name, _) in kept.iter().filter(|(_, is_kept)| *is_kept) {
        lines.retain(|(other, _)| other != name);
        lines.extend(received.iter().filter(|(other, _)| other == name).cloned());
    }
    lines
}
