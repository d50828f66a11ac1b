//! A request, as a client sends it.

use std::net::IpAddr;

use crate::ir::CONNECT;
use crate::port::Port;

/// A request with the connection that it comes over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The connection.
    pub connection: Connection,
    /// The protocol.
    pub version: Version,
    /// The method.
    pub method: String,
    /// The Host header or `:authority`, as sent; `None` when there is none.
    pub authority: Option<String>,
    /// The request target, as sent: path and query, an absolute URL, or host and port for `CONNECT`.
    pub target: String,
    /// Header lines, Host left out. Letter case of names does not count. An upgrade is asked for by `connection` and
    /// `upgrade`, over HTTP/2 too.
    pub headers: Vec<(String, String)>,
    /// The length of the body.
    pub body_bytes: u64,
}

impl Request {
    /// `GET target` for `host` over plain HTTP/1.1 to `port`.
    pub fn get(port: impl Into<Port>, host: &str, target: &str) -> Self {
        Self {
            connection: Connection { address: None, port: port.into(), security: Security::Plain },
            version: Version::Http1,
            method: "GET".to_owned(),
            authority: Some(host.to_owned()),
            target: target.to_owned(),
            headers: Vec::new(),
            body_bytes: 0,
        }
    }

    /// A connection of which nothing but its beginning is known. No HTTP listener would understand it.
    pub fn stream(connection: Connection) -> Self {
        let authority = match &connection.security {
            Security::Tls { server_name, .. } => server_name.clone(),
            Security::Plain | Security::Udp => None,
        };
        Self {
            connection,
            version: Version::Http1,
            method: String::new(),
            authority,
            target: String::new(),
            headers: Vec::new(),
            body_bytes: 0,
        }
    }

    /// Whether it is a connection of which nothing but its beginning is known.
    pub fn is_stream(&self) -> bool {
        self.method.is_empty()
    }

    /// Whether it asks for a tunnel.
    pub fn is_tunnel(&self) -> bool {
        self.method == CONNECT && !self.target.starts_with('/')
    }

    /// The URL; the port is the Gateway's.
    pub fn url(&self) -> String {
        let (scheme, well_known) = match self.connection.security {
            Security::Plain if self.is_stream() => ("tcp", 0),
            Security::Tls { .. } if self.is_stream() => ("tls", 0),
            Security::Plain => ("http", 80),
            Security::Tls { .. } => ("https", 443),
            Security::Udp => ("udp", 0),
        };
        let port = self.connection.port;
        let written = format!(":{port}");
        // A client names the port in Host too.
        let authority = self.authority.as_deref().unwrap_or_default();
        let host = authority.strip_suffix(written.as_str()).unwrap_or(authority);
        let port = if port == well_known { "" } else { &written };
        let target = if self.is_tunnel() { "/" } else { &self.target };
        format!("{scheme}://{host}{port}{target}")
    }

    /// The values of all lines of one header.
    pub fn header_lines<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r str> {
        self.headers.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Where a connection goes, and what it begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The address that the client connects to; `None` where any listener of the port will do.
    pub address: Option<IpAddr>,
    /// The port that Gateways declare.
    pub port: Port,
    /// What is spoken on it.
    pub security: Security,
}

/// What a connection speaks below the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Security {
    /// Plain TCP.
    Plain,
    /// TLS.
    Tls {
        /// The server name that the client asks for.
        server_name: Option<String>,
        /// Whether the client shows a certificate that the listener accepts.
        certificate: bool,
    },
    /// Datagrams.
    Udp,
}

impl Security {
    /// TLS as a client speaks it who wants `name`: the dot at its end is not sent
    /// ([RFC 6066](https://www.rfc-editor.org/rfc/rfc6066#section-3)), and an empty name is none.
    pub fn tls(name: &str, certificate: bool) -> Self {
        let name = name.strip_suffix('.').unwrap_or(name);
        Self::Tls { server_name: Some(name.to_owned()).filter(|name| !name.is_empty()), certificate }
    }
}

/// A version of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2.
    Http2,
}
