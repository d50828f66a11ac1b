//! What is asked for of HTTP connections beyond their routes: what of a request is changed before routes are looked for,
//! how much there may be, and how long it may take. What is left out is as docs/defaults.md says.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::default::is_default;
use super::{
    ClientDetails, Compression, HeaderMutations, Http2Keepalive, HttpGuards, HttpProfile, InternalAddresses, Session,
    Transcoder, Upgrades,
};

/// The settings of HTTP connections; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HttpSettings {
    /// The only version of HTTP that is spoken.
    #[serde(skip_serializing_if = "is_default")]
    pub only: Option<OnlyVersion>,
    /// What becomes of the headers of requests before anything else looks at them.
    #[serde(skip_serializing_if = "is_default")]
    pub early_headers: HeaderMutations,
    /// What becomes of paths.
    #[serde(skip_serializing_if = "is_default")]
    pub paths: PathSettings,
    /// What becomes of headers with an underscore in their name.
    #[serde(skip_serializing_if = "is_default")]
    pub underscores: Option<Underscores>,
    /// Whether backends and routes see the host without its port.
    #[serde(skip_serializing_if = "is_default")]
    pub strips_port: bool,
    /// What `server` of a response says.
    #[serde(skip_serializing_if = "is_default")]
    pub server: ServerHeader,
    /// What is appended to `via` of requests and responses.
    #[serde(skip_serializing_if = "is_default")]
    pub via: Option<String>,
    /// The path, with its query, that the proxy answers itself, for whom wants to know whether it is there.
    #[serde(skip_serializing_if = "is_default")]
    pub health_path: Option<String>,
    /// How much there may be.
    #[serde(skip_serializing_if = "is_default")]
    pub limits: HttpLimits,
    /// How long things may take.
    #[serde(skip_serializing_if = "is_default")]
    pub times: HttpTimes,
    /// What is kept out.
    #[serde(skip_serializing_if = "is_default")]
    pub guards: HttpGuards,
    /// Whether backends and clients are told nothing that the proxy knows of their requests.
    #[serde(skip_serializing_if = "is_default")]
    pub silent: bool,
    /// Whether requests of each backend are not counted by their status.
    #[serde(skip_serializing_if = "is_default")]
    pub uncounted: bool,
    /// What backends are told of clients.
    #[serde(skip_serializing_if = "is_default")]
    pub clients: ClientDetails,
    /// Whose requests are of the house.
    #[serde(skip_serializing_if = "is_default")]
    pub internal: Option<InternalAddresses>,
    /// How responses are compressed.
    #[serde(skip_serializing_if = "is_default")]
    pub compression: Option<Compression>,
    /// What connections may become.
    #[serde(skip_serializing_if = "is_default")]
    pub upgrades: Upgrades,
    /// Whether calls of gRPC-Web become calls of gRPC.
    #[serde(skip_serializing_if = "is_default")]
    pub web_calls: bool,
    /// Which requests in JSON become calls of gRPC.
    #[serde(skip_serializing_if = "is_default")]
    pub transcoder: Option<Arc<Transcoder>>,
    /// The session of rules that have none of their own.
    #[serde(skip_serializing_if = "is_default")]
    pub session: Option<Arc<Session>>,
    /// What HTTP/1 is spoken with.
    #[serde(skip_serializing_if = "is_default")]
    pub http1: Http1,
    /// What HTTP/2 is spoken with.
    #[serde(skip_serializing_if = "is_default")]
    pub http2: Http2Connections,
}

impl HttpSettings {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        is_default(self)
    }

    /// What becomes of paths on connections of a profile.
    pub fn path_rules(&self, profile: HttpProfile) -> PathRules {
        let PathSettings { resolve_dots, merge_slashes, escaped_slashes } = self.paths;
        let rules = PathRules::of(profile);
        PathRules {
            resolve_dots: resolve_dots.unwrap_or(rules.resolve_dots),
            merge_slashes: merge_slashes.unwrap_or(rules.merge_slashes),
            escaped_slashes: escaped_slashes.unwrap_or(rules.escaped_slashes),
        }
    }
}

/// A version of HTTP that is spoken alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum OnlyVersion {
    /// HTTP/1.
    Http1,
    /// HTTP/2, over plain connections too.
    Http2,
}

/// What is asked for of paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PathSettings {
    /// Whether dots are resolved and needless escapes taken out.
    #[serde(skip_serializing_if = "is_default")]
    pub resolve_dots: Option<bool>,
    /// Whether slashes that follow one another become one.
    #[serde(skip_serializing_if = "is_default")]
    pub merge_slashes: Option<bool>,
    /// What becomes of escaped slashes.
    #[serde(skip_serializing_if = "is_default")]
    pub escaped_slashes: Option<EscapedSlashes>,
}

/// What becomes of paths before routes see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathRules {
    /// Whether dots are resolved and needless escapes taken out.
    pub resolve_dots: bool,
    /// Whether slashes that follow one another become one.
    pub merge_slashes: bool,
    /// What becomes of escaped slashes.
    pub escaped_slashes: EscapedSlashes,
}

impl PathRules {
    /// Paths stay as they are.
    pub const OPEN: Self = Self { resolve_dots: false, merge_slashes: false, escaped_slashes: EscapedSlashes::Kept };

    /// What becomes of paths where nothing is asked for.
    pub fn of(profile: HttpProfile) -> Self {
        match profile {
            HttpProfile::Edge => {
                Self { resolve_dots: true, merge_slashes: true, escaped_slashes: EscapedSlashes::Redirected }
            }
            HttpProfile::Mesh => {
                Self { resolve_dots: true, merge_slashes: false, escaped_slashes: EscapedSlashes::Kept }
            }
        }
    }
}

/// What becomes of escaped slashes and backslashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum EscapedSlashes {
    /// They stay.
    Kept,
    /// Requests with them get 400.
    Refused,
    /// Clients are sent to the path with slashes in their place.
    Redirected,
    /// Slashes stand in their place from here on.
    Replaced,
}

/// What becomes of headers with an underscore in their name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Underscores {
    /// They stay.
    Kept,
    /// Requests with them are refused.
    Refused,
    /// They are taken out.
    Dropped,
}

/// What `server` of a response says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ServerHeader {
    /// The name; `envoy` without one.
    #[serde(skip_serializing_if = "is_default")]
    pub name: Option<String>,
    /// When it is said.
    #[serde(skip_serializing_if = "is_default")]
    pub says: ServerSays,
}

impl ServerHeader {
    /// The name of the proxy.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("envoy")
    }
}

/// When a response names the proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum ServerSays {
    /// Never: what a backend says stays.
    #[default]
    Backend,
    /// Where the backend says nothing.
    ProxyWithoutBackend,
    /// Always.
    Proxy,
}

/// How much there may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HttpLimits {
    /// The length of a request's headers in KiB, above 0.
    #[serde(skip_serializing_if = "is_default")]
    pub header_kib: Option<u32>,
    /// The number of a request's headers, above 0.
    #[serde(skip_serializing_if = "is_default")]
    pub headers: Option<u32>,
    /// The requests of one connection, above 0; `Some(0)` for any number.
    #[serde(skip_serializing_if = "is_default")]
    pub requests: Option<u32>,
}

/// How long things may take; nothing takes any time at all where it is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HttpTimes {
    /// How long a connection may be without a request; zero for any time.
    #[serde(skip_serializing_if = "is_default")]
    pub idle: Option<Duration>,
    /// How long a connection may last.
    #[serde(skip_serializing_if = "is_default")]
    pub connection: Option<Duration>,
    /// How long a stream may be silent where its rule does not say; zero for any time.
    #[serde(skip_serializing_if = "is_default")]
    pub stream_idle: Option<Duration>,
    /// How long a stream may last where its rule does not say; zero for any time.
    #[serde(skip_serializing_if = "is_default")]
    pub stream: Option<Duration>,
    /// How long a client may take to send a request; zero for any time.
    #[serde(skip_serializing_if = "is_default")]
    pub request: Option<Duration>,
    /// How long a client may take to send the headers of a request; zero for any time.
    #[serde(skip_serializing_if = "is_default")]
    pub headers: Option<Duration>,
    /// How long a connection that is to end goes on with what was begun.
    #[serde(skip_serializing_if = "is_default")]
    pub drain: Option<Duration>,
    /// How long a connection that ends waits for the client to close it.
    #[serde(skip_serializing_if = "is_default")]
    pub close: Option<Duration>,
}

/// What HTTP/1 is spoken with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Http1 {
    /// Whether HTTP/1.0 is spoken.
    #[serde(skip_serializing_if = "is_default")]
    pub old_version: Option<bool>,
    /// The host of requests of HTTP/1.0 that name none.
    #[serde(skip_serializing_if = "is_default")]
    pub default_host: Option<String>,
    /// Whether requests may have both a length and chunks.
    #[serde(skip_serializing_if = "is_default")]
    pub chunked_length: Option<bool>,
    /// Whether trailers are handed on.
    #[serde(skip_serializing_if = "is_default")]
    pub trailers: Option<bool>,
    /// Whether names of headers are written with capitals.
    #[serde(skip_serializing_if = "is_default")]
    pub capitals: bool,
    /// Whether names of headers are written as they were received.
    #[serde(skip_serializing_if = "is_default")]
    pub keeps_case: bool,
    /// Whether requests may have any method.
    #[serde(skip_serializing_if = "is_default")]
    pub any_method: bool,
}

/// What HTTP/2 is spoken with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Http2Connections {
    /// How many streams a connection may have at a time.
    #[serde(skip_serializing_if = "is_default")]
    pub streams: Option<u32>,
    /// How many bytes a client may send on a stream ahead.
    #[serde(skip_serializing_if = "is_default")]
    pub stream_window: Option<u32>,
    /// How many bytes a client may send on a connection ahead.
    #[serde(skip_serializing_if = "is_default")]
    pub connection_window: Option<u32>,
    /// Whether an invalid message ends its stream alone, and not the connection.
    #[serde(skip_serializing_if = "is_default")]
    pub spares_connection: Option<bool>,
    /// How it is found out that the client is gone.
    #[serde(skip_serializing_if = "is_default")]
    pub keepalive: Option<Http2Keepalive>,
}
