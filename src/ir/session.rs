//! Sessions that stay with one endpoint.

use std::time::Duration;

/// How the requests of a client keep to the endpoint that answered its first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    /// Where the client keeps the endpoint.
    pub carrier: SessionCarrier,
    /// The cookie in which the client keeps its backend, where there are several.
    pub selector: Option<SessionCookie>,
}

/// Where the client keeps its endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SessionCarrier {
    /// In a cookie.
    Cookie(SessionCookie),
    /// In a header of this name, which the client sends back.
    Header(String),
}

/// A cookie.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
