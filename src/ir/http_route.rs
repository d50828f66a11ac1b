//! Virtual hosts, routes and their matches.

use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};

use crate::hostname::Hostname;
use crate::http::{HeaderName, Method};

use super::default::is_default;
use super::{Action, ObjectName, Origin, RequestCounter};

/// The routes of one host pattern.
#[derive(Clone, Debug, Serialize)]
pub struct VirtualHost {
    /// The hosts.
    pub hostname: Hostname,
    /// The routes in order of precedence; a request that none matches gets 404.
    pub routes: Vec<Arc<Route>>,
    /// What is counted of their requests: each by the first counter that is about it.
    #[serde(skip_serializing_if = "is_default")]
    pub counters: Arc<Vec<RequestCounter>>,
    /// The Gateway listener that owns the hosts.
    pub origin: Origin,
}

/// One match with what is done to the requests that meet it.
#[derive(Clone, Debug, Serialize)]
pub struct Route {
    /// Where the route comes from, in words.
    pub name: RouteName,
    /// What requests it takes; the same on every listener that it is served by.
    pub matches: Arc<RouteMatch>,
    /// What is done to them; the matches of one rule share it.
    pub action: Arc<Action>,
    /// The match.
    pub origin: Origin,
}

/// The rule and the match that a route comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteName {
    /// The route object.
    pub route: Arc<ObjectName>,
    /// The rule, counted from 0.
    pub rule: usize,
    /// The match within the rule, counted from 0.
    pub index: usize,
}

impl Serialize for RouteName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ObjectName { kind, namespace, name } = &*self.route;
        let mut fields = serializer.serialize_struct("RouteName", 5)?;
        fields.serialize_field("kind", kind)?;
        fields.serialize_field("namespace", namespace)?;
        fields.serialize_field("name", name)?;
        fields.serialize_field("rule", &self.rule)?;
        fields.serialize_field("index", &self.index)?;
        fields.end()
    }
}

/// Conditions that must all hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct RouteMatch {
    /// The path.
    pub path: PathMatch,
    /// The method.
    pub method: Option<Method>,
    /// Headers; names in lower case and distinct.
    pub headers: Vec<HeaderMatch>,
    /// Query parameters; names distinct.
    pub query: Vec<QueryMatch>,
    /// Whether only gRPC calls meet it: requests whose content type is
    /// `application/grpc` or begins with `application/grpc+`.
    pub grpc: bool,
}

impl Route {
    /// The RE2 expressions that requests may be compared with: of the matches, and of what is done to those that meet them.
    pub fn expressions(&self) -> impl Iterator<Item = &str> {
        let Self { name: _, matches, action, origin: _ } = self;
        matches.expressions().chain(action.leaves().flat_map(Action::expressions))
    }
}

/// The method that asks for a tunnel. Its target is a host and a port, and no path.
pub const CONNECT: &str = "CONNECT";

/// What an HTTP connection may be upgraded to.
pub const WEBSOCKET: &str = "websocket";

impl RouteMatch {
    /// The RE2 expressions among the conditions.
    pub fn expressions(&self) -> impl Iterator<Item = &str> {
        let Self { path, method: _, headers, query, grpc: _ } = self;
        let of_path = match path {
            PathMatch::Regex(expression) => Some(expression.as_str()),
            PathMatch::Exact(_) | PathMatch::Prefix(_) => None,
        };
        let headers = headers.iter().map(|header| &header.value);
        let values = headers.chain(query.iter().map(|parameter| &parameter.value));
        of_path.into_iter().chain(values.filter_map(|value| match value {
            ValuePattern::Regex(expression) => Some(expression.as_str()),
            ValuePattern::Exact(_) => None,
        }))
    }

    /// Whether requests for tunnels meet it: those that name `CONNECT` and ask for no path, which such requests lack.
    pub fn takes_connect(&self) -> bool {
        self.method == Some(Method::Connect) && self.path == PathMatch::Prefix(String::new())
    }

    /// Whether every request meets it.
    pub fn is_unconditional(&self) -> bool {
        self.path == PathMatch::Prefix(String::new()) && self.has_path_only()
    }

    /// Whether every request meets it whose path does.
    pub(super) fn has_path_only(&self) -> bool {
        let Self { path: _, method, headers, query, grpc } = self;
        method.is_none() && headers.is_empty() && query.is_empty() && !grpc
    }
}

/// A condition on the path, without the query.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum PathMatch {
    /// Equal.
    Exact(String),
    /// Equal, or followed by `/`. Without a trailing `/`; empty matches every path.
    Prefix(String),
    /// The whole path matches this RE2 expression.
    Regex(String),
}

/// A condition on a header.
pub type HeaderMatch = ValueMatch<HeaderName>;

/// A condition on a query parameter.
pub type QueryMatch = ValueMatch<String>;

/// A condition on a header or a query parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ValueMatch<N> {
    /// The name.
    pub name: N,
    /// The value.
    pub value: ValuePattern,
}

/// A condition on a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ValuePattern {
    /// Equal.
    Exact(String),
    /// The whole value matches this RE2 expression.
    Regex(String),
}
