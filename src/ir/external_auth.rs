//! Services that are asked whether a request may pass.

use std::time::Duration;

use serde::Serialize;

use super::default::is_default;
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
    /// How many bytes of the body it sees; a larger body is refused, where nothing else is said. `None`: no body.
    pub max_body_bytes: Option<u32>,
    /// What else is asked for.
    #[serde(skip_serializing_if = "is_default")]
    pub terms: AuthTerms,
}

/// What else is asked for where a service is asked; nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct AuthTerms {
    /// How long it may take, above zero; `None` for the proxy's own limit.
    pub timeout: Option<Duration>,
    /// Whether requests pass that it does not answer.
    pub lets_pass: bool,
    /// The status of those that do not; `None` for 403.
    pub failure: Option<u16>,
    /// Whether it sees the beginning of a larger body, which is then not refused.
    pub cuts_body: bool,
    /// Whether a body may be what is no text. Only with gRPC.
    pub body_as_bytes: bool,
    /// What it is told beside the request, each under a name. Only with gRPC.
    pub context: Vec<(String, String)>,
    /// The host by which it is called; `None` for its name. Only with gRPC.
    pub authority: Option<String>,
    /// Expressions of the names of further request headers that it sees. Only with HTTP.
    #[serde(skip_serializing_if = "is_default")]
    pub seen_like: Vec<String>,
    /// Which headers of a refusal clients see, beside those that say what it is; `None` for all. Only with HTTP.
    #[serde(skip_serializing_if = "is_default")]
    pub told_to_clients: Option<Vec<HeaderName>>,
    /// Which headers of its answer are added to those of the same name that a request has. Only with HTTP.
    #[serde(skip_serializing_if = "is_default")]
    pub appended: Vec<HeaderName>,
    /// The name that its statistics have; empty for none of their own.
    pub counted_as: String,
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
