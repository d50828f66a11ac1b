//! The conditions of a route against a request.

use crate::http::Method;
use crate::ir::{HeaderMatch, PathMatch, PreflightHeader, QueryMatch, RouteMatch, ValueMatch, ValuePattern};

use super::header::Lines;
use super::path::split_query;
use super::re2::Pattern;

/// What routes are matched with.
#[derive(Clone, Debug)]
pub(super) struct Subject<'r> {
    /// Path and query, normalised.
    pub(super) target: &'r str,
    /// The method.
    pub(super) method: &'r str,
    /// The host, as it is handed on.
    pub(super) authority: &'r str,
    /// The headers.
    pub(super) headers: &'r Lines,
    /// Whether it is a gRPC call.
    pub(super) is_grpc: bool,
}

impl<'r> Subject<'r> {
    /// The path without the query.
    pub(super) fn path(&self) -> &'r str {
        split_query(self.target).0
    }

    /// The first value of a query parameter; names and values are compared as they are written.
    pub(super) fn parameter(&self, name: &str) -> Option<&'r str> {
        let query = split_query(self.target).1.strip_prefix('?')?;
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then_some(value)
        })
    }

    /// Each line of a header on its own, as Envoy tests them since 1.39.
    pub(super) fn header_lines(&self, name: &str) -> impl Iterator<Item = &'r str> {
        let host = (name == "host").then_some(self.authority);
        let lines = self.headers.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str());
        host.into_iter().chain(lines)
    }
}

/// A route's conditions with their patterns compiled.
#[derive(Debug)]
pub(super) struct Conditions<'c> {
    matches: &'c RouteMatch,
    path: Option<Pattern>,
    headers: Vec<Option<Pattern>>,
    query: Vec<Option<Pattern>>,
}

impl<'c> Conditions<'c> {
    pub(super) fn new(matches: &'c RouteMatch) -> Self {
        let RouteMatch { path, method: _, headers, query, grpc: _ } = matches;
        let path = match path {
            PathMatch::Regex(pattern) => Some(Pattern::new(pattern)),
            PathMatch::Exact(_) | PathMatch::Prefix(_) => None,
        };
        let headers = headers.iter().map(|header| pattern(&header.value)).collect();
        let query = query.iter().map(|parameter| pattern(&parameter.value)).collect();
        Self { matches, path, headers, query }
    }

    /// The first condition that the request does not meet.
    pub(super) fn unmet(&self, subject: &Subject<'_>) -> Option<Unmet<'c>> {
        if !self.meets_path(subject.path()) {
            return Some(Unmet::Path(&self.matches.path));
        }
        self.unmet_besides_path(subject)
    }

    /// Whether the path meets its condition.
    fn meets_path(&self, path: &str) -> bool {
        match &self.matches.path {
            PathMatch::Exact(exact) => path == exact,
            PathMatch::Prefix(prefix) => {
                path.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            PathMatch::Regex(_) => self.path.as_ref().is_some_and(|pattern| pattern.matches(path)),
        }
    }

    /// The first condition that the request does not meet; exact paths and prefixes are known to hold.
    pub(super) fn unmet_indexed(&self, subject: &Subject<'_>) -> Option<Unmet<'c>> {
        match &self.path {
            Some(pattern) if !pattern.matches(subject.path()) => Some(Unmet::Path(&self.matches.path)),
            _ => self.unmet_besides_path(subject),
        }
    }

    /// Whether a preflight may be about a request that meets the conditions,
    /// which are known to hold for exact paths and prefixes. `asked` has the
    /// method of that request.
    pub(super) fn may_meet(&self, asked: &Subject<'_>) -> bool {
        let named = |name: &str| {
            let lists = asked.header_lines("access-control-request-headers");
            lists.flat_map(|list| list.split(',')).any(|other| other.trim().eq_ignore_ascii_case(name))
        };
        // What a preflight lists counts, and not what it has of that itself.
        let is_listed =
            |header: &HeaderMatch| PreflightHeader::of(&header.name) != PreflightHeader::Listed || named(&header.name);
        let is_untold = |header: &HeaderMatch| PreflightHeader::of(&header.name) != PreflightHeader::Sent;
        let meets_loosely = || self.matches.headers.iter().all(is_listed) && self.unmet_if(asked, is_untold).is_none();
        let path = self.path.as_ref().is_none_or(|pattern| pattern.matches(asked.path()));
        path && (self.unmet_if(asked, |_| false).is_none() || meets_loosely())
    }

    fn unmet_besides_path(&self, subject: &Subject<'_>) -> Option<Unmet<'c>> {
        self.unmet_if(subject, |_| false)
    }

    /// The first condition besides the path that the request does not meet,
    /// where those on some headers count as met.
    fn unmet_if(&self, subject: &Subject<'_>, is_met: impl Fn(&HeaderMatch) -> bool) -> Option<Unmet<'c>> {
        let RouteMatch { path, method, headers, query, grpc } = self.matches;
        // What asks for a tunnel has no path, so only rules for that method alone take it.
        if subject.target.is_empty() && !self.matches.takes_connect() {
            return Some(Unmet::Path(path));
        }
        if *grpc && !subject.is_grpc {
            return Some(Unmet::Grpc);
        }
        if let Some(method) = method.filter(|method| method.as_str() != subject.method) {
            return Some(Unmet::Method(method));
        }
        for (header, pattern) in headers.iter().zip(&self.headers) {
            if !is_met(header) && !subject.header_lines(&header.name).any(|line| meets(header, pattern.as_ref(), line))
            {
                return Some(Unmet::Header(header));
            }
        }
        for (parameter, pattern) in query.iter().zip(&self.query) {
            if !subject.parameter(&parameter.name).is_some_and(|value| meets(parameter, pattern.as_ref(), value)) {
                return Some(Unmet::Query(parameter));
            }
        }
        None
    }
}

fn pattern(value: &ValuePattern) -> Option<Pattern> {
    match value {
        ValuePattern::Exact(_) => None,
        ValuePattern::Regex(pattern) => Some(Pattern::new(pattern)),
    }
}

fn meets<N>(condition: &ValueMatch<N>, pattern: Option<&Pattern>, value: &str) -> bool {
    match &condition.value {
        ValuePattern::Exact(exact) => exact == value,
        ValuePattern::Regex(_) => pattern.is_some_and(|pattern| pattern.matches(value)),
    }
}

/// A condition that a request does not meet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unmet<'c> {
    /// The request is no gRPC call.
    Grpc,
    /// The path.
    Path(&'c PathMatch),
    /// The method.
    Method(Method),
    /// A header.
    Header(&'c HeaderMatch),
    /// A query parameter.
    Query(&'c QueryMatch),
}
