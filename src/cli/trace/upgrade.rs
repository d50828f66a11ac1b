//! Connections that shall become others, such as WebSockets, to backends that speak HTTP/2.

use crate::ir::{Cluster, UpstreamProtocol};
use crate::simulate::{Request, Upstream, Version};

/// Whatever a backend says of extended CONNECTs, Envoy asks it by one. A server that never heard of them was seen to end in 502, and
/// one that has them switched off in 503.
const CONNECT: &str =
    "over HTTP/2, by an extended CONNECT (RFC 8441): where the backend does not take that, the client gets 502 or 503";
/// The same where the versions of HTTP that both know are told in the handshake.
const PERHAPS: &str = "by an extended CONNECT (RFC 8441) where the handshake of TLS agrees on HTTP/2: where the backend does not take that, the client gets 502 or 503";

/// What becomes of an upgrade that only a run shows: the backend may speak HTTP/2 and not know of them.
pub(super) fn unproven(request: &Request, upstream: &Upstream<'_>, cluster: &Cluster) -> Option<&'static str> {
    if !upstream.is_upgrade() {
        return None;
    }
    match cluster.protocol {
        UpstreamProtocol::Http2 => Some(CONNECT),
        UpstreamProtocol::Negotiated => Some(PERHAPS),
        UpstreamProtocol::AsClients => (request.version == Version::Http2).then_some(CONNECT),
        UpstreamProtocol::Http1 | UpstreamProtocol::Udp => None,
    }
}
