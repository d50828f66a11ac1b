//! Listeners, filter chains, and the settings of the proxy.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};

use crate::hostname::Hostname;
use crate::name::{Name, Namespace, NamespacedName, SectionName, owned};
use crate::port::Port;

use super::default::is_default;
use super::{
    ClientDetails, ConnectionTracing, Entrance, HttpProfile, HttpSettings, ListenerSettings, ObjectName, OnlyVersion,
    Origin, PathRules, TcpProxy, TlsTermination, UdpProxy, VirtualHost,
};

/// One socket.
#[derive(Clone, Debug, Serialize)]
pub struct Listener {
    /// The address that is bound.
    pub address: IpAddr,
    /// The one of another family that is bound as well: a Service may have two addresses.
    #[serde(skip_serializing_if = "is_default")]
    pub second: Option<IpAddr>,
    /// The port that is bound.
    pub bind_port: Port,
    /// The port that Gateways declare and requests name.
    pub port: Port,
    /// How connections get here.
    #[serde(skip_serializing_if = "is_default")]
    pub entrance: Entrance,
    /// What is done with what arrives.
    pub transport: Transport,
    /// What else is asked for of the socket and its connections.
    #[serde(skip_serializing_if = "is_default")]
    pub settings: Arc<ListenerSettings>,
    /// The Gateways that declare the socket, in order; never empty.
    pub gateways: Vec<GatewayName>,
    /// The hosts of all its HTTPS listeners, where these are so many that they have one list in common: over a connection
    /// for another name they get 421, as far as no virtual host of that has them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub misdirected: Vec<Hostname>,
    /// The first Gateway listener of the socket.
    pub origin: Origin,
    /// What the proxy calls it, and what the names of its hosts and routes begin with, where that is not made of its
    /// address.
    #[serde(skip_serializing_if = "is_default")]
    pub called: Option<String>,
}

/// A Gateway, by its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct GatewayName {
    /// The namespace.
    pub namespace: Namespace,
    /// The name.
    pub name: Name,
}

/// How the name of what stands in for the Gateway of a route begins that names none: no object can have such a name.
pub const UNNAMED: &str = "(Gateway of ";

impl GatewayName {
    /// To be kept.
    pub fn new(name: NamespacedName<'_>) -> Self {
        let (namespace, name) = owned(name);
        Self { namespace, name }
    }

    /// Whether nobody names the Gateway: it stands in for the one that a route without parents will have. Such a route is
    /// judged, and no request gets to it.
    pub fn is_unnamed(&self) -> bool {
        self.name.starts_with(UNNAMED)
    }
}

impl fmt::Display for GatewayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { namespace, name } = self;
        write!(f, "{namespace}/{name}")
    }
}

impl Listener {
    /// Everything that is bound.
    pub fn sockets(&self) -> impl Iterator<Item = SocketAddr> + use<> {
        let port = self.bind_port.number();
        std::iter::once(self.address).chain(self.second).map(move |address| SocketAddr::new(address, port))
    }

    /// Whether no Gateway declares the socket that anybody names.
    pub fn is_unnamed(&self) -> bool {
        self.gateways.iter().all(GatewayName::is_unnamed)
    }

    /// Whether a Gateway declares the socket.
    pub fn is_of(&self, gateway: &GatewayName) -> bool {
        self.gateways.contains(gateway)
    }

    /// The filter chains; none on a UDP socket.
    pub fn chains(&self) -> &[FilterChain] {
        match &self.transport {
            Transport::Tcp(chains) => chains,
            Transport::Udp(_) => &[],
        }
    }

    /// The HTTP connections of all chains, to be changed.
    pub fn http_connections_mut(&mut self) -> impl Iterator<Item = &mut HttpConnection> {
        let chains = match &mut self.transport {
            Transport::Tcp(chains) => chains.as_mut_slice(),
            Transport::Udp(_) => &mut [],
        };
        chains.iter_mut().filter_map(|chain| match &mut chain.handler {
            Handler::Http(connection) => Some(connection),
            Handler::Tcp(_) | Handler::Close => None,
        })
    }

    /// The HTTP connections of all chains.
    pub fn http_connections(&self) -> impl Iterator<Item = &HttpConnection> {
        self.chains().iter().filter_map(|chain| match &chain.handler {
            Handler::Http(connection) => Some(connection),
            Handler::Tcp(_) | Handler::Close => None,
        })
    }
}

/// What a socket accepts.
#[derive(Clone, Debug, Serialize)]
pub enum Transport {
    /// Connections; the chains stand in the order of the listeners that they serve.
    Tcp(Vec<FilterChain>),
    /// Datagrams.
    Udp(UdpProxy),
}

/// What is done with some of a socket's connections.
#[derive(Clone, Debug, Serialize)]
pub struct FilterChain {
    /// What the chain serves, in words; `None` when it is the socket's only one.
    pub name: Option<ChainName>,
    /// What selects the chain.
    pub select: ChainMatch,
    /// TLS that ends here; without it bytes are handed on as they come.
    pub tls: Option<TlsTermination>,
    /// What serves the connections.
    pub handler: Handler,
    /// The Gateway listener, or the first of several.
    pub origin: Origin,
}

impl FilterChain {
    /// What backends are told of clients; nothing where nobody reads requests.
    pub fn clients(&self) -> ClientDetails {
        match &self.handler {
            // Neighbours are believed as well.
            Handler::Http(connection) if connection.profile == HttpProfile::Mesh => {
                ClientDetails { are_believed: true, ..connection.settings.clients }
            }
            Handler::Http(connection) => connection.settings.clients,
            Handler::Tcp(_) | Handler::Close => ClientDetails::default(),
        }
    }

    /// The only version of HTTP that is spoken, where there is one.
    pub fn only_version(&self) -> Option<OnlyVersion> {
        match &self.handler {
            Handler::Http(connection) => connection.settings.only,
            Handler::Tcp(_) | Handler::Close => None,
        }
    }

    /// What becomes of paths before routes see them; they stay where nobody looks at them.
    pub fn path_rules(&self) -> PathRules {
        match &self.handler {
            Handler::Http(connection) => connection.path_rules(),
            Handler::Tcp(_) | Handler::Close => PathRules::OPEN,
        }
    }
}

/// The Gateway listener that a chain serves, and the route where one chain serves one route.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChainName {
    /// The object that declares the listener.
    pub owner: ObjectName,
    /// The name of the listener.
    pub listener: SectionName,
    /// The route.
    pub route: Option<ObjectName>,
}

impl Serialize for ChainName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { owner: ObjectName { kind, namespace, name }, listener, route } = self;
        let route = route.as_ref().map(|ObjectName { kind, namespace, name }| (kind, namespace, name));
        let mut fields = serializer.serialize_struct("ChainName", 5)?;
        fields.serialize_field("kind", kind)?;
        fields.serialize_field("namespace", namespace)?;
        fields.serialize_field("object", name)?;
        fields.serialize_field("listener", listener)?;
        fields.serialize_field("route", &route)?;
        fields.end()
    }
}

/// Which connections a chain takes. The most specific host of all chains counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ChainMatch {
    /// Every connection of the socket.
    Any,
    /// Connections in plain text that begin with a request of HTTP, which a client has sent soon enough.
    Http,
    /// TLS connections whose server name is one of these hosts; never empty.
    ServerNames(Vec<Hostname>),
    /// TLS connections whose server name no other chain takes, or that send none.
    AnyServerName,
}

impl ChainMatch {
    /// Whether the server name of TLS decides.
    pub fn is_by_server_name(&self) -> bool {
        match self {
            Self::ServerNames(_) | Self::AnyServerName => true,
            Self::Any | Self::Http => false,
        }
    }
}

/// What serves a connection.
#[derive(Clone, Debug, Serialize)]
pub enum Handler {
    /// HTTP.
    Http(HttpConnection),
    /// A stream of bytes that is handed to a backend.
    Tcp(TcpProxy),
    /// Nothing: the connection is closed at once.
    Close,
}

/// An HTTP connection manager with its routes.
#[derive(Clone, Debug, Serialize)]
pub struct HttpConnection {
    /// The virtual hosts, most specific hostname first. A host that none covers gets 404.
    pub virtual_hosts: Vec<VirtualHost>,
    /// Hosts that belong to other TLS listeners of the port, which a client must
    /// connect to by their own server name: they get 421. Where the socket has a list of them, only those within hosts of
    /// the connection itself.
    pub misdirected: Vec<Hostname>,
    /// How much of a request is changed beside what routes ask for.
    #[serde(skip_serializing_if = "is_default")]
    pub profile: HttpProfile,
    /// What else is asked for.
    #[serde(skip_serializing_if = "is_default")]
    pub settings: Arc<HttpSettings>,
    /// Spans of requests, where they are made in another way than those of the proxy.
    #[serde(skip_serializing_if = "is_default")]
    pub tracing: Option<Arc<ConnectionTracing>>,
}

impl HttpConnection {
    /// What becomes of paths before routes see them.
    pub fn path_rules(&self) -> PathRules {
        self.settings.path_rules(self.profile)
    }

    /// Whether some route takes gRPC calls.
    pub fn takes_calls(&self) -> bool {
        self.virtual_hosts.iter().flat_map(|host| &host.routes).any(|route| route.matches.grpc)
    }
}

/// Settings of the proxy as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Proxy {
    /// Where the admin interface listens.
    pub admin: Option<SocketAddr>,
    /// Where requests are logged.
    pub access_log: Option<AccessLog>,
    /// Where spans of requests are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracing: Option<Tracing>,
    /// How many trusted proxies append to `x-forwarded-for` in front of this one.
    pub trusted_hops: u32,
    /// Whether connections begin with a PROXY protocol header.
    pub proxy_protocol: bool,
    /// Whether it looks for the route of a request in a tree where a virtual host has many, and not in a list.
    #[serde(skip_serializing_if = "is_default")]
    pub route_trees: bool,
    /// The directory for certificates in files, by the path that the proxy reads.
    pub secrets_directory: Option<String>,
    /// The proxy may be older than 1.38, which counts a body twice that is held as a whole before it is kept for further tries.
    #[serde(skip_serializing_if = "is_default")]
    pub counts_bodies_twice: bool,
}

/// A log of requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccessLog {
    /// Where its entries go.
    pub target: LogTarget,
    /// JSON objects instead of lines of text.
    pub json: bool,
}

/// Where the entries of a log go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum LogTarget {
    /// To standard output.
    Stdout,
    /// To a file.
    File(String),
    /// To a collector.
    Collector(Collector),
}

/// A collector of OpenTelemetry. What is sent to it is no traffic of any route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Collector {
    /// An IP address or a DNS name.
    pub host: String,
    /// The port.
    pub port: Port,
    /// The proxy is older than 1.37 and knows neither names of spans that hold for all routes nor the collector of a log
    /// but by what 1.37 deprecates.
    pub is_old: bool,
}

/// Spans of requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tracing {
    /// Who gets them.
    pub collector: Collector,
    /// How many of the requests that belong to no trace yet begin one, in hundredths of a percent.
    pub sampled: u16,
}

impl Proxy {
    /// The collectors, each once.
    pub fn collectors(&self) -> Vec<&Collector> {
        let of_log = self.access_log.as_ref().and_then(|log| match &log.target {
            LogTarget::Collector(collector) => Some(collector),
            LogTarget::Stdout | LogTarget::File(_) => None,
        });
        let mut all: Vec<_> =
            of_log.into_iter().chain(self.tracing.as_ref().map(|tracing| &tracing.collector)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}
