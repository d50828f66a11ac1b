//! Tunnels: connections to a backend that a proxy on the way makes.

use serde::Serialize;

use super::HeaderMutations;
use super::default::is_default;

/// What the endpoints of a cluster, which are proxies then, are asked for before anything is sent
/// ([CONNECT](https://www.rfc-editor.org/rfc/rfc9110#name-connect)). What the cluster's settings say is about them, and
/// its protocol and its TLS are those of the backend at the end of the tunnel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tunnel {
    /// Where the tunnel leads to: a host and a port.
    pub to: String,
    /// The headers of the request for it.
    #[serde(skip_serializing_if = "is_default")]
    pub headers: HeaderMutations,
    /// Whether it is asked for over HTTP/2, not HTTP/1.1.
    #[serde(skip_serializing_if = "is_default")]
    pub over_http2: bool,
    /// Which of [`super::Cluster::further_tls`] connections to the proxies have; `None` is plain text.
    #[serde(skip_serializing_if = "is_default")]
    pub tls: Option<usize>,
}
