//! Listeners, filter chains, and the settings of the proxy.

use std::net::{IpAddr, SocketAddr};

use super::{Origin, VirtualHost};

/// One socket.
#[derive(Clone, Debug)]
pub struct Listener {
    /// The address that is bound.
    pub address: IpAddr,
    /// The port that is bound.
    pub bind_port: u16,
    /// The port that Gateways declare and requests name.
    pub port: u16,
    /// What is done with what arrives.
    pub transport: Transport,
    /// The first Gateway listener of the socket.
    pub origin: Origin,
}

impl Listener {
    /// The filter chains; none on a UDP socket.
    pub fn chains(&self) -> &[FilterChain] {
        match &self.transport {
            Transport::Tcp(chains) => chains,
        }
    }
}

/// What a socket accepts.
#[derive(Clone, Debug)]
pub enum Transport {
    /// Connections; the chains stand in the order of the listeners that they serve.
    Tcp(Vec<FilterChain>),
}

/// What is done with some of a socket's connections.
#[derive(Clone, Debug)]
pub struct FilterChain {
    /// What selects the chain.
    pub select: ChainMatch,
    /// What serves the connections.
    pub handler: Handler,
    /// The listener.
    pub origin: Origin,
}

/// Which connections a chain takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainMatch {
    /// Every connection of the socket.
    Any,
}

/// What serves a connection.
#[derive(Clone, Debug)]
pub enum Handler {
    /// HTTP.
    Http(HttpConnection),
}

/// An HTTP connection manager with its routes.
#[derive(Clone, Debug)]
pub struct HttpConnection {
    /// The virtual hosts, most specific hostname first. A host that none covers gets 404.
    pub virtual_hosts: Vec<VirtualHost>,
}

/// Settings of the proxy as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxy {
    /// Where the admin interface listens.
    pub admin: Option<SocketAddr>,
    /// Where requests are logged.
    pub access_log: Option<AccessLog>,
    /// How many trusted proxies append to `x-forwarded-for` in front of this one.
    pub trusted_hops: u32,
    /// Whether connections begin with a PROXY protocol header.
    pub proxy_protocol: bool,
}

/// A log of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessLog {
    /// The file; `None` is standard output.
    pub file: Option<String>,
    /// JSON objects instead of lines of text.
    pub json: bool,
}
