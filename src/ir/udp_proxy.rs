//! Datagrams that are handed to backends.

use serde::Serialize;

use super::TcpBackend;

/// Hands the datagrams of each client address and port to one of several backends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UdpProxy {
    /// The backends with a weight above 0, which counts clients; never empty.
    /// Without a cluster their datagrams are dropped.
    pub backends: Vec<TcpBackend>,
}
