//! CORS: what preflights are told, and what responses say about origins.

use crate::ir::{Action, CORS_RESPONSE_HEADERS, Cors};

use super::decision::{LocalReply, Reason};
use super::header::{Lines, line};
use super::http::Admitted;
use super::matching::Subject;

/// What the gateway says about the origin of a request; nothing about one that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Voice(Lines);

impl Voice {
    /// What is said to the origin of `request`.
    pub(super) fn to(cors: &Cors, request: &Admitted) -> Self {
        let origin = line(&request.headers, "origin").filter(|origin| cors.allows(origin));
        Self(origin.map_or_else(Vec::new, |origin| response_lines(cors, origin)))
    }

    /// Puts what the gateway says in place of what a backend said.
    pub(super) fn apply(&self, lines: &mut Lines) {
        lines.retain(|(name, _)| !CORS_RESPONSE_HEADERS.contains(&name.as_str()));
        lines.extend(self.0.iter().cloned());
    }

    /// The same for an answer of the proxy itself.
    pub(super) fn say(&self, lines: &mut Lines) {
        lines.extend(self.0.iter().cloned());
    }
}

fn response_lines(cors: &Cors, origin: &str) -> Lines {
    let mut lines = vec![("access-control-allow-origin".to_owned(), origin.to_owned())];
    if cors.credentials {
        lines.push(("access-control-allow-credentials".to_owned(), "true".to_owned()));
    }
    if !cors.exposed_headers.is_empty() {
        lines.push(("access-control-expose-headers".to_owned(), cors.exposed_headers.join(",")));
    }
    lines
}

/// The method that a preflight asks for; `None` for other requests. An empty line asks for nothing.
pub(super) fn requested_method<'r>(subject: &Subject<'r>) -> Option<&'r str> {
    let text = |name| line(subject.headers, name).filter(|text| !text.is_empty());
    text("origin").filter(|_| subject.method == "OPTIONS")?;
    text("access-control-request-method")
}

/// The answer to a preflight about a route.
pub(super) fn preflight(action: &Action, request: &Admitted) -> Option<LocalReply> {
    let cors = action.cors()?;
    let asked = requested_method(&request.subject())?;
    let origin = line(&request.headers, "origin")?;
    if !cors.allows(origin) {
        return Some(LocalReply::new(204, Reason::Preflight));
    }
    let mut headers = response_lines(cors, origin);
    let mut list = |name: &str, values: &[String], wildcard: Option<&str>| {
        let text = match values {
            [] => return,
            // What nobody asked for is not told.
            [one] if one == "*" => match wildcard.filter(|text| !text.is_empty()) {
                Some(asked) => asked.to_owned(),
                None => return,
            },
            many => many.join(","),
        };
        headers.push((name.to_owned(), text));
    };
    list("access-control-allow-methods", &cors.methods, Some(asked));
    list("access-control-allow-headers", &cors.headers, line(&request.headers, "access-control-request-headers"));
    headers.push(("access-control-max-age".to_owned(), cors.max_age.as_secs().to_string()));
    Some(LocalReply { headers, ..LocalReply::new(200, Reason::Preflight) })
}
