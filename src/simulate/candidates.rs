//! Why this route and no other: every route of the virtual host with the first
//! condition that it failed, or with what made another one win.

use std::cmp::Ordering;

use crate::ir::{PathMatch, Route, RouteMatch};

use super::matching::Unmet;
use super::request::Request;
use super::simulator::Simulator;

/// A route of the virtual host, and what became of it.
#[derive(Clone, Debug)]
pub struct Candidate<'c> {
    /// The route.
    pub route: &'c Route,
    /// What became of it.
    pub verdict: Verdict<'c>,
}

/// What became of a route.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict<'c> {
    /// It takes the request.
    Chosen,
    /// It matches too, and the chosen one goes before it by this rule.
    Outranked(Precedence),
    /// It does not match: the first condition that fails.
    Failed(Unmet<'c>),
}

/// What decides between two routes that match
/// ([HTTPRouteRule](https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precedence {
    /// A rule for gRPC calls goes before one for all requests.
    Grpc,
    /// An exact path goes before a pattern, and that before a prefix.
    PathType,
    /// The longer path.
    PathLength,
    /// A method match.
    Method,
    /// More header matches.
    Headers,
    /// More query parameter matches.
    Query,
    /// The same route object: the earlier rule or match.
    Order,
    /// The hostname that is more specific.
    Hostname,
    /// The older object, or the first by namespace and name.
    Age,
}

impl Precedence {
    /// The rule in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grpc => "a rule for gRPC calls goes first",
            Self::PathType => "an exact path goes before a pattern, and a pattern before a prefix",
            Self::PathLength => "the longer path goes first",
            Self::Method => "a match with a method goes first",
            Self::Headers => "the match with more headers goes first",
            Self::Query => "the match with more query parameters goes first",
            Self::Order => "the earlier rule and match of one route go first",
            Self::Hostname => "the route with the more specific hostname goes first",
            Self::Age => "the older route goes first, then the one whose namespace and name sort first",
        }
    }

    /// What puts `winner` before `other`.
    pub fn between(winner: &Route, other: &Route) -> Self {
        let class = |matches: &RouteMatch| match matches.path {
            PathMatch::Exact(_) => 0,
            PathMatch::Regex(_) => 1,
            PathMatch::Prefix(_) => 2,
        };
        let length = |matches: &RouteMatch| match &matches.path {
            PathMatch::Exact(text) | PathMatch::Regex(text) | PathMatch::Prefix(text) => text.chars().count(),
        };
        let (a, b) = (&winner.matches, &other.matches);
        let steps = [
            (Self::Grpc, b.grpc.cmp(&a.grpc)),
            (Self::PathType, class(a).cmp(&class(b))),
            (Self::PathLength, length(b).cmp(&length(a))),
            (Self::Method, b.method.is_some().cmp(&a.method.is_some())),
            (Self::Headers, b.headers.len().cmp(&a.headers.len())),
            (Self::Query, b.query.len().cmp(&a.query.len())),
        ];
        let same = winner.name.route == other.name.route;
        let decided = steps.into_iter().find(|(_, order)| *order != Ordering::Equal);
        match decided {
            Some((rule, Ordering::Less)) => rule,
            // The order of the virtual host says otherwise: its hostnames come before everything else.
            Some(_) => Self::Hostname,
            None if same => Self::Order,
            None => Self::Age,
        }
    }
}

impl<'c> Simulator<'c> {
    /// The routes of the virtual host that takes a request, in order; empty when none does.
    pub fn candidates(&self, request: &Request) -> Vec<Candidate<'c>> {
        let Ok((table, place)) = self.connect(request) else { return Vec::new() };
        let Some(http) = self.http(table, place) else { return Vec::new() };
        let Ok(admitted) = http.admit(self.config, request) else { return Vec::new() };
        let Some((_, routes)) = http.host(&admitted) else { return Vec::new() };
        let subject = admitted.subject();
        let mut chosen: Option<&Route> = None;
        let judge = routes.iter().map(|(route, conditions)| {
            let verdict = match (conditions.unmet(&subject), chosen) {
                (Some(unmet), _) => Verdict::Failed(unmet),
                (None, Some(winner)) => Verdict::Outranked(Precedence::between(winner, route)),
                (None, None) => {
                    chosen = Some(route);
                    Verdict::Chosen
                }
            };
            Candidate { route, verdict }
        });
        judge.collect()
    }
}
