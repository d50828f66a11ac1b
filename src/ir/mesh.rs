//! What clients of Services have in the place of a Gateway's sockets.

use std::net::SocketAddr;

use serde::Serialize;

/// How connections get to a listener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Entrance {
    /// They are made to its socket.
    #[default]
    Socket,
    /// Other listeners of the proxy hand them over: it stands for a port of a Service, and nothing is bound.
    Internal,
    /// They are made to its socket, which is a port of a Service at an address of the Service.
    Service,
    /// They are made to an address of a Service, and rules of the machine lead them to the proxy, which finds the listener by
    /// where they were made to. Nothing is bound.
    Redirected,
    /// As `Internal`, and one connection manager serves the port with all others of this kind.
    InternalShared,
    /// As `Redirected`, and one connection manager serves the port with all others of this kind.
    RedirectedShared,
    /// As `InternalShared`, for releases whose connection managers tell ports apart by scopes alone.
    InternalScoped,
    /// As `RedirectedShared`, for such releases.
    RedirectedScoped,
}

impl Entrance {
    /// Whether the listener has a socket of its own.
    pub fn is_bound(self) -> bool {
        match self {
            Self::Socket | Self::Service => true,
            Self::Internal
            | Self::Redirected
            | Self::InternalShared
            | Self::RedirectedShared
            | Self::InternalScoped
            | Self::RedirectedScoped => false,
        }
    }

    /// Whether rules of the machine lead connections to the proxy.
    pub fn is_redirected(self) -> bool {
        matches!(self, Self::Redirected | Self::RedirectedShared | Self::RedirectedScoped)
    }

    /// Whether one connection manager serves the port with others.
    pub fn is_shared(self) -> bool {
        matches!(self, Self::InternalShared | Self::RedirectedShared) || self.is_scoped()
    }

    /// Whether the connection manager tells its ports apart by scopes, each with a route configuration of its own.
    pub fn is_scoped(self) -> bool {
        matches!(self, Self::InternalScoped | Self::RedirectedScoped)
    }

    /// The same, with others: `None` where each port has a socket of its own.
    pub fn shared(self, by: Sharing) -> Option<Self> {
        match (self.is_bound(), self.is_redirected(), by) {
            (true, _, _) => None,
            (false, false, Sharing::VirtualHosts) => Some(Self::InternalShared),
            (false, true, Sharing::VirtualHosts) => Some(Self::RedirectedShared),
            (false, false, Sharing::Scopes) => Some(Self::InternalScoped),
            (false, true, Sharing::Scopes) => Some(Self::RedirectedScoped),
        }
    }
}

/// How one connection manager tells apart the ports that it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// By virtual hosts, found by another header than the host.
    VirtualHosts,
    /// By scopes.
    Scopes,
}

/// How much of a request is changed beside what routes ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum HttpProfile {
    /// Clients are strangers: paths are brought into one form, and headers say what is known of the client.
    #[default]
    Edge,
    /// Clients and backends are neighbours, between whom nothing shall be seen: only dots in paths are resolved, so that
    /// rules see what servers see.
    Mesh,
}

/// Where the rules of a machine lead the connections of its clients to Services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Outbound {
    /// Where the proxy takes them. What has no listener is closed.
    pub address: SocketAddr,
}

/// A forward proxy: clients name the Service that they want, and get to the listener of its port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ForwardProxy {
    /// Where it listens.
    pub address: SocketAddr,
    /// The ports of Services that it knows.
    pub ports: Vec<ProxiedPort>,
    /// Whether requests for whatever else are sent there; otherwise they get 404.
    pub passes_unknown: bool,
}

/// A port of a Service, as clients of a forward proxy name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProxiedPort {
    /// Every host that stands for the Service, without a port; of no other Service.
    pub hosts: Vec<String>,
    /// The listener of the port, by its place in [`super::Config::listeners`].
    pub listener: usize,
}
