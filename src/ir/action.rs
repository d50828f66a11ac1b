//! What is done to requests: they are forwarded, redirected, answered or split.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::HeaderName;
use crate::port::Port;

use super::default::is_default;
use super::seldom::usual;
use super::{
    AccessRule, AuthId, Bandwidth, ClusterId, Compression, Cors, DirectResponse, HashPart, HeaderMutations, Mirror,
    Origin, OriginPattern, Retry, RouteGuards, RouteTracing, Seldom, Session, Share, Timeouts, Upgrades,
};

/// What filters and logs are told of a rule.
pub type Metadata = Arc<Map<String, Value>>;

/// What is done to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Action {
    /// It is sent to a backend.
    Forward(Forward),
    /// It is answered with a redirect.
    Redirect(Box<Redirect>),
    /// It is answered with what the rule says.
    DirectResponse(Box<DirectResponse>),
    /// It is answered with this status and no body.
    Respond(u16),
    /// One of several things is done, each to its share of the requests.
    Split(Vec<Branch>),
}

impl Action {
    /// What is done in the end: the branches of a split, else the action itself.
    pub fn leaves(&self) -> impl Iterator<Item = &Self> {
        let (one, branches) = match self {
            Self::Split(branches) => (None, branches.as_slice()),
            other => (Some(other), &[][..]),
        };
        one.into_iter().chain(branches.iter().map(|branch| &branch.action))
    }

    /// The RE2 expressions of what is done, but for those of a split's branches.
    pub fn expressions(&self) -> impl Iterator<Item = &str> {
        let forward = match self {
            Self::Forward(forward) => Some(forward),
            Self::Redirect(_) | Self::DirectResponse(_) | Self::Respond(_) | Self::Split(_) => None,
        };
        let path = forward.and_then(|forward| match forward.path_rewrite.as_deref() {
            Some(PathRewrite::Regex(substitution)) => Some(substitution.pattern.as_str()),
            _ => None,
        });
        let host = forward.and_then(|forward| match forward.host_rewrite.as_deref() {
            Some(HostRewrite::Path(substitution)) => Some(substitution.pattern.as_str()),
            _ => None,
        });
        let cors = self.http_filters().and_then(|filters| filters.cors.as_deref());
        let origins = cors.into_iter().flat_map(|cors| &cors.origins).filter_map(|origin| match origin {
            OriginPattern::Regex(expression) => Some(expression.as_str()),
            _ => None,
        });
        let access = self.http_filters().and_then(|filters| match &filters.guards.access {
            Some(AccessRule::Ordered(order)) => Some(order.expressions()),
            Some(AccessRule::Anybody | AccessRule::Listed(_)) | None => None,
        });
        path.into_iter().chain(host).chain(origins).chain(access.into_iter().flatten())
    }

    /// What becomes of the headers of requests that are forwarded.
    pub fn request_headers(&self) -> impl Iterator<Item = &HeaderMutations> {
        let forward = match self {
            Self::Forward(forward) => Some(forward),
            Self::Redirect(_) | Self::DirectResponse(_) | Self::Respond(_) | Self::Split(_) => None,
        };
        forward.into_iter().flat_map(|forward| {
            let of_backends = forward.backends.iter().map(|backend| &backend.request_headers);
            std::iter::once(&forward.request_headers).chain(of_backends)
        })
    }

    /// What requests pass first; nothing for an action of several parts.
    pub fn http_filters(&self) -> Option<&HttpFilters> {
        match self {
            Self::Forward(forward) => Some(&*forward.http_filters),
            Self::Redirect(redirect) => Some(&*redirect.http_filters),
            Self::DirectResponse(response) => Some(&*response.http_filters),
            Self::Respond(_) | Self::Split(_) => None,
        }
    }

    /// What other origins may do, which all parts of a split agree on.
    pub fn cors(&self) -> Option<&Cors> {
        self.leaves().find_map(|leaf| leaf.http_filters()?.cors.as_deref())
    }
}

/// One part of a split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Branch {
    /// The share, out of the sum of the split; 0 only for backends that keep their sessions.
    pub weight: u32,
    /// What is done; never a split.
    pub action: Action,
    /// The backendRef.
    pub origin: Origin,
}

/// What a request passes before anything else is done to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HttpFilters {
    /// What other origins may do. Preflights are answered here.
    pub cors: Option<Arc<Cors>>,
    /// Who must agree, all of them.
    pub auths: Vec<AuthId>,
    /// What is kept out.
    #[serde(skip_serializing_if = "is_default")]
    pub guards: RouteGuards,
    /// How responses are compressed: each library once, in order.
    #[serde(skip_serializing_if = "is_default")]
    pub compressions: Vec<Compression>,
}

usual!(HttpFilters, Timeouts);

impl HttpFilters {
    /// Whether somebody may refuse a request before a rule without backends answers it.
    pub fn is_guarded(&self) -> bool {
        let Self { cors: _, auths, guards, compressions: _ } = self;
        let asks_tokens = guards.early_tokens.is_some() || guards.tokens.is_some();
        let asks_credentials = guards.keys.is_some() || guards.passwords.is_some() || guards.sign_in.is_some();
        !auths.is_empty() || asks_tokens || asks_credentials || guards.access.is_some()
    }
}

/// Sends requests to backends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Forward {
    /// The backends; never empty. Those of weight 0 only keep their sessions.
    pub backends: Vec<WeightedBackend>,
    /// What requests pass first.
    pub http_filters: Seldom<HttpFilters>,
    /// Changes to the request's headers that every backend sees.
    pub request_headers: HeaderMutations,
    /// Changes to the headers of every response.
    pub response_headers: HeaderMutations,
    /// The path that backends see.
    pub path_rewrite: Option<Box<PathRewrite>>,
    /// The host that backends see; `None` when each entry of `backends` says it.
    pub host_rewrite: Option<Box<HostRewrite>>,
    /// Whether backends that see another host are told which one was asked for, in `x-forwarded-host`.
    #[serde(skip_serializing_if = "is_default")]
    pub tells_host: bool,
    /// What happens to requests on purpose, as if something were wrong.
    #[serde(skip_serializing_if = "is_default")]
    pub fault: Option<Box<Fault>>,
    /// How fast bodies are sent on.
    #[serde(skip_serializing_if = "is_default")]
    pub bandwidth: Option<Box<Bandwidth>>,
    /// How long requests may take.
    pub timeouts: Seldom<Timeouts>,
    /// When they are tried again.
    pub retry: Option<Box<Retry>>,
    /// Who is told how often a request was sent.
    #[serde(skip_serializing_if = "is_default")]
    pub attempts: AttemptCount,
    /// What connections may become, in place of what is said of all of the listener.
    #[serde(skip_serializing_if = "is_default")]
    pub upgrades: Upgrades,
    /// What filters and logs are told of the rule, by the name of who reads it; each is a list of fields.
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: Metadata,
    /// What is said of spans.
    #[serde(skip_serializing_if = "is_default")]
    pub tracing: Option<Box<RouteTracing>>,
    /// Who gets copies.
    pub mirrors: Vec<Mirror>,
    /// What endpoints are chosen by, in clusters that choose them by a hash.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hash: Vec<HashPart>,
    /// Whether the backend is chosen by the hash as well, where a request has one.
    #[serde(skip_serializing_if = "is_default")]
    pub draws_by_hash: bool,
    /// How clients keep to an endpoint.
    pub session: Option<Arc<Session>>,
}

/// Who is told how often a request was sent, in `x-envoy-attempt-count`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AttemptCount {
    /// Backends, with every try.
    pub to_backends: bool,
    /// Clients, with the response.
    pub to_clients: bool,
}

/// Where the host that backends see comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum HostRewrite {
    /// It is this one.
    Literal(String),
    /// From the endpoint: its DNS name, where it has one.
    Endpoint,
    /// From a header of the request, where it has that; the name in lower case.
    Header(HeaderName),
    /// From the path.
    Path(Substitution),
}

/// A replacement of all that an expression matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Substitution {
    /// The RE2 expression.
    pub pattern: String,
    /// What takes the place of each match, with `\\1` for its first group and `\\\\` for a backslash.
    pub replacement: String,
}

/// What goes wrong on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The share of requests that are answered in place of a backend.
    pub abort: Option<(Share, AbortStatus)>,
    /// The share of requests that wait.
    pub delay: Option<(Share, Duration)>,
}

/// What a request is answered with on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum AbortStatus {
    /// This status.
    Http(u16),
    /// This status of gRPC, with 200.
    Grpc(u32),
}

impl AbortStatus {
    /// The status of the response.
    pub fn of_response(self) -> u16 {
        match self {
            Self::Http(status) => status,
            Self::Grpc(_) => 200,
        }
    }
}

/// One entry of a weighted list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WeightedBackend {
    /// The share, out of the sum of the list.
    pub weight: u32,
    /// Who answers.
    pub target: Target,
    /// Changes to the request's headers, instead of the list's.
    pub request_headers: HeaderMutations,
    /// Changes to the response's headers, instead of the list's.
    pub response_headers: HeaderMutations,
    /// The host that this backend sees, where the list says nothing.
    pub host_rewrite: Option<String>,
    /// What the session's selector says for this backend, where there is a selector.
    pub selector: Option<String>,
    /// The backendRef.
    pub origin: Origin,
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Target {
    /// A cluster.
    Cluster(ClusterId),
    /// Nobody: the share of a backend that cannot be used gets this status.
    Invalid(u16),
}

/// How a path is replaced. Both prefixes come without a trailing `/`; empty is the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum PathRewrite {
    /// The whole path becomes this one, which begins with `/`; the query stays.
    Full(String),
    /// What the match is about becomes this, as it is written: its prefix, or for every other match the whole path; the
    /// query stays.
    Taken(String),
    /// All that an expression matches is replaced; the query stays.
    Regex(Substitution),
    /// The matched prefix becomes another one; the query stays.
    Prefix {
        /// The prefix of the match.
        matched: String,
        /// What takes its place.
        replacement: String,
    },
}

/// Answers with a `Location`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Redirect {
    /// The scheme; the request's own by default.
    pub scheme: Option<&'static str>,
    /// The host; the request's own by default.
    pub hostname: Option<String>,
    /// The port.
    pub port: Port,
    /// Whether the port is printed: not when it is the scheme's own.
    pub print_port: bool,
    /// The path; the request's own by default.
    pub path: Option<PathRewrite>,
    /// 301, 302, 303, 307 or 308.
    pub status: u16,
    /// Changes to the headers of the answer.
    pub response_headers: HeaderMutations,
    /// What requests pass first.
    pub http_filters: Seldom<HttpFilters>,
}
