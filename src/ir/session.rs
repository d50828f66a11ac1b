//! Sessions that stay with one endpoint.

use std::sync::Arc;
use std::time::Duration;

/// How the requests of a client keep to the endpoint that answered its first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    /// Where the client keeps the endpoint.
    pub carrier: SessionCarrier,
    /// What leads a client back to its backend, where the rule has several.
    pub across: Across,
}

/// How a session holds across the backends of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
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
    /// The kind of the route object, in lower case.
    pub kind: &'static str,
    /// The namespace of the route object.
    pub namespace: Arc<str>,
    /// The name of the route object.
    pub name: Arc<str>,
    /// The rule, counted from 0.
    pub rule: u16,
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
