//! What is asked for of a socket and of all its connections, whatever they carry. What is left out is as
//! docs/defaults.md says.

use std::time::Duration;

use serde::Serialize;

use super::default::is_default;
use super::{Collector, Log};

/// The settings of a socket; none by default.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ListenerSettings {
    /// How many bytes of a connection are held before whoever sends them has to wait; zero for any number.
    #[serde(skip_serializing_if = "is_default")]
    pub buffer_bytes: Option<u32>,
    /// The PROXY protocol header that connections begin with.
    #[serde(skip_serializing_if = "is_default")]
    pub proxy_header: Option<ProxyHeader>,
    /// Whether every worker gets as many connections as the others.
    #[serde(skip_serializing_if = "is_default")]
    pub is_balanced: bool,
    /// What the kernel is told of the socket, in order.
    #[serde(skip_serializing_if = "is_default")]
    pub socket_options: Vec<SocketOption>,
    /// Whether what the kernel knows of connections is counted.
    #[serde(skip_serializing_if = "is_default")]
    pub counts_tcp: bool,
    /// How many connections are taken at a time, above 0.
    #[serde(skip_serializing_if = "is_default")]
    pub most_accepted: Option<u32>,
    /// How long a connection that carries no requests may be silent; zero for any time.
    #[serde(skip_serializing_if = "is_default")]
    pub stream_idle: Option<Duration>,
    /// How long a handshake of TLS may take; above 0.
    #[serde(skip_serializing_if = "is_default")]
    pub handshake: Option<Duration>,
    /// How long a client may take to say what its connection carries; above 0.
    #[serde(skip_serializing_if = "is_default")]
    pub inspection: Option<Duration>,
    /// Logs of requests, in order, beside that of the proxy.
    #[serde(skip_serializing_if = "is_default")]
    pub request_logs: Vec<Log>,
    /// Logs of connections, in order.
    #[serde(skip_serializing_if = "is_default")]
    pub connection_logs: Vec<Log>,
}

/// What connections begin with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProxyHeader {
    /// Whether connections without it are taken too.
    pub is_optional: bool,
    /// Its values that logs can show.
    #[serde(skip_serializing_if = "is_default")]
    pub values: Vec<ProxyValue>,
}

/// A value of a PROXY protocol header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProxyValue {
    /// Its type.
    pub number: u8,
    /// The namespace of its name; `None` for that of the filter.
    pub namespace: Option<String>,
    /// Its name; never empty.
    pub name: String,
}

/// An option of a socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SocketOption {
    /// What it is for.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// The level, by its number.
    pub level: i64,
    /// The option, by its number.
    pub name: i64,
    /// The value.
    pub value: SocketValue,
    /// When it is set.
    pub state: SocketState,
}

/// The value of an option of a socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum SocketValue {
    /// A number.
    Number(i64),
    /// Bytes as they are.
    Bytes(Vec<u8>),
}

/// When an option of a socket is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum SocketState {
    /// Before the socket is bound.
    Unbound,
    /// Once it is bound.
    Bound,
    /// Once it listens.
    Listening,
}

impl ListenerSettings {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        is_default(self)
    }

    /// The collectors that its logs go to.
    pub fn collectors(&self) -> impl Iterator<Item = &Collector> {
        self.request_logs.iter().chain(&self.connection_logs).filter_map(Log::collector)
    }
}
