//! Sessions that stay with one endpoint.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};

use crate::http::HeaderName;

use super::ObjectName;
use super::default::is_default;

/// Headers that can hold no session: those of one connection and of the framing, those that Envoy takes out of requests
/// or writes itself, and those that HTTP and gRPC need for the message. Measured with Envoy 1.40: with the first ones
/// answers break, with the next ones every request begins a new session. With the last ones a client that knows HTTP
/// or gRPC misreads the answer, or cannot send the header back.
pub const NO_SESSION_HEADERS: &[&str] = &[
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "expect",
    "host",
    "keep-alive",
    "location",
    "proxy-connection",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-envoy-decorator-operation",
    "x-envoy-downstream-service-cluster",
    "x-envoy-downstream-service-node",
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-external-address",
    "x-envoy-force-trace",
    "x-envoy-hedge-on-per-try-timeout",
    "x-envoy-internal",
    "x-envoy-ip-tags",
    "x-envoy-max-retries",
    "x-envoy-original-host",
    "x-envoy-original-path",
    "x-envoy-original-url",
    "x-envoy-retriable-header-names",
    "x-envoy-retriable-status-codes",
    "x-envoy-retry-grpc-on",
    "x-envoy-retry-on",
    "x-envoy-upstream-alt-stat-name",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-alt-response",
    "x-envoy-upstream-rq-timeout-ms",
    "x-envoy-upstream-service-time",
    "x-envoy-upstream-stream-duration-ms",
    "x-forwarded-client-cert",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-request-id",
];

/// What begins the names of headers that are gRPC's own.
const GRPC_HEADERS: &str = "grpc-";

/// Whether a header, whatever its letter case, can hold a session.
pub fn can_hold_session(header: &HeaderName) -> bool {
    !header.lower().as_str().starts_with(GRPC_HEADERS) && !header.is_among(NO_SESSION_HEADERS)
}

/// How the requests of a client keep to the endpoint that answered its first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Session {
    /// Where the client keeps the endpoint.
    pub carrier: SessionCarrier,
    /// Whether a request for an endpoint that is gone gets no answer from another.
    #[serde(skip_serializing_if = "is_default")]
    pub is_strict: bool,
    /// What leads a client back to its backend, where the rule has several.
    #[serde(skip_serializing_if = "is_default")]
    pub across: Across,
}

/// How a session holds across the backends of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum Across {
    /// There is one backend only.
    #[default]
    Nothing,
    /// One cluster has the endpoints of all backends, and all of them are alike.
    Pool(SessionRule),
    /// A second cookie says which backend it is.
    Selector(SessionCookie),
    /// The endpoint that the header names says which backend it is: all addresses are known.
    Endpoints,
}

/// The rule that a session belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionRule {
    /// The route object.
    pub route: Arc<ObjectName>,
    /// The rule, counted from 0.
    pub rule: usize,
}

impl Serialize for SessionRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ObjectName { kind, namespace, name } = &*self.route;
        let mut fields = serializer.serialize_struct("SessionRule", 4)?;
        fields.serialize_field("kind", kind)?;
        fields.serialize_field("namespace", namespace)?;
        fields.serialize_field("name", name)?;
        fields.serialize_field("rule", &self.rule)?;
        fields.end()
    }
}

/// Where the client keeps its endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum SessionCarrier {
    /// In a cookie.
    Cookie(SessionCookie),
    /// In a header of this name, which the client sends back.
    Header(HeaderName),
}

/// A cookie.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct SessionCookie {
    /// The name.
    pub name: String,
    /// The path.
    pub path: String,
    /// How long it lasts; `None` ends with the client's session.
    pub lifetime: Option<Duration>,
    /// Whether it is sent over TLS alone.
    pub secure: bool,
}
