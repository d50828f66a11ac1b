//! Virtual hosts, routes, matches and actions.

use std::sync::Arc;

use crate::hostname::Hostname;

use super::{ClusterId, Origin};

/// The routes of one host pattern.
#[derive(Clone, Debug)]
pub struct VirtualHost {
    /// The hosts.
    pub hostname: Hostname,
    /// The routes in order of precedence; a request that none matches gets 404.
    pub routes: Vec<Arc<Route>>,
    /// The Gateway listener that owns the hosts.
    pub origin: Origin,
}

/// One match with what is done to the requests that meet it.
#[derive(Clone, Debug)]
pub struct Route {
    /// Where the route comes from, in words.
    pub name: RouteName,
    /// What requests it takes.
    pub matches: RouteMatch,
    /// What is done to them; the matches of one rule share it.
    pub action: Arc<Action>,
    /// The match.
    pub origin: Origin,
}

/// The rule and the match that a route comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteName {
    /// The kind of the route object, in lower case.
    pub kind: &'static str,
    /// The namespace of the route object.
    pub namespace: Arc<str>,
    /// The name of the route object.
    pub name: Arc<str>,
    /// The rule, counted from 0.
    pub rule: u16,
    /// The match within the rule, counted from 0.
    pub index: u16,
}

/// Conditions that must all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteMatch {
    /// The path.
    pub path: PathMatch,
    /// The method.
    pub method: Option<String>,
    /// Headers; names in lower case and distinct.
    pub headers: Vec<ValueMatch>,
    /// Query parameters; names distinct.
    pub query: Vec<ValueMatch>,
    /// Whether only gRPC calls meet it: requests whose content type is
    /// `application/grpc` or begins with `application/grpc+`.
    pub grpc: bool,
}

impl RouteMatch {
    /// Whether every request meets it.
    pub fn is_unconditional(&self) -> bool {
        self.path == PathMatch::Prefix(String::new())
            && self.method.is_none()
            && self.headers.is_empty()
            && self.query.is_empty()
            && !self.grpc
    }
}

/// A condition on the path, without the query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PathMatch {
    /// Equal.
    Exact(String),
    /// Equal, or followed by `/`. Without a trailing `/`; empty matches every path.
    Prefix(String),
    /// The whole path matches this RE2 expression.
    Regex(String),
}

/// A condition on a header or a query parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ValueMatch {
    /// The name.
    pub name: String,
    /// The value.
    pub value: ValuePattern,
}

/// A condition on a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ValuePattern {
    /// Equal.
    Exact(String),
    /// The whole value matches this RE2 expression.
    Regex(String),
}

/// What is done to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is sent to a backend.
    Forward(Forward),
    /// It is answered with a redirect.
    Redirect(Redirect),
    /// It is answered with this status and no body.
    Respond(u16),
}

/// Sends requests to backends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// The backends with a weight above 0; never empty, and one at least is a cluster.
    pub backends: Vec<WeightedBackend>,
    /// Changes to the request's headers that every backend sees.
    pub request_headers: HeaderMutations,
    /// Changes to the headers of every response.
    pub response_headers: HeaderMutations,
    /// The path that backends see.
    pub path_rewrite: Option<PathRewrite>,
    /// The host that backends see.
    pub host_rewrite: Option<String>,
}

/// One entry of a weighted list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightedBackend {
    /// The share, out of the sum of the list.
    pub weight: u32,
    /// Who answers.
    pub target: Target,
    /// Changes to the request's headers, instead of the list's.
    pub request_headers: HeaderMutations,
    /// Changes to the response's headers, instead of the list's.
    pub response_headers: HeaderMutations,
    /// The backendRef.
    pub origin: Origin,
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A cluster.
    Cluster(ClusterId),
    /// Nobody: the share of a backend that cannot be used gets this status.
    Invalid(u16),
}

/// Changes to headers: one entry a header, in the order of first mention.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderMutations(pub Vec<HeaderMutation>);

/// What happens to one header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderMutation {
    /// The name, in lower case.
    pub name: String,
    /// What becomes of the values that the message has.
    pub existing: Existing,
    /// Values that are added after that, in order.
    pub added: Vec<String>,
}

/// What becomes of a header's present values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Existing {
    /// They stay.
    Kept,
    /// They go.
    Removed,
    /// This one takes their place.
    Replaced(String),
}

/// How a path is replaced. Both prefixes come without a trailing `/`; empty is the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathRewrite {
    /// The whole path becomes this one, which begins with `/`; the query stays.
    Full(String),
    /// The matched prefix becomes another one; the query stays.
    Prefix {
        /// The prefix of the match.
        matched: String,
        /// What takes its place.
        replacement: String,
    },
}

/// Answers with a `Location`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// The scheme; the request's own by default.
    pub scheme: Option<&'static str>,
    /// The host; the request's own by default.
    pub hostname: Option<String>,
    /// The port.
    pub port: u16,
    /// Whether the port is printed: not when it is the scheme's own.
    pub print_port: bool,
    /// The path; the request's own by default.
    pub path: Option<PathRewrite>,
    /// 301, 302, 303, 307 or 308.
    pub status: u16,
    /// Changes to the headers of the answer.
    pub response_headers: HeaderMutations,
}
