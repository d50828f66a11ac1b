//! Cross-origin resource sharing.

use std::time::Duration;

/// Who may read responses from other origins, and what preflights are told
/// ([CORS protocol](https://fetch.spec.whatwg.org/#http-cors-protocol)).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cors {
    /// The origins; none at all matches nobody.
    pub origins: Vec<OriginPattern>,
    /// The methods that preflights name; `*` is whatever was asked for.
    pub methods: Vec<String>,
    /// The request headers that preflights name; `*` is whatever was asked for.
    pub headers: Vec<String>,
    /// The response headers that scripts may read.
    pub exposed_headers: Vec<String>,
    /// Whether cookies and authorization may be sent along.
    pub credentials: bool,
    /// How long a client may remember a preflight's answer.
    pub max_age: Duration,
}

impl Cors {
    /// Whether every origin is allowed.
    pub fn allows_every_origin(&self) -> bool {
        self.origins.contains(&OriginPattern::Any)
    }
}

/// A set of origins, all in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OriginPattern {
    /// Every origin.
    Any,
    /// Origins of one scheme and port.
    Scheme {
        /// The scheme, such as `https`.
        scheme: String,
        /// The host.
        host: OriginHost,
        /// The port; `None` where neither the pattern nor the scheme has one.
        port: Option<u16>,
    },
}

/// The host of an origin.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OriginHost {
    /// Every host.
    Any,
    /// One host.
    Exact(String),
    /// Hosts with one or more labels before `.` and this suffix.
    Below(String),
}

/// The port of `http` or `https`, which origins leave out.
pub fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}
