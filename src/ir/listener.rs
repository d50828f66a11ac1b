//! Listeners, filter chains, and the settings of the proxy.

use std::net::{IpAddr, SocketAddr};

use crate::hostname::Hostname;

use super::{Origin, VirtualHost};

/// One socket that accepts connections.
#[derive(Clone, Debug)]
pub struct Listener {
    /// The address that is bound.
    pub address: IpAddr,
    /// The port that is bound.
    pub bind_port: u16,
    /// The port that Gateways declare and requests name.
    pub port: u16,
    /// The filter chains, in the order of the listeners that they serve.
    pub chains: Vec<FilterChain>,
    /// The first Gateway listener of the socket.
    pub origin: Origin,
}

/// What is done with some of a socket's connections.
#[derive(Clone, Debug)]
pub struct FilterChain {
    /// The server names (SNI) that select the chain; none takes every connection.
    pub server_names: Vec<Hostname>,
    /// What serves the connections.
    pub handler: Handler,
    /// The listener.
    pub origin: Origin,
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
