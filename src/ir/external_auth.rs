//! Services that are asked whether a request may pass.

use serde::Serialize;

use super::{ClusterId, Origin};
use crate::http::HeaderName;
use crate::id::ids;

/// What describes the answer of the service itself, its connection or its
/// body: set on the request, it would break it.
pub const AUTH_ANSWER_HEADERS: &[&str] = &[
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

ids! {
    /// A distinct authorization, by its position in [`super::Config::external_auths`].
    pub struct AuthId;
}

/// Asks a service about each request. No answer is a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExternalAuth {
    /// How and where the service is asked.
    pub settings: ExternalAuthSettings,
    /// The first filter with these settings.
    pub origin: Origin,
}

/// What tells one authorization from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ExternalAuthSettings {
    /// The service.
    pub cluster: ClusterId,
    /// How it is spoken to.
    pub protocol: ExternalAuthProtocol,
    /// The request headers that it sees, in lower case.
    pub request_headers: AuthHeaders,
    /// How many bytes of the body it sees; a larger body is refused. `None`: no body.
    pub max_body_bytes: Option<u32>,
}

/// How an authorization service is spoken to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ExternalAuthProtocol {
    /// A plain request: 200 lets the original one pass, anything else is its answer.
    Http {
        /// What stands before the path.
        path_prefix: String,
        /// The response headers that the backend gets to see.
        response_headers: AuthHeaders,
    },
    /// Envoy's authorization protocol
    /// ([Authorization](https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/auth/v3/external_auth.proto)).
    Grpc,
}

/// Which headers are passed on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum AuthHeaders {
    /// The protocol's own; for headers of the answer all but [`AUTH_ANSWER_HEADERS`].
    Default,
    /// These, and the protocol's own.
    Listed(Vec<HeaderName>),
}
