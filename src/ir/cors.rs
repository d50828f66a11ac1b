//! Cross-origin resource sharing.

use std::time::Duration;

use serde::Serialize;

use crate::port::Port;

/// What a backend says about origins: the gateway answers for it.
pub const CORS_RESPONSE_HEADERS: &[&str] = &[
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-allow-credentials",
    "access-control-expose-headers",
    "access-control-max-age",
];

/// Who may read responses from other origins, and what preflights are told
/// ([CORS protocol](https://fetch.spec.whatwg.org/#http-cors-protocol)).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
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
    /// How long a client may remember a preflight's answer; `None` where it is not told.
    pub max_age: Option<Duration>,
}

impl Cors {
    /// Whether every origin is allowed.
    pub fn allows_every_origin(&self) -> bool {
        self.origins.contains(&OriginPattern::Any)
    }

    /// Whether preflights are told the headers that they ask for, whatever these are.
    pub fn names_requested_headers(&self) -> bool {
        self.headers == ["*"]
    }

    /// Whether `origin`, as a browser writes it, is allowed. `is_match` says whether an expression matches a whole text.
    pub fn allows(&self, origin: &str, is_match: impl Fn(&str, &str) -> bool) -> bool {
        let lower = origin.to_ascii_lowercase();
        self.origins.iter().any(|pattern| match pattern {
            OriginPattern::Regex(expression) => is_match(expression, origin),
            other => other.matches(&lower),
        })
    }
}

impl OriginPattern {
    fn matches(&self, origin: &str) -> bool {
        let Self::Scheme { scheme, host, port } = self else { return true };
        let rest = origin.strip_prefix(scheme.as_str());
        let Some(authority) = rest.and_then(|rest| rest.strip_prefix("://")) else { return false };
        let (own_host, own_port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let is_port = match own_port {
            Some(text) => port.is_some_and(|port| port.to_string() == text),
            None => *port == default_port(scheme),
        };
        let is_host = match host {
            OriginHost::Any => is_name(own_host),
            OriginHost::Exact(host) => own_host == host,
            OriginHost::Below(suffix) => {
                own_host.strip_suffix(suffix.as_str()).and_then(|labels| labels.strip_suffix('.')).is_some_and(is_name)
            }
        };
        is_port && is_host
    }
}

/// A set of origins, all in lower case but for expressions.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum OriginPattern {
    /// Every origin.
    Any,
    /// Those that match this RE2 expression as a whole, as they are written.
    Regex(String),
    /// Origins of one scheme and port.
    Scheme {
        /// The scheme, such as `https`.
        scheme: String,
        /// The host.
        host: OriginHost,
        /// The port; `None` where neither the pattern nor the scheme has one.
        port: Option<Port>,
    },
}

/// The host of an origin.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum OriginHost {
    /// Every host.
    Any,
    /// One host.
    Exact(String),
    /// Hosts with one or more labels before `.` and this suffix.
    Below(String),
}

/// Whether a text may stand for the wildcard of an origin's host.
fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(['/', ':'])
}

/// The port of `http` or `https`, which origins leave out.
pub fn default_port(scheme: &str) -> Option<Port> {
    match scheme {
        "http" => Some(Port::HTTP),
        "https" => Some(Port::HTTPS),
        _ => None,
    }
}

/// What a preflight tells of a header that the request itself will have
/// ([CORS-preflight fetch](https://fetch.spec.whatwg.org/#cors-preflight-fetch)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreflightHeader {
    /// Clients and proxies send it with preflights as with every request.
    Sent,
    /// `access-control-request-headers` names it when a script sets it.
    Listed,
    /// Nothing: clients add it to the request alone, or scripts may set it unasked.
    Absent,
}

impl PreflightHeader {
    /// What is told of a header, by its name in lower case.
    pub fn of(name: &str) -> Self {
        const SENT: &[&str] = &[
            "accept",
            "accept-encoding",
            "connection",
            "forwarded",
            "host",
            "origin",
            "referer",
            "user-agent",
            "via",
            "x-real-ip",
            "x-request-id",
        ];
        const ABSENT: &[&str] = &["accept-language", "content-language", "content-type", "cookie", "range"];
        let is_sent = SENT.contains(&name)
            || ["access-control-", "sec-", "x-forwarded-", "x-envoy-"].iter().any(|prefix| name.starts_with(prefix));
        match name {
            _ if is_sent => Self::Sent,
            _ if ABSENT.contains(&name) => Self::Absent,
            _ => Self::Listed,
        }
    }
}
