//! Streams of bytes that are handed to backends.

use serde::Serialize;

use super::{ClusterId, Origin};

/// Hands each connection to one of several backends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TcpProxy {
    /// The backends with a weight above 0; never empty.
    pub backends: Vec<TcpBackend>,
}

/// One entry of a weighted list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TcpBackend {
    /// The share of connections, out of the sum of the list.
    pub weight: u32,
    /// Who takes them; `None` closes them, since the backend cannot be used.
    pub cluster: Option<ClusterId>,
    /// The backendRef.
    pub origin: Origin,
}
