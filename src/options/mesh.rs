//! What clients of Services are to be served with.

use std::net::{Ipv4Addr, SocketAddr};

use crate::name::Namespace;

/// Where a proxy for clients of Services listens, if nothing else is said.
pub const PROXY_ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 15080);

/// A configuration for clients of Services, in the place of one for Gateways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mesh {
    /// The namespace of the clients.
    pub client: Namespace,
    /// How their traffic gets to the proxy.
    pub capture: Capture,
    /// Whether only the Services are served that have routes for these clients.
    pub routed_only: bool,
    /// Whether requests for whatever is no served Service are sent there; otherwise they get 404.
    pub passes_unknown: bool,
}

/// How the traffic of clients gets to the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture {
    /// They name the Service to a forward proxy, which listens here (`http_proxy`).
    Proxy(SocketAddr),
}
