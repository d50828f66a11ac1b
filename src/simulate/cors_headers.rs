//! What responses say about the origin of a request.

use crate::ir::{CORS_RESPONSE_HEADERS, Cors};

use super::admitted::Admitted;
use super::header::{Lines, line};

/// What the gateway says about the origin of a request; nothing about one that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CorsHeaders(Lines);

impl CorsHeaders {
    /// What is said to the origin of `request`.
    pub(super) fn of(cors: &Cors, request: &Admitted) -> Self {
        let origin = line(&request.headers, "origin").filter(|origin| cors.allows(origin));
        Self(origin.map_or_else(Vec::new, |origin| response_lines(cors, origin)))
    }

    /// Puts what the gateway says in place of what a backend said.
    pub(super) fn apply(&self, lines: &mut Lines) {
        lines.retain(|(name, _)| !CORS_RESPONSE_HEADERS.contains(&name.as_str()));
        lines.extend(self.0.iter().cloned());
    }

    /// The same for an answer of the proxy itself.
    pub(super) fn add_to(&self, lines: &mut Lines) {
        lines.extend(self.0.iter().cloned());
    }
}

pub(super) fn response_lines(cors: &Cors, origin: &str) -> Lines {
    let mut lines = vec![("access-control-allow-origin".to_owned(), origin.to_owned())];
    if cors.credentials {
        lines.push(("access-control-allow-credentials".to_owned(), "true".to_owned()));
    }
    if !cors.exposed_headers.is_empty() {
        lines.push(("access-control-expose-headers".to_owned(), cors.exposed_headers.join(",")));
    }
    lines
}
