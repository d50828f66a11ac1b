//! What responses say about the origin of a request.

use crate::ir::{CORS_RESPONSE_HEADERS, Cors};

use super::admitted::Admitted;
use super::header::{Lines, line};
use super::re2::Pattern;

/// What the gateway says about the origin of a request; nothing about one that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CorsHeaders(Lines);

impl CorsHeaders {
    /// What is said to the origin of `request`.
    pub(super) fn of(cors: &Cors, request: &Admitted) -> Self {
        let origin = line(&request.headers, "origin").filter(|origin| allows(cors, origin));
        Self(origin.map_or_else(Vec::new, |origin| response_lines(cors, origin)))
    }

    /// Puts what the gateway says in place of what the rule says. What the rule says is left to an origin that is not
    /// allowed.
    pub(super) fn set_in(&self, lines: &mut Lines) {
        lines.retain(|(name, _)| !self.0.iter().any(|(own, _)| own == name));
        lines.extend(self.0.iter().cloned());
    }
}

/// Takes out what a backend says of origins.
pub(super) fn take_out(lines: &mut Lines) {
    lines.retain(|(name, _)| !CORS_RESPONSE_HEADERS.contains(&name.as_str()));
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

/// Whether scripts of an origin may read responses.
pub(super) fn allows(cors: &Cors, origin: &str) -> bool {
    cors.allows(origin, |expression, text| Pattern::new(expression).matches(text))
}
