//! Streams of bytes that are handed to backends.

use std::sync::Arc;

use serde::Serialize;

use super::access_order::AccessOrder;
use super::default::is_default;
use super::{ClusterId, Origin};

/// Hands each connection to one of several backends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TcpProxy {
    /// The backends with a weight above 0; never empty.
    pub backends: Vec<TcpBackend>,
    /// Whose connections are taken, by their addresses alone; those of others are closed.
    #[serde(skip_serializing_if = "is_default")]
    pub access: Option<Arc<AccessOrder>>,
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
